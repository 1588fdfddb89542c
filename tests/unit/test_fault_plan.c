#include "ingest/simulator/fault_plan.h"

#include "common/base/timebase.h"
#include "common/wire/field.h"
#include "tests/support/expect.h"

static fault_plan_t *
plan_of (const char *text)
{
    fault_plan_t *plan = fault_plan_new (7);
    error_text_t error = {0};
    if (fault_plan_add (plan, slice_of (text), 100 * NS_PER_S, &error) != OK)
        fail_msg ("%s: %s", text, error.text);
    return plan;
}

static fault_kind_t
decide_at (fault_plan_t *plan, const char *venue, const char *channel, const char *instrument, double seconds)
{
    return fault_plan_decide (plan, venue, channel, instrument, 100 * NS_PER_S + (int64_t) (seconds * 1e9))
        .kind;
}

static void
test_rule_hits_its_venue_channel_and_instrument_only (void **state)
{
    (void) state;
    fault_plan_t *plan = plan_of ("binance:depth:BTCUSDT drop all");
    assert_int_equal (decide_at (plan, "binance", "depth", "BTCUSDT", 0), FAULT_DROP);
    assert_int_equal (decide_at (plan, "binance", "depth", "ETHUSDT", 0), FAULT_NONE);
    assert_int_equal (decide_at (plan, "binance", "trade", "BTCUSDT", 0), FAULT_NONE);
    assert_int_equal (decide_at (plan, "bybit", "depth", "BTCUSDT", 0), FAULT_NONE);
    fault_plan_destroy (&plan);
    assert_null (plan);
}

static void
test_rule_starts_at_its_time_and_ends_with_its_count (void **state)
{
    (void) state;
    fault_plan_t *plan = plan_of ("okx:books:* duplicate 3 at 5s");
    assert_int_equal (decide_at (plan, "okx", "books", "BTCUSDT", 4.999), FAULT_NONE);
    for (int i = 0; i < 3; i++)
        assert_int_equal (decide_at (plan, "okx", "books", i == 1 ? "ETHUSDT" : "BTCUSDT", 5 + i),
                          FAULT_DUPLICATE);
    assert_int_equal (decide_at (plan, "okx", "books", "BTCUSDT", 9), FAULT_NONE);
    assert_int_equal (fault_plan_hits_count (plan, FAULT_DUPLICATE), 3);
    fault_plan_destroy (&plan);
}

static void
test_silence_never_ends_and_instrument_may_be_left_out (void **state)
{
    (void) state;
    fault_plan_t *plan = plan_of ("bybit:* silence at 30s");
    assert_int_equal (decide_at (plan, "bybit", "tickers", "BTCUSDT", 29), FAULT_NONE);
    for (int i = 0; i < 1000; i++)
        assert_int_equal (decide_at (plan, "bybit", "tickers", "BTCUSDT", 30 + i), FAULT_SILENCE);
    fault_plan_destroy (&plan);
}

static void
test_first_rule_that_applies_decides_and_all_kinds_are_known (void **state)
{
    (void) state;
    fault_plan_t *plan = plan_of ("okx:books:BTCUSDT reorder; okx:*:* delay 2 for 750ms ;");
    assert_int_equal (fault_plan_rules_count (plan), 2);
    assert_int_equal (decide_at (plan, "okx", "books", "BTCUSDT", 0), FAULT_REORDER);
    fault_t fault = fault_plan_decide (plan, "okx", "books", "BTCUSDT", 101 * NS_PER_S);
    assert_int_equal (fault.kind, FAULT_DELAY);
    assert_int_equal (fault.hold_ns, 750 * NS_PER_MS);
    fault_plan_destroy (&plan);
    for (int kind = FAULT_DROP; kind < FAULT_KINDS_COUNT; kind++) {
        char text[64];
        (void) snprintf (text, sizeof text, "a:b:c %s", fault_kind_name ((fault_kind_t) kind));
        plan = plan_of (text);
        assert_int_equal (decide_at (plan, "a", "b", "c", 0), kind);
        fault_plan_destroy (&plan);
    }
}

static void
test_chance_is_kept_and_repeats_with_the_seed (void **state)
{
    (void) state;
    int hits[2] = {0, 0};
    uint64_t history[2] = {0, 0};
    for (int run = 0; run < 2; run++) {
        fault_plan_t *plan = plan_of ("okx:trades:* drop all chance 0.25");
        for (int i = 0; i < 4000; i++) {
            bool is_hit = decide_at (plan, "okx", "trades", "BTCUSDT", i) == FAULT_DROP;
            hits[run] += is_hit;
            history[run] = history[run] * 31 + is_hit;
        }
        fault_plan_destroy (&plan);
    }
    assert_true (history[0] == history[1]);
    assert_in_range (hits[0], 880, 1120); //  1000 +- 4.4 standard deviations
}

