/*  order_flow - who takes, how much, how well, and what price makes of it
 *
 *  Flow is taker buying and selling in USD (market.h); parents are prints of one venue and taker side within
 * 50 ms. The book to read with it: Bouchaud, Bonart, Donier, Gould 2018, Trades, Quotes and Prices. */

#include <math.h>
#include <string.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

static const double MIN_TRADES = 20;

//  D/V over one window; E_AGAIN with a reason when too few trades were seen.
static int
read_imbalance (const market_t *market, window_id_t id, flow_t *flow, card_out_t *out)
{
    int status = market_flow (market, window_span (id, 1, 1), flow);
    if (status != OK)
        return status;
    if (flow->trades_count < MIN_TRADES || flow->total_usd <= 0) {
        out->reason = "fewer than 20 trades in the window";
        return E_AGAIN;
    }
    return OK;
}

//  Formula  D(W)/V(W), at least 20 trades
//  Reads    flow of W
//  Returns  [-1, 1]
//  Source   Evans, Lyons 2002, Order flow and exchange rate dynamics
static int
value_order_flow_imbalance (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    flow_t flow;
    int status = read_imbalance (market, w.id, &flow, out);
    if (status == OK)
        out->raw = flow.delta_usd / flow.total_usd;
    return status;
}

//  --- cumulative delta

typedef struct {
    double cvd[BUCKET_COUNT]; //  running sum of D, by size of bucket
    ew_t fast[W_COUNT], slow[W_COUNT], delta[W_COUNT];
} cvd_t;

static void
update_cvd (void *state, const market_t *market, const market_event_t *event)
{
    cvd_t *self = state;
    bucket_id_t bucket = event->of.bucket;
    int64_t now_ns = market_now_ns (market);
    flow_t flow;
    if (market_flow_bucket (market, bucket, 1, &flow) != OK)
        return;
    self->cvd[bucket] += flow.delta_usd;
    for (int id = 0; id < W_COUNT; id++) {
        if (window_bucket ((window_id_t) id) != bucket)
            continue;
        ew_add (&self->fast[id], now_ns, window_seconds[id], self->cvd[bucket]);
        ew_add (&self->slow[id], now_ns, 4.0 * window_seconds[id], self->cvd[bucket]);
        ew_add (&self->delta[id], now_ns, stats_tau_of_half (24.0 * window_seconds[id]), flow.delta_usd);
    }
}

//  Formula  (EMA(C,W)-EMA(C,4W)) / max(sd(D per bucket, 24W) sqrt(W/bk), 0.05 Ve(W)), C = running sum of D
//  Reads    closed buckets of bk(W)
//  Returns  any size; none before two buckets
//  Source   methods CVD1 (as a crossover: the slope alone repeats order-flow-imbalance)
static int
value_cvd (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const cvd_t *self = state;
    double expected_usd;
    int status = market_expected_usd (market, w.seconds, &expected_usd);
    if (status != OK)
        return status;
    double scale = sqrt (ew_var (&self->delta[w.id])) * sqrt (window_span (w.id, 1, 1).count);
    scale = fmax (scale, 0.05 * expected_usd);
    double raw = (ew_mean (&self->fast[w.id]) - ew_mean (&self->slow[w.id])) / scale;
    if (!isfinite (raw))
        return E_AGAIN;
    out->raw = raw;
    return OK;
}

//  --- flow against price

//  D/Ve, V/Ve and r/s of a window; OK when all are there.
typedef struct {
    double delta, total, move;
} relative_t;

static int
read_relative (const market_t *market, window_id_t id, relative_t *out)
{
    flow_t flow;
    double expected_usd, r, s;
    span_t span = window_span (id, 1, 1);
    int status = market_flow (market, span, &flow);
    if (status == OK)
        status = market_expected_usd (market, window_seconds[id], &expected_usd);
    if (status == OK)
        status = market_return (market, span, &r);
    if (status == OK)
        status = market_sigma (market, id, &s);
    if (status != OK || expected_usd <= 0 || s <= 0)
        return status != OK ? status : E_AGAIN;
    *out = (relative_t){flow.delta_usd / expected_usd, flow.total_usd / expected_usd, r / s};
    return OK;
}

