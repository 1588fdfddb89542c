#include "ingest/simulator/bybit_protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"

enum {
    CHANNEL_TRADE,
    CHANNEL_BOOK_1,
    CHANNEL_BOOK_50,
    CHANNEL_BOOK_200,
    CHANNEL_TICKERS,
    CHANNEL_LIQUIDATION
};

static const char *const channels[] = {
    "publicTrade", "orderbook.1", "orderbook.50", "orderbook.200", "tickers", "allLiquidation", NULL};
static const char *const paths[] = {"/v5/public/linear", NULL};
static const int depths[BYBIT_BOOKS_COUNT] = {1, 50, 200};
static const int slices[BYBIT_BOOKS_COUNT] = {1, 2, 10}; //  between updates

const char *const bybit_protocol_fields[BYBIT_FIELDS_COUNT] = {
    "tickDirection",   "price24hPcnt", "lastPrice",    "prevPrice24h",      "highPrice24h", "lowPrice24h",
    "markPrice",       "indexPrice",   "openInterest", "openInterestValue", "turnover24h",  "volume24h",
    "nextFundingTime", "fundingRate",  "bid1Price",    "bid1Size",          "ask1Price",    "ask1Size"};

static void
key (text_buffer_t *out, const char *text)
{
    text_add_slice (out, slice_of (text));
}

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

static bybit_book_t *
book_of (gateway_t *gateway, int listing)
{
    return &((bybit_state_t *) gateway->state)->books[listing];
}

static void
start (gateway_t *gateway)
{
    bybit_state_t *state = gateway->state;
    state->seq = 530383025233;
    for (int i = 0; i < UNIVERSE_MAX; i++)
        for (int cut = 0; cut < BYBIT_BOOKS_COUNT; cut++)
            state->books[i].u[cut] = 18521288;
}

static void
stop (gateway_t *gateway)
{
    bybit_state_t *state = gateway->state;
    for (int i = 0; i < UNIVERSE_MAX; i++) {
        for (int cut = 0; cut < BYBIT_BOOKS_COUNT; cut++)
            if (state->books[i].cuts[cut].depth)
                book_cut_fini (&state->books[i].cuts[cut]);
        free (state->books[i].trades);
        free (state->books[i].liquidations);
    }
}

//  {"topic":"tickers.BTCUSDT","type":"snapshot","ts":...,
static text_buffer_t *
begin (gateway_t *gateway, int channel, int listing, bool is_snapshot)
{
    text_buffer_t *out = &gateway->frame;
    text_reset (out);
    key (out, "{\"topic\":\"");
    key (out, channels[channel]);
    key (out, ".");
    key (out, gateway->listings[listing].contract);
    key (out, is_snapshot ? "\",\"type\":\"snapshot\",\"ts\":" : "\",\"type\":\"delta\",\"ts\":");
    numeral_add_i64 (out, gateway_ms (gateway->now_ns));
    return out;
}

static void
finish (gateway_t *gateway, feed_client_t *only, int channel, int listing)
{
    feed_publish (gateway->feed, only, channel, listing, gateway->now_ns,
                  (slice_t){gateway->frame.data, gateway->frame.size}, 0);
}

static void
on_trade (gateway_t *gateway, int listing, const world_trade_t *trade)
{
    bybit_book_t *book = book_of (gateway, listing);
    if (book->trades_count == book->trades_capacity) {
        book->trades_capacity = book->trades_capacity ? 2 * book->trades_capacity : 16;
        book->trades = mem_grow (book->trades, (size_t) book->trades_capacity * sizeof *book->trades);
    }
    book->trades[book->trades_count++] = *trade;
}

static void
on_level (gateway_t *gateway, int listing, const world_level_t *level)
{
    (void) level;
    ((bybit_state_t *) gateway->state)->seq++;
    for (int cut = 0; cut < BYBIT_BOOKS_COUNT; cut++)
        book_of (gateway, listing)->is_touched[cut] = true;
}

