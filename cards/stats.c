#include "cards/stats.h"

#include <math.h>
#include <string.h>

#include "common/base/check.h"

static const double NS = 1e-9;

//  Weight that is left after the time since an observation.
static double
kept (int64_t from_ns, int64_t to_ns, double tau_s)
{
    if (to_ns <= from_ns)
        return 1;
    return exp (-(double) (to_ns - from_ns) * NS / tau_s);
}

void
ew_add (ew_t *self, int64_t ts_ns, double tau_s, double x)
{
    ew_add_weighted (self, ts_ns, tau_s, x, 1);
}

void
ew_add_weighted (ew_t *self, int64_t ts_ns, double tau_s, double x, double weight)
{
    CHECK (tau_s > 0 && weight > 0);
    double keep = kept (self->ts_ns, ts_ns, tau_s);
    self->w = self->w * keep + weight;
    self->w2 = self->w2 * keep * keep + weight * weight;
    self->sum = self->sum * keep + weight * x;
    self->sum2 = self->sum2 * keep + weight * x * x;
    if (ts_ns > self->ts_ns)
        self->ts_ns = ts_ns;
}

double
ew_mean (const ew_t *self)
{
    return self->w > 0 ? self->sum / self->w : NAN;
}

double
ew_var (const ew_t *self)
{
    if (self->w <= 0)
        return NAN;
    double mean = self->sum / self->w;
    return fmax (0, self->sum2 / self->w - mean * mean);
}

double
ew_rms (const ew_t *self)
{
    return self->w > 0 ? sqrt (self->sum2 / self->w) : NAN;
}

double
ew_n (const ew_t *self)
{
    return self->w2 > 0 ? self->w * self->w / self->w2 : 0;
}

void
decayed_add (decayed_t *self, int64_t ts_ns, double tau_s, double x)
{
    self->value = decayed_at (self, ts_ns, tau_s) + x;
    if (ts_ns > self->ts_ns)
        self->ts_ns = ts_ns;
}

double
decayed_at (const decayed_t *self, int64_t ts_ns, double tau_s)
{
    return self->value * kept (self->ts_ns, ts_ns, tau_s);
}

void
hold_trigger (hold_t *self, int64_t ts_ns, double tau_s, double e)
{
    if (fabs (e) <= fabs (hold_at (self, ts_ns, tau_s)))
        return;
    self->ts_ns = ts_ns;
    self->value = e;
    self->triggers_count++;
}

double
hold_at (const hold_t *self, int64_t ts_ns, double tau_s)
{
    return self->value * kept (self->ts_ns, ts_ns, tau_s);
}

//  --- sketch: where the bins lie

enum { SKETCH_HALF = SKETCH_BINS / 2, QUANTILE_BLOCK = 16 };
static const double SKETCH_LOW = 1e-9;
static const double SKETCH_LN_WIDTH = 18 * 2.30258509299404568402 / SKETCH_HALF;
static const double SKETCH_SCALE_MOST = 1e12;

//  Bin of v; *inside is how far v lies in it, 0 at its lower border (values beyond the ends: in the middle).
static int
sketch_bin (double v, double *inside)
{
    bool is_negative = v < 0;
    double size = fabs (v), place = size > 0 ? log (size / SKETCH_LOW) / SKETCH_LN_WIDTH : -1;
    int k = place < 0 ? 0 : place >= SKETCH_HALF ? SKETCH_HALF - 1 : (int) place;
    *inside = place < 0 || place >= SKETCH_HALF ? .5 : place - k;
    if (is_negative)
        *inside = 1 - *inside;
    return is_negative ? SKETCH_HALF - 1 - k : SKETCH_HALF + k;
}

static void
sketch_rescale (sketch_t *self)
{
    float factor = (float) (1 / self->scale);
    for (int i = 0; i < SKETCH_BINS; i++)
        self->bins[i] *= factor;
    self->total /= self->scale;
    self->total2 /= self->scale * self->scale;
    self->scale = 1;
}

