#include "tests/support/expect.h"

#include "ingest/history.h"
#include "ingest/stage.h"
#include "ingest/trade_filter.h"

static void
test_groups_keep_order (void **state)
{
    (void) state;
    stage_t *stage = stage_new ();
    for (int64_t i = 0; i < 200; i++) {
        trade_t trade = {.ts_event_ns = 1000 + i};
        mark_t mark = {.ts_event_ns = 5, .price_px = (double) i};
        stage_event (stage, EVENT_TRADE, (int) (i % 2), &trade);
        stage_event (stage, EVENT_MARK, 7, &mark);
    }
    assert_int_equal (stage_newest_ns (stage), 1199);
    const struct {
        event_kind_t kind;
        int instrument;
        size_t count;
        int64_t newest_ns;
    } expected[] = {{EVENT_TRADE, 0, 100, 1198}, {EVENT_MARK, 7, 200, 5}, {EVENT_TRADE, 1, 100, 1199}};
    stage_group_t group;
    for (size_t g = 0; g < 3; g++) {
        assert_true (stage_next_group (stage, &group));
        assert_int_equal (group.kind, expected[g].kind);
        assert_int_equal (group.instrument, expected[g].instrument);
        assert_int_equal (group.count, expected[g].count);
        assert_int_equal (group.ts_event_ns, expected[g].newest_ns);
        for (size_t i = 0; i < group.count; i++)
            if (group.kind == EVENT_TRADE)
                assert_int_equal (((trade_t *) group.records)[i].ts_event_ns,
                                  1000 + 2 * i + (size_t) group.instrument);
            else
                expect_close (((mark_t *) group.records)[i].price_px, (double) i, 0);
    }
    assert_false (stage_next_group (stage, &group));
    stage_clear (stage);
    assert_false (stage_next_group (stage, &group));
    assert_int_equal (stage_newest_ns (stage), 0);
    stage_destroy (&stage);
}

static void
test_books_are_copied (void **state)
{
    (void) state;
    stage_t *stage = stage_new ();
    for (int n = 0; n < 100; n++) {
        native_level_t bids[] = {{{n + 1, 0}, {1, 0}}, {{n + 2, 0}, {2, 0}}}, asks[] = {{{n + 3, 0}, {3, 0}}};
        book_update_t update = {.last_seq = n, .bids = bids, .asks = asks, .bids_count = 2, .asks_count = 1};
        stage_book (stage, n, &update);
        memset (bids, 0, sizeof bids);
    }
    assert_int_equal (stage_books_count (stage), 100);
    for (int n = 0; n < 100; n++) {
        stage_book_t book = stage_book_at (stage, (size_t) n);
        assert_int_equal (book.instrument, n);
        assert_int_equal (book.update.last_seq, n);
        assert_int_equal (book.update.bids[1].price.mantissa, n + 2);
        assert_int_equal (book.update.asks[0].price.mantissa, n + 3);
    }
    stage_destroy (&stage);
}

//  Rows of a table are the stage's own, and survive growing memory.
static void
test_stage_copies_tiers (void **state)
{
    (void) state;
    stage_t *stage = stage_new ();
    for (int n = 0; n < 50; n++) {
        tier_t rows[3] = {{.up_to = n + 1}, {.up_to = n + 2}, {.up_to = n + 3}};
        tier_update_t tiers = {.ts_event_ns = n, .rows = rows, .rows_count = (size_t) (1 + n % 3)};
        stage_event (stage, EVENT_TIERS, n % 2, &tiers);
        memset (rows, 0, sizeof rows);
    }
    stage_group_t group;
    for (int instrument = 0; instrument < 2; instrument++) {
        assert_true (stage_next_group (stage, &group));
        assert_int_equal (group.kind, EVENT_TIERS);
        assert_int_equal (group.count, 25);
        const tier_update_t *tiers = group.records;
        for (int i = 0; i < 25; i++) {
            int n = 2 * i + instrument;
            assert_int_equal (tiers[i].ts_event_ns, n);
            assert_int_equal (tiers[i].rows_count, 1 + n % 3);
            expect_close (tiers[i].rows[n % 3].up_to, n + 1 + n % 3, 0);
        }
    }
    assert_false (stage_next_group (stage, &group));
    stage_destroy (&stage);
}

static void
test_trade_sent_twice_is_dropped (void **state)
{
    (void) state;
    static trade_filter_t filter;
    trade_t trades[] = {{.id = "1"}, {.id = "2"}, {.id = "1"}, {.id = ""}, {.id = ""}, {.id = "3"}};
    assert_int_equal (trade_filter_pass (&filter, trades, 6), 5);
    assert_string_equal (trades[1].id, "2");
    assert_string_equal (trades[4].id, "3");
    trade_t again[] = {{.id = "3"}, {.id = "4"}};
    assert_int_equal (trade_filter_pass (&filter, again, 2), 1);
    assert_string_equal (again[0].id, "4");
    //  After as many others it is forgotten.
    for (int i = 0; i < TRADE_FILTER_KEPT; i++) {
        trade_t other = {.id = ""};
        (void) snprintf (other.id, sizeof other.id, "x%d", i);
        assert_int_equal (trade_filter_pass (&filter, &other, 1), 1);
    }
    trade_t first = {.id = "1"};
    assert_int_equal (trade_filter_pass (&filter, &first, 1), 1);
}

