#include "aggregator/learner.h"
#include "common/base/check.h"
#include "common/base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SPREAD_PRIOR   20.0 //  outcomes with which v_m, v_d and the spread of y start at 1
#define SPREAD_MIN     0.05
#define FORECAST_SCALE 0.03 //  of an expert: the size of a realistic conditional mean
#define BOA_MEMORY     1000.0
#define ANCHOR_LIVES   8.0
#define RIDGE_CEILING  0.4

typedef double matrix_t[CATEGORIES_MAX][CATEGORIES_MAX];

static void
rescale (learner_sums_t *self, size_t k, double by)
{
    self->n *= by;
    self->yy *= by;
    for (size_t i = 0; i < k; i++) {
        self->c[i] *= by;
        self->seen[i] *= by;
        for (size_t j = i; j < k; j++)
            self->a[i][j] *= by;
    }
}

//  The factor of a contribution decided at t_ms; moves the anchor when it has fallen far behind.
static double
anchor (learner_sums_t *self, size_t k, double half_life_s, int64_t t_ms)
{
    if (self->tref_ms == 0)
        self->tref_ms = t_ms;
    double half_life_ms = half_life_s * 1000;
    while ((double) (t_ms - self->tref_ms) > ANCHOR_LIVES * half_life_ms) {
        int64_t to_ms = self->tref_ms + (int64_t) (ANCHOR_LIVES * half_life_ms);
        rescale (self, k, exp2 (-(double) (to_ms - self->tref_ms) / half_life_ms));
        self->tref_ms = to_ms;
    }
    return exp2 ((double) (t_ms - self->tref_ms) / half_life_ms);
}

static double
decay (const learner_sums_t *self, double half_life_s, int64_t now_ms)
{
    return exp2 (-(double) (now_ms - self->tref_ms) / (half_life_s * 1000));
}

static void
accumulate (learner_sums_t *self, size_t k, double weight, const double x[], double y)
{
    self->yy += weight * y * y;
    for (size_t i = 0; i < k; i++) {
        double wx = weight * x[i];
        if (wx == 0)
            continue;
        self->c[i] += wx * y;
        for (size_t j = i; j < k; j++)
            self->a[i][j] += wx * x[j];
    }
}

void
learner_sums_add (learner_sums_t *self, size_t k, double half_life_s, int64_t t_ms, double overlap,
                  const learner_case_t *one)
{
    double g = anchor (self, k, half_life_s, t_ms) * overlap;
    self->n += g;
    accumulate (self, k, g, one->x, one->y);
    for (size_t i = 0; i < k; i++)
        if (one->present >> i & 1)
            self->seen[i] += g;
}

void
learner_pool_add (learner_pool_t *self, size_t k, double half_life_s, int64_t t_ms, double overlap,
                  const learner_case_t cases[], size_t count)
{
    if (count == 0)
        return;
    if (count == 1) {
        learner_sums_add (&self->single, k, half_life_s, t_ms, overlap, &cases[0]);
        return;
    }
    double s = (double) count, y_mean = 0, x_mean[CATEGORIES_MAX] = {0};
    for (size_t n = 0; n < count; n++) {
        y_mean += cases[n].y / s;
        for (size_t i = 0; i < k; i++)
            x_mean[i] += cases[n].x[i] / s;
    }
    double g = anchor (&self->market, k, half_life_s, t_ms) * overlap;
    self->market.n += g;
    accumulate (&self->market, k, g * s, x_mean, y_mean);
    g = anchor (&self->relative, k, half_life_s, t_ms) * overlap;
    self->relative.n += g * (s - 1);
    for (size_t n = 0; n < count; n++) {
        double x[CATEGORIES_MAX] = {0};
        for (size_t i = 0; i < k; i++)
            x[i] = cases[n].x[i] - x_mean[i];
        accumulate (&self->relative, k, g, x, cases[n].y - y_mean);
        for (size_t i = 0; i < k; i++)
            if (cases[n].present >> i & 1)
                self->relative.seen[i] += g;
    }
}

double
learner_sums_n (const learner_sums_t *self, double half_life_s, int64_t now_ms)
{
    return self->n * decay (self, half_life_s, now_ms);
}

//  Mean square of y, shrunk to 1 while there is little.
static double
spread (const learner_sums_t *self, double half_life_s, int64_t now_ms)
{
    double g = decay (self, half_life_s, now_ms);
    return fmax (SPREAD_MIN, (self->yy * g + SPREAD_PRIOR) / (self->n * g + SPREAD_PRIOR));
}

