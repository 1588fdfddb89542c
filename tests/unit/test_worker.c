//  The parts a worker is made of, and a worker between a real ingest bus and a real reader.

#include "tests/support/expect.h"

#include "cards/barrier.h"
#include "cards/held.h"
#include "cards/joining.h"
#include "cards/shard.h"
#include "cards/worker.h"

static const int64_t t0 = 1800 * INT64_C (1000000) * NS_PER_S;

//  --- barrier

static void
test_barrier_closes_when_all_live_ones_have_spoken (void **state)
{
    (void) state;
    barrier_t barrier;
    uint32_t missing, late;
    barrier_init (&barrier, CLOCK_WALL, NS_PER_S, 250 * NS_PER_MS, 2);
    assert_false (barrier_due (&barrier, t0, 1, &missing, &late));
    barrier_beat (&barrier, 0, t0 + 100, 1);
    barrier_beat (&barrier, 1, t0 + 200, 1);
    assert_false (barrier_due (&barrier, t0, 1, &missing, &late));
    assert_true (barrier.next_ns == t0 + NS_PER_S);
    barrier_beat (&barrier, 0, t0 + NS_PER_S, 2);
    assert_false (barrier_due (&barrier, t0 + NS_PER_S, 2, &missing, &late));
    barrier_beat (&barrier, 1, t0 + NS_PER_S + 5, 2);
    assert_true (barrier_due (&barrier, t0 + NS_PER_S, 2, &missing, &late));
    assert_int_equal (missing, 0);
    barrier_closed (&barrier);
    assert_false (barrier_due (&barrier, t0 + NS_PER_S, 2, &missing, &late));
}

static void
test_barrier_goes_without_a_late_one_and_names_it (void **state)
{
    (void) state;
    barrier_t barrier;
    uint32_t missing, late;
    barrier_init (&barrier, CLOCK_WALL, NS_PER_S, 250 * NS_PER_MS, 3);
    barrier_beat (&barrier, 0, t0 + 1, 1);
    barrier_beat (&barrier, 1, t0 + 1, 1);
    (void) barrier_due (&barrier, t0, 1, &missing, &late);
    barrier_beat (&barrier, 0, t0 + NS_PER_S, 2);
    assert_false (barrier_due (&barrier, t0 + NS_PER_S + 249 * NS_PER_MS, 2, &missing, &late));
    assert_true (barrier_due (&barrier, t0 + NS_PER_S + 250 * NS_PER_MS, 2, &missing, &late));
    assert_int_equal (missing, 6); //  the third has never been heard: missing, but not late
    assert_int_equal (late, 2);
}

static void
test_barrier_under_the_event_clock_waits_for_the_living_only (void **state)
{
    (void) state;
    barrier_t barrier;
    uint32_t missing, late;
    barrier_init (&barrier, CLOCK_EVENT, NS_PER_S, 250 * NS_PER_MS, 2);
    barrier_beat (&barrier, 0, t0 + 1, 1);
    barrier_beat (&barrier, 1, t0 + 1, 1);
    (void) barrier_due (&barrier, 0, 1, &missing, &late);
    barrier_beat (&barrier, 0, t0 + 10 * NS_PER_S, 2);
    assert_false (barrier_due (&barrier, t0 + 100 * NS_PER_S, 2, &missing, &late));
    //  the second has not beaten for more than two seconds
    int64_t mono = 2 + BARRIER_DEAD_NS;
    barrier_beat (&barrier, 0, t0 + 10 * NS_PER_S, mono);
    int closed = 0;
    while (barrier_due (&barrier, 0, mono, &missing, &late)) {
        assert_int_equal (missing, 2);
        assert_int_equal (late, 0);
        barrier_closed (&barrier);
        closed++;
    }
    assert_int_equal (closed, 10);
}

