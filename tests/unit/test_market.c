#include "tests/support/expect.h"

#include "cards/market_feed.h"
#include "common/base/timebase.h"

enum { SEEN_MAX = 4096, ON_KINDS = ON_BAR + 1 };

static const int64_t t0 = 1800 * INT64_C (1000000) * NS_PER_S; //  a multiple of every bucket

typedef struct {
    market_t *market;
    int counts[ON_KINDS];
    market_on_t order[SEEN_MAX];
    int64_t at_ns[SEEN_MAX];
    int seen;
    parent_order_t parent;
    market_oi_interval_t oi;
    market_bar_t bars[64];
    int bars_count;
    funding_t funding;
    int backfilled;
} world_t;

static world_t world;

static void
on_event (void *self, const market_event_t *event)
{
    world_t *w = self;
    w->counts[event->on]++;
    if (w->seen < SEEN_MAX) {
        w->at_ns[w->seen] = market_now_ns (w->market);
        w->order[w->seen++] = event->on;
    }
    w->backfilled += event->is_backfilled;
    if (event->on == ON_PARENT)
        w->parent = *event->of.parent;
    else if (event->on == ON_OI)
        w->oi = *event->of.oi;
    else if (event->on == ON_BAR && w->bars_count < 64)
        w->bars[w->bars_count++] = *event->of.bar;
    else if (event->on == ON_FUNDING)
        w->funding = *event->of.funding;
}

static const market_listener_t listener = {on_event, &world};

static int
set_up (void **state)
{
    (void) state;
    static const char *const venues[] = {"binance", "bybit", "okx"};
    memset (&world, 0, sizeof world);
    world.market = calloc (1, market_size ());
    market_init (world.market, venues, 3);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    free (world.market);
    return 0;
}

static int64_t
at (double seconds)
{
    return t0 + (int64_t) llround (seconds * 1e9);
}

static void
send (event_kind_t kind, int venue, double seconds, const void *record)
{
    event_t event = {.kind = kind, .venue = (uint16_t) venue, .ts_recv_ns = at (seconds), .of.any = record};
    market_event (world.market, &event, &listener);
}

static void
quote (int venue, double seconds, double mid)
{
    quote_t record = {.bid_qty_coins = 1, .ask_qty_coins = 1};
    assert_int_equal (decimal_from_double (mid - 0.5, &record.bid_px), OK);
    assert_int_equal (decimal_from_double (mid + 0.5, &record.ask_px), OK);
    send (EVENT_QUOTE, venue, seconds, &record);
}

static void
trade (int venue, double seconds, int side, double px, double qty)
{
    trade_t record = {.qty_coins = qty, .notional_usd = qty * px, .side = (int8_t) side};
    assert_int_equal (decimal_from_double (px, &record.price), OK);
    send (EVENT_TRADE, venue, seconds, &record);
}

static void
open_interest (int venue, double seconds, double coins)
{
    open_interest_t record = {.ts_event_ns = at (seconds), .oi_coins = coins};
    send (EVENT_OPEN_INTEREST, venue, seconds, &record);
}

static void
advance (double seconds)
{
    market_advance (world.market, at (seconds), &listener);
}

//  --- time

static void
test_seconds_grid_and_buckets_come_in_order (void **state)
{
    (void) state;
    quote (0, 8.5, 100);
    advance (10);
    //  at second 9: its bucket closes only when time moves on
    assert_int_equal (world.counts[ON_SECOND], 2);
    assert_int_equal (world.counts[ON_GRID], 1);
    assert_int_equal (world.counts[ON_BUCKET], 1);
    quote (0, 10.1, 101);
    assert_int_equal (world.counts[ON_BUCKET], 3); //  1 s and 5 s that ended at 10
    static const market_on_t expected[] = {ON_QUOTE, ON_SECOND, ON_BUCKET, ON_SECOND,
                                           ON_GRID,  ON_BUCKET, ON_BUCKET, ON_QUOTE};
    assert_int_equal (world.seen, 8);
    for (int i = 0; i < 8; i++)
        assert_int_equal (world.order[i], expected[i]);
    assert_true (world.at_ns[5] == at (10));
}