typedef struct {
    ew_t delta[SLOT_COUNT], move[SLOT_COUNT];
} divergence_t;

static void
update_divergence (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    divergence_t *self = state;
    int64_t now_ns = market_now_ns (market);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *w = &window_all ()[slot];
        relative_t relative;
        if (read_relative (market, w->id, &relative) != OK)
            continue;
        double tau_s = stats_tau_of_half (mode_info (w->mode)->normaliser_half_s);
        ew_add (&self->delta[slot], now_ns, tau_s, relative.delta);
        ew_add (&self->move[slot], now_ns, tau_s, relative.move);
    }
}

//  Formula  zu(D(W)/Ve(W)) - zu(r(W)/s(W))
//  Reads    flow, returns; zu steps on the 10 s grid with the mode's half-life
//  Returns  any size; none before two steps
//  Source   methods CVD2
static int
value_divergence (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const divergence_t *self = state;
    relative_t relative;
    int status = read_relative (market, w.id, &relative);
    if (status != OK)
        return status;
    double raw =
        stats_zu (&self->delta[w.slot], relative.delta) - stats_zu (&self->move[w.slot], relative.move);
    if (!isfinite (raw))
        return E_AGAIN;
    out->raw = raw;
    return OK;
}

typedef struct {
    sketch_t volume[SLOT_COUNT];
} absorption_t;

static void
update_absorption (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    absorption_t *self = state;
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *w = &window_all ()[slot];
        relative_t relative;
        if (read_relative (market, w->id, &relative) == OK)
            sketch_add (&self->volume[slot], market_now_ns (market), mode_info (w->mode)->sketch_half_s,
                        relative.total);
    }
}

//  Formula  -D(W)/V(W) if |r(W)| < 0.3 s(W) and rank(V(W)/Ve(W)) > 0.8, else 0
//  Reads    flow, returns; the rank steps on the 10 s grid
//  Returns  [-1, 1]
//  Source   methods CVD5
static int
value_absorption (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const absorption_t *self = state;
    relative_t relative;
    int status = read_relative (market, w.id, &relative);
    if (status != OK)
        return status;
    double rank = sketch_rank (&self->volume[w.slot], relative.total);
    if (isnan (rank))
        return E_AGAIN;
    bool is_absorbed = fabs (relative.move) < 0.3 && rank > 0.8 && relative.total > 0;
    out->raw = is_absorbed ? -relative.delta / relative.total : 0;
    return OK;
}

typedef struct {
    sketch_t delta[SLOT_COUNT], progress[SLOT_COUNT];
} exhaustion_t;

static double
progress_of (const relative_t *relative)
{
    return stats_sign (relative->delta) * relative->move / (fabs (relative->delta) + 0.01);
}

static void
update_exhaustion (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    exhaustion_t *self = state;
    int64_t now_ns = market_now_ns (market);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *w = &window_all ()[slot];
        relative_t relative;
        if (read_relative (market, w->id, &relative) != OK)
            continue;
        double half_s = mode_info (w->mode)->sketch_half_s;
        sketch_add (&self->delta[slot], now_ns, half_s, fabs (relative.delta));
        sketch_add (&self->progress[slot], now_ns, half_s, progress_of (&relative));
    }
}

//  Formula  p = sgn(D) (r/s)/(|D|/Ve+0.01); sgn(D) (rank(|D|/Ve)-0.95)/0.05 if rank(|D|/Ve) > 0.95 and
//           rank(p) < 0.2, else 0
//  Reads    flow, returns; ranks step on the 10 s grid
//  Returns  [-1, 1]; the sign of the card turns it against the flow
//  Source   methods CVD6
static int
value_exhaustion (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const exhaustion_t *self = state;
    relative_t relative;
    int status = read_relative (market, w.id, &relative);
    if (status != OK)
        return status;
    double size = sketch_rank (&self->delta[w.slot], fabs (relative.delta));
    double progress = sketch_rank (&self->progress[w.slot], progress_of (&relative));
    if (isnan (size) || isnan (progress))
        return E_AGAIN;
    out->raw = size > 0.95 && progress < 0.2 ? stats_sign (relative.delta) * (size - 0.95) / 0.05 : 0;
    return OK;
}

