/*  liquidation - what was liquidated: prints of positions that were forced to close
 *
 *  Side is that of the position: a liquidated short buys, a liquidated long sells.  Feeds differ: a complete one
 *  shows every liquidation, a sampled one at most one a second, so that its prints count for more the more of its
 *  seconds carry one, and the two are never added.  Which kind a venue has is told by its prints.  A feed is
 *  live while the venue quotes: that nobody is liquidated is no fault of the feed.
 *  Where positions will be liquidated is in liquidation_levels.c. */

#include <math.h>
#include <string.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

enum { SHORTS = 0, LONGS = 1, SIDES = 2 }; //  whose positions
static const double SEEN_LEAST = 20;       //  observations before a score means something

//  --- feeds

enum { SAMPLED_SPAN_S = 60 };
static const double UNTHROTTLE_MOST = 20;

typedef struct {
    bool is_known;
    int32_t coverage;
    int64_t last_s;   //  second of the last print
    uint64_t seconds; //  bit k: a print in the second k before that one
} print_feed_t;

typedef struct {
    print_feed_t venues[MARKET_VENUES_MAX];
} print_feeds_t;

static bool
is_live (const print_feeds_t *self, const market_t *market, int venue, int32_t coverage)
{
    book_level_t bid, ask;
    const print_feed_t *feed = &self->venues[venue];
    return feed->is_known && feed->coverage == coverage && market_quote (market, venue, &bid, &ask) == OK;
}

static bool
has_live (const print_feeds_t *self, const market_t *market, int32_t coverage)
{
    for (int venue = 0; venue < market_venues_count (market); venue++)
        if (is_live (self, market, venue, coverage))
            return true;
    return false;
}

//  Takes in a print.  Returns what it counts for: 1 of a complete feed; of one that shows one print a second, u =
//  -ln (1 - p) / p, p the share of the last 60 seconds that carried one.
static double
feed_print (print_feeds_t *self, int64_t now_ns, int venue, int32_t coverage)
{
    print_feed_t *feed = &self->venues[venue];
    int64_t second = (now_ns + NS_PER_S - 1) / NS_PER_S, passed = second - feed->last_s;
    feed->seconds = passed >= SAMPLED_SPAN_S ? 0 : feed->seconds << passed;
    feed->seconds = (feed->seconds | 1) & ((UINT64_C (1) << SAMPLED_SPAN_S) - 1);
    feed->last_s = second;
    feed->coverage = coverage;
    feed->is_known = true;
    if (coverage == COVERAGE_COMPLETE)
        return 1;
    double p = (double) __builtin_popcountll (feed->seconds) / SAMPLED_SPAN_S;
    return p < 1 ? fmin (-log1p (-p) / p, UNTHROTTLE_MOST) : UNTHROTTLE_MOST;
}

static int
side_of (const liquidation_t *liquidation)
{
    return liquidation->side > 0 ? LONGS : SHORTS;
}

//  --- liquidations against expected volume

typedef struct {
    print_feeds_t feeds;
    decayed_t usd[MARKET_VENUES_MAX][W_COUNT][SIDES];
} flow_of_prints_t;

static void
update_liquidation (void *state, const market_t *market, const market_event_t *event)
{
    flow_of_prints_t *self = state;
    const liquidation_t *liquidation = event->of.liquidation;
    int64_t now_ns = market_now_ns (market);
    double usd =
        liquidation->notional_usd * feed_print (&self->feeds, now_ns, event->venue, liquidation->coverage);
    for (int id = 0; id < W_COUNT; id++)
        decayed_add (&self->usd[event->venue][id][side_of (liquidation)], now_ns, window_seconds[id], usd);
}

//  Sum over the live feeds of a coverage; *coins their open interest, where it is known.
static void
sum_prints (const flow_of_prints_t *self, const market_t *market, window_t w, int32_t coverage,
            double usd[SIDES], double *coins)
{
    usd[SHORTS] = usd[LONGS] = *coins = 0;
    for (int venue = 0; venue < market_venues_count (market); venue++) {
        double own;
        if (!is_live (&self->feeds, market, venue, coverage))
            continue;
        for (int side = 0; side < SIDES; side++)
            usd[side] += decayed_at (&self->usd[venue][w.id][side], market_now_ns (market), w.seconds);
        if (market_venue_oi (market, venue, &own) == OK)
            *coins += own;
    }
}

