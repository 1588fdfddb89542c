/*  counters - what one venue's ingest counts: found once at start, added to without a look-up */

#ifndef LEADLINE_COUNTERS_H
#define LEADLINE_COUNTERS_H

#include "common/run/metrics.h"
#include "common/wire/event.h"
#include "ingest/adapter.h"

typedef struct {
    metric_t *frames[SOCKETS_MAX]; //  by socket
    metric_t *frames_bytes;
    metric_t *events[EVENT_KIND_COUNT];
    metric_t *events_refused; //  the wire would not have them
    metric_t *parse_errors;
    metric_t *ignored_known, *ignored_unknown;
    metric_t *unknown_contracts;
    metric_t *duplicate_trades;
    metric_t *book_gaps, *book_resyncs;
    metric_t *reconnects, *connected_sockets;
    metric_t *resubscriptions, *silences, *refusals;
    metric_t *http_answers, *http_errors, *rate_limited, *requests_given_up, *requests_waiting;
    metric_t *clock_steps;
} counters_t;

void
counters_init (counters_t *self, metrics_t *metrics, const adapter_t *adapter);

#endif
