#include "ingest/health_board.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PUBLISH_EVERY_S = 10 };

typedef struct {
    feed_health_t health;
    bus_stream_t *stream;
    int32_t status_told;
    int64_t changes_told;    //  of everything else that is worth a message at once
    int64_t resubscribed_ns; //  0: not since it last flowed
} feed_t;

struct health_board {
    bus_t *bus;
    const adapter_t *adapter;
    const universe_t *universe;
    health_board_events_t events;
    int sockets[EVENT_KIND_COUNT];
    int64_t restarted_ns[SOCKETS_MAX];
    int64_t patience_ns[SOCKETS_MAX]; //  between two restarts for silence
    int64_t seconds_count;
    feed_t *feeds[EVENT_KIND_COUNT]; //  NULL: not offered
};

#define PATIENCE_LEAST_NS (60 * NS_PER_S)
#define PATIENCE_MOST_NS  (1800 * NS_PER_S)

//  A venue that has none says so.
static bool
is_told_of (event_kind_t kind)
{
    return kind == EVENT_RATIO || kind == EVENT_TIERS;
}

static void
init_kind (health_board_t *self, event_kind_t kind)
{
    const adapter_t *adapter = self->adapter;
    coverage_t coverage = kind == EVENT_LIQUIDATION ? adapter->liquidation_coverage : COVERAGE_COMPLETE;
    double cadence_s = adapter->cadence_s[kind];
    if (adapter->poll_ns[kind] > 0)
        cadence_s = (double) adapter->poll_ns[kind] / (double) NS_PER_S;
    self->feeds[kind] = mem_new (self->universe->count * sizeof (feed_t));
    for (size_t i = 0; i < self->universe->count; i++) {
        feed_t *feed = &self->feeds[kind][i];
        feed_health_init (&feed->health, kind, cadence_s, coverage);
        feed->status_told = -1;
        topic_t topic = {.kind = TOPIC_HEALTH, .event = kind};
        (void) snprintf (topic.instrument, sizeof topic.instrument, "%s", self->universe->names[i]);
        (void) snprintf (topic.name, sizeof topic.name, "%s", adapter->name);
        feed->stream = bus_stream (self->bus, &topic);
    }
}

health_board_t *
health_board_new (bus_t *bus, const adapter_t *adapter, const universe_t *universe,
                  const health_board_events_t *events)
{
    health_board_t *self = mem_new (sizeof *self);
    self->bus = bus;
    self->adapter = adapter;
    self->universe = universe;
    self->events = *events;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        self->sockets[kind] = -1;
        for (size_t s = 0; s < adapter->sockets_count; s++)
            if (adapter->sockets[s].channels & adapter->channels & (1u << kind))
                self->sockets[kind] = (int) s;
        if (self->sockets[kind] >= 0 || adapter->poll_ns[kind] > 0 || is_told_of ((event_kind_t) kind))
            init_kind (self, (event_kind_t) kind);
    }
    for (int s = 0; s < SOCKETS_MAX; s++)
        self->patience_ns[s] = PATIENCE_LEAST_NS;
    return self;
}

void
health_board_destroy (health_board_t **self)
{
    for (int kind = 0; *self && kind < EVENT_KIND_COUNT; kind++)
        free ((*self)->feeds[kind]);
    free (*self);
    *self = NULL;
}

void
health_board_listed (health_board_t *self, int instrument, bool is_listed)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (self->feeds[kind])
            self->feeds[kind][instrument].health.is_offered =
                is_listed && (self->sockets[kind] >= 0 || self->adapter->poll_ns[kind] > 0);
}

void
health_board_connected (health_board_t *self, int socket, bool is_connected, int64_t now_ns)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        for (size_t i = 0; self->feeds[kind] && self->sockets[kind] == socket && i < self->universe->count;
             i++) {
            feed_health_connected (&self->feeds[kind][i].health, is_connected, now_ns);
            if (socket < 0) //  nobody confirms a poll
                feed_health_acknowledged (&self->feeds[kind][i].health, true, slice_of (""), now_ns);
            self->feeds[kind][i].resubscribed_ns = 0;
        }
}

void
health_board_acknowledged (health_board_t *self, int socket, uint32_t channels, int instrument,
                           bool is_accepted, slice_t text, int64_t now_ns)
{
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (!self->feeds[kind] || self->sockets[kind] != socket || (channels && !(channels & (1u << kind))))
            continue;
        for (size_t i = 0; i < self->universe->count; i++)
            if ((instrument < 0 || instrument == (int) i) && self->feeds[kind][i].health.is_offered)
                feed_health_acknowledged (&self->feeds[kind][i].health, is_accepted, text, now_ns);
    }
}

void
health_board_refused (health_board_t *self, event_kind_t kind, int instrument, const char *why,
                      int64_t now_ns)
{
    feed_health_t *feed = health_board_feed (self, kind, instrument);
    if (feed)
        feed_health_acknowledged (feed, false, slice_of (why), now_ns);
}

feed_health_t *
health_board_feed (health_board_t *self, event_kind_t kind, int instrument)
{
    return self->feeds[kind] ? &self->feeds[kind][instrument].health : NULL;
}

