#include "tests/support/expect.h"

#include "common/base/check.h"
#include "common/base/prng.h"
#include "common/base/tiers.h"

static const char *const VENUES[] = {"binance", "bybit", "okx"};
static const char *const NAMES[] = {"BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "FILUSDT", "NOBODYUSDT"};

static tiers_t
load (const char *venue, const char *instrument)
{
    tiers_t tiers;
    error_text_t error = {{0}};
    if (tiers_load (&tiers, "deploy/tiers", venue, instrument, &error) != OK)
        fail_msg ("%s", error.text);
    return tiers;
}

static tiers_t
parse (const char *text)
{
    tiers_t tiers;
    error_text_t error = {{0}};
    if (tiers_parse (&tiers, slice_of (text), "BTCUSDT", &error) != OK)
        fail_msg ("%s", error.text);
    return tiers;
}

//  Maintenance amounts that Binance printed beside the rates (2024-10), methods A2 (i).
static void
deductions_follow_from_the_rates (void **state)
{
    (void) state;
    static const double PRINTED[] = {0, 50, 950, 11450, 131450, 481450, 2981450, 14481450};
    tiers_t tiers = parse ("table BTCUSDT\n50e3 .004 125\n600e3 .005 100\n3e6 .0065 75\n12e6 .01 50\n"
                           "70e6 .02 25\n100e6 .025 20\n230e6 .05 10\n480e6 .1 5\n");
    tiers_t kept = load ("binance", "BTCUSDT");
    for (size_t i = 0; i < COUNT_OF (PRINTED); i++) {
        expect_close (tiers.rows[i].deduction, PRINTED[i], 1e-9);
        expect_close (kept.rows[i].deduction, PRINTED[i], 1e-9);
        expect_close (kept.rows[i].mmr, tiers.rows[i].mmr, 1e-15);
    }
    static const double PRINTED_SOL[] = {0, 30, 380};
    tiers_t sol = parse ("table BTCUSDT\n20e3 .005 100\n100e3 .0065 75\n800e3 .01 50\n");
    for (size_t i = 0; i < COUNT_OF (PRINTED_SOL); i++)
        expect_close (sol.rows[i].deduction, PRINTED_SOL[i], 1e-9);
    assert_true (load ("okx", "BTCUSDT").rows[3].deduction == 0);
}

static void
a_file_that_is_wrong_is_refused_with_its_line (void **state)
{
    (void) state;
    static const struct {
        const char *text, *says;
        int status;
    } CASES[] = {
        {"table *\n50e3 .004 125 0\n600e3 .005 100 60\n", "continuity asks for 50", E_RANGE},
        {"table *\n50e3 .004 125\n40e3 .005 100\n", "tier 2: bounds and rates must rise", E_RANGE},
        {"table *\n50e3 .004 125\n60e3 .003 100\n", "tier 2: bounds and rates must rise", E_RANGE},
        {"table *\n50e3 .02 125\n", "rate 0.02 is not below 1/125", E_RANGE},
        {"table *\n50e3 .004\n", "line 2", E_SYNTAX},
        {"table *\n50e3 x 125\n", "line 2", E_SYNTAX},
        {"50e3 .004 125\n", "before any table", E_SYNTAX},
        {"basis last\n", "line 1", E_SYNTAX},
        {"fee_inside 2\n", "fee_inside 0..0.01", E_SYNTAX},
        {"table\n1 .1 2\n", "table of no instrument", E_SYNTAX},
        {"table *\ntable BTCUSDT\n1 .1 2\n", "without tiers", E_RANGE},
        {"table ETHUSDT\n50e3 .004 125\n", "no tiers for BTCUSDT", E_ABSENT},
        {"", "no tiers for BTCUSDT", E_ABSENT},
    };
    for (size_t i = 0; i < COUNT_OF (CASES); i++) {
        tiers_t tiers;
        error_text_t error = {{0}};
        assert_int_equal (tiers_parse (&tiers, slice_of (CASES[i].text), "BTCUSDT", &error), CASES[i].status);
        if (!strstr (error.text, CASES[i].says))
            fail_msg ("'%s' does not say '%s'", error.text, CASES[i].says);
    }
    tiers_t tiers;
    error_text_t error = {{0}};
    assert_int_equal (tiers_load (&tiers, "deploy/tiers", "nowhere", "BTCUSDT", &error), E_IO);
    assert_non_null (strstr (error.text, "deploy/tiers/nowhere.tsv"));
}

static void
the_named_table_comes_before_the_one_for_all (void **state)
{
    (void) state;
    tiers_t tiers = parse ("table *\n1 .1 2\ntable ETHUSDT BTCUSDT\n2 .2 3\ntable *\n3 .1 2\n");
    assert_true (tiers.rows[0].up_to == 2);
    assert_true (parse ("key coins\nfee_inside .0005\n# no\ntable *\n1 .1 2\n").is_by_coins);
}

static void
every_table_kept_can_be_opened_at_its_leverage (void **state)
{
    (void) state;
    for (size_t v = 0; v < COUNT_OF (VENUES); v++)
        for (size_t i = 0; i < COUNT_OF (NAMES); i++) {
            tiers_t tiers = load (VENUES[v], NAMES[i]);
            assert_true (tiers.count >= 8);
            double px = tiers_liquidation_px (&tiers, 1, 1e-6, 100, 1e-6 * 100 / tiers.rows[0].leverage_max);
            assert_true (px > 0 && px < 100);
        }
}

//  Bybit's published example: long 1 BTC at 20 000, 50x, maintenance 0.5 % of the value at entry, methods A2 (ii).
static void
bybit_example_on_entry_value (void **state)
{
    (void) state;
    tiers_t tiers = {
        .count = 1, .rows = {{.up_to = 1e9, .mmr = .005, .leverage_max = 100}}, .basis = TIERS_BASIS_ENTRY};
    expect_close (tiers_liquidation_px (&tiers, 1, 1, 20000, 400), 19700, 1e-12);
    expect_close (tiers_liquidation_px (&tiers, -1, 1, 20000, 400), 20300, 1e-12);
    expect_close (tiers_bankruptcy_px (1, 1, 20000, 400), 19600, 1e-12);
    tiers.basis = TIERS_BASIS_MARK;
    expect_close (tiers_liquidation_px (&tiers, 1, 1, 20000, 400), 19600 / .995, 1e-12);
    expect_close (tiers_liquidation_px (&tiers, -1, 1, 20000, 400), 20400 / 1.005, 1e-12);
    expect_close (tiers_distance (&tiers, 1, 1, 20000, 50), log (.98 / .995), 1e-12);
    expect_close (tiers_distance (&tiers, -1, 1, 20000, 50), log (1.02 / 1.005), 1e-12);
}

//  Hyperliquid's own words, methods A2 (iii): liq = P - s margin_available / q / (1 - l s), margin_available the
//  equity at any price P over the maintenance there; l the maintenance rate of the tier.
static void
hyperliquid_formula_equals_ours (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (13));
    for (int i = 0; i < 10000; i++) {
        double leverage_max = 3 + 47 * prng_uniform (&prng), l = 1 / (2 * leverage_max);
        tiers_t tiers = {.count = 1, .rows = {{.up_to = 1e18, .mmr = l, .leverage_max = leverage_max}}};
        int side = prng_below (&prng, 2) ? 1 : -1;
        double entry = exp (10 * prng_uniform (&prng)), qty = exp (4 * prng_normal (&prng));
        double margin = qty * entry / (1 + (leverage_max - 1) * prng_uniform (&prng));
        double at = entry * exp (.01 * prng_normal (&prng));
        double available = margin + side * qty * (at - entry) - l * qty * at;
        double theirs = at - side * available / qty / (1 - l * side);
        double ours = tiers_liquidation_px (&tiers, side, qty, entry, margin);
        if (theirs > 0)
            expect_close (ours / theirs, 1, 1e-9);
        else
            assert_true (ours == 0);
    }
}

