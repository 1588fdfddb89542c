/*  baselines - maps that a liquidation map must beat, made of the same public events (methods A9)
 *
 *  What  uniform    the same in every bin of log price
 *        profile    USD traded in the last 24 hours by the price they traded at: longs below, shorts above
 *        half-life  what the better public maps do: per minute candle clear what its range has reached, let every
 *                   tier fade, seed turnover x clamp (1 + 8 max (dOI/OI, 0), 1, 3) at 5 10 25 50 100 times around low,
 *                   high and close, buyers' part as longs, each side brought to the same total
 *        The engine's own ladder without decay is the engine's (liquidation_map_ladder).
 *  Sources  methods A1, A9. */

#ifndef LEADLINE_TEST_BASELINES_H
#define LEADLINE_TEST_BASELINES_H

#include "cards/map_view.h"
#include "common/wire/event.h"

//  A density around the mark: bins [first_bin, first_bin + MAP_VIEW_BINS).
typedef struct {
    int64_t first_bin, mark_bin;
    double usd[2][MAP_VIEW_BINS]; //  [0] longs
} density_t;

typedef struct baselines baselines_t;

baselines_t *
baselines_new (void);
baselines_t *
baselines_copy (const baselines_t *self);
void
baselines_destroy (baselines_t **self);

//  Trades and open interest; in order of time.
void
baselines_event (baselines_t *self, const event_t *event);

//  A minute has passed.
void
baselines_minute (baselines_t *self);

typedef enum { BASELINE_UNIFORM, BASELINE_PROFILE, BASELINE_HALF_LIFE } baseline_t;

void
baselines_read (const baselines_t *self, baseline_t which, int64_t mark_bin, density_t *out);

#endif
