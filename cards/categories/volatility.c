/*  volatility - how much price moves, and which way the unusual part of it points
 *
 *  RV, BV, RS are sums over returns of the 10 s grid (market.h).  Buckets that come from history carry an
 *  estimate of theirs from the bar's range, so the slow cards warm up on bars. */

#include <math.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

static const double SEEN_LEAST = 20; //  observations before a rank or a centred score means something
static const double DAY_S = 86400;

//  Sum of squared returns over closed buckets only; asked when a bucket has just closed.
static double
closed_rv (const market_t *market, bucket_id_t bucket, int32_t count)
{
    realised_t realised;
    //  The bucket after the closed one is open and has no return yet.
    return market_realised (market, (span_t){bucket, count + 1}, &realised) == OK ? realised.rv : NAN;
}

static int64_t
bucket_end_ns (const market_t *market, bucket_id_t bucket)
{
    int64_t length_ns = bucket_seconds[bucket] * NS_PER_S;
    return market_now_ns (market) / length_ns * length_ns;
}

//  --- realised-vol shock

typedef struct {
    ew_t shocks[SLOT_COUNT];
} shock_t;

static int
shock_of (const market_t *market, window_id_t id, double *shock)
{
    realised_t near, far;
    int status = market_realised (market, window_span (id, 1, 1), &near);
    if (status == OK)
        status = market_realised (market, window_span (id, 8, 1), &far);
    if (status == OK && !(near.rv > 0))
        return E_AGAIN;
    if (status == OK)
        *shock = log (8 * near.rv / far.rv);
    return status;
}

static void
update_shock (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    shock_t *self = state;
    double shock[W_COUNT];
    int status[W_COUNT];
    for (int id = 0; id < W_COUNT; id++)
        status[id] = shock_of (market, (window_id_t) id, &shock[id]);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &window_all ()[slot];
        if (status[window->id] == OK)
            ew_add (&self->shocks[slot], market_now_ns (market),
                    stats_tau_of_half (mode_info (window->mode)->normaliser_half_s), shock[window->id]);
    }
}

//  Formula  m = -tanh (max (0, z) / 1.5), z = zc(ln (8 RV(W) / RV(8W))) with the mode's half-life
//  Reads    RV of W and 8W; mean and sd over the 10 s steps of this mode and window
//  Returns  m in (-1, 0]; none before 20 observations
//  Source   methods VOLA2
static int
value_shock (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const shock_t *self = state;
    double shock;
    int status = shock_of (market, w.id, &shock);
    if (status != OK)
        return status;
    const ew_t *past = &self->shocks[w.slot];
    double z = stats_zc (past, shock);
    if (ew_n (past) < SEEN_LEAST || isnan (z))
        return E_AGAIN;
    out->raw = -tanh (fmax (0, z) / 1.5);
    return OK;
}

//  --- semivariance skew

typedef struct {
    regress_t fits[W_COUNT];
} skew_t;

static int
skew_of (const market_t *market, window_id_t id, double *skew, double *move)
{
    realised_t realised;
    double r, s;
    span_t span = window_span (id, 1, 1);
    int status = market_realised (market, span, &realised);
    if (status == OK)
        status = market_return (market, span, &r);
    if (status == OK)
        status = market_sigma (market, id, &s);
    if (status != OK)
        return status;
    double both = realised.rs_up + realised.rs_down;
    if (!(both > 0))
        return E_AGAIN;
    *skew = (realised.rs_up - realised.rs_down) / both;
    *move = r / s;
    return OK;
}

static void
update_skew (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    skew_t *self = state;
    for (int id = 0; id < W_COUNT; id++) {
        double skew, move;
        if (skew_of (market, (window_id_t) id, &skew, &move) == OK)
            regress_add (&self->fits[id], market_now_ns (market), stats_tau_of_half (DAY_S), move, skew);
    }
}

