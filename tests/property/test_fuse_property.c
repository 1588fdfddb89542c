//  What holds for every reading: points add up, the bias is in range and recomputes from what is published,
//  and the order in which messages arrive changes nothing.

#include "aggregator/board.h"
#include "aggregator/fuse.h"
#include "tests/support/expect.h"
#include "tests/support/reading_maker.h"

#define START_MS INT64_C (1700000000000)
enum { INSTRUMENTS = 4, TICKS = 40, ROUNDS = 20 };

static const char *const instruments[INSTRUMENTS] = {"AUSDT", "BUSDT", "CUSDT", "DUSDT"};

static void
random_weights (prng_t *prng, double w[], size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += w[i] = prng_exponential (prng);
    for (size_t i = 0; i < k; i++)
        w[i] /= sum;
}

static void
check_bias (const bias_t *bias, const double w[])
{
    double points = 0, r = 0;
    for (size_t i = 0; i < bias->categories_count; i++) {
        const category_bias_t *category = &bias->categories[i];
        points += category->points;
        double x = fmin (fmax (category->score / category->sigma, -3), 3);
        expect_close (category->x, x, 1e-12);
        expect_close (category->weight, w[i], 0);
        r += category->weight * category->x;
        assert_true (category->sigma >= 0.05);
    }
    expect_close (points, bias->bias, 1e-9);
    expect_close (r / bias->sigma_r, bias->z, 1e-9);
    expect_close (100 * tanh (bias->z / 1.5), bias->bias, 1e-9);
    assert_true (fabs (bias->bias) <= 100 && bias->sigma_r >= 0.02);
    assert_true (bias->evidence_pct >= 0 && bias->evidence_pct <= 100);
    assert_true (bias->agreement_pct >= 0 && bias->agreement_pct <= 100);
    assert_true (bias->evidence_pct <= bias->agreement_pct + 1e-9);
}

static void
test_points_add_up_whatever_the_reading (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (1));
    roster_t roster = {0};
    int category_of[READING_MAKER_CARDS];
    for (int i = 0; i < READING_MAKER_CARDS; i++)
        category_of[i] = i % READING_MAKER_CATEGORIES;
    for (int i = 0; i < READING_MAKER_CATEGORIES; i++)
        roster_add (&roster, reading_maker_categories[i]);
    for (int round = 0; round < ROUNDS; round++) {
        mode_id_t mode = (mode_id_t) (round % MODE_COUNT);
        fuse_t *fuse = fuse_new (mode, "AUSDT");
        fuse_set_roster (fuse, &roster);
        double w[READING_MAKER_CATEGORIES], silent = prng_uniform (&prng);
        for (int tick = 0; tick < 200; tick++) {
            reading_maker_t maker;
            random_weights (&prng, w, READING_MAKER_CATEGORIES);
            reading_maker_fill (&maker, &prng, "AUSDT", mode, START_MS + tick * 3000, silent);
            if (tick % 10 == 0) //  exactly balanced: Z = 0 and its limit
                for (int i = 0; i < READING_MAKER_CARDS; i++)
                    maker.cards[i].direction = 0;
            fuse_input_t input = {.reading = &maker.reading, .category_of = category_of, .weights = w};
            const bias_t *bias = fuse_step (fuse, &input);
            check_bias (bias, w);
            assert_true (tick % 10 != 0 || bias->bias == 0);
        }
        fuse_destroy (&fuse);
    }
}

//  One board and one fuse per instrument, fed with the ticks' readings in the given order within each tick.
static void
run_order (uint64_t seed, prng_t *shuffle, double z[TICKS][INSTRUMENTS])
{
    static reading_maker_t makers[INSTRUMENTS];
    universe_t universe;
    universe_parse (&universe, slice_of ("AUSDT BUSDT CUSDT DUSDT"), NULL);
    board_t *board = board_new (&universe);
    fuse_t *fuses[INSTRUMENTS];
    prng_t prng;
    prng_init (&prng, seed);
    for (int i = 0; i < INSTRUMENTS; i++)
        fuses[i] = fuse_new (MODE_DAY, instruments[i]);
    for (int tick = 0; tick < TICKS; tick++) {
        int order[INSTRUMENTS];
        for (int i = 0; i < INSTRUMENTS; i++) {
            reading_maker_fill (&makers[i], &prng, instruments[i], MODE_DAY, START_MS + tick * 4000, 0.2);
            order[i] = i;
        }
        for (int i = INSTRUMENTS - 1; shuffle && i > 0; i--) {
            int j = (int) prng_below (shuffle, (uint64_t) i + 1), kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        for (int i = 0; i < INSTRUMENTS; i++) {
            int at = order[i];
            bool is_changed;
            assert_int_equal (board_put (board, &makers[at].reading, &is_changed), OK);
            for (int f = 0; is_changed && f < INSTRUMENTS; f++)
                fuse_set_roster (fuses[f], board_roster (board));
            const board_slot_t *slot = board_get (board, MODE_DAY, (size_t) at);
            double w[CATEGORIES_MAX];
            for (size_t c = 0; c < board_roster (board)->count; c++)
                w[c] = 1 / (double) board_roster (board)->count;
            fuse_input_t input = {.reading = &slot->reading, .category_of = slot->category_of, .weights = w};
            z[tick][at] = fuse_step (fuses[at], &input)->z;
        }
    }
    for (int i = 0; i < INSTRUMENTS; i++)
        fuse_destroy (&fuses[i]);
    board_destroy (&board);
}

static void
test_order_of_arrival_changes_nothing (void **state)
{
    (void) state;
    static double straight[TICKS][INSTRUMENTS], shuffled[TICKS][INSTRUMENTS];
    uint64_t seed = test_seed (2);
    prng_t shuffle;
    prng_init (&shuffle, seed + 1);
    run_order (seed, NULL, straight);
    for (int round = 0; round < ROUNDS; round++) {
        run_order (seed, &shuffle, shuffled);
        assert_memory_equal (straight, shuffled, sizeof straight);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_points_add_up_whatever_the_reading),
        cmocka_unit_test (test_order_of_arrival_changes_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