//  At the liquidation price equity is the maintenance of the tier there: the definition, not the formula.
static void
equity_meets_maintenance_at_the_liquidation_price (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (11));
    int checked = 0, jumps = 0;
    for (int i = 0; i < 20000; i++) {
        tiers_t tiers = load (VENUES[prng_below (&prng, 3)], NAMES[prng_below (&prng, 6)]);
        int side = prng_below (&prng, 2) ? 1 : -1;
        double entry = exp (12 * prng_uniform (&prng) - 2), notional = exp (6 + 12 * prng_uniform (&prng));
        double qty = notional / entry, leverage = tiers_at (&tiers, qty, entry)->leverage_max;
        leverage = 1.01 + (leverage - 1) * prng_uniform (&prng);
        double margin = notional / leverage;
        double px = tiers_liquidation_px (&tiers, side, qty, entry, margin);
        if (px <= 0)
            continue;
        const tier_t *tier = tiers_at (&tiers, qty, px * (1 - 1e-12));
        double equity = margin + side * qty * (px - entry);
        double maintenance = qty * px * (tier->mmr + tiers.fee_inside) - tier->deduction;
        expect_close (equity / notional, maintenance / notional, 1e-9);
        double bankruptcy = tiers_bankruptcy_px (side, qty, entry, margin);
        assert_true (side > 0 ? bankruptcy < px : bankruptcy > px);
        jumps += tier != tiers_at (&tiers, qty, entry);
        checked++;
    }
    assert_true (checked > 12000 && jumps > 100);
}