static void
on_liquidation (gateway_t *gateway, int listing, const world_liquidation_t *liquidation)
{
    bybit_book_t *book = book_of (gateway, listing);
    if (book->liquidations_count == book->liquidations_capacity) {
        book->liquidations_capacity = book->liquidations_capacity ? 2 * book->liquidations_capacity : 16;
        book->liquidations =
            mem_grow (book->liquidations, (size_t) book->liquidations_capacity * sizeof *book->liquidations);
    }
    book->liquidations[book->liquidations_count++] = *liquidation;
}

//  An id in the form of the venue's, made of the listing and the trade's number.
static void
name_trade (int listing, int64_t id, char *out, size_t size)
{
    uint64_t mixed = ((uint64_t) id * 0x9e3779b97f4a7c15u) ^ (uint64_t) listing;
    (void) snprintf (out, size, "%08x-%04x-5%03x-%04x-%04x%08llx", (unsigned) (mixed >> 32),
                     (unsigned) (mixed >> 16 & 0xffff), (unsigned) (mixed & 0xfff),
                     (unsigned) (0x8000 | (listing & 0x3fff)), (unsigned) (id >> 32 & 0xffff),
                     (unsigned long long) id & 0xffffffffu);
}

static void
flush_trades (gateway_t *gateway, int listing)
{
    static const char *const directions[2][2] = {{"MinusTick", "ZeroMinusTick"},
                                                 {"PlusTick", "ZeroPlusTick"}};
    bybit_book_t *book = book_of (gateway, listing);
    const gateway_listing_t *facts = &gateway->listings[listing];
    bool is_wanted = feed_wanted (gateway->feed, CHANNEL_TRADE, listing);
    text_buffer_t *out = begin (gateway, CHANNEL_TRADE, listing, true);
    key (out, ",\"data\":[");
    for (int i = 0; i < book->trades_count; i++) {
        const world_trade_t *trade = &book->trades[i];
        bool is_same = trade->px_ticks == book->last_px_ticks;
        if (!is_same)
            book->is_last_up = trade->px_ticks > book->last_px_ticks;
        book->last_px_ticks = trade->px_ticks;
        if (!is_wanted)
            continue;
        key (out, i ? ",{\"T\":" : "{\"T\":");
        numeral_add_i64 (out, gateway_ms (trade->ts_ns));
        key (out, ",\"s\":\"");
        key (out, facts->contract);
        key (out, trade->side > 0 ? "\",\"S\":\"Buy\",\"v\":" : "\",\"S\":\"Sell\",\"v\":");
        gateway_add_qty (out, facts, trade->qty_lots, NUMERAL_FIXED);
        key (out, ",\"p\":");
        gateway_add_px (out, facts, trade->px_ticks, NUMERAL_FIXED);
        key (out, ",\"L\":\"");
        key (out, directions[book->is_last_up][is_same]);
        key (out, "\",\"i\":\"");
        char id[64];
        name_trade (listing, trade->id, id, sizeof id);
        text_add (out, "%s", id);
        key (out, "\",\"BT\":false,\"RPI\":false,\"seq\":");
        numeral_add_i64 (out, ((bybit_state_t *) gateway->state)->seq);
        key (out, "}");
    }
    key (out, "]}");
    book->trades_count = 0;
    finish (gateway, NULL, CHANNEL_TRADE, listing);
}

