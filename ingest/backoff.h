/*  backoff - how long to wait before trying again
 *
 *  Why   venues that restart are met by everybody at once; doubling with jitter spreads us out, and bans
 *        follow those who hurry.
 *  How   the n-th wait is drawn uniformly from [d/2, d], d = min (most, least * 2^n).  Success resets n.
 *  Not   it waits for nobody: it only says how long. */

#ifndef LEADLINE_BACKOFF_H
#define LEADLINE_BACKOFF_H

#include <stdint.h>

#include "common/base/prng.h"

typedef struct {
    int64_t least_ns, most_ns;
    int32_t failures_count; //  in a row
    prng_t prng;
} backoff_t;

//  0 < least_ns <= most_ns.  name and index give the stream of jitter of its own.
void
backoff_init (backoff_t *self, int64_t least_ns, int64_t most_ns, uint64_t seed, const char *name,
              uint64_t index);

//  The next wait, in [least_ns / 2, most_ns].
int64_t
backoff_next_ns (backoff_t *self);

void
backoff_reset (backoff_t *self);

#endif
