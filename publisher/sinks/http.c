/*  http - the JSON API, the WebSocket feed, /metrics and /healthz, on libwebsockets
 *
 *  How   GET /v1/feed with an upgrade is the feed.  A reader sends text frames
 *            subscribe v1.bias.day.
 *            unsubscribe v1.bias.day.
 *        it gets
 *            {"topic":..., "skipped":n, "data":{...}}
 *        first the last message of each topic it subscribed to, then every new one; a reader that is too slow
 *        gets the newest of each topic (conflate.h). */

#include "publisher/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"
#include "publisher/conflate.h"
#include "publisher/render.h"

enum { CHUNK_BYTES = 16384, FILTERS_MAX = 64, REQUEST_TEXT_MAX = 256, PATH_MAX_BYTES = 512 };

typedef struct http http_t;

//  One HTTP request or one WebSocket reader.
typedef struct reader {
    http_t *http;
    struct lws *wsi;
    struct reader *next;
    text_buffer_t body; //  of a response
    size_t sent_bytes;
    conflate_t *waiting; //  of a feed; NULL: a plain request
    char filters[FILTERS_MAX][TOPIC_TEXT_MAX];
    size_t filters_count;
    char notice[REQUEST_TEXT_MAX]; //  an answer to a bad request, to be sent
} reader_t;

struct http {
    const sink_context_t *context;
    struct lws_context *lws;
    reader_t *readers; //  feeds only
    size_t readers_count;
    char *frame; //  LWS_PRE + bytes
    size_t frame_capacity;
    timebase_t timebase; //  wall, also when the results are of another time
    metric_t *requests, *refused, *conflated, *sent, *readers_now;
};

static bool
has_access (const http_t *self, struct lws *wsi)
{
    const char *token = self->context->settings->read_token;
    if (!token[0])
        return true;
    char given[256];
    int length = lws_hdr_copy (wsi, given, sizeof given, WSI_TOKEN_HTTP_AUTHORIZATION);
    size_t size = strlen (token);
    if (length > 7 && strncmp (given, "Bearer ", 7) == 0 && strlen (given + 7) == size)
        return lws_timingsafe_bcmp (given + 7, token, (uint32_t) size) == 0;
    const char *argument = lws_get_urlarg_by_name (wsi, "token=", given, sizeof given);
    return argument && strlen (argument) == size &&
           lws_timingsafe_bcmp (argument, token, (uint32_t) size) == 0;
}

static int
start_response (reader_t *reader, render_t answer)
{
    unsigned char head[LWS_PRE + 1024], *at = head + LWS_PRE, *end = head + sizeof head;
    static const unsigned char no_store[] = "no-store";
    if (lws_add_http_common_headers (reader->wsi, (unsigned) answer.status, answer.content_type,
                                     reader->body.size, &at, end) ||
        lws_add_http_header_by_token (reader->wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, no_store,
                                      sizeof no_store - 1, &at, end) ||
        lws_finalize_write_http_header (reader->wsi, head + LWS_PRE, &at, end))
        return -1;
    reader->sent_bytes = 0;
    (void) lws_callback_on_writable (reader->wsi);
    return 0;
}

static int
on_request (http_t *self, reader_t *reader, struct lws *wsi, const char *path)
{
    metric_add (self->requests, 1);
    reader->http = self;
    reader->wsi = wsi;
    if (!has_access (self, wsi)) {
        metric_add (self->refused, 1);
        text_reset (&reader->body);
        text_add (&reader->body, "{\"error\":\"a read token is needed: Authorization: Bearer TOKEN\"}\n");
        return start_response (reader, (render_t){401, "application/json"});
    }
    int64_t now_ms = timebase_now (&self->timebase) / NS_PER_MS;
    return start_response (reader, render_path (self->context->store, self->context->metrics, slice_of (path),
                                                now_ms, &reader->body));
}

static char *
frame_of (http_t *self, size_t size)
{
    if (LWS_PRE + size > self->frame_capacity) {
        self->frame_capacity = (LWS_PRE + size) * 2;
        self->frame = mem_grow (self->frame, self->frame_capacity);
    }
    return self->frame + LWS_PRE;
}

