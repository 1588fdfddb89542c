/*  truth - what the public does not see, as JSON lines (methods F6)
 *
 *  Lines  {"trade": [venue, instrument, "id", ts_ns, "price", "quantity", side, taker opens, maker opens]}
 *             quantity: the venue's unit; opens: 1 when the fill opened or enlarged that side's position
 *         {"liquidation": [venue, instrument, ts_ns, side, "quantity", "bankruptcy", "average", leverage, cross,
 *                          partial]}
 *             every one; leverage: effective, value at entry over what backed it; cross, partial: 0 or 1,
 *             partial when the position lives on with the rest
 *         {"adl": [venue, instrument, ts_ns, side, "quantity", "price", score]}
 *             a position, of this side, deleveraged at the bankruptcy price of another
 *         {"positions": [venue, instrument, ts_ns, side, component, [[bin, usd], ...], cross]}
 *             every 60 s; what is listed for each side, component and cross 0 or 1 that there is
 *             bin = floor (ln (liquidation price) / 0.0005); component: index of the effective leverage in
 *             2 3 5 7.5 10 15 20 25 33 50 75 100 125, the nearest by ratio
 *         {"books": [venue, instrument, ts_ns, deposits, wallets, fund, fees, unrealised, long, short, oi]}
 *             every 60 s
 *  How    buffered; a disk that refuses shows at truth_flush. */

#ifndef LEADLINE_TRUTH_H
#define LEADLINE_TRUTH_H

#include "ingest/simulator/accounts.h"
#include "ingest/simulator/world.h"

typedef struct truth truth_t;

//  NULL with a text when the file cannot be made.
truth_t *
truth_open (const char *path, error_text_t *error);
//  Flushes.
void
truth_close (truth_t **self);
//  OK or E_IO, also for any write since the last flush.
int
truth_flush (truth_t *self);

void
truth_trade (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
             const world_trade_t *trade, const char *id);
void
truth_liquidation (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
                   const world_liquidation_t *liquidation);
void
truth_deleverage (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
                  const world_deleverage_t *deleverage);
//  Positions with a liquidation price, summed on the grid; notional at mark_px.
void
truth_positions (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
                 int64_t ts_ns, double mark_px, const accounts_t *accounts);
void
truth_books (truth_t *self, const char *venue, const char *instrument, int64_t ts_ns,
             const world_books_t *books);

#endif
