//  The liquidation map on real markets: BTCUSDT and SOLUSDT of Binance, 31 days of 2024, against what Binance printed.
//
//  The history (beside the checkout or in LEADLINE_HISTORY) has candles of five minutes, and by the hour takers'
//  part, open interest and liquidated coins of both sides.  The map takes it in as it takes in history at a start: bars
//  of fifteen minutes, open interest when its hour is over.  Before each bar every method says what lies between the
//  mark and the bar's low (longs) and high (shorts): nothing of the bar itself is known to it but its range.  Takers'
//  part of an hour is known when it is over, too: the hour is foretold with that of the hour before, on state that is
//  then put back, and lived with its own.  Sums of four bars stand against what was liquidated in the hour.
//
//  LL  as in map_score.h, by side and hour: n ln (k L + .05) - k L, n in medians of an hour, k = sum n / sum L before.
//  The first week is burn-in.  What this cannot show: prints by price, so nothing is learned from them (theta = 1), and
//  positions opened and liquidated within fifteen minutes.  Binance prints one liquidation a second at most.
#include "tests/support/expect.h"

#include "cards/liquidation_map_private.h"
#include "common/base/check.h"
#include "common/base/select.h"
#include "common/base/timebase.h"
#include "tests/score/baselines.h"
#include "tests/score/metrics.h"

#include <dirent.h>
#include <zlib.h>

#define FROM_MS INT64_C (1718834400000) //  2024-06-19 22:00 UTC
#define TO_MS   INT64_C (1721520000000) //  2024-07-21
#define HOUR_MS INT64_C (3600000)
enum { COLUMNS = 8, HOURS_MAX = 800, BURN_IN_H = 168, BARS = 4, CANDLES = 3, BLOCK_H = 6 };
#define LL_FLOOR .05

typedef enum { BY_UNIFORM, BY_PROFILE, BY_LADDER, BY_HALF_LIFE, BY_OURS, METHODS } method_t;
static const char *const names[METHODS] = {"uniform", "volume profile 24 h", "ladder, no decay",
                                           "half-life ladder", "ours, nothing learned"};
static const char *const instruments[] = {"BTCUSDT", "SOLUSDT"};
enum { INSTRUMENTS = sizeof instruments / sizeof *instruments };

//  --- tables

typedef struct {
    int64_t ts_ms;
    double values[COLUMNS];
} row_t;

typedef struct {
    row_t *rows;
    size_t count, at;
} table_t;

static const char *
history_folder (void)
{
    const char *root = getenv ("LEADLINE_HISTORY");
    root = root ? root : "../shared/history";
    DIR *dir = opendir (root);
    if (dir)
        (void) closedir (dir);
    return dir ? root : NULL;
}

static table_t
read_table (const char *set, const char *instrument, const char *what)
{
    char path[512], line[512];
    (void) snprintf (path, sizeof path, "%s/%s/%s%s.csv.gz", history_folder (), set, instrument, what);
    gzFile file = gzopen (path, "rb");
    table_t self = {0};
    if (!file || !gzgets (file, line, sizeof line)) //  the header
        fail_msg ("cannot read %s", path);
    for (size_t capacity = 0; gzgets (file, line, sizeof line);) {
        char *at = line;
        row_t row = {.ts_ms = strtoll (line, &at, 10)};
        for (int i = 0; *at == ',' && i < COLUMNS; i++)
            row.values[i] = strtod (at + 1, &at);
        if (row.ts_ms < FROM_MS || row.ts_ms >= TO_MS)
            continue;
        if (self.count == capacity) {
            capacity = capacity ? 2 * capacity : 1024;
            self.rows = mem_grow (self.rows, capacity * sizeof *self.rows);
        }
        self.rows[self.count++] = row;
    }
    (void) gzclose (file);
    assert_true (self.count > 500);
    return self;
}

//  Times asked for only rise.  NULL: the table has a hole there.
static const row_t *
find_row (table_t *self, int64_t ts_ms)
{
    while (self->at < self->count && self->rows[self->at].ts_ms < ts_ms)
        self->at++;
    return self->at < self->count && self->rows[self->at].ts_ms == ts_ms ? self->rows + self->at : NULL;
}

//  --- one instrument

typedef struct {
    double swept[METHODS][2], liquidated[2]; //  [0] longs; USD where the method has any
} hour_t;

typedef struct {
    table_t candles, flow, oi, liquidations;
    market_t *market; //  the map lies behind it
    liquidation_map_t *map;
    baselines_t *baselines;
    double oi_coins, bought_share; //  of the last hour
    void *kept;                    //  the market and its map before the hour
    hour_t hours[HOURS_MAX];
    size_t hours_count;
} replay_t;

