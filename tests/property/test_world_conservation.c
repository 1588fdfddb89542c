//  Money and positions add up at every second, by running totals and by a count of every account.

#include "tests/support/expect.h"

#include "ingest/simulator/world.h"

static const int64_t SECOND_NS = INT64_C (1000000000);
//  Half an hour around a funding settlement (16:00 UTC).
static const int64_t START_NS = (INT64_C (1790006400) - 900) * 1000000000;
enum { SPAN_S = 1800, VENUES = 3, INSTRUMENTS = 4, SEEDS = 4 };

static void
check_books (const world_t *world, int venue, int instrument)
{
    world_books_t running, counted;
    world_truth_books (world, venue, instrument, &running);
    world_truth_audit (world, venue, instrument, &counted);
    double sum = counted.wallets_usd + counted.fund_usd + counted.fees_usd + counted.unrealised_usd;
    //  the engine's own money is whole numbers and exact; what is left is the last bit of these doubles
    assert_true (fabs (sum - counted.deposits_usd) < 1e-15 * 8 * counted.deposits_usd);
    assert_true (running.wallets_usd == counted.wallets_usd && running.fund_usd == counted.fund_usd);
    assert_true (running.unrealised_usd == counted.unrealised_usd && running.fees_usd == counted.fees_usd);
    assert_true (counted.long_lots == counted.short_lots);
    assert_true (running.long_lots == counted.long_lots && running.short_lots == counted.short_lots);
    assert_true (running.oi_lots == counted.long_lots);
    world_ticker_t ticker;
    world_ticker (world, venue, instrument, &ticker);
    assert_true (ticker.oi_lots == counted.long_lots);
}

static void
money_and_positions_are_conserved (void **state)
{
    (void) state;
    uint64_t seed = test_seed (100);
    for (uint64_t k = 0; k < SEEDS; k++) {
        universe_t universe;
        error_text_t error;
        universe_parse (&universe, slice_of ("BTCUSDT DOGEUSDT FILUSDT PEPPERUSDT"), &error);
        world_options_t options = {.seed = seed + k,
                                   .universe = &universe,
                                   .venues = {"binance", "bybit", "okx"},
                                   .venues_count = VENUES,
                                   .start_ns = START_NS,
                                   .history_days = 1,
                                   .activity = k % 2 ? 6 : 1,
                                   .is_random_walk = k == 2};
        world_t *world = world_new (&options, &error);
        assert_non_null (world);
        uint64_t liquidations = 0, trades = 0;
        for (int second = 1; second <= SPAN_S; second++) {
            world_run (world, START_NS + second * SECOND_NS);
            for (int i = 0; i < VENUES * INSTRUMENTS; i++)
                check_books (world, i % VENUES, i / VENUES);
        }
        for (int i = 0; i < VENUES * INSTRUMENTS; i++) {
            world_books_t books;
            world_point_t point;
            world_truth_books (world, i % VENUES, i / VENUES, &books);
            liquidations += books.liquidations_count;
            trades += books.trades_count;
            //  the settlement within the span happened
            assert_int_equal (world_funding_history (world, i % VENUES, i / VENUES,
                                                     START_NS + SPAN_S * SECOND_NS, &point, 1),
                              1);
            assert_true (point.ts_ns > START_NS && point.ts_ns % (8 * 3600 * SECOND_NS) == 0);
        }
        print_message ("seed %llu: %llu trades, %llu liquidations\n", (unsigned long long) (seed + k),
                       (unsigned long long) trades, (unsigned long long) liquidations);
        assert_true (trades > 10000 && liquidations > 0);
        world_destroy (&world);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (money_and_positions_are_conserved)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
