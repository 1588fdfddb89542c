#include "ingest/simulator/margin.h"
#include "common/base/check.h"
#include "ingest/simulator/liquidation.h"

#include <math.h>
#include <stdlib.h>

static const int64_t SECOND_NS = INT64_C (1000000000);
static const int64_t FUNDING_INTERVAL_NS = INT64_C (28800) * 1000000000;
static const double INTEREST_RATE = .0001, FUNDING_CLAMP = .0005;
static const double TAKER_BAND = .004;  //  a market order walks the book at most so far
static const double IMPACT_ORDERS = 12; //  impact notional of the premium, in mean orders
enum { PREMIUM_EVERY_S = 5 };

static int
sign_of (int64_t lots)
{
    return lots > 0 ? 1 : -1;
}

static int64_t
limit_for (const exchange_t *self, bool is_buy, double band)
{
    double mid = exchange_mid_ticks (self);
    int64_t limit = llround (is_buy ? ceil (mid * (1 + band)) : floor (mid * (1 - band)));
    return limit > 0 ? limit : 1;
}

static int32_t
ticks32 (double ticks)
{
    return ticks >= INT32_MAX ? INT32_MAX : ticks <= 0 ? 0 : (int32_t) ticks;
}

int32_t
margin_mark_ticks (const exchange_t *self)
{
    return ticks32 (round (self->mark_px / self->spec->tick_px));
}

int64_t
margin_bankruptcy_px_ticks (const holding_t *holding, int64_t backing)
{
    double entry = (double) holding->cost / (double) holding->lots;
    double edge = entry - (double) backing / MONEY_UNIT / (double) holding->lots;
    int64_t px = llround (holding->lots > 0 ? ceil (edge) : floor (edge));
    return px > 1 ? px : 1;
}

void
margin_arm (exchange_t *self, int32_t slot)
{
    position_t *position = &self->accounts.positions[slot];
    int side = sign_of (position->holding.lots);
    double tick = self->spec->tick_px;
    double coins = fabs ((double) position->holding.lots) * self->spec->lot_coins;
    double entry_px = (double) position->holding.cost / (double) position->holding.lots * tick;
    double backing_usd = exchange_usd (self, accounts_backing (position));
    double px = tiers_liquidation_px (&self->tiers, side, coins, entry_px, backing_usd);
    position->liquidation_px_ticks = ticks32 (side > 0 ? ceil (px / tick) : floor (px / tick));

    int32_t adverse = position->liquidation_px_ticks, stop = position->stop_px_ticks,
            target = position->target_px_ticks;
    if (side > 0) {
        int32_t low = stop > adverse ? stop : adverse > 0 ? adverse : INT32_MIN;
        accounts_watch (&self->accounts, slot, low, target ? target : INT32_MAX);
    } else {
        int32_t high = adverse > 0 ? adverse : INT32_MAX;
        accounts_watch (&self->accounts, slot, target ? target : INT32_MIN,
                        stop && stop < high ? stop : high);
    }
}

//  Margin of cost / leverage: what lacks comes out of the spare balance and then the crowd's wallet, what is
//  too much goes back where the position's money lives.
static void
position_fund (exchange_t *self, int32_t slot)
{
    accounts_t *accounts = &self->accounts;
    position_t *position = &accounts->positions[slot];
    double cost = fabs ((double) position->holding.cost);
    int64_t needed = llround (cost * MONEY_UNIT / (double) position->leverage) - position->margin;
    int64_t own = 0;
    if (position->is_cross) {
        own = needed < 0 || needed < position->spare ? needed : position->spare > 0 ? position->spare : 0;
        accounts_credit_spare (accounts, slot, -own);
    }
    accounts_credit (accounts, ACCOUNT_CROWD, own - needed);
    accounts_credit_margin (accounts, slot, needed);
}

static void
position_start (exchange_t *self, int32_t slot, const margin_order_t *order, int64_t opened_ns)
{
    position_t *position = &self->accounts.positions[slot];
    double lots = (double) position->holding.lots;
    double entry = (double) position->holding.cost / lots;
    position->opened_ns = opened_ns;
    position->leverage = (float) order->leverage;
    position->stop_px_ticks = order->stop > 0 ? ticks32 (round (entry * (1 - order->side * order->stop))) : 0;
    position->target_px_ticks =
        order->target > 0 ? ticks32 (round (entry * (1 + order->side * order->target))) : 0;
    position_fund (self, slot);
    if (position->is_cross)
        margin_transfer (self, slot, llround ((double) position->margin * order->spare));
    else
        margin_arm (self, slot);
    margin_close_at (self, slot, self->now_ns + (int64_t) (order->hold_s * 1e9));
}

//  The tier of the notional bounds the leverage.
static margin_order_t
order_bounded (const exchange_t *self, const margin_order_t *order)
{
    margin_order_t bounded = *order;
    double px = (double) self->last_px_ticks * self->spec->tick_px;
    double most = tiers_at (&self->tiers, order->usd * 1.02 / px, px)->leverage_max;
    if (bounded.leverage > most)
        bounded.leverage = most;
    return bounded;
}

