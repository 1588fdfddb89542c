/*  liquidation - what happens when a position's backing is down to its maintenance
 *
 *    mark at the liquidation price
 *        |
 *        v      large: only as much as brings it down whole tiers; the rest lives on with what backs it
 *    immediate-or-cancel order at the bankruptcy price -------------------------------> filled
 *        | not filled
 *        v
 *    the insurance fund takes it at the bankruptcy price, and works it off slowly
 *        | its equity at the mark would be below zero
 *        v
 *    auto-deleveraging: opposite positions are closed against it at the bankruptcy price, those first whose
 *        score is highest: profit x leverage when in profit, profit / leverage when in loss
 *
 *  Parts    binance  above the first tier: down to the tier below
 *           bybit    the same, its ladder of risk limits
 *           okx      from the third tier on: down by two tiers; the first two tiers whole
 *           A position whose equity is gone already is closed whole.
 *  Left     binance takes a clearance fee of the fill for the fund and gives the rest back; the other funds keep
 *           what a whole liquidation leaves, of a part they take nothing.
 *  Fund     finite: it begins as a share of the open interest.  When the price runs against what it took, down
 *           to nothing, that is deleveraged too. */

#ifndef LEADLINE_LIQUIDATION_H
#define LEADLINE_LIQUIDATION_H

#include "ingest/simulator/exchange.h"

//  Liquidate a position whose liquidation price the mark has reached: all or the part that is due.
void
liquidation_of (exchange_t *self, int32_t slot);

//  Lots that a liquidation now closes, 1 up to all of them.
int64_t
liquidation_part (const exchange_t *self, const position_t *position);

//  Place in the queue of auto-deleveraging at a mark in ticks; -INFINITY without equity.
double
liquidation_score (const position_t *position, double mark_ticks);

//  The fund: a slice of its position to the market, or deleveraged when it cannot bear it.
void
liquidation_fund (exchange_t *self);

#endif