void
health_board_events (health_board_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns,
                     int64_t ts_event_ns, int64_t count)
{
    feed_health_events (&self->feeds[kind][instrument].health, ts_recv_ns, ts_event_ns, count);
    if (!(self->adapter->united & (1u << kind)))
        return;
    for (int other = 0; other < EVENT_KIND_COUNT; other++)
        if (other != (int) kind && self->adapter->united & (1u << other) && self->feeds[other])
            feed_health_unchanged (&self->feeds[other][instrument].health, ts_recv_ns);
}

int
health_board_socket (const health_board_t *self, event_kind_t kind)
{
    return self->sockets[kind];
}

//  What the beat of another channel on the same socket says about a channel without one.  A slow beat that is
//  not yet due says nothing.
static sibling_t
sibling_of (const health_board_t *self, int kind, size_t instrument, int64_t now_ns)
{
    const feed_health_t *quiet = &self->feeds[kind][instrument].health;
    if (quiet->cadence_s > 0)
        return SIBLING_NONE;
    sibling_t sibling = SIBLING_NONE;
    for (int other = 0; other < EVENT_KIND_COUNT; other++) {
        if (other == kind || !self->feeds[other] || self->sockets[other] != self->sockets[kind])
            continue;
        const feed_health_t *health = &self->feeds[other][instrument].health;
        int64_t silence_ns = feed_health_silence_ns (health, now_ns);
        if (health->cadence_s <= 0)
            continue;
        if (silence_ns < feed_health_limit_ns (quiet))
            return SIBLING_FLOWS;
        if (silence_ns >= feed_health_limit_ns (health))
            sibling = SIBLING_SILENT;
    }
    return sibling;
}

//  Resubscribe once; then, if it is silent still, begin the socket again.
static void
cure (health_board_t *self, int kind, size_t instrument, int64_t now_ns)
{
    feed_t *feed = &self->feeds[kind][instrument];
    int socket = self->sockets[kind];
    if (socket < 0)
        return;
    if (!feed_health_is_curable (&feed->health, now_ns)) {
        if (feed_health_silence_ns (&feed->health, now_ns) < feed_health_limit_ns (&feed->health))
            feed->resubscribed_ns = 0;
        return;
    }
    if (feed->resubscribed_ns == 0) {
        feed->resubscribed_ns = now_ns;
        self->events.resubscribe (self->events.self, socket, (event_kind_t) kind, (int) instrument);
        return;
    }
    if (now_ns - feed->resubscribed_ns < feed_health_limit_ns (&feed->health) ||
        now_ns - self->restarted_ns[socket] < self->patience_ns[socket])
        return;
    //  A venue that does not send this at all must not cost us the rest again and again.
    bool is_again = now_ns - self->restarted_ns[socket] < 4 * self->patience_ns[socket];
    self->patience_ns[socket] = is_again ? 2 * self->patience_ns[socket] : PATIENCE_LEAST_NS;
    if (self->patience_ns[socket] > PATIENCE_MOST_NS)
        self->patience_ns[socket] = PATIENCE_MOST_NS;
    self->restarted_ns[socket] = now_ns;
    char reason[96];
    (void) snprintf (reason, sizeof reason, "%s of %s stays silent", event_kind_names[kind],
                     self->universe->names[instrument]);
    self->events.restart (self->events.self, socket, reason);
}

//  Publish what changed, or is due.  Returns true, with the sentence, when it has just become silent.
static bool
tell (health_board_t *self, int kind, size_t instrument, int64_t now_ns, bool is_due, char *message)
{
    feed_t *feed = &self->feeds[kind][instrument];
    feed_health_t *health = &feed->health;
    if (health->is_connected && health->since_ns == 0)
        health->since_ns = now_ns; //  connected before the event clock had started
    sibling_t sibling = sibling_of (self, kind, instrument, now_ns);
    health_status_t status = feed_health_status (health, now_ns, sibling, message);
    int64_t changes =
        health->gaps_count + health->repaired_count + health->lost_count + health->is_acknowledged;
    bool is_changed = (int32_t) status != feed->status_told || changes != feed->changes_told;
    if (!is_changed && !is_due)
        return false;
    health_t report;
    feed_health_report (health, now_ns, sibling, self->universe->names[instrument], self->adapter->name,
                        &report);
    (void) bus_publish_result (self->bus, feed->stream, &report);
    bool is_silent_now = status == HEALTH_SILENT && feed->status_told != HEALTH_SILENT;
    feed->status_told = (int32_t) status;
    feed->changes_told = changes;
    return is_silent_now;
}

void
health_board_tick (health_board_t *self, int64_t now_ns)
{
    int64_t place = ++self->seconds_count;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        size_t silent_count = 0, first = 0;
        char message[sizeof ((health_t *) 0)->message], first_message[sizeof message];
        for (size_t i = 0; self->feeds[kind] && i < self->universe->count; i++) {
            bool is_silent_now = tell (self, kind, i, now_ns, place++ % PUBLISH_EVERY_S == 0, message);
            cure (self, kind, i, now_ns);
            if (!is_silent_now || silent_count++ > 0)
                continue;
            first = i;
            memcpy (first_message, message, sizeof message);
        }
        if (silent_count > 0)
            self->events.silent (self->events.self, (event_kind_t) kind, (int) first, silent_count - 1,
                                 first_message);
    }
}
