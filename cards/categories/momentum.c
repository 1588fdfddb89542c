/*  momentum - where price has been going, and how straight
 *
 *  x is ln of the reference mid (market.h).  Cards that remember x keep a path of their own, the sum of
 *  returns since they began: a switch of the reference venue, which emits no return, then moves nothing. */

#include <math.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

static const double SEEN_LEAST = 20; //  observations before a rank means something

//  Formula  r(W) / s(W)
//  Reads    x now and before the window, sigma of W
//  Returns  any size
//  Source   Moskowitz, Ooi, Pedersen 2012, Time series momentum; methods PRICE1
static int
value_price_momentum (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    double r, s;
    int status = market_return (market, window_span (w.id, 1, 1), &r);
    if (status == OK)
        status = market_sigma (market, w.id, &s);
    if (status == OK)
        out->raw = r / s;
    return status;
}

//  --- crossover

typedef struct {
    double path;
    ew_t fast[W_COUNT], slow[W_COUNT];
} crossover_t;

static void
update_crossover (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    crossover_t *self = state;
    double r;
    if (market_return (market, (span_t){BUCKET_1S, 1}, &r) != OK)
        return;
    self->path += r;
    int64_t now_ns = market_now_ns (market);
    for (int id = 0; id < W_COUNT; id++) {
        ew_add (&self->fast[id], now_ns, window_seconds[id], self->path);
        ew_add (&self->slow[id], now_ns, 4.0 * window_seconds[id], self->path);
    }
}

//  Formula  u exp (-u^2/4) / 0.89, u = (EMA(x,W) - EMA(x,4W)) / s(W)
//  Reads    x each second
//  Returns  [-1, 1] nearly: the response peaks at |u| = 1.41 and fades for stretched moves
//  Source   Baz, Granger, Harvey, Le Roux, Rattray 2015, Dissecting investment strategies; methods PRICE2
static int
value_crossover (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const crossover_t *self = state;
    double s;
    int status = market_sigma (market, w.id, &s);
    if (status != OK)
        return status;
    if (ew_n (&self->slow[w.id]) < 2)
        return E_AGAIN;
    double u = (ew_mean (&self->fast[w.id]) - ew_mean (&self->slow[w.id])) / s;
    out->raw = u * exp (-u * u / 4) / .89;
    return OK;
}

//  Formula  2 (P - Lo) / (Hi - Lo) - 1
//  Reads    mid now, highest and lowest mid of W
//  Returns  [-1, 1]; none when the price stood still
//  Source   Donchian channel; methods PRICE5
static int
value_breakout (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    double px, high_px, low_px;
    int status = market_price (market, &px);
    if (status == OK)
        status = market_range (market, window_span (w.id, 1, 1), &high_px, &low_px);
    if (status != OK)
        return status;
    if (high_px <= low_px) {
        out->reason = "price stood still";
        return E_AGAIN;
    }
    out->raw = 2 * (px - low_px) / (high_px - low_px) - 1;
    return OK;
}

//  --- trend: decayed regression of x on time, origin always at the last sample

typedef struct {
    bucket_id_t bucket;
    int32_t tau_s;
} trend_row_t;

typedef struct {
    int64_t last_ns;
    regress_t fit;
} trend_t;

//  A bucket of the row's size has closed.
static void
trend_step (trend_t *self, const trend_row_t *row, const market_t *market)
{
    double x, before;
    if (market_x_back (market, row->bucket, 1, &x) != OK)
        return;
    int64_t length_ns = bucket_seconds[row->bucket] * NS_PER_S;
    int64_t end_ns = market_now_ns (market) / length_ns * length_ns;
    if (self->last_ns) {
        double r = market_x_back (market, row->bucket, 2, &before) == OK ? x - before : 0;
        int64_t buckets = (end_ns - self->last_ns) / length_ns;
        regress_shift (&self->fit, (double) buckets, r);
    }
    regress_add (&self->fit, end_ns, row->tau_s, 0, 0);
    self->last_ns = end_ns;
}

//  t / sqrt (n_eff); NaN while there is none.
static double
trend_raw (const trend_t *self)
{
    return regress_t_stat (&self->fit) / sqrt (regress_n (&self->fit));
}

typedef struct {
    trend_t trends[W_COUNT];
} trend_slope_t;