static void
test_an_event_on_the_boundary_belongs_to_the_bucket_that_ends_there (void **state)
{
    (void) state;
    flow_t flow;
    quote (0, 0.5, 100);
    trade (0, 1.0, 1, 100, 1);
    trade (0, 1.000000001, 1, 100, 2);
    assert_int_equal (market_flow_bucket (world.market, BUCKET_1S, 1, &flow), OK);
    expect_close (flow.buy_usd, 100, 1e-12);
    assert_int_equal (market_flow_bucket (world.market, BUCKET_1S, 0, &flow), OK);
    expect_close (flow.buy_usd, 200, 1e-12);
}

static void
test_time_never_steps_back (void **state)
{
    (void) state;
    trade (0, 5.2, 1, 100, 1);
    trade (1, 5.1, -1, 100, 1);
    assert_true (market_now_ns (world.market) == at (5.2));
    assert_int_equal (market_counts (world.market)->late_events, 1);
    flow_t flow;
    assert_int_equal (market_flow_bucket (world.market, BUCKET_1S, 0, &flow), OK);
    expect_close (flow.total_usd, 200, 1e-12);
}

static void
test_a_long_silence_leaves_a_hole_and_no_announcements (void **state)
{
    (void) state;
    for (int i = 0; i <= 120; i++) {
        quote (0, i + 0.5, 100);
        trade (0, i + 0.5, 1, 100, 1);
    }
    int before = world.counts[ON_SECOND];
    double r;
    flow_t flow;
    assert_int_equal (market_return (world.market, (span_t){BUCKET_1S, 60}, &r), OK);
    quote (0, 86400.5, 200);
    assert_int_equal (world.counts[ON_SECOND], before);
    assert_int_equal (market_counts (world.market)->jumps, 1);
    assert_int_equal (market_return (world.market, (span_t){BUCKET_1S, 60}, &r), E_AGAIN);
    assert_int_equal (market_flow (world.market, (span_t){BUCKET_60S, 15}, &flow), E_AGAIN);
    double returns[8640];
    assert_int_equal (market_returns (world.market, W_4H, returns, 1440), 0);
}

static void
test_bars_close_at_their_boundary (void **state)
{
    (void) state;
    quote (0, 0.5, 100);
    quote (0, 20, 105);
    trade (0, 30, 1, 100, 2);
    quote (0, 40, 95);
    quote (0, 59, 98);
    quote (0, 60, 99);
    quote (0, 61, 120);
    assert_int_equal (world.bars_count, 1);
    assert_int_equal (world.bars[0].id, W_1M);
    assert_true (world.bars[0].end_ns == at (60));
    expect_close (world.bars[0].open_px, 100, 1e-12);
    expect_close (world.bars[0].high_px, 105, 1e-12);
    expect_close (world.bars[0].low_px, 95, 1e-12);
    expect_close (world.bars[0].close_px, 99, 1e-12);
    expect_close (world.bars[0].buy_usd, 200, 1e-12);
}

//  --- reference

static void
test_reference_switches_after_five_seconds_without_a_return (void **state)
{
    (void) state;
    double price, r;
    for (int i = 0; i < 20; i++) {
        quote (0, i + 0.2, 100);
        quote (1, i + 0.3, 110);
    }
    assert_int_equal (market_reference (world.market), 0);
    for (int i = 20; i < 30; i++)
        quote (1, i + 0.3, 110);
    assert_int_equal (market_reference (world.market), 1);
    assert_int_equal (market_price (world.market, &price), OK);
    expect_close (price, 110, 1e-12);
    assert_int_equal (market_return (world.market, (span_t){BUCKET_1S, 20}, &r), OK);
    expect_close (r, 0, 1e-12);
    assert_int_equal (market_counts (world.market)->switches, 1);
    //  back, but only after it has flowed for 5 s
    double returns[90];
    int count = market_returns (world.market, W_15M, returns, 90);
    assert_int_equal (count, 1); //  of the 10 s that end at 20; those that end at 30 are to come
    quote (0, 30.1, 100);
    quote (1, 30.2, 110);
    count = market_returns (world.market, W_15M, returns, 90);
    assert_int_equal (count, 2);
    for (int i = 0; i < count; i++)
        expect_close (returns[i], 0, 1e-12);
    assert_int_equal (market_reference (world.market), 1);
    for (int i = 31; i < 37; i++) {
        quote (0, i + 0.1, 100);
        quote (1, i + 0.2, 110);
    }
    assert_int_equal (market_reference (world.market), 0);
    assert_int_equal (market_return (world.market, (span_t){BUCKET_1S, 30}, &r), OK);
    expect_close (r, 0, 1e-12);
}

