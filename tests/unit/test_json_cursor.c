#include "common/base/status.h"
#include "ingest/json_cursor.h"
#include "tests/support/expect.h"

static json_document_t *json;
static char *padded;

//  A copy with exactly the padding that is promised, so the address sanitizer sees what reads further.
static int
open_bytes (const char *text, size_t size, json_cursor_t *root)
{
    free (padded);
    padded = calloc (1, size + JSON_PADDING_BYTES);
    memcpy (padded, text, size);
    return json_open (json, (slice_t){padded, size}, root);
}

static int
open_text (const char *text, json_cursor_t *root)
{
    return open_bytes (text, strlen (text), root);
}

static int
set_up (void **state)
{
    (void) state;
    json = json_document_new ();
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    json_document_destroy (&json);
    assert_null (json);
    free (padded);
    padded = NULL;
    return 0;
}

static void
test_find_in_any_order (void **state)
{
    (void) state;
    json_cursor_t root, b;
    assert_int_equal (open_text ("{\"a\": 1, \"b\": {\"c\": [1, 2], \"d\": \"x\"} , \"ab\":3}", &root), OK);
    int64_t value = 0;
    assert_int_equal (json_find_i64 (root, "ab", &value), OK);
    assert_int_equal (value, 3);
    assert_int_equal (json_find_i64 (root, "a", &value), OK);
    assert_int_equal (value, 1);
    assert_int_equal (json_find (root, "b", &b), OK);
    slice_t text;
    assert_int_equal (json_find_text (b, "d", &text), OK);
    assert_true (slice_is (text, "x"));
    json_cursor_t c, item;
    assert_int_equal (json_find (b, "c", &c), OK);
    for (int round = 0; round < 2; round++) { //  an array can be walked again
        int sum = 0;
        while (json_next (c, &item)) {
            assert_int_equal (json_i64 (item, &value), OK);
            sum += (int) value;
        }
        assert_int_equal (sum, 3);
    }
    assert_int_equal (json_finish (json), OK);
}

static void
test_raw_is_the_value_as_it_stands (void **state)
{
    (void) state;
    json_cursor_t root, value;
    slice_t raw;
    assert_int_equal (open_text (" {\"a\" : [1, {\"b\":2 } ] , \"c\": \"x\\n\" ,\"d\":-1.50 } ", &root), OK);
    assert_int_equal (json_raw (root, &raw), OK);
    assert_int_equal (raw.size, strlen (padded) - 2);
    assert_int_equal (json_find (root, "a", &value), OK);
    assert_int_equal (json_raw (value, &raw), OK);
    assert_true (slice_is (raw, "[1, {\"b\":2 } ]"));
    assert_int_equal (json_find (root, "c", &value), OK);
    assert_int_equal (json_raw (value, &raw), OK);
    assert_true (slice_is (raw, "\"x\\n\""));
    assert_int_equal (json_find (root, "d", &value), OK);
    assert_int_equal (json_raw (value, &raw), OK);
    assert_true (slice_is (raw, "-1.50"));
}

static void
test_absent_is_not_sticky (void **state)
{
    (void) state;
    json_cursor_t root, out;
    double number = 7;
    assert_int_equal (open_text ("{\"n\":null,\"e\":\"\",\"x\":2,\"o\":{}}", &root), OK);
    assert_int_equal (json_find (root, "no", &out), E_ABSENT);
    assert_int_equal (json_find_double (root, "n", &number), E_ABSENT);
    assert_int_equal (json_find_double (root, "e", &number), E_ABSENT);
    assert_int_equal (json_find (root, "o", &out), OK);
    assert_int_equal (json_find (out, "x", &out), E_ABSENT);
    expect_close (number, 7, 0);
    assert_int_equal (json_find_double (root, "x", &number), OK);
    expect_close (number, 2, 0);
    assert_int_equal (json_finish (json), OK);
}

static void
test_errors_are_sticky (void **state)
{
    (void) state;
    json_cursor_t root, out;
    int64_t value;
    assert_int_equal (open_text ("{\"a\":\"word\",\"b\":2}", &root), OK);
    assert_int_equal (json_find_i64 (root, "a", &value), E_SYNTAX);
    assert_int_equal (json_find_i64 (root, "b", &value), E_SYNTAX);
    assert_int_equal (json_find (root, "b", &out), E_SYNTAX);
    assert_false (json_next (root, &out));
    assert_int_equal (json_type (root), JSON_BROKEN);
    assert_int_equal (json_finish (json), E_SYNTAX);
    assert_string_equal (json_error (json), "not a number at byte 5");
    assert_int_equal (open_text ("{\"b\":2}", &root), OK); //  gone with the next document
    assert_int_equal (json_find_i64 (root, "b", &value), OK);
}

