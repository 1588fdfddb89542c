#include "tests/support/tape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"

//  The order of random draws is part of the contract with tests/oracle/tape.py.

const char *const tape_venues[TAPE_VENUES_MAX] = {"alpha", "beta", "gamma"};

enum { QUOTE, TRADE, BOOK, MARK, OI, ESTIMATE, LIQUIDATION, SETTLEMENT, KINDS };
//  Streams: the world, kinds by venue, then what traders do to the book, by venue.
enum { WORLD = 0, HITS = 1 + TAPE_VENUES_MAX * KINDS, SPOOFS = HITS + TAPE_VENUES_MAX };
enum { WALLS = SPOOFS + TAPE_VENUES_MAX, STREAMS = WALLS + TAPE_VENUES_MAX, HISTORY = 63 };
enum { EATEN_MOST = 14 };
enum { LEVELS_MOST = 2048, QUEUE_MOST = 16, MINUTE_S = 60, QUARTER_S = 900, DAY_MINUTES = 1440 };
enum { FIRST_TICK = 500000, RATE_MOST = 30000, SETTLING_ONLY = 2 };

static const int64_t settle_s[TAPE_VENUES_MAX] = {8 * 3600, 4 * 3600, 3600};
static const int64_t offset_ticks[TAPE_VENUES_MAX] = {0, 4, -6};

typedef struct {
    int64_t seed, start, venues, minutes;
    int64_t quote_ms, trade_ms, mark_ms, oi_ms, book_ms, depth, gap_every, funding_ms, liquidation_ms;
    int64_t bars_days, bars_hours, oi_days, funding_days;
    int64_t book_step, hit_ms, spoof_ms, wall_ms, lean;
} parameters_t;

typedef struct {
    const char *key;
    size_t offset;
    int64_t preset;
} key_row_t;

#define KEY(name, preset)                                                                                    \
    {                                                                                                        \
#name, offsetof(parameters_t, name), preset                                                          \
    }
static const key_row_t keys[] = {
    KEY (seed, 1),           KEY (start, 1699920000), KEY (venues, 1),     KEY (minutes, 60),
    KEY (quote_ms, 1000),    KEY (trade_ms, 0),       KEY (mark_ms, 0),    KEY (oi_ms, 0),
    KEY (book_ms, 0),        KEY (depth, 100),        KEY (gap_every, 0),  KEY (funding_ms, 0),
    KEY (liquidation_ms, 0), KEY (bars_days, 0),      KEY (bars_hours, 0), KEY (oi_days, 0),
    KEY (funding_days, 0),   KEY (book_step, 1),      KEY (hit_ms, 0),     KEY (spoof_ms, 0),
    KEY (wall_ms, 0),        KEY (lean, 0),
};

typedef struct {
    int64_t tick, qty;
} tick_level_t;

//  A level that a trader has taken from, or made; qty 0: none.
typedef struct {
    int side;
    int64_t tick, qty;
} touched_t;

typedef struct {
    int64_t bid, ask; //  last quote; 0 none
    int64_t oi, volume;
    int64_t rate;
    bool has_book;
    int counts[2];
    tick_level_t levels[2][LEVELS_MOST]; //  best first
    touched_t eaten[EATEN_MOST], spoof, wall;
    int eaten_count;
} venue_t;

//  A queued event keeps its record beside it.
typedef struct {
    event_t event;
    union {
        instrument_t instrument;
        trade_t trade;
        book_t book;
        quote_t quote;
        mark_t mark;
        funding_t funding;
        open_interest_t oi;
        liquidation_t liquidation;
        bar_t bar;
        gap_t gap;
    } record;
} queued_t;

typedef struct {
    int64_t open, high, low;
    int64_t volume, bought, trades;
} candle_t;

struct tape {
    parameters_t p;
    uint64_t random[HISTORY + 1];
    int64_t next_ms[STREAMS];
    int64_t price, premium, vol, drift, bias, move;
    int64_t history_vol, minute, minutes;
    int64_t trade_id;
    candle_t quarter;
    venue_t venues[TAPE_VENUES_MAX];
    queued_t queue[QUEUE_MOST];
    int queue_head, queue_count;
    level_t sides[2][LEVELS_MOST];
};