static void
test_barrier_skips_a_jump_and_counts_it (void **state)
{
    (void) state;
    barrier_t barrier;
    uint32_t missing, late;
    barrier_init (&barrier, CLOCK_EVENT, NS_PER_S, 0, 1);
    barrier_beat (&barrier, 0, t0 + 1, 1);
    (void) barrier_due (&barrier, 0, 1, &missing, &late);
    barrier_beat (&barrier, 0, t0 + 86400 * NS_PER_S, 1);
    assert_true (barrier_due (&barrier, 0, 1, &missing, &late));
    assert_true (barrier.next_ns == t0 + 86400 * NS_PER_S);
    assert_int_equal (barrier.skipped_count, 86399);
}

//  --- held

//  Tables keep their rows, wherever the block moves to.
static void
test_held_keeps_the_rows_of_tiers (void **state)
{
    (void) state;
    held_t held = {0};
    event_t out;
    for (int i = 0; i < 2000; i++) {
        tier_t rows[3] = {{i, .01, 50, 0}, {i + 1, .02, 25, 0}, {i + 2, .04, 10, 0}};
        tier_update_t tiers = {.ts_event_ns = i, .rows = rows, .rows_count = (size_t) i % 4};
        event_t event = {.kind = EVENT_TIERS, .venue = 1, .ts_recv_ns = i, .of.tiers = &tiers};
        assert_true (held_add (&held, &event));
        memset (rows, 0xff, sizeof rows);
    }
    for (int i = 0; i < 2000; i++) {
        assert_true (held_peek (&held, &out));
        assert_int_equal (out.kind, EVENT_TIERS);
        assert_int_equal (out.of.tiers->rows_count, i % 4);
        for (int k = 0; k < i % 4; k++)
            expect_close (out.of.tiers->rows[k].up_to, i + k, 0);
        held_drop (&held);
    }
    held_fini (&held);
}

static void
test_held_gives_back_what_was_put_in (void **state)
{
    (void) state;
    held_t held = {0};
    event_t out;
    assert_false (held_peek (&held, &out));
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3000; i++) {
            level_t bids[3] = {{{i, 0}, 1}, {{i + 1, 0}, 2}, {{i + 2, 0}, 3}}, asks[1] = {{{i + 9, 0}, 4}};
            book_t book = {
                .bids = bids, .asks = asks, .bids_count = (size_t) i % 4, .asks_count = (size_t) i % 2};
            trade_t trade = {.qty_coins = i};
            event_t event = {.kind = i % 3 ? EVENT_BOOK : EVENT_TRADE, .venue = 2, .ts_recv_ns = i};
            event.of.any = i % 3 ? (const void *) &book : &trade;
            assert_true (held_add (&held, &event));
            memset (bids, 0xff, sizeof bids);
        }
        for (int i = 0; i < 3000; i++) {
            assert_true (held_peek (&held, &out));
            assert_true (out.ts_recv_ns == i && out.venue == 2);
            if (i % 3 == 0) {
                expect_close (out.of.trade->qty_coins, i, 0);
            } else {
                assert_int_equal (out.of.book->bids_count, i % 4);
                for (size_t k = 0; k < out.of.book->bids_count; k++)
                    assert_int_equal (out.of.book->bids[k].price.mantissa, i + (int) k);
                for (size_t k = 0; k < out.of.book->asks_count; k++)
                    assert_int_equal (out.of.book->asks[k].price.mantissa, i + 9);
            }
            held_drop (&held);
        }
        assert_int_equal (held.count, 0);
    }
    held_fini (&held);
}

static void
test_held_is_bounded (void **state)
{
    (void) state;
    held_t held = {0};
    trade_t trade = {.qty_coins = 1};
    event_t event = {.kind = EVENT_TRADE, .of.trade = &trade}, out;
    size_t count = 0;
    while (held_add (&held, &event))
        count++;
    assert_true (count > 10000 && held.capacity_bytes <= 2 * (size_t) HELD_BYTES_MAX);
    assert_true (held_peek (&held, &out));
    held_drop (&held);
    assert_true (held_add (&held, &event));
    held_fini (&held);
}

//  --- joining

