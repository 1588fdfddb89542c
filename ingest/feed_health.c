#include "ingest/feed_health.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_NS  (10 * NS_PER_S)
#define LEAST_NS (8500 * NS_PER_MS) //  judged and published each second: told within 10 s

//  Half-life of the usual rate: 60 slots, ten minutes.
#define SLOT_DECAY 0.98851402035289613
enum { SLOTS_UNTIL_KNOWN = 6, MESSAGE_MAX = 128, SLOW_S = 60 };

void
feed_health_init (feed_health_t *self, event_kind_t kind, double cadence_s, coverage_t coverage)
{
    *self = (feed_health_t){.kind = kind, .cadence_s = cadence_s, .coverage = (int32_t) coverage};
}

void
feed_health_connected (feed_health_t *self, bool is_connected, int64_t now_ns)
{
    self->is_connected = is_connected;
    self->is_subscribed = is_connected;
    self->is_acknowledged = false;
    self->refusal[0] = '\0';
    if (is_connected)
        self->since_ns = now_ns;
}

void
feed_health_acknowledged (feed_health_t *self, bool is_accepted, slice_t text, int64_t now_ns)
{
    if (is_accepted && !self->is_acknowledged && now_ns > self->since_ns)
        self->since_ns = now_ns;
    self->is_acknowledged = is_accepted;
    self->refusal[0] = '\0';
    if (!is_accepted)
        (void) slice_copy (text, self->refusal, sizeof self->refusal);
}

//  Close the slots whose time is over.
static void
advance (feed_health_t *self, int64_t now_ns)
{
    int64_t slot = now_ns / SLOT_NS;
    if (self->slot == 0)
        self->slot = slot;
    int64_t behind = slot - self->slot;
    if (behind > 6 * 60)
        behind = 6 * 60; //  hours away: what was usual then is nearly forgotten anyway
    for (int64_t i = 0; i < behind; i++) {
        int64_t count = self->slots[0];
        memmove (self->slots + 1, self->slots, FEED_HEALTH_SLOTS * sizeof self->slots[0]);
        self->slots[0] = 0;
        if (self->last_ns == 0 || !self->is_connected)
            continue;
        self->rate_sum = self->rate_sum * SLOT_DECAY + (double) count;
        self->rate_weight = self->rate_weight * SLOT_DECAY + 1;
        self->slots_seen++;
    }
    if (slot > self->slot)
        self->slot = slot;
}

void
feed_health_events (feed_health_t *self, int64_t ts_recv_ns, int64_t ts_event_ns, int64_t count)
{
    advance (self, ts_recv_ns);
    self->slots[0] += count;
    self->last_ns = ts_recv_ns;
    if (ts_event_ns > 0) {
        double latency_ms = (double) (ts_recv_ns - ts_event_ns) / (double) NS_PER_MS;
        self->latency_ms[self->latencies_count++ % FEED_HEALTH_LATENCIES] = latency_ms;
    }
}

void
feed_health_unchanged (feed_health_t *self, int64_t ts_recv_ns)
{
    if (self->last_ns > 0)
        self->last_ns = ts_recv_ns;
}

int64_t
feed_health_limit_ns (const feed_health_t *self)
{
    double limit_s = self->cadence_s > SLOW_S ? 2 * self->cadence_s + SLOW_S : 5 * self->cadence_s;
    int64_t limit_ns = (int64_t) (limit_s * (double) NS_PER_S);
    return limit_ns > LEAST_NS ? limit_ns : LEAST_NS;
}

int64_t
feed_health_silence_ns (const feed_health_t *self, int64_t now_ns)
{
    int64_t from_ns = self->last_ns > self->since_ns ? self->last_ns : self->since_ns;
    return now_ns > from_ns ? now_ns - from_ns : 0;
}

double
feed_health_expected_per_min (const feed_health_t *self)
{
    if (self->cadence_s > 0)
        return 60 / self->cadence_s;
    if (self->slots_seen < SLOTS_UNTIL_KNOWN)
        return NAN;
    return 6 * self->rate_sum / self->rate_weight;
}