static int64_t
below (tape_t *self, int stream, int64_t n)
{
    uint64_t z = self->random[stream] += UINT64_C (0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C (0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C (0x94D049BB133111EB);
    z ^= z >> 31;
    return (int64_t) ((z >> 11) % (uint64_t) n);
}

static int64_t
clamp (int64_t x, int64_t most)
{
    return x > most ? most : x < -most ? -most : x;
}

static int
stream_of (int venue, int kind)
{
    return 1 + venue * KINDS + kind;
}

static decimal_t
price_of (int64_t tick)
{
    return (decimal_t){tick, -1};
}

static queued_t *
queue (tape_t *self, event_kind_t kind, int venue, int64_t ts_ns)
{
    CHECK (self->queue_count < QUEUE_MOST);
    queued_t *item = &self->queue[(self->queue_head + self->queue_count++) % QUEUE_MOST];
    memset (item, 0, sizeof *item);
    item->event = (event_t){.kind = kind, .venue = (uint16_t) venue, .ts_recv_ns = ts_ns};
    return item;
}

//  --- parameters

static void
read_parameters (parameters_t *p, const char *text)
{
    for (size_t i = 0; i < COUNT_OF (keys); i++)
        *(int64_t *) ((char *) p + keys[i].offset) = keys[i].preset;
    while (*text) {
        size_t length = strcspn (text, "="), i = 0;
        while (i < COUNT_OF (keys) &&
               (strlen (keys[i].key) != length || strncmp (keys[i].key, text, length) != 0))
            i++;
        CHECK (i < COUNT_OF (keys) && text[length] == '=');
        char *end;
        *(int64_t *) ((char *) p + keys[i].offset) = strtoll (text + length + 1, &end, 10);
        CHECK (end > text + length + 1);
        text = end + strspn (end, " ");
    }
}

static int64_t
interval (const tape_t *self, int kind)
{
    const parameters_t *p = &self->p;
    const int64_t mean[KINDS] = {p->quote_ms, p->trade_ms,   p->book_ms,        p->mark_ms,
                                 p->oi_ms,    p->funding_ms, p->liquidation_ms, 0};
    return mean[kind];
}

//  The mean between two doings of a kind of trader; 0 none.
static int64_t
trader_mean (const tape_t *self, int stream)
{
    return stream < SPOOFS ? self->p.hit_ms : stream < WALLS ? self->p.spoof_ms : self->p.wall_ms;
}

tape_t *
tape_new (const char *parameters)
{
    tape_t *self = mem_new (sizeof *self);
    read_parameters (&self->p, parameters);
    parameters_t *p = &self->p;
    CHECK (p->venues >= 1 && p->venues <= TAPE_VENUES_MAX && p->start % 86400 == 0 && p->quote_ms < 2500);
    for (int i = 0; i <= HISTORY; i++)
        self->random[i] = (uint64_t) p->seed * UINT64_C (0x9E3779B97F4A7C15) +
                          (uint64_t) (i + 1) * UINT64_C (0xD1342543DE82EF95);
    self->price = FIRST_TICK;
    self->vol = self->history_vol = 2;
    int64_t days = p->bars_days > p->oi_days ? p->bars_days : p->oi_days;
    days = days > p->funding_days ? days : p->funding_days;
    self->minutes = days * DAY_MINUTES;
    for (int s = 1; s < STREAMS; s++)
        self->next_ms[s] = INT64_MAX;
    self->next_ms[WORLD] = p->start * 1000;
    for (int v = 0; v < p->venues; v++) {
        self->venues[v].oi = 50000000 / (v + 1);
        self->venues[v].rate = 10000 - 1000 * v;
        for (int kind = 0; kind < SETTLEMENT; kind++)
            if (interval (self, kind) > 0)
                self->next_ms[stream_of (v, kind)] =
                    p->start * 1000 + 1 + below (self, stream_of (v, kind), 2 * interval (self, kind) - 1);
        for (int s = HITS + v; s < STREAMS; s += TAPE_VENUES_MAX)
            if (trader_mean (self, s) > 0)
                self->next_ms[s] = p->start * 1000 + 1 + below (self, s, 2 * trader_mean (self, s) - 1);
        if (p->funding_ms > 0)
            self->next_ms[stream_of (v, SETTLEMENT)] = (p->start / settle_s[v] + 1) * settle_s[v] * 1000;
    }
    return self;
}

void
tape_destroy (tape_t **self)
{
    free (*self);
    *self = NULL;
}

int64_t
tape_start_ns (const tape_t *self)
{
    return self->p.start * NS_PER_S;
}

int
tape_venues_count (const tape_t *self)
{
    return (int) self->p.venues;
}

//  --- history

static void
add_bar (tape_t *self, int64_t ts_ns, int32_t seconds, const candle_t *candle)
{
    bar_t *bar = &queue (self, EVENT_BAR, 0, tape_start_ns (self))->record.bar;
    *bar = (bar_t){.ts_event_ns = ts_ns,
                   .interval_s = seconds,
                   .open_px = (double) candle->open / 10,
                   .high_px = (double) candle->high / 10,
                   .low_px = (double) candle->low / 10,
                   .close_px = (double) self->price / 10,
                   .volume_coins = (double) candle->volume * 10 / (double) self->price,
                   .volume_usd = (double) candle->volume,
                   .taker_buy_usd = (double) candle->bought,
                   .trades_count = (int32_t) candle->trades,
                   .is_closed = true,
                   .is_backfilled = true};
}

static candle_t
history_minute (tape_t *self)
{
    if (below (self, HISTORY, 60) == 0)
        self->history_vol = 1 + below (self, HISTORY, 4);
    candle_t candle = {self->price, self->price, self->price, 0, 0, 0};
    for (int i = 0; i < 4; i++) {
        int64_t move = below (self, HISTORY, 160 * self->history_vol + 1) - 80 * self->history_vol;
        self->price += move + ((FIRST_TICK - self->price) >> 10);
        candle.high = self->price > candle.high ? self->price : candle.high;
        candle.low = self->price < candle.low ? self->price : candle.low;
    }
    candle.volume = 1000 + below (self, HISTORY, 99000) * self->history_vol;
    candle.bought = candle.volume * (300 + below (self, HISTORY, 401)) / 1000;
    candle.trades = 1 + below (self, HISTORY, 500);
    return candle;
}

static void
history_step (tape_t *self)
{
    const parameters_t *p = &self->p;
    int64_t left = self->minutes - ++self->minute, ts_s = p->start - left * MINUTE_S, ts_ns = ts_s * NS_PER_S;
    candle_t minute = history_minute (self), *quarter = &self->quarter;
    if (quarter->open == 0)
        *quarter = (candle_t){minute.open, minute.high, minute.low, 0, 0, 0};
    quarter->high = minute.high > quarter->high ? minute.high : quarter->high;
    quarter->low = minute.low < quarter->low ? minute.low : quarter->low;
    quarter->volume += minute.volume;
    quarter->bought += minute.bought;
    quarter->trades += minute.trades;
    if (left < p->bars_hours * 60)
        add_bar (self, ts_ns, MINUTE_S, &minute);
    if (ts_s % QUARTER_S == 0) {
        if (left < p->bars_days * DAY_MINUTES)
            add_bar (self, ts_ns, QUARTER_S, quarter);
        quarter->open = 0;
    }
    for (int v = 0; v < p->venues; v++) {
        if (ts_s % 300 != 0 || left >= p->oi_days * DAY_MINUTES)
            continue;
        venue_t *venue = &self->venues[v];
        int64_t most = venue->oi >> 10;
        venue->oi += below (self, HISTORY, 2 * most + 1) - most;
        queue (self, EVENT_OPEN_INTEREST, v, tape_start_ns (self))->record.oi = (open_interest_t){
            .ts_event_ns = ts_ns, .oi_coins = (double) venue->oi / 1000, .is_backfilled = true};
    }
    for (int v = 0; v < p->venues; v++) {
        if (ts_s % settle_s[v] != 0 || left >= p->funding_days * DAY_MINUTES)
            continue;
        venue_t *venue = &self->venues[v];
        venue->rate = clamp (venue->rate + below (self, HISTORY, 4001) - 2000, RATE_MOST);
        queue (self, EVENT_FUNDING, v, tape_start_ns (self))->record.funding =
            (funding_t){.ts_event_ns = ts_ns,
                        .rate = (double) venue->rate / 1e8,
                        .interval_h = (double) settle_s[v] / 3600,
                        .is_settled = true,
                        .is_backfilled = true,
                        .rate_next = NAN};
    }
}

//  --- live

static void
world_step (tape_t *self)
{
    if (below (self, WORLD, 900) == 0)
        self->vol = 1 + below (self, WORLD, 4);
    if (below (self, WORLD, 600) == 0)
        self->drift = below (self, WORLD, 9) - 4;
    int64_t move = self->drift, width = 10 * self->vol;
    for (int i = 0; i < 4; i++)
        move += below (self, WORLD, 2 * width + 1) - width;
    if (below (self, WORLD, 400) == 0) {
        int64_t size = 100 + below (self, WORLD, 400);
        move += below (self, WORLD, 2) ? size : -size;
    }
    self->move = move;
    self->price += move + ((FIRST_TICK - self->price) >> 15);
    self->premium = clamp (self->premium + below (self, WORLD, 7) - 3, 400);
    self->bias = clamp (self->bias + below (self, WORLD, 21) - 10, 300);
}

static void
quote_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = stream_of (v, QUOTE);
    venue_t *venue = &self->venues[v];
    int64_t mid = self->price + offset_ticks[v] + below (self, s, 5) - 2, spread = 1 + below (self, s, 3);
    venue->bid = mid - spread / 2;
    venue->ask = venue->bid + spread;
    int64_t bid_qty = 1 + below (self, s, 5000), ask_qty = 1 + below (self, s, 5000);
    queue (self, EVENT_QUOTE, v, ts_ns)->record.quote = (quote_t){.ts_event_ns = ts_ns,
                                                                  .bid_px = price_of (venue->bid),
                                                                  .ask_px = price_of (venue->ask),
                                                                  .bid_qty_coins = (double) bid_qty / 1000,
                                                                  .ask_qty_coins = (double) ask_qty / 1000};
}

static void
queue_trade (tape_t *self, int v, int64_t ts_ns, int side, int64_t tick, int64_t qty)
{
    trade_t *trade = &queue (self, EVENT_TRADE, v, ts_ns)->record.trade;
    *trade = (trade_t){.ts_event_ns = ts_ns, .price = price_of (tick), .side = (int8_t) side};
    trade->qty_coins = (double) qty / 1000;
    trade->notional_usd = trade->qty_coins * ((double) tick / 10);
    snprintf (trade->id, sizeof trade->id, "%lld", (long long) ++self->trade_id);
}

static void
trade_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = stream_of (v, TRADE);
    venue_t *venue = &self->venues[v];
    int64_t lean = clamp ((self->p.lean * self->move) >> 4, 400);
    int side = below (self, s, 1000) < 500 + self->bias + lean ? 1 : -1;
    int64_t qty = 1 + below (self, s, 200);
    if (below (self, s, 20) == 0)
        qty *= 25;
    if (venue->bid == 0)
        return;
    venue->volume += qty;
    int64_t tick = side > 0 ? venue->ask : venue->bid;
    queue_trade (self, v, ts_ns, side, tick, qty);
}

