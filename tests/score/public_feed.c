#include "tests/score/public_feed.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const public_feed_venues[] = {"binance", "bybit", "okx", NULL};
enum { BINANCE, BYBIT, OKX, PRINTS_MAX = 4096, OI_POLL_S = 3, RATIO_S = 300 };

struct public_feed {
    world_t *world;
    universe_t universe;
    public_listener_t listener;
    int64_t now_ns;
    int64_t oi_lots[PUBLIC_FEED_VENUES]; //  as last told
    struct {
        world_liquidation_t prints[PRINTS_MAX];
        int count;
    } waiting[PUBLIC_FEED_VENUES];
};

static void
tell (public_feed_t *self, event_kind_t kind, int venue, int64_t ts_ns, const void *record)
{
    event_t event = {.kind = kind, .venue = (uint16_t) venue, .ts_recv_ns = ts_ns, .of.any = record};
    self->listener.event (self->listener.self, &event);
}

static decimal_t
price_of (const world_spec_t *spec, int64_t px_ticks)
{
    return (decimal_t){.mantissa = px_ticks * spec->tick_units, .exponent = (int8_t) spec->tick_exponent};
}

//  --- what happens between the seconds

static void
on_trade (void *context, int venue, int instrument, const world_trade_t *trade)
{
    public_feed_t *self = context;
    const world_spec_t *spec = world_spec (self->world, venue, instrument);
    double coins = (double) trade->qty_lots * spec->lot_coins;
    trade_t record = {.ts_event_ns = trade->ts_ns,
                      .price = price_of (spec, trade->px_ticks),
                      .qty_coins = coins,
                      .notional_usd = coins * (double) trade->px_ticks * spec->tick_px,
                      .side = trade->side};
    tell (self, EVENT_TRADE, venue, trade->ts_ns, &record);
    if (self->listener.filled)
        self->listener.filled (self->listener.self, venue, coins, trade->taker_opens);
}

static void
on_liquidation (void *context, int venue, int instrument, const world_liquidation_t *liquidation)
{
    public_feed_t *self = context;
    const world_spec_t *spec = world_spec (self->world, venue, instrument);
    double coins = (double) liquidation->qty_lots * spec->lot_coins;
    if (self->listener.liquidated)
        self->listener.liquidated (self->listener.self, venue, liquidation->side,
                                   coins * (double) liquidation->average_px_ticks * spec->tick_px);
    int *count = &self->waiting[venue].count;
    if (venue != BYBIT)
        *count = 0; //  only the last of a second is printed
    if (*count < PRINTS_MAX)
        self->waiting[venue].prints[(*count)++] = *liquidation;
}

static void
on_funding (void *context, int venue, int instrument, int64_t ts_ns, double rate)
{
    public_feed_t *self = context;
    world_ticker_t ticker;
    world_ticker (self->world, venue, instrument, &ticker);
    funding_t record = {.ts_event_ns = ts_ns,
                        .rate = rate,
                        .interval_h = ticker.funding_interval_h,
                        .ts_next_ns = ts_ns + (int64_t) (ticker.funding_interval_h * 3600) * NS_PER_S,
                        .is_settled = true,
                        .rate_next = NAN};
    tell (self, EVENT_FUNDING, venue, ts_ns, &record);
}

//  --- what is told each second

static void
tell_prints (public_feed_t *self, int venue)
{
    const world_spec_t *spec = world_spec (self->world, venue, 0);
    for (int i = 0; i < self->waiting[venue].count; i++) {
        const world_liquidation_t *one = &self->waiting[venue].prints[i];
        int64_t px_ticks = venue == BINANCE ? one->average_px_ticks : one->bankruptcy_px_ticks;
        double coins = (double) one->qty_lots * spec->lot_coins;
        liquidation_t record = {.ts_event_ns = one->ts_ns,
                                .side = one->side,
                                .price = price_of (spec, px_ticks),
                                .price_kind =
                                    venue == BINANCE ? LIQUIDATION_PX_FILL : LIQUIDATION_PX_BANKRUPTCY,
                                .qty_coins = coins,
                                .notional_usd = coins * (double) px_ticks * spec->tick_px,
                                .coverage = venue == BYBIT ? COVERAGE_COMPLETE : COVERAGE_SAMPLED};
        tell (self, EVENT_LIQUIDATION, venue, self->now_ns, &record);
    }
    self->waiting[venue].count = 0;
}