//  The whole cut (to one client, or all) or its last changes.
static void
tell_book (gateway_t *gateway, feed_client_t *only, int listing, int cut, bool is_snapshot)
{
    bybit_book_t *book = book_of (gateway, listing);
    const gateway_listing_t *facts = &gateway->listings[listing];
    const book_cut_t *view = &book->cuts[cut];
    text_buffer_t *out = begin (gateway, CHANNEL_BOOK_1 + cut, listing, is_snapshot);
    key (out, ",\"data\":{\"s\":\"");
    key (out, facts->contract);
    for (int side = 0; side < 2; side++) {
        key (out, side == 0 ? "\",\"b\":" : ",\"a\":");
        gateway_add_levels (out, facts, is_snapshot ? view->levels[side] : view->changes[side],
                            is_snapshot ? view->counts[side] : view->changes_count[side], NUMERAL_FIXED, "");
    }
    key (out, ",\"u\":");
    numeral_add_i64 (out, book->u[cut]);
    key (out, ",\"seq\":");
    numeral_add_i64 (out, ((bybit_state_t *) gateway->state)->seq);
    key (out, "},\"cts\":");
    numeral_add_i64 (out, gateway_ms (gateway->now_ns));
    key (out, "}");
    finish (gateway, only, CHANNEL_BOOK_1 + cut, listing);
}

static void
flush_book (gateway_t *gateway, int listing, int cut)
{
    bybit_book_t *book = book_of (gateway, listing);
    if (!feed_wanted (gateway->feed, CHANNEL_BOOK_1 + cut, listing)) {
        book->is_running[cut] = false;
        return;
    }
    //  Level 1 is repeated, with the same u, when nothing happened for 3 s.
    bool is_old = cut == 0 && gateway->now_ns - book->told_ns[cut] >= 3 * NS_PER_S;
    if (!book->is_running[cut] || (!book->is_touched[cut] && !is_old))
        return;
    book->is_touched[cut] = false;
    bool is_changed = book_cut_advance (&book->cuts[cut], gateway->world, gateway->venue, listing) > 0;
    if (!is_changed && !is_old)
        return;
    book->u[cut] += is_changed;
    book->told_ns[cut] = gateway->now_ns;
    tell_book (gateway, NULL, listing, cut, cut == 0);
}

void
bybit_protocol_ticker (gateway_t *gateway, int listing, char fields[][BYBIT_FIELD_MAX])
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    bybit_book_t *book = book_of (gateway, listing);
    world_ticker_t ticker;
    world_ticker (gateway->world, gateway->venue, listing, &ticker);
    int px_decimals = facts->px_exponent < 0 ? -facts->px_exponent : 0;
    int qty_decimals = facts->qty_exponent < 0 ? -facts->qty_exponent : 0;
    double oi_coins = (double) ticker.oi_lots * gateway_lot_coins (facts);
    double change = ticker.open_24h_px > 0 ? ticker.last_px / ticker.open_24h_px - 1 : 0;
    const struct {
        double value;
        int decimals;
    } numbers[] = {[1] = {change, 6},
                   [2] = {ticker.last_px, px_decimals},
                   [3] = {ticker.open_24h_px, px_decimals},
                   [4] = {ticker.high_24h_px, px_decimals},
                   [5] = {ticker.low_24h_px, px_decimals},
                   [6] = {ticker.mark_px, px_decimals},
                   [7] = {ticker.index_px, px_decimals},
                   [8] = {oi_coins, qty_decimals},
                   [9] = {oi_coins * ticker.mark_px, 2},
                   [10] = {ticker.turnover_24h_usd, 4},
                   [11] = {ticker.volume_24h_coins, qty_decimals},
                   [12] = {(double) gateway_ms (ticker.next_funding_ns), 0},
                   [13] = {ticker.funding_rate, 8}};
    (void) snprintf (fields[0], BYBIT_FIELD_MAX, "%s", book->is_last_up ? "PlusTick" : "MinusTick");
    for (int i = 1; i < (int) COUNT_OF (numbers); i++) {
        char text[NUMERAL_TEXT_MAX];
        size_t size = numeral_write_f64 (text, numbers[i].value, numbers[i].decimals,
                                         i == 13 || i == 1 ? NUMERAL_TRIMMED : NUMERAL_FIXED);
        (void) slice_copy ((slice_t){text, size}, fields[i], BYBIT_FIELD_MAX);
    }
    for (int side = 0; side < 2; side++) {
        world_level_t best;
        char px[NUMERAL_TEXT_MAX] = "", qty[NUMERAL_TEXT_MAX] = "";
        if (world_levels (gateway->world, gateway->venue, listing, side == 0, &best, 1) == 1) {
            (void) numeral_write (px, best.px_ticks * facts->px_units, facts->px_exponent, NUMERAL_FIXED);
            (void) numeral_write (qty, best.qty_lots * facts->qty_units, facts->qty_exponent, NUMERAL_FIXED);
        }
        (void) slice_copy (slice_of (px), fields[14 + 2 * side], BYBIT_FIELD_MAX);
        (void) slice_copy (slice_of (qty), fields[15 + 2 * side], BYBIT_FIELD_MAX);
    }
}

