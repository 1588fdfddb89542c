/*  link - one socket of a venue that is kept alive: connect, ask, ping, notice silence, begin again
 *
 *  Why   every venue closes sockets, forgets them, or leaves them open and says nothing.
 *  How   link_tick, ten times a second, drives it on the monotonic clock.  Texts wait in a queue and leave at
 *        the pace the venue allows.  No byte for max (10 s, 2 x ping): given up.  A little before the venue's
 *        lifetime is over: a planned reconnect, so that it happens at our time.
 *  Not   it does not read frames. */

#ifndef LEADLINE_LINK_H
#define LEADLINE_LINK_H

#include "ingest/adapter.h"
#include "ingest/transport.h"

typedef struct {
    void (*open) (void *self, int socket);
    void (*frame) (void *self, int socket, slice_t text);
    //  Down, whatever the cause; it comes back by itself.
    void (*lost) (void *self, int socket, const char *reason);
    void *self;
} link_events_t;

typedef struct link link_t;

//  url: where, events copied.  NULL with a text when the address is not wss://.
link_t *
link_new (transport_t *transport, const adapter_t *adapter, int socket, const char *url, uint64_t seed,
          const link_events_t *events, error_text_t *error);
void
link_destroy (link_t **self);

void
link_start (link_t *self);

//  Queue a text for the venue; copied.  Dropped when the link is down (what it asked for is asked again on
//  open).
void
link_say (link_t *self, slice_t text);

//  Send at once (a pong).
void
link_reply (link_t *self, slice_t text);

//  Close and begin again after a back-off; `lost` is called.
void
link_restart (link_t *self, const char *reason);

void
link_tick (link_t *self, int64_t mono_ns);

bool
link_is_open (const link_t *self);

//  Monotonic time since which it is open; 0 when it is not.
int64_t
link_open_since_ns (const link_t *self);

//  How many texts still wait.
size_t
link_waiting_count (const link_t *self);

#endif