static void
mark_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = stream_of (v, MARK);
    int64_t mark = self->price + offset_ticks[v] + below (self, s, 21) - 10,
            index = self->price - self->premium;
    queue (self, EVENT_MARK, v, ts_ns)->record.mark = (mark_t){ts_ns, (double) mark / 10};
    queue (self, EVENT_INDEX, v, ts_ns)->record.mark = (mark_t){ts_ns, (double) index / 10};
}

static void
oi_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = stream_of (v, OI);
    venue_t *venue = &self->venues[v];
    venue->oi += ((below (self, s, 2001) - 1000 + self->bias) * venue->volume) >> 11;
    venue->volume = 0;
    queue (self, EVENT_OPEN_INTEREST, v, ts_ns)->record.oi =
        (open_interest_t){.ts_event_ns = ts_ns, .oi_coins = (double) venue->oi / 1000};
}

static void
funding_step (tape_t *self, int v, int64_t ts_ns, bool is_settled)
{
    venue_t *venue = &self->venues[v];
    if (!is_settled)
        venue->rate = clamp (venue->rate + below (self, stream_of (v, ESTIMATE), 401) - 200, RATE_MOST);
    if (v == SETTLING_ONLY && !is_settled)
        return;
    int64_t length_ns = settle_s[v] * NS_PER_S;
    queue (self, EVENT_FUNDING, v, ts_ns)->record.funding =
        (funding_t){.ts_event_ns = ts_ns,
                    .rate = (double) venue->rate / 1e8,
                    .interval_h = (double) settle_s[v] / 3600,
                    .ts_next_ns = is_settled ? 0 : (ts_ns / length_ns + 1) * length_ns,
                    .is_settled = is_settled,
                    .rate_next = NAN};
}

