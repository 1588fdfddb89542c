#include "tests/support/tape_private.h"

#include <math.h>

#include "common/base/timebase.h"

static void
add_bar (tape_t *self, int64_t ts_ns, int32_t seconds, const candle_t *candle)
{
    bar_t *bar = &tape_queue (self, EVENT_BAR, 0, tape_start_ns (self))->record.bar;
    *bar = (bar_t){.ts_event_ns = ts_ns,
                   .interval_s = seconds,
                   .open_px = (double) candle->open / 10,
                   .high_px = (double) candle->high / 10,
                   .low_px = (double) candle->low / 10,
                   .close_px = (double) self->price / 10,
                   .volume_coins = (double) candle->volume * 10 / (double) self->price,
                   .volume_usd = (double) candle->volume,
                   .taker_buy_usd = (double) candle->bought,
                   .trades_count = (int32_t) candle->trades,
                   .is_closed = true,
                   .is_backfilled = true};
}

static candle_t
history_minute (tape_t *self)
{
    if (tape_below (self, HISTORY, 60) == 0)
        self->history_vol = 1 + tape_below (self, HISTORY, 4);
    candle_t candle = {self->price, self->price, self->price, 0, 0, 0};
    for (int i = 0; i < 4; i++) {
        int64_t move = tape_below (self, HISTORY, 160 * self->history_vol + 1) - 80 * self->history_vol;
        self->price += move + ((FIRST_TICK - self->price) >> 10);
        candle.high = self->price > candle.high ? self->price : candle.high;
        candle.low = self->price < candle.low ? self->price : candle.low;
    }
    candle.volume = 1000 + tape_below (self, HISTORY, 99000) * self->history_vol;
    candle.bought = candle.volume * (300 + tape_below (self, HISTORY, 401)) / 1000;
    candle.trades = 1 + tape_below (self, HISTORY, 500);
    return candle;
}

void
tape_history_step (tape_t *self)
{
    const parameters_t *p = &self->p;
    int64_t left = self->minutes - ++self->minute, ts_s = p->start - left * MINUTE_S, ts_ns = ts_s * NS_PER_S;
    candle_t minute = history_minute (self), *quarter = &self->quarter;
    if (quarter->open == 0)
        *quarter = (candle_t){minute.open, minute.high, minute.low, 0, 0, 0};
    quarter->high = minute.high > quarter->high ? minute.high : quarter->high;
    quarter->low = minute.low < quarter->low ? minute.low : quarter->low;
    quarter->volume += minute.volume;
    quarter->bought += minute.bought;
    quarter->trades += minute.trades;
    if (left < p->bars_hours * 60)
        add_bar (self, ts_ns, MINUTE_S, &minute);
    if (ts_s % QUARTER_S == 0) {
        if (left < p->bars_days * DAY_MINUTES)
            add_bar (self, ts_ns, QUARTER_S, quarter);
        quarter->open = 0;
    }
    for (int v = 0; v < p->venues; v++) {
        if (ts_s % 300 != 0 || left >= p->oi_days * DAY_MINUTES)
            continue;
        venue_t *venue = &self->venues[v];
        int64_t most = venue->oi >> 10;
        venue->oi += tape_below (self, HISTORY, 2 * most + 1) - most;
        tape_queue (self, EVENT_OPEN_INTEREST, v, tape_start_ns (self))->record.oi = (open_interest_t){
            .ts_event_ns = ts_ns, .oi_coins = (double) venue->oi / 1000, .is_backfilled = true};
    }
    for (int v = 0; v < p->venues; v++) {
        if (ts_s % tape_settle_s[v] != 0 || left >= p->funding_days * DAY_MINUTES)
            continue;
        venue_t *venue = &self->venues[v];
        venue->rate = tape_clamp (venue->rate + tape_below (self, HISTORY, 4001) - 2000, RATE_MOST);
        tape_queue (self, EVENT_FUNDING, v, tape_start_ns (self))->record.funding =
            (funding_t){.ts_event_ns = ts_ns,
                        .rate = (double) venue->rate / 1e8,
                        .interval_h = (double) tape_settle_s[v] / 3600,
                        .is_settled = true,
                        .is_backfilled = true,
                        .rate_next = NAN};
    }
}
