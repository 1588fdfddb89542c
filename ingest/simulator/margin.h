/*  margin - prices that count, positions with leverage, and what happens to them
 *
 *  Mark     binance  median (index (1 + F t / 8 h), index + mean basis of 30 s, last)
 *           bybit    the same with the mean basis of 5 minutes, one sample a second
 *           okx      index + mean basis of 60 s (its window is not published)
 *  Funding  F = P + clamp (.01 % - P, +-.05 %), P the mean of premium samples weighted 1..n, one each 5 s,
 *           settled each 8 h; what rounding leaves goes through the fund.
 *  Forced   when the mark reaches a position's liquidation price it is closed by an immediate-or-cancel order
 *           at its bankruptcy price; the fund takes the rest at that price and works it off slowly.
 *  Not      cross margin, partial liquidation by tiers and auto-deleveraging: the fund is large. */

#ifndef LEADLINE_MARGIN_H
#define LEADLINE_MARGIN_H

#include "ingest/simulator/exchange.h"

typedef struct {
    int side; //  +1 long
    double usd, leverage;
    double stop, target; //  distance from entry as a share of it; 0: none
    double hold_s;
    bool has_impact;
} margin_order_t;

//  Buy or sell at market into a new position.  Returns its slot, -1 when nothing traded or no room.
int32_t
margin_open (exchange_t *self, const margin_order_t *order);

//  A position that has existed since ts_ns: entered at px_ticks against a depth account, without a print.
int32_t
margin_plant (exchange_t *self, const margin_order_t *order, int64_t ts_ns, int64_t px_ticks, int depth);

//  Buy or sell more of the same side into a position; its margin follows at its leverage.
void
margin_add (exchange_t *self, int32_t slot, int64_t lots, bool has_impact);

//  Set when a position is to be closed.
void
margin_close_at (exchange_t *self, int32_t slot, int64_t ts_ns);

//  Index, basis, mark, running funding rate; settlement when it is time.  Each whole second.
void
margin_second (exchange_t *self);

//  First index and mark, and the running funding interval as if the present premium had lasted.
void
margin_start (exchange_t *self);

//  Liquidate, stop, take profit, close by time; work off the fund's position.
void
margin_scan (exchange_t *self);

#endif
