/*  bus_private - what the two halves of the bus share
 *
 *  What  bus.c speaks, bus_reader.c listens; nobody else includes it. */

#ifndef LEADLINE_BUS_PRIVATE_H
#define LEADLINE_BUS_PRIVATE_H

#include "common/run/bus.h"
#include "common/base/timebase.h"

#include <zmq.h>

enum {
    BUS_ENDPOINT_MAX = 256,
    BUS_QUEUE_MESSAGES = 100000,
    BUS_MESSAGE_BYTES_MAX = 64 << 20,
    BUS_FEED_MAX = 48
};

struct bus_stream {
    topic_t topic;
    char text[TOPIC_TEXT_MAX];
    size_t text_size;
    int64_t seq; //  last sent
};

//  Streams and readers' streams are found through the same small table: pointers by hash, open addressing.
typedef struct {
    void **slots;
    size_t size, count;
} bus_table_t;

typedef struct listener listener_t;

struct bus {
    loop_t *loop;
    metrics_t *metrics, *own_metrics; //  own: when the caller has none
    char publisher[PUBLISHER_NAME_MAX];
    char endpoint[BUS_ENDPOINT_MAX], snapshot_endpoint[BUS_ENDPOINT_MAX];
    char prefix[16];
    source_t source;
    int64_t beat_ns, boot, spoken_ns, universe_hash;
    int send_queue_messages, receive_queue_messages;
    bool is_patient;
    void *pub, *router;
    int lock_fds[2];
    loop_watch_t *router_watch;
    loop_timer_t *beat_timer;
    field_codec_t *out, *answers;
    bus_stream_t **streams;
    size_t streams_count, streams_capacity;
    bus_table_t streams_by_text;
    bus_stream_t *beat_stream, *metrics_stream;
    beat_topic_t *beat_topics;
    size_t beat_topics_capacity;
    bus_snapshot_fn *snapshot_fn;
    void *snapshot_self;
    listener_t *listener;
    metric_t *sent, *bytes, *refused, *dropped, *answered;
};

struct bus_answer {
    bus_t *bus;
    const topic_t *topic;
    int64_t seq;
    bool has_payload;
};

//  Slot of the first entry for which is_same, or the empty slot where it belongs (grown when needed).
typedef bool
bus_same_fn (const void *entry, const void *key);
void **
bus_table_slot (bus_table_t *self, uint64_t hash, bus_same_fn *is_same, const void *key,
                uint64_t (*hash_of) (const void *entry));

//  The listening half: made at the first bus_connect or bus_read.
listener_t *
listener_new (bus_t *bus);
void
listener_destroy (listener_t **self);

#endif
