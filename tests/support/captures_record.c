#include "tests/support/captures_record.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 1e-9

//  --- listening

static said_t *
say (captures_record_t *self, event_kind_t kind, int instrument, int64_t ts_ns)
{
    CHECK (self->count < SAID_MAX);
    said_t *said = &self->said[self->count++];
    memset (said, 0, sizeof *said);
    said->kind = kind;
    said->instrument = instrument;
    said->ts_ms = ts_ns == 0 ? self->recv_ms : ts_ns / NS_PER_MS; //  as the session stamps it
    self->events++;
    return said;
}

//  The index belongs to the pair, so all contracts of "BTC-USDT" share it; where names have no dashes it is
//  the contract's own.
static void
on_index (captures_record_t *self, int instrument, double price)
{
    const char *name = self->symbols->contracts[instrument].contract, *dash = strchr (name, '-');
    const char *end = dash ? strchr (dash + 1, '-') : NULL;
    self->tickers[instrument].index = price;
    for (size_t i = 0; i < self->symbols->universe->count && end; i++)
        if (strncmp (self->symbols->contracts[i].contract, name, (size_t) (end - name) + 1) == 0)
            self->tickers[i].index = price;
}

static void
on_ticker (captures_record_t *self, event_kind_t kind, int instrument, const void *record)
{
    const contract_t *contract = &self->symbols->contracts[instrument];
    ticker_state_t *ticker = &self->tickers[instrument];
    if (kind == EVENT_MARK)
        ticker->mark = ((const mark_t *) record)->price_px * contract->price_divisor;
    else if (kind == EVENT_INDEX)
        on_index (self, instrument, ((const mark_t *) record)->price_px * contract->price_divisor);
    else if (kind == EVENT_OPEN_INTEREST)
        ticker->oi = ((const open_interest_t *) record)->oi_coins / contract->multiplier;
    else if (kind == EVENT_FUNDING) {
        const funding_t *funding = record;
        ticker->rate = funding->rate;
        ticker->rate_next = funding->rate_next;
        ticker->next_ms = funding->ts_next_ns / NS_PER_MS;
    }
}

static void
on_event (void *any, event_kind_t kind, int instrument, const void *record)
{
    captures_record_t *self = any;
    said_t *said = say (self, kind, instrument, *(const int64_t *) record);
    if (kind == EVENT_TRADE)
        said->of.trade = *(const trade_t *) record;
    else if (kind == EVENT_QUOTE)
        said->of.quote = *(const quote_t *) record;
    else if (kind == EVENT_LIQUIDATION)
        said->of.liquidation = *(const liquidation_t *) record;
    else if (kind == EVENT_BAR)
        said->of.bar = *(const bar_t *) record;
    else {
        if (kind == EVENT_FUNDING)
            said->of.funding = *(const funding_t *) record;
        on_ticker (self, kind, instrument, record);
    }
}

static size_t
keep_levels (captures_record_t *self, const native_level_t *levels, size_t count)
{
    size_t first = self->levels_count;
    if (first + count > SAID_LEVELS_MAX) //  long REST answers have no stated result
        return 0;
    if (count > 0)
        memcpy (self->levels + first, levels, count * sizeof *levels);
    self->levels_count += count;
    return first;
}

static void
on_book (void *any, int instrument, const book_update_t *update)
{
    captures_record_t *self = any;
    said_t *said = say (self, EVENT_BOOK, instrument, update->ts_event_ns);
    bool is_kept = self->levels_count + update->bids_count + update->asks_count <= SAID_LEVELS_MAX;
    said->is_snapshot = update->is_snapshot;
    said->last_seq = update->last_seq;
    said->prev_seq = update->prev_seq;
    said->bids = is_kept ? keep_levels (self, update->bids, update->bids_count) : 0;
    said->asks = is_kept ? keep_levels (self, update->asks, update->asks_count) : 0;
    said->bids_count = is_kept ? update->bids_count : 0;
    said->asks_count = is_kept ? update->asks_count : 0;
}

static void
on_acknowledged (void *self, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    (void) channel;
    (void) instrument;
    (void) is_accepted;
    (void) text;
    ((captures_record_t *) self)->ignored++;
}

