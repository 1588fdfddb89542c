//  What the scoreboard measures with (tests/score), on numbers known by hand.

#include "tests/score/baselines.h"
#include "tests/score/metrics.h"

#include "common/base/prng.h"
#include "tests/support/expect.h"

static void
test_w1_is_the_distance_moved (void **state)
{
    (void) state;
    double a[10] = {0, 2, 0, 0, 0, 0, 0, 0, 0, 0}, b[10] = {0, 0, 0, 0, 0, 7, 0, 0, 0, 0}, none[10] = {0};
    expect_close (metrics_w1 (a, b, 10, .5), 2, 1e-12);
    expect_close (metrics_w1 (b, b, 10, .5), 0, 1e-12);
    double half[10] = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0};
    expect_close (metrics_w1 (half, b, 10, 1), 2, 1e-12);
    assert_true (isnan (metrics_w1 (a, none, 10, 1)));
}

static void
test_peaks_are_met_within_three_bins (void **state)
{
    (void) state;
    double truth[60] = {[10] = 5, [30] = 4, [50] = 3}, near[60] = {[12] = 5, [29] = 4, [40] = 3, [55] = 1};
    expect_close (metrics_top_hit (truth, truth, 60), 1, 0);
    expect_close (metrics_top_hit (truth, near, 60), 2.0 / 3, 1e-12);
}

static void
test_ranks_and_auc (void **state)
{
    (void) state;
    double x[6] = {1, 2, 3, 4, 5, 6}, cubes[6] = {1, 8, 27, 64, 125, 216}, back[6] = {6, 5, 4, 3, 2, 1};
    double tied[6] = {1, 1, 1, 1, 1, 1};
    expect_close (metrics_rank_correlation (x, cubes, 6), 1, 1e-12);
    expect_close (metrics_rank_correlation (x, back, 6), -1, 1e-12);
    assert_true (isnan (metrics_rank_correlation (x, tied, 6)));
    expect_close (metrics_auc (x, cubes, 6, .34), 1, 1e-12);
    expect_close (metrics_auc (back, cubes, 6, .34), 0, 1e-12);
    expect_close (metrics_auc (tied, cubes, 6, .34), .5, 1e-12);
}

static void
test_deciles_find_the_scale (void **state)
{
    (void) state;
    enum { N = 1000 };
    double predicted[N], realised[N];
    calibration_bins_t bins;
    for (int i = 0; i < N; i++) {
        predicted[i] = (i * 7) % N;
        realised[i] = .5 * predicted[i] + 3;
    }
    metrics_calibration (predicted, realised, N, &bins);
    expect_close (bins.slope, .5, 1e-12);
    expect_close (bins.predicted[0], 49.5, 1e-12);
    expect_close (bins.realised[9], .5 * 949.5 + 3, 1e-12);
}

static void
test_the_bootstrap_tells_a_mean_from_none (void **state)
{
    (void) state;
    enum { N = 200 };
    double up[N], even[N];
    prng_t prng;
    prng_init (&prng, test_seed (31));
    for (int i = 0; i < N; i++) {
        up[i] = .5 + prng_normal (&prng);
        even[i] = i % 2 ? 1 : -1;
    }
    bootstrap_t out;
    size_t counts[2] = {N, N};
    metrics_bootstrap ((const double *const[]){up, up}, counts, 2, 6, &out);
    assert_true (out.p < .01 && out.low > 0 && out.low < out.mean && out.mean < out.high);
    metrics_bootstrap ((const double *const[]){even}, counts, 1, 6, &out);
    assert_true (out.p > .2 && out.low <= 0 && out.high >= 0);
}

static void
test_baselines_stand_where_they_should (void **state)
{
    (void) state;
    baselines_t *self = baselines_new ();
    static density_t density;
    trade_t trade = {.price = {50000, 0}, .qty_coins = 1, .notional_usd = 50000, .side = 1};
    event_t event = {.kind = EVENT_TRADE, .of.trade = &trade};
    baselines_event (self, &event);
    baselines_minute (self);
    int64_t at = (int64_t) floor (log (50000) / MAP_BIN_WIDTH);
    int64_t tenth = (int64_t) floor (log (45000) / MAP_BIN_WIDTH);
    baselines_read (self, BASELINE_HALF_LIFE, at, &density);
    expect_close (density.usd[0][tenth - density.first_bin], .2, .01); //  one of five tiers
    expect_close (density.usd[1][MAP_VIEW_BINS - 1], 0, 0);            //  nobody has sold
    baselines_read (self, BASELINE_PROFILE, at + 10, &density);
    expect_close (density.usd[0][at - density.first_bin], 50000, 1e-6);
    trade.price = (decimal_t){44000, 0}; //  through the tier at 10x
    trade.side = -1;
    baselines_event (self, &event);
    baselines_minute (self);
    baselines_read (self, BASELINE_HALF_LIFE, at, &density);
    expect_close (density.usd[0][tenth - density.first_bin], 0, 0);
    baselines_destroy (&self);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_w1_is_the_distance_moved),
        cmocka_unit_test (test_peaks_are_met_within_three_bins),
        cmocka_unit_test (test_ranks_and_auc),
        cmocka_unit_test (test_deciles_find_the_scale),
        cmocka_unit_test (test_the_bootstrap_tells_a_mean_from_none),
        cmocka_unit_test (test_baselines_stand_where_they_should),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
