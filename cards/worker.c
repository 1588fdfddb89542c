#include "cards/worker.h"

#include "cards/barrier.h"
#include "cards/held.h"
#include "cards/joining.h"
#include "cards/map_outlet.h"
#include "cards/shard.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUMP_NS  INT64_C (20000000)
#define ASK_NS   (2 * NS_PER_S)
#define GRACE_NS (3 * NS_PER_S)

static const event_kind_t history_kinds[] = {
    EVENT_INSTRUMENT, EVENT_RATIO,         EVENT_TIERS,
    EVENT_FUNDING,    EVENT_OPEN_INTEREST, EVENT_BAR}; //  bars last: they tell when all is there

//  One instrument on the bus.
typedef struct {
    bool is_joining, is_dirty;
    int64_t joining_mono_ns;   //  since when a venue has been live; 0 not yet
    int64_t evaluated_mono_ns; //  with interval_ms 0
    int64_t complete_mono_ns;  //  since when the first live venue's history is complete; 0 not yet
    joining_t joining;
    held_t held[VENUES_MAX]; //  each venue's in order of arrival
    bus_stream_t *streams[MODE_COUNT];
} line_t;

typedef struct {
    metric_t *events[EVENT_KIND_COUNT];
    metric_t *evaluations, *evaluation_ns, *late_beats, *skipped, *gaps, *held, *forced, *ignored,
        *bad_values;
    metric_t *refused, *late_events, *switches, *oi_rejected, *jumps, *useless, *unlisted, *joined, *history,
        *unpublished;
} worker_metrics_t;

struct worker {
    process_t *process;
    const cards_settings_t *settings;
    uint32_t index, shards_count;
    shard_t *shard;
    map_outlet_t *maps;
    line_t *lines; //  [instrument of the shard]
    barrier_t barrier;
    int64_t asked_mono_ns[VENUES_MAX];
    bus_stream_t *tick_stream;
    loop_timer_t *pump_timer, *count_timer;
    int64_t last_event_ns;
    worker_metrics_t metrics;
};

int
worker_parse_shard (const char *text, uint32_t *index, uint32_t *count, error_text_t *error)
{
    unsigned at = 0, of = 0;
    int used = 0;
    if (sscanf (text, "%4u/%4u%n", &at, &of, &used) != 2 || text[used] != '\0')
        return error_set (error, E_CONFIG, "shard '%s' is not of the form 1/2", text);
    if (at < 1 || at > of)
        return error_set (error, E_CONFIG, "shard %s: the first number must be 1 to %u", text, of);
    *index = at - 1;
    *count = of;
    return OK;
}

static bool
is_every_event (const worker_t *self)
{
    return self->settings->interval_ms == 0;
}

//  --- feeding

static void
feed (worker_t *self, size_t instrument, const event_t *event)
{
    shard_event (self->shard, instrument, event);
    self->lines[instrument].is_dirty = true;
}

//  The venue whose oldest held event is the oldest of all; -1 when none is due.
static int
oldest_held (const worker_t *self, const line_t *line, int64_t until_ns, event_t *out)
{
    int oldest = -1;
    event_t event;
    for (int v = 0; v < self->barrier.parties_count; v++)
        if (held_peek (&line->held[v], &event) && event.ts_recv_ns <= until_ns &&
            (oldest < 0 || event.ts_recv_ns < out->ts_recv_ns)) {
            oldest = v;
            *out = event;
        }
    return oldest;
}

//  Held events up to a time, merged by receive time; all of them for INT64_MAX.
static void
release (worker_t *self, size_t instrument, int64_t until_ns)
{
    line_t *line = self->lines + instrument;
    event_t event;
    for (int venue; (venue = oldest_held (self, line, until_ns, &event)) >= 0;) {
        feed (self, instrument, &event);
        held_drop (&line->held[venue]);
    }
}

