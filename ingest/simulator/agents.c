#include "ingest/simulator/agents.h"
#include "common/base/check.h"
#include "ingest/simulator/margin.h"

#include <math.h>
#include <stdlib.h>

static const double HORIZON_S = 10, GAMMA = .01; //  of makers; gamma per bp and mean order
static const double INVENTORY_ORDERS = 80, LEAN_BPS_MAX = 8;
static const double SIZE_SIGMA = 1.05; //  of the log of an order's size
static const double INFORMED_SLOPE = 1.5, INFORMED_SIZE = 1.5;
static const double HOUR_S = 3600;

//  Retail leverage and how often it is chosen.
static const struct {
    double leverage, weight;
} LADDER[] = {{3, .10},  {5, .15},  {7.5, .06}, {10, .19}, {15, .06},  {20, .13},
              {25, .06}, {33, .03}, {50, .09},  {75, .04}, {100, .05}, {125, .04}};

static double
draw_size_usd (exchange_t *self, prng_t *prng)
{
    double size = exp (SIZE_SIGMA * prng_normal (prng) - .5 * SIZE_SIGMA * SIZE_SIGMA);
    return self->order_usd * (size < 30 ? size : 30);
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
    return 5400 * pow (10 / leverage, .7);
}

//  Leverage, exits and holding time of a class; side and time are the caller's.
static margin_order_t
draw_order (exchange_t *self, int actor, int side)
{
    prng_t *prng = &self->prng[actor];
    margin_order_t order = {.side = side, .usd = draw_size_usd (self, prng), .has_impact = true};
    double unit = fundamental_sigma_mean (self->fundamental, self->instrument) * 60; //  a move of an hour
    double u = prng_uniform (prng), v = prng_uniform (prng), z = prng_normal (prng);
    if (actor == ACTOR_MOMENTUM)
        order.leverage = fmin (50, fmax (2, 12 * exp (.6 * z)));
    else if (actor == ACTOR_REVERSION)
        order.leverage = fmin (25, fmax (3, 10 * exp (.3 * z)));
    else if (actor == ACTOR_VALUE)
        order.leverage = 1 + 4 * u;
    else
        order.leverage = draw_ladder (prng);
    if (order.leverage > self->spec->leverage_max)
        order.leverage = self->spec->leverage_max;
    if (order.leverage >= 50) //  small stakes at high leverage
        order.usd *= .6;
    if (v < .4 || actor == ACTOR_REVERSION)
        order.stop = fmin (.7 / order.leverage, unit * (.5 + 2 * u));
    if (v > .7)
        order.target = unit * (.4 + 2 * u);
    double hold_s = hold_scale_s (order.leverage) * pow (prng_exponential (prng), 1 / .6);
    if (actor == ACTOR_VALUE) {
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

//  Gap of the averages in standard deviations of a five-minute move.
static double
momentum_of (const exchange_t *self)
{
    double sigma = fundamental_sigma (self->fundamental, self->instrument) * sqrt (300);
    return (self->mid_fast_px - self->mid_slow_px) / self->mid_slow_px / sigma;
}

static void
act_crowd (exchange_t *self, int actor)
{
    prng_t *prng = &self->prng[actor];
    double gap = momentum_of (self), share = .5;
    if (actor == ACTOR_NOISE)
        share = .5 + .10 * tanh (gap);
    else if (actor == ACTOR_MOMENTUM)
        share = .5 + .35 * tanh (1.5 * gap);
    else if (actor == ACTOR_REVERSION)
        share = fabs (gap) > .7 ? (gap > 0 ? .12 : .88) : .5;
    else if (actor == ACTOR_VALUE && !self->is_random_walk) {
        double error_bps = (exchange_fair_ticks (self) / exchange_mid_ticks (self) - 1) * 1e4;
        share = .5 + .4 * tanh (error_bps / self->listing->spread_bps);
    }
    margin_order_t order = draw_order (self, actor, draw_side (prng, share));
    margin_open (self, &order);
}

static void
act_informed (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_INFORMED];
    double signal = fundamental_signal (self->fundamental, self->instrument);
    double share = .5 * erfc (-INFORMED_SLOPE * signal / sqrt (2.0));
    bool is_buy = prng_uniform (prng) < share;
    double usd = draw_size_usd (self, prng) * INFORMED_SIZE;
    taker_t taker = {.account = ACCOUNT_INFORMED, .slot = -1};
    double mid = exchange_mid_ticks (self);
    exchange_take (self, &taker, is_buy, llround (mid * (is_buy ? 1.004 : .996)), exchange_lots (self, usd));
}

static void
act_whale (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_WHALE];
    whale_t *whale = &self->whale;
    if (whale->side == 0) {
        margin_order_t order = {.side = draw_side (prng, .5),
                                .usd = 3 * draw_size_usd (self, prng),
                                .leverage = fmin (20, fmax (2, 6 * exp (.6 * prng_normal (prng)))),
                                .hold_s = 48 * HOUR_S,
                                .has_impact = true};
        double slices = 8 * exp (.8 * prng_normal (prng));
        int32_t slot = margin_open (self, &order);
        if (slot < 0)
            return;
        *whale = (whale_t){.slot = slot,
                           .opened_ns = self->now_ns,
                           .lots_left = exchange_lots (self, order.usd * slices),
                           .leverage = order.leverage,
                           .side = order.side};
        return;
    }
    const position_t *position = &self->accounts.positions[whale->slot];
    bool is_alive = position->opened_ns == whale->opened_ns && position->holding.lots * whale->side > 0;
    if (!is_alive || whale->lots_left <= 0) {
        if (is_alive)
            margin_close_at (self, whale->slot,
                             self->now_ns + (int64_t) (1e9 * 2 * HOUR_S * prng_exponential (prng)));
        whale->side = 0;
        return;
    }
    int64_t slice = exchange_lots (self, 2 * draw_size_usd (self, prng));
    if (slice > whale->lots_left)
        slice = whale->lots_left;
    whale->lots_left -= slice;
    margin_add (self, whale->slot, slice, true);
}

