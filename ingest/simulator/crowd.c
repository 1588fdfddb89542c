#include "ingest/simulator/crowd.h"
#include "common/base/check.h"
#include "ingest/simulator/margin.h"

#include <math.h>
#include <stdlib.h>

static const double HOUR_S = 3600;
static const double MEAN_S[MEAN_COUNT] = {300, 1200, 3600, 14400, 86400};
static const double MEAN_WEIGHTS[MEAN_COUNT] = {.25, .25, .22, .16, .12}; //  who of momentum looks at which
enum { MEAN_SLOW = 0, MEAN_BAND = 1, MEAN_DAY = 4 };
static const double BAND_WIDTH = 1.5;
static const double CROSS_SHARE = .4, SPARE_LEAST = 1, SPARE_MOST = 5;
static const double TROUBLE = .5; //  of the way from entry to liquidation
static const double INFLOW_S = 4 * 86400;
//  Capital of a kind in mean orders, and how its wealth is bounded.
static const double CAPITAL_ORDERS[HOLDER_COUNT] = {2100, 700, 500, 1200, 1500};
static const double WEALTH_LEAST = .25, WEALTH_MOST = 3;

//  Retail leverage and how often it is chosen.
static const struct {
    double leverage, weight;
} LADDER[] = {{3, .10},  {5, .15},  {7.5, .06}, {10, .19}, {15, .06},  {20, .13},
              {25, .06}, {33, .03}, {50, .09},  {75, .04}, {100, .05}, {125, .04}};

static const int HOLDERS[ACTOR_COUNT] = {[ACTOR_NOISE] = HOLDER_NOISE,
                                         [ACTOR_MOMENTUM] = HOLDER_MOMENTUM,
                                         [ACTOR_REVERSION] = HOLDER_REVERSION,
                                         [ACTOR_VALUE] = HOLDER_VALUE};

double
crowd_size_usd (const exchange_t *self, prng_t *prng)
{
    double size = exp (CROWD_SIZE_SIGMA * prng_normal (prng) - .5 * CROWD_SIZE_SIGMA * CROWD_SIZE_SIGMA);
    return self->order_usd * (size < 30 ? size : 30);
}

double
crowd_wealth (const exchange_t *self, int holder)
{
    return fmin (WEALTH_MOST, fmax (WEALTH_LEAST, self->wealth[holder]));
}

static double
draw_ladder (prng_t *prng)
{
    double u = prng_uniform (prng), sum = 0;
    for (size_t i = 0; i < COUNT_OF (LADDER); i++) {
        sum += LADDER[i].weight;
        if (u < sum)
            return LADDER[i].leverage;
    }
    return LADDER[COUNT_OF (LADDER) - 1].leverage;
}

static double
hold_scale_s (double leverage)
{
    return 6500 * pow (10 / leverage, .7);
}

static double
draw_leverage (exchange_t *self, prng_t *prng, int holder)
{
    double u = prng_uniform (prng), z = prng_normal (prng), leverage;
    if (holder == HOLDER_MOMENTUM)
        leverage = fmin (50, fmax (2, 12 * exp (.6 * z)));
    else if (holder == HOLDER_REVERSION)
        leverage = fmin (25, fmax (3, 10 * exp (.3 * z)));
    else if (holder == HOLDER_VALUE)
        leverage = 1 + 4 * u;
    else
        leverage = draw_ladder (prng);
    return fmin (leverage, self->spec->leverage_max);
}

