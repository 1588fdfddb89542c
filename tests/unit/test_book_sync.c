#include "tests/support/expect.h"

#include "ingest/book_sync.h"

static native_level_t level = {{100, 0}, {1, 0}};

static book_update_t
update (bool is_snapshot, int64_t first, int64_t last, int64_t prev)
{
    return (book_update_t){.is_snapshot = is_snapshot,
                           .first_seq = first,
                           .last_seq = last,
                           .prev_seq = prev,
                           .bids = &level,
                           .bids_count = 1};
}

static int
offer (book_sync_t *sync, bool is_snapshot, int64_t first, int64_t last, int64_t prev)
{
    book_update_t one = update (is_snapshot, first, last, prev);
    return book_sync_offer (sync, &one, NULL);
}

//  How many held deltas follow; *status is what ended them.
static int
take_held (book_sync_t *sync, int64_t *last_seq, int *status)
{
    book_update_t held;
    int count = 0;
    while ((*status = book_sync_held (sync, &held, NULL)) == OK) {
        *last_seq = held.last_seq;
        assert_int_equal (held.bids_count, 1);
        assert_int_equal (held.bids[0].price.mantissa, 100);
        count++;
    }
    return count;
}

static void
test_binance_held_deltas_then_snapshot (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, false, 1, 10, 0), E_AGAIN);
    assert_int_equal (offer (sync, false, 12, 20, 10), E_AGAIN);
    assert_int_equal (offer (sync, false, 21, 30, 20), E_AGAIN);
    assert_int_equal (book_sync_state (sync), BOOK_SYNC_EMPTY);
    assert_int_equal (offer (sync, true, -1, 15, -1), OK); //  inside the second
    int64_t last = 0;
    int status;
    assert_int_equal (take_held (sync, &last, &status), 2); //  the first is older: dropped
    assert_int_equal (status, E_ABSENT);
    assert_int_equal (last, 30);
    assert_int_equal (book_sync_seq (sync), 30);
    assert_int_equal (book_sync_stats (sync).stale_count, 1);
    assert_int_equal (offer (sync, false, 35, 40, 30), OK); //  ids may jump, pu may not
    book_sync_destroy (&sync);
}

static void
test_binance_first_delta_must_span_snapshot (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, true, -1, 100, -1), OK);
    assert_int_equal (offer (sync, false, 90, 99, 89), E_STALE);
    assert_int_equal (offer (sync, false, 105, 110, 103), E_GAP); //  101..103 are missing
    assert_int_equal (book_sync_state (sync), BOOK_SYNC_BROKEN);
    assert_int_equal (book_sync_seq (sync), -1);

    assert_int_equal (offer (sync, true, -1, 200, -1), OK);
    int64_t last = 0;
    int status;
    assert_int_equal (take_held (sync, &last, &status), 0);    //  105..110 was held, and is old now
    assert_int_equal (offer (sync, false, 205, 210, 200), OK); //  begins where the snapshot ends
    book_sync_destroy (&sync);

    sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, true, -1, 100, -1), OK);
    assert_int_equal (offer (sync, false, 95, 100, 94), OK); //  u = lastUpdateId counts as the first
    assert_int_equal (offer (sync, false, 101, 102, 100), OK);
    book_sync_destroy (&sync);
}

static void
test_binance_snapshot_older_than_held_is_a_gap (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, false, 50, 60, 49), E_AGAIN);
    assert_int_equal (offer (sync, true, -1, 40, -1), OK);
    int64_t last = 0;
    int status;
    assert_int_equal (take_held (sync, &last, &status), 0);
    assert_int_equal (status, E_GAP);
    assert_int_equal (book_sync_state (sync), BOOK_SYNC_BROKEN);
    //  What was held is still there for a better snapshot.
    assert_int_equal (offer (sync, true, -1, 55, -1), OK);
    assert_int_equal (take_held (sync, &last, &status), 1);
    assert_int_equal (last, 60);
    book_sync_destroy (&sync);
}

