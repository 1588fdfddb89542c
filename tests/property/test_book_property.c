//  Random events against naive references: the book against a plain table of quantities by price, the buckets
//  of the market against sums over all trades, prices and variances against a recorded path.

#include "tests/support/expect.h"

#include "cards/market_feed.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"

enum { PRICES = 400, STEPS = 20000, TRADES_MAX = 40000, SECONDS = 2000 };

static double table[2][PRICES];
static book_replica_t book;

static void
compare_with_table (void)
{
    for (int side = 0; side < 2; side++) {
        int at = 0;
        for (int i = 0; i < PRICES; i++) {
            int key = side == SIDE_BID ? PRICES - 1 - i : i;
            if (table[side][key] <= 0)
                continue;
            assert_true (at < book.counts[side]);
            expect_close (book.levels[side][at].px, decimal_to_double ((decimal_t){1000 + key, -2}), 0);
            expect_close (book.levels[side][at].qty_coins, table[side][key], 0);
            at++;
        }
        assert_int_equal (at, book.counts[side]);
    }
}

static size_t
random_levels (prng_t *prng, int side, level_t *levels, size_t most)
{
    size_t count = prng_below (prng, most + 1);
    for (size_t i = 0; i < count; i++) {
        int key = (int) prng_below (prng, PRICES);
        double qty = prng_uniform (prng) < 0.4 ? 0 : (double) (1 + prng_below (prng, 50)) / 8;
        levels[i] = (level_t){{1000 + key, -2}, qty};
        table[side][key] = qty;
    }
    return count;
}

static size_t
whole_side (int side, level_t *levels)
{
    size_t count = 0;
    for (int i = 0; i < PRICES; i++) {
        int key = side == SIDE_BID ? PRICES - 1 - i : i;
        if (table[side][key] > 0)
            levels[count++] = (level_t){{1000 + key, -2}, table[side][key]};
    }
    return count;
}

static void
test_replica_equals_a_plain_table (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (20261));
    static level_t bids[PRICES], asks[PRICES];
    memset (&book, 0, sizeof book);
    for (int step = 0; step < STEPS; step++) {
        bool is_snapshot = step == 0 || prng_below (&prng, 500) == 0;
        book_t event = {.is_snapshot = is_snapshot, .bids = bids, .asks = asks};
        event.bids_count = random_levels (&prng, SIDE_BID, bids, 6);
        event.asks_count = random_levels (&prng, SIDE_ASK, asks, 6);
        if (is_snapshot) {
            event.bids_count = whole_side (SIDE_BID, bids);
            event.asks_count = whole_side (SIDE_ASK, asks);
        }
        assert_true (book_apply (&book, &event, step, NULL, 0) >= 0);
        if (step % 50 == 0)
            compare_with_table ();
    }
    compare_with_table ();
}

//  --- the market

typedef struct {
    int64_t ts_ns;
    double usd; //  signed
} print_t;

static print_t prints[TRADES_MAX];
static int prints_count;
static double path[SECONDS * 10 + 1]; //  ln mid after each tenth of a second

static flow_t
sum_of (int64_t from_ns, int64_t to_ns)
{
    flow_t sum = {0};
    for (int i = 0; i < prints_count; i++)
        if (prints[i].ts_ns > from_ns && prints[i].ts_ns <= to_ns) {
            *(prints[i].usd > 0 ? &sum.buy_usd : &sum.sell_usd) += fabs (prints[i].usd);
            sum.trades_count++;
        }
    return sum;
}

static void
compare_flow (const market_t *market, int64_t now_ns, span_t span)
{
    int64_t length_ns = bucket_seconds[span.bucket] * NS_PER_S;
    int64_t last = (now_ns + length_ns - 1) / length_ns;
    flow_t expected = sum_of ((last - span.count) * length_ns, now_ns), got;
    assert_int_equal (market_flow (market, span, &got), OK);
    expect_close (got.buy_usd, expected.buy_usd, 1e-9);
    expect_close (got.sell_usd, expected.sell_usd, 1e-9);
    expect_close (got.total_usd, expected.buy_usd + expected.sell_usd, 1e-9);
    expect_close (got.delta_usd, expected.buy_usd - expected.sell_usd, 1e-9);
    expect_close (got.trades_count, expected.trades_count, 0);
}

static void
compare_price (const market_t *market, int tenth, span_t span)
{
    int64_t seconds = tenth / 10, length = bucket_seconds[span.bucket];
    int64_t last = (seconds + length - 1) / length, from = (last - span.count) * length;
    double r, high, low, top = -INFINITY, bottom = INFINITY;
    assert_int_equal (market_return (market, span, &r), OK);
    expect_close (r, path[tenth] - path[from * 10], 1e-10);
    for (int64_t i = from * 10; i <= tenth; i++) {
        top = fmax (top, path[i]);
        bottom = fmin (bottom, path[i]);
    }
    assert_int_equal (market_range (market, span, &high, &low), OK);
    expect_close (log (high), top, 1e-10);
    expect_close (log (low), bottom, 1e-10);
}

