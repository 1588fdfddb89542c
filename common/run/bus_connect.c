//  The listening half of bus.h: sockets, filters, connections.
#include "common/run/bus.h"
#include "common/run/bus_listener.h"
#include "common/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_PER_TURN = 256, REPAIR_EVERY_MS = 100 };

//  Parts of one message into msgs[most]; the rest is dropped.  0: nothing there.
static size_t
receive_parts (void *socket, zmq_msg_t msgs[], size_t most)
{
    size_t count = 0;
    for (bool has_more = true; has_more; count++) {
        zmq_msg_t spare, *msg = count < most ? &msgs[count] : &spare;
        (void) zmq_msg_init (msg);
        if (zmq_msg_recv (msg, socket, ZMQ_DONTWAIT) < 0) {
            (void) zmq_msg_close (msg);
            break;
        }
        has_more = zmq_msg_more (msg);
        if (count >= most)
            (void) zmq_msg_close (msg);
    }
    return count;
}

static void
close_parts (zmq_msg_t msgs[], size_t count, size_t most)
{
    for (size_t i = 0; i < count && i < most; i++)
        (void) zmq_msg_close (&msgs[i]);
}

static bool
part_text (zmq_msg_t *msg, char *out)
{
    slice_t text = {zmq_msg_data (msg), zmq_msg_size (msg)};
    return slice_copy (text, out, TOPIC_TEXT_MAX) == OK && strlen (out) == text.size;
}

static bool
read_topics (void *argument)
{
    listener_t *self = argument;
    for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        zmq_msg_t msgs[2];
        char text[TOPIC_TEXT_MAX] = "";
        size_t count = receive_parts (self->sub, msgs, 2);
        if (count == 0)
            return false;
        if (count == 2 && part_text (&msgs[0], text))
            listener_read (self, text, &msgs[1]);
        else
            metric_add (self->bad, 1);
        close_parts (msgs, count, 2);
    }
    return true;
}

static bool
read_answers (void *argument)
{
    peer_t *peer = argument;
    for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        zmq_msg_t msgs[3];
        char word[TOPIC_TEXT_MAX] = "", text[TOPIC_TEXT_MAX] = "";
        size_t count = receive_parts (peer->dealer, msgs, 3);
        if (count == 0)
            return false;
        bool is_answer = count >= 2 && part_text (&msgs[0], word) && part_text (&msgs[1], text);
        if (is_answer)
            listener_end_ask (peer, text);
        if (is_answer && count == 3 && strcmp (word, "snapshot") == 0)
            listener_read_snapshot (peer->listener, peer, text,
                                    (slice_t){zmq_msg_data (&msgs[2]), zmq_msg_size (&msgs[2])});
        else if (!is_answer || strcmp (word, "absent") != 0)
            metric_add (peer->listener->bad, 1);
        close_parts (msgs, count, 3);
    }
    return true;
}

static void *
open_socket (bus_t *bus, int type)
{
    void *socket = zmq_socket (loop_zmq (bus->loop), type);
    CHECK (socket);
    int linger_ms = 0, immediate = 1;
    int64_t most = BUS_MESSAGE_BYTES_MAX;
    (void) zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    (void) zmq_setsockopt (socket, ZMQ_MAXMSGSIZE, &most, sizeof most);
    if (type == ZMQ_DEALER)
        (void) zmq_setsockopt (socket, ZMQ_IMMEDIATE, &immediate, sizeof immediate);
    else
        (void) zmq_setsockopt (socket, ZMQ_RCVHWM, &bus->receive_queue_messages, sizeof (int));
    return socket;
}

listener_t *
listener_new (bus_t *bus)
{
    listener_t *self = mem_new (sizeof *self);
    metrics_t *metrics = bus->metrics;
    self->bus = bus;
    self->in = field_codec_new ();
    self->sub = open_socket (bus, ZMQ_SUB);
    self->received = metrics_counter (metrics, "bus_messages_received", "", "Messages read.");
    self->holes = metrics_counter (metrics, "bus_holes", "", "Holes found in streams, new boots included.");
    self->missing = metrics_counter (metrics, "bus_messages_missing", "", "Messages known to be lost.");
    self->duplicates = metrics_counter (metrics, "bus_duplicates", "", "Messages not newer than the last.");
    self->bad = metrics_counter (metrics, "bus_bad_messages", "", "Messages that could not be read.");
    self->asked = metrics_counter (metrics, "bus_snapshots_asked", "", "Snapshot requests sent.");
    self->healed = metrics_counter (metrics, "bus_streams_healed", "", "Streams made whole by a snapshot.");
    self->discarded = metrics_counter (metrics, "bus_held_discarded", "",
                                       "Messages held for a snapshot and then given up.");
    self->waiting = metrics_gauge (metrics, "bus_streams_waiting", "", "Streams that wait for a snapshot.");
    self->watch = loop_watch_zmq (bus->loop, self->sub, read_topics, self);
    self->repair = loop_every (bus->loop, REPAIR_EVERY_MS * NS_PER_MS, listener_repair, self);
    return self;
}

