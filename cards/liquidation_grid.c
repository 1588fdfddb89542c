#include "cards/liquidation_grid.h"

#include <math.h>

static const double SCALE_LEAST = 1e-15; //  then it is multiplied into the bins

static void
open_scale (liquidation_grid_t *self)
{
    if (self->scale > SCALE_LEAST)
        return;
    float factor = (float) self->scale;
    for (int i = 0; self->scale > 0 && i < LIQUIDATION_BINS; i++)
        self->m[i] *= factor;
    self->scale = 1;
}

//  weights[i] (1 - part) + weights[i - 1] part onto bins at[0 .. count), which do not wrap.
static void
add_run (float *restrict at, const float *restrict weights, int count, float first, float second)
{
    for (int i = 0; i < count; i++)
        at[i] += first * weights[i] + second * weights[i - 1];
}

//  Some of it lies outside of the window.
static void
deposit_at_edge (liquidation_grid_t *self, int64_t base, int64_t bin, double part, double coins,
                 const liquidation_kernel_t *kernel)
{
    for (int32_t i = 0; i < 2 * kernel->reach + 2; i++) {
        double share = (1 - part) * (double) kernel->weights[i] + part * (double) kernel->weights[i - 1];
        int64_t at = bin - kernel->reach + i;
        if (at < base || at >= base + LIQUIDATION_BINS) {
            self->beyond_coins += coins * share;
            self->total_coins -= coins * share;
        } else
            self->m[at & (LIQUIDATION_BINS - 1)] += (float) (coins * share / self->scale);
    }
    self->total_coins += coins;
}

void
liquidation_grid_deposit (liquidation_grid_t *self, int64_t base, double place, double coins,
                          const liquidation_kernel_t *kernel)
{
    open_scale (self);
    double whole = floor (place), part = place - whole;
    int64_t bin = (int64_t) whole, first = bin - kernel->reach;
    int count = 2 * kernel->reach + 2;
    if (first < base || first + count > base + LIQUIDATION_BINS) {
        deposit_at_edge (self, base, bin, part, coins, kernel);
        return;
    }
    float near = (float) ((1 - part) * coins / self->scale), far = (float) (part * coins / self->scale);
    int at = (int) (first & (LIQUIDATION_BINS - 1));
    int run = at + count > LIQUIDATION_BINS ? LIQUIDATION_BINS - at : count;
    add_run (self->m + at, kernel->weights, run, near, far);
    if (run < count)
        add_run (self->m, kernel->weights + run, count - run, near, far);
    self->total_coins += coins;
}

void
liquidation_grid_scale (liquidation_grid_t *self, double share)
{
    self->scale *= share;
    self->total_coins *= share;
    self->beyond_coins *= share;
}

double
liquidation_grid_sweep (liquidation_grid_t *self, int64_t base, int64_t from, int64_t to)
{
    if (from < base)
        from = base;
    if (to >= base + LIQUIDATION_BINS)
        to = base + LIQUIDATION_BINS - 1;
    double sum = 0;
    for (int64_t bin = from; bin <= to; bin++) {
        float *m = self->m + (bin & (LIQUIDATION_BINS - 1));
        sum += (double) *m;
        *m = 0;
    }
    sum *= self->scale;
    self->total_coins = fmax (0, self->total_coins - sum);
    return sum;
}

void
liquidation_grid_move (liquidation_grid_t *self, int64_t base, int64_t bins)
{
    double out = bins > 0 ? liquidation_grid_sweep (self, base, base, base + bins - 1)
                          : liquidation_grid_sweep (self, base, base + LIQUIDATION_BINS + bins,
                                                    base + LIQUIDATION_BINS - 1);
    self->beyond_coins += out;
}

static void
read_run (const float *restrict m, int from, int to, const liquidation_reading_t *how, float factor,
          float hazard_factor, float *restrict out, float *restrict hazard)
{
    const float *restrict px = how->px, *restrict phi = how->phi;
    float first = (float) how->first_share, step = (float) how->step_share, wide = 1 / how->stops_over;
    float gone = 1 - how->stops_from, stopped = how->stopped;
    for (int i = from; i < to; i++) {
        float distance = first + step * (float) i;
        distance = distance < 0 ? 0 : distance;
        float share = (gone - distance) * wide;
        share = share < 0 ? 0 : share;
        share = share > 1 ? 1 : share;
        float usd = m[i - from] * px[i] * (1 - stopped * share);
        out[i] += usd * factor;
        hazard[i] += usd * hazard_factor * phi[i];
    }
}

void
liquidation_grid_read (const liquidation_grid_t *self, int64_t base, int64_t from, int count,
                       const liquidation_reading_t *how, float *out, float *hazard)
{
    int first = from < base ? (int) (base - from) : 0;
    int last = from + count > base + LIQUIDATION_BINS ? (int) (base + LIQUIDATION_BINS - from) : count;
    float factor = (float) (self->scale * (double) how->factor),
          hazard_factor = (float) (self->scale * (double) how->hazard_factor);
    for (int at = first; at < last;) { //  at most two runs: the ring wraps once
        int slot = (int) ((from + at) & (LIQUIDATION_BINS - 1));
        int run = LIQUIDATION_BINS - slot < last - at ? LIQUIDATION_BINS - slot : last - at;
        read_run (self->m + slot, at, at + run, how, factor, hazard_factor, out, hazard);
        at += run;
    }
}