static void
compare_variance (const market_t *market, int tenth)
{
    int steps = 60;
    realised_t got;
    double rv = 0, bv = 0, up = 0;
    for (int i = 0; i < steps; i++) {
        double r = path[tenth - 10 * i] - path[tenth - 10 * (i + 1)];
        double newer = i > 0 ? path[tenth - 10 * (i - 1)] - path[tenth - 10 * i] : 0;
        rv += r * r;
        up += r > 0 ? r * r : 0;
        bv += i > 0 ? M_PI_2 * fabs (r) * fabs (newer) : 0;
    }
    assert_int_equal (market_realised (market, window_span (W_1M, 1, 1), &got), OK);
    assert_int_equal (got.n, steps);
    expect_close (got.rv / rv, 1, 1e-6);
    expect_close (got.bv / bv, 1, 1e-6);
    expect_close (got.rs_up / up, 1, 1e-6);
    double rv10 = 0;
    for (int i = 0; i < 90; i++) {
        double r = path[tenth - 100 * i] - path[tenth - 100 * (i + 1)];
        rv10 += r * r;
    }
    double returns[90];
    assert_int_equal (market_returns (market, W_15M, returns, 90), 90);
    double sum = 0;
    for (int i = 0; i < 90; i++)
        sum += returns[i] * returns[i];
    expect_close (sum / rv10, 1, 1e-6);
    expect_close (returns[0], path[tenth] - path[tenth - 100], 1e-10);
}

static void
compare_sigma (const market_t *market, int tenth)
{
    for (window_id_t id = 0; id < W_COUNT; id++) {
        double tau = fmin (fmax (8.0 * window_seconds[id], 3600), 7 * 86400), w = 0, sum = 0, s;
        for (int i = 100; i + 100 <= tenth; i += 100) {
            double r = path[i + 100] - path[i], weight = exp (-(double) (tenth - i - 100) / 10 / tau);
            w += weight;
            sum += weight * r * r / 10;
        }
        assert_int_equal (market_sigma (market, id, &s), OK);
        expect_close (s / sqrt (sum / w * window_seconds[id]), 1, 1e-6);
    }
}

static void
send_quote (market_t *market, int64_t ts_ns, double x)
{
    decimal_t bid, ask;
    assert_int_equal (decimal_from_double (exp (x) * (1 - 1e-5), &bid), OK);
    assert_int_equal (decimal_from_double (exp (x) * (1 + 1e-5), &ask), OK);
    quote_t quote = {.bid_px = bid, .ask_px = ask, .bid_qty_coins = 1, .ask_qty_coins = 1};
    market_event (market, &(event_t){.kind = EVENT_QUOTE, .ts_recv_ns = ts_ns, .of.quote = &quote}, NULL);
}

static void
send_trades (market_t *market, prng_t *prng, int64_t from_ns)
{
    int64_t ts_ns = from_ns;
    while (prints_count < TRADES_MAX) {
        //  now and then exactly on a second: it belongs to the bucket that ends there
        ts_ns += prng_below (prng, 20) == 0 ? NS_PER_S / 10 - ts_ns % (NS_PER_S / 10)
                                            : 1 + (int64_t) prng_below (prng, NS_PER_S / 10);
        if (ts_ns >= from_ns + NS_PER_S / 10)
            return;
        double usd = floor (prng_exponential (prng) * 1000) + 1;
        trade_t trade = {.price = {1000, -1}, .qty_coins = usd / 100, .notional_usd = usd, .side = 1};
        trade.side = prng_below (prng, 2) ? 1 : -1;
        prints[prints_count++] = (print_t){ts_ns, trade.side * usd};
        market_event (market, &(event_t){.kind = EVENT_TRADE, .ts_recv_ns = ts_ns, .of.trade = &trade}, NULL);
    }
}

static void
test_buckets_equal_brute_force (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (20262));
    const char *venues[] = {"one"};
    market_t *market = calloc (1, market_size ());
    market_init (market, venues, 1);
    int64_t start_ns = 1800 * INT64_C (1000000) * NS_PER_S; //  a multiple of every bucket
    double x = log (100);
    prints_count = 0;
    for (int tenth = 0; tenth <= SECONDS * 10; tenth++) {
        int64_t ts_ns = start_ns + tenth * (NS_PER_S / 10);
        x += 1e-4 * prng_normal (&prng);
        path[tenth] = x;
        send_quote (market, ts_ns, x);
        if (tenth % 10 == 0) {
            market_advance (market, ts_ns, NULL);
            int second = tenth / 10;
            if (second > 0 && second % 7 == 0 && second > 950) {
                compare_flow (market, ts_ns, (span_t){BUCKET_1S, 60});
                compare_flow (market, ts_ns, (span_t){BUCKET_5S, 60});
                compare_flow (market, ts_ns, (span_t){BUCKET_60S, 15});
                compare_flow (market, ts_ns, (span_t){BUCKET_900S, 1});
                compare_price (market, tenth, (span_t){BUCKET_1S, 60});
                compare_price (market, tenth, (span_t){BUCKET_5S, 60});
                compare_price (market, tenth, (span_t){BUCKET_60S, 10});
            }
            if (second > 1000 && second % 10 == 0)
                compare_variance (market, tenth);
            if (second > 1000 && second % 500 == 0)
                compare_sigma (market, tenth);
        }
        send_trades (market, &prng, ts_ns);
    }
    assert_true (prints_count > 10000);
    free (market);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_replica_equals_a_plain_table),
        cmocka_unit_test (test_buckets_equal_brute_force),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