//  --- divergence at swings

enum { ATR_BARS = 14 };
static const double SWING_ATR = 1.5, SWING_K_MAX = 3;

typedef struct {
    double x, cvd;
    int64_t bar;
    bool is_known;
} pivot_t;

typedef struct {
    int64_t bar; //  bars seen with flow, unbroken
    double close_x, true_range_sum, atr, cvd;
    ew_t delta;
    int8_t direction;  //  +1: looking for a high
    pivot_t high, low; //  extremes since the last pivot
    pivot_t last_high, last_low;
    hold_t hold;
} swing_t;

typedef struct {
    swing_t swings[W_COUNT];
} swing_card_t;

//  Wilder's average true range of log prices; 0 before 14 bars.
static void
swing_range (swing_t *self, double high_x, double low_x)
{
    double range = high_x - low_x;
    if (self->bar > 1)
        range = fmax (range, fmax (fabs (high_x - self->close_x), fabs (low_x - self->close_x)));
    if (self->bar <= ATR_BARS) {
        self->true_range_sum += range;
        self->atr = self->bar == ATR_BARS ? self->true_range_sum / ATR_BARS : 0;
    } else
        self->atr += (range - self->atr) / ATR_BARS;
}

//  A pivot is sure: compare it with the one before of its kind.
static void
swing_confirm (swing_t *self, const pivot_t *pivot, pivot_t *last, int kind, int64_t now_ns, double tau_s)
{
    double sd = sqrt (ew_var (&self->delta));
    bool is_further = last->is_known && kind * (pivot->x - last->x) > 0;
    if (is_further && kind * (pivot->cvd - last->cvd) < 0 && sd > 0) {
        double size = fabs (pivot->cvd - last->cvd) / (sd * sqrt ((double) (pivot->bar - last->bar)));
        hold_trigger (&self->hold, now_ns, tau_s, -kind * fmin (SWING_K_MAX, size));
    }
    *last = *pivot;
}

static void
swing_bar (swing_t *self, const market_bar_t *bar, int64_t now_ns, double seconds)
{
    if (!bar->has_flow) { //  CVD cannot be compared across it
        *self = (swing_t){.hold = self->hold};
        return;
    }
    double high_x = log (bar->high_px), low_x = log (bar->low_px), delta = bar->buy_usd - bar->sell_usd;
    self->bar++;
    self->cvd += delta;
    ew_add (&self->delta, now_ns, stats_tau_of_half (50 * seconds), delta);
    swing_range (self, high_x, low_x);
    self->close_x = log (bar->close_px);
    if (!self->high.is_known || (high_x > self->high.x && self->direction >= 0))
        self->high = (pivot_t){high_x, self->cvd, self->bar, true};
    if (!self->low.is_known || (low_x < self->low.x && self->direction <= 0))
        self->low = (pivot_t){low_x, self->cvd, self->bar, true};
    if (self->atr <= 0)
        return;
    double turn = SWING_ATR * self->atr;
    if (self->direction >= 0 && self->high.bar < self->bar && self->high.x - low_x >= turn) {
        swing_confirm (self, &self->high, &self->last_high, 1, now_ns, 4 * seconds);
        self->direction = -1;
        self->low = (pivot_t){low_x, self->cvd, self->bar, true};
    } else if (self->direction <= 0 && self->low.bar < self->bar && high_x - self->low.x >= turn) {
        swing_confirm (self, &self->low, &self->last_low, -1, now_ns, 4 * seconds);
        self->direction = 1;
        self->high = (pivot_t){high_x, self->cvd, self->bar, true};
    }
}