static void
add_bar (joining_t *joining, int venue, int64_t end_s, int interval_s, double close)
{
    bar_t bar = {
        .ts_event_ns = t0 + end_s * NS_PER_S, .interval_s = interval_s, .close_px = close, .is_closed = true};
    event_t event = {.kind = EVENT_BAR, .venue = (uint16_t) venue, .of.bar = &bar};
    joining_add (joining, &event);
}

static void
test_joining_sorts_by_time_and_keeps_the_last_of_equals (void **state)
{
    (void) state;
    joining_t joining = {0};
    add_bar (&joining, 0, 900, 900, 1);
    add_bar (&joining, 0, 900, 60, 2);
    add_bar (&joining, 0, 60, 60, 3);
    add_bar (&joining, 1, 60, 60, 4);
    add_bar (&joining, 0, 60, 60, 5);
    trade_t trade = {0};
    joining_add (&joining, &(event_t){.kind = EVENT_TRADE, .of.trade = &trade});
    funding_t estimate = {.ts_event_ns = t0, .rate_next = NAN};
    joining_add (&joining, &(event_t){.kind = EVENT_FUNDING, .of.funding = &estimate});
    joining_sort (&joining);
    assert_int_equal (joining.count, 4);
    static const double closes[] = {5, 4, 2, 1};
    for (size_t i = 0; i < 4; i++) {
        event_t event = joining_event (&joining, i);
        expect_close (event.of.bar->close_px, closes[i], 0);
        assert_true (event.of.bar->is_backfilled);
    }
    assert_true (joining_is_complete (&joining, 0, t0 + 1000 * NS_PER_S));
    assert_false (joining_is_complete (&joining, 0, t0 + 1100 * NS_PER_S));
    assert_false (joining_is_complete (&joining, 1, t0 + 100 * NS_PER_S));
    joining_fini (&joining);
}

//  --- shard, with cards made for the purpose

typedef struct {
    uint64_t trades, seconds, grids;
} tally_t;

static void
tally_update (void *state, const market_t *market, const market_event_t *event)
{
    (void) market;
    tally_t *self = state;
    self->trades += event->on == ON_TRADE;
    self->seconds += event->on == ON_SECOND;
    self->grids += event->on == ON_GRID;
}

static int
tally_value (const void *state, const market_t *market, window_t window, card_out_t *out)
{
    (void) market;
    const tally_t *self = state;
    out->raw = (double) (self->trades % 7) - 3 + 0.001 * window.seconds / 60;
    return OK;
}

static int
broken_value (const void *state, const market_t *market, window_t window, card_out_t *out)
{
    (void) state;
    (void) market;
    (void) window;
    out->raw = NAN;
    return OK;
}

static int
gate_value (const void *state, const market_t *market, window_t window, card_out_t *out)
{
    (void) state;
    (void) market;
    (void) window;
    out->raw = -0.5;
    return OK;
}

static const card_t gate = {.id = 4,
                            .slug = "gate",
                            .kind = KIND_GATE,
                            .carrier = "tally",
                            .windows = WINDOWS_EACH,
                            .inputs = INPUT_TRADE,
                            .update_s = 1,
                            .value = gate_value};
static const card_t tally = {.id = 1,
                             .slug = "tally",
                             .kind = KIND_FLOW,
                             .sign = 1,
                             .windows = WINDOWS_EACH,
                             .warmup = {.seconds = 120},
                             .inputs = INPUT_TRADE | INPUT_QUOTE,
                             .update_s = 1,
                             .state_size = sizeof (tally_t),
                             .listens = 1u << ON_TRADE | 1u << ON_SECOND | 1u << ON_GRID,
                             .update = tally_update,
                             .value = tally_value};
static const card_t broken = {.id = 2,
                              .slug = "broken",
                              .kind = KIND_FLOW,
                              .windows = WINDOWS_PRIMARY,
                              .inputs = INPUT_TRADE,
                              .update_s = 1,
                              .value = broken_value};
static const card_t spot = {.id = 3,
                            .slug = "spot",
                            .kind = KIND_FLOW,
                            .windows = WINDOWS_PRIMARY,
                            .inputs = INPUT_SPOT,
                            .update_s = 1,
                            .value = gate_value};
