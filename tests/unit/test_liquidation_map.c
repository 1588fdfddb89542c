#include "tests/support/expect.h"
#include "tests/support/map_world.h"

#include "cards/liquidation_map_private.h"
#include "cards/map_frame.h"
#include "common/base/check.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"

#include <stdlib.h>

static int64_t
bin_of (double px)
{
    return (int64_t) floor (log (px) / MAP_BIN_WIDTH);
}

//  --- a book alone

static liquidation_book_t *
new_book (double mark_px)
{
    liquidation_book_t *book = mem_new (sizeof *book);
    tiers_t tiers = map_world_tiers ("binance");
    liquidation_book_init (book, &tiers);
    liquidation_swept_t swept[2];
    liquidation_book_mark (book, MAP_WORLD_START_NS, mark_px, swept);
    return book;
}

static void
order (liquidation_book_t *book, int side, double px, double coins)
{
    held_order_t held = {.x = log (px), .px = px, .coins = coins, .side = (int8_t) side};
    liquidation_book_order (book, &held, liquidation_map_prior);
}

static double
sum_of_grid (const liquidation_book_t *book, int side, int component)
{
    double sum = 0;
    for (int i = 0; i < LIQUIDATION_BINS; i++)
        sum += liquidation_grid_at (&book->grids[side][component], i);
    return sum;
}

static void
a_deposit_lies_about_its_liquidation_price (void **state)
{
    (void) state;
    for (int side = 0; side < 2; side++) {
        liquidation_book_t *book = new_book (100000);
        order (book, side == MAP_SIDE_LONG ? 1 : -1, 100000, .1);
        liquidation_book_oi (book, MAP_WORLD_START_NS, 1000, 0, liquidation_map_prior);
        double all = 0;
        for (int l = 0; l < MAP_COMPONENTS; l++) {
            double mass = 0, moment = 0, expected = book->distance[side][l];
            for (int64_t bin = book->base; bin < book->base + LIQUIDATION_BINS; bin++) {
                double coins = liquidation_book_at (book, side, l, bin);
                mass += coins;
                moment += coins * (((double) bin + .5) * MAP_BIN_WIDTH - log (100000));
            }
            //  the kernel is even and the split between two bins exact: the mean is the price itself
            expect_close (moment / mass, expected, 1e-5);
            expect_close (mass / .05, liquidation_map_prior[l] / 1.002, .002);
            expect_close (mass, book->grids[side][l].total_coins, 1e-7);
            all += mass;
        }
        //  p is 1/2 before anything is known: half of the flow opens; nothing was there to be closed
        expect_close (all, .05, 1e-6);
        //  methods A2: at 100x with a rate of .4 %: ln ((1 -+ 1/100) / (1 -+ .004))
        expect_close (book->distance[side][11], side == MAP_SIDE_LONG ? log (.99 / .996) : log (1.01 / 1.004),
                      1e-9);
        free (book);
    }
}

static void
a_large_order_cannot_have_high_leverage (void **state)
{
    (void) state;
    liquidation_book_t *book = new_book (100000);
    order (book, 1, 100000, 50); //  5 M USD: 50x at most
    liquidation_book_oi (book, MAP_WORLD_START_NS, 1000, 0, liquidation_map_prior);
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        double coins = book->grids[MAP_SIDE_LONG][l].total_coins;
        assert_true (liquidation_map_leverage[l] <= 50 ? coins > 0 : coins == 0);
    }
    expect_close (liquidation_book_coins (book, MAP_SIDE_LONG), 25, 1e-9);
    free (book);
}

