/*  feed_health - the truth about one stream: one kind of event of one instrument at one venue
 *
 *  Why   a subscription that is acknowledged is not one that flows, and nothing downstream can tell a quiet
 *        market from a dead feed.
 *  How   a channel with a steady beat (cadence) is silent after max (8.5 s, 5 x cadence); one slower than a
 *        minute, which is polled, when two beats in a row are missing.
 *        A channel of events (trades, liquidations) is silent when a cadenced sibling on the same socket is,
 *        or when so much time has passed that SURPRISE events of its own usual rate are missing (not so
 *        liquidations: they come in cascades, and a usual rate of them says nothing about a pause).
 *        Otherwise quiet is allowed, and a channel that has never spoken is unknown, not well.
 *  Not   it reconnects nothing (session does) and reads no clock. */

#ifndef LEADLINE_FEED_HEALTH_H
#define LEADLINE_FEED_HEALTH_H

#include "common/wire/result.h"

enum { FEED_HEALTH_LATENCIES = 64, FEED_HEALTH_SLOTS = 6, FEED_HEALTH_SURPRISE = 20 };

typedef enum { SIBLING_NONE, SIBLING_FLOWS, SIBLING_SILENT } sibling_t;

typedef struct {
    event_kind_t kind;
    double cadence_s; //  0: event-driven
    int32_t coverage;
    bool is_offered; //  the venue has this channel and lists this instrument
    bool is_connected;
    bool is_acknowledged;
    bool is_broken;
    bool is_subscribed; //  asked for at all
    int64_t since_ns;   //  connected and asked for since
    int64_t last_ns;    //  of the last event received, or shown to be unchanged; 0 none yet
    int64_t gaps_count, repaired_count, lost_count;
    //  events in slots of 10 s
    int64_t slot;
    int64_t slots[FEED_HEALTH_SLOTS + 1];
    double rate_sum, rate_weight; //  exponentially weighted events a slot, bias-corrected by the weight
    int32_t slots_seen;
    //  receive time minus venue time, ms
    double latency_ms[FEED_HEALTH_LATENCIES];
    uint32_t latencies_count;
    char refusal[80]; //  the venue's words when it refused the subscription
} feed_health_t;

//  cadence_s 0: event-driven.
void
feed_health_init (feed_health_t *self, event_kind_t kind, double cadence_s, coverage_t coverage);

//  The socket is up and the subscription has been sent / the socket is gone.
void
feed_health_connected (feed_health_t *self, bool is_connected, int64_t now_ns);

void
feed_health_acknowledged (feed_health_t *self, bool is_accepted, slice_t text, int64_t now_ns);

//  count events of one frame arrived.  ts_event_ns 0: the venue gave no time.
void
feed_health_events (feed_health_t *self, int64_t ts_recv_ns, int64_t ts_event_ns, int64_t count);

//  A message that would have said what changed did not name it: it flows, if it has ever spoken.
void
feed_health_unchanged (feed_health_t *self, int64_t ts_recv_ns);

//  How long it may be quiet.
int64_t
feed_health_limit_ns (const feed_health_t *self);

//  Time since the last event, or since it was asked for.
int64_t
feed_health_silence_ns (const feed_health_t *self, int64_t now_ns);

//  Events a minute that are usual; NaN not known yet.
double
feed_health_expected_per_min (const feed_health_t *self);

//  The status by the rules above, with a sentence for people (out holds 128; "" when all is well).
health_status_t
feed_health_status (const feed_health_t *self, int64_t now_ns, sibling_t sibling, char *out);

//  A silence that resubscribing may cure: the channel has a beat or a usual rate and misses it.
bool
feed_health_is_curable (const feed_health_t *self, int64_t now_ns);

//  Everything, ready to publish.  self is written to: slots whose time is over are closed.
void
feed_health_report (feed_health_t *self, int64_t now_ns, sibling_t sibling, const char *instrument,
                    const char *venue, health_t *out);

#endif
