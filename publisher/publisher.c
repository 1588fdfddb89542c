#include "publisher/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "publisher/heatmap.h"
#include "publisher/sink.h"
#include "publisher/store.h"

enum { SINKS_MAX = 8, BEAT_S = 1 };

struct publisher {
    process_t *process;
    const settings_t *settings;
    bus_t *public_bus;
    store_t *store;
    heatmap_t *heatmap;
    render_sources_t sources;
    sink_context_t context;
    void *opened[SINKS_MAX];
    void *record; //  a copy whose head may be written
    size_t record_size;
    bus_stream_t **streams; //  public stream by store index
    size_t streams_count;
    metric_t *published, *refused, *holes;
};

static bus_stream_t *
stream_of (publisher_t *self, const store_entry_t *entry)
{
    if (entry->index >= self->streams_count) {
        size_t count = (size_t) entry->index * 2 + 256;
        self->streams = mem_grow (self->streams, count * sizeof *self->streams);
        memset (self->streams + self->streams_count, 0,
                (count - self->streams_count) * sizeof *self->streams);
        self->streams_count = count;
    }
    if (!self->streams[entry->index])
        self->streams[entry->index] = bus_stream (self->public_bus, &entry->topic);
    return self->streams[entry->index];
}

static void *
copy_record (publisher_t *self, const bus_message_t *message)
{
    size_t size = result_table (message->topic.kind)->size;
    if (size > self->record_size) {
        self->record = mem_grow (self->record, size);
        self->record_size = size;
    }
    return memcpy (self->record, message->records, size);
}

static void
on_message (void *self_, const bus_message_t *message)
{
    publisher_t *self = self_;
    if (message->topic.kind == TOPIC_EVENT)
        return;
    error_text_t error = {{0}};
    if (message->topic.kind == TOPIC_METRICS) {
        (void) store_put (self->store, &message->topic, message->records, &error);
        return;
    }
    if (bus_source (self->public_bus) != message->source)
        bus_set_source (self->public_bus, message->source);
    if (message->topic.kind == TOPIC_MAP)
        (void) heatmap_put (self->heatmap, message->records); //  counts what it refuses
    //  The public stream stamps its own publisher, boot and seq into the head; the store keeps what was sent.
    void *record = copy_record (self, message);
    const store_entry_t *entry = store_find (self->store, &message->topic);
    if (!entry)
        entry = store_put (self->store, &message->topic, record, &error);
    if (!entry || bus_publish_result (self->public_bus, stream_of (self, entry), record) != OK) {
        metric_add (self->refused, 1);
        logger_write (LOG_LEVEL_WARNING, "a %s message was not passed on: %s",
                      topic_kind_names[message->topic.kind], error.text);
        return;
    }
    store_keep (self->store, entry, bus_sent (self->public_bus));
    metric_add (self->published, 1);
    for (size_t i = 0; sinks[i]; i++)
        if (self->opened[i])
            sinks[i]->message (self->opened[i], entry);
}

static void
on_gap (void *self_, const bus_gap_t *gap)
{
    publisher_t *self = self_;
    metric_add (self->holes, 1);
    logger_write (LOG_LEVEL_NOTICE, "%s: %s of %s.%s, seq %lld to %lld", gap->publisher, gap->reason,
                  topic_kind_names[gap->topic.kind], gap->topic.instrument, (long long) gap->from_seq,
                  (long long) gap->to_seq);
}

static int
on_snapshot (void *self_, const topic_t *topic, bus_answer_t *answer)
{
    publisher_t *self = self_;
    const store_entry_t *entry = store_find (self->store, topic);
    if (!entry)
        return E_ABSENT;
    void *copy = mem_new (result_table (topic->kind)->size);
    memcpy (copy, store_record (self->store, entry), result_table (topic->kind)->size);
    int status = bus_put_result (answer, copy);
    free (copy);
    return status;
}

static int
connect_to (publisher_t *self, const char *process, const topic_kind_t kinds[], size_t count,
            error_text_t *error)
{
    char filters[4][TOPIC_TEXT_MAX], topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
    const char *texts[4];
    CHECK (count <= COUNT_OF (filters));
    for (size_t i = 0; i < count; i++) {
        (void) topic_filter (kinds[i], self->settings->pipeline.topic_prefix, filters[i]);
        texts[i] = filters[i];
    }
    pipeline_endpoint (&self->settings->pipeline, process, "pub", topics);
    pipeline_endpoint (&self->settings->pipeline, process, "snap", snapshots);
    return bus_connect (self->process->bus, topics, snapshots, texts, count, error);
}

