/*  bus_listener - the listening half of the bus, as its two files share it; nobody else includes it
 *
 *  bus_reader.c   decides: streams, holes, what is held, what is asked for
 *  bus_connect.c  moves frames: sockets, filters, connections */

#ifndef LEADLINE_BUS_LISTENER_H
#define LEADLINE_BUS_LISTENER_H

#include "common/run/bus_private.h"

enum { BUS_FILTERS_MAX = 8192, BUS_PEERS_MAX = 64 };

//  A publisher we have heard of.
typedef struct {
    char name[PUBLISHER_NAME_MAX];
    int64_t boot;
    int64_t beats_count; //  since the last new filter: from the second on, every stream there is, is known
} publisher_t;

typedef struct {
    zmq_msg_t payload;
    int64_t seq;
} held_t;

//  The reader's end of one stream.
typedef struct {
    topic_t topic;
    char text[TOPIC_TEXT_MAX];
    publisher_t *publisher;
    int64_t last;      //  seq delivered
    bool is_fresh;     //  nothing delivered yet of this boot: starting late is no hole
    bool is_waiting;   //  WAITING for a snapshot
    int64_t need;      //  the snapshot must be this new
    int64_t ask_at_ns; //  WAITING: when to ask (again)
    held_t *held;
    size_t held_count, held_capacity;
} feed_t;

//  A snapshot wanted from one publisher.
typedef struct {
    char text[TOPIC_TEXT_MAX];
    int64_t sent_ns; //  0: not yet
} ask_t;

typedef struct {
    listener_t *listener;
    char publisher[PUBLISHER_NAME_MAX]; //  learnt from its first answer, "" until then
    void *dealer;
    loop_watch_t *watch;
    ask_t *asks;
    size_t asks_count, asks_capacity;
} peer_t;

struct listener {
    bus_t *bus;
    bus_reader_t reader;
    void *sub;
    loop_watch_t *watch;
    loop_timer_t *repair;
    field_codec_t *in;
    char filters[BUS_FILTERS_MAX][TOPIC_TEXT_MAX];
    size_t filters_count;
    uint16_t wanted[BUS_FILTERS_MAX]; //  filters none of which begins with another, ascending
    size_t wanted_count;
    peer_t *peers[BUS_PEERS_MAX];
    size_t peers_count;
    publisher_t **publishers;
    size_t publishers_count;
    feed_t **feeds;
    size_t feeds_count, feeds_capacity;
    bus_table_t feeds_by_key;
    feed_t *recent;
    metric_t *received, *holes, *missing, *duplicates, *bad, *asked, *healed, *discarded, *waiting;
};

//  filters[filter] has been added.
void
listener_want (listener_t *self, size_t filter);

//  Does a topic's text start with one of the filters?
bool
listener_wants (const listener_t *self, const char *text);

//  One message of a topic, taken apart; payload may be kept (it is then empty after the call).
void
listener_read (listener_t *self, const char *text, zmq_msg_t *payload);

//  One snapshot that peer gave.
void
listener_read_snapshot (listener_t *self, peer_t *peer, const char *text, slice_t payload);

//  Ask for the snapshot of a topic; publisher NULL: all of them.
void
listener_ask (listener_t *self, const char *text, const char *publisher);

//  An answer has come: no need to ask again.
void
listener_end_ask (peer_t *peer, const char *text);

//  What could not be sent, or was not answered: asked again.  A loop_fn, for every 100 ms.
void
listener_repair (void *listener);

void
listener_drop_held (listener_t *self, feed_t *feed);

#endif