static void
tell_quote (public_feed_t *self, int venue)
{
    const world_spec_t *spec = world_spec (self->world, venue, 0);
    world_level_t bid, ask;
    if (world_levels (self->world, venue, 0, true, &bid, 1) < 1 ||
        world_levels (self->world, venue, 0, false, &ask, 1) < 1)
        return;
    quote_t record = {.ts_event_ns = self->now_ns,
                      .bid_px = price_of (spec, bid.px_ticks),
                      .ask_px = price_of (spec, ask.px_ticks),
                      .bid_qty_coins = (double) bid.qty_lots * spec->lot_coins,
                      .ask_qty_coins = (double) ask.qty_lots * spec->lot_coins};
    tell (self, EVENT_QUOTE, venue, self->now_ns, &record);
}

static void
tell_oi (public_feed_t *self, int venue, const world_ticker_t *ticker)
{
    bool is_due = venue == BYBIT ? ticker->oi_lots != self->oi_lots[venue]
                                 : self->now_ns / NS_PER_S % OI_POLL_S == venue % OI_POLL_S;
    if (!is_due)
        return;
    self->oi_lots[venue] = ticker->oi_lots;
    double coins = (double) ticker->oi_lots * world_spec (self->world, venue, 0)->lot_coins;
    open_interest_t record = {
        .ts_event_ns = self->now_ns, .oi_coins = coins, .oi_usd = coins * ticker->mark_px};
    tell (self, EVENT_OPEN_INTEREST, venue, self->now_ns, &record);
}

static void
tell_ratio (public_feed_t *self, int venue)
{
    world_ratio_t ratio;
    if (world_ratio (self->world, venue, 0, &ratio) != OK)
        return;
    ratio_t record = {.ts_event_ns = self->now_ns,
                      .accounts_long = ratio.accounts_long,
                      .top_accounts_long = ratio.top_accounts_long,
                      .top_positions_long = ratio.top_positions_long};
    tell (self, EVENT_RATIO, venue, self->now_ns, &record);
}

void
public_feed_second (public_feed_t *self)
{
    self->now_ns += NS_PER_S;
    world_run (self->world, self->now_ns);
    for (int venue = 0; venue < PUBLIC_FEED_VENUES; venue++) {
        world_ticker_t ticker;
        world_ticker (self->world, venue, 0, &ticker);
        tell_quote (self, venue);
        mark_t mark = {self->now_ns, ticker.mark_px}, index = {self->now_ns, ticker.index_px};
        tell (self, EVENT_MARK, venue, self->now_ns, &mark);
        tell (self, EVENT_INDEX, venue, self->now_ns, &index);
        tell_prints (self, venue);
        tell_oi (self, venue, &ticker);
        if (self->now_ns / NS_PER_S % RATIO_S == 0)
            tell_ratio (self, venue);
    }
}

//  --- history

typedef struct {
    int64_t ts_ns;
    int venue;
    event_kind_t kind;
    union {
        bar_t bar;
        open_interest_t oi;
        funding_t funding;
    } of;
} past_t;

static int
by_time (const void *a, const void *b)
{
    const past_t *x = a, *y = b;
    if (x->ts_ns != y->ts_ns)
        return x->ts_ns < y->ts_ns ? -1 : 1;
    return x->venue != y->venue ? x->venue - y->venue : (int) x->kind - (int) y->kind;
}

