//  What the flow of a minute says about the return that follows: nothing in a random walk, what was planted
//  otherwise.

#include "tests/support/expect.h"

#include "ingest/simulator/world.h"

static const int64_t START_NS = INT64_C (1790000000000000000), SECOND_NS = INT64_C (1000000000);
enum { HORIZON_S = 120, FLOW_S = 60, ROUNDS = 360, INSTRUMENTS = 12 };

typedef struct {
    double flow_usd[INSTRUMENTS];
    world_t *world;
} flows_t;

static void
on_trade (void *context, int venue, int instrument, const world_trade_t *trade)
{
    flows_t *flows = context;
    const world_spec_t *spec = world_spec (flows->world, venue, instrument);
    flows->flow_usd[instrument] +=
        trade->side * (double) (trade->px_ticks * trade->qty_lots) * spec->tick_px * spec->lot_coins;
}

static double
mid_px (const world_t *world, int instrument)
{
    world_level_t bid, ask;
    assert_int_equal (world_levels (world, 0, instrument, true, &bid, 1), 1);
    assert_int_equal (world_levels (world, 0, instrument, false, &ask, 1), 1);
    return .5 * (double) (bid.px_ticks + ask.px_ticks) * world_spec (world, 0, instrument)->tick_px;
}

//  Mean over instruments of the correlation of a minute's signed flow with the next horizon's return.
static double
measure (world_options_t options)
{
    universe_t universe;
    error_text_t error;
    const char *names =
        "BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT FILUSDT NEARUSDT WLDUSDT ADAUSDT AVAXUSDT "
        "LINKUSDT";
    assert_int_equal (universe_parse (&universe, slice_of (names), &error), OK);
    options.universe = &universe;
    options.venues[0] = "binance";
    options.venues_count = 1;
    options.start_ns = START_NS;
    options.history_days = 1;
    options.activity = 1;
    flows_t flows = {.world = world_new (&options, &error)};
    assert_non_null (flows.world);
    world_listen (flows.world, &(world_sink_t){.self = &flows, .trade = on_trade});

    double sx[INSTRUMENTS] = {0}, sy[INSTRUMENTS] = {0}, sxx[INSTRUMENTS] = {0}, syy[INSTRUMENTS] = {0},
           sxy[INSTRUMENTS] = {0};
    int64_t now_ns = START_NS + 600 * SECOND_NS;
    world_run (flows.world, now_ns);
    for (int round = 0; round < ROUNDS; round++) {
        double before[INSTRUMENTS];
        memset (flows.flow_usd, 0, sizeof flows.flow_usd);
        world_run (flows.world, now_ns += FLOW_S * SECOND_NS);
        double flow[INSTRUMENTS];
        memcpy (flow, flows.flow_usd, sizeof flow);
        for (int i = 0; i < INSTRUMENTS; i++)
            before[i] = mid_px (flows.world, i);
        world_run (flows.world, now_ns += HORIZON_S * SECOND_NS);
        for (int i = 0; i < INSTRUMENTS; i++) {
            double y = log (mid_px (flows.world, i) / before[i]), x = flow[i];
            sx[i] += x, sy[i] += y, sxx[i] += x * x, syy[i] += y * y, sxy[i] += x * y;
        }
    }
    double sum = 0, n = ROUNDS;
    for (int i = 0; i < INSTRUMENTS; i++)
        sum +=
            (sxy[i] - sx[i] * sy[i] / n) / sqrt ((sxx[i] - sx[i] * sx[i] / n) * (syy[i] - sy[i] * sy[i] / n));
    world_destroy (&flows.world);
    return sum / INSTRUMENTS;
}

//  12 x 360 separate windows: the standard error of the mean is about 1 / sqrt (4320) = 0.015.
static void
a_random_walk_cannot_be_predicted (void **state)
{
    (void) state;
    uint64_t seed = test_seed (3);
    double ic = measure ((world_options_t){.seed = seed, .is_random_walk = true});
    print_message ("random walk: ic %.4f\n", ic);
    assert_true (fabs (ic) < .05);
}

static void
a_planted_coefficient_is_measured (void **state)
{
    (void) state;
    uint64_t seed = test_seed (4);
    static const double PLANTED[] = {.1, .25};
    for (int i = 0; i < 2; i++) {
        double ic = measure (
            (world_options_t){.seed = seed, .planted_ic = PLANTED[i], .planted_horizon_s = HORIZON_S});
        print_message ("planted %.2f: measured %.4f\n", PLANTED[i], ic);
        double width = .05 + .25 * PLANTED[i];
        assert_true (ic > PLANTED[i] - width && ic < PLANTED[i] + width);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_random_walk_cannot_be_predicted),
        cmocka_unit_test (a_planted_coefficient_is_measured),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
