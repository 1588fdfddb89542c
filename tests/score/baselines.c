#include "tests/score/baselines.h"

#include "common/base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 4096, TIERS = 5, HOURS = 24, HOUR_MINUTES = 60, VENUES = 16, ANCHORS = 3 };

static const double tier_leverage[TIERS] = {5, 10, 25, 50, 100};
static const double tier_half_h[TIERS] = {72, 24, 12, 6, 3};

typedef struct {
    double low_px, high_px, close_px, usd[2]; //  usd: bought, sold by takers
} candle_t;

struct baselines {
    float profile[HOURS][BINS]; //  ring by hour; bins of log price modulo BINS
    int hour, minute;
    double tiers[2][TIERS][BINS];
    candle_t candle;
    double oi_coins[VENUES], oi_before; //  now; sum at the end of the last candle
};

baselines_t *
baselines_new (void)
{
    return mem_new (sizeof (baselines_t));
}

baselines_t *
baselines_copy (const baselines_t *self)
{
    return memcpy (baselines_new (), self, sizeof *self);
}

void
baselines_destroy (baselines_t **self)
{
    free (*self);
    *self = NULL;
}

static int64_t
bin_of (double px)
{
    return (int64_t) floor (log (px) / MAP_BIN_WIDTH);
}

static size_t
slot_of (int64_t bin)
{
    return (size_t) (bin & (BINS - 1));
}

void
baselines_event (baselines_t *self, const event_t *event)
{
    if (event->kind == EVENT_OPEN_INTEREST && !event->of.open_interest->is_backfilled)
        self->oi_coins[event->venue] = event->of.open_interest->oi_coins;
    if (event->kind != EVENT_TRADE)
        return;
    const trade_t *trade = event->of.trade;
    double px = decimal_to_double (trade->price);
    candle_t *candle = &self->candle;
    candle->low_px = candle->low_px > 0 ? fmin (candle->low_px, px) : px;
    candle->high_px = fmax (candle->high_px, px);
    candle->close_px = px;
    candle->usd[trade->side < 0] += trade->notional_usd;
    self->profile[self->hour][slot_of (bin_of (px))] += (float) trade->notional_usd;
}

//  Longs at or above the low are gone, shorts at or below the high: up to half a ring away.
static void
clear_range (baselines_t *self, const candle_t *candle)
{
    int64_t low = bin_of (candle->low_px), high = bin_of (candle->high_px);
    for (int t = 0; t < TIERS; t++)
        for (int64_t i = 0; i < BINS / 2; i++) {
            self->tiers[0][t][slot_of (low + i)] = 0;
            self->tiers[1][t][slot_of (high - i)] = 0;
        }
}

static void
seed (baselines_t *self, const candle_t *candle, double weight)
{
    const double anchors[ANCHORS] = {candle->low_px, candle->high_px, candle->close_px};
    for (int t = 0; t < TIERS; t++)
        for (int a = 0; a < ANCHORS; a++)
            for (int s = 0; s < 2; s++) {
                double px = anchors[a] * (1 + (s ? 1 : -1) / tier_leverage[t]);
                self->tiers[s][t][slot_of (bin_of (px))] += candle->usd[s] * weight / (ANCHORS * TIERS);
            }
}

static double
oi_total (const baselines_t *self)
{
    double sum = 0;
    for (int v = 0; v < VENUES; v++)
        sum += self->oi_coins[v];
    return sum;
}

void
baselines_minute (baselines_t *self)
{
    candle_t candle = self->candle;
    double oi = oi_total (self), grown = self->oi_before > 0 ? (oi - self->oi_before) / self->oi_before : 0;
    if (candle.close_px > 0) {
        clear_range (self, &candle);
        for (int t = 0; t < TIERS; t++) {
            double keep = exp2 (-1 / (60 * tier_half_h[t]));
            for (int s = 0; s < 2; s++)
                for (int i = 0; i < BINS; i++)
                    self->tiers[s][t][i] *= keep;
        }
        seed (self, &candle, fmin (3, 1 + 8 * fmax (grown, 0)));
    }
    self->oi_before = oi;
    self->candle = (candle_t){0};
    if (++self->minute % HOUR_MINUTES == 0) {
        self->hour = (self->hour + 1) % HOURS;
        memset (self->profile[self->hour], 0, sizeof self->profile[self->hour]);
    }
}

static double
profile_at (const baselines_t *self, int64_t bin)
{
    double sum = 0;
    for (int h = 0; h < HOURS; h++)
        sum += (double) self->profile[h][slot_of (bin)];
    return sum;
}

static double
side_total (const baselines_t *self, int side)
{
    double sum = 0;
    for (int t = 0; t < TIERS; t++)
        for (int i = 0; i < BINS; i++)
            sum += self->tiers[side][t][i];
    return sum;
}

void
baselines_read (const baselines_t *self, baseline_t which, int64_t mark_bin, density_t *out)
{
    memset (out, 0, sizeof *out);
    out->mark_bin = mark_bin;
    out->first_bin = mark_bin - MAP_VIEW_REACH;
    for (int s = 0; s < 2; s++) {
        double total = which == BASELINE_HALF_LIFE ? side_total (self, s) : 1;
        for (int i = 0; i < MAP_VIEW_BINS; i++) {
            int64_t bin = out->first_bin + i;
            if (s == 0 ? bin > mark_bin : bin < mark_bin)
                continue;
            double usd = 1;
            if (which == BASELINE_PROFILE)
                usd = profile_at (self, bin);
            else if (which == BASELINE_HALF_LIFE) {
                usd = 0;
                for (int t = 0; t < TIERS && total > 0; t++)
                    usd += self->tiers[s][t][slot_of (bin)] / total;
            }
            out->usd[s][i] = usd;
        }
    }
}