void
listener_destroy (listener_t **self)
{
    listener_t *listener = *self;
    if (!listener)
        return;
    loop_cancel (&listener->repair);
    loop_unwatch (&listener->watch);
    (void) zmq_close (listener->sub);
    for (size_t i = 0; i < listener->peers_count; i++) {
        peer_t *peer = listener->peers[i];
        loop_unwatch (&peer->watch);
        if (peer->dealer)
            (void) zmq_close (peer->dealer);
        free (peer->asks);
        free (peer);
    }
    for (size_t i = 0; i < listener->feeds_count; i++) {
        listener_drop_held (listener, listener->feeds[i]);
        free (listener->feeds[i]->held);
        free (listener->feeds[i]);
    }
    for (size_t i = 0; i < listener->publishers_count; i++)
        free (listener->publishers[i]);
    free (listener->publishers);
    free (listener->feeds);
    free (listener->feeds_by_key.slots);
    field_codec_destroy (&listener->in);
    free (listener);
    *self = NULL;
}

static int
add_filter (listener_t *self, const char *filter, error_text_t *error)
{
    for (size_t i = 0; i < self->filters_count; i++)
        if (strcmp (self->filters[i], filter) == 0)
            return OK;
    if (self->filters_count == BUS_FILTERS_MAX || strlen (filter) >= TOPIC_TEXT_MAX)
        return error_set (error, E_RANGE, "filter %.100s: too long, or too many of them", filter);
    (void) snprintf (self->filters[self->filters_count], TOPIC_TEXT_MAX, "%s", filter);
    listener_want (self, self->filters_count++);
    for (size_t i = 0; i < self->publishers_count; i++)
        self->publishers[i]->beats_count = 0;
    CHECK (zmq_setsockopt (self->sub, ZMQ_SUBSCRIBE, filter, strlen (filter)) == 0);
    return OK;
}

static listener_t *
get_listener (bus_t *self)
{
    if (!self->listener)
        self->listener = listener_new (self);
    return self->listener;
}

int
bus_connect (bus_t *self, const char *endpoint, const char *snapshot_endpoint, const char *const filters[],
             size_t filters_count, error_text_t *error)
{
    listener_t *listener = get_listener (self);
    char beats[TOPIC_TEXT_MAX];
    int status = OK;
    for (size_t i = 0; i < filters_count && status == OK; i++)
        status = add_filter (listener, filters[i], error);
    if (status != OK)
        return status;
    if (listener->peers_count == BUS_PEERS_MAX)
        return error_set (error, E_RANGE, "more than %d publishers", BUS_PEERS_MAX);
    (void) topic_filter (TOPIC_BEAT, self->prefix,
                         beats); //  last: a beat then finds all other filters in force
    status = add_filter (listener, beats, error);
    if (status != OK)
        return status;
    if (zmq_connect (listener->sub, endpoint) != 0)
        return error_set (error, E_IO, "%s: %s", endpoint, zmq_strerror (zmq_errno ()));
    peer_t *peer = mem_new (sizeof *peer);
    peer->listener = listener;
    listener->peers[listener->peers_count++] = peer;
    loop_kick (listener->watch);
    if (!snapshot_endpoint)
        return OK;
    peer->dealer = open_socket (self, ZMQ_DEALER);
    if (zmq_connect (peer->dealer, snapshot_endpoint) != 0)
        return error_set (error, E_IO, "%s: %s", snapshot_endpoint, zmq_strerror (zmq_errno ()));
    peer->watch = loop_watch_zmq (self->loop, peer->dealer, read_answers, peer);
    return OK;
}

void
bus_read (bus_t *self, const bus_reader_t *reader)
{
    get_listener (self)->reader = *reader;
}

void
bus_ask (bus_t *self, const topic_t *topic)
{
    char text[TOPIC_TEXT_MAX];
    (void) topic_format (topic, self->prefix, text);
    listener_ask (get_listener (self), text, NULL);
}