//  Four flows: OL - CL = OS - CS = dOI; with takers opening p and makers one half, dOI = V (p - 1/2).
static void
the_opening_share_follows_open_interest (void **state)
{
    (void) state;
    liquidation_book_t *book = new_book (100000);
    for (int i = 0; i < 200; i++) {
        order (book, i % 2 ? 1 : -1, 100000, .5);
        liquidation_book_oi (book, MAP_WORLD_START_NS + i * NS_PER_S, 1000 + .1 * i, .1,
                             liquidation_map_prior);
    }
    expect_close (book->p, .7, 1e-6); //  1/2 + .1/.5
    for (int i = 0; i < 50; i++) {    //  liquidations close: half of what they trade opens on the other side
        order (book, -1, 100000, 1);
        book->liquidated_coins[MAP_SIDE_LONG] = .5;
        liquidation_book_oi (book, MAP_WORLD_START_NS + (200 + i) * NS_PER_S, 1000, -.25,
                             liquidation_map_prior);
    }
    expect_close (book->p, .5, 1e-4);
    double before = book->p;
    order (book, -1, 100000, 1);
    liquidation_book_oi (book, MAP_WORLD_START_NS + 300 * NS_PER_S, 1000, NAN, liquidation_map_prior);
    assert_true (book->p == before && book->oi_rejected_count == 1);
    free (book);
}

static void
closes_take_the_hot_components_first (void **state)
{
    (void) state;
    liquidation_book_t *book = new_book (100000);
    for (int i = 0; i < 100; i++)
        order (book, 1, 100000, .4);
    liquidation_book_oi (book, MAP_WORLD_START_NS, 1000, 0, liquidation_map_prior);
    double before[MAP_COMPONENTS];
    for (int l = 0; l < MAP_COMPONENTS; l++)
        before[l] = sum_of_grid (book, MAP_SIDE_LONG, l);
    double total = liquidation_book_coins (book, MAP_SIDE_LONG),
           opened = book->deposited_coins[MAP_SIDE_SHORT];
    order (book, -1, 100000, .2);
    liquidation_book_oi (book, MAP_WORLD_START_NS + NS_PER_S, 1000, 0, liquidation_map_prior);
    double closed = .2 - (book->deposited_coins[MAP_SIDE_SHORT] - opened);
    expect_close (total - liquidation_book_coins (book, MAP_SIDE_LONG), closed, 1e-6);
    for (int l = 1; l < MAP_COMPONENTS; l++) {
        double kept = sum_of_grid (book, MAP_SIDE_LONG, l) / before[l];
        double kept_colder = sum_of_grid (book, MAP_SIDE_LONG, l - 1) / before[l - 1];
        assert_true (kept <= kept_colder + 1e-6 && kept >= .5 - 1e-6);
    }
    free (book);
}

static void
funding_moves_both_sides_up (void **state)
{
    (void) state;
    liquidation_book_t *book = new_book (100000);
    order (book, 1, 100000, 1);
    order (book, -1, 100000, 1);
    liquidation_book_oi (book, MAP_WORLD_START_NS, 1000, 0, liquidation_map_prior);
    int64_t bin = bin_of (100000 * exp (book->distance[MAP_SIDE_LONG][4]));
    double there = liquidation_book_at (book, MAP_SIDE_LONG, 4, bin);
    for (int i = 0; i < 30; i++) //  ten days at .01 % each eight hours: .3 %
        liquidation_book_funding (book, .0001);
    expect_close (liquidation_book_at (book, MAP_SIDE_LONG, 4, bin + 6), there, 1e-12);
    bin = bin_of (100000 * exp (book->distance[MAP_SIDE_SHORT][4]));
    assert_true (liquidation_book_at (book, MAP_SIDE_SHORT, 4, bin + 6) > 0);
    free (book);
}

static void
the_anchor_ends_at_the_leveraged_share_of_open_interest (void **state)
{
    (void) state;
    liquidation_book_t *book = new_book (100000);
    order (book, 1, 100000, 3);
    order (book, -1, 100000, 1);
    liquidation_book_oi (book, MAP_WORLD_START_NS, 1000, 0, liquidation_map_prior);
    for (int minute = 0; minute < 3000; minute++)
        liquidation_book_anchor (book, 1);
    expect_close (liquidation_book_coins (book, MAP_SIDE_LONG), 700, .01);
    expect_close (liquidation_book_coins (book, MAP_SIDE_SHORT), 700, .01);
    liquidation_book_ratio (book, MAP_WORLD_START_NS, .5);
    liquidation_book_ratio (book, MAP_WORLD_START_NS + NS_PER_S, .7);
    double u = tanh (log (.7 / .3));
    for (int minute = 0; minute < 3000; minute++)
        liquidation_book_anchor (book, 1);
    expect_close (liquidation_book_coins (book, MAP_SIDE_LONG), 700 * (1 + .15 * u), .01);
    expect_close (liquidation_book_coins (book, MAP_SIDE_SHORT), 700 * (1 - .15 * u), .01);
    free (book);
}

