/*  scored - one simulated market, the engine's map of it and the maps it must beat, scored against the truth
 *
 *  What   a world of one instrument on three venues (public_feed), the engine's market and map as the engine runs them,
 *         and beside them the baselines and a map that is given the true mixture of leverage.
 *  Methods  uniform, profile, half-life  baselines.h
 *           ladder       the engine's classic ladder: all volume at 5 10 25 50 100x, never closed
 *           prior        the engine's map without what it learned from prints: theta = phi = 1
 *           learned      the engine's map: picture density (theta^.3) for shape, hazard density (theta phi) for amounts
 *           oracle       the same map, deposits by the leverage of the positions that were really opened in this world
 *                        (measured each minute, given each hour); it is told no price
 *  Shape  every 2 h after the burn-in, bins within +-15 % of the mark, against all live positions by their true
 *         liquidation price: W1 and W1 weighted by exp (-|dx| / .04), mean of both sides, % of price; top-3 hits; error
 *         of the long side's share.
 *  Amounts  in steps of a minute: the mark of venue v has gone from a to b; swept are the bins beyond a's up to b's;
 *         L = their mass in the density before the step, venues weighted by open interest.  n = liquidations in units
 *         of a median print, once all of them (truth), once as the engine sees them (prints).
 *             LL = n ln (k L + .05) - k L,  k = sum n / sum L of all steps before (from half the burn-in on)
 *         by the hour; the same with a negative binomial whose size is estimated as it goes.  In windows of 15
 *         minutes: rank correlation, AUC of the top 5 %, deciles of k L in USD against USD truly liquidated.
 *  Flow   per hour and venue: share of volume whose taker opened, the map's against the fills' own.
 *
 *  Source  methods A9. */

#ifndef LEADLINE_TEST_SCORED_H
#define LEADLINE_TEST_SCORED_H

#include "cards/liquidation_map.h"
#include "common/base/status.h"
#include "tests/score/metrics.h"
#include "tests/score/public_feed.h"

typedef enum {
    METHOD_UNIFORM,
    METHOD_PROFILE,
    METHOD_LADDER,
    METHOD_HALF_LIFE,
    METHOD_PRIOR,
    METHOD_LEARNED,
    METHOD_ORACLE,
    METHOD_COUNT
} method_t;
extern const char *const method_names[];

typedef enum { SEEN_TRUTH, SEEN_PRINTS, SEEN_COUNT } seen_t;

enum { SCORED_HOURS_MAX = 31 * 24, SCORED_WINDOWS_MAX = SCORED_HOURS_MAX * 4 };

typedef struct {
    double w1, near_w1, top_hit, side_error; //  means over evaluations; w1 as a fraction of price
    double ll[SEEN_COUNT], nb[SEEN_COUNT];   //  per hour
    double hourly[SEEN_COUNT][SCORED_HOURS_MAX];
    double rank_correlation, auc, usd_ratio; //  usd_ratio: truly liquidated / mass swept, all of it
    calibration_bins_t calibration;
} method_score_t;

typedef struct {
    uint64_t seed;
    char instrument[INSTRUMENT_NAME_MAX];
    double days;
    int64_t shapes_count, hours_count, windows_count; //  of what the figures stand on
    method_score_t methods[METHOD_COUNT];
    double p_error, p_true, p_said; //  mean |p - true p| by hour and venue; means of both
    int64_t p_hours;
    double theta[MAP_COMPONENTS], mixture[MAP_COMPONENTS]; //  learned; true, of what was opened
    double liquidated_usd, printed_usd, oi_usd;
    int64_t liquidated_count, printed_count, trades_count;
} scored_result_t;

typedef struct scored scored_t;

scored_t *
scored_new (uint64_t seed, const char *instrument, int64_t burn_in_s, error_text_t *error);
void
scored_destroy (scored_t **self);

void
scored_advance (scored_t *self, int64_t seconds);

const liquidation_map_t *
scored_map (const scored_t *self);

//  As of now.
void
scored_result (const scored_t *self, scored_result_t *out);

#endif
