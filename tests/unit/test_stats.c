#include "tests/support/expect.h"

#include "cards/stats.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"

enum { MANY = 500 };

static void
test_ew_equals_the_weighted_sums (void **unused)
{
    (void) unused;
    prng_t prng;
    prng_init (&prng, test_seed (11));
    ew_t ew = {0};
    double x[MANY], at_s[MANY], weight[MANY], now_s = 0, tau_s = 40;
    for (int i = 0; i < MANY; i++) {
        now_s += prng_exponential (&prng) * 3;
        int64_t ts_ns = (int64_t) (now_s * 1e9);
        at_s[i] = (double) ts_ns * 1e-9;
        x[i] = prng_normal (&prng) + 2;
        weight[i] = 1 + prng_uniform (&prng);
        ew_add_weighted (&ew, ts_ns, tau_s, x[i], weight[i]);
    }
    double w = 0, w2 = 0, sum = 0, sum2 = 0;
    for (int i = 0; i < MANY; i++) {
        double k = weight[i] * exp ((at_s[i] - at_s[MANY - 1]) / tau_s);
        w += k;
        w2 += k * k;
        sum += k * x[i];
        sum2 += k * x[i] * x[i];
    }
    expect_close (ew_mean (&ew), sum / w, 1e-10);
    expect_close (ew_var (&ew), sum2 / w - sum * sum / w / w, 1e-10);
    expect_close (ew_rms (&ew), sqrt (sum2 / w), 1e-10);
    expect_close (ew_n (&ew), w * w / w2, 1e-10);
}

static void
test_ew_is_unbiased_from_the_first_sample (void **unused)
{
    (void) unused;
    ew_t ew = {0};
    assert_true (isnan (ew_mean (&ew)) && isnan (ew_var (&ew)) && isnan (ew_rms (&ew)));
    expect_close (ew_n (&ew), 0, 0);
    ew_add (&ew, 5 * NS_PER_S, 1000, 7);
    expect_close (ew_mean (&ew), 7, 0);
    expect_close (ew_var (&ew), 0, 0);
    assert_true (isnan (stats_zc (&ew, 8)));
    ew_add (&ew, 5 * NS_PER_S, 1000, 9);
    expect_close (ew_mean (&ew), 8, 1e-15);
    expect_close (stats_zc (&ew, 10), 2, 1e-12);
    expect_close (stats_zu (&ew, sqrt (65)), 1, 1e-12);
}

static void
test_decayed_and_hold_fade (void **unused)
{
    (void) unused;
    decayed_t sum = {0};
    decayed_add (&sum, 0, 10, 4);
    decayed_add (&sum, 10 * NS_PER_S, 10, 1);
    expect_close (decayed_at (&sum, 20 * NS_PER_S, 10), 4 * exp (-2) + exp (-1), 1e-12);

    hold_t hold = {0};
    expect_close (hold_at (&hold, 99, 10), 0, 0);
    hold_trigger (&hold, 0, 10, -2);
    hold_trigger (&hold, 5 * NS_PER_S, 10, 1); //  smaller than what is left: 1.21
    expect_close (hold_at (&hold, 5 * NS_PER_S, 10), -2 * exp (-.5), 1e-12);
    hold_trigger (&hold, 10 * NS_PER_S, 10, 1); //  larger than .74
    expect_close (hold_at (&hold, 10 * NS_PER_S, 10), 1, 0);
    assert_int_equal (hold.triggers_count, 2);
}

static void
test_sketch_rank_is_close_to_the_exact_weighted_rank (void **unused)
{
    (void) unused;
    prng_t prng;
    prng_init (&prng, test_seed (12));
    static double x[20000];
    sketch_t sketch = {0};
    double half_s = 3000;
    for (int i = 0; i < 20000; i++) {
        x[i] = prng_normal (&prng);
        sketch_add (&sketch, (int64_t) i * 10 * NS_PER_S, half_s, x[i]);
    }
    for (double v = -2.5; v <= 2.5; v += .25) {
        double below = 0, all = 0;
        for (int i = 0; i < 20000; i++) {
            double weight = exp2 ((i - 19999) * 10 / half_s);
            all += weight;
            below += x[i] < v ? weight : 0;
        }
        expect_close (sketch_rank (&sketch, v), below / all, .02);
        expect_close (sketch_rank (&sketch, sketch_quantile (&sketch, below / all)), below / all, 1e-5);
    }
    double tau = stats_tau_of_half (half_s) / 10;
    expect_close (sketch_n (&sketch), (1 + exp (-1 / tau)) / (1 - exp (-1 / tau)), 1e-4);
}

