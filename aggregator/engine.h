/*  engine - the aggregator: readings and ticks in, biases and outcomes out
 *
 *  Each reading is fused and published at once.  A ledger row of a mode is opened by the first evaluation T
 *  on or just after (5 s) a boundary of its sampling step and collects the decisions of all instruments made
 *  within 500 ms of T.
 *
 *  Ticks   A shard has spoken up to its last tick.  The time reached is the earliest of all shards' last
 *          ticks, but at least the newest tick minus 500 ms: a shard that is further behind is gone without
 *          and counted.  When the time reached passes T the row is closed and registered, instruments that
 *          are not in it are void; then what is due is settled.  All of it in the time of the ticks; no clock
 *          is read.
 *  Void    an instrument whose categories are all silent, without a volatility, or absent.
 *  Source  biases carry the source of the readings. */

#ifndef LEADLINE_AGGREGATOR_ENGINE_H
#define LEADLINE_AGGREGATOR_ENGINE_H

#include "aggregator/clerk.h"
#include "aggregator/settings.h"
#include "common/run/process.h"

typedef struct engine engine_t;

//  Starts reading from all shards and connecting to Redis.  NULL with a text for a bad endpoint.
engine_t *
engine_new (process_t *process, const settings_t *settings, error_text_t *error);
void
engine_destroy (engine_t **self);

//  What the bus calls; for tests too.
void
engine_take_reading (engine_t *self, const reading_t *reading);
void
engine_take_tick (engine_t *self, const tick_t *tick);

const clerk_t *
engine_clerk (const engine_t *self);

#endif
