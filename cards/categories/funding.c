/*  funding - what longs pay shorts to stay, and what the perpetual costs above its index
 *
 *  Rates are in 8 h units whatever the venue's interval: rate x 8 / interval hours.  Fo is the mean of the
 *  venues' last settled rates, weighted by open interest. */

#include <math.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

static const double DAY_S = 86400, INTEREST_8H = 1e-4, CLAMP_8H = 5e-4;

//  Formula  F of the reference venue: last settled rate in 8 h units
//  Reads    funding of the reference venue
//  Returns  a fraction, usually within 0.003; none before a settlement was seen
//  Source   methods FUND1; Ackerer, Hugonnier, Jermann 2023, Perpetual futures pricing
static int
value_rate (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    (void) w;
    funding_view_t funding;
    int reference = market_reference (market);
    int status = reference < 0 ? E_AGAIN : market_funding (market, reference, &funding);
    if (status == OK && isnan (funding.settled_8h)) {
        out->reason = "no settlement seen yet";
        return E_AGAIN;
    }
    if (status == OK)
        out->raw = funding.settled_8h;
    return status;
}

//  --- regime: time-weighted moments of a rate that stays until the next settlement

typedef struct {
    int64_t last_ns; //  up to where the averages reach; 0 nothing yet
    double rate;     //  Fo in force since then
    ew_t day, month; //  time constant 24 h; half-life 30 d
    int32_t regime;  //  1 contango, -1 backwardation
    int32_t reserved;
} regime_t;

//  Weight of a value that stood for dt: the integral of the kernel, so steps of any length give the same
//  mean.
static void
average_step (ew_t *average, int64_t now_ns, double tau_s, double dt_s, double x)
{
    ew_add_weighted (average, now_ns, tau_s, x, tau_s * (1 - exp (-dt_s / tau_s)));
}

//  (ew (Fo, 24h) - i) / sd (Fo, 30d); NaN while there is none.
static double
regime_u (const regime_t *self)
{
    double sd = sqrt (ew_var (&self->month));
    return sd > 0 ? (ew_mean (&self->day) - INTEREST_8H) / sd : NAN;
}

static void
update_regime (void *state, const market_t *market, const market_event_t *event)
{
    regime_t *self = state;
    int64_t now_ns = market_now_ns (market);
    if (event->on == ON_FUNDING && !event->is_backfilled)
        return;
    if (self->last_ns && now_ns > self->last_ns) {
        double dt_s = (double) (now_ns - self->last_ns) / (double) NS_PER_S;
        average_step (&self->day, now_ns, DAY_S, dt_s, self->rate);
        average_step (&self->month, now_ns, stats_tau_of_half (30 * DAY_S), dt_s, self->rate);
    }
    if (market_funding_mean (market, &self->rate) == OK)
        self->last_ns = now_ns;
    double u = regime_u (self);
    if (u > 1)
        self->regime = 1;
    else if (u < -1)
        self->regime = -1;
    else if (fabs (u) < .5)
        self->regime = 0;
}

//  Formula  m = .3 while R = 0, min (1, |u|/2) against R, -.5 min (1, |u|/2) with R; u = (ew (Fo, 24h) - i) /
//           sd (Fo, 30d), i = 0.01 %; R = 1 / -1 from u > 1 / < -1 until |u| < .5
//  Reads    Fo at every 10 s and settlement; history counts
//  Returns  m in [-0.5, 1], one for each way the carrier points; none before Fo has moved
//  Source   He, Manela, Ross, von Wachter 2022, Fundamentals of perpetual futures
static int
value_regime (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    (void) w;
    const regime_t *self = state;
    double u = regime_u (self);
    if (isnan (u))
        return E_AGAIN;
    double size = fmin (1, fabs (u) / 2);
    out->has_down = true;
    out->raw = self->regime == 0 ? .3 : self->regime < 0 ? size : -.5 * size;
    out->raw_down = self->regime == 0 ? .3 : self->regime > 0 ? size : -.5 * size;
    return OK;
}

//  --- prediction

typedef struct {
    struct {
        int64_t end_ns; //  the settlement these sums are for
        int64_t count;
        double premium, weight;
    } venues[MARKET_VENUES_MAX];
} prediction_t;