//  Formula  q - b r(W)/s(W), q = (RS+ - RS-) / (RS+ + RS-), b = EW slope of q on r/s (half-life 24 h)
//  Reads    RS+, RS-, r, s of W; the slope over the 10 s steps
//  Returns  any size, mostly within [-1, 1]; none before 20 observations
//  Source   Barndorff-Nielsen, Kinnebrock, Shephard 2010, Measuring downside risk; methods VOLA1
static int
value_skew (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const skew_t *self = state;
    double skew, move;
    int status = skew_of (market, w.id, &skew, &move);
    if (status != OK)
        return status;
    double slope = regress_slope (&self->fits[w.id]);
    if (regress_n (&self->fits[w.id]) < SEEN_LEAST || isnan (slope))
        return E_AGAIN;
    out->raw = skew - slope * move;
    return OK;
}

//  --- squeeze: width sampled every W/30, at least 10 s; the lowest of the last 2W

enum { WIDTHS = 60 };

typedef struct {
    ew_t mean_sd;
    int64_t ts_ns[WIDTHS];
    double widths[WIDTHS];
} band_t;

typedef struct {
    band_t bands[W_COUNT];
    sketch_t ranks[SLOT_COUNT];
    int64_t narrow_ns[SLOT_COUNT]; //  when the width was last among the narrowest fifth; 0 never
    hold_t holds[SLOT_COUNT];
} squeeze_t;

//  Mean and standard deviation of x over the buckets of W, the open one included, less x now.
static int
band_of (const market_t *market, window_id_t id, double *mean, double *sd)
{
    span_t span = window_span (id, 1, 1);
    double now, sum = 0, sum2 = 0;
    int status = market_x (market, &now);
    for (int32_t back = 0; status == OK && back < span.count; back++) {
        double x;
        status = market_x_back (market, span.bucket, back, &x);
        if (status == OK) {
            sum += x - now;
            sum2 += (x - now) * (x - now);
        }
    }
    *mean = sum / span.count;
    *sd = sqrt (fmax (0, sum2 / span.count - *mean * *mean));
    return status;
}

static int32_t
band_step_s (window_id_t id)
{
    int32_t step_s = window_seconds[id] / 30;
    return step_s > 10 ? step_s : 10;
}

static double
band_lowest (const band_t *self, int64_t now_ns, window_id_t id)
{
    double lowest = INFINITY;
    for (int i = 0; i < WIDTHS; i++)
        if (self->ts_ns[i] && now_ns - self->ts_ns[i] < 2 * window_seconds[id] * NS_PER_S)
            lowest = fmin (lowest, self->widths[i]);
    return lowest;
}

static void
squeeze_slot (squeeze_t *self, const window_t *window, int64_t now_ns, double width, double lowest,
              double side)
{
    sketch_t *ranks = &self->ranks[window->slot];
    if (sketch_n (ranks) >= SEEN_LEAST && sketch_rank (ranks, width) < .2)
        self->narrow_ns[window->slot] = now_ns;
    sketch_add (ranks, now_ns, mode_info (window->mode)->sketch_half_s, width);
    int64_t narrow_ns = self->narrow_ns[window->slot];
    bool is_armed = narrow_ns && now_ns - narrow_ns <= 2 * window->seconds * NS_PER_S;
    if (is_armed && width > 1.3 * lowest && side != 0)
        hold_trigger (&self->holds[window->slot], now_ns, window->seconds,
                      side * fmin (3, width / lowest - 1));
}

static void
update_squeeze (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    squeeze_t *self = state;
    int64_t now_ns = market_now_ns (market);
    for (int id = 0; id < W_COUNT; id++) {
        int32_t step_s = band_step_s ((window_id_t) id);
        double mean, sd;
        if (now_ns / NS_PER_S % step_s != 0 || band_of (market, (window_id_t) id, &mean, &sd) != OK ||
            !(sd > 0))
            continue;
        band_t *band = &self->bands[id];
        ew_add (&band->mean_sd, now_ns, DAY_S, sd);
        int place = (int) (now_ns / NS_PER_S / step_s % WIDTHS);
        double width = sd / ew_mean (&band->mean_sd);
        band->ts_ns[place] = now_ns;
        band->widths[place] = width;
        double lowest = band_lowest (band, now_ns, (window_id_t) id);
        for (int slot = 0; slot < SLOT_COUNT; slot++)
            if (window_all ()[slot].id == (window_id_t) id)
                squeeze_slot (self, &window_all ()[slot], now_ns, width, lowest, -stats_sign (mean));
    }
}

