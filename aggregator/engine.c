#include "aggregator/engine.h"
#include "aggregator/board.h"
#include "aggregator/fuse.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHARDS_MAX = 64, LATE_MS = 500, ROW_LATE_MS = 5000, SCALE_MS = 60000 };
#define SHARD_DEAD_NS (2 * NS_PER_S) //  without a tick this long, of the machine's time

//  One instrument and mode.
typedef struct {
    fuse_t *fuse;
    image_t scale; //  from Redis, until there is a roster
    bus_stream_t *bias, *outcome;
} seat_t;

//  The row of a mode that is being collected.
typedef struct {
    ledger_row_t *row;
    int64_t step; //  number of the last step a row was opened in
} collect_t;

struct engine {
    process_t *process;
    universe_t universe;
    size_t shards;
    board_t *board;
    clerk_t *clerk;
    seat_t *seats;     //  instrument x MODE_COUNT + mode
    prices_t **prices; //  per instrument
    collect_t collects[MODE_COUNT];
    int64_t shard_ms[SHARDS_MAX]; //  last tick
    int64_t heard_mono_ns[SHARDS_MAX];
    int64_t newest_ms, newest_prev_ms, reached_ms, scaled_ms;
    metric_t *readings, *stale, *unknown, *over, *biases, *published_outcomes, *absent, *missed_ticks, *gaps,
        *redis_away;
};

static seat_t *
seat_of (engine_t *self, mode_id_t mode, size_t instrument)
{
    return &self->seats[instrument * MODE_COUNT + (size_t) mode];
}

static void
load_scale (engine_t *self, mode_id_t mode, size_t instrument)
{
    seat_t *seat = seat_of (self, mode, instrument);
    error_text_t error;
    if (seat->scale.count == 0 || board_roster (self->board)->count == 0)
        return;
    if (fuse_load (seat->fuse, &seat->scale, &error) != OK)
        logger_write (LOG_LEVEL_WARNING, "in redis: %s; its scale starts anew from there", error.text);
    image_reset (&seat->scale);
}

//  Redis answers: how large scores usually are.  Only for an instrument that has not been fused yet: later
//  our own statistics are the newer ones.
static void
on_scale (void *argument, mode_id_t mode, const char *instrument, const image_t *image)
{
    engine_t *self = argument;
    int at = universe_find (&self->universe, slice_of (instrument));
    if (at < 0 || fuse_last (seat_of (self, mode, (size_t) at)->fuse))
        return;
    seat_t *seat = seat_of (self, mode, (size_t) at);
    image_reset (&seat->scale);
    for (size_t i = 0; i < image->count; i++)
        image_put_text (&seat->scale, image_name (image, i), image_value (image, i));
    load_scale (self, mode, (size_t) at);
}

static void
on_outcome (void *argument, outcome_t *outcome)
{
    engine_t *self = argument;
    int at = universe_find (&self->universe, slice_of (outcome->instrument));
    if (at < 0)
        return;
    metric_add (self->published_outcomes, 1);
    (void) bus_publish_result (self->process->bus,
                               seat_of (self, (mode_id_t) outcome->mode, (size_t) at)->outcome, outcome);
}

static void
take_roster (engine_t *self, const char *catalogue)
{
    const roster_t *roster = board_roster (self->board);
    logger_write (LOG_LEVEL_INFO, "catalogue %s: %zu categories", catalogue, roster->count);
    clerk_set_roster (self->clerk, roster, catalogue);
    for (int mode = 0; mode < MODE_COUNT; mode++)
        for (size_t i = 0; i < self->universe.count; i++) {
            fuse_set_roster (seat_of (self, (mode_id_t) mode, i)->fuse, roster);
            load_scale (self, (mode_id_t) mode, i);
        }
}

