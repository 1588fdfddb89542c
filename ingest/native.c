#include "ingest/native.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TS_MAX_MS    INT64_C (4102444800000) //  2100
#define PX_MAX       1e12
#define QTY_MAX      1e18
#define LEVERAGE_MAX 1000

//  --- one frame or answer being read

int
native_open (native_t *self, json_document_t *json, slice_t text, const symbols_t *symbols, event_sink_t *out,
             error_text_t *error, json_cursor_t *root)
{
    *self = (native_t){.json = json, .symbols = symbols, .out = out, .error = error, .instrument = -1};
    (void) json_open (json, text, root);
    return native_finish (self);
}

int
native_finish (native_t *self)
{
    int status = json_finish (self->json);
    return status == OK ? OK : error_set (self->error, status, "%s", json_error (self->json));
}

int
native_fail (native_t *self, int status, const char *what)
{
    return error_set (self->error, status, "%s", what);
}

bool
native_select (native_t *self, slice_t contract)
{
    self->instrument = symbols_find (self->symbols, contract);
    if (self->instrument < 0) {
        self->out->unknown_contract (self->out->self, contract);
        return false;
    }
    self->contract = &self->symbols->contracts[self->instrument];
    return true;
}

bool
native_select_key (native_t *self, json_cursor_t object, const char *key)
{
    slice_t contract;
    return json_need_text (object, key, &contract) == OK && native_select (self, contract);
}

int
native_select_request (native_t *self, const request_t *request)
{
    int instrument = request->instrument;
    if (instrument < 0 || (size_t) instrument >= self->symbols->universe->count ||
        !self->symbols->contracts[instrument].is_listed)
        return native_fail (self, E_RANGE, "an answer for an instrument that is not listed");
    self->instrument = instrument;
    self->contract = &self->symbols->contracts[instrument];
    self->is_backfill = request->kind >= REQUEST_BACKFILL_BARS && request->kind <= REQUEST_BACKFILL_OI;
    self->bar_interval_s = request->kind == REQUEST_BACKFILL_BARS ? 60 : 900;
    return OK;
}

//  --- units

//  Places a price moves in a scaled contract: its scale is a power of ten.
static int
places_of (double scale)
{
    return scale > 1 ? (int) lround (log10 (scale)) : 0;
}

//  A scaled contract's price, exactly.
static int
coin_price (native_t *self, decimal_t price, decimal_t *out)
{
    int exponent = price.exponent - places_of (self->contract->price_divisor);
    if (price.mantissa <= 0 || exponent < DECIMAL_EXPONENT_MIN || decimal_to_double (price) > PX_MAX)
        return native_fail (self, E_RANGE, "a price out of range");
    *out = (decimal_t){price.mantissa, (int8_t) exponent};
    return OK;
}

//  Coins in a native quantity at a price of one coin.
static double
coins_of (const contract_t *contract, double qty, double coin_px)
{
    double units = qty * contract->multiplier;
    return contract->facts.is_inverse ? units / coin_px : units;
}

//  Before a record is built: was all of it there, and is its time one?
static int
begin_record (native_t *self, int64_t ts_ms)
{
    int status = native_finish (self);
    if (status != OK)
        return status;
    CHECK (self->contract);
    return ts_ms > 0 && ts_ms < TS_MAX_MS ? OK : native_fail (self, E_RANGE, "a time out of range");
}

static int
check_price (native_t *self, double price)
{
    return price > 0 && price <= PX_MAX ? OK : native_fail (self, E_RANGE, "a price out of range");
}

static int
check_qty (native_t *self, double qty)
{
    return qty >= 0 && qty <= QTY_MAX ? OK : native_fail (self, E_RANGE, "a quantity out of range");
}

static void
emit (native_t *self, event_kind_t kind, const void *record)
{
    self->out->event (self->out->self, kind, self->instrument, record);
}

//  --- records