static void
test_sketch_edges (void **unused)
{
    (void) unused;
    sketch_t sketch = {0};
    assert_true (isnan (sketch_rank (&sketch, 1)) && isnan (sketch_quantile (&sketch, .5)));
    sketch_add (&sketch, 0, 100, 0);
    expect_close (sketch_rank (&sketch, 0), .5, 1e-9);
    expect_close (sketch_rank (&sketch, 1), 1, 1e-9);
    expect_close (sketch_rank (&sketch, -1), 0, 1e-9);
    sketch_add (&sketch, 0, 100, -5e20);
    sketch_add (&sketch, 0, 100, 5e20);
    expect_close (sketch_rank (&sketch, 0), .5, 1e-7);
    expect_close (sketch_rank (&sketch, INFINITY), 2.5 / 3, 1e-6);
    //  So long after that nothing of the old is left.
    sketch_add (&sketch, (int64_t) 1e15, 100, 3);
    expect_close (sketch_n (&sketch), 1, 1e-9);
    expect_close (sketch_rank (&sketch, 1), 0, 1e-9);
}

static void
test_regression_finds_a_line_and_its_error (void **unused)
{
    (void) unused;
    //  Undecayed (tau huge): y = 1 + 2 x with residuals +1, -1, -1, +1.
    regress_t fit = {0};
    double x[] = {0, 1, 2, 3}, off[] = {1, -1, -1, 1};
    for (int i = 0; i < 4; i++)
        regress_add (&fit, i, 1e18, x[i], 1 + 2 * x[i] + off[i]);
    expect_close (regress_slope (&fit), 2, 1e-12);
    expect_close (regress_intercept (&fit), 1, 1e-12);
    expect_close (regress_n (&fit), 4, 1e-9);
    //  s2 = 4 / 2 = 2, Sxx = 5: se = sqrt (.4)
    expect_close (regress_t_stat (&fit), 2 / sqrt (.4), 1e-9);
    expect_close (regress_r2 (&fit), 20.0 / 24, 1e-12);

    regress_shift (&fit, 1.5, -3);
    expect_close (regress_slope (&fit), 2, 1e-12);
    expect_close (regress_intercept (&fit), 1 + 2 * 1.5 + 3, 1e-12);
    expect_close (regress_t_stat (&fit), 2 / sqrt (.4), 1e-9);

    regress_t flat = {0};
    regress_add (&flat, 0, 10, 3, 1);
    regress_add (&flat, 1, 10, 3, 2);
    assert_true (isnan (regress_slope (&flat)) && isnan (regress_t_stat (&flat)));
}

static void
test_rls_recovers_coefficients_and_follows_a_change (void **unused)
{
    (void) unused;
    prng_t prng;
    prng_init (&prng, test_seed (13));
    rls_t rls;
    rls_init (&rls, 3);
    double error = 0;
    for (int i = 0; i < 2000; i++) {
        double x[3] = {1, prng_normal (&prng), prng_normal (&prng)};
        double b = i < 1000 ? 2 : -1;
        error = rls_add (&rls, x, .5 + b * x[1] - 3 * x[2], .98);
    }
    expect_close (rls.b[0], .5, 1e-6);
    expect_close (rls.b[1], -1, 1e-6);
    expect_close (rls.b[2], -3, 1e-6);
    expect_close (error, 0, 1e-6);
    //  Without excitation the covariance stays bounded.
    for (int i = 0; i < 5000; i++)
        rls_add (&rls, (double[]){1, 0, 0}, .5, .98);
    assert_true (rls.p[1][1] <= 1e6 * 1.0001 && isfinite (rls.b[1]));
    expect_close (rls.b[1], -1, 1e-6);
}

static void
test_small_ones (void **unused)
{
    (void) unused;
    expect_close (stats_normal_cdf (1.959963984540054), .975, 1e-12);
    expect_close (stats_normal_cdf (-1), 1 - stats_normal_cdf (1), 1e-15);
    expect_close (stats_tau_of_half (STATS_LN2), 1, 1e-15);
    expect_close (stats_sign (-.1) + stats_sign (0) + 3 * stats_sign (5), 2, 0);
    expect_close (stats_clip (7, -1, 1) + stats_clip (-7, -1, 1) + stats_clip (.3, -1, 1), .3, 1e-15);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_ew_equals_the_weighted_sums),
        cmocka_unit_test (test_ew_is_unbiased_from_the_first_sample),
        cmocka_unit_test (test_decayed_and_hold_fade),
        cmocka_unit_test (test_sketch_rank_is_close_to_the_exact_weighted_rank),
        cmocka_unit_test (test_sketch_edges),
        cmocka_unit_test (test_regression_finds_a_line_and_its_error),
        cmocka_unit_test (test_rls_recovers_coefficients_and_follows_a_change),
        cmocka_unit_test (test_small_ones),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