//  Formula  (Ls - Ll) / Ve(W); Ls, Ll = decayed (tau = W) USD of liquidated shorts, longs: of the live complete
//           feeds x OI(all) / OI(theirs); where there is none, of the sampled feeds, each print x u
//  Reads    liquidations of all venues, OI, expected volume
//  Returns  any size, 0 where nothing was liquidated; none before the first print
//  Source   methods LQTN2, A7
static int
value_liquidation (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const flow_of_prints_t *self = state;
    double usd[SIDES], coins, all_coins, expected_usd, factor = 1;
    bool is_complete = has_live (&self->feeds, market, COVERAGE_COMPLETE);
    if (!is_complete && !has_live (&self->feeds, market, COVERAGE_SAMPLED)) {
        out->reason = "no liquidation seen yet";
        return E_AGAIN;
    }
    sum_prints (self, market, w, is_complete ? COVERAGE_COMPLETE : COVERAGE_SAMPLED, usd, &coins);
    int status = market_expected_usd (market, w.seconds, &expected_usd);
    if (status == OK && is_complete) {
        status = market_oi (market, &all_coins);
        if (status == OK && !(coins > 0)) {
            out->reason = "no open interest of the venues that print";
            return E_AGAIN;
        }
        factor = all_coins / coins;
    }
    if (status == OK)
        out->raw = factor * (usd[SHORTS] - usd[LONGS]) / expected_usd;
    return status;
}

//  --- exhaustion: windows in parts of W/60, the one that is being filled included

enum { HALF_PARTS = 30, QUARTER_PARTS = 15, PARTS_KEPT = 32, COVERAGES = 2 };
static const double RANK_HALF_S = 7 * 86400.0, RANK_LEAST = .99, DROP_MOST = .015;

typedef struct {
    int64_t index;
    double usd[COVERAGES][SIDES];
} part_t;

typedef struct {
    print_feeds_t feeds;
    part_t parts[W_COUNT][PARTS_KEPT];
    sketch_t sizes[W_COUNT]; //  of W/2 where anything was printed
    ew_t growth[SLOT_COUNT];
    hold_t holds[SLOT_COUNT];
} exhaustion_t;

static int64_t
part_index (window_id_t id, int64_t now_ns)
{
    int64_t length_ns = window_seconds[id] * NS_PER_S / (2 * HALF_PARTS);
    return (now_ns + length_ns - 1) / length_ns;
}

static void
exhaustion_print (exhaustion_t *self, int64_t now_ns, int venue, const liquidation_t *liquidation)
{
    double usd = liquidation->notional_usd * feed_print (&self->feeds, now_ns, venue, liquidation->coverage);
    int coverage = liquidation->coverage == COVERAGE_COMPLETE ? 0 : 1;
    for (int id = 0; id < W_COUNT; id++) {
        int64_t index = part_index ((window_id_t) id, now_ns);
        part_t *part = &self->parts[id][index % PARTS_KEPT];
        if (part->index != index)
            *part = (part_t){.index = index};
        part->usd[coverage][side_of (liquidation)] += usd;
    }
}

//  Parts [from, to) before the one of now, which is number 0.
static double
sum_parts (const part_t parts[PARTS_KEPT], int64_t now_index, int from, int to, int coverage, int side)
{
    double sum = 0;
    for (int back = from; back < to; back++) {
        const part_t *part = &parts[(now_index - back) % PARTS_KEPT];
        if (part->index == now_index - back)
            sum += part->usd[coverage][side];
    }
    return sum;
}

typedef struct {
    double balance; //  sgn (Ls - Ll) over W/2
    bool is_extreme, is_slowing;
} burst_t;

