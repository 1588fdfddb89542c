//  The liquidation map under bad input: it stays finite, conserves mass, and the frame says what is missing.
#include "tests/support/expect.h"
#include "tests/support/map_world.h"

#include "cards/liquidation_map_private.h"
#include "cards/map_frame.h"
#include "common/base/check.h"
#include "common/wire/result.h"

enum { WARM_S = 900 };
#define PX 100000.0

typedef struct {
    map_world_t world;
    map_frame_maker_t *maker;
    field_codec_t *codec;
    prng_t prng;
    double px;
} fixture_t;

static int
set_up (void **state)
{
    fixture_t *self = mem_new (sizeof *self);
    self->world = map_world_new ();
    self->maker = map_frame_new ("BTCUSDT", MAP_WORLD_VENUES);
    self->codec = field_codec_new ();
    prng_init (&self->prng, test_seed (41));
    self->px = map_world_live (&self->world, &self->prng, WARM_S, PX);
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *self = *state;
    map_frame_destroy (&self->maker);
    field_codec_destroy (&self->codec);
    map_world_close (&self->world);
    free (self);
    return 0;
}

//  deposited = book + swept + closed + anchored, on every venue and side.
static void
check_mass (const fixture_t *self)
{
    for (int venue = 0; venue < MAP_WORLD_VENUES; venue++)
        for (int side = 0; side < 2; side++) {
            liquidation_totals_t totals;
            liquidation_map_totals (self->world.map, venue, (map_side_t) side, &totals);
            assert_true (isfinite (totals.book_coins) && totals.book_coins >= 0);
            expect_close (
                (totals.book_coins + totals.swept_coins + totals.closed_coins + totals.anchored_coins) /
                    totals.deposited_coins,
                1, 1e-6);
        }
}

//  The frame as it goes out; the codec refuses what is not finite or out of bounds.
static const map_frame_t *
check_frame (fixture_t *self)
{
    feeds_t feeds = {0};
    error_text_t error = {{0}};
    map_frame_t *frame =
        map_frame_make (self->maker, self->world.map, self->world.market, &feeds, MAP_MODEL_FULL, true);
    assert_non_null (frame);
    (void) snprintf (frame->head.publisher, sizeof frame->head.publisher, "cards-1");
    field_begin (self->codec);
    if (field_put (self->codec, result_table (TOPIC_MAP), FIELD_AS_MAP, frame, &error) != OK)
        fail_msg ("%s", error.text);
    check_mass (self);
    return frame;
}

static double
book_coins (const fixture_t *self, int venue)
{
    double sum = 0;
    for (int side = 0; side < 2; side++) {
        liquidation_totals_t totals;
        liquidation_map_totals (self->world.map, venue, (map_side_t) side, &totals);
        sum += totals.book_coins;
    }
    return sum;
}

static void
absurd_open_interest_is_refused (void **state)
{
    fixture_t *self = *state;
    static const double absurd[] = {1e15, 1e-9, 1e6, 0, 1e300, 100, 1e9};
    double before = book_coins (self, 0);
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        open_interest_t reading = {.ts_event_ns = self->world.now_ns, .oi_coins = absurd[i]};
        map_world_tell (&self->world, EVENT_OPEN_INTEREST, 0, &reading);
        map_world_second (&self->world, &self->prng, self->px, 1009);
        expect_close (book_coins (self, 0) / before, 1, .02);
    }
    const map_frame_t *frame = check_frame (self);
    assert_true (frame->oi_coverage_pct == 100);
    liquidation_totals_t totals;
    liquidation_map_totals (self->world.map, 0, MAP_SIDE_LONG, &totals);
    assert_true (totals.oi_rejected_count >= 6); //  there and back
}

static void
an_hour_without_open_interest (void **state)
{
    fixture_t *self = *state;
    self->world.has_no_oi[0] = true;
    self->px = map_world_live (&self->world, &self->prng, 3600, self->px);
    const map_frame_t *frame = check_frame (self);
    assert_string_equal (frame->reason, "binance: no fresh open interest");
    assert_true (frame->oi_coverage_pct > 0 && frame->oi_coverage_pct < 100);
    assert_true (frame->venues[0].is_live && frame->venues[0].oi_age_s >= 3599 &&
                 frame->venues[1].oi_age_s < 2);
    //  p is even then: half of what is traded opens, and the same amount closes
    assert_true (frame->venues[0].opening_p == .5);
    self->world.has_no_oi[0] = false;
    (void) map_world_live (&self->world, &self->prng, 2, self->px);
    frame = check_frame (self);
    assert_true (frame->oi_coverage_pct == 100);
    assert_true (frame->venues[0].oi_age_s < 2 && strstr (frame->reason, "of live flow"));
}

