/*  listing - what a venue lists: price level, tick, lot, contract, tiers and how lively it is
 *
 *  What  numbers are of the order of the real contracts.  A name that is not in the table gets a small-cap
 *        contract whose price follows from a hash of its name.
 *  Not   quotes: they are data of a simulation. */

#ifndef LEADLINE_LISTING_H
#define LEADLINE_LISTING_H

#include "common/base/tiers.h"
#include "ingest/simulator/world.h"

typedef struct {
    double px;             //  where its history begins
    double vol_year;       //  of the log price, long-run
    double beta;           //  to the market factor
    double pace;           //  1 BTC; arrival rates scale with it
    double turnover_usd_s; //  expected on one venue at activity 1
    double spread_bps;     //  what a maker asks for at rest, half
    tiers_t tiers[3];      //  [world_rule_t]
    world_spec_t specs[3]; //  [world_rule_t]
} listing_t;

//  tiers_folder holds <venue>.tsv of the three venues.  OK, or what tiers_load says.
int
listing_init (listing_t *self, const char *name, const char *tiers_folder, error_text_t *error);

#endif
