#include "ingest/backoff.h"

#include "common/base/check.h"

void
backoff_init (backoff_t *self, int64_t least_ns, int64_t most_ns, uint64_t seed, const char *name,
              uint64_t index)
{
    CHECK (least_ns > 0 && most_ns >= least_ns);
    *self = (backoff_t){.least_ns = least_ns, .most_ns = most_ns};
    prng_fork (&self->prng, seed, name, index);
}

int64_t
backoff_next_ns (backoff_t *self)
{
    int64_t wait_ns = self->least_ns;
    for (int32_t i = 0; i < self->failures_count && wait_ns < self->most_ns; i++)
        wait_ns = wait_ns > self->most_ns / 2 ? self->most_ns : wait_ns * 2;
    if (self->failures_count < INT32_MAX)
        self->failures_count++;
    int64_t half_ns = wait_ns / 2;
    return half_ns + (int64_t) prng_below (&self->prng, (uint64_t) (wait_ns - half_ns) + 1);
}

void
backoff_reset (backoff_t *self)
{
    self->failures_count = 0;
}
