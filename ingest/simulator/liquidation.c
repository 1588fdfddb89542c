#include "ingest/simulator/liquidation.h"
#include "common/base/check.h"
#include "ingest/simulator/margin.h"

#include <math.h>
#include <stdlib.h>

static const double BINANCE_CLEARANCE_FEE = .0125;
static const double LIQUIDATION_SHOCK = .6; //  of the retail's excitement
static const double FUND_BAND = .001;

//  Positions in this tier (0: the first) or above are reduced by so many tiers first.
static const struct {
    int from, down;
} PARTS[] = {[WORLD_BINANCE] = {1, 1}, [WORLD_BYBIT] = {1, 1}, [WORLD_OKX] = {2, 2}};

static int
sign_of (int64_t lots)
{
    return lots > 0 ? 1 : -1;
}

//  At a mark in ticks, money.
static double
equity_of (const holding_t *holding, int64_t backing, double mark_ticks)
{
    return (double) backing + ((double) holding->lots * mark_ticks - (double) holding->cost) * MONEY_UNIT;
}

int64_t
liquidation_part (const exchange_t *self, const position_t *position)
{
    int64_t count = llabs (position->holding.lots);
    double px = self->mark_px, coins = (double) count * self->spec->lot_coins;
    if (equity_of (&position->holding, accounts_backing (position), px / self->spec->tick_px) <= 0)
        return count;
    int tier = (int) (tiers_at (&self->tiers, coins, px) - self->tiers.rows);
    if (tier < PARTS[self->rule].from)
        return count;
    double bound = self->tiers.rows[tier - PARTS[self->rule].down].up_to;
    double kept_coins = self->tiers.is_by_coins ? bound : bound / px;
    int64_t kept = (int64_t) (kept_coins / self->spec->lot_coins);
    return kept > 0 && kept < count ? count - kept : count;
}

double
liquidation_score (const position_t *position, double mark_ticks)
{
    const holding_t *holding = &position->holding;
    double equity = equity_of (holding, accounts_backing (position), mark_ticks);
    if (equity <= 0)
        return -INFINITY;
    double leverage = fabs ((double) holding->lots) * mark_ticks * MONEY_UNIT / equity;
    double profit =
        ((double) holding->lots * mark_ticks - (double) holding->cost) / fabs ((double) holding->cost);
    return profit > 0 ? profit * leverage : profit / leverage;
}

//  The first in the queue among the crowd's positions of a side; -1: none.
static int32_t
queue_first (const exchange_t *self, int side)
{
    double mark = margin_mark_ticks (self), best = -INFINITY;
    int32_t first = -1;
    for (int32_t i = 0; i < self->accounts.slots_end; i++) {
        const position_t *position = &self->accounts.positions[i];
        if (position->holding.lots * side <= 0)
            continue;
        double score = liquidation_score (position, mark);
        if (first < 0 || score > best) {
            best = score;
            first = i;
        }
    }
    return first;
}

//  Close lots of a position against somebody who must, at his price.
static void
deleverage_position (exchange_t *self, int32_t slot, int64_t signed_lots, int64_t px_ticks)
{
    accounts_t *accounts = &self->accounts;
    position_t *position = &accounts->positions[slot];
    world_deleverage_t told = {.ts_ns = self->now_ns,
                               .side = (int8_t) sign_of (position->holding.lots),
                               .qty_lots = llabs (signed_lots),
                               .px_ticks = px_ticks,
                               .score = liquidation_score (position, margin_mark_ticks (self))};
    int64_t profit = accounts_trade (accounts, &position->holding, signed_lots, px_ticks);
    accounts_credit_profit (accounts, slot, profit);
    self->holder_profit[position->holder] += profit;
    if (position->holding.lots == 0)
        accounts_close (accounts, slot, ACCOUNT_CROWD);
    else
        margin_arm (self, slot);
    self->adl_count++;
    if (self->truth)
        truth_deleverage (self->truth, self->venue_name, self->name, self->spec, &told);
    if (self->sink->deleverage)
        self->sink->deleverage (self->sink->self, self->venue, self->instrument, &told);
}

//  When the crowd has nothing more of a side: the account without leverage that has most of it.
static int
net_first (const exchange_t *self, int side)
{
    int first = -1;
    int64_t most = 0;
    for (int i = 0; i < ACCOUNT_COUNT; i++) {
        int64_t lots = self->accounts.net[i].holding.lots * side;
        if (i != ACCOUNT_FUND && lots > most) {
            most = lots;
            first = i;
        }
    }
    return first;
}

//  Close lots (signed: of the bankrupt's position, whose own books are the caller's) against the other side.
static void
deleverage (exchange_t *self, int64_t lots, int64_t px_ticks)
{
    accounts_t *accounts = &self->accounts;
    int side = sign_of (lots);
    while (lots != 0) {
        int32_t slot = queue_first (self, -side);
        int net = slot < 0 ? net_first (self, -side) : -1;
        CHECK (slot >= 0 || net >= 0); //  longs are shorts
        holding_t *holding = slot >= 0 ? &accounts->positions[slot].holding : &accounts->net[net].holding;
        int64_t there = llabs (holding->lots), wanted = llabs (lots);
        int64_t taken = side * (there < wanted ? there : wanted);
        if (slot >= 0)
            deleverage_position (self, slot, taken, px_ticks);
        else
            accounts_credit (accounts, net, accounts_trade (accounts, holding, taken, px_ticks));
        lots -= taken;
    }
}

