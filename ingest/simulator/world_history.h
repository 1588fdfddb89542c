/*  world_history - bars, open interest and settled funding of one venue and instrument
 *
 *  What  one-minute bars without a hole: coarse ones before the start (28 bytes each: weeks of 63 markets
 *        fit), exact ones since, from the trades themselves.  Larger intervals are summed when asked for.
 *  Time  minutes are whole since the epoch; a live minute without a trade is flat at the last price.
 *  Not   the process behind the coarse bars: world draws it and appends it. */

#ifndef LEADLINE_WORLD_HISTORY_H
#define LEADLINE_WORLD_HISTORY_H

#include "ingest/simulator/world.h"

typedef struct {
    int32_t open_ticks, high_ticks, low_ticks, close_ticks, trades_count;
    float lots, buy_lots;
} coarse_bar_t;

typedef struct {
    int64_t open_ticks, high_ticks, low_ticks, close_ticks, trades_count;
    int64_t lots, buy_lots, turnover, buy_turnover; //  turnover: ticks x lots
} exact_bar_t;

typedef struct {
    world_point_t *points;
    int32_t count, room;
} world_series_t;

typedef struct {
    int64_t first_ns; //  start of the first minute
    coarse_bar_t *coarse;
    exact_bar_t *exact; //  the last one is the minute that runs
    int32_t coarse_count, coarse_room, exact_count, exact_room;
    world_series_t oi, funding;
    double tick_px, lot_coins;
} world_history_t;

void
world_history_init (world_history_t *self, int64_t first_ns, int32_t coarse_room, const world_spec_t *spec);
void
world_history_fini (world_history_t *self);

void
world_history_add_coarse (world_history_t *self, const coarse_bar_t *bar);
//  The minute of ts_ns and those before it exist from now on, flat at last_px_ticks where nothing traded.
void
world_history_roll (world_history_t *self, int64_t ts_ns, int64_t last_px_ticks);
//  A trade in the running minute.
void
world_history_trade (world_history_t *self, int64_t px_ticks, int64_t qty_lots, bool is_buy);

//  One minute, 0 the oldest.
int32_t
world_history_count (const world_history_t *self);
void
world_history_bar (const world_history_t *self, int32_t index, world_kline_t *out);

//  As world_klines.
int
world_history_klines (const world_history_t *self, int32_t interval_s, int64_t end_ns, world_kline_t *out,
                      int most);

void
world_series_add (world_series_t *self, int64_t ts_ns, double value);
int
world_series_newest (const world_series_t *self, int64_t end_ns, world_point_t *out, int most);

#endif
