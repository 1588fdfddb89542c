#include "tests/support/expect.h"

#include <time.h>
#include <unistd.h>

#include "common/base/decimal.h"
#include "common/base/hash.h"
#include "ingest/simulator/world.h"

static const int64_t SECOND_NS = INT64_C (1000000000), MINUTE_NS = INT64_C (60000000000);
static const int64_t START_NS = INT64_C (1790000000000000000); //  13:33:20 UTC
static const char *const NAMES_ALL = "BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT FILUSDT NEARUSDT "
                                     "WLDUSDT ADAUSDT AVAXUSDT LINKUSDT LTCUSDT "
                                     "DOTUSDT SUIUSDT APTUSDT ARBUSDT OPUSDT INJUSDT AAVEUSDT UNIUSDT";
enum { VENUES = 3, INSTRUMENTS_MAX = 24, TICKS_MIRRORED = 4096 };

static world_t *
make_world (uint64_t seed, const char *names, int venues, int64_t start_ns)
{
    universe_t universe;
    error_text_t error;
    assert_int_equal (universe_parse (&universe, slice_of (names), &error), OK);
    world_options_t options = {.seed = seed,
                               .universe = &universe,
                               .venues = {"binance", "bybit", "okx"},
                               .venues_count = venues,
                               .start_ns = start_ns,
                               .history_days = 2,
                               .activity = 1};
    world_t *world = world_new (&options, &error);
    if (!world)
        print_error ("%s\n", error.text);
    assert_non_null (world);
    return world;
}

static void
bad_options_are_refused_with_a_reason (void **state)
{
    (void) state;
    universe_t universe;
    error_text_t error = {{0}};
    universe_parse (&universe, slice_of ("BTCUSDT"), &error);
    world_options_t good = {
        .seed = 1, .universe = &universe, .venues = {"okx"}, .venues_count = 1, .activity = 1};
    world_options_t bad = good;
    bad.venues[0] = "nowhere";
    assert_null (world_new (&bad, &error));
    assert_non_null (strstr (error.text, "nowhere"));
    bad = good;
    bad.activity = 0;
    assert_null (world_new (&bad, &error));
    bad = good;
    bad.fund_share = 2;
    assert_null (world_new (&bad, &error));
    assert_non_null (strstr (error.text, "fund share"));
    bad = good;
    bad.planted_ic = .1;
    bad.planted_horizon_s = 60;
    bad.is_random_walk = true;
    assert_null (world_new (&bad, &error));
    bad = good;
    bad.truth_path = "/nonexistent/truth.jsonl";
    assert_null (world_new (&bad, &error));
    assert_non_null (strstr (error.text, "/nonexistent/truth.jsonl"));
}

//  --- everything the sink is told, hashed

typedef struct {
    uint64_t hash;
    int64_t last_ns;
    long trades, levels, liquidations, fundings, positions;
} stream_t;

static void
stream_add (stream_t *stream, const void *data, size_t size, int64_t ts_ns)
{
    assert_true (ts_ns >= stream->last_ns);
    stream->last_ns = ts_ns;
    stream->hash = hash_bytes (data, size, stream->hash);
}

static void
on_trade (void *context, int venue, int instrument, const world_trade_t *trade)
{
    stream_t *stream = context;
    int64_t words[] = {1,
                       venue,
                       instrument,
                       trade->ts_ns,
                       trade->id,
                       trade->px_ticks,
                       trade->qty_lots,
                       trade->side,
                       trade->taker_opened_lots,
                       trade->maker_opened_lots};
    stream->trades++;
    stream_add (stream, words, sizeof words, trade->ts_ns);
}

static void
on_level (void *context, int venue, int instrument, const world_level_t *level)
{
    stream_t *stream = context;
    int64_t words[] = {2, venue, instrument, level->ts_ns, level->is_bid, level->px_ticks, level->qty_lots};
    stream->levels++;
    stream_add (stream, words, sizeof words, level->ts_ns);
}

