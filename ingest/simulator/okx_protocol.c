#include "ingest/simulator/okx_protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/base/check.h"
#include "common/base/timebase.h"

enum {
    CHANNEL_TRADES,
    CHANNEL_BOOKS,
    CHANNEL_BBO,
    CHANNEL_MARK,
    CHANNEL_INDEX,
    CHANNEL_FUNDING,
    CHANNEL_INTEREST,
    CHANNEL_LIQUIDATION
};
enum { BOOK_DEPTH = 400, CHECKSUM_LEVELS = 25 };

static const char *const channels[] = {"trades",
                                       "books",
                                       "bbo-tbt",
                                       "mark-price",
                                       "index-tickers",
                                       "funding-rate",
                                       "open-interest",
                                       "liquidation-orders",
                                       NULL};
static const char *const paths[] = {"/ws/v5/public", NULL};

static void
key (text_buffer_t *out, const char *text)
{
    text_add_slice (out, slice_of (text));
}

static void
name_contract (const char *base, char *out, size_t size)
{
    (void) snprintf (out, size, "%.20s-USDT-SWAP", base);
}

static bool
name_base (slice_t contract, char *out, size_t size)
{
    static const char tail[] = "-USDT-SWAP";
    size_t length = sizeof tail - 1;
    if (contract.size <= length || memcmp (contract.data + contract.size - length, tail, length))
        return false;
    return slice_copy ((slice_t){contract.data, contract.size - length}, out, size) == OK;
}

static okx_book_t *
book_of (gateway_t *gateway, int listing)
{
    return &((okx_state_t *) gateway->state)->books[listing];
}

static void
start (gateway_t *gateway)
{
    ((okx_state_t *) gateway->state)->seq_id = 123456;
}

static void
stop (gateway_t *gateway)
{
    for (int i = 0; i < UNIVERSE_MAX; i++)
        if (book_of (gateway, i)->cut.depth)
            book_cut_fini (&book_of (gateway, i)->cut);
}

//  {"arg":{"channel":"trades","instId":"BTC-USDT-SWAP"},
static text_buffer_t *
begin (gateway_t *gateway, int channel, int listing)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    text_buffer_t *out = &gateway->frame;
    text_reset (out);
    key (out, "{\"arg\":{\"channel\":\"");
    key (out, channels[channel]);
    if (channel == CHANNEL_LIQUIDATION) {
        key (out, "\",\"instType\":\"SWAP\"},");
        return out;
    }
    key (out, "\",\"instId\":\"");
    key (out, channel == CHANNEL_INDEX ? facts->base : facts->contract);
    key (out, channel == CHANNEL_INDEX ? "-USDT\"}," : "\"},");
    return out;
}

static void
finish (gateway_t *gateway, feed_client_t *only, int channel, int listing)
{
    feed_publish (gateway->feed, only, channel, listing, gateway->now_ns,
                  (slice_t){gateway->frame.data, gateway->frame.size}, 0);
}

static void
add_ms (text_buffer_t *out, const char *name, int64_t ts_ns)
{
    key (out, name);
    numeral_add_quoted (out, gateway_ms (ts_ns), 0, NUMERAL_FIXED);
}

static void
on_trade (gateway_t *gateway, int listing, const world_trade_t *trade)
{
    if (!feed_wanted (gateway->feed, CHANNEL_TRADES, listing))
        return;
    const gateway_listing_t *facts = &gateway->listings[listing];
    text_buffer_t *out = begin (gateway, CHANNEL_TRADES, listing);
    key (out, "\"data\":[{\"instId\":\"");
    key (out, facts->contract);
    key (out, "\",\"tradeId\":");
    numeral_add_quoted (out, trade->id, 0, NUMERAL_FIXED);
    key (out, ",\"px\":");
    gateway_add_px (out, facts, trade->px_ticks, NUMERAL_TRIMMED);
    key (out, ",\"sz\":");
    gateway_add_qty (out, facts, trade->qty_lots, NUMERAL_TRIMMED);
    key (out, trade->side > 0 ? ",\"side\":\"buy\"" : ",\"side\":\"sell\"");
    add_ms (out, ",\"ts\":", trade->ts_ns);
    key (out, ",\"count\":\"1\",\"source\":\"0\",\"seqId\":");
    numeral_add_i64 (out, ((okx_state_t *) gateway->state)->seq_id);
    key (out, "}]}");
    finish (gateway, NULL, CHANNEL_TRADES, listing);
}

