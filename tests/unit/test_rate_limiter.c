#include "tests/support/expect.h"

#include "common/base/prng.h"
#include "common/base/timebase.h"
#include "ingest/rate_limiter.h"

static void
test_limit_then_window_slides (void **state)
{
    (void) state;
    rate_limiter_t limiter;
    rate_limiter_init (&limiter, 100, 10);
    int64_t now_ns = 1000 * NS_PER_S;
    for (int i = 0; i < 10; i++)
        assert_int_equal (rate_limiter_take (&limiter, now_ns, 10, 0), 0);
    int64_t wait_ns = rate_limiter_take (&limiter, now_ns, 1, 0);
    assert_in_range (wait_ns, 1, NS_PER_S);
    assert_true (rate_limiter_take (&limiter, now_ns + 9 * NS_PER_S, 1, 0) > 0);
    assert_int_equal (rate_limiter_take (&limiter, now_ns + 11 * NS_PER_S, 100, 0), 0);
}

static void
test_reserve_is_left_to_the_important (void **state)
{
    (void) state;
    rate_limiter_t limiter;
    rate_limiter_init (&limiter, 100, 10);
    assert_int_equal (rate_limiter_take (&limiter, NS_PER_S, 70, 25), 0);
    assert_true (rate_limiter_take (&limiter, NS_PER_S, 10, 25) > 0);
    assert_int_equal (rate_limiter_take (&limiter, NS_PER_S, 10, 0), 0);
}

static void
test_ban_stops_everything (void **state)
{
    (void) state;
    rate_limiter_t limiter;
    rate_limiter_init (&limiter, 100, 10);
    rate_limiter_ban (&limiter, 50 * NS_PER_S);
    rate_limiter_ban (&limiter, 30 * NS_PER_S); //  the later one counts
    assert_int_equal (rate_limiter_take (&limiter, 10 * NS_PER_S, 1, 0), 40 * NS_PER_S);
    assert_int_equal (rate_limiter_take (&limiter, 50 * NS_PER_S, 1, 0), 0);
}

static void
test_oversized_weight_goes_alone (void **state)
{
    (void) state;
    rate_limiter_t limiter;
    rate_limiter_init (&limiter, 10, 1);
    assert_int_equal (rate_limiter_take (&limiter, NS_PER_S, 50, 0), 0);
    assert_true (rate_limiter_take (&limiter, NS_PER_S, 1, 0) > 0);
}

//  Whatever the pattern, no window of the venue ever sees more than the limit.
static void
test_property_never_above_limit_in_any_window (void **state)
{
    (void) state;
    enum { TAKEN_MAX = 20000 };
    static struct {
        int64_t at_ns, weight;
    } taken[TAKEN_MAX];
    prng_t prng;
    prng_init (&prng, test_seed (99));
    rate_limiter_t limiter;
    rate_limiter_init (&limiter, 60, 6);
    size_t count = 0, first = 0;
    int64_t now_ns = 0, in_window = 0, most = 0;
    while (count < TAKEN_MAX) {
        now_ns += (int64_t) prng_below (&prng, 400) * NS_PER_MS;
        int64_t weight = 1 + (int64_t) prng_below (&prng, 20);
        if (rate_limiter_take (&limiter, now_ns, weight, 0) > 0)
            continue;
        taken[count].at_ns = now_ns;
        taken[count++].weight = weight;
        in_window += weight;
        while (taken[first].at_ns <= now_ns - 6 * NS_PER_S)
            in_window -= taken[first++].weight;
        assert_true (in_window <= 60);
        most = in_window > most ? in_window : most;
    }
    assert_true (most > 50); //  and what is allowed is used
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_limit_then_window_slides),
        cmocka_unit_test (test_reserve_is_left_to_the_important),
        cmocka_unit_test (test_ban_stops_everything),
        cmocka_unit_test (test_oversized_weight_goes_alone),
        cmocka_unit_test (test_property_never_above_limit_in_any_window),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
