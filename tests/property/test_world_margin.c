//  Positions of the crowd as the world tells them: open interest follows the fills, liquidation prices follow the
//  backing, and a day has as many liquidations as a day should.

#include "tests/support/expect.h"

#include "common/base/check.h"
#include "common/base/tiers.h"
#include "ingest/simulator/world.h"

static const int64_t SECOND_NS = INT64_C (1000000000), START_NS = INT64_C (1790000000000000000);
enum { VENUES = 3, INSTRUMENTS_MAX = 4 };
static const char *const VENUE_NAMES[VENUES] = {"binance", "bybit", "okx"};

static world_t *
make_world (uint64_t seed, const char *names, double activity)
{
    universe_t universe;
    error_text_t error;
    assert_int_equal (universe_parse (&universe, slice_of (names), &error), OK);
    world_t *world = world_new (&(world_options_t){.seed = seed,
                                                   .universe = &universe,
                                                   .venues = {"binance", "bybit", "okx"},
                                                   .venues_count = VENUES,
                                                   .start_ns = START_NS,
                                                   .history_days = 2,
                                                   .activity = activity},
                                &error);
    assert_non_null (world);
    return world;
}

//  --- open interest

typedef struct {
    int64_t told_lots[VENUES][INSTRUMENTS_MAX]; //  by lots that opened
    int64_t flag_lots[VENUES][INSTRUMENTS_MAX]; //  by flags alone
    int64_t turned_lots[VENUES][INSTRUMENTS_MAX];
    long fills, turning, liquidations;
} flows_t;

static void
on_trade (void *context, int venue, int instrument, const world_trade_t *trade)
{
    flows_t *flows = context;
    int64_t lots = trade->qty_lots, taker = trade->taker_opened_lots, maker = trade->maker_opened_lots;
    assert_true (taker >= 0 && taker <= lots && maker >= 0 && maker <= lots);
    assert_int_equal (trade->taker_opens, 2 * taker > lots);
    assert_int_equal (trade->maker_opens, 2 * maker > lots);
    if (trade->is_liquidation)
        assert_false (trade->taker_opens);
    flows->told_lots[venue][instrument] += taker + maker - lots;
    flows->flag_lots[venue][instrument] += lots * (trade->taker_opens + trade->maker_opens - 1);
    //  what a flag rounds away, at most half of each fill that turns a position round
    int64_t turned = llabs (taker - lots * trade->taker_opens) + llabs (maker - lots * trade->maker_opens);
    assert_true (turned <= lots);
    flows->turned_lots[venue][instrument] += turned;
    flows->turning += turned > 0;
    flows->fills++;
}

static void
on_liquidation (void *context, int venue, int instrument, const world_liquidation_t *liquidation)
{
    (void) venue, (void) instrument, (void) liquidation;
    ((flows_t *) context)->liquidations++;
}

//  Exactly, at every second: open interest moves by the lots that opened less those that closed, and by what was
//  taken over without a print.  By the flags it does so up to the lots of fills that turned a position round.
static void
open_interest_follows_what_fills_opened (void **state)
{
    (void) state;
    world_t *world = make_world (test_seed (21), "BTCUSDT DOGEUSDT NEWCOINUSDT", 3);
    flows_t flows = {0};
    world_listen (world, &(world_sink_t){.self = &flows, .trade = on_trade, .liquidation = on_liquidation});
    world_books_t first[VENUES][INSTRUMENTS_MAX], now;
    for (int v = 0; v < VENUES; v++)
        for (int i = 0; i < 3; i++)
            world_truth_books (world, v, i, &first[v][i]);
    for (int second = 1; second <= 3600; second++) {
        world_run (world, START_NS + second * SECOND_NS);
        for (int v = 0; v < VENUES; v++)
            for (int i = 0; i < 3; i++) {
                world_truth_books (world, v, i, &now);
                int64_t moved = now.oi_lots - first[v][i].oi_lots;
                int64_t unprinted = now.oi_unprinted_lots - first[v][i].oi_unprinted_lots;
                assert_true (moved == flows.told_lots[v][i] + unprinted);
                assert_true (llabs (moved - unprinted - flows.flag_lots[v][i]) <= flows.turned_lots[v][i]);
            }
    }
    print_message ("%ld fills, %ld turned a position round, %ld liquidations\n", flows.fills, flows.turning,
                   flows.liquidations);
    assert_true (flows.fills > 100000 && flows.liquidations > 100);
    assert_true (flows.turning > 0 && flows.turning < flows.fills / 20);
    world_destroy (&world);
}

//  --- positions

typedef struct {
    const tiers_t *tiers;
    double tick_px, mark_px;
    long count, crosses, priced, low_leverage;
    int64_t lots[2]; //  [is long]
    double usd[2];
    int64_t now_ns;
} crowd_t;