int
native_trade (native_t *self, int64_t ts_ms, slice_t id, decimal_t price, double qty, int8_t side)
{
    trade_t trade = {.ts_event_ns = 0, .side = side};
    int status = begin_record (self, ts_ms);
    if (status == OK)
        status = coin_price (self, price, &trade.price);
    if (status != OK)
        return status;
    double coin_px = decimal_to_double (trade.price);
    trade.ts_event_ns = ts_ms * NS_PER_MS;
    trade.qty_coins = coins_of (self->contract, qty, coin_px);
    trade.notional_usd = trade.qty_coins * coin_px;
    (void) slice_copy (id, trade.id, sizeof trade.id);
    status = check_qty (self, trade.qty_coins);
    if (status == OK)
        status = check_qty (self, trade.notional_usd);
    if (status == OK)
        emit (self, EVENT_TRADE, &trade);
    return status;
}

int
native_quote (native_t *self, int64_t ts_ms, native_level_t bid, native_level_t ask)
{
    quote_t quote = {.ts_event_ns = 0};
    int status = begin_record (self, ts_ms);
    if (status == OK)
        status = coin_price (self, bid.price, &quote.bid_px);
    if (status == OK)
        status = coin_price (self, ask.price, &quote.ask_px);
    if (status != OK)
        return status;
    quote.ts_event_ns = ts_ms * NS_PER_MS;
    quote.bid_qty_coins =
        coins_of (self->contract, decimal_to_double (bid.qty), decimal_to_double (quote.bid_px));
    quote.ask_qty_coins =
        coins_of (self->contract, decimal_to_double (ask.qty), decimal_to_double (quote.ask_px));
    status = check_qty (self, quote.bid_qty_coins);
    if (status == OK)
        status = check_qty (self, quote.ask_qty_coins);
    if (status == OK)
        emit (self, EVENT_QUOTE, &quote);
    return status;
}

int
native_price (native_t *self, event_kind_t kind, int64_t ts_ms, double price)
{
    int status = begin_record (self, ts_ms);
    if (status != OK)
        return status;
    mark_t mark = {.ts_event_ns = ts_ms * NS_PER_MS, .price_px = price / self->contract->price_divisor};
    status = check_price (self, mark.price_px);
    if (status == OK)
        emit (self, kind, &mark);
    return status;
}

int
native_funding (native_t *self, int64_t ts_ms, double rate, double rate_next, int64_t next_ms,
                double interval_h, bool is_settled)
{
    int status = ts_ms == 0 && !is_settled ? native_finish (self) : begin_record (self, ts_ms);
    if (status != OK)
        return status;
    if (isnan (rate) && (is_settled || isnan (rate_next)))
        return native_fail (self, E_SYNTAX, "a funding without a rate");
    if (fabs (rate) > 1 || fabs (rate_next) > 1 || next_ms < 0 || next_ms >= TS_MAX_MS || interval_h < 0 ||
        interval_h > 24)
        return native_fail (self, E_RANGE, "a funding rate out of range");
    funding_t funding = {.ts_event_ns = ts_ms * NS_PER_MS,
                         .rate = rate,
                         .interval_h = interval_h > 0 ? interval_h : self->contract->facts.funding_interval_h,
                         .ts_next_ns = next_ms * NS_PER_MS,
                         .is_settled = is_settled,
                         .is_backfilled = self->is_backfill,
                         .rate_next = rate_next};
    emit (self, EVENT_FUNDING, &funding);
    return OK;
}

int
native_open_interest (native_t *self, int64_t ts_ms, double qty, double usd, double price)
{
    int status = begin_record (self, ts_ms);
    if (status != OK)
        return status;
    const contract_t *contract = self->contract;
    open_interest_t oi = {
        .ts_event_ns = ts_ms * NS_PER_MS, .oi_usd = usd, .is_backfilled = self->is_backfill};
    double coin_px = price / contract->price_divisor;
    if (contract->facts.is_inverse && isnan (usd))
        oi.oi_usd = qty * contract->multiplier;
    if (contract->facts.is_inverse && isnan (price))
        return native_fail (self, E_RANGE, "an open interest in dollars without a price");
    oi.oi_coins = coins_of (contract, qty, coin_px);
    if (isnan (oi.oi_usd))
        oi.oi_usd = oi.oi_coins * coin_px;
    status = check_qty (self, oi.oi_coins);
    if (status == OK && !isnan (oi.oi_usd))
        status = check_qty (self, oi.oi_usd);
    if (status == OK)
        emit (self, EVENT_OPEN_INTEREST, &oi);
    return status;
}