static void
gather (const learner_sums_t *from, size_t k, double by, matrix_t a, double c[])
{
    for (size_t i = 0; i < k; i++) {
        c[i] += from->c[i] * by;
        for (size_t j = i; j < k; j++)
            a[i][j] += from->a[i][j] * by;
    }
}

//  Lower factor L of A + lambda I, A given by its upper triangle.  lambda > 0 makes it positive definite.
static void
cholesky (size_t k, matrix_t a, double lambda, matrix_t l)
{
    for (size_t j = 0; j < k; j++) {
        double diagonal = a[j][j] + lambda;
        for (size_t m = 0; m < j; m++)
            diagonal -= l[j][m] * l[j][m];
        l[j][j] = sqrt (fmax (diagonal, lambda * 1e-9));
        for (size_t i = j + 1; i < k; i++) {
            double rest = a[j][i];
            for (size_t m = 0; m < j; m++)
                rest -= l[i][m] * l[j][m];
            l[i][j] = rest / l[j][j];
        }
    }
}

//  x = (L L')^-1 b
static void
solve (size_t k, matrix_t l, const double b[], double x[])
{
    for (size_t i = 0; i < k; i++) {
        double rest = b[i];
        for (size_t m = 0; m < i; m++)
            rest -= l[i][m] * x[m];
        x[i] = rest / l[i][i];
    }
    for (size_t i = k; i-- > 0;) {
        double rest = x[i];
        for (size_t m = i + 1; m < k; m++)
            rest -= l[m][i] * x[m];
        x[i] = rest / l[i][i];
    }
}

static void
posterior (size_t k, matrix_t a, const double c[], double lambda, const double prior[],
           learner_posterior_t *out)
{
    if (isinf (lambda)) {
        for (size_t i = 0; i < k; i++) {
            out->beta[i] = prior[i];
            out->se[i] = 0;
        }
        return;
    }
    matrix_t l;
    double b[CATEGORIES_MAX] = {0}, unit[CATEGORIES_MAX], column[CATEGORIES_MAX];
    cholesky (k, a, lambda, l);
    for (size_t i = 0; i < k; i++)
        b[i] = c[i] + lambda * prior[i];
    solve (k, l, b, out->beta);
    for (size_t i = 0; i < k; i++) {
        memset (unit, 0, sizeof unit);
        unit[i] = 1;
        solve (k, l, unit, column);
        out->se[i] = sqrt (column[i]);
    }
}

void
learner_pool_posterior (const learner_pool_t *self, size_t k, double half_life_s, int64_t now_ms,
                        double lambda, const double prior[], learner_posterior_t *out)
{
    matrix_t a;
    double c[CATEGORIES_MAX] = {0};
    memset (a, 0, sizeof a);
    double v_m = spread (&self->market, half_life_s, now_ms);
    double v_d = spread (&self->relative, half_life_s, now_ms);
    gather (&self->single, k, decay (&self->single, half_life_s, now_ms), a, c);
    gather (&self->market, k, decay (&self->market, half_life_s, now_ms) / v_m, a, c);
    gather (&self->relative, k, decay (&self->relative, half_life_s, now_ms) / v_d, a, c);
    posterior (k, a, c, lambda, prior, out);
    out->n = learner_sums_n (&self->single, half_life_s, now_ms) +
             learner_sums_n (&self->market, half_life_s, now_ms) / v_m +
             learner_sums_n (&self->relative, half_life_s, now_ms) / v_d;
}

void
learner_symbol_posterior (const learner_sums_t *self, size_t k, double half_life_s, int64_t now_ms,
                          double lambda, const double prior[], learner_posterior_t *out)
{
    matrix_t a;
    double c[CATEGORIES_MAX] = {0};
    memset (a, 0, sizeof a);
    gather (self, k, decay (self, half_life_s, now_ms), a, c);
    posterior (k, a, c, lambda, prior, out);
    double sigma_y = sqrt (spread (self, half_life_s, now_ms));
    for (size_t i = 0; i < k; i++)
        out->se[i] *= sigma_y;
    out->n = learner_sums_n (self, half_life_s, now_ms);
}

double
learner_evidence (const learner_sums_t *self, size_t k, double half_life_s, int64_t now_ms, double lambda,
                  const double prior[])
{
    matrix_t a, l;
    double c[CATEGORIES_MAX] = {0}, rest[CATEGORIES_MAX] = {0}, solved[CATEGORIES_MAX];
    memset (a, 0, sizeof a);
    double g = decay (self, half_life_s, now_ms);
    gather (self, k, g, a, c);
    double square = self->yy * g; //  of what the prior leaves over
    for (size_t i = 0; i < k; i++) {
        double product = 0;
        for (size_t j = 0; j < k; j++)
            product += (i <= j ? a[i][j] : a[j][i]) * prior[j];
        rest[i] = c[i] - product;
        square += prior[i] * (product - 2 * c[i]);
    }
    double sigma2 = spread (self, half_life_s, now_ms), log_det = 0;
    if (!isinf (lambda)) {
        cholesky (k, a, lambda, l);
        solve (k, l, rest, solved);
        for (size_t i = 0; i < k; i++) {
            log_det += 2 * log (l[i][i]) - log (lambda);
            square -= rest[i] * solved[i];
        }
    }
    return -0.5 * (log_det + square / sigma2);
}