//  Inverse contracts: equity M + s Q (1/E - 1/P) meets Q m / P - d, in coins.
static void
inverse_equity_meets_maintenance (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (14));
    //  the shape of Binance's COIN-M tables: bounds and deductions in coins
    static const double BOUNDS[] = {5, 10, 20, 50, 100, 250}, RATES[] = {.004, .005, .01, .025, .05, .1};
    tiers_t tiers = {.count = COUNT_OF (BOUNDS), .is_by_coins = true};
    for (int i = 0; i < tiers.count; i++) {
        tiers.rows[i] = (tier_t){.up_to = BOUNDS[i], .mmr = RATES[i], .leverage_max = .5 / RATES[i]};
        if (i > 0)
            tiers.rows[i].deduction = tiers.rows[i - 1].deduction + BOUNDS[i - 1] * (RATES[i] - RATES[i - 1]);
    }
    int checked = 0, never = 0, jumps = 0;
    for (int i = 0; i < 10000; i++) {
        int side = prng_below (&prng, 2) ? 1 : -1;
        double entry = exp (6 + 5 * prng_uniform (&prng)), coins = 60 * prng_uniform (&prng) + .001;
        double leverage_max = tiers_at (&tiers, coins, entry)->leverage_max;
        double leverage = 1 + (leverage_max - 1) * prng_uniform (&prng);
        double qty_usd = coins * entry, margin = coins / leverage;
        double px = tiers_inverse_liquidation_px (&tiers, side, qty_usd, entry, margin);
        if (px == 0) {
            assert_true (side < 0);
            never++;
            continue;
        }
        const tier_t *tier = tiers_at (&tiers, qty_usd / px, px);
        double equity = margin + side * qty_usd * (1 / entry - 1 / px);
        expect_close (equity / coins, (qty_usd / px * tier->mmr - tier->deduction) / coins, 1e-9);
        jumps += tier != tiers_at (&tiers, coins, entry);
        double bankruptcy = tiers_inverse_bankruptcy_px (side, qty_usd, entry, margin);
        if (bankruptcy > 0) {
            expect_close (margin + side * qty_usd * (1 / entry - 1 / bankruptcy), 0, 1e-9);
            assert_true (side > 0 ? bankruptcy < px : bankruptcy > px);
        }
        checked++;
    }
    assert_true (checked > 8000 && never < 100 && jumps > 100);
    //  methods A2, by hand: 100 000 USD long at 50 000, 10x, rate 0.5 %: Q (1 + m) / (Q / E + M)
    tiers_t flat = {
        .count = 1, .rows = {{.up_to = 1e9, .mmr = .005, .leverage_max = 100}}, .is_by_coins = true};
    expect_close (tiers_inverse_liquidation_px (&flat, 1, 100000, 50000, .2), 100500 / 2.2, 1e-12);
    expect_close (tiers_inverse_liquidation_px (&flat, -1, 100000, 50000, .2), 99500 / 1.8, 1e-12);
    assert_true (tiers_inverse_liquidation_px (&flat, -1, 100000, 50000, 2) == 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (deductions_follow_from_the_rates),
        cmocka_unit_test (a_file_that_is_wrong_is_refused_with_its_line),
        cmocka_unit_test (the_named_table_comes_before_the_one_for_all),
        cmocka_unit_test (every_table_kept_can_be_opened_at_its_leverage),
        cmocka_unit_test (bybit_example_on_entry_value),
        cmocka_unit_test (hyperliquid_formula_equals_ours),
        cmocka_unit_test (equity_meets_maintenance_at_the_liquidation_price),
        cmocka_unit_test (inverse_equity_meets_maintenance),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
