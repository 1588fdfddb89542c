/*  conflate - what one slow reader still has to get: per topic only the newest, and how many it missed
 *
 *  What  a reader that keeps up gets every message; one that does not gets, for each topic, the latest when
 *        it is ready, and the number of those it did not see.  Memory grows with topics, never with
 *        messages. */

#ifndef LEADLINE_CONFLATE_H
#define LEADLINE_CONFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct conflate conflate_t;

conflate_t *
conflate_new (void);
void
conflate_destroy (conflate_t **self);

//  Topic `index` has a new message.  It is queued once, behind those already waiting.  Returns true when it
//  takes the place of one that was still waiting: that one will not be sent.
bool
conflate_mark (conflate_t *self, uint32_t index);

//  The topic to send next, and how many of its messages were passed over since the last one taken.
//  Returns false when nothing waits.
bool
conflate_next (conflate_t *self, uint32_t *index, uint64_t *skipped_count);

size_t
conflate_waiting (const conflate_t *self);

#endif