static void
test_need_names_what_is_missing (void **state)
{
    (void) state;
    static const char *const texts[] = {"{\"b\":1}", "{\"a\":null}", "{\"a\":\"\"}"};
    json_cursor_t root;
    double number;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal (open_text (texts[i], &root), OK);
        assert_int_equal (json_need_double (root, "a", &number), E_SYNTAX);
        assert_string_equal (json_error (json), "no 'a' in the object at byte 0");
        assert_int_equal (json_finish (json), E_SYNTAX);
    }
}

static void
test_numbers_as_text_and_as_numbers (void **state)
{
    (void) state;
    json_cursor_t root, item;
    assert_int_equal (open_text ("[\"0.10\", 0.10, 1e-7, \"-12\", 1653818880000, \"1e3\", 12.0]", &root), OK);
    static const double doubles[] = {0.1, 0.1, 1e-7, -12, 1653818880000.0, 1000, 12};
    static const char *const texts[] = {"0.1", "0.1", "0.0000001", "-12", "1653818880000", "1000", "12"};
    size_t count = 0;
    while (json_next (root, &item)) {
        double number;
        decimal_t decimal;
        char text[DECIMAL_TEXT_MAX];
        assert_int_equal (json_double (item, &number), OK);
        assert_true (number == doubles[count]);
        assert_int_equal (json_decimal (item, &decimal), OK);
        (void) decimal_format (decimal, text);
        assert_string_equal (text, texts[count]);
        int64_t whole;
        if (count > 2) {
            assert_int_equal (json_i64 (item, &whole), OK);
            assert_int_equal (whole, (int64_t) doubles[count]);
        }
        count++;
    }
    assert_int_equal (count, 7);
}

static void
test_values_out_of_range (void **state)
{
    (void) state;
    static const char *const doubles[] = {"1e999", "\"-1e999\"", "1e-999"};
    json_cursor_t root;
    double number;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal (open_text (doubles[i], &root), OK);
        assert_int_equal (json_double (root, &number), E_RANGE);
    }
    static const char *const words[] = {"\"nan\"", "\"inf\"", "\"0x10\"", "\"1.2.3\"",
                                        "\" 1\"",  "true",    "[1]",      "{}"};
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal (open_text (words[i], &root), OK);
        int status = json_double (root, &number);
        assert_true (status == E_SYNTAX || status == E_RANGE);
        assert_int_not_equal (json_finish (json), OK);
    }
    int64_t whole;
    assert_int_equal (open_text ("9223372036854775808", &root), OK);
    assert_int_equal (json_i64 (root, &whole), E_RANGE);
    assert_int_equal (open_text ("9223372036854775807", &root), OK);
    assert_int_equal (json_i64 (root, &whole), OK);
    assert_true (whole == INT64_MAX);
    assert_int_equal (open_text ("0.5", &root), OK);
    assert_int_equal (json_i64 (root, &whole), E_RANGE);
    decimal_t decimal;
    assert_int_equal (open_text ("0.1234567890123456789", &root), OK);
    assert_int_equal (json_decimal (root, &decimal), E_RANGE);
}