//  Formula  hold(e, W), e = sgn(x - MA) min (3, width/min - 1) when width > 1.3 min over 2W and rank(width)
//           was below 0.2 within 2W; width = sd of x over the buckets of W / ew(that, 24h)
//  Reads    x at the close of the buckets of W, every W/30 (at least 10 s)
//  Returns  [-3, 3], 0 before the first release; none before 20 widths
//  Source   methods VOLA4
static int
value_squeeze (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const squeeze_t *self = state;
    if (sketch_n (&self->ranks[w.slot]) < SEEN_LEAST)
        return E_AGAIN;
    const hold_t *hold = &self->holds[w.slot];
    out->raw = hold_at (hold, market_now_ns (market), w.seconds);
    out->is_hold = true;
    out->triggers_count = hold->triggers_count;
    out->trigger_value = hold->value;
    return OK;
}

//  --- signed jump

enum { RETURNS_MOST = 1440 };

//  Formula  J sum of r|r| [|r| > 4 sqrt (BV/n)] / RV, J = max (0, 1 - BV/RV), BV = pi/2 sum |r_i||r_i-1|
//  Reads    the n returns of W (10 s; 1 s for 1m)
//  Returns  [-1, 1], 0 without a jump; none before half of the returns are there
//  Source   Barndorff-Nielsen, Shephard 2004, Power and bipower variation; methods VOLA5
static int
value_jump (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    double r[RETURNS_MOST], px;
    int status = market_price (market, &px);
    if (status != OK)
        return status;
    int n = market_returns (market, w.id, r, RETURNS_MOST);
    if (n < (w.id == W_1M ? w.seconds : w.seconds / 10) / 2)
        return E_AGAIN;
    double rv = 0, bv = 0, signed_square = 0;
    for (int i = 0; i < n; i++) {
        rv += r[i] * r[i];
        bv += i ? M_PI_2 * fabs (r[i]) * fabs (r[i - 1]) : 0;
    }
    if (!(rv > 0))
        return E_AGAIN;
    double border = 4 * sqrt (bv / n);
    for (int i = 0; i < n; i++)
        signed_square += fabs (r[i]) > border ? r[i] * fabs (r[i]) : 0;
    out->raw = fmax (0, 1 - bv / rv) * signed_square / rv;
    return OK;
}

//  --- HAR

enum { HAR_PENDING = 8, HAR_TERMS = 4 };

typedef struct {
    bucket_id_t bucket;
    int32_t near, mid, far; //  buckets of H, 6H, 24H
    int32_t step_s;         //  a forecast is made so often
} har_row_t;

static const har_row_t har_rows[MODE_COUNT] = {
    {BUCKET_60S, 5, 30, 120, 60}, {BUCKET_60S, 60, 360, 1440, 600}, {BUCKET_900S, 96, 576, 2304, 14400}};

typedef struct {
    int64_t made_ns; //  0 none
    double terms[HAR_TERMS];
    double forecast; //  NaN: the regression was too young
} forecast_t;

typedef struct {
    struct {
        rls_t fit;
        ew_t errors;
        forecast_t pending[HAR_PENDING];
    } modes[MODE_COUNT];
} har_t;

static void
har_mature (har_t *self, mode_id_t mode, int64_t now_ns, double y)
{
    int64_t then_ns = now_ns - mode_info (mode)->horizon_s * NS_PER_S;
    double half_s = 30 * DAY_S;
    for (int i = 0; i < HAR_PENDING; i++) {
        const forecast_t *old = &self->modes[mode].pending[i];
        if (old->made_ns != then_ns)
            continue;
        if (!isnan (old->forecast))
            ew_add (&self->modes[mode].errors, now_ns, stats_tau_of_half (half_s), y - old->forecast);
        rls_t *fit = &self->modes[mode].fit;
        if (fit->k == 0)
            rls_init (fit, HAR_TERMS);
        rls_add (fit, old->terms, y, exp2 (-har_rows[mode].step_s / half_s));
    }
}

