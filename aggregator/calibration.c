#include "aggregator/calibration.h"
#include "common/base/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_WIDTH   0.1
#define CELL_LOW     (-4.0)
#define BINS         20
#define CLAIM_BINS   10
#define BIN_PRIOR    50.0 //  wins and losses each bin starts with
#define PLATT_SPREAD 0.2
#define SLOPE_PRIOR  200.0
#define ANCHOR_LIVES 8.0

static double
anchor (calibration_t *self, double half_life_s, int64_t t_ms)
{
    double half_life_ms = half_life_s * 1000;
    if (self->tref_ms == 0)
        self->tref_ms = t_ms;
    while ((double) (t_ms - self->tref_ms) > ANCHOR_LIVES * half_life_ms) {
        int64_t to_ms = self->tref_ms + (int64_t) (ANCHOR_LIVES * half_life_ms);
        double by = exp2 (-(double) (to_ms - self->tref_ms) / half_life_ms);
        double *sums = (double *) &self->sums;
        for (size_t i = 0; i < sizeof self->sums / sizeof *sums; i++)
            sums[i] *= by;
        self->tref_ms = to_ms;
    }
    return exp2 ((double) (t_ms - self->tref_ms) / half_life_ms);
}

static size_t
cell_of (double z)
{
    double at = floor ((z - CELL_LOW) / CELL_WIDTH);
    return at < 0 ? 0 : at >= CALIBRATION_CELLS ? CALIBRATION_CELLS - 1 : (size_t) at;
}

static double
cell_middle (size_t cell)
{
    return CELL_LOW + ((double) cell + 0.5) * CELL_WIDTH;
}

void
calibration_add (calibration_t *self, double half_life_s, int64_t t_ms, double overlap, double z, double y,
                 double bias, double claim_pct)
{
    double g = anchor (self, half_life_s, t_ms) * overlap;
    double win = y > 0 ? 1 : y < 0 ? 0 : 0.5;
    calibration_sums_t *sums = &self->sums;
    self->outcomes += overlap;
    sums->n += g;
    sums->zz += g * z * z;
    sums->zy += g * z * y;
    sums->total[cell_of (z)] += g;
    sums->wins[cell_of (z)] += g * win;
    if (isnan (claim_pct) || bias == 0)
        return;
    double hit = bias > 0 ? win : 1 - win;
    double error = claim_pct / 100 - hit;
    size_t claim = (size_t) fmin (fmax (round (claim_pct), 0), CALIBRATION_CLAIMS - 1);
    sums->brier += g * error * error;
    sums->claims[claim] += g;
    sums->hits[claim] += g * hit;
}

static double
logistic (double x)
{
    return 1 / (1 + exp (-x));
}

//  Most likely a of p = logistic (a Z) under its prior; the objective is concave, Newton from 0 converges.
static double
fit_platt (const calibration_sums_t *sums, double g)
{
    double a = 0, precision = 1 / (PLATT_SPREAD * PLATT_SPREAD);
    for (int step = 0; step < 20; step++) {
        double slope = -a * precision, curve = precision;
        for (size_t i = 0; i < CALIBRATION_CELLS; i++) {
            if (sums->total[i] <= 0)
                continue;
            double z = cell_middle (i), p = logistic (a * z);
            slope += g * (sums->wins[i] - sums->total[i] * p) * z;
            curve += g * sums->total[i] * p * (1 - p) * z * z;
        }
        a += slope / curve;
        if (fabs (slope / curve) < 1e-12)
            break;
    }
    return a;
}

//  Bins of equal mass, then pool adjacent violators.
static void
fit_isotonic (const calibration_sums_t *sums, double g, calibration_fit_t *out)
{
    double p[CALIBRATION_POINTS], weight[CALIBRATION_POINTS], z[CALIBRATION_POINTS];
    double mass = 0, wins = 0, moment = 0, done = 0, n = sums->n * g;
    size_t count = 0;
    for (size_t i = 0; i < CALIBRATION_CELLS; i++) {
        mass += sums->total[i] * g;
        wins += sums->wins[i] * g;
        moment += sums->total[i] * g * cell_middle (i);
        done += sums->total[i] * g;
        bool is_last = i == CALIBRATION_CELLS - 1;
        if (mass > 0 && (is_last || (done >= n * (double) (count + 1) / BINS && count < BINS))) {
            z[count] = moment / mass;
            weight[count] = mass + 2 * BIN_PRIOR;
            p[count] = (wins + BIN_PRIOR) / weight[count];
            count++;
            mass = wins = moment = 0;
        }
    }
    size_t first[CALIBRATION_POINTS], pools = 0; //  a pool starts at bin first[i] and has p[i], weight[i]
    for (size_t i = 0; i < count; i++) {
        first[pools] = i;
        p[pools] = p[i];
        weight[pools] = weight[i];
        pools++;
        while (pools > 1 && p[pools - 2] > p[pools - 1]) {
            double both = weight[pools - 2] + weight[pools - 1];
            p[pools - 2] = (p[pools - 2] * weight[pools - 2] + p[pools - 1] * weight[pools - 1]) / both;
            weight[pools - 2] = both;
            pools--;
        }
    }
    out->points_count = count;
    for (size_t i = 0, pool = 0; i < count; i++) {
        if (pool + 1 < pools && first[pool + 1] <= i)
            pool++;
        out->z[i] = z[i];
        out->p[i] = p[pool];
    }
}