static void
new_tiers_count_from_then_on_and_wrong_ones_do_not (void **state)
{
    (void) state;
    liquidation_book_t *book = new_book (100000);
    tiers_t tiers = {.count = 2, .rows = {{50000, .005, 100, 0}, {600000, .01, 50, 250}}};
    assert_int_equal (liquidation_book_set_tiers (book, &tiers), OK);
    assert_true (isnan (book->distance[MAP_SIDE_LONG][12])); //  125x is gone
    expect_close (book->distance[MAP_SIDE_LONG][11], log (.99 / .995), 1e-9);
    tiers.rows[1].deduction = 300;
    assert_int_equal (liquidation_book_set_tiers (book, &tiers), E_RANGE);
    assert_true (book->tiers_refused_count == 1 &&
                 strstr (book->tiers_error.text, "continuity asks for 250"));
    expect_close (book->tiers.rows[1].deduction, 250, 1e-12);
    free (book);
}

//  --- random lives of a book: conservation, and what was swept stays swept

static void
check_conservation (const liquidation_book_t *book)
{
    for (int side = 0; side < 2; side++) {
        double accounted = liquidation_book_coins (book, side) + book->swept_coins[side] +
                           book->closed_coins[side] + book->anchored_coins[side];
        if (book->deposited_coins[side] > 0)
            expect_close (accounted / book->deposited_coins[side], 1, 1e-6);
        double real = 0, known = 0;
        for (int l = 0; l < MAP_COMPONENTS; l++) {
            real += sum_of_grid (book, side, l);
            known += book->grids[side][l].total_coins;
        }
        expect_close (real, known, 1e-4 * (known + 1));
    }
}

static void
check_swept (const liquidation_book_t *book, double px)
{
    int64_t mark = bin_of (px);
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        for (int64_t bin = mark; bin < book->base + LIQUIDATION_BINS; bin++)
            assert_true (liquidation_book_at (book, MAP_SIDE_LONG, l, bin) == 0);
        for (int64_t bin = book->base; bin <= mark; bin++)
            assert_true (liquidation_book_at (book, MAP_SIDE_SHORT, l, bin) == 0);
    }
}

static void
mass_is_conserved_and_sweeps_leave_nothing (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (31));
    for (int life = 0; life < 6; life++) {
        double px = 50000, oi = 2000;
        liquidation_book_t *book = new_book (px);
        int64_t ts_ns = MAP_WORLD_START_NS;
        for (int step = 0; step < 3000; step++) {
            ts_ns += NS_PER_S;
            px *= exp (.004 * prng_normal (&prng) + (step % 500 == 0 ? .2 * prng_normal (&prng) : 0));
            int orders = (int) prng_below (&prng, step % 700 == 0 ? 3000 : 6);
            for (int i = 0; i < orders; i++)
                order (book, prng_below (&prng, 2) ? 1 : -1, px * exp (.001 * prng_normal (&prng)),
                       exp (prng_normal (&prng) * 2 - 2));
            uint64_t what = prng_below (&prng, 10);
            if (what == 0)
                book->liquidated_coins[prng_below (&prng, 2)] += prng_uniform (&prng);
            else if (what == 1)
                liquidation_book_funding (book, .001 * prng_normal (&prng));
            else if (what == 2)
                liquidation_book_anchor (book, 1);
            else if (what < 7) {
                double change = prng_normal (&prng);
                oi += change;
                liquidation_book_oi (book, ts_ns, oi, prng_below (&prng, 20) ? change : NAN,
                                     liquidation_map_prior);
            }
            liquidation_swept_t swept[2];
            double before[2] = {liquidation_book_coins (book, 0), liquidation_book_coins (book, 1)};
            liquidation_book_mark (book, ts_ns, px, swept);
            for (int side = 0; side < 2; side++) {
                double taken = 0;
                for (int l = 0; l < MAP_COMPONENTS; l++)
                    taken += swept[side].coins[l];
                expect_close (before[side] - liquidation_book_coins (book, side), taken,
                              1e-6 * (before[side] + 1));
            }
            if (step % 50 == 0) {
                check_swept (book, px);
                check_conservation (book);
            }
        }
        free (book);
    }
}

