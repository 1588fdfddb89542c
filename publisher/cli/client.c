#include "publisher/cli/client.h"

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"

const option_t client_options[] = {
    PIPELINE_OPTIONS (client_settings_t, pipeline),
    OPTION (client_settings_t, topics_endpoint, "leadline/topics_endpoint", OPTION_TEXT,
            "tcp://127.0.0.1:7400", 0, 0, "The publisher's msgpack topics."),
    OPTION (client_settings_t, snapshots_endpoint, "leadline/snapshots_endpoint", OPTION_TEXT,
            "tcp://127.0.0.1:7402", 0, 0, "The publisher's snapshots."),
    OPTION (client_settings_t, wait_s, "leadline/wait_s", OPTION_I64, "5", 1, 3600,
            "Seconds a command waits for the publisher."),
    OPTION (client_settings_t, seconds, "leadline/seconds", OPTION_I64, "0", 0, 1e9,
            "Seconds after which top and tail end; 0: never."),
    OPTION (client_settings_t, http_url, "leadline/http_url", OPTION_TEXT, "http://127.0.0.1:7480", 0, 0,
            "The publisher's HTTP: the heatmap over time comes from there."),
    OPTION (client_settings_t, read_token, "leadline/read_token", OPTION_TEXT, "", 0, 0,
            "The publisher's read token, where it has one; better given by the environment."),
};
const size_t client_options_count = COUNT_OF (client_options);

typedef struct {
    const client_settings_t *settings;
    const client_job_t *job;
    loop_t *loop;
    bus_t *bus;
    bool has_beat;
    size_t asked_count, answered_count;
} client_t;

static bool
is_wanted (const client_t *self, const topic_t *topic)
{
    const client_job_t *job = self->job;
    bool is_kind = false;
    for (size_t i = 0; i < job->kinds_count; i++)
        is_kind |= topic->kind == job->kinds[i];
    if (!is_kind || (job->instrument && strcmp (job->instrument, topic->instrument) != 0))
        return false;
    return job->mode < 0 || topic->kind == TOPIC_HEALTH || topic->kind == TOPIC_MAP ||
           job->mode == (int) topic->mode;
}

static void
on_message (void *self_, const bus_message_t *message)
{
    client_t *self = self_;
    if (!is_wanted (self, &message->topic))
        return;
    self->job->message (self->job->self, message);
    self->answered_count += message->is_snapshot;
    if (self->job->ends && self->has_beat && self->answered_count == self->asked_count)
        loop_stop (self->loop, EXIT_DONE);
}

static void
on_beat (void *self_, const beat_t *beat)
{
    client_t *self = self_;
    if (self->has_beat)
        return;
    self->has_beat = true;
    self->answered_count = 0;
    for (size_t i = 0; i < beat->topics_count; i++) {
        topic_t topic;
        if (topic_parse (slice_of (beat->topics[i].topic), self->settings->pipeline.topic_prefix, &topic) !=
                OK ||
            !is_wanted (self, &topic))
            continue;
        self->asked_count++;
        bus_ask (self->bus, &topic);
    }
    if (self->asked_count == 0 && self->job->ends) {
        (void) fprintf (stderr, "the publisher knows nothing of %s%s%s (yet)\n",
                        self->job->instrument ? self->job->instrument : "any instrument",
                        self->job->mode >= 0 ? " " : "",
                        self->job->mode >= 0 ? mode_info ((mode_id_t) self->job->mode)->name : "");
        loop_stop (self->loop, 1);
    }
}

static void
on_deadline (void *self_)
{
    client_t *self = self_;
    if (self->has_beat && !self->job->ends)
        return;
    if (!self->has_beat)
        (void) fprintf (stderr, "no publisher answers at %s within %lld s: is it running?\n",
                        self->settings->topics_endpoint, (long long) self->settings->wait_s);
    else
        (void) fprintf (stderr, "the publisher answered for %zu of %zu topics within %lld s\n",
                        self->answered_count, self->asked_count, (long long) self->settings->wait_s);
    loop_stop (self->loop, EXIT_UNAVAILABLE);
}

static void
on_end (void *self_)
{
    loop_stop (((client_t *) self_)->loop, EXIT_DONE);
}

int
client_run (const client_settings_t *settings, const client_job_t *job)
{
    client_t self = {.settings = settings, .job = job, .loop = loop_new ()};
    bus_options_t options = {.publisher = "leadline",
                             .topic_prefix = settings->pipeline.topic_prefix,
                             .beat_ns = NS_PER_S,
                             .universe_hash = settings->pipeline.universe.hash};
    self.bus = bus_new (self.loop, &options, NULL);
    bus_reader_t reader = {.message = on_message, .beat = on_beat, .self = &self};
    bus_read (self.bus, &reader);
    char filters[3][TOPIC_TEXT_MAX];
    const char *texts[3];
    CHECK (job->kinds_count < COUNT_OF (filters));
    for (size_t i = 0; i <= job->kinds_count; i++) {
        (void) topic_filter (i == job->kinds_count ? TOPIC_BEAT : job->kinds[i],
                             settings->pipeline.topic_prefix, filters[i]);
        texts[i] = filters[i];
    }
    error_text_t error = {{0}};
    int code = EXIT_UNAVAILABLE;
    if (bus_open (self.bus, &error) != OK ||
        bus_connect (self.bus, settings->topics_endpoint, settings->snapshots_endpoint, texts,
                     job->kinds_count + 1, &error) != OK)
        (void) fprintf (stderr, "%s\n", error.text);
    else {
        loop_timer_t *turn = job->turn ? loop_every (self.loop, job->turn_ns, job->turn, job->self) : NULL;
        (void) loop_after (self.loop, settings->wait_s * NS_PER_S, on_deadline, &self);
        if (settings->seconds > 0 && !job->ends)
            (void) loop_after (self.loop, settings->seconds * NS_PER_S, on_end, &self);
        code = loop_run (self.loop);
        loop_cancel (&turn);
    }
    bus_destroy (&self.bus);
    loop_destroy (&self.loop);
    return code;
}