static void
on_market (void *context, const market_event_t *event)
{
    replay_t *self = context;
    liquidation_map_event (self->map, self->market, event);
}

static void
tell (replay_t *self, event_kind_t kind, int64_t ts_ns, const void *record)
{
    event_t event = {.kind = kind, .ts_recv_ns = ts_ns, .of.any = record};
    market_event (self->market, &event, &(market_listener_t){on_market, self});
}

static replay_t *
open_replay (const char *instrument)
{
    static const char *const venues[] = {"binance"};
    replay_t *self = mem_new (sizeof *self);
    self->candles = read_table ("binance-perp-5m", instrument, "");
    self->flow = read_table ("binance-aligned-1h", instrument, "-ohlcv");
    self->oi = read_table ("binance-aligned-1h", instrument, "-open-interest");
    self->liquidations = read_table ("binance-aligned-1h", instrument, "-liquidation");
    self->market = mem_new (market_size () + liquidation_map_size (1));
    self->map = (liquidation_map_t *) (void *) ((char *) self->market + market_size ());
    market_init (self->market, venues, 1);
    market_set_map_offset (self->market, market_size ());
    tiers_t tiers;
    error_text_t error = {{0}};
    if (tiers_load (&tiers, "deploy/tiers", "binance", instrument, &error) != OK)
        fail_msg ("%s", error.text);
    liquidation_map_init (self->map, 1, &tiers);
    self->oi_coins = self->oi.rows[0].values[0];
    liquidation_map_expect_oi (self->map, 0, self->oi_coins);
    self->baselines = baselines_new ();
    self->bought_share = .5;
    self->kept = mem_new (market_size () + liquidation_map_size (1));
    return self;
}

static void
close_replay (replay_t *self)
{
    baselines_destroy (&self->baselines);
    table_t *const tables[] = {&self->candles, &self->flow, &self->oi, &self->liquidations};
    for (size_t i = 0; i < COUNT_OF (tables); i++)
        free (tables[i]->rows);
    free (self->kept);
    free (self->market);
    free (self);
}

//  Three candles in one.  False when one is missing.
static bool
make_bar (replay_t *self, int64_t start_ms, double bought_share, bar_t *bar)
{
    *bar = (bar_t){.ts_event_ns = (start_ms + HOUR_MS / BARS) * NS_PER_MS,
                   .interval_s = 900,
                   .low_px = INFINITY,
                   .is_closed = true,
                   .is_backfilled = true};
    for (int i = 0; i < CANDLES; i++) {
        const row_t *candle = find_row (&self->candles, start_ms + i * HOUR_MS / BARS / CANDLES);
        if (!candle)
            return false;
        const double *v = candle->values; //  open, high, low, close, coins
        bar->open_px = i == 0 ? v[0] : bar->open_px;
        bar->high_px = fmax (bar->high_px, v[1]);
        bar->low_px = fmin (bar->low_px, v[2]);
        bar->close_px = v[3];
        bar->volume_usd += v[4] * (v[1] + v[2] + v[3]) / 3;
    }
    bar->taker_buy_usd = bar->volume_usd * bought_share;
    return true;
}

//  Mass of a side from the mark to the end of the bar's range.
static double
mass_swept (const density_t *density, int side, const bar_t *bar)
{
    int64_t from = density->mark_bin, to = from;
    if (side == MAP_SIDE_LONG)
        from = (int64_t) floor (log (bar->low_px) / MAP_BIN_WIDTH);
    else
        to = (int64_t) floor (log (bar->high_px) / MAP_BIN_WIDTH);
    double sum = 0;
    for (int64_t i = from - density->first_bin; i <= to - density->first_bin; i++)
        sum += i >= 0 && i < MAP_VIEW_BINS ? density->usd[side][i] : 0;
    return sum;
}

static void
take_view (const map_view_t *view, density_t *out)
{
    out->first_bin = view->first_bin;
    out->mark_bin = view->mark_bin;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < MAP_VIEW_BINS; i++)
            out->usd[side][i] = (double) view->hazard[side][i];
}

static void
read_density (const replay_t *self, method_t method, density_t *out)
{
    static const baseline_t baselines[METHODS] = {[BY_UNIFORM] = BASELINE_UNIFORM,
                                                  [BY_PROFILE] = BASELINE_PROFILE,
                                                  [BY_HALF_LIFE] = BASELINE_HALF_LIFE};
    map_view_t view;
    if (method == BY_OURS || method == BY_LADDER) {
        assert_int_equal (
            (method == BY_OURS ? liquidation_map_view : liquidation_map_ladder) (self->map, &view), OK);
        take_view (&view, out);
    } else
        baselines_read (self->baselines, baselines[method], self->map->mark_bin, out);
}