//  Expected calibration error over bins of claims of equal mass.
static double
claims_error (const calibration_sums_t *sums, double claims)
{
    double mass = 0, hits = 0, said = 0, done = 0, error = 0;
    int bins = 0;
    for (size_t i = 0; i < CALIBRATION_CLAIMS; i++) {
        mass += sums->claims[i];
        hits += sums->hits[i];
        said += sums->claims[i] * (double) i / 100;
        done += sums->claims[i];
        if (mass > 0 && (i == CALIBRATION_CLAIMS - 1 || done >= claims * (bins + 1) / CLAIM_BINS)) {
            error += fabs (hits - said) / claims;
            bins++;
            mass = hits = said = 0;
        }
    }
    return error;
}

void
calibration_fit (const calibration_t *self, double half_life_s, int64_t now_ms, calibration_fit_t *out)
{
    memset (out, 0, sizeof *out);
    const calibration_sums_t *sums = &self->sums;
    double g = exp2 (-(double) (now_ms - self->tref_ms) / (half_life_s * 1000)), claims = 0;
    out->n_eff = sums->n * g;
    out->is_calibrated =
        self->outcomes >= CALIBRATION_OUTCOMES_MIN - 1e-6; //  overlap weights are not exact binary
    out->outcomes_needed =
        out->is_calibrated ? 0 : (int64_t) ceil (CALIBRATION_OUTCOMES_MIN - 1e-6 - self->outcomes);
    out->beta_z = sums->zy * g / (sums->zz * g + SLOPE_PRIOR);
    double lower = out->beta_z - 1.64 / sqrt (out->n_eff + SLOPE_PRIOR);
    out->skill = fmin (fmax (lower / 0.05, 0), 1);
    out->is_isotonic = out->n_eff >= CALIBRATION_OUTCOMES_ISOTONIC;
    out->platt = fit_platt (sums, g);
    if (out->is_isotonic)
        fit_isotonic (sums, g, out);
    for (size_t i = 0; i < CALIBRATION_CLAIMS; i++)
        claims += sums->claims[i];
    out->brier = claims > 0 ? sums->brier / claims : NAN;
    out->ece = claims > 0 ? claims_error (sums, claims) : NAN;
}

double
calibration_p_up (const calibration_fit_t *fit, double z)
{
    if (!fit->is_isotonic || fit->points_count == 0)
        return logistic (fit->platt * z);
    size_t last = fit->points_count - 1;
    if (z <= fit->z[0])
        return fit->p[0];
    if (z >= fit->z[last])
        return fit->p[last];
    size_t i = 1;
    while (fit->z[i] < z)
        i++;
    double share = (z - fit->z[i - 1]) / (fit->z[i] - fit->z[i - 1]);
    return fit->p[i - 1] + share * (fit->p[i] - fit->p[i - 1]);
}

double
calibration_confidence_pct (const calibration_fit_t *fit, double z, double bias)
{
    if (!fit->is_calibrated || bias == 0)
        return 50;
    double p = calibration_p_up (fit, z);
    return 100 * (bias > 0 ? p : 1 - p);
}

void
calibration_save (const calibration_t *self, image_t *out)
{
    char field[24];
    image_put_count (out, "tref", self->tref_ms);
    image_put_number (out, "outcomes", self->outcomes);
    image_put_number (out, "n", self->sums.n);
    image_put_number (out, "zz", self->sums.zz);
    image_put_number (out, "zy", self->sums.zy);
    image_put_number (out, "brier", self->sums.brier);
    for (int i = 0; i < CALIBRATION_CELLS; i++) {
        if (self->sums.total[i] <= 0)
            continue;
        char edge[16];
        snprintf (field, sizeof field, "lo:%d", i);
        snprintf (edge, sizeof edge, "%.1f", CELL_LOW + i * CELL_WIDTH);
        image_put_text (out, field, edge);
        snprintf (field, sizeof field, "win:%d", i);
        image_put_number (out, field, self->sums.wins[i]);
        snprintf (field, sizeof field, "tot:%d", i);
        image_put_number (out, field, self->sums.total[i]);
    }
    for (int i = 0; i < CALIBRATION_CLAIMS; i++) {
        if (self->sums.claims[i] <= 0)
            continue;
        snprintf (field, sizeof field, "claim:%d", i);
        image_put_number (out, field, self->sums.claims[i]);
        snprintf (field, sizeof field, "hit:%d", i);
        image_put_number (out, field, self->sums.hits[i]);
    }
}

int
calibration_load (calibration_t *self, const char *name, const char *value)
{
    if (strcmp (name, "tref") == 0)
        return image_count (value, &self->tref_ms);
    const struct {
        const char *name;
        double *to;
        long count; //  0: a single number
    } rows[] = {{"outcomes", &self->outcomes, 0},
                {"n", &self->sums.n, 0},
                {"zz", &self->sums.zz, 0},
                {"zy", &self->sums.zy, 0},
                {"brier", &self->sums.brier, 0},
                {"win:", self->sums.wins, CALIBRATION_CELLS},
                {"tot:", self->sums.total, CALIBRATION_CELLS},
                {"claim:", self->sums.claims, CALIBRATION_CLAIMS},
                {"hit:", self->sums.hits, CALIBRATION_CLAIMS}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = strlen (rows[i].name);
        if (rows[i].count == 0 && strcmp (name, rows[i].name) == 0)
            return image_number (value, rows[i].to);
        if (rows[i].count == 0 || strncmp (name, rows[i].name, size) != 0)
            continue;
        char *end;
        long at = strtol (name + size, &end, 10);
        if (*end != '\0' || at < 0 || at >= rows[i].count)
            return E_SYNTAX;
        return image_number (value, &rows[i].to[at]);
    }
    return E_ABSENT;
}
