/*  publisher - takes the results of all parts and gives them to everyone else
 *
 *  What  reads biases and outcomes (aggregator), readings and maps (card shards), health (ingests) and metrics (all)
 *        from the inner bus; publishes biases, outcomes, readings, maps and health on the public one under
 *        its own (publisher, boot, seq); keeps the last of each in the store, and of the maps a column a minute in
 *        the heatmap; hands each to the sinks. */

#ifndef LEADLINE_PUBLISHER_H
#define LEADLINE_PUBLISHER_H

#include "common/run/process.h"
#include "publisher/settings.h"

typedef struct publisher publisher_t;

//  process is open; settings are kept.  NULL with a text when an endpoint cannot be bound or the
//  heatmap's folder not be made.
publisher_t *
publisher_new (process_t *process, const settings_t *settings, error_text_t *error);
void
publisher_destroy (publisher_t **self);

#endif