static int
connect_all (publisher_t *self, error_text_t *error)
{
    static const topic_kind_t from_aggregator[] = {TOPIC_BIAS, TOPIC_OUTCOME, TOPIC_METRICS, TOPIC_BEAT};
    static const topic_kind_t from_cards[] = {TOPIC_READING, TOPIC_MAP, TOPIC_METRICS, TOPIC_BEAT};
    static const topic_kind_t from_ingest[] = {TOPIC_HEALTH, TOPIC_METRICS, TOPIC_BEAT};
    const pipeline_t *pipeline = &self->settings->pipeline;
    char name[PUBLISHER_NAME_MAX + 16];
    int status = connect_to (self, "aggregator", from_aggregator, COUNT_OF (from_aggregator), error);
    for (int64_t i = 1; i <= pipeline->shards && status == OK; i++) {
        (void) snprintf (name, sizeof name, "cards-%lld", (long long) i);
        status = connect_to (self, name, from_cards, COUNT_OF (from_cards), error);
    }
    for (size_t i = 0; i < pipeline->venues_count && status == OK; i++) {
        (void) snprintf (name, sizeof name, "ingest-%s", pipeline->venue_names[i]);
        status = connect_to (self, name, from_ingest, COUNT_OF (from_ingest), error);
    }
    return status;
}

static int
open_sinks (publisher_t *self, error_text_t *error)
{
    self->sources =
        (render_sources_t){self->store, self->process->metrics, self->heatmap, &self->settings->pipeline};
    self->context = (sink_context_t){self->process->loop, self->process->metrics, self->store, self->settings,
                                     &self->sources};
    for (size_t i = 0; sinks[i]; i++) {
        CHECK (i < SINKS_MAX);
        error->text[0] = 0;
        self->opened[i] = sinks[i]->open (&self->context, error);
        if (!self->opened[i] && error->text[0])
            return E_IO;
    }
    return OK;
}

publisher_t *
publisher_new (process_t *process, const settings_t *settings, error_text_t *error)
{
    publisher_t *self = mem_new (sizeof *self);
    self->process = process;
    self->settings = settings;
    metrics_t *metrics = process->metrics;
    self->published = metrics_counter (metrics, "publisher_messages_published", "", "results passed on");
    self->refused =
        metrics_counter (metrics, "publisher_messages_refused", "", "results that could not be passed on");
    self->holes = metrics_counter (metrics, "publisher_holes_seen", "", "holes in what the other parts sent");
    self->store = store_new (settings->pipeline.topic_prefix);
    const heatmap_options_t heatmap = {settings->heatmap_folder, settings->heatmap_minute_days,
                                       settings->heatmap_days, &settings->pipeline.universe};
    bus_options_t options = {
        .publisher = "publisher",
        .endpoint = settings->topics_endpoint,
        .snapshot_endpoint = settings->snapshots_endpoint,
        .topic_prefix = settings->pipeline.topic_prefix,
        .source = SOURCE_LIVE,
        .beat_ns = BEAT_S * NS_PER_S,
        .universe_hash = settings->pipeline.universe.hash,
        .send_queue_messages = (int) settings->pipeline.queue_messages,
    };
    self->public_bus = bus_new (process->loop, &options, NULL);
    bus_on_snapshot (self->public_bus, on_snapshot, self);
    bus_reader_t reader = {.message = on_message, .gap = on_gap, .self = self};
    bus_read (process->bus, &reader);
    //  The bus first: where another publisher runs, its heatmap is left alone.
    if (bus_open (self->public_bus, error) != OK ||
        !(self->heatmap = heatmap_new (&heatmap, metrics, error)) || open_sinks (self, error) != OK ||
        connect_all (self, error) != OK)
        publisher_destroy (&self);
    return self;
}

void
publisher_destroy (publisher_t **self)
{
    if (!*self)
        return;
    publisher_t *publisher = *self;
    for (size_t i = 0; sinks[i]; i++) {
        void *sink = publisher->opened[i];
        publisher->opened[i] = NULL; //  what still arrives while it closes is not for it
        if (sink)
            sinks[i]->close (sink);
    }
    bus_destroy (&publisher->public_bus);
    store_destroy (&publisher->store);
    heatmap_destroy (&publisher->heatmap);
    free (publisher->streams);
    free (publisher->record);
    free (publisher);
    *self = NULL;
}