//  Leverage, exits, backing and holding time of a kind; side and time are the caller's.
static margin_order_t
draw_order (exchange_t *self, prng_t *prng, int holder, int side)
{
    margin_order_t order = {.side = side,
                            .usd = crowd_size_usd (self, prng) * crowd_wealth (self, holder),
                            .leverage = draw_leverage (self, prng, holder),
                            .holder = holder,
                            .has_impact = true};
    double unit = fundamental_sigma_mean (self->fundamental, self->instrument) * 60; //  a move of an hour
    double u = prng_uniform (prng), v = prng_uniform (prng), w = prng_uniform (prng);
    if (order.leverage >= 50) //  small stakes at high leverage
        order.usd *= .6;
    bool is_chooser = holder == HOLDER_NOISE || holder == HOLDER_MOMENTUM;
    if (is_chooser && w < CROSS_SHARE)
        order.spare = SPARE_LEAST + (SPARE_MOST - SPARE_LEAST) * w / CROSS_SHARE;
    double effective = order.leverage / (1 + order.spare);
    if (v < .4 || holder == HOLDER_REVERSION)
        order.stop = fmin (.7 / effective, unit * (.5 + 2 * u));
    if (v > .7)
        order.target = unit * (.4 + 2 * u);
    double hold_s = hold_scale_s (effective) * pow (prng_exponential (prng), 1 / .6);
    if (holder == HOLDER_VALUE) {
        order.usd *= 4;
        hold_s *= 6;
    }
    order.hold_s = fmax (15, fmin (hold_s, 48 * HOUR_S));
    return order;
}

static int
draw_side (prng_t *prng, double buy_share)
{
    return prng_uniform (prng) < buy_share ? 1 : -1;
}

//  Distance of the price from an average in standard deviations of a move over its horizon.  The shortest by the
//  volatility now, longer ones by the usual one.
static double
momentum_of (const exchange_t *self, int mean)
{
    double sigma = mean == MEAN_SLOW ? fundamental_sigma (self->fundamental, self->instrument)
                                     : fundamental_sigma_mean (self->fundamental, self->instrument);
    return (self->mid_fast_px / self->mean_px[mean] - 1) / (sigma * sqrt (MEAN_S[mean]));
}

static int
draw_mean (prng_t *prng)
{
    double u = prng_uniform (prng);
    int mean = 0;
    while (mean < MEAN_COUNT - 1 && (u -= MEAN_WEIGHTS[mean]) >= 0)
        mean++;
    return mean;
}

//  Share of buyers among retail: with the crowd of the last minutes, and in for more after a rise of days.
static double
herd_share (const exchange_t *self)
{
    double share = .5 + .06 * tanh (momentum_of (self, MEAN_SLOW));
    return self->is_random_walk ? share : share + .03 * tanh (momentum_of (self, MEAN_DAY));
}

static double
value_share (const exchange_t *self)
{
    if (self->is_random_walk)
        return .5;
    double error_bps = (exchange_fair_ticks (self) / exchange_mid_ticks (self) - 1) * 1e4;
    return .5 + .4 * tanh (error_bps / self->listing->spread_bps);
}

//  Outside the band: back to the average, out when it goes on as far again.
static void
reversion_trade (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_REVERSION];
    double distance = log (self->mid_px / self->mean_px[MEAN_BAND]), sd = sqrt (self->band_variance);
    if (fabs (distance) < BAND_WIDTH * sd)
        return;
    margin_order_t order = draw_order (self, prng, HOLDER_REVERSION, distance > 0 ? -1 : 1);
    double u = prng_uniform (prng);
    order.stop = fmin (.7 / order.leverage, fmax (order.stop, sd * (1 + u)));
    order.target = fabs (distance) * (.6 + .6 * u);
    margin_open (self, &order);
}

void
crowd_trade (exchange_t *self, int actor)
{
    prng_t *prng = &self->prng[actor];
    if (actor == ACTOR_REVERSION) {
        reversion_trade (self);
        return;
    }
    double share;
    if (actor == ACTOR_NOISE)
        share = herd_share (self);
    else if (actor == ACTOR_MOMENTUM)
        share = .5 + .28 * tanh (1.5 * momentum_of (self, draw_mean (prng)));
    else
        share = value_share (self);
    margin_order_t order = draw_order (self, prng, HOLDERS[actor], draw_side (prng, share));
    margin_open (self, &order);
}

