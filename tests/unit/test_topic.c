#include "tests/support/expect.h"
#include "common/base/check.h"
#include "common/wire/topic.h"

static void
test_text (void **state)
{
    (void) state;
    static const struct {
        topic_t topic;
        const char *text;
    } cases[] = {
        {{.kind = TOPIC_EVENT, .event = EVENT_OPEN_INTEREST, .instrument = "BTCUSDT", .name = "binance"},
         "v1.event.open_interest.BTCUSDT.binance."},
        {{.kind = TOPIC_HEALTH, .event = EVENT_BOOK, .instrument = "BTCUSDT", .name = "okx"},
         "v1.health.book.BTCUSDT.okx."},
        {{.kind = TOPIC_READING, .mode = MODE_SCALP, .instrument = "1000PEPEUSDT"},
         "v1.reading.scalp.1000PEPEUSDT."},
        {{.kind = TOPIC_BIAS, .mode = MODE_DAY, .instrument = "BTCUSDT"}, "v1.bias.day.BTCUSDT."},
        {{.kind = TOPIC_OUTCOME, .mode = MODE_SWING, .instrument = "BTCUSDT"}, "v1.outcome.swing.BTCUSDT."},
        {{.kind = TOPIC_BEAT, .name = "ingest-binance"}, "v1.beat.ingest-binance."},
        {{.kind = TOPIC_TICK, .name = "1"}, "v1.tick.1."},
        {{.kind = TOPIC_METRICS, .name = "cards-1"}, "v1.metrics.cards-1."},
        {{.kind = TOPIC_MAP, .instrument = "BTCUSDT"}, "v1.map.BTCUSDT."},
        {{.kind = TOPIC_MAP, .instrument = "BTCUSDT", .name = "ladder"}, "v1.map.BTCUSDT.ladder."},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        char text[TOPIC_TEXT_MAX], filter[TOPIC_TEXT_MAX];
        topic_t back;
        assert_int_equal (topic_format (&cases[i].topic, "v1", text), strlen (cases[i].text));
        assert_string_equal (text, cases[i].text);
        assert_int_equal (topic_parse (slice_of (text), "v1", &back), OK);
        assert_int_equal (back.kind, cases[i].topic.kind);
        assert_int_equal (back.event, cases[i].topic.event);
        assert_int_equal (back.mode, cases[i].topic.mode);
        assert_string_equal (back.instrument, cases[i].topic.instrument);
        assert_string_equal (back.name, cases[i].topic.name);
        assert_int_equal (topic_parse (slice_of (text), "v2", &back), E_SYNTAX);
        (void) topic_filter (back.kind, "v1", filter);
        assert_int_equal (topic_parse (slice_of (text), "v1", &back), OK);
        (void) topic_filter (back.kind, "v1", filter);
        assert_int_equal (strncmp (text, filter, strlen (filter)), 0);
        //  cut anywhere; a map's topic without its model is that of the full model
        for (size_t cut = 0; cut < strlen (text) - (cases[i].topic.name[0] && cases[i].topic.kind == TOPIC_MAP
                                                        ? strlen (cases[i].topic.name) + 1
                                                        : 0);
             cut++)
            assert_int_equal (topic_parse ((slice_t){text, cut}, "v1", &back), E_SYNTAX);
    }
}

static void
test_refused (void **state)
{
    (void) state;
    static const char *const bad[] = {"",
                                      "v1",
                                      "v1.",
                                      "v1..",
                                      "v1.event.",
                                      "v1.event.trade.BTCUSDT.",
                                      "v1.event.trade.BTCUSDT.binance",
                                      "v1.event.trade.BTCUSDT.binance.x.",
                                      "v1.event.trade..binance.",
                                      "v1.event.trades.BTCUSDT.binance.",
                                      "v1.bias.noon.BTCUSDT.",
                                      "v1.beat..",
                                      "v1.beat.12345678901234567890123456789012.",
                                      "v1.bias.day.123456789012345678901234.",
                                      "v11.beat.x."};
    topic_t out;
    for (size_t i = 0; i < COUNT_OF (bad); i++)
        if (topic_parse (slice_of (bad[i]), "v1", &out) != E_SYNTAX)
            fail_msg ("%s was taken", bad[i]);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (test_text), cmocka_unit_test (test_refused)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