static void
on_level (gateway_t *gateway, int listing, const world_level_t *level)
{
    (void) level;
    okx_book_t *book = book_of (gateway, listing);
    book->is_touched = book->is_best_touched = true;
    ((okx_state_t *) gateway->state)->seq_id++;
}

static void
on_liquidation (gateway_t *gateway, int listing, const world_liquidation_t *liquidation)
{
    book_of (gateway, listing)->liquidation = *liquidation;
}

static int32_t
checksum_of (const book_cut_t *cut, const gateway_listing_t *facts)
{
    char text[CHECKSUM_LEVELS * 4 * NUMERAL_TEXT_MAX];
    size_t size = 0;
    for (int i = 0; i < CHECKSUM_LEVELS; i++)
        for (int side = 0; side < 2; side++) {
            if (i >= cut->counts[side])
                continue;
            const world_level_t *level = &cut->levels[side][i];
            if (size)
                text[size++] = ':';
            size += numeral_write (text + size, level->px_ticks * facts->px_units, facts->px_exponent,
                                   NUMERAL_TRIMMED);
            text[size++] = ':';
            size += numeral_write (text + size, level->qty_lots * facts->qty_units, facts->qty_exponent,
                                   NUMERAL_TRIMMED);
        }
    return (int32_t) (uint32_t) crc32 (0, (const unsigned char *) text, (uInt) size);
}

typedef enum { BOOK_SNAPSHOT, BOOK_UPDATE, BOOK_KEEP_ALIVE } book_form_t;

static void
tell_book (gateway_t *gateway, feed_client_t *only, int listing, book_form_t form, int64_t previous_id)
{
    okx_book_t *book = book_of (gateway, listing);
    const gateway_listing_t *facts = &gateway->listings[listing];
    text_buffer_t *out = begin (gateway, CHANNEL_BOOKS, listing);
    key (out,
         form == BOOK_SNAPSHOT ? "\"action\":\"snapshot\",\"data\":[{" : "\"action\":\"update\",\"data\":[{");
    for (int side = 1; side >= 0; side--) {
        bool is_whole = form == BOOK_SNAPSHOT;
        int count = is_whole ? book->cut.counts[side] : book->cut.changes_count[side];
        key (out, side == 1 ? "\"asks\":" : ",\"bids\":");
        gateway_add_levels (out, facts, is_whole ? book->cut.levels[side] : book->cut.changes[side],
                            form == BOOK_KEEP_ALIVE ? 0 : count, NUMERAL_TRIMMED, ",\"0\",\"1\"");
    }
    add_ms (out, ",\"ts\":", gateway->now_ns);
    key (out, ",\"checksum\":");
    numeral_add_i64 (out, checksum_of (&book->cut, facts));
    key (out, ",\"seqId\":");
    numeral_add_i64 (out, book->seq_id);
    key (out, ",\"prevSeqId\":");
    numeral_add_i64 (out, previous_id);
    key (out, "}]}");
    finish (gateway, only, CHANNEL_BOOKS, listing);
}

static void
flush_book (gateway_t *gateway, int listing)
{
    okx_book_t *book = book_of (gateway, listing);
    if (!feed_wanted (gateway->feed, CHANNEL_BOOKS, listing)) {
        book->is_running = false;
        return;
    }
    if (!book->is_running)
        return;
    int64_t previous_id = book->seq_id;
    bool is_changed =
        book->is_touched && book_cut_advance (&book->cut, gateway->world, gateway->venue, listing) > 0;
    book->is_touched = false;
    if (is_changed) {
        okx_state_t *state = gateway->state;
        book->seq_id = ++state->seq_id;
    } else if (gateway->now_ns - book->told_ns < 60 * NS_PER_S) {
        return;
    }
    book->told_ns = gateway->now_ns;
    tell_book (gateway, NULL, listing, is_changed ? BOOK_UPDATE : BOOK_KEEP_ALIVE, previous_id);
}

