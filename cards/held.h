/*  held - events kept back until their time has come, copied whole, in order
 *
 *  Why   evaluation T must not see what happened after T, but the faster venue's events arrive before the
 *        slower one has said that it is done with T; and a market that waits for its history must lose
 *        nothing meanwhile.
 *  Bounded: HELD_BYTES_MAX; a full queue refuses, and the owner goes on without waiting (and counts it). */

#ifndef LEADLINE_HELD_H
#define LEADLINE_HELD_H

#include "common/wire/event.h"

enum { HELD_BYTES_MAX = 4 * 1024 * 1024 };

//  Zeroed memory is an empty queue.
typedef struct {
    char *data;
    size_t head_bytes, size_bytes, capacity_bytes;
    size_t count;
} held_t;

//  Copies the event, its record and its levels.  False when the queue is full.
bool
held_add (held_t *self, const event_t *event);

//  The oldest one, borrowed until the next add or drop.  False when empty.
bool
held_peek (const held_t *self, event_t *out);

void
held_drop (held_t *self);

void
held_fini (held_t *self);

#endif
