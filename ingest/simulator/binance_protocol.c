#include "ingest/simulator/binance_protocol.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"

enum {
    CHANNEL_TRADE,
    CHANNEL_AGG_TRADE,
    CHANNEL_DEPTH,
    CHANNEL_BOOK_TICKER,
    CHANNEL_MARK_PRICE,
    CHANNEL_FORCE_ORDER
};

static const char *const channels[] = {"trade",     "aggTrade",   "depth", "bookTicker",
                                       "markPrice", "forceOrder", NULL};
static const char *const suffixes[] = {"trade",      "aggTrade",     "depth@100ms",
                                       "bookTicker", "markPrice@1s", "forceOrder"};
static const int stands_for[] = {-1, CHANNEL_TRADE, -1, -1, -1, -1};
static const bool is_market[] = {false, true, false, false, true, true};

enum { SIDE_PUBLIC, SIDE_MARKET, SIDE_OLD };
static const char *const paths[] = {
    "/public/stream", "/market/stream", "/public/ws", "/market/ws", "/stream", "/ws", NULL};
static const struct {
    int side;
    bool is_bare;
} path_kinds[] = {{SIDE_PUBLIC, false}, {SIDE_MARKET, false}, {SIDE_PUBLIC, true},
                  {SIDE_MARKET, true},  {SIDE_OLD, false},    {SIDE_OLD, true}};

static void
name_contract (const char *base, char *out, size_t size)
{
    (void) snprintf (out, size, "%.27sUSDT", base);
}

static bool
name_base (slice_t contract, char *out, size_t size)
{
    if (contract.size < 5 || memcmp (contract.data + contract.size - 4, "USDT", 4))
        return false;
    return slice_copy ((slice_t){contract.data, contract.size - 4}, out, size) == OK;
}

static void
start (gateway_t *gateway)
{
    binance_state_t *state = gateway->state;
    state->update_id = 5123107832006;
    for (int i = 0; i < UNIVERSE_MAX; i++) {
        state->books[i].previous_u = state->update_id;
        state->books[i].aggregate_id = 1000000;
    }
}

static void
stop (gateway_t *gateway)
{
    binance_state_t *state = gateway->state;
    for (int i = 0; i < UNIVERSE_MAX; i++)
        free (state->books[i].pending);
}

//  Start a frame; returns the size of the wrapping.
static size_t
begin (gateway_t *gateway, int channel, int listing, const char *event)
{
    text_buffer_t *frame = &gateway->frame;
    const char *contract = gateway->listings[listing].contract;
    char lower[GATEWAY_NAME_MAX];
    size_t size = 0;
    for (; contract[size]; size++)
        lower[size] = (char) tolower ((unsigned char) contract[size]);
    text_reset (frame);
    text_add_slice (frame, slice_of ("{\"stream\":\""));
    text_add_slice (frame, (slice_t){lower, size});
    text_add_slice (frame, slice_of ("@"));
    text_add_slice (frame, slice_of (suffixes[channel]));
    text_add_slice (frame, slice_of ("\",\"data\":"));
    size_t wrap_size = frame->size;
    text_add_slice (frame, slice_of ("{\"e\":\""));
    text_add_slice (frame, slice_of (event));
    text_add_slice (frame, slice_of ("\",\"E\":"));
    numeral_add_i64 (frame, gateway_ms (gateway->now_ns));
    return wrap_size;
}

static void
finish (gateway_t *gateway, int channel, int listing, size_t wrap_size)
{
    text_add_slice (&gateway->frame, slice_of ("}}"));
    feed_publish (gateway->feed, NULL, channel, listing, gateway->now_ns,
                  (slice_t){gateway->frame.data, gateway->frame.size}, wrap_size);
}

static void
key (text_buffer_t *out, const char *text)
{
    text_add_slice (out, slice_of (text));
}

