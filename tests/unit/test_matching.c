#include "tests/support/expect.h"

#include "ingest/simulator/matching.h"

typedef struct {
    int fills, levels;
    int32_t owners[16];
    int64_t px[16], lots[16], level_px, level_lots;
    bool is_done[16], level_is_bid;
} heard_t;

static void
on_fill (void *context, int32_t owner, int32_t slot, int64_t px_ticks, int64_t qty_lots, bool is_done)
{
    heard_t *heard = context;
    (void) slot;
    heard->owners[heard->fills] = owner;
    heard->px[heard->fills] = px_ticks;
    heard->lots[heard->fills] = qty_lots;
    heard->is_done[heard->fills++] = is_done;
}

static void
on_level (void *context, bool is_bid, int64_t px_ticks, int64_t qty_lots)
{
    heard_t *heard = context;
    heard->levels++;
    heard->level_is_bid = is_bid;
    heard->level_px = px_ticks;
    heard->level_lots = qty_lots;
}

static matching_t *
book_new (heard_t *heard, int32_t orders_max)
{
    *heard = (heard_t){0};
    matching_sink_t sink = {.self = heard, .fill = on_fill, .level = on_level};
    return matching_new (orders_max, &sink);
}

static void
trades_by_price_then_by_time (void **state)
{
    (void) state;
    heard_t heard;
    matching_t *book = book_new (&heard, 8);
    assert_int_not_equal (matching_post (book, 1, 0, false, 101, 5), MATCHING_NONE);
    assert_int_not_equal (matching_post (book, 2, 0, false, 100, 3), MATCHING_NONE);
    assert_int_not_equal (matching_post (book, 3, 0, false, 100, 4), MATCHING_NONE);
    assert_int_equal (matching_take (book, true, 101, 8), 8);
    assert_int_equal (heard.fills, 3);
    assert_int_equal (heard.owners[0], 2);
    assert_int_equal (heard.owners[1], 3);
    assert_int_equal (heard.owners[2], 1);
    assert_int_equal (heard.px[1], 100);
    assert_int_equal (heard.lots[2], 1);
    assert_true (heard.is_done[0] && heard.is_done[1]);
    assert_false (heard.is_done[2]);
    assert_int_equal (heard.level_px, 101);
    assert_int_equal (heard.level_lots, 4);
    assert_int_equal (matching_best (book, false), 101);
    matching_destroy (&book);
}

static void
ioc_stops_at_its_limit_and_does_not_rest (void **state)
{
    (void) state;
    heard_t heard;
    matching_t *book = book_new (&heard, 8);
    matching_post (book, 1, 0, true, 50, 2);
    matching_post (book, 1, 1, true, 48, 2);
    assert_int_equal (matching_take (book, false, 49, 10), 2);
    assert_int_equal (matching_best (book, true), 48);
    assert_int_equal (matching_best (book, false), 0);
    assert_int_equal (matching_take (book, true, 1000, 1), 0);
    matching_destroy (&book);
}

static void
post_only_is_refused_when_it_would_trade (void **state)
{
    (void) state;
    heard_t heard;
    matching_t *book = book_new (&heard, 8);
    matching_post (book, 1, 0, true, 50, 2);
    assert_int_equal (matching_post (book, 2, 0, false, 50, 1), MATCHING_NONE);
    assert_int_equal (matching_post (book, 2, 0, false, 49, 1), MATCHING_NONE);
    assert_int_not_equal (matching_post (book, 2, 0, false, 51, 1), MATCHING_NONE);
    assert_int_equal (matching_post (book, 3, 0, true, 51, 1), MATCHING_NONE);
    matching_destroy (&book);
}

static void
a_cancelled_order_leaves_and_its_place_is_used_again (void **state)
{
    (void) state;
    heard_t heard;
    matching_t *book = book_new (&heard, 2);
    int32_t first = matching_post (book, 1, 7, true, 50, 2), second = matching_post (book, 1, 8, true, 50, 3);
    assert_int_equal (matching_post (book, 1, 9, true, 49, 1), MATCHING_NONE); //  the pool is full
    matching_cancel (book, first);
    assert_int_equal (heard.level_lots, 3);
    int32_t third = matching_post (book, 1, 9, true, 49, 1);
    assert_int_not_equal (third, MATCHING_NONE);
    matching_cancel (book, second);
    assert_int_equal (heard.level_px, 50);
    assert_int_equal (heard.level_lots, 0);
    assert_int_equal (matching_best (book, true), 49);
    int32_t owner, slot;
    matching_order_owner (book, third, &owner, &slot);
    assert_int_equal (slot, 9);
    matching_destroy (&book);
}

static void
impact_price_is_the_average_of_a_walk (void **state)
{
    (void) state;
    heard_t heard;
    matching_t *book = book_new (&heard, 8);
    assert_true (matching_impact_px (book, true, 100) == 0);
    matching_post (book, 1, 0, false, 100, 1);
    matching_post (book, 1, 1, false, 200, 1);
    expect_close (matching_impact_px (book, false, 50), 100, 1e-12);
    expect_close (matching_impact_px (book, false, 200), 200 / 1.5, 1e-12);
    expect_close (matching_impact_px (book, false, 1e9), 150, 1e-12);
    matching_destroy (&book);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (trades_by_price_then_by_time),
        cmocka_unit_test (ioc_stops_at_its_limit_and_does_not_rest),
        cmocka_unit_test (post_only_is_refused_when_it_would_trade),
        cmocka_unit_test (a_cancelled_order_leaves_and_its_place_is_used_again),
        cmocka_unit_test (impact_price_is_the_average_of_a_walk),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
