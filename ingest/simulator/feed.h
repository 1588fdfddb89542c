/*  feed - the connected clients of one venue: what each wants, and the frames that wait for it
 *
 *  Why   rendering a message once and handing it to every client that asked for its channel and instrument is
 *        the same for every venue; so are the faults put into it and the bound on what a slow client may
 *        leave unread.
 *  How   channels and instruments are indices; a client's wants are bits.  A frame is shared by the queues it
 *        waits in.  A client whose queue passes the limit is disconnected, as exchanges do, and counted.
 *  Not   sockets: the server owns them, asks for the next frame when a socket can take one, and is woken
 *        through a callback when there is something to send or to close. */

#ifndef LEADLINE_FEED_H
#define LEADLINE_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/field.h"
#include "common/wire/universe.h"
#include "ingest/simulator/fault_plan.h"

enum { FEED_CHANNELS_MAX = 16, FEED_HEADROOM_BYTES = 32 };
#define FEED_WINDOW_NS (500 * NS_PER_MS)

typedef struct feed feed_t;
typedef struct feed_client feed_client_t;

//  A message on its way: data + FEED_HEADROOM_BYTES is the text.
typedef struct {
    uint32_t references;
    bool is_half; //  send without an end, then close
    bool is_mark; //  no text: a ping
    size_t size;
    char data[];
} feed_frame_t;

typedef struct {
    const char *venue;
    const char *const *channels;    //  the venue's words, NULL at the end
    const char *const *instruments; //  names for fault rules, by index; kept
    fault_plan_t *faults;           //  kept
    size_t queue_limit_bytes;       //  a slower client is disconnected; 0: never (the world waits instead)
    void (*wake) (void *socket);    //  something to send, or to close
} feed_options_t;

typedef struct {
    uint64_t published_count, sent_count, sent_bytes, slow_clients_count, clients_count, faults_count;
} feed_stats_t;

feed_t *
feed_new (const feed_options_t *options);
void
feed_destroy (feed_t **self);

//  A client came (socket and its path, index into the protocol's paths) or went.
feed_client_t *
feed_join (feed_t *self, void *socket, int path);
void
feed_leave (feed_client_t **client);

void *
feed_client_socket (const feed_client_t *client);
int
feed_client_path (const feed_client_t *client);
//  Text the client sent so far in this message; the server assembles here.
text_buffer_t *
feed_client_input (feed_client_t *client);
//  Messages a client sent within a second of the given clock; for venues that limit them.
int
feed_client_rate (feed_client_t *client, int64_t mono_ns);
//  Frames go without their outer wrapping (Binance /ws).
void
feed_client_set_bare (feed_client_t *client, bool is_bare);

void
feed_want (feed_client_t *client, int channel, int instrument, bool is_on);
bool
feed_wants (const feed_client_t *client, int channel, int instrument);
//  Does anybody want it?
bool
feed_wanted (const feed_t *self, int channel, int instrument);
//  Clients that want anything; how often any of them changed what it wants.
int
feed_subscribed_count (const feed_t *self);
uint64_t
feed_wants_changed_count (const feed_t *self);

//  Put one message of a channel and instrument on its way, through the faults, to all who want it; or, with
//  `only` given, to that client.  wrap_size: bytes in front of text that bare clients do not get (and one
//  behind).
void
feed_publish (feed_t *self, feed_client_t *only, int channel, int instrument, int64_t now_ns, slice_t text,
              size_t wrap_size);
//  An answer to one client: no faults.
void
feed_tell (feed_client_t *client, slice_t text);
//  Send what was delayed until now.
void
feed_tick (feed_t *self, int64_t now_ns);

//  The oldest frame that waits, or NULL; feed_sent takes it off.
const feed_frame_t *
feed_next (const feed_client_t *client);
void
feed_sent (feed_client_t *client);
bool
feed_must_close (const feed_client_t *client); //  now, queue or not
void
feed_close (feed_client_t *client);

//  For a market that goes as fast as clients read: may it go on, or has a client not read what was published
//  FEED_WINDOW_NS of simulated time ago?  We know by marks: pings behind all that was published, at most one
//  on its way to a client, whose pongs (feed_marked) say that everything before them has been read.  So the
//  sockets of a client, and several clients, stay together in simulated time: what one reads is never the far
//  future of another.
bool
feed_may_go_on (feed_t *self, int64_t now_ns);
void
feed_marked (feed_client_t *client);

feed_stats_t
feed_stats (const feed_t *self);

#endif