static int
past_bars (const public_feed_t *self, int venue, past_t out[], int most)
{
    world_kline_t *bars = mem_new ((size_t) most * sizeof *bars);
    int count = world_klines (self->world, venue, 0, 60, self->now_ns, bars, most);
    for (int i = 0; i < count; i++) {
        const world_kline_t *bar = &bars[i];
        int64_t end_ns = bar->start_ns + 60 * NS_PER_S;
        out[i] = (past_t){.ts_ns = end_ns,
                          .venue = venue,
                          .kind = EVENT_BAR,
                          .of.bar = {.ts_event_ns = end_ns,
                                     .interval_s = 60,
                                     .open_px = bar->open_px,
                                     .high_px = bar->high_px,
                                     .low_px = bar->low_px,
                                     .close_px = bar->close_px,
                                     .volume_coins = bar->volume_coins,
                                     .volume_usd = bar->turnover_usd,
                                     .taker_buy_usd = venue == BINANCE ? bar->taker_buy_usd : NAN,
                                     .trades_count = bar->trades_count,
                                     .is_closed = true,
                                     .is_backfilled = true}};
    }
    free (bars);
    return count;
}

static int
past_points (const public_feed_t *self, int venue, past_t out[], int most, bool is_funding)
{
    world_point_t *points = mem_new ((size_t) most * sizeof *points);
    int count = (is_funding ? world_funding_history : world_oi_history) (self->world, venue, 0, self->now_ns,
                                                                         points, most);
    for (int i = 0; i < count; i++) {
        out[i] = (past_t){.ts_ns = points[i].ts_ns, .venue = venue};
        if (is_funding) {
            out[i].kind = EVENT_FUNDING;
            out[i].of.funding = (funding_t){.ts_event_ns = points[i].ts_ns,
                                            .rate = points[i].value,
                                            .interval_h = 8,
                                            .ts_next_ns = points[i].ts_ns + 8 * 3600 * NS_PER_S,
                                            .is_settled = true,
                                            .is_backfilled = true,
                                            .rate_next = NAN};
        } else {
            out[i].kind = EVENT_OPEN_INTEREST;
            out[i].of.oi = (open_interest_t){.ts_event_ns = points[i].ts_ns,
                                             .oi_coins = points[i].value,
                                             .oi_usd = NAN,
                                             .is_backfilled = true};
        }
    }
    free (points);
    return count;
}

void
public_feed_history (public_feed_t *self)
{
    enum { BARS = PUBLIC_FEED_HISTORY_DAYS * 1440, POINTS = PUBLIC_FEED_HISTORY_DAYS * 288, RATES = 30 };
    past_t *past = mem_new ((size_t) PUBLIC_FEED_VENUES * (BARS + POINTS + RATES) * sizeof *past);
    int count = 0;
    for (int venue = 0; venue < PUBLIC_FEED_VENUES; venue++) {
        count += past_bars (self, venue, past + count, BARS);
        count += past_points (self, venue, past + count, POINTS, false);
        count += past_points (self, venue, past + count, RATES, true);
    }
    qsort (past, (size_t) count, sizeof *past, by_time);
    for (int i = 0; i < count; i++)
        tell (self, past[i].kind, past[i].venue, self->now_ns, &past[i].of);
    free (past);
}

//  --- life

public_feed_t *
public_feed_new (uint64_t seed, const char *instrument, int64_t start_ns, const public_listener_t *listener,
                 error_text_t *error)
{
    public_feed_t *self = mem_new (sizeof *self);
    self->listener = *listener;
    self->now_ns = start_ns;
    if (universe_parse (&self->universe, slice_of (instrument), error) == OK) {
        world_options_t options = {.seed = seed,
                                   .universe = &self->universe,
                                   .venues_count = PUBLIC_FEED_VENUES,
                                   .start_ns = start_ns,
                                   .history_days = PUBLIC_FEED_HISTORY_DAYS,
                                   .activity = 1};
        memcpy (options.venues, public_feed_venues, PUBLIC_FEED_VENUES * sizeof options.venues[0]);
        self->world = world_new (&options, error);
    }
    if (!self->world) {
        public_feed_destroy (&self);
        return NULL;
    }
    world_listen (self->world,
                  &(world_sink_t){
                      .self = self, .trade = on_trade, .liquidation = on_liquidation, .funding = on_funding});
    return self;
}

void
public_feed_destroy (public_feed_t **self)
{
    if (!*self)
        return;
    world_destroy (&(*self)->world);
    free (*self);
    *self = NULL;
}

int64_t
public_feed_now_ns (const public_feed_t *self)
{
    return self->now_ns;
}

const world_t *
public_feed_world (const public_feed_t *self)
{
    return self->world;
}