static void
update_swing (void *state, const market_t *market, const market_event_t *event)
{
    swing_card_t *self = state;
    window_id_t id = event->of.bar->id;
    swing_bar (&self->swings[id], event->of.bar, market_now_ns (market), window_seconds[id]);
}

//  Formula  zig-zag pivots on closed bars of W, reversal 1.5 ATR(14); a higher high on lower CVD e = -k, a
//           lower low on higher CVD e = +k, k = min(3, |dCVD| / (sd(D_bar) sqrt(bars between))); hold(e, 4W)
//           from confirmation; sd with a half-life of 50 W
//  Reads    closed bars with taker flow
//  Returns  [-3, 3]; 0 before the first divergence; none before 14 bars
//  Source   methods CVD3, B3 (no repainting: stamped after the right shoulder)
static int
value_swing (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const swing_t *self = &((const swing_card_t *) state)->swings[w.id];
    if (self->atr <= 0) {
        out->reason = "fewer than 14 bars with taker flow";
        return E_AGAIN;
    }
    out->raw = hold_at (&self->hold, market_now_ns (market), 4.0 * w.seconds);
    out->is_hold = true;
    out->triggers_count = self->hold.triggers_count;
    out->trigger_value = self->hold.value;
    return OK;
}

//  Formula  Ds(W)/Vs(W) - D(W)/V(W), at least 20 spot trades
//  Reads    spot and perp flow
//  Returns  [-2, 2]; none without a spot feed
//  Source   methods CVD4
static int
value_spot_perp (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    flow_t perp, spot;
    int status = market_spot_flow (market, window_span (w.id, 1, 1), &spot);
    if (status == E_ABSENT)
        out->reason = "no spot feed";
    if (status != OK)
        return status;
    if (spot.trades_count < MIN_TRADES || spot.total_usd <= 0) {
        out->reason = "fewer than 20 spot trades in the window";
        return E_AGAIN;
    }
    status = read_imbalance (market, w.id, &perp, out);
    if (status == OK)
        out->raw = spot.delta_usd / spot.total_usd - perp.delta_usd / perp.total_usd;
    return status;
}

//  --- persistence of signs

typedef struct {
    int8_t last_sign;
    uint32_t count;
    double pairs, signs, products; //  decayed per parent order
} persistence_t;

enum { PERSISTENCE_PARENTS = 1000 };
static const double PERSISTENCE_LENGTH = 500;

static void
update_persistence (void *state, const market_t *market, const market_event_t *event)
{
    (void) market;
    persistence_t *self = state;
    int8_t sign = event->of.parent->side;
    double kept = exp (-1 / PERSISTENCE_LENGTH);
    if (self->count++ > 0) {
        self->pairs = self->pairs * kept + 1;
        self->signs = self->signs * kept + sign;
        self->products = self->products * kept + sign * self->last_sign;
    }
    self->last_sign = sign;
}

//  Formula  max(0, rho) D(W)/V(W), rho = EW lag-1 autocorrelation of the signs of parent orders, length 500
//  Reads    parent orders of all venues, flow
//  Returns  [-1, 1]; none before 1000 parents
//  Source   Lillo, Farmer 2004, The long memory of the efficient market
static int
value_persistence (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const persistence_t *self = state;
    if (self->count < PERSISTENCE_PARENTS) {
        out->reason = "fewer than 1000 parent orders";
        return E_AGAIN;
    }
    flow_t flow;
    int status = read_imbalance (market, w.id, &flow, out);
    if (status != OK)
        return status;
    double mean = self->signs / self->pairs, variance = 1 - mean * mean;
    double rho = variance > 0 ? (self->products / self->pairs - mean * mean) / variance : 0;
    out->raw = fmax (0, rho) * flow.delta_usd / flow.total_usd;
    return OK;
}

//  --- surprise

enum { SURPRISE_ERRORS = 60 };

typedef struct {
    rls_t rls;
    bool has_last;
    double last[3]; //  1, y, u of the bucket before
    double errors[SURPRISE_ERRORS];
    uint32_t errors_count;
    ew_t spread;
} surprise_t;