enum { GATE, TALLY, BROKEN, SPOT, TEST_CARDS };
static const card_t *const test_cards[TEST_CARDS] = {&gate, &tally, &broken, &spot};

static shard_t *
new_shard (void)
{
    static const char *const venues[] = {"binance", "bybit"};
    universe_t universe;
    error_text_t error;
    assert_int_equal (universe_parse (&universe, slice_of ("BTCUSDT"), &error), OK);
    return shard_new (&universe, 0, 1, venues, 2, test_cards, TEST_CARDS, NULL, NULL);
}

static void
shard_send (shard_t *shard, event_kind_t kind, int venue, int64_t ts_ns, const void *record)
{
    event_t event = {.kind = kind, .venue = (uint16_t) venue, .ts_recv_ns = ts_ns, .of.any = record};
    shard_event (shard, 0, &event);
}

static void
run_second (shard_t *shard, int second)
{
    for (int venue = 0; venue < 2; venue++) {
        int64_t ts_ns = t0 + second * NS_PER_S + (venue + 1) * 100 * NS_PER_MS;
        quote_t quote = {.bid_px = {999, -1}, .ask_px = {1001, -1}, .bid_qty_coins = 1, .ask_qty_coins = 1};
        trade_t trade = {.price = {100, 0}, .qty_coins = 1, .notional_usd = 100, .side = 1};
        shard_send (shard, EVENT_QUOTE, venue, ts_ns, &quote);
        for (int i = 0; i < 1 + second / 7 % 3; i++)
            shard_send (shard, EVENT_TRADE, venue, ts_ns, &trade);
    }
    shard_evaluate (shard, 0, t0 + (second + 1) * NS_PER_S);
}

static void
test_shard_warms_up_then_speaks (void **state)
{
    (void) state;
    shard_t *shard = new_shard ();
    reading_t *reading = shard_reading (shard, 0, MODE_SCALP);
    assert_int_equal (reading->ts_ms, 0);
    for (int second = 0; second < 40; second++)
        run_second (shard, second);
    assert_int_equal (reading->cards_count, TEST_CARDS);
    assert_int_equal (reading->cards[TALLY].state, STATE_WARMUP);
    assert_string_equal (reading->cards[TALLY].reason, "warming up, 39 s of 120 s");
    assert_string_equal (reading->cards[SPOT].reason, "no spot feed");
    assert_int_equal (reading->cards[SPOT].state, STATE_STALE);
    assert_int_equal (reading->ts_ms, (t0 + 40 * NS_PER_S) / NS_PER_MS);
    for (int second = 40; second < 900; second++)
        run_second (shard, second);
    const card_reading_t *card = reading->cards + TALLY;
    assert_true (card->state != STATE_WARMUP && card->state != STATE_STALE);
    assert_string_equal (card->card, "tally");
    //  900 s, of which 120 s were warm-up: one observation every 10 s
    assert_true (card->n_eff > 30 && card->n_eff <= 78.5);
    assert_true (card->confidence > 0);
    expect_close (reading->price_px, 100, 1e-12);
    expect_close (reading->outcome_px, 100, 1e-12);
    assert_string_equal (reading->reference_venue, "binance");
    shard_destroy (&shard);
}

static void
test_shard_silences_what_is_not_finite (void **state)
{
    (void) state;
    shard_t *shard = new_shard ();
    for (int second = 0; second < 3; second++)
        run_second (shard, second);
    assert_true (shard_counts (shard)->bad_values > 0);
    assert_string_equal (shard_reading (shard, 0, MODE_DAY)->cards[BROKEN].reason, "value is not finite");
    expect_close (shard_reading (shard, 0, MODE_DAY)->cards[BROKEN].direction, 0, 0);
    shard_destroy (&shard);
}

static void
test_gate_uses_the_carrier_of_the_same_evaluation (void **state)
{
    (void) state;
    shard_t *shard = new_shard ();
    for (int second = 0; second < 900; second++) {
        run_second (shard, second);
        if (second < 850)
            continue;
        const card_reading_t *cards = shard_reading (shard, 0, MODE_SCALP)->cards;
        expect_close (cards[GATE].direction, -0.5 * cards[TALLY].direction, 1e-9);
    }
    shard_destroy (&shard);
}