static void
flush_aggregate (gateway_t *gateway, int listing)
{
    binance_book_t *book = &((binance_state_t *) gateway->state)->books[listing];
    const gateway_listing_t *facts = &gateway->listings[listing];
    if (!book->aggregate.qty_lots)
        return;
    book->aggregate_id++;
    if (feed_wanted (gateway->feed, CHANNEL_AGG_TRADE, listing)) {
        size_t wrap_size = begin (gateway, CHANNEL_AGG_TRADE, listing, "aggTrade");
        text_buffer_t *out = &gateway->frame;
        key (out, ",\"a\":");
        numeral_add_i64 (out, book->aggregate_id);
        key (out, ",\"s\":\"");
        key (out, facts->contract);
        key (out, "\",\"p\":");
        gateway_add_px (out, facts, book->aggregate.px_ticks, NUMERAL_FIXED);
        key (out, ",\"q\":");
        gateway_add_qty (out, facts, book->aggregate.qty_lots, NUMERAL_FIXED);
        key (out, ",\"f\":");
        numeral_add_i64 (out, book->aggregate_first_id);
        key (out, ",\"l\":");
        numeral_add_i64 (out, book->aggregate_last_id);
        key (out, ",\"T\":");
        numeral_add_i64 (out, gateway_ms (book->aggregate.ts_ns));
        key (out, book->aggregate.side > 0 ? ",\"m\":false" : ",\"m\":true");
        finish (gateway, CHANNEL_AGG_TRADE, listing, wrap_size);
    }
    book->aggregate.qty_lots = 0;
}

static void
on_trade (gateway_t *gateway, int listing, const world_trade_t *trade)
{
    binance_book_t *book = &((binance_state_t *) gateway->state)->books[listing];
    const gateway_listing_t *facts = &gateway->listings[listing];
    if (feed_wanted (gateway->feed, CHANNEL_TRADE, listing)) {
        size_t wrap_size = begin (gateway, CHANNEL_TRADE, listing, "trade");
        text_buffer_t *out = &gateway->frame;
        key (out, ",\"T\":");
        numeral_add_i64 (out, gateway_ms (trade->ts_ns));
        key (out, ",\"s\":\"");
        key (out, facts->contract);
        key (out, "\",\"t\":");
        numeral_add_i64 (out, trade->id);
        key (out, ",\"p\":");
        gateway_add_px (out, facts, trade->px_ticks, NUMERAL_FIXED);
        key (out, ",\"q\":");
        gateway_add_qty (out, facts, trade->qty_lots, NUMERAL_FIXED);
        key (out, trade->side > 0 ? ",\"X\":\"MARKET\",\"m\":false" : ",\"X\":\"MARKET\",\"m\":true");
        finish (gateway, CHANNEL_TRADE, listing, wrap_size);
    }
    bool is_same = book->aggregate.qty_lots && book->aggregate.px_ticks == trade->px_ticks &&
                   book->aggregate.side == trade->side && book->aggregate.ts_ns == trade->ts_ns;
    if (is_same) {
        book->aggregate.qty_lots += trade->qty_lots;
    } else {
        flush_aggregate (gateway, listing);
        book->aggregate = *trade;
        book->aggregate_first_id = trade->id;
    }
    book->aggregate_last_id = trade->id;
}

static void
on_level (gateway_t *gateway, int listing, const world_level_t *level)
{
    binance_state_t *state = gateway->state;
    binance_book_t *book = &state->books[listing];
    book->is_touched = true;
    book->last_id = ++state->update_id;
    if (!book->first_id)
        book->first_id = book->last_id;
    for (int i = book->pending_count - 1; i >= 0; i--)
        if (book->pending[i].px_ticks == level->px_ticks && book->pending[i].is_bid == level->is_bid) {
            book->pending[i] = *level;
            return;
        }
    if (book->pending_count == book->pending_capacity) {
        book->pending_capacity = book->pending_capacity ? 2 * book->pending_capacity : 64;
        book->pending = mem_grow (book->pending, (size_t) book->pending_capacity * sizeof *book->pending);
    }
    book->pending[book->pending_count++] = *level;
}

static void
on_liquidation (gateway_t *gateway, int listing, const world_liquidation_t *liquidation)
{
    ((binance_state_t *) gateway->state)->books[listing].liquidation = *liquidation;
}

static int
by_price (const void *a, const void *b)
{
    const world_level_t *first = a, *second = b;
    if (first->is_bid != second->is_bid)
        return first->is_bid ? -1 : 1;
    return (first->px_ticks > second->px_ticks) - (first->px_ticks < second->px_ticks);
}

