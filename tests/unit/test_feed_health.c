#include "tests/support/expect.h"

#include "common/base/timebase.h"
#include "ingest/feed_health.h"

#define T0 (1000000 * NS_PER_S)

static health_status_t
status_at (feed_health_t *health, int64_t after_s, sibling_t sibling, char *message)
{
    return feed_health_status (health, T0 + after_s * NS_PER_S, sibling, message);
}

static feed_health_t
connected (double cadence_s)
{
    feed_health_t health;
    feed_health_init (&health, cadence_s > 0 ? EVENT_MARK : EVENT_TRADE, cadence_s, COVERAGE_COMPLETE);
    health.is_offered = true;
    feed_health_connected (&health, true, T0);
    return health;
}

static void
test_acknowledged_then_silent_is_told_in_time (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health = connected (1);
    feed_health_acknowledged (&health, true, slice_of (""), T0);
    assert_int_equal (status_at (&health, 8, SIBLING_NONE, message), HEALTH_UNKNOWN);
    assert_string_equal (message, "");
    assert_int_equal (status_at (&health, 9, SIBLING_NONE, message), HEALTH_SILENT);
    assert_int_equal (status_at (&health, 12, SIBLING_NONE, message), HEALTH_SILENT);
    assert_string_equal (message, "acknowledged, no data for 12 s");
    feed_health_events (&health, T0 + 13 * NS_PER_S, 0, 1);
    assert_int_equal (status_at (&health, 14, SIBLING_NONE, message), HEALTH_OK);
    assert_int_equal (status_at (&health, 24, SIBLING_NONE, message), HEALTH_SILENT);
}

static void
test_slow_cadence_has_more_patience (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health = connected (60);
    assert_int_equal (feed_health_limit_ns (&health), 300 * NS_PER_S);
    assert_int_equal (status_at (&health, 299, SIBLING_NONE, message), HEALTH_UNKNOWN);
    assert_int_equal (status_at (&health, 300, SIBLING_NONE, message), HEALTH_SILENT);
    assert_string_equal (message, "not acknowledged, no data for 300 s");
}

//  A poll: two in a row missing; one given up is told at once.
static void
test_slow_poll_is_missed_after_two (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health = connected (300);
    feed_health_acknowledged (&health, true, slice_of (""), T0);
    assert_int_equal (feed_health_limit_ns (&health), 660 * NS_PER_S);
    feed_health_events (&health, T0 + NS_PER_S, 0, 1);
    assert_int_equal (status_at (&health, 660, SIBLING_NONE, message), HEALTH_OK);
    assert_string_equal (message, "");
    assert_int_equal (status_at (&health, 661, SIBLING_NONE, message), HEALTH_SILENT);
    feed_health_acknowledged (&health, false, slice_of ("status 403"), T0 + 10 * NS_PER_S);
    assert_int_equal (status_at (&health, 10, SIBLING_NONE, message), HEALTH_SILENT);
    assert_string_equal (message, "refused: status 403");
}

static void
test_event_channel_is_judged_by_sibling (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health = connected (0);
    feed_health_acknowledged (&health, true, slice_of (""), T0);
    assert_int_equal (status_at (&health, 12, SIBLING_FLOWS, message), HEALTH_UNKNOWN);
    assert_string_equal (message, "acknowledged, no data for 12 s");
    assert_int_equal (status_at (&health, 12, SIBLING_SILENT, message), HEALTH_SILENT);
    assert_false (feed_health_is_curable (&health, T0 + 12 * NS_PER_S));
    feed_health_events (&health, T0 + 13 * NS_PER_S, 0, 1);
    assert_int_equal (status_at (&health, 60, SIBLING_FLOWS, message), HEALTH_OK); //  a quiet market
    assert_string_equal (message, "");
    assert_int_equal (status_at (&health, 60, SIBLING_SILENT, message), HEALTH_SILENT);
}

static void
test_busy_event_channel_is_missed (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health = connected (0);
    for (int s = 0; s < 100; s++)
        feed_health_events (&health, T0 + s * NS_PER_S, 0, 5);
    expect_close (feed_health_expected_per_min (&health), 300, 1e-9);
    assert_int_equal (status_at (&health, 105, SIBLING_FLOWS, message), HEALTH_OK);
    assert_int_equal (status_at (&health, 111, SIBLING_FLOWS, message), HEALTH_SILENT);
    assert_true (feed_health_is_curable (&health, T0 + 111 * NS_PER_S));
}