static void
tell_best (gateway_t *gateway, int listing)
{
    okx_book_t *book = book_of (gateway, listing);
    const gateway_listing_t *facts = &gateway->listings[listing];
    world_level_t best[2];
    int counts[2];
    bool is_same = true;
    book->is_best_touched = false;
    for (int side = 0; side < 2; side++) {
        counts[side] = world_levels (gateway->world, gateway->venue, listing, side == 0, &best[side], 1);
        if (!counts[side])
            best[side] = (world_level_t){0};
        is_same = is_same && best[side].px_ticks == book->best[side].px_ticks &&
                  best[side].qty_lots == book->best[side].qty_lots;
    }
    if (is_same)
        return;
    memcpy (book->best, best, sizeof best);
    text_buffer_t *out = begin (gateway, CHANNEL_BBO, listing);
    key (out, "\"data\":[{\"asks\":");
    gateway_add_levels (out, facts, &best[1], counts[1], NUMERAL_TRIMMED, ",\"0\",\"1\"");
    key (out, ",\"bids\":");
    gateway_add_levels (out, facts, &best[0], counts[0], NUMERAL_TRIMMED, ",\"0\",\"1\"");
    add_ms (out, ",\"ts\":", gateway->now_ns);
    key (out, ",\"seqId\":");
    numeral_add_i64 (out, ((okx_state_t *) gateway->state)->seq_id);
    key (out, "}]}");
    finish (gateway, NULL, CHANNEL_BBO, listing);
}

static void
tell_mark (gateway_t *gateway, feed_client_t *only, int listing, const world_ticker_t *ticker)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    text_buffer_t *out = begin (gateway, CHANNEL_MARK, listing);
    key (out, "\"data\":[{\"instType\":\"SWAP\",\"instId\":\"");
    key (out, facts->contract);
    key (out, "\",\"markPx\":");
    gateway_add_px_f64 (out, facts, ticker->mark_px, 0, NUMERAL_TRIMMED);
    add_ms (out, ",\"ts\":", gateway->now_ns);
    key (out, "}]}");
    finish (gateway, only, CHANNEL_MARK, listing);
}

static void
tell_index (gateway_t *gateway, feed_client_t *only, int listing, const world_ticker_t *ticker)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    text_buffer_t *out = begin (gateway, CHANNEL_INDEX, listing);
    const struct {
        const char *name;
        double px;
    } rows[] = {{",\"idxPx\":", ticker->index_px},      {",\"high24h\":", ticker->high_24h_px},
                {",\"sodUtc0\":", ticker->open_24h_px}, {",\"open24h\":", ticker->open_24h_px},
                {",\"low24h\":", ticker->low_24h_px},   {",\"sodUtc8\":", ticker->open_24h_px}};
    key (out, "\"data\":[{\"instId\":\"");
    key (out, facts->base);
    key (out, "-USDT\"");
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        key (out, rows[i].name);
        gateway_add_px_f64 (out, facts, rows[i].px, 0, NUMERAL_TRIMMED);
    }
    add_ms (out, ",\"ts\":", gateway->now_ns);
    key (out, "}]}");
    finish (gateway, only, CHANNEL_INDEX, listing);
}

static void
tell_funding (gateway_t *gateway, feed_client_t *only, int listing, const world_ticker_t *ticker)
{
    int64_t interval_ns = (int64_t) (ticker->funding_interval_h * 3600) * NS_PER_S;
    text_buffer_t *out = begin (gateway, CHANNEL_FUNDING, listing);
    key (out, "\"data\":[{\"formulaType\":\"noRate\",\"fundingRate\":");
    numeral_add_quoted_f64 (out, ticker->funding_rate, 16, NUMERAL_TRIMMED);
    add_ms (out, ",\"fundingTime\":", ticker->next_funding_ns);
    key (out, ",\"impactValue\":\"\",\"instId\":\"");
    key (out, gateway->listings[listing].contract);
    key (out,
         "\",\"instType\":\"SWAP\",\"interestRate\":\"0.0001\",\"maxFundingRate\":\"0.00375\",\"method\":"
         "\"current_period\",\"minFundingRate\":\"-0.00375\",\"nextFundingRate\":\"\"");
    add_ms (out, ",\"nextFundingTime\":", ticker->next_funding_ns + interval_ns);
    key (out, ",\"premium\":");
    numeral_add_quoted_f64 (out, ticker->index_px > 0 ? ticker->mark_px / ticker->index_px - 1 : 0, 16,
                            NUMERAL_TRIMMED);
    key (out, ",\"settFundingRate\":");
    numeral_add_quoted_f64 (out, ticker->funding_rate, 16, NUMERAL_TRIMMED);
    key (out, ",\"settState\":\"settled\"");
    add_ms (out, ",\"ts\":", gateway->now_ns);
    key (out, "}]}");
    finish (gateway, only, CHANNEL_FUNDING, listing);
}

