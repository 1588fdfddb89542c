/*  metrics - counters and gauges of a process
 *
 *  Names are process_subject_action_unit; counters get _total on export.  A handle is found once (at start or
 *  when a label first appears) and added to without looking anything up.  metrics_publish sends them as
 *  v1.metrics.<process>., once a second; the publisher shows them to Prometheus. */

#ifndef LEADLINE_METRICS_H
#define LEADLINE_METRICS_H

#include <stdint.h>

#include "common/wire/result.h"

typedef struct metrics metrics_t;
typedef struct {
    double value;
} metric_t;

metrics_t *
metrics_new (void);
void
metrics_destroy (metrics_t **self);

//  Find or add.  labels: text without braces: venue="binance",kind="trade", or "".  help: one sentence
//  (static).  The handle lives as long as metrics.
metric_t *
metrics_counter (metrics_t *self, const char *name, const char *labels, const char *help);
metric_t *
metrics_gauge (metrics_t *self, const char *name, const char *labels, const char *help);

static inline void
metric_add (metric_t *metric, double by)
{
    metric->value += by;
}

static inline void
metric_set (metric_t *metric, double value)
{
    metric->value = value;
}

//  All values, borrowed until the next call that adds one.
const metric_value_t *
metrics_values (metrics_t *self, size_t *count);

#endif
