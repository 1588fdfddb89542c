#include "tests/support/tape_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"

const char *const tape_venues[TAPE_VENUES_MAX] = {"alpha", "beta", "gamma"};

enum { SETTLING_ONLY = 2 };

const int64_t tape_settle_s[TAPE_VENUES_MAX] = {8 * 3600, 4 * 3600, 3600};
const int64_t tape_offset_ticks[TAPE_VENUES_MAX] = {0, 4, -6};

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
    KEY (wall_ms, 0),        KEY (lean, 0),           KEY (cascade_ms, 0), KEY (ratio_ms, 0),
    KEY (sampled, 0),        KEY (quiet, 0),          KEY (quiet_from, 0), KEY (quiet_to, 0),
};

int64_t
tape_below (tape_t *self, int stream, int64_t n)
{
    uint64_t z = self->random[stream] += UINT64_C (0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C (0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C (0x94D049BB133111EB);
    z ^= z >> 31;
    return (int64_t) ((z >> 11) % (uint64_t) n);
}

int64_t
tape_clamp (int64_t x, int64_t most)
{
    return x > most ? most : x < -most ? -most : x;
}

int
tape_stream_of (int venue, int kind)
{
    return 1 + venue * KINDS + kind;
}

decimal_t
tape_price_of (int64_t tick)
{
    return (decimal_t){tick, -1};
}

queued_t *
tape_queue (tape_t *self, event_kind_t kind, int venue, int64_t ts_ns)
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

int64_t
tape_trader_mean (const tape_t *self, int stream)
{
    const int64_t means[] = {self->p.hit_ms, self->p.spoof_ms, self->p.wall_ms, self->p.cascade_ms,
                             self->p.ratio_ms};
    return means[(stream - HITS) / TAPE_VENUES_MAX];
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
        self->venues[v].accounts = 550;
        for (int kind = 0; kind < SETTLEMENT; kind++)
            if (interval (self, kind) > 0)
                self->next_ms[tape_stream_of (v, kind)] =
                    p->start * 1000 + 1 +
                    tape_below (self, tape_stream_of (v, kind), 2 * interval (self, kind) - 1);
        for (int s = HITS + v; s < STREAMS; s += TAPE_VENUES_MAX)
            if (tape_trader_mean (self, s) > 0)
                self->next_ms[s] =
                    p->start * 1000 + 1 + tape_below (self, s, 2 * tape_trader_mean (self, s) - 1);
        if (p->funding_ms > 0)
            self->next_ms[tape_stream_of (v, SETTLEMENT)] =
                (p->start / tape_settle_s[v] + 1) * tape_settle_s[v] * 1000;
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

//  --- live

static void
world_step (tape_t *self)
{
    if (tape_below (self, WORLD, 900) == 0)
        self->vol = 1 + tape_below (self, WORLD, 4);
    if (tape_below (self, WORLD, 600) == 0)
        self->drift = tape_below (self, WORLD, 9) - 4;
    int64_t move = self->drift, width = 10 * self->vol;
    for (int i = 0; i < 4; i++)
        move += tape_below (self, WORLD, 2 * width + 1) - width;
    if (tape_below (self, WORLD, 400) == 0) {
        int64_t size = 100 + tape_below (self, WORLD, 400);
        move += tape_below (self, WORLD, 2) ? size : -size;
    }
    self->move = move;
    self->price += move + ((FIRST_TICK - self->price) >> 15);
    self->premium = tape_clamp (self->premium + tape_below (self, WORLD, 7) - 3, 400);
    self->bias = tape_clamp (self->bias + tape_below (self, WORLD, 21) - 10, 300);
}

static void
quote_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = tape_stream_of (v, QUOTE);
    venue_t *venue = &self->venues[v];
    int64_t mid = self->price + tape_offset_ticks[v] + tape_below (self, s, 5) - 2,
            spread = 1 + tape_below (self, s, 3);
    venue->bid = mid - spread / 2;
    venue->ask = venue->bid + spread;
    int64_t bid_qty = 1 + tape_below (self, s, 5000), ask_qty = 1 + tape_below (self, s, 5000);
    tape_queue (self, EVENT_QUOTE, v, ts_ns)->record.quote =
        (quote_t){.ts_event_ns = ts_ns,
                  .bid_px = tape_price_of (venue->bid),
                  .ask_px = tape_price_of (venue->ask),
                  .bid_qty_coins = (double) bid_qty / 1000,
                  .ask_qty_coins = (double) ask_qty / 1000};
}

void
tape_queue_trade (tape_t *self, int v, int64_t ts_ns, int side, int64_t tick, int64_t qty)
{
    trade_t *trade = &tape_queue (self, EVENT_TRADE, v, ts_ns)->record.trade;
    *trade = (trade_t){.ts_event_ns = ts_ns, .price = tape_price_of (tick), .side = (int8_t) side};
    trade->qty_coins = (double) qty / 1000;
    trade->notional_usd = trade->qty_coins * ((double) tick / 10);
    snprintf (trade->id, sizeof trade->id, "%lld", (long long) ++self->trade_id);
}

static void
trade_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = tape_stream_of (v, TRADE);
    venue_t *venue = &self->venues[v];
    int64_t lean = tape_clamp ((self->p.lean * self->move) >> 4, 400);
    int side = tape_below (self, s, 1000) < 500 + self->bias + lean ? 1 : -1;
    int64_t qty = 1 + tape_below (self, s, 200);
    if (tape_below (self, s, 20) == 0)
        qty *= 25;
    if (venue->bid == 0)
        return;
    venue->volume += qty;
    int64_t tick = side > 0 ? venue->ask : venue->bid;
    tape_queue_trade (self, v, ts_ns, side, tick, qty);
}

static void
mark_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = tape_stream_of (v, MARK);
    int64_t mark = self->price + tape_offset_ticks[v] + tape_below (self, s, 21) - 10,
            index = self->price - self->premium;
    tape_queue (self, EVENT_MARK, v, ts_ns)->record.mark = (mark_t){ts_ns, (double) mark / 10};
    tape_queue (self, EVENT_INDEX, v, ts_ns)->record.mark = (mark_t){ts_ns, (double) index / 10};
}

