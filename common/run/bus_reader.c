//  The listening half of bus.h: what to do with what arrives.
#include "common/run/bus.h"
#include "common/run/bus_listener.h"
#include "common/base/check.h"
#include "common/base/hash.h"
#include "common/base/logger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_MAX = 4096, ASKS_MAX = 4096, RECORDS_MAX = 65536, ASK_AGAIN_MS = 2000, ABSENT_AGAIN_MS = 500 };

//  What stands at the front of every payload.
typedef struct {
    char publisher[PUBLISHER_NAME_MAX];
    int64_t boot, seq;
} origin_t;

//  An opened message: its origin, and where its records are.
typedef struct {
    origin_t origin;
    bus_message_t message;
    char feed[BUS_FEED_MAX];
} opened_t;

static int64_t
now_ns (void)
{
    return timebase_mono_ns ();
}

//  Only a book is wrong for ever after a hole.
static bool
is_stateful (const topic_t *topic)
{
    return topic->kind == TOPIC_EVENT && topic->event == EVENT_BOOK;
}

static bool
is_prefix (const char *prefix, const char *text)
{
    while (*prefix && *prefix == *text) {
        prefix++;
        text++;
    }
    return *prefix == 0;
}

void
listener_want (listener_t *self, size_t filter)
{
    const char *text = self->filters[filter];
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < self->wanted_count; i++)
        if (is_prefix (self->filters[self->wanted[i]], text))
            return;
    for (size_t i = 0; i < self->wanted_count; i++)
        if (!is_prefix (text, self->filters[self->wanted[i]]))
            self->wanted[kept++] = self->wanted[i];
    while (at < kept && strcmp (self->filters[self->wanted[at]], text) < 0)
        at++;
    memmove (self->wanted + at + 1, self->wanted + at, (kept - at) * sizeof *self->wanted);
    self->wanted[at] = (uint16_t) filter;
    self->wanted_count = kept + 1;
}

bool
listener_wants (const listener_t *self, const char *text)
{
    //  None of `wanted` begins with another, so only the last one that is not above text can be its
    //  beginning.
    size_t low = 0, high = self->wanted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp (self->filters[self->wanted[middle]], text) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && is_prefix (self->filters[self->wanted[low - 1]], text);
}

typedef struct {
    const char *text, *publisher;
} feed_key_t;

static uint64_t
hash_key (const char *text, const char *publisher)
{
    return hash_text (publisher, hash_text (text, 0));
}

static uint64_t
hash_feed (const void *entry)
{
    const feed_t *feed = entry;
    return hash_key (feed->text, feed->publisher->name);
}

static bool
is_same_feed (const void *entry, const void *key)
{
    const feed_t *feed = entry;
    const feed_key_t *wanted = key;
    return strcmp (feed->text, wanted->text) == 0 && strcmp (feed->publisher->name, wanted->publisher) == 0;
}

static publisher_t *
get_publisher (listener_t *self, const char *name)
{
    for (size_t i = 0; i < self->publishers_count; i++)
        if (strcmp (self->publishers[i]->name, name) == 0)
            return self->publishers[i];
    self->publishers = mem_grow (self->publishers, (self->publishers_count + 1) * sizeof (publisher_t *));
    publisher_t *publisher = mem_new (sizeof *publisher);
    (void) snprintf (publisher->name, sizeof publisher->name, "%s", name);
    self->publishers[self->publishers_count++] = publisher;
    return publisher;
}

//  NULL when it is not there and topic is NULL.
static feed_t *
get_feed (listener_t *self, const char *text, publisher_t *publisher, const topic_t *topic)
{
    feed_key_t key = {text, publisher->name};
    if (self->recent && is_same_feed (self->recent, &key))
        return self->recent;
    void **slot =
        bus_table_slot (&self->feeds_by_key, hash_key (text, publisher->name), is_same_feed, &key, hash_feed);
    if (*slot || !topic)
        return *slot;
    if (self->feeds_count == self->feeds_capacity) {
        self->feeds_capacity = self->feeds_capacity ? self->feeds_capacity * 2 : 64;
        self->feeds = mem_grow (self->feeds, self->feeds_capacity * sizeof (feed_t *));
    }
    feed_t *feed = mem_new (sizeof *feed);
    feed->topic = *topic;
    feed->publisher = publisher;
    feed->is_fresh = publisher->beats_count < 2;
    (void) snprintf (feed->text, sizeof feed->text, "%s", text);
    self->feeds[self->feeds_count++] = feed;
    self->feeds_by_key.count++;
    *slot = feed;
    return feed;
}

//  Asking for snapshots