static void
update_trend_slope (void *state, const market_t *market, const market_event_t *event)
{
    trend_slope_t *self = state;
    for (int id = 0; id < W_COUNT; id++) {
        trend_row_t row = {window_bucket ((window_id_t) id), window_seconds[id]};
        if (row.bucket == event->of.bucket)
            trend_step (&self->trends[id], &row, market);
    }
}

//  Formula  t / sqrt (n_eff), t of the slope of x on time, exponential weights with time constant W
//  Reads    x at the close of each bucket of bk(W)
//  Returns  any size, rarely beyond 3; none before n_eff > 2
//  Source   methods TREND1
static int
value_trend_slope (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const trend_slope_t *self = state;
    double raw = trend_raw (&self->trends[w.id]);
    if (isnan (raw))
        return E_AGAIN;
    out->raw = raw;
    return OK;
}

//  --- efficiency

typedef struct {
    sketch_t ranks[SLOT_COUNT];
} efficiency_t;

static int
efficiency_of (const market_t *market, window_id_t id, double *efficiency)
{
    span_t span = window_span (id, 1, 1);
    double newer, older, first, path = 0;
    int status = market_x (market, &newer);
    first = newer;
    for (int32_t back = 1; status == OK && back <= span.count; back++) {
        status = market_x_back (market, span.bucket, back, &older);
        if (status != OK)
            break;
        path += fabs (newer - older);
        newer = older;
    }
    if (status == OK && path <= 0)
        return E_AGAIN;
    if (status == OK)
        *efficiency = fabs (first - newer) / path;
    return status;
}

static void
update_efficiency (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    efficiency_t *self = state;
    double efficiency[W_COUNT];
    int status[W_COUNT];
    for (int id = 0; id < W_COUNT; id++)
        status[id] = efficiency_of (market, (window_id_t) id, &efficiency[id]);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &window_all ()[slot];
        if (status[window->id] == OK)
            sketch_add (&self->ranks[slot], market_now_ns (market), mode_info (window->mode)->sketch_half_s,
                        efficiency[window->id]);
    }
}

//  Formula  m = clip (2 rank(E) - 1, -0.5, 1), E = |r(W)| / sum of |r| over the buckets of W
//  Reads    x at the borders of the buckets of W; rank among the 10 s steps of this mode and window
//  Returns  m in [-0.5, 1]; none before 20 observations or when the price stood still
//  Source   Kaufman 1995, Smarter trading; methods TREND2
static int
value_efficiency (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const efficiency_t *self = state;
    double efficiency;
    int status = efficiency_of (market, w.id, &efficiency);
    if (status != OK)
        return status;
    const sketch_t *ranks = &self->ranks[w.slot];
    if (sketch_n (ranks) < SEEN_LEAST)
        return E_AGAIN;
    out->raw = stats_clip (2 * sketch_rank (ranks, efficiency) - 1, -.5, 1);
    return OK;
}

//  Formula  (r of the newer half of W - r of the older half) / s(W); 15m: halves of 7 and 8 minutes
//  Reads    x now, half a window and a window ago
//  Returns  any size
//  Source   methods PRICE7
static int
value_acceleration (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    double half, whole, s;
    int status = market_return (market, window_span (w.id, 1, 2), &half);
    if (status == OK)
        status = market_return (market, window_span (w.id, 1, 1), &whole);
    if (status == OK)
        status = market_sigma (market, w.id, &s);
    if (status == OK)
        out->raw = (2 * half - whole) / s;
    return status;
}

//  --- alignment

enum { HORIZONS = 3 };
static const trend_row_t horizons[HORIZONS] = {
    {BUCKET_60S, 3600}, {BUCKET_900S, 14400}, {BUCKET_900S, 86400}};
static const double horizon_weights[MODE_COUNT][HORIZONS] = {{.5, .3, .2}, {.3, .4, .3}, {.2, .3, .5}};

typedef struct {
    trend_t trends[HORIZONS];
} alignment_t;

static void
update_alignment (void *state, const market_t *market, const market_event_t *event)
{
    alignment_t *self = state;
    for (int i = 0; i < HORIZONS; i++)
        if (horizons[i].bucket == event->of.bucket)
            trend_step (&self->trends[i], &horizons[i], market);
}