static void
flush_depth (gateway_t *gateway, int listing)
{
    binance_book_t *book = &((binance_state_t *) gateway->state)->books[listing];
    const gateway_listing_t *facts = &gateway->listings[listing];
    if (!book->first_id)
        return;
    if (feed_wanted (gateway->feed, CHANNEL_DEPTH, listing)) {
        if (book->pending_count > 1)
            qsort (book->pending, (size_t) book->pending_count, sizeof *book->pending, by_price);
        int bids_count = 0;
        while (bids_count < book->pending_count && book->pending[bids_count].is_bid)
            bids_count++;
        size_t wrap_size = begin (gateway, CHANNEL_DEPTH, listing, "depthUpdate");
        text_buffer_t *out = &gateway->frame;
        key (out, ",\"T\":");
        numeral_add_i64 (out, gateway_ms (book->pending_count ? book->pending[0].ts_ns : gateway->now_ns));
        key (out, ",\"s\":\"");
        key (out, facts->contract);
        key (out, "\",\"U\":");
        numeral_add_i64 (out, book->first_id);
        key (out, ",\"u\":");
        numeral_add_i64 (out, book->last_id);
        key (out, ",\"pu\":");
        numeral_add_i64 (out, book->previous_u);
        key (out, ",\"b\":");
        gateway_add_levels (out, facts, book->pending, bids_count, NUMERAL_FIXED, "");
        key (out, ",\"a\":");
        gateway_add_levels (out, facts, book->pending + bids_count, book->pending_count - bids_count,
                            NUMERAL_FIXED, "");
        finish (gateway, CHANNEL_DEPTH, listing, wrap_size);
    }
    book->previous_u = book->last_id;
    book->first_id = 0;
    book->pending_count = 0;
}

//  The best of both sides, when it is another than before.
static void
tell_best (gateway_t *gateway, int listing)
{
    binance_state_t *state = gateway->state;
    binance_book_t *book = &state->books[listing];
    const gateway_listing_t *facts = &gateway->listings[listing];
    book->is_touched = false;
    world_level_t best[2];
    for (int side = 0; side < 2; side++)
        if (world_levels (gateway->world, gateway->venue, listing, side == 0, &best[side], 1) != 1)
            return;
    bool is_same = true;
    for (int side = 0; side < 2; side++)
        is_same = is_same && best[side].px_ticks == book->best[side].px_ticks &&
                  best[side].qty_lots == book->best[side].qty_lots;
    if (is_same)
        return;
    memcpy (book->best, best, sizeof best);
    size_t wrap_size = begin (gateway, CHANNEL_BOOK_TICKER, listing, "bookTicker");
    text_buffer_t *out = &gateway->frame;
    key (out, ",\"u\":");
    numeral_add_i64 (out, book->last_id > book->previous_u ? book->last_id : book->previous_u);
    key (out, ",\"s\":\"");
    key (out, facts->contract);
    key (out, "\",\"b\":");
    gateway_add_px (out, facts, best[0].px_ticks, NUMERAL_FIXED);
    key (out, ",\"B\":");
    gateway_add_qty (out, facts, best[0].qty_lots, NUMERAL_FIXED);
    key (out, ",\"a\":");
    gateway_add_px (out, facts, best[1].px_ticks, NUMERAL_FIXED);
    key (out, ",\"A\":");
    gateway_add_qty (out, facts, best[1].qty_lots, NUMERAL_FIXED);
    key (out, ",\"T\":");
    numeral_add_i64 (out, gateway_ms (gateway->now_ns));
    finish (gateway, CHANNEL_BOOK_TICKER, listing, wrap_size);
}

static void
tell_mark (gateway_t *gateway, int listing)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    world_ticker_t ticker;
    world_ticker (gateway->world, gateway->venue, listing, &ticker);
    size_t wrap_size = begin (gateway, CHANNEL_MARK_PRICE, listing, "markPriceUpdate");
    text_buffer_t *out = &gateway->frame;
    key (out, ",\"s\":\"");
    key (out, facts->contract);
    key (out, "\",\"p\":");
    gateway_add_px_f64 (out, facts, ticker.mark_px, 4, NUMERAL_FIXED);
    key (out, ",\"P\":");
    gateway_add_px_f64 (out, facts, ticker.index_px, 4, NUMERAL_FIXED);
    key (out, ",\"i\":");
    gateway_add_px_f64 (out, facts, ticker.index_px, 4, NUMERAL_FIXED);
    key (out, ",\"r\":");
    numeral_add_quoted_f64 (out, ticker.funding_rate, 8, NUMERAL_FIXED);
    key (out, ",\"T\":");
    numeral_add_i64 (out, gateway_ms (ticker.next_funding_ns));
    finish (gateway, CHANNEL_MARK_PRICE, listing, wrap_size);
}