static void
tell_interest (gateway_t *gateway, feed_client_t *only, int listing, const world_ticker_t *ticker)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    double coins = (double) ticker->oi_lots * gateway_lot_coins (facts);
    text_buffer_t *out = begin (gateway, CHANNEL_INTEREST, listing);
    key (out, "\"data\":[{\"instId\":\"");
    key (out, facts->contract);
    key (out, "\",\"instType\":\"SWAP\",\"oi\":");
    gateway_add_qty (out, facts, ticker->oi_lots, NUMERAL_TRIMMED);
    key (out, ",\"oiCcy\":");
    numeral_add_quoted_f64 (out, coins, 8, NUMERAL_TRIMMED);
    key (out, ",\"oiUsd\":");
    numeral_add_quoted_f64 (out, coins * ticker->mark_px, 8, NUMERAL_TRIMMED);
    add_ms (out, ",\"ts\":", gateway->now_ns);
    key (out, "}]}");
    finish (gateway, only, CHANNEL_INTEREST, listing);
}

static void
tell_liquidation (gateway_t *gateway, int listing)
{
    const gateway_listing_t *facts = &gateway->listings[listing];
    world_liquidation_t *liquidation = &book_of (gateway, listing)->liquidation;
    text_buffer_t *out = begin (gateway, CHANNEL_LIQUIDATION, listing);
    key (out, "\"data\":[{\"details\":[{\"bkLoss\":\"0\",\"bkPx\":");
    gateway_add_px (out, facts, liquidation->bankruptcy_px_ticks, NUMERAL_TRIMMED);
    key (out, liquidation->side > 0 ? ",\"ccy\":\"\",\"posSide\":\"long\",\"side\":\"sell\",\"sz\":"
                                    : ",\"ccy\":\"\",\"posSide\":\"short\",\"side\":\"buy\",\"sz\":");
    gateway_add_qty (out, facts, liquidation->qty_lots, NUMERAL_TRIMMED);
    add_ms (out, ",\"ts\":", liquidation->ts_ns);
    key (out, "}],\"instFamily\":\"");
    key (out, facts->base);
    key (out, "-USDT\",\"instId\":\"");
    key (out, facts->contract);
    key (out, "\",\"instType\":\"SWAP\",\"uly\":\"");
    key (out, facts->base);
    key (out, "-USDT\"}]}");
    liquidation->qty_lots = 0;
    finish (gateway, NULL, CHANNEL_LIQUIDATION, listing);
}

//  Mark every 200 ms and index every 100 ms when they changed, else every 10 s and minute; interest every 3
//  s; funding every minute.
static void
flush_ticker (gateway_t *gateway, int listing, int64_t slice)
{
    okx_book_t *book = book_of (gateway, listing);
    const gateway_listing_t *facts = &gateway->listings[listing];
    bool has_mark = slice % 20 == 0 && feed_wanted (gateway->feed, CHANNEL_MARK, listing);
    bool has_index = slice % 10 == 0 && feed_wanted (gateway->feed, CHANNEL_INDEX, listing);
    bool has_interest = slice % 300 == 0 && feed_wanted (gateway->feed, CHANNEL_INTEREST, listing);
    bool has_funding = slice % 6000 == 0 && feed_wanted (gateway->feed, CHANNEL_FUNDING, listing);
    if (!has_mark && !has_index && !has_interest && !has_funding)
        return;
    world_ticker_t ticker;
    world_ticker (gateway->world, gateway->venue, listing, &ticker);
    char text[NUMERAL_TEXT_MAX];
    int decimals = facts->px_exponent < 0 ? -facts->px_exponent : 0;
    if (has_mark) {
        (void) numeral_write_f64 (text, ticker.mark_px, decimals, NUMERAL_FIXED);
        if (strcmp (text, book->mark_text) || gateway->now_ns - book->mark_told_ns >= 10 * NS_PER_S) {
            (void) slice_copy (slice_of (text), book->mark_text, sizeof book->mark_text);
            book->mark_told_ns = gateway->now_ns;
            tell_mark (gateway, NULL, listing, &ticker);
        }
    }
    if (has_index) {
        (void) numeral_write_f64 (text, ticker.index_px, decimals, NUMERAL_FIXED);
        if (strcmp (text, book->index_text) || gateway->now_ns - book->index_told_ns >= 60 * NS_PER_S) {
            (void) slice_copy (slice_of (text), book->index_text, sizeof book->index_text);
            book->index_told_ns = gateway->now_ns;
            tell_index (gateway, NULL, listing, &ticker);
        }
    }
    if (has_interest)
        tell_interest (gateway, NULL, listing, &ticker);
    if (has_funding)
        tell_funding (gateway, NULL, listing, &ticker);
}

