#include <stdio.h>

#include "ingest/simulator/exchange.h"
#include "common/base/check.h"

#include <math.h>
#include <stdlib.h>

static const double DEPOSIT_USD = 1e8; //  each account but the fund
static const double TAKER_FEES[] = {[WORLD_BINANCE] = .0005, [WORLD_BYBIT] = .00055, [WORLD_OKX] = .0005};
static const double MAKER_FEE = .0002;
//  Share of the variance of the fundamental that comes from the push of trades; world_new leaves it the rest.
static const double IMPACT_KAPPA = .18;
static const double IMPACT_SIZE_MAX = 25;

static const char *const ACTOR_NAMES[ACTOR_MAKER + 1] = {
    [ACTOR_SECOND] = "second",     [ACTOR_RISK] = "risk",     [ACTOR_ARBITRAGE] = "arbitrage",
    [ACTOR_DEPTH] = "depth",       [ACTOR_NOISE] = "noise",   [ACTOR_MOMENTUM] = "momentum",
    [ACTOR_REVERSION] = "revert",  [ACTOR_VALUE] = "value",   [ACTOR_WHALE] = "whale",
    [ACTOR_INFORMED] = "informed", [ACTOR_HOLDER] = "holder", [ACTOR_MAKER] = "maker",
};

static int32_t *
order_place (exchange_t *self, int32_t owner, int32_t slot)
{
    if (owner >= ACCOUNT_DEPTH)
        return &self->depth_orders[slot];
    return &self->maker_orders[owner - ACCOUNT_MAKER][slot / MAKER_LEVELS][slot % MAKER_LEVELS];
}

static int64_t
fee_money (int64_t amount, double rate)
{
    return llround ((double) amount * rate * MONEY_UNIT);
}

//  Lots of a fill that open, by what was held before.
static int64_t
opened_lots (int64_t before, int64_t signed_lots)
{
    bool is_closing = (before > 0 && signed_lots < 0) || (before < 0 && signed_lots > 0);
    int64_t opened = llabs (signed_lots) - (is_closing ? llabs (before) : 0);
    return opened > 0 ? opened : 0;
}

static void
print_trade (exchange_t *self, int64_t px_ticks, int64_t qty_lots, int64_t taker_opened, int64_t maker_opened)
{
    self->trades_count++;
    self->last_px_ticks = px_ticks;
    world_trade_t trade = {.ts_ns = self->now_ns,
                           .id = ++self->trade_id,
                           .px_ticks = px_ticks,
                           .qty_lots = qty_lots,
                           .side = self->taker_is_buy ? 1 : -1,
                           .is_liquidation = self->taker->is_liquidation,
                           .taker_opens = 2 * taker_opened > qty_lots,
                           .maker_opens = 2 * maker_opened > qty_lots,
                           .taker_opened_lots = taker_opened,
                           .maker_opened_lots = maker_opened};
    world_history_trade (&self->history, px_ticks, qty_lots, self->taker_is_buy);
    if (self->truth) {
        char id[64];
        (void) snprintf (id, sizeof id, "%lld", (long long) trade.id);
        if (self->name_trade)
            self->name_trade (self->venue, self->instrument, trade.id, id, sizeof id);
        truth_trade (self->truth, self->venue_name, self->name, self->spec, &trade, id);
    }
    if (self->sink->trade)
        self->sink->trade (self->sink->self, self->venue, self->instrument, &trade);
}

static void
on_fill (void *context, int32_t owner, int32_t slot, int64_t px_ticks, int64_t qty_lots, bool is_done)
{
    exchange_t *self = context;
    accounts_t *accounts = &self->accounts;
    taker_t *taker = self->taker;
    int64_t signed_lots = self->taker_is_buy ? qty_lots : -qty_lots;
    int64_t amount = px_ticks * qty_lots;
    if (is_done)
        *order_place (self, owner, slot) = MATCHING_NONE;

    holding_t *resting = &accounts->net[owner].holding;
    int64_t maker_opened = opened_lots (resting->lots, -signed_lots);
    int64_t profit = accounts_trade (accounts, resting, -signed_lots, px_ticks);
    accounts_credit (accounts, owner, profit);
    accounts_pay_fee (accounts, owner, fee_money (amount, MAKER_FEE));

    holding_t *holding =
        taker->slot >= 0 ? &accounts->positions[taker->slot].holding : &accounts->net[taker->account].holding;
    int64_t taker_opened = opened_lots (holding->lots, signed_lots);
    profit = accounts_trade (accounts, holding, signed_lots, px_ticks);
    int64_t fee = taker->is_liquidation ? 0 : fee_money (amount, TAKER_FEES[self->rule]);
    if (taker->slot >= 0) {
        accounts_credit_profit (accounts, taker->slot, profit);
        self->holder_profit[accounts->positions[taker->slot].holder] += profit - fee;
    } else {
        accounts_credit (accounts, taker->account, profit);
    }
    accounts_pay_fee (accounts, taker->account, fee);
    taker->lots += qty_lots;
    taker->amount += amount;
    print_trade (self, px_ticks, qty_lots, taker_opened, maker_opened);
}

