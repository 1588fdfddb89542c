#include "tests/support/transcript.h"

#include "common/base/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
transcript_add (transcript_t *self, const char *format, ...)
{
    char *line = malloc (TRANSCRIPT_LINE_MAX);
    CHECK (line);
    va_list arguments;
    va_start (arguments, format);
    (void) vsnprintf (line, TRANSCRIPT_LINE_MAX, format, arguments);
    va_end (arguments);
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 64;
        self->lines = mem_grow (self->lines, self->capacity * sizeof *self->lines);
    }
    self->lines[self->count++] = mem_text (line);
    free (line);
}

char *
transcript_padded (slice_t text)
{
    char *copy = calloc (1, text.size + JSON_PADDING_BYTES);
    CHECK (copy);
    if (text.size > 0)
        memcpy (copy, text.data, text.size);
    return copy;
}

uint32_t
transcript_channel (slice_t name)
{
    for (uint32_t kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (slice_is (name, event_kind_names[kind]))
            return 1u << kind;
    return 0;
}

static const char *
name_of (const transcript_t *self, int instrument)
{
    return instrument < 0 ? "-" : self->symbols->universe->names[instrument];
}

static const char *
number (double value, char *text)
{
    if (isnan (value))
        return "none";
    (void) snprintf (text, 32, "%.12g", value);
    return text;
}

static const char *
decimal (decimal_t value, char *text)
{
    (void) decimal_format (value, text);
    return text;
}

static void
write_flow (transcript_t *self, event_kind_t kind, const char *name, const void *any)
{
    char a[DECIMAL_TEXT_MAX], b[DECIMAL_TEXT_MAX], c[DECIMAL_TEXT_MAX], d[DECIMAL_TEXT_MAX];
    if (kind == EVENT_TRADE) {
        const trade_t *trade = any;
        transcript_add (self, "trade %s %lld %s %s %s x %s = %s", name, (long long) trade->ts_event_ns,
                        trade->id, trade->side > 0 ? "buy" : "sell", decimal (trade->price, a),
                        number (trade->qty_coins, b), number (trade->notional_usd, c));
    } else if (kind == EVENT_QUOTE) {
        const quote_t *quote = any;
        transcript_add (self, "quote %s %lld bid %s x %s ask %s x %s", name, (long long) quote->ts_event_ns,
                        decimal (quote->bid_px, a), number (quote->bid_qty_coins, b),
                        decimal (quote->ask_px, c), number (quote->ask_qty_coins, d));
    } else {
        static const char *const kinds[] = {"bankruptcy", "order", "fill"};
        const liquidation_t *liquidation = any;
        transcript_add (self, "liquidation %s %lld %s %s %s x %s = %s %s", name,
                        (long long) liquidation->ts_event_ns, liquidation->side > 0 ? "long" : "short",
                        kinds[liquidation->price_kind], decimal (liquidation->price, a),
                        number (liquidation->qty_coins, b), number (liquidation->notional_usd, c),
                        coverage_names[liquidation->coverage]);
    }
}

static void
write_level (transcript_t *self, event_kind_t kind, const char *name, const void *any)
{
    char a[DECIMAL_TEXT_MAX], b[DECIMAL_TEXT_MAX], c[DECIMAL_TEXT_MAX];
    if (kind == EVENT_FUNDING) {
        const funding_t *funding = any;
        bool has_next = !isnan (funding->rate_next);
        transcript_add (
            self, "funding %s %lld %s of %sh next %lld %s%s%s%s", name, (long long) funding->ts_event_ns,
            number (funding->rate, a), number (funding->interval_h, b), (long long) funding->ts_next_ns,
            funding->is_settled ? "settled" : "estimate", funding->is_backfilled ? " backfilled" : "",
            has_next ? " then " : "", has_next ? number (funding->rate_next, c) : "");
    } else if (kind == EVENT_OPEN_INTEREST) {
        const open_interest_t *oi = any;
        transcript_add (self, "open_interest %s %lld %s usd %s%s", name, (long long) oi->ts_event_ns,
                        number (oi->oi_coins, a), number (oi->oi_usd, b),
                        oi->is_backfilled ? " backfilled" : "");
    } else if (kind == EVENT_RATIO) {
        const ratio_t *ratio = any;
        transcript_add (self, "ratio %s %lld accounts %s top accounts %s top positions %s%s", name,
                        (long long) ratio->ts_event_ns, number (ratio->accounts_long, a),
                        number (ratio->top_accounts_long, b), number (ratio->top_positions_long, c),
                        ratio->is_backfilled ? " backfilled" : "");
    } else {
        const mark_t *mark = any;
        transcript_add (self, "%s %s %lld %s", event_kind_names[kind], name, (long long) mark->ts_event_ns,
                        number (mark->price_px, a));
    }
}

static void
write_bar (transcript_t *self, const char *name, const bar_t *bar)
{
    char o[32], h[32], l[32], c[32], coins[32], usd[32], taker[32];
    transcript_add (self, "bar %s %lld %ds %s %s %s %s coins %s usd %s taker %s trades %d%s%s", name,
                    (long long) bar->ts_event_ns, bar->interval_s, number (bar->open_px, o),
                    number (bar->high_px, h), number (bar->low_px, l), number (bar->close_px, c),
                    number (bar->volume_coins, coins), number (bar->volume_usd, usd),
                    number (bar->taker_buy_usd, taker), bar->trades_count,
                    bar->is_closed ? " closed" : " open", bar->is_backfilled ? " backfilled" : "");
}

static void
write_tiers (transcript_t *self, const char *name, const tier_update_t *tiers)
{
    char text[TIERS_MAX * 96], up_to[32], mmr[32], leverage[32], deduction[32];
    size_t size = 0;
    text[0] = 0;
    for (size_t i = 0; i < tiers->rows_count && size < sizeof text; i++) {
        const tier_t *row = &tiers->rows[i];
        size += (size_t) snprintf (text + size, sizeof text - size, " %s:%s:%s:%s",
                                   number (row->up_to, up_to), number (row->mmr, mmr),
                                   number (row->leverage_max, leverage), number (row->deduction, deduction));
    }
    transcript_add (self, "tiers %s %lld by %s%s", name, (long long) tiers->ts_event_ns,
                    tiers->is_by_coins ? "coins" : "usd", text);
}

static void
on_event (void *any, event_kind_t kind, int instrument, const void *record)
{
    transcript_t *self = any;
    const char *name = name_of (self, instrument);
    self->events_count++;
    if (kind == EVENT_TRADE || kind == EVENT_QUOTE || kind == EVENT_LIQUIDATION)
        write_flow (self, kind, name, record);
    else if (kind == EVENT_BAR)
        write_bar (self, name, record);
    else if (kind == EVENT_TIERS)
        write_tiers (self, name, record);
    else
        write_level (self, kind, name, record);
}

static size_t
write_side (char *out, size_t room, const native_level_t *levels, size_t count)
{
    char price[DECIMAL_TEXT_MAX], qty[DECIMAL_TEXT_MAX];
    size_t size = 0;
    for (size_t i = 0; i < count && size + 2 * DECIMAL_TEXT_MAX < room; i++)
        size += (size_t) snprintf (out + size, room - size, " %s@%s", decimal (levels[i].qty, qty),
                                   decimal (levels[i].price, price));
    out[size] = 0;
    return size;
}

static void
on_book (void *any, int instrument, const book_update_t *update)
{
    transcript_t *self = any;
    char checksum[32] = "", *bids = malloc (TRANSCRIPT_LINE_MAX / 2),
         *asks = malloc (TRANSCRIPT_LINE_MAX / 2);
    CHECK (bids && asks);
    self->events_count++;
    (void) write_side (bids, TRANSCRIPT_LINE_MAX / 2, update->bids, update->bids_count);
    (void) write_side (asks, TRANSCRIPT_LINE_MAX / 2, update->asks, update->asks_count);
    if (update->has_checksum)
        (void) snprintf (checksum, sizeof checksum, " checksum %d", (int) update->checksum);
    transcript_add (self, "book %s %lld %s %lld %lld %lld%s bids%s asks%s", name_of (self, instrument),
                    (long long) update->ts_event_ns, update->is_snapshot ? "snapshot" : "change",
                    (long long) update->first_seq, (long long) update->last_seq, (long long) update->prev_seq,
                    checksum, bids, asks);
    free (bids);
    free (asks);
}

static void
on_acknowledged (void *any, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    transcript_t *self = any;
    const char *kind = "-";
    for (uint32_t bit = 0; bit < EVENT_KIND_COUNT; bit++)
        if (channel == 1u << bit)
            kind = event_kind_names[bit];
    transcript_add (self, "%s %s %s%s%.*s", is_accepted ? "accepted" : "refused", kind,
                    name_of (self, instrument), text.size ? " " : "", (int) text.size, text.data);
}

static void
on_reply (void *any, slice_t text)
{
    transcript_add (any, "reply %.*s", (int) text.size, text.data);
}

static void
on_ignored (void *any, bool is_known, slice_t what)
{
    transcript_t *self = any;
    self->ignored_count++;
    transcript_add (self, "ignored %s %.*s", is_known ? "known" : "unknown", (int) what.size, what.data);
}

static void
on_unknown (void *any, slice_t contract)
{
    transcript_t *self = any;
    self->unknown_count++;
    transcript_add (self, "unknown_contract %.*s", (int) contract.size, contract.data);
}

static void
on_contract (void *any, int instrument, const contract_t *contract)
{
    transcript_t *self = any;
    const instrument_t *facts = &contract->facts;
    char a[32], b[32], c[DECIMAL_TEXT_MAX], d[DECIMAL_TEXT_MAX], e[32];
    self->contracts[instrument] = *contract;
    self->has_contract[instrument] = true;
    if (!contract->contract[0]) {
        transcript_add (self, "contract %s absent", name_of (self, instrument));
        return;
    }
    transcript_add (self, "contract %s %s %s x %s / %s tick %s lot %s every %sh %s-%s-%s",
                    name_of (self, instrument), contract->contract, contract->is_listed ? "listed" : "halted",
                    number (contract->multiplier, a), number (contract->price_divisor, b),
                    decimal (facts->tick, c), decimal (facts->lot, d), number (facts->funding_interval_h, e),
                    facts->base, facts->quote, facts->settle);
}

void
transcript_init (transcript_t *self, symbols_t *symbols)
{
    memset (self, 0, sizeof *self);
    self->symbols = symbols;
    self->sink = (event_sink_t){self,     on_event,   on_book,    on_acknowledged,
                                on_reply, on_ignored, on_unknown, on_contract};
}

void
transcript_clear (transcript_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free (self->lines[i]);
    self->count = self->events_count = self->ignored_count = self->unknown_count = 0;
    memset (self->has_contract, 0, sizeof self->has_contract);
}

void
transcript_commit (transcript_t *self)
{
    bool is_changed = false;
    for (size_t i = 0; i < UNIVERSE_MAX; i++)
        if (self->has_contract[i]) {
            self->symbols->contracts[i] = self->contracts[i];
            is_changed = true;
        }
    if (is_changed)
        symbols_index (self->symbols);
}

void
transcript_fini (transcript_t *self)
{
    transcript_clear (self);
    free (self->lines);
    self->lines = NULL;
    self->capacity = 0;
}