//  --- a map behind a market (tests/support/map_world.h)

static double
sum_of (const float *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double) values[i];
    return sum;
}

//  Column sum = book mass: rows of a frame against the bins of the view, in USD at the bins' prices.
static void
a_frame_says_what_the_books_hold (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (32));
    map_world_t world = map_world_new ();
    (void) map_world_live (&world, &prng, 1800, 100000);
    feeds_t feeds = {0};
    map_frame_maker_t *maker = map_frame_new ("BTCUSDT", MAP_WORLD_VENUES);
    map_frame_t *frame = map_frame_make (maker, world.map, world.market, &feeds, MAP_MODEL_FULL, true);
    map_view_t view;
    assert_non_null (frame);
    assert_int_equal (market_map (world.market, &view), OK);
    assert_int_equal (frame->groups_count, MAP_GROUPS);
    double of_rows[2] = {0, 0}, of_venues[2] = {0, 0}, of_view[2], of_books[2] = {0, 0};
    for (int side = 0; side < 2; side++)
        of_view[side] = sum_of (view.usd[side], MAP_VIEW_BINS);
    for (size_t g = 0; g < frame->groups_count; g++) {
        of_rows[0] += sum_of (frame->groups[g].long_usd, frame->groups[g].long_count);
        of_rows[1] += sum_of (frame->groups[g].short_usd, frame->groups[g].short_count);
        for (int v = 0; v < MAP_WORLD_VENUES; v++) {
            of_venues[0] +=
                sum_of (frame->venues[v].groups[g].long_usd, frame->venues[v].groups[g].long_count);
            of_venues[1] +=
                sum_of (frame->venues[v].groups[g].short_usd, frame->venues[v].groups[g].short_count);
        }
    }
    for (int v = 0; v < MAP_WORLD_VENUES; v++)
        for (int side = 0; side < 2; side++)
            for (int l = 0; l < MAP_COMPONENTS; l++)
                for (int64_t bin = view.first_bin; bin < view.first_bin + MAP_VIEW_BINS; bin++) {
                    double coins = liquidation_map_mass (world.map, v, (map_side_t) side, l, bin, bin + 1);
                    double x = ((double) bin + .5) * MAP_BIN_WIDTH, px = exp (x);
                    double reach = fabs (world.map->venues[v].book.distance[side][l]);
                    double f = 1 - fabs (x - log (view.mark_px)) / reach;
                    of_books[side] += coins * px * liquidation_view_survival (fmax (0, f));
                }
    for (int side = 0; side < 2; side++) {
        assert_true (of_view[side] > 1e6);
        expect_close (of_view[side] / of_books[side], 1, 1e-4);
        expect_close (of_rows[side], of_view[side], 2000); //  rows are whole dollars
        expect_close (of_venues[side], of_view[side], 4000);
    }
    for (size_t i = 1; i < frame->cumulative_count; i++) {
        assert_true (frame->cumulative[i].long_usd >= frame->cumulative[i - 1].long_usd);
        assert_true (frame->cumulative[i].short_usd >= frame->cumulative[i - 1].short_usd);
    }
    assert_true (frame->cumulative[4].long_usd > 0 && frame->cumulative[4].long_usd <= of_view[0] + 1);
    assert_true (frame->clusters_count > 0 && frame->clusters[0].usd > 0);
    assert_true (frame->pain_long_px < frame->mark_px && frame->pain_short_px > frame->mark_px);
    expect_close (frame->first_px, exp ((double) frame->first_row * .001), 1e-6);
    assert_true (frame->venues[0].divergence_pct >= 0 && frame->venues[0].divergence_pct < 5);

    //  and over the wire, and back
    field_codec_t *codec = field_codec_new ();
    error_text_t error = {{0}};
    field_begin (codec);
    if (field_put (codec, result_table (TOPIC_MAP), FIELD_AS_MAP, frame, &error) != OK)
        fail_msg ("%s", error.text);
    map_frame_t back;
    field_codec_t *reader = field_codec_new ();
    assert_int_equal (field_open (reader, field_output (codec), &error), OK);
    if (field_get (reader, result_table (TOPIC_MAP), &back, &error) != OK)
        fail_msg ("%s", error.text);
    assert_int_equal (back.groups[0].long_count, frame->groups[0].long_count);
    assert_true (back.groups[0].long_usd[3] == frame->groups[0].long_usd[3]);
    field_codec_destroy (&codec);
    field_codec_destroy (&reader);
    map_frame_destroy (&maker);
    map_world_close (&world);
}

