#include "tests/support/expect.h"

#include "cards/book.h"

static book_replica_t book;

static level_t
level (int64_t price, double qty)
{
    return (level_t){{price, -1}, qty};
}

static void
load (void)
{
    level_t bids[] = {level (1000, 1), level (999, 2), level (990, 4)};
    level_t asks[] = {level (1002, 1), level (1003, 2), level (1012, 4)};
    book_t snapshot = {.is_snapshot = true,
                       .bids = bids,
                       .asks = asks,
                       .bids_count = 3,
                       .asks_count = 3,
                       .depth_levels = 50};
    memset (&book, 0, sizeof book);
    assert_int_equal (book_apply (&book, &snapshot, 7, NULL, 0), 0);
}

static void
test_snapshot_makes_it_synced (void **state)
{
    (void) state;
    load ();
    assert_int_equal (book.state, BOOK_SYNCED);
    assert_int_equal (book.depth_levels, 50);
    assert_int_equal (book.synced_ns, 7);
    expect_close (book_mid (&book), 100.1, 1e-12);
    expect_close (book_depth_usd (&book, SIDE_BID, 100.1, 20), 100 * 1 + 99.9 * 2, 1e-12);
    expect_close (book_depth_usd (&book, SIDE_ASK, 100.1, 1000), 100.2 + 2 * 100.3 + 4 * 101.2, 1e-12);
    expect_close (book_reach_bp (&book, 100.1), 1.1 / 100.1 * 1e4, 1e-9);
    double d0 = 0.1 / 100.1 * 1e4, d1 = 0.2 / 100.1 * 1e4;
    expect_close (book_weighted_usd (&book, SIDE_BID, 100.1, 10, 50),
                  100 * exp (-d0 / 10) + 199.8 * exp (-d1 / 10), 1e-9);
}

static void
test_a_level_on_the_edge_is_inside (void **state)
{
    (void) state;
    level_t bids[] = {level (999, 3)}, asks[] = {level (1001, 1)};
    book_t snapshot = {.is_snapshot = true, .bids = bids, .asks = asks, .bids_count = 1, .asks_count = 1};
    memset (&book, 0, sizeof book);
    (void) book_apply (&book, &snapshot, 1, NULL, 0);
    expect_close (book_depth_usd (&book, SIDE_BID, 100, 10), 299.7, 1e-12);
    expect_close (book_depth_usd (&book, SIDE_BID, 100, 9.99), 0, 1e-12);
}

static void
test_changes_are_listed (void **state)
{
    (void) state;
    load ();
    level_t bids[] = {level (1000, 0), level (1001, 5), level (999, 2)},
            asks[] = {level (1003, 6), level (1050, 0)};
    book_t delta = {.bids = bids, .asks = asks, .bids_count = 3, .asks_count = 2};
    book_change_t changes[8];
    assert_int_equal (book_apply (&book, &delta, 8, changes, 8), 3);
    assert_int_equal (changes[0].side, SIDE_BID);
    expect_close (changes[0].old_qty_coins, 1, 0);
    expect_close (changes[0].new_qty_coins, 0, 0);
    expect_close (changes[1].px, 100.1, 0);
    expect_close (changes[1].old_qty_coins, 0, 0);
    assert_int_equal (changes[2].side, SIDE_ASK);
    expect_close (changes[2].old_qty_coins, 2, 0);
    expect_close (changes[2].new_qty_coins, 6, 0);
    expect_close (book.levels[SIDE_BID][0].px, 100.1, 0);
    assert_int_equal (book.counts[SIDE_BID], 3);
    //  more changes than room: all are applied, the first are listed
    level_t more[] = {level (980, 1), level (981, 1), level (982, 1)};
    book_t wide = {.bids = more, .bids_count = 3};
    assert_int_equal (book_apply (&book, &wide, 9, changes, 1), 3);
    assert_int_equal (book.counts[SIDE_BID], 6);
}

static void
test_a_broken_book_ignores_deltas_until_a_snapshot (void **state)
{
    (void) state;
    load ();
    book_break (&book);
    assert_true (isnan (book_mid (&book)));
    level_t bids[] = {level (1000, 9)};
    book_t delta = {.bids = bids, .bids_count = 1};
    assert_int_equal (book_apply (&book, &delta, 8, NULL, 0), E_GAP);
    expect_close (book.levels[SIDE_BID][0].qty_coins, 1, 0);
    assert_int_equal (book.gaps_count, 1);
    level_t fresh_bids[] = {level (1000, 9)}, fresh_asks[] = {level (1004, 9)};
    book_t snapshot = {
        .is_snapshot = true, .bids = fresh_bids, .asks = fresh_asks, .bids_count = 1, .asks_count = 1};
    assert_int_equal (book_apply (&book, &snapshot, 9, NULL, 0), 0);
    expect_close (book_mid (&book), 100.2, 1e-12);
}

static void
test_a_crossed_or_one_sided_book_has_no_mid (void **state)
{
    (void) state;
    load ();
    level_t bids[] = {level (1005, 1)};
    book_t delta = {.bids = bids, .bids_count = 1};
    (void) book_apply (&book, &delta, 8, NULL, 0);
    assert_true (isnan (book_mid (&book)));
    level_t none[] = {level (1002, 0), level (1003, 0), level (1012, 0)};
    book_t empty = {.asks = none, .asks_count = 3};
    (void) book_apply (&book, &empty, 9, NULL, 0);
    assert_true (isnan (book_mid (&book)));
    expect_close (book_reach_bp (&book, 100), 0, 0);
}

static void
test_what_lies_beyond_the_kept_levels_is_unknown (void **state)
{
    (void) state;
    static level_t bids[BOOK_KEPT + 5];
    for (int i = 0; i < BOOK_KEPT + 5; i++)
        bids[i] = level (100000 - i, 1);
    level_t asks[] = {level (100001, 1)};
    book_t snapshot = {
        .is_snapshot = true, .bids = bids, .asks = asks, .bids_count = BOOK_KEPT + 5, .asks_count = 1};
    memset (&book, 0, sizeof book);
    (void) book_apply (&book, &snapshot, 1, NULL, 0);
    assert_int_equal (book.counts[SIDE_BID], BOOK_KEPT);
    //  one goes, one from beyond the bound must not take its place: between them is what was let go
    level_t one[] = {level (100000, 0), level (98000, 1)};
    book_t delta = {.bids = one, .bids_count = 2};
    assert_int_equal (book_apply (&book, &delta, 2, NULL, 0), 1);
    assert_int_equal (book.counts[SIDE_BID], BOOK_KEPT - 1);
    expect_close (book.levels[SIDE_BID][BOOK_KEPT - 2].px, 9900.1, 1e-12);
    //  half of them gone: anything is better than nothing
    for (int i = 1; i < BOOK_KEPT / 2 + 1; i++) {
        level_t gone[] = {level (100000 - i, 0)};
        book_t shrink = {.bids = gone, .bids_count = 1};
        (void) book_apply (&book, &shrink, 3, NULL, 0);
    }
    level_t far[] = {level (98000, 1)};
    book_t again = {.bids = far, .bids_count = 1};
    assert_int_equal (book_apply (&book, &again, 4, NULL, 0), 1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_snapshot_makes_it_synced),
        cmocka_unit_test (test_a_level_on_the_edge_is_inside),
        cmocka_unit_test (test_changes_are_listed),
        cmocka_unit_test (test_a_broken_book_ignores_deltas_until_a_snapshot),
        cmocka_unit_test (test_a_crossed_or_one_sided_book_has_no_mid),
        cmocka_unit_test (test_what_lies_beyond_the_kept_levels_is_unknown),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