static void
finish_joining (worker_t *self, size_t instrument, const char *why)
{
    line_t *line = self->lines + instrument;
    joining_sort (&line->joining);
    map_outlet_expect (self->maps, instrument, &line->joining);
    for (size_t i = 0; i < line->joining.count; i++) {
        event_t event = joining_event (&line->joining, i);
        shard_event (self->shard, instrument, &event);
        map_outlet_history (self->maps, instrument);
    }
    logger_write (LOG_LEVEL_INFO, "%s: live after %zu records of history (%s)",
                  shard_name (self->shard, instrument), line->joining.count, why);
    metric_add (self->metrics.history, (double) line->joining.count);
    metric_add (self->metrics.joined, 1);
    joining_fini (&line->joining);
    line->is_joining = false;
    release (self, instrument, is_every_event (self) ? INT64_MAX : self->barrier.next_ns);
}

static void
hold (worker_t *self, size_t instrument, const event_t *event)
{
    line_t *line = self->lines + instrument;
    if (held_add (&line->held[event->venue], event)) {
        metric_add (self->metrics.held, 1);
        return;
    }
    metric_add (self->metrics.forced, 1);
    if (line->is_joining)
        finish_joining (self, instrument, "too many events to wait longer");
    release (self, instrument, INT64_MAX);
    feed (self, instrument, event);
}

static void
take (worker_t *self, size_t instrument, const event_t *event, bool is_from_snapshot)
{
    line_t *line = self->lines + instrument;
    bool is_history =
        (event->kind == EVENT_BAR) || (event->kind == EVENT_FUNDING && event->of.funding->is_backfilled) ||
        (event->kind == EVENT_OPEN_INTEREST && event->of.open_interest->is_backfilled) ||
        (is_from_snapshot && (event->kind == EVENT_FUNDING || event->kind == EVENT_OPEN_INTEREST));
    bool is_standing = event->kind == EVENT_RATIO || event->kind == EVENT_TIERS;
    if (event->kind == EVENT_INSTRUMENT || (is_from_snapshot && is_standing)) {
        shard_event (self->shard, instrument, event);
        return;
    }
    if (is_history) {
        if (line->is_joining)
            joining_add (&line->joining, event);
        else if (!is_from_snapshot || event->kind == EVENT_BAR)
            shard_event (self->shard, instrument, event);
        return;
    }
    if (is_from_snapshot && event->kind != EVENT_BOOK)
        return;
    bool is_early = !is_every_event (self) && event->ts_recv_ns > self->barrier.next_ns;
    if (line->is_joining || is_early || line->held[event->venue].count > 0)
        hold (self, instrument, event);
    else
        feed (self, instrument, event);
    if (event->ts_recv_ns > self->last_event_ns)
        self->last_event_ns = event->ts_recv_ns;
}

//  --- asking for history

static void
ask_history (worker_t *self, int venue)
{
    const pipeline_t *pipeline = &self->settings->pipeline;
    for (size_t i = 0; i < shard_count (self->shard); i++) {
        line_t *line = self->lines + i;
        if (!line->is_joining ||
            joining_is_complete (&line->joining, venue, timebase_now (&self->process->timebase)))
            continue;
        for (size_t k = 0; k < COUNT_OF (history_kinds); k++) {
            topic_t topic = {.kind = TOPIC_EVENT, .event = history_kinds[k]};
            (void) snprintf (topic.instrument, sizeof topic.instrument, "%s", shard_name (self->shard, i));
            (void) snprintf (topic.name, sizeof topic.name, "%s", pipeline->venue_names[venue]);
            bus_ask (self->process->bus, &topic);
        }
    }
}

//  The time that history should reach: the data's own clock.
static int64_t
data_now_ns (const worker_t *self)
{
    return self->barrier.next_ns ? self->barrier.next_ns : self->last_event_ns;
}

