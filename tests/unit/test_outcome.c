#include "aggregator/outcome.h"
#include "tests/support/expect.h"

#define T_MS INT64_C (1700000000000)

static void
test_near_finds_the_nearest_within_five_seconds (void **state)
{
    (void) state;
    prices_t *prices = prices_new ();
    double px;
    assert_int_equal (prices_near (prices, T_MS, &px), E_ABSENT);
    assert_true (prices_put (prices, T_MS, 100));
    assert_true (prices_put (prices, T_MS + 4000, 104));
    assert_false (prices_put (prices, T_MS + 4500, 999)); //  the second has one
    assert_false (prices_put (prices, T_MS + 5000, NAN));
    assert_int_equal (prices_near (prices, T_MS + 1000, &px), OK);
    expect_close (px, 100, 0);
    assert_int_equal (prices_near (prices, T_MS + 2000, &px), OK);
    expect_close (px, 100, 0); //  as near as the other: the earlier
    assert_int_equal (prices_near (prices, T_MS + 2001, &px), OK);
    expect_close (px, 104, 0);
    assert_int_equal (prices_near (prices, T_MS + 9000, &px), OK);
    assert_int_equal (prices_near (prices, T_MS + 9001, &px), E_ABSENT);
    assert_int_equal (prices_near (prices, T_MS - 5000, &px), OK);
    assert_int_equal (prices_near (prices, T_MS - 5001, &px), E_ABSENT);
    prices_destroy (&prices);
}

static void
test_prices_forget_after_26_hours (void **state)
{
    (void) state;
    prices_t *prices = prices_new ();
    double px;
    int64_t ts_ms;
    for (int64_t i = 0; i <= PRICES_SECONDS; i++)
        assert_true (prices_put (prices, T_MS + i * 1000, 1 + (double) i));
    assert_int_equal (prices_near (prices, T_MS - 4001, &px), E_ABSENT);
    assert_int_equal (prices_near (prices, T_MS + 1000, &px), OK);
    expect_close (px, 2, 0);
    assert_int_equal (prices_next (prices, 0, &ts_ms, &px), OK);
    assert_true (ts_ms == T_MS + 1000);
    assert_int_equal (prices_next (prices, T_MS + 5000, &ts_ms, &px), OK);
    assert_true (ts_ms == T_MS + 6000);
    assert_int_equal (prices_next (prices, T_MS + PRICES_SECONDS * INT64_C (1000), &ts_ms, &px), E_ABSENT);
    assert_false (prices_put (prices, T_MS, 5)); //  its place belongs to a newer second
    prices_destroy (&prices);
}

static ledger_row_t *
make_row (int64_t t_ms)
{
    ledger_row_t *row = ledger_row_new (t_ms, t_ms + 300000);
    roster_add (&row->roster, "alpha");
    roster_add (&row->roster, "bravo");
    snprintf (row->catalogue, sizeof row->catalogue, "c0ffee");
    row->weights_version = 42;
    ledger_entry_t *entry = ledger_row_add (row, "BTCUSDT");
    entry->sigma = 1e-4;
    entry->z = 0.7;
    entry->bias = 43.5;
    entry->claim_pct = NAN;
    entry->x[1] = -1.0 / 3;
    entry->present = 2;
    entry = ledger_row_add (row, "ETHUSDT");
    entry->sigma = 2e-4;
    entry->claim_pct = 51.25;
    entry->x[0] = 3;
    entry->x[1] = 0;
    entry->present = 3;
    return row;
}