typedef struct {
    surprise_t windows[W_COUNT];
} surprise_card_t;

//  y and u of the bucket that has just closed.
static int
read_bucket (const market_t *market, window_id_t id, double *y, double *u)
{
    bucket_id_t bucket = window_bucket (id);
    flow_t flow;
    double expected_usd, s, x_now, x_before;
    int status = market_flow_bucket (market, bucket, 1, &flow);
    if (status == OK)
        status = market_expected_usd (market, bucket_seconds[bucket], &expected_usd);
    if (status == OK)
        status = market_sigma (market, id, &s);
    if (status == OK)
        status = market_x_back (market, bucket, 1, &x_now);
    if (status == OK)
        status = market_x_back (market, bucket, 2, &x_before);
    if (status != OK || expected_usd <= 0 || s <= 0)
        return status != OK ? status : E_AGAIN;
    *y = flow.delta_usd / expected_usd;
    *u = (x_now - x_before) / (s / sqrt (window_span (id, 1, 1).count));
    return OK;
}

static void
surprise_bucket (surprise_t *self, const market_t *market, window_id_t id)
{
    double y, u;
    if (read_bucket (market, id, &y, &u) != OK) {
        self->has_last = false;
        return;
    }
    if (self->rls.k == 0)
        rls_init (&self->rls, 3);
    if (self->has_last) {
        double seconds = bucket_seconds[window_bucket (id)], memory_s = 20.0 * window_seconds[id];
        double error = rls_add (&self->rls, self->last, y, exp (-seconds / memory_s));
        self->errors[self->errors_count++ % SURPRISE_ERRORS] = error;
        ew_add (&self->spread, market_now_ns (market), stats_tau_of_half (memory_s), error);
    }
    self->last[0] = 1;
    self->last[1] = y;
    self->last[2] = u;
    self->has_last = true;
}

static void
update_surprise (void *state, const market_t *market, const market_event_t *event)
{
    surprise_card_t *self = state;
    for (int id = 0; id < W_COUNT; id++)
        if (window_bucket ((window_id_t) id) == event->of.bucket)
            surprise_bucket (&self->windows[id], market, (window_id_t) id);
}

//  Formula  sqrt(N) mean_W(e)/sd(e), e = error before the update of RLS y_k = b0 + b1 y_(k-1) + b2 u_(k-1)
//           over buckets, y = D/Ve(bk), u = r/s(bk), forgetting tau = 20W; sd with a half-life of 20 W
//  Reads    closed buckets of bk(W)
//  Returns  any size; none before N errors
//  Source   Hasbrouck 1991, Measuring the information content of stock trades
static int
value_surprise (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const surprise_t *self = &((const surprise_card_t *) state)->windows[w.id];
    uint32_t n = (uint32_t) window_span (w.id, 1, 1).count;
    double sd = sqrt (ew_var (&self->spread)), sum = 0;
    if (self->errors_count < n || !(sd > 0))
        return E_AGAIN;
    for (uint32_t i = 1; i <= n; i++)
        sum += self->errors[(self->errors_count - i) % SURPRISE_ERRORS];
    out->raw = sqrt (n) * (sum / n) / sd;
    return OK;
}

