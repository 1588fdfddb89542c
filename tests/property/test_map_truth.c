//  The liquidation map against the truth of a simulated market, on a few hours of it; the scoreboard (tests/score)
//  does the same on many days.

#include "tests/support/expect.h"

#include "tests/score/scored.h"

enum { HOUR_S = 3600, HOURS = 4 };

static scored_t *scored;
static scored_result_t result;

static int
play (void **state)
{
    (void) state;
    error_text_t error = {""};
    scored = scored_new (test_seed (21), "BTCUSDT", HOUR_S, &error);
    if (!scored) {
        print_error ("%s\n", error.text);
        return -1;
    }
    scored_advance (scored, HOURS * HOUR_S);
    scored_result (scored, &result);
    return 0;
}

static int
stop (void **state)
{
    (void) state;
    scored_destroy (&scored);
    return 0;
}

//  Whether takers open is not public; open interest and volume tell it.
static void
the_share_of_opens_is_found (void **state)
{
    (void) state;
    print_message ("opens: said %.3f, true %.3f, mean error %.3f over %lld hours and venues\n", result.p_said,
                   result.p_true, result.p_error, (long long) result.p_hours);
    assert_int_equal (result.p_hours, (HOURS - 1) * PUBLIC_FEED_VENUES);
    assert_true (result.p_error <= .1);
}

//  What was put in is there, swept, closed or anchored away.
static void
mass_is_conserved (void **state)
{
    (void) state;
    for (int venue = 0; venue < PUBLIC_FEED_VENUES; venue++)
        for (map_side_t side = MAP_SIDE_LONG; side <= MAP_SIDE_SHORT; side++) {
            liquidation_totals_t totals;
            liquidation_map_totals (scored_map (scored), venue, side, &totals);
            double out = totals.book_coins + totals.swept_coins + totals.closed_coins + totals.anchored_coins;
            assert_true (totals.deposited_coins > 0 && totals.book_coins > 0 && totals.swept_coins > 0);
            expect_close (out / totals.deposited_coins, 1, 1e-6);
        }
}

static void
the_map_is_nearer_than_an_even_one (void **state)
{
    (void) state;
    const method_score_t *ours = &result.methods[METHOD_LEARNED], *even = &result.methods[METHOD_UNIFORM];
    print_message ("W1 %.2f %%, even %.2f %%; side error %.3f; LL an hour %.1f, even %.1f\n", 100 * ours->w1,
                   100 * even->w1, ours->side_error, ours->ll[SEEN_TRUTH], even->ll[SEEN_TRUTH]);
    assert_true (result.shapes_count > 0 && result.liquidated_count > 0 && result.printed_count > 0);
    assert_true (isfinite (ours->side_error) && ours->side_error < .2);
    assert_true (ours->w1 < even->w1);
    assert_true (ours->ll[SEEN_TRUTH] > even->ll[SEEN_TRUTH]);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_share_of_opens_is_found),
        cmocka_unit_test (mass_is_conserved),
        cmocka_unit_test (the_map_is_nearer_than_an_even_one),
    };
    return cmocka_run_group_tests (tests, play, stop);
}