static void
test_a_price_alone_grows_stale (void **state)
{
    (void) state;
    double price;
    assert_int_equal (market_price (world.market, &price), E_AGAIN);
    quote (0, 1, 100);
    advance (30);
    assert_int_equal (market_price (world.market, &price), OK);
    advance (32);
    assert_int_equal (market_price (world.market, &price), E_STALE);
    assert_int_equal (market_reference (world.market), 0);
}

static void
test_sigma_has_a_floor_of_a_quarter_tick (void **state)
{
    (void) state;
    instrument_t instrument = {.tick = {1, -1}};
    send (EVENT_INSTRUMENT, 0, 0, &instrument);
    double s;
    for (int i = 0; i <= 400; i++)
        quote (0, i + 0.5, 100);
    assert_int_equal (market_sigma (world.market, W_1M, &s), OK);
    expect_close (s, 0.1 / 100 / 4, 1e-9);
    expect_close (market_tick_px (world.market), 0.1, 1e-15);
}

//  --- parents

static void
test_prints_within_50_ms_are_one_parent (void **state)
{
    (void) state;
    trade (0, 1.000, 1, 100, 1);
    trade (0, 1.040, 1, 101, 2);
    trade (1, 1.050, 1, 100, 9); //  another venue
    trade (0, 1.090, 1, 102, 3); //  50 ms after the last
    assert_int_equal (world.counts[ON_PARENT], 0);
    trade (0, 1.100, -1, 102, 1); //  other side
    assert_int_equal (world.counts[ON_PARENT], 1);
    assert_int_equal (world.parent.prints_count, 3);
    expect_close (world.parent.notional_usd, 100 + 202 + 306, 1e-12);
    expect_close (world.parent.last_px, 102, 0);
    expect_close (world.parent.x, log (102), 1e-12);
    assert_true (world.parent.first_ns == at (1.0));
    advance (2);
    assert_int_equal (world.counts[ON_PARENT], 3);
    assert_int_equal (world.parent.side, -1);
    //  told when its 50 ms were over, not at the end of the second
    assert_true (world.at_ns[world.seen - 2] == at (1.15));
}

//  --- open interest

static void
test_open_interest_is_filtered_and_splits_the_flow (void **state)
{
    (void) state;
    double coins, change, opening;
    open_interest (0, 1, 10000);
    trade (0, 2, 1, 100, 60);
    trade (0, 3, -1, 100, 40);
    open_interest (0, 4, 10030);
    double noise = 9e-8 * 10030 * 10030, variance = 9e-8 * 1e8 + 0.04 * 100 * 100;
    double gain = variance / (variance + noise), d = gain * 30;
    double p = 0.5 + 0.2 * d / 100;
    assert_int_equal (world.counts[ON_OI], 1);
    expect_close (world.oi.change_coins, d, 1e-12);
    expect_close (world.oi.p, p, 1e-12);
    expect_close (world.oi.seconds, 3, 1e-12);
    expect_close (world.oi.buy_usd, 6000, 1e-12);
    assert_int_equal (market_oi (world.market, &coins), OK);
    expect_close (coins, 10000 + d, 1e-12);
    assert_int_equal (market_opening_usd (world.market, (span_t){BUCKET_1S, 1}, &opening), OK);
    expect_close (opening, (2 * p - 1) * 2000, 1e-9);
    advance (70);
    assert_int_equal (market_oi_change (world.market, (span_t){BUCKET_60S, 1}, &change), OK);
    expect_close (change, 0, 1e-12);
}

static void
test_open_interest_that_volume_cannot_explain_is_rejected (void **state)
{
    (void) state;
    double coins;
    open_interest (0, 1, 10000);
    trade (0, 2, 1, 100, 1);
    open_interest (0, 3, 12000);
    assert_int_equal (market_counts (world.market)->oi_rejected, 1);
    expect_close (world.oi.change_coins, 0, 0);
    expect_close (world.oi.p, 0.5, 0);
    //  the level follows, as a new beginning
    assert_int_equal (market_venue_oi (world.market, 0, &coins), OK);
    expect_close (coins, 12000, 1e-12);
}

