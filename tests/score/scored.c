#include "tests/score/scored.h"

#include "cards/liquidation_map_private.h"
#include "common/base/check.h"
#include "common/base/timebase.h"
#include "tests/score/baselines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const method_names[] = {"uniform",     "profile 24 h",  "ladder",         "half-life ladder",
                                    "ours, prior", "ours, learned", "oracle mixture", NULL};

#define START_NS    (INT64_C (1790000400) * NS_PER_S / (3600 * NS_PER_S) * (3600 * NS_PER_S))
#define LL_FLOOR    .05
#define NEAR_REACH  .04
#define NB_LEAST    .02
#define NB_MOST     200
#define UNIT_HALF_S (14 * 86400.0)
enum {
    SHAPE_BINS = 300,
    SHAPE_EVERY_S = 7200,
    MINUTE_S = 60,
    WINDOW_S = 900,
    HOUR_S = 3600,
    OPENED_LEAST = 300
};
enum { VENUES = PUBLIC_FEED_VENUES };

//  One method's forecasts of one kind of observation.
typedef struct {
    double n_sum, mass_sum;      //  of all steps before
    double mean_squares, excess; //  sums of mu^2 and (n - mu)^2 - mu: the size of the negative binomial
    double ll, nb;               //  sums since the burn-in
    double hour_ll;
} forecast_t;

typedef struct {
    double start_px, low_px, high_px;         //  of the marks of this minute; start: before it
    double oi_coins, hour_coins, hour_opened; //  fills of this hour, those that opened
    double said_volume, said_opened;          //  of the map at the last hour
} venue_state_t;

struct scored {
    int64_t burn_in_s, second;
    public_feed_t *feed;
    market_t *market;
    liquidation_map_t *map, *oracle, *scratch;
    size_t map_bytes;
    baselines_t *baselines;
    venue_state_t venues[VENUES];
    density_t before[METHOD_COUNT]; //  hazard density at the start of the minute
    bool has_before;
    sketch_t print_sizes;
    double minute_usd[SEEN_COUNT];
    forecast_t forecasts[METHOD_COUNT][SEEN_COUNT];
    double swept_usd[METHOD_COUNT], liquidated_usd; //  since the burn-in

    double window_predicted[METHOD_COUNT][SCORED_WINDOWS_MAX], window_usd[SCORED_WINDOWS_MAX];
    double opened[MAP_COMPONENTS]; //  coins, by true leverage
    int64_t opened_until_ns, opened_count;
    scored_result_t sums; //  sums where the result has means
};

//  --- what is heard

static void
on_market (void *context, const market_event_t *event)
{
    scored_t *self = context;
    liquidation_map_event (self->map, self->market, event);
    liquidation_map_event (self->oracle, self->market, event);
}

static void
on_event (void *context, const event_t *event)
{
    scored_t *self = context;
    market_event (self->market, event, &(market_listener_t){.on = on_market, .self = self});
    baselines_event (self->baselines, event);
    venue_state_t *venue = &self->venues[event->venue];
    if (event->kind == EVENT_TRADE)
        self->sums.trades_count++;
    if (event->kind == EVENT_OPEN_INTEREST)
        venue->oi_coins = event->of.open_interest->oi_coins;
    if (event->kind == EVENT_MARK) {
        double px = event->of.mark->price_px;
        venue->low_px = fmin (venue->low_px, px);
        venue->high_px = fmax (venue->high_px, px);
    }
    if (event->kind == EVENT_LIQUIDATION) {
        double usd = event->of.liquidation->notional_usd;
        sketch_add (&self->print_sizes, event->ts_recv_ns, UNIT_HALF_S, usd);
        self->sums.printed_usd += usd;
        self->sums.printed_count++;
    }
}

static void
on_liquidated (void *context, int venue, int side, double usd)
{
    scored_t *self = context;
    (void) venue;
    (void) side;
    self->minute_usd[SEEN_TRUTH] += usd;
    self->sums.liquidated_usd += usd;
    self->sums.liquidated_count++;
}

