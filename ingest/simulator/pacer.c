#include "ingest/simulator/pacer.h"

#include "common/base/logger.h"
#include "common/base/timebase.h"

static bool
is_ready (pacer_t *self)
{
    int count = 0;
    for (int i = 0; i < self->gateways_count; i++)
        count += feed_subscribed_count (self->gateways[i]->feed);
    if (!self->is_running && count >= self->clients_least) {
        self->is_running = true;
        logger_write (LOG_LEVEL_INFO, "%d sockets have subscribed: the market runs", count);
    }
    if (!self->is_running || (self->speed <= 0 && count < self->clients_least))
        return false;
    bool may_go_on = true;
    for (int i = 0; i < self->gateways_count; i++)
        may_go_on = feed_may_go_on (self->gateways[i]->feed, world_now_ns (self->world)) && may_go_on;
    return may_go_on;
}

static void
run_slice (pacer_t *self, int64_t until_ns)
{
    for (int i = 0; i < self->gateways_count; i++)
        self->gateways[i]->now_ns = until_ns;
    world_run (self->world, until_ns);
    for (int i = 0; i < self->gateways_count; i++)
        gateway_tick (self->gateways[i], until_ns);
}

//  Where the market should be by now.  While it is warming up: the nearer of warm_speed's line and real
//  time's.
static int64_t
target_of (pacer_t *self, int64_t mono_ns)
{
    if (self->speed <= 0)
        return INT64_MAX - SLICE_NS;
    int64_t real_ns = self->start_ns + (int64_t) ((double) (mono_ns - self->mono_start_ns) * self->speed);
    if (self->warm_ns == 0)
        return real_ns;
    if (!is_ready (self))
        return 0;
    if (self->mono_warm_ns == 0)
        self->mono_warm_ns = mono_ns;
    int64_t warm_ns = self->start_ns - self->warm_ns +
                      (int64_t) ((double) (mono_ns - self->mono_warm_ns) * self->warm_speed);
    if (world_now_ns (self->world) + SLICE_NS > real_ns) {
        self->warm_ns = 0;
        logger_write (LOG_LEVEL_NOTICE, "the market has caught up with the clock after %.1f s",
                      (double) (mono_ns - self->mono_warm_ns) / (double) NS_PER_S);
    }
    return warm_ns < real_ns ? warm_ns : real_ns;
}

void
pacer_turn (pacer_t *self, int64_t mono_ns, int64_t work_ns)
{
    if (self->is_over)
        return;
    int64_t target_ns = target_of (self, mono_ns);
    if (self->end_ns && target_ns > self->end_ns)
        target_ns = self->end_ns;
    while (world_now_ns (self->world) + SLICE_NS <= target_ns) {
        if ((self->speed <= 0 || self->warm_ns) && !is_ready (self))
            return;
        run_slice (self, world_now_ns (self->world) + SLICE_NS);
        if (timebase_mono_ns () - mono_ns > work_ns) {
            self->late_count += self->speed > 0;
            return;
        }
    }
    if (self->end_ns && world_now_ns (self->world) + SLICE_NS > self->end_ns) {
        self->is_over = true;
        logger_write (LOG_LEVEL_NOTICE, "the market has run for its time and stands still");
    }
}
