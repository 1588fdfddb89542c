#include "cards/map_outlet.h"

#include "cards/map_frame.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_MS (60 * MS_PER_S)

typedef struct {
    map_frame_maker_t *maker;
    bus_stream_t *streams[2];           //  by model
    int64_t ts_ms;                      //  of the last frame
    uint64_t tiers_refused[VENUES_MAX]; //  as told
} map_line_t;

struct map_outlet {
    process_t *process;
    const pipeline_t *pipeline;
    shard_t *shard;
    map_line_t *lines; //  [instrument of the shard]
    metric_t *tiers_refused;
};

map_outlet_t *
map_outlet_new (process_t *process, const pipeline_t *pipeline, shard_t *shard)
{
    map_outlet_t *self = mem_new (sizeof *self);
    self->process = process;
    self->pipeline = pipeline;
    self->shard = shard;
    self->lines = mem_new ((shard_count (shard) + 1) * sizeof *self->lines);
    self->tiers_refused = metrics_counter (process->metrics, "cards_tiers_refused", "",
                                           "Maintenance tiers of a venue that break their rules.");
    for (size_t i = 0; i < shard_count (shard); i++) {
        map_line_t *line = self->lines + i;
        line->maker = map_frame_new (shard_name (shard, i), (int) pipeline->venues_count);
        for (int model = 0; model < 2; model++) {
            topic_t topic = {.kind = TOPIC_MAP};
            (void) snprintf (topic.instrument, sizeof topic.instrument, "%s", shard_name (shard, i));
            if (model != MAP_MODEL_FULL)
                (void) snprintf (topic.name, sizeof topic.name, "%s", map_model_names[model]);
            line->streams[model] = bus_stream (process->bus, &topic);
        }
    }
    return self;
}

void
map_outlet_destroy (map_outlet_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < shard_count ((*self)->shard); i++)
        map_frame_destroy (&(*self)->lines[i].maker);
    free ((*self)->lines);
    free (*self);
    *self = NULL;
}

static void
publish (map_outlet_t *self, size_t instrument, map_model_t model, bool is_column, metric_t *unpublished)
{
    map_line_t *line = self->lines + instrument;
    map_frame_t *frame = map_frame_make (line->maker, shard_map (self->shard, instrument),
                                         shard_market (self->shard, instrument),
                                         shard_feeds (self->shard, instrument), model, is_column);
    if (frame && bus_publish_result (self->process->bus, line->streams[model], frame) != OK && unpublished)
        metric_add (unpublished, 1);
}

void
map_outlet_expect (map_outlet_t *self, size_t instrument, const joining_t *joining)
{
    double first[VENUES_MAX], sum = 0;
    int known = 0, venues_count = (int) self->pipeline->venues_count;
    for (int v = 0; v < venues_count; v++) {
        first[v] = joining_first_oi (joining, v);
        sum += first[v];
        known += first[v] > 0;
    }
    for (int v = 0; v < venues_count && known > 0; v++)
        liquidation_map_expect_oi (shard_map (self->shard, instrument), v,
                                   first[v] > 0 ? first[v] : sum / known);
}

void
map_outlet_history (map_outlet_t *self, size_t instrument)
{
    map_line_t *line = self->lines + instrument;
    int64_t history_ms = liquidation_map_history_ns (shard_map (self->shard, instrument)) / NS_PER_MS;
    if (history_ms == line->ts_ms)
        return;
    line->ts_ms = history_ms;
    publish (self, instrument, MAP_MODEL_FULL, true, NULL);
    publish (self, instrument, MAP_MODEL_LADDER, true, NULL);
}

void
map_outlet_evaluated (map_outlet_t *self, size_t instrument, int64_t ts_ns, metric_t *unpublished)
{
    map_line_t *line = self->lines + instrument;
    int64_t second_ms = ts_ns / NS_PER_S * MS_PER_S;
    if (second_ms == line->ts_ms)
        return;
    bool is_column = line->ts_ms > 0 && second_ms / MINUTE_MS != line->ts_ms / MINUTE_MS;
    line->ts_ms = second_ms;
    publish (self, instrument, MAP_MODEL_FULL, is_column, unpublished);
    if (is_column)
        publish (self, instrument, MAP_MODEL_LADDER, true, unpublished);
}

int
map_outlet_answer (map_outlet_t *self, size_t instrument, const topic_t *topic, bus_answer_t *answer)
{
    map_frame_t *frame =
        map_frame_last (self->lines[instrument].maker, topic->name[0] ? MAP_MODEL_LADDER : MAP_MODEL_FULL);
    return frame ? bus_put_result (answer, frame) : E_ABSENT;
}

void
map_outlet_count (map_outlet_t *self)
{
    uint64_t refused = 0;
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int v = 0; v < (int) self->pipeline->venues_count; v++) {
            liquidation_totals_t totals;
            liquidation_map_totals (shard_map (self->shard, i), v, MAP_SIDE_LONG, &totals);
            uint64_t *known = &self->lines[i].tiers_refused[v];
            if (totals.tiers_refused_count > *known)
                logger_write (LOG_LEVEL_WARNING, "%s %s: maintenance tiers refused, the old ones stay: %s",
                              self->pipeline->venue_names[v], shard_name (self->shard, i),
                              totals.tiers_error);
            *known = totals.tiers_refused_count;
            refused += totals.tiers_refused_count;
        }
    metric_set (self->tiers_refused, (double) refused);
}