static size_t
kept (const history_t *history, event_kind_t kind, const void **records)
{
    int64_t ts_recv_ns;
    size_t count = 0;
    *records = NULL;
    (void) history_find (history, kind, 0, &ts_recv_ns, records, &count);
    return count;
}

//  A ratio told in parts is kept whole; a table with its own rows.
static void
test_history_keeps_ratio_and_tiers (void **state)
{
    (void) state;
    history_t *history = history_new ();
    const void *records;
    ratio_t told[] = {
        {.ts_event_ns = 1, .accounts_long = .6, .top_accounts_long = NAN, .top_positions_long = NAN},
        {.ts_event_ns = 2, .accounts_long = NAN, .top_accounts_long = .5, .top_positions_long = NAN},
        {.ts_event_ns = 3, .accounts_long = .7, .top_accounts_long = NAN, .top_positions_long = NAN}};
    history_add (history, EVENT_RATIO, 0, 9, told, 3);
    assert_int_equal (kept (history, EVENT_RATIO, &records), 1);
    const ratio_t *ratio = records;
    assert_int_equal (ratio->ts_event_ns, 3);
    expect_close (ratio->accounts_long, .7, 0);
    expect_close (ratio->top_accounts_long, .5, 0);
    assert_true (isnan (ratio->top_positions_long));

    tier_t rows[] = {{10, .01, 50, 0}, {20, .02, 25, NAN}};
    tier_update_t tiers = {.ts_event_ns = 1, .rows = rows, .rows_count = 2, .is_by_coins = true};
    history_add (history, EVENT_TIERS, 0, 9, &tiers, 1);
    rows[0].up_to = 15;
    tiers.rows_count = 1;
    assert_int_equal (kept (history, EVENT_TIERS, &records), 1);
    const tier_update_t *table = records;
    assert_int_equal (table->rows_count, 2);
    expect_close (table->rows[0].up_to, 10, 0);
    history_add (history, EVENT_TIERS, 0, 9, &tiers, 1);
    assert_int_equal (kept (history, EVENT_TIERS, &records), 1);
    table = records;
    assert_int_equal (table->rows_count, 1);
    expect_close (table->rows[0].up_to, 15, 0);
    history_destroy (&history);
}

static void
test_history_keeps_backfill_and_latest (void **state)
{
    (void) state;
    history_t *history = history_new ();
    const void *records;
    assert_int_equal (kept (history, EVENT_MARK, &records), 0);
    mark_t marks[] = {{.ts_event_ns = 1, .price_px = 1}, {.ts_event_ns = 2, .price_px = 2}};
    history_add (history, EVENT_MARK, 0, 9, marks, 2);
    assert_int_equal (kept (history, EVENT_MARK, &records), 1);
    expect_close (((const mark_t *) records)->price_px, 2, 0);

    //  Live open interest first, its past later: the latest stays last.
    int64_t s = 1000000000;
    open_interest_t live[] = {{.ts_event_ns = 1000 * s, .oi_coins = 1},
                              {.ts_event_ns = 1001 * s, .oi_coins = 2}};
    open_interest_t past[] = {{.ts_event_ns = 500 * s, .is_backfilled = true},
                              {.ts_event_ns = 800 * s, .is_backfilled = true}};
    history_add (history, EVENT_OPEN_INTEREST, 0, 9, live, 2);
    history_add (history, EVENT_OPEN_INTEREST, 0, 9, past, 2);
    assert_int_equal (kept (history, EVENT_OPEN_INTEREST, &records), 3);
    const open_interest_t *oi = records;
    assert_int_equal (oi[0].ts_event_ns, 500 * s);
    assert_int_equal (oi[1].ts_event_ns, 800 * s);
    expect_close (oi[2].oi_coins, 2, 0);
    open_interest_t later = {.ts_event_ns = 1070 * s, .oi_coins = 3}; //  a minute on: the one before stays
    history_add (history, EVENT_OPEN_INTEREST, 0, 9, &later, 1);
    assert_int_equal (kept (history, EVENT_OPEN_INTEREST, &records), 4);

    for (int i = 0; i < HISTORY_RECORDS_MAX + 1; i++) {
        bar_t bar = {.ts_event_ns = i, .is_backfilled = true};
        history_add (history, EVENT_BAR, 0, 9, &bar, 1);
    }
    assert_int_equal (kept (history, EVENT_BAR, &records), HISTORY_RECORDS_MAX - HISTORY_RECORDS_MAX / 4 + 1);
    assert_int_equal (((const bar_t *) records)[0].ts_event_ns, HISTORY_RECORDS_MAX / 4);
    trade_t trade = {.ts_event_ns = 1};
    history_add (history, EVENT_TRADE, 0, 9, &trade, 1);
    assert_int_equal (kept (history, EVENT_TRADE, &records), 0);
    history_destroy (&history);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_groups_keep_order),
        cmocka_unit_test (test_books_are_copied),
        cmocka_unit_test (test_stage_copies_tiers),
        cmocka_unit_test (test_trade_sent_twice_is_dropped),
        cmocka_unit_test (test_history_keeps_ratio_and_tiers),
        cmocka_unit_test (test_history_keeps_backfill_and_latest),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