static void
what_the_mark_swept_is_gone_from_the_view (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (33));
    map_world_t world = map_world_new ();
    double px = map_world_live (&world, &prng, 900, 100000);
    map_view_t view;
    assert_int_equal (market_map (world.market, &view), OK);
    int64_t low = bin_of (px * .97);
    double below = 0;
    for (int64_t bin = low; bin <= view.mark_bin; bin++)
        below += (double) view.usd[MAP_SIDE_LONG][bin - view.first_bin];
    assert_true (below > 1000);
    liquidation_step_t step;
    liquidation_map_step (world.map, &step);
    map_world_second (&world, &prng, px * .97, 1000);
    liquidation_map_step (world.map, &step);
    assert_true (step.swept_usd[MAP_SIDE_LONG] > 0 && step.ladder_usd[MAP_SIDE_LONG] > 0);
    expect_close (step.swept_usd[MAP_SIDE_LONG] / below, .8,
                  .25); //  survival at the price is .65, farther off more
    assert_int_equal (market_map (world.market, &view), OK);
    double left = 0; //  orders of this second lie below the price they were made at
    for (int64_t bin = low; bin < view.first_bin + MAP_VIEW_BINS; bin++)
        left += (double) view.usd[MAP_SIDE_LONG][bin - view.first_bin];
    assert_true (left == 0);
    map_world_close (&world);
}

static void
a_map_copied_elsewhere_goes_on_the_same (void **state)
{
    (void) state;
    prng_t prng, twin;
    prng_init (&prng, test_seed (34));
    map_world_t world = map_world_new ();
    double px = map_world_live (&world, &prng, 300, 100000);
    map_world_t copy = world;
    copy.market = mem_new (world.size);
    memcpy (copy.market, world.market, world.size);
    copy.map = (liquidation_map_t *) (void *) ((char *) copy.market + market_size ());
    twin = prng;
    (void) map_world_live (&world, &prng, 120, px);
    (void) map_world_live (&copy, &twin, 120, px);
    assert_memory_equal (world.map, copy.map, liquidation_map_size (MAP_WORLD_VENUES));
    map_world_close (&world);
    map_world_close (&copy);
}

//  A feed that shows one print a second, however many there are: theta moves, but no component takes all.
static void
throttled_prints_do_not_collapse_the_mixture (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (35));
    map_world_t world = map_world_new ();
    double px = 100000;
    for (int i = 0; i < 4 * 3600; i++) {
        px *= exp (.0006 * prng_normal (&prng));
        map_world_second (&world, &prng, px, 1000);
        liquidation_step_t step;
        liquidation_map_step (world.map, &step);
        for (int side = 0; side < 2; side++)
            if (step.swept_usd[side] > 0)
                for (int venue = 0; venue < MAP_WORLD_VENUES; venue++) {
                    //  binance shows the last of a second, bybit all: here what was swept, or a tenth of it
                    liquidation_t print = {.ts_event_ns = world.now_ns,
                                           .side = side == MAP_SIDE_LONG ? 1 : -1,
                                           .qty_coins = step.swept_usd[side] / px * (venue == 0 ? .1 : .5),
                                           .coverage = venue == 0 ? COVERAGE_SAMPLED : COVERAGE_COMPLETE};
                    (void) decimal_from_double (floor (px), &print.price);
                    print.notional_usd = print.qty_coins * px;
                    map_world_tell (&world, EVENT_LIQUIDATION, venue, &print);
                }
    }
    double theta[MAP_COMPONENTS], mass = 0, largest = 0;
    liquidation_map_theta (world.map, theta);
    bool has_moved = false;
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        assert_true (theta[l] >= .25 && theta[l] <= 4);
        has_moved |= theta[l] != 1;
        mass += theta[l] * liquidation_map_prior[l];
        largest = fmax (largest, theta[l] * liquidation_map_prior[l]);
    }
    assert_true (has_moved && largest / mass < .5);
    assert_true (world.map->venues[0].prints.prints_count > 100);
    map_world_close (&world);
}

