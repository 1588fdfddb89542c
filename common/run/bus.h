/*  bus - structs between processes, lossless or loud
 *
 *  Why   ZeroMQ drops silently at its high-water mark.  Here every message carries (publisher, boot, seq) per
 *        topic; beats repeat the last seq of each topic; so a reader knows of every hole, and says so.
 *  How   a message is two frames: topic text and one msgpack payload.
 *            event   [schema, publisher, boot, seq, source, ts_recv_ns, records, feed]
 *                    records: arrays by event_table
 *            result  a map by result_table
 *        A snapshot request goes to the publisher's ROUTER: ["snapshot", topic]; the answer is
 *        ["snapshot", topic, payload] with seq = the last one sent, or ["absent", topic].
 *  Not   it does not interpret events; a book is kept by whoever needs it.
 *
 *  Reader, per stream (publisher x topic):
 *
 *                    seq = last + 1
 *            +-------------------+
 *            v                   |
 *      --> LIVE -----------------+
 *            |  hole, new boot, or first message of a stateful kind (book)
 *            v
 *        WAITING  on_gap was called once; what arrives is held (bounded), a snapshot is asked for
 *            |  snapshot (seq n): delivered with is_snapshot, then held messages with seq > n
 *            v
 *          LIVE
 *
 *  Kinds without state (all but book) go LIVE at once after on_gap: the hole is counted and published.
 *  Messages not newer than the last are dropped and counted (duplicates).  A snapshot not answered within 2 s
 *  is asked for again.
 *
 *  Patience: when time comes from the events nobody is late, and a simulation that runs as fast as it can
 *  would soon run away from its readers.  A patient publisher waits while a reader's queue is full, up to
 *  BUS_PATIENCE_MS for one message; so the slowest reader sets the pace of all before it, back to the market.
 *  A reader that stands still longer than that loses, and sees that it did, as with an impatient one. */

#ifndef LEADLINE_BUS_H
#define LEADLINE_BUS_H

#include "common/run/loop.h"
#include "common/run/metrics.h"
#include "common/wire/result.h"

enum { BUS_PATIENT_MESSAGES = 2000, BUS_PATIENCE_MS = 10000 };

typedef struct bus bus_t;
typedef struct bus_stream bus_stream_t;

typedef struct {
    const char *publisher;         //  who we are: "ingest-binance", "cards-1"; copied
    const char *endpoint;          //  PUB, bound; NULL: a reader only
    const char *snapshot_endpoint; //  ROUTER, bound; NULL: none
    const char *topic_prefix;      //  "v1"
    source_t source;               //  of what we publish, until bus_set_source
    int64_t beat_ns;               //  100 ms for ingest, 1 s for others
    uint64_t universe_hash;
    int send_queue_messages;    //  0: 100,000.  Bounded: a slow reader loses and notices, we do not wait
    int receive_queue_messages; //  0: 100,000
    bool is_patient;            //  wait for slow readers (see above) with short queues
} bus_options_t;

typedef struct {
    topic_t topic;
    const char *publisher;
    int64_t boot, seq;
    source_t source;
    int64_t ts_recv_ns;  //  EVENT: from the envelope; results: 0
    const char *feed;    //  EVENT: which listing, "perp:USDT"; results ""
    const void *records; //  EVENT: array by event_table (topic.event); results: one struct by result_table
    size_t count;        //  of records
    bool is_snapshot;
    slice_t payload; //  the bytes, for passing on
} bus_message_t;     //  all borrowed for the call

typedef struct {
    topic_t topic;
    const char *publisher;
    int64_t boot;
    int64_t from_seq, to_seq; //  missing, inclusive; 0, 0 for a new boot
    const char *reason;       //  "hole", "new boot", "queue full", "bad message"
} bus_gap_t;

typedef struct {
    void (*message) (void *self, const bus_message_t *message);
    void (*gap) (void *self, const bus_gap_t *gap); //  may be NULL
    void (*beat) (void *self,
                  const beat_t *beat); //  every publisher's, after its holes were reported; may be NULL
    void *self;
} bus_reader_t;

//  Writes the present state of a topic into the answer, with bus_put_events or bus_put_result, and returns
//  OK, or E_ABSENT when the topic has no state to give.
typedef struct bus_answer bus_answer_t;
typedef int
bus_snapshot_fn (void *self, const topic_t *topic, bus_answer_t *answer);

//  Metrics may be NULL.  Never NULL.
bus_t *
bus_new (loop_t *loop, const bus_options_t *options, metrics_t *metrics);

//  Bind.  E_IO with the endpoint and reason (a port in use).  ipc files of a dead process are replaced; of a
//  living one they are not: E_IO.
int
bus_open (bus_t *self, error_text_t *error);

//  Sends a last beat, closes.  Nulls the caller's pointer.
void
bus_destroy (bus_t **self);

void
bus_set_source (bus_t *self, source_t source);
void
bus_on_snapshot (bus_t *self, bus_snapshot_fn *fn, void *fn_self);

//  The stream of a topic: its text, its seq; found or made.  Keep it: publishing then looks nothing up.
bus_stream_t *
bus_stream (bus_t *self, const topic_t *topic);

//  Publish records[count] of stream's event kind.  Returns OK, or E_RANGE when a record may not go out
//  (logged and counted here; the caller need not).
int
bus_publish_events (bus_t *self, bus_stream_t *stream, int64_t ts_recv_ns, const char *feed,
                    const void *records, size_t count);

//  Publish one result; its head is filled here (record is written to).
int
bus_publish_result (bus_t *self, bus_stream_t *stream, void *record);

//  The payload of the last message that went out; borrowed until the next, or a beat.
slice_t
bus_sent (const bus_t *self);

//  Everything received up to ts_ns has been published; goes out with the next beat.
void
bus_spoken (bus_t *self, int64_t ts_ns);

//  Send a beat now (besides the timer's), for the event clock.
void
bus_beat (bus_t *self);

int64_t
bus_boot (const bus_t *self);
source_t
bus_source (const bus_t *self);

//  Connect to a publisher and read topics whose text starts with one of the filters.  snapshot_endpoint may
//  be NULL.  Connections come back by themselves.  One reader per bus; more publishers: call again.
int
bus_connect (bus_t *self, const char *endpoint, const char *snapshot_endpoint, const char *const filters[],
             size_t filters_count, error_text_t *error);
void
bus_read (bus_t *self, const bus_reader_t *reader);

//  Ask for the snapshot of a topic from whoever publishes it (all connected publishers with an endpoint).
void
bus_ask (bus_t *self, const topic_t *topic);

//  For bus_snapshot_fn.
int
bus_put_events (bus_answer_t *answer, int64_t ts_recv_ns, const char *feed, const void *records,
                size_t count);
int
bus_put_result (bus_answer_t *answer, void *record);

//  Publish our metrics as v1.metrics.<publisher>. (once a second, by the owner's timer).
void
bus_publish_metrics (bus_t *self, int64_t ts_ms);

#endif
