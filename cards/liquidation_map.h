/*  liquidation_map - where leveraged positions of one instrument will be forced to close (methods A3 to A8)
 *
 *  Why   a position book reconstructed from flows, not a histogram of volume: opens add mass where they would
 *        be liquidated, closes take mass away, the mark price sweeps it, open interest says how much there is.
 *  What  per venue one book: coins by (side, component of leverage, bin of log liquidation price).  Venues are
 *        added at read time.  Beside it, for comparison, one "classic ladder" over all venues: all taker volume
 *        at 5 10 25 50 100x, swept, never closed.
 *
 *        parent orders --> flow held, split by leverage that their size allows (tiers)
 *        open interest --> p = chance that a taker opens; p of what is held is deposited, (1-p) closes mass
 *                          of the other side in proportion to mass x hazard of its component
 *        marks         --> sweep: longs at or above the lowest mark, shorts at or below the highest
 *        liquidations  --> theta: how much more or less of a component is printed than was swept;
 *                          phi: the same of mass whose price was last visited minutes, hours or days ago
 *        funding       --> drift of isolated liquidation prices;  minutes --> anchor to kappa x open interest
 *        ratios        --> which side of it is the leveraged one
 *
 *  Cost  a deposit is a fixed number of writes (a component's kernel), closing and anchoring a component is one
 *        multiplication (lazy scale), sweeping is paid once per bin and crossing, a view is made once a second.
 *  Memory  flat, no pointers: liquidation_map_size (venues) bytes inside the arena, 426 kB a venue.  Zeroed
 *        memory is not a map: call liquidation_map_init.
 *  Time  that of the market it listens to; no clock.
 *  Not   cross margin as such: the mixture is over effective leverage, notional / margin that really backs it.
 *
 *  Sources  methods A1 to A8; Shepp, Vardi 1982 (EM for Poisson mixtures); Cheng et al. 2021. */

#ifndef LEADLINE_LIQUIDATION_MAP_H
#define LEADLINE_LIQUIDATION_MAP_H

#include "cards/market_feed.h"
#include "common/base/tiers.h"
#include "common/wire/result.h"

enum { LADDER_COMPONENTS = 5 };

typedef struct liquidation_map liquidation_map_t;

//  Effective leverage of the components, and how mass is spread over them before anything is learned
//  (methods A4: chosen leverage of public ladders, 40 % cross accounts with one to five times spare margin).
extern const double liquidation_map_leverage[MAP_COMPONENTS];
extern const double liquidation_map_prior[MAP_COMPONENTS];

size_t
liquidation_map_size (int venues_count);

//  tiers[venues_count]: of each venue, copied; replaced when the venue says other ones.
void
liquidation_map_init (liquidation_map_t *self, int venues_count, const tiers_t tiers[]);

//  Another mixture for new deposits (the scoreboard's oracle); weights add up to 1.
void
liquidation_map_set_mixture (liquidation_map_t *self, const double weights[MAP_COMPONENTS]);

//  Take in what happened in the market, in the order in which the market tells it.
void
liquidation_map_event (liquidation_map_t *self, const market_t *market, const market_event_t *event);

//  As of the last whole second.  OK, or E_AGAIN before the first with a mark.
int
liquidation_map_view (const liquidation_map_t *self, map_view_t *out);

//  The ladder's, in the same shape: hazard is usd.
int
liquidation_map_ladder (const liquidation_map_t *self, map_view_t *out);

//  Before history is taken in: the first open interest that will be known of a venue, so that what comes before
//  it has a size.
void
liquidation_map_expect_oi (liquidation_map_t *self, int venue, double coins);

//  While history is taken in: the time of the view that has been made of it last, every five minutes of
//  one-minute bars; 0: none.
int64_t
liquidation_map_history_ns (const liquidation_map_t *self);

//  --- for frames, scores and tests

//  Coins of one side and component of a venue's book within bins [from, to), as deposited: before survival and
//  theta.
double
liquidation_map_mass (const liquidation_map_t *self, int venue, map_side_t side, int component,
                      int64_t from_bin, int64_t to_bin);

//  Running totals of one venue, since init: for the identities of methods A3 and for conservation:
//  deposited = in the book + swept + closed + anchored away (negative: added) + beyond the grid.
typedef struct {
    double deposited_coins, swept_coins, closed_coins, anchored_coins;
    double opened_taker_coins, volume_coins; //  p x volume, and volume: mean p over any time
    double book_coins;                       //  in the book now, beyond the grid included
    double p, oi_coins;
    int64_t oi_ns;
    uint64_t oi_rejected_count, prints_count;
    uint64_t tiers_refused_count;
    const char *tiers_error; //  why the last table was refused; borrowed
} liquidation_totals_t;

void
liquidation_map_totals (const liquidation_map_t *self, int venue, map_side_t side, liquidation_totals_t *out);

//  Predicted and seen since the last call (USD): mass swept after survival and theta, the ladder's, and
//  un-throttled prints; by side.  The caller is the scorer, once a minute.
typedef struct {
    double swept_usd[2], ladder_usd[2], printed_usd[2];
    double print_usd_median; //  of prints, decayed; NaN: none yet
} liquidation_step_t;

void
liquidation_map_step (liquidation_map_t *self, liquidation_step_t *out);

//  How well it has foretold (map_score.h).
typedef struct map_score_view map_score_view_t;
void
liquidation_map_score (const liquidation_map_t *self, map_score_view_t *out);

//  theta[MAP_COMPONENTS], 1 until something is learned.
void
liquidation_map_theta (const liquidation_map_t *self, double theta[MAP_COMPONENTS]);

#endif
