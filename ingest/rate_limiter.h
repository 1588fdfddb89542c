/*  rate_limiter - weight spent on one REST host, kept below what the venue allows
 *
 *  Why   limits are by weight and by address, and a ban follows those who retry into one.
 *  How   a sliding window cut into slots: what was spent in the last window, rounded up by one slot, plus the
 *        new weight must stay within the limit.  A reserve keeps room for requests that matter more (a book
 *        snapshot before a backfill).  A ban stops everything until its end.
 *  Not   it keeps no queue. */

#ifndef LEADLINE_RATE_LIMITER_H
#define LEADLINE_RATE_LIMITER_H

#include <stdint.h>

enum { RATE_LIMITER_SLOTS = 20 };

typedef struct {
    int64_t slot_ns;
    int64_t limit_weight;
    int64_t banned_until_ns;
    int64_t newest_slot;                   //  number of the slot that time is in
    int64_t spent[RATE_LIMITER_SLOTS + 1]; //  by slot number modulo
} rate_limiter_t;

//  limit_weight in window_s; both > 0.
void
rate_limiter_init (rate_limiter_t *self, int64_t limit_weight, int64_t window_s);

//  Spend weight now if that leaves reserve_weight unspent.  Returns 0 when spent, else the ns until it is
//  worth asking again (> 0; nothing was spent).  A weight above limit - reserve is let through when the
//  window is empty.
int64_t
rate_limiter_take (rate_limiter_t *self, int64_t now_ns, int64_t weight, int64_t reserve_weight);

//  The venue said stop; the later of two bans counts.
void
rate_limiter_ban (rate_limiter_t *self, int64_t until_ns);

#endif