static void
tell_liquidation (gateway_t *gateway, int listing)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    world_liquidation_t *liquidation = &((binance_state_t *) gateway->state)->books[listing].liquidation;
    if (feed_wanted (gateway->feed, CHANNEL_FORCE_ORDER, listing)) {
        size_t wrap_size = begin (gateway, CHANNEL_FORCE_ORDER, listing, "forceOrder");
        text_buffer_t *out = &gateway->frame;
        key (out, ",\"o\":{\"s\":\"");
        key (out, facts->contract);
        key (out, liquidation->side > 0 ? "\",\"S\":\"SELL" : "\",\"S\":\"BUY");
        key (out, "\",\"o\":\"LIMIT\",\"f\":\"IOC\",\"q\":");
        gateway_add_qty (out, facts, liquidation->qty_lots, NUMERAL_FIXED);
        key (out, ",\"p\":");
        gateway_add_px (out, facts, liquidation->order_px_ticks, NUMERAL_FIXED);
        key (out, ",\"ap\":");
        gateway_add_px (out, facts, liquidation->average_px_ticks, NUMERAL_FIXED);
        key (out, ",\"X\":\"FILLED\",\"l\":");
        gateway_add_qty (out, facts, liquidation->qty_lots, NUMERAL_FIXED);
        key (out, ",\"z\":");
        gateway_add_qty (out, facts, liquidation->qty_lots, NUMERAL_FIXED);
        key (out, ",\"T\":");
        numeral_add_i64 (out, gateway_ms (liquidation->ts_ns));
        key (out, "}");
        finish (gateway, CHANNEL_FORCE_ORDER, listing, wrap_size);
    }
    liquidation->qty_lots = 0;
}

static void
on_tick (gateway_t *gateway, int64_t now_ns)
{
    binance_state_t *state = gateway->state;
    int64_t slice = now_ns / SLICE_NS;
    for (int i = 0; i < gateway->listings_count; i++) {
        flush_aggregate (gateway, i);
        if (state->books[i].is_touched && feed_wanted (gateway->feed, CHANNEL_BOOK_TICKER, i))
            tell_best (gateway, i);
        if ((slice + i) % 10 == 0)
            flush_depth (gateway, i);
        if (slice % 100 == 0) {
            if (feed_wanted (gateway->feed, CHANNEL_MARK_PRICE, i))
                tell_mark (gateway, i);
            if (state->books[i].liquidation.qty_lots)
                tell_liquidation (gateway, i);
        }
    }
}

//  "btcusdt@depth@100ms" to channel and listing; false for what does not exist (acknowledged, but silent).
static bool
find_stream (const gateway_t *gateway, slice_t stream, int *channel, int *listing)
{
    slice_t contract = slice_cut (&stream, '@');
    *listing = gateway_find (gateway, contract);
    for (int i = 0; channels[i] && *listing >= 0; i++)
        if (slice_is (stream, suffixes[i])) {
            *channel = i;
            return true;
        }
    return false;
}

static void
want_stream (gateway_t *gateway, feed_client_t *client, slice_t stream, bool is_on)
{
    int channel, listing;
    int side = path_kinds[feed_client_path (client)].side;
    if (!find_stream (gateway, stream, &channel, &listing))
        return;
    if ((side == SIDE_MARKET) == is_market[channel])
        feed_want (client, channel, listing, is_on);
}

static void
on_connected (gateway_t *gateway, feed_client_t *client, slice_t arguments)
{
    feed_client_set_bare (client, path_kinds[feed_client_path (client)].is_bare);
    slice_t streams = query_text (&(query_t){.arguments = arguments}, "streams");
    while (streams.size)
        want_stream (gateway, client, slice_cut (&streams, '/'), true);
}

static void
tell_list (gateway_t *gateway, feed_client_t *client, int64_t id)
{
    text_buffer_t *out = &gateway->frame;
    bool is_first = true;
    text_add (out, "{\"result\":[");
    for (int channel = 0; channels[channel]; channel++)
        for (int i = 0; i < gateway->listings_count; i++)
            if (feed_wants (client, channel, i)) {
                text_add (out, "%s\"", is_first ? "" : ",");
                for (const char *at = gateway->listings[i].contract; *at; at++)
                    text_add (out, "%c", tolower ((unsigned char) *at));
                text_add (out, "@%s\"", suffixes[channel]);
                is_first = false;
            }
    text_add (out, "],\"id\":%lld}", (long long) id);
}