static void
watch_line (worker_t *self, size_t instrument, int64_t mono_ns)
{
    line_t *line = self->lines + instrument;
    int live = 0, complete = 0;
    bool is_first_complete = false;
    for (int v = 0; v < self->barrier.parties_count; v++) {
        if (!barrier_is_live (&self->barrier, v, mono_ns))
            continue;
        bool is_complete = joining_is_complete (&line->joining, v, data_now_ns (self));
        is_first_complete = is_first_complete || (live == 0 && is_complete);
        live++;
        complete += is_complete;
    }
    if (live > 0 && !line->joining_mono_ns)
        line->joining_mono_ns = mono_ns;
    if (is_first_complete && !line->complete_mono_ns)
        line->complete_mono_ns = mono_ns;
    if (live == self->barrier.parties_count && complete == live)
        finish_joining (self, instrument, "complete");
    else if (line->complete_mono_ns && mono_ns - line->complete_mono_ns > GRACE_NS)
        finish_joining (self, instrument, "the first venue's is complete");
    else if (line->joining_mono_ns &&
             mono_ns - line->joining_mono_ns > self->settings->history_wait_ms * NS_PER_MS)
        finish_joining (self, instrument, "the wait is over");
}

static void
watch_joining (worker_t *self, int64_t mono_ns)
{
    for (size_t i = 0; i < shard_count (self->shard); i++)
        if (self->lines[i].is_joining)
            watch_line (self, i, mono_ns);
}

//  --- evaluation

static void
publish_readings (worker_t *self, size_t instrument)
{
    line_t *line = self->lines + instrument;
    for (int mode = 0; mode < MODE_COUNT; mode++)
        if (bus_publish_result (self->process->bus, line->streams[mode],
                                shard_reading (self->shard, instrument, (mode_id_t) mode)) != OK)
            metric_add (self->metrics.unpublished, 1);
    line->is_dirty = false;
}

static void
publish_tick (worker_t *self, int64_t ts_ns, int instruments, uint32_t missing, int64_t close_ns)
{
    tick_t tick = {.shard_index = (int32_t) self->index + 1,
                   .shards_count = (int32_t) self->shards_count,
                   .ts_ms = ts_ns / NS_PER_MS,
                   .instruments_count = instruments,
                   .close_ns = close_ns};
    (void) snprintf (tick.shard, sizeof tick.shard, "%u/%u", self->index + 1, self->shards_count);
    size_t used = 0;
    for (int v = 0; v < self->barrier.parties_count; v++)
        if ((missing & (1u << v)) && used < sizeof tick.missing)
            used += (size_t) snprintf (tick.missing + used, sizeof tick.missing - used, "%s%s",
                                       used ? " " : "", self->settings->pipeline.venue_names[v]);
    if (bus_publish_result (self->process->bus, self->tick_stream, &tick) != OK)
        metric_add (self->metrics.unpublished, 1);
}

static void
evaluate (worker_t *self, size_t instrument, int64_t ts_ns)
{
    int64_t start_ns = timebase_mono_ns ();
    shard_evaluate (self->shard, instrument, ts_ns);
    publish_readings (self, instrument);
    if (!self->lines[instrument].is_joining)
        map_outlet_evaluated (self->maps, instrument, ts_ns, self->metrics.unpublished);
    metric_add (self->metrics.evaluation_ns, (double) (timebase_mono_ns () - start_ns));
    metric_add (self->metrics.evaluations, 1);
}

static void
note_down_venues (worker_t *self, int64_t mono_ns)
{
    for (int v = 0; v < self->barrier.parties_count; v++) {
        bool is_down = !barrier_is_live (&self->barrier, v, mono_ns);
        for (size_t i = 0; i < shard_count (self->shard); i++)
            shard_feeds (self->shard, i)->is_down[v] = is_down;
    }
}

