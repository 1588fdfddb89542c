#include "ingest/ws.h"

#include "common/base/check.h"
#include "ingest/json_cursor.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BUFFER_BYTES = 256 * 1024, RX_BUFFER_BYTES = 64 * 1024 };

typedef struct {
    char *memory; //  LWS_PRE spare bytes, then the text
    size_t size;
} text_t;

struct ws {
    transport_t *transport;
    ws_events_t events;
    url_t url;
    transport_lookup_t *lookup;
    struct lws *wsi;
    bool is_open, is_ping_due;
    int64_t heard_mono_ns;
    char *buffer;
    size_t size, capacity;
    text_t queue[WS_QUEUE_MAX]; //  a ring
    size_t queue_first, queue_count;
    char reason[160];
};

ws_t *
ws_new (transport_t *transport, const char *url, const ws_events_t *events, error_text_t *error)
{
    url_t parts;
    if (transport_parse_url (url, "wss", &parts, error) != OK)
        return NULL;
    ws_t *self = mem_new (sizeof *self);
    self->transport = transport;
    self->events = *events;
    self->url = parts;
    self->capacity = FIRST_BUFFER_BYTES;
    self->buffer = mem_new (self->capacity + JSON_PADDING_BYTES);
    return self;
}

static void
drop_queue (ws_t *self)
{
    while (self->queue_count > 0) {
        free (self->queue[self->queue_first].memory);
        self->queue_first = (self->queue_first + 1) % WS_QUEUE_MAX;
        self->queue_count--;
    }
}

