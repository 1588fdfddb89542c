/*  replay - a recording served as if the venue were there again
 *
 *  The messages go out in their order to clients that subscribed to their channel; acknowledgements are our
 *  own.  A recorded REST snapshot holds the stream until the client that follows that book has asked for it,
 *  so its usual way of synchronising works at any speed.  A later request gets the next snapshot of the
 *  recording, or the last one again.  The instrument list is made of the contracts in the recording; ticks
 *  and lots of the digits they use.
 *
 *      wait for clients -> run -> done (connections stay) */

#ifndef LEADLINE_REPLAY_H
#define LEADLINE_REPLAY_H

#include "ingest/simulator/gateway.h"

typedef struct {
    const char *path;
    const protocol_t *protocol;
    double speed;      //  recorded seconds a second; 0: as fast as clients read
    int clients_least; //  sockets that must have subscribed
    const feed_options_t *feed;
} replay_options_t;

typedef struct replay replay_t;

//  Reads the recording once for its contracts.  NULL with a text: unreadable, or nothing of this venue in it.
replay_t *
replay_new (const replay_options_t *options, error_text_t *error);
void
replay_destroy (replay_t **self);

gateway_t *
replay_gateway (replay_t *self);

//  Send what is due, for at most work_ns of real time.
void
replay_turn (replay_t *self, int64_t mono_ns, int64_t work_ns);

bool
replay_is_done (const replay_t *self);

#endif
