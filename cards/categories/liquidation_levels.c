/*  liquidation_levels - where positions will be liquidated, and what price does about it
 *
 *  All of it reads the liquidation map (map_view.h): USD by bin of log price, longs below the mark, shorts above.
 *  x is ln of the mid, x_b the middle of a bin.  L(W) is how far price may get: s(5W) for the votes, s(H) for the
 *  primary window of a mode, s of the 1h window's v.
 *  A cluster is a bin within 6 L(W) of x whose density, smoothed over 5 bins, is the largest within 5 bins to either
 *  side and not below the 0.9 quantile of the bins within 6 L(W) that have any; its mass is what lies within 3 bins
 *  of it. */

#include <math.h>

#include "cards/card.h"
#include "cards/map_peaks.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/select.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

enum { LONGS = 0, SHORTS = 1 }; //  sides of the view

//  L(W)^2 in seconds of variance: 5W, or H of the mode whose primary window it is (of 1m they are the same).
static const double reach_seconds[W_COUNT] = {300, 1500, 3600, 18000, 86400};

//  View, x and, unless reach is NULL, L(W).
static int
read_map (const market_t *market, window_id_t id, map_view_t *view, double *x, double *reach)
{
    int status = market_map (market, view);
    if (status == OK)
        status = market_x (market, x);
    if (status == OK && reach)
        status = market_sigma_of (market, reach_seconds[id], reach);
    return status;
}

static double
middle_of (const map_view_t *view, int i)
{
    return ((double) (view->first_bin + i) + .5) * MAP_BIN_WIDTH;
}

static double
usd_of (const map_view_t *view, int i)
{
    return (double) view->usd[LONGS][i] + (double) view->usd[SHORTS][i];
}

//  USD of one side between two log prices; a bin that is cut counts by the part inside.
static double
usd_between (const map_view_t *view, int side, double from_x, double to_x)
{
    double sum = 0;
    int first = (int) fmax (0, floor (from_x / MAP_BIN_WIDTH) - (double) view->first_bin);
    int last = (int) fmin (MAP_VIEW_BINS - 1, floor (to_x / MAP_BIN_WIDTH) - (double) view->first_bin);
    for (int i = first; i <= last; i++) {
        double low = fmax (from_x, (double) (view->first_bin + i) * MAP_BIN_WIDTH);
        double high = fmin (to_x, (double) (view->first_bin + i + 1) * MAP_BIN_WIDTH);
        sum += (double) view->usd[side][i] * fmax (0, high - low) / MAP_BIN_WIDTH;
    }
    return sum;
}

//  --- clusters

static const double CLUSTER_REACH = 6; //  of L(W)

typedef struct {
    double x, usd, height;
    bool is_passed; //  the mark has been there since it was found
} cluster_t;

//  All peaks; smooth[]: the smoothed density.
static int
find_peaks (const map_view_t *view, double smooth[MAP_VIEW_BINS], cluster_t peaks[MAP_PEAKS_MAX])
{
    int bins[MAP_PEAKS_MAX];
    map_peaks_smooth (view, smooth);
    int count = map_peaks_find (smooth, bins);
    for (int i = 0; i < count; i++)
        peaks[i] = (cluster_t){middle_of (view, bins[i]), map_peaks_usd (view, bins[i], MAP_PEAKS_REACH),
                               smooth[bins[i]], false};
    return count;
}

//  How high a cluster is at least: the quantile of the bins within 6 L(W) that have any; 0 when none has.
static double
least_height (const map_view_t *view, const double smooth[MAP_VIEW_BINS], double x, double edge)
{
    double sorted[MAP_VIEW_BINS];
    int filled = 0;
    for (int i = 0; i < MAP_VIEW_BINS; i++)
        if (smooth[i] > 0 && fabs (middle_of (view, i) - x) <= edge)
            sorted[filled++] = smooth[i];
    return filled > 0 ? select_kth (sorted, (size_t) filled, (size_t) (MAP_PEAKS_RANK * filled)) : 0;
}

//  Where a window's clusters are found, and from which height on.
typedef struct {
    double x, edge, least;
} scope_t;

static bool
is_cluster (const cluster_t *peak, const scope_t *scope)
{
    return fabs (peak->x - scope->x) <= scope->edge && peak->height >= scope->least;
}

