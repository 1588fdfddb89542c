#include "ingest/simulator/agents.h"
#include "common/base/check.h"
#include "ingest/simulator/crowd.h"
#include "ingest/simulator/margin.h"

#include <math.h>
#include <stdlib.h>

static const double HORIZON_S = 10, GAMMA = .01; //  of makers; gamma per bp and mean order
static const double INVENTORY_ORDERS = 80, LEAN_BPS_MAX = 8;
static const double DRAWDOWN_MOVES = .45, PEAK_S = 1800,
                    AWAY_S = 45; //  moves of PEAK_S against a full inventory
static const double INFORMED_SLOPE = 1.5, INFORMED_SIZE = 1.5;
static void
act_informed (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_INFORMED];
    double signal = fundamental_signal (self->fundamental, self->instrument);
    double share = .5 * erfc (-INFORMED_SLOPE * signal / sqrt (2.0));
    bool is_buy = prng_uniform (prng) < share;
    double usd = crowd_size_usd (self, prng) * INFORMED_SIZE;
    taker_t taker = {.account = ACCOUNT_INFORMED, .slot = -1};
    double mid = exchange_mid_ticks (self);
    exchange_take (self, &taker, is_buy, llround (mid * (is_buy ? 1.004 : .996)), exchange_lots (self, usd));
}

static int
draw_side (prng_t *prng)
{
    return prng_uniform (prng) < .5 ? 1 : -1;
}

//  A metaorder: its size has a Pareto tail, and both the number of its slices and the size of each grow with the
//  square root of it, so that a larger one takes longer but not in proportion.
static void
whale_start (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_WHALE];
    double orders = 9 * fmin (60, pow (1 - prng_uniform (prng), -1 / 1.5));
    double slice = orders / ceil (3 * sqrt (orders)) * self->order_usd;
    margin_order_t order = {.side = draw_side (prng),
                            .usd = slice,
                            .leverage = fmin (20, fmax (2, 6 * exp (.6 * prng_normal (prng)))),
                            .hold_s = 48 * 3600,
                            .holder = HOLDER_WHALE,
                            .has_impact = true};
    int32_t slot = margin_open (self, &order);
    if (slot < 0)
        return;
    self->whale = (whale_t){
        .slot = slot,
        .opened_ns = self->now_ns,
        .lots_left = exchange_lots (self, orders * self->order_usd * crowd_wealth (self, HOLDER_WHALE)),
        .slice_lots = exchange_lots (self, slice),
        .side = order.side};
}

static void
act_whale (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_WHALE];
    whale_t *whale = &self->whale;
    if (whale->side == 0) {
        whale_start (self);
        return;
    }
    const position_t *position = &self->accounts.positions[whale->slot];
    bool is_alive = position->opened_ns == whale->opened_ns && position->holding.lots * whale->side > 0;
    if (!is_alive || whale->lots_left <= 0) {
        if (is_alive)
            margin_close_at (self, whale->slot,
                             self->now_ns + (int64_t) (1e9 * 2 * 3600 * prng_exponential (prng)));
        whale->side = 0;
        return;
    }
    int64_t slice = llround ((double) whale->slice_lots * (.5 + prng_uniform (prng)));
    slice = slice < 1 ? 1 : slice > whale->lots_left ? whale->lots_left : slice;
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
                           exchange_lots (self, .5 * crowd_size_usd (self, prng)));
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
    //  opposite to some other: a side that was eaten into fills up again
    int32_t other = self->depth_orders[prng_below (prng, DEPTH_ORDERS)];
    double v = prng_uniform (prng);
    bool is_bid = other != MATCHING_NONE ? !matching_order_is_bid (self->book, other) : v < .5;
    double u = 1 - prng_uniform (prng);
    double distance_bps = self->listing->spread_bps * (1 + 1.5 * (pow (u, -1 / .9) - 1));
    if (slot % 4 != 0 || distance_bps > 250) //  three of four rest farther out, where little trades
        distance_bps = self->listing->spread_bps * 6 * exp (3.7 * prng_uniform (prng));
    double usd = crowd_size_usd (self, prng) * (.5 + fmin (3, distance_bps / 30));
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

static int
makers_away (const exchange_t *self)
{
    int count = 0;
    for (int i = 0; i < ACCOUNT_MAKERS; i++)
        count += self->now_ns < self->makers[i].back_ns;
    return count;
}