static void
test_binance_gap_duplicate_reorder (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, true, -1, 10, -1), OK);
    assert_int_equal (offer (sync, false, 8, 12, 7), OK);
    assert_int_equal (offer (sync, false, 13, 15, 12), OK);
    assert_int_equal (offer (sync, false, 13, 15, 12), E_STALE); //  twice
    assert_int_equal (offer (sync, false, 8, 12, 7), E_STALE);   //  late
    assert_int_equal (offer (sync, false, 16, 18, 15), OK);
    error_text_t error;
    book_update_t ahead = update (false, 22, 25, 21);
    assert_int_equal (book_sync_offer (sync, &ahead, &error), E_GAP);
    assert_string_equal (error.text, "after 18 came first 22 last 25 prev 21");
    assert_int_equal (offer (sync, false, 19, 21, 18), E_AGAIN); //  the late one does not mend it
    assert_int_equal (book_sync_stats (sync).gaps_count, 1);
    book_sync_destroy (&sync);
}

static void
test_held_overflow_starts_anew (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    for (int64_t i = 0; i < BOOK_SYNC_HELD_MAX + 10; i++)
        assert_int_equal (offer (sync, false, i, i, i - 1), E_AGAIN);
    assert_int_equal (book_sync_stats (sync).overflows_count, 1);
    int64_t last = 0;
    int status;
    assert_int_equal (offer (sync, true, -1, BOOK_SYNC_HELD_MAX + 4, -1), OK);
    assert_int_equal (take_held (sync, &last, &status), 6);
    assert_int_equal (last, BOOK_SYNC_HELD_MAX + 9);
    book_sync_destroy (&sync);

    static native_level_t many[BOOK_SYNC_HELD_LEVELS_MAX + 1];
    sync = book_sync_new (SEQUENCE_BINANCE);
    book_update_t large = {.first_seq = 1, .last_seq = 1, .prev_seq = 0, .asks = many};
    large.asks_count = BOOK_SYNC_HELD_LEVELS_MAX + 1;
    assert_int_equal (book_sync_offer (sync, &large, NULL), E_AGAIN);
    assert_int_equal (offer (sync, true, -1, 0, -1), OK);
    assert_int_equal (take_held (sync, &last, &status), 0); //  it could not be held
    assert_int_equal (offer (sync, false, 2, 2, 1), E_GAP); //  and is missed
    book_sync_destroy (&sync);
}

static void
test_bybit_counts_by_one_and_restarts_at_one (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BYBIT);
    assert_int_equal (offer (sync, false, -1, 7, -1), E_AGAIN);
    assert_int_equal (offer (sync, true, -1, 20, -1), OK);
    book_update_t held;
    assert_int_equal (book_sync_held (sync, &held, NULL),
                      E_ABSENT); //  nothing is held: the snapshot is newer
    assert_int_equal (offer (sync, false, -1, 21, -1), OK);
    assert_int_equal (offer (sync, false, -1, 21, -1), E_STALE);
    assert_int_equal (offer (sync, false, -1, 23, -1), E_GAP);
    assert_int_equal (offer (sync, false, -1, 24, -1), E_AGAIN);
    assert_int_equal (offer (sync, true, -1, 30, -1), OK);
    assert_int_equal (offer (sync, false, -1, 1, -1), OK); //  restart of the service
    assert_int_equal (book_sync_seq (sync), 1);
    assert_int_equal (offer (sync, false, -1, 2, -1), OK);
    assert_int_equal (offer (sync, true, -1, 9, -1), OK); //  a snapshot at any time
    assert_int_equal (offer (sync, false, -1, 10, -1), OK);
    assert_int_equal (book_sync_stats (sync).gaps_count, 1);
    book_sync_destroy (&sync);
}

static void
test_okx_chain_keepalive_and_reset (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_OKX);
    assert_int_equal (offer (sync, false, -1, 5, 4), E_AGAIN);
    assert_int_equal (offer (sync, true, -1, 10, -1), OK);
    assert_int_equal (offer (sync, false, -1, 15, 10), OK);
    assert_int_equal (offer (sync, false, -1, 15, 15), OK); //  keep-alive
    assert_int_equal (offer (sync, false, -1, 17, 15), OK);
    assert_int_equal (offer (sync, false, -1, 3, 17), OK); //  the ids were reset
    assert_int_equal (offer (sync, false, -1, 5, 3), OK);
    assert_int_equal (offer (sync, false, -1, 5, 3), E_STALE);
    assert_int_equal (offer (sync, false, -1, 9, 7), E_GAP);
    assert_int_equal (book_sync_state (sync), BOOK_SYNC_BROKEN);
    book_sync_destroy (&sync);
}