static void
forecast (const replay_t *self, const bar_t *bar, hour_t *hour)
{
    density_t density;
    for (int method = 0; method < METHODS; method++) {
        read_density (self, (method_t) method, &density);
        for (int side = 0; side < 2; side++)
            hour->swept[method][side] += mass_swept (&density, side, bar);
    }
}

//  The baselines know minutes: a fifteenth of the bar each, at its low, high and close.
static void
tell_baselines (replay_t *self, const bar_t *bar)
{
    const double prices[] = {bar->low_px, bar->high_px, bar->close_px};
    open_interest_t oi = {.oi_coins = self->oi_coins};
    baselines_event (self->baselines, &(event_t){.kind = EVENT_OPEN_INTEREST, .of.open_interest = &oi});
    for (int minute = 0; minute < 15; minute++) {
        for (size_t i = 0; i < 2 * COUNT_OF (prices); i++) {
            bool is_bought = i % 2 == 0;
            double usd = is_bought ? bar->taker_buy_usd : bar->volume_usd - bar->taker_buy_usd;
            trade_t trade = {.side = is_bought ? 1 : -1, .notional_usd = usd / 15 / COUNT_OF (prices)};
            CHECK (decimal_from_double (prices[i / 2], &trade.price) == OK);
            baselines_event (self->baselines, &(event_t){.kind = EVENT_TRADE, .of.trade = &trade});
        }
        baselines_minute (self->baselines);
    }
}

static void
live_bar (replay_t *self, const bar_t *bar, bool is_last)
{
    tell (self, EVENT_BAR, bar->ts_event_ns, bar);
    if (is_last) {
        open_interest_t oi = {
            .ts_event_ns = bar->ts_event_ns, .oi_coins = self->oi_coins, .is_backfilled = true};
        tell (self, EVENT_OPEN_INTEREST, bar->ts_event_ns, &oi);
    }
    tell_baselines (self, bar);
    liquidation_map_t *map = self->map; //  bars of fifteen minutes make no views themselves
    map->now_ns = bar->ts_event_ns;
    map->mark_px = bar->close_px;
    map->x = log (bar->close_px);
    map->mark_bin = (int64_t) floor (map->x / MAP_BIN_WIDTH);
    liquidation_view_refresh (map);
}

//  The four bars of an hour; hour: what is foretold of each is added.  False: one is missing.
static bool
live_bars (replay_t *self, int64_t start_ms, double bought_share, const row_t *oi, hour_t *hour)
{
    bool is_whole = true;
    bar_t bar;
    for (int i = 0; i < BARS; i++) {
        if (!make_bar (self, start_ms + i * HOUR_MS / BARS, bought_share, &bar)) {
            is_whole = false;
            continue;
        }
        if (hour)
            forecast (self, &bar, hour);
        bool is_last = i == BARS - 1 && oi;
        if (is_last)
            self->oi_coins = oi->values[3];
        live_bar (self, &bar, is_last);
    }
    return is_whole;
}

static bool
foretell (replay_t *self, int64_t start_ms, hour_t *hour)
{
    const size_t size = market_size () + liquidation_map_size (1), candle = self->candles.at;
    baselines_t *baselines = self->baselines;
    memcpy (self->kept, self->market, size);
    self->baselines = baselines_copy (baselines);
    bool is_whole = live_bars (self, start_ms, self->bought_share, NULL, hour);
    memcpy (self->market, self->kept, size);
    baselines_destroy (&self->baselines);
    self->baselines = baselines;
    self->candles.at = candle;
    return is_whole;
}

//  An hour with a hole in it is lived as far as it goes, and not scored.
static void
live_hour (replay_t *self, int64_t start_ms)
{
    const row_t *flow = find_row (&self->flow, start_ms), *oi = find_row (&self->oi, start_ms),
                *liquidated = find_row (&self->liquidations, start_ms);
    hour_t hour = {0};
    bool is_whole = flow && oi && liquidated && self->map->view_ns > 0 && foretell (self, start_ms, &hour);
    if (!flow)
        return;
    self->bought_share = flow->values[5] / flow->values[4];
    (void) live_bars (self, start_ms, self->bought_share, oi, NULL);
    if (!is_whole || self->hours_count == HOURS_MAX)
        return;
    for (int side = 0; side < 2; side++)
        hour.liquidated[side] = liquidated->values[side] * self->map->mark_px;
    self->hours[self->hours_count++] = hour;
}

