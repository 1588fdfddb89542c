/*  worker - a shard on the bus: events in, readings and ticks out
 *
 *  Order of things, per message: events up to the pending evaluation T go to the shard at once, later ones
 *  are held (held.h).  A beat that lets T close: held events up to T, evaluation of every instrument in
 *  order, three readings each, then the tick that says so.  An instrument that is still waiting for its
 *  history (joining.h) is evaluated, too: its cards say that they are warming up.
 *
 *  With cards/interval_ms = 0 nothing is held: what has had events in a turn of the loop is evaluated at the
 *  end of that turn, at the receive time of its last event, and a tick follows; an instrument rests
 *  cards/pace_ms between two evaluations.
 *
 *  Holes on the bus become gap events; a hole in a book is healed by the bus with a snapshot. */

#ifndef LEADLINE_WORKER_H
#define LEADLINE_WORKER_H

#include "cards/settings.h"
#include "common/run/process.h"

typedef struct worker worker_t;

//  "2/3" to index 1 of 3; E_CONFIG when it is not of that form or not 1 <= index <= count.
int
worker_parse_shard (const char *text, uint32_t *index, uint32_t *count, error_text_t *error);

//  Kept: process, settings.  Connects to the ingest of every venue of the settings.  NULL with a text when an
//  endpoint is refused.
worker_t *
worker_new (process_t *process, const cards_settings_t *settings, uint32_t index, uint32_t shards_count,
            error_text_t *error);
void
worker_destroy (worker_t **self);

#endif