static burst_t
step_burst (exhaustion_t *self, window_id_t id, int64_t now_ns, int coverage)
{
    const part_t *parts = self->parts[id];
    int64_t index = part_index (id, now_ns);
    double new_usd = 0, old_usd = 0, usd[SIDES];
    for (int side = 0; side < SIDES; side++) {
        double newer = sum_parts (parts, index, 0, QUARTER_PARTS, coverage, side);
        double older = sum_parts (parts, index, QUARTER_PARTS, HALF_PARTS, coverage, side);
        usd[side] = newer + older;
        new_usd += newer;
        old_usd += older;
    }
    double size_usd = new_usd + old_usd;
    burst_t burst = {stats_sign (usd[SHORTS] - usd[LONGS]), false, new_usd < old_usd};
    if (!(size_usd > 0))
        return burst;
    burst.is_extreme =
        sketch_n (&self->sizes[id]) >= SEEN_LEAST && sketch_rank (&self->sizes[id], size_usd) > RANK_LEAST;
    sketch_add (&self->sizes[id], now_ns, RANK_HALF_S, size_usd);
    return burst;
}

//  dOI(W) / OI
static int
oi_growth (const market_t *market, window_id_t id, double *growth)
{
    span_t span = id == W_4H ? (span_t){BUCKET_900S, 16} : (span_t){BUCKET_60S, window_seconds[id] / 60};
    double change, coins;
    int status = market_oi_change (market, span, &change);
    if (status == OK)
        status = market_oi (market, &coins);
    if (status == OK && !(coins > 0))
        return E_AGAIN;
    if (status == OK)
        *growth = change / coins;
    return status;
}

static void
update_exhaustion (void *state, const market_t *market, const market_event_t *event)
{
    exhaustion_t *self = state;
    int64_t now_ns = market_now_ns (market);
    if (event->on == ON_LIQUIDATION) {
        exhaustion_print (self, now_ns, event->venue, event->of.liquidation);
        return;
    }
    int coverage = has_live (&self->feeds, market, COVERAGE_COMPLETE) ? 0 : 1;
    burst_t bursts[W_COUNT];
    double growth[W_COUNT];
    int status[W_COUNT];
    for (int id = 0; id < W_COUNT; id++) {
        bursts[id] = step_burst (self, (window_id_t) id, now_ns, coverage);
        status[id] = oi_growth (market, (window_id_t) id, &growth[id]);
    }
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &window_all ()[slot];
        const burst_t *burst = &bursts[window->id];
        ew_t *past = &self->growth[slot];
        if (status[window->id] != OK)
            continue;
        ew_add (past, now_ns, stats_tau_of_half (mode_info (window->mode)->normaliser_half_s),
                growth[window->id]);
        double sd = sqrt (ew_var (past)), drop = -growth[window->id];
        if (ew_n (past) >= SEEN_LEAST && sd > 0 && drop > fmin (DROP_MOST, 3 * sd) && burst->is_extreme &&
            burst->is_slowing)
            hold_trigger (&self->holds[slot], now_ns, window->seconds, burst->balance * fmin (3, drop / sd));
    }
}

//  Formula  hold (e, W), e = sgn (Ls - Ll) min (3, |dOI(W)/OI| / sd) when the liquidations of W/2 rank above .99
//           of those before (7d, of the times with any), dOI(W)/OI < -min (.015, 3 sd), and the last W/4 printed
//           less than the W/4 before
//  Reads    liquidations (complete feeds; sampled ones, un-throttled, where there is none) and OI, every 10 s
//  Returns  [-3, 3], 0 before the first trigger; none before 20 observations of dOI
//  Source   methods LQTN7
static int
value_exhaustion (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const exhaustion_t *self = state;
    if (ew_n (&self->growth[w.slot]) < SEEN_LEAST)
        return E_AGAIN;
    const hold_t *hold = &self->holds[w.slot];
    out->raw = hold_at (hold, market_now_ns (market), w.seconds);
    out->is_hold = true;
    out->triggers_count = hold->triggers_count;
    out->trigger_value = hold->value;
    return OK;
}

//  --- self-excitation: lambda = mu + alpha sum of exp (-beta (t - t_i)), alpha = n beta

enum { EVENTS_KEPT = 2000, EVENTS_LEAST = 200, EM_STEPS = 20, REFIT_S = 3600 };
static const double BRANCHING_MOST = .98, BETA_LEAST = 1e-5, BETA_MOST = 10; //  of beta: per second

typedef struct {
    int64_t ring_ns[EVENTS_KEPT];
    uint32_t count;     //  ever
    double mu, n, beta; //  per second; beta 0: not fitted yet
    double excited;     //  sum of exp (-beta (t - t_i)) just after the last event
} excitation_t;