static int
send_body (reader_t *reader)
{
    size_t left = reader->body.size - reader->sent_bytes;
    size_t size = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    char *frame = frame_of (reader->http, size);
    memcpy (frame, reader->body.data + reader->sent_bytes, size);
    bool is_last = size == left;
    if (lws_write (reader->wsi, (unsigned char *) frame, size,
                   is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int) size)
        return -1;
    reader->sent_bytes += size;
    if (!is_last)
        return lws_callback_on_writable (reader->wsi) < 0 ? -1 : 0;
    return lws_http_transaction_completed (reader->wsi) ? -1 : 0;
}

//  --- the feed

static bool
wants (const reader_t *reader, const char *topic)
{
    for (size_t i = 0; i < reader->filters_count; i++)
        if (strncmp (topic, reader->filters[i], strlen (reader->filters[i])) == 0)
            return true;
    return false;
}

static void
add_filter (reader_t *reader, slice_t filter)
{
    store_t *store = reader->http->context->store;
    if (reader->filters_count == FILTERS_MAX || filter.size >= TOPIC_TEXT_MAX) {
        (void) snprintf (reader->notice, sizeof reader->notice,
                         "{\"error\":\"at most %d subscriptions of %d bytes\"}", FILTERS_MAX,
                         TOPIC_TEXT_MAX - 1);
        return;
    }
    (void) slice_copy (filter, reader->filters[reader->filters_count++], TOPIC_TEXT_MAX);
    for (size_t i = 0; i < store_count (store); i++) {
        const store_entry_t *entry = store_at (store, i);
        if (entry->topic.kind != TOPIC_METRICS &&
            slice_starts (slice_of (entry->text), reader->filters[reader->filters_count - 1]))
            conflate_mark (reader->waiting, entry->index);
    }
}

static void
remove_filter (reader_t *reader, slice_t filter)
{
    for (size_t i = 0; i < reader->filters_count; i++)
        if (slice_is (filter, reader->filters[i])) {
            reader->filters_count--;
            memmove (reader->filters[i], reader->filters[reader->filters_count], TOPIC_TEXT_MAX);
            return;
        }
}

static void
on_words (reader_t *reader, slice_t text)
{
    slice_t rest = text, verb = slice_cut (&rest, ' ');
    if (slice_is (verb, "subscribe") && rest.size > 0)
        add_filter (reader, rest);
    else if (slice_is (verb, "unsubscribe") && rest.size > 0)
        remove_filter (reader, rest);
    else
        (void) snprintf (reader->notice, sizeof reader->notice,
                         "{\"error\":\"send: subscribe TOPIC, or: unsubscribe TOPIC\"}");
    (void) lws_callback_on_writable (reader->wsi);
}

static int
open_feed (http_t *self, reader_t *reader, struct lws *wsi)
{
    reader->http = self;
    reader->wsi = wsi;
    reader->waiting = conflate_new ();
    reader->next = self->readers;
    self->readers = reader;
    self->readers_count++;
    metric_set (self->readers_now, (double) self->readers_count);
    return 0;
}

static void
close_reader (reader_t *reader)
{
    text_fini (&reader->body);
    if (!reader->waiting)
        return;
    http_t *self = reader->http;
    for (reader_t **at = &self->readers; *at; at = &(*at)->next)
        if (*at == reader) {
            *at = reader->next;
            self->readers_count--;
            break;
        }
    metric_set (self->readers_now, (double) self->readers_count);
    conflate_destroy (&reader->waiting);
}

static int
send_text (reader_t *reader, const char *text, size_t size)
{
    char *frame = frame_of (reader->http, size);
    memcpy (frame, text, size);
    return lws_write (reader->wsi, (unsigned char *) frame, size, LWS_WRITE_TEXT) < (int) size ? -1 : 0;
}

static int
send_next (reader_t *reader)
{
    http_t *self = reader->http;
    if (reader->notice[0]) {
        int status = send_text (reader, reader->notice, strlen (reader->notice));
        reader->notice[0] = 0;
        (void) lws_callback_on_writable (reader->wsi);
        return status;
    }
    uint32_t index;
    uint64_t skipped_count;
    if (!conflate_next (reader->waiting, &index, &skipped_count))
        return 0;
    const store_entry_t *entry = store_at (self->context->store, index);
    text_reset (&reader->body);
    text_add (&reader->body, "{\"topic\":\"%s\",\"skipped\":%llu,\"data\":", entry->text,
              (unsigned long long) skipped_count);
    text_add_slice (&reader->body, store_json (self->context->store, entry));
    text_add (&reader->body, "}");
    metric_add (self->sent, 1);
    if (conflate_waiting (reader->waiting) > 0)
        (void) lws_callback_on_writable (reader->wsi);
    return send_text (reader, reader->body.data, reader->body.size);
}