static void
on_liquidation (void *context, int venue, int instrument, const world_liquidation_t *liquidation)
{
    stream_t *stream = context;
    int64_t words[] = {3,
                       venue,
                       instrument,
                       liquidation->ts_ns,
                       liquidation->side,
                       liquidation->qty_lots,
                       liquidation->average_px_ticks,
                       liquidation->bankruptcy_px_ticks};
    stream->liquidations++;
    stream_add (stream, words, sizeof words, liquidation->ts_ns);
    //  the fill is never worse than bankruptcy
    assert_true (liquidation->side * (liquidation->average_px_ticks - liquidation->bankruptcy_px_ticks) >= 0);
    assert_true (liquidation->qty_lots > 0 && liquidation->leverage >= 1);
}

static void
on_funding (void *context, int venue, int instrument, int64_t ts_ns, double rate)
{
    stream_t *stream = context;
    double values[] = {venue, instrument, rate};
    stream->fundings++;
    stream_add (stream, values, sizeof values, ts_ns);
    assert_true (fabs (rate) < .01);
}

static void
add_position (void *context, const world_position_t *position)
{
    stream_t *stream = context;
    double values[] = {position->side,           (double) position->qty_lots, position->entry_px,
                       position->liquidation_px, position->leverage,          position->is_cross};
    stream->positions++;
    stream_add (stream, values, sizeof values, stream->last_ns);
}

static stream_t
stream_of (uint64_t seed, int64_t step_ns, int64_t span_ns)
{
    stream_t stream = {0};
    world_t *world = make_world (seed, "BTCUSDT SOLUSDT NEWCOINUSDT", VENUES, START_NS);
    world_listen (world, &(world_sink_t){.self = &stream,
                                         .trade = on_trade,
                                         .level = on_level,
                                         .liquidation = on_liquidation,
                                         .funding = on_funding});
    for (int64_t at = step_ns; at < span_ns; at += step_ns) {
        world_run (world, START_NS + at);
        assert_int_equal (world_now_ns (world), START_NS + at);
    }
    world_run (world, START_NS + span_ns);
    for (int venue = 0; venue < VENUES; venue++)
        world_truth_positions (world, venue, 0, add_position, &stream);
    world_destroy (&world);
    return stream;
}

static void
same_seed_same_stream_whatever_the_steps (void **state)
{
    (void) state;
    uint64_t seed = test_seed (5);
    int64_t span_ns = 20 * MINUTE_NS;
    stream_t once = stream_of (seed, span_ns, span_ns), steps = stream_of (seed, 137 * 1000000, span_ns);
    stream_t other = stream_of (seed + 1, span_ns, span_ns);
    print_message ("%ld trades, %ld levels, %ld liquidations\n", once.trades, once.levels, once.liquidations);
    assert_true (once.trades > 1000 && once.levels > 10000 && once.positions > 1000);
    assert_int_equal (once.hash, steps.hash);
    assert_int_equal (once.levels, steps.levels);
    assert_true (once.hash != other.hash);
}

//  --- books, bars and tickers against a listener that only believes the sink

typedef struct {
    world_t *world;
    int64_t lots[2][TICKS_MIRRORED], base;
    world_kline_t bar; //  of the minute of the last trade
    int64_t trade_id, minute, minutes_compared, last_px;
} mirror_t;

static void
mirror_level (void *context, int venue, int instrument, const world_level_t *level)
{
    mirror_t *mirror = context;
    if (venue != 0 || instrument != 0)
        return;
    int64_t at = level->px_ticks - mirror->base;
    if (at >= 0 && at < TICKS_MIRRORED)
        mirror->lots[level->is_bid][at] = level->qty_lots;
}

