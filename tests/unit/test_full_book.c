#include "tests/support/expect.h"

#include "common/base/prng.h"
#include "ingest/full_book.h"

static decimal_t
number (const char *text)
{
    decimal_t out;
    assert_int_equal (decimal_parse (slice_of (text), &out), OK);
    return out;
}

static native_level_t
level (const char *price, const char *qty)
{
    return (native_level_t){number (price), number (qty)};
}

static int
apply (full_book_t *book, bool is_snapshot, const native_level_t *bids, size_t bids_count,
       const native_level_t *asks, size_t asks_count)
{
    book_update_t update = {.is_snapshot = is_snapshot,
                            .bids = bids,
                            .asks = asks,
                            .bids_count = bids_count,
                            .asks_count = asks_count};
    return full_book_apply (book, &update, NULL);
}

//  Expected values: binascii.crc32 of Python, as signed 32 bits, of the text in the comment, which is the one
//  the venue's document writes for such a book.  Here: 3366.1:7:3366.8:9:3366:6:3368:8
static void
test_checksum_of_documents_example (void **state)
{
    (void) state;
    full_book_t *book = full_book_new ();
    native_level_t bids[] = {level ("3366.1", "7"), level ("3366", "6")};
    native_level_t asks[] = {level ("3366.8", "9"), level ("3368", "8")};
    assert_int_equal (apply (book, true, bids, 2, asks, 2), OK);
    assert_int_equal (full_book_checksum (book), -1881014294);
    //  Sides of unequal length: 3366.1:7:3366.8:9:3368:8:3372:8
    native_level_t more[] = {level ("3372", "8")};
    native_level_t less[] = {level ("3366", "0")};
    assert_int_equal (apply (book, false, less, 1, more, 1), OK);
    assert_int_equal (full_book_checksum (book), 831078360);
    full_book_destroy (&book);
}

static void
test_finer_price_keeps_order (void **state)
{
    (void) state;
    full_book_t *book = full_book_new ();
    native_level_t first[] = {level ("1000", "1"), level ("900", "2")};
    native_level_t finer[] = {level ("950.125", "3"), level ("1000.5", "4")};
    native_level_t gone[] = {level ("1000", "0")};
    assert_int_equal (apply (book, true, first, 2, NULL, 0), OK);
    assert_int_equal (apply (book, false, finer, 2, NULL, 0), OK);
    const char *expected[] = {"1000.5", "1000", "950.125", "900"};
    for (size_t i = 0; i < 4; i++) {
        char text[DECIMAL_TEXT_MAX];
        decimal_format (full_book_level (book, true, i).price, text);
        assert_string_equal (text, expected[i]);
    }
    assert_int_equal (apply (book, false, gone, 1, NULL, 0), OK);
    assert_int_equal (full_book_count (book, true), 3);
    full_book_destroy (&book);
}

static void
test_crossed_is_seen (void **state)
{
    (void) state;
    full_book_t *book = full_book_new ();
    native_level_t bid[] = {level ("10", "1")}, ask[] = {level ("10.5", "1")}, over[] = {level ("10.5", "2")};
    assert_false (full_book_is_crossed (book));
    assert_int_equal (apply (book, true, bid, 1, ask, 1), OK);
    assert_false (full_book_is_crossed (book));
    assert_int_equal (apply (book, false, over, 1, NULL, 0), OK);
    assert_true (full_book_is_crossed (book)); //  locked counts
    full_book_destroy (&book);
}

static void
test_refused_levels (void **state)
{
    (void) state;
    full_book_t *book = full_book_new ();
    native_level_t zero[] = {{{0, 0}, {1, 0}}}, negative[] = {level ("5", "-1")};
    native_level_t wide[] = {{{999999999999999999, 0}, {1, 0}}, {{1, -9}, {1, 0}}};
    assert_int_equal (apply (book, true, zero, 1, NULL, 0), E_RANGE);
    assert_int_equal (apply (book, true, NULL, 0, negative, 1), E_RANGE);
    assert_int_equal (apply (book, true, wide, 2, NULL, 0), E_RANGE); //  no common exponent in 64 bits
    full_book_destroy (&book);
}

static void
test_convert_scaled_contract (void **state)
{
    (void) state;
    contract_t contract = {.multiplier = 1000, .price_divisor = 1000};
    native_level_t native = level ("0.0123", "7");
    level_t out = full_book_convert (&native, &contract);
    char text[DECIMAL_TEXT_MAX];
    decimal_format (out.price, text);
    assert_string_equal (text, "0.0000123");
    expect_close (out.qty_coins, 7000, 0);
    contract = (contract_t){.multiplier = 0.01, .price_divisor = 1};
    out = full_book_convert (&native, &contract);
    decimal_format (out.price, text);
    assert_string_equal (text, "0.0123");
    expect_close (out.qty_coins, 0.07, 1e-15);
}