static void
tell_ticker (gateway_t *gateway, feed_client_t *only, int listing, char fields[][BYBIT_FIELD_MAX],
             bool is_snapshot)
{
    bybit_book_t *book = book_of (gateway, listing);
    text_buffer_t *out = begin (gateway, CHANNEL_TICKERS, listing, is_snapshot);
    bool has_changes = is_snapshot;
    key (out, ",\"data\":{\"symbol\":\"");
    key (out, gateway->listings[listing].contract);
    key (out, "\"");
    for (int i = 0; i < BYBIT_FIELDS_COUNT; i++) {
        if (!is_snapshot && !strcmp (fields[i], book->fields[i]))
            continue;
        has_changes = true;
        key (out, ",\"");
        key (out, bybit_protocol_fields[i]);
        key (out, "\":\"");
        key (out, fields[i]);
        key (out, "\"");
    }
    key (out, "},\"cs\":");
    numeral_add_i64 (out, ((bybit_state_t *) gateway->state)->seq);
    key (out, "}");
    if (has_changes)
        finish (gateway, only, CHANNEL_TICKERS, listing);
}

static void
flush_ticker (gateway_t *gateway, int listing)
{
    bybit_book_t *book = book_of (gateway, listing);
    if (!feed_wanted (gateway->feed, CHANNEL_TICKERS, listing)) {
        book->has_fields = false;
        return;
    }
    if (!book->has_fields)
        return;
    char fields[BYBIT_FIELDS_COUNT][BYBIT_FIELD_MAX];
    bybit_protocol_ticker (gateway, listing, fields);
    tell_ticker (gateway, NULL, listing, fields, false);
    memcpy (book->fields, fields, sizeof fields);
}

static void
flush_liquidations (gateway_t *gateway, int listing)
{
    bybit_book_t *book = book_of (gateway, listing);
    const gateway_listing_t *facts = &gateway->listings[listing];
    text_buffer_t *out = begin (gateway, CHANNEL_LIQUIDATION, listing, true);
    key (out, ",\"data\":[");
    for (int i = 0; i < book->liquidations_count; i++) {
        const world_liquidation_t *liquidation = &book->liquidations[i];
        key (out, i ? ",{\"T\":" : "{\"T\":");
        numeral_add_i64 (out, gateway_ms (liquidation->ts_ns));
        key (out, ",\"s\":\"");
        key (out, facts->contract);
        key (out, liquidation->side > 0 ? "\",\"S\":\"Buy\",\"v\":" : "\",\"S\":\"Sell\",\"v\":");
        gateway_add_qty (out, facts, liquidation->qty_lots, NUMERAL_FIXED);
        key (out, ",\"p\":");
        gateway_add_px (out, facts, liquidation->bankruptcy_px_ticks, NUMERAL_FIXED);
        key (out, "}");
    }
    key (out, "]}");
    book->liquidations_count = 0;
    finish (gateway, NULL, CHANNEL_LIQUIDATION, listing);
}

static void
on_tick (gateway_t *gateway, int64_t now_ns)
{
    int64_t slice = now_ns / SLICE_NS;
    for (int i = 0; i < gateway->listings_count; i++) {
        if (book_of (gateway, i)->trades_count)
            flush_trades (gateway, i);
        for (int cut = 0; cut < BYBIT_BOOKS_COUNT; cut++)
            if ((slice + i) % slices[cut] == 0)
                flush_book (gateway, i, cut);
        if ((slice + i) % 10 == 5)
            flush_ticker (gateway, i);
        if (slice % 50 == 0 && book_of (gateway, i)->liquidations_count)
            flush_liquidations (gateway, i);
    }
}