//  When the running interval of a venue ends; 0 unknown.
static int64_t
interval_end_ns (const funding_view_t *funding, int64_t now_ns)
{
    if (funding->next_ns > now_ns)
        return funding->next_ns;
    if (!funding->settled_ns || !(funding->interval_h > 0))
        return 0;
    int64_t end_ns = funding->settled_ns + (int64_t) (funding->interval_h * 3600) * NS_PER_S;
    return end_ns > now_ns ? end_ns : 0;
}

//  Premium weighted by its place in the interval: 1, 2, 3 ...
static void
update_prediction (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    prediction_t *self = state;
    for (int v = 0; v < market_venues_count (market); v++) {
        funding_view_t funding;
        double premium;
        if (market_funding (market, v, &funding) != OK)
            continue;
        int64_t end_ns = interval_end_ns (&funding, market_now_ns (market));
        if (self->venues[v].end_ns != end_ns) {
            self->venues[v].end_ns = end_ns;
            self->venues[v].count = 0;
            self->venues[v].premium = self->venues[v].weight = 0;
        }
        if (!end_ns || market_venue_premium (market, v, &premium) != OK)
            continue;
        double place = (double) ++self->venues[v].count;
        self->venues[v].premium += place * premium;
        self->venues[v].weight += place;
    }
}

//  Expected change of a venue's rate by the end of its interval, times the share of it that has passed.
static int
predict (const prediction_t *self, const market_t *market, int venue, double *change)
{
    funding_view_t funding;
    int status = market_funding (market, venue, &funding);
    if (status != OK)
        return status;
    int64_t now_ns = market_now_ns (market), end_ns = interval_end_ns (&funding, now_ns);
    double left_h = (double) (end_ns - now_ns) / (double) NS_PER_S / 3600;
    if (isnan (funding.settled_8h) || !(funding.interval_h > 0) || left_h <= 0 || left_h > funding.interval_h)
        return E_AGAIN;
    double estimate = funding.estimate_8h;
    if (isnan (estimate)) {
        if (self->venues[venue].end_ns != end_ns || self->venues[venue].count == 0)
            return E_AGAIN;
        double premium = self->venues[venue].premium / self->venues[venue].weight;
        estimate = premium + stats_clip (INTEREST_8H - premium, -CLAMP_8H, CLAMP_8H);
    }
    *change = (estimate - funding.settled_8h) * (1 - left_h / funding.interval_h);
    return OK;
}

//  Formula  mean of (Fhat - F) x elapsed share of the interval, weighted by open interest; Fhat the venue's
//           running estimate, else P + clamp (i - P, +-0.05 %), P the mean premium so far with weights 1, 2,
//           ..., i = 0.01 %
//  Reads    funding of all venues; premium every 10 s for those that publish no estimate
//  Returns  a fraction in 8 h units; none before a settlement and an interval are known
//  Source   methods FUND2 and the funding rule published by Binance
static int
value_prediction (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) w;
    double sum = 0, weights = 0, plain = 0;
    int n = 0;
    for (int v = 0; v < market_venues_count (market); v++) {
        double change, coins;
        if (predict (state, market, v, &change) != OK)
            continue;
        double weight = market_venue_oi (market, v, &coins) == OK ? coins : 0;
        sum += weight * change;
        weights += weight;
        plain += change;
        n++;
    }
    if (n == 0) {
        out->reason = "no venue with a settlement and a running interval";
        return E_AGAIN;
    }
    out->raw = weights > 0 ? sum / weights : plain / n;
    return OK;
}

//  --- premium

typedef struct {
    ew_t premiums[W_COUNT];
} premium_t;

static void
update_premium (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    premium_t *self = state;
    double premium;
    if (market_premium (market, &premium) != OK)
        return;
    for (int id = 0; id < W_COUNT; id++)
        ew_add (&self->premiums[id], market_now_ns (market), window_seconds[id] / 4.0, premium);
}

//  Formula  ew (prem, W/4), prem = weighted median over venues of (mid - index) / index
//  Reads    premium each second
//  Returns  a fraction
//  Source   methods BASIS1
static int
value_premium (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const premium_t *self = state;
    double premium;
    int status = market_premium (market, &premium);
    if (status != OK)
        return status;
    if (ew_n (&self->premiums[w.id]) < 2)
        return E_AGAIN;
    out->raw = ew_mean (&self->premiums[w.id]);
    return OK;
}

