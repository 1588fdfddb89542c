/*  map_outlet - the liquidation maps of a shard on the bus: frames, columns, what venues' tiers were refused
 *
 *  A frame a second of the data's time; at whole minutes a column of each model; before an instrument is live, the
 *  columns that its history makes. */

#ifndef LEADLINE_MAP_OUTLET_H
#define LEADLINE_MAP_OUTLET_H

#include "cards/joining.h"
#include "cards/shard.h"
#include "common/run/process.h"

typedef struct map_outlet map_outlet_t;

//  process, pipeline and shard are kept; the shard has maps.
map_outlet_t *
map_outlet_new (process_t *process, const pipeline_t *pipeline, shard_t *shard);
void
map_outlet_destroy (map_outlet_t **self);

//  Before history is given to the market: how large the venues' books will be.  A venue that tells no history of its
//  open interest counts as large as the others on average, until it is heard.
void
map_outlet_expect (map_outlet_t *self, size_t instrument, const joining_t *joining);

//  After each record of history: the column it may have made.
void
map_outlet_history (map_outlet_t *self, size_t instrument);

//  After an evaluation; frames that the bus refuses are added to unpublished.
void
map_outlet_evaluated (map_outlet_t *self, size_t instrument, int64_t ts_ns, metric_t *unpublished);

//  For bus_snapshot_fn: E_ABSENT before the first frame.
int
map_outlet_answer (map_outlet_t *self, size_t instrument, const topic_t *topic, bus_answer_t *answer);

//  Each second: counters, and what there is to say once.
void
map_outlet_count (map_outlet_t *self);

#endif
