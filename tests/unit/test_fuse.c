#include "aggregator/fuse.h"
#include "tests/support/expect.h"
#include "tests/support/reading_maker.h"

#define START_MS INT64_C (1700000000000) //  on the boundary of every cycle but swing's

static roster_t roster;
static int category_of[READING_MAKER_CARDS];
static double weights[READING_MAKER_CATEGORIES];

static int
set_up (void **state)
{
    memset (&roster, 0, sizeof roster);
    for (int i = 0; i < READING_MAKER_CATEGORIES; i++) {
        roster_add (&roster, reading_maker_categories[i]);
        weights[i] = 1.0 / READING_MAKER_CATEGORIES;
    }
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        category_of[i] = i % READING_MAKER_CATEGORIES;
    *state = NULL;
    return 0;
}

static bias_t *
step (fuse_t *fuse, reading_maker_t *maker)
{
    fuse_input_t input = {.reading = &maker->reading, .category_of = category_of, .weights = weights};
    return fuse_step (fuse, &input);
}

static fuse_t *
fresh (mode_id_t mode)
{
    fuse_t *fuse = fuse_new (mode, "BTCUSDT");
    fuse_set_roster (fuse, &roster);
    return fuse;
}

//  All cards say the same.
static void
fill_alike (reading_maker_t *maker, int64_t ts_ms, double direction)
{
    prng_t prng;
    prng_init (&prng, 1);
    reading_maker_fill (maker, &prng, "BTCUSDT", MODE_SCALP, ts_ms, 0);
    for (int i = 0; i < READING_MAKER_CARDS; i++) {
        maker->cards[i].direction = direction;
        maker->cards[i].strength = maker->cards[i].confidence = 0.5;
        for (int v = 0; v < VOTE_COUNT; v++)
            maker->cards[i].votes.vote[v] = direction;
    }
}

static void
test_step_first_reading_by_hand (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    fill_alike (&maker, START_MS, 0.8);
    const bias_t *bias = step (fuse, &maker);
    //  s = .8 x .5 x .5 = .2; its own size is its sigma, so x = 1, R = 1; an hour of R of six alike before it.
    double sigma_r = sqrt ((360.0 / 6 + 1) / 361);
    expect_close (bias->categories[0].score, 0.2, 1e-12);
    expect_close (bias->categories[0].sigma, 0.2, 1e-12);
    expect_close (bias->categories[0].x, 1, 1e-12);
    expect_close (bias->sigma_r, sigma_r, 1e-12);
    expect_close (bias->z, 1 / sigma_r, 1e-12);
    expect_close (bias->bias, 100 * tanh (1 / sigma_r / 1.5), 1e-12);
    expect_close (bias->categories[0].points, bias->bias / 6, 1e-12);
    expect_close (bias->agreement_pct, 100, 1e-12);
    expect_close (bias->evidence_pct, 100 * 0.5 * 1 * 0.9 * 1,
                  1e-9); //  confidence .5, all live, 90 % of the feeds
    assert_false (bias->is_conflicted);
    expect_close (bias->confidence_pct, 50, 0);
    assert_int_equal (bias->confidence_basis, BASIS_UNCALIBRATED);
    assert_int_equal (bias->outcomes_needed, 500);
    assert_true (isnan (bias->band_low_pct));
    fuse_destroy (&fuse);
}

static void
test_step_statistics_move_on_the_grid_only (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    fill_alike (&maker, START_MS, 0.8);
    double sigma = step (fuse, &maker)->categories[0].sigma;
    for (int i = 1; i < 10; i++) {
        fill_alike (&maker, START_MS + i * 1000, 0.1);
        expect_close (step (fuse, &maker)->categories[0].sigma, sigma, 0);
    }
    fill_alike (&maker, START_MS + 10000, 0.4); //  s = .1; decay over 10 s of 30 days
    double decay = exp2 (-10 / (30 * 86400.0));
    double expected = sqrt ((0.2 * 0.2 * decay + 0.1 * 0.1) / (decay + 1));
    expect_close (step (fuse, &maker)->categories[0].sigma, expected, 1e-12);
    fuse_destroy (&fuse);
}