static void
oi_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = tape_stream_of (v, OI);
    venue_t *venue = &self->venues[v];
    venue->oi += ((tape_below (self, s, 2001) - 1000 + self->bias) * venue->volume) >> 11;
    venue->volume = 0;
    tape_queue (self, EVENT_OPEN_INTEREST, v, ts_ns)->record.oi =
        (open_interest_t){.ts_event_ns = ts_ns, .oi_coins = (double) venue->oi / 1000};
}

static void
funding_step (tape_t *self, int v, int64_t ts_ns, bool is_settled)
{
    venue_t *venue = &self->venues[v];
    if (!is_settled)
        venue->rate =
            tape_clamp (venue->rate + tape_below (self, tape_stream_of (v, ESTIMATE), 401) - 200, RATE_MOST);
    if (v == SETTLING_ONLY && !is_settled)
        return;
    int64_t length_ns = tape_settle_s[v] * NS_PER_S;
    tape_queue (self, EVENT_FUNDING, v, ts_ns)->record.funding =
        (funding_t){.ts_event_ns = ts_ns,
                    .rate = (double) venue->rate / 1e8,
                    .interval_h = (double) tape_settle_s[v] / 3600,
                    .ts_next_ns = is_settled ? 0 : (ts_ns / length_ns + 1) * length_ns,
                    .is_settled = is_settled,
                    .rate_next = NAN};
}

void
tape_queue_liquidation (tape_t *self, int v, int64_t ts_ns, int side, int64_t tick, int64_t qty)
{
    bool is_sampled = self->p.sampled >> v & 1;
    liquidation_t *liquidation = &tape_queue (self, EVENT_LIQUIDATION, v, ts_ns)->record.liquidation;
    *liquidation = (liquidation_t){.ts_event_ns = ts_ns,
                                   .side = (int8_t) side,
                                   .price = tape_price_of (tick),
                                   .price_kind = LIQUIDATION_PX_FILL,
                                   .qty_coins = (double) qty / 1000,
                                   .coverage = is_sampled ? COVERAGE_SAMPLED : COVERAGE_COMPLETE};
    liquidation->notional_usd = liquidation->qty_coins * ((double) tick / 10);
}

static void
liquidation_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = tape_stream_of (v, LIQUIDATION);
    int side = tape_below (self, s, 2) ? 1 : -1;
    int64_t tick = self->price + tape_below (self, s, 101) - 50, qty = 1 + tape_below (self, s, 500);
    tape_queue_liquidation (self, v, ts_ns, side, tick, qty);
}

//  --- order

static void
add_instruments (tape_t *self)
{
    for (int v = 0; v < self->p.venues; v++) {
        instrument_t *record =
            &tape_queue (self, EVENT_INSTRUMENT, v, tape_start_ns (self))->record.instrument;
        *record = (instrument_t){.ts_event_ns = tape_start_ns (self),
                                 .multiplier = 1,
                                 .tick = {1, -1},
                                 .lot = {1, -3},
                                 .funding_interval_h = (double) tape_settle_s[v] / 3600};
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
    if (stream >= CASCADES) {
        tape_crowd_step (self, stream, ts_ms * NS_PER_MS);
        return;
    }
    if (stream >= HITS) {
        tape_trader_step (self, stream, ts_ms * NS_PER_MS);
        return;
    }
    int v = (stream - 1) / KINDS, kind = (stream - 1) % KINDS;
    int64_t ts_ns = ts_ms * NS_PER_MS, mean = interval (self, kind);
    void (*const steps[]) (tape_t *, int, int64_t) = {quote_step, trade_step, tape_book_step, mark_step,
                                                      oi_step};
    if (kind <= OI)
        steps[kind](self, v, ts_ns);
    else if (kind == LIQUIDATION)
        liquidation_step (self, v, ts_ns);
    else
        funding_step (self, v, ts_ns, kind == SETTLEMENT);
    if (kind == SETTLEMENT)
        self->next_ms[stream] += tape_settle_s[v] * 1000;
    else if (kind == TRADE && tape_below (self, stream, 4) == 0)
        self->next_ms[stream] += tape_below (self, stream, 40);
    else
        self->next_ms[stream] += 1 + tape_below (self, stream, 2 * mean - 1);
}

static bool
is_quiet (const tape_t *self, const event_t *event)
{
    int64_t into_ns = event->ts_recv_ns - tape_start_ns (self), minute_ns = MINUTE_S * NS_PER_S;
    return (self->p.quiet >> event->venue & 1) && into_ns >= self->p.quiet_from * minute_ns &&
           into_ns < self->p.quiet_to * minute_ns;
}

static bool
next_of_all (tape_t *self, event_t *out)
{
    while (self->queue_count == 0) {
        if (self->minute < self->minutes) {
            tape_history_step (self);
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

bool
tape_next (tape_t *self, event_t *out)
{
    while (next_of_all (self, out))
        if (!is_quiet (self, out))
            return true;
    return false;
}
