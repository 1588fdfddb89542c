#include "tests/support/expect.h"

#include "common/base/check.h"
#include "common/base/prng.h"
#include "ingest/simulator/accounts.h"
#include "ingest/simulator/liquidation.h"
#include "ingest/simulator/margin.h"

static const int64_t START_NS = INT64_C (1790000000) * 1000000000;
enum { HEARD_MAX = 64 };

//  One contract on one venue with an empty book, whose mark is what the test says.
typedef struct {
    listing_t listing;
    exchange_t exchange;
    world_options_t options;
    world_sink_t sink;
    world_liquidation_t liquidations[HEARD_MAX];
    world_deleverage_t deleverages[HEARD_MAX];
    int liquidations_count, deleverages_count;
} venue_t;

static void
on_liquidation (void *context, int venue, int instrument, const world_liquidation_t *liquidation)
{
    (void) venue, (void) instrument;
    venue_t *self = context;
    assert_true (self->liquidations_count < HEARD_MAX);
    self->liquidations[self->liquidations_count++] = *liquidation;
}

static void
on_deleverage (void *context, int venue, int instrument, const world_deleverage_t *deleverage)
{
    (void) venue, (void) instrument;
    venue_t *self = context;
    assert_true (self->deleverages_count < HEARD_MAX);
    self->deleverages[self->deleverages_count++] = *deleverage;
}

static venue_t *
make_venue (world_rule_t rule, const char *name)
{
    error_text_t error;
    venue_t *self = mem_new (sizeof *self);
    assert_int_equal (listing_init (&self->listing, name, "deploy/tiers", &error), OK);
    self->sink = (world_sink_t){.self = self, .liquidation = on_liquidation, .deleverage = on_deleverage};
    self->options = (world_options_t){.activity = 1, .start_ns = START_NS, .is_random_walk = true};
    exchange_init (&self->exchange,
                   &(exchange_options_t){.seed = 1,
                                         .venue_name = "venue",
                                         .name = name,
                                         .rule = rule,
                                         .options = &self->options,
                                         .listing = &self->listing,
                                         .fundamental = fundamental_new (1, &self->listing, 1, 300),
                                         .sink = &self->sink});
    exchange_t *exchange = &self->exchange;
    world_history_init (&exchange->history, START_NS / 60000000000 * 60000000000, 1, exchange->spec);
    exchange->last_px_ticks = llround (exchange_fair_ticks (exchange));
    world_history_roll (&exchange->history, START_NS, exchange->last_px_ticks);
    margin_start (exchange);
    exchange->mark_px = (double) exchange->last_px_ticks * exchange->spec->tick_px;
    return self;
}

static void
drop_venue (venue_t *self)
{
    accounts_check (&self->exchange.accounts);
    fundamental_destroy (&self->exchange.fundamental);
    exchange_fini (&self->exchange);
    free (self);
}

//  A position entered at a price that is `entry` times the last.
static int32_t
plant (venue_t *self, const margin_order_t *order, double entry)
{
    int64_t px = llround (entry * (double) self->exchange.last_px_ticks);
    return margin_plant (&self->exchange, order, START_NS, px, 0);
}

//  Equity less maintenance at a price in ticks, from the table's rows alone.
static double
room_usd (const exchange_t *exchange, const position_t *position, double ticks)
{
    double px = ticks * exchange->spec->tick_px, lots = (double) position->holding.lots;
    double coins = fabs (lots) * exchange->spec->lot_coins;
    double backing = exchange_usd (exchange, position->margin) + exchange_usd (exchange, position->spare);
    double profit = (lots * ticks - (double) position->holding.cost) * exchange->spec->tick_px *
                    exchange->spec->lot_coins;
    const tiers_t *tiers = &exchange->tiers;
    int row = 0;
    while (row + 1 < tiers->count && (tiers->is_by_coins ? coins : coins * px) > tiers->rows[row].up_to)
        row++;
    double maintenance = coins * px * (tiers->rows[row].mmr + tiers->fee_inside) - tiers->rows[row].deduction;
    return backing + profit - maintenance;
}