static void
on_tick (gateway_t *gateway, int64_t now_ns)
{
    int64_t slice = now_ns / SLICE_NS;
    for (int i = 0; i < gateway->listings_count; i++) {
        okx_book_t *book = book_of (gateway, i);
        if (book->is_best_touched && feed_wanted (gateway->feed, CHANNEL_BBO, i))
            tell_best (gateway, i);
        if ((slice + i) % 10 == 0)
            flush_book (gateway, i);
        flush_ticker (gateway, i, slice + i);
        if (slice % 100 == 0 && book->liquidation.qty_lots)
            tell_liquidation (gateway, i);
    }
}

//  What a new subscriber gets first.
static void
tell_first (gateway_t *gateway, feed_client_t *client, int channel, int listing)
{
    okx_book_t *book = book_of (gateway, listing);
    world_ticker_t ticker;
    world_ticker (gateway->world, gateway->venue, listing, &ticker);
    switch (channel) {
    case CHANNEL_BOOKS:
        if (!book->cut.depth)
            book_cut_init (&book->cut, BOOK_DEPTH);
        if (!book->is_running) {
            (void) book_cut_advance (&book->cut, gateway->world, gateway->venue, listing);
            book->seq_id = ++((okx_state_t *) gateway->state)->seq_id;
            book->is_running = true;
        }
        book->told_ns = gateway->now_ns;
        tell_book (gateway, client, listing, BOOK_SNAPSHOT, -1);
        break;
    case CHANNEL_MARK:
        tell_mark (gateway, client, listing, &ticker);
        break;
    case CHANNEL_INDEX:
        tell_index (gateway, client, listing, &ticker);
        break;
    case CHANNEL_FUNDING:
        tell_funding (gateway, client, listing, &ticker);
        break;
    case CHANNEL_INTEREST:
        tell_interest (gateway, client, listing, &ticker);
        break;
    default:
        break;
    }
}

static void
tell_event (gateway_t *gateway, feed_client_t *client, const char *event, slice_t channel, slice_t instrument,
            bool is_type)
{
    text_buffer_t *out = &gateway->frame;
    text_reset (out);
    text_add (out, "{\"event\":\"%s\",\"arg\":{\"channel\":\"%.*s\",\"%s\":\"%.*s\"},\"connId\":\"%08x\"}",
              event, (int) channel.size, channel.data, is_type ? "instType" : "instId", (int) instrument.size,
              instrument.data, (unsigned) (uintptr_t) client);
    feed_tell (client, (slice_t){out->data, out->size});
}

static void
tell_error (gateway_t *gateway, feed_client_t *client, const char *code, const char *text)
{
    text_buffer_t *out = &gateway->frame;
    text_reset (out);
    text_add (out, "{\"event\":\"error\",\"code\":\"%s\",\"msg\":", code);
    text_add_quoted (out, text);
    text_add (out, ",\"connId\":\"%08x\"}", (unsigned) (uintptr_t) client);
    feed_tell (client, (slice_t){out->data, out->size});
}