static void
update_har (void *state, const market_t *market, const market_event_t *event)
{
    har_t *self = state;
    int64_t now_ns = bucket_end_ns (market, event->of.bucket);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        const har_row_t *row = &har_rows[mode];
        if (row->bucket != event->of.bucket || now_ns / NS_PER_S % row->step_s != 0)
            continue;
        double y = log (closed_rv (market, row->bucket, row->near));
        double mid = log (closed_rv (market, row->bucket, row->mid));
        double far = log (closed_rv (market, row->bucket, row->far));
        if (!isfinite (y))
            continue;
        har_mature (self, (mode_id_t) mode, now_ns, y);
        if (!isfinite (mid) || !isfinite (far))
            continue;
        forecast_t *new = &self->modes[mode].pending[now_ns / NS_PER_S / row->step_s % HAR_PENDING];
        *new = (forecast_t){.made_ns = now_ns, .terms = {1, y, mid, far}, .forecast = NAN};
        if (self->modes[mode].fit.n >= (uint32_t) SEEN_LEAST)
            new->forecast = rls_predict (&self->modes[mode].fit, new->terms);
    }
}

//  Formula  m = tanh (z / 1.5), z = (ln RV(H) - forecast made H ago) / sd of errors; forecast = c0 + c1 ln
//           RV(H) + c2 ln RV(6H) + c3 ln RV(24H), least squares with half-life 30 d, learned from matured
//           pairs only
//  Reads    RV of closed buckets, every 60 s / 600 s / 4 h; history counts
//  Returns  m in (-1, 1); none before 20 errors
//  Source   Corsi 2009, A simple approximate long-memory model of realized volatility; methods VOLA6
static int
value_har (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const har_t *self = state;
    const har_row_t *row = &har_rows[w.mode];
    int64_t then_ns = market_now_ns (market) - mode_info (w.mode)->horizon_s * NS_PER_S;
    const forecast_t *latest = NULL;
    for (int i = 0; i < HAR_PENDING; i++) {
        const forecast_t *old = &self->modes[w.mode].pending[i];
        if (old->made_ns && old->made_ns <= then_ns && (!latest || old->made_ns > latest->made_ns))
            latest = old;
    }
    realised_t realised;
    int status = market_realised (market, (span_t){row->bucket, row->near}, &realised);
    if (status != OK)
        return status;
    const ew_t *errors = &self->modes[w.mode].errors;
    double sd = sqrt (ew_var (errors));
    if (!latest || isnan (latest->forecast) || ew_n (errors) < SEEN_LEAST || !(sd > 0) || !(realised.rv > 0))
        return E_AGAIN;
    out->raw = tanh ((log (realised.rv) - latest->forecast) / sd / 1.5);
    return OK;
}

//  --- volatility of volatility

static const span_t wp_spans[MODE_COUNT] = {{BUCKET_60S, 1}, {BUCKET_60S, 15}, {BUCKET_900S, 16}};

typedef struct {
    ew_t logs[MODE_COUNT];
    sketch_t ranks[MODE_COUNT];
} vol_of_vol_t;

static void
update_vol_of_vol (void *state, const market_t *market, const market_event_t *event)
{
    vol_of_vol_t *self = state;
    int64_t now_ns = bucket_end_ns (market, event->of.bucket);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        const mode_info_t *info = mode_info ((mode_id_t) mode);
        if (wp_spans[mode].bucket != event->of.bucket || now_ns / NS_PER_S % info->primary_s != 0)
            continue;
        double y = log (closed_rv (market, wp_spans[mode].bucket, wp_spans[mode].count));
        if (!isfinite (y))
            continue;
        ew_add (&self->logs[mode], now_ns, stats_tau_of_half (20.0 * info->primary_s), y);
        if (ew_n (&self->logs[mode]) >= 5)
            sketch_add (&self->ranks[mode], now_ns, info->sketch_half_s, sqrt (ew_var (&self->logs[mode])));
    }
}