//  The decision of one instrument, into the row that is being collected.
static void
collect (engine_t *self, const reading_t *reading, const bias_t *bias, uint32_t present, int64_t version)
{
    const mode_id_t mode = (mode_id_t) reading->mode;
    const mode_info_t *info = mode_info (mode);
    collect_t *to = &self->collects[mode];
    const int64_t ts_ms = reading->ts_ms, step_ms = info->ledger_step_s * MS_PER_S, step = ts_ms / step_ms;
    if (!to->row && step > to->step && ts_ms % step_ms <= ROW_LATE_MS &&
        ts_ms > clerk_last_registered_ms (self->clerk, mode)) {
        to->step = step;
        to->row = ledger_row_new (ts_ms, ts_ms + info->horizon_s * MS_PER_S);
        to->row->roster = *board_roster (self->board);
        to->row->weights_version = version;
        memcpy (to->row->catalogue, reading->catalogue, sizeof to->row->catalogue);
    }
    if (!to->row || ts_ms < to->row->t_ms || ts_ms > to->row->t_ms + LATE_MS || present == 0 ||
        !(reading->sigma > 0) || !roster_equal (&to->row->roster, board_roster (self->board)))
        return;
    for (size_t i = 0; i < to->row->entries_count; i++)
        if (strcmp (to->row->entries[i].instrument, reading->instrument) == 0)
            return;
    ledger_entry_t *entry = ledger_row_add (to->row, reading->instrument);
    entry->sigma = reading->sigma;
    entry->z = bias->z;
    entry->bias = bias->bias;
    entry->claim_pct = bias->confidence_basis == BASIS_CALIBRATED ? bias->confidence_pct : NAN;
    entry->present = present;
    for (size_t c = 0; c < bias->categories_count; c++)
        entry->x[c] = bias->categories[c].x;
}

static void
close_rows (engine_t *self)
{
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        collect_t *from = &self->collects[mode];
        if (!from->row || from->row->t_ms > self->reached_ms)
            continue;
        metric_add (self->absent, (double) (self->universe.count - from->row->entries_count));
        if (from->row->entries_count > 0)
            clerk_register (self->clerk, (mode_id_t) mode, from->row);
        else
            ledger_row_destroy (&from->row);
        from->row = NULL;
    }
}

static void
keep_scales (engine_t *self)
{
    image_t image = {0};
    for (int mode = 0; mode < MODE_COUNT; mode++)
        for (size_t i = 0; i < self->universe.count; i++) {
            seat_t *seat = seat_of (self, (mode_id_t) mode, i);
            if (!fuse_last (seat->fuse))
                continue;
            image_reset (&image);
            fuse_save (seat->fuse, &image);
            clerk_keep_scale (self->clerk, (mode_id_t) mode, self->universe.names[i], &image);
        }
    image_fini (&image);
}

void
engine_take_reading (engine_t *self, const reading_t *reading)
{
    bool is_changed;
    metric_add (self->readings, 1);
    int status = board_put (self->board, reading, &is_changed);
    if (status == E_RANGE) {
        metric_add (self->over, 1);
        logger_write (LOG_LEVEL_WARNING, "readings name more than %d categories: the rest is left out",
                      CATEGORIES_MAX);
    } else if (status != OK) {
        metric_add (status == E_STALE ? self->stale : self->unknown, 1);
        return;
    }
    const mode_id_t mode = (mode_id_t) reading->mode;
    const size_t at = (size_t) board_instrument (self->board, reading->instrument);
    if (is_changed)
        take_roster (self, reading->catalogue);
    (void) prices_put (self->prices[at], reading->ts_ms, reading->outcome_px);
    const board_slot_t *slot = board_get (self->board, mode, at);
    if (!slot || board_roster (self->board)->count == 0)
        return;
    clerk_weights_t weights;
    clerk_weights (self->clerk, mode, at, &weights);
    const fuse_input_t input = {.reading = &slot->reading,
                                .category_of = slot->category_of,
                                .weights = weights.weights,
                                .overridden = weights.overridden,
                                .weights_version = weights.version,
                                .fit = weights.fit,
                                .is_redis_away = clerk_is_frozen (self->clerk)};
    seat_t *seat = seat_of (self, mode, at);
    bias_t *bias = fuse_step (seat->fuse, &input);
    if (bus_publish_result (self->process->bus, seat->bias, bias) == OK)
        metric_add (self->biases, 1);
    if (bias->is_cycle)
        clerk_keep_bias (self->clerk, bias);
    collect (self, reading, bias, fuse_present (seat->fuse), weights.version);
}

//  Under the event clock half a second may be over in a moment: a shard that lives is waited for as long as
//  it takes.
static bool
is_waited_for (const engine_t *self, size_t shard)
{
    if (self->process->timebase.kind == CLOCK_EVENT)
        return timebase_mono_ns () - self->heard_mono_ns[shard] <= SHARD_DEAD_NS;
    return self->shard_ms[shard] >= self->newest_ms - LATE_MS;
}