static void
test_escapes (void **state)
{
    (void) state;
    json_cursor_t root;
    slice_t text;
    assert_int_equal (
        open_text ("{\"a\\u0062\":\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac\\ud83d\\ude00.\"}", &root), OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal (json_find_text (root, "ab", &text), OK);
        assert_true (slice_is (text, "q\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80."));
    }
    static const char *const wrong[] = {"[\"\\x\"]",     "[\"\\u12g4\"]",        "[\"\\ud800\"]",
                                        "[\"\\udc00\"]", "[\"\\ud800\\u0041\"]", "[\"\\u12\"]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal (open_text (wrong[i], &root), E_SYNTAX);
}

//  Acceptance of RFC 8259, also of what no caller would read.
static void
test_grammar (void **state)
{
    (void) state;
    static const char *const good[] = {"0",
                                       "-0.5e+3",
                                       "true",
                                       " null ",
                                       "\"\"",
                                       "[]",
                                       "{}",
                                       "[[],{}]",
                                       " [ 1 , 2 ] \n",
                                       "{\"a\":{},\"b\":[],\"a\":1}",
                                       "[\"\xc3\xa9\"]",
                                       "[1\n,\t2\r]"};
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[",
                                      "]",
                                      "}",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1 \"b\":2}",
                                      "[}",
                                      "{]",
                                      "[1}",
                                      "{\"a\":1]",
                                      "1 2",
                                      "[] []",
                                      "tru",
                                      "truex",
                                      "nul",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "01",
                                      "-",
                                      "1e",
                                      "1e+",
                                      "--1",
                                      "[1x]",
                                      "\"open",
                                      "[\"a\"x]",
                                      "[\"a\nb\"]",
                                      "[\"\xff\"]",
                                      "[\"\xc3\"]",
                                      "\xef",
                                      "NaN",
                                      "[1:2]",
                                      "[1\"a\"]",
                                      "[true\"a\"]",
                                      "[1\"a\",2]",
                                      "{\"a\"1:2}",
                                      "{\"a\",1}",
                                      "\"a\"\"b\"",
                                      "{\"a\"::1}",
                                      "{\"a\":1,\"b\"}",
                                      "[1,,2]",
                                      ":",
                                      ",",
                                      "\xc0\xaf"};
    json_cursor_t root;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (open_text (good[i], &root) != OK)
            fail_msg ("refused: %s (%s)", good[i], json_error (json));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (open_text (bad[i], &root) != E_SYNTAX)
            fail_msg ("accepted: %s", bad[i]);
        assert_true (strlen (json_error (json)) > 0);
        assert_int_equal (json_finish (json), E_SYNTAX);
    }
    assert_int_equal (open_bytes ("[1]\0", 4, &root), E_SYNTAX);
}

static void
test_depth_and_size_have_bounds (void **state)
{
    (void) state;
    char text[2 * (JSON_DEPTH_MAX + 1) + 1];
    json_cursor_t root;
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset (text, '[', (size_t) depth);
        memset (text + depth, ']', (size_t) depth);
        text[2 * depth] = 0;
        assert_int_equal (open_text (text, &root), depth == JSON_DEPTH_MAX ? OK : E_RANGE);
    }
    size_t size = ((size_t) 64 << 20) + 1;
    char *large = malloc (size + JSON_PADDING_BYTES);
    memset (large, ' ', size + JSON_PADDING_BYTES);
    large[0] = '1';
    assert_int_equal (json_open (json, (slice_t){large, size}, &root), E_RANGE);
    assert_int_equal (json_open (json, (slice_t){large, size - 1}, &root), OK);
    free (large);
}

//  Every prefix of a document is refused: none is a document itself.
static void
test_cut_anywhere (void **state)
{
    (void) state;
    static const char text[] =
        "{\"e\":\"x\\u00e9\",\"b\":[[\"1.5\",\"2\"],[3,-4e1]],\"t\":true,\"n\":null,\"o\":{\"k\":[]}}";
    json_cursor_t root;
    assert_int_equal (open_text (text, &root), OK);
    for (size_t size = 0; size < sizeof text - 1; size++)
        assert_int_equal (open_bytes (text, size, &root), E_SYNTAX);
}

static void
test_nested_walks_do_not_disturb_each_other (void **state)
{
    (void) state;
    char text[4096] = "[";
    size_t size = 1;
    for (int i = 0; i < 100; i++)
        size += (size_t) snprintf (text + size, sizeof text - size, "%s[[%d,1],[%d,2]]", i ? "," : "", i, i);
    (void) snprintf (text + size, sizeof text - size, "]");
    json_cursor_t root, outer, pair, item;
    assert_int_equal (open_text (text, &root), OK);
    int count = 0;
    while (json_next (root, &outer)) {
        while (json_next (outer, &pair)) {
            int64_t value;
            assert_true (json_next (pair, &item));
            assert_int_equal (json_i64 (item, &value), OK);
            assert_int_equal (value, count / 2);
            count++; //  the rest of the pair stays unread
        }
    }
    assert_int_equal (count, 200);
    assert_int_equal (json_finish (json), OK);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_find_in_any_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_raw_is_the_value_as_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_absent_is_not_sticky, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_errors_are_sticky, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_need_names_what_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_numbers_as_text_and_as_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_values_out_of_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_grammar, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_depth_and_size_have_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_cut_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_nested_walks_do_not_disturb_each_other, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