//  Formula  max (ew (Fo, 24h) x 3 x 365, annual basis of quarterly-basis) - y, y = a lending rate
//  Reads    nothing: there is no series of lending rates
//  Returns  none
//  Source   Schmeling, Schrimpf, Todorov 2023, Crypto carry; methods FUND7
static int
value_carry (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    (void) market;
    (void) w;
    out->reason = "no lending rate series";
    return E_ABSENT;
}

static const card_t cards[] = {
    {.id = 50,
     .slug = "funding-rate",
     .name = "Funding Rate",
     .kind = KIND_LEVEL,
     .sign = -1,
     .windows = WINDOWS_ONE,
     .half_life_s = 30 * 86400.0,
     .warmup = {.seconds = 7 * 86400, .can_backfill = true},
     .inputs = INPUT_FUNDING,
     .update_s = 60,
     .version = 1,
     .value = value_rate,
     .formula = "[X] {H=30d} raw = F_ref, last settled rate of the reference venue in 8 h units",
     .source = "methods FUND1; Ackerer-Hugonnier-Jermann 2023"},
    {.id = 51,
     .slug = "funding-regime",
     .name = "Funding Regime",
     .kind = KIND_GATE,
     .carrier = "htf-alignment",
     .windows = WINDOWS_ONE,
     .warmup = {.seconds = 7 * 86400, .can_backfill = true},
     .inputs = INPUT_FUNDING | INPUT_ALL_VENUES,
     .update_s = 60,
     .version = 1,
     .state_size = sizeof (regime_t),
     .listens = BIT (ON_GRID) | BIT (ON_FUNDING),
     .update = update_regime,
     .value = value_regime,
     .formula =
         "[X] u = (ew(Fo,24h)-i)/sd(Fo,30d), i = 0.01% per 8 h; state contango / backwardation enters at u>1 "
         "/ "
         "u<-1, leaves at |u|<0.5, R = +1/-1/0; T = sgn of the carrier; m = 0.3 if R = 0, min(1,|u|/2) if "
         "T*R<0 (crowd on the wrong side), -0.5*min(1,|u|/2) if T*R>0",
     .source = "He et al. 2022"},
    {.id = 52,
     .slug = "funding-prediction",
     .name = "Funding Prediction",
     .kind = KIND_FLOW,
     .sign = -1,
     .windows = WINDOWS_ONE,
     .warmup = {.seconds = 8 * 3600, .can_backfill = true},
     .inputs = INPUT_FUNDING | INPUT_MARK | INPUT_ALL_VENUES,
     .update_s = 60,
     .version = 1,
     .state_size = sizeof (prediction_t),
     .listens = BIT (ON_GRID),
     .update = update_prediction,
     .value = value_prediction,
     .formula =
         "[X] per venue Fhat = published running estimate, else premium so far (weights 1..n) with the clamp "
         "and interest of the funding rule; raw = OI-weighted mean of (Fhat_v-F_v)*elapsed share of the "
         "interval, 8 h units",
     .source = "methods FUND2, B2 item 13"},
    {.id = 53,
     .slug = "perp-premium",
     .name = "Perp Premium",
     .kind = KIND_FLOW,
     .sign = -1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 2},
     .inputs = INPUT_QUOTE | INPUT_MARK | INPUT_ALL_VENUES,
     .update_s = 3,
     .version = 1,
     .state_size = sizeof (premium_t),
     .listens = BIT (ON_SECOND),
     .update = update_premium,
     .value = value_premium,
     .formula = "[W] raw = ew(prem,W/4), prem = OI-weighted median over venues of (mid-index)/index",
     .source = "methods BASIS1"},
    {.id = 54,
     .slug = "basis-trade-opp",
     .name = "Basis Trade Opp",
     .kind = KIND_LEVEL,
     .sign = -1,
     .windows = WINDOWS_ONE,
     .half_life_s = 30 * 86400.0,
     .warmup = {.seconds = 7 * 86400, .can_backfill = true},
     .inputs = INPUT_FUNDING | INPUT_SERIES | INPUT_ALL_VENUES,
     .update_s = 60,
     .version = 1,
     .value = value_carry,
     .formula = "[X] {H=30d} raw = max(ew(Fo,24h)*3*365, ab of quarterly-basis if listed) - y, y = lending "
                "rate proxy, "
                "yearly fractions; silent without a series of lending rates",
     .source = "Schmeling-Schrimpf-Todorov 2023; methods FUND7"},
};

extern const category_t funding_cards;
const category_t funding_cards = {"funding", "Funding", cards, COUNT_OF (cards)};
