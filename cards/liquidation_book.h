/*  liquidation_book - the leveraged positions of one venue, rebuilt from its flow (methods A3 to A6)
 *
 *  Private to liquidation_map*.c.  Flat, no pointers.
 *
 *  Flow     a parent order waits, whole, until the venue's next open interest tells how likely takers were to
 *           open: with V coins waiting, L of them liquidations (at most V/2),
 *               p_new = clip (1/2 + (dOI + L/2) / (V - L), .02, .98),   p <- p + .2 (p_new - p)
 *           then p of it is deposited and 1-p of it closes the other side.  Liquidated coins are taken off the
 *           side that sold (longs) or bought (shorts) them first, in proportion.  Without open interest for five
 *           minutes p is 1/2.
 *  Deposit  on the components that the order's tier allows, by their weights renormalised, each at the order's
 *           log price plus the distance of its liquidation (tiers_distance), spread by a Gaussian of
 *           sigma = max (.12 |distance of the lowest tier|, one bin), cut at 2 sigma.
 *  Close    of c coins of a side: component l loses min (1/2, c h_l / sum (M_k h_k)) of its mass, h = 1 / T.
 *  Sweep    longs in bins at or above the mark's, shorts at or below.
 *  Drift    settled funding at rate F moves the liquidation prices of both sides by +F in log price; a side is
 *           moved by whole bins.
 *  Anchor   each minute each side is scaled by clip (1 + .005 (T_s / M_s - 1), .9, 1.1),
 *               T_long = .7 OI (1 + .15 u), T_short = .7 OI (1 - .15 u),
 *               u = tanh (logit (long share of accounts) - its EW mean (half-life 7 d));
 *           with the first open interest wholly, if that is downwards. */

#ifndef LEADLINE_LIQUIDATION_BOOK_H
#define LEADLINE_LIQUIDATION_BOOK_H

#include "cards/liquidation_grid.h"
#include "cards/map_view.h"
#include "cards/stats.h"
#include "common/base/status.h"
#include "common/base/tiers.h"
#include "common/wire/result.h"

enum { BOOK_ORDERS_MAX = 1024, KERNEL_TAPS_MAX = 4096 };

//  A parent order that waits.
typedef struct {
    double x, px, coins; //  x = ln px
    int8_t side;         //  of the taker
    bool is_small;       //  many orders in one (a bar of history): the lowest tier's
} held_order_t;

//  How long ago the price was last where it is now: under 5 min, 30 min, 3 h, 12 h, 48 h, longer.
enum { BOOK_RESTS = 6 };

//  What a sweep took, by component, coins and USD at the price of the bins, and how long it had rested.
typedef struct {
    double coins[MAP_COMPONENTS], usd[MAP_COMPONENTS];
    double rest_usd[BOOK_RESTS][MAP_COMPONENTS];
} liquidation_swept_t;

typedef struct {
    tiers_t tiers;
    double distance[2][MAP_COMPONENTS]; //  of the lowest tier; NaN: not allowed there
    int32_t kernel_reach[2][MAP_COMPONENTS], kernel_at[2][MAP_COMPONENTS];
    float kernel_taps[KERNEL_TAPS_MAX];

    int64_t base;                         //  of the window; 0 before the first mark
    int64_t drift_bins[2];                //  a side's bins lie so far below their price
    double drift[2];                      //  of log price, not yet a whole bin
    int32_t swept_s[2][LIQUIDATION_BINS]; //  second at which a bin (of price) was last swept; 0 never
    int64_t edge_bin[2];                  //  longs: highest bin that may hold mass; shorts: lowest
    double mark_px, mark_x;               //  0 none; its logarithm
    int64_t mark_bin, mark_ns;

    double p;
    double oi_coins; //  filtered; 0 unknown
    int64_t oi_ns, applied_ns;
    int32_t orders_count;
    held_order_t orders[BOOK_ORDERS_MAX];
    double
        applied_coins[2]; //  of this interval, applied early because there was no room; [taker buys, sells]
    double liquidated_coins[2]; //  printed in this interval, by side of the position

    ew_t ratio_logit;
    int64_t ratio_ns; //  of the venue, of the last one
    double ratio_u;   //  0 unknown

    double deposited_coins[2], swept_coins[2], closed_coins[2], anchored_coins[2];
    double opened_coins, volume_coins;
    uint64_t oi_rejected_count, tiers_refused_count;
    error_text_t tiers_error; //  of the last refused

    liquidation_grid_t grids[2][MAP_COMPONENTS];
} liquidation_book_t;

void
liquidation_book_init (liquidation_book_t *self, const tiers_t *tiers);

//  Distances and kernels of another table; what is in the book stays.  Refused, counted and kept as tiers_error
//  when it breaks the rules of tiers.h.
int
liquidation_book_set_tiers (liquidation_book_t *self, const tiers_t *tiers);

//  A parent order waits for the open interest that explains it.
void
liquidation_book_order (liquidation_book_t *self, const held_order_t *order,
                        const double weights[MAP_COMPONENTS]);

//  A reading of open interest: change_coins since the one before; NaN when it cannot be believed.
void
liquidation_book_oi (liquidation_book_t *self, int64_t ts_ns, double coins, double change_coins,
                     const double weights[MAP_COMPONENTS]);

//  Whatever waits, with p = 1/2.
void
liquidation_book_apply_blind (liquidation_book_t *self, int64_t ts_ns, const double weights[MAP_COMPONENTS]);

//  The mark is at px: what it sweeps.
void
liquidation_book_mark (liquidation_book_t *self, int64_t ts_ns, double px, liquidation_swept_t swept[2]);

//  Sweep by a range of prices, for history: longs down to low, shorts up to high; the mark is then at close.
void
liquidation_book_range (liquidation_book_t *self, int64_t ts_ns, double low_px, double high_px,
                        double close_px, liquidation_swept_t swept[2]);

void
liquidation_book_funding (liquidation_book_t *self, double rate);

//  share: of the accounts, long, at the venue's time; one that is not newer than the last is no news.
void
liquidation_book_ratio (liquidation_book_t *self, int64_t ts_ns, double share);

//  minutes since the last anchoring; moves the window too when the mark has left its middle.
void
liquidation_book_anchor (liquidation_book_t *self, double minutes);

//  Coins of a side, the window's and beyond.
double
liquidation_book_coins (const liquidation_book_t *self, int side);

//  Since when a bin of price has not been swept on this side, as an index below BOOK_RESTS.
int
liquidation_book_rest (const liquidation_book_t *self, int side, int64_t bin, int64_t ts_ns);

//  Coins at a bin of log price.
static inline double
liquidation_book_at (const liquidation_book_t *self, int side, int component, int64_t bin)
{
    int64_t at = bin - self->drift_bins[side];
    if (at < self->base || at >= self->base + LIQUIDATION_BINS)
        return 0;
    return liquidation_grid_at (&self->grids[side][component], at);
}

#endif