static void
liquidation_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = stream_of (v, LIQUIDATION);
    int side = below (self, s, 2) ? 1 : -1;
    int64_t tick = self->price + below (self, s, 101) - 50, qty = 1 + below (self, s, 500);
    liquidation_t *liquidation = &queue (self, EVENT_LIQUIDATION, v, ts_ns)->record.liquidation;
    *liquidation = (liquidation_t){.ts_event_ns = ts_ns,
                                   .side = (int8_t) side,
                                   .price = price_of (tick),
                                   .price_kind = LIQUIDATION_PX_FILL,
                                   .qty_coins = (double) qty / 1000,
                                   .coverage = COVERAGE_COMPLETE};
    liquidation->notional_usd = liquidation->qty_coins * ((double) tick / 10);
}

//  --- book: side 0 bids, 1 asks; "depth of a tick" is its distance from the centre

static void
set_level (venue_t *venue, int side, int64_t tick, int64_t qty)
{
    tick_level_t *levels = venue->levels[side];
    int at = 0;
    while (at < venue->counts[side] && (side ? levels[at].tick < tick : levels[at].tick > tick))
        at++;
    size_t after = (size_t) (venue->counts[side] - at);
    bool is_there = after > 0 && levels[at].tick == tick;
    if (is_there && qty == 0) {
        memmove (&levels[at], &levels[at + 1], (after - 1) * sizeof *levels);
        venue->counts[side]--;
    } else if (is_there) {
        levels[at].qty = qty;
    } else if (qty > 0) {
        CHECK (venue->counts[side] < LEVELS_MOST);
        memmove (&levels[at + 1], &levels[at], after * sizeof *levels);
        levels[at] = (tick_level_t){tick, qty};
        venue->counts[side]++;
    }
}