static void
close_evaluation (worker_t *self, uint32_t missing, uint32_t late, int64_t close_ns)
{
    int64_t ts_ns = self->barrier.next_ns;
    metric_add (self->metrics.late_beats, __builtin_popcount (late));
    for (size_t i = 0; i < shard_count (self->shard); i++) {
        if (!self->lines[i].is_joining)
            release (self, i, ts_ns);
        evaluate (self, i, ts_ns);
    }
    publish_tick (self, ts_ns, (int) shard_count (self->shard), missing, close_ns);
    barrier_closed (&self->barrier);
    for (size_t i = 0; i < shard_count (self->shard); i++)
        if (!self->lines[i].is_joining)
            release (self, i, self->barrier.next_ns);
}

static void
pump (void *argument)
{
    worker_t *self = argument;
    int64_t mono_ns = timebase_mono_ns (), now_ns = timebase_now (&self->process->timebase);
    watch_joining (self, mono_ns);
    note_down_venues (self, mono_ns);
    uint32_t missing, late;
    if (is_every_event (self)) {
        (void) barrier_due (&self->barrier, now_ns, mono_ns, &missing, &late);
        return;
    }
    while (barrier_due (&self->barrier, now_ns, mono_ns, &missing, &late))
        close_evaluation (self, missing, late, now_ns);
}

//  interval_ms = 0: what events have touched and has rested.  The pump's timer makes turns where no event does.
static void
on_turn (void *argument)
{
    worker_t *self = argument;
    const int64_t mono_ns = timebase_mono_ns (), pace_ns = self->settings->pace_ms * NS_PER_MS;
    int count = 0;
    int64_t ts_ns = 0;
    for (size_t i = 0; i < shard_count (self->shard); i++) {
        line_t *line = &self->lines[i];
        if (!line->is_dirty || line->is_joining || mono_ns - line->evaluated_mono_ns < pace_ns)
            continue;
        line->evaluated_mono_ns = mono_ns;
        int64_t at_ns = market_now_ns (shard_market (self->shard, i));
        evaluate (self, i, at_ns);
        ts_ns = at_ns > ts_ns ? at_ns : ts_ns;
        count++;
    }
    if (count > 0)
        publish_tick (self, ts_ns, count, 0, self->last_event_ns);
}

//  --- the bus

static void
on_health (worker_t *self, const health_t *health, const topic_t *topic)
{
    int instrument = shard_find (self->shard, topic->instrument);
    int venue = pipeline_venue (&self->settings->pipeline, topic->name);
    if (instrument < 0 || venue < 0)
        return;
    feed_state_t *feed_state = &shard_feeds (self->shard, (size_t) instrument)->feeds[venue][topic->event];
    *feed_state = (feed_state_t){health->status, health->coverage};
}

static void
on_message (void *argument, const bus_message_t *message)
{
    worker_t *self = argument;
    if (message->source == SOURCE_SIM && bus_source (self->process->bus) != SOURCE_SIM)
        bus_set_source (self->process->bus, SOURCE_SIM);
    if (message->topic.kind == TOPIC_HEALTH) {
        on_health (self, message->records, &message->topic);
        return;
    }
    if (message->topic.kind != TOPIC_EVENT)
        return;
    int instrument = shard_find (self->shard, message->topic.instrument);
    int venue = pipeline_venue (&self->settings->pipeline, message->topic.name);
    bool is_perp = !message->feed || !message->feed[0] || strncmp (message->feed, "perp", 4) == 0;
    if (instrument < 0 || venue < 0 || !is_perp) {
        metric_add (self->metrics.ignored, (double) message->count);
        return;
    }
    event_kind_t kind = message->topic.event;
    metric_add (self->metrics.events[kind], (double) message->count);
    size_t size = event_table (kind)->size;
    for (size_t i = 0; i < message->count; i++) {
        event_t event = {.kind = kind,
                         .instrument = (uint16_t) instrument,
                         .venue = (uint16_t) venue,
                         .ts_recv_ns = message->ts_recv_ns,
                         .of.any = (const char *) message->records + i * size};
        take (self, (size_t) instrument, &event, message->is_snapshot);
    }
}