static void
count_missed (engine_t *self)
{
    for (size_t i = 0; i < self->shards; i++)
        if (self->newest_prev_ms > 0 && self->shard_ms[i] < self->newest_prev_ms && !is_waited_for (self, i))
            metric_add (self->missed_ticks, 1);
}

//  The time up to which everything is here that will be waited for.
static int64_t
reached_by_all (const engine_t *self)
{
    int64_t reached_ms = self->newest_ms;
    bool is_late = false;
    for (size_t i = 0; i < self->shards; i++) {
        bool is_waited = is_waited_for (self, i);
        is_late = is_late || !is_waited;
        if (is_waited && self->shard_ms[i] < reached_ms)
            reached_ms = self->shard_ms[i];
    }
    return is_late && reached_ms > self->newest_ms - LATE_MS ? self->newest_ms - LATE_MS : reached_ms;
}

void
engine_take_tick (engine_t *self, const tick_t *tick)
{
    size_t shard = (size_t) tick->shard_index - 1;
    if (shard >= self->shards || tick->ts_ms <= self->shard_ms[shard]) {
        metric_add (self->stale, 1);
        return;
    }
    self->shard_ms[shard] = tick->ts_ms;
    self->heard_mono_ns[shard] = timebase_mono_ns ();
    if (tick->ts_ms > self->newest_ms) {
        self->newest_prev_ms = self->newest_ms;
        self->newest_ms = tick->ts_ms;
        count_missed (self);
    }
    int64_t reached_ms = reached_by_all (self);
    if (reached_ms <= self->reached_ms)
        return;
    self->reached_ms = reached_ms;
    close_rows (self);
    clerk_advance (self->clerk, reached_ms);
    metric_set (self->redis_away, clerk_is_frozen (self->clerk));
    if (reached_ms - self->scaled_ms >= SCALE_MS && clerk_state (self->clerk) == STORE_READY) {
        self->scaled_ms = reached_ms;
        keep_scales (self);
    }
    bus_spoken (self->process->bus, reached_ms * NS_PER_MS);
}

static void
on_message (void *argument, const bus_message_t *message)
{
    engine_t *self = argument;
    if (message->source != bus_source (self->process->bus))
        bus_set_source (self->process->bus, message->source);
    if (message->topic.kind == TOPIC_READING)
        engine_take_reading (self, message->records);
    else if (message->topic.kind == TOPIC_TICK)
        engine_take_tick (self, message->records);
    else if (message->topic.kind == TOPIC_MAP)
        clerk_keep_map (self->clerk, message->records);
}

static void
on_gap (void *argument, const bus_gap_t *gap)
{
    engine_t *self = argument;
    if (gap->to_seq > 0)
        metric_add (self->gaps, (double) (gap->to_seq - gap->from_seq + 1));
}

static int
on_snapshot (void *argument, const topic_t *topic, bus_answer_t *answer)
{
    engine_t *self = argument;
    int at = topic->kind == TOPIC_BIAS ? universe_find (&self->universe, slice_of (topic->instrument)) : -1;
    bias_t *bias = at < 0 ? NULL : fuse_last (seat_of (self, topic->mode, (size_t) at)->fuse);
    return bias ? bus_put_result (answer, bias) : E_ABSENT;
}

static void
open_metrics (engine_t *self, metrics_t *metrics)
{
    self->readings = metrics_counter (metrics, "aggregator_readings", "", "Readings received.");
    self->stale = metrics_counter (metrics, "aggregator_readings_stale", "",
                                   "Readings and ticks not newer than the last.");
    self->unknown =
        metrics_counter (metrics, "aggregator_readings_unknown", "", "Readings of an unknown instrument.");
    self->over =
        metrics_counter (metrics, "aggregator_readings_over", "", "Readings with too many categories.");
    self->biases = metrics_counter (metrics, "aggregator_biases", "", "Biases published.");
    self->published_outcomes =
        metrics_counter (metrics, "aggregator_outcomes", "", "Outcomes published, void ones too.");
    self->absent = metrics_counter (metrics, "aggregator_rows_void", "reason=\"absent\"",
                                    "Decisions that do not count: no price, or the instrument was absent.");
    self->missed_ticks =
        metrics_counter (metrics, "aggregator_missed_ticks", "", "Ticks that were not waited for.");
    self->gaps =
        metrics_counter (metrics, "aggregator_messages_missed", "", "Readings and ticks that never came.");
    self->redis_away = metrics_gauge (metrics, "aggregator_frozen", "", "1 while weights are frozen.");
}