int
native_liquidation (native_t *self, int64_t ts_ms, int8_t side, decimal_t price, liquidation_px_t price_kind,
                    double qty, coverage_t coverage)
{
    liquidation_t liquidation = {
        .side = side, .price_kind = (int32_t) price_kind, .coverage = (int32_t) coverage};
    int status = begin_record (self, ts_ms);
    if (status == OK)
        status = coin_price (self, price, &liquidation.price);
    if (status != OK)
        return status;
    double coin_px = decimal_to_double (liquidation.price);
    liquidation.ts_event_ns = ts_ms * NS_PER_MS;
    liquidation.qty_coins = coins_of (self->contract, qty, coin_px);
    liquidation.notional_usd = liquidation.qty_coins * coin_px;
    status = check_qty (self, liquidation.qty_coins);
    if (status == OK)
        status = check_qty (self, liquidation.notional_usd);
    if (status == OK)
        emit (self, EVENT_LIQUIDATION, &liquidation);
    return status;
}

int
native_bar (native_t *self, const bar_t *native)
{
    int status = begin_record (self, native->ts_event_ns / NS_PER_MS);
    if (status != OK)
        return status;
    bar_t bar = *native;
    double divisor = self->contract->price_divisor;
    double *prices[] = {&bar.open_px, &bar.high_px, &bar.low_px, &bar.close_px};
    for (size_t i = 0; i < COUNT_OF (prices); i++) {
        *prices[i] /= divisor;
        status = check_price (self, *prices[i]);
        if (status != OK)
            return status;
    }
    bar.volume_coins *= divisor; //  of a scaled contract
    bar.is_backfilled = self->is_backfill;
    status = check_qty (self, bar.volume_coins);
    if (status == OK)
        status = check_qty (self, bar.volume_usd);
    if (status == OK && !isnan (bar.taker_buy_usd))
        status = check_qty (self, bar.taker_buy_usd);
    if (status == OK)
        emit (self, EVENT_BAR, &bar);
    return status;
}

int
native_ratio (native_t *self, int64_t ts_ms, double accounts_long, double top_accounts_long,
              double top_positions_long)
{
    int status = begin_record (self, ts_ms);
    if (status != OK)
        return status;
    const double shares[] = {accounts_long, top_accounts_long, top_positions_long};
    size_t told = 0;
    for (size_t i = 0; i < COUNT_OF (shares); i++) {
        told += isnan (shares[i]) ? 0 : 1;
        if (shares[i] < 0 || shares[i] > 1)
            return native_fail (self, E_RANGE, "a share of longs out of range");
    }
    if (told == 0)
        return native_fail (self, E_SYNTAX, "a ratio without a share");
    ratio_t ratio = {.ts_event_ns = ts_ms * NS_PER_MS,
                     .accounts_long = accounts_long,
                     .top_accounts_long = top_accounts_long,
                     .top_positions_long = top_positions_long,
                     .is_backfilled = self->is_backfill};
    emit (self, EVENT_RATIO, &ratio);
    return OK;
}

static int
compare_tiers (const void *a, const void *b)
{
    double x = ((const tier_t *) a)->up_to, y = ((const tier_t *) b)->up_to;
    return (x > y) - (x < y);
}

