#include "tests/support/expect.h"
#include "common/base/decimal.h"
#include "common/base/prng.h"
#include "common/base/status.h"
#include "common/base/check.h"

__extension__ typedef __int128 wide_t;

static int
parse (const char *text, decimal_t *out)
{
    return decimal_parse (slice_of (text), out);
}

static void
test_parse (void **state)
{
    (void) state;
    static const struct {
        const char *text;
        int status;
        int64_t mantissa;
        int exponent;
    } cases[] = {
        {"0", OK, 0, 0},
        {"-0.000", OK, 0, 0},
        {"0e400", OK, 0, 0},
        {"5", OK, 5, 0},
        {"+5", OK, 5, 0},
        {"-12.3400", OK, -1234, -2},
        {"1200", OK, 12, 2},
        {"1e-7", OK, 1, -7},
        {"1E+3", OK, 1, 3},
        {"1.50e1", OK, 15, 0},
        {"0.000000000000000000000001", OK, 1, -24},
        {"0.0000000000000000000000001", E_RANGE, 0, 0},
        {"1000000000000000000", OK, 1, 18},
        {"10000000000000000000", E_RANGE, 0, 0},
        {"999999999999999999", OK, INT64_C (999999999999999999), 0},
        {"-999999999999999999", OK, INT64_C (-999999999999999999), 0},
        {"9999999999999999999", E_RANGE, 0, 0},
        {"9223372036854775807", E_RANGE, 0, 0},
        {"9223372036854775808", E_RANGE, 0, 0},
        {"1234567890.12345678", OK, INT64_C (123456789012345678), -8},
        {"1234567890.123456789", E_RANGE, 0, 0},
        {"100000000000000000.5", E_RANGE, 0, 0},
        {"0000000000000000000000000000001", OK, 1, 0},
        {"1.000000000000000000000000000000", OK, 1, 0},
        {"1e400", E_RANGE, 0, 0},
        {"1e-400", E_RANGE, 0, 0},
        {"1e99999999999999999999", E_RANGE, 0, 0},
        {"", E_SYNTAX, 0, 0},
        {"-", E_SYNTAX, 0, 0},
        {".", E_SYNTAX, 0, 0},
        {"e5", E_SYNTAX, 0, 0},
        {"1e", E_SYNTAX, 0, 0},
        {"1e+", E_SYNTAX, 0, 0},
        {"1e5x", E_SYNTAX, 0, 0},
        {"1.2.3", E_SYNTAX, 0, 0},
        {"1,5", E_SYNTAX, 0, 0},
        {" 1", E_SYNTAX, 0, 0},
        {"1 ", E_SYNTAX, 0, 0},
        {"--1", E_SYNTAX, 0, 0},
        {"0x10", E_SYNTAX, 0, 0},
        {"nan", E_SYNTAX, 0, 0},
        {"inf", E_SYNTAX, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        decimal_t got = {77, 7};
        int status = parse (cases[i].text, &got);
        if (status != cases[i].status)
            fail_msg ("\"%s\": %s", cases[i].text, status_name (status));
        if (status == OK && (got.mantissa != cases[i].mantissa || got.exponent != cases[i].exponent))
            fail_msg ("\"%s\": %lld e%d", cases[i].text, (long long) got.mantissa, got.exponent);
    }
}

//  Any canonical decimal of ours.
static decimal_t
random_decimal (prng_t *prng)
{
    int64_t most = 1;
    for (uint64_t digits = prng_below (prng, 18); digits > 0; digits--)
        most *= 10;
    decimal_t out = {(int64_t) prng_below (prng, (uint64_t) most * 10 - 1), 0};
    if (out.mantissa == 0)
        return out;
    while (out.mantissa % 10 == 0)
        out.mantissa /= 10;
    if (prng_below (prng, 2))
        out.mantissa = -out.mantissa;
    out.exponent = (int8_t) (DECIMAL_EXPONENT_MIN +
                             (int) prng_below (prng, DECIMAL_EXPONENT_MAX - DECIMAL_EXPONENT_MIN + 1));
    return out;
}

static void
test_text_round_trip (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (11));
    for (int i = 0; i < 200000; i++) {
        decimal_t value = random_decimal (&prng), back;
        char text[DECIMAL_TEXT_MAX];
        size_t size = decimal_format (value, text);
        assert_int_equal (size, strlen (text));
        assert_true (size < sizeof text);
        assert_null (strchr (text, 'e'));
        if (parse (text, &back) != OK || back.mantissa != value.mantissa || back.exponent != value.exponent)
            fail_msg ("%lld e%d became %s", (long long) value.mantissa, value.exponent, text);
        double expected = strtod (text, NULL), got = decimal_to_double (value);
        if (expected != got)
            fail_msg ("%s is %.17g, not %.17g", text, expected, got);
    }
}