static void
tiers_with_a_hole_are_refused (void **state)
{
    fixture_t *self = *state;
    tier_t rows[] = {{50000, .004, 125, 0}, {600000, .005, 100, 40}}; //  continuity asks for 50
    tier_update_t update = {.ts_event_ns = self->world.now_ns, .rows = rows, .rows_count = 2};
    map_world_tell (&self->world, EVENT_TIERS, 0, &update);
    self->px = map_world_live (&self->world, &self->prng, 60, self->px);
    liquidation_totals_t totals;
    liquidation_map_totals (self->world.map, 0, MAP_SIDE_LONG, &totals);
    assert_int_equal (totals.tiers_refused_count, 1);
    assert_non_null (strstr (totals.tiers_error, "continuity asks for 50"));
    tiers_t kept = map_world_tiers ("binance");
    assert_memory_equal (&self->world.map->venues[0].book.tiers, &kept, sizeof kept);
    (void) check_frame (self);
}

static void
a_venue_that_vanishes (void **state)
{
    fixture_t *self = *state;
    double before = book_coins (self, 1);
    self->world.is_gone[1] = true;
    self->px = map_world_live (&self->world, &self->prng, 600, self->px);
    const map_frame_t *frame = check_frame (self);
    assert_string_equal (frame->reason, "bybit: marks do not flow");
    assert_true (frame->oi_coverage_pct > 0 && frame->oi_coverage_pct < 100);
    assert_true (frame->venues[0].is_live && !frame->venues[1].is_live);
    //  what it held is still there, and may grow to the leveraged share of the open interest known last
    assert_true (book_coins (self, 1) > .98 * before && book_coins (self, 1) < 2 * .7 * 1010);
    self->world.is_gone[1] = false;
    self->px = map_world_live (&self->world, &self->prng, 10, self->px);
    frame = check_frame (self);
    assert_true (frame->venues[1].is_live);
    assert_true (frame->oi_coverage_pct == 100);
}

static void
a_gap_of_thirty_percent (void **state)
{
    fixture_t *self = *state;
    static const double steps[] = {.7, 1 / .7 * 1.3, .7};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        self->px *= steps[i];
        map_world_second (&self->world, &self->prng, self->px, 1009);
        (void) check_frame (self);
        for (int venue = 0; venue < MAP_WORLD_VENUES; venue++)
            for (int l = 0; l < MAP_COMPONENTS; l++) {
                const int64_t bin = (int64_t) floor (log (self->px) / MAP_BIN_WIDTH);
                assert_true (liquidation_map_mass (self->world.map, venue, MAP_SIDE_LONG, l, bin,
                                                   bin + LIQUIDATION_BINS) == 0);
                assert_true (liquidation_map_mass (self->world.map, venue, MAP_SIDE_SHORT, l,
                                                   bin - LIQUIDATION_BINS, bin + 1) == 0);
            }
    }
    self->px = map_world_live (&self->world, &self->prng, 300, self->px);
    const map_frame_t *frame = check_frame (self);
    assert_true (frame->long_usd > 0 && frame->short_usd > 0); //  and it fills again
}

static void
a_restart_in_the_middle (void **state)
{
    fixture_t *self = *state;
    map_world_t fresh = map_world_new ();
    fresh.now_ns = self->world.now_ns;
    map_world_close (&self->world);
    self->world = fresh;
    map_frame_destroy (&self->maker);
    self->maker = map_frame_new ("BTCUSDT", MAP_WORLD_VENUES);
    self->px = map_world_live (&self->world, &self->prng, 360, self->px);
    const map_frame_t *frame = check_frame (self);
    assert_string_equal (frame->reason, "0.1 h of live flow");
    expect_close (frame->confidence_pct, 100 * 360 / 86400.0, .01);
    //  the first open interest is taken as it is, and what is held soon stands for the leveraged part of it
    assert_true (book_coins (self, 0) > 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (absurd_open_interest_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown (an_hour_without_open_interest, set_up, tear_down),
        cmocka_unit_test_setup_teardown (tiers_with_a_hole_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_venue_that_vanishes, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_gap_of_thirty_percent, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_restart_in_the_middle, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