int
native_tiers (native_t *self, int64_t ts_ms, bool is_by_coins, tier_t rows[], size_t count)
{
    int status = ts_ms == 0 ? native_finish (self) : begin_record (self, ts_ms);
    if (status != OK)
        return status;
    if (count == 0)
        return native_fail (self, E_RANGE, "a table without tiers");
    for (size_t i = 0; i < count; i++) {
        tier_t *row = rows + i;
        if (is_by_coins)
            row->up_to *= self->contract->multiplier;
        bool is_sound = row->up_to > 0 && row->up_to <= QTY_MAX && row->mmr > 0 && row->mmr <= 1 &&
                        row->leverage_max >= 1 && row->leverage_max <= LEVERAGE_MAX;
        if (!is_sound || row->deduction < 0 || row->deduction > QTY_MAX)
            return native_fail (self, E_RANGE, "a tier out of range");
    }
    qsort (rows, count, sizeof *rows, compare_tiers);
    if (count > TIERS_MAX)
        self->out->ignored (self->out->self, true, slice_of ("tiers above those kept"));
    tier_update_t tiers = {.ts_event_ns = ts_ms * NS_PER_MS,
                           .rows = rows,
                           .rows_count = count > TIERS_MAX ? TIERS_MAX : count,
                           .is_by_coins = is_by_coins};
    emit (self, EVENT_TIERS, &tiers);
    return OK;
}

const bar_t *
native_bar_times (bar_t *bar, int64_t start_ms, int64_t last_ms, int64_t trades_count)
{
    const int64_t longest_ms = INT64_C (32) * 24 * 3600 * MS_PER_S; //  a month
    bool is_time = start_ms > 0 && start_ms < TS_MAX_MS && last_ms < TS_MAX_MS;
    if (is_time && last_ms < 0)
        last_ms = start_ms + bar->interval_s * MS_PER_S - 1;
    is_time = is_time && last_ms - start_ms >= MS_PER_S - 1 && last_ms - start_ms < longest_ms;
    bar->ts_event_ns = is_time ? (last_ms + 1) * NS_PER_MS : 0; //  0 is refused by native_bar
    bar->interval_s = is_time ? (int32_t) ((last_ms + 1 - start_ms) / MS_PER_S) : 0;
    bar->trades_count = trades_count >= 0 && trades_count < INT32_MAX ? (int32_t) trades_count : -1;
    return bar;
}

//  --- books

int
native_level (native_t *self, json_cursor_t row, native_level_t *level)
{
    json_cursor_t value;
    int status = E_SYNTAX;
    if (json_next (row, &value) && json_decimal (value, &level->price) == OK && json_next (row, &value))
        status = json_decimal (value, &level->qty);
    if (status != OK)
        return native_finish (self) != OK ? json_finish (self->json)
                                          : native_fail (self, E_SYNTAX, "a level without price or quantity");
    if (level->price.mantissa <= 0 || level->qty.mantissa < 0)
        return native_fail (self, E_RANGE, "a level out of range");
    return OK;
}

static int
read_levels (native_t *self, json_cursor_t array, native_level_t *levels, size_t *count)
{
    json_cursor_t row;
    *count = 0;
    while (json_next (array, &row)) {
        if (*count == BOOK_LEVELS_MAX)
            return native_fail (self, E_RANGE, "too many levels");
        int status = native_level (self, row, &levels[(*count)++]);
        if (status != OK)
            return status;
    }
    return native_finish (self);
}

int
native_book (native_t *self, int64_t ts_ms, book_update_t *update, json_cursor_t bids, json_cursor_t asks)
{
    native_level_t levels[2][BOOK_LEVELS_MAX]; //  only the pages that are used are ever touched
    int status = begin_record (self, ts_ms);
    if (status == OK)
        status = read_levels (self, bids, levels[0], &update->bids_count);
    if (status == OK)
        status = read_levels (self, asks, levels[1], &update->asks_count);
    if (status != OK)
        return status;
    update->ts_event_ns = ts_ms * NS_PER_MS;
    update->bids = levels[0];
    update->asks = levels[1];
    self->out->book (self->out->self, self->instrument, update);
    update->bids = update->asks = NULL;
    return OK;
}