//  Formula  sum of w tanh (u), u = trend-slope of 1h, 4h, 24h; w .5 .3 .2 / .3 .4 .3 / .2 .3 .5 by mode
//  Reads    x at the close of each minute (1h) and quarter of an hour (4h, 24h); history counts
//  Returns  [-1, 1]; none before all three have n_eff > 2
//  Source   methods TREND7
static int
value_alignment (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const alignment_t *self = state;
    double raw = 0;
    for (int i = 0; i < HORIZONS; i++)
        raw += horizon_weights[w.mode][i] * tanh (trend_raw (&self->trends[i]));
    if (isnan (raw))
        return E_AGAIN;
    out->raw = raw;
    return OK;
}

static const card_t cards[] = {
    {.id = 138,
     .slug = "price-momentum",
     .name = "Price Momentum",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 2},
     .inputs = INPUT_QUOTE,
     .update_s = 1,
     .version = 1,
     .value = value_price_momentum,
     .formula = "[W] raw = r(W)/s(W)",
     .source = "Moskowitz-Ooi-Pedersen 2012; Liu-Tsyvinski 2021; methods PRICE1"},
    {.id = 139,
     .slug = "ewma-crossover",
     .name = "EWMA Crossover",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 8},
     .inputs = INPUT_QUOTE,
     .update_s = 1,
     .version = 1,
     .state_size = sizeof (crossover_t),
     .listens = BIT (ON_SECOND),
     .update = update_crossover,
     .value = value_crossover,
     .formula = "[W] u = (EMA(x,W)-EMA(x,4W))/s(W); raw = u*exp(-u^2/4)/0.89",
     .source = "Baz et al. 2015; methods PRICE2"},
    {.id = 140,
     .slug = "breakout-position",
     .name = "Breakout Position",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 2},
     .inputs = INPUT_QUOTE,
     .update_s = 1,
     .version = 1,
     .value = value_breakout,
     .formula = "[W] raw = 2*(P-Lo)/(Hi-Lo)-1, Hi, Lo of the mid over W",
     .source = "Donchian; methods PRICE5"},
    {.id = 141,
     .slug = "trend-slope",
     .name = "Trend Slope",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 4},
     .inputs = INPUT_QUOTE,
     .update_s = 1,
     .version = 1,
     .state_size = sizeof (trend_slope_t),
     .listens = BIT (ON_BUCKET),
     .update = update_trend_slope,
     .value = value_trend_slope,
     .formula =
         "[W] t-statistic of the EW regression of x on time, tau = W, samples at bk(W); raw = t/sqrt(n_eff)",
     .source = "methods TREND1"},
    {.id = 142,
     .slug = "efficiency-ratio",
     .name = "Efficiency Ratio",
     .kind = KIND_GATE,
     .carrier = "ewma-crossover",
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 20},
     .inputs = INPUT_QUOTE,
     .update_s = 1,
     .version = 1,
     .state_size = sizeof (efficiency_t),
     .listens = BIT (ON_GRID),
     .update = update_efficiency,
     .value = value_efficiency,
     .formula =
         "[W] E = |r(W)|/sum over buckets |r_k|; m = clip(2*rank(E)-1,-0.5,1): a straight path backs the "
         "trend, chop half-fades it",
     .source = "Kaufman 1995; methods TREND2"},
    {.id = 143,
     .slug = "momentum-acceleration",
     .name = "Momentum Acceleration",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 2},
     .inputs = INPUT_QUOTE,
     .update_s = 1,
     .version = 1,
     .value = value_acceleration,
     .formula = "[W] raw = (r(t-W/2,t)-r(t-W,t-W/2))/s(W)",
     .source = "methods PRICE7, PRICE3"},
    {.id = 144,
     .slug = "htf-alignment",
     .name = "Higher-Timeframe Alignment",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_PRIMARY,
     .warmup = {.seconds = 48 * 3600, .can_backfill = true},
     .inputs = INPUT_QUOTE | INPUT_BARS,
     .update_s = 10,
     .version = 1,
     .state_size = sizeof (alignment_t),
     .listens = BIT (ON_BUCKET),
     .update = update_alignment,
     .value = value_alignment,
     .formula =
         "[P] u(h) = trend-slope raw at h = 1h, 4h, 24h; raw = sum w*tanh(u), w = .5,.3,.2 / .3,.4,.3 / "
         ".2,.3,.5",
     .source = "methods TREND7, PRICE6"},
};

extern const category_t momentum_cards;
const category_t momentum_cards = {"momentum", "Momentum", cards, COUNT_OF (cards)};