//  Quotes that are on the wrong side of the fair price by more than a taker's cost.
static void
act_arbitrage (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_ARBITRAGE];
    double fair = exchange_fair_ticks (self);
    double edge = fmax (1, fair * self->listing->spread_bps * (self->is_random_walk ? .1e-4 : .4e-4));
    for (int is_bid = 0; is_bid < 2; is_bid++) {
        bool is_take = !self->is_random_walk && prng_uniform (prng) < .15;
        int64_t limit = llround (is_bid ? ceil (fair + edge) : floor (fair - edge));
        if (is_take && limit > 0) {
            taker_t taker = {.account = ACCOUNT_ARBITRAGE, .slot = -1};
            exchange_take (self, &taker, !is_bid, limit,
                           exchange_lots (self, .5 * draw_size_usd (self, prng)));
        }
        for (int pulled = 0; pulled < 60; pulled++) {
            int32_t handle = matching_best_order (self->book, is_bid);
            if (handle == MATCHING_NONE)
                break;
            int64_t px = matching_order_px (self->book, handle);
            if (is_bid ? px < limit : px > limit)
                break;
            exchange_cancel (self, handle);
        }
    }
}

static void
depth_replace (exchange_t *self, int slot)
{
    prng_t *prng = &self->prng[ACTOR_DEPTH];
    if (self->depth_orders[slot] != MATCHING_NONE)
        exchange_cancel (self, self->depth_orders[slot]);
    bool is_bid = prng_uniform (prng) < .5;
    double u = 1 - prng_uniform (prng);
    double distance_bps = self->listing->spread_bps * (1 + 1.5 * (pow (u, -1 / .9) - 1));
    if (slot % 4 != 0 || distance_bps > 250) //  three of four rest farther out, where little trades
        distance_bps = self->listing->spread_bps * 6 * exp (3.7 * prng_uniform (prng));
    double usd = draw_size_usd (self, prng) * (.5 + fmin (3, distance_bps / 30));
    double fair = self->is_random_walk ? exchange_fair_ticks (self) : exchange_mid_ticks (self);
    double offset = fair * distance_bps * 1e-4;
    int64_t px = llround (is_bid ? floor (fair - offset) : ceil (fair + offset));
    if (px < 1)
        return;
    self->depth_orders[slot] = matching_post (self->book, ACCOUNT_DEPTH + slot % ACCOUNT_DEPTHS, slot, is_bid,
                                              px, exchange_lots (self, usd));
}

//  Some order of the pool, rather one that is gone.
static void
act_depth (exchange_t *self)
{
    int slot = 0;
    for (int tries = 0; tries < 4; tries++) {
        slot = (int) prng_below (&self->prng[ACTOR_DEPTH], DEPTH_ORDERS);
        if (self->depth_orders[slot] == MATCHING_NONE)
            break;
    }
    depth_replace (self, slot);
}