static void
test_a_venue_that_joins_does_not_move_the_change (void **state)
{
    (void) state;
    double change, total, before;
    for (int i = 0; i < 5; i++)
        open_interest (0, 20.0 * i + 1, 10000);
    open_interest (1, 100, 5000);
    assert_int_equal (market_oi (world.market, &total), OK);
    expect_close (total, 15000, 1e-9);
    assert_int_equal (market_oi_change (world.market, (span_t){BUCKET_60S, 1}, &change), OK);
    expect_close (change, 0, 1e-9);
    assert_int_equal (market_oi_back (world.market, BUCKET_60S, 1, &before), OK);
    expect_close (before, 15000, 1e-9);
}

//  --- premium and funding

static void
mark (event_kind_t kind, int venue, double seconds, double px)
{
    mark_t record = {.price_px = px};
    send (kind, venue, seconds, &record);
}

static void
test_premium_is_the_weighted_median (void **state)
{
    (void) state;
    double premium, outcome;
    static const double mids[] = {100, 102, 107};
    for (int v = 0; v < 3; v++) {
        quote (v, 1, mids[v]);
        mark (EVENT_INDEX, v, 1, 100);
        mark (EVENT_MARK, v, 1, mids[v] + 1);
    }
    assert_int_equal (market_premium (world.market, &premium), OK);
    expect_close (premium, 0.02, 1e-12);
    open_interest (0, 1, 10);
    open_interest (1, 1, 10);
    open_interest (2, 1, 80);
    assert_int_equal (market_premium (world.market, &premium), OK);
    expect_close (premium, 0.07, 1e-12);
    assert_int_equal (market_outcome_px (world.market, &outcome), OK);
    expect_close (outcome, (107 + 108) / 2.0, 1e-12);
    advance (40);
    assert_int_equal (market_premium (world.market, &premium), E_STALE);
}

static void
test_two_equal_weights_meet_in_the_middle (void **state)
{
    (void) state;
    double premium;
    quote (0, 1, 100);
    quote (1, 1, 102);
    mark (EVENT_INDEX, 0, 1, 100);
    mark (EVENT_INDEX, 1, 1, 100);
    assert_int_equal (market_premium (world.market, &premium), OK);
    expect_close (premium, 0.01, 1e-12);
}

static void
funding (int venue, double seconds, double rate, double interval_h, double next_s, bool is_settled)
{
    funding_t record = {.ts_event_ns = at (seconds),
                        .rate = rate,
                        .interval_h = interval_h,
                        .ts_next_ns = at (next_s),
                        .is_settled = is_settled,
                        .rate_next = NAN};
    send (EVENT_FUNDING, venue, seconds, &record);
}

static void
test_an_estimate_is_settled_when_its_time_has_come (void **state)
{
    (void) state;
    funding_view_t view;
    double mean;
    assert_int_equal (market_funding (world.market, 0, &view), E_AGAIN);
    funding (0, 1, 1e-4, 4, 100, false);
    funding (0, 99, 2e-4, 4, 100, false);
    assert_int_equal (market_funding (world.market, 0, &view), OK);
    assert_true (isnan (view.settled_8h));
    assert_int_equal (market_funding_mean (world.market, &mean), E_AGAIN);
    int before = world.counts[ON_FUNDING];
    funding (0, 101, 5e-4, 4, 14500, false);
    assert_int_equal (world.counts[ON_FUNDING], before + 2);
    assert_int_equal (market_funding (world.market, 0, &view), OK);
    expect_close (view.settled_8h, 4e-4, 1e-15);
    assert_true (view.settled_ns == at (100));
    expect_close (view.estimate_8h, 1e-3, 1e-15);
    //  the venue's own word about the same settlement is no second settlement
    before = world.counts[ON_FUNDING];
    funding (0, 100, 2.1e-4, 4, 0, true);
    assert_int_equal (world.counts[ON_FUNDING], before);
    assert_int_equal (market_funding_mean (world.market, &mean), OK);
    expect_close (mean, 4.2e-4, 1e-15);
}

//  --- books