static void
test_step_silence_shrinks_and_is_listed (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    fill_alike (&maker, START_MS, 0.8);
    step (fuse, &maker);
    fill_alike (&maker, START_MS + 1000, 0.8);
    for (int i = 0; i < READING_MAKER_CARDS; i += 12) { //  2 of 4 cards of alpha
        maker.cards[i].confidence = maker.cards[i].strength = maker.cards[i].direction = 0;
        maker.cards[i].state = STATE_STALE;
        snprintf (maker.cards[i].reason, sizeof maker.cards[i].reason, "no book");
        maker.cards[i].age_s = 12;
    }
    const bias_t *bias = step (fuse, &maker);
    expect_close (bias->categories[0].score, 0.1, 1e-12);
    expect_close (bias->categories[0].confidence, 0.25, 1e-12);
    assert_int_equal (bias->silent_count, 2);
    assert_string_equal (bias->silent[0].card, "card-00");
    assert_string_equal (bias->silent[0].reason, "no book");
    expect_close (bias->silent[1].age_s, 12, 0);
    fuse_destroy (&fuse);
}

static void
test_step_all_silent_is_stale_and_zero (void **state)
{
    (void) state;
    reading_maker_t maker;
    prng_t prng;
    prng_init (&prng, 3);
    fuse_t *fuse = fresh (MODE_DAY);
    reading_maker_fill (&maker, &prng, "BTCUSDT", MODE_DAY, START_MS, 1.1);
    const bias_t *bias = step (fuse, &maker);
    assert_int_equal (bias->state, STATE_STALE);
    expect_close (bias->bias, 0, 0);
    expect_close (bias->evidence_pct, 0, 0);
    expect_close (bias->sigma_r, 0.02, 0);
    assert_false (bias->is_conflicted);
    assert_int_equal (fuse_present (fuse), 0);
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        maker.cards[i].state = STATE_WARMUP;
    maker.reading.ts_ms += 1000;
    assert_int_equal (step (fuse, &maker)->state, STATE_WARMUP);
    fuse_destroy (&fuse);
}

//  A few whispering cards at the start make no strong opinion, and what is usual is found out in time.
static void
test_step_a_young_scale_is_held_by_its_prior (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    const bias_t *bias = NULL;
    for (int i = 0; i < 10000; i++) {
        fill_alike (&maker, START_MS + i * 10000, 0);
        for (int c = 0; c < READING_MAKER_CARDS; c++)
            if (category_of[c] == 0)
                maker.cards[c].direction = 0.08;
        bias = step (fuse, &maker);
        if (i == 0)
            assert_true (bias->bias > 0 && bias->bias < 15);
    }
    //  x = .02 / .05 of one category of six: R = .0667 always, so Z nears 1 as the prior fades.
    expect_close (bias->z, 1, 0.6);
    assert_true (bias->sigma_r > 0.0667 && bias->sigma_r < 0.11);
    fuse_destroy (&fuse);
}

static void
test_step_conflicts (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    fill_alike (&maker, START_MS, 0.8);
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        maker.cards[i].votes.vote[VOTE_1M] = -0.8; //  the minute against the hour
    assert_true (step (fuse, &maker)->is_conflicted);
    fill_alike (&maker, START_MS + 1000, 0.8);
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        maker.cards[i].votes.vote[VOTE_1M] = -0.01; //  against it, but hardly
    assert_false (step (fuse, &maker)->is_conflicted);
    fill_alike (&maker, START_MS + 2000, 0.4);
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        if (category_of[i] == 0)
            maker.cards[i].direction = -1; //  one loud category against five
    weights[0] = 0.6;
    for (int i = 1; i < READING_MAKER_CATEGORIES; i++)
        weights[i] = 0.08;
    const bias_t *bias = step (fuse, &maker);
    assert_true (bias->bias < 0);
    expect_close (bias->agreement_pct, 60, 1e-9);
    assert_false (bias->is_conflicted);
    //  A majority of weight that says little against a minority that says much: the sum follows the loud one.
    weights[0] = 0.4;
    for (int i = 1; i < READING_MAKER_CATEGORIES; i++)
        weights[i] = 0.12;
    fill_alike (&maker, START_MS + 3000, 0.25);
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        if (category_of[i] == 0)
            maker.cards[i].direction = -1;
    bias = step (fuse, &maker);
    assert_true (bias->bias < 0);
    expect_close (bias->agreement_pct, 40, 1e-9);
    assert_true (bias->is_conflicted);
    fuse_destroy (&fuse);
}

