/*  json_topics - the topics once more, as JSON, for those who want no msgpack
 *
 *  An XPUB socket tells what anybody is subscribed to, so that only that is rendered.  Two frames: topic,
 * JSON. seq and boot inside are those of the msgpack stream: a reader that was too slow sees its own hole. */

#include "publisher/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/check.h"
#include "common/base/logger.h"

enum { PREFIXES_MAX = 4096, SEND_QUEUE_MESSAGES = 100000 };

typedef struct {
    char *text;
    size_t size;
} prefix_t;

typedef struct {
    const sink_context_t *context;
    void *socket;
    loop_watch_t *watch;
    prefix_t *prefixes; //  what at least one subscriber wants
    size_t count, capacity;
    metric_t *sent, *refused;
} json_topics_t;

static bool
is_wanted (const json_topics_t *self, const char *topic)
{
    size_t size = strlen (topic);
    for (size_t i = 0; i < self->count; i++)
        if (self->prefixes[i].size <= size &&
            memcmp (self->prefixes[i].text, topic, self->prefixes[i].size) == 0)
            return true;
    return false;
}

static void
add_prefix (json_topics_t *self, const char *text, size_t size)
{
    if (self->count == PREFIXES_MAX) {
        logger_write (LOG_LEVEL_WARNING, "more than %d different JSON subscriptions: one is not served",
                      PREFIXES_MAX);
        metric_add (self->refused, 1);
        return;
    }
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 16;
        self->prefixes = mem_grow (self->prefixes, self->capacity * sizeof *self->prefixes);
    }
    prefix_t *prefix = &self->prefixes[self->count++];
    prefix->size = size;
    prefix->text = mem_new (size + 1);
    memcpy (prefix->text, text, size);
}

static void
remove_prefix (json_topics_t *self, const char *text, size_t size)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->prefixes[i].size == size && memcmp (self->prefixes[i].text, text, size) == 0) {
            free (self->prefixes[i].text);
            self->prefixes[i] = self->prefixes[--self->count];
            return;
        }
}

//  ZeroMQ reports the first subscriber of a prefix and the last one's leaving: [1|0][prefix].
static bool
on_subscription (void *self_)
{
    json_topics_t *self = self_;
    zmq_msg_t message;
    (void) zmq_msg_init (&message);
    int size = zmq_msg_recv (&message, self->socket, ZMQ_DONTWAIT);
    if (size >= 1) {
        const char *data = zmq_msg_data (&message);
        if (data[0] == 1)
            add_prefix (self, data + 1, (size_t) size - 1);
        else
            remove_prefix (self, data + 1, (size_t) size - 1);
    }
    (void) zmq_msg_close (&message);
    return size >= 0;
}

static void
json_topics_close (void *self_)
{
    json_topics_t *self = self_;
    if (!self)
        return;
    loop_unwatch (&self->watch);
    if (self->socket)
        (void) zmq_close (self->socket);
    for (size_t i = 0; i < self->count; i++)
        free (self->prefixes[i].text);
    free (self->prefixes);
    free (self);
}

static void *
json_topics_open (const sink_context_t *context, error_text_t *error)
{
    json_topics_t *self = mem_new (sizeof *self);
    self->context = context;
    self->sent = metrics_counter (context->metrics, "publisher_json_messages_sent", "",
                                  "JSON messages handed to ZeroMQ");
    self->refused = metrics_counter (context->metrics, "publisher_json_subscriptions_refused", "",
                                     "subscriptions over the limit");
    self->socket = zmq_socket (loop_zmq (context->loop), ZMQ_XPUB);
    CHECK (self->socket);
    int queue = SEND_QUEUE_MESSAGES, linger_ms = 0;
    (void) zmq_setsockopt (self->socket, ZMQ_SNDHWM, &queue, sizeof queue);
    (void) zmq_setsockopt (self->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (zmq_bind (self->socket, context->settings->json_endpoint) != 0) {
        (void) error_set (error, E_IO, "publisher/json_endpoint %s: %s", context->settings->json_endpoint,
                          zmq_strerror (errno));
        json_topics_close (self);
        return NULL;
    }
    self->watch = loop_watch_zmq (context->loop, self->socket, on_subscription, self);
    return self;
}

static void
json_topics_message (void *self_, const store_entry_t *entry)
{
    json_topics_t *self = self_;
    if (!is_wanted (self, entry->text))
        return;
    slice_t json = store_json (self->context->store, entry);
    (void) zmq_send (self->socket, entry->text, strlen (entry->text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    (void) zmq_send (self->socket, json.data, json.size, ZMQ_DONTWAIT);
    metric_add (self->sent, 1);
    loop_kick (self->watch);
}

extern const sink_t json_topics_sink;
const sink_t json_topics_sink = {
    .name = "json_topics",
    .about = "ZeroMQ topics in JSON",
    .open = json_topics_open,
    .message = json_topics_message,
    .close = json_topics_close,
};
