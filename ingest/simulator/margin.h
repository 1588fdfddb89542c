/*  margin - prices that count, positions with leverage, and what happens to them
 *
 *  Mark     binance  median (index (1 + F t / 8 h), index + mean basis of 30 s, last)
 *           bybit    the same with the mean basis of 5 minutes, one sample a second
 *           okx      index + mean basis of 60 s (its window is not published)
 *  Funding  F = P + clamp (.01 % - P, +-.05 %), P the mean of premium samples weighted 1..n, one each 5 s,
 *           settled each 8 h; what rounding leaves goes through the fund.
 *  Backing  what an isolated position has is its margin, what a cross one has is its margin and its spare
 *           balance; the liquidation price is where that and the unrealised profit are the maintenance.  It is a
 *           fixed number between two trades or transfers of the account, so a look at the mark is a look at
 *           the equity of every account.
 *  Forced   liquidation.h. */

#ifndef LEADLINE_MARGIN_H
#define LEADLINE_MARGIN_H

#include "ingest/simulator/exchange.h"

typedef struct {
    int side; //  +1 long
    double usd, leverage;
    double stop, target; //  distance from entry as a share of it; 0: none
    double hold_s;
    double spare; //  cross: the spare balance, in initial margins; 0: isolated
    int holder;   //  what kind of agent, kept with the position
    bool has_impact;
} margin_order_t;

//  Buy or sell at market into a new position.  Returns its slot, -1 when nothing traded or no room.
int32_t
margin_open (exchange_t *self, const margin_order_t *order);

//  A position that has existed since ts_ns: entered at px_ticks against a depth account, without a print.
int32_t
margin_plant (exchange_t *self, const margin_order_t *order, int64_t ts_ns, int64_t px_ticks, int depth);

//  Buy or sell more of the same side into a position; its margin follows at its leverage, out of the spare
//  balance as far as that goes.
void
margin_add (exchange_t *self, int32_t slot, int64_t lots, bool has_impact);

//  Close part of a position at market, less than all of it; margin in excess of its leverage goes back to the
//  spare balance of a cross position, to the crowd's wallet from an isolated one.
void
margin_reduce (exchange_t *self, int32_t slot, int64_t lots);

//  Move money (accounts) from the crowd's wallet to what backs a cross position.  Negative: back, as much as its
//  spare balance has.
void
margin_transfer (exchange_t *self, int32_t slot, int64_t money);

//  The liquidation price and the marks that need action, anew: after any change of holding or backing.
void
margin_arm (exchange_t *self, int32_t slot);

//  The price at which a closing leaves nothing of the backing, rounded so that it never costs more than that.
int64_t
margin_bankruptcy_px_ticks (const holding_t *holding, int64_t backing);

//  The mark in whole ticks.
int32_t
margin_mark_ticks (const exchange_t *self);

//  Set when a position is to be closed.
void
margin_close_at (exchange_t *self, int32_t slot, int64_t ts_ns);

//  Index, basis, mark, running funding rate; settlement when it is time.  Each whole second.
void
margin_second (exchange_t *self);

//  First index and mark, and the running funding interval as if the present premium had lasted.
void
margin_start (exchange_t *self);

//  Liquidate, stop, take profit, close by time; then the fund's position.
void
margin_scan (exchange_t *self);

#endif
