/*  crowd - those who trade with leverage: what they see, how they choose, what becomes of them (methods F3)
 *
 *    noise       retail: arrivals excited by moves and by liquidations (Hawkes), a herd term, more buyers after
 *                a rise of days; leverage from the ladder 3..125, 40 % cross
 *    momentum    follows the distance of the price from its average of 5 minutes .. 1 day, each at a horizon of
 *                its own; leverage log-normal around 12, 40 % cross
 *    reversion   against a price outside its band (an average of 20 minutes, 1.5 standard deviations), back to
 *                the average and always with a stop; leverage about 10
 *    value       towards the fundamental, leverage 1..5, holds for long
 *    holder      the owner of a cross position: more of it out of his spare balance, part of it closed, money
 *                moved in or out; in trouble rather money in or part of it closed
 *
 *  Exits    40 % of retail with a stop, 30 % with a target; holding times Weibull (.6), shorter at high leverage.
 *  Cross    a spare balance of 1..5 initial margins backs the position besides its margin.
 *  Wealth   an index per kind scales the size of its orders: it moves by what the kind realises over the capital
 *           it began with, and new money brings it back over days, to more after rises than after falls.
 *
 *  Not      the wealth of single agents: the crowd shares one wallet that does not run dry. */

#ifndef LEADLINE_CROWD_H
#define LEADLINE_CROWD_H

#include "ingest/simulator/exchange.h"

#define CROWD_SIZE_SIGMA 1.05 //  of the log of an order's size

//  Size of an order of anybody, mean order_usd.
double
crowd_size_usd (const exchange_t *self, prng_t *prng);

//  Size of a kind's orders over that at the start.
double
crowd_wealth (const exchange_t *self, int holder);

//  Positions that the crowd holds at the start, entered in the history and alive since.  Needs the history.
void
crowd_plant_positions (exchange_t *self);

//  One of a kind decides: ACTOR_NOISE, ACTOR_MOMENTUM, ACTOR_REVERSION, ACTOR_VALUE.
void
crowd_trade (exchange_t *self, int actor);

//  ACTOR_HOLDER: the owner of some cross position changes it.
void
crowd_manage (exchange_t *self);

//  Averages, excitement and wealth; each whole second.
void
crowd_second (exchange_t *self);

#endif
