//  What liquidation prints teach (methods A7): EM for a Poisson mixture with a Gamma prior, for two factors of the mass
//  that a sweep takes.  theta, by component of leverage.  phi, by how long ago the price was last where it is: the longer,
//  the more of it has been closed, stopped or backed by more margin since, which no flow tells; it counts in hazard only.

#include "cards/liquidation_map_private.h"

#include "common/base/status.h"
#include "common/base/timebase.h"

#include <math.h>

static const double PRIOR_STRENGTH = .03, THETA_LEAST = .25, THETA_MOST = 4, PICTURE_POWER = .3;
static const double LATELY_TAU_S = 15, PRINTED_TAU_S = 60, HALF_HOURS = 14 * 24, UNTHROTTLE_MOST = 20;
static const double SIZE_TAU_S = 86400;
enum { PRINTS_LEAST = 20, NEAR_BINS = 2, MASK_SECONDS = 60 };

//  Each of the two corrections explains what the other one leaves: a component's mass is expected times phi of its
//  rest, that of a rest times theta of its component.
void
liquidation_learn_sweep (liquidation_map_t *self, int venue, const liquidation_swept_t swept[2])
{
    liquidation_prints_t *prints = &self->venues[venue].prints;
    int64_t now_ns = self->venues[venue].book.mark_ns;
    double alive = liquidation_view_survival (1);
    for (int side = 0; side < 2; side++) {
        for (int l = 0; l < MAP_COMPONENTS; l++)
            if (swept[side].coins[l] > 0)
                decayed_add (&prints->swept[side][l], now_ns, LATELY_TAU_S, swept[side].coins[l]);
        for (int rest = 0; rest < BOOK_RESTS; rest++) {
            double rest_usd = 0;
            for (int l = 0; l < MAP_COMPONENTS; l++) {
                double usd = swept[side].rest_usd[rest][l] * alive;
                prints->expected[l] += usd * self->phi[rest];
                rest_usd += usd * self->theta[l];
            }
            if (!(rest_usd > 0))
                continue;
            prints->rest_expected[rest] += rest_usd;
            decayed_add (&prints->rested[side][rest], now_ns, LATELY_TAU_S, rest_usd);
            self->sums.swept_usd[side] += rest_usd * self->phi[rest];
        }
    }
}

//  A feed of at most one print a second hides the others: prints a second in truth over prints seen.
static double
unthrottle (const liquidation_map_t *self, const market_t *market, int venue, int32_t coverage)
{
    if (coverage != COVERAGE_SAMPLED)
        return 1;
    const liquidation_prints_t *prints = &self->venues[venue].prints;
    uint64_t window = (UINT64_C (1) << MASK_SECONDS) - 1;
    double p = __builtin_popcountll (prints->seconds_mask & window) / (double) MASK_SECONDS;
    if (p <= .95)
        return p > 0 ? fmin (UNTHROTTLE_MOST, -log1p (-p) / p) : 1;
    //  too busy to tell: as much as a venue that shows all, by open interest
    double seen = decayed_at (&prints->printed_usd, market_now_ns (market), PRINTED_TAU_S);
    for (int v = 0; v < self->venues_count; v++) {
        double oi = self->venues[venue].book.oi_coins, other_oi = self->venues[v].book.oi_coins;
        if (self->venues[v].prints.coverage != COVERAGE_COMPLETE || !(oi > 0) || !(other_oi > 0) ||
            !(seen > 0))
            continue;
        double all = decayed_at (&self->venues[v].prints.printed_usd, market_now_ns (market), PRINTED_TAU_S) *
                     oi / other_oi;
        return fmax (1, fmin (UNTHROTTLE_MOST, all / seen));
    }
    return fmin (UNTHROTTLE_MOST, -log1p (-.95) / .95);
}

//  Whose print was it: of what was swept lately, and of what lies about the mark.
static bool
ascribe (const liquidation_map_t *self, int venue, int side, int64_t now_ns, double shares[MAP_COMPONENTS])
{
    const liquidation_venue_t *v = &self->venues[venue];
    double sum = 0;
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        double coins = decayed_at (&v->prints.swept[side][l], now_ns, LATELY_TAU_S);
        for (int64_t bin = v->book.mark_bin - NEAR_BINS; bin <= v->book.mark_bin + NEAR_BINS; bin++)
            coins += liquidation_book_at (&v->book, side, l, bin);
        shares[l] = self->theta[l] * coins;
        sum += shares[l];
    }
    for (int l = 0; l < MAP_COMPONENTS; l++)
        shares[l] = sum > 0 ? shares[l] / sum : 0;
    return sum > 0;
}