static void
change_level (tape_t *self, venue_t *venue, size_t counts[2], int side, int64_t tick, int64_t qty)
{
    set_level (venue, side, tick, qty);
    CHECK (counts[side] < LEVELS_MOST);
    self->sides[side][counts[side]++] = (level_t){price_of (tick), (double) qty / 1000};
}

static void
change_book (tape_t *self, int v, int64_t centre, size_t counts[2])
{
    int s = stream_of (v, BOOK);
    int64_t step = self->p.book_step;
    venue_t *venue = &self->venues[v];
    for (int side = 0; side < 2; side++) {
        int64_t sign = side ? 1 : -1;
        while (venue->counts[side] > 0 && (venue->levels[side][0].tick - centre) * sign <= 0)
            change_level (self, venue, counts, side, venue->levels[side][0].tick, 0);
    }
    int64_t changes = 1 + below (self, s, 6);
    for (int64_t i = 0; i < changes; i++) {
        int side = (int) below (self, s, 2);
        int64_t reach = below (self, s, 4) == 0 ? self->p.depth : 10;
        int64_t off = 1 + below (self, s, reach);
        int64_t qty = below (self, s, 4) == 0 ? 0 : 1 + below (self, s, 3000);
        change_level (self, venue, counts, side, centre + (side ? off : -off) * step, qty);
    }
    for (int side = 0; side < 2; side++) {
        int64_t sign = side ? 1 : -1;
        while (venue->counts[side] > 0) {
            int64_t last = venue->levels[side][venue->counts[side] - 1].tick;
            if ((last - centre) * sign <= 2 * self->p.depth * step)
                break;
            change_level (self, venue, counts, side, last, 0);
        }
        if (venue->counts[side] < 5)
            for (int64_t off = 1; off <= 10; off++)
                change_level (self, venue, counts, side, centre + sign * off * step,
                              1 + below (self, s, 2000));
    }
}

static void
first_book (tape_t *self, int v, int64_t centre)
{
    int s = stream_of (v, BOOK);
    venue_t *venue = &self->venues[v];
    venue->counts[0] = venue->counts[1] = 0;
    for (int64_t off = 1; off <= self->p.depth; off++)
        for (int side = 0; side < 2; side++) {
            int64_t qty = 1 + below (self, s, 2000);
            if (below (self, s, 4) > 0)
                set_level (venue, side, centre + (side ? off : -off) * self->p.book_step, qty);
        }
}