static int32_t
position_new (exchange_t *self, const margin_order_t *order)
{
    int32_t slot = accounts_open (&self->accounts);
    if (slot < 0) {
        self->refused_count++;
        return -1;
    }
    position_t *position = &self->accounts.positions[slot];
    position->is_cross = order->spare > 0;
    position->holder = (int8_t) order->holder;
    return slot;
}

int32_t
margin_open (exchange_t *self, const margin_order_t *order)
{
    margin_order_t bounded = order_bounded (self, order);
    int32_t slot = position_new (self, order);
    if (slot < 0)
        return -1;
    taker_t taker = {.account = ACCOUNT_CROWD, .slot = slot, .has_impact = order->has_impact};
    bool is_buy = order->side > 0;
    int64_t limit = limit_for (self, is_buy, TAKER_BAND);
    if (exchange_take (self, &taker, is_buy, limit, exchange_lots (self, order->usd)) == 0) {
        accounts_close (&self->accounts, slot, ACCOUNT_CROWD);
        return -1;
    }
    position_start (self, slot, &bounded, self->now_ns);
    return slot;
}

int32_t
margin_plant (exchange_t *self, const margin_order_t *order, int64_t ts_ns, int64_t px_ticks, int depth)
{
    margin_order_t bounded = order_bounded (self, order);
    accounts_t *accounts = &self->accounts;
    int32_t slot = position_new (self, order);
    if (slot < 0)
        return -1;
    int64_t lots = order->side * exchange_lots (self, order->usd);
    accounts_trade (accounts, &accounts->positions[slot].holding, lots, px_ticks);
    int64_t profit =
        accounts_trade (accounts, &accounts->net[ACCOUNT_DEPTH + depth].holding, -lots, px_ticks);
    accounts_credit (accounts, ACCOUNT_DEPTH + depth, profit);
    position_start (self, slot, &bounded, ts_ns);
    return slot;
}

void
margin_add (exchange_t *self, int32_t slot, int64_t lots, bool has_impact)
{
    position_t *position = &self->accounts.positions[slot];
    bool is_buy = position->holding.lots > 0;
    taker_t taker = {.account = ACCOUNT_CROWD, .slot = slot, .has_impact = has_impact};
    if (exchange_take (self, &taker, is_buy, limit_for (self, is_buy, TAKER_BAND), lots) > 0) {
        double coins = fabs ((double) position->holding.lots) * self->spec->lot_coins;
        double px = (double) self->last_px_ticks * self->spec->tick_px;
        double most = tiers_at (&self->tiers, coins * 1.02, px)->leverage_max;
        if ((double) position->leverage > most)
            position->leverage = (float) most;
        position_fund (self, slot);
        margin_arm (self, slot);
    }
}

void
margin_reduce (exchange_t *self, int32_t slot, int64_t lots)
{
    const position_t *position = &self->accounts.positions[slot];
    CHECK (lots > 0 && lots < llabs (position->holding.lots));
    bool is_buy = position->holding.lots < 0;
    taker_t taker = {.account = ACCOUNT_CROWD, .slot = slot, .has_impact = true};
    if (exchange_take (self, &taker, is_buy, limit_for (self, is_buy, TAKER_BAND), lots) > 0) {
        position_fund (self, slot);
        margin_arm (self, slot);
    }
}

void
margin_transfer (exchange_t *self, int32_t slot, int64_t money)
{
    accounts_t *accounts = &self->accounts;
    int64_t spare = accounts->positions[slot].spare;
    if (money < 0 && spare + money < 0)
        money = spare > 0 ? -spare : 0;
    accounts_credit (accounts, ACCOUNT_CROWD, -money);
    accounts_credit_spare (accounts, slot, money);
    margin_arm (self, slot);
}

void
margin_close_at (exchange_t *self, int32_t slot, int64_t ts_ns)
{
    accounts_watch_time (&self->accounts, slot, ts_ns);
}

static void
position_close (exchange_t *self, int32_t slot)
{
    position_t *position = &self->accounts.positions[slot];
    int64_t lots = position->holding.lots;
    bool is_buy = lots < 0;
    taker_t taker = {.account = ACCOUNT_CROWD, .slot = slot, .has_impact = true};
    exchange_take (self, &taker, is_buy, limit_for (self, is_buy, TAKER_BAND), llabs (lots));
    if (position->holding.lots == 0) {
        accounts_close (&self->accounts, slot, ACCOUNT_CROWD);
    } else { //  thin book: the rest in a while
        margin_arm (self, slot);
        margin_close_at (self, slot, self->now_ns + 5 * SECOND_NS);
    }
}

void
margin_scan (exchange_t *self)
{
    accounts_t *accounts = &self->accounts;
    int32_t mark = margin_mark_ticks (self);
    for (int32_t i = accounts_due (accounts, 0, mark, self->now_ns); i >= 0;
         i = accounts_due (accounts, i + 1, mark, self->now_ns)) {
        const position_t *position = &accounts->positions[i];
        int32_t liquidation = position->liquidation_px_ticks;
        bool is_long = position->holding.lots > 0;
        if (liquidation > 0 && (is_long ? mark <= liquidation : mark >= liquidation))
            liquidation_of (self, i);
        else
            position_close (self, i);
    }
    liquidation_fund (self);
}