//  Formula  m = -clip ((rank(w) - 0.8) / 0.2, 0, 1), w = EW sd (half-life 20 Wp) of ln RV(Wp) sampled every
//           Wp
//  Reads    RV of the closed buckets of Wp; rank among the samples of this mode; history counts
//  Returns  m in [-1, 0]; none before 20 samples
//  Source   methods VOLA7
static int
value_vol_of_vol (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const vol_of_vol_t *self = state;
    if (sketch_n (&self->ranks[w.mode]) < SEEN_LEAST)
        return E_AGAIN;
    double rank = sketch_rank (&self->ranks[w.mode], sqrt (ew_var (&self->logs[w.mode])));
    out->raw = -stats_clip ((rank - .8) / .2, 0, 1);
    return OK;
}

//  --- regime

typedef struct {
    ew_t rate;               //  variance a second over 30 d, weight 1 for each 10 s
    double high[MODE_COUNT]; //  P(high)
    uint32_t steps[MODE_COUNT];
} regime_t;

static const span_t regime_spans[MODE_COUNT] = {{BUCKET_5S, 12}, {BUCKET_60S, 15}, {BUCKET_60S, 240}};

static double
likelihood (double y, double mean, double sd)
{
    double u = (y - mean) / sd;
    return exp (-u * u / 2) / sd;
}

static void
regime_step (regime_t *self, mode_id_t mode, double y)
{
    double before = self->steps[mode] ? self->high[mode] : .5;
    double high = (before * .97 + (1 - before) * .03) * likelihood (y, .8, .7);
    double low = (before * .03 + (1 - before) * .97) * likelihood (y, -.4, .5);
    self->high[mode] = high / (high + low);
    self->steps[mode]++;
}

static void
update_regime (void *state, const market_t *market, const market_event_t *event)
{
    regime_t *self = state;
    double tau_s = 30 * DAY_S;
    int64_t now_ns = market_now_ns (market);
    realised_t realised;
    if (event->on == ON_BUCKET) {
        double rv = closed_rv (market, BUCKET_900S, 1);
        if (event->is_backfilled && event->of.bucket == BUCKET_900S && rv >= 0)
            ew_add_weighted (&self->rate, bucket_end_ns (market, BUCKET_900S), tau_s, rv / 900, 90);
        return;
    }
    if (market_realised (market, (span_t){BUCKET_5S, 2}, &realised) == OK)
        ew_add (&self->rate, now_ns, tau_s, realised.rv / (10 * realised.n));
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        int32_t step_s = mode_info ((mode_id_t) mode)->primary_s / 6;
        if (now_ns / NS_PER_S % step_s != 0 || market_realised (market, regime_spans[mode], &realised) != OK)
            continue;
        double y = log (realised.rv / (10 * realised.n) / ew_mean (&self->rate));
        if (isfinite (y))
            regime_step (self, (mode_id_t) mode, stats_clip (y, -6, 6));
    }
}

//  Formula  m = 1 - 2 P(high), two states of y = ln (RV(Wp) / ew(RV, 30d)): means -0.4 and 0.8, sd 0.5 and
//           0.7, stay 0.97; filtered each Wp/6
//  Reads    RV of Wp and its mean a second; the mean learns from history too
//  Returns  m in [-1, 1]: calm carries a trend, storm reverses it; none before an hour of returns
//  Source   Hamilton 1989, A new approach to the economic analysis of nonstationary time series
static int
value_regime (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const regime_t *self = state;
    if (self->rate.w < 360 || self->steps[w.mode] == 0)
        return E_AGAIN;
    out->raw = 1 - 2 * self->high[w.mode];
    return OK;
}

