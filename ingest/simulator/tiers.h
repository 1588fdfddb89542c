/*  tiers - maintenance tiers of a contract, and the two prices that follow from them (methods A2)
 *
 *  Why   a position's liquidation price depends on the tier of its notional *at that price*, so it is a
 *        fixed point; the deduction makes maintenance continuous over tier bounds.
 *  What  tables as data, one per instrument class; deductions by their recursion, never typed in.
 *  Not   accounts or triggers (margin). */

#ifndef LEADLINE_TIERS_H
#define LEADLINE_TIERS_H

#include "ingest/simulator/world.h"

enum { TIERS_MAX = 12 };

//  Which table an instrument uses.
typedef enum { TIERS_BTC, TIERS_ETH, TIERS_LARGE, TIERS_MIDDLE, TIERS_SMALL } tiers_class_t;

typedef struct {
    double up_to_usd; //  notional bound, inclusive
    double mmr;       //  maintenance rate
    double leverage_max;
    double deduction_usd; //  continuity: ded_k = ded_(k-1) + lo_k (mmr_k - mmr_(k-1)); 0 on okx
} tier_t;

typedef struct {
    tier_t rows[TIERS_MAX];
    int count;
    double fee_inside; //  added to the rate in the trigger: okx taker fee, 0 elsewhere
} tiers_t;

//  The table of a class under a venue's rule.  Okx rates apply to the whole position: no deduction.
void
tiers_init (tiers_t *self, tiers_class_t class, world_rule_t rule);

//  The tier of a notional; the last one for anything above the table.
const tier_t *
tiers_at (const tiers_t *self, double notional_usd);

//  side +1 long, -1 short.  Maintenance on the value at mark:
//  (s q E - M - d) / (q (s - m)), m = mmr + fee_inside, with the tier consistent with the result.  0 when a
//  long cannot be liquidated at any price above 0.
double
tiers_liquidation_px (const tiers_t *self, int side, double qty_coins, double entry_px, double margin_usd);

//  The older rule of bybit: maintenance on the value at entry, E - s (M - q E mmr + d) / q.
double
tiers_liquidation_entry_px (const tiers_t *self, int side, double qty_coins, double entry_px,
                            double margin_usd);

//  Where the margin is gone: E - s M / q.
double
tiers_bankruptcy_px (int side, double qty_coins, double entry_px, double margin_usd);

#endif
