/*  health_board - the feed_health of every kind x instrument of a venue, told to the bus
 *
 *  How   each second (health_board_tick): every feed is judged; what changed is published at once, all of
 *        them once in ten seconds, spread out.  A feed that is silent and curable is resubscribed once; if
 *        that did not help in the same time again, its socket is restarted. */

#ifndef LEADLINE_HEALTH_BOARD_H
#define LEADLINE_HEALTH_BOARD_H

#include "common/run/bus.h"
#include "ingest/adapter.h"
#include "ingest/feed_health.h"

typedef struct {
    //  Ask the venue again for one channel of one instrument.
    void (*resubscribe) (void *self, int socket, event_kind_t kind, int instrument);
    void (*restart) (void *self, int socket, const char *reason);
    //  A feed has just been found silent, and others_count more of its kind with it.
    void (*silent) (void *self, event_kind_t kind, int instrument, size_t others_count, const char *message);
    void *self;
} health_board_events_t;

typedef struct health_board health_board_t;

health_board_t *
health_board_new (bus_t *bus, const adapter_t *adapter, const universe_t *universe,
                  const health_board_events_t *events);
void
health_board_destroy (health_board_t **self);

//  The instrument is listed now, or no longer.
void
health_board_listed (health_board_t *self, int instrument, bool is_listed);

//  The feeds of a socket: subscribed (or lost).  Socket -1: those that are polled.
void
health_board_connected (health_board_t *self, int socket, bool is_connected, int64_t now_ns);

//  channels 0: all of the socket; instrument -1: all.
void
health_board_acknowledged (health_board_t *self, int socket, uint32_t channels, int instrument,
                           bool is_accepted, slice_t text, int64_t now_ns);

//  A poll was given up: said until the next one brings something.
void
health_board_refused (health_board_t *self, event_kind_t kind, int instrument, const char *why,
                      int64_t now_ns);

//  NULL for a kind that has no health (a bar, an instrument).
feed_health_t *
health_board_feed (health_board_t *self, event_kind_t kind, int instrument);

//  count events of a kind that has health arrived.  Channels united with it (adapter.h) flow too.
void
health_board_events (health_board_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns,
                     int64_t ts_event_ns, int64_t count);

//  The socket that carries a kind, -1: none (polled).
int
health_board_socket (const health_board_t *self, event_kind_t kind);

void
health_board_tick (health_board_t *self, int64_t now_ns);

#endif
