#include "ingest/simulator/fundamental.h"
#include "common/base/check.h"
#include "common/base/prng.h"

#include <math.h>
#include <stdlib.h>

static const double YEAR_S = 365.25 * 86400;
static const double JUMPS_PER_S = 2.0 / 86400;
static const double JUMP_SIGMA_HOURS = .6; //  mean size of a jump in one-hour sigmas
static const double FAST_HALF_LIFE_S = 1200, SLOW_HALF_LIFE_S = 3 * 86400;
static const double FAST_SD = .7, SLOW_SD = .6; //  of ln variance
static const double MARKET_VOL_YEAR = .40;
static const double VOL_STEP_S = 1;

typedef struct {
    prng_t prng;
    double sigma_mean, sigma; //  per sqrt s
    double fast, slow;        //  of ln variance, unit variance each
} factor_t;

typedef struct {
    factor_t own;
    prng_t signal_prng;
    double log_px, beta, signal, drift; //  drift: g in sigmas per sqrt s
    double sigma_mean;
} asset_t;

struct fundamental {
    factor_t market;
    asset_t *assets;
    int count;
    double horizon_s, own_share_root, vol_age_s;
};

static void
factor_init (factor_t *self, uint64_t seed, const char *name, int index, double vol_year)
{
    prng_fork (&self->prng, seed, name, (uint64_t) index);
    self->sigma_mean = vol_year / sqrt (YEAR_S);
    self->fast = prng_normal (&self->prng);
    self->slow = prng_normal (&self->prng);
    self->sigma = self->sigma_mean;
}

fundamental_t *
fundamental_new (uint64_t seed, const listing_t *listings, int count, double horizon_s)
{
    CHECK (horizon_s > 0);
    fundamental_t *self = mem_new (sizeof *self);
    self->assets = mem_new ((size_t) count * sizeof *self->assets);
    self->count = count;
    self->horizon_s = horizon_s;
    self->own_share_root = 1;
    self->vol_age_s = VOL_STEP_S;
    factor_init (&self->market, seed, "fundamental-market", 0, MARKET_VOL_YEAR);
    for (int i = 0; i < count; i++) {
        asset_t *asset = &self->assets[i];
        double common = listings[i].beta * MARKET_VOL_YEAR;
        double total = listings[i].vol_year;
        double own = total > common ? sqrt (total * total - common * common) : 0;
        if (own < .15 * total)
            own = .15 * total;
        factor_init (&asset->own, seed, "fundamental-own", i, own);
        prng_fork (&asset->signal_prng, seed, "fundamental-signal", (uint64_t) i);
        asset->beta = listings[i].beta;
        asset->log_px = log (listings[i].px);
        asset->sigma_mean = hypot (common, own) / sqrt (YEAR_S);
        asset->signal = prng_normal (&asset->signal_prng);
    }
    return self;
}

void
fundamental_destroy (fundamental_t **self)
{
    if (!*self)
        return;
    free ((*self)->assets);
    free (*self);
    *self = NULL;
}

void
fundamental_set_own_share (fundamental_t *self, double share)
{
    self->own_share_root = sqrt (share);
}

void
fundamental_set_drift (fundamental_t *self, int instrument, double correlation)
{
    static const double e = 2.718281828459045;
    CHECK (correlation >= 0 && correlation <= .6);
    //  What a correlation loses to jumps, which the signal knows nothing of, and to volatility that moves:
    //  over the squares of a log-normal sigma, mean sigma / root mean square sigma.
    double hours = JUMP_SIGMA_HOURS * JUMP_SIGMA_HOURS * 2 * 3600;
    double loss = exp (-(FAST_SD * FAST_SD + SLOW_SD * SLOW_SD) / 8) / sqrt (1 + JUMPS_PER_S * hours);
    double c2 = fmin (correlation / loss, .65) * fmin (correlation / loss, .65);
    double reach = (1 - 1 / e) * (1 - 1 / e);
    double a = sqrt (c2 / (reach - 2 / e * c2));
    self->assets[instrument].drift = a / sqrt (self->horizon_s);
}