//  Formula  sum over clusters of M sgn (x_c - x) exp (-|x_c - x| / L(W)) / the same without the sign, |x_c - x|
//           <= 6 L(W)
//  Reads    the map's density, x, s
//  Returns  [-1, 1]; none where no cluster is within reach
//  Source   methods LQTN1
static int
value_levels (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    map_view_t view;
    cluster_t peaks[MAP_PEAKS_MAX];
    double smooth[MAP_VIEW_BINS], x, reach, sum = 0, weight = 0;
    int status = read_map (market, w.id, &view, &x, &reach);
    if (status != OK)
        return status;
    int count = find_peaks (&view, smooth, peaks);
    double edge = CLUSTER_REACH * reach;
    scope_t scope = {x, edge, least_height (&view, smooth, x, edge)};
    for (int i = 0; i < count; i++) {
        double apart = peaks[i].x - x, pull = peaks[i].usd * exp (-fabs (apart) / reach);
        if (!is_cluster (&peaks[i], &scope))
            continue;
        sum += pull * stats_sign (apart);
        weight += pull;
    }
    if (!(weight > 0)) {
        out->reason = "no cluster within reach";
        return E_AGAIN;
    }
    out->raw = sum / weight;
    return OK;
}

//  Formula  (U - N) / (U + N), U = shorts in (x, x + 2 L(W)], N = longs in [x - 2 L(W), x)
//  Reads    the map's density, x, s
//  Returns  [-1, 1]; none where there is no mass
//  Source   methods LQTN3
static int
value_heatmap (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    map_view_t view;
    double x, reach;
    int status = read_map (market, w.id, &view, &x, &reach);
    if (status != OK)
        return status;
    double up_usd = usd_between (&view, SHORTS, x, x + 2 * reach);
    double down_usd = usd_between (&view, LONGS, x - 2 * reach, x);
    if (!(up_usd + down_usd > 0)) {
        out->reason = "no mass within reach";
        return E_AGAIN;
    }
    out->raw = (up_usd - down_usd) / (up_usd + down_usd);
    return OK;
}

//  Formula  mean over 1, 3, 5 % of ln (shorts up to +k + e) - ln (longs down to -k + e), e = 1e-4 OI in USD
//  Reads    the map's density, x, OI
//  Returns  any size; none without open interest
//  Source   methods LQTN4
static int
value_cumulative (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    static const double shares[] = {.01, .03, .05};
    (void) state;
    map_view_t view;
    double x, coins, sum = 0;
    int status = read_map (market, w.id, &view, &x, NULL);
    if (status == OK)
        status = market_oi (market, &coins);
    if (status != OK)
        return status;
    double least_usd = 1e-4 * coins * exp (x);
    if (!(least_usd > 0))
        return E_AGAIN;
    for (size_t i = 0; i < COUNT_OF (shares); i++)
        sum += log (usd_between (&view, SHORTS, x, x + log1p (shares[i])) + least_usd) -
               log (usd_between (&view, LONGS, x + log1p (-shares[i]), x) + least_usd);
    out->raw = sum / COUNT_OF (shares);
    return OK;
}

//  Formula  sum of sgn (x_b - x) y_b / sum of y_b, y_b = m(b) / max (|x_b - x|, s(60)/2)^2, |x_b - x| <= .1
//  Reads    the map's density, x, s
//  Returns  [-1, 1]; none where there is no mass
//  Source   methods LQTN5
static int
value_gravity (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    map_view_t view;
    double x, s, sum = 0, weight = 0;
    int status = read_map (market, w.id, &view, &x, NULL);
    if (status == OK)
        status = market_sigma (market, W_1M, &s);
    if (status != OK)
        return status;
    for (int i = 0; i < MAP_VIEW_BINS; i++) {
        double apart = middle_of (&view, i) - x, near = fmax (fabs (apart), s / 2);
        if (fabs (apart) > .1)
            continue;
        double pull = usd_of (&view, i) / (near * near);
        sum += pull * stats_sign (apart);
        weight += pull;
    }
    if (!(weight > 0)) {
        out->reason = "no mass within reach";
        return E_AGAIN;
    }
    out->raw = sum / weight;
    return OK;
}