static void
test_a_gap_breaks_the_book_until_its_snapshot (void **state)
{
    (void) state;
    level_t bids[] = {{{999, -1}, 1}}, asks[] = {{{1001, -1}, 1}};
    book_t snapshot = {.is_snapshot = true, .bids = bids, .asks = asks, .bids_count = 1, .asks_count = 1};
    book_level_t bid, ask;
    double price;
    send (EVENT_BOOK, 0, 1, &snapshot);
    assert_int_equal (world.counts[ON_QUOTE], 1); //  no quote feed: the book's best
    assert_int_equal (market_quote (world.market, 0, &bid, &ask), OK);
    expect_close (bid.px, 99.9, 0);
    assert_int_equal (market_price (world.market, &price), OK);
    expect_close (price, 100, 1e-12);
    gap_t gap = {.kind = EVENT_BOOK};
    send (EVENT_GAP, 0, 2, &gap);
    assert_int_equal (world.counts[ON_GAP], 1);
    assert_int_equal (market_book (world.market, 0)->state, BOOK_BROKEN);
    assert_int_equal (market_quote (world.market, 0, &bid, &ask), E_STALE);
    book_t delta = {.bids = bids, .bids_count = 1};
    send (EVENT_BOOK, 0, 3, &delta);
    assert_int_equal (market_counts (world.market)->book_refused, 1);
    send (EVENT_BOOK, 0, 4, &snapshot);
    assert_int_equal (market_quote (world.market, 0, &bid, &ask), OK);
}

//  --- history

static bar_t
bar (double end_s, int interval_s, double open, double close, double volume_usd, double buy_usd)
{
    return (bar_t){.ts_event_ns = at (end_s),
                   .interval_s = interval_s,
                   .open_px = open,
                   .close_px = close,
                   .high_px = fmax (open, close) * 1.001,
                   .low_px = fmin (open, close) * 0.999,
                   .volume_usd = volume_usd,
                   .taker_buy_usd = buy_usd,
                   .is_closed = true,
                   .is_backfilled = true};
}

static void
fill_history (void)
{
    for (int i = -120; i <= 0; i++) {
        bar_t record = bar (60.0 * i, 60, 200 + i - 1, 200 + i, 600, 400);
        send (EVENT_BAR, 0, 0, &record);
        if (i % 15 == 0) {
            bar_t wide = bar (60.0 * i, 900, 200 + i - 15, 200 + i, 9000, 6000);
            send (EVENT_BAR, 0, 0, &wide);
        }
    }
}

static void
test_history_is_announced_and_fills_the_rings (void **state)
{
    (void) state;
    fill_history ();
    assert_false (market_is_live (world.market));
    assert_int_equal (world.counts[ON_BUCKET], 121 + 9);
    assert_int_equal (world.backfilled, world.seen);
    int bars[W_COUNT] = {0};
    for (int i = 0; i < world.bars_count; i++)
        bars[world.bars[i].id]++;
    assert_int_equal (world.counts[ON_BAR], 121 + 24 + 9 + 2);
    assert_true (market_history_ns (world.market, INPUT_BARS) <= at (-121 * 60));
    quote (0, 0.5, 201);
    double r, sigma, ve;
    flow_t flow;
    assert_int_equal (market_return (world.market, (span_t){BUCKET_60S, 60}, &r), OK);
    expect_close (r, log (201.0 / 141), 1e-12);
    assert_int_equal (market_flow_bucket (world.market, BUCKET_60S, 1, &flow), OK);
    expect_close (flow.buy_usd, 400, 1e-12);
    expect_close (flow.sell_usd, 200, 1e-12);
    assert_int_equal (market_sigma (world.market, W_1H, &sigma), OK);
    assert_int_equal (market_expected_usd (world.market, 60, &ve), OK);
    expect_close (ve, 600, 1e-9);
    realised_t realised;
    assert_int_equal (market_realised (world.market, (span_t){BUCKET_900S, 3}, &realised), OK);
    assert_int_equal (realised.n, 180);
    expect_close (realised.rs_down, 0, 0); //  all bars rose
    expect_close (realised.rs_up, realised.rv, 1e-15);
}

static void
test_history_that_comes_late_fills_in_silence (void **state)
{
    (void) state;
    quote (0, 0.5, 201);
    int before = world.seen;
    fill_history ();
    assert_int_equal (world.seen, before);
    double r;
    assert_int_equal (market_return (world.market, (span_t){BUCKET_60S, 60}, &r), OK);
    expect_close (r, log (201.0 / 141), 1e-12);
    //  what lies after the first live bucket is not history
    uint64_t ignored = market_counts (world.market)->ignored;
    bar_t record = bar (600, 60, 100, 100, 1, 1);
    send (EVENT_BAR, 0, 0, &record);
    assert_int_equal (market_counts (world.market)->ignored, ignored + 1);
}

