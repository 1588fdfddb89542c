//  Every key and every topic kind there is, is in the text.
#include "tests/support/expect.h"
#include "common/wire/result.h"
#include "common/wire/schema.h"

static void
expect_keys (const char *text, const field_table_t *table)
{
    for (size_t i = 0; i < table->count; i++) {
        char wanted[80];
        (void) snprintf (wanted, sizeof wanted, "| `%s` |", table->fields[i].key);
        if (table->fields[i].key[0] && !strstr (text, wanted))
            fail_msg ("%s.%s is missing", table->name, table->fields[i].key);
        if (table->fields[i].table)
            expect_keys (text, table->fields[i].table);
    }
}

static void
test_complete (void **state)
{
    (void) state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    assert_non_null (out);
    schema_write (out);
    (void) fclose (out);
    for (int i = 0; i < EVENT_KIND_COUNT; i++) {
        char heading[64];
        (void) snprintf (heading, sizeof heading, "### event %s\n", event_kind_names[i]);
        assert_non_null (strstr (text, heading));
        expect_keys (text, event_table ((event_kind_t) i));
    }
    for (int i = TOPIC_EVENT + 1; i < TOPIC_KIND_COUNT; i++)
        expect_keys (text, result_table ((topic_kind_t) i));
    assert_non_null (strstr (text, "`v1.bias.day.BTCUSDT.`"));
    assert_non_null (strstr (text, "| 0 | `schema` | int"));
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (test_complete)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
