#include "common/run/bus.h"
#include "common/run/bus_private.h"
#include "common/base/check.h"
#include "common/base/hash.h"
#include "common/base/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { LINGER_MS = 100, REQUESTS_PER_TURN = 64, REQUEST_BYTES_MAX = 4096 };

void **
bus_table_slot (bus_table_t *self, uint64_t hash, bus_same_fn *is_same, const void *key,
                uint64_t (*hash_of) (const void *entry))
{
    if (self->count * 2 >= self->size) {
        bus_table_t grown = {.size = self->size ? self->size * 2 : 64, .count = self->count};
        grown.slots = mem_new (grown.size * sizeof (void *));
        for (size_t i = 0; i < self->size; i++) {
            if (!self->slots[i])
                continue;
            size_t at = hash_of (self->slots[i]) % grown.size;
            while (grown.slots[at])
                at = (at + 1) % grown.size;
            grown.slots[at] = self->slots[i];
        }
        free (self->slots);
        *self = grown;
    }
    size_t at = hash % self->size;
    while (self->slots[at] && !is_same (self->slots[at], key))
        at = (at + 1) % self->size;
    return &self->slots[at];
}

static void
copy_text (char *out, size_t size, const char *text)
{
    CHECK (!text || strlen (text) < size);
    (void) snprintf (out, size, "%s", text ? text : "");
}

bus_t *
bus_new (loop_t *loop, const bus_options_t *options, metrics_t *metrics)
{
    bus_t *self = mem_new (sizeof *self);
    self->loop = loop;
    self->own_metrics = metrics ? NULL : metrics_new ();
    self->metrics = metrics ? metrics : self->own_metrics;
    copy_text (self->publisher, sizeof self->publisher, options->publisher);
    copy_text (self->endpoint, sizeof self->endpoint, options->endpoint);
    copy_text (self->snapshot_endpoint, sizeof self->snapshot_endpoint, options->snapshot_endpoint);
    copy_text (self->prefix, sizeof self->prefix, options->topic_prefix ? options->topic_prefix : "v1");
    self->source = options->source;
    self->beat_ns = options->beat_ns;
    self->universe_hash =
        (int64_t) (options->universe_hash >> 1); //  the wire knows no number above INT64_MAX
    self->send_queue_messages =
        options->send_queue_messages ? options->send_queue_messages : BUS_QUEUE_MESSAGES;
    self->receive_queue_messages =
        options->receive_queue_messages ? options->receive_queue_messages : BUS_QUEUE_MESSAGES;
    self->is_patient = options->is_patient;
    if (self->is_patient && self->send_queue_messages > BUS_PATIENT_MESSAGES)
        self->send_queue_messages = BUS_PATIENT_MESSAGES;
    if (self->is_patient && self->receive_queue_messages > BUS_PATIENT_MESSAGES)
        self->receive_queue_messages = BUS_PATIENT_MESSAGES;
    self->boot = timebase_wall_ns () / NS_PER_MS;
    self->lock_fds[0] = self->lock_fds[1] = -1;
    self->out = field_codec_new ();
    self->answers = field_codec_new ();
    self->sent = metrics_counter (self->metrics, "bus_messages_sent", "", "Messages published.");
    self->bytes = metrics_counter (self->metrics, "bus_bytes_sent", "", "Bytes of their payloads.");
    self->refused = metrics_counter (self->metrics, "bus_messages_refused", "",
                                     "Messages not published: a value may not go out.");
    self->dropped =
        metrics_counter (self->metrics, "bus_bad_requests", "", "Snapshot requests that are none.");
    self->answered = metrics_counter (self->metrics, "bus_snapshots_answered", "", "Snapshots given.");
    return self;
}

//  A socket with bounded queues; linger is short, so that a last beat still leaves.
static void *
open_socket (bus_t *self, int type)
{
    void *socket = zmq_socket (loop_zmq (self->loop), type);
    CHECK (socket);
    int linger_ms = LINGER_MS;
    (void) zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    return socket;
}