//  The liquidation price is the last tick on the safe side: there the equity still is the maintenance, one tick on
//  it is less.
static void
check_liquidation_px (const exchange_t *exchange, int32_t slot)
{
    const position_t *position = &exchange->accounts.positions[slot];
    int64_t at = position->liquidation_px_ticks, side = position->holding.lots > 0 ? 1 : -1;
    double cost = fabs ((double) position->holding.cost);
    double least = 1e-12 * cost * exchange->spec->tick_px * exchange->spec->lot_coins;
    assert_true (room_usd (exchange, position, (double) (at > 0 ? at : 1)) >= -least);
    if (at > 0)
        assert_true (room_usd (exchange, position, (double) (at - side)) <= least);
}

static void
equity_is_maintenance_at_the_liquidation_price (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (13));
    int crosses = 0, none = 0;
    for (int rule = WORLD_BINANCE; rule <= WORLD_OKX; rule++) {
        venue_t *venue = make_venue ((world_rule_t) rule, rule == WORLD_BYBIT ? "DOGEUSDT" : "BTCUSDT");
        exchange_t *exchange = &venue->exchange;
        for (int i = 0; i < 400; i++) {
            margin_order_t order = {.side = i % 2 ? 1 : -1,
                                    .usd = 2000 * exp (4 * prng_uniform (&prng)),
                                    .leverage = 1.5 + 60 * prng_uniform (&prng) * prng_uniform (&prng),
                                    .spare = i % 3 ? 1 + 4 * prng_uniform (&prng) : 0,
                                    .hold_s = 1e6};
            int32_t slot = plant (venue, &order, .95 + .1 * prng_uniform (&prng));
            assert_true (slot >= 0);
            const position_t *position = &exchange->accounts.positions[slot];
            assert_int_equal (position->is_cross, order.spare > 0);
            double wanted = (double) position->leverage / (1 + order.spare);
            expect_close (accounts_leverage (position), wanted, 1e-5);
            check_liquidation_px (exchange, slot);
            crosses += position->is_cross;
            none += position->liquidation_px_ticks == 0;
        }
        drop_venue (venue);
    }
    assert_true (crosses > 600 && none > 0);
}

static void
a_cross_position_moves_with_what_backs_it (void **state)
{
    (void) state;
    venue_t *venue = make_venue (WORLD_BINANCE, "BTCUSDT");
    exchange_t *exchange = &venue->exchange;
    accounts_t *accounts = &exchange->accounts;
    margin_order_t order = {.side = 1, .usd = 30000, .leverage = 20, .spare = 2, .hold_s = 1e6};
    int32_t slot = plant (venue, &order, 1);
    const position_t *position = &accounts->positions[slot];
    int64_t margin = position->margin, crowd = accounts->net[ACCOUNT_CROWD].wallet;
    double first = position->liquidation_px_ticks;
    assert_true (llabs (position->spare - 2 * margin) <= 1);

    margin_transfer (exchange, slot, margin); //  a margin more: the price falls by margin / (lots (1 - rate))
    assert_int_equal (accounts->net[ACCOUNT_CROWD].wallet, crowd - margin);
    double moved =
        (double) margin / MONEY_UNIT / (double) position->holding.lots / (1 - exchange->tiers.rows[0].mmr);
    assert_true (fabs (first - position->liquidation_px_ticks - moved) <= 1);
    check_liquidation_px (exchange, slot);

    int64_t spare = position->spare;
    margin_transfer (exchange, slot, -9 * margin); //  back, but not more than there is
    assert_int_equal (position->spare, 0);
    assert_int_equal (accounts->net[ACCOUNT_CROWD].wallet, crowd - margin + spare);
    check_liquidation_px (exchange, slot);
    drop_venue (venue);
}

