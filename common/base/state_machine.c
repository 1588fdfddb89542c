#include "common/base/state_machine.h"

#include <math.h>
#include <string.h>

#include "common/base/check.h"

static const double ENTER = .25, LEAVE = .15, ENTER_STRONG = .70, LEAVE_STRONG = .60;
static const double JUMP = .5, TURN = .3;
static const double CUSUM_K = .5, CUSUM_H = 4;
static const double SLOPE_TAU_CYCLES = 5;

//  The level that q asks for, given the one we are on.
static int
level_wanted (int level, double q)
{
    int side = level < 0 ? -1 : 1;
    double along = q * side;
    int size = level * side;
    if (along >= ENTER_STRONG || (size == 2 && along >= LEAVE_STRONG))
        return 2 * side;
    if (along >= ENTER || (size >= 1 && along >= LEAVE))
        return side;
    if (along <= -ENTER_STRONG)
        return -2 * side;
    if (along <= -ENTER)
        return -side;
    return 0;
}

//  Two cycles that want different levels on the same side of ours agree on the nearer one.
static void
note_wanted (state_machine_t *self, int wanted)
{
    int old = self->wanted - self->level, new = wanted - self->level;
    if (new == 0) {
        self->wanted = self->level;
        self->wanted_count = 0;
    } else if (self->wanted_count > 0 && (old > 0) == (new > 0)) {
        self->wanted = self->level + (new > 0 ? (old < new ? old : new) : (old > new ? old : new));
        self->wanted_count++;
    } else {
        self->wanted = wanted;
        self->wanted_count = 1;
    }
}

static void
slope_add (state_machine_t *self, double cycles, double y)
{
    //  Move the origin of time to now, then decay.
    double shift = cycles;
    self->ty -= shift * self->y;
    self->tt += shift * shift * self->w - 2 * shift * self->t;
    self->t -= shift * self->w;
    double keep = exp (-cycles / SLOPE_TAU_CYCLES);
    self->w = self->w * keep + 1;
    self->w2 = self->w2 * keep * keep + 1;
    self->t *= keep;
    self->tt *= keep;
    self->ty *= keep;
    self->y = self->y * keep + y;
    self->yy = self->yy * keep + y * y;
}

//  Slope of |q| per cycle and its standard error; NaN while there is no answer.
static double
slope_of (const state_machine_t *self, double *error)
{
    *error = NAN;
    double n = self->w > 0 ? self->w * self->w / self->w2 : 0;
    double var_t = self->w > 0 ? self->tt / self->w - (self->t / self->w) * (self->t / self->w) : 0;
    if (n <= 2.5 || var_t <= 0)
        return NAN;
    double mean_y = self->y / self->w;
    double cov = self->ty / self->w - self->t / self->w * mean_y;
    double var_y = self->yy / self->w - mean_y * mean_y;
    double slope = cov / var_t;
    double left = var_y - slope * cov;
    *error = sqrt ((left > 0 ? left : 0) / var_t / (n - 2));
    return slope;
}

static int
phase_of (const state_machine_t *self, double size)
{
    double error, slope = slope_of (self, &error);
    if (self->level == 0 || isnan (slope))
        return MACHINE_STEADY;
    if (slope < -error && slope < 0 && size <= (1 - TURN) * self->peak)
        return MACHINE_DECELERATING;
    if (slope > error && slope > 0 && size >= (1 + TURN) * self->trough)
        return MACHINE_ACCELERATING;
    return MACHINE_STEADY;
}

static int
cusum_step (state_machine_t *self, double z)
{
    if (isnan (z))
        return 0;
    self->g_up = fmax (0, self->g_up + z - CUSUM_K);
    self->g_down = fmax (0, self->g_down - z - CUSUM_K);
    int side = self->g_up > CUSUM_H ? 1 : self->g_down > CUSUM_H ? -1 : 0;
    if (side)
        self->g_up = self->g_down = 0;
    return side * self->level > 0 ? 0 : side;
}

static bool
look (state_machine_t *self, int64_t ts_ms, double q, double cycles)
{
    bool is_first = self->cycle == 0;
    double size = fabs (q);
    slope_add (self, is_first ? 0 : cycles, size);
    note_wanted (self, level_wanted (self->level, q));
    int needed = !is_first && fabs (q - self->q) > JUMP ? 1 : 2;
    bool is_transition = self->wanted_count >= needed;
    if (is_transition) {
        bool is_turn = (self->wanted > 0) - (self->wanted < 0) != (self->level > 0) - (self->level < 0);
        self->level_prev = self->level;
        self->level = self->wanted;
        self->since_ms = ts_ms;
        self->wanted_count = 0;
        if (is_turn)
            self->peak = self->trough = size;
    }
    self->q = q;
    self->peak = fmax (self->peak, size);
    self->trough = fmin (self->trough, size);
    if (self->level == 0)
        self->peak = self->trough = 0;
    return is_transition;
}

void
state_machine_step (state_machine_t *self, int64_t ts_ms, double q, double z, int64_t cycle_ms,
                    state_view_t *out)
{
    CHECK (cycle_ms > 0 && isfinite (q));
    int64_t cycle = 1 + ts_ms / cycle_ms;
    bool is_transition = false;
    self->early = 0;
    if (cycle > self->cycle) {
        is_transition = look (self, ts_ms, q, (double) (cycle - self->cycle));
        self->early = cusum_step (self, z);
        self->phase = phase_of (self, fabs (q));
        self->cycle = cycle;
    }
    double error;
    *out = (state_view_t){.level = self->level,
                          .level_prev = self->level_prev,
                          .is_transition = is_transition,
                          .since_ms = self->since_ms,
                          .phase = self->phase,
                          .early = self->early,
                          .peak = self->peak,
                          .slope = slope_of (self, &error)};
}

void
state_machine_rest (state_machine_t *self, int64_t ts_ms, int64_t cycle_ms)
{
    CHECK (cycle_ms > 0);
    self->wanted_count = 0;
    if (self->cycle && ts_ms / cycle_ms + 1 > self->cycle + 2)
        memset (self, 0, sizeof *self);
}