//  --- scores

typedef struct {
    size_t hours_count;
    double ll[METHODS][HOURS_MAX]; //  by hour, both sides
    double rank[METHODS];          //  of USD swept and liquidated, by hour and side
    double liquidated_usd, ours_usd;
} score_t;

static double
median_of (const replay_t *self, int side)
{
    double values[HOURS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < self->hours_count; i++)
        if (self->hours[i].liquidated[side] > 0)
            values[count++] = self->hours[i].liquidated[side];
    return select_kth (values, count, count / 2);
}

static void
score_method (const replay_t *self, int method, const double units[2], score_t *out)
{
    double swept[2 * HOURS_MAX], liquidated[2 * HOURS_MAX];
    size_t count = 0;
    for (int side = 0; side < 2; side++) {
        double n_sum = 0, mass_sum = 0;
        for (size_t i = 0; i < self->hours_count; i++) {
            const hour_t *hour = self->hours + i;
            double n = hour->liquidated[side] / units[side], mass = hour->swept[method][side];
            if (i >= BURN_IN_H) {
                double expected = n_sum / mass_sum * mass;
                out->ll[method][i - BURN_IN_H] += n * log (expected + LL_FLOOR) - expected;
                swept[count] = expected * units[side];
                liquidated[count++] = hour->liquidated[side];
            }
            n_sum += n;
            mass_sum += mass;
        }
    }
    out->rank[method] = metrics_rank_correlation (swept, liquidated, count);
}

static void
score (const replay_t *self, score_t *out)
{
    const double units[2] = {median_of (self, 0), median_of (self, 1)};
    memset (out, 0, sizeof *out);
    out->hours_count = self->hours_count - BURN_IN_H;
    for (int method = 0; method < METHODS; method++)
        score_method (self, method, units, out);
    for (size_t i = BURN_IN_H; i < self->hours_count; i++)
        for (int side = 0; side < 2; side++) {
            out->liquidated_usd += self->hours[i].liquidated[side];
            out->ours_usd += self->hours[i].swept[BY_OURS][side];
        }
}

//  Ours less another's, by the hour, all instruments.
static bootstrap_t
compare (const score_t scores[], size_t many, int other)
{
    static double differences[INSTRUMENTS][HOURS_MAX];
    const double *series[INSTRUMENTS];
    size_t counts[INSTRUMENTS];
    for (size_t k = 0; k < many; k++) {
        series[k] = differences[k];
        counts[k] = scores[k].hours_count;
        for (size_t i = 0; i < counts[k]; i++)
            differences[k][i] = scores[k].ll[BY_OURS][i] - scores[k].ll[other][i];
    }
    bootstrap_t out;
    metrics_bootstrap (series, counts, many, BLOCK_H, &out);
    return out;
}

static void
the_map_foretells_real_liquidations (void **state)
{
    (void) state;
    if (!history_folder ()) {
        print_error ("SKIPPED: no history in ../shared/history or LEADLINE_HISTORY\n");
        skip ();
    }
    static score_t scores[INSTRUMENTS];
    for (size_t k = 0; k < INSTRUMENTS; k++) {
        replay_t *replay = open_replay (instruments[k]);
        for (int64_t ts_ms = FROM_MS; ts_ms < TO_MS; ts_ms += HOUR_MS)
            live_hour (replay, ts_ms);
        score (replay, &scores[k]);
        assert_true (scores[k].hours_count > 500);
        print_message ("%s: %zu hours scored, $%.0fM printed, $%.0fM swept as the map had it\n",
                       instruments[k], scores[k].hours_count, scores[k].liquidated_usd / 1e6,
                       scores[k].ours_usd / 1e6);
        close_replay (replay);
    }
    print_message ("%-22s %10s %10s %18s %8s\n", "", "rank BTC", "rank SOL", "LL/h: ours less it", "p");
    for (int method = 0; method < METHODS; method++) {
        bootstrap_t ahead = compare (scores, INSTRUMENTS, method);
        print_message ("%-22s %10.3f %10.3f", names[method], scores[0].rank[method], scores[1].rank[method]);
        if (method != BY_OURS) {
            print_message (" %18.2f %8.4f", ahead.mean, ahead.p);
            assert_true (ahead.mean > 0 && ahead.p < .05);
        }
        print_message ("\n");
    }
    for (size_t k = 0; k < INSTRUMENTS; k++)
        assert_true (scores[k].rank[BY_OURS] > .75);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (the_map_foretells_real_liquidations)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