//  Whether a maker stays away: it lost too much of late.  Half of them stay whatever comes.
static bool
maker_is_away (exchange_t *self, int number)
{
    maker_t *maker = &self->makers[number];
    const account_t *account = &self->accounts.net[ACCOUNT_MAKER + number];
    double open = (double) account->holding.lots * exchange_mid_ticks (self) - (double) account->holding.cost;
    double equity_usd = exchange_usd (self, account->wallet + llround (open * MONEY_UNIT));
    double age_s = (double) (self->now_ns - maker->seen_ns) * 1e-9;
    if (maker->seen_ns == 0 || equity_usd > maker->peak_usd)
        maker->peak_usd = equity_usd;
    else
        maker->peak_usd += (equity_usd - maker->peak_usd) * (1 - exp (-age_s / PEAK_S));
    maker->seen_ns = self->now_ns;
    double move = fundamental_sigma_mean (self->fundamental, self->instrument) * sqrt (PEAK_S);
    bool is_beyond =
        maker->peak_usd - equity_usd > DRAWDOWN_MOVES * move * INVENTORY_ORDERS * self->order_usd;
    if (is_beyond && makers_away (self) < ACCOUNT_MAKERS / 2) {
        double wait_s = AWAY_S * (.5 + prng_uniform (&self->prng[ACTOR_MAKER + number]));
        maker->back_ns = self->now_ns + (int64_t) (wait_s * 1e9);
        maker->peak_usd = equity_usd;
    }
    return !self->is_random_walk && self->now_ns < maker->back_ns;
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
    bool is_away = maker_is_away (self, maker);
    double step = fmax (1, .7 * self->listing->spread_bps * bp);

    for (int is_bid = 0; is_bid < 2; is_bid++) {
        bool is_pulled = is_capped && (inventory > 0) == (is_bid == 1);
        int quoted_from = is_pulled ? MAKER_LEVELS - 1 : is_away && !is_capped ? MAKER_LEVELS - 2 : 0;
        if (is_pulled && fabs (inventory) > 1.5 * INVENTORY_ORDERS && matching_best (self->book, is_bid))
            quoted_from = MAKER_LEVELS;
        double distance = fmax (.5, half_bps * bp), gap = step;
        for (int level = 0; level < MAKER_LEVELS; level++) {
            double px = is_bid ? floor (reservation - distance) : ceil (reservation + distance);
            double usd = self->order_usd * (.6 + .5 * level) * (.6 + .8 * prng_uniform (prng));
            double tolerance = level == 0 ? .35 * distance : .45 * gap;
            maker_quote (self, maker, is_bid * MAKER_LEVELS + level, level < quoted_from ? 0 : llround (px),
                         tolerance, usd);
            distance += gap;
            gap *= 1.7;
        }
    }
}

double
agents_interval_s (const exchange_t *self, int actor)
{
    static const double SHARES[ACTOR_COUNT] = {[ACTOR_NOISE] = .30,
                                               [ACTOR_MOMENTUM] = .09,
                                               [ACTOR_REVERSION] = .15,
                                               [ACTOR_VALUE] = .03,
                                               [ACTOR_HOLDER] = .03};
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
    else if (actor == ACTOR_HOLDER)
        crowd_manage (self);
    else
        crowd_trade (self, actor);
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
agents_fill_book (exchange_t *self)
{
    crowd_second (self);
    for (int i = 0; i < DEPTH_ORDERS; i++)
        depth_replace (self, i);
    for (int i = 0; i < ACCOUNT_MAKERS; i++)
        act_maker (self, i);
}

double
agents_flow_correlation (const exchange_t *self, int venues, double horizon_s)
{
    double orders = self->order_rate_s * self->activity * 60 * venues;
    double informed = orders * self->planted_share, crowd = .96 * orders * (1 - self->planted_share);
    double second = exp (CROWD_SIZE_SIGMA * CROWD_SIZE_SIGMA); //  mean square of a size of mean 1
    //  sd of 2 Phi (c S) - 1 over a standard normal S: (2/pi) asin (c^2 / (1 + c^2)) is its square
    double c2 = INFORMED_SLOPE * INFORMED_SLOPE;
    double bias2 = .6366197723675814 * asin (c2 / (1 + c2));
    double meaning = informed * INFORMED_SIZE * sqrt (bias2);
    double noise2 = crowd * second + informed * INFORMED_SIZE * INFORMED_SIZE * (second - bias2);
    double age = exp (-30 / horizon_s); //  the middle of the minute is half a minute ago
    return age * meaning / sqrt (meaning * meaning + noise2);
}
