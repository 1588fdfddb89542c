#include "ingest/simulator/feed.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"

enum { WANT_WORDS = UNIVERSE_MAX / 64 };
#define MARK_EVERY_NS (100 * NS_PER_MS)

struct feed_client {
    feed_client_t *next;
    feed_t *feed;
    void *socket;
    int path;
    bool is_bare, is_closing;
    uint64_t wants[FEED_CHANNELS_MAX][WANT_WORDS];
    int wants_count;
    int64_t mark_ns;      //  of the mark on its way; INT64_MAX: none
    feed_frame_t **queue; //  ring
    size_t queue_capacity, queue_first, queue_count, queue_bytes;
    text_buffer_t input;
    int64_t rate_from_ns;
    int rate_count;
};

//  A frame kept back by a fault.
typedef struct held {
    struct held *next;
    int channel, instrument;
    int64_t due_ns; //  0: after the next one of its kind
    size_t size, wrap_size;
    char text[];
} held_t;

struct feed {
    feed_options_t options;
    feed_client_t *clients;
    held_t *held;
    uint32_t wanted[FEED_CHANNELS_MAX][UNIVERSE_MAX];
    text_buffer_t edited;
    uint64_t wants_changed_count;
    int64_t marked_ns; //  last time clients were asked how far they are
    feed_stats_t stats;
};

feed_t *
feed_new (const feed_options_t *options)
{
    feed_t *self = mem_new (sizeof *self);
    self->options = *options;
    size_t count = 0;
    while (options->channels[count])
        count++;
    CHECK (count <= FEED_CHANNELS_MAX);
    return self;
}

void
feed_destroy (feed_t **self)
{
    if (!*self)
        return;
    while ((*self)->clients) {
        feed_client_t *client = (*self)->clients;
        feed_leave (&client);
    }
    while ((*self)->held) {
        held_t *held = (*self)->held;
        (*self)->held = held->next;
        free (held);
    }
    text_fini (&(*self)->edited);
    free (*self);
    *self = NULL;
}

feed_client_t *
feed_join (feed_t *self, void *socket, int path)
{
    feed_client_t *client = mem_new (sizeof *client);
    client->feed = self;
    client->socket = socket;
    client->path = path;
    client->mark_ns = INT64_MAX;
    client->next = self->clients;
    self->clients = client;
    self->stats.clients_count++;
    return client;
}

static feed_frame_t *
frame_new (slice_t text, bool is_half)
{
    feed_frame_t *frame = mem_new (sizeof *frame + FEED_HEADROOM_BYTES + text.size);
    frame->size = text.size;
    frame->is_half = is_half;
    memcpy (frame->data + FEED_HEADROOM_BYTES, text.data, text.size);
    return frame;
}

static void
frame_release (feed_frame_t *frame)
{
    CHECK (frame->references > 0);
    if (--frame->references == 0)
        free (frame);
}

void
feed_leave (feed_client_t **client)
{
    feed_client_t *self = *client;
    if (!self)
        return;
    for (int channel = 0; channel < FEED_CHANNELS_MAX; channel++)
        for (int i = 0; i < UNIVERSE_MAX; i++)
            feed_want (self, channel, i, false);
    while (self->queue_count)
        feed_sent (self);
    feed_client_t **link = &self->feed->clients;
    while (*link != self)
        link = &(*link)->next;
    *link = self->next;
    text_fini (&self->input);
    free (self->queue);
    free (self);
    *client = NULL;
}

void *
feed_client_socket (const feed_client_t *client)
{
    return client->socket;
}

int
feed_client_path (const feed_client_t *client)
{
    return client->path;
}

text_buffer_t *
feed_client_input (feed_client_t *client)
{
    return &client->input;
}

int
feed_client_rate (feed_client_t *client, int64_t mono_ns)
{
    if (mono_ns - client->rate_from_ns >= NS_PER_S) {
        client->rate_from_ns = mono_ns;
        client->rate_count = 0;
    }
    return ++client->rate_count;
}

void
feed_client_set_bare (feed_client_t *client, bool is_bare)
{
    client->is_bare = is_bare;
}

bool
feed_wants (const feed_client_t *client, int channel, int instrument)
{
    return client->wants[channel][instrument / 64] >> (instrument % 64) & 1;
}

void
feed_want (feed_client_t *client, int channel, int instrument, bool is_on)
{
    CHECK (channel >= 0 && channel < FEED_CHANNELS_MAX && instrument >= 0 && instrument < UNIVERSE_MAX);
    if (feed_wants (client, channel, instrument) == is_on)
        return;
    client->wants[channel][instrument / 64] ^= UINT64_C (1) << (instrument % 64);
    client->wants_count += is_on ? 1 : -1;
    client->feed->wants_changed_count++;
    client->feed->wanted[channel][instrument] += is_on ? 1 : -1u;
}

