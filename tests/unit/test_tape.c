//  The tape in C against digests computed by tests/oracle/tape.py (its command line prints them).

#include "tests/support/expect.h"

#include "tests/support/tape.h"

static uint64_t sum;

static void
feed (int64_t x)
{
    sum = (sum ^ (uint64_t) x) * UINT64_C (0x100000001B3);
}

static void
feed_levels (const level_t *levels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        feed (levels[i].price.mantissa);
        feed (llround (levels[i].qty_coins * 1000));
    }
}

static void
feed_event (const event_t *event)
{
    feed (event->ts_recv_ns);
    feed (event->venue);
    switch (event->kind) {
    case EVENT_BOOK:
        feed (event->of.book->is_snapshot);
        feed_levels (event->of.book->bids, event->of.book->bids_count);
        feed_levels (event->of.book->asks, event->of.book->asks_count);
        break;
    case EVENT_TRADE:
        feed (event->of.trade->side);
        feed (event->of.trade->price.mantissa);
        feed (llround (event->of.trade->qty_coins * 1000));
        break;
    case EVENT_BAR:
        feed (llround (event->of.bar->open_px * 10));
        feed (llround (event->of.bar->high_px * 10));
        feed (llround (event->of.bar->low_px * 10));
        feed (llround (event->of.bar->close_px * 10));
        feed (llround (event->of.bar->volume_usd * 10));
        break;
    case EVENT_OPEN_INTEREST:
        feed (llround (event->of.open_interest->oi_coins * 1000));
        break;
    case EVENT_FUNDING:
        feed (llround (event->of.funding->rate * 1e8));
        break;
    case EVENT_QUOTE:
        feed (event->of.quote->bid_px.mantissa);
        feed (llround (event->of.quote->ask_qty_coins * 1000));
        break;
    case EVENT_MARK:
    case EVENT_INDEX:
        feed (llround (event->of.mark->price_px * 10));
        break;
    case EVENT_LIQUIDATION:
        feed (event->of.liquidation->side);
        feed (event->of.liquidation->price.mantissa);
        feed (llround (event->of.liquidation->qty_coins * 1000));
        feed (event->of.liquidation->coverage == COVERAGE_SAMPLED);
        break;
    case EVENT_RATIO:
        feed (llround (event->of.ratio->accounts_long * 1000));
        break;
    default:
        break;
    }
}

static void
expect_digest (const char *parameters, int64_t count, uint64_t digest)
{
    tape_t *tape = tape_new (parameters);
    event_t event;
    int64_t seen = 0, last_ns = 0;
    sum = UINT64_C (0xCBF29CE484222325);
    while (tape_next (tape, &event)) {
        assert_true (event.ts_recv_ns >= last_ns);
        last_ns = event.ts_recv_ns;
        if (event.kind == EVENT_INSTRUMENT)
            continue;
        seen++;
        feed_event (&event);
    }
    tape_destroy (&tape);
    assert_null (tape);
    assert_int_equal (seen, count);
    assert_true (sum == digest);
}

static void
test_live_events_are_the_oracles (void **unused)
{
    (void) unused;
    expect_digest ("seed=5 venues=3 minutes=200 quote_ms=700 trade_ms=900 book_ms=400 depth=60 gap_every=500 "
                   "mark_ms=1000 oi_ms=15000 funding_ms=60000 liquidation_ms=8000",
                   273897, UINT64_C (0x17281c72093b3b39));
}

static void
test_traders_are_the_oracles (void **unused)
{
    (void) unused;
    expect_digest ("seed=31 venues=3 minutes=60 trade_ms=900 book_ms=300 depth=90 book_step=60 gap_every=900 "
                   "hit_ms=4000 "
                   "spoof_ms=5000 wall_ms=20000 lean=100",
                   88564, UINT64_C (0xb5ed89b4f66727a8));
}

static void
test_crowds_are_the_oracles (void **unused)
{
    (void) unused;
    expect_digest ("seed=32 venues=3 minutes=90 trade_ms=1500 mark_ms=1000 oi_ms=15000 liquidation_ms=9000 "
                   "cascade_ms=600000 ratio_ms=60000 sampled=5 quiet=2 quiet_from=30 quiet_to=50",
                   61761, UINT64_C (0xe5ecd883712b0b1b));
}

static void
test_history_is_the_oracles (void **unused)
{
    (void) unused;
    expect_digest ("seed=6 venues=2 minutes=1 bars_days=3 bars_hours=5 oi_days=2 funding_days=4", 1899,
                   UINT64_C (0x3a470de3d9587702));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_live_events_are_the_oracles),
        cmocka_unit_test (test_traders_are_the_oracles),
        cmocka_unit_test (test_crowds_are_the_oracles),
        cmocka_unit_test (test_history_is_the_oracles),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