int
native_quote_of (native_t *self, int64_t ts_ms, json_cursor_t bids, json_cursor_t asks)
{
    json_cursor_t bid_row, ask_row;
    native_level_t bid, ask;
    int status = native_finish (self);
    if (status != OK)
        return status;
    if (!json_next (bids, &bid_row) || !json_next (asks, &ask_row)) {
        self->out->ignored (self->out->self, true, slice_of ("a quote with an empty side"));
        return native_finish (self);
    }
    status = native_level (self, bid_row, &bid);
    if (status == OK)
        status = native_level (self, ask_row, &ask);
    return status == OK ? native_quote (self, ts_ms, bid, ask) : status;
}

int
native_row (native_t *self, json_cursor_t row, json_cursor_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!json_next (row, &values[i]))
            return native_finish (self) != OK ? json_finish (self->json)
                                              : native_fail (self, E_SYNTAX, "a row that is too short");
    return OK;
}

int
native_rows (native_t *self, json_cursor_t array, native_order_t order,
             int (*row) (native_t *, json_cursor_t))
{
    json_cursor_t rows[NATIVE_ROWS_MAX];
    size_t count = 0;
    while (count < NATIVE_ROWS_MAX && json_next (array, &rows[count]))
        count++;
    int status = native_finish (self);
    for (size_t i = 0; i < count && status == OK; i++)
        status = row (self, rows[order == NATIVE_OLDEST_FIRST ? i : count - 1 - i]);
    return status == OK ? native_finish (self) : status;
}

//  --- subscribing

//  What a frame asks for, in a number: the venue echoes it.
static int64_t
tag_pack (uint32_t bits, int first, int count, bool is_on)
{
    return ((int64_t) is_on << 32) | ((int64_t) bits << 16) | ((int64_t) first << 8) | (int64_t) (count - 1);
}

typedef struct {
    const native_feed_t *feed;
    text_sink_t *out;
    bool is_on;
    uint32_t bits;
    int first, last; //  instruments in it
    int topics;
    size_t size;
    char text[SUBSCRIBE_TEXT_MAX];
} frame_t;

static void
frame_send (frame_t *self)
{
    if (self->topics == 0)
        return;
    int64_t tag = tag_pack (self->bits, self->first, self->last - self->first + 1, self->is_on);
    char tail[128];
    int size = snprintf (tail, sizeof tail, self->feed->tail, (long long) tag);
    CHECK (size >= 0 && (size_t) size < sizeof tail && self->size + (size_t) size <= sizeof self->text);
    memcpy (self->text + self->size, tail, (size_t) size);
    self->out->text (self->out->self, (slice_t){self->text, self->size + (size_t) size});
    self->topics = 0;
}

static void
frame_add (frame_t *self, const native_topic_t *topic, const char *name, int instrument)
{
    if (self->topics == 0) {
        const char *head = self->is_on ? self->feed->head_on : self->feed->head_off;
        self->size = strlen (head);
        memcpy (self->text, head, self->size);
        self->first = instrument;
    } else {
        self->text[self->size++] = ',';
    }
    size_t room = sizeof self->text - self->size;
    int size = snprintf (self->text + self->size, room, topic->format, name);
    CHECK (size >= 0 && (size_t) size < room);
    self->size += (size_t) size;
    self->last = instrument;
    self->topics++;
}

//  The contract's name as a topic spells it.
static void
spell (const native_topic_t *topic, const contract_t *contract, char *out, size_t capacity)
{
    if (topic->of == TOPIC_OF_PAIR) {
        (void) snprintf (out, capacity, "%s-%s", contract->facts.base, contract->facts.quote);
        return;
    }
    (void) slice_copy (slice_of (contract->contract), out, capacity);
    for (char *at = out; topic->of == TOPIC_OF_LOWER && *at; at++)
        *at = (char) tolower ((unsigned char) *at);
}

//  A topic for all instruments goes out whatever the range, and off only with the whole universe.
static bool
is_topic_wanted (const native_topic_t *topic, const frame_t *frame, bool is_once_due)
{
    return (topic->channels & frame->bits) != 0 && (topic->of != TOPIC_OF_VENUE || is_once_due);
}