static void
test_prices_of_history_come_from_the_first_venue_in_order (void **state)
{
    (void) state;
    bar_t second = bar (60, 60, 200, 210, 50, NAN), first = bar (60, 60, 100, 110, 70, 30);
    send (EVENT_BAR, 1, 0, &second);
    send (EVENT_BAR, 0, 0, &first);
    send (EVENT_BAR, 0, 0, &first); //  twice changes nothing
    send (EVENT_BAR, 1, 0, &second);
    assert_int_equal (world.counts[ON_BUCKET], 1);
    double x;
    flow_t flow;
    quote (0, 61, 100);
    assert_int_equal (market_x_back (world.market, BUCKET_60S, 1, &x), OK);
    expect_close (x, log (110), 1e-12);
    assert_int_equal (market_flow_bucket (world.market, BUCKET_60S, 1, &flow), OK);
    expect_close (flow.total_usd, 70, 1e-12);
}

static void
test_open_interest_history_joins_the_live_one (void **state)
{
    (void) state;
    for (int i = -20; i <= 0; i++) {
        bar_t record = bar (60.0 * i, 60, 100, 100, 600, 400);
        open_interest_t reading = {.ts_event_ns = at (60.0 * i), .oi_coins = 1000 + i, .is_backfilled = true};
        send (EVENT_OPEN_INTEREST, 0, 0, &reading);
        send (EVENT_BAR, 0, 0, &record);
    }
    quote (0, 1, 100);
    open_interest (0, 5, 1003);
    double change, then;
    assert_int_equal (market_oi_change (world.market, (span_t){BUCKET_60S, 11}, &change), OK);
    expect_close (change, 13, 1e-9);
    assert_int_equal (market_oi_back (world.market, BUCKET_60S, 11, &then), OK);
    expect_close (then, 990, 1e-9);
    assert_int_equal (market_counts (world.market)->oi_rejected, 0);
    //  from then on readings are filtered: this one nothing was traded for
    open_interest (0, 8, 1013);
    assert_int_equal (market_counts (world.market)->oi_rejected, 1);
}

static void
test_bars_that_make_no_sense_are_ignored (void **state)
{
    (void) state;
    bar_t upside_down = bar (60, 60, 100, 100, 1, 1), odd = bar (61, 60, 100, 100, 1, 1),
          hour = bar (3600, 3600, 100, 100, 1, 1), negative = bar (120, 60, 100, 100, -1, 0);
    upside_down.high_px = 1;
    send (EVENT_BAR, 0, 0, &upside_down);
    send (EVENT_BAR, 0, 0, &odd);
    send (EVENT_BAR, 0, 0, &hour);
    send (EVENT_BAR, 0, 0, &negative);
    assert_int_equal (market_counts (world.market)->ignored, 4);
    assert_int_equal (world.seen, 0);
}

//  --- what stands until it is told anew

static void
ratio (int venue, double seconds, double accounts, double top_accounts, double top_positions)
{
    ratio_t record = {.ts_event_ns = at (seconds - 300),
                      .accounts_long = accounts,
                      .top_accounts_long = top_accounts,
                      .top_positions_long = top_positions};
    send (EVENT_RATIO, venue, seconds, &record);
}