static void
on_hole (void *argument, const bus_gap_t *hole)
{
    worker_t *self = argument;
    if (hole->topic.kind != TOPIC_EVENT)
        return;
    int instrument = shard_find (self->shard, hole->topic.instrument);
    int venue = pipeline_venue (&self->settings->pipeline, hole->topic.name);
    if (instrument < 0 || venue < 0)
        return;
    metric_add (self->metrics.gaps, 1);
    int64_t now_ns = market_now_ns (shard_market (self->shard, (size_t) instrument));
    gap_t gap = {.ts_event_ns = now_ns, .kind = (int32_t) hole->topic.event};
    gap.lost_count =
        hole->to_seq >= hole->from_seq && hole->from_seq > 0 ? hole->to_seq - hole->from_seq + 1 : -1;
    (void) snprintf (gap.reason, sizeof gap.reason, "%s", hole->reason);
    //  in its place among the events: behind those held, at the time of the last one heard
    event_t event = {.kind = EVENT_GAP,
                     .instrument = (uint16_t) instrument,
                     .venue = (uint16_t) venue,
                     .ts_recv_ns = self->last_event_ns > now_ns ? self->last_event_ns : now_ns,
                     .of.gap = &gap};
    if (event.ts_recv_ns > 0)
        take (self, (size_t) instrument, &event, false);
}

static void
on_beat (void *argument, const beat_t *beat)
{
    worker_t *self = argument;
    const char *publisher = beat->head.publisher;
    int venue = strncmp (publisher, "ingest-", 7) == 0
                    ? pipeline_venue (&self->settings->pipeline, publisher + 7)
                    : -1;
    if (venue < 0)
        return;
    int64_t mono_ns = timebase_mono_ns ();
    if (self->process->timebase.kind == CLOCK_EVENT)
        (void) timebase_stamp (&self->process->timebase, beat->ts_spoken_ns);
    barrier_beat (&self->barrier, venue, beat->ts_spoken_ns, mono_ns);
    if (mono_ns - self->asked_mono_ns[venue] > ASK_NS) {
        self->asked_mono_ns[venue] = mono_ns;
        ask_history (self, venue);
    }
    pump (self);
}

static int
on_snapshot (void *argument, const topic_t *topic, bus_answer_t *answer)
{
    worker_t *self = argument;
    int instrument = shard_find (self->shard, topic->instrument);
    if (instrument < 0 || (topic->kind != TOPIC_READING && topic->kind != TOPIC_MAP))
        return E_ABSENT;
    if (topic->kind == TOPIC_MAP)
        return map_outlet_answer (self->maps, (size_t) instrument, topic, answer);
    reading_t *reading = shard_reading (self->shard, (size_t) instrument, topic->mode);
    return reading->ts_ms ? bus_put_result (answer, reading) : E_ABSENT;
}

//  --- set-up

static void
count_markets (void *argument)
{
    worker_t *self = argument;
    market_counts_t sum = {0};
    for (size_t i = 0; i < shard_count (self->shard); i++) {
        const market_counts_t *counts = market_counts (shard_market (self->shard, i));
        sum.late_events += counts->late_events;
        sum.jumps += counts->jumps;
        sum.switches += counts->switches;
        sum.oi_rejected += counts->oi_rejected;
        sum.changes_unlisted += counts->changes_unlisted;
        sum.ignored += counts->ignored;
        sum.book_refused += counts->book_refused;
    }
    metric_set (self->metrics.late_events, (double) sum.late_events);
    metric_set (self->metrics.jumps, (double) sum.jumps);
    metric_set (self->metrics.switches, (double) sum.switches);
    metric_set (self->metrics.oi_rejected, (double) sum.oi_rejected);
    metric_set (self->metrics.unlisted, (double) sum.changes_unlisted);
    metric_set (self->metrics.refused, (double) sum.book_refused);
    metric_set (self->metrics.useless, (double) sum.ignored);
    metric_set (self->metrics.skipped, (double) self->barrier.skipped_count);
    metric_set (self->metrics.bad_values, (double) shard_counts (self->shard)->bad_values);
    map_outlet_count (self->maps);
}

