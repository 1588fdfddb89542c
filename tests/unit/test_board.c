#include "aggregator/board.h"
#include "tests/support/expect.h"
#include "tests/support/reading_maker.h"

static universe_t universe;
static reading_maker_t maker;
static prng_t prng;

static int
set_up (void **state)
{
    universe_parse (&universe, slice_of ("BTCUSDT ETHUSDT"), NULL);
    prng_init (&prng, 1);
    *state = board_new (&universe);
    return 0;
}

static int
tear_down (void **state)
{
    board_t *board = *state;
    board_destroy (&board);
    return 0;
}

static void
test_put_keeps_a_copy (void **state)
{
    board_t *board = *state;
    bool is_changed;
    reading_maker_fill (&maker, &prng, "ETHUSDT", MODE_DAY, 1000, 0);
    assert_int_equal (board_put (board, &maker.reading, &is_changed), OK);
    assert_true (is_changed);
    double direction = maker.cards[7].direction;
    memset (&maker, 0, sizeof maker);
    const board_slot_t *slot = board_get (board, MODE_DAY, 1);
    assert_non_null (slot);
    assert_int_equal (slot->reading.cards_count, READING_MAKER_CARDS);
    expect_close (slot->reading.cards[7].direction, direction, 0);
    assert_int_equal (slot->category_of[7], 1);
    assert_null (board_get (board, MODE_SCALP, 1));
    assert_null (board_get (board, MODE_DAY, 0));
    assert_int_equal (board_roster (board)->count, READING_MAKER_CATEGORIES);
}

static void
test_put_refuses_old_and_unknown (void **state)
{
    board_t *board = *state;
    bool is_changed;
    reading_maker_fill (&maker, &prng, "BTCUSDT", MODE_DAY, 1000, 0);
    assert_int_equal (board_put (board, &maker.reading, &is_changed), OK);
    assert_int_equal (board_put (board, &maker.reading, &is_changed), E_STALE);
    maker.reading.ts_ms = 999;
    assert_int_equal (board_put (board, &maker.reading, &is_changed), E_STALE);
    reading_maker_fill (&maker, &prng, "XYZUSDT", MODE_DAY, 2000, 0);
    assert_int_equal (board_put (board, &maker.reading, &is_changed), E_ABSENT);
}

static void
test_roster_is_the_union_of_latest_readings (void **state)
{
    board_t *board = *state;
    bool is_changed;
    reading_maker_fill (&maker, &prng, "BTCUSDT", MODE_DAY, 1000, 0);
    board_put (board, &maker.reading, &is_changed);
    reading_maker_fill (&maker, &prng, "ETHUSDT", MODE_DAY, 1000, 0);
    board_put (board, &maker.reading, &is_changed);
    assert_false (is_changed);
    //  BTC's shard has a newer catalogue: zulu for alpha.  Both are counted while ETH still says alpha.
    for (int pass = 0; pass < 2; pass++) {
        reading_maker_fill (&maker, &prng, pass == 0 ? "BTCUSDT" : "ETHUSDT", MODE_DAY, 2000, 0);
        for (int i = 0; i < READING_MAKER_CARDS; i++)
            if (strcmp (maker.cards[i].category, "alpha") == 0)
                snprintf (maker.cards[i].category, sizeof maker.cards[i].category, "zulu");
        board_put (board, &maker.reading, &is_changed);
        assert_true (is_changed);
        const roster_t *roster = board_roster (board);
        assert_int_equal (roster->count, pass == 0 ? READING_MAKER_CATEGORIES + 1 : READING_MAKER_CATEGORIES);
        assert_int_equal (roster_find (roster, "alpha") >= 0, pass == 0);
        int zulu = roster_find (roster, "zulu");
        assert_true (zulu >= 0);
        assert_int_equal (board_get (board, MODE_DAY, 0)->category_of[0], zulu);
        assert_int_equal (board_get (board, MODE_DAY, 0)->category_of[1], roster_find (roster, "bravo"));
        assert_int_equal (board_get (board, MODE_DAY, 1)->category_of[1], roster_find (roster, "bravo"));
    }
}

static void
test_too_many_categories_are_said (void **state)
{
    board_t *board = *state;
    static card_reading_t cards[CATEGORIES_MAX + 1];
    reading_t reading = {.ts_ms = 1, .mode = MODE_DAY, .cards = cards, .cards_count = CATEGORIES_MAX + 1};
    bool is_changed;
    snprintf (reading.instrument, sizeof reading.instrument, "BTCUSDT");
    for (int i = 0; i <= CATEGORIES_MAX; i++)
        snprintf (cards[i].category, sizeof cards[i].category, "c%02d", i);
    assert_int_equal (board_put (board, &reading, &is_changed), E_RANGE);
    assert_int_equal (board_roster (board)->count, CATEGORIES_MAX);
    assert_int_equal (board_get (board, MODE_DAY, 0)->category_of[CATEGORIES_MAX], -1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_put_keeps_a_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_put_refuses_old_and_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_roster_is_the_union_of_latest_readings, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_too_many_categories_are_said, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