static void
compare_bar (mirror_t *mirror)
{
    world_kline_t bars[2];
    int64_t end_ns = (mirror->minute + 1) * MINUTE_NS;
    assert_int_equal (world_klines (mirror->world, 0, 0, 60, end_ns, bars, 1), 1);
    const world_kline_t *told = &mirror->bar, *bar = &bars[0];
    assert_int_equal (bar->start_ns, mirror->minute * MINUTE_NS);
    expect_close (bar->open_px, told->open_px, 1e-12);
    expect_close (bar->high_px, told->high_px, 1e-12);
    expect_close (bar->low_px, told->low_px, 1e-12);
    expect_close (bar->close_px, told->close_px, 1e-12);
    expect_close (bar->volume_coins, told->volume_coins, 1e-9);
    expect_close (bar->turnover_usd, told->turnover_usd, 1e-9);
    expect_close (bar->taker_buy_coins, told->taker_buy_coins, 1e-9);
    expect_close (bar->taker_buy_usd, told->taker_buy_usd, 1e-9);
    assert_int_equal (bar->trades_count, told->trades_count);
    mirror->minutes_compared++;
}

static void
mirror_trade (void *context, int venue, int instrument, const world_trade_t *trade)
{
    mirror_t *mirror = context;
    if (venue != 0 || instrument != 0)
        return;
    assert_int_equal (trade->id, mirror->trade_id + 1);
    mirror->trade_id = trade->id;
    mirror->last_px = trade->px_ticks;
    if (trade->ts_ns / MINUTE_NS != mirror->minute) {
        if (mirror->minute > 0)
            compare_bar (mirror);
        mirror->minute = trade->ts_ns / MINUTE_NS;
        mirror->bar = (world_kline_t){0};
    }
    const world_spec_t *spec = world_spec (mirror->world, 0, 0);
    double px = (double) trade->px_ticks * spec->tick_px, coins = (double) trade->qty_lots * spec->lot_coins;
    world_kline_t *bar = &mirror->bar;
    if (bar->trades_count++ == 0)
        bar->open_px = bar->high_px = bar->low_px = px;
    bar->high_px = fmax (bar->high_px, px);
    bar->low_px = fmin (bar->low_px, px);
    bar->close_px = px;
    bar->volume_coins += coins;
    bar->turnover_usd += coins * px;
    bar->taker_buy_coins += trade->side > 0 ? coins : 0;
    bar->taker_buy_usd += trade->side > 0 ? coins * px : 0;
}

static void
compare_levels (const mirror_t *mirror)
{
    world_level_t levels[400];
    int64_t best[2] = {0, 0};
    for (int is_bid = 0; is_bid < 2; is_bid++) {
        int count = world_levels (mirror->world, 0, 0, is_bid, levels, 400), seen = 0;
        assert_true (count > 10);
        best[is_bid] = levels[0].px_ticks;
        for (int i = 0; i < count; i++) {
            int64_t at = levels[i].px_ticks - mirror->base;
            if (i > 0)
                assert_true (is_bid ? levels[i].px_ticks < levels[i - 1].px_ticks
                                    : levels[i].px_ticks > levels[i - 1].px_ticks);
            if (at < 0 || at >= TICKS_MIRRORED)
                continue;
            assert_int_equal (levels[i].qty_lots, mirror->lots[is_bid][at]);
            seen += levels[i].qty_lots > 0;
        }
        int told = 0;
        for (int64_t at = 0; at < TICKS_MIRRORED; at++)
            told += mirror->lots[is_bid][at] > 0;
        assert_int_equal (seen, told);
    }
    assert_true (best[1] < best[0]);
}