static int64_t
centre_of (const tape_t *self, int v)
{
    return (self->price + offset_ticks[v]) / self->p.book_step * self->p.book_step;
}

static void
queue_book (tape_t *self, int v, int64_t ts_ns, bool is_snapshot, const size_t counts[2])
{
    queue (self, EVENT_BOOK, v, ts_ns)->record.book = (book_t){.ts_event_ns = ts_ns,
                                                               .is_snapshot = is_snapshot,
                                                               .bids = self->sides[0],
                                                               .asks = self->sides[1],
                                                               .bids_count = counts[0],
                                                               .asks_count = counts[1]};
}

static void
book_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = stream_of (v, BOOK);
    venue_t *venue = &self->venues[v];
    if (venue->has_book && self->p.gap_every > 0 && below (self, s, self->p.gap_every) == 0) {
        gap_t *gap = &queue (self, EVENT_GAP, v, ts_ns)->record.gap;
        *gap = (gap_t){.ts_event_ns = ts_ns, .kind = EVENT_BOOK, .lost_count = -1};
        venue->has_book = false;
        return;
    }
    int64_t centre = centre_of (self, v);
    bool is_snapshot = !venue->has_book;
    size_t counts[2] = {0, 0};
    if (is_snapshot) {
        first_book (self, v, centre);
        venue->has_book = true;
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < venue->counts[side]; i++)
                self->sides[side][counts[side]++] = (level_t){price_of (venue->levels[side][i].tick),
                                                              (double) venue->levels[side][i].qty / 1000};
    } else {
        change_book (self, v, centre, counts);
    }
    queue_book (self, v, ts_ns, is_snapshot, counts);
}

//  --- what traders do to the book: parents through several levels, spoofs, walls

static int64_t
quantity_at (const venue_t *venue, int side, int64_t tick)
{
    for (int i = 0; i < venue->counts[side]; i++)
        if (venue->levels[side][i].tick == tick)
            return venue->levels[side][i].qty;
    return 0;
}

static void
show_eaten (tape_t *self, int v, int64_t ts_ns)
{
    venue_t *venue = &self->venues[v];
    size_t counts[2] = {0, 0};
    for (int i = 0; i < venue->eaten_count; i++) {
        const touched_t *eaten = &venue->eaten[i];
        int64_t there = quantity_at (venue, eaten->side, eaten->tick);
        if (there > 0)
            change_level (self, venue, counts, eaten->side, eaten->tick,
                          there > eaten->qty ? there - eaten->qty : 0);
    }
    venue->eaten_count = 0;
    if (venue->has_book && counts[0] + counts[1] > 0)
        queue_book (self, v, ts_ns, false, counts);
}

//  A parent order; the book shows it in a step of its own, a little later.
static void
hit_step (tape_t *self, int v, int s, int64_t ts_ns)
{
    venue_t *venue = &self->venues[v];
    if (venue->eaten_count > 0) {
        show_eaten (self, v, ts_ns);
        return;
    }
    int side = (int) below (self, s, 2);
    int64_t most = 1 + below (self, s, EATEN_MOST);
    if (!venue->has_book)
        return;
    int count = venue->counts[side] < most ? venue->counts[side] : (int) most;
    for (int i = 0; i < count; i++) {
        touched_t *eaten = &venue->eaten[venue->eaten_count++];
        *eaten = (touched_t){side, venue->levels[side][i].tick, venue->levels[side][i].qty};
        if (i == count - 1)
            eaten->qty = 1 + below (self, s, eaten->qty);
        venue->volume += eaten->qty;
        queue_trade (self, v, ts_ns, side ? 1 : -1, eaten->tick, eaten->qty);
    }
}