static void
open_metrics (worker_t *self)
{
    metrics_t *all = self->process->metrics;
    worker_metrics_t *m = &self->metrics;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        char labels[64];
        (void) snprintf (labels, sizeof labels, "kind=\"%s\"", event_kind_names[kind]);
        m->events[kind] = metrics_counter (all, "cards_events", labels, "Events received.");
    }
    m->evaluations = metrics_counter (all, "cards_evaluations", "", "Evaluations of an instrument.");
    m->evaluation_ns =
        metrics_counter (all, "cards_evaluation_ns", "", "Time spent in evaluations and publishing.");
    m->late_beats =
        metrics_counter (all, "cards_late_beats", "", "Evaluations made without a live venue's beat.");
    m->skipped =
        metrics_counter (all, "cards_skipped_evaluations", "", "Evaluations skipped in a jump of time.");
    m->gaps = metrics_counter (all, "cards_gaps", "", "Holes in the streams from ingest.");
    m->held = metrics_counter (all, "cards_held_events", "",
                               "Events that waited for an evaluation or for history.");
    m->forced =
        metrics_counter (all, "cards_forced_releases", "", "Times a full queue of held events was let go.");
    m->ignored = metrics_counter (all, "cards_ignored_events", "", "Events of other feeds than perpetuals.");
    m->bad_values = metrics_counter (all, "cards_bad_values", "", "Values of cards that were not finite.");
    m->refused = metrics_counter (all, "cards_refused_books", "", "Changes to books that were not in sync.");
    m->useless =
        metrics_counter (all, "cards_useless_events", "", "History out of its time, prices that are none.");
    m->late_events = metrics_counter (all, "cards_late_events", "", "Events older than the one before them.");
    m->switches = metrics_counter (all, "cards_reference_switches", "", "Changes of the reference venue.");
    m->oi_rejected =
        metrics_counter (all, "cards_oi_rejected", "", "Open interest that volume cannot explain.");
    m->jumps = metrics_counter (all, "cards_time_jumps", "", "Holes in time of more than ten minutes.");
    m->unlisted =
        metrics_counter (all, "cards_unlisted_changes", "", "Book changes cards did not see one by one.");
    m->joined = metrics_counter (all, "cards_joined_instruments", "", "Instruments whose live events began.");
    m->history = metrics_counter (all, "cards_history_records", "", "Records of history taken in at start.");
    m->unpublished = metrics_counter (all, "cards_unpublished_results", "", "Results the bus refused.");
}

static void
open_streams (worker_t *self)
{
    topic_t topic = {.kind = TOPIC_TICK};
    (void) snprintf (topic.name, sizeof topic.name, "%u/%u", self->index + 1, self->shards_count);
    self->tick_stream = bus_stream (self->process->bus, &topic);
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            topic = (topic_t){.kind = TOPIC_READING, .mode = (mode_id_t) mode};
            (void) snprintf (topic.instrument, sizeof topic.instrument, "%s", shard_name (self->shard, i));
            self->lines[i].streams[mode] = bus_stream (self->process->bus, &topic);
        }
}

