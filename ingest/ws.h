/*  ws - one WebSocket to a venue: connect over TLS, whole frames in, texts out
 *
 *  How   fragments are put together in one buffer that keeps JSON_PADDING_BYTES behind the text and grows to
 *        WS_FRAME_MAX; pings of the server are answered by the library.
 *  Not   it never reconnects and judges no silence: link does.
 *
 *      ws_new -> ws_open -> on_open -> on_frame ... -> on_closed (also when opening failed) -> ws_open ... */

#ifndef LEADLINE_WS_H
#define LEADLINE_WS_H

#include "common/base/slice.h"
#include "common/base/timebase.h"
#include "ingest/transport.h"

enum { WS_FRAME_MAX = 16 * 1024 * 1024, WS_QUEUE_MAX = 1024 };

typedef struct {
    void (*open) (void *self);
    //  A whole text frame, padded; borrowed.
    void (*frame) (void *self, slice_t text);
    //  Once after every ws_open that did not end in ws_close.
    void (*closed) (void *self, const char *reason);
    void *self;
} ws_events_t;

typedef struct ws ws_t;

//  events copied.  E_SYNTAX (NULL) for an address that is not wss://.
ws_t *
ws_new (transport_t *transport, const char *url, const ws_events_t *events, error_text_t *error);

//  Closes without a call back.  Nulls the caller's pointer.
void
ws_destroy (ws_t **self);

//  Start connecting; closes what was open before, without a call back.
void
ws_open (ws_t *self);

//  Close without a call back.
void
ws_close (ws_t *self);

//  Queue a text frame; copied.  E_CLOSED when not open, E_RANGE when WS_QUEUE_MAX wait already.
int
ws_send (ws_t *self, slice_t text);

//  Send a WebSocket ping.  E_CLOSED when not open.
int
ws_ping (ws_t *self);

bool
ws_is_open (const ws_t *self);

//  Monotonic time of the last byte of any kind, pongs too; of ws_open before that.
int64_t
ws_heard_mono_ns (const ws_t *self);

//  For transport.c.
struct lws_protocols;
extern const struct lws_protocols ws_protocol;

#endif