//  Of what rest was it: of what was swept lately.
static void
ascribe_rest (const liquidation_map_t *self, liquidation_prints_t *prints, int side, int64_t now_ns,
              double usd)
{
    double lately[BOOK_RESTS], sum = 0;
    for (int rest = 0; rest < BOOK_RESTS; rest++) {
        lately[rest] = self->phi[rest] * decayed_at (&prints->rested[side][rest], now_ns, LATELY_TAU_S);
        sum += lately[rest];
    }
    for (int rest = 0; rest < BOOK_RESTS && sum > 0; rest++)
        prints->rest_observed[rest] += usd * lately[rest] / sum;
}

void
liquidation_learn_print (liquidation_map_t *self, const market_t *market, int venue,
                         const liquidation_t *liquidation)
{
    liquidation_venue_t *v = &self->venues[venue];
    if (!(liquidation->qty_coins > 0) || (liquidation->side != 1 && liquidation->side != -1))
        return;
    int side = liquidation->side > 0 ? MAP_SIDE_LONG : MAP_SIDE_SHORT;
    int64_t now_ns = market_now_ns (market);
    double usd = liquidation->notional_usd;
    v->prints.coverage = liquidation->coverage;
    v->prints.prints_count++;
    v->prints.seconds_mask |= 1;
    decayed_add (&v->prints.printed_usd, now_ns, PRINTED_TAU_S, usd);
    v->prints.minute_usd[side] += usd;
    v->prints.minute_px_usd[side] += usd * decimal_to_double (liquidation->price);
    v->prints.minute_count[side]++;
    ew_add (&self->print_log_usd, now_ns, SIZE_TAU_S, log (fmax (1, usd)));
    double factor = unthrottle (self, market, venue, liquidation->coverage), shares[MAP_COMPONENTS];
    v->book.liquidated_coins[side] += liquidation->qty_coins * factor;
    self->sums.printed_usd[side] += usd * factor;
    if (ascribe (self, venue, side, now_ns, shares))
        for (int l = 0; l < MAP_COMPONENTS; l++)
            v->prints.observed[l] += usd * factor * shares[l];
    ascribe_rest (self, &v->prints, side, now_ns, usd * factor);
}

void
liquidation_learn_second (liquidation_map_t *self)
{
    for (int v = 0; v < self->venues_count; v++)
        self->venues[v].prints.seconds_mask <<= 1;
}

//  One M-step: O and E of all venues, each venue's E on the scale of its prints (throttling, coverage); both decay.
static void
learn_factors (int count, double factors[], double *const observed[], double *const expected[],
               int venues_count)
{
    double all = 0, keep = exp2 (-1 / HALF_HOURS), seen_sums[BOOK_RESTS + MAP_COMPONENTS] = {0},
           expected_sums[BOOK_RESTS + MAP_COMPONENTS] = {0};
    for (int v = 0; v < venues_count; v++) {
        double seen = 0, swept = 0;
        for (int k = 0; k < count; k++) {
            seen += observed[v][k];
            swept += expected[v][k];
        }
        double scale = swept > 0 ? seen / swept : 0;
        for (int k = 0; k < count; k++) {
            seen_sums[k] += observed[v][k];
            expected_sums[k] += expected[v][k] * scale;
            observed[v][k] *= keep;
            expected[v][k] *= keep;
        }
        all += seen;
    }
    double prior = PRIOR_STRENGTH * all;
    for (int k = 0; k < count && prior > 0; k++)
        factors[k] =
            stats_clip ((prior + seen_sums[k]) / (prior + expected_sums[k]), THETA_LEAST, THETA_MOST);
}

void
liquidation_learn_hour (liquidation_map_t *self)
{
    double *observed[MARKET_VENUES_MAX], *expected[MARKET_VENUES_MAX], *rest_observed[MARKET_VENUES_MAX],
        *rest_expected[MARKET_VENUES_MAX];
    uint64_t prints_count = 0;
    for (int v = 0; v < self->venues_count; v++) {
        liquidation_prints_t *prints = &self->venues[v].prints;
        observed[v] = prints->observed;
        expected[v] = prints->expected;
        rest_observed[v] = prints->rest_observed;
        rest_expected[v] = prints->rest_expected;
        prints_count += prints->prints_count;
    }
    if (prints_count < PRINTS_LEAST)
        return;
    learn_factors (MAP_COMPONENTS, self->theta, observed, expected, self->venues_count);
    learn_factors (BOOK_RESTS, self->phi, rest_observed, rest_expected, self->venues_count);
    for (int l = 0; l < MAP_COMPONENTS; l++)
        self->theta_picture[l] = pow (self->theta[l], PICTURE_POWER);
}