//  A large level comes, or the one that stands goes.
static void
stand_step (tape_t *self, int v, int s, int64_t ts_ns, touched_t *stands, int64_t reach, int64_t qty)
{
    venue_t *venue = &self->venues[v];
    size_t counts[2] = {0, 0};
    if (stands->qty > 0) {
        if (venue->has_book && quantity_at (venue, stands->side, stands->tick) > 0) {
            change_level (self, venue, counts, stands->side, stands->tick, 0);
            queue_book (self, v, ts_ns, false, counts);
        }
        stands->qty = 0;
        return;
    }
    int side = (int) below (self, s, 2);
    int64_t off = 1 + below (self, s, reach);
    qty += below (self, s, qty);
    int64_t tick = centre_of (self, v) + (side ? off : -off) * self->p.book_step;
    const tick_level_t *other = venue->levels[1 - side];
    if (!venue->has_book || venue->counts[1 - side] == 0 ||
        (side ? tick <= other->tick : tick >= other->tick))
        return;
    change_level (self, venue, counts, side, tick, qty);
    queue_book (self, v, ts_ns, false, counts);
    *stands = (touched_t){side, tick, qty};
}

static void
trader_step (tape_t *self, int s, int64_t ts_ns)
{
    int v = (s - HITS) % TAPE_VENUES_MAX;
    venue_t *venue = &self->venues[v];
    int64_t least_ms = 1, span_ms = 2 * trader_mean (self, s) - 1;
    if (s < SPOOFS) {
        hit_step (self, v, s, ts_ns);
        if (venue->eaten_count > 0)
            span_ms = 150;
    } else if (s < WALLS) {
        stand_step (self, v, s, ts_ns, &venue->spoof, 20, 8000);
        if (venue->spoof.qty > 0) {
            least_ms = 300;
            span_ms = 2400;
        }
    } else {
        stand_step (self, v, s, ts_ns, &venue->wall, self->p.depth, 60000);
        if (venue->wall.qty > 0) {
            least_ms = 10000;
            span_ms = 80000;
        }
    }
    self->next_ms[s] += least_ms + below (self, s, span_ms);
}

//  --- order

static void
add_instruments (tape_t *self)
{
    for (int v = 0; v < self->p.venues; v++) {
        instrument_t *record = &queue (self, EVENT_INSTRUMENT, v, tape_start_ns (self))->record.instrument;
        *record = (instrument_t){.ts_event_ns = tape_start_ns (self),
                                 .multiplier = 1,
                                 .tick = {1, -1},
                                 .lot = {1, -3},
                                 .funding_interval_h = (double) settle_s[v] / 3600};
    }
}

static void
live_step (tape_t *self, int stream, int64_t ts_ms)
{
    if (stream == WORLD) {
        world_step (self);
        self->next_ms[WORLD] += 1000;
        return;
    }
    if (stream >= HITS) {
        trader_step (self, stream, ts_ms * NS_PER_MS);
        return;
    }
    int v = (stream - 1) / KINDS, kind = (stream - 1) % KINDS;
    int64_t ts_ns = ts_ms * NS_PER_MS, mean = interval (self, kind);
    void (*const steps[]) (tape_t *, int, int64_t) = {quote_step, trade_step, book_step, mark_step, oi_step};
    if (kind <= OI)
        steps[kind](self, v, ts_ns);
    else if (kind == LIQUIDATION)
        liquidation_step (self, v, ts_ns);
    else
        funding_step (self, v, ts_ns, kind == SETTLEMENT);
    if (kind == SETTLEMENT)
        self->next_ms[stream] += settle_s[v] * 1000;
    else if (kind == TRADE && below (self, stream, 4) == 0)
        self->next_ms[stream] += below (self, stream, 40);
    else
        self->next_ms[stream] += 1 + below (self, stream, 2 * mean - 1);
}

bool
tape_next (tape_t *self, event_t *out)
{
    while (self->queue_count == 0) {
        if (self->minute < self->minutes) {
            history_step (self);
            continue;
        }
        if (self->minute++ == self->minutes) {
            add_instruments (self);
            continue;
        }
        int first = WORLD;
        for (int s = 1; s < STREAMS; s++)
            if (self->next_ms[s] < self->next_ms[first])
                first = s;
        if (self->next_ms[first] > (self->p.start + self->p.minutes * MINUTE_S) * 1000)
            return false;
        live_step (self, first, self->next_ms[first]);
    }
    queued_t *item = &self->queue[self->queue_head];
    self->queue_head = (self->queue_head + 1) % QUEUE_MOST;
    self->queue_count--;
    *out = item->event;
    out->of.any = &item->record;
    return true;
}
