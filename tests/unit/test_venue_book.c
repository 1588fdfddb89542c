#include "tests/support/expect.h"

#include "ingest/venue_book.h"

static struct {
    int published, snapshots, lost, wanted;
    char reason[256];
    size_t bids_count, asks_count;
    double first_bid_qty;
} seen;

static void
on_publish (void *self, int instrument, const book_t *book)
{
    (void) self;
    assert_int_equal (instrument, 3);
    seen.published++;
    seen.snapshots += book->is_snapshot;
    seen.bids_count = book->bids_count;
    seen.asks_count = book->asks_count;
    if (book->bids_count)
        seen.first_bid_qty = book->bids[0].qty_coins;
}

static void
on_lost (void *self, int instrument, const char *reason)
{
    (void) self;
    (void) instrument;
    seen.lost++;
    (void) snprintf (seen.reason, sizeof seen.reason, "%s", reason);
}

static void
on_wanted (void *self, int instrument)
{
    (void) self;
    (void) instrument;
    seen.wanted++;
}

static const venue_book_events_t events = {.publish = on_publish, .lost = on_lost, .wanted = on_wanted};
static const contract_t contract = {.contract = "TEST", .multiplier = 0.01, .price_divisor = 1};

static venue_book_t *
make (sequence_rule_t rule)
{
    static adapter_t adapter;
    adapter = (adapter_t){.name = "test", .sequence = rule};
    memset (&seen, 0, sizeof seen);
    return venue_book_new (&adapter, 3, &events);
}

//  One level a side: bid at price, ask at price + 1; qty 0: none.
static void
update (venue_book_t *book, bool is_snapshot, int64_t last, int64_t prev, int64_t price, int32_t checksum)
{
    native_level_t bid = {{price, 0}, {5, 0}}, ask = {{price + 1, 0}, {7, 0}};
    book_update_t one = {.is_snapshot = is_snapshot,
                         .first_seq = prev + 1,
                         .last_seq = last,
                         .prev_seq = prev,
                         .has_checksum = checksum != 0,
                         .checksum = checksum,
                         .bids = &bid,
                         .asks = &ask,
                         .bids_count = 1,
                         .asks_count = 1};
    venue_book_update (book, &one, &contract);
}

static void
test_held_deltas_follow_the_snapshot (void **state)
{
    (void) state;
    venue_book_t *book = make (SEQUENCE_BINANCE);
    update (book, false, 10, 5, 101, 0);
    update (book, false, 12, 10, 101, 0);
    assert_int_equal (seen.wanted, 2);
    book_t out;
    assert_int_equal (venue_book_snapshot (book, &contract, &out), E_ABSENT);
    update (book, true, 10, -1, 101, 0);
    assert_int_equal (seen.published, 3); //  the snapshot, u = 10 once more, and 12
    assert_int_equal (seen.snapshots, 1);
    assert_true (venue_book_is_synced (book));
    expect_close (seen.first_bid_qty, 0.05, 1e-15);
    assert_int_equal (venue_book_snapshot (book, &contract, &out), OK);
    assert_int_equal (out.venue_seq, 12);
    assert_int_equal (out.bids_count, 1);
    venue_book_destroy (&book);
}

static void
test_crossed_is_given_up (void **state)
{
    (void) state;
    venue_book_t *book = make (SEQUENCE_OKX);
    update (book, true, 10, -1, 100, 0);
    update (book, false, 11, 10, 101, 0); //  a bid at the ask that stands
    assert_int_equal (seen.lost, 1);
    assert_string_equal (seen.reason, "crossed");
    assert_int_equal (seen.published, 1); //  what was wrong is not published
    assert_false (venue_book_is_synced (book));
    update (book, false, 12, 11, 102, 0);
    assert_int_equal (seen.lost, 1); //  told once
    update (book, true, 20, -1, 100, 0);
    assert_true (venue_book_is_synced (book));
    venue_book_destroy (&book);
}

static void
test_checksum_gives_up_a_change_but_not_a_snapshot (void **state)
{
    (void) state;
    //  Text of the snapshot's book: 100:5:101:7
    full_book_t *full = full_book_new ();
    native_level_t bid = {{1, 2}, {5, 0}}, ask = {{101, 0}, {7, 0}};
    book_update_t same = {.is_snapshot = true, .bids = &bid, .asks = &ask, .bids_count = 1, .asks_count = 1};
    assert_int_equal (full_book_apply (full, &same, NULL), OK);
    int32_t right = full_book_checksum (full);
    full_book_destroy (&full);

    venue_book_t *book = make (SEQUENCE_OKX);
    update (book, true, 10, -1, 100, right);
    update (book, false, 11, 10, 100, right);
    assert_int_equal (seen.lost, 0);
    update (book, false, 12, 11, 100, right + 1);
    assert_int_equal (seen.lost, 1);
    assert_string_equal (seen.reason, "checksum");
    //  A snapshot that fails its own sum: the sum is made in another way, and is not asked any more.
    update (book, true, 20, -1, 100, right + 1);
    update (book, false, 21, 20, 100, right + 1);
    assert_int_equal (seen.lost, 1);
    assert_true (venue_book_is_synced (book));
    venue_book_destroy (&book);
}

static void
test_gap_and_disconnect (void **state)
{
    (void) state;
    venue_book_t *book = make (SEQUENCE_BYBIT);
    update (book, true, 10, -1, 100, 0);
    update (book, false, 12, -1, 100, 0);
    assert_int_equal (seen.lost, 1);
    update (book, true, 30, -1, 100, 0);
    update (book, false, 1, -1, 200, 0); //  restart of the venue: a snapshot, though it says delta
    assert_int_equal (seen.snapshots, 3);
    assert_int_equal (seen.lost, 1);
    venue_book_disconnected (book);
    assert_false (venue_book_is_synced (book));
    assert_int_equal (seen.lost, 1); //  the socket's end is told elsewhere
    venue_book_destroy (&book);
}

static void
test_level_that_cannot_be_kept (void **state)
{
    (void) state;
    venue_book_t *book = make (SEQUENCE_OKX);
    update (book, true, 10, -1, 100, 0);
    update (book, false, 11, 10, -100, 0);
    assert_int_equal (seen.lost, 1);
    assert_string_equal (seen.reason, "level -100 x 5 cannot be kept");
    venue_book_destroy (&book);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_held_deltas_follow_the_snapshot),
        cmocka_unit_test (test_crossed_is_given_up),
        cmocka_unit_test (test_checksum_gives_up_a_change_but_not_a_snapshot),
        cmocka_unit_test (test_gap_and_disconnect),
        cmocka_unit_test (test_level_that_cannot_be_kept),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