//  How far the mark has gone from a position's entry to its liquidation price; at most 0 when it is in profit.
static double
trouble_of (const exchange_t *self, const position_t *position)
{
    double entry = (double) position->holding.cost / (double) position->holding.lots;
    if (position->liquidation_px_ticks <= 0)
        return 0;
    return (margin_mark_ticks (self) - entry) / (position->liquidation_px_ticks - entry);
}

static void
cross_reduce (exchange_t *self, int32_t slot, double share)
{
    int64_t there = llabs (self->accounts.positions[slot].holding.lots);
    int64_t lots = llround (share * (double) there);
    if (lots > 0 && lots < there)
        margin_reduce (self, slot, lots);
}

//  More of it, as much as the spare balance has margin for.
static void
cross_add (exchange_t *self, int32_t slot, double share)
{
    const position_t *position = &self->accounts.positions[slot];
    if (position->margin <= 0 || position->spare <= 0)
        return;
    double most = .8 * (double) position->spare / (double) position->margin;
    int64_t lots = (int64_t) (fmin (share, most) * fabs ((double) position->holding.lots));
    if (lots > 0)
        margin_add (self, slot, lots, true);
}

void
crowd_manage (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_HOLDER];
    const accounts_t *accounts = &self->accounts;
    int32_t slot = -1;
    for (int tries = 0; tries < 12 && slot < 0 && accounts->slots_end > 0; tries++) {
        int32_t i = (int32_t) prng_below (prng, (uint64_t) accounts->slots_end);
        if (accounts->positions[i].is_cross && accounts->positions[i].holding.lots != 0)
            slot = i;
    }
    if (slot < 0)
        return;
    const position_t *position = &accounts->positions[slot];
    double what = prng_uniform (prng), share = .2 + .5 * prng_uniform (prng);
    double initial = (double) position->margin;
    if (trouble_of (self, position) > TROUBLE) {
        if (what < .5)
            margin_transfer (self, slot, llround (2 * share * initial));
        else
            cross_reduce (self, slot, share);
    } else if (what < .45) {
        cross_add (self, slot, share);
    } else if (what < .75) {
        cross_reduce (self, slot, share);
    } else {
        margin_transfer (self, slot, llround (share * initial * (what < .9 ? 1 : -1)));
    }
}

//  Averages as they would be had they run through the history.
static void
means_start (exchange_t *self, double mid)
{
    const world_history_t *history = &self->history;
    self->mid_px = self->mid_fast_px = mid;
    for (int i = 0; i < MEAN_COUNT; i++) {
        self->mean_px[i] = mid;
        double rate = 60 / MEAN_S[i];
        int32_t from = history->coarse_count - (int32_t) (3 / rate);
        for (int32_t bar = from > 0 ? from : 0; bar < history->coarse_count; bar++) {
            double px = history->coarse[bar].close_ticks * self->spec->tick_px;
            self->mean_px[i] += (px - self->mean_px[i]) * (bar == from ? 1 : rate);
        }
    }
    double sigma = fundamental_sigma_mean (self->fundamental, self->instrument);
    self->band_variance = .5 * sigma * sigma * MEAN_S[MEAN_BAND];
}

static void
wealth_update (exchange_t *self)
{
    double target = 1 + .4 * tanh (momentum_of (self, MEAN_DAY));
    for (int i = 0; i < HOLDER_COUNT; i++) {
        double capital_usd = CAPITAL_ORDERS[i] * self->activity * self->order_usd;
        double profit = exchange_usd (self, self->holder_profit[i]) / capital_usd;
        self->holder_profit[i] = 0;
        self->wealth[i] += profit + (target - self->wealth[i]) / INFLOW_S;
        if (self->wealth[i] < 0)
            self->wealth[i] = 0;
    }
}