int
native_subscribe (const native_feed_t *feed, const symbols_t *symbols, uint32_t bits, int first, int count,
                  bool is_on, text_sink_t *out)
{
    frame_t frame = {.feed = feed, .out = out, .is_on = is_on, .bits = bits};
    bool is_once_due = is_on || (first == 0 && count == (int) symbols->universe->count);
    CHECK (first >= 0 && count >= 0 && (size_t) (first + count) <= symbols->universe->count);
    for (int instrument = first; instrument < first + count; instrument++) {
        const contract_t *contract = &symbols->contracts[instrument];
        if (!contract->is_listed)
            continue;
        int wanted = 0;
        for (size_t i = 0; i < feed->topics_count; i++)
            wanted += is_topic_wanted (&feed->topics[i], &frame, is_once_due);
        if (frame.topics + wanted > feed->most || frame.size > SUBSCRIBE_TEXT_MAX / 2)
            frame_send (&frame);
        for (size_t i = 0; i < feed->topics_count; i++) {
            if (!is_topic_wanted (&feed->topics[i], &frame, is_once_due))
                continue;
            char name[CONTRACT_NAME_MAX];
            spell (&feed->topics[i], contract, name, sizeof name);
            frame_add (&frame, &feed->topics[i], name, instrument);
        }
        is_once_due = false;
    }
    frame_send (&frame);
    return OK;
}

void
native_acknowledge (native_t *self, int64_t tag, bool is_accepted, slice_t text)
{
    int first = (int) (tag >> 8) & 0xFF, count = (int) (tag & 0xFF) + 1;
    uint32_t bits = (uint32_t) (tag >> 16) & 0xFFFF;
    if (tag < 0 || tag >> 33 || (size_t) (first + count) > self->symbols->universe->count || bits == 0 ||
        bits >> EVENT_KIND_COUNT) {
        self->out->acknowledged (self->out->self, 0, -1, is_accepted, text);
        return;
    }
    if (!(tag >> 32)) { //  of an unsubscription
        self->out->ignored (self->out->self, true, text);
        return;
    }
    int told = 0;
    for (int instrument = first; instrument < first + count; instrument++)
        for (uint32_t bit = 1; bit <= bits && self->symbols->contracts[instrument].is_listed; bit <<= 1)
            if (bits & bit) {
                self->out->acknowledged (self->out->self, bit, instrument, is_accepted, text);
                told++;
            }
    if (told == 0) //  delisted since
        self->out->ignored (self->out->self, true, text);
}

//  --- requests

int
native_request (request_sink_t *out, request_kind_t kind, int instrument, int32_t weight, const char *format,
                ...)
{
    request_t request = {.kind = kind, .instrument = instrument, .weight = weight};
    va_list arguments;
    va_start (arguments, format);
    int size = vsnprintf (request.path, sizeof request.path, format, arguments);
    va_end (arguments);
    if (size < 0 || (size_t) size >= sizeof request.path)
        return E_SHORT;
    out->request (out->self, &request);
    return OK;
}

bool
native_is_whole (slice_t text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isdigit ((unsigned char) text.data[i]))
            return false;
    return text.size > 0 && text.size < 18;
}

bool
native_body_has (slice_t body, const char *text)
{
    return body.size > 0 && memmem (body.data, body.size, text, strlen (text)) != NULL;
}

int64_t
native_bars_end_ms (request_kind_t kind, int64_t now_ns)
{
    int64_t bar_ms = (kind == REQUEST_BACKFILL_BARS ? 60 : 900) * MS_PER_S, now_ms = now_ns / NS_PER_MS;
    return now_ms - now_ms % bar_ms;
}

int
native_plan (native_plan_t one, request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns,
             request_sink_t *out)
{
    if (instrument >= 0)
        return symbols->contracts[instrument].is_listed ? one (kind, symbols, instrument, now_ns, out)
                                                        : E_ABSENT;
    int status = OK;
    for (int i = 0; i < (int) symbols->universe->count && status == OK; i++)
        if (symbols->contracts[i].is_listed)
            status = one (kind, symbols, i, now_ns, out);
    return status;
}