static void
test_wrong_plans_are_refused_whole (void **state)
{
    (void) state;
    static const struct {
        const char *text;
        int status;
    } cases[] = {{"binance", E_SYNTAX},
                 {"binance:depth:BTCUSDT", E_SYNTAX},
                 {"binance:depth:BTCUSDT vanish", E_SYNTAX},
                 {":depth:BTCUSDT drop", E_SYNTAX},
                 {"binance:depth:BTC:USDT drop", E_SYNTAX},
                 {"binance:depth:* drop at", E_SYNTAX},
                 {"binance:depth:* drop at 5", E_SYNTAX},
                 {"binance:depth:* drop at -5s", E_SYNTAX},
                 {"binance:depth:* drop 0", E_RANGE},
                 {"binance:depth:* drop 5x", E_SYNTAX},
                 {"binance:depth:* drop chance 1.5", E_RANGE},
                 {"binance:depth:* drop chance", E_SYNTAX},
                 {"ok:a:b drop; binance:depth:* vanish", E_SYNTAX}};
    fault_plan_t *plan = plan_of ("okx:books:* drop");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        error_text_t error = {0};
        int status = fault_plan_add (plan, slice_of (cases[i].text), 0, &error);
        if (status != cases[i].status)
            fail_msg ("'%s' gave %s", cases[i].text, status_name (status));
        assert_true (error.text[0] != '\0');
        assert_int_equal (fault_plan_rules_count (plan), 1);
    }
    fault_plan_destroy (&plan);
}

typedef struct {
    char text[1024];
    size_t size;
} message_t;

static bool
edit (fault_plan_t *plan, const char *channel, int instrument, const char *text, message_t *out)
{
    memset (out, 0, sizeof *out);
    out->size = strlen (text);
    memcpy (out->text, text, out->size);
    fault_t fault = fault_plan_decide (plan, "okx", channel, "BTCUSDT", 200 * NS_PER_S);
    assert_int_not_equal (fault.kind, FAULT_NONE);
    bool is_changed = fault_plan_edit (plan, fault, instrument, out->text, &out->size, sizeof out->text - 1);
    out->text[out->size] = '\0';
    return is_changed;
}

static void
test_checksum_becomes_another (void **state)
{
    (void) state;
    message_t out;
    fault_plan_t *plan = plan_of ("okx:books:* checksum 3");
    assert_true (edit (plan, "books", 0, "{\"checksum\":-855196043,\"seqId\":1}", &out));
    assert_string_equal (out.text, "{\"checksum\":-855196044,\"seqId\":1}");
    assert_true (edit (plan, "books", 0, "{\"checksum\":19}", &out));
    assert_string_equal (out.text, "{\"checksum\":10}");
    //  Nothing to change: the rule keeps its count.
    assert_false (edit (plan, "books", 0, "{\"seqId\":1}", &out));
    assert_string_equal (out.text, "{\"seqId\":1}");
    assert_int_equal (fault_plan_hits_count (plan, FAULT_CHECKSUM), 2);
    assert_true (edit (plan, "books", 0, "{\"checksum\":5}", &out));
    fault_plan_destroy (&plan);
}

static void
test_malformed_changes_one_byte_of_syntax (void **state)
{
    (void) state;
    const char *text = "{\"a\":[1,2],\"b\":\"x\"}";
    fault_plan_t *plan = plan_of ("okx:*:* malformed all");
    for (int i = 0; i < 50; i++) {
        message_t out;
        assert_true (edit (plan, "trades", 0, text, &out));
        assert_int_equal (out.size, strlen (text));
        int changed = 0;
        for (size_t at = 0; at < out.size; at++)
            if (out.text[at] != text[at]) {
                changed++;
                assert_non_null (strchr (":,}]", text[at]));
            }
        assert_int_equal (changed, 1);
    }
    fault_plan_destroy (&plan);
}

static void
test_open_interest_turns_absurd_or_stays (void **state)
{
    (void) state;
    message_t out;
    fault_plan_t *plan = plan_of ("okx:open-interest:* absurd");
    assert_true (edit (plan, "open-interest", 0, "{\"oi\":\"12.5\",\"oiCcy\":\"7\",\"ts\":\"1\"}", &out));
    assert_string_equal (out.text, "{\"oi\":\"12000.5\",\"oiCcy\":\"7000\",\"ts\":\"1\"}");
    fault_plan_destroy (&plan);

    plan = plan_of ("okx:open-interest:* stale");
    assert_true (edit (plan, "open-interest", 0, "{\"oi\":\"10\",\"ts\":\"1\"}", &out));
    assert_string_equal (out.text, "{\"oi\":\"10\",\"ts\":\"1\"}");
    assert_true (edit (plan, "open-interest", 0, "{\"oi\":\"1123.75\",\"ts\":\"2\"}", &out));
    assert_string_equal (out.text, "{\"oi\":\"10\",\"ts\":\"2\"}");
    assert_true (edit (plan, "open-interest", 1, "{\"oi\":\"77\",\"ts\":\"2\"}", &out));
    assert_string_equal (out.text, "{\"oi\":\"77\",\"ts\":\"2\"}");
    fault_plan_destroy (&plan);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rule_hits_its_venue_channel_and_instrument_only),
        cmocka_unit_test (test_rule_starts_at_its_time_and_ends_with_its_count),
        cmocka_unit_test (test_silence_never_ends_and_instrument_may_be_left_out),
        cmocka_unit_test (test_first_rule_that_applies_decides_and_all_kinds_are_known),
        cmocka_unit_test (test_chance_is_kept_and_repeats_with_the_seed),
        cmocka_unit_test (test_wrong_plans_are_refused_whole),
        cmocka_unit_test (test_checksum_becomes_another),
        cmocka_unit_test (test_malformed_changes_one_byte_of_syntax),
        cmocka_unit_test (test_open_interest_turns_absurd_or_stays),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