//  What a new subscriber of a book or ticker gets first.
static void
tell_snapshot (gateway_t *gateway, feed_client_t *client, int channel, int listing)
{
    bybit_book_t *book = book_of (gateway, listing);
    if (channel == CHANNEL_TICKERS) {
        if (!book->has_fields)
            bybit_protocol_ticker (gateway, listing, book->fields);
        book->has_fields = true;
        tell_ticker (gateway, client, listing, book->fields, true);
    } else if (channel >= CHANNEL_BOOK_1 && channel <= CHANNEL_BOOK_200) {
        int cut = channel - CHANNEL_BOOK_1;
        if (!book->cuts[cut].depth)
            book_cut_init (&book->cuts[cut], depths[cut]);
        if (!book->is_running[cut] &&
            book_cut_advance (&book->cuts[cut], gateway->world, gateway->venue, listing) > 0)
            book->u[cut]++;
        book->is_running[cut] = true;
        book->told_ns[cut] = gateway->now_ns;
        tell_book (gateway, client, listing, cut, true);
    }
}

//  "orderbook.50.BTCUSDT"
static bool
find_topic (const gateway_t *gateway, slice_t topic, int *channel, int *listing)
{
    for (int i = 0; channels[i]; i++) {
        size_t size = strlen (channels[i]);
        if (!slice_starts (topic, channels[i]) || topic.size <= size + 1 || topic.data[size] != '.')
            continue;
        *channel = i;
        *listing = gateway_find (gateway, (slice_t){topic.data + size + 1, topic.size - size - 1});
        return *listing >= 0;
    }
    return false;
}

static void
acknowledge (gateway_t *gateway, feed_client_t *client, bool is_good, const char *text,
             const char *request_id, const char *operation)
{
    text_buffer_t *out = &gateway->frame;
    text_reset (out);
    text_add (out, "{\"success\":%s,\"ret_msg\":", is_good ? "true" : "false");
    text_add_quoted (out, text);
    text_add (out, ",\"conn_id\":\"5d2f8a64-0c1e-4b7a-9f3d-%012llx\",\"req_id\":",
              (unsigned long long) (uintptr_t) client & 0xffffffffffffu);
    text_add_quoted (out, request_id);
    text_add (out, ",\"op\":\"%s\"}", operation);
    feed_tell (client, (slice_t){out->data, out->size});
}

static void
change_wants (gateway_t *gateway, feed_client_t *client, json_cursor_t root, bool is_on,
              const char *request_id)
{
    enum { TOPICS_MOST = 2048 };
    int wanted[TOPICS_MOST][2], count = 0;
    json_cursor_t arguments, item;
    slice_t topic;
    char refused[128] = "";
    if (json_find (root, "args", &arguments) == OK)
        while (json_next (arguments, &item) && count < TOPICS_MOST)
            if (json_text (item, &topic) == OK) {
                if (find_topic (gateway, topic, &wanted[count][0], &wanted[count][1]))
                    count++;
                else if (!refused[0])
                    (void) snprintf (refused, sizeof refused, "error:handler not found,topic:%.*s",
                                     (int) (topic.size < 80 ? topic.size : 80), topic.data);
            }
    const char *operation = is_on ? "subscribe" : "unsubscribe";
    if (refused[0] || !count) { //  one bad topic refuses the whole frame
        acknowledge (gateway, client, false, refused[0] ? refused : "args: no topic", request_id, operation);
        return;
    }
    acknowledge (gateway, client, true, "", request_id, operation);
    for (int i = 0; i < count; i++) {
        bool is_new = is_on && !feed_wants (client, wanted[i][0], wanted[i][1]);
        feed_want (client, wanted[i][0], wanted[i][1], is_on);
        if (is_new && gateway->world)
            tell_snapshot (gateway, client, wanted[i][0], wanted[i][1]);
    }
}