bool
feed_wanted (const feed_t *self, int channel, int instrument)
{
    return self->wanted[channel][instrument] > 0;
}

int
feed_subscribed_count (const feed_t *self)
{
    int count = 0;
    for (const feed_client_t *client = self->clients; client; client = client->next)
        count += client->wants_count > 0;
    return count;
}

uint64_t
feed_wants_changed_count (const feed_t *self)
{
    return self->wants_changed_count;
}

static void
enqueue (feed_client_t *client, feed_frame_t *frame)
{
    feed_t *feed = client->feed;
    if (client->is_closing)
        return;
    if (feed->options.queue_limit_bytes &&
        client->queue_bytes + frame->size > feed->options.queue_limit_bytes) {
        feed->stats.slow_clients_count++;
        logger_write (LOG_LEVEL_WARNING, "%s: a client reads too slowly: disconnected with %zu bytes unread",
                      feed->options.venue, client->queue_bytes);
        feed_close (client);
        return;
    }
    if (client->queue_count == client->queue_capacity) {
        size_t capacity = client->queue_capacity ? 2 * client->queue_capacity : 64;
        feed_frame_t **queue = mem_new (capacity * sizeof *queue);
        for (size_t i = 0; i < client->queue_count; i++)
            queue[i] = client->queue[(client->queue_first + i) % client->queue_capacity];
        free (client->queue);
        client->queue = queue;
        client->queue_capacity = capacity;
        client->queue_first = 0;
    }
    client->queue[(client->queue_first + client->queue_count++) % client->queue_capacity] = frame;
    client->queue_bytes += frame->size;
    frame->references++;
    feed->options.wake (client->socket);
}

//  To all who want it, as it is.
static void
distribute (feed_t *self, feed_client_t *only, int channel, int instrument, slice_t text, size_t wrap_size,
            bool is_half)
{
    feed_frame_t *frames[2] = {NULL, NULL};
    for (feed_client_t *client = only ? only : self->clients; client; client = only ? NULL : client->next) {
        if (!only && !feed_wants (client, channel, instrument))
            continue;
        int form = client->is_bare && wrap_size > 0 && text.size > wrap_size;
        if (!frames[form]) {
            slice_t part = form ? (slice_t){text.data + wrap_size, text.size - wrap_size - !is_half} : text;
            frames[form] = frame_new (part, is_half);
            frames[form]->references++;
        }
        enqueue (client, frames[form]);
    }
    for (int form = 0; form < 2; form++)
        if (frames[form])
            frame_release (frames[form]);
}

static void
hold (feed_t *self, int channel, int instrument, int64_t due_ns, slice_t text, size_t wrap_size)
{
    held_t *held = mem_new (sizeof *held + text.size);
    *held = (held_t){.channel = channel,
                     .instrument = instrument,
                     .due_ns = due_ns,
                     .size = text.size,
                     .wrap_size = wrap_size};
    memcpy (held->text, text.data, text.size);
    held_t **link = &self->held;
    while (*link)
        link = &(*link)->next;
    *link = held;
}

//  Send what waits for time now_ns, or for a frame of this channel and instrument to pass.
static void
release (feed_t *self, int64_t now_ns, int channel, int instrument)
{
    held_t **link = &self->held;
    while (*link) {
        held_t *held = *link;
        bool is_due = held->due_ns ? held->due_ns <= now_ns
                                   : held->channel == channel && held->instrument == instrument;
        if (!is_due) {
            link = &held->next;
            continue;
        }
        *link = held->next;
        distribute (self, NULL, held->channel, held->instrument, (slice_t){held->text, held->size},
                    held->wrap_size, false);
        free (held);
    }
}

static void
disconnect_all (feed_t *self, int channel, int instrument)
{
    for (feed_client_t *client = self->clients; client; client = client->next)
        if (feed_wants (client, channel, instrument))
            feed_close (client);
}

