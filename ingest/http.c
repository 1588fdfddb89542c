#include "ingest/http.h"

#include "common/base/check.h"
#include "ingest/json_cursor.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BODY_BYTES = 64 * 1024, READ_BYTES = 16 * 1024, KEPT_BODY_BYTES = 1024 * 1024 };

typedef struct {
    http_t *http;
    bool is_busy;
    uint64_t tag;
    char path[2 * TRANSPORT_PATH_MAX];
    transport_lookup_t *lookup;
    loop_timer_t *deadline;
    struct lws *wsi;
    char *body;
    size_t size, capacity;
    http_answer_t answer;
    char reason[160];
} slot_t;

struct http {
    transport_t *transport;
    url_t url;
    http_answer_fn *fn;
    void *fn_self;
    slot_t slots[HTTP_AT_ONCE_MAX];
};

http_t *
http_new (transport_t *transport, const char *base_url, http_answer_fn *fn, void *fn_self,
          error_text_t *error)
{
    url_t url;
    if (transport_parse_url (base_url, "https", &url, error) != OK)
        return NULL;
    http_t *self = mem_new (sizeof *self);
    self->transport = transport;
    self->url = url;
    size_t size = strlen (self->url.path);
    if (self->url.path[size - 1] == '/')
        self->url.path[size - 1] = '\0';
    self->fn = fn;
    self->fn_self = fn_self;
    for (size_t i = 0; i < HTTP_AT_ONCE_MAX; i++)
        self->slots[i].http = self;
    return self;
}

//  Let go of everything but the body's memory (a rare large one is given back too).
static void
release (slot_t *slot)
{
    transport_forget (&slot->lookup);
    loop_cancel (&slot->deadline);
    if (slot->wsi) {
        lws_set_opaque_user_data (slot->wsi, NULL);
        lws_set_timeout (slot->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        slot->wsi = NULL;
    }
    slot->is_busy = false;
    if (slot->capacity > KEPT_BODY_BYTES) {
        free (slot->body);
        slot->body = NULL;
        slot->capacity = 0;
    }
}

void
http_destroy (http_t **self)
{
    for (size_t i = 0; *self && i < HTTP_AT_ONCE_MAX; i++) {
        release (&(*self)->slots[i]);
        free ((*self)->slots[i].body);
    }
    free (*self);
    *self = NULL;
}

static void
deliver (slot_t *slot)
{
    http_t *self = slot->http;
    transport_forget (&slot->lookup);
    loop_cancel (&slot->deadline);
    if (slot->answer.status)
        memset (slot->body + slot->size, 0, JSON_PADDING_BYTES);
    slot->answer.body = (slice_t){slot->body, slot->answer.status ? slot->size : 0};
    if (!slot->answer.failure)
        slot->answer.failure = "";
    self->fn (self->fn_self, slot->tag, &slot->answer);
    release (slot);
}

static void
fail (slot_t *slot, const char *reason)
{
    char text[sizeof slot->reason + sizeof slot->http->url.authority + 2];
    (void) snprintf (text, sizeof text, "%s: %s", slot->http->url.authority,
                     slot->reason[0] ? slot->reason : reason);
    slot->answer.status = 0;
    slot->answer.failure = text;
    deliver (slot);
}

static void
on_deadline (void *fn_self)
{
    slot_t *slot = fn_self;
    slot->deadline = NULL;
    fail (slot, "no answer in 10 s");
}

static void
on_found (void *fn_self, const char *address, const char *why)
{
    slot_t *slot = fn_self;
    http_t *self = slot->http;
    slot->lookup = NULL;
    if (!address) {
        fail (slot, why);
        return;
    }
    struct lws_client_connect_info info = {
        .context = transport_lws (self->transport),
        .address = address,
        .port = self->url.port,
        .ssl_connection = LCCSCF_USE_SSL,
        .path = slot->path,
        .host = self->url.authority,
        .method = "GET",
        .local_protocol_name = http_protocol.name,
        .alpn = "http/1.1",
        .opaque_user_data = slot,
        .pwsi = &slot->wsi,
    };
    uint64_t tag = slot->tag;
    struct lws *wsi = lws_client_connect_via_info (&info);
    //  A failure at once is told through the callback as well; then the slot is free already.
    if (!wsi && slot->is_busy && slot->tag == tag) {
        slot->wsi = NULL;
        fail (slot, "cannot connect");
    }
}

int
http_get (http_t *self, const char *path, uint64_t tag)
{
    slot_t *slot = NULL;
    for (size_t i = 0; i < HTTP_AT_ONCE_MAX && !slot; i++)
        if (!self->slots[i].is_busy)
            slot = &self->slots[i];
    if (!slot)
        return E_AGAIN;
    int size = snprintf (slot->path, sizeof slot->path, "%s%s", self->url.path, path);
    if (size < 0 || (size_t) size >= sizeof slot->path)
        return E_RANGE;
    slot->is_busy = true;
    slot->tag = tag;
    slot->size = 0;
    slot->reason[0] = '\0';
    slot->answer = (http_answer_t){.status = 0};
    slot->deadline = loop_after (transport_loop (self->transport), HTTP_TIMEOUT_NS, on_deadline, slot);
    slot->lookup = transport_find (self->transport, self->url.host, on_found, slot);
    return OK;
}

size_t
http_room_count (const http_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < HTTP_AT_ONCE_MAX; i++)
        count += !self->slots[i].is_busy;
    return count;
}

