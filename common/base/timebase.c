#include "common/base/timebase.h"

#include <time.h>

enum { STEP_LIMIT_MS = 50, CATCH_UP_PARTS = 20 };

static int64_t
read_clock (clockid_t id)
{
    struct timespec ts;
    (void) clock_gettime (id, &ts);
    return (int64_t) ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t
at_least_zero (int64_t x)
{
    return x > 0 ? x : 0;
}

void
timebase_init (timebase_t *self, clock_kind_t kind)
{
    *self = (timebase_t){.kind = kind, .wall_ns = timebase_wall_ns (), .mono_ns = timebase_mono_ns ()};
}

int64_t
timebase_follow (timebase_t *self, int64_t wall_ns, int64_t mono_ns)
{
    int64_t passed_ns = mono_ns - self->mono_ns;
    int64_t expected_ns = self->wall_ns + passed_ns;
    int64_t off_ns = wall_ns - expected_ns;
    self->ahead_ns = at_least_zero (self->lead_ns - passed_ns / CATCH_UP_PARTS);
    if (off_ns > STEP_LIMIT_MS * NS_PER_MS || off_ns < -STEP_LIMIT_MS * NS_PER_MS) {
        self->steps_count++;
        self->wall_ns = expected_ns = wall_ns;
        self->mono_ns = mono_ns;
        self->ahead_ns = self->lead_ns = at_least_zero (self->ahead_ns - off_ns);
    }
    if (expected_ns + self->ahead_ns > self->last_ns)
        self->last_ns = expected_ns + self->ahead_ns;
    return self->last_ns;
}

int64_t
timebase_stamp (timebase_t *self, int64_t event_ns)
{
    if (self->kind == CLOCK_WALL)
        return timebase_follow (self, timebase_wall_ns (), timebase_mono_ns ());
    if (event_ns > self->last_ns)
        self->last_ns = event_ns;
    return self->last_ns;
}

int64_t
timebase_now (timebase_t *self)
{
    return timebase_stamp (self, 0);
}

int64_t
timebase_mono_ns (void)
{
    return read_clock (CLOCK_MONOTONIC);
}

int64_t
timebase_wall_ns (void)
{
    return read_clock (CLOCK_REALTIME);
}
