#include "tests/support/expect.h"

#include "common/base/timebase.h"
#include "ingest/backoff.h"

static void
test_waits_double_up_to_the_most (void **state)
{
    (void) state;
    backoff_t backoff;
    backoff_init (&backoff, NS_PER_S, 60 * NS_PER_S, test_seed (7), "test", 0);
    int64_t limit_ns = NS_PER_S;
    for (int i = 0; i < 200; i++) {
        int64_t wait_ns = backoff_next_ns (&backoff);
        assert_in_range (wait_ns, limit_ns / 2, limit_ns);
        limit_ns = limit_ns * 2 > 60 * NS_PER_S ? 60 * NS_PER_S : limit_ns * 2;
    }
    backoff_reset (&backoff);
    assert_in_range (backoff_next_ns (&backoff), NS_PER_S / 2, NS_PER_S);
}

static void
test_jitter_spreads_and_repeats_by_seed (void **state)
{
    (void) state;
    backoff_t a, b, c;
    backoff_init (&a, NS_PER_S, NS_PER_S, 5, "link", 0);
    backoff_init (&b, NS_PER_S, NS_PER_S, 5, "link", 0);
    backoff_init (&c, NS_PER_S, NS_PER_S, 5, "link", 1);
    int different = 0;
    int64_t least_ns = INT64_MAX, most_ns = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t wait_ns = backoff_next_ns (&a);
        assert_int_equal (wait_ns, backoff_next_ns (&b));
        different += wait_ns != backoff_next_ns (&c);
        least_ns = wait_ns < least_ns ? wait_ns : least_ns;
        most_ns = wait_ns > most_ns ? wait_ns : most_ns;
    }
    assert_true (different > 990);
    assert_true (most_ns - least_ns > NS_PER_S * 45 / 100);
}

static void
test_no_overflow_near_the_limits (void **state)
{
    (void) state;
    backoff_t backoff;
    backoff_init (&backoff, INT64_MAX / 3, INT64_MAX / 2, 1, "test", 0);
    for (int i = 0; i < 10; i++)
        assert_true (backoff_next_ns (&backoff) > 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_waits_double_up_to_the_most),
        cmocka_unit_test (test_jitter_spreads_and_repeats_by_seed),
        cmocka_unit_test (test_no_overflow_near_the_limits),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