//  A book with as much as anybody wants on both sides, a tenth of a percent away from the last price.
static void
fill_book (venue_t *self)
{
    exchange_t *exchange = &self->exchange;
    double last = (double) exchange->last_px_ticks;
    for (int is_bid = 0; is_bid < 2; is_bid++) {
        int64_t px = llround (last * (is_bid ? .999 : 1.001));
        exchange->depth_orders[is_bid] =
            matching_post (exchange->book, ACCOUNT_DEPTH + is_bid, is_bid, is_bid, px, INT64_C (1) << 40);
        assert_true (exchange->depth_orders[is_bid] >= 0);
    }
}

static void
adding_takes_spare_and_reducing_gives_it_back (void **state)
{
    (void) state;
    for (int is_cross = 0; is_cross < 2; is_cross++) {
        venue_t *venue = make_venue (WORLD_BYBIT, "BTCUSDT");
        exchange_t *exchange = &venue->exchange;
        accounts_t *accounts = &exchange->accounts;
        margin_order_t order = {
            .side = -1, .usd = 20000, .leverage = 10, .spare = is_cross ? 3 : 0, .hold_s = 1e6};
        int32_t slot = plant (venue, &order, 1);
        fill_book (venue);
        const position_t *position = &accounts->positions[slot];
        int64_t lots = -position->holding.lots, backing = accounts_backing (position);
        double effective = accounts_leverage (position);
        int64_t wallet = accounts->net[ACCOUNT_CROWD].wallet;

        margin_add (exchange, slot, lots, false);
        assert_int_equal (position->holding.lots, -2 * lots);
        double cost = fabs ((double) position->holding.cost) * MONEY_UNIT;
        expect_close ((double) position->margin, cost / 10, 1e-9);
        if (is_cross) { //  nothing new backs it: twice as much on the same money
            assert_int_equal (accounts_backing (position), backing);
            expect_close (accounts_leverage (position) / effective, 2, .01);
        } else {
            expect_close (accounts_leverage (position), 10, 1e-6);
        }
        check_liquidation_px (exchange, slot);

        margin_reduce (exchange, slot, lots);
        assert_int_equal (position->holding.lots, -lots);
        cost = fabs ((double) position->holding.cost) * MONEY_UNIT;
        expect_close ((double) position->margin, cost / 10, 1e-9);
        check_liquidation_px (exchange, slot);
        if (is_cross) { //  bought dearer than sold: the loss is in the spare balance, fees are the wallet's
            assert_true (accounts_backing (position) < backing);
            assert_true (accounts->net[ACCOUNT_CROWD].wallet < wallet);
        }
        accounts_check (accounts);
        drop_venue (venue);
    }
}

static void
large_positions_are_reduced_by_tiers (void **state)
{
    (void) state;
    static const struct {
        world_rule_t rule;
        int tier, kept; //  -1: nothing
    } CASES[] = {{WORLD_BINANCE, 0, -1}, {WORLD_BINANCE, 1, 0}, {WORLD_BINANCE, 2, 1},
                 {WORLD_BYBIT, 0, -1},   {WORLD_BYBIT, 2, 1},   {WORLD_OKX, 0, -1},
                 {WORLD_OKX, 1, -1},     {WORLD_OKX, 2, 0},     {WORLD_OKX, 3, 1}};
    for (size_t i = 0; i < COUNT_OF (CASES); i++) {
        venue_t *venue = make_venue (CASES[i].rule, "BTCUSDT");
        exchange_t *exchange = &venue->exchange;
        const tiers_t *tiers = &exchange->tiers;
        double unit = tiers->is_by_coins ? exchange->mark_px : 1; //  a size of the table in dollars
        margin_order_t order = {
            .side = 1, .usd = .9 * tiers->rows[CASES[i].tier].up_to * unit, .leverage = 10, .hold_s = 1e6};
        int32_t slot = plant (venue, &order, 1.08);
        fill_book (venue);
        position_t *position = &exchange->accounts.positions[slot];
        exchange->mark_px = position->liquidation_px_ticks * exchange->spec->tick_px;
        int64_t lots = position->holding.lots;
        liquidation_of (exchange, slot);
        assert_int_equal (venue->liquidations_count, 1);
        const world_liquidation_t *told = &venue->liquidations[0];
        assert_int_equal (told->is_partial, CASES[i].kept >= 0);
        if (CASES[i].kept < 0) {
            assert_int_equal (told->qty_lots, lots);
            assert_int_equal (position->holding.lots, 0);
        } else { //  the most that fits into the tier
            double kept = (double) position->holding.lots * exchange->spec->lot_coins;
            double bound = tiers->rows[CASES[i].kept].up_to / (tiers->is_by_coins ? 1 : exchange->mark_px);
            assert_true (kept <= bound * (1 + 1e-12) &&
                         kept + exchange->spec->lot_coins > bound * (1 - 1e-12));
            assert_int_equal (told->qty_lots + position->holding.lots, lots);
            check_liquidation_px (exchange, slot);
            exchange->mark_px *= .5; //  its equity is gone: whole, whatever its size
            assert_int_equal (liquidation_part (exchange, position), position->holding.lots);
        }
        assert_true (exchange->accounts.net[ACCOUNT_FUND].wallet > 0 || told->is_partial);
        drop_venue (venue);
    }
}