static void
test_endless_stale_is_a_restart (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, true, -1, 1000000, -1), OK);
    for (int i = 1; i < BOOK_SYNC_STALE_MOST; i++)
        assert_int_equal (offer (sync, false, i, i, i - 1), E_STALE);
    assert_int_equal (offer (sync, false, 500, 500, 499), E_GAP);
    book_sync_destroy (&sync);
}

//  A snapshot by REST overtook its stream: however far the stream lies behind, it is no restart.
static void
test_a_stream_far_behind_its_snapshot_is_no_restart (void **state)
{
    (void) state;
    enum { BEHIND = 5 * BOOK_SYNC_STALE_MOST };
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    book_update_t one = update (true, -1, BEHIND, -1);
    one.ts_event_ns = BEHIND;
    assert_int_equal (book_sync_offer (sync, &one, NULL), OK);
    for (int64_t i = 1; i < BEHIND; i++) {
        one = update (false, i, i, i - 1);
        one.ts_event_ns = i;
        assert_int_equal (book_sync_offer (sync, &one, NULL), E_STALE);
    }
    one = update (false, BEHIND, BEHIND + 1, BEHIND - 1);
    one.ts_event_ns = BEHIND + 1;
    assert_int_equal (book_sync_offer (sync, &one, NULL), OK);
    assert_int_equal (book_sync_seq (sync), BEHIND + 1);
    book_sync_destroy (&sync);
}

static void
test_many_held_before_a_late_snapshot_are_no_restart (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    int64_t count = 3 * BOOK_SYNC_STALE_MOST;
    for (int64_t i = 1; i <= count; i++)
        assert_int_equal (offer (sync, false, i, i, i - 1), E_AGAIN);
    assert_int_equal (offer (sync, true, -1, count - 1, -1), OK);
    int64_t last = 0;
    int status;
    assert_int_equal (take_held (sync, &last, &status), 2);
    assert_int_equal (status, E_ABSENT);
    assert_int_equal (book_sync_state (sync), BOOK_SYNC_SYNCED);
    book_sync_destroy (&sync);
}

static void
test_break_needs_a_snapshot (void **state)
{
    (void) state;
    book_sync_t *sync = book_sync_new (SEQUENCE_BINANCE);
    assert_int_equal (offer (sync, true, -1, 10, -1), OK);
    book_sync_break (sync, false);
    assert_int_equal (book_sync_state (sync), BOOK_SYNC_BROKEN);
    assert_int_equal (offer (sync, false, 11, 12, 10), E_AGAIN);
    book_sync_break (sync, true); //  the connection went: what was held is of another
    assert_int_equal (offer (sync, true, -1, 11, -1), OK);
    book_update_t held;
    assert_int_equal (book_sync_held (sync, &held, NULL), E_ABSENT);
    book_sync_destroy (&sync);
    assert_null (sync);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_binance_held_deltas_then_snapshot),
        cmocka_unit_test (test_binance_first_delta_must_span_snapshot),
        cmocka_unit_test (test_binance_snapshot_older_than_held_is_a_gap),
        cmocka_unit_test (test_binance_gap_duplicate_reorder),
        cmocka_unit_test (test_held_overflow_starts_anew),
        cmocka_unit_test (test_bybit_counts_by_one_and_restarts_at_one),
        cmocka_unit_test (test_okx_chain_keepalive_and_reset),
        cmocka_unit_test (test_endless_stale_is_a_restart),
        cmocka_unit_test (test_many_held_before_a_late_snapshot_are_no_restart),
        cmocka_unit_test (test_a_stream_far_behind_its_snapshot_is_no_restart),
        cmocka_unit_test (test_break_needs_a_snapshot),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
