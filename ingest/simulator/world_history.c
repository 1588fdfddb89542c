#include "ingest/simulator/world_history.h"
#include "common/base/check.h"

#include <stdlib.h>
#include <string.h>

static const int64_t MINUTE_NS = INT64_C (60000000000);

void
world_history_init (world_history_t *self, int64_t first_ns, int32_t coarse_room, const world_spec_t *spec)
{
    *self = (world_history_t){.first_ns = first_ns,
                              .coarse_room = coarse_room,
                              .exact_room = 1500,
                              .tick_px = spec->tick_px,
                              .lot_coins = spec->lot_coins};
    if (coarse_room > 0)
        self->coarse = mem_new ((size_t) coarse_room * sizeof *self->coarse);
    self->exact = mem_new ((size_t) self->exact_room * sizeof *self->exact);
}

void
world_history_fini (world_history_t *self)
{
    free (self->coarse);
    free (self->exact);
    free (self->oi.points);
    free (self->funding.points);
    *self = (world_history_t){0};
}

void
world_history_add_coarse (world_history_t *self, const coarse_bar_t *bar)
{
    CHECK (self->coarse_count < self->coarse_room && self->exact_count == 0);
    self->coarse[self->coarse_count++] = *bar;
}

void
world_history_roll (world_history_t *self, int64_t ts_ns, int64_t last_px_ticks)
{
    int64_t minute = (ts_ns - self->first_ns) / MINUTE_NS;
    while (self->coarse_count + self->exact_count <= minute) {
        if (self->exact_count == self->exact_room) { //  once a day
            self->exact_room *= 2;
            self->exact = mem_grow (self->exact, (size_t) self->exact_room * sizeof *self->exact);
        }
        self->exact[self->exact_count++] = (exact_bar_t){.open_ticks = last_px_ticks,
                                                         .high_ticks = last_px_ticks,
                                                         .low_ticks = last_px_ticks,
                                                         .close_ticks = last_px_ticks};
    }
}

void
world_history_trade (world_history_t *self, int64_t px_ticks, int64_t qty_lots, bool is_buy)
{
    exact_bar_t *bar = &self->exact[self->exact_count - 1];
    if (bar->trades_count == 0)
        bar->open_ticks = bar->high_ticks = bar->low_ticks = px_ticks;
    bar->high_ticks = px_ticks > bar->high_ticks ? px_ticks : bar->high_ticks;
    bar->low_ticks = px_ticks < bar->low_ticks ? px_ticks : bar->low_ticks;
    bar->close_ticks = px_ticks;
    bar->trades_count++;
    bar->lots += qty_lots;
    bar->turnover += px_ticks * qty_lots;
    if (is_buy) {
        bar->buy_lots += qty_lots;
        bar->buy_turnover += px_ticks * qty_lots;
    }
}

int32_t
world_history_count (const world_history_t *self)
{
    return self->coarse_count + self->exact_count;
}

void
world_history_bar (const world_history_t *self, int32_t index, world_kline_t *out)
{
    *out = (world_kline_t){.start_ns = self->first_ns + index * MINUTE_NS, .interval_s = 60};
    double tick = self->tick_px, lot = self->lot_coins;
    if (index < self->coarse_count) {
        const coarse_bar_t *bar = &self->coarse[index];
        out->open_px = bar->open_ticks * tick;
        out->high_px = bar->high_ticks * tick;
        out->low_px = bar->low_ticks * tick;
        out->close_px = bar->close_ticks * tick;
        //  float lots are whole numbers to 2^24
        out->volume_coins = (double) bar->lots * lot;
        out->taker_buy_coins = (double) bar->buy_lots * lot;
        double typical_px = (out->open_px + out->high_px + out->low_px + out->close_px) / 4;
        out->turnover_usd = out->volume_coins * typical_px;
        out->taker_buy_usd = out->taker_buy_coins * typical_px;
        out->trades_count = bar->trades_count;
        return;
    }
    const exact_bar_t *bar = &self->exact[index - self->coarse_count];
    out->open_px = (double) bar->open_ticks * tick;
    out->high_px = (double) bar->high_ticks * tick;
    out->low_px = (double) bar->low_ticks * tick;
    out->close_px = (double) bar->close_ticks * tick;
    out->volume_coins = (double) bar->lots * lot;
    out->taker_buy_coins = (double) bar->buy_lots * lot;
    out->turnover_usd = (double) bar->turnover * tick * lot;
    out->taker_buy_usd = (double) bar->buy_turnover * tick * lot;
    out->trades_count = (int32_t) bar->trades_count;
}

static void
kline_add (world_kline_t *sum, const world_kline_t *bar)
{
    if (bar->high_px > sum->high_px)
        sum->high_px = bar->high_px;
    if (bar->low_px < sum->low_px)
        sum->low_px = bar->low_px;
    sum->close_px = bar->close_px;
    sum->volume_coins += bar->volume_coins;
    sum->turnover_usd += bar->turnover_usd;
    sum->taker_buy_coins += bar->taker_buy_coins;
    sum->taker_buy_usd += bar->taker_buy_usd;
    sum->trades_count += bar->trades_count;
}

int
world_history_klines (const world_history_t *self, int32_t interval_s, int64_t end_ns, world_kline_t *out,
                      int most)
{
    int64_t interval_ns = interval_s * INT64_C (1000000000);
    int64_t last_ns = self->first_ns + (world_history_count (self) - 1) * MINUTE_NS;
    if (interval_s < 60 || interval_s % 60 != 0 || end_ns <= self->first_ns || last_ns < self->first_ns ||
        most <= 0)
        return 0;
    if (end_ns > last_ns + 1)
        end_ns = last_ns + 1;
    //  whole intervals only at the old end: one that began before the first minute is left out
    int64_t newest_ns = (end_ns - 1) / interval_ns * interval_ns;
    int64_t oldest_ns = (self->first_ns + interval_ns - 1) / interval_ns * interval_ns;
    if (newest_ns < oldest_ns)
        return 0;
    int64_t count = (newest_ns - oldest_ns) / interval_ns + 1;
    if (count > most)
        count = most;
    for (int64_t i = 0; i < count; i++) {
        int64_t start_ns = newest_ns - (count - 1 - i) * interval_ns;
        int32_t minute = (int32_t) ((start_ns - self->first_ns) / MINUTE_NS);
        world_history_bar (self, minute, &out[i]);
        out[i].interval_s = interval_s;
        for (int32_t k = 1; k < interval_s / 60 && minute + k < world_history_count (self); k++) {
            world_kline_t bar;
            world_history_bar (self, minute + k, &bar);
            kline_add (&out[i], &bar);
        }
    }
    return (int) count;
}

void
world_series_add (world_series_t *self, int64_t ts_ns, double value)
{
    if (self->count == self->room) {
        self->room = self->room ? 2 * self->room : 512;
        self->points = mem_grow (self->points, (size_t) self->room * sizeof *self->points);
    }
    self->points[self->count++] = (world_point_t){.ts_ns = ts_ns, .value = value};
}

int
world_series_newest (const world_series_t *self, int64_t end_ns, world_point_t *out, int most)
{
    int32_t end = self->count;
    while (end > 0 && self->points[end - 1].ts_ns >= end_ns)
        end--;
    int count = end < most ? end : most;
    if (count > 0)
        memcpy (out, &self->points[end - count], (size_t) count * sizeof *out);
    return count > 0 ? count : 0;
}
