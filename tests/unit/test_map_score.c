#include "cards/map_score.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"
#include "tests/support/expect.h"

static const int64_t START_NS = INT64_C (1790000400000000000) / 3600000000000 * 3600000000000;

static int64_t
minute_ns (int minute)
{
    return START_NS + (int64_t) (minute + 1) * 60 * NS_PER_S;
}

static liquidation_step_t
one_side (double ours_usd, double ladder_usd, double printed_usd)
{
    return (liquidation_step_t){.swept_usd = {ours_usd, 0},
                                .ladder_usd = {ladder_usd, 0},
                                .printed_usd = {printed_usd, 0},
                                .print_usd_median = 1000};
}

//  Poisson with a small mean, by inversion.
static double
poisson (prng_t *prng, double mean)
{
    double u = prng_uniform (prng), p = exp (-mean), sum = p;
    int k = 0;
    while (u > sum && k < 1000) {
        p *= mean / ++k;
        sum += p;
    }
    return k;
}

//  A world in which what is swept now and then is liquidated as a Poisson number of prints of 1000 USD; the
//  ladder knows of it only the mean.
static void
play (map_score_t *self, prng_t *prng, int from, int to, bool is_identical)
{
    for (int m = from; m < to; m++) {
        liquidation_step_t step = {.print_usd_median = 1000};
        for (int s = 0; s < 2; s++) {
            bool is_hit = prng_uniform (prng) < .15;
            double mass = is_hit ? 6 * prng_exponential (prng) : 0;
            step.swept_usd[s] = mass * 4000; //  four times too much: the running ratio takes it out
            step.ladder_usd[s] = is_identical ? step.swept_usd[s] : (is_hit ? 6000.0 * 40 : 0);
            step.printed_usd[s] = 1000 * poisson (prng, mass);
        }
        map_score_add (self, minute_ns (m), &step);
    }
}

static void
test_likelihood_is_that_by_hand (void **state)
{
    (void) state;
    map_score_t score = {0};
    liquidation_step_t calm = one_side (0, 0, 0);
    //  minute 0 only says what a print is; minute 1: 9 prints, ours swept 19, ladder 39 units; minute 2: n 4
    liquidation_step_t first = one_side (19000, 39000, 9000), second = one_side (6000, 4000, 4000);
    for (int m = 0; m < 60; m++)
        map_score_add (&score, minute_ns (m), m == 1 ? &first : m == 2 ? &second : &calm);
    //  k: (9 + 1)/(19 + 1) = 1/2 and (9 + 1)/(39 + 1) = 1/4, less a minute of decay
    double ours = 4 * log (.5 * 6 + .05) - .5 * 6, ladder = 4 * log (.25 * 4 + .05) - .25 * 4;
    assert_int_equal (score.hours_count, 1);
    expect_close (score.hours[0].difference, ours - ladder, 1e-3);
    expect_close (score.hours[0].predicted_usd, 6000, 1e-12); //  minute 1 was not scored
    expect_close (score.hours[0].printed_usd, 4000, 1e-12);
    map_score_view_t view;
    map_score_read (&score, &view);
    assert_true (isnan (view.difference) && isnan (view.low) && isnan (view.high));
    expect_close (view.hours, 1, 0);
    double e = log ((4000 + 1000) / (3000.0 + 1000));
    expect_close (view.spread, sqrt ((20 * .49 + e * e) / 21), 1e-3);
}

static void
test_quiet_hours_count_as_nothing (void **state)
{
    (void) state;
    map_score_t score = {0};
    map_score_view_t view;
    liquidation_step_t calm = one_side (0, 0, 0), first = one_side (19000, 39000, 9000);
    for (int m = 0; m < 6 * 60; m++)
        map_score_add (&score, minute_ns (m), m == 1 ? &first : &calm);
    map_score_read (&score, &view);
    expect_close (view.hours, 6, 0);
    expect_close (view.difference, 0, 0);
    expect_close (view.low, 0, 0);
    expect_close (view.high, 0, 0);
}

static void
test_nothing_is_said_before_prints (void **state)
{
    (void) state;
    map_score_t score = {0};
    map_score_view_t view;
    liquidation_step_t swept = one_side (5000, 5000, 0);
    swept.print_usd_median = NAN;
    for (int m = 0; m < 10 * 60; m++)
        map_score_add (&score, minute_ns (m), &swept);
    map_score_read (&score, &view);
    expect_close (view.hours, 0, 0);
    assert_true (isnan (view.difference));
    expect_close (view.spread, .7, 1e-12);
}

