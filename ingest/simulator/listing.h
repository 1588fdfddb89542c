/*  listing - what a venue lists: price level, tick, lot, contract, tier class and how lively it is
 *
 *  What  numbers are of the order of the real contracts.  A name that is not in the table gets a small-cap
 *        contract whose price follows from a hash of its name.
 *  Not   quotes: they are data of a simulation. */

#ifndef LEADLINE_LISTING_H
#define LEADLINE_LISTING_H

#include "ingest/simulator/tiers.h"

typedef struct {
    double px;             //  where its history begins
    double vol_year;       //  of the log price, long-run
    double beta;           //  to the market factor
    double pace;           //  1 BTC; arrival rates scale with it
    double turnover_usd_s; //  expected on one venue at activity 1
    double spread_bps;     //  what a maker asks for at rest, half
    tiers_class_t tiers;
    world_spec_t specs[3]; //  [world_rule_t]
} listing_t;

void
listing_init (listing_t *self, const char *name);

#endif