static int
connect_shards (engine_t *self, const pipeline_t *pipeline, error_text_t *error)
{
    char readings[TOPIC_TEXT_MAX], ticks[TOPIC_TEXT_MAX], maps[TOPIC_TEXT_MAX];
    topic_filter (TOPIC_READING, pipeline->topic_prefix, readings);
    topic_filter (TOPIC_TICK, pipeline->topic_prefix, ticks);
    topic_filter (TOPIC_MAP, pipeline->topic_prefix, maps);
    const char *const filters[] = {readings, ticks, maps};
    const bus_reader_t reader = {.message = on_message, .gap = on_gap, .self = self};
    bus_read (self->process->bus, &reader);
    bus_on_snapshot (self->process->bus, on_snapshot, self);
    for (size_t i = 0; i < self->shards; i++) {
        char name[PUBLISHER_NAME_MAX], topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
        snprintf (name, sizeof name, "cards-%zu", i + 1);
        pipeline_endpoint (pipeline, name, "pub", topics);
        pipeline_endpoint (pipeline, name, "snap", snapshots);
        int status = bus_connect (self->process->bus, topics, snapshots, filters, COUNT_OF (filters), error);
        if (status != OK)
            return status;
    }
    return OK;
}

static void
open_seats (engine_t *self)
{
    for (size_t i = 0; i < self->universe.count; i++) {
        self->prices[i] = prices_new ();
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            seat_t *seat = seat_of (self, (mode_id_t) mode, i);
            topic_t topic = {.kind = TOPIC_BIAS, .mode = (mode_id_t) mode};
            memcpy (topic.instrument, self->universe.names[i], sizeof topic.instrument);
            seat->fuse = fuse_new ((mode_id_t) mode, self->universe.names[i]);
            seat->bias = bus_stream (self->process->bus, &topic);
            topic.kind = TOPIC_OUTCOME;
            seat->outcome = bus_stream (self->process->bus, &topic);
        }
    }
}

engine_t *
engine_new (process_t *process, const settings_t *settings, error_text_t *error)
{
    engine_t *self = mem_new (sizeof *self);
    char host[64] = "", owner[128];
    self->process = process;
    self->universe = settings->pipeline.universe;
    self->shards = (size_t) settings->pipeline.shards;
    self->seats = mem_new ((self->universe.count * MODE_COUNT + 1) * sizeof *self->seats);
    self->prices = mem_new ((self->universe.count + 1) * sizeof (prices_t *));
    self->board = board_new (&self->universe);
    for (size_t i = 0; i < self->shards && i < SHARDS_MAX; i++)
        self->heard_mono_ns[i] = timebase_mono_ns ();
    open_seats (self);
    open_metrics (self, process->metrics);
    (void) gethostname (host, sizeof host - 1);
    snprintf (owner, sizeof owner, "%s:%ld:%lld", host, (long) getpid (),
              (long long) bus_boot (process->bus));
    const store_options_t options = {.endpoint = settings->redis,
                                     .prefix = settings->redis_prefix,
                                     .owner = owner,
                                     .lease_ms = settings->lease_ms};
    const clerk_events_t events = {.outcome = on_outcome, .scale = on_scale, .self = self};
    self->clerk =
        clerk_new (process->loop, &options, &self->universe, self->prices, &events, process->metrics, error);
    if (!self->clerk || connect_shards (self, &settings->pipeline, error) != OK)
        engine_destroy (&self);
    return self;
}

void
engine_destroy (engine_t **self)
{
    engine_t *engine = *self;
    if (!engine)
        return;
    clerk_destroy (&engine->clerk);
    for (size_t i = 0; i < engine->universe.count; i++) {
        prices_destroy (&engine->prices[i]);
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            fuse_destroy (&seat_of (engine, (mode_id_t) mode, i)->fuse);
            image_fini (&seat_of (engine, (mode_id_t) mode, i)->scale);
        }
    }
    for (int mode = 0; mode < MODE_COUNT; mode++)
        ledger_row_destroy (&engine->collects[mode].row);
    board_destroy (&engine->board);
    free (engine->seats);
    free (engine->prices);
    free (engine);
    *self = NULL;
}

const clerk_t *
engine_clerk (const engine_t *self)
{
    return self->clerk;
}