//  What comes later changes no hour that is closed.
static void
test_no_look_ahead (void **state)
{
    (void) state;
    prng_t prng, other;
    prng_init (&prng, test_seed (11));
    map_score_t a = {0};
    play (&a, &prng, 0, 20 * 60, false);
    map_score_t b = a;
    map_score_hour_t before[20];
    memcpy (before, a.hours, sizeof before);
    prng_init (&other, 12);
    play (&a, &prng, 20 * 60, 40 * 60, false);
    play (&b, &other, 20 * 60, 40 * 60, true);
    assert_int_equal (a.hours_count, b.hours_count);
    assert_memory_equal (a.hours, before, sizeof before);
    assert_memory_equal (b.hours, before, sizeof before);
    assert_true (memcmp (a.hours + 20, b.hours + 20, sizeof before) != 0);
}

static void
test_the_truth_beats_the_ladder (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (13));
    map_score_t score = {0};
    map_score_view_t view;
    play (&score, &prng, 0, 100 * 60, false);
    map_score_read (&score, &view);
    print_message ("%.2f (%.2f .. %.2f) an hour\n", view.difference, view.low, view.high);
    assert_true (view.low > 0 && view.low < view.difference && view.difference < view.high);
    assert_true (view.spread > .05 && view.spread < .7);
    expect_close (view.printed_usd / view.predicted_usd, .25, .05);
}

static void
test_identical_maps_are_even (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (14));
    map_score_t score = {0};
    map_score_view_t view;
    play (&score, &prng, 0, 50 * 60, true);
    map_score_read (&score, &view);
    expect_close (view.difference, 0, 1e-12);
    assert_true (view.low <= 0 && view.high >= 0);
}

//  Differences without a mean: the interval holds 0 about as often as it says.
static void
test_the_interval_covers (void **state)
{
    (void) state;
    enum { WORLDS = 200 };
    prng_t prng;
    prng_init (&prng, test_seed (15));
    int covered = 0;
    for (int w = 0; w < WORLDS; w++) {
        map_score_t score = {.is_started = true, .hours_count = MAP_SCORE_HOURS - 1};
        map_score_view_t view;
        liquidation_step_t calm = one_side (0, 0, 0);
        for (int h = 0; h < MAP_SCORE_HOURS; h++)
            score.hours[h].difference = prng_normal (&prng);
        score.running = score.hours[MAP_SCORE_HOURS - 1];
        for (int m = 0; m < 60; m++)
            map_score_add (&score, minute_ns (m), &calm);
        map_score_read (&score, &view);
        covered += view.low <= 0 && view.high >= 0;
    }
    print_message ("covered in %d of %d\n", covered, WORLDS);
    assert_true (covered >= 176 && covered <= 199);
}

static void
test_a_copy_says_the_same (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (16));
    map_score_t score = {0}, copy;
    map_score_view_t a, b;
    play (&score, &prng, 0, 200 * 60, false); //  longer than the ring
    memcpy (&copy, &score, sizeof copy);
    prng_t again = prng;
    play (&score, &prng, 200 * 60, 210 * 60, false);
    play (&copy, &again, 200 * 60, 210 * 60, false);
    map_score_read (&score, &a);
    map_score_read (&copy, &b);
    assert_memory_equal (&a, &b, sizeof a);
    expect_close (a.hours, MAP_SCORE_HOURS, 0);
}

static void
test_numbers_that_are_none_are_refused (void **state)
{
    (void) state;
    map_score_t score = {0};
    map_score_view_t view;
    liquidation_step_t first = one_side (19000, 39000, 9000),
                       bad[] = {one_side (NAN, 0, 0), one_side (0, -1, 0), one_side (0, 0, INFINITY)};
    for (int m = 0; m < 8 * 60; m++)
        map_score_add (&score, minute_ns (m), m % 7 < 3 ? &bad[m % 7] : &first);
    map_score_add (&score, minute_ns (3), &first); //  long past
    map_score_read (&score, &view);
    assert_int_equal (score.refused_count, 207);
    assert_true (isfinite (view.difference) && isfinite (view.spread) && isfinite (view.printed_usd));
}

//  Half an hour lost: the hour does not count, those around it do.
static void
test_a_hole_costs_its_hours (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (17));
    map_score_t score = {0};
    map_score_view_t view;
    play (&score, &prng, 0, 10 * 60 + 20, false);
    play (&score, &prng, 12 * 60, 20 * 60, false);
    map_score_read (&score, &view);
    expect_close (view.hours, 18, 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_likelihood_is_that_by_hand),
        cmocka_unit_test (test_quiet_hours_count_as_nothing),
        cmocka_unit_test (test_nothing_is_said_before_prints),
        cmocka_unit_test (test_no_look_ahead),
        cmocka_unit_test (test_the_truth_beats_the_ladder),
        cmocka_unit_test (test_identical_maps_are_even),
        cmocka_unit_test (test_the_interval_covers),
        cmocka_unit_test (test_a_copy_says_the_same),
        cmocka_unit_test (test_numbers_that_are_none_are_refused),
        cmocka_unit_test (test_a_hole_costs_its_hours),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