//  Before the upgrade: the path, the token, the limit.
static int
check_upgrade (http_t *self, struct lws *wsi)
{
    char path[PATH_MAX_BYTES];
    if (lws_hdr_copy (wsi, path, sizeof path, WSI_TOKEN_GET_URI) <= 0 || strcmp (path, "/v1/feed") != 0 ||
        !has_access (self, wsi) || self->readers_count >= (size_t) self->context->settings->readers_max) {
        metric_add (self->refused, 1);
        return -1;
    }
    return 0;
}

static int
on_lws (struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    http_t *self = lws_context_user (lws_get_context (wsi));
    reader_t *reader = user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_request (self, reader, wsi, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return send_body (reader);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return check_upgrade (self, wsi);
    case LWS_CALLBACK_ESTABLISHED:
        return open_feed (self, reader, wsi);
    case LWS_CALLBACK_RECEIVE:
        on_words (reader, (slice_t){in, size});
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return send_next (reader);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (reader)
            close_reader (reader);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {{"leadline", on_lws, sizeof (reader_t), 4096, 0, NULL, 0},
                                                 {NULL, NULL, 0, 0, 0, NULL, 0}};

static void
http_close (void *self_)
{
    http_t *self = self_;
    if (!self)
        return;
    if (self->lws) {
        lws_context_destroy (self->lws);
        loop_settle (self->context->loop);
        lws_context_destroy (self->lws);
    }
    free (self->frame);
    free (self);
}

static void *
http_open (const sink_context_t *context, error_text_t *error)
{
    const settings_t *settings = context->settings;
    if (settings->http_port == 0)
        return NULL;
    http_t *self = mem_new (sizeof *self);
    self->context = context;
    timebase_init (&self->timebase, CLOCK_WALL);
    self->requests = metrics_counter (context->metrics, "publisher_http_requests", "", "HTTP requests");
    self->refused =
        metrics_counter (context->metrics, "publisher_http_refused", "", "requests without access or place");
    self->conflated =
        metrics_counter (context->metrics, "publisher_feed_messages_conflated", "",
                         "messages a slow WebSocket reader did not get because a newer one replaced them");
    self->sent = metrics_counter (context->metrics, "publisher_feed_messages_sent", "",
                                  "messages to WebSocket readers");
    self->readers_now =
        metrics_gauge (context->metrics, "publisher_feed_readers", "", "WebSocket readers connected");
    void *loops[] = {loop_uv (context->loop)};
    struct lws_context_creation_info info = {
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .user = self,
        .port = (int) settings->http_port,
        .iface = settings->http_address,
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
        .vhost_name = "leadline",
    };
    lws_set_log_level (LLL_ERR, NULL);
    self->lws = lws_create_context (&info);
    if (!self->lws || !lws_create_vhost (self->lws, &info)) {
        (void) error_set (error, E_IO, "publisher/http_port: cannot listen on %s:%lld (in use?)",
                          settings->http_address, (long long) settings->http_port);
        http_close (self);
        return NULL;
    }
    return self;
}

static void
http_message (void *self_, const store_entry_t *entry)
{
    http_t *self = self_;
    //  A step of the clock is seen when it happens, not at the next request.
    (void) timebase_now (&self->timebase);
    for (reader_t *reader = self->readers; reader; reader = reader->next)
        if (wants (reader, entry->text)) {
            metric_add (self->conflated, conflate_mark (reader->waiting, entry->index));
            (void) lws_callback_on_writable (reader->wsi);
        }
}

extern const sink_t http_sink;
const sink_t http_sink = {
    .name = "http",
    .about = "JSON API, WebSocket feed, /metrics, /healthz",
    .open = http_open,
    .message = http_message,
    .close = http_close,
};