static void
books_bars_and_ticker_are_what_the_sink_said (void **state)
{
    (void) state;
    static mirror_t mirror;
    mirror = (mirror_t){.world = make_world (test_seed (6), "SOLUSDT", 2, START_NS)};
    world_level_t levels[400];
    world_levels (mirror.world, 0, 0, true, levels, 1);
    mirror.base = levels[0].px_ticks - TICKS_MIRRORED / 2;
    for (int is_bid = 0; is_bid < 2; is_bid++) {
        int count = world_levels (mirror.world, 0, 0, is_bid, levels, 400);
        for (int i = 0; i < count; i++)
            mirror_level (&mirror, 0, 0, &levels[i]);
    }
    world_listen (mirror.world,
                  &(world_sink_t){.self = &mirror, .trade = mirror_trade, .level = mirror_level});
    for (int second = 1; second <= 45 * 60; second++) {
        world_run (mirror.world, START_NS + second * SECOND_NS);
        compare_levels (&mirror);
    }
    assert_true (mirror.minutes_compared > 40);

    world_ticker_t ticker;
    world_ticker (mirror.world, 0, 0, &ticker);
    const world_spec_t *spec = world_spec (mirror.world, 0, 0);
    expect_close (ticker.last_px, (double) mirror.last_px * spec->tick_px, 1e-12);
    expect_close (ticker.mark_px / ticker.index_px, 1, .01);
    expect_close (ticker.index_px / ticker.last_px, 1, .01);
    assert_true (ticker.low_24h_px <= ticker.last_px && ticker.last_px <= ticker.high_24h_px);
    assert_true (ticker.oi_lots > 0 && ticker.volume_24h_coins > 0);
    assert_int_equal (ticker.next_funding_ns % (8 * 3600 * SECOND_NS), 0);
    world_destroy (&mirror.world);
}

static void
larger_bars_are_sums_of_smaller_and_history_has_no_hole (void **state)
{
    (void) state;
    world_t *world = make_world (7, "XRPUSDT", 1, START_NS);
    world_run (world, START_NS + 30 * MINUTE_NS);
    int64_t end_ns = world_now_ns (world) + 1;
    static world_kline_t minutes[3000], hours[60], quarters[200];
    int count = world_klines (world, 0, 0, 60, end_ns, minutes, 3000);
    assert_true (count >= 2 * 1440 + 29 && count < 2 * 1440 + 95);
    for (int i = 1; i < count; i++) {
        assert_int_equal (minutes[i].start_ns, minutes[i - 1].start_ns + MINUTE_NS);
        assert_true (minutes[i].high_px >= minutes[i].low_px && minutes[i].low_px > 0);
        assert_true (fabs (log (minutes[i].open_px / minutes[i - 1].close_px)) < .02);
    }
    int hours_count = world_klines (world, 0, 0, 3600, end_ns, hours, 60);
    int quarters_count = world_klines (world, 0, 0, 900, end_ns, quarters, 200);
    assert_true (hours_count >= 48 && quarters_count >= 192);
    assert_int_equal (hours[0].start_ns % (3600 * SECOND_NS), 0);
    for (int h = 0; h < hours_count; h++) {
        double volume = 0, high = 0, buys = 0;
        for (int i = 0; i < count; i++)
            if (minutes[i].start_ns / (60 * MINUTE_NS) == hours[h].start_ns / (60 * MINUTE_NS)) {
                volume += minutes[i].volume_coins;
                buys += minutes[i].taker_buy_usd;
                high = fmax (high, minutes[i].high_px);
            }
        expect_close (hours[h].volume_coins, volume, 1e-9);
        expect_close (hours[h].taker_buy_usd, buys, 1e-9);
        expect_close (hours[h].high_px, high, 1e-12);
    }
    //  bars that start before an instant in the past
    int past = world_klines (world, 0, 0, 900, quarters[10].start_ns, hours, 3);
    assert_int_equal (past, 3);
    assert_int_equal (hours[2].start_ns, quarters[9].start_ns);
    assert_int_equal (world_klines (world, 0, 0, 60, START_NS - 400 * 1440 * MINUTE_NS, hours, 3), 0);

    world_point_t points[2000];
    int points_count = world_oi_history (world, 0, 0, end_ns, points, 2000);
    assert_true (points_count >= 2 * 288 + 5);
    for (int i = 1; i < points_count; i++) {
        assert_int_equal (points[i].ts_ns - points[i - 1].ts_ns, 5 * MINUTE_NS);
        assert_true (fabs (log (points[i].value / points[i - 1].value)) < .05);
    }
    assert_int_equal (world_funding_history (world, 0, 0, end_ns, points, 2000), 6);
    world_destroy (&world);
}

