/*  tiers - maintenance tiers of a contract, and the prices at which a position is liquidated and bankrupt
 *
 *  Why   a position's liquidation price depends on the tier of its size *at that price*, so it is a fixed
 *        point; the deduction makes maintenance continuous over tier bounds.
 *  What  one table per venue and contract, as data (deploy/tiers/<venue>.tsv, or what the venue's REST says);
 *        the four fields in which venues differ are the table's: key, deduction, basis, fee in the trigger.
 *  Not   cross margin: what backs a cross position is not known (methods A2).
 *
 *  File  lines of tab-separated words, # comments:
 *            basis       mark | entry       maintenance on the value at mark, or at entry (older Bybit)
 *            key         usd | coins        what bounds a tier
 *            fee_inside  0.0005             added to the rate in the trigger (okx: the taker fee)
 *            table       BTCUSDT ETHUSDT    or *: any instrument without a table of its own
 *            50000  0.004  125  [0]         up to, maintenance rate, most leverage, deduction (may be left out)
 *  Rule  ded_k = ded_(k-1) + lo_k (mmr_k - mmr_(k-1)); a table that states another by more than 1 % is refused;
 *        rates rise, leverage falls, a tier's rate is below one over its leverage.
 *  Source  methods A2; Binance FAQ b3c689c1f50a44cabb3a84e663b81d93, Bybit "Liquidation Price Calculation under
 *        Isolated Mode", OKX "Tiered maintenance margin ratio rules", Hyperliquid docs "Liquidations". */

#ifndef LEADLINE_TIERS_H
#define LEADLINE_TIERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/slice.h"
#include "common/base/status.h"

enum { TIERS_MAX = 40 };

typedef struct {
    double up_to;        //  bound of the size, inclusive: USD at the price in question, or coins
    double mmr;          //  maintenance rate
    double leverage_max; //  allowed in this tier
    double deduction;    //  "cum", "maintenance amount", "mmDeduction": USD (linear) or coins (inverse)
} tier_t;

typedef enum { TIERS_BASIS_MARK, TIERS_BASIS_ENTRY } tiers_basis_t;

typedef struct {
    tier_t rows[TIERS_MAX]; //  lowest first
    int count;
    bool is_by_coins; //  up_to is in coins; then a rate applies to the whole position and deductions are 0
    tiers_basis_t basis;
    double fee_inside; //  added to the rate in the trigger
} tiers_t;

//  Fill deductions that are NaN by the recursion and check the rule above.  OK, or E_RANGE with the row.
int
tiers_finish (tiers_t *self, error_text_t *error);

//  The table of an instrument out of a file's text; all of the file is checked.  OK, E_SYNTAX or E_RANGE with
//  the line of the first fault, E_ABSENT when there is neither such a table nor one for all.
int
tiers_parse (tiers_t *self, slice_t text, const char *instrument, error_text_t *error);

//  The same from "<folder>/<venue>.tsv"; E_IO with the path.
int
tiers_load (tiers_t *self, const char *folder, const char *venue, const char *instrument,
            error_text_t *error);

//  The tier of a size at a price; the last one for anything above the table.
const tier_t *
tiers_at (const tiers_t *self, double qty_coins, double px);

//  Linear contract, isolated.  side +1 long, -1 short; margin_usd > 0.  Basis mark:
//      P = (s q E - M - d) / (q (s - m)),  m = mmr + fee_inside, tier consistent with P
//  basis entry:
//      P = E - s (M - q E mmr + d) / q
//  0 when a long cannot be liquidated at any price above 0.
double
tiers_liquidation_px (const tiers_t *self, int side, double qty_coins, double entry_px, double margin_usd);

//  Inverse contract of qty_usd, margin in coins:
//      P = Q (1 + s m) / (Q / E + s (M + d))
//  0 when there is no such price (a short whose margin covers its whole value).
double
tiers_inverse_liquidation_px (const tiers_t *self, int side, double qty_usd, double entry_px,
                              double margin_coins);

//  Where the margin is gone.  Linear E - s M / q; inverse Q / (Q / E + s M).  0 when there is none.
double
tiers_bankruptcy_px (int side, double qty_coins, double entry_px, double margin_usd);
double
tiers_inverse_bankruptcy_px (int side, double qty_usd, double entry_px, double margin_coins);

//  Where a position of one coin entered at 1 with this leverage is liquidated, as a log distance from entry:
//  negative for longs.  The tier is that of qty_coins at px.  -INFINITY: a long that never is.
double
tiers_distance (const tiers_t *self, int side, double qty_coins, double px, double leverage);

#endif
