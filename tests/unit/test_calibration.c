#include "aggregator/calibration.h"
#include "common/base/prng.h"
#include "common/base/status.h"
#include "tests/support/expect.h"

#define HALF_S   (90 * 86400.0)
#define START_MS INT64_C (1700000000000)

static void
test_confidence_is_50_until_500_outcomes (void **state)
{
    (void) state;
    calibration_t self = {0};
    calibration_fit_t fit;
    for (int i = 0; i < 499; i++)
        calibration_add (&self, HALF_S, START_MS, 1, 1, 1, 50, NAN);
    calibration_fit (&self, HALF_S, START_MS, &fit);
    assert_false (fit.is_calibrated);
    assert_int_equal (fit.outcomes_needed, 1);
    expect_close (calibration_confidence_pct (&fit, 1, 60), 50, 0);
    assert_true (isnan (fit.brier));
    calibration_add (&self, HALF_S, START_MS, 1, 1, 1, 50, NAN);
    calibration_fit (&self, HALF_S, START_MS, &fit);
    assert_true (fit.is_calibrated);
    assert_int_equal (fit.outcomes_needed, 0);
    assert_true (calibration_confidence_pct (&fit, 1, 60) > 55);
    expect_close (calibration_confidence_pct (&fit, 1, 60) + calibration_confidence_pct (&fit, 1, -60), 100,
                  1e-9);
    expect_close (calibration_confidence_pct (&fit, 0, 0), 50, 0);
}

static void
test_overlapping_outcomes_count_by_their_weight (void **state)
{
    (void) state;
    calibration_t self = {0};
    calibration_fit_t fit;
    for (int i = 0; i < 5000; i++)
        calibration_add (&self, HALF_S, START_MS, 0.1, 0.5, -1, 20, NAN);
    calibration_fit (&self, HALF_S, START_MS, &fit);
    assert_true (fit.is_calibrated);
    expect_close (fit.n_eff, 500, 1e-6);
}

//  a maximises sum log logistic (+-a z) - a^2 / .08: checked by its condition at the cell's middle.
static void
test_platt_stands_at_its_optimum (void **state)
{
    (void) state;
    calibration_t self = {0};
    calibration_fit_t fit;
    for (int i = 0; i < 600; i++)
        calibration_add (&self, HALF_S, START_MS, 1, 1.02, i % 10 < 7 ? 1 : -1, 50, NAN);
    calibration_fit (&self, HALF_S, START_MS, &fit);
    double a = fit.platt, z = 1.05, p = 1 / (1 + exp (-a * z));
    expect_close (z * (420 - 600 * p) - a / 0.04, 0, 1e-6);
    assert_false (fit.is_isotonic);
    expect_close (calibration_p_up (&fit, 2), 1 / (1 + exp (-2 * a)), 1e-12);
}

static void
test_isotonic_is_monotone_and_near_the_truth (void **state)
{
    (void) state;
    calibration_t self = {0};
    calibration_fit_t fit;
    prng_t prng;
    prng_init (&prng, test_seed (1));
    for (int i = 0; i < 40000; i++) {
        double z = prng_normal (&prng), p = 0.5 + 0.15 * tanh (z);
        calibration_add (&self, HALF_S, START_MS, 1, z, prng_uniform (&prng) < p ? 1 : -1, z, NAN);
    }
    calibration_fit (&self, HALF_S, START_MS, &fit);
    assert_true (fit.is_isotonic);
    assert_true (fit.points_count >= 15 && fit.points_count <= CALIBRATION_POINTS);
    for (size_t i = 1; i < fit.points_count; i++) {
        assert_true (fit.z[i] > fit.z[i - 1]);
        assert_true (fit.p[i] >= fit.p[i - 1]);
    }
    for (double z = -2; z <= 2; z += 0.25)
        expect_close (calibration_p_up (&fit, z), 0.5 + 0.15 * tanh (z), 0.03);
}

static void
test_slope_skill_and_brier_by_hand (void **state)
{
    (void) state;
    calibration_t self = {0};
    calibration_fit_t fit;
    for (int i = 0; i < 1000; i++)
        calibration_add (&self, HALF_S, START_MS, 1, 1, 0.5, 30, 60);
    calibration_fit (&self, HALF_S, START_MS, &fit);
    expect_close (fit.beta_z, 500.0 / 1200, 1e-12);
    expect_close (fit.skill, 1, 0);
    expect_close (fit.brier, 0.16, 1e-9); //  said .6, always right
    expect_close (fit.ece, 0.4, 1e-9);
}

static void
test_old_outcomes_fade (void **state)
{
    (void) state;
    calibration_t self = {0}, late = {0};
    calibration_fit_t fit, fit_late;
    int64_t life_ms = (int64_t) (HALF_S * 1000);
    //  Over many half-lives, in order and with one straggler: the anchor moves, the answer does not.
    for (int i = 0; i < 40; i++)
        calibration_add (&self, HALF_S, START_MS + i * life_ms, 1, 0.3, 1, 10, 55);
    for (int i = 1; i < 40; i++)
        calibration_add (&late, HALF_S, START_MS + i * life_ms, 1, 0.3, 1, 10, 55);
    calibration_add (&late, HALF_S, START_MS, 1, 0.3, 1, 10, 55);
    calibration_fit (&self, HALF_S, START_MS + 39 * life_ms, &fit);
    calibration_fit (&late, HALF_S, START_MS + 39 * life_ms, &fit_late);
    expect_close (fit.n_eff, 2 - exp2 (-39), 1e-12);
    expect_close (fit_late.n_eff, fit.n_eff, 1e-12);
    expect_close (fit_late.beta_z, fit.beta_z, 1e-12);
}

static void
test_save_load_is_exact (void **state)
{
    (void) state;
    calibration_t self = {0}, again = {0};
    prng_t prng;
    prng_init (&prng, test_seed (2));
    for (int i = 0; i < 700; i++)
        calibration_add (&self, HALF_S, START_MS + i * 777777, 1.0 / 6, 2 * prng_normal (&prng),
                         prng_normal (&prng), 1, i % 3 ? NAN : 40 + 20 * prng_uniform (&prng));
    image_t image = {0};
    calibration_save (&self, &image);
    for (size_t i = 0; i < image.count; i++) {
        int status = calibration_load (&again, image_name (&image, i), image_value (&image, i));
        assert_true (status == OK || strncmp (image_name (&image, i), "lo:", 3) == 0);
    }
    assert_memory_equal (&self, &again, sizeof self);
    assert_int_equal (calibration_load (&again, "win:80", "1"), E_SYNTAX);
    assert_int_equal (calibration_load (&again, "win:3", "x"), E_SYNTAX);
    assert_int_equal (calibration_load (&again, "color", "1"), E_ABSENT);
    image_fini (&image);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_confidence_is_50_until_500_outcomes),
        cmocka_unit_test (test_overlapping_outcomes_count_by_their_weight),
        cmocka_unit_test (test_platt_stands_at_its_optimum),
        cmocka_unit_test (test_isotonic_is_monotone_and_near_the_truth),
        cmocka_unit_test (test_slope_skill_and_brier_by_hand),
        cmocka_unit_test (test_old_outcomes_fade),
        cmocka_unit_test (test_save_load_is_exact),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
