/*  public_feed - what an engine hears of a simulated world, in process: the exchanges' feeds as ingest passes them on
 *
 *  Why   scores need many simulated days; sockets and JSON between the world and the engine would be most of the time,
 *        and change nothing in what is heard.
 *  What  trades as they happen; each whole second best bid and ask, mark and index of every venue; open interest
 *        polled each 3 s (binance), on change each second (bybit), pushed each 3 s (okx); liquidations as the venues
 *        print them: the last of each second (binance, with its fill price; okx, with the bankruptcy price), all of
 *        them (bybit, bankruptcy price); settled funding; long shares of accounts each 5 minutes.  Before that two
 *        days of history: minute bars, open interest each 5 minutes, funding.
 *  Truth beside it, apart: every liquidation, and of every fill whether it opened. */

#ifndef LEADLINE_TEST_PUBLIC_FEED_H
#define LEADLINE_TEST_PUBLIC_FEED_H

#include "common/wire/event.h"
#include "ingest/simulator/world.h"

typedef struct {
    void *self;
    void (*event) (void *self, const event_t *event); //  in order of time
    void (*liquidated) (void *self, int venue, int side, double usd);
    void (*filled) (void *self, int venue, double coins, bool taker_opens);
} public_listener_t;

typedef struct public_feed public_feed_t;

extern const char *const public_feed_venues[]; //  binance, bybit, okx
enum { PUBLIC_FEED_VENUES = 3, PUBLIC_FEED_HISTORY_DAYS = 2 };

//  A world of one instrument from this seed, at start_ns.  NULL: refused, error says why.
public_feed_t *
public_feed_new (uint64_t seed, const char *instrument, int64_t start_ns, const public_listener_t *listener,
                 error_text_t *error);
void
public_feed_destroy (public_feed_t **self);

//  The history, once, before the first second.
void
public_feed_history (public_feed_t *self);

//  One more second.
void
public_feed_second (public_feed_t *self);

int64_t
public_feed_now_ns (const public_feed_t *self);

const world_t *
public_feed_world (const public_feed_t *self);

#endif