//  A cascade of liquidations, then a calm hour: nothing is missing, and nobody connects again for it.
static void
test_liquidations_may_pause (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health;
    feed_health_init (&health, EVENT_LIQUIDATION, 0, COVERAGE_COMPLETE);
    health.is_offered = true;
    feed_health_connected (&health, true, T0);
    feed_health_acknowledged (&health, true, slice_of (""), T0);
    for (int i = 0; i < 100; i++)
        feed_health_events (&health, T0 + i * NS_PER_S, 0, 5);
    assert_true (feed_health_expected_per_min (&health) > 200);
    assert_int_equal (status_at (&health, 3700, SIBLING_FLOWS, message), HEALTH_OK);
    assert_false (feed_health_is_curable (&health, T0 + 3700 * NS_PER_S));
    assert_int_equal (status_at (&health, 3700, SIBLING_SILENT, message), HEALTH_SILENT);
}

static void
test_states_come_before_silence (void **state)
{
    (void) state;
    char message[128];
    feed_health_t health;
    feed_health_init (&health, EVENT_BOOK, 0.1, COVERAGE_COMPLETE);
    assert_int_equal (status_at (&health, 0, SIBLING_NONE, message), HEALTH_ABSENT);
    health.is_offered = true;
    assert_int_equal (status_at (&health, 0, SIBLING_NONE, message), HEALTH_DISCONNECTED);
    feed_health_connected (&health, true, T0);
    feed_health_acknowledged (&health, false, slice_of ("no such channel"), T0);
    assert_int_equal (status_at (&health, 1, SIBLING_NONE, message), HEALTH_SILENT);
    assert_string_equal (message, "refused: no such channel");
    feed_health_acknowledged (&health, true, slice_of (""), T0);
    feed_health_events (&health, T0, 0, 1);
    health.is_broken = true;
    assert_int_equal (status_at (&health, 1, SIBLING_NONE, message), HEALTH_BROKEN);
    health.is_broken = false;
    assert_int_equal (status_at (&health, 1, SIBLING_NONE, message), HEALTH_OK);
}

static void
test_report_numbers (void **state)
{
    (void) state;
    feed_health_t health = connected (0);
    health.gaps_count = 3;
    health_t report;
    feed_health_report (&health, T0 + NS_PER_S, SIBLING_FLOWS, "BTCUSDT", "binance", &report);
    assert_true (isnan (report.age_ms) && isnan (report.latency_p50_ms) && isnan (report.expected_per_min));
    //  41, 42, ... 140 ms late; the last 64 are 77..140: middle 108.5, least 77.
    for (int i = 0; i < 100; i++) {
        int64_t recv_ns = T0 + (10 + i) * NS_PER_S;
        feed_health_events (&health, recv_ns, recv_ns - (41 + i) * NS_PER_MS, 2);
    }
    feed_health_report (&health, T0 + 112 * NS_PER_S, SIBLING_FLOWS, "BTCUSDT", "binance", &report);
    assert_string_equal (report.event, "trade");
    assert_string_equal (report.instrument, "BTCUSDT");
    assert_string_equal (report.venue, "binance");
    assert_int_equal (report.status, HEALTH_OK);
    assert_int_equal (report.gaps_count, 3);
    expect_close (report.age_ms, 3000, 1e-9);
    expect_close (report.seen_per_min, 120, 1e-9);
    expect_close (report.latency_p50_ms, 108.5, 1e-9);
    expect_close (report.clock_skew_ms, 77, 1e-9);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_acknowledged_then_silent_is_told_in_time),
        cmocka_unit_test (test_slow_cadence_has_more_patience),
        cmocka_unit_test (test_slow_poll_is_missed_after_two),
        cmocka_unit_test (test_event_channel_is_judged_by_sibling),
        cmocka_unit_test (test_busy_event_channel_is_missed),
        cmocka_unit_test (test_liquidations_may_pause),
        cmocka_unit_test (test_states_come_before_silence),
        cmocka_unit_test (test_report_numbers),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