//  A faulty frame in place of a good one.
static void
publish_faulty (feed_t *self, feed_client_t *only, int channel, int instrument, int64_t now_ns, slice_t text,
                size_t wrap_size, fault_t fault)
{
    switch (fault.kind) {
    case FAULT_DUPLICATE:
        distribute (self, only, channel, instrument, text, wrap_size, false);
        distribute (self, only, channel, instrument, text, wrap_size, false);
        break;
    case FAULT_REORDER:
        hold (self, channel, instrument, 0, text, wrap_size);
        break;
    case FAULT_DELAY:
        hold (self, channel, instrument, now_ns + fault.hold_ns, text, wrap_size);
        break;
    case FAULT_HALF:
        distribute (self, only, channel, instrument, (slice_t){text.data, text.size / 2}, wrap_size, true);
        break;
    case FAULT_DISCONNECT:
        disconnect_all (self, channel, instrument);
        break;
    case FAULT_MALFORMED:
    case FAULT_CHECKSUM:
    case FAULT_STALE:
    case FAULT_ABSURD: {
        text_buffer_t *edited = &self->edited;
        text_reset (edited);
        text_add_slice (edited, text);
        text_add (edited, "%*s", FAULT_EDIT_GROWTH_BYTES, "");
        size_t size = text.size;
        (void) fault_plan_edit (self->options.faults, fault, instrument, edited->data, &size, edited->size);
        distribute (self, only, channel, instrument, (slice_t){edited->data, size}, wrap_size, false);
        break;
    }
    default:
        break; //  drop, silence; refuse means REST only
    }
}

void
feed_publish (feed_t *self, feed_client_t *only, int channel, int instrument, int64_t now_ns, slice_t text,
              size_t wrap_size)
{
    if (!only && !feed_wanted (self, channel, instrument))
        return;
    self->stats.published_count++;
    fault_t fault = {.kind = FAULT_NONE};
    if (fault_plan_rules_count (self->options.faults) > 0) {
        const char *name = self->options.instruments[instrument];
        fault = fault_plan_decide (self->options.faults, self->options.venue, self->options.channels[channel],
                                   name, now_ns);
        if (fault.kind != FAULT_NONE && fault.kind != FAULT_REFUSE) {
            if (self->stats.faults_count++ < 1000)
                logger_write (LOG_LEVEL_NOTICE, "fault: %s %s on %s %s at %lld", self->options.venue,
                              fault_kind_name (fault.kind), self->options.channels[channel], name,
                              (long long) (now_ns / NS_PER_MS));
            publish_faulty (self, only, channel, instrument, now_ns, text, wrap_size, fault);
            return;
        }
    }
    distribute (self, only, channel, instrument, text, wrap_size, false);
    if (self->held)
        release (self, now_ns, channel, instrument);
}

void
feed_tell (feed_client_t *client, slice_t text)
{
    feed_frame_t *frame = frame_new (text, false);
    frame->references++;
    enqueue (client, frame);
    frame_release (frame);
}

void
feed_tick (feed_t *self, int64_t now_ns)
{
    if (self->held)
        release (self, now_ns, -1, -1);
}

const feed_frame_t *
feed_next (const feed_client_t *client)
{
    return client->queue_count ? client->queue[client->queue_first] : NULL;
}

void
feed_sent (feed_client_t *client)
{
    CHECK (client->queue_count > 0);
    feed_frame_t *frame = client->queue[client->queue_first];
    client->queue_first = (client->queue_first + 1) % client->queue_capacity;
    client->queue_count--;
    client->queue_bytes -= frame->size;
    client->feed->stats.sent_count += !frame->is_mark;
    client->feed->stats.sent_bytes += frame->size;
    frame_release (frame);
}

bool
feed_must_close (const feed_client_t *client)
{
    return client->is_closing;
}

void
feed_close (feed_client_t *client)
{
    client->is_closing = true;
    client->feed->options.wake (client->socket);
}

static void
mark (feed_client_t *client, int64_t now_ns)
{
    feed_frame_t *frame = frame_new ((slice_t){"", 0}, false);
    frame->is_mark = true;
    frame->references++;
    client->mark_ns = now_ns;
    enqueue (client, frame);
    frame_release (frame);
}

bool
feed_may_go_on (feed_t *self, int64_t now_ns)
{
    for (const feed_client_t *client = self->clients; client; client = client->next)
        if (client->mark_ns != INT64_MAX && now_ns - client->mark_ns >= FEED_WINDOW_NS)
            return false;
    if (now_ns - self->marked_ns < MARK_EVERY_NS)
        return true;
    self->marked_ns = now_ns;
    for (feed_client_t *client = self->clients; client; client = client->next)
        if (client->mark_ns == INT64_MAX)
            mark (client, now_ns);
    return true;
}

void
feed_marked (feed_client_t *client)
{
    client->mark_ns = INT64_MAX;
}

feed_stats_t
feed_stats (const feed_t *self)
{
    return self->stats;
}
