/*  agents - who trades, and when (methods F3)
 *
 *    makers      6, Avellaneda-Stoikov, six levels:
 *                    reservation  fair - q gamma sigma^2 T
 *                    half-spread  1/2 gamma sigma^2 T + (1/gamma) ln (1 + gamma / k)
 *                beyond an inventory cap only the outermost on the side that would add to it, and farther beyond
 *                not even that; after a drawdown only the two outermost of both for a while (at most half of the
 *                makers at a time), which is what lets a cascade run
 *    depth       passive orders at power-law distances, each replaced at random
 *    arbitrage   takes quotes that the fundamental has left behind, or their owners pull them
 *    crowd       noise, momentum, reversion, value, and owners who change what they hold: crowd.h
 *    whale       metaorders of many slices into one position, slices by the square root of the size
 *    informed    trades the side of the fundamental's signal (fundamental.h), net, without leverage
 *
 *  In a random walk nobody takes with an eye on the fundamental: value trades at random, left-behind quotes
 *  are only pulled, makers do not lean on inventory and do not leave, informed are absent. */

#ifndef LEADLINE_AGENTS_H
#define LEADLINE_AGENTS_H

#include "ingest/simulator/exchange.h"

//  The book before the first event.
void
agents_fill_book (exchange_t *self);

//  Mean time between two acts of an actor now; INFINITY: never.
double
agents_interval_s (const exchange_t *self, int actor);

//  Let an actor (ACTOR_RISK .. ) act at now_ns.  Returns when it acts again.
int64_t
agents_act (exchange_t *self, int actor);

//  Correlation of the taker flow of a minute, over all venues, with the signal of the informed, when they are
//  this share of the takers; a model of arrival rates that world uses to plant an information coefficient.
double
agents_flow_correlation (const exchange_t *self, int venues, double horizon_s);

#endif