// clang-format off
static const card_t cards[] = {
    {.id = 10, .slug = "order-flow-imbalance", .name = "Order Flow Imbalance", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 2}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES, .update_s = 5, .version = 1,
     .value = value_order_flow_imbalance,
     .formula = "D(W)/V(W), at least 20 trades", .source = "Evans-Lyons 2002; methods FLOW1"},
    {.id = 14, .slug = "cvd", .name = "Cumulative Volume Delta", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 8}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES, .update_s = 5, .version = 1,
     .state_size = sizeof (cvd_t), .listens = BIT (ON_BUCKET), .update = update_cvd, .value = value_cvd,
     .formula = "(EMA(C,W)-EMA(C,4W)) / max(sd(D per bucket,24W) sqrt(W/bk), 0.05 Ve(W)), C = running sum of D", .source = "methods CVD1"},
    {.id = 15, .slug = "cvd-divergence", .name = "CVD-Price Divergence", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 20}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES | INPUT_QUOTE, .update_s = 5, .version = 1,
     .state_size = sizeof (divergence_t), .listens = BIT (ON_GRID), .update = update_divergence, .value = value_divergence,
     .formula = "zu(D(W)/Ve(W)) - zu(r(W)/s(W))", .source = "methods CVD2"},
    {.id = 16, .slug = "cvd-swing-divergence", .name = "CVD Swing Divergence", .kind = KIND_FLOW, .sign = 0, .windows = WINDOWS_EACH,
     .warmup = {.windows = 50}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES | INPUT_BARS, .update_s = 60, .version = 1,
     .state_size = sizeof (swing_card_t), .listens = BIT (ON_BAR), .update = update_swing, .value = value_swing,
     .formula = "hold(e,4W) at pivots zz(W,1.5): higher high on lower CVD e = -k, lower low on higher CVD e = +k, k = min(3,|dCVD|/(sd(D_bar) sqrt(bars)))",
     .source = "methods CVD3, B3"},
    {.id = 17, .slug = "spot-perp-cvd", .name = "Spot minus Perp CVD", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 2}, .inputs = INPUT_SPOT | INPUT_TRADE | INPUT_ALL_VENUES, .update_s = 5, .version = 1,
     .value = value_spot_perp,
     .formula = "Ds(W)/Vs(W) - D(W)/V(W), at least 20 spot trades", .source = "methods CVD4"},
    {.id = 18, .slug = "absorption", .name = "Absorption", .kind = KIND_FLOW, .sign = 0, .windows = WINDOWS_EACH,
     .warmup = {.windows = 20}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES | INPUT_QUOTE, .update_s = 5, .version = 1,
     .state_size = sizeof (absorption_t), .listens = BIT (ON_GRID), .update = update_absorption, .value = value_absorption,
     .formula = "-D(W)/V(W) if |r(W)| < 0.3 s(W) and rank(V(W)/Ve(W)) > 0.8, else 0", .source = "methods CVD5"},
    {.id = 19, .slug = "delta-exhaustion", .name = "Delta Exhaustion", .kind = KIND_FLOW, .sign = -1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 20}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES | INPUT_QUOTE, .update_s = 5, .version = 1,
     .state_size = sizeof (exhaustion_t), .listens = BIT (ON_GRID), .update = update_exhaustion, .value = value_exhaustion,
     .formula = "p = sgn(D) (r/s)/(|D|/Ve+0.01); sgn(D) (rank(|D|/Ve)-0.95)/0.05 if rank(|D|/Ve) > 0.95 and rank(p) < 0.2, else 0", .source = "methods CVD6"},
    {.id = 20, .slug = "flow-persistence", .name = "Flow Persistence", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 2}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES, .update_s = 5, .version = 1,
     .state_size = sizeof (persistence_t), .listens = BIT (ON_PARENT), .update = update_persistence, .value = value_persistence,
     .formula = "max(0,rho) D(W)/V(W), rho = EW lag-1 autocorrelation of the taker sign of parent orders (length 500), at least 1000 parents",
     .source = "Lillo-Farmer 2004; methods FLOW6"},
    {.id = 21, .slug = "flow-surprise", .name = "Flow Surprise", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 20}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES | INPUT_QUOTE, .update_s = 5, .version = 1,
     .state_size = sizeof (surprise_card_t), .listens = BIT (ON_BUCKET), .update = update_surprise, .value = value_surprise,
     .formula = "sqrt(N) mean_W(e)/sd(e), e = one-step error of RLS y_k = b0+b1 y_(k-1)+b2 u_(k-1), y = D/Ve(bk), u = r/s(bk), forgetting tau = 20W",
     .source = "Hasbrouck 1991; methods FLOW7"},
};
// clang-format on

extern const category_t order_flow_cards;
const category_t order_flow_cards = {"order_flow", "Order Flow", cards, COUNT_OF (cards)};
