#include "cards/map_score.h"

#include "common/base/prng.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS       (3600 * NS_PER_S)
#define RATIO_HALF_S  (7 * 86400.0)
#define SPREAD_HALF_H (14 * 24.0)
#define LL_FLOOR      .05
#define WARM_PRINTS   5.0
#define SPREAD_PRIOR  .7
#define SPREAD_WEIGHT 20.0
enum { BLOCK_H = 6, RESAMPLES = 500, HOUR_MINUTES_FEWEST = 30, BOOTSTRAP_SEED = 1994 };

static bool
is_amount (double usd)
{
    return isfinite (usd) && usd >= 0;
}

static bool
is_sound (const liquidation_step_t *step)
{
    for (int s = 0; s < 2; s++)
        if (!is_amount (step->swept_usd[s]) || !is_amount (step->ladder_usd[s]) ||
            !is_amount (step->printed_usd[s]))
            return false;
    return true;
}

static double
log_likelihood (double n, double expected)
{
    return n * log (expected + LL_FLOOR) - expected;
}

//  One print at its own size beforehand, so that the ratio is finite whatever a map has said.
static double
ratio (double printed, double mass)
{
    return (printed + 1) / (mass + 1);
}

static int
by_value (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

//  Blocks are drawn whole: their length is geometric, their sum the difference of two running sums over the
//  hours laid out twice, so a resample costs two draws a block and not one an hour.
static void
bootstrap (map_score_t *self)
{
    int n = (int) (self->hours_count < MAP_SCORE_HOURS ? self->hours_count : MAP_SCORE_HOURS);
    double sums[2 * MAP_SCORE_HOURS + 1], means[RESAMPLES];
    sums[0] = 0;
    for (int i = 0; i < 2 * n; i++)
        sums[i + 1] = sums[i] + self->hours[(self->hours_count - n + i % n) % MAP_SCORE_HOURS].difference;
    prng_t prng;
    prng_init (&prng, BOOTSTRAP_SEED);
    for (int r = 0; r < RESAMPLES; r++) {
        double total = 0;
        for (int filled = 0; filled < n;) {
            int from = (int) prng_below (&prng, (uint64_t) n);
            double length = 1 + floor (log (1 - prng_uniform (&prng)) / log (1 - 1.0 / BLOCK_H));
            int take = length < n - filled ? (int) length : n - filled;
            total += sums[from + take] - sums[from];
            filled += take;
        }
        means[r] = total / n;
    }
    qsort (means, RESAMPLES, sizeof means[0], by_value);
    self->low = means[RESAMPLES / 40];
    self->high = means[RESAMPLES - 1 - RESAMPLES / 40];
}

static void
add_spread (map_score_t *self)
{
    double keep = exp2 (-1 / SPREAD_HALF_H);
    self->spread_squares *= keep;
    self->spread_weight *= keep;
    for (int s = 0; s < 2; s++) {
        double unit = self->sides[s].unit_usd, seen = self->sides[s].hour_usd,
               expected = self->sides[s].expected_usd;
        if (!(unit > 0) || (seen < unit && expected < unit))
            continue;
        double e = log ((seen + unit) / (expected + unit));
        self->spread_squares += e * e;
        self->spread_weight += 1;
    }
}

static void
close_hour (map_score_t *self)
{
    if (self->is_started && self->minutes >= HOUR_MINUTES_FEWEST) {
        self->hours[self->hours_count++ % MAP_SCORE_HOURS] = self->running;
        add_spread (self);
        if (self->hours_count >= MAP_SCORE_FEWEST)
            bootstrap (self);
    }
    self->running = (map_score_hour_t){0};
    self->minutes = 0;
    for (int s = 0; s < 2; s++)
        self->sides[s].expected_usd = self->sides[s].hour_usd = self->sides[s].unit_usd = 0;
}

static void
add_side (map_score_t *self, int s, const liquidation_step_t *step, double keep)
{
    double unit = self->unit_usd, n = step->printed_usd[s] / unit, ours = step->swept_usd[s] / unit,
           ladder = step->ladder_usd[s] / unit;
    double printed = self->sides[s].printed;
    if (printed >= WARM_PRINTS) {
        double expected = ratio (printed, self->sides[s].ours) * ours;
        self->running.difference += log_likelihood (n, expected) -
                                    log_likelihood (n, ratio (printed, self->sides[s].ladder) * ladder);
        self->running.predicted_usd += step->swept_usd[s];
        self->running.printed_usd += step->printed_usd[s];
        self->sides[s].expected_usd += expected * unit;
        self->sides[s].hour_usd += step->printed_usd[s];
        self->sides[s].unit_usd = unit;
        self->is_started = true;
    }
    self->sides[s].printed = printed * keep + n;
    self->sides[s].ours = self->sides[s].ours * keep + ours;
    self->sides[s].ladder = self->sides[s].ladder * keep + ladder;
}

void
map_score_add (map_score_t *self, int64_t ts_ns, const liquidation_step_t *step)
{
    if (ts_ns <= self->ts_ns)
        return;
    int64_t hour = (ts_ns - 1) / HOUR_NS; //  a minute that ends on the hour is the last of the one before
    if (hour != self->hour)
        close_hour (self);
    double keep = exp2 (-(double) (ts_ns - self->ts_ns) / 1e9 / RATIO_HALF_S);
    self->hour = hour;
    self->ts_ns = ts_ns;
    if (!is_sound (step)) {
        self->refused_count++;
        return;
    }
    self->minutes++;
    if (self->unit_usd > 0)
        for (int s = 0; s < 2; s++)
            add_side (self, s, step, keep);
    if (isfinite (step->print_usd_median) && step->print_usd_median > 0)
        self->unit_usd = step->print_usd_median;
    if (ts_ns % HOUR_NS == 0) {
        close_hour (self);
        self->hour = hour + 1;
    }
}

void
map_score_read (const map_score_t *self, map_score_view_t *out)
{
    int64_t n = self->hours_count < MAP_SCORE_HOURS ? self->hours_count : MAP_SCORE_HOURS;
    *out = (map_score_view_t){.difference = NAN, .low = NAN, .high = NAN, .hours = (double) n};
    double difference = 0;
    for (int64_t i = 0; i < n; i++) {
        difference += self->hours[i].difference;
        out->predicted_usd += self->hours[i].predicted_usd;
        out->printed_usd += self->hours[i].printed_usd;
    }
    if (n >= MAP_SCORE_FEWEST) {
        out->difference = difference / (double) n;
        out->low = self->low;
        out->high = self->high;
    }
    out->spread = sqrt ((SPREAD_WEIGHT * SPREAD_PRIOR * SPREAD_PRIOR + self->spread_squares) /
                        (SPREAD_WEIGHT + self->spread_weight));
}
