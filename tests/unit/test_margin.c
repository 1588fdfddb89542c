#include "tests/support/expect.h"

#include "common/base/check.h"
#include "common/base/prng.h"
#include "ingest/simulator/accounts.h"
#include "ingest/simulator/tiers.h"

//  Maintenance amounts that Binance printed beside the rates of BTCUSDT (2024-10), methods A2.
static void
deductions_follow_from_the_rates (void **state)
{
    (void) state;
    static const double PRINTED[] = {0, 50, 950, 11450, 131450, 481450, 2981450, 14481450};
    tiers_t tiers;
    tiers_init (&tiers, TIERS_BTC, WORLD_BINANCE);
    for (size_t i = 0; i < COUNT_OF (PRINTED); i++)
        expect_close (tiers.rows[i].deduction_usd, PRINTED[i], 1e-9);
    static const double PRINTED_SOL[] = {0, 30, 380};
    tiers_init (&tiers, TIERS_LARGE, WORLD_BINANCE);
    for (size_t i = 0; i < COUNT_OF (PRINTED_SOL); i++)
        expect_close (tiers.rows[i].deduction_usd, PRINTED_SOL[i], 1e-9);
    tiers_init (&tiers, TIERS_BTC, WORLD_OKX);
    assert_true (tiers.rows[3].deduction_usd == 0);
}

static void
tables_are_monotone_and_openable (void **state)
{
    (void) state;
    for (int class = TIERS_BTC; class <= TIERS_SMALL; class ++) {
        tiers_t tiers;
        tiers_init (&tiers, (tiers_class_t) class, WORLD_BINANCE);
        for (int i = 0; i < tiers.count; i++) {
            assert_true (tiers.rows[i].mmr < 1 / tiers.rows[i].leverage_max);
            if (i > 0) {
                assert_true (tiers.rows[i].up_to_usd > tiers.rows[i - 1].up_to_usd);
                assert_true (tiers.rows[i].mmr > tiers.rows[i - 1].mmr);
                assert_true (tiers.rows[i].leverage_max < tiers.rows[i - 1].leverage_max);
            }
        }
    }
}

//  Bybit's published example: long 1 BTC at 20 000, 50x, maintenance 0.5 % of the value at entry.
static void
bybit_example_on_entry_value (void **state)
{
    (void) state;
    tiers_t tiers = {.count = 1, .rows = {{.up_to_usd = 1e9, .mmr = .005, .leverage_max = 100}}};
    expect_close (tiers_liquidation_entry_px (&tiers, 1, 1, 20000, 400), 19700, 1e-12);
    expect_close (tiers_liquidation_entry_px (&tiers, -1, 1, 20000, 400), 20300, 1e-12);
    expect_close (tiers_bankruptcy_px (1, 1, 20000, 400), 19600, 1e-12);
    expect_close (tiers_liquidation_px (&tiers, 1, 1, 20000, 400), 19600 / .995, 1e-12);
    expect_close (tiers_liquidation_px (&tiers, -1, 1, 20000, 400), 20400 / 1.005, 1e-12);
}

//  At the liquidation price equity is the maintenance of the tier there: the definition, not the formula.
static void
equity_meets_maintenance_at_the_liquidation_price (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (11));
    int checked = 0, bounds = 0;
    for (int i = 0; i < 20000; i++) {
        tiers_t tiers;
        tiers_init (&tiers, (tiers_class_t) prng_below (&prng, 5), (world_rule_t) prng_below (&prng, 3));
        int side = prng_below (&prng, 2) ? 1 : -1;
        double entry = exp (12 * prng_uniform (&prng) - 2), notional = exp (6 + 12 * prng_uniform (&prng));
        double qty = notional / entry, leverage = tiers_at (&tiers, notional)->leverage_max;
        leverage = 1.01 + (leverage - 1) * prng_uniform (&prng);
        double margin = notional / leverage;
        double px = tiers_liquidation_px (&tiers, side, qty, entry, margin);
        if (px <= 0)
            continue;
        const tier_t *tier = tiers_at (&tiers, qty * px * (1 - 1e-12));
        double equity = margin + side * qty * (px - entry);
        double maintenance = qty * px * (tier->mmr + tiers.fee_inside) - tier->deduction_usd;
        if (tiers.fee_inside > 0 && fabs (qty * px / tier->up_to_usd - 1) < 1e-9) {
            //  okx rates jump at a bound: enough on this side of it, not on the other
            double above = qty * px * ((tier + 1)->mmr + tiers.fee_inside);
            assert_true (equity >= maintenance * (1 - 1e-9) && equity <= above);
            bounds++;
            continue;
        }
        expect_close (equity / notional, maintenance / notional, 1e-9);
        double bankruptcy = tiers_bankruptcy_px (side, qty, entry, margin);
        assert_true (side > 0 ? bankruptcy < px : bankruptcy > px);
        checked++;
    }
    assert_true (checked > 12000 && bounds > 0);
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
        cmocka_unit_test (deductions_follow_from_the_rates),
        cmocka_unit_test (tables_are_monotone_and_openable),
        cmocka_unit_test (bybit_example_on_entry_value),
        cmocka_unit_test (equity_meets_maintenance_at_the_liquidation_price),
        cmocka_unit_test (profit_is_exact_whatever_the_order_of_closing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
