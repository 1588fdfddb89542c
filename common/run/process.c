#include "common/run/process.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <stdio.h>
#include <string.h>

static void
keep_house (void *argument)
{
    process_t *self = argument;
    loop_stats_t stats = loop_stats (self->loop);
    //  A step is seen within a second of it, also by who never asks for the time.
    (void) timebase_now (&self->timebase);
    metric_set (metrics_counter (self->metrics, "loop_turns", "", "Turns of the event loop."),
                (double) stats.turns_count);
    metric_set (metrics_counter (self->metrics, "loop_slow_turns", "", "Turns that took more than 5 ms."),
                (double) stats.slow_turns_count);
    metric_set (metrics_gauge (self->metrics, "loop_longest_turn_ms", "", "The longest turn so far."),
                (double) stats.longest_ns / 1e6);
    metric_set (metrics_counter (self->metrics, "clock_steps", "", "Steps of the wall clock."),
                (double) self->timebase.steps_count);
    metric_set (metrics_gauge (self->metrics, "clock_ahead_ms", "",
                               "How far time is ahead of a wall clock that was set back."),
                (double) self->timebase.ahead_ns / 1e6);
    bus_publish_metrics (self->bus, timebase_wall_ns () / NS_PER_MS);
    logger_flush (timebase_wall_ns ());
}

int
process_open (process_t *self, const char *name, const pipeline_t *pipeline, int64_t beat_ns,
              error_text_t *error)
{
    *self = (process_t){0};
    CHECK (strlen (name) < sizeof self->name);
    (void) snprintf (self->name, sizeof self->name, "%s", name);
    logger_open (name, (log_level_t) pipeline->log_level);
    timebase_init (&self->timebase, (clock_kind_t) pipeline->clock);
    self->loop = loop_new ();
    self->metrics = metrics_new ();
    char topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
    pipeline_endpoint (pipeline, name, "pub", topics);
    pipeline_endpoint (pipeline, name, "snap", snapshots);
    bus_options_t options = {
        .publisher = name,
        .endpoint = topics,
        .snapshot_endpoint = snapshots,
        .topic_prefix = pipeline->topic_prefix,
        .source = SOURCE_LIVE,
        .beat_ns = beat_ns,
        .universe_hash = pipeline->universe.hash,
        .send_queue_messages = (int) pipeline->queue_messages,
        .is_patient = pipeline->clock == CLOCK_EVENT,
    };
    self->bus = bus_new (self->loop, &options, self->metrics);
    int status = bus_open (self->bus, error);
    if (status != OK) {
        process_close (self);
        return status;
    }
    self->housekeeping = loop_every (self->loop, NS_PER_S, keep_house, self);
    return OK;
}

int
process_run (process_t *self)
{
    return loop_run (self->loop);
}

void
process_close (process_t *self)
{
    loop_cancel (&self->housekeeping);
    bus_destroy (&self->bus);
    loop_destroy (&self->loop);
    metrics_destroy (&self->metrics);
    logger_flush (0);
}