static const card_t cards[] = {
    {.id = 116,
     .slug = "realised-vol-shock",
     .name = "Realised Vol Shock",
     .kind = KIND_GATE,
     .carrier = "price-momentum",
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 20},
     .inputs = INPUT_QUOTE,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (shock_t),
     .listens = BIT (ON_GRID),
     .update = update_shock,
     .value = value_shock,
     .formula = "[W] z = zc(ln(8*RV(W)/RV(8W))); m = -tanh(max(0,z)/1.5): spikes exhaust",
     .source = "methods VOLA2"},
    {.id = 117,
     .slug = "semivariance-skew",
     .name = "Semivariance Skew",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 24},
     .inputs = INPUT_QUOTE,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (skew_t),
     .listens = BIT (ON_GRID),
     .update = update_skew,
     .value = value_skew,
     .formula =
         "[W] q = (RS+ - RS-)/(RS+ + RS-); raw = q-b*r(W)/s(W), b = EW slope of q on r/s (half-life 24h): "
         "without this it repeats price-momentum",
     .source = "Barndorff-Nielsen-Kinnebrock-Shephard 2010; methods VOLA1"},
    {.id = 118,
     .slug = "squeeze-release",
     .name = "Squeeze Release",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 20},
     .inputs = INPUT_QUOTE,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (squeeze_t),
     .listens = BIT (ON_GRID),
     .update = update_squeeze,
     .value = value_squeeze,
     .formula =
         "[W] width = sd of x over the buckets in W / ew(that,24h), each W/30; armed if rank(width)<0.2 "
         "within "
         "the last 2W; trigger when width>1.3*its minimum in 2W: e = sgn(x-MA_W)*min(3,width/min-1); raw = "
         "hold(e,W)",
     .source = "methods VOLA4"},
    {.id = 119,
     .slug = "signed-jump",
     .name = "Signed Jump",
     .kind = KIND_FLOW,
     .sign = -1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 4},
     .inputs = INPUT_QUOTE,
     .update_s = 5,
     .version = 1,
     .value = value_jump,
     .formula = "[W] J = max(0,1-BV/RV); raw = J*sum r*|r|*1[|r|>4*sqrt(BV/n)]/RV over the grid returns in W",
     .source = "Barndorff-Nielsen-Shephard 2004; methods VOLA5"},
    {.id = 120,
     .slug = "har-surprise",
     .name = "HAR Surprise",
     .kind = KIND_GATE,
     .carrier = "order-flow-imbalance",
     .windows = WINDOWS_PRIMARY,
     .warmup = {.windows = 500, .can_backfill = true}, //  100 H and more: H is 4 to 6 Wp
     .inputs = INPUT_QUOTE | INPUT_BARS,
     .update_s = 10,
     .version = 1,
     .state_size = sizeof (har_t),
     .listens = BIT (ON_BUCKET),
     .update = update_har,
     .value = value_har,
     .formula =
         "[P] y = ln RV(H); forecast made H ago from c0+c1*lnRV(H)+c2*lnRV(6H)+c3*lnRV(24H), EW regression "
         "updated only with matured pairs (half-life 30 d); z = (y-forecast)/sd of errors; m = tanh(z/1.5)",
     .source = "Corsi 2009; methods VOLA6"},
    {.id = 121,
     .slug = "vol-of-vol",
     .name = "Vol of Vol",
     .kind = KIND_GATE,
     .carrier = "trend-slope",
     .windows = WINDOWS_PRIMARY,
     .warmup = {.windows = 60, .can_backfill = true},
     .inputs = INPUT_QUOTE | INPUT_BARS,
     .update_s = 10,
     .version = 1,
     .state_size = sizeof (vol_of_vol_t),
     .listens = BIT (ON_BUCKET),
     .update = update_vol_of_vol,
     .value = value_vol_of_vol,
     .formula =
         "[P] w = EW sd (half-life 20Wp) of ln RV(Wp) sampled every Wp; m = -clip((rank(w)-0.8)/0.2,0,1)",
     .source = "methods VOLA7"},
    {.id = 122,
     .slug = "vol-regime",
     .name = "Vol Regime",
     .kind = KIND_GATE,
     .carrier = "trend-slope",
     .windows = WINDOWS_PRIMARY,
     .warmup = {.seconds = 7 * 86400, .can_backfill = true},
     .inputs = INPUT_QUOTE | INPUT_BARS,
     .update_s = 10,
     .version = 1,
     .state_size = sizeof (regime_t),
     .listens = BIT (ON_GRID) | BIT (ON_BUCKET),
     .update = update_regime,
     .value = value_regime,
     .formula = "[P] y = ln(RV(Wp)/ew(RV,30d)) each Wp/6; two-state Gaussian HMM, means -0.4 and +0.8, sd "
                "0.5 and 0.7, "
                "stay 0.97; m = 1-2*P(high): calm carries trend, storm reverses it",
     .source = "Hamilton 1989"},
};

extern const category_t volatility_cards;
const category_t volatility_cards = {"volatility", "Volatility", cards, COUNT_OF (cards)};