static void
on_connected (gateway_t *gateway, feed_client_t *client, slice_t arguments)
{
    (void) gateway, (void) client, (void) arguments;
}

static void
on_text (gateway_t *gateway, feed_client_t *client, slice_t text)
{
    json_cursor_t root;
    slice_t operation = {"", 0}, id = {"", 0};
    char word[32] = "", request_id[64] = "";
    if (json_open (gateway->json, text, &root) == OK && json_type (root) == JSON_OBJECT) {
        if (json_find_text (root, "op", &operation) == OK)
            (void) slice_copy (operation, word, sizeof word);
        if (json_find_text (root, "req_id", &id) == OK)
            (void) slice_copy (id, request_id, sizeof request_id);
    }
    if (!strcmp (word, "ping"))
        acknowledge (gateway, client, true, "pong", request_id, "ping");
    else if (!strcmp (word, "subscribe") || !strcmp (word, "unsubscribe"))
        change_wants (gateway, client, root, word[0] == 's', request_id);
    else
        acknowledge (gateway, client, false, "error:unknown op", request_id, word[0] ? "error" : "");
}

static bool
classify (slice_t message, int *channel, slice_t *contract)
{
    slice_t head = {message.data, message.size < 256 ? message.size : 256};
    const char *at = memmem (head.data, head.size, "\"topic\":\"", 9);
    if (!at)
        return false;
    slice_t rest = {at + 9, (size_t) (head.data + head.size - at - 9)};
    slice_t topic = slice_cut (&rest, '"');
    slice_t word = slice_cut (&topic, '.');
    if (slice_is (word, "orderbook")) {
        slice_t depth = slice_cut (&topic, '.');
        //  A deeper book than is served today goes out as the deepest.
        *channel = slice_is (depth, "1")    ? CHANNEL_BOOK_1
                   : slice_is (depth, "50") ? CHANNEL_BOOK_50
                                            : CHANNEL_BOOK_200;
    } else {
        *channel = slice_is (word, "publicTrade")      ? CHANNEL_TRADE
                   : slice_is (word, "tickers")        ? CHANNEL_TICKERS
                   : slice_is (word, "allLiquidation") ? CHANNEL_LIQUIDATION
                                                       : -1;
    }
    *contract = topic;
    return *channel >= 0 && topic.size > 0;
}

static void
respell (gateway_t *gateway, int channel, int listing, slice_t message, text_buffer_t *out, size_t *wrap_size)
{
    const char *at = memmem (message.data, message.size, "\"topic\":\"", 9);
    CHECK (at);
    const char *end = memchr (at + 9, '"', (size_t) (message.data + message.size - at - 9));
    CHECK (end);
    text_reset (out);
    text_add_slice (out, (slice_t){message.data, (size_t) (at + 9 - message.data)});
    text_add (out, "%s.%s", channels[channel], gateway->listings[listing].contract);
    text_add_slice (out, (slice_t){end, (size_t) (message.data + message.size - end)});
    *wrap_size = 0;
}

static bool
is_snapshot (slice_t url, slice_t *contract)
{
    (void) url, (void) contract; //  books begin on the socket
    return false;
}

const protocol_t bybit_protocol = {
    .name = "bybit",
    .paths = paths,
    .channels = channels,
    .state_size = sizeof (bybit_state_t),
    .name_contract = name_contract,
    .name_base = name_base,
    .name_trade = name_trade,
    .start = start,
    .stop = stop,
    .connected = on_connected,
    .text = on_text,
    .request = bybit_protocol_request,
    .trade = on_trade,
    .level = on_level,
    .liquidation = on_liquidation,
    .tick = on_tick,
    .classify = classify,
    .respell = respell,
    .is_snapshot = is_snapshot,
};