//  Replace one order of a maker if its price is off by more than tolerance, or it is gone.
static void
maker_quote (exchange_t *self, int maker, int slot, int64_t px, double tolerance, double usd)
{
    bool is_bid = slot >= MAKER_LEVELS;
    int32_t *handle = &self->maker_orders[maker][is_bid][slot % MAKER_LEVELS];
    int64_t opposite = matching_best (self->book, !is_bid);
    if (opposite && (is_bid ? px >= opposite : px <= opposite))
        px = is_bid ? opposite - 1 : opposite + 1;
    if (*handle != MATCHING_NONE) {
        int64_t there = matching_order_px (self->book, *handle);
        if (px > 0 && fabs ((double) (there - px)) <= tolerance &&
            matching_order_lots (self->book, *handle) > 0)
            return;
        matching_cancel (self->book, *handle);
        *handle = MATCHING_NONE;
    }
    if (px > 0)
        *handle =
            matching_post (self->book, ACCOUNT_MAKER + maker, slot, is_bid, px, exchange_lots (self, usd));
}

static void
act_maker (exchange_t *self, int maker)
{
    prng_t *prng = &self->prng[ACTOR_MAKER + maker];
    double fair = exchange_fair_ticks (self), bp = fair * 1e-4;
    double sigma_bps = fundamental_sigma (self->fundamental, self->instrument) * 1e4;
    double risk = GAMMA * sigma_bps * sigma_bps * HORIZON_S;
    double k = 1 / self->listing->spread_bps;
    double half_bps = .5 * risk + log (1 + GAMMA / k) / GAMMA;

    const holding_t *holding = &self->accounts.net[ACCOUNT_MAKER + maker].holding;
    double lot_usd = (double) self->last_px_ticks * self->spec->tick_px * self->spec->lot_coins;
    double inventory = (double) holding->lots * lot_usd / self->order_usd;
    double lean_bps = self->is_random_walk ? 0 : fmax (-LEAN_BPS_MAX, fmin (LEAN_BPS_MAX, -inventory * risk));
    double opinion_bps = self->is_random_walk ? 0 : .3 * self->listing->spread_bps * prng_normal (prng);
    double reservation = fair + (lean_bps + opinion_bps) * bp;
    bool is_capped = !self->is_random_walk && fabs (inventory) > INVENTORY_ORDERS;
    double step = fmax (1, .7 * self->listing->spread_bps * bp);

    for (int is_bid = 0; is_bid < 2; is_bid++) {
        bool is_pulled = is_capped && (inventory > 0) == (is_bid == 1);
        double distance = fmax (.5, half_bps * bp), gap = step;
        for (int level = 0; level < MAKER_LEVELS; level++) {
            double px = is_bid ? floor (reservation - distance) : ceil (reservation + distance);
            double usd = self->order_usd * (.6 + .5 * level) * (.6 + .8 * prng_uniform (prng));
            double tolerance = level == 0 ? .35 * distance : .45 * gap;
            maker_quote (self, maker, is_bid * MAKER_LEVELS + level,
                         is_pulled && level < MAKER_LEVELS - 1 ? 0 : llround (px), tolerance, usd);
            distance += gap;
            gap *= 1.7;
        }
    }
}

double
agents_interval_s (const exchange_t *self, int actor)
{
    static const double SHARES[ACTOR_COUNT] = {
        [ACTOR_NOISE] = .30, [ACTOR_MOMENTUM] = .09, [ACTOR_REVERSION] = .06, [ACTOR_VALUE] = .03};
    double pace = self->listing->pace, activity = self->activity;
    if (SHARES[actor] > 0) {
        double rate = self->order_rate_s * activity * SHARES[actor] * (1 - self->planted_share);
        return 1 / (actor == ACTOR_NOISE ? rate * (1 + fmin (4, self->excitement)) : rate);
    }
    switch (actor) {
    case ACTOR_RISK:
        return 0.8;
    case ACTOR_ARBITRAGE:
        return .7 / (.6 + pace) / activity;
    case ACTOR_DEPTH:
        return 1 / (.3 + 1.6 * pace) / activity;
    case ACTOR_WHALE:
        return (self->whale.side ? 5 : 900) / (.5 + pace) / activity;
    case ACTOR_INFORMED:
        return self->planted_share > 0 ? 1 / (self->order_rate_s * activity * self->planted_share) : INFINITY;
    default: //  makers
        return 3.6 / (.55 + pace) / activity;
    }
}