static bool
fund_can_bear (const exchange_t *self, int64_t lots, int64_t px_ticks)
{
    const account_t *fund = &self->accounts.net[ACCOUNT_FUND];
    holding_t after = {.lots = fund->holding.lots + lots, .cost = fund->holding.cost + lots * px_ticks};
    return equity_of (&after, fund->wallet, margin_mark_ticks (self)) >= 0;
}

//  What the market did not take of a position: the fund or the other side does.
static void
rest_transfer (exchange_t *self, int32_t slot, int64_t rest, int64_t px_ticks)
{
    accounts_t *accounts = &self->accounts;
    position_t *position = &accounts->positions[slot];
    int64_t oi_before = accounts->long_lots;
    int64_t profit = accounts_trade (accounts, &position->holding, -rest, px_ticks);
    accounts_credit_profit (accounts, slot, profit);
    self->holder_profit[position->holder] += profit;
    if (fund_can_bear (self, rest, px_ticks)) {
        profit = accounts_trade (accounts, &accounts->net[ACCOUNT_FUND].holding, rest, px_ticks);
        accounts_credit (accounts, ACCOUNT_FUND, profit);
    } else {
        deleverage (self, rest, px_ticks);
    }
    self->oi_unprinted_lots += accounts->long_lots - oi_before;
}

//  The fund's fee, and who gets what is left of a position that is gone.
static void
backing_settle (exchange_t *self, int32_t slot, int64_t filled_amount)
{
    accounts_t *accounts = &self->accounts;
    position_t *position = &accounts->positions[slot];
    int64_t left = accounts_backing (position);
    bool is_gone = position->holding.lots == 0;
    if (self->rule == WORLD_BINANCE) {
        int64_t fee = llround ((double) filled_amount * BINANCE_CLEARANCE_FEE * MONEY_UNIT);
        if (fee > left)
            fee = left > 0 ? left : 0;
        accounts_credit_profit (accounts, slot, -fee);
        accounts_credit (accounts, ACCOUNT_FUND, fee);
        self->holder_profit[position->holder] -= fee;
    } else if (is_gone) {
        self->holder_profit[position->holder] -= left;
    }
    if (is_gone)
        accounts_close (accounts, slot, self->rule == WORLD_BINANCE ? ACCOUNT_CROWD : ACCOUNT_FUND);
    else
        margin_arm (self, slot);
}

static void
emit_liquidation (exchange_t *self, const world_liquidation_t *liquidation)
{
    self->liquidations_count++;
    self->excitement += LIQUIDATION_SHOCK;
    if (self->truth)
        truth_liquidation (self->truth, self->venue_name, self->name, self->spec, liquidation);
    if (self->sink->liquidation)
        self->sink->liquidation (self->sink->self, self->venue, self->instrument, liquidation);
}

void
liquidation_of (exchange_t *self, int32_t slot)
{
    position_t *position = &self->accounts.positions[slot];
    int side = sign_of (position->holding.lots);
    int64_t part = liquidation_part (self, position);
    int64_t bankruptcy = margin_bankruptcy_px_ticks (&position->holding, accounts_backing (position));
    world_liquidation_t told = {.ts_ns = self->now_ns,
                                .side = (int8_t) side,
                                .qty_lots = part,
                                .order_px_ticks = bankruptcy,
                                .bankruptcy_px_ticks = bankruptcy,
                                .leverage = accounts_leverage (position),
                                .is_cross = position->is_cross,
                                .is_partial = part < llabs (position->holding.lots)};
    taker_t taker = {.account = ACCOUNT_CROWD, .slot = slot, .is_liquidation = true, .has_impact = true};
    int64_t filled = exchange_take (self, &taker, side < 0, bankruptcy, part);
    if (filled < part)
        rest_transfer (self, slot, side * (part - filled), bankruptcy);
    backing_settle (self, slot, taker.amount);
    int64_t amount = taker.amount + (part - filled) * bankruptcy;
    told.average_px_ticks = (amount + part / 2) / part;
    emit_liquidation (self, &told);
}

//  A twentieth at a time, so that the fund does not move the market it saved.
void
liquidation_fund (exchange_t *self)
{
    accounts_t *accounts = &self->accounts;
    account_t *fund = &accounts->net[ACCOUNT_FUND];
    int64_t lots = fund->holding.lots;
    if (lots == 0)
        return;
    if (!fund_can_bear (self, 0, 1)) {
        int64_t oi_before = accounts->long_lots;
        int64_t px_ticks = margin_bankruptcy_px_ticks (&fund->holding, fund->wallet);
        accounts_credit (accounts, ACCOUNT_FUND, accounts_trade (accounts, &fund->holding, -lots, px_ticks));
        deleverage (self, lots, px_ticks);
        self->oi_unprinted_lots += accounts->long_lots - oi_before;
        return;
    }
    bool is_buy = lots < 0;
    double mid = exchange_mid_ticks (self);
    int64_t limit = llround (is_buy ? ceil (mid * (1 + FUND_BAND)) : floor (mid * (1 - FUND_BAND)));
    taker_t taker = {.account = ACCOUNT_FUND, .slot = -1, .has_impact = true};
    if (limit > 0)
        exchange_take (self, &taker, is_buy, limit, llabs (lots) / 20 + 1);
}
