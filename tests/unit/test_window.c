#include "tests/support/expect.h"

#include "cards/window.h"

static void
test_slots_are_unique_and_in_order (void **state)
{
    (void) state;
    const window_t *all = window_all ();
    for (int i = 0; i < SLOT_COUNT; i++) {
        assert_int_equal (all[i].slot, i);
        assert_int_equal (all[i].seconds, window_seconds[all[i].id]);
    }
}

static void
test_each_mode_has_its_votes_and_one_primary (void **state)
{
    (void) state;
    static const int counts[MODE_COUNT] = {3, 4, 4};
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        int count, primaries = 0;
        const window_t *slots = window_slots ((mode_id_t) mode, &count);
        assert_int_equal (count, counts[mode]);
        assert_int_equal (slots[0].id, W_1M);
        assert_int_equal (slots[1].id, W_5M);
        assert_int_equal (slots[2].id, W_1H);
        for (int i = 0; i < count; i++) {
            assert_int_equal (slots[i].mode, mode);
            if (slots[i].is_primary) {
                primaries++;
                assert_int_equal (slots[i].seconds, mode_info ((mode_id_t) mode)->primary_s);
            }
        }
        assert_int_equal (primaries, 1);
    }
}

static void
test_span_counts_buckets_of_the_window (void **state)
{
    (void) state;
    span_t span = window_span (W_1H, 4, 1);
    assert_int_equal (span.bucket, BUCKET_60S);
    assert_int_equal (span.count, 240);
    span = window_span (W_1M, 1, 2);
    assert_int_equal (span.bucket, BUCKET_1S);
    assert_int_equal (span.count, 30);
    span = window_span (W_4H, 4, 1);
    assert_int_equal (span.bucket, BUCKET_900S);
    assert_int_equal (span.count, 64);
    span = window_span (W_5M, 1, 1);
    assert_int_equal (span.bucket, BUCKET_5S);
    assert_int_equal (span.count, 60);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_slots_are_unique_and_in_order),
        cmocka_unit_test (test_each_mode_has_its_votes_and_one_primary),
        cmocka_unit_test (test_span_counts_buckets_of_the_window),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