//  --- the crowd, and its tiers

static bool
is_whole (double value)
{
    return fabs (value - round (value)) < 1e-6;
}

static void
ratios_count_heads_and_tiers_are_the_files (void **state)
{
    (void) state;
    static const char *const VENUE_NAMES[] = {"binance", "bybit", "okx"};
    world_t *world = make_world (11, "BTCUSDT ETHUSDT", VENUES, START_NS);
    world_run (world, START_NS + 2 * MINUTE_NS);
    for (int venue = 0; venue < VENUES; venue++)
        for (int i = 0; i < 2; i++) {
            world_ratio_t ratio, again;
            assert_int_equal (world_ratio (world, venue, i, &ratio), OK);
            assert_true (ratio.accounts_count >= 50);
            assert_true (ratio.accounts_long > .05 && ratio.accounts_long < .95);
            assert_true (is_whole (ratio.accounts_long * ratio.accounts_count));
            int32_t top = (ratio.accounts_count + 4) / 5;
            assert_true (ratio.top_accounts_long >= 0 && ratio.top_accounts_long <= 1);
            assert_true (is_whole (ratio.top_accounts_long * top));
            //  of another crowd than all: neither heads nor lots fall on the same share
            assert_true (ratio.top_positions_long > 0 && ratio.top_positions_long < 1);
            assert_false (is_whole (ratio.top_positions_long * top));
            assert_int_equal (world_ratio (world, venue, i, &again), OK);
            expect_close (again.top_positions_long, ratio.top_positions_long, 0);
            tiers_t tiers;
            error_text_t error;
            const char *name = i == 0 ? "BTCUSDT" : "ETHUSDT";
            assert_int_equal (tiers_load (&tiers, "deploy/tiers", VENUE_NAMES[venue], name, &error), OK);
            const tiers_t *known = world_tiers (world, venue, i);
            assert_int_equal (known->count, tiers.count);
            expect_close (known->rows[1].up_to, tiers.rows[1].up_to, 0);
        }
    world_destroy (&world);
}

//  --- funding

static void
funding_moves_money_between_holders_only (void **state)
{
    (void) state;
    int64_t settle_ns = START_NS / (8 * 60 * MINUTE_NS) * (8 * 60 * MINUTE_NS) + 8 * 60 * MINUTE_NS;
    world_t *world = make_world (8, "BTCUSDT DOGEUSDT", VENUES, settle_ns - 3 * MINUTE_NS);
    stream_t stream = {0};
    world_listen (world, &(world_sink_t){.self = &stream, .funding = on_funding});
    world_ticker_t ticker;
    world_ticker (world, 1, 1, &ticker);
    assert_int_equal (ticker.next_funding_ns, settle_ns);
    world_point_t before, after[2];
    assert_int_equal (world_funding_history (world, 1, 1, settle_ns + 1, &before, 1), 1);
    world_run (world, settle_ns - 1);
    world_ticker (world, 1, 1, &ticker);
    double announced = ticker.funding_rate;
    assert_int_equal (stream.fundings, 0);
    world_run (world, settle_ns);
    assert_int_equal (stream.fundings, 2 * VENUES);
    assert_int_equal (world_funding_history (world, 1, 1, settle_ns + 1, after, 2), 2);
    assert_int_equal (after[0].ts_ns, before.ts_ns);
    assert_int_equal (after[1].ts_ns, settle_ns);
    expect_close (after[1].value, announced, 1e-4);
    world_ticker (world, 1, 1, &ticker);
    assert_int_equal (ticker.next_funding_ns, settle_ns + 8 * 60 * MINUTE_NS);
    world_books_t audit;
    world_truth_audit (world, 1, 1, &audit);
    double sum = audit.wallets_usd + audit.fund_usd + audit.fees_usd + audit.unrealised_usd;
    assert_true (fabs (sum - audit.deposits_usd) < 1e-6 * 20);
    world_run (world, settle_ns + MINUTE_NS);
    world_destroy (&world);
}

//  --- truth file