//  Busy when Europe and America are both awake, quieter at weekends; mean of the square near 1.
static double
profile (int64_t ts_ns)
{
    double hours = (double) (ts_ns / 1000000000) / 3600.0;
    double hour = fmod (hours, 24.0);
    int weekday = (int) fmod (hours / 24.0 + 4, 7.0); //  1970-01-01 was a Thursday; 0 is Sunday
    double level = 1 + .22 * cos ((hour - 15) * 6.283185307179586 / 24.0);
    return weekday == 0 || weekday == 6 ? .8 * level : level;
}

static void
factor_step_volatility (factor_t *self, double level, double dt_s)
{
    static const double ln2 = 0.6931471805599453;
    double fast = exp (-ln2 * dt_s / FAST_HALF_LIFE_S), slow = exp (-ln2 * dt_s / SLOW_HALF_LIFE_S);
    self->fast = fast * self->fast + sqrt (1 - fast * fast) * prng_normal (&self->prng);
    self->slow = slow * self->slow + sqrt (1 - slow * slow) * prng_normal (&self->prng);
    double ln_variance = FAST_SD * self->fast + SLOW_SD * self->slow;
    double mean = .5 * (FAST_SD * FAST_SD + SLOW_SD * SLOW_SD);
    self->sigma = self->sigma_mean * level * exp (.5 * (ln_variance - mean));
}

//  A jump within a step of dt_s, 0 nearly always.  One draw for whether, so streams stay aligned.
static double
factor_jump (factor_t *self, double dt_s)
{
    double u = prng_uniform (&self->prng);
    if (u >= JUMPS_PER_S * dt_s)
        return 0;
    double size = JUMP_SIGMA_HOURS * self->sigma_mean * 60 * prng_exponential (&self->prng);
    return prng_uniform (&self->prng) < .5 ? -size : size;
}

void
fundamental_step (fundamental_t *self, int64_t ts_ns, double dt_s)
{
    self->vol_age_s += dt_s;
    bool is_vol_due = self->vol_age_s >= VOL_STEP_S - 1e-9;
    double level = is_vol_due ? profile (ts_ns) : 1;
    double root = sqrt (dt_s) * self->own_share_root;
    factor_t *market = &self->market;
    if (is_vol_due)
        factor_step_volatility (market, level, self->vol_age_s);
    double common = market->sigma * root * prng_normal (&market->prng) + factor_jump (market, dt_s);

    double keep = exp (-dt_s / self->horizon_s), fresh = sqrt (1 - keep * keep);
    for (int i = 0; i < self->count; i++) {
        asset_t *asset = &self->assets[i];
        if (is_vol_due)
            factor_step_volatility (&asset->own, level, self->vol_age_s);
        double own =
            asset->own.sigma * root * prng_normal (&asset->own.prng) + factor_jump (&asset->own, dt_s);
        asset->log_px += asset->beta * common + own;
        if (asset->drift > 0) {
            double sigma = fundamental_sigma (self, i);
            asset->log_px += asset->drift * sigma * asset->signal * dt_s;
            asset->signal = keep * asset->signal + fresh * prng_normal (&asset->signal_prng);
        }
    }
    if (is_vol_due)
        self->vol_age_s = 0;
}

double
fundamental_px (const fundamental_t *self, int instrument)
{
    return exp (self->assets[instrument].log_px);
}

double
fundamental_sigma (const fundamental_t *self, int instrument)
{
    const asset_t *asset = &self->assets[instrument];
    double common = asset->beta * self->market.sigma;
    return sqrt (common * common + asset->own.sigma * asset->own.sigma);
}

double
fundamental_sigma_mean (const fundamental_t *self, int instrument)
{
    return self->assets[instrument].sigma_mean;
}

double
fundamental_signal (const fundamental_t *self, int instrument)
{
    return self->assets[instrument].signal;
}

void
fundamental_push (fundamental_t *self, int instrument, double log_move)
{
    self->assets[instrument].log_px += log_move;
}
