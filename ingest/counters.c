#include "ingest/counters.h"

#include <stdio.h>

void
counters_init (counters_t *self, metrics_t *metrics, const adapter_t *adapter)
{
    char labels[160];
    for (size_t i = 0; i < adapter->sockets_count; i++) {
        (void) snprintf (labels, sizeof labels, "venue=\"%s\",socket=\"%s\"", adapter->name,
                         adapter->sockets[i].name);
        self->frames[i] = metrics_counter (metrics, "ingest_frames", labels, "WebSocket frames received.");
    }
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        (void) snprintf (labels, sizeof labels, "venue=\"%s\",kind=\"%s\"", adapter->name,
                         event_kind_names[kind]);
        self->events[kind] = metrics_counter (metrics, "ingest_events", labels, "Events published.");
    }
    (void) snprintf (labels, sizeof labels, "venue=\"%s\"", adapter->name);
    const struct {
        metric_t **metric;
        const char *name, *help;
    } counters[] = {
        {&self->frames_bytes, "ingest_frames_bytes", "Bytes of WebSocket frames received."},
        {&self->events_refused, "ingest_events_refused", "Events the wire would not take."},
        {&self->parse_errors, "ingest_parse_errors", "Frames and answers that could not be read."},
        {&self->ignored_known, "ingest_frames_ignored", "Messages that are known and carry nothing."},
        {&self->ignored_unknown, "ingest_frames_unknown", "Messages of a kind that is not known."},
        {&self->unknown_contracts, "ingest_unknown_contracts", "Messages about contracts not asked for."},
        {&self->duplicate_trades, "ingest_duplicate_trades", "Trades the venue sent twice."},
        {&self->book_gaps, "ingest_book_gaps", "Books given up: hole, checksum, crossed, disconnected."},
        {&self->book_resyncs, "ingest_book_resyncs", "Books whole again after having been given up."},
        {&self->reconnects, "ingest_reconnects", "Sockets lost or given up."},
        {&self->resubscriptions, "ingest_resubscriptions", "Silent channels asked for again."},
        {&self->silences, "ingest_silences", "Channels found silent."},
        {&self->refusals, "ingest_refusals", "Subscriptions the venue refused."},
        {&self->http_answers, "ingest_http_answers", "Answers to REST requests."},
        {&self->http_errors, "ingest_http_errors", "REST requests without an answer, or with a bad status."},
        {&self->rate_limited, "ingest_rate_limited", "REST answers that said stop."},
        {&self->requests_given_up, "ingest_requests_given_up", "REST requests not tried again."},
        {&self->clock_steps, "ingest_clock_steps", "Steps of the wall clock."},
    };
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        *counters[i].metric = metrics_counter (metrics, counters[i].name, labels, counters[i].help);
    self->connected_sockets =
        metrics_gauge (metrics, "ingest_connected_sockets", labels, "Sockets that are open.");
    self->requests_waiting =
        metrics_gauge (metrics, "ingest_requests_waiting", labels, "REST requests queued.");
}
