#include "tests/support/expect.h"

#include "common/base/state_machine.h"

enum { CYCLE_MS = 30000 };

static int64_t clock_ms;

static int
fresh (void **unused)
{
    (void) unused;
    clock_ms = 1000 * CYCLE_MS;
    return 0;
}

//  One cycle of the same q, evaluated every 10 s; returns the view of its first evaluation.
static state_view_t
cycle (state_machine_t *self, double q, double z)
{
    state_view_t first, later;
    state_machine_step (self, clock_ms, q, z, CYCLE_MS, &first);
    for (int i = 1; i < 3; i++) {
        state_machine_step (self, clock_ms + i * 10000, q, z, CYCLE_MS, &later);
        assert_int_equal (later.level, first.level);
        assert_false (later.is_transition);
        assert_int_equal (later.early, 0);
    }
    clock_ms += CYCLE_MS;
    return first;
}

static void
test_two_cycles_are_needed_and_a_jump_needs_one (void **unused)
{
    (void) unused;
    state_machine_t self = {0};
    assert_int_equal (cycle (&self, .3, NAN).level, 0);
    assert_int_equal (cycle (&self, 0, NAN).level, 0); //  gave up in between
    assert_int_equal (cycle (&self, .3, NAN).level, 0);
    state_view_t view = cycle (&self, .3, NAN);
    assert_true (view.is_transition);
    assert_int_equal (view.level, 1);
    assert_int_equal (view.level_prev, 0);
    assert_int_equal (view.since_ms, clock_ms - CYCLE_MS);
    view = cycle (&self, -.3, NAN); //  moved by .6
    assert_true (view.is_transition);
    assert_int_equal (view.level, -1);
    assert_int_equal (view.level_prev, 1);
}

static void
test_hysteresis_holds_between_the_borders (void **unused)
{
    (void) unused;
    state_machine_t self = {0};
    const struct {
        double q;
        int level;
    } trace[] = {{.24, 0}, {.24, 0}, {.26, 0}, {.26, 1},  {.16, 1},  {.16, 1},  {.69, 1}, {.69, 1},
                 {.71, 1}, {.71, 2}, {.61, 2}, {.61, 2},  {.59, 2},  {.59, 1},  {.14, 1}, {.14, 0},
                 {-.2, 0}, {-.2, 0}, {-.4, 0}, {-.8, -1}, {-.8, -1}, {-.8, -2}, {-.1, 0}};
    for (size_t i = 0; i < sizeof trace / sizeof *trace; i++) {
        int level = cycle (&self, trace[i].q, NAN).level;
        if (level != trace[i].level)
            print_error ("step %zu: level %d, expected %d\n", i, level, trace[i].level);
        assert_int_equal (level, trace[i].level);
    }
}

static void
test_phases (void **unused)
{
    (void) unused;
    state_machine_t self = {0};
    for (int i = 0; i < 8; i++)
        assert_int_equal (cycle (&self, .3 + .001 * (i % 2), NAN).phase, MACHINE_STEADY);
    int phase = 0;
    for (int i = 0; i < 8; i++)
        phase = cycle (&self, .35 + .05 * i, NAN).phase;
    assert_int_equal (phase, MACHINE_ACCELERATING);
    for (int i = 0; i < 12; i++) {
        state_view_t view = cycle (&self, .7 - .04 * i, NAN);
        phase = view.phase;
        if (i == 11) {
            expect_close (view.peak, .7, 1e-12);
            assert_true (view.slope < 0);
        }
    }
    assert_int_equal (self.level, 1);
    assert_int_equal (phase, MACHINE_DECELERATING);
}

static void
test_cusum_rings_before_the_level_and_not_for_it (void **unused)
{
    (void) unused;
    state_machine_t self = {0};
    int rung_at = -1;
    for (int i = 0; i < 6; i++)
        if (cycle (&self, .1, 1.5).early == 1)
            rung_at = i;
    assert_int_equal (rung_at, 4); //  1, 2, 3, 4, 5 > 4
    state_machine_t up = {0};
    for (int i = 0; i < 20; i++)
        if (cycle (&up, .5, 3).level == 1)
            assert_int_equal (up.early, 0);
    assert_int_equal (up.level, 1);
}

static void
test_rest_forgets_after_two_cycles (void **unused)
{
    (void) unused;
    state_machine_t self = {0};
    cycle (&self, .5, NAN);
    cycle (&self, .5, NAN);
    assert_int_equal (self.level, 1);
    state_machine_rest (&self, clock_ms, CYCLE_MS);
    assert_int_equal (self.level, 1);
    state_machine_rest (&self, clock_ms + 2 * CYCLE_MS, CYCLE_MS);
    assert_int_equal (self.level, 0);
    assert_int_equal (self.cycle, 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup (test_two_cycles_are_needed_and_a_jump_needs_one, fresh),
        cmocka_unit_test_setup (test_hysteresis_holds_between_the_borders, fresh),
        cmocka_unit_test_setup (test_phases, fresh),
        cmocka_unit_test_setup (test_cusum_rings_before_the_level_and_not_for_it, fresh),
        cmocka_unit_test_setup (test_rest_forgets_after_two_cycles, fresh),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