//  --- cascade: only with the last minutes' trend, the line that trend-slope draws at 1m

enum { TREND_TAU_S = 60, TREND_POINTS_LEAST = 30 };

typedef struct {
    int64_t last_ns;
    regress_t fit; //  of x on seconds, origin at the last sample
} cascade_t;

static void
update_cascade (void *state, const market_t *market, const market_event_t *event)
{
    cascade_t *self = state;
    double x, before;
    if (event->of.bucket != BUCKET_1S || market_x_back (market, BUCKET_1S, 1, &x) != OK)
        return;
    int64_t end_ns = market_now_ns (market) / NS_PER_S * NS_PER_S;
    if (self->last_ns) {
        double r = market_x_back (market, BUCKET_1S, 2, &before) == OK ? x - before : 0;
        regress_shift (&self->fit, (double) ((end_ns - self->last_ns) / NS_PER_S), r);
    }
    regress_add (&self->fit, end_ns, TREND_TAU_S, 0, 0);
    self->last_ns = end_ns;
}

//  Formula  t max (0, t (A - Z)) / Ve(H); A = sum over bins above x of hazard x 2 Phi (-|x_b - x| / s(H)), of
//           shorts, Z the same below, of longs; t = sign of the slope of x on time, weights with tau 1m
//  Reads    the map's hazard, x, s, expected volume of the mode's horizon; x each second
//  Returns  any size, 0 where the trend points away from the weaker side; none before 30 s of trend
//  Source   methods LQTN6, A7, A9
static int
value_cascade (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const cascade_t *self = state;
    map_view_t view;
    double x, s, expected_usd, lean = 0, horizon_s = mode_info (w.mode)->horizon_s;
    int status = read_map (market, w.id, &view, &x, NULL);
    if (status == OK)
        status = market_sigma_of (market, horizon_s, &s);
    if (status == OK)
        status = market_expected_usd (market, horizon_s, &expected_usd);
    if (status != OK)
        return status;
    double slope = regress_slope (&self->fit);
    if (self->fit.w < TREND_POINTS_LEAST || isnan (slope))
        return E_AGAIN;
    for (int i = 0; i < MAP_VIEW_BINS; i++) {
        double apart = middle_of (&view, i) - x, touched = 2 * stats_normal_cdf (-fabs (apart) / s);
        if (apart > 0)
            lean += (double) view.hazard[SHORTS][i] * touched;
        else if (apart < 0)
            lean -= (double) view.hazard[LONGS][i] * touched;
    }
    double trend = stats_sign (slope);
    out->raw = trend * fmax (0, trend * lean) / expected_usd;
    return OK;
}

//  --- sweeps: what price does after the mark has passed a cluster

enum { BARS_AFTER = 3, BARS_A_WINDOW = 5 };
static const double STRENGTH_MOST = 3;

typedef struct {
    double strength; //  0: none is waited for
    double x;        //  of the cluster
    int64_t since_ns;
    int32_t direction, bars;
    bool is_back;
} passing_t;

typedef struct {
    int32_t venue, peaks_count; //  venue: of mark_x
    bool has_mark, has_peaks;
    double mark_x;
    cluster_t peaks[MAP_PEAKS_MAX];
    scope_t scopes[W_COUNT];
    passing_t passings[W_COUNT];
    hold_t holds[W_COUNT];
} sweep_t;

static void
find_again (sweep_t *self, const market_t *market)
{
    map_view_t view;
    double smooth[MAP_VIEW_BINS], x, reach;
    if (read_map (market, W_1M, &view, &x, NULL) != OK)
        return;
    self->peaks_count = find_peaks (&view, smooth, self->peaks);
    self->has_peaks = true;
    for (int id = 0; id < W_COUNT; id++) {
        double edge = market_sigma_of (market, reach_seconds[id], &reach) == OK ? CLUSTER_REACH * reach : -1;
        self->scopes[id] = (scope_t){x, edge, least_height (&view, smooth, x, edge)};
    }
}