static void
test_step_cycle_and_previous (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    int64_t start_ms = START_MS / 30000 * 30000;
    double at_cycle = NAN;
    int cycles = 0;
    for (int i = 5; i < 100; i++) {
        fill_alike (&maker, start_ms + i * 1000, sin (i * 0.2));
        const bias_t *bias = step (fuse, &maker);
        assert_int_equal (bias->is_cycle, i % 30 == 0);
        expect_close (bias->bias_prev, at_cycle, 0);
        if (bias->is_cycle) {
            at_cycle = bias->bias;
            cycles++;
        }
    }
    assert_int_equal (cycles, 3);
    fuse_destroy (&fuse);
}

static void
test_step_names_the_transition (void **state)
{
    (void) state;
    reading_maker_t maker;
    fuse_t *fuse = fresh (MODE_SCALP);
    bool was_seen = false;
    for (int i = 0; i < 300; i++) {
        fill_alike (&maker, START_MS + i * 1000, i < 120 ? 0.02 : 0.9);
        const bias_t *bias = step (fuse, &maker);
        if (i >= 120 && bias->transition[0] != '\0' && !was_seen) {
            was_seen = true;
            assert_non_null (strstr (bias->transition, ">"));
            assert_true (bias->state == STATE_BULLISH || bias->state == STATE_STRONGLY_BULLISH);
            assert_non_null (strstr (bias->transition, state_names[bias->state]));
        }
    }
    assert_true (was_seen);
    fuse_destroy (&fuse);
}

static void
test_save_load_continues_alike (void **state)
{
    (void) state;
    reading_maker_t maker;
    prng_t prng;
    prng_init (&prng, 11);
    fuse_t *a = fresh (MODE_DAY), *b = fresh (MODE_DAY);
    for (int i = 0; i < 50; i++) {
        reading_maker_fill (&maker, &prng, "BTCUSDT", MODE_DAY, START_MS + i * 4000, 0.2);
        step (a, &maker);
    }
    image_t image = {0};
    fuse_save (a, &image);
    assert_int_equal (fuse_load (b, &image, NULL), OK);
    reading_maker_fill (&maker, &prng, "BTCUSDT", MODE_DAY, START_MS + 400000, 0.2);
    double z = step (a, &maker)->z;
    expect_close (step (b, &maker)->z, z, 0);
    image_reset (&image);
    image_put_text (&image, "alpha:sum", "much");
    assert_int_equal (fuse_load (b, &image, NULL), E_SYNTAX);
    image_fini (&image);
    fuse_destroy (&a);
    fuse_destroy (&b);
}

static void
test_set_roster_keeps_what_stays (void **state)
{
    (void) state;
    reading_maker_t maker;
    prng_t prng;
    prng_init (&prng, 12);
    fuse_t *fuse = fresh (MODE_DAY);
    reading_maker_fill (&maker, &prng, "BTCUSDT", MODE_DAY, START_MS, 0);
    double sigma = step (fuse, &maker)->categories[5].sigma;
    roster_t other = {0};
    roster_add (&other, "foxtrot");
    roster_add (&other, "zulu");
    fuse_set_roster (fuse, &other);
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        category_of[i] = strcmp (maker.cards[i].category, "foxtrot") == 0 ? 0 : -1;
    maker.reading.ts_ms += 1000;
    const bias_t *bias = step (fuse, &maker);
    assert_int_equal (bias->categories_count, 2);
    expect_close (bias->categories[0].sigma, sigma, 0);
    expect_close (bias->categories[1].sigma, 0.05, 0);
    fuse_destroy (&fuse);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup (test_step_first_reading_by_hand, set_up),
        cmocka_unit_test_setup (test_step_statistics_move_on_the_grid_only, set_up),
        cmocka_unit_test_setup (test_step_silence_shrinks_and_is_listed, set_up),
        cmocka_unit_test_setup (test_step_all_silent_is_stale_and_zero, set_up),
        cmocka_unit_test_setup (test_step_a_young_scale_is_held_by_its_prior, set_up),
        cmocka_unit_test_setup (test_step_conflicts, set_up),
        cmocka_unit_test_setup (test_step_cycle_and_previous, set_up),
        cmocka_unit_test_setup (test_step_names_the_transition, set_up),
        cmocka_unit_test_setup (test_save_load_continues_alike, set_up),
        cmocka_unit_test_setup (test_set_roster_keeps_what_stays, set_up),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
