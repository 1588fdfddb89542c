//  Open interest: filtered, and what of it traded volume can explain (methods A3).

#include "cards/market_state.h"

#include <math.h>

//  Local level filter.  Returns the filtered change; NaN when traded volume cannot explain the reading.
static double
filter_oi (oi_filter_t *oi, double coins)
{
    double noise = 9e-8 * coins * coins, volume = oi->qty_coins;
    if (oi->history_coins > 0) {
        double change = coins - oi->level;
        oi->level = coins;
        oi->variance = noise;
        oi->history_coins = 0;
        return change;
    }
    if (fabs (coins - oi->raw) > volume + 5 * sqrt (noise)) {
        oi->level = coins;
        oi->variance = noise;
        return NAN;
    }
    oi->variance += 0.04 * volume * volume;
    double gain = oi->variance / (oi->variance + noise), change = gain * (coins - oi->level);
    oi->level += change;
    oi->variance *= 1 - gain;
    if (volume > 0)
        oi->p += 0.2 * (stats_clip (0.5 + change / volume, 0.02, 0.98) - oi->p);
    return change;
}

void
market_take_oi (market_t *self, const open_interest_t *reading, int venue, const market_listener_t *listener)
{
    oi_filter_t *oi = &self->venues[venue].oi;
    double coins = reading->oi_coins;
    if (!(coins > 0)) {
        self->counts.ignored++;
        return;
    }
    market_hear (self, venue, INPUT_OI);
    bool is_first = oi->ts_ns == 0;
    double change = 0;
    if (is_first) {
        oi->level = coins;
        oi->variance = 9e-8 * coins * coins;
    } else
        change = filter_oi (oi, coins);
    bool is_rejected = isnan (change);
    if (is_rejected) {
        self->counts.oi_rejected++;
        change = 0;
    }
    self->oi_level += change;
    if (self->oi_since_ns == 0)
        self->oi_since_ns = self->now_ns;
    double opening = is_first ? 0 : (2 * oi->p - 1) * (oi->buy_usd - oi->sell_usd);
    for (int b = 0; b < BUCKET_COUNT; b++) {
        bucket_t *bucket = market_slot (self, (bucket_id_t) b, self->current[b]);
        bucket->oi_level = self->oi_level;
        bucket->has_oi = true;
        bucket->opening_usd += opening;
    }
    market_oi_interval_t interval = {.coins = oi->level,
                                     .change_coins = change,
                                     .buy_usd = oi->buy_usd,
                                     .sell_usd = oi->sell_usd,
                                     .p = oi->p,
                                     .seconds = is_first ? 0 : (double) (self->now_ns - oi->ts_ns) / 1e9,
                                     .is_rejected = is_rejected};
    oi->ts_ns = self->now_ns;
    oi->raw = coins;
    oi->buy_usd = oi->sell_usd = oi->qty_coins = 0;
    if (!is_first)
        market_tell (self, listener, &(market_event_t){.on = ON_OI, .venue = venue, .of.oi = &interval});
}
