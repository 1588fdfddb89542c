/*  world_past - the market before the start, in steps of a minute
 *
 *  How   the same fundamental process, in six steps a minute, makes the bars; volume grows with the move and
 *        leans to its side as impact would have it; a premium per venue gives funding by the venues' formula;
 *        open interest is a walk that ends where the planted positions begin. */

#ifndef LEADLINE_WORLD_PAST_H
#define LEADLINE_WORLD_PAST_H

#include "ingest/simulator/exchange.h"

//  exchanges[count], those of an instrument together, venues of them each.  Leaves the fundamental at the
//  start.
void
world_past_make (exchange_t *exchanges, int count, int venues, fundamental_t *fundamental,
                 const world_options_t *options);

//  Scale the open interest of the past so that it ends at what is open now.
void
world_past_anchor_oi (exchange_t *exchange);

#endif