static void
on_position (void *context, const world_position_t *position)
{
    crowd_t *crowd = context;
    assert_true (position->side == 1 || position->side == -1);
    assert_true (position->qty_lots > 0 && position->coins > 0 && position->entry_px > 0);
    assert_true (position->opened_ns <= crowd->now_ns);
    //  what backs it is what its leverage says, and the liquidation price is what follows from that
    double backing_usd = position->entry_px * position->coins / position->leverage;
    double px =
        tiers_liquidation_px (crowd->tiers, position->side, position->coins, position->entry_px, backing_usd);
    assert_true (fabs (px - position->liquidation_px) <= crowd->tick_px * 1.001);
    crowd->count++;
    crowd->crosses += position->is_cross;
    crowd->priced += position->liquidation_px > 0;
    crowd->low_leverage += position->leverage < 2;
    crowd->lots[position->side > 0] += position->qty_lots;
    crowd->usd[position->side > 0] += position->coins * crowd->mark_px;
}

static crowd_t
crowd_of (const world_t *world, int venue, int instrument, const char *name)
{
    tiers_t tiers;
    error_text_t error;
    world_ticker_t ticker;
    assert_int_equal (tiers_load (&tiers, "deploy/tiers", VENUE_NAMES[venue], name, &error), OK);
    world_ticker (world, venue, instrument, &ticker);
    crowd_t crowd = {.tiers = &tiers,
                     .tick_px = world_spec (world, venue, instrument)->tick_px,
                     .mark_px = ticker.mark_px,
                     .now_ns = world_now_ns (world)};
    world_truth_positions (world, venue, instrument, on_position, &crowd);
    assert_true (crowd.lots[0] <= ticker.oi_lots && crowd.lots[1] <= ticker.oi_lots);
    crowd.tiers = NULL;
    return crowd;
}

typedef struct {
    const world_t *world;
    double usd[VENUES];
    long count[VENUES], cross[VENUES], parts;
    int run[VENUES], cascades[VENUES];
    int64_t last_ns[VENUES];
} day_t;

static void
day_liquidation (void *context, int venue, int instrument, const world_liquidation_t *liquidation)
{
    day_t *day = context;
    const world_spec_t *spec = world_spec (day->world, venue, instrument);
    day->usd[venue] +=
        (double) (liquidation->qty_lots * liquidation->average_px_ticks) * spec->lot_coins * spec->tick_px;
    day->count[venue]++;
    day->cross[venue] += liquidation->is_cross;
    day->parts += liquidation->is_partial;
    //  a cascade: five or more, less than ten seconds apart
    bool is_next = liquidation->ts_ns - day->last_ns[venue] < 10 * SECOND_NS;
    day->run[venue] = is_next ? day->run[venue] + 1 : 1;
    day->cascades[venue] += day->run[venue] == 5;
    day->last_ns[venue] = liquidation->ts_ns;
}

static void
a_day_has_positions_and_liquidations_as_it_should (void **state)
{
    (void) state;
    world_t *world = make_world (test_seed (1), "BTCUSDT", 1);
    day_t day = {.world = world};
    world_listen (world, &(world_sink_t){.self = &day, .liquidation = day_liquidation});
    double oi_usd[VENUES];
    for (int v = 0; v < VENUES; v++) {
        world_ticker_t ticker;
        world_ticker (world, v, 0, &ticker);
        oi_usd[v] = (double) ticker.oi_lots * world_spec (world, v, 0)->lot_coins * ticker.mark_px;
    }
    for (int hour = 1; hour <= 24; hour++) {
        world_run (world, START_NS + hour * 3600 * SECOND_NS);
        for (int v = 0; v < VENUES; v++)
            assert_true (crowd_of (world, v, 0, "BTCUSDT").count > 2000);
    }
    for (int v = 0; v < VENUES; v++) {
        crowd_t crowd = crowd_of (world, v, 0, "BTCUSDT");
        world_books_t books;
        world_truth_books (world, v, 0, &books);
        double share = day.usd[v] / oi_usd[v], cross = (double) crowd.crosses / (double) crowd.count;
        print_message (
            "%s: %ld positions, %.0f %% cross, long %.1f M, short %.1f M; %ld liquidations (%ld cross), "
            "%.2f %% of open interest, %d cascades, %llu deleveraged\n",
            VENUE_NAMES[v], crowd.count, 100 * cross, crowd.usd[1] / 1e6, crowd.usd[0] / 1e6, day.count[v],
            day.cross[v], 100 * share, day.cascades[v], (unsigned long long) books.adl_count);
        assert_true (share > .005 && share < .04);
        assert_true (day.cascades[v] >= 3);
        assert_true (cross > .2 && cross < .5);
        assert_true (day.cross[v] > 0 && day.cross[v] < day.count[v] / 2);
        assert_true (fabs (crowd.usd[1] / crowd.usd[0] - 1) < .35);
        assert_true (books.fund_usd > 0);
    }
    world_destroy (&world);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (open_interest_follows_what_fills_opened),
        cmocka_unit_test (a_day_has_positions_and_liquidations_as_it_should),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