static void
test_dead_venue_and_bad_health_lower_confidence (void **state)
{
    (void) state;
    shard_t *shard = new_shard ();
    for (int second = 0; second < 900; second++)
        run_second (shard, second);
    const card_reading_t *card = shard_reading (shard, 0, MODE_SCALP)->cards + TALLY;
    double before = card->confidence;
    assert_true (before > 0);
    //  the reference's trades are silent although it says the channel stands
    shard_feeds (shard, 0)->feeds[0][EVENT_TRADE].status = HEALTH_SILENT;
    shard_evaluate (shard, 0, t0 + 900 * NS_PER_S);
    assert_int_equal (card->state, STATE_STALE);
    assert_string_equal (card->reason, "trades have stopped");
    shard_feeds (shard, 0)->feeds[0][EVENT_TRADE].status = HEALTH_OK;
    shard_evaluate (shard, 0, t0 + 900 * NS_PER_S);
    assert_true (card->state != STATE_STALE);
    gap_t gap = {.kind = EVENT_TRADE};
    shard_send (shard, EVENT_GAP, 0, t0 + 900 * NS_PER_S, &gap);
    shard_evaluate (shard, 0, t0 + 900 * NS_PER_S);
    assert_true (card->confidence > 0.4 * before && card->confidence < 0.6 * before);
    shard_destroy (&shard);
}

static void
test_two_shards_partition_the_universe (void **state)
{
    (void) state;
    static const char *const venues[] = {"binance"};
    universe_t universe;
    error_text_t error;
    assert_int_equal (
        universe_parse (&universe, slice_of ("BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT"), &error), OK);
    shard_t *one = shard_new (&universe, 0, 2, venues, 1, test_cards, TEST_CARDS, NULL, NULL);
    shard_t *two = shard_new (&universe, 1, 2, venues, 1, test_cards, TEST_CARDS, NULL, NULL);
    assert_int_equal (shard_count (one) + shard_count (two), 5);
    for (size_t i = 0; i < universe.count; i++)
        assert_true ((shard_find (one, universe.names[i]) >= 0) !=
                     (shard_find (two, universe.names[i]) >= 0));
    shard_destroy (&one);
    shard_destroy (&two);
}