//  Profit over value at entry, times (or divided by) value at the mark over equity.
static double
score_of (double side, double entry, double mark, double leverage)
{
    double profit = side * (mark / entry - 1);
    double effective = mark / (entry / leverage + side * (mark - entry));
    return profit > 0 ? profit * effective : profit / effective;
}

static void
without_a_fund_the_first_of_the_queue_pay (void **state)
{
    (void) state;
    static const struct {
        double entry, leverage;
    } SHORTS[] = {{1.02, 3}, {.93, 5}, {1.01, 12}, {.96, 20}, {.94, 2}, {1.005, 6}};
    enum { SHORTS_COUNT = COUNT_OF (SHORTS) };
    venue_t *venue = make_venue (WORLD_BINANCE, "BTCUSDT");
    exchange_t *exchange = &venue->exchange;
    accounts_t *accounts = &exchange->accounts;
    double last = (double) exchange->last_px_ticks, mark = .95, score[SHORTS_COUNT];
    for (int i = 0; i < SHORTS_COUNT; i++) {
        margin_order_t order = {.side = -1, .usd = 20000, .leverage = SHORTS[i].leverage, .hold_s = 1e6};
        assert_int_equal (plant (venue, &order, SHORTS[i].entry), i);
        score[i] = score_of (-1, SHORTS[i].entry, mark, SHORTS[i].leverage);
        expect_close (liquidation_score (&accounts->positions[i], mark * last), score[i], 1e-3);
    }
    int64_t each = -accounts->positions[0].holding.lots;
    margin_order_t order = {.side = 1, .usd = 70000, .leverage = 50, .hold_s = 1e6};
    int32_t bankrupt = plant (venue, &order, 1);
    position_t *position = &accounts->positions[bankrupt];
    int64_t lots = position->holding.lots, oi = accounts->long_lots;
    int64_t edge = margin_bankruptcy_px_ticks (&position->holding, position->margin);
    assert_true (lots > 3 * each && lots < 4 * each);

    exchange->mark_px = mark * last * exchange->spec->tick_px; //  far below bankruptcy, no bid, no fund
    liquidation_of (exchange, bankrupt);
    assert_int_equal (venue->deleverages_count, 4);
    assert_int_equal (exchange->adl_count, 4);
    int64_t sum = 0;
    for (int k = 0; k < 4; k++) {
        const world_deleverage_t *told = &venue->deleverages[k];
        int better = 0; //  how many scores are higher than the k-th
        for (int i = 0; i < SHORTS_COUNT; i++)
            better += score[i] > told->score + 1e-3 * fabs (told->score);
        assert_int_equal (better, k);
        assert_int_equal (told->side, -1);
        assert_int_equal (told->px_ticks, edge);
        assert_int_equal (told->qty_lots, k < 3 ? each : lots - 3 * each);
        sum += told->qty_lots;
    }
    assert_int_equal (sum, lots);
    assert_int_equal (position->holding.lots, 0);
    assert_int_equal (accounts->long_lots, oi - lots); //  both sides are gone
    assert_int_equal (exchange->oi_unprinted_lots, -lots);
    assert_int_equal (accounts->net[ACCOUNT_FUND].holding.lots, 0);
    assert_true (accounts->net[ACCOUNT_FUND].wallet >= 0);
    drop_venue (venue);
}