typedef struct {
    print_feeds_t feeds;
    int32_t coverage; //  of what is in the rings
    excitation_t sides[SIDES];
} self_excitation_t;

static double
seconds_between (int64_t from_ns, int64_t to_ns)
{
    return (double) (to_ns - from_ns) / (double) NS_PER_S;
}

static uint32_t
kept_count (const excitation_t *self)
{
    return self->count < EVENTS_KEPT ? self->count : EVENTS_KEPT;
}

//  The event `at` of those kept, oldest first.
static int64_t
event_ns (const excitation_t *self, uint32_t at)
{
    return self->ring_ns[(self->count - kept_count (self) + at) % EVENTS_KEPT];
}

static void
excite (excitation_t *self, int64_t now_ns)
{
    if (self->beta > 0)
        self->excited =
            1 + self->excited *
                    exp (-self->beta * seconds_between (event_ns (self, kept_count (self) - 1), now_ns));
    self->ring_ns[self->count++ % EVENTS_KEPT] = now_ns;
}

//  One step of expectation and maximisation: who of the earlier events, or the background, caused each event.
//  weight = sum of exp (-beta dt) over the events before, lag = the same with dt.
static void
em_step (excitation_t *self, int64_t now_ns)
{
    uint32_t kept = kept_count (self);
    double weight = 0, lag = 0, own = 0, caused = 0, caused_lag = 0, children = 0;
    for (uint32_t i = 0; i < kept; i++) {
        if (i > 0) {
            double dt = seconds_between (event_ns (self, i - 1), event_ns (self, i)),
                   fade = exp (-self->beta * dt);
            lag = fade * (lag + dt * (weight + 1));
            weight = fade * (weight + 1);
        }
        double alpha = self->n * self->beta, rate = self->mu + alpha * weight;
        own += self->mu / rate;
        caused += alpha * weight / rate;
        caused_lag += alpha * lag / rate;
        children += 1 - exp (-self->beta * seconds_between (event_ns (self, i), now_ns));
    }
    self->mu = own / seconds_between (event_ns (self, 0), now_ns);
    self->n = children > 0 ? caused / children : 0;
    if (caused_lag > 0)
        self->beta = stats_clip (caused / caused_lag, BETA_LEAST, BETA_MOST);
}

static void
refit (excitation_t *self, int64_t now_ns)
{
    uint32_t kept = kept_count (self);
    double span_s = seconds_between (event_ns (self, 0), now_ns);
    if (!(span_s > 0))
        return;
    if (!(self->beta > 0)) {
        self->mu = kept / span_s / 2;
        self->n = .5;
        self->beta = stats_clip (kept / span_s, BETA_LEAST, BETA_MOST);
    }
    for (int step = 0; step < EM_STEPS; step++)
        em_step (self, now_ns);
    self->n = fmin (self->n, BRANCHING_MOST);
    self->excited = 1;
    for (uint32_t i = 1; i < kept; i++)
        self->excited = 1 + self->excited * exp (-self->beta * seconds_between (event_ns (self, i - 1),
                                                                                event_ns (self, i)));
}

static double
intensity (const excitation_t *self, int64_t now_ns)
{
    double since_s = seconds_between (event_ns (self, kept_count (self) - 1), now_ns);
    return self->mu + self->n * self->beta * self->excited * exp (-self->beta * since_s);
}

static void
update_self_excitation (void *state, const market_t *market, const market_event_t *event)
{
    self_excitation_t *self = state;
    int64_t now_ns = market_now_ns (market);
    if (event->on == ON_GRID) {
        bool is_enough = kept_count (&self->sides[SHORTS]) >= EVENTS_LEAST &&
                         kept_count (&self->sides[LONGS]) >= EVENTS_LEAST;
        for (int side = 0; is_enough && now_ns % (REFIT_S * NS_PER_S) == 0 && side < SIDES; side++)
            refit (&self->sides[side], now_ns);
        return;
    }
    int32_t coverage = event->of.liquidation->coverage;
    (void) feed_print (&self->feeds, now_ns, event->venue, coverage);
    if (coverage != COVERAGE_COMPLETE && has_live (&self->feeds, market, COVERAGE_COMPLETE))
        return;
    if (coverage != self->coverage) {
        memset (self->sides, 0, sizeof self->sides);
        self->coverage = coverage;
    }
    excite (&self->sides[side_of (event->of.liquidation)], now_ns);
}

