/*  stats - the statistics all cards are built from (methods B0)
 *
 *  What  flat states, no pointers, time as an argument.  Zeroed memory is a valid empty state.
 *  How   all exponentially weighted moments are sums of decayed weights, so they are unbiased from the first
 *        sample:
 *            S <- S e^(-dt/tau) + x        W <- W e^(-dt/tau) + 1        mean = S/W        n_eff = W^2 / W2
 *        Durations: tau_s is a time constant; half_s a half-life (tau = half / ln 2).
 *  Not   an answer at any price: functions that may have none return NaN; cards turn that into "no
 *        reading". */

#ifndef LEADLINE_STATS_H
#define LEADLINE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#define STATS_LN2 0.69314718055994530942

//  Decayed mean, variance about the mean, mean square about zero.  Observations have weight 1 at their time.
typedef struct {
    int64_t ts_ns; //  of the last observation
    double w, w2;  //  decayed sums of weights and squared weights
    double sum, sum2;
} ew_t;

void
ew_add (ew_t *self, int64_t ts_ns, double tau_s, double x);
//  As if w observations of value x: w > 0.
void
ew_add_weighted (ew_t *self, int64_t ts_ns, double tau_s, double x, double weight);
double
ew_mean (const ew_t *self); //  NaN when empty
double
ew_var (const ew_t *self); //  sum2/w - mean^2, floored at 0; NaN when empty
double
ew_rms (const ew_t *self); //  sqrt (sum2/w); NaN when empty
double
ew_n (const ew_t *self); //  n_eff; 0 when empty

//  Decayed sum: value at a later time is value e^(-dt/tau).
typedef struct {
    int64_t ts_ns;
    double value;
} decayed_t;

void
decayed_add (decayed_t *self, int64_t ts_ns, double tau_s, double x);
double
decayed_at (const decayed_t *self, int64_t ts_ns, double tau_s);

//  A triggered value that fades: hold(e, tau).  A new trigger replaces it if larger in size than what is
//  left.
typedef struct {
    int64_t ts_ns;
    double value;
    uint32_t triggers_count; //  accepted
} hold_t;

void
hold_trigger (hold_t *self, int64_t ts_ns, double tau_s, double e);
double
hold_at (const hold_t *self, int64_t ts_ns, double tau_s); //  0 when never triggered

//  Quantile sketch: 256 bins over sign and ln|v|, decayed counts by lazy scale (B0).
//  Bins: 0..127 negative, 128..255 positive, |v| from 1e-9 to 1e9 log-spaced (0 counts as the smallest
//  positive). Relative width of a bin 1.383; ranks interpolate inside a bin, linear in ln|v| (beyond the
//  ends: its middle).
enum { SKETCH_BINS = 256 };
typedef struct {
    int64_t ts_ns;
    double total, total2; //  decayed sums in units of the present scale
    double scale;         //  weight of a new observation grows instead of old ones decaying
    float bins[SKETCH_BINS];
} sketch_t;

void
sketch_add (sketch_t *self, int64_t ts_ns, double half_s, double v);
//  Share of observations below v plus half of those equal (within the bin interpolated), 0..1; NaN when
//  empty.
double
sketch_rank (const sketch_t *self, double v);
//  The value at a rank; NaN when empty.
double
sketch_quantile (const sketch_t *self, double rank);
double
sketch_n (const sketch_t *self);

//  Decayed simple regression y = a + b x.
typedef struct {
    int64_t ts_ns;
    double w, w2, x, y, xx, xy, yy;
} regress_t;

void
regress_add (regress_t *self, int64_t ts_ns, double tau_s, double x, double y);
//  Move the origin: as if dx and dy had been taken off every x and y (keeps sums small when x is time).
void
regress_shift (regress_t *self, double dx, double dy);
double
regress_slope (const regress_t *self); //  NaN when empty or x has no variance
double
regress_intercept (const regress_t *self);
double
regress_r2 (const regress_t *self);
//  t-statistic of the slope: b / sqrt (left / (varx (n_eff - 2))), left = vary - b covxy; NaN when n_eff <= 2
//  or the points lie on a line (left = 0)
double
regress_t_stat (const regress_t *self);
double
regress_n (const regress_t *self);

//  Recursive least squares with k <= 4 regressors and forgetting per step (0 < forget <= 1).
//  P starts as 1e3 I and its diagonal is capped at 1e6.
enum { RLS_MAX = 4 };
typedef struct {
    uint32_t k, n;
    double b[RLS_MAX];
    double p[RLS_MAX][RLS_MAX];
} rls_t;

void
rls_init (rls_t *self, uint32_t k);
//  Returns the one-step error y - b x made before the update.
double
rls_add (rls_t *self, const double *x, double y, double forget);
double
rls_predict (const rls_t *self, const double *x);

//  zc = (y - mean)/sd, zu = y/rms of a decayed state that already holds y or not (caller decides); NaN when
//  n_eff < 2 or the denominator is 0.
double
stats_zc (const ew_t *state, double y);
double
stats_zu (const ew_t *state, double y);

double
stats_tau_of_half (double half_s); //  half / ln 2
double
stats_sign (double x); //  -1, 0, 1
double
stats_clip (double x, double low, double high);
double
stats_normal_cdf (double x);

#endif