//  The ipc file of a living process must not be taken from it: libzmq would, without a word.
static int
lock_file (const char *endpoint, int *fd, error_text_t *error)
{
    if (strncmp (endpoint, "ipc://", 6) != 0)
        return OK;
    char path[BUS_ENDPOINT_MAX + 8];
    (void) snprintf (path, sizeof path, "%s.lock", endpoint + 6);
    *fd = open (path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (*fd < 0)
        return error_set (error, E_IO, "%s: %s", endpoint, strerror (errno));
    if (flock (*fd, LOCK_EX | LOCK_NB) != 0)
        return error_set (error, E_IO, "%s: in use by another process", endpoint);
    return OK;
}

static int
bind_socket (void *socket, const char *endpoint, int *lock_fd, error_text_t *error)
{
    int status = lock_file (endpoint, lock_fd, error);
    if (status != OK)
        return status;
    if (zmq_bind (socket, endpoint) != 0)
        return error_set (error, E_IO, "%s: %s", endpoint, zmq_strerror (zmq_errno ()));
    return OK;
}

static void
send_beat (void *argument)
{
    bus_beat (argument);
}

static bool
answer_requests (void *argument);

int
bus_open (bus_t *self, error_text_t *error)
{
    int status = OK;
    if (self->endpoint[0]) {
        self->pub = open_socket (self, ZMQ_PUB);
        (void) zmq_setsockopt (self->pub, ZMQ_SNDHWM, &self->send_queue_messages, sizeof (int));
        if (self->is_patient) {
            int is_waiting = 1, most_ms = BUS_PATIENCE_MS;
            CHECK (zmq_setsockopt (self->pub, ZMQ_XPUB_NODROP, &is_waiting, sizeof is_waiting) == 0);
            (void) zmq_setsockopt (self->pub, ZMQ_SNDTIMEO, &most_ms, sizeof most_ms);
        }
        status = bind_socket (self->pub, self->endpoint, &self->lock_fds[0], error);
        topic_t topic = {.kind = TOPIC_BEAT};
        copy_text (topic.name, sizeof topic.name, self->publisher);
        self->beat_stream = bus_stream (self, &topic);
        topic.kind = TOPIC_METRICS;
        self->metrics_stream = bus_stream (self, &topic);
    }
    if (status == OK && self->snapshot_endpoint[0]) {
        self->router = open_socket (self, ZMQ_ROUTER);
        int64_t most = REQUEST_BYTES_MAX;
        (void) zmq_setsockopt (self->router, ZMQ_MAXMSGSIZE, &most, sizeof most);
        status = bind_socket (self->router, self->snapshot_endpoint, &self->lock_fds[1], error);
    }
    if (status != OK)
        return status;
    if (self->router)
        self->router_watch = loop_watch_zmq (self->loop, self->router, answer_requests, self);
    if (self->pub && self->beat_ns > 0)
        self->beat_timer = loop_every (self->loop, self->beat_ns, send_beat, self);
    return OK;
}

void
bus_destroy (bus_t **self)
{
    bus_t *bus = *self;
    if (!bus)
        return;
    if (bus->beat_timer)
        bus_beat (bus);
    loop_cancel (&bus->beat_timer);
    loop_unwatch (&bus->router_watch);
    listener_destroy (&bus->listener);
    if (bus->pub)
        (void) zmq_close (bus->pub);
    if (bus->router)
        (void) zmq_close (bus->router);
    for (size_t i = 0; i < COUNT_OF (bus->lock_fds); i++)
        if (bus->lock_fds[i] >= 0)
            (void) close (bus->lock_fds[i]);
    for (size_t i = 0; i < bus->streams_count; i++)
        free (bus->streams[i]);
    free (bus->streams);
    free (bus->streams_by_text.slots);
    free (bus->beat_topics);
    field_codec_destroy (&bus->out);
    field_codec_destroy (&bus->answers);
    metrics_destroy (&bus->own_metrics);
    free (bus);
    *self = NULL;
}

void
bus_set_source (bus_t *self, source_t source)
{
    self->source = source;
}

void
bus_on_snapshot (bus_t *self, bus_snapshot_fn *fn, void *fn_self)
{
    self->snapshot_fn = fn;
    self->snapshot_self = fn_self;
}

static bool
is_same_stream (const void *entry, const void *key)
{
    return strcmp (((const bus_stream_t *) entry)->text, key) == 0;
}

static uint64_t
hash_stream (const void *entry)
{
    return hash_text (((const bus_stream_t *) entry)->text, 0);
}

bus_stream_t *
bus_stream (bus_t *self, const topic_t *topic)
{
    char text[TOPIC_TEXT_MAX];
    size_t size = topic_format (topic, self->prefix, text);
    void **slot =
        bus_table_slot (&self->streams_by_text, hash_text (text, 0), is_same_stream, text, hash_stream);
    if (*slot)
        return *slot;
    if (self->streams_count == self->streams_capacity) {
        self->streams_capacity = self->streams_capacity ? self->streams_capacity * 2 : 64;
        self->streams = mem_grow (self->streams, self->streams_capacity * sizeof (bus_stream_t *));
    }
    bus_stream_t *stream = mem_new (sizeof *stream);
    stream->topic = *topic;
    stream->text_size = size;
    memcpy (stream->text, text, size + 1);
    self->streams[self->streams_count++] = stream;
    self->streams_by_text.count++;
    *slot = stream;
    return stream;
}

static int
refuse (bus_t *self, const bus_stream_t *stream, int status, const error_text_t *error)
{
    metric_add (self->refused, 1);
    logger_write (LOG_LEVEL_WARNING, "not published: %s %s", stream->text, error->text);
    return status;
}

//  Both frames, or neither: with a full queue PUB drops for that reader only, and never says so; the reader
//  will.
static int
send_output (bus_t *self, bus_stream_t *stream)
{
    slice_t payload = field_output (self->out);
    stream->seq++;
    if (zmq_send (self->pub, stream->text, stream->text_size, ZMQ_SNDMORE) < 0 ||
        zmq_send (self->pub, payload.data, payload.size, 0) < 0) {
        metric_add (self->refused, 1);
        logger_write (LOG_LEVEL_WARNING, "not published: %s %s", stream->text, zmq_strerror (zmq_errno ()));
        return E_IO;
    }
    metric_add (self->sent, 1);
    metric_add (self->bytes, (double) payload.size);
    return OK;
}

static int
put_envelope (bus_t *self, field_codec_t *codec, const topic_t *topic, int64_t seq, int64_t ts_recv_ns,
              const char *feed, const void *records, size_t count, error_text_t *error)
{
    const field_table_t *table = event_table (topic->event);
    field_begin (codec);
    field_put_array (codec, 8);
    field_put_i64 (codec, WIRE_SCHEMA);
    field_put_text (codec, self->publisher);
    field_put_i64 (codec, self->boot);
    field_put_i64 (codec, seq);
    field_put_i64 (codec, self->source);
    field_put_i64 (codec, ts_recv_ns);
    field_put_array (codec, count);
    for (size_t i = 0; i < count; i++) {
        int status =
            field_put (codec, table, FIELD_AS_ARRAY, (const char *) records + i * table->size, error);
        if (status != OK)
            return status;
    }
    if (feed && strlen (feed) >= BUS_FEED_MAX)
        return error_set (error, E_RANGE, "feed: too long");
    field_put_text (codec, feed ? feed : "");
    return OK;
}

int
bus_publish_events (bus_t *self, bus_stream_t *stream, int64_t ts_recv_ns, const char *feed,
                    const void *records, size_t count)
{
    CHECK (stream->topic.kind == TOPIC_EVENT);
    if (!self->pub)
        return E_CLOSED;
    error_text_t error = {""};
    int status = put_envelope (self, self->out, &stream->topic, stream->seq + 1, ts_recv_ns, feed, records,
                               count, &error);
    return status == OK ? send_output (self, stream) : refuse (self, stream, status, &error);
}

static int
put_result (bus_t *self, field_codec_t *codec, const topic_t *topic, int64_t seq, void *record,
            error_text_t *error)
{
    result_head_t *head = record; //  every result starts with it
    *head = (result_head_t){
        .schema = WIRE_SCHEMA, .source = (int32_t) self->source, .boot = self->boot, .seq = seq};
    copy_text (head->kind, sizeof head->kind, topic_kind_names[topic->kind]);
    copy_text (head->engine, sizeof head->engine, LEADLINE_ENGINE);
    copy_text (head->publisher, sizeof head->publisher, self->publisher);
    field_begin (codec);
    return field_put (codec, result_table (topic->kind),
                      topic->kind == TOPIC_BEAT ? FIELD_AS_ARRAY : FIELD_AS_MAP, record, error);
}

int
bus_publish_result (bus_t *self, bus_stream_t *stream, void *record)
{
    CHECK (stream->topic.kind != TOPIC_EVENT);
    if (!self->pub)
        return E_CLOSED;
    error_text_t error = {""};
    int status = put_result (self, self->out, &stream->topic, stream->seq + 1, record, &error);
    return status == OK ? send_output (self, stream) : refuse (self, stream, status, &error);
}

slice_t
bus_sent (const bus_t *self)
{
    return field_output (self->out);
}

void
bus_spoken (bus_t *self, int64_t ts_ns)
{
    if (ts_ns > self->spoken_ns)
        self->spoken_ns = ts_ns;
}

void
bus_beat (bus_t *self)
{
    if (!self->pub || !self->beat_stream)
        return;
    if (self->beat_topics_capacity < self->streams_count) {
        self->beat_topics_capacity = self->streams_capacity;
        self->beat_topics = mem_grow (self->beat_topics, self->beat_topics_capacity * sizeof (beat_topic_t));
    }
    beat_t beat = {.ts_ns = timebase_wall_ns (),
                   .ts_spoken_ns = self->spoken_ns,
                   .universe_hash = self->universe_hash,
                   .topics = self->beat_topics};
    for (size_t i = 0; i < self->streams_count; i++) {
        const bus_stream_t *stream = self->streams[i];
        if (stream->seq == 0 || stream == self->beat_stream)
            continue;
        beat_topic_t *topic = &self->beat_topics[beat.topics_count++];
        memcpy (topic->topic, stream->text, stream->text_size + 1);
        topic->seq = stream->seq;
    }
    (void) bus_publish_result (self, self->beat_stream, &beat);
}

int64_t
bus_boot (const bus_t *self)
{
    return self->boot;
}

source_t
bus_source (const bus_t *self)
{
    return self->source;
}

int
bus_put_events (bus_answer_t *answer, int64_t ts_recv_ns, const char *feed, const void *records, size_t count)
{
    CHECK (answer->topic->kind == TOPIC_EVENT);
    error_text_t error = {""};
    bus_t *self = answer->bus;
    int status = put_envelope (self, self->answers, answer->topic, answer->seq, ts_recv_ns, feed, records,
                               count, &error);
    answer->has_payload = status == OK;
    if (status != OK)
        logger_write (LOG_LEVEL_WARNING, "no snapshot given: %s", error.text);
    return status;
}

int
bus_put_result (bus_answer_t *answer, void *record)
{
    CHECK (answer->topic->kind != TOPIC_EVENT);
    error_text_t error = {""};
    int status = put_result (answer->bus, answer->bus->answers, answer->topic, answer->seq, record, &error);
    answer->has_payload = status == OK;
    if (status != OK)
        logger_write (LOG_LEVEL_WARNING, "no snapshot given: %s", error.text);
    return status;
}

//  One request: identity, "snapshot", topic.
static void
answer_one (bus_t *self, const void *identity, size_t identity_size, slice_t text)
{
    topic_t topic;
    char key[TOPIC_TEXT_MAX];
    bool is_given = false;
    if (topic_parse (text, self->prefix, &topic) != OK || slice_copy (text, key, sizeof key) != OK) {
        metric_add (self->dropped, 1);
        return;
    }
    if (self->snapshot_fn) {
        bus_stream_t **slot = (bus_stream_t **) bus_table_slot (&self->streams_by_text, hash_text (key, 0),
                                                                is_same_stream, key, hash_stream);
        bus_answer_t answer = {.bus = self, .topic = &topic, .seq = *slot ? (*slot)->seq : 0};
        is_given = self->snapshot_fn (self->snapshot_self, &topic, &answer) == OK && answer.has_payload;
    }
    const char *word = is_given ? "snapshot" : "absent";
    //  A reader that has gone, or does not read, gets nothing; it asks again when it comes back.
    if (zmq_send (self->router, identity, identity_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return;
    (void) zmq_send (self->router, word, strlen (word), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void) zmq_send (self->router, text.data, text.size, (is_given ? ZMQ_SNDMORE : 0) | ZMQ_DONTWAIT);
    if (is_given) {
        slice_t payload = field_output (self->answers);
        (void) zmq_send (self->router, payload.data, payload.size, ZMQ_DONTWAIT);
        metric_add (self->answered, 1);
    }
}

static bool
answer_requests (void *argument)
{
    bus_t *self = argument;
    for (int i = 0; i < REQUESTS_PER_TURN; i++) {
        char parts[3][REQUEST_BYTES_MAX];
        size_t sizes[3] = {0}, count = 0;
        bool is_whole = true;
        for (int more = 1; more;) {
            char spare[16];
            size_t size = sizeof more;
            char *part = count < 3 ? parts[count] : spare;
            size_t room = count < 3 ? REQUEST_BYTES_MAX : sizeof spare;
            int got = zmq_recv (self->router, part, room, ZMQ_DONTWAIT);
            if (got < 0)
                return false;
            is_whole = is_whole && (size_t) got <= room;
            if (count < 3)
                sizes[count] = (size_t) got;
            count++;
            if (zmq_getsockopt (self->router, ZMQ_RCVMORE, &more, &size) != 0)
                return false;
        }
        if (is_whole && count == 3 && slice_is ((slice_t){parts[1], sizes[1]}, "snapshot"))
            answer_one (self, parts[0], sizes[0], (slice_t){parts[2], sizes[2]});
        else
            metric_add (self->dropped, 1);
    }
    return true;
}

void
bus_publish_metrics (bus_t *self, int64_t ts_ms)
{
    if (!self->pub)
        return;
    metrics_message_t message = {.ts_ms = ts_ms};
    copy_text (message.process, sizeof message.process, self->publisher);
    message.values = (metric_value_t *) (uintptr_t) metrics_values (self->metrics, &message.values_count);
    (void) bus_publish_result (self, self->metrics_stream, &message);
}
