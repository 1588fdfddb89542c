/*  planner - which requests a venue gets, and when: lists, history, polls, and what is asked by name
 *
 *  The instrument list again every hour; history once; open interest, ratios and tiers by turns, each
 *  instrument once in the adapter's interval, ratios and tiers all of them at the start.  Polls follow the market's time, so that a fast simulation is polled as often as a
 *  real exchange.  The adapter knows the paths, rest the order, the limits and the second tries. */

#ifndef LEADLINE_PLANNER_H
#define LEADLINE_PLANNER_H

#include "common/base/timebase.h"
#include "ingest/adapter.h"
#include "ingest/rest.h"

typedef struct planner planner_t;

//  All borrowed until destroy.
planner_t *
planner_new (const adapter_t *adapter, const symbols_t *symbols, rest_t *rest, timebase_t *timebase,
             bool has_backfill);
void
planner_destroy (planner_t **self);

//  instrument: -1 for a list.
void
planner_ask (planner_t *self, request_kind_t kind, int instrument);

//  History of all that is listed; only the first call asks.
void
planner_ask_history (planner_t *self);

//  An instrument list was taken over.  The first one starts the polls.
void
planner_listed (planner_t *self);

//  Is it time for the instrument list again?  Then the caller asks for it.
bool
planner_is_list_due (planner_t *self, int64_t mono_ns);

//  Polls that are due.
void
planner_tick (planner_t *self);

#endif
