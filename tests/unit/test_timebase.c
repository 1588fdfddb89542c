#include "tests/support/expect.h"

#include "common/base/timebase.h"

#define WALL (1700000000 * NS_PER_S)
#define MONO (5000 * NS_PER_S)

//  As after timebase_init when the clocks showed WALL and MONO.
static timebase_t
started (void)
{
    return (timebase_t){.kind = CLOCK_WALL, .wall_ns = WALL, .mono_ns = MONO};
}

//  The wall clock as it would be without steps after some ms, off by off_ms.
static int64_t
follow (timebase_t *self, int64_t after_ms, int64_t off_ms)
{
    return timebase_follow (self, WALL + (after_ms + off_ms) * NS_PER_MS, MONO + after_ms * NS_PER_MS) - WALL;
}

static void
test_time_goes_by_the_monotonic_clock (void **state)
{
    (void) state;
    timebase_t self = started ();
    assert_int_equal (follow (&self, 0, 0), 0);
    //  slewed by less than 50 ms: not followed, and no step
    assert_int_equal (follow (&self, 1000, 49), 1000 * NS_PER_MS);
    assert_int_equal (follow (&self, 2000, -49), 2000 * NS_PER_MS);
    assert_int_equal (self.steps_count, 0);
}

static void
test_step_forward_is_counted_and_followed (void **state)
{
    (void) state;
    timebase_t self = started ();
    (void) follow (&self, 1000, 0);
    assert_int_equal (follow (&self, 2000, 3600000), 3602000 * NS_PER_MS);
    assert_int_equal (self.steps_count, 1);
    assert_int_equal (follow (&self, 3000, 3600000), 3603000 * NS_PER_MS); //  the new normal
    assert_int_equal (self.steps_count, 1);
}

static void
test_step_back_stops_time_until_it_is_made_up (void **state)
{
    (void) state;
    timebase_t self = started ();
    assert_int_equal (follow (&self, 10000, 0), 10000 * NS_PER_MS);
    for (int64_t ms = 10001; ms < 15000; ms += 7)
        assert_int_equal (follow (&self, ms, -5000), 10000 * NS_PER_MS);
    assert_int_equal (self.steps_count, 1);
    assert_int_equal (follow (&self, 15001, -5000), 10001 * NS_PER_MS);
    assert_int_equal (self.steps_count, 1);
}

//  A clock that is set again and again by anything up to a minute: order is never lost, each step is counted.
static void
test_order_survives_any_steps (void **state)
{
    (void) state;
    timebase_t self = started ();
    int64_t last_ns = INT64_MIN, off_ms = 0;
    uint64_t seed = 20261122, steps = 0;
    printf ("seed %llu\n", (unsigned long long) seed);
    for (int64_t i = 1; i <= 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if ((seed >> 60) == 0) {
            int64_t step_ms = (int64_t) (seed >> 33) % 60000 + 51;
            off_ms += seed >> 32 & 1 ? step_ms : -step_ms;
            steps++;
        }
        int64_t ts_ns = follow (&self, i * 10, off_ms);
        assert_true (ts_ns >= last_ns);
        assert_true (ts_ns >= (i * 10 + off_ms) * NS_PER_MS); //  never behind a clock that is ahead
        last_ns = ts_ns;
    }
    assert_true (steps > 1000);
    assert_int_equal (self.steps_count, steps);
}

static void
test_event_clock_never_steps_back (void **state)
{
    (void) state;
    timebase_t self;
    timebase_init (&self, CLOCK_EVENT);
    assert_int_equal (timebase_now (&self), 0);
    assert_int_equal (timebase_stamp (&self, 100), 100);
    assert_int_equal (timebase_stamp (&self, 90), 100);
    assert_int_equal (timebase_stamp (&self, 0), 100);
    assert_int_equal (timebase_stamp (&self, 101), 101);
    assert_int_equal (timebase_now (&self), 101);
    assert_int_equal (self.steps_count, 0);
}

static void
test_the_machines_clocks (void **state)
{
    (void) state;
    timebase_t self;
    timebase_init (&self, CLOCK_WALL);
    int64_t first_ns = timebase_stamp (&self, 0), wall_ns = timebase_wall_ns ();
    assert_true (first_ns > WALL && llabs (wall_ns - first_ns) < NS_PER_S);
    assert_true (timebase_now (&self) >= first_ns);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_time_goes_by_the_monotonic_clock),
        cmocka_unit_test (test_step_forward_is_counted_and_followed),
        cmocka_unit_test (test_step_back_stops_time_until_it_is_made_up),
        cmocka_unit_test (test_order_survives_any_steps),
        cmocka_unit_test (test_event_clock_never_steps_back),
        cmocka_unit_test (test_the_machines_clocks),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