int64_t
agents_act (exchange_t *self, int actor)
{
    if (actor >= ACTOR_MAKER)
        act_maker (self, actor - ACTOR_MAKER);
    else if (actor == ACTOR_RISK)
        margin_scan (self);
    else if (actor == ACTOR_ARBITRAGE)
        act_arbitrage (self);
    else if (actor == ACTOR_DEPTH)
        act_depth (self);
    else if (actor == ACTOR_WHALE)
        act_whale (self);
    else if (actor == ACTOR_INFORMED)
        act_informed (self);
    else
        act_crowd (self, actor);
    //  a side swept or pulled clean is quoted again at once: nobody leaves a market without a price
    if (matching_best (self->book, true) == 0 || matching_best (self->book, false) == 0)
        for (int maker = 0; maker < ACCOUNT_MAKERS; maker++)
            act_maker (self, maker);
    double wait_s = agents_interval_s (self, actor);
    double u = actor == ACTOR_RISK ? .6 + .8 * prng_uniform (&self->prng[actor])
                                   : prng_exponential (&self->prng[actor]);
    double wait_ns = wait_s * u * 1e9;
    return wait_ns < 1e18 ? self->now_ns + 1 + (int64_t) wait_ns : INT64_MAX;
}

void
agents_second (exchange_t *self)
{
    double mid = exchange_mid_ticks (self) * self->spec->tick_px;
    double sigma = fundamental_sigma (self->fundamental, self->instrument);
    self->excitement *= .95;
    if (self->mid_px > 0)
        self->excitement += .02 * fmin (5, fabs (log (mid / self->mid_px)) / sigma);
    if (self->mid_px <= 0)
        self->mid_fast_px = self->mid_slow_px = mid;
    self->mid_px = mid;
    self->mid_fast_px += (mid - self->mid_fast_px) / 30;
    self->mid_slow_px += (mid - self->mid_slow_px) / 300;
}

void
agents_fill_book (exchange_t *self)
{
    agents_second (self);
    for (int i = 0; i < DEPTH_ORDERS; i++)
        depth_replace (self, i);
    for (int i = 0; i < ACCOUNT_MAKERS; i++)
        act_maker (self, i);
}

//  Whether a position entered at bar `from` would have lived until now; the extremes run from each bar to the
//  end.
static bool
has_survived (const exchange_t *self, const margin_order_t *order, double entry, double low, double high)
{
    double room = .95 / order->leverage - self->tiers.rows[0].mmr * 1.5;
    if (order->stop > 0 && order->stop < room)
        room = order->stop;
    double reach = order->target > 0 ? order->target : 1e9;
    return order->side > 0 ? low > entry * (1 - room) && high < entry * (1 + reach)
                           : high < entry * (1 + room) && low > entry * (1 - reach);
}

void
agents_plant_positions (exchange_t *self)
{
    static const int CLASSES[] = {ACTOR_NOISE,    ACTOR_NOISE,    ACTOR_NOISE, ACTOR_NOISE,     ACTOR_NOISE,
                                  ACTOR_MOMENTUM, ACTOR_MOMENTUM, ACTOR_VALUE, ACTOR_REVERSION, ACTOR_VALUE};
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
    int32_t count = (int32_t) (.85 * exchange_positions_expected (self));
    for (int32_t i = 0; i < count; i++) {
        for (int tries = 0; tries < 60; tries++) {
            int actor = CLASSES[prng_below (prng, COUNT_OF (CLASSES))];
            margin_order_t order = draw_order (self, actor, draw_side (prng, .5));
            if (actor ==
                ACTOR_VALUE) { //  holders: large, little leverage, there to stay; most of the open interest
                order.usd *= 5;
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
            order.hold_s = actor == ACTOR_VALUE ? 60 * 24 * HOUR_S : fmax (5, order.hold_s - age_s);
            margin_plant (self, &order, self->now_ns - (int64_t) (age_s * 1e9), (int64_t) entry,
                          (int) prng_below (prng, ACCOUNT_DEPTHS));
            break;
        }
    }
    free (lows);
    free (highs);
}

double
agents_flow_correlation (const exchange_t *self, int venues, double horizon_s)
{
    double orders = self->order_rate_s * self->activity * 60 * venues;
    double informed = orders * self->planted_share, crowd = .96 * orders * (1 - self->planted_share);
    double second = exp (SIZE_SIGMA * SIZE_SIGMA); //  mean square of a size of mean 1
    //  sd of 2 Phi (c S) - 1 over a standard normal S: (2/pi) asin (c^2 / (1 + c^2)) is its square
    double c2 = INFORMED_SLOPE * INFORMED_SLOPE;
    double bias2 = .6366197723675814 * asin (c2 / (1 + c2));
    double meaning = informed * INFORMED_SIZE * sqrt (bias2);
    double noise2 = crowd * second + informed * INFORMED_SIZE * INFORMED_SIZE * (second - bias2);
    double age = exp (-30 / horizon_s); //  the middle of the minute is half a minute ago
    return age * meaning / sqrt (meaning * meaning + noise2);
}