static void
on_text (void *self, slice_t text)
{
    (void) text;
    ((captures_record_t *) self)->ignored++;
}

static void
on_ignored (void *self, bool is_known, slice_t what)
{
    (void) is_known;
    on_text (self, what);
}

static void
on_contract (void *any, int instrument, const contract_t *contract)
{
    captures_record_t *self = any;
    self->contracts[instrument] = *contract;
    self->has_contract[instrument] = true;
}

void
captures_record_init (captures_record_t *self, const symbols_t *symbols)
{
    memset (self, 0, sizeof *self);
    self->symbols = symbols;
    self->sink =
        (event_sink_t){self, on_event, on_book, on_acknowledged, on_text, on_ignored, on_text, on_contract};
    captures_record_group (self);
}

void
captures_record_message (captures_record_t *self, int64_t recv_ms)
{
    self->recv_ms = recv_ms;
    self->count = self->levels_count = 0;
}

void
captures_record_group (captures_record_t *self)
{
    captures_record_message (self, 0);
    for (size_t i = 0; i < UNIVERSE_MAX; i++)
        self->tickers[i] = (ticker_state_t){NAN, NAN, NAN, NAN, NAN, 0};
}

//  --- comparing

typedef struct {
    captures_record_t *record;
    char *why;
    size_t capacity;
} judge_t;

static bool
is_near (double a, double b)
{
    return fabs (a - b) <= NEAR * fmax (1, fabs (b));
}

static bool
differ (judge_t *judge, const char *what, double said, double stated)
{
    (void) snprintf (judge->why, judge->capacity, "%s is %.12g, stated %.12g", what, said, stated);
    return false;
}

//  A stated number, where there is one.
static bool
agrees (judge_t *judge, json_cursor_t object, const char *key, double said)
{
    double stated;
    if (json_find_double (object, key, &stated) != OK || is_near (said, stated))
        return true;
    return differ (judge, key, said, stated);
}

//  Quantity in the venue's units.
static double
native_qty (const contract_t *contract, double coins, double coin_px)
{
    return (contract->facts.is_inverse ? coins * coin_px : coins) / contract->multiplier;
}

//  "2021-02-01T00:00:03.571Z" in ms; -1 when it is no time.
static int64_t
parse_time (slice_t text)
{
    char copy[32];
    int year, month, day, hour, minute, second, ms;
    if (slice_copy (text, copy, sizeof copy) != OK ||
        sscanf (copy, "%d-%d-%dT%d:%d:%d.%3dZ", &year, &month, &day, &hour, &minute, &second, &ms) != 7)
        return -1;
    //  Days since 1970 (Hinnant's civil calendar).
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
}

//  Venues give two times, of the engine and of the gateway; sources choose either.  They are within a second.
static bool
agrees_time (judge_t *judge, json_cursor_t object, int64_t said_ms)
{
    json_cursor_t value;
    slice_t text;
    int64_t stated_ms = -1;
    if (json_find (object, "timestamp", &value) != OK)
        return true;
    if (json_type (value) == JSON_TEXT && json_text (value, &text) == OK)
        stated_ms = parse_time (text);
    else
        (void) json_i64 (value, &stated_ms);
    return llabs (stated_ms - said_ms) <= 1000 ||
           differ (judge, "timestamp", (double) said_ms, (double) stated_ms);
}

//  The next unused event of a kind; NULL and the reason when there is none.
static said_t *
next_said (judge_t *judge, event_kind_t kind)
{
    for (size_t i = 0; i < judge->record->count; i++) {
        said_t *said = &judge->record->said[i];
        if (said->kind == kind && !said->is_used) {
            said->is_used = true;
            return said;
        }
    }
    (void) snprintf (judge->why, judge->capacity, "no %s was said", event_kind_names[kind]);
    return NULL;
}

static const contract_t *
contract_of (const judge_t *judge, const said_t *said)
{
    return &judge->record->symbols->contracts[said->instrument];
}