void
sketch_add (sketch_t *self, int64_t ts_ns, double half_s, double v)
{
    CHECK (half_s > 0 && !isnan (v));
    if (self->scale == 0) {
        self->scale = 1;
        self->ts_ns = ts_ns;
    }
    double keep = kept (self->ts_ns, ts_ns, stats_tau_of_half (half_s));
    if (keep < 1 / SKETCH_SCALE_MOST) {
        memset (self, 0, sizeof *self);
        keep = self->scale = 1;
    }
    self->scale /= keep;
    if (self->scale > SKETCH_SCALE_MOST)
        sketch_rescale (self);
    if (ts_ns > self->ts_ns)
        self->ts_ns = ts_ns;
    double inside;
    self->bins[sketch_bin (v, &inside)] += (float) self->scale;
    self->total += self->scale;
    self->total2 += self->scale * self->scale;
}

//  Sum of bins from..to-1; four sums side by side, because one waits for itself.
static double
sketch_sum (const sketch_t *self, int from, int to)
{
    double sums[4] = {0};
    int i = from;
    for (; i + 4 <= to; i += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += (double) self->bins[i + k];
    for (; i < to; i++)
        sums[0] += (double) self->bins[i];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

double
sketch_rank (const sketch_t *self, double v)
{
    if (self->total <= 0 || isnan (v))
        return NAN;
    double inside;
    int bin = sketch_bin (v, &inside);
    return stats_clip ((sketch_sum (self, 0, bin) + inside * (double) self->bins[bin]) / self->total, 0, 1);
}

double
sketch_quantile (const sketch_t *self, double rank)
{
    if (self->total <= 0 || isnan (rank))
        return NAN;
    double left = stats_clip (rank, 0, 1) * sketch_sum (self, 0, SKETCH_BINS);
    int i = 0, last = -1;
    for (double block; i + QUANTILE_BLOCK < SKETCH_BINS; i += QUANTILE_BLOCK) { //  whole blocks first
        block = sketch_sum (self, i, i + QUANTILE_BLOCK);
        if (left <= block)
            break;
        left -= block;
    }
    for (; i < SKETCH_BINS; i++) {
        if (self->bins[i] <= 0)
            continue;
        last = i;
        if (left <= (double) self->bins[i])
            break;
        left -= (double) self->bins[i];
    }
    if (last < 0) { //  rounding: all of it lies before the last block
        for (last = SKETCH_BINS - 1; last > 0 && self->bins[last] <= 0;)
            last--;
        left = (double) self->bins[last];
    }
    double inside = stats_clip (left / (double) self->bins[last], 0, 1);
    if (last >= SKETCH_HALF)
        return SKETCH_LOW * exp ((last - SKETCH_HALF + inside) * SKETCH_LN_WIDTH);
    return -SKETCH_LOW * exp ((SKETCH_HALF - last - inside) * SKETCH_LN_WIDTH);
}

double
sketch_n (const sketch_t *self)
{
    return self->total2 > 0 ? self->total * self->total / self->total2 : 0;
}

//  --- regression

void
regress_add (regress_t *self, int64_t ts_ns, double tau_s, double x, double y)
{
    CHECK (tau_s > 0);
    double keep = kept (self->ts_ns, ts_ns, tau_s);
    self->w = self->w * keep + 1;
    self->w2 = self->w2 * keep * keep + 1;
    self->x = self->x * keep + x;
    self->y = self->y * keep + y;
    self->xx = self->xx * keep + x * x;
    self->xy = self->xy * keep + x * y;
    self->yy = self->yy * keep + y * y;
    if (ts_ns > self->ts_ns)
        self->ts_ns = ts_ns;
}

void
regress_shift (regress_t *self, double dx, double dy)
{
    self->xy -= dx * self->y + dy * self->x - dx * dy * self->w;
    self->xx -= 2 * dx * self->x - dx * dx * self->w;
    self->yy -= 2 * dy * self->y - dy * dy * self->w;
    self->x -= dx * self->w;
    self->y -= dy * self->w;
}

//  Second moments about the means; false when there is nothing to divide by.
static bool
regress_moments (const regress_t *self, double *sxx, double *sxy, double *syy)
{
    if (self->w <= 0)
        return false;
    double mx = self->x / self->w, my = self->y / self->w;
    *sxx = self->xx / self->w - mx * mx;
    *sxy = self->xy / self->w - mx * my;
    *syy = fmax (0, self->yy / self->w - my * my);
    return *sxx > 1e-14 * (self->xx / self->w);
}

double
regress_slope (const regress_t *self)
{
    double sxx, sxy, syy;
    return regress_moments (self, &sxx, &sxy, &syy) ? sxy / sxx : NAN;
}

double
regress_intercept (const regress_t *self)
{
    double slope = regress_slope (self);
    return isnan (slope) ? NAN : (self->y - slope * self->x) / self->w;
}

double
regress_r2 (const regress_t *self)
{
    double sxx, sxy, syy;
    if (!regress_moments (self, &sxx, &sxy, &syy) || syy <= 0)
        return NAN;
    return stats_clip (sxy * sxy / (sxx * syy), 0, 1);
}

double
regress_t_stat (const regress_t *self)
{
    double sxx, sxy, syy, n = regress_n (self);
    if (!regress_moments (self, &sxx, &sxy, &syy) || n <= 2)
        return NAN;
    double left = syy - sxy * sxy / sxx;
    if (left <= 1e-14 * syy || syy <= 0)
        return NAN;
    return sxy / sxx / sqrt (left / sxx / (n - 2));
}

double
regress_n (const regress_t *self)
{
    return self->w2 > 0 ? self->w * self->w / self->w2 : 0;
}

//  --- recursive least squares

static const double RLS_P_FIRST = 1e3, RLS_P_MOST = 1e6;

void
rls_init (rls_t *self, uint32_t k)
{
    CHECK (k >= 1 && k <= RLS_MAX);
    memset (self, 0, sizeof *self);
    self->k = k;
    for (uint32_t i = 0; i < k; i++)
        self->p[i][i] = RLS_P_FIRST;
}

double
rls_predict (const rls_t *self, const double *x)
{
    double y = 0;
    for (uint32_t i = 0; i < self->k; i++)
        y += self->b[i] * x[i];
    return y;
}

double
rls_add (rls_t *self, const double *x, double y, double forget)
{
    CHECK (self->k >= 1 && forget > 0 && forget <= 1);
    uint32_t k = self->k;
    double error = y - rls_predict (self, x), px[RLS_MAX], size = forget;
    for (uint32_t i = 0; i < k; i++) {
        px[i] = 0;
        for (uint32_t j = 0; j < k; j++)
            px[i] += self->p[i][j] * x[j];
        size += x[i] * px[i];
    }
    for (uint32_t i = 0; i < k; i++)
        self->b[i] += px[i] / size * error;
    for (uint32_t i = 0; i < k; i++)
        for (uint32_t j = 0; j < k; j++)
            self->p[i][j] = (self->p[i][j] - px[i] * px[j] / size) / forget;
    for (uint32_t i = 0; i < k; i++) {
        if (self->p[i][i] <= RLS_P_MOST)
            continue;
        double factor = sqrt (RLS_P_MOST / self->p[i][i]);
        for (uint32_t j = 0; j < k; j++) {
            self->p[i][j] *= factor;
            self->p[j][i] *= factor;
        }
    }
    self->n++;
    return error;
}

//  --- small ones

double
stats_zc (const ew_t *state, double y)
{
    double sd = sqrt (ew_var (state));
    return ew_n (state) >= 2 && sd > 0 ? (y - ew_mean (state)) / sd : NAN;
}

double
stats_zu (const ew_t *state, double y)
{
    double rms = ew_rms (state);
    return ew_n (state) >= 2 && rms > 0 ? y / rms : NAN;
}

double
stats_tau_of_half (double half_s)
{
    return half_s / STATS_LN2;
}

double
stats_sign (double x)
{
    return (x > 0) - (x < 0);
}

double
stats_clip (double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

double
stats_normal_cdf (double x)
{
    return .5 * erfc (-x / sqrt (2));
}
