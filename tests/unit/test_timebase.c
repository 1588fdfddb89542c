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

//  Time runs on at 95 % of its speed, so 5 s are made up for in 100 s; then it is the wall clock's again.
static void
test_time_runs_on_after_a_step_back (void **state)
{
    (void) state;
    timebase_t self = started ();
    assert_int_equal (follow (&self, 10000, 0), 10000 * NS_PER_MS);
    int64_t last_ns = 10000 * NS_PER_MS;
    for (int64_t ms = 10010; ms <= 110000; ms += 10) {
        int64_t ts_ns = follow (&self, ms, -5000);
        //  The step is seen with the first reading after it; what passed before that is whole.
        assert_int_equal (ts_ns - last_ns, ms == 10010 ? 10 * NS_PER_MS : 9500 * NS_PER_US);
        assert_int_equal (self.ahead_ns, ts_ns - (ms - 5000) * NS_PER_MS);
        last_ns = ts_ns;
    }
    assert_int_equal (self.steps_count, 1);
    assert_int_equal (self.ahead_ns, 500 * NS_PER_US);
    assert_int_equal (follow (&self, 110010, -5000), 105010 * NS_PER_MS);
    assert_int_equal (follow (&self, 111000, -5000), 106000 * NS_PER_MS);
    assert_int_equal (self.ahead_ns, 0);
}

static void
test_steps_while_ahead (void **state)
{
    (void) state;
    timebase_t self = started ();
    assert_int_equal (follow (&self, 1000, -4000), 1000 * NS_PER_MS); //  back by 4 s
    assert_int_equal (follow (&self, 2000, -7000), 1950 * NS_PER_MS); //  and by 3 s more
    assert_int_equal (self.ahead_ns, 6950 * NS_PER_MS);
    assert_int_equal (follow (&self, 3000, -2000), 2900 * NS_PER_MS); //  forward, not as far: no jump
    assert_int_equal (self.ahead_ns, 1900 * NS_PER_MS);
    assert_int_equal (follow (&self, 4000, 1000), 5000 * NS_PER_MS); //  forward, beyond us: followed
    assert_int_equal (self.ahead_ns, 0);
    assert_int_equal (follow (&self, 5000, 1000), 6000 * NS_PER_MS);
    assert_int_equal (self.steps_count, 4);
}

//  A clock that is set again and again by anything up to a minute: order is never lost, each step is counted.
static void
test_order_survives_any_steps (void **state)
{
    (void) state;
    timebase_t self = started ();
    int64_t last_ns = 0, off_ms = 0;
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
        assert_true (ts_ns >= last_ns + (i > 1 ? 9500 * NS_PER_US : 0)); //  never slower than 95 %
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
        cmocka_unit_test (test_time_runs_on_after_a_step_back),
        cmocka_unit_test (test_steps_while_ahead),
        cmocka_unit_test (test_order_survives_any_steps),
        cmocka_unit_test (test_event_clock_never_steps_back),
        cmocka_unit_test (test_the_machines_clocks),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