typedef struct {
    uint64_t sum;
    long count, liquidations, opens, crosses;
    world_t *world;
} tally_t;

static uint64_t
trade_print (int venue, int64_t id, int64_t ts_ns, double px, double qty, int side)
{
    double values[] = {venue, (double) id, (double) (ts_ns / 1000), px, qty, side};
    return hash_bytes (values, sizeof values, 0);
}

static void
tally_trade (void *context, int venue, int instrument, const world_trade_t *trade)
{
    tally_t *tally = context;
    const world_spec_t *spec = world_spec (tally->world, venue, instrument);
    decimal_t px = {trade->px_ticks * spec->tick_units, (int8_t) spec->tick_exponent};
    decimal_t qty = {trade->qty_lots * spec->lot_units, (int8_t) spec->lot_exponent};
    tally->sum += trade_print (venue, trade->id, trade->ts_ns, decimal_to_double (px),
                               decimal_to_double (qty), trade->side);
    tally->count++;
    tally->opens += trade->taker_opens + 2 * trade->maker_opens;
}

static void
tally_liquidation (void *context, int venue, int instrument, const world_liquidation_t *liquidation)
{
    (void) venue, (void) instrument;
    tally_t *tally = context;
    tally->liquidations++;
    tally->crosses += liquidation->is_cross + 2 * liquidation->is_partial;
}

//  The last flags of a line.
static void
read_flags (const char *line, int *first, int *second)
{
    const char *end = strrchr (line, ']');
    assert_non_null (end);
    *second = end[-1] - '0';
    *first = end[-3] - '0';
    assert_true (*second == 0 || *second == 1);
}

//  Dollars of a line of positions, by side and cross.
static void
read_positions (const char *line, double usd[2][2])
{
    char venue[16], name[32];
    long long ts_ns;
    int side, component, used = 0;
    assert_int_equal (sscanf (line, "{\"positions\":[\"%15[^\"]\",\"%31[^\"]\",%lld,%d,%d,[%n", venue, name,
                              &ts_ns, &side, &component, &used),
                      5);
    assert_true (used > 0 && component >= 0 && component < 13);
    int bin, cross, size;
    double sum = 0, here;
    for (const char *at = line + used; sscanf (at, "[%d,%lf]%n", &bin, &here, &size) == 2;) {
        sum += here;
        at += size;
        at += *at == ',';
    }
    assert_int_equal (sscanf (strrchr (line, ',') + 1, "%d]}", &cross), 1);
    assert_true (cross == 0 || cross == 1);
    usd[side > 0][cross] += sum;
}