static bool
agrees_symbol (judge_t *judge, json_cursor_t object, const char *contract)
{
    slice_t symbol;
    if (json_find_text (object, "symbol", &symbol) != OK || slice_is (symbol, contract) ||
        slice_is (symbol, "ALL"))
        return true;
    (void) snprintf (judge->why, judge->capacity, "symbol is %s, stated %.*s", contract, (int) symbol.size,
                     symbol.data);
    return false;
}

//  A price x quantity of ours against price, amount and the three quantities.
static bool
agrees_amounts (judge_t *judge, json_cursor_t object, const contract_t *contract, double coin_px,
                double coins, const char *prefix)
{
    char key[48];
    double native = native_qty (contract, coins, coin_px);
    struct {
        const char *name;
        double value;
    } values[] = {{"price", coin_px * contract->price_divisor},
                  {"quantity_base", coins},
                  {"quantity_quote", coins * coin_px},
                  {"quantity_contract", native}};
    for (size_t i = 0; i < COUNT_OF (values); i++) {
        (void) snprintf (key, sizeof key, "%s%s", prefix, values[i].name);
        if (!agrees (judge, object, key, values[i].value))
            return false;
    }
    return *prefix || agrees (judge, object, "amount", native);
}

//  long_word: the word for side +1.
static bool
agrees_side (judge_t *judge, json_cursor_t object, int8_t said, const char *up_word)
{
    slice_t side;
    if (json_find_text (object, "side", &side) != OK)
        return true;
    bool is_up = slice_is (side, up_word);
    return is_up == (said > 0) || differ (judge, "side", said, is_up ? 1 : -1);
}

static bool
is_trade (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_TRADE);
    slice_t id;
    if (!said)
        return false;
    const trade_t *trade = &said->of.trade;
    const contract_t *contract = contract_of (judge, said);
    if (json_find_text (stated, "id", &id) == OK && !slice_is (id, trade->id))
        return differ (judge, "id", atof (trade->id), 0);
    return agrees_symbol (judge, stated, contract->contract) && agrees_time (judge, stated, said->ts_ms) &&
           agrees_side (judge, stated, trade->side, "buy") &&
           agrees_amounts (judge, stated, contract, decimal_to_double (trade->price), trade->qty_coins, "");
}

//  tardis: "sell" when a long was liquidated.
static bool
is_liquidation (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_LIQUIDATION);
    if (!said)
        return false;
    const liquidation_t *liquidation = &said->of.liquidation;
    const contract_t *contract = contract_of (judge, said);
    return agrees_symbol (judge, stated, contract->contract) && agrees_time (judge, stated, said->ts_ms) &&
           agrees_side (judge, stated, liquidation->side, "sell") &&
           agrees_amounts (judge, stated, contract, decimal_to_double (liquidation->price),
                           liquidation->qty_coins, "");
}

static bool
is_quote (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_QUOTE);
    if (!said)
        return false;
    const contract_t *contract = contract_of (judge, said);
    double bid = decimal_to_double (said->of.quote.bid_px), ask = decimal_to_double (said->of.quote.ask_px);
    double bid_coins = said->of.quote.bid_qty_coins, ask_coins = said->of.quote.ask_qty_coins;
    return agrees_symbol (judge, stated, contract->contract) && agrees_time (judge, stated, said->ts_ms) &&
           agrees (judge, stated, "bidPrice", bid * contract->price_divisor) &&
           agrees (judge, stated, "askPrice", ask * contract->price_divisor) &&
           agrees (judge, stated, "bidAmount", native_qty (contract, bid_coins, bid)) &&
           agrees (judge, stated, "askAmount", native_qty (contract, ask_coins, ask)) &&
           agrees_amounts (judge, stated, contract, bid, bid_coins, "bid_") &&
           agrees_amounts (judge, stated, contract, ask, ask_coins, "ask_");
}

