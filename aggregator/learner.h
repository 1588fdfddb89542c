/*  learner - what each category has been worth, out of settled outcomes (methods D1 to D3)
 *
 *  What    two halves.  The ridge half keeps decayed sums of x x', x y and y y per instrument and for the
 *          pool, and solves a Gaussian posterior whose prior mean is "all alike" (pool) or the pool's slopes
 *          (instrument).  The expert half is BOA with forgetting, per instrument and for the pool.  The
 *          weights are the mean of both, held in bounds.
 *  Sums    anchored: a contribution decided at t enters multiplied by 2^((t - tref) / half-life) and is read
 *          divided by 2^((now - tref) / half-life): late settlement gives what punctual settlement gives, in
 *          any order.  tref moves on by 8 half-lives when a contribution lies more than 8 after it.
 *  Pool    three sums, because the noise of the market part and of the relative part is only known at
 *          reading:
 *              single    rows with one instrument alive: plain
 *              market    S xbar xbar', S xbar ybar;      read divided by v_m = sum S ybar^2 / number of rows
 *              relative  (x - xbar)(x - xbar)', ...;     read divided by v_d = sum (y - ybar)^2 / sum (S - 1)
 *          so the pooled sums too do not depend on the order of settlement.  v_m and v_d start at 1 with the
 *          weight of 20 outcomes.
 *  Absent  a category that did not speak has x = 0 (adds nothing to its rows), is not counted in seen, and
 *          sleeps in BOA: neither credited nor blamed.
 *  Not     it knows no Redis, no clock, no names; k is the number of categories, at most CATEGORIES_MAX.
 *
 *  All structs are flat; zeroed memory knows nothing. */

#ifndef LEADLINE_AGGREGATOR_LEARNER_H
#define LEADLINE_AGGREGATOR_LEARNER_H

#include "aggregator/image.h"
#include "aggregator/roster.h"

typedef struct {
    int64_t tref_ms; //  0: empty
    double n;        //  outcomes (of relative: degrees of freedom)
    double yy;
    double c[CATEGORIES_MAX];
    double seen[CATEGORIES_MAX];              //  outcomes in which the category spoke
    double a[CATEGORIES_MAX][CATEGORIES_MAX]; //  upper triangle: a[i][j], i <= j
} learner_sums_t;

typedef struct {
    learner_sums_t single, market, relative;
} learner_pool_t;

typedef struct {
    double n; //  outcomes, each counted with its overlap weight
    double r[CATEGORIES_MAX], v[CATEGORIES_MAX], e[CATEGORIES_MAX];
} learner_boa_t;

typedef struct {
    double beta[CATEGORIES_MAX];
    double se[CATEGORIES_MAX];
    double n; //  effective outcomes behind it
} learner_posterior_t;

//  One instrument's part of a settled row.
typedef struct {
    double x[CATEGORIES_MAX];
    uint32_t present; //  bit i: category i spoke
    double y;
} learner_case_t;

#define LEARNER_LAMBDA_POOL   500.0
#define LEARNER_LAMBDA_SYMBOL 3000.0
#define LEARNER_LAMBDA_SWING  2000.0
#define LEARNER_PRIOR_SLOPE   0.006
#define LEARNER_SHRINK_BOA    3000.0
#define LEARNER_FLOOR         0.004
#define LEARNER_CEILING       0.6

//  Add one outcome decided at t_ms.  overlap: its overlap weight (step / horizon).
void
learner_sums_add (learner_sums_t *self, size_t k, double half_life_s, int64_t t_ms, double overlap,
                  const learner_case_t *one);

//  Add one row to the pool: all its cases together (count 0 does nothing).
void
learner_pool_add (learner_pool_t *self, size_t k, double half_life_s, int64_t t_ms, double overlap,
                  const learner_case_t cases[], size_t count);

//  Outcomes at now_ms (decayed).
double
learner_sums_n (const learner_sums_t *self, double half_life_s, int64_t now_ms);

//  beta = (A + lambda I)^-1 (c + lambda prior), se = sqrt (diag (A + lambda I)^-1).  prior[k].
void
learner_pool_posterior (const learner_pool_t *self, size_t k, double half_life_s, int64_t now_ms,
                        double lambda, const double prior[], learner_posterior_t *out);

//  The same of one instrument, with se times the spread of y.  lambda may be INFINITY: beta is the prior.
void
learner_symbol_posterior (const learner_sums_t *self, size_t k, double half_life_s, int64_t now_ms,
                          double lambda, const double prior[], learner_posterior_t *out);

//  Log marginal likelihood of the instrument's outcomes under beta ~ N (prior, I / lambda), up to a constant
//  that does not depend on lambda.  For choosing lambda once a week.
double
learner_evidence (const learner_sums_t *self, size_t k, double half_life_s, int64_t now_ms, double lambda,
                  const double prior[]);

//  One matured outcome for the experts.  In order of (due, decision time).
void
learner_boa_step (learner_boa_t *self, size_t k, double overlap, const learner_case_t *one);

//  w[k], sums to 1.
void
learner_boa_weights (const learner_boa_t *self, size_t k, double w[]);

//  max (beta, 0) normalised, at most .4 each (all alike when no slope is positive).
void
learner_ridge_weights (const double beta[], size_t k, double w[]);

//  (n own + 3000 pool) / (n + 3000).
void
learner_boa_shrink (const double own[], const double pool[], double n, size_t k, double w[]);

//  Half of each, ceiling .6, floor .004, sum 1.
void
learner_blend (const double ridge[], const double boa[], size_t k, double w[]);

//  Cut to ceiling, the excess shared among the rest in proportion, three passes; w sums to 1 before and
//  after.
void
learner_cap (double w[], size_t k, double ceiling);

//  Move to another roster.
void
learner_sums_move (learner_sums_t *self, const roster_map_t *map);
void
learner_boa_move (learner_boa_t *self, const roster_map_t *map);

//  Fields "<prefix>tref", "<prefix>n", "<prefix>yy", "<prefix>c:CAT", "<prefix>seen:CAT",
//  "<prefix>A:CAT1:CAT2".
void
learner_sums_save (const learner_sums_t *self, const roster_t *roster, const char *prefix, image_t *out);
//  Fields "n", "R:CAT", "V:CAT", "E:CAT", "w:CAT" (for people).
void
learner_boa_save (const learner_boa_t *self, const roster_t *roster, image_t *out);

//  Take one field; categories that are not in the roster and names of others are passed over.
//  OK, E_ABSENT (not a field of this), E_SYNTAX.
int
learner_sums_load (learner_sums_t *self, const roster_t *roster, const char *prefix, const char *name,
                   const char *value);
int
learner_boa_load (learner_boa_t *self, const roster_t *roster, const char *name, const char *value);

#endif