static double
median (double a, double b, double c)
{
    return fmax (fmin (a, b), fmin (fmax (a, b), c));
}

static void
basis_sample (exchange_t *self)
{
    double basis = exchange_mid_ticks (self) - self->index_px / self->spec->tick_px;
    int64_t sample = llround (basis * 1000);
    if (self->basis_count == self->basis_window)
        self->basis_sum -= self->basis_sums[self->basis_at];
    else
        self->basis_count++;
    self->basis_sums[self->basis_at] = sample;
    self->basis_sum += sample;
    self->basis_at = (self->basis_at + 1) % self->basis_window;
}

static void
mark_update (exchange_t *self)
{
    double left = (double) (self->next_funding_ns - self->now_ns) / (double) FUNDING_INTERVAL_NS;
    double basis_ticks = (double) self->basis_sum / 1000 / self->basis_count;
    double second = self->index_px + basis_ticks * self->spec->tick_px;
    if (self->rule == WORLD_OKX) {
        self->mark_px = second;
        return;
    }
    double first = self->index_px * (1 + self->last_funding_rate * left);
    self->mark_px = median (first, second, (double) self->last_px_ticks * self->spec->tick_px);
}

//  An index of several spot markets: the fundamental less the contract's premium, with a little noise.
static void
index_update (exchange_t *self)
{
    prng_t *prng = &self->prng[ACTOR_SECOND];
    static const double sd = 4e-4, mean = 5e-5, decay = 4.8e-5; //  of the premium; half-life 4 h
    self->premium += -decay * (self->premium - mean) + sd * sqrt (2 * decay) * prng_normal (prng);
    double noise = .1e-4 * prng_normal (prng);
    self->index_px = fundamental_px (self->fundamental, self->instrument) * exp (-self->premium + noise);
}

static void
premium_sample (exchange_t *self)
{
    double notional = IMPACT_ORDERS * self->order_usd / (self->spec->tick_px * self->spec->lot_coins);
    double bid = matching_impact_px (self->book, true, notional),
           ask = matching_impact_px (self->book, false, notional);
    double index = self->index_px / self->spec->tick_px;
    if (bid <= 0 || ask <= 0)
        return;
    double premium = (fmax (0, bid - index) - fmax (0, index - ask)) / index;
    double weight = ++self->funding_samples;
    self->funding_premium_sum += weight * premium;
    self->funding_weight_sum += weight;
    double mean = self->funding_premium_sum / self->funding_weight_sum;
    self->funding_rate = mean + fmax (-FUNDING_CLAMP, fmin (FUNDING_CLAMP, INTEREST_RATE - mean));
}

static void
funding_settle (exchange_t *self)
{
    accounts_t *accounts = &self->accounts;
    double rate = self->funding_rate;
    double paid_per_lot = rate * self->mark_px / self->spec->tick_px * MONEY_UNIT;
    int64_t total = 0;
    for (int i = 0; i < ACCOUNT_COUNT; i++) {
        int64_t money =
            i == ACCOUNT_FUND ? 0 : llround ((double) accounts->net[i].holding.lots * paid_per_lot);
        accounts_credit (accounts, i, -money);
        total += money;
    }
    for (int32_t i = 0; i < accounts->slots_end; i++) {
        int64_t lots = accounts->positions[i].holding.lots;
        if (lots == 0)
            continue;
        int64_t money = llround ((double) lots * paid_per_lot);
        accounts_credit_profit (accounts, i, -money);
        total += money;
        margin_arm (self, i);
    }
    accounts_credit (accounts, ACCOUNT_FUND, total);
    world_series_add (&self->history.funding, self->now_ns, rate);
    if (self->sink->funding)
        self->sink->funding (self->sink->self, self->venue, self->instrument, self->now_ns, rate);
    self->last_funding_rate = rate;
    self->funding_premium_sum = self->funding_weight_sum = 0;
    self->funding_samples = 0;
    self->next_funding_ns += FUNDING_INTERVAL_NS;
}

void
margin_second (exchange_t *self)
{
    index_update (self);
    basis_sample (self);
    mark_update (self);
    if (self->now_ns / SECOND_NS % PREMIUM_EVERY_S == 0)
        premium_sample (self);
    if (self->now_ns >= self->next_funding_ns)
        funding_settle (self);
}

void
margin_start (exchange_t *self)
{
    int64_t begun_ns = self->now_ns / FUNDING_INTERVAL_NS * FUNDING_INTERVAL_NS;
    self->next_funding_ns = begun_ns + FUNDING_INTERVAL_NS;
    index_update (self);
    self->funding_samples = (int32_t) ((self->now_ns - begun_ns) / SECOND_NS / PREMIUM_EVERY_S);
    double n = self->funding_samples;
    self->funding_weight_sum = n * (n + 1) / 2;
    self->funding_premium_sum = self->premium * self->funding_weight_sum;
    basis_sample (self);
    premium_sample (self);
    mark_update (self);
}
