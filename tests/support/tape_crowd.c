#include "tests/support/tape_private.h"

#include <math.h>

#include "common/base/timebase.h"

//  One liquidation of a burst, smaller than the one before: its order trades, and most of it ends positions.
static void
cascade_step (tape_t *self, int v, int s, int64_t ts_ns)
{
    venue_t *venue = &self->venues[v];
    if (venue->cascade_left == 0) {
        venue->cascade_side = tape_below (self, s, 2) ? 1 : -1;
        venue->cascade_left = 8 + tape_below (self, s, 12);
        venue->cascade_qty = 4000 + tape_below (self, s, 12000);
    }
    venue->cascade_left--;
    int64_t qty = venue->cascade_qty, tick = venue->cascade_side > 0 ? venue->bid : venue->ask;
    venue->cascade_qty -= qty >> 3;
    if (venue->bid == 0)
        return;
    tape_queue_trade (self, v, ts_ns, -venue->cascade_side, tick, qty);
    tape_queue_liquidation (self, v, ts_ns, venue->cascade_side, tick, qty);
    venue->oi -= qty - (qty >> 2);
}

static void
ratio_step (tape_t *self, int v, int s, int64_t ts_ns)
{
    venue_t *venue = &self->venues[v];
    venue->accounts = 550 + tape_clamp (venue->accounts - 550 + tape_below (self, s, 61) - 30, 250);
    tape_queue (self, EVENT_RATIO, v, ts_ns)->record.ratio =
        (ratio_t){.ts_event_ns = ts_ns,
                  .accounts_long = (double) venue->accounts / 1000,
                  .top_accounts_long = NAN,
                  .top_positions_long = NAN};
}

void
tape_crowd_step (tape_t *self, int s, int64_t ts_ns)
{
    int v = (s - CASCADES) % TAPE_VENUES_MAX;
    int64_t span_ms = 2 * tape_trader_mean (self, s) - 1, least_ms = 1;
    if (s < RATIOS) {
        cascade_step (self, v, s, ts_ns);
        if (self->venues[v].cascade_left > 0) {
            least_ms = 200;
            span_ms = 4000;
        }
    } else {
        ratio_step (self, v, s, ts_ns);
    }
    self->next_ms[s] += least_ms + tape_below (self, s, span_ms);
}