static void
on_level (void *context, bool is_bid, int64_t px_ticks, int64_t qty_lots)
{
    exchange_t *self = context;
    if (!self->sink->level)
        return;
    world_level_t level = {
        .ts_ns = self->now_ns, .is_bid = is_bid, .px_ticks = px_ticks, .qty_lots = qty_lots};
    self->sink->level (self->sink->self, self->venue, self->instrument, &level);
}

double
exchange_positions_expected (const exchange_t *self)
{
    return .5 * self->order_rate_s * self->activity * 8000;
}

void
exchange_init (exchange_t *self, const exchange_options_t *options)
{
    *self = (exchange_t){.venue = options->venue,
                         .instrument = options->instrument,
                         .venue_name = options->venue_name,
                         .name_trade = options->name_trade,
                         .name = options->name,
                         .rule = options->rule,
                         .is_random_walk = options->options->is_random_walk,
                         .activity = options->options->activity,
                         .listing = options->listing,
                         .spec = &options->listing->specs[options->rule],
                         .fundamental = options->fundamental,
                         .sink = options->sink,
                         .truth = options->truth,
                         .now_ns = options->options->start_ns,
                         .next_funding_ns = INT64_MAX};
    for (int i = 0; i < ACTOR_COUNT; i++) {
        const char *name = ACTOR_NAMES[i < ACTOR_MAKER ? i : ACTOR_MAKER];
        uint64_t index = (uint64_t) (options->instrument * WORLD_VENUES_MAX + options->venue) * ACTOR_COUNT;
        prng_fork (&self->prng[i], options->seed, name, index + (uint64_t) i);
    }
    for (int i = 0; i < HOLDER_COUNT; i++)
        self->wealth[i] = 1;
    self->tiers = options->listing->tiers[options->rule];
    matching_sink_t sink = {.self = self, .fill = on_fill, .level = on_level};
    self->book = matching_new (ACCOUNT_MAKERS * 2 * MAKER_LEVELS + DEPTH_ORDERS + 8, &sink);
    for (int i = 0; i < ACCOUNT_MAKERS * 2 * MAKER_LEVELS; i++)
        (&self->maker_orders[0][0][0])[i] = MATCHING_NONE;
    for (int i = 0; i < DEPTH_ORDERS; i++)
        self->depth_orders[i] = MATCHING_NONE;
    self->order_rate_s = .95 * options->listing->pace + .06;
    self->order_usd = options->listing->turnover_usd_s / self->order_rate_s;
    self->basis_window = options->rule == WORLD_BINANCE ? 30 : options->rule == WORLD_BYBIT ? 300 : 60;
    int32_t positions_max = (int32_t) (2.5 * exchange_positions_expected (self)) + 400;
    int64_t deposit = llround (DEPOSIT_USD * MONEY_UNIT / (self->spec->tick_px * self->spec->lot_coins));
    accounts_init (&self->accounts, positions_max, deposit);
}

void
exchange_fini (exchange_t *self)
{
    matching_destroy (&self->book);
    accounts_fini (&self->accounts);
    world_history_fini (&self->history);
}

//  Kyle's lambda: linear in size up to a bound, scaled so that the sum over all takers has a set share of the
//  variance.
static void
push_fundamental (exchange_t *self, const taker_t *taker, bool is_buy)
{
    double size = exchange_usd (self, taker->amount * MONEY_UNIT) / self->order_usd;
    if (size > IMPACT_SIZE_MAX)
        size = IMPACT_SIZE_MAX;
    double sigma = fundamental_sigma_mean (self->fundamental, self->instrument);
    double move = IMPACT_KAPPA * sigma * size / sqrt (self->order_rate_s * self->activity * 3);
    fundamental_push (self->fundamental, self->instrument, is_buy ? move : -move);
}

int64_t
exchange_take (exchange_t *self, taker_t *taker, bool is_buy, int64_t limit_px_ticks, int64_t lots)
{
    CHECK (lots > 0 && !self->taker);
    taker->lots = taker->amount = 0;
    self->taker = taker;
    self->taker_is_buy = is_buy;
    int64_t filled = matching_take (self->book, is_buy, limit_px_ticks, lots);
    self->taker = NULL;
    if (taker->has_impact && !self->is_random_walk && filled > 0)
        push_fundamental (self, taker, is_buy);
    return filled;
}

void
exchange_cancel (exchange_t *self, int32_t handle)
{
    int32_t owner, slot;
    matching_order_owner (self->book, handle, &owner, &slot);
    *order_place (self, owner, slot) = MATCHING_NONE;
    matching_cancel (self->book, handle);
}

double
exchange_mid_ticks (const exchange_t *self)
{
    int64_t bid = matching_best (self->book, true), ask = matching_best (self->book, false);
    return bid && ask ? .5 * (double) (bid + ask) : (double) self->last_px_ticks;
}

double
exchange_fair_ticks (const exchange_t *self)
{
    double px = fundamental_px (self->fundamental, self->instrument);
    return px * (1 + self->venue_noise) / self->spec->tick_px;
}

int64_t
exchange_lots (const exchange_t *self, double usd)
{
    double px = (double) self->last_px_ticks * self->spec->tick_px;
    int64_t lots = llround (usd / (px * self->spec->lot_coins));
    return lots > 0 ? lots : 1;
}

double
exchange_usd (const exchange_t *self, int64_t money)
{
    return (double) money / MONEY_UNIT * self->spec->tick_px * self->spec->lot_coins;
}