static void
on_text (gateway_t *gateway, feed_client_t *client, slice_t text)
{
    json_cursor_t root, params, item;
    slice_t method = {"", 0};
    int64_t id = 0;
    text_buffer_t *out = &gateway->frame;
    text_reset (out);
    bool is_object = json_open (gateway->json, text, &root) == OK && json_type (root) == JSON_OBJECT &&
                     json_find_text (root, "method", &method) == OK;
    if (!is_object) {
        text_add (out,
                  "{\"error\":{\"code\":3,\"msg\":\"Invalid JSON: expected value at line 1 column 1\"}}");
        feed_tell (client, (slice_t){out->data, out->size});
        return;
    }
    char word[32];
    (void) slice_copy (method, word, sizeof word);
    (void) json_find_i64 (root, "id", &id);
    bool is_on = !strcmp (word, "SUBSCRIBE");
    if (!strcmp (word, "LIST_SUBSCRIPTIONS")) {
        tell_list (gateway, client, id);
    } else if (is_on || !strcmp (word, "UNSUBSCRIBE")) {
        slice_t stream;
        if (json_find (root, "params", &params) == OK)
            while (json_next (params, &item))
                if (json_text (item, &stream) == OK)
                    want_stream (gateway, client, stream, is_on);
        text_add (out, "{\"result\":null,\"id\":%lld}", (long long) id);
    } else {
        text_add (out,
                  "{\"error\":{\"code\":2,\"msg\":\"Invalid request: unknown variant `%s`, expected one of "
                  "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`\"},\"id\":%lld}",
                  word, (long long) id);
    }
    feed_tell (client, (slice_t){out->data, out->size});
}

static bool
classify (slice_t message, int *channel, slice_t *contract)
{
    static const char *const events[] = {"\"e\":\"trade\"",           "\"e\":\"aggTrade\"",
                                         "\"e\":\"depthUpdate\"",     "\"e\":\"bookTicker\"",
                                         "\"e\":\"markPriceUpdate\"", "\"e\":\"forceOrder\""};
    slice_t head = {message.data, message.size < 256 ? message.size : 256};
    for (int i = 0; channels[i]; i++) {
        if (!memmem (head.data, head.size, events[i], strlen (events[i])))
            continue;
        const char *at = memmem (head.data, head.size, "\"s\":\"", 5);
        if (!at)
            return false;
        slice_t rest = {at + 5, (size_t) (head.data + head.size - at - 5)};
        *contract = slice_cut (&rest, '"');
        *channel = i;
        return true;
    }
    return false;
}

static void
respell (gateway_t *gateway, int channel, int listing, slice_t message, text_buffer_t *out, size_t *wrap_size)
{
    const char *data = memmem (message.data, message.size, "\"data\":", 7);
    slice_t payload = message;
    if (data) {
        payload.data = data + 7;
        payload.size = message.size - (size_t) (data + 7 - message.data) - 1;
    }
    text_reset (out);
    text_add (out, "{\"stream\":\"");
    for (const char *at = gateway->listings[listing].contract; *at; at++)
        text_add (out, "%c", tolower ((unsigned char) *at));
    text_add (out, "@%s\",\"data\":", suffixes[channel]);
    *wrap_size = out->size;
    text_add_slice (out, payload);
    text_add (out, "}");
}

static bool
is_snapshot (slice_t url, slice_t *contract)
{
    const char *at = memchr (url.data, '?', url.size);
    query_t query = {.arguments = {"", 0}};
    if (at)
        query.arguments = (slice_t){at + 1, (size_t) (url.data + url.size - at - 1)};
    *contract = query_text (&query, "symbol");
    return memmem (url.data, url.size, "depth", 5) != NULL;
}

const protocol_t binance_protocol = {
    .name = "binance",
    .paths = paths,
    .channels = channels,
    .state_size = sizeof (binance_state_t),
    .frames_per_s_most = 10,
    .name_contract = name_contract,
    .name_base = name_base,
    .start = start,
    .stop = stop,
    .connected = on_connected,
    .text = on_text,
    .request = binance_protocol_request,
    .trade = on_trade,
    .level = on_level,
    .liquidation = on_liquidation,
    .tick = on_tick,
    .classify = classify,
    .respell = respell,
    .stands_for = stands_for,
    .is_snapshot = is_snapshot,
};