//  Wait for the strongest of the clusters just passed, unless a stronger one is waited for.
static void
wait_for (sweep_t *self, const market_t *market, window_id_t id, const bool is_new[MAP_PEAKS_MAX],
          int direction)
{
    const scope_t *scope = &self->scopes[id];
    double sum = 0;
    int count = 0;
    for (int i = 0; i < self->peaks_count; i++)
        if (is_cluster (&self->peaks[i], scope)) {
            sum += self->peaks[i].usd;
            count++;
        }
    for (int i = 0; i < self->peaks_count; i++) {
        const cluster_t *peak = &self->peaks[i];
        if (!is_new[i] || !is_cluster (peak, scope))
            continue;
        double strength = fmin (STRENGTH_MOST, peak->usd / (sum / count));
        if (strength > self->passings[id].strength)
            self->passings[id] = (passing_t){.strength = strength,
                                             .x = peak->x,
                                             .since_ns = market_now_ns (market),
                                             .direction = direction};
    }
}

static void
move_mark (sweep_t *self, const market_t *market, int venue, double mark_px)
{
    double before = self->mark_x, now = log (mark_px);
    bool is_new[MAP_PEAKS_MAX] = {false}, has_new = false,
         has_before = self->has_mark && self->venue == venue;
    self->mark_x = now;
    self->venue = venue;
    self->has_mark = true;
    if (!has_before || now == before)
        return;
    for (int i = 0; i < self->peaks_count; i++) {
        cluster_t *peak = &self->peaks[i];
        bool is_between =
            now > before ? before < peak->x && peak->x <= now : now <= peak->x && peak->x < before;
        is_new[i] = is_between && !peak->is_passed;
        peak->is_passed = peak->is_passed || is_between;
        has_new = has_new || is_new[i];
    }
    for (int id = 0; has_new && id < W_COUNT; id++)
        wait_for (self, market, (window_id_t) id, is_new, now > before ? 1 : -1);
}

//  Bars of W/5, aligned to the epoch, close with this second's price.
static void
close_bars (sweep_t *self, const market_t *market)
{
    double x;
    int64_t now_ns = market_now_ns (market);
    for (int id = 0; id < W_COUNT; id++) {
        passing_t *passing = &self->passings[id];
        int64_t bar_ns = window_seconds[id] * NS_PER_S / BARS_A_WINDOW;
        if (!(passing->strength > 0) || now_ns % bar_ns != 0 || now_ns <= passing->since_ns ||
            market_x (market, &x) != OK)
            continue;
        passing->is_back = passing->is_back || passing->direction * (x - passing->x) <= 0;
        if (++passing->bars < BARS_AFTER)
            continue;
        double outcome = passing->is_back ? -passing->direction : passing->direction;
        hold_trigger (&self->holds[id], now_ns, 3.0 * window_seconds[id], outcome * passing->strength);
        passing->strength = 0;
    }
}

static void
update_sweep (void *state, const market_t *market, const market_event_t *event)
{
    sweep_t *self = state;
    double mark_px;
    if (event->on == ON_GRID)
        find_again (self, market);
    else if (event->on == ON_SECOND)
        close_bars (self, market);
    else if (event->venue == market_reference (market) &&
             market_mark_px (market, event->venue, &mark_px) == OK)
        move_mark (self, market, event->venue, mark_px);
}

//  Formula  hold (e, 3W); the mark passes a cluster within 6 L(W) in direction g; of the next three closes of bars
//           of W/5 one on the old side: e = -g k, all beyond: e = g k; k = min (3, M / mean M)
//  Reads    clusters every 10 s, mark of the reference venue, mid at the closes; while one passing is waited for
//           only a stronger one takes its place
//  Returns  [-3, 3], 0 before the first outcome; none before there is a map
//  Source   methods LQTN8
static int
value_sweep (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const sweep_t *self = state;
    map_view_t view;
    int status = market_map (market, &view);
    if (status != OK || !self->has_peaks)
        return status != OK ? status : E_AGAIN;
    const hold_t *hold = &self->holds[w.id];
    out->raw = hold_at (hold, market_now_ns (market), 3.0 * w.seconds);
    out->is_hold = true;
    out->triggers_count = hold->triggers_count;
    out->trigger_value = hold->value;
    return OK;
}

enum { MAP_INPUTS = INPUT_TRADE | INPUT_OI | INPUT_MARK | INPUT_QUOTE | INPUT_ALL_VENUES };