static double
boa_eta (const learner_boa_t *self, size_t k, size_t i)
{
    return fmin (1 / self->e[i], sqrt (log ((double) k) / self->v[i]));
}

void
learner_boa_weights (const learner_boa_t *self, size_t k, double w[])
{
    //  An expert that never spoke has no rate of its own: it takes the mean rate and no regret.
    double eta[CATEGORIES_MAX], mean = 0, known = 0, top = -INFINITY, sum = 0;
    for (size_t i = 0; i < k; i++)
        if (self->e[i] > 0 && self->v[i] > 0) {
            mean += eta[i] = boa_eta (self, k, i);
            known++;
        }
    mean = known > 0 ? mean / known : 1;
    for (size_t i = 0; i < k; i++) {
        if (!(self->e[i] > 0 && self->v[i] > 0))
            eta[i] = mean;
        if (k == 1)
            eta[i] = 1;
        w[i] = log (eta[i]) + eta[i] * self->r[i];
        top = fmax (top, w[i]);
    }
    for (size_t i = 0; i < k; i++)
        sum += w[i] = exp (w[i] - top);
    for (size_t i = 0; i < k; i++)
        w[i] /= sum;
}

void
learner_boa_step (learner_boa_t *self, size_t k, double overlap, const learner_case_t *one)
{
    double w[CATEGORIES_MAX], awake = 0, forecast = 0;
    learner_boa_weights (self, k, w);
    for (size_t i = 0; i < k; i++)
        if (one->present >> i & 1) {
            awake += w[i];
            forecast += w[i] * FORECAST_SCALE * one->x[i];
        }
    double gamma = exp2 (-overlap / BOA_MEMORY);
    self->n = gamma * self->n + overlap;
    if (awake > 0)
        forecast /= awake;
    double gradient = 2 * (forecast - one->y);
    for (size_t i = 0; i < k; i++) {
        self->v[i] *= gamma;
        self->r[i] *= gamma;
        if (!(one->present >> i & 1))
            continue;
        double r = overlap * gradient * (forecast - FORECAST_SCALE * one->x[i]);
        self->v[i] += r * r / overlap;
        self->e[i] = fmax (self->e[i], fabs (r));
        if (k > 1 && self->e[i] > 0)
            self->r[i] += r - boa_eta (self, k, i) * r * r;
    }
}

void
learner_cap (double w[], size_t k, double ceiling)
{
    ceiling = fmax (ceiling, 1 / (double) k);
    for (int pass = 0; pass < 3; pass++) {
        double excess = 0, rest = 0, below = 0;
        for (size_t i = 0; i < k; i++)
            if (w[i] > ceiling) {
                excess += w[i] - ceiling;
                w[i] = ceiling;
            } else if (w[i] < ceiling) {
                rest += w[i];
                below++;
            }
        if (excess <= 0 || below == 0)
            return;
        for (size_t i = 0; i < k; i++)
            if (w[i] < ceiling)
                w[i] += rest > 0 ? excess * w[i] / rest : excess / below;
    }
}

void
learner_ridge_weights (const double beta[], size_t k, double w[])
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += w[i] = fmax (beta[i], 0);
    for (size_t i = 0; i < k; i++)
        w[i] = sum > 0 ? w[i] / sum : 1 / (double) k;
    learner_cap (w, k, RIDGE_CEILING);
}

void
learner_boa_shrink (const double own[], const double pool[], double n, size_t k, double w[])
{
    double share = n / (n + LEARNER_SHRINK_BOA);
    for (size_t i = 0; i < k; i++)
        w[i] = share * own[i] + (1 - share) * pool[i];
}

void
learner_blend (const double ridge[], const double boa[], size_t k, double w[])
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += w[i] = 0.5 * ridge[i] + 0.5 * boa[i];
    for (size_t i = 0; i < k; i++)
        w[i] /= sum;
    learner_cap (w, k, LEARNER_CEILING);
    for (size_t i = 0; i < k; i++)
        w[i] = (1 - (double) k * LEARNER_FLOOR) * w[i] + LEARNER_FLOOR;
}