static bool
is_overdue (const feed_health_t *self, int64_t now_ns)
{
    int64_t silence_ns = feed_health_silence_ns (self, now_ns);
    if (silence_ns < feed_health_limit_ns (self))
        return false;
    if (self->cadence_s > 0)
        return true;
    if (self->kind == EVENT_LIQUIDATION)
        return false; //  they come in cascades: how many are usual says nothing about a pause
    double expected = feed_health_expected_per_min (self);
    double missing = expected * (double) silence_ns / (60.0 * (double) NS_PER_S);
    return !isnan (expected) && missing >= FEED_HEALTH_SURPRISE;
}

bool
feed_health_is_curable (const feed_health_t *self, int64_t now_ns)
{
    return self->is_offered && self->is_connected && self->is_subscribed && !self->is_broken &&
           is_overdue (self, now_ns);
}

health_status_t
feed_health_status (const feed_health_t *self, int64_t now_ns, sibling_t sibling, char *out)
{
    out[0] = '\0';
    if (!self->is_offered) {
        (void) snprintf (out, MESSAGE_MAX, "the venue has no such feed");
        return HEALTH_ABSENT;
    }
    if (!self->is_connected) {
        (void) snprintf (out, MESSAGE_MAX, "not connected");
        return HEALTH_DISCONNECTED;
    }
    if (self->refusal[0]) {
        (void) snprintf (out, MESSAGE_MAX, "refused: %s", self->refusal);
        return HEALTH_SILENT;
    }
    int64_t silence_ns = feed_health_silence_ns (self, now_ns);
    if (silence_ns >= feed_health_limit_ns (self))
        (void) snprintf (out, MESSAGE_MAX, "%s, no data for %" PRId64 " s",
                         self->is_acknowledged ? "acknowledged" : "not acknowledged", silence_ns / NS_PER_S);
    if (is_overdue (self, now_ns))
        return HEALTH_SILENT;
    bool is_quiet = out[0] != '\0';
    if (is_quiet && self->cadence_s <= 0 && sibling == SIBLING_SILENT)
        return HEALTH_SILENT;
    if (self->is_broken) {
        (void) snprintf (out, MESSAGE_MAX, "broken, waiting for a snapshot");
        return HEALTH_BROKEN;
    }
    if (self->last_ns == 0)
        return HEALTH_UNKNOWN;
    if (is_quiet && self->cadence_s <= 0 && sibling == SIBLING_FLOWS)
        out[0] = '\0'; //  a quiet market
    return HEALTH_OK;
}

static int
compare_doubles (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void
latencies (const feed_health_t *self, double *p50_ms, double *least_ms)
{
    size_t count =
        self->latencies_count < FEED_HEALTH_LATENCIES ? self->latencies_count : FEED_HEALTH_LATENCIES;
    *p50_ms = *least_ms = NAN;
    if (count == 0)
        return;
    double sorted[FEED_HEALTH_LATENCIES];
    memcpy (sorted, self->latency_ms, count * sizeof (double));
    qsort (sorted, count, sizeof (double), compare_doubles);
    *p50_ms = count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
    *least_ms = sorted[0];
}

void
feed_health_report (feed_health_t *self, int64_t now_ns, sibling_t sibling, const char *instrument,
                    const char *venue, health_t *out)
{
    advance (self, now_ns);
    memset (out, 0, sizeof *out);
    (void) slice_copy (slice_of (event_kind_names[self->kind]), out->event, sizeof out->event);
    (void) slice_copy (slice_of (instrument), out->instrument, sizeof out->instrument);
    (void) slice_copy (slice_of (venue), out->venue, sizeof out->venue);
    out->ts_ms = now_ns / NS_PER_MS;
    out->status = (int32_t) feed_health_status (self, now_ns, sibling, out->message);
    out->is_acknowledged = self->is_acknowledged;
    out->age_ms = NAN;
    if (self->last_ns > 0)
        out->age_ms = now_ns > self->last_ns ? (double) (now_ns - self->last_ns) / (double) NS_PER_MS : 0;
    out->expected_per_min = feed_health_expected_per_min (self);
    for (int i = 1; i <= FEED_HEALTH_SLOTS; i++)
        out->seen_per_min += (double) self->slots[i];
    out->coverage = self->is_offered ? self->coverage : COVERAGE_ABSENT;
    out->gaps_count = self->gaps_count;
    out->repaired_count = self->repaired_count;
    out->lost_count = self->lost_count;
    latencies (self, &out->latency_p50_ms, &out->clock_skew_ms);
}