static void
a_fund_takes_what_it_can_bear (void **state)
{
    (void) state;
    for (int is_rich = 0; is_rich < 2; is_rich++) {
        venue_t *venue = make_venue (WORLD_OKX, "BTCUSDT");
        exchange_t *exchange = &venue->exchange;
        accounts_t *accounts = &exchange->accounts;
        margin_order_t order = {.side = -1, .usd = 40000, .leverage = 10, .hold_s = 1e6};
        int32_t slot = plant (venue, &order, 1);
        order.side = 1;
        plant (venue, &order, 1);
        int64_t lots = -accounts->positions[slot].holding.lots;
        double loss_usd = 40000 * .04;
        double usd = loss_usd * (is_rich ? 1.1 : .9);
        int64_t money = llround (usd / exchange->spec->tick_px / exchange->spec->lot_coins * MONEY_UNIT);
        accounts_deposit (accounts, ACCOUNT_FUND, money);
        exchange->mark_px *= 1.14; //  four hundredths beyond bankruptcy, no ask
        liquidation_of (exchange, slot);
        assert_int_equal (accounts->net[ACCOUNT_FUND].holding.lots, is_rich ? -lots : 0);
        assert_int_equal (venue->deleverages_count, is_rich ? 0 : 1);
        //  further on the rich one cannot bear it any more either
        exchange->mark_px *= 1.02;
        liquidation_fund (exchange);
        assert_int_equal (accounts->net[ACCOUNT_FUND].holding.lots, 0);
        assert_int_equal (venue->deleverages_count, 1);
        assert_true (accounts->net[ACCOUNT_FUND].wallet >= 0);
        drop_venue (venue);
    }
}

static void
profit_is_exact_whatever_the_order_of_closing (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (12));
    for (int round = 0; round < 200; round++) {
        accounts_t accounts;
        accounts_init (&accounts, 4, 1000000);
        holding_t *a = &accounts.net[ACCOUNT_MAKER].holding, *b = &accounts.net[ACCOUNT_DEPTH].holding;
        int64_t cash = 0;
        for (int i = 0; i < 50; i++) {
            int64_t lots = (int64_t) prng_below (&prng, 2000) - 1000,
                    px = 1 + (int64_t) prng_below (&prng, 5000);
            accounts_credit (&accounts, ACCOUNT_MAKER, accounts_trade (&accounts, a, lots, px));
            accounts_credit (&accounts, ACCOUNT_DEPTH, accounts_trade (&accounts, b, -lots, px));
            cash -= lots * px;
            accounts_check (&accounts);
            //  cash view: money paid and received, and the position at any price, here 777
            int64_t equity =
                accounts.net[ACCOUNT_MAKER].wallet - 1000000 + (a->lots * 777 - a->cost) * MONEY_UNIT;
            assert_int_equal (equity, (cash + a->lots * 777) * MONEY_UNIT);
        }
        int64_t left = a->lots;
        accounts_credit (&accounts, ACCOUNT_MAKER, accounts_trade (&accounts, a, -left, 100));
        assert_int_equal (a->lots, 0);
        assert_int_equal (a->cost, 0);
        accounts_fini (&accounts);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (profit_is_exact_whatever_the_order_of_closing),
        cmocka_unit_test (equity_is_maintenance_at_the_liquidation_price),
        cmocka_unit_test (a_cross_position_moves_with_what_backs_it),
        cmocka_unit_test (adding_takes_spare_and_reducing_gives_it_back),
        cmocka_unit_test (large_positions_are_reduced_by_tiers),
        cmocka_unit_test (without_a_fund_the_first_of_the_queue_pay),
        cmocka_unit_test (a_fund_takes_what_it_can_bear),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