static void
send_ask (peer_t *peer, ask_t *ask, int64_t at_ns)
{
    if (zmq_send (peer->dealer, "snapshot", 8, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return; //  not connected now; the timer tries again
    (void) zmq_send (peer->dealer, ask->text, strlen (ask->text), ZMQ_DONTWAIT);
    ask->sent_ns = at_ns;
    metric_add (peer->listener->asked, 1);
    loop_kick (peer->watch);
}

static void
ask_peer (peer_t *peer, const char *text, int64_t at_ns)
{
    for (size_t i = 0; i < peer->asks_count; i++)
        if (strcmp (peer->asks[i].text, text) == 0)
            return; //  under way
    if (peer->asks_count == ASKS_MAX)
        return;
    if (peer->asks_count == peer->asks_capacity) {
        peer->asks_capacity = peer->asks_capacity ? peer->asks_capacity * 2 : 32;
        peer->asks = mem_grow (peer->asks, peer->asks_capacity * sizeof (ask_t));
    }
    ask_t *ask = &peer->asks[peer->asks_count++];
    *ask = (ask_t){.sent_ns = 0};
    (void) snprintf (ask->text, sizeof ask->text, "%s", text);
    send_ask (peer, ask, at_ns);
}

void
listener_ask (listener_t *self, const char *text, const char *publisher)
{
    int64_t at_ns = now_ns ();
    for (size_t i = 0; i < self->peers_count; i++) {
        peer_t *peer = self->peers[i];
        if (peer->dealer &&
            (!publisher || peer->publisher[0] == 0 || strcmp (peer->publisher, publisher) == 0))
            ask_peer (peer, text, at_ns);
    }
}

void
listener_end_ask (peer_t *peer, const char *text)
{
    for (size_t i = 0; i < peer->asks_count; i++)
        if (strcmp (peer->asks[i].text, text) == 0) {
            peer->asks[i] = peer->asks[--peer->asks_count];
            return;
        }
}

static bool
can_ask (const listener_t *self)
{
    for (size_t i = 0; i < self->peers_count; i++)
        if (self->peers[i]->dealer)
            return true;
    return false;
}

void
listener_repair (void *argument)
{
    listener_t *self = argument;
    int64_t at_ns = now_ns ();
    size_t waiting = 0;
    for (size_t i = 0; i < self->feeds_count; i++) {
        feed_t *feed = self->feeds[i];
        waiting += feed->is_waiting;
        if (!feed->is_waiting || at_ns < feed->ask_at_ns)
            continue;
        listener_ask (self, feed->text, feed->publisher->name);
        feed->ask_at_ns = at_ns + ABSENT_AGAIN_MS * NS_PER_MS;
    }
    metric_set (self->waiting, (double) waiting);
    for (size_t i = 0; i < self->peers_count; i++) {
        peer_t *peer = self->peers[i];
        for (size_t k = 0; k < peer->asks_count; k++)
            if (peer->asks[k].sent_ns == 0 || at_ns - peer->asks[k].sent_ns >= ASK_AGAIN_MS * NS_PER_MS)
                send_ask (peer, &peer->asks[k], at_ns);
    }
}

//  The machine of one stream

static void
report_gap (listener_t *self, const feed_t *feed, int64_t from_seq, int64_t to_seq, const char *reason)
{
    metric_add (self->holes, 1);
    if (from_seq > 0)
        metric_add (self->missing, (double) (to_seq - from_seq + 1));
    if (!self->reader.gap)
        return;
    bus_gap_t gap = {.topic = feed->topic,
                     .publisher = feed->publisher->name,
                     .boot = feed->publisher->boot,
                     .from_seq = from_seq,
                     .to_seq = to_seq,
                     .reason = reason};
    self->reader.gap (self->reader.self, &gap);
}

void
listener_drop_held (listener_t *self, feed_t *feed)
{
    metric_add (self->discarded, (double) feed->held_count);
    for (size_t i = 0; i < feed->held_count; i++)
        (void) zmq_msg_close (&feed->held[i].payload);
    feed->held_count = 0;
}

//  Everything up to need is missing, or not known: a snapshot must bring it.
static void
start_waiting (listener_t *self, feed_t *feed, int64_t need)
{
    listener_drop_held (self, feed);
    feed->is_waiting = true;
    feed->need = need;
    if (now_ns () >= feed->ask_at_ns) {
        feed->ask_at_ns = now_ns () + ABSENT_AGAIN_MS * NS_PER_MS;
        listener_ask (self, feed->text, feed->publisher->name);
    }
}

static bool
must_wait (const listener_t *self, const feed_t *feed)
{
    return is_stateful (&feed->topic) && can_ask (self);
}

static void
hold (listener_t *self, feed_t *feed, zmq_msg_t *payload, int64_t seq)
{
    if (feed->held_count == HELD_MAX) {
        int64_t from_seq = feed->held[0].seq;
        start_waiting (self, feed, seq - 1);
        report_gap (self, feed, from_seq, seq - 1, "queue full");
    }
    if (feed->held_count == feed->held_capacity) {
        feed->held_capacity = feed->held_capacity ? feed->held_capacity * 2 : 64;
        feed->held = mem_grow (feed->held, feed->held_capacity * sizeof (held_t));
    }
    held_t *held = &feed->held[feed->held_count++];
    held->seq = seq;
    (void) zmq_msg_init (&held->payload);
    (void) zmq_msg_move (&held->payload, payload);
}

//  A publisher that started again: every stream of it begins anew.  false: a message from before it did.
static bool
see_boot (listener_t *self, publisher_t *publisher, int64_t boot)
{
    if (boot <= publisher->boot)
        return boot == publisher->boot;
    bool is_known = publisher->boot != 0;
    publisher->boot = boot;
    if (!is_known)
        return true;
    publisher->beats_count = 0;
    logger_write (LOG_LEVEL_NOTICE, "%s has started anew", publisher->name);
    for (size_t i = 0; i < self->feeds_count; i++) {
        feed_t *feed = self->feeds[i];
        if (feed->publisher != publisher)
            continue;
        feed->last = 0;
        feed->is_fresh = true;
        feed->ask_at_ns = 0;
        if (must_wait (self, feed))
            start_waiting (self, feed, 0);
        report_gap (self, feed, 0, 0, "new boot");
    }
    return true;
}

typedef enum { TAKE_DELIVER, TAKE_HOLD, TAKE_DROP } take_t;

static take_t
take_waiting (listener_t *self, feed_t *feed, int64_t seq)
{
    if (seq == 1 && feed->held_count == 0 && feed->need == 0) { //  the very first: nothing is missing
        feed->is_waiting = false;
        feed->last = 1;
        feed->is_fresh = false;
        return TAKE_DELIVER;
    }
    int64_t newest = feed->held_count ? feed->held[feed->held_count - 1].seq : feed->need;
    if (seq <= newest) {
        metric_add (self->duplicates, 1);
        return TAKE_DROP;
    }
    if (feed->held_count == 0)
        feed->need = seq - 1;
    else if (seq != newest + 1) {
        start_waiting (self, feed, seq - 1);
        report_gap (self, feed, newest + 1, seq - 1, "hole");
    }
    return TAKE_HOLD;
}

//  What to do with message seq of a stream of the present boot.  Gaps are reported here.
static take_t
take (listener_t *self, feed_t *feed, int64_t seq)
{
    if (feed->is_waiting)
        return take_waiting (self, feed, seq);
    if (seq <= feed->last) {
        metric_add (self->duplicates, 1);
        return TAKE_DROP;
    }
    bool is_next = seq == feed->last + 1;
    if (is_next || !must_wait (self, feed)) {
        int64_t from_seq = feed->last + 1;
        bool is_late = feed->is_fresh;
        feed->last = seq;
        feed->is_fresh = false;
        if (!is_next && !is_late)
            report_gap (self, feed, from_seq, seq - 1, "hole");
        return TAKE_DELIVER;
    }
    bool is_late = feed->is_fresh;
    feed->is_fresh = false;
    start_waiting (self, feed, seq - 1);
    if (!is_late)
        report_gap (self, feed, feed->last + 1, seq - 1, "hole");
    return TAKE_HOLD;
}

//  Reading messages

static int
open_event (listener_t *self, slice_t payload, const topic_t *topic, opened_t *out, error_text_t *error)
{
    field_codec_t *in = self->in;
    size_t parts, count = 0;
    int64_t schema, source;
    int status = field_open (in, payload, error);
    if (status != OK)
        return status;
    if (field_get_array (in, &parts) != OK || parts < 7 || field_get_i64 (in, &schema) != OK)
        return error_set (error, E_SYNTAX, "no envelope");
    if (schema != WIRE_SCHEMA)
        return error_set (error, E_RANGE, "schema %lld, not %d", (long long) schema, WIRE_SCHEMA);
    if (field_get_text (in, out->origin.publisher, sizeof out->origin.publisher) != OK ||
        field_get_i64 (in, &out->origin.boot) != OK || field_get_i64 (in, &out->origin.seq) != OK ||
        field_get_i64 (in, &source) != OK || field_get_i64 (in, &out->message.ts_recv_ns) != OK ||
        field_get_array (in, &count) != OK)
        return error_set (error, E_SYNTAX, "no envelope");
    if (source < 0 || source > SOURCE_SIM || count > RECORDS_MAX)
        return error_set (error, E_RANGE, "source or count of records out of bounds");
    out->message.source = (source_t) source;
    const field_table_t *table = event_table (topic->event);
    char *records = count ? field_scratch (in, count * table->size) : NULL;
    for (size_t i = 0; i < count && status == OK; i++)
        status = field_get (in, table, records + i * table->size, error);
    out->feed[0] = 0;
    if (status == OK && parts >= 8 && field_get_text (in, out->feed, sizeof out->feed) != OK)
        return error_set (error, E_SYNTAX, "feed: not a text, or too long");
    out->message.feed = out->feed;
    out->message.records = records;
    out->message.count = count;
    return status;
}

static int
open_result (listener_t *self, slice_t payload, const topic_t *topic, opened_t *out, error_text_t *error)
{
    int status = field_open (self->in, payload, error);
    if (status != OK)
        return status;
    const field_table_t *table = result_table (topic->kind);
    result_head_t *head = field_scratch (self->in, table->size);
    status = field_get (self->in, table, head, error);
    if (status != OK)
        return status;
    if (head->schema != WIRE_SCHEMA)
        return error_set (error, E_RANGE, "schema %d, not %d", head->schema, WIRE_SCHEMA);
    (void) snprintf (out->origin.publisher, sizeof out->origin.publisher, "%s", head->publisher);
    out->origin.boot = head->boot;
    out->origin.seq = head->seq;
    out->message.source = (source_t) head->source;
    out->message.ts_recv_ns = 0;
    out->message.feed = "";
    out->message.records = head;
    out->message.count = 1;
    return OK;
}

//  On failure the origin may still be known: then the message is a gap in its stream.
static int
open_message (listener_t *self, slice_t payload, const topic_t *topic, opened_t *out, error_text_t *error)
{
    *out = (opened_t){.message = {.payload = payload}};
    int status = topic->kind == TOPIC_EVENT ? open_event (self, payload, topic, out, error)
                                            : open_result (self, payload, topic, out, error);
    bool has_origin = out->origin.publisher[0] && out->origin.boot > 0 && out->origin.seq >= 0;
    if (status == OK && !has_origin)
        status = error_set (error, E_RANGE, "publisher, boot or seq missing");
    if (!has_origin)
        out->origin.publisher[0] = 0;
    return status;
}

static void
deliver (listener_t *self, const feed_t *feed, opened_t *opened, bool is_snapshot)
{
    bus_message_t *message = &opened->message;
    message->topic = feed->topic;
    message->publisher = feed->publisher->name;
    message->boot = opened->origin.boot;
    message->seq = opened->origin.seq;
    message->is_snapshot = is_snapshot;
    if (self->reader.message)
        self->reader.message (self->reader.self, message);
}

static void
count_bad (listener_t *self, const char *text, const error_text_t *error)
{
    metric_add (self->bad, 1);
    logger_write (LOG_LEVEL_WARNING, "bad message on %.100s: %s", text, error->text);
}

//  A message that came in its turn and cannot be used: its place in the stream is a hole.
static void
skip_bad (listener_t *self, feed_t *feed, int64_t seq)
{
    take_t what = take (self, feed, seq);
    if (what == TAKE_DROP)
        return;
    if (is_stateful (&feed->topic) && can_ask (self))
        start_waiting (self, feed, seq);
    report_gap (self, feed, seq, seq, "bad message");
}

static void
read_beat (listener_t *self, const beat_t *beat);

void
listener_read (listener_t *self, const char *text, zmq_msg_t *payload)
{
    topic_t topic;
    opened_t opened;
    error_text_t error = {""};
    metric_add (self->received, 1);
    if (topic_parse (slice_of (text), self->bus->prefix, &topic) != OK) {
        (void) error_set (&error, E_SYNTAX, "not a topic");
        count_bad (self, text, &error);
        return;
    }
    slice_t bytes = {zmq_msg_data (payload), zmq_msg_size (payload)};
    int status = open_message (self, bytes, &topic, &opened, &error);
    if (status != OK)
        count_bad (self, text, &error);
    if (opened.origin.publisher[0] == 0)
        return;
    publisher_t *publisher = get_publisher (self, opened.origin.publisher);
    if (!see_boot (self, publisher, opened.origin.boot)) {
        metric_add (self->duplicates, 1);
        return;
    }
    if (topic.kind == TOPIC_BEAT) {
        if (status == OK)
            read_beat (self, opened.message.records);
        return;
    }
    feed_t *feed = get_feed (self, text, publisher, &topic);
    self->recent = feed;
    if (status != OK) {
        skip_bad (self, feed, opened.origin.seq);
        return;
    }
    switch (take (self, feed, opened.origin.seq)) {
    case TAKE_DELIVER:
        deliver (self, feed, &opened, false);
        break;
    case TAKE_HOLD:
        hold (self, feed, payload, opened.origin.seq);
        break;
    case TAKE_DROP:
        break;
    }
}

//  Beats follow what they count through the same queue, so whatever they list and we have not, is lost.
static void
read_beat_topic (listener_t *self, publisher_t *publisher, const beat_topic_t *listed)
{
    topic_t topic;
    if (listed->seq == 0 || !listener_wants (self, listed->topic))
        return;
    feed_t *feed = get_feed (self, listed->topic, publisher, NULL);
    if (!feed) {
        if (topic_parse (slice_of (listed->topic), self->bus->prefix, &topic) != OK ||
            topic.kind == TOPIC_BEAT)
            return;
        feed = get_feed (self, listed->topic, publisher, &topic);
    }
    int64_t newest = feed->is_waiting ? (feed->held_count ? feed->held[feed->held_count - 1].seq : feed->need)
                                      : feed->last;
    if (listed->seq <= newest)
        return;
    bool is_late = feed->is_fresh;
    feed->is_fresh = false;
    if (must_wait (self, feed))
        start_waiting (self, feed, listed->seq);
    else
        feed->last = listed->seq;
    if (!is_late)
        report_gap (self, feed, newest + 1, listed->seq, "hole");
}

static void
read_beat (listener_t *self, const beat_t *beat)
{
    bus_t *bus = self->bus;
    if (beat->universe_hash != 0 && bus->universe_hash != 0 && beat->universe_hash != bus->universe_hash) {
        logger_write (
            LOG_LEVEL_ERROR,
            "%s works on another list of instruments: pipeline/instruments must be the same everywhere",
            beat->head.publisher);
        loop_stop (bus->loop, EXIT_CONFIG_WRONG);
        return;
    }
    publisher_t *publisher = get_publisher (self, beat->head.publisher);
    publisher->beats_count++;
    for (size_t i = 0; i < beat->topics_count; i++)
        read_beat_topic (self, publisher, &beat->topics[i]);
    if (self->reader.beat)
        self->reader.beat (self->reader.self, beat);
}

//  After a snapshot: what was held and is newer, in order.
static void
deliver_held (listener_t *self, feed_t *feed)
{
    size_t count = feed->held_count;
    held_t *held = feed->held;
    feed->held = NULL; //  a callback may make the feed wait again
    feed->held_count = feed->held_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        opened_t opened;
        error_text_t error = {""};
        slice_t bytes = {zmq_msg_data (&held[i].payload), zmq_msg_size (&held[i].payload)};
        if (held[i].seq > feed->last && open_message (self, bytes, &feed->topic, &opened, &error) == OK) {
            take_t what = take (self, feed, held[i].seq);
            if (what == TAKE_DELIVER)
                deliver (self, feed, &opened, false);
            else if (what == TAKE_HOLD)
                hold (self, feed, &held[i].payload, held[i].seq);
        }
        (void) zmq_msg_close (&held[i].payload);
    }
    free (held);
}

void
listener_read_snapshot (listener_t *self, peer_t *peer, const char *text, slice_t payload)
{
    topic_t topic;
    opened_t opened;
    error_text_t error = {""};
    if (topic_parse (slice_of (text), self->bus->prefix, &topic) != OK)
        (void) error_set (&error, E_SYNTAX, "not a topic");
    else if (open_message (self, payload, &topic, &opened, &error) == OK)
        error.text[0] = 0;
    if (error.text[0]) {
        count_bad (self, text, &error);
        return;
    }
    (void) snprintf (peer->publisher, sizeof peer->publisher, "%s", opened.origin.publisher);
    publisher_t *publisher = get_publisher (self, opened.origin.publisher);
    if (!see_boot (self, publisher, opened.origin.boot))
        return;
    feed_t *feed = get_feed (self, text, publisher, &topic);
    int64_t seq = opened.origin.seq;
    if (feed->is_waiting ? seq < feed->need : seq < feed->last)
        return; //  older than what we have; a waiting feed asks again
    if (feed->is_waiting)
        metric_add (self->healed, 1);
    feed->is_waiting = false;
    feed->is_fresh = false;
    feed->last = seq;
    deliver (self, feed, &opened, true);
    deliver_held (self, feed);
}