static void
on_head (slot_t *slot, struct lws *wsi)
{
    char text[32];
    slot->answer.status = (int) lws_http_client_http_response (wsi);
    if (lws_hdr_copy (wsi, slot->answer.server, sizeof slot->answer.server, WSI_TOKEN_HTTP_SERVER) < 0)
        slot->answer.server[0] = '\0';
    if (lws_hdr_copy (wsi, text, sizeof text, WSI_TOKEN_HTTP_RETRY_AFTER) > 0) {
        long seconds = strtol (text, NULL, 10);
        slot->answer.retry_after_s = seconds > 0 ? seconds : 0;
    }
    if (!slot->body) {
        slot->capacity = FIRST_BODY_BYTES;
        slot->body = mem_new (slot->capacity + JSON_PADDING_BYTES);
    }
}

static int
on_piece (slot_t *slot, const char *data, size_t size)
{
    if (slot->size + size > HTTP_BODY_MAX) {
        (void) snprintf (slot->reason, sizeof slot->reason, "an answer of more than %d MiB",
                         HTTP_BODY_MAX >> 20);
        return -1;
    }
    if (slot->size + size > slot->capacity) {
        while (slot->capacity < slot->size + size)
            slot->capacity *= 2;
        slot->body = mem_grow (slot->body, slot->capacity + JSON_PADDING_BYTES);
    }
    memcpy (slot->body + slot->size, data, size);
    slot->size += size;
    return 0;
}

static int
add_header (struct lws *wsi, void *in, size_t size)
{
    unsigned char **at = in, *end = *at + size;
    static const char agent[] = "leadline";
    static const char accept[] = "application/json";
    if (lws_add_http_header_by_name (wsi, (const unsigned char *) "user-agent:",
                                     (const unsigned char *) agent, (int) strlen (agent), at, end) ||
        lws_add_http_header_by_name (wsi, (const unsigned char *) "accept:", (const unsigned char *) accept,
                                     (int) strlen (accept), at, end))
        return -1;
    return 0;
}

static int
on_event (struct lws *wsi, enum lws_callback_reasons what, void *user, void *in, size_t size)
{
    slot_t *slot = lws_get_opaque_user_data (wsi);
    switch (what) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return add_header (wsi, in, size);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        if (!slot)
            return -1;
        on_head (slot, wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP: {
        char piece[LWS_PRE + READ_BYTES], *at = piece + LWS_PRE;
        int room = READ_BYTES;
        return lws_http_client_read (wsi, &at, &room) < 0 ? -1 : 0;
    }
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        return slot ? on_piece (slot, in, size) : -1;
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
        if (slot) {
            lws_set_opaque_user_data (wsi, NULL);
            slot->wsi = NULL;
            deliver (slot);
        }
        return -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        if (slot) {
            slot->wsi = NULL;
            fail (slot,
                  in && what == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ? (const char *) in : "closed early");
        }
        return 0;
    default:
        return lws_callback_http_dummy (wsi, what, user, in, size);
    }
}

const struct lws_protocols http_protocol = {.name = "leadline-http", .callback = on_event};
