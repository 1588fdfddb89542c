#include "ingest/rate_limiter.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

enum { SLOTS = RATE_LIMITER_SLOTS + 1 };

void
rate_limiter_init (rate_limiter_t *self, int64_t limit_weight, int64_t window_s)
{
    CHECK (limit_weight > 0 && window_s > 0);
    *self =
        (rate_limiter_t){.slot_ns = window_s * NS_PER_S / RATE_LIMITER_SLOTS, .limit_weight = limit_weight};
}

//  Forget the slots that have left the window.
static void
advance (rate_limiter_t *self, int64_t now_ns)
{
    int64_t slot = now_ns / self->slot_ns;
    if (slot <= self->newest_slot)
        return;
    int64_t steps = slot - self->newest_slot;
    for (int64_t i = 1; i <= steps && i <= SLOTS; i++)
        self->spent[(self->newest_slot + i) % SLOTS] = 0;
    if (steps > SLOTS)
        for (int i = 0; i < SLOTS; i++)
            self->spent[i] = 0;
    self->newest_slot = slot;
}

int64_t
rate_limiter_take (rate_limiter_t *self, int64_t now_ns, int64_t weight, int64_t reserve_weight)
{
    if (now_ns < self->banned_until_ns)
        return self->banned_until_ns - now_ns;
    advance (self, now_ns);
    int64_t spent = 0;
    for (int i = 0; i < SLOTS; i++)
        spent += self->spent[i];
    if (spent > 0 && spent + weight > self->limit_weight - reserve_weight)
        return (self->newest_slot + 1) * self->slot_ns - now_ns;
    self->spent[self->newest_slot % SLOTS] += weight;
    return 0;
}

void
rate_limiter_ban (rate_limiter_t *self, int64_t until_ns)
{
    if (until_ns > self->banned_until_ns)
        self->banned_until_ns = until_ns;
}