static void
test_ratios_are_merged_and_do_not_make_it_live (void **state)
{
    (void) state;
    ratio_t known;
    int64_t since_ns, last_ns;
    assert_int_equal (market_ratio (world.market, 0, &known), E_AGAIN);
    ratio (0, -200, .6, NAN, NAN);
    ratio (0, -200, NAN, .5, NAN);
    assert_false (market_is_live (world.market));
    assert_int_equal (world.counts[ON_RATIO], 2);
    assert_int_equal (market_ratio (world.market, 0, &known), OK);
    expect_close (known.accounts_long, .6, 0);
    expect_close (known.top_accounts_long, .5, 0);
    assert_true (isnan (known.top_positions_long));
    assert_int_equal (market_ratio (world.market, 1, &known), E_AGAIN);
    quote (0, 10, 100);
    assert_true (market_is_live (world.market));
    ratio (0, 100, .7, NAN, .4);
    assert_int_equal (market_now_ns (world.market), at (100));
    assert_int_equal (market_ratio (world.market, 0, &known), OK);
    expect_close (known.accounts_long, .7, 0);
    expect_close (known.top_accounts_long, .5, 0);
    expect_close (known.top_positions_long, .4, 0);
    assert_int_equal (known.ts_event_ns, at (-200));
    market_heard (world.market, 0, INPUT_RATIO, &since_ns, &last_ns);
    assert_int_equal (since_ns, at (-200));
    assert_int_equal (last_ns, at (100));
    //  Out of a snapshot, late: taken, without moving time or counting as late.
    ratio (1, 50, .3, NAN, NAN);
    assert_int_equal (market_now_ns (world.market), at (100));
    assert_int_equal (market_counts (world.market)->late_events, 0);
    assert_int_equal (world.counts[ON_RATIO], 4);
}

static void
test_tiers_are_told_before_live (void **state)
{
    (void) state;
    tier_t rows[] = {{1000, .01, 50, 0}};
    tier_update_t tiers = {.ts_event_ns = t0, .rows = rows, .rows_count = 1};
    send (EVENT_TIERS, 2, -1000, &tiers);
    assert_int_equal (world.counts[ON_TIERS], 1);
    assert_false (market_is_live (world.market));
    fill_history ();
    assert_false (market_is_live (world.market));
    quote (2, 1, 100);
    send (EVENT_TIERS, 2, 2, &tiers);
    assert_int_equal (world.counts[ON_TIERS], 2);
}

//  A market is one flat block: a copy elsewhere goes on as the original does.
static void
test_a_copy_goes_on_like_the_original (void **state)
{
    (void) state;
    fill_history ();
    for (int i = 0; i < 100; i++) {
        quote (i % 3, i * 0.37, 100 + i % 5);
        trade (i % 2, i * 0.37, i % 3 ? 1 : -1, 100, i + 1);
    }
    market_t *original = world.market, *copy = malloc (market_size ());
    memcpy (copy, original, market_size ());
    for (int pass = 0; pass < 2; pass++) {
        world.market = pass == 0 ? original : copy;
        for (int i = 100; i < 400; i++) {
            quote (i % 3, i * 0.37, 100 + i % 7);
            trade (i % 2, i * 0.37, i % 3 ? 1 : -1, 100, i + 1);
        }
    }
    assert_memory_equal (original, copy, market_size ());
    free (copy);
    world.market = original;
}

#define TEST(name_) cmocka_unit_test_setup_teardown (name_, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_seconds_grid_and_buckets_come_in_order),
        TEST (test_an_event_on_the_boundary_belongs_to_the_bucket_that_ends_there),
        TEST (test_time_never_steps_back),
        TEST (test_a_long_silence_leaves_a_hole_and_no_announcements),
        TEST (test_bars_close_at_their_boundary),
        TEST (test_reference_switches_after_five_seconds_without_a_return),
        TEST (test_a_price_alone_grows_stale),
        TEST (test_sigma_has_a_floor_of_a_quarter_tick),
        TEST (test_prints_within_50_ms_are_one_parent),
        TEST (test_open_interest_is_filtered_and_splits_the_flow),
        TEST (test_open_interest_that_volume_cannot_explain_is_rejected),
        TEST (test_a_venue_that_joins_does_not_move_the_change),
        TEST (test_premium_is_the_weighted_median),
        TEST (test_two_equal_weights_meet_in_the_middle),
        TEST (test_an_estimate_is_settled_when_its_time_has_come),
        TEST (test_a_gap_breaks_the_book_until_its_snapshot),
        TEST (test_history_is_announced_and_fills_the_rings),
        TEST (test_history_that_comes_late_fills_in_silence),
        TEST (test_prices_of_history_come_from_the_first_venue_in_order),
        TEST (test_open_interest_history_joins_the_live_one),
        TEST (test_bars_that_make_no_sense_are_ignored),
        TEST (test_ratios_are_merged_and_do_not_make_it_live),
        TEST (test_tiers_are_told_before_live),
        TEST (test_a_copy_goes_on_like_the_original),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