static void
on_filled (void *context, int venue, double coins, bool taker_opens)
{
    venue_state_t *state = &((scored_t *) context)->venues[venue];
    state->hour_coins += coins;
    state->hour_opened += taker_opens ? coins : 0;
}

//  --- densities

static void
take_view (const map_view_t *view, const float *const usd[2], density_t *out)
{
    out->first_bin = view->first_bin;
    out->mark_bin = view->mark_bin;
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < MAP_VIEW_BINS; i++)
            out->usd[s][i] = (double) usd[s][i];
}

//  The map as if it had learned nothing: a copy, read anew.
static const liquidation_map_t *
without_prints (scored_t *self)
{
    memcpy (self->scratch, self->map, self->map_bytes);
    for (int l = 0; l < MAP_COMPONENTS; l++)
        self->scratch->theta[l] = self->scratch->theta_picture[l] = 1;
    for (int rest = 0; rest < BOOK_RESTS; rest++)
        self->scratch->phi[rest] = 1;
    liquidation_view_refresh (self->scratch);
    return self->scratch;
}

static bool
read_method (scored_t *self, method_t method, bool is_hazard, density_t *out)
{
    map_view_t view;
    if (liquidation_map_view (self->map, &view) != OK)
        return false;
    switch (method) {
    case METHOD_UNIFORM:
        baselines_read (self->baselines, BASELINE_UNIFORM, view.mark_bin, out);
        return true;
    case METHOD_PROFILE:
        baselines_read (self->baselines, BASELINE_PROFILE, view.mark_bin, out);
        return true;
    case METHOD_HALF_LIFE:
        baselines_read (self->baselines, BASELINE_HALF_LIFE, view.mark_bin, out);
        return true;
    case METHOD_LADDER:
        (void) liquidation_map_ladder (self->map, &view);
        break;
    case METHOD_PRIOR:
        (void) liquidation_map_view (without_prints (self), &view);
        break;
    case METHOD_ORACLE:
        (void) liquidation_map_view (self->oracle, &view);
        break;
    default:
        break;
    }
    take_view (&view, is_hazard ? view.hazard : view.usd, out);
    return true;
}

static void
add_position (void *context, const world_position_t *position)
{
    density_t *density = context;
    if (!(position->liquidation_px > 0))
        return;
    int64_t bin = (int64_t) floor (log (position->liquidation_px) / MAP_BIN_WIDTH) - density->first_bin;
    if (bin >= 0 && bin < MAP_VIEW_BINS)
        density->usd[position->side > 0 ? 0 : 1][bin] += position->coins * position->liquidation_px;
}

static void
read_truth (const scored_t *self, int64_t mark_bin, density_t *out)
{
    memset (out, 0, sizeof *out);
    out->mark_bin = mark_bin;
    out->first_bin = mark_bin - MAP_VIEW_REACH;
    for (int venue = 0; venue < VENUES; venue++)
        world_truth_positions (public_feed_world (self->feed), venue, 0, add_position, out);
}

//  --- shape