static void
truth_file_has_every_trade_and_liquidation (void **state)
{
    (void) state;
    char path[] = "/tmp/leadline_truth_XXXXXX";
    static char line[1 << 18];
    double usd[2][2] = {{0}};
    int file = mkstemp (path);
    assert_true (file >= 0);
    universe_t universe;
    error_text_t error;
    universe_parse (&universe, slice_of ("DOGEUSDT"), &error);
    world_options_t options = {.seed = 9,
                               .universe = &universe,
                               .venues = {"binance", "okx"},
                               .venues_count = 2,
                               .start_ns = START_NS,
                               .history_days = 1,
                               .activity = 3,
                               .truth_path = path};
    tally_t told = {.world = world_new (&options, &error)}, read = {0};
    assert_non_null (told.world);
    world_listen (told.world,
                  &(world_sink_t){.self = &told, .trade = tally_trade, .liquidation = tally_liquidation});
    world_run (told.world, START_NS + 30 * MINUTE_NS);
    assert_int_equal (world_truth_flush (told.world), OK);
    FILE *truth = fopen (path, "r");
    long positions = 0, books = 0;
    while (fgets (line, sizeof line, truth)) {
        char venue[16], name[32];
        long long id, ts_ns;
        double px, qty;
        int side;
        int first = 0, second = 0;
        if (sscanf (line, "{\"trade\":[\"%15[^\"]\",\"%31[^\"]\",\"%lld\",%lld,\"%lf\",\"%lf\",%d]}", venue,
                    name, &id, &ts_ns, &px, &qty, &side) == 7) {
            assert_string_equal (name, "DOGEUSDT");
            read.sum += trade_print (strcmp (venue, "okx") == 0, id, ts_ns, px, qty, side);
            read.count++;
            read_flags (line, &first, &second);
            read.opens += first + 2 * second;
        }
        if (strncmp (line, "{\"liquidation\":", 15) == 0) {
            read_flags (line, &first, &second);
            read.crosses += first + 2 * second;
        }
        if (strncmp (line, "{\"positions\":", 13) == 0)
            read_positions (line, usd);
        read.liquidations += strncmp (line, "{\"liquidation\":", 15) == 0;
        positions += strncmp (line, "{\"positions\":", 13) == 0;
        books += strncmp (line, "{\"books\":", 9) == 0;
    }
    fclose (truth);
    close (file);
    unlink (path);
    assert_true (told.count > 1000 && told.liquidations > 0);
    assert_int_equal (read.count, told.count);
    assert_true (read.sum == told.sum);
    assert_int_equal (read.liquidations, told.liquidations);
    assert_int_equal (read.opens, told.opens);
    assert_int_equal (read.crosses, told.crosses);
    for (int is_long = 0; is_long < 2; is_long++)
        assert_true (usd[is_long][1] > .02 * usd[is_long][0] && usd[is_long][1] < usd[is_long][0]);
    assert_true (positions > 30 * 2 * 10);
    assert_int_equal (books, 30 * 2);
    world_destroy (&told.world);
}

//  --- the demo's world: alive everywhere, liquidations at a pace, and fast enough

static double
clock_s (void)
{
    struct timespec now;
    clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

static void
every_market_of_the_demo_is_alive (void **state)
{
    (void) state;
    double begun_s = clock_s ();
    world_t *world = make_world (10, NAMES_ALL, VENUES, START_NS);
    double new_s = clock_s () - begun_s;
    stream_t stream = {0};
    world_listen (world,
                  &(world_sink_t){
                      .self = &stream, .trade = on_trade, .level = on_level, .liquidation = on_liquidation});
    begun_s = clock_s ();
    world_run (world, START_NS + 10 * MINUTE_NS);
    double run_s = clock_s () - begun_s;
    print_message ("21 x 3: new %.2f s, %.0f times real time; %.1f trades and %.1f levels a second, %.1f "
                   "liquidations a minute\n",
                   new_s, 600 / run_s, (double) stream.trades / 600, (double) stream.levels / 600,
                   (double) stream.liquidations / 10);
    for (int venue = 0; venue < VENUES; venue++) {
        stream_t crowd = {0};
        world_truth_positions (world, venue, 0, add_position, &crowd);
        print_message ("%ld positions in BTC on venue %d\n", crowd.positions, venue);
        assert_true (crowd.positions > 2000);
        for (int i = 0; i < 21; i++) {
            world_books_t books;
            world_level_t levels[100];
            world_truth_books (world, venue, i, &books);
            assert_true (books.trades_count > 100);
            assert_true (world_levels (world, venue, i, true, levels, 100) >= 20);
            assert_true (world_levels (world, venue, i, false, levels, 100) >= 20);
        }
    }
    assert_true (stream.liquidations >= 20 && stream.liquidations < 3000);
    world_destroy (&world);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (bad_options_are_refused_with_a_reason),
        cmocka_unit_test (same_seed_same_stream_whatever_the_steps),
        cmocka_unit_test (books_bars_and_ticker_are_what_the_sink_said),
        cmocka_unit_test (larger_bars_are_sums_of_smaller_and_history_has_no_hole),
        cmocka_unit_test (ratios_count_heads_and_tiers_are_the_files),
        cmocka_unit_test (funding_moves_money_between_holders_only),
        cmocka_unit_test (truth_file_has_every_trade_and_liquidation),
        cmocka_unit_test (every_market_of_the_demo_is_alive),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