static void
history_fills_the_map_and_makes_columns (void **state)
{
    (void) state;
    map_world_t world = map_world_new ();
    double px = 100000;
    prng_t prng;
    prng_init (&prng, test_seed (36));
    int columns = 0;
    int64_t last_ns = 0;
    feeds_t feeds = {0};
    map_frame_maker_t *maker = map_frame_new ("BTCUSDT", MAP_WORLD_VENUES);
    int64_t first_ns = MAP_WORLD_START_NS / (900 * NS_PER_S) * (900 * NS_PER_S) - 600 * 60 * NS_PER_S;
    for (int minute = 1; minute <= 600; minute++) {
        double open = px;
        px *= exp (.001 * prng_normal (&prng));
        bar_t bar = {.ts_event_ns = first_ns + minute * 60 * NS_PER_S,
                     .interval_s = 60,
                     .open_px = open,
                     .high_px = fmax (open, px) * 1.0005,
                     .low_px = fmin (open, px) * .9995,
                     .close_px = px,
                     .volume_usd = 3e6,
                     .taker_buy_usd = 1.6e6,
                     .is_closed = true,
                     .is_backfilled = true};
        open_interest_t oi = {.ts_event_ns = bar.ts_event_ns, .oi_coins = 1000, .is_backfilled = true};
        map_world_tell (&world, EVENT_OPEN_INTEREST, 0, &oi);
        map_world_tell (&world, EVENT_BAR, 0, &bar);
        if (liquidation_map_history_ns (world.map) == last_ns)
            continue;
        last_ns = liquidation_map_history_ns (world.map);
        map_frame_t *frame = map_frame_make (maker, world.map, world.market, &feeds, MAP_MODEL_FULL, true);
        assert_true (frame && frame->is_reconstructed && frame->ts_ms == last_ns / NS_PER_MS);
        assert_true (frame->volume_usd > 0 && frame->low_px <= frame->close_px &&
                     frame->close_px <= frame->high_px);
        if (columns++ > 0)
            expect_close (frame->volume_usd, 5 * 3e6, 1);
    }
    assert_int_equal (columns, 120);
    liquidation_totals_t totals;
    liquidation_map_totals (world.map, 0, MAP_SIDE_LONG, &totals);
    expect_close (totals.book_coins, 700, 70); //  ten hours of anchoring at .5 % a minute
    liquidation_step_t step;                   //  and nothing of it is scored
    liquidation_map_step (world.map, &step);
    assert_true (step.swept_usd[0] + step.swept_usd[1] + step.ladder_usd[0] + step.ladder_usd[1] == 0);
    map_frame_destroy (&maker);
    map_world_close (&world);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_deposit_lies_about_its_liquidation_price),
        cmocka_unit_test (a_large_order_cannot_have_high_leverage),
        cmocka_unit_test (the_opening_share_follows_open_interest),
        cmocka_unit_test (closes_take_the_hot_components_first),
        cmocka_unit_test (funding_moves_both_sides_up),
        cmocka_unit_test (the_anchor_ends_at_the_leveraged_share_of_open_interest),
        cmocka_unit_test (new_tiers_count_from_then_on_and_wrong_ones_do_not),
        cmocka_unit_test (mass_is_conserved_and_sweeps_leave_nothing),
        cmocka_unit_test (a_frame_says_what_the_books_hold),
        cmocka_unit_test (what_the_mark_swept_is_gone_from_the_view),
        cmocka_unit_test (a_map_copied_elsewhere_goes_on_the_same),
        cmocka_unit_test (throttled_prints_do_not_collapse_the_mixture),
        cmocka_unit_test (history_fills_the_map_and_makes_columns),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