static double
sum_of (const double v[], int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

static double
long_share (const density_t *density)
{
    enum { FROM = MAP_VIEW_REACH - SHAPE_BINS, COUNT = 2 * SHAPE_BINS + 1 };
    double longs = sum_of (density->usd[0] + FROM, COUNT), shorts = sum_of (density->usd[1] + FROM, COUNT);
    return longs / (longs + shorts);
}

static void
add_shape (method_score_t *score, const density_t *truth, const density_t *estimate)
{
    enum { FROM = MAP_VIEW_REACH - SHAPE_BINS, COUNT = 2 * SHAPE_BINS + 1 };
    for (int s = 0; s < 2; s++) {
        const double *t = truth->usd[s] + FROM, *d = estimate->usd[s] + FROM;
        double near_t[COUNT], near_d[COUNT];
        for (int i = 0; i < COUNT; i++) {
            double weight = exp (-abs (i - SHAPE_BINS) * MAP_BIN_WIDTH / NEAR_REACH);
            near_t[i] = t[i] * weight;
            near_d[i] = d[i] * weight;
        }
        score->w1 += .5 * metrics_w1 (t, d, COUNT, MAP_BIN_WIDTH);
        score->near_w1 += .5 * metrics_w1 (near_t, near_d, COUNT, MAP_BIN_WIDTH);
        score->top_hit += .5 * metrics_top_hit (t, d, COUNT);
    }
    score->side_error += fabs (long_share (estimate) - long_share (truth));
}

static void
score_shapes (scored_t *self)
{
    density_t *truth = mem_new (sizeof *truth), *estimate = mem_new (sizeof *estimate);
    if (read_method (self, METHOD_LEARNED, false, estimate)) {
        read_truth (self, estimate->mark_bin, truth);
        for (method_t method = 0; method < METHOD_COUNT; method++) {
            (void) read_method (self, method, false, estimate);
            add_shape (&self->sums.methods[method], truth, estimate);
        }
        self->sums.shapes_count++;
    }
    free (truth);
    free (estimate);
}

//  --- amounts

static int64_t
bin_of (double px)
{
    return (int64_t) floor (log (px) / MAP_BIN_WIDTH);
}

static double
mass_between (const density_t *density, int side, int64_t from, int64_t to)
{
    double sum = 0;
    int64_t last = density->first_bin + MAP_VIEW_BINS - 1;
    for (int64_t bin = from < density->first_bin ? density->first_bin : from; bin <= to && bin <= last; bin++)
        sum += density->usd[side][bin - density->first_bin];
    return sum;
}

//  Bins beyond the one where each venue's mark was, up to where it has been.
static double
swept_mass (const scored_t *self, const density_t *density)
{
    double oi = 0, sum = 0;
    for (int v = 0; v < VENUES; v++)
        oi += self->venues[v].oi_coins;
    for (int v = 0; v < VENUES && oi > 0; v++) {
        const venue_state_t *venue = &self->venues[v];
        int64_t start = bin_of (venue->start_px);
        sum += venue->oi_coins / oi *
               (mass_between (density, 0, bin_of (venue->low_px), start - 1) +
                mass_between (density, 1, start + 1, bin_of (venue->high_px)));
    }
    return sum;
}

static double
log_negative_binomial (double n, double mean, double size)
{
    return lgamma (n + size) - lgamma (size) + size * log (size / (size + mean)) +
           n * log (mean / (size + mean));
}

//  Returns k L before this step is known.
static double
add_step (forecast_t *self, double n, double mass, bool is_scored)
{
    double expected = self->mass_sum > 0 ? self->n_sum / self->mass_sum * mass : 0,
           mean = expected + LL_FLOOR;
    if (is_scored) {
        double ll = n * log (mean) - expected;
        double size = self->excess > 0 ? self->mean_squares / self->excess : NB_MOST;
        self->ll += ll;
        self->hour_ll += ll;
        self->nb += log_negative_binomial (n, mean, fmin (NB_MOST, fmax (NB_LEAST, size)));
    }
    if (self->n_sum > 0) {
        self->mean_squares += mean * mean;
        self->excess += (n - mean) * (n - mean) - mean;
    }
    self->n_sum += n;
    self->mass_sum += mass;
    return expected;
}

//  What the engine has seen is its own account of it, un-throttled.
static double
printed_of_minute (scored_t *self)
{
    liquidation_step_t step;
    liquidation_map_step (self->map, &step);
    return step.printed_usd[0] + step.printed_usd[1];
}

static void
score_minute (scored_t *self)
{
    bool is_scored = self->second > self->burn_in_s, is_counted = self->second > self->burn_in_s / 2;
    double unit = sketch_quantile (&self->print_sizes, .5), printed = printed_of_minute (self);
    double usd[SEEN_COUNT] = {self->minute_usd[SEEN_TRUTH], printed};
    int64_t window = (self->second - self->burn_in_s - 1) / WINDOW_S;
    bool is_known = self->has_before && is_counted && unit > 0;
    for (method_t method = 0; is_known && method < METHOD_COUNT; method++) {
        double mass = swept_mass (self, &self->before[method]) / unit;
        for (seen_t seen = 0; seen < SEEN_COUNT; seen++) {
            double expected = add_step (&self->forecasts[method][seen], usd[seen] / unit, mass, is_scored);
            if (is_scored && seen == SEEN_TRUTH)
                self->window_predicted[method][window] += expected * unit;
        }
        self->swept_usd[method] += is_scored ? mass * unit : 0;
    }
    if (is_known && is_scored) {
        self->window_usd[window] += usd[SEEN_TRUTH];
        self->liquidated_usd += usd[SEEN_TRUTH];
        self->sums.windows_count = window + 1;
    }
    self->minute_usd[SEEN_TRUTH] = 0;
    self->has_before = true;
    for (method_t method = 0; method < METHOD_COUNT; method++)
        self->has_before = self->has_before && read_method (self, method, true, &self->before[method]);
    for (int v = 0; v < VENUES; v++) {
        double px = NAN;
        (void) market_mark_px (self->market, v, &px);
        self->venues[v].start_px = self->venues[v].low_px = self->venues[v].high_px = px;
    }
}

//  --- the true mixture

static void
add_opened (void *context, const world_position_t *position)
{
    scored_t *self = context;
    if (position->opened_ns <= self->opened_until_ns || !(position->leverage > 0))
        return;
    const double *leverage = liquidation_map_leverage;
    double l = fmin (leverage[MAP_COMPONENTS - 1], fmax (leverage[0], position->leverage));
    int above = 1;
    while (above < MAP_COMPONENTS - 1 && leverage[above] < l)
        above++;
    double share = log (l / leverage[above - 1]) / log (leverage[above] / leverage[above - 1]);
    self->opened[above - 1] += position->coins * (1 - share);
    self->opened[above] += position->coins * share;
    self->opened_count++;
}

static void
measure_opened (scored_t *self)
{
    for (int venue = 0; venue < VENUES; venue++)
        world_truth_positions (public_feed_world (self->feed), venue, 0, add_opened, self);
    self->opened_until_ns = public_feed_now_ns (self->feed);
}

static void
mixture_of (const scored_t *self, double out[MAP_COMPONENTS])
{
    double sum = sum_of (self->opened, MAP_COMPONENTS);
    for (int l = 0; l < MAP_COMPONENTS; l++)
        out[l] = sum > 0 ? self->opened[l] / sum : NAN;
}

//  --- each hour

static void
score_flow (scored_t *self, bool is_scored)
{
    for (int v = 0; v < VENUES; v++) {
        venue_state_t *venue = &self->venues[v];
        liquidation_totals_t totals;
        liquidation_map_totals (self->map, v, MAP_SIDE_LONG, &totals);
        double volume = totals.volume_coins - venue->said_volume;
        if (is_scored && volume > 0 && venue->hour_coins > 0) {
            double said = (totals.opened_taker_coins - venue->said_opened) / volume;
            double is = venue->hour_opened / venue->hour_coins;
            self->sums.p_error += fabs (said - is);
            self->sums.p_true += is;
            self->sums.p_said += said;
            self->sums.p_hours++;
        }
        venue->said_volume = totals.volume_coins;
        venue->said_opened = totals.opened_taker_coins;
        venue->hour_coins = venue->hour_opened = 0;
    }
}

static void
close_hour (scored_t *self)
{
    bool is_scored = self->second > self->burn_in_s;
    int64_t hour = self->sums.hours_count;
    for (method_t method = 0; method < METHOD_COUNT; method++)
        for (seen_t seen = 0; seen < SEEN_COUNT; seen++) {
            forecast_t *forecast = &self->forecasts[method][seen];
            if (is_scored)
                self->sums.methods[method].hourly[seen][hour] = forecast->hour_ll;
            forecast->hour_ll = 0;
        }
    self->sums.hours_count += is_scored;
    score_flow (self, self->second > HOUR_S);
    if (self->opened_count >= OPENED_LEAST) {
        double mixture[MAP_COMPONENTS];
        mixture_of (self, mixture);
        liquidation_map_set_mixture (self->oracle, mixture);
    }
}

void
scored_advance (scored_t *self, int64_t seconds)
{
    CHECK (self->second + seconds - self->burn_in_s <= (int64_t) SCORED_HOURS_MAX * HOUR_S);
    for (int64_t i = 0; i < seconds; i++) {
        self->second++;
        public_feed_second (self->feed);
        market_advance (self->market, public_feed_now_ns (self->feed),
                        &(market_listener_t){.on = on_market, .self = self});
        if (self->second % MINUTE_S == 0) {
            measure_opened (self);
            baselines_minute (self->baselines);
            score_minute (self);
        }
        if (self->second % HOUR_S == 0)
            close_hour (self);
        if (self->second % SHAPE_EVERY_S == 0 && self->second >= self->burn_in_s)
            score_shapes (self);
    }
}

//  --- life

static bool
make_maps (scored_t *self, const char *instrument, error_text_t *error)
{
    tiers_t tiers[VENUES];
    for (int v = 0; v < VENUES; v++)
        if (tiers_load (&tiers[v], "deploy/tiers", public_feed_venues[v], instrument, error) != OK)
            return false;
    self->map_bytes = liquidation_map_size (VENUES);
    self->map = mem_new (self->map_bytes);
    self->oracle = mem_new (self->map_bytes);
    self->scratch = mem_new (self->map_bytes);
    liquidation_map_init (self->map, VENUES, tiers);
    liquidation_map_init (self->oracle, VENUES, tiers);
    return true;
}

scored_t *
scored_new (uint64_t seed, const char *instrument, int64_t burn_in_s, error_text_t *error)
{
    scored_t *self = mem_new (sizeof *self);
    self->burn_in_s = burn_in_s;
    self->sums.seed = seed;
    (void) slice_copy (slice_of (instrument), self->sums.instrument, sizeof self->sums.instrument);
    self->market = mem_new (market_size ());
    market_init (self->market, public_feed_venues, VENUES);
    self->baselines = baselines_new ();
    public_listener_t listener = {
        .self = self, .event = on_event, .liquidated = on_liquidated, .filled = on_filled};
    self->opened_until_ns = START_NS;
    if (make_maps (self, instrument, error))
        self->feed = public_feed_new (seed, instrument, START_NS, &listener, error);
    if (!self->feed) {
        scored_destroy (&self);
        return NULL;
    }
    public_feed_history (self->feed);
    return self;
}

void
scored_destroy (scored_t **self)
{
    if (!*self)
        return;
    public_feed_destroy (&(*self)->feed);
    baselines_destroy (&(*self)->baselines);
    free ((*self)->market);
    free ((*self)->map);
    free ((*self)->oracle);
    free ((*self)->scratch);
    free (*self);
    *self = NULL;
}

const liquidation_map_t *
scored_map (const scored_t *self)
{
    return self->map;
}

static void
finish_method (const scored_t *self, method_t method, method_score_t *out)
{
    double shapes = (double) self->sums.shapes_count, hours = (double) self->sums.hours_count;
    size_t windows = (size_t) self->sums.windows_count;
    const double *predicted = self->window_predicted[method];
    out->w1 /= shapes;
    out->near_w1 /= shapes;
    out->top_hit /= shapes;
    out->side_error /= shapes;
    for (seen_t seen = 0; seen < SEEN_COUNT; seen++) {
        out->ll[seen] = self->forecasts[method][seen].ll / hours;
        out->nb[seen] = self->forecasts[method][seen].nb / hours;
    }
    out->rank_correlation = metrics_rank_correlation (predicted, self->window_usd, windows);
    out->auc = metrics_auc (predicted, self->window_usd, windows, .05);
    out->usd_ratio = self->liquidated_usd / self->swept_usd[method];
    metrics_calibration (predicted, self->window_usd, windows, &out->calibration);
}

void
scored_result (const scored_t *self, scored_result_t *out)
{
    *out = self->sums;
    out->days = (double) self->second / 86400;
    for (method_t method = 0; method < METHOD_COUNT; method++)
        finish_method (self, method, &out->methods[method]);
    double hours = (double) out->p_hours;
    out->p_error /= hours;
    out->p_true /= hours;
    out->p_said /= hours;
    liquidation_map_theta (self->map, out->theta);
    mixture_of (self, out->mixture);
    map_view_t view = {.oi_usd = NAN};
    (void) liquidation_map_view (self->map, &view);
    out->oi_usd = view.oi_usd;
}