static int
connect_venue (worker_t *self, int venue, error_text_t *error)
{
    const pipeline_t *pipeline = &self->settings->pipeline;
    size_t count = shard_count (self->shard) * EVENT_KIND_COUNT + 2, at = 0;
    char (*texts)[TOPIC_TEXT_MAX] = mem_new (count * TOPIC_TEXT_MAX);
    const char **filters = mem_new (count * sizeof *filters);
    (void) topic_filter (TOPIC_HEALTH, pipeline->topic_prefix, texts[at++]);
    (void) topic_filter (TOPIC_BEAT, pipeline->topic_prefix, texts[at++]);
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
            topic_t topic = {.kind = TOPIC_EVENT, .event = (event_kind_t) kind};
            (void) snprintf (topic.instrument, sizeof topic.instrument, "%s", shard_name (self->shard, i));
            (void) snprintf (topic.name, sizeof topic.name, "%s", pipeline->venue_names[venue]);
            (void) topic_format (&topic, pipeline->topic_prefix, texts[at++]);
        }
    for (size_t i = 0; i < count; i++)
        filters[i] = texts[i];
    char name[PUBLISHER_NAME_MAX], topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
    (void) snprintf (name, sizeof name, "ingest-%s", pipeline->venue_names[venue]);
    pipeline_endpoint (pipeline, name, "pub", topics);
    pipeline_endpoint (pipeline, name, "snap", snapshots);
    int status = bus_connect (self->process->bus, topics, snapshots, filters, count, error);
    free (texts);
    free (filters);
    return status;
}

worker_t *
worker_new (process_t *process, const cards_settings_t *settings, uint32_t index, uint32_t shards_count,
            error_text_t *error)
{
    worker_t *self = mem_new (sizeof *self);
    self->process = process;
    self->settings = settings;
    self->index = index;
    self->shards_count = shards_count;
    const char *venues[VENUES_MAX];
    int venues_count = (int) settings->pipeline.venues_count;
    for (int v = 0; v < venues_count; v++)
        venues[v] = settings->pipeline.venue_names[v];
    self->shard = shard_new (&settings->pipeline.universe, index, shards_count, venues, venues_count, NULL, 0,
                             settings->pipeline.tiers_folder, error);
    if (!self->shard) {
        free (self);
        return NULL;
    }
    self->lines = mem_new ((shard_count (self->shard) + 1) * sizeof *self->lines);
    for (size_t i = 0; i < shard_count (self->shard); i++)
        self->lines[i].is_joining = true;
    self->maps = map_outlet_new (process, &settings->pipeline, self->shard);
    int64_t interval_ms = is_every_event (self) ? 1000 : settings->interval_ms;
    barrier_init (&self->barrier, (clock_kind_t) settings->pipeline.clock, interval_ms * NS_PER_MS,
                  settings->late_ms * NS_PER_MS, venues_count);
    open_metrics (self);
    open_streams (self);
    bus_read (process->bus, &(bus_reader_t){on_message, on_hole, on_beat, self});
    bus_on_snapshot (process->bus, on_snapshot, self);
    for (int v = 0; v < venues_count; v++)
        if (connect_venue (self, v, error) != OK) {
            worker_destroy (&self);
            return NULL;
        }
    self->pump_timer = loop_every (process->loop, PUMP_NS, pump, self);
    self->count_timer = loop_every (process->loop, NS_PER_S, count_markets, self);
    if (is_every_event (self))
        loop_on_turn (process->loop, on_turn, self);
    logger_write (LOG_LEVEL_INFO, "shard %u/%u: %zu instruments, %.1f MB each", index + 1, shards_count,
                  shard_count (self->shard), (double) shard_block_bytes (self->shard) / 1e6);
    return self;
}

void
worker_destroy (worker_t **self)
{
    if (!*self)
        return;
    loop_cancel (&(*self)->pump_timer);
    loop_cancel (&(*self)->count_timer);
    for (size_t i = 0; i < shard_count ((*self)->shard); i++) {
        joining_fini (&(*self)->lines[i].joining);
        for (int v = 0; v < VENUES_MAX; v++)
            held_fini (&(*self)->lines[i].held[v]);
    }
    map_outlet_destroy (&(*self)->maps);
    free ((*self)->lines);
    shard_destroy (&(*self)->shard);
    free (*self);
    *self = NULL;
}
