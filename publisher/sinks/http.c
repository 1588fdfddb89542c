/*  http - the JSON API, the WebSocket feed, /metrics, /healthz and the dashboard's pages, on libwebsockets
 *
 *  How   GET /v1/feed with an upgrade is the feed.  A reader sends text frames
 *            subscribe v1.bias.day.
 *            unsubscribe v1.bias.day.
 *        it gets
 *            {"topic":..., "skipped":n, "data":{...}}
 *        first the last message of each topic it subscribed to, then every new one; a reader that is too slow
 *        gets the newest of each topic (conflate.h).
 *
 *  Access  with a read token set, everything that holds data needs it; the pages hold none: they ask for it. */

#include "publisher/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"
#include "publisher/conflate.h"
#include "publisher/pages.h"
#include "publisher/render.h"

enum {
    CHUNK_BYTES = 131072,
    FILTERS_MAX = 64,
    REQUEST_TEXT_MAX = 256,
    PATH_MAX_BYTES = 512,
    ARGUMENT_BYTES = 4096
};

//  A page may load what this server has, and nothing else.
static const char content_policy[] =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:";

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
add_header (struct lws *wsi, const char *name, const char *value, unsigned char **at, unsigned char *end)
{
    return lws_add_http_header_by_name (wsi, (const unsigned char *) name, (const unsigned char *) value,
                                        (int) strlen (value), at, end);
}

//  tag: of a page, "" for everything else, which is never kept by whoever reads it.
static int
start_response (reader_t *reader, render_t answer, const char *tag)
{
    unsigned char head[LWS_PRE + 1536], *at = head + LWS_PRE, *end = head + sizeof head;
    if (lws_add_http_common_headers (reader->wsi, (unsigned) answer.status, answer.content_type,
                                     reader->body.size, &at, end) ||
        add_header (reader->wsi, "cache-control:", tag[0] ? "no-cache" : "no-store", &at, end) ||
        add_header (reader->wsi, "x-content-type-options:", "nosniff", &at, end) ||
        (tag[0] && (add_header (reader->wsi, "etag:", tag, &at, end) ||
                    add_header (reader->wsi, "content-security-policy:", content_policy, &at, end))) ||
        lws_finalize_write_http_header (reader->wsi, head + LWS_PRE, &at, end))
        return -1;
    reader->sent_bytes = 0;
    if (reader->body.size == 0)
        return lws_http_transaction_completed (reader->wsi) ? -1 : 0;
    (void) lws_callback_on_writable (reader->wsi);
    return 0;
}

//  What stood behind the question mark.  false: too much of it.
static bool
read_arguments (struct lws *wsi, render_arguments_t *out)
{
    char text[ARGUMENT_BYTES];
    for (int i = 0;; i++) {
        int length = lws_hdr_copy_fragment (wsi, text, sizeof text, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length < 0)
            return true;
        if (out->count == RENDER_ARGUMENTS_MAX || length >= RENDER_ARGUMENT_MAX)
            return false;
        memcpy (out->texts[out->count], text, (size_t) length);
        out->texts[out->count++][length] = 0;
    }
}

static bool
is_of_api (slice_t path)
{
    return slice_is (path, "/v1") || slice_starts (path, "/v1/") || slice_is (path, "/metrics") ||
           slice_is (path, "/healthz");
}

//  A page of the dashboard, if that is what was asked for.
static bool
find_page (const http_t *self, reader_t *reader, slice_t path, render_t *answer, page_t *page)
{
    char known[PAGES_TAG_MAX + 8];
    if (is_of_api (path) || pages_read (self->context->settings->web_folder, path, page, &reader->body) != OK)
        return false;
    *answer = (render_t){200, page->content_type};
    if (lws_hdr_copy (reader->wsi, known, sizeof known, WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
        strcmp (known, page->tag) == 0) {
        text_reset (&reader->body);
        answer->status = 304;
    }
    return true;
}

static int
on_request (http_t *self, reader_t *reader, struct lws *wsi, const char *path)
{
    page_t page;
    render_t answer;
    render_arguments_t arguments = {.count = 0};
    metric_add (self->requests, 1);
    reader->http = self;
    reader->wsi = wsi;
    if (find_page (self, reader, slice_of (path), &answer, &page))
        return start_response (reader, answer, page.tag);
    if (!has_access (self, wsi)) {
        metric_add (self->refused, 1);
        text_reset (&reader->body);
        text_add (&reader->body, "{\"error\":\"a read token is needed: Authorization: Bearer TOKEN\"}\n");
        return start_response (reader, (render_t){401, "application/json"}, "");
    }
    if (!read_arguments (wsi, &arguments)) {
        text_reset (&reader->body);
        text_add (&reader->body, "{\"error\":\"at most %d parameters of %d bytes\"}\n", RENDER_ARGUMENTS_MAX,
                  RENDER_ARGUMENT_MAX - 1);
        return start_response (reader, (render_t){400, "application/json"}, "");
    }
    answer = render_path (self->context->sources, slice_of (path), &arguments,
                          timebase_now (&self->timebase) / NS_PER_MS, &reader->body);
    return start_response (reader, answer, "");
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
        .timeout_secs = 60, //  an answer of a megabyte to a slow reader, while a day of history comes in
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
    .about = "JSON API, WebSocket feed, dashboard, /metrics, /healthz",
    .open = http_open,
    .message = http_message,
    .close = http_close,
};