//  tardis: every stated level is there with its amount, in any order, and no other.
static bool
is_side (judge_t *judge, json_cursor_t stated, const native_level_t *levels, size_t count, const char *name)
{
    json_cursor_t list, level;
    size_t stated_count = 0;
    if (json_find (stated, name, &list) != OK)
        return true;
    while (json_next (list, &level)) {
        double price = NAN, amount = NAN, found = NAN;
        (void) json_find_double (level, "price", &price);
        (void) json_find_double (level, "amount", &amount);
        for (size_t i = 0; i < count; i++)
            if (is_near (decimal_to_double (levels[i].price), price))
                found = decimal_to_double (levels[i].qty);
        if (!(is_near (found, amount)))
            return differ (judge, name, found, amount);
        stated_count++;
    }
    return stated_count == count || differ (judge, name, (double) count, (double) stated_count);
}

static bool
is_book_change (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_BOOK);
    bool is_snapshot = false;
    if (!said)
        return false;
    const native_level_t *levels = judge->record->levels;
    (void) json_find_bool (stated, "isSnapshot", &is_snapshot);
    if (is_snapshot != said->is_snapshot)
        return differ (judge, "isSnapshot", said->is_snapshot, is_snapshot);
    return agrees_symbol (judge, stated, contract_of (judge, said)->contract) &&
           agrees_time (judge, stated, said->ts_ms) &&
           is_side (judge, stated, levels + said->bids, said->bids_count, "bids") &&
           is_side (judge, stated, levels + said->asks, said->asks_count, "asks");
}

//  tardis: the values so far, those that are null left out; lastPrice is no event of ours.
static bool
is_derivative_ticker (judge_t *judge, json_cursor_t stated)
{
    slice_t symbol, time;
    if (json_find_text (stated, "symbol", &symbol) != OK)
        return false;
    int instrument = symbols_find (judge->record->symbols, symbol);
    if (instrument < 0) {
        (void) snprintf (judge->why, judge->capacity, "no contract %.*s", (int) symbol.size, symbol.data);
        return false;
    }
    for (size_t i = 0; i < judge->record->count; i++)
        if (judge->record->said[i].kind >= EVENT_MARK && judge->record->said[i].kind <= EVENT_OPEN_INTEREST)
            judge->record->said[i].is_used = true;
    const ticker_state_t *ticker = &judge->record->tickers[instrument];
    if (json_find_text (stated, "fundingTimestamp", &time) == OK && parse_time (time) != ticker->next_ms)
        return differ (judge, "fundingTimestamp", (double) ticker->next_ms, (double) parse_time (time));
    return agrees (judge, stated, "markPrice", ticker->mark) &&
           agrees (judge, stated, "indexPrice", ticker->index) &&
           agrees (judge, stated, "fundingRate", ticker->rate) &&
           agrees (judge, stated, "openInterest", ticker->oi) &&
           agrees (judge, stated, "predictedFundingRate", ticker->rate_next);
}

//  crypto-msg-parser: the number of levels, and some of them under their place, which the source sorts or
//  leaves as it came: they are looked up by price.
static bool
is_counted_side (judge_t *judge, json_cursor_t stated, const said_t *said, bool is_asks)
{
    char key[24];
    json_cursor_t side, level;
    size_t count = is_asks ? said->asks_count : said->bids_count;
    const native_level_t *levels = judge->record->levels + (is_asks ? said->asks : said->bids);
    const contract_t *contract = contract_of (judge, said);
    if (!agrees (judge, stated, is_asks ? "asks_len" : "bids_len", (double) count))
        return false;
    if (json_find (stated, is_asks ? "asks" : "bids", &side) != OK)
        return true;
    for (size_t place = 0; place < count; place++) {
        double price = NAN;
        size_t at = 0;
        (void) snprintf (key, sizeof key, "%zu", place);
        if (json_find (side, key, &level) != OK)
            continue;
        (void) json_find_double (level, "price", &price);
        while (at < count && !is_near (decimal_to_double (levels[at].price), price))
            at++;
        if (at == count)
            return differ (judge, "level", NAN, price);
        double px = decimal_to_double (levels[at].price) / contract->price_divisor;
        double units = decimal_to_double (levels[at].qty) * contract->multiplier;
        if (!agrees_amounts (judge, level, contract, px, contract->facts.is_inverse ? units / px : units, ""))
            return false;
    }
    return true;
}

