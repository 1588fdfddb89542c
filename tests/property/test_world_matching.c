//  matching against a book that keeps every order in one unsorted list and searches it each time.

#include "tests/support/expect.h"

#include "common/base/prng.h"
#include "ingest/simulator/matching.h"

enum { ORDERS_MAX = 64, STEPS = 200000, PX_LOW = 90, PX_SPAN = 21 };

typedef struct {
    bool is_there, is_bid;
    int64_t px, lots, born;
    int32_t handle;
} order_t;

typedef struct {
    order_t orders[ORDERS_MAX];
    int64_t births;
    //  fills the reference predicts, in order, and how many the book has reported
    int64_t fill_px[ORDERS_MAX], fill_lots[ORDERS_MAX];
    int32_t fill_slot[ORDERS_MAX];
    bool fill_done[ORDERS_MAX];
    int fills, heard;
    int64_t mirror[2][PX_LOW + PX_SPAN]; //  what a listener to levels believes
} naive_t;

static void
on_fill (void *context, int32_t owner, int32_t slot, int64_t px_ticks, int64_t qty_lots, bool is_done)
{
    naive_t *naive = context;
    assert_int_equal (owner, 5);
    assert_true (naive->heard < naive->fills);
    int i = naive->heard++;
    assert_int_equal (slot, naive->fill_slot[i]);
    assert_int_equal (px_ticks, naive->fill_px[i]);
    assert_int_equal (qty_lots, naive->fill_lots[i]);
    assert_int_equal (is_done, naive->fill_done[i]);
}

static void
on_level (void *context, bool is_bid, int64_t px_ticks, int64_t qty_lots)
{
    naive_t *naive = context;
    naive->mirror[is_bid][px_ticks] = qty_lots;
}

static int
naive_best (const naive_t *naive, bool is_bid)
{
    int best = -1;
    for (int i = 0; i < ORDERS_MAX; i++) {
        const order_t *order = &naive->orders[i];
        if (!order->is_there || order->is_bid != is_bid)
            continue;
        const order_t *other = best < 0 ? NULL : &naive->orders[best];
        bool is_better = !other || (is_bid ? order->px > other->px : order->px < other->px);
        if (is_better || (order->px == other->px && order->born < other->born))
            best = i;
    }
    return best;
}

static int64_t
naive_take (naive_t *naive, bool is_buy, int64_t limit, int64_t lots)
{
    int64_t left = lots;
    naive->fills = naive->heard = 0;
    for (int i; left > 0 && (i = naive_best (naive, !is_buy)) >= 0;) {
        order_t *order = &naive->orders[i];
        if (is_buy ? order->px > limit : order->px < limit)
            break;
        int64_t here = order->lots < left ? order->lots : left;
        order->lots -= here;
        left -= here;
        order->is_there = order->lots > 0;
        naive->fill_slot[naive->fills] = i;
        naive->fill_px[naive->fills] = order->px;
        naive->fill_lots[naive->fills] = here;
        naive->fill_done[naive->fills++] = !order->is_there;
    }
    return lots - left;
}

static void
compare_books (const naive_t *naive, const matching_t *book)
{
    for (int is_bid = 0; is_bid < 2; is_bid++) {
        int64_t lots[PX_LOW + PX_SPAN] = {0}, px, there;
        for (int i = 0; i < ORDERS_MAX; i++)
            if (naive->orders[i].is_there && naive->orders[i].is_bid == is_bid)
                lots[naive->orders[i].px] += naive->orders[i].lots;
        int32_t level = 0;
        for (int64_t k = 0; k < PX_SPAN; k++) {
            int64_t at = is_bid ? PX_LOW + PX_SPAN - 1 - k : PX_LOW + k;
            assert_int_equal (naive->mirror[is_bid][at], lots[at]);
            if (lots[at] == 0)
                continue;
            assert_true (matching_level (book, is_bid, level++, &px, &there));
            assert_int_equal (px, at);
            assert_int_equal (there, lots[at]);
        }
        assert_false (matching_level (book, is_bid, level, &px, &there));
    }
}

static void
step (naive_t *naive, matching_t *book, prng_t *prng)
{
    uint64_t what = prng_below (prng, 10);
    bool is_bid = prng_below (prng, 2);
    int64_t px = PX_LOW + (int64_t) prng_below (prng, PX_SPAN), lots = 1 + (int64_t) prng_below (prng, 9);
    int slot = (int) prng_below (prng, ORDERS_MAX);
    order_t *order = &naive->orders[slot];
    if (what < 3) {
        int64_t expected = naive_take (naive, is_bid, px, lots * 4);
        assert_int_equal (matching_take (book, is_bid, px, lots * 4), expected);
        assert_int_equal (naive->heard, naive->fills);
    } else if (order->is_there) {
        assert_int_equal (matching_order_lots (book, order->handle), order->lots);
        matching_cancel (book, order->handle);
        order->is_there = false;
    } else {
        int best = naive_best (naive, !is_bid);
        bool is_crossing =
            best >= 0 && (is_bid ? naive->orders[best].px <= px : naive->orders[best].px >= px);
        int32_t handle = matching_post (book, 5, slot, is_bid, px, lots);
        assert_int_equal (handle == MATCHING_NONE, is_crossing);
        if (!is_crossing)
            *order = (order_t){true, is_bid, px, lots, naive->births++, handle};
    }
}

static void
random_orders_match_as_in_the_naive_book (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (1));
    static naive_t naive;
    matching_sink_t sink = {.self = &naive, .fill = on_fill, .level = on_level};
    matching_t *book = matching_new (ORDERS_MAX, &sink);
    for (int i = 0; i < STEPS; i++) {
        step (&naive, book, &prng);
        if (i % 16 == 0)
            compare_books (&naive, book);
    }
    matching_destroy (&book);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (random_orders_match_as_in_the_naive_book)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