//  --- against a reference that is too simple to be wrong

enum { PRICES = 400 };
typedef struct {
    int64_t qty[2][PRICES]; //  by side and price in ticks of 0.05
} reference_t;

static decimal_t
price_at (size_t tick)
{
    char text[32];
    (void) snprintf (text, sizeof text, "%.2f", 100 + 0.05 * (double) tick);
    return number (text);
}

static void
compare (const full_book_t *book, const reference_t *reference)
{
    for (int side = 0; side < 2; side++) {
        size_t seen = 0;
        for (size_t n = 0; n < PRICES; n++) {
            size_t tick = side ? PRICES - 1 - n : n;
            if (!reference->qty[side][tick])
                continue;
            assert_true (seen < full_book_count (book, side == 1));
            native_level_t found = full_book_level (book, side == 1, seen++);
            decimal_t price = price_at (tick);
            assert_int_equal (found.price.mantissa, price.mantissa);
            assert_int_equal (found.price.exponent, price.exponent);
            decimal_t qty = number ("0");
            char text[32];
            (void) snprintf (text, sizeof text, "%lld", (long long) reference->qty[side][tick]);
            qty = number (text);
            assert_int_equal (decimal_compare (found.qty, qty), 0);
        }
        assert_int_equal (full_book_count (book, side == 1), seen);
    }
}

static void
test_property_same_as_reference (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (20240817));
    full_book_t *book = full_book_new ();
    reference_t reference = {{{0}}};
    for (int round = 0; round < 3000; round++) {
        native_level_t levels[2][8];
        size_t counts[2] = {prng_below (&prng, 8), prng_below (&prng, 8)};
        bool is_snapshot = prng_below (&prng, 100) == 0;
        if (is_snapshot)
            memset (&reference, 0, sizeof reference);
        for (int side = 0; side < 2; side++)
            for (size_t i = 0; i < counts[side]; i++) {
                size_t tick = prng_below (&prng, PRICES);
                int64_t qty = prng_below (&prng, 3) == 0 ? 0 : (int64_t) prng_below (&prng, 1000);
                char text[32];
                (void) snprintf (text, sizeof text, "%lld", (long long) qty);
                levels[side][i] = (native_level_t){price_at (tick), number (text)};
            }
        //  A snapshot is applied from its end (best first in it): the first of two equal prices wins there.
        for (int side = 0; side < 2; side++)
            for (size_t n = 0; n < counts[side]; n++) {
                const native_level_t *one = &levels[side][is_snapshot ? counts[side] - 1 - n : n];
                size_t tick = (size_t) lround ((decimal_to_double (one->price) - 100) / 0.05);
                reference.qty[side][tick] = (int64_t) decimal_to_double (one->qty);
            }
        assert_int_equal (apply (book, is_snapshot, levels[1], counts[1], levels[0], counts[0]), OK);
        compare (book, &reference);
    }
    full_book_destroy (&book);
}

static void
test_full_side_loses_its_worst (void **state)
{
    (void) state;
    full_book_t *book = full_book_new ();
    for (int i = 1; i <= FULL_BOOK_LEVELS_MAX; i++) {
        native_level_t one = {{i, 0}, {1, 0}};
        one.price = number ("1");
        one.price.mantissa = i;
        assert_int_equal (apply (book, false, &one, 1, NULL, 0), OK);
    }
    native_level_t better = {{FULL_BOOK_LEVELS_MAX + 1, 0}, {5, 0}}, worst = {{5, -1}, {1, 0}};
    assert_int_equal (apply (book, false, &better, 1, NULL, 0), OK);
    assert_int_equal (full_book_count (book, true), FULL_BOOK_LEVELS_MAX);
    assert_int_equal (full_book_level (book, true, 0).qty.mantissa, 5);
    assert_int_equal (full_book_level (book, true, FULL_BOOK_LEVELS_MAX - 1).price.mantissa, 2);
    assert_int_equal (apply (book, false, &worst, 1, NULL, 0), OK);
    assert_int_equal (full_book_dropped_count (book), 2);
    assert_int_equal (full_book_level (book, true, FULL_BOOK_LEVELS_MAX - 1).price.mantissa, 2);
    full_book_destroy (&book);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_checksum_of_documents_example),
        cmocka_unit_test (test_finer_price_keeps_order),
        cmocka_unit_test (test_crossed_is_seen),
        cmocka_unit_test (test_refused_levels),
        cmocka_unit_test (test_convert_scaled_contract),
        cmocka_unit_test (test_property_same_as_reference),
        cmocka_unit_test (test_full_side_loses_its_worst),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