//  One {"channel":..,"instId":..}.
static void
change_want (gateway_t *gateway, feed_client_t *client, json_cursor_t item, bool is_on)
{
    slice_t name = {"", 0}, instrument = {"", 0};
    (void) json_find_text (item, "channel", &name);
    bool is_type = json_find_text (item, "instId", &instrument) != OK;
    if (is_type)
        (void) json_find_text (item, "instType", &instrument);
    int channel = 0, listing = -1;
    while (channels[channel] && !slice_is (name, channels[channel]))
        channel++;
    bool is_everything = channel == CHANNEL_LIQUIDATION && slice_is (instrument, "SWAP");
    if (channels[channel] && channel == CHANNEL_INDEX) {
        char contract[GATEWAY_NAME_MAX + 8];
        (void) snprintf (contract, sizeof contract, "%.*s-SWAP",
                         (int) (instrument.size < 24 ? instrument.size : 24), instrument.data);
        listing = gateway_find (gateway, slice_of (contract));
    } else if (channels[channel] && channel != CHANNEL_LIQUIDATION) {
        listing = gateway_find (gateway, instrument);
    }
    if (listing < 0 && !is_everything) {
        char text[256];
        (void) snprintf (text, sizeof text, "Wrong URL or channel:%.*s,instId:%.*s doesn't exist.",
                         (int) (name.size < 64 ? name.size : 64), name.data,
                         (int) (instrument.size < 64 ? instrument.size : 64), instrument.data);
        tell_error (gateway, client, "60018", text);
        return;
    }
    tell_event (gateway, client, is_on ? "subscribe" : "unsubscribe", name, instrument, is_type);
    int first = is_everything ? 0 : listing, last = is_everything ? gateway->listings_count : listing + 1;
    for (int i = first; i < last; i++) {
        bool is_new = is_on && !feed_wants (client, channel, i);
        feed_want (client, channel, i, is_on);
        if (is_new && gateway->world)
            tell_first (gateway, client, channel, i);
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
    json_cursor_t root, arguments, item;
    slice_t operation = {"", 0};
    if (slice_is (text, "ping")) {
        feed_tell (client, slice_of ("pong"));
        return;
    }
    bool is_object = json_open (gateway->json, text, &root) == OK && json_type (root) == JSON_OBJECT &&
                     json_find_text (root, "op", &operation) == OK;
    bool is_on = slice_is (operation, "subscribe");
    if (!is_object || (!is_on && !slice_is (operation, "unsubscribe")) ||
        json_find (root, "args", &arguments) != OK) {
        char told[160];
        (void) snprintf (told, sizeof told, "Invalid request: %.*s",
                         (int) (text.size < 120 ? text.size : 120), text.data);
        tell_error (gateway, client, "60012", told);
        return;
    }
    while (json_next (arguments, &item))
        change_want (gateway, client, item, is_on);
}

static slice_t
value_of (slice_t head, const char *name)
{
    const char *at = memmem (head.data, head.size, name, strlen (name));
    if (!at)
        return (slice_t){"", 0};
    slice_t rest = {at + strlen (name), (size_t) (head.data + head.size - at) - strlen (name)};
    return slice_cut (&rest, '"');
}

static bool
classify (slice_t message, int *channel, slice_t *contract)
{
    slice_t head = {message.data, message.size < 256 ? message.size : 256};
    if (!memmem (head.data, head.size, "\"data\":", 7))
        return false;
    slice_t name = value_of (head, "\"channel\":\"");
    *contract = value_of (head, "\"instId\":\"");
    for (*channel = 0; channels[*channel]; (*channel)++)
        if (slice_is (name, channels[*channel]))
            return contract->size > 0;
    return false;
}

static void
respell (gateway_t *gateway, int channel, int listing, slice_t message, text_buffer_t *out, size_t *wrap_size)
{
    (void) gateway, (void) channel, (void) listing;
    text_reset (out);
    text_add_slice (out, message);
    *wrap_size = 0;
}

static bool
is_snapshot (slice_t url, slice_t *contract)
{
    (void) url, (void) contract; //  books begin on the socket
    return false;
}

const protocol_t okx_protocol = {
    .name = "okx",
    .paths = paths,
    .channels = channels,
    .state_size = sizeof (okx_state_t),
    .name_contract = name_contract,
    .name_base = name_base,
    .start = start,
    .stop = stop,
    .connected = on_connected,
    .text = on_text,
    .request = okx_protocol_request,
    .trade = on_trade,
    .level = on_level,
    .liquidation = on_liquidation,
    .tick = on_tick,
    .classify = classify,
    .respell = respell,
    .is_snapshot = is_snapshot,
};
