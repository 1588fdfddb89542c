/*  map_world - a market of two venues with a liquidation map behind it, fed second by second
 *
 *  Each second each venue has a quote, a mark, three small trades and a reading of open interest; a venue or its
 *  open interest can be made to fall silent. */

#ifndef LEADLINE_TEST_MAP_WORLD_H
#define LEADLINE_TEST_MAP_WORLD_H

#include "cards/liquidation_map.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"

enum { MAP_WORLD_VENUES = 2 }; //  binance, bybit
#define MAP_WORLD_START_NS (INT64_C (1790000000) * NS_PER_S)

typedef struct {
    market_t *market; //  owned; the map lies behind it in the same block
    liquidation_map_t *map;
    size_t size; //  of the block
    int64_t now_ns;
    bool is_gone[MAP_WORLD_VENUES];   //  says nothing at all
    bool has_no_oi[MAP_WORLD_VENUES]; //  says no open interest
} map_world_t;

map_world_t
map_world_new (void);
void
map_world_close (map_world_t *self);

//  Of BTCUSDT, from deploy/tiers; a missing file fails the test.
tiers_t
map_world_tiers (const char *venue);

//  One event, now.
void
map_world_tell (map_world_t *self, event_kind_t kind, int venue, const void *record);

//  One second at price px with oi coins of open interest at each venue.
void
map_world_second (map_world_t *self, prng_t *prng, double px, double oi);

//  So many seconds of a random walk from px, open interest slowly growing.  Returns the last price.
double
map_world_live (map_world_t *self, prng_t *prng, int seconds, double px);

#endif