void
ws_close (ws_t *self)
{
    transport_forget (&self->lookup);
    if (self->wsi) {
        //  From here on its callbacks find nobody.
        lws_set_opaque_user_data (self->wsi, NULL);
        lws_set_timeout (self->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
        self->wsi = NULL;
    }
    self->is_open = self->is_ping_due = false;
    self->size = 0;
    self->reason[0] = '\0';
    drop_queue (self);
}

void
ws_destroy (ws_t **self)
{
    if (*self) {
        ws_close (*self);
        free ((*self)->buffer);
    }
    free (*self);
    *self = NULL;
}

//  The connection is no more, not by our wish.
static void
lost (ws_t *self, const char *reason)
{
    char text[sizeof self->reason];
    (void) snprintf (text, sizeof text, "%s", self->reason[0] ? self->reason : reason);
    self->wsi = NULL;
    ws_close (self);
    self->events.closed (self->events.self, text);
}

static void
on_found (void *fn_self, const char *address, const char *why)
{
    ws_t *self = fn_self;
    self->lookup = NULL;
    if (!address) {
        (void) snprintf (self->reason, sizeof self->reason, "%.60s: %.80s", self->url.host, why);
        lost (self, why);
        return;
    }
    struct lws_client_connect_info info = {
        .context = transport_lws (self->transport),
        .address = address,
        .port = self->url.port,
        .ssl_connection = LCCSCF_USE_SSL,
        .path = self->url.path,
        .host = self->url.authority,
        .local_protocol_name = ws_protocol.name,
        .alpn = "http/1.1",
        .opaque_user_data = self,
        .pwsi = &self->wsi,
    };
    //  A failure at once is told through the callback as well, which has called lost by now.
    struct lws *wsi = lws_client_connect_via_info (&info);
    if (!wsi && self->wsi)
        lost (self, "cannot connect");
}

void
ws_open (ws_t *self)
{
    ws_close (self);
    self->heard_mono_ns = timebase_mono_ns ();
    self->lookup = transport_find (self->transport, self->url.host, on_found, self);
}

int
ws_send (ws_t *self, slice_t text)
{
    if (!self->is_open)
        return E_CLOSED;
    if (self->queue_count == WS_QUEUE_MAX)
        return E_RANGE;
    text_t *slot = &self->queue[(self->queue_first + self->queue_count++) % WS_QUEUE_MAX];
    slot->memory = mem_new (LWS_PRE + text.size);
    slot->size = text.size;
    memcpy (slot->memory + LWS_PRE, text.data, text.size);
    lws_callback_on_writable (self->wsi);
    return OK;
}

int
ws_ping (ws_t *self)
{
    if (!self->is_open)
        return E_CLOSED;
    self->is_ping_due = true;
    lws_callback_on_writable (self->wsi);
    return OK;
}

bool
ws_is_open (const ws_t *self)
{
    return self->is_open;
}

int64_t
ws_heard_mono_ns (const ws_t *self)
{
    return self->heard_mono_ns;
}

//  One piece a turn, as the library wants it.  Non-zero closes.
static int
on_writable (ws_t *self)
{
    if (self->is_ping_due) {
        unsigned char ping[LWS_PRE + 8];
        memset (ping, 0, sizeof ping);
        self->is_ping_due = false;
        if (lws_write (self->wsi, ping + LWS_PRE, 0, LWS_WRITE_PING) < 0)
            return -1;
    } else if (self->queue_count > 0) {
        text_t text = self->queue[self->queue_first];
        self->queue_first = (self->queue_first + 1) % WS_QUEUE_MAX;
        self->queue_count--;
        int written =
            lws_write (self->wsi, (unsigned char *) text.memory + LWS_PRE, text.size, LWS_WRITE_TEXT);
        free (text.memory);
        if (written < 0 || (size_t) written < text.size)
            return -1;
    }
    if (self->is_ping_due || self->queue_count > 0)
        lws_callback_on_writable (self->wsi);
    return 0;
}

static int
on_received (ws_t *self, const char *data, size_t size)
{
    self->heard_mono_ns = timebase_mono_ns ();
    if (lws_is_first_fragment (self->wsi))
        self->size = 0;
    size_t remaining = lws_remaining_packet_payload (self->wsi);
    size_t needed = self->size + size + remaining;
    if (needed > WS_FRAME_MAX) {
        (void) snprintf (self->reason, sizeof self->reason, "a frame of more than %d MiB",
                         WS_FRAME_MAX >> 20);
        return -1;
    }
    if (needed > self->capacity) {
        while (self->capacity < needed)
            self->capacity *= 2;
        self->buffer = mem_grow (self->buffer, self->capacity + JSON_PADDING_BYTES);
    }
    memcpy (self->buffer + self->size, data, size);
    self->size += size;
    if (remaining > 0 || !lws_is_final_fragment (self->wsi))
        return 0;
    memset (self->buffer + self->size, 0, JSON_PADDING_BYTES);
    slice_t frame = {self->buffer, self->size};
    self->size = 0;
    struct lws *wsi = self->wsi;
    self->events.frame (self->events.self, frame);
    return self->wsi == wsi ? 0 : -1; //  the receiver closed us meanwhile
}

static int
on_event (struct lws *wsi, enum lws_callback_reasons what, void *user, void *in, size_t size)
{
    (void) user;
    ws_t *self = lws_get_opaque_user_data (wsi);
    bool is_ours = self && (self->wsi == wsi || !self->wsi);
    switch (what) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        if (!is_ours)
            return -1;
        self->wsi = wsi;
        self->is_open = true;
        self->heard_mono_ns = timebase_mono_ns ();
        self->events.open (self->events.self);
        return self->wsi == wsi ? 0 : -1;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return is_ours ? on_received (self, in, size) : -1;
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        if (is_ours)
            self->heard_mono_ns = timebase_mono_ns ();
        return is_ours ? 0 : -1;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return is_ours ? on_writable (self) : -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        if (is_ours)
            lost (self, in ? (const char *) in : "connection failed");
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        if (is_ours)
            lost (self, "closed by the other side");
        return 0;
    default:
        return lws_callback_http_dummy (wsi, what, user, in, size);
    }
}

const struct lws_protocols ws_protocol = {
    .name = "leadline-ws", .callback = on_event, .rx_buffer_size = RX_BUFFER_BYTES};