static void
test_shard_text_is_checked (void **state)
{
    (void) state;
    uint32_t index, count;
    error_text_t error;
    assert_int_equal (worker_parse_shard ("2/3", &index, &count, &error), OK);
    assert_int_equal (index, 1);
    assert_int_equal (count, 3);
    static const char *const bad[] = {"", "2", "0/3", "4/3", "1/2x", "a/b", "1/0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal (worker_parse_shard (bad[i], &index, &count, &error), E_CONFIG);
}

//  --- a worker on a real bus, between a made-up ingest and a reader

typedef struct {
    process_t ingest, cards, reader;
    cards_settings_t settings;
    worker_t *worker;
    bus_stream_t *quotes;
    int64_t now_ns, started_ns;
    int readings, ticks;
    reading_t last;
    tick_t tick;
    uint32_t asked; //  bits of the kinds of history asked for
} stage_t;

static stage_t stage;

static void
on_result (void *self, const bus_message_t *message)
{
    stage_t *s = self;
    if (message->topic.kind == TOPIC_READING && message->topic.mode == MODE_DAY) {
        s->last = *(const reading_t *) message->records;
        s->readings++;
    } else if (message->topic.kind == TOPIC_TICK) {
        s->tick = *(const tick_t *) message->records;
        s->ticks++;
    }
    bool is_done = s->ticks >= 5 && !isnan (s->last.price_px) && s->last.ts_ms == s->tick.ts_ms;
    if (is_done && s->settings.interval_ms > 0)
        loop_stop (s->reader.loop, 0);
    if (s->settings.interval_ms == 0 && s->readings >= 3 && !isnan (s->last.price_px))
        loop_stop (s->reader.loop, 0);
}

//  The ingest has no history, and notes what it is asked for.
static int
on_snapshot (void *self, const topic_t *topic, bus_answer_t *answer)
{
    (void) answer;
    ((stage_t *) self)->asked |= 1u << topic->event;
    return E_ABSENT;
}

//  Mid at a time: it rises by a tenth every tenth of a second.
static double
price_at (int64_t ts_ms)
{
    return 100 + (double) (ts_ms - t0 / NS_PER_MS) / 1000;
}

//  A tenth of a second of market time at every call: faster than real.  Beats lag the events by 300 ms, so
//  events from after an evaluation arrive before it can be made.
static void
play (void *self)
{
    stage_t *s = self;
    s->now_ns += 100 * NS_PER_MS;
    (void) timebase_stamp (&s->ingest.timebase, s->now_ns);
    int64_t tenths = (s->now_ns - t0) / (100 * NS_PER_MS);
    quote_t quote = {.ts_event_ns = s->now_ns, .bid_qty_coins = 1, .ask_qty_coins = 1};
    quote.bid_px = (decimal_t){999 + tenths, -1};
    quote.ask_px = (decimal_t){1001 + tenths, -1};
    (void) bus_publish_events (s->ingest.bus, s->quotes, s->now_ns, "perp:USDT", &quote, 1);
    bus_spoken (s->ingest.bus, s->now_ns - 300 * NS_PER_MS);
    bus_beat (s->ingest.bus);
    if (timebase_mono_ns () - s->started_ns > 20 * NS_PER_S)
        loop_stop (s->reader.loop, 1);
}

static void
open_part (process_t *part, loop_t *loop, const char *name, const char *filter)
{
    const pipeline_t *pipeline = &stage.settings.pipeline;
    error_text_t error = {""};
    *part = (process_t){.loop = loop, .metrics = metrics_new ()};
    timebase_init (&part->timebase, (clock_kind_t) pipeline->clock);
    char topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
    pipeline_endpoint (pipeline, name, "pub", topics);
    pipeline_endpoint (pipeline, name, "snap", snapshots);
    bus_options_t options = {.publisher = name,
                             .endpoint = topics,
                             .snapshot_endpoint = snapshots,
                             .topic_prefix = pipeline->topic_prefix,
                             .beat_ns = NS_PER_S,
                             .universe_hash = pipeline->universe.hash};
    part->bus = bus_new (loop, &options, part->metrics);
    assert_int_equal (bus_open (part->bus, &error), OK);
    if (filter) {
        char from[ENDPOINT_MAX], ask[ENDPOINT_MAX];
        pipeline_endpoint (pipeline, "cards-1", "pub", from);
        pipeline_endpoint (pipeline, "cards-1", "snap", ask);
        bus_read (part->bus, &(bus_reader_t){.message = on_result, .self = &stage});
        assert_int_equal (bus_connect (part->bus, from, ask, &filter, 1, &error), OK);
    }
}

static void
run_stage (int64_t interval_ms)
{
    memset (&stage, 0, sizeof stage);
    cards_settings_t *settings = &stage.settings;
    error_text_t error = {""};
    char folder[] = "/tmp/cards-test-XXXXXX";
    assert_non_null (mkdtemp (folder));
    pipeline_t *pipeline = &settings->pipeline;
    (void) snprintf (pipeline->folder, sizeof pipeline->folder, "%s", folder);
    (void) snprintf (pipeline->instruments, sizeof pipeline->instruments, "BTCUSDT");
    (void) snprintf (pipeline->venues, sizeof pipeline->venues, "binance bybit");
    (void) snprintf (pipeline->topic_prefix, sizeof pipeline->topic_prefix, "v1");
    (void) snprintf (pipeline->tiers_folder, sizeof pipeline->tiers_folder, "deploy/tiers");
    pipeline->shards = 1;
    pipeline->clock = CLOCK_EVENT;
    settings->interval_ms = interval_ms;
    settings->late_ms = 250;
    settings->history_wait_ms = 100;
    assert_int_equal (pipeline_finish (pipeline, &error), OK);
    loop_t *loop = loop_new ();
    open_part (&stage.ingest, loop, "ingest-binance", NULL);
    open_part (&stage.cards, loop, "cards-1", NULL);
    open_part (&stage.reader, loop, "reader", "v1.");
    topic_t topic = {.kind = TOPIC_EVENT, .event = EVENT_QUOTE, .instrument = "BTCUSDT", .name = "binance"};
    stage.quotes = bus_stream (stage.ingest.bus, &topic);
    bus_on_snapshot (stage.ingest.bus, on_snapshot, &stage);
    stage.now_ns = t0;
    stage.started_ns = timebase_mono_ns ();
    stage.worker = worker_new (&stage.cards, settings, 0, 1, &error);
    assert_non_null (stage.worker);
    loop_timer_t *timer = loop_every (loop, 5 * NS_PER_MS, play, &stage);
    int code = loop_run (loop);
    loop_cancel (&timer);
    worker_destroy (&stage.worker);
    process_t *parts[] = {&stage.reader, &stage.cards, &stage.ingest};
    for (size_t i = 0; i < 3; i++)
        bus_destroy (&parts[i]->bus);
    loop_destroy (&loop);
    for (size_t i = 0; i < 3; i++)
        metrics_destroy (&parts[i]->metrics);
    char command[64];
    (void) snprintf (command, sizeof command, "rm -r %s", folder);
    assert_int_equal (system (command), 0);
    assert_int_equal (code, 0);
}

static void
test_worker_publishes_readings_and_ticks_on_whole_seconds (void **state)
{
    (void) state;
    run_stage (1000);
    assert_string_equal (stage.last.instrument, "BTCUSDT");
    assert_int_equal (stage.last.ts_ms % 1000, 0);
    expect_close (stage.last.price_px, price_at (stage.last.ts_ms), 1e-12);
    assert_string_equal (stage.last.reference_venue, "binance");
    assert_string_equal (stage.tick.shard, "1/1");
    assert_string_equal (stage.tick.missing, "bybit");
    assert_int_equal (stage.tick.instruments_count, 1);
    assert_int_equal (stage.asked, 1u << EVENT_INSTRUMENT | 1u << EVENT_RATIO | 1u << EVENT_TIERS |
                                       1u << EVENT_FUNDING | 1u << EVENT_OPEN_INTEREST | 1u << EVENT_BAR);
}

static void
test_worker_without_interval_evaluates_at_each_event (void **state)
{
    (void) state;
    run_stage (0);
    expect_close (stage.last.price_px, price_at (stage.last.ts_ms), 1e-12);
    assert_int_equal (stage.last.ts_ms % 100, 0);
    assert_int_equal (stage.tick.instruments_count, 1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_barrier_closes_when_all_live_ones_have_spoken),
        cmocka_unit_test (test_barrier_goes_without_a_late_one_and_names_it),
        cmocka_unit_test (test_barrier_under_the_event_clock_waits_for_the_living_only),
        cmocka_unit_test (test_barrier_skips_a_jump_and_counts_it),
        cmocka_unit_test (test_held_gives_back_what_was_put_in),
        cmocka_unit_test (test_held_keeps_the_rows_of_tiers),
        cmocka_unit_test (test_held_is_bounded),
        cmocka_unit_test (test_joining_sorts_by_time_and_keeps_the_last_of_equals),
        cmocka_unit_test (test_shard_warms_up_then_speaks),
        cmocka_unit_test (test_shard_silences_what_is_not_finite),
        cmocka_unit_test (test_gate_uses_the_carrier_of_the_same_evaluation),
        cmocka_unit_test (test_dead_venue_and_bad_health_lower_confidence),
        cmocka_unit_test (test_two_shards_partition_the_universe),
        cmocka_unit_test (test_shard_text_is_checked),
        cmocka_unit_test (test_worker_publishes_readings_and_ticks_on_whole_seconds),
        cmocka_unit_test (test_worker_without_interval_evaluates_at_each_event),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