static bool
is_l2 (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_BOOK);
    bool is_snapshot = false;
    if (!said)
        return false;
    if (json_find_bool (stated, "snapshot", &is_snapshot) == OK && is_snapshot != said->is_snapshot)
        return differ (judge, "snapshot", said->is_snapshot, is_snapshot);
    return agrees_symbol (judge, stated, contract_of (judge, said)->contract) &&
           agrees_time (judge, stated, said->ts_ms) &&
           agrees (judge, stated, "seq_id", (double) said->last_seq) &&
           agrees (judge, stated, "prev_seq_id", (double) said->prev_seq) &&
           is_counted_side (judge, stated, said, true) && is_counted_side (judge, stated, said, false);
}

static bool
is_candlestick (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_BAR);
    if (!said)
        return false;
    const bar_t *bar = &said->of.bar;
    double begin_s = (double) (bar->ts_event_ns / NS_PER_S - bar->interval_s);
    return agrees_symbol (judge, stated, contract_of (judge, said)->contract) &&
           agrees (judge, stated, "begin_time", begin_s) && agrees (judge, stated, "open", bar->open_px) &&
           agrees (judge, stated, "high", bar->high_px) && agrees (judge, stated, "low", bar->low_px) &&
           agrees (judge, stated, "close", bar->close_px) &&
           agrees (judge, stated, "volume", bar->volume_coins) &&
           agrees (judge, stated, "quote_volume", bar->volume_usd);
}

static bool
is_funding_rate (judge_t *judge, json_cursor_t stated)
{
    said_t *said = next_said (judge, EVENT_FUNDING);
    if (!said)
        return false;
    for (size_t i = 0; i < judge->record->count; i++) //  frames of the mark price bring the rest along
        if (judge->record->said[i].kind == EVENT_MARK || judge->record->said[i].kind == EVENT_INDEX)
            judge->record->said[i].is_used = true;
    return agrees_symbol (judge, stated, contract_of (judge, said)->contract) &&
           agrees_time (judge, stated, said->ts_ms) &&
           agrees (judge, stated, "funding_rate", said->of.funding.rate) &&
           agrees (judge, stated, "estimated_rate", said->of.funding.rate_next) &&
           agrees (judge, stated, "funding_time", (double) (said->of.funding.ts_next_ns / NS_PER_MS));
}

static const struct {
    const char *type;
    bool (*is) (judge_t *, json_cursor_t);
} types[] = {
    {"trade", is_trade},
    {"liquidation", is_liquidation},
    {"book_ticker", is_quote},
    {"book_change", is_book_change},
    {"derivative_ticker", is_derivative_ticker},
    {"l2", is_l2},
    {"l2_topk", is_l2},
    {"l2_snapshot", is_l2},
    {"bbo", is_quote},
    {"candlestick", is_candlestick},
    {"funding_rate", is_funding_rate},
};

//  Values that later messages of the group state; a source may hold them back until then.
static bool
is_state (event_kind_t kind)
{
    return kind >= EVENT_MARK && kind <= EVENT_OPEN_INTEREST;
}

bool
captures_record_is (captures_record_t *self, slice_t schema, json_cursor_t expect, char *why, size_t capacity)
{
    judge_t judge = {self, why, capacity};
    json_cursor_t stated;
    (void) schema;
    why[0] = 0;
    while (json_next (expect, &stated)) {
        slice_t type = {"", 0};
        bool is_known = false;
        (void) json_find_text (stated, "type", &type);
        for (size_t i = 0; i < COUNT_OF (types) && !is_known; i++)
            if (slice_is (type, types[i].type)) {
                is_known = true;
                if (!types[i].is (&judge, stated))
                    return false;
            }
        if (!is_known) {
            (void) snprintf (why, capacity, "results of type %.*s are not compared", (int) type.size,
                             type.data);
            return false;
        }
    }
    for (size_t i = 0; i < self->count; i++)
        if (!self->said[i].is_used && !is_state (self->said[i].kind)) {
            (void) snprintf (why, capacity, "%s was said, nothing of it is stated",
                             event_kind_names[self->said[i].kind]);
            return false;
        }
    return true;
}
