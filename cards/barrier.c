#include "cards/barrier.h"

#include "common/base/check.h"

void
barrier_init (barrier_t *self, clock_kind_t clock, int64_t interval_ns, int64_t late_ns, int parties_count)
{
    CHECK (interval_ns > 0 && parties_count >= 0 && parties_count <= BARRIER_PARTIES_MAX);
    *self = (barrier_t){
        .clock = clock, .interval_ns = interval_ns, .late_ns = late_ns, .parties_count = parties_count};
}

void
barrier_beat (barrier_t *self, int party, int64_t spoken_ns, int64_t mono_ns)
{
    CHECK (party >= 0 && party < self->parties_count);
    barrier_party_t *p = self->parties + party;
    if (spoken_ns > p->spoken_ns)
        p->spoken_ns = spoken_ns;
    p->heard_mono_ns = mono_ns;
}

bool
barrier_is_live (const barrier_t *self, int party, int64_t mono_ns)
{
    const barrier_party_t *p = self->parties + party;
    return p->heard_mono_ns && mono_ns - p->heard_mono_ns <= BARRIER_DEAD_NS;
}

//  How far all live parties have spoken; -1 when none is live or one has not spoken at all.
static int64_t
common_ground (const barrier_t *self, int64_t mono_ns)
{
    int64_t least = -1;
    for (int i = 0; i < self->parties_count; i++)
        if (barrier_is_live (self, i, mono_ns) && (least < 0 || self->parties[i].spoken_ns < least))
            least = self->parties[i].spoken_ns;
    return least > 0 ? least : -1;
}

bool
barrier_due (barrier_t *self, int64_t now_ns, int64_t mono_ns, uint32_t *missing, uint32_t *late)
{
    *missing = *late = 0;
    int64_t ground = common_ground (self, mono_ns), latest = ground;
    if (self->next_ns == 0) {
        if (ground > 0)
            self->next_ns = (ground / self->interval_ns + 1) * self->interval_ns;
        return false;
    }
    if (self->clock == CLOCK_WALL && now_ns - self->late_ns > latest)
        latest = now_ns - self->late_ns;
    if (latest - self->next_ns > BARRIER_JUMP_NS) {
        int64_t skipped = (latest - self->next_ns) / self->interval_ns;
        self->next_ns += skipped * self->interval_ns;
        self->skipped_count += (uint64_t) skipped;
    }
    if (latest < self->next_ns)
        return false;
    for (int i = 0; i < self->parties_count; i++) {
        if (self->parties[i].spoken_ns >= self->next_ns && barrier_is_live (self, i, mono_ns))
            continue;
        *missing |= 1u << i;
        if (barrier_is_live (self, i, mono_ns))
            *late |= 1u << i;
    }
    return true;
}

void
barrier_closed (barrier_t *self)
{
    self->next_ns += self->interval_ns;
}