//  Formula  max (nS, nL) (lS - lL) / (lS + lL), l = intensity of an exponential Hawkes process of one side's
//           liquidations, n = its branching ratio
//  Reads    one event a print, of complete feeds (sampled ones only while none is live); parameters from 20 steps
//           of EM each hour on the last 2000 events of the side, going on from those before; n at most .98
//  Returns  (-1, 1); none before both sides have 200 events and the hour is full
//  Source   Bacry, Mastromatteo, Muzy 2015, Hawkes processes in finance; methods B3
static int
value_self_excitation (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) w;
    const excitation_t *shorts = &((const self_excitation_t *) state)->sides[SHORTS];
    const excitation_t *longs = &((const self_excitation_t *) state)->sides[LONGS];
    if (!(shorts->beta > 0) || !(longs->beta > 0)) {
        out->reason = "fewer than 200 liquidations a side";
        return E_AGAIN;
    }
    double short_rate = intensity (shorts, market_now_ns (market));
    double long_rate = intensity (longs, market_now_ns (market));
    if (!(short_rate + long_rate > 0))
        return E_AGAIN;
    out->raw = fmax (shorts->n, longs->n) * (short_rate - long_rate) / (short_rate + long_rate);
    return OK;
}

static const card_t cards[] = {
    {.id = 32,
     .slug = "liquidation",
     .name = "Liquidation",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 2},
     .inputs = INPUT_LIQUIDATION | INPUT_TRADE | INPUT_ALL_VENUES,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (flow_of_prints_t),
     .listens = BIT (ON_LIQUIDATION),
     .update = update_liquidation,
     .value = value_liquidation,
     .formula =
         "[W] Ls, Ll = decayed (tau = W) USD of liquidated shorts, longs: sum of the live complete feeds "
         "times OI(all)/OI(complete feeds); if none is live, sampled feeds, each print times the "
         "un-throttling factor u = min(-ln(1-p)/p,20), p = share of the last 60 s with a print; raw = "
         "(Ls-Ll)/Ve(W)",
     .source = "methods LQTN2, A7"},
    {.id = 38,
     .slug = "liq-exhaustion",
     .name = "Liquidation Exhaustion",
     .kind = KIND_FLOW,
     .sign = -1,
     .windows = WINDOWS_EACH,
     .warmup = {.seconds = 86400},
     .inputs = INPUT_LIQUIDATION | INPUT_OI | INPUT_ALL_VENUES,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (exhaustion_t),
     .listens = BIT (ON_LIQUIDATION) | BIT (ON_GRID),
     .update = update_exhaustion,
     .value = value_exhaustion,
     .formula =
         "[W] trigger when rank(Ll+Ls over W/2, 7d)>0.99 and dOI(W)/OI<-min(0.015, 3*sd) and the last W/4 "
         "printed less than the W/4 before; e = sgn(Ls-Ll)*min(3,|dOI(W)/OI|/sd); raw = hold(e,W)",
     .source = "methods LQTN7"},
    {.id = 40,
     .slug = "liq-self-excitation",
     .name = "Liquidation Self-Excitation",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_ONE,
     .warmup = {.seconds = 3600},
     .inputs = INPUT_LIQUIDATION | INPUT_ALL_VENUES,
     .update_s = 5,
     .version = 1,
     .state_size = sizeof (self_excitation_t),
     .listens = BIT (ON_LIQUIDATION) | BIT (ON_GRID),
     .update = update_self_excitation,
     .value = value_self_excitation,
     .formula = "[X] exponential Hawkes per side on liquidation events (one event a print, size ignored), "
                "parameters "
                "by EM on the last 2000 events of the side hourly, alpha/beta<=0.98, off while a side has "
                "fewer than "
                "200; raw = max(n_S,n_L)*(lam_S-lam_L)/(lam_S+lam_L), n = alpha/beta, S = liquidated shorts",
     .source = "Bacry et al. 2015; methods B3"},
};

extern const category_t liquidation_cards;
const category_t liquidation_cards = {"liquidation", "Liquidation", cards, COUNT_OF (cards)};