static const card_t cards[] = {
    {.id = 33,
     .slug = "liquidation-levels",
     .name = "Liquidation Levels",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.seconds = 86400},
     .inputs = MAP_INPUTS,
     .update_s = 5,
     .version = 1,
     .value = value_levels,
     .formula =
         "[W] clusters = local maxima (+-5 bins) of the 5-bin smoothed map density above the 0.9 quantile of "
         "non-zero bins, within 6L(W); M_c = mass in +-3 bins; raw = "
         "sum_c M_c*sgn(x_c-x)*exp(-|x_c-x|/L(W)) / sum_c M_c*exp(-|x_c-x|/L(W))",
     .source = "methods LQTN1, A"},
    {.id = 34,
     .slug = "liquidation-heatmap",
     .name = "Liquidation Heatmap",
     .kind = KIND_LEVEL,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.seconds = 86400},
     .inputs = MAP_INPUTS,
     .update_s = 5,
     .version = 1,
     .value = value_heatmap,
     .formula = "[W] U = short mass in (x, x+2L(W)], N = long mass in [x-2L(W), x); raw = (U-N)/(U+N)",
     .source = "methods LQTN3, A, H"},
    {.id = 35,
     .slug = "cumulative-liq-level",
     .name = "Cumulative Liq Level",
     .kind = KIND_LEVEL,
     .sign = 1,
     .windows = WINDOWS_ONE,
     .half_life_s = 86400,
     .warmup = {.seconds = 86400},
     .inputs = MAP_INPUTS,
     .update_s = 5,
     .version = 1,
     .value = value_cumulative,
     .formula =
         "[X] {H=24h} raw = mean over k in {1,3,5}% of ln((cum short mass to +k%)+e) - ln((cum long mass to "
         "-k%)+e), e = 1e-4*OI in USD",
     .source = "methods LQTN4, A"},
    {.id = 36,
     .slug = "magnet-gravity",
     .name = "Magnet Gravity",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_ONE,
     .warmup = {.seconds = 86400},
     .inputs = MAP_INPUTS,
     .update_s = 5,
     .version = 1,
     .value = value_gravity,
     .formula =
         "[X] y_b = m(b)/max(|x_b-x|, 0.5*s(60))^2, |x_b-x|<=0.10; raw = sum_b sgn(x_b-x)*y_b / sum_b y_b",
     .source = "methods LQTN5, A"},
    {.id = 37,
     .slug = "cascade-risk",
     .name = "Cascade Risk",
     .kind = KIND_FLOW,
     .windows = WINDOWS_PRIMARY,
     .warmup = {.seconds = 86400},
     .inputs = MAP_INPUTS,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (cascade_t),
     .listens = BIT (ON_BUCKET),
     .update = update_cascade,
     .value = value_cascade,
     .formula =
         "[P] A = sum_b hz(b)*2*Phi(-|x_b-x|/s(H)) over bins above (shorts), Z = same below (longs), hz = "
         "hazard density, H = label horizon; t = sign of the EW regression slope of x on time, tau = 1m, "
         "samples each 1 s (the line of trend-slope at 1m, drawn here); raw = t*max(0,t*(A-Z))/Ve(H)",
     .source = "methods LQTN6, A7, A9"},
    {.id = 39,
     .slug = "liq-sweep-reversal",
     .name = "Liquidation Sweep Outcome",
     .kind = KIND_FLOW,
     .windows = WINDOWS_EACH,
     .warmup = {.seconds = 86400},
     .inputs = MAP_INPUTS,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (sweep_t),
     .listens = BIT (ON_GRID) | BIT (ON_SECOND) | BIT (ON_MARK),
     .update = update_sweep,
     .value = value_sweep,
     .formula =
         "[W] mark passes a cluster (as in liquidation-levels, found every 10 s) in direction g: after 3 "
         "closed "
         "bars of length W/5 a close back on the old side gives e = -g*k, all three closes beyond give e = "
         "+g*k, k = min(3,M_c/mean M_c); a stronger passing replaces one still waited for; raw = hold(e,3W)",
     .source = "methods LQTN8"},
};

extern const category_t liquidation_levels_cards;
const category_t liquidation_levels_cards = {"liquidation", "Liquidation", cards, COUNT_OF (cards)};