static void
test_doubles (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (12));
    decimal_t out;
    int taken = 0;
    for (int i = 0; i < 50000; i++) {
        //  prices and quantities as they come: a few digits and a scale
        double value =
            (double) (int64_t) (prng_uniform (&prng) * 1e9) / pow (10, (double) prng_below (&prng, 9));
        assert_int_equal (decimal_from_double (value, &out), OK);
        assert_true (decimal_to_double (out) == value);
        //  and any bits at all
        uint64_t bits = prng_next (&prng);
        memcpy (&value, &bits, sizeof value);
        if (decimal_from_double (value, &out) == OK) {
            taken++;
            assert_true (decimal_to_double (out) == value);
        } else
            assert_true (!isfinite (value) || fabs (value) < 1e-6 || fabs (value) >= 1e17);
    }
    assert_true (taken > 0);
    assert_int_equal (decimal_from_double (NAN, &out), E_RANGE);
    assert_int_equal (decimal_from_double (INFINITY, &out), E_RANGE);
    assert_int_equal (decimal_from_double (1e300, &out), E_RANGE);
    assert_int_equal (decimal_from_double (0.1, &out), OK);
    assert_true (out.mantissa == 1 && out.exponent == -1);
}

//  Against whole numbers of 128 bits, where both fit.
static int
compare_wide (decimal_t a, decimal_t b)
{
    int lowest = a.exponent < b.exponent ? a.exponent : b.exponent;
    wide_t x = a.mantissa, y = b.mantissa;
    for (int i = a.exponent; i > lowest; i--)
        x *= 10;
    for (int i = b.exponent; i > lowest; i--)
        y *= 10;
    return (x > y) - (x < y);
}

static void
test_compare (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (13));
    int compared = 0;
    for (int i = 0; i < 200000; i++) {
        decimal_t a = random_decimal (&prng), b = prng_below (&prng, 4) ? random_decimal (&prng) : a;
        int apart = a.exponent - b.exponent;
        assert_int_equal (decimal_compare (a, b), -decimal_compare (b, a));
        if (apart > 19 || apart < -19) {
            long double x = (long double) a.mantissa * powl (10, a.exponent),
                        y = (long double) b.mantissa * powl (10, b.exponent);
            if (a.mantissa != 0 && b.mantissa != 0)
                assert_int_equal (decimal_compare (a, b), (x > y) - (x < y));
            continue;
        }
        compared++;
        assert_int_equal (decimal_compare (a, b), compare_wide (a, b));
    }
    assert_true (compared > 50000);
    assert_int_equal (decimal_compare ((decimal_t){0, 0}, (decimal_t){-1, 18}), 1);
    assert_int_equal (decimal_compare ((decimal_t){0, 0}, (decimal_t){1, -24}), -1);
    assert_int_equal (decimal_compare ((decimal_t){1, 18}, (decimal_t){INT64_C (999999999999999999), -24}),
                      1);
    assert_int_equal (decimal_compare ((decimal_t){-1, 18}, (decimal_t){INT64_C (-999999999999999999), -24}),
                      -1);
}

static void
test_rescale (void **state)
{
    (void) state;
    int64_t out;
    assert_int_equal (decimal_rescale ((decimal_t){15, -1}, -3, &out), OK);
    assert_int_equal (out, 1500);
    assert_int_equal (decimal_rescale ((decimal_t){15, -1}, -1, &out), OK);
    assert_int_equal (out, 15);
    assert_int_equal (decimal_rescale ((decimal_t){15, -1}, 0, &out), E_RANGE);
    assert_int_equal (decimal_rescale ((decimal_t){-12, 2}, 0, &out), OK);
    assert_int_equal (out, -1200);
    assert_int_equal (decimal_rescale ((decimal_t){0, 0}, -100, &out), OK);
    assert_int_equal (out, 0);
    assert_int_equal (decimal_rescale ((decimal_t){9, 18}, 0, &out), OK);
    assert_int_equal (decimal_rescale ((decimal_t){10, 18}, 0, &out), E_RANGE);
    assert_int_equal (decimal_rescale ((decimal_t){1, 0}, -1000000, &out), E_RANGE);
}

//  Mantissas no text makes, but a struct may hold.
static void
test_limits (void **state)
{
    (void) state;
    char text[DECIMAL_TEXT_MAX];
    (void) decimal_format ((decimal_t){INT64_MIN, 0}, text);
    assert_string_equal (text, "-9223372036854775808");
    (void) decimal_format ((decimal_t){INT64_MAX, DECIMAL_EXPONENT_MAX}, text);
    assert_string_equal (text, "9223372036854775807000000000000000000");
    (void) decimal_format ((decimal_t){-1, DECIMAL_EXPONENT_MIN}, text);
    assert_string_equal (text, "-0.000000000000000000000001");
    assert_true (decimal_to_double ((decimal_t){INT64_MIN, 0}) == -0x1p63);
    assert_true (decimal_to_double ((decimal_t){INT64_MAX, 0}) == 0x1p63);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),   cmocka_unit_test (test_text_round_trip),
        cmocka_unit_test (test_doubles), cmocka_unit_test (test_compare),
        cmocka_unit_test (test_rescale), cmocka_unit_test (test_limits),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