void
crowd_second (exchange_t *self)
{
    double mid = exchange_mid_ticks (self) * self->spec->tick_px;
    if (self->mid_px <= 0)
        means_start (self, mid);
    double sigma = fundamental_sigma (self->fundamental, self->instrument);
    self->excitement *= .95;
    self->excitement += .02 * fmin (5, fabs (log (mid / self->mid_px)) / sigma);
    self->mid_px = mid;
    self->mid_fast_px += (mid - self->mid_fast_px) / 30;
    for (int i = 0; i < MEAN_COUNT; i++)
        self->mean_px[i] += (mid - self->mean_px[i]) / MEAN_S[i];
    double distance = log (mid / self->mean_px[MEAN_BAND]);
    self->band_variance += (distance * distance - self->band_variance) / (2 * MEAN_S[MEAN_BAND]);
    wealth_update (self);
}

//  Whether a position entered at bar `from` would have lived until now; the extremes run from each bar to the
//  end.
static bool
has_survived (const exchange_t *self, const margin_order_t *order, double entry, double low, double high)
{
    double room = .95 * (1 + order->spare) / order->leverage - self->tiers.rows[0].mmr * 1.5;
    if (order->stop > 0 && order->stop < room)
        room = order->stop;
    double reach = order->target > 0 ? order->target : 1e9;
    return order->side > 0 ? low > entry * (1 - room) && high < entry * (1 + reach)
                           : high < entry * (1 + room) && low > entry * (1 - reach);
}

void
crowd_plant_positions (exchange_t *self)
{
    static const int KINDS[] = {HOLDER_NOISE,     HOLDER_NOISE,    HOLDER_NOISE,    HOLDER_NOISE,
                                HOLDER_NOISE,     HOLDER_MOMENTUM, HOLDER_MOMENTUM, HOLDER_VALUE,
                                HOLDER_REVERSION, HOLDER_VALUE};
    prng_t *prng = &self->prng[ACTOR_NOISE];
    const world_history_t *history = &self->history;
    int32_t bars = history->coarse_count, reach = bars < 4320 ? bars : 4320; //  three days
    double *lows = mem_new ((size_t) (reach + 1) * sizeof *lows),
           *highs = mem_new ((size_t) (reach + 1) * sizeof *highs);
    lows[0] = highs[0] = (double) self->last_px_ticks;
    for (int32_t age = 1; age <= reach; age++) {
        const coarse_bar_t *bar = &history->coarse[bars - age];
        lows[age] = fmin (lows[age - 1], bar->low_ticks);
        highs[age] = fmax (highs[age - 1], bar->high_ticks);
    }
    int32_t count = (int32_t) (1.1 * exchange_positions_expected (self));
    for (int32_t i = 0; i < count; i++) {
        for (int tries = 0; tries < 60; tries++) {
            int holder = KINDS[prng_below (prng, COUNT_OF (KINDS))];
            margin_order_t order = draw_order (self, prng, holder, draw_side (prng, .5));
            if (holder ==
                HOLDER_VALUE) { //  holders: large, little leverage, there to stay; most of the open interest
                order.usd *= 2.5;
                order.leverage = .5 * (1 + order.leverage);
                order.stop = order.target = 0;
            }
            double age_s = order.hold_s * prng_uniform (prng); //  a look at a random moment of its life...
            bool is_met =
                prng_uniform (prng) < pow (order.hold_s / (8 * HOUR_S), .8); //  ...met the oftener the longer
            int32_t age = (int32_t) (age_s / 60);
            if (!is_met || age >= reach)
                continue;
            double entry = age == 0 ? (double) self->last_px_ticks : history->coarse[bars - age].close_ticks;
            if (!has_survived (self, &order, entry, lows[age], highs[age]))
                continue;
            order.hold_s = holder == HOLDER_VALUE ? 60 * 24 * HOUR_S : fmax (5, order.hold_s - age_s);
            margin_plant (self, &order, self->now_ns - (int64_t) (age_s * 1e9), (int64_t) entry,
                          (int) prng_below (prng, ACCOUNT_DEPTHS));
            break;
        }
    }
    free (lows);
    free (highs);
}