static void
test_settle_measures_from_two_seconds_after (void **state)
{
    (void) state;
    ledger_row_t *row = make_row (T_MS);
    prices_t *prices = prices_new ();
    outcome_t outcome;
    outcome_settle (row, &row->entries[0], MODE_SCALP, prices, &outcome);
    assert_true (isnan (outcome.y));
    assert_string_equal (outcome.void_reason, "no price within 5 s of the decision");
    prices_put (prices, T_MS, 90); //  the price at the decision is not to be had any more
    prices_put (prices, T_MS + 2000, 100);
    outcome_settle (row, &row->entries[0], MODE_SCALP, prices, &outcome);
    assert_string_equal (outcome.void_reason, "no price within 5 s of the due time");
    prices_put (prices, T_MS + 306000, 120); //  too late to count
    outcome_settle (row, &row->entries[0], MODE_SCALP, prices, &outcome);
    assert_true (isnan (outcome.y));
    prices_put (prices, T_MS + 300000, 100.1);
    outcome_settle (row, &row->entries[0], MODE_SCALP, prices, &outcome);
    expect_close (outcome.y, log (100.1 / 100) / (1e-4 * sqrt (300)), 1e-12);
    assert_string_equal (outcome.void_reason, "");
    expect_close (outcome.confidence_pct, 50, 0);
    assert_true (outcome.due_ms == T_MS + 300000);
    expect_close (outcome_y (100, 200, 1e-4, 300), 3, 0);
    expect_close (outcome_y (200, 100, 1e-4, 300), -3, 0);
    prices_destroy (&prices);
    ledger_row_destroy (&row);
}

static void
test_row_saved_and_loaded_is_the_same (void **state)
{
    (void) state;
    ledger_row_t *row = make_row (T_MS);
    image_t image = {0};
    error_text_t error;
    ledger_row_save (row, &image);
    ledger_row_t *again = ledger_row_load (T_MS, &image, &error);
    assert_non_null (again);
    assert_true (again->due_ms == row->due_ms);
    assert_int_equal (again->weights_version, 42);
    assert_true (roster_equal (&again->roster, &row->roster));
    assert_string_equal (again->catalogue, "c0ffee");
    assert_int_equal (again->entries_count, 2);
    expect_close (again->entries[0].x[1], -1.0 / 3, 0);
    assert_int_equal (again->entries[0].present, 2);
    assert_true (isnan (again->entries[0].claim_pct));
    expect_close (again->entries[1].claim_pct, 51.25, 0);
    assert_int_equal (again->entries[1].present, 3);
    expect_close (again->entries[1].sigma, 2e-4, 0);
    ledger_row_destroy (&again);
    image_put_text (&image, "BTCUSDT:x", "1,2,3");
    assert_null (ledger_row_load (T_MS, &image, &error));
    assert_non_null (strstr (error.text, "BTCUSDT:x"));
    image_reset (&image);
    assert_null (ledger_row_load (T_MS, &image, &error));
    image_fini (&image);
    ledger_row_destroy (&row);
}

static void
test_ledger_gives_rows_in_order_once (void **state)
{
    (void) state;
    ledger_t ledger = {0};
    const int64_t order[] = {4, 1, 3, 0, 2};
    for (int i = 0; i < 5; i++)
        assert_int_equal (ledger_add (&ledger, make_row (T_MS + order[i] * 30000)), OK);
    assert_int_equal (ledger_add (&ledger, make_row (T_MS)), E_STALE);
    assert_null (ledger_due (&ledger, T_MS + 300000 + LEDGER_GRACE_MS - 1));
    for (int64_t i = 0; i < 5; i++) {
        const ledger_row_t *row = ledger_due (&ledger, T_MS + 1000000);
        assert_non_null (row);
        assert_true (row->t_ms == T_MS + i * 30000);
        assert_int_equal (ledger_remove (&ledger, row->t_ms), OK);
        assert_int_equal (ledger_remove (&ledger, T_MS + i * 30000), E_ABSENT);
    }
    assert_null (ledger_due (&ledger, T_MS + 1000000));
    ledger_fini (&ledger);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_near_finds_the_nearest_within_five_seconds),
        cmocka_unit_test (test_prices_forget_after_26_hours),
        cmocka_unit_test (test_settle_measures_from_two_seconds_after),
        cmocka_unit_test (test_row_saved_and_loaded_is_the_same),
        cmocka_unit_test (test_ledger_gives_rows_in_order_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
