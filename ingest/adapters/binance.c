//  Binance USD-M futures.  Source: the venue's "USDS-Margined Futures" pages: Websocket Market Streams (which
//  stream travels on which path), How to manage a local order book correctly, Market Data Endpoints (weights,
//  limits), Long/Short Ratio and its two for top traders.

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/native.h"

#include <math.h>

#define MARK_CHANNELS   (CHANNEL_MARK | CHANNEL_INDEX | CHANNEL_FUNDING)
#define PUBLIC_CHANNELS (CHANNEL_TRADE | CHANNEL_BOOK | CHANNEL_QUOTE)
#define MARKET_CHANNELS (MARK_CHANNELS | CHANNEL_LIQUIDATION)

enum { BARS_MOST = 1500, FUNDING_INTERVAL_H = 8 };

static const native_topic_t topics[] = {
    {"\"%s@trade\"", CHANNEL_TRADE, TOPIC_OF_LOWER},
    {"\"%s@depth@100ms\"", CHANNEL_BOOK, TOPIC_OF_LOWER},
    {"\"%s@bookTicker\"", CHANNEL_QUOTE, TOPIC_OF_LOWER},
    {"\"%s@markPrice@1s\"", MARK_CHANNELS, TOPIC_OF_LOWER},
    {"\"%s@forceOrder\"", CHANNEL_LIQUIDATION, TOPIC_OF_LOWER},
};
static const native_feed_t feed = {
    .topics = topics,
    .topics_count = COUNT_OF (topics),
    .head_on = "{\"method\":\"SUBSCRIBE\",\"params\":[",
    .head_off = "{\"method\":\"UNSUBSCRIBE\",\"params\":[",
    .tail = "],\"id\":%lld}",
    .most = 150,
};
static const uint32_t socket_channels[] = {PUBLIC_CHANNELS, MARKET_CHANNELS};

static int
subscribe (const symbols_t *symbols, int socket, uint32_t bits, int first, int count, bool is_on,
           text_sink_t *out)
{
    CHECK (socket >= 0 && (size_t) socket < COUNT_OF (socket_channels));
    return native_subscribe (&feed, symbols, bits & socket_channels[socket], first, count, is_on, out);
}

//  --- frames

//  "X" tells trades of the book from others; "NA" carries price and quantity 0 and is no trade.
static int
on_trade (native_t *in, json_cursor_t data)
{
    int64_t ts_ms = 0;
    slice_t id = {"", 0}, kind;
    decimal_t price = {0, 0};
    double qty = 0;
    bool is_maker_buyer = false;
    if (!native_select_key (in, data, "s"))
        return native_finish (in);
    (void) json_need_i64 (data, "T", &ts_ms);
    if (json_find_text (data, "t", &id) == E_ABSENT)
        (void) json_need_text (data, "a", &id); //  aggTrade
    (void) json_need_decimal (data, "p", &price);
    (void) json_need_double (data, "q", &qty);
    (void) json_need_bool (data, "m", &is_maker_buyer);
    if (json_find_text (data, "X", &kind) == OK && slice_is (kind, "NA")) {
        in->out->ignored (in->out->self, true, kind);
        return native_finish (in);
    }
    return native_trade (in, ts_ms, id, price, qty, is_maker_buyer ? -1 : 1);
}

//  is_partial: a "depth5" to "depth20" stream, whose every frame is the whole of the best levels.
static int
on_depth (native_t *in, json_cursor_t data, bool is_partial)
{
    book_update_t update = {.is_snapshot = is_partial, .first_seq = -1, .last_seq = -1, .prev_seq = -1};
    int64_t ts_ms = 0;
    json_cursor_t bids = data, asks = data;
    if (!native_select_key (in, data, "s"))
        return native_finish (in);
    if (json_find_i64 (data, "T", &ts_ms) == E_ABSENT)
        (void) json_need_i64 (data, "E", &ts_ms);
    (void) json_need_i64 (data, "U", &update.first_seq);
    (void) json_need_i64 (data, "u", &update.last_seq);
    (void) json_find_i64 (data, "pu", &update.prev_seq);
    (void) json_need (data, "b", &bids);
    (void) json_need (data, "a", &asks);
    return native_book (in, ts_ms, &update, bids, asks);
}

static int
on_quote (native_t *in, json_cursor_t data)
{
    int64_t ts_ms = 0;
    native_level_t bid = {{0, 0}, {0, 0}}, ask = {{0, 0}, {0, 0}};
    if (!native_select_key (in, data, "s"))
        return native_finish (in);
    (void) json_need_decimal (data, "b", &bid.price);
    (void) json_need_decimal (data, "B", &bid.qty);
    (void) json_need_decimal (data, "a", &ask.price);
    (void) json_need_decimal (data, "A", &ask.qty);
    (void) json_need_i64 (data, "T", &ts_ms);
    return native_quote (in, ts_ms, bid, ask);
}

//  One frame a second brings mark, index and the running estimate of the next funding.
static int
on_mark (native_t *in, json_cursor_t data)
{
    int64_t ts_ms = 0, next_ms = 0;
    double mark = 0, index = 0, rate = 0;
    if (!native_select_key (in, data, "s"))
        return native_finish (in);
    (void) json_need_i64 (data, "E", &ts_ms);
    (void) json_need_double (data, "p", &mark);
    int status = native_price (in, EVENT_MARK, ts_ms, mark);
    if (status == OK && json_find_double (data, "i", &index) != E_ABSENT && index != 0) //  0: no index yet
        status = native_price (in, EVENT_INDEX, ts_ms, index);
    //  A contract before its first settlement has an empty rate or time 0.
    int has_rate = json_find_double (data, "r", &rate);
    (void) json_find_i64 (data, "T", &next_ms);
    if (status == OK && has_rate != E_ABSENT && next_ms != 0)
        status = native_funding (in, ts_ms, rate, NAN, next_ms, 0, false);
    return status;
}

//  The order closes the position: a sale closes a long.
static int
on_liquidation (native_t *in, json_cursor_t data)
{
    json_cursor_t order = data;
    int64_t ts_ms = 0;
    slice_t side = {"", 0};
    decimal_t price = {0, 0}, fill = {0, 0};
    double qty = 0, filled = 0;
    if (json_need (data, "o", &order) != OK || !native_select_key (in, order, "s"))
        return native_finish (in);
    (void) json_need_text (order, "S", &side);
    (void) json_need_double (order, "q", &qty);
    (void) json_need_decimal (order, "p", &price);
    (void) json_find_decimal (order, "ap", &fill);
    (void) json_find_double (order, "z", &filled);
    (void) json_need_i64 (order, "T", &ts_ms);
    bool has_fill = fill.mantissa > 0;
    return native_liquidation (in, ts_ms, slice_is (side, "SELL") ? 1 : -1, has_fill ? fill : price,
                               has_fill ? LIQUIDATION_PX_FILL : LIQUIDATION_PX_ORDER,
                               filled > 0 ? filled : qty, COVERAGE_SAMPLED);
}

//  Not subscribed; understood because it is cheap and tells the taker's side.
static int
on_bar (native_t *in, json_cursor_t data)
{
    bar_t bar = {.interval_s = 60};
    json_cursor_t row = data;
    int64_t end_ms = 0, start_ms = 0, trades = -1;
    if (!native_select_key (in, data, "s") || json_need (data, "k", &row) != OK)
        return native_finish (in);
    (void) json_need_i64 (row, "t", &start_ms);
    (void) json_need_i64 (row, "T", &end_ms);
    (void) json_need_double (row, "o", &bar.open_px);
    (void) json_need_double (row, "h", &bar.high_px);
    (void) json_need_double (row, "l", &bar.low_px);
    (void) json_need_double (row, "c", &bar.close_px);
    (void) json_need_double (row, "v", &bar.volume_coins);
    (void) json_need_double (row, "q", &bar.volume_usd);
    (void) json_need_double (row, "Q", &bar.taker_buy_usd);
    (void) json_need_i64 (row, "n", &trades);
    (void) json_need_bool (row, "x", &bar.is_closed);
    return native_bar (in, native_bar_times (&bar, start_ms, end_ms, trades));
}

//  "btcusdt@depth20" or "btcusdt@depth5@100ms", but not "btcusdt@depth@100ms".
static bool
is_partial_depth (slice_t stream)
{
    (void) slice_cut (&stream, '@');
    return slice_starts (stream, "depth") && stream.size > 5 && stream.data[5] != '@';
}

static int
on_event (native_t *in, json_cursor_t data, slice_t stream)
{
    slice_t event = {"", 0};
    (void) json_need_text (data, "e", &event);
    if (slice_is (event, "depthUpdate"))
        return on_depth (in, data, is_partial_depth (stream));
    if (slice_is (event, "bookTicker"))
        return on_quote (in, data);
    if (slice_is (event, "trade") || slice_is (event, "aggTrade"))
        return on_trade (in, data);
    if (slice_is (event, "markPriceUpdate"))
        return on_mark (in, data);
    if (slice_is (event, "forceOrder"))
        return on_liquidation (in, data);
    if (slice_is (event, "kline"))
        return on_bar (in, data);
    in->out->ignored (in->out->self, slice_is (event, "24hrTicker") || slice_is (event, "24hrMiniTicker"),
                      event);
    return native_finish (in);
}

//  {"result":null,"id":1}, {"error":{"code":2,"msg":"..."},"id":1}, {"code":2,"msg":"..."}
static int
on_answer (native_t *in, json_cursor_t root)
{
    json_cursor_t error;
    slice_t text = {"", 0};
    int64_t tag = -1, code = 0;
    if (json_find (root, "error", &error) != OK)
        error = root;
    bool is_refused = json_find_i64 (error, "code", &code) == OK;
    (void) json_find_text (error, "msg", &text);
    if (json_find_i64 (root, "id", &tag) == E_ABSENT && !is_refused) {
        in->out->ignored (in->out->self, false, slice_of ("a frame without an event"));
        return native_finish (in);
    }
    if (native_finish (in) == OK)
        native_acknowledge (in, tag, !is_refused, text);
    return native_finish (in);
}

static int
parse (json_document_t *json, slice_t text, const symbols_t *symbols, event_sink_t *out, error_text_t *error)
{
    native_t in;
    json_cursor_t root, data, item;
    slice_t stream = {"", 0};
    int status = native_open (&in, json, text, symbols, out, error, &root);
    if (status != OK)
        return status;
    data = root;
    if (json_type (root) == JSON_OBJECT && json_find_text (root, "stream", &stream) == OK)
        (void) json_need (root, "data", &data);
    if (json_type (data) == JSON_ARRAY) {
        size_t count = 0;
        for (; status == OK && json_next (data, &item); count++)
            status = on_event (&in, item, stream);
        if (count == 0)
            out->ignored (out->self, stream.size > 0, slice_of ("an empty list"));
        return status == OK ? native_finish (&in) : status;
    }
    if (json_type (data) == JSON_OBJECT && json_find (data, "e", &item) == OK)
        return on_event (&in, data, stream);
    return on_answer (&in, data);
}

//  --- requests

//  Each share has a path of its own.
enum { SHARE_ACCOUNTS, SHARE_TOP_ACCOUNTS, SHARE_TOP_POSITIONS, SHARES };
static const char *const ratio_paths[SHARES] = {"/futures/data/globalLongShortAccountRatio",
                                                "/futures/data/topLongShortAccountRatio",
                                                "/futures/data/topLongShortPositionRatio"};

static int
plan_ratios (const char *contract, int instrument, request_sink_t *out)
{
    int status = OK;
    for (int i = 0; i < SHARES && status == OK; i++)
        status = native_request (out, REQUEST_RATIO, instrument, 1, "%s?symbol=%s&period=5m&limit=1",
                                 ratio_paths[i], contract);
    return status;
}

static int
plan_one (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns, request_sink_t *out)
{
    const char *contract = symbols->contracts[instrument].contract;
    switch (kind) {
    case REQUEST_BOOK:
        return native_request (out, kind, instrument, 20, "/fapi/v1/depth?symbol=%s&limit=1000", contract);
    case REQUEST_OPEN_INTEREST:
        return native_request (out, kind, instrument, 1, "/fapi/v1/openInterest?symbol=%s", contract);
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
        return native_request (out, kind, instrument, 10,
                               "/fapi/v1/klines?symbol=%s&interval=%s&limit=%d&endTime=%lld", contract,
                               kind == REQUEST_BACKFILL_BARS ? "1m" : "15m", BARS_MOST,
                               (long long) native_bars_end_ms (kind, now_ns) - 1);
    case REQUEST_BACKFILL_FUNDING:
        return native_request (out, kind, instrument, 1, "/fapi/v1/fundingRate?symbol=%s&limit=200",
                               contract);
    case REQUEST_BACKFILL_OI:
        return native_request (out, kind, instrument, 1,
                               "/futures/data/openInterestHist?symbol=%s&period=5m&limit=500", contract);
    case REQUEST_RATIO:
        return plan_ratios (contract, instrument, out);
    case REQUEST_INSTRUMENTS:
    case REQUEST_TIERS: //  leverageBracket asks for a key
        break;
    }
    return E_ABSENT;
}

static int
plan (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns, request_sink_t *out)
{
    if (kind != REQUEST_INSTRUMENTS)
        return native_plan (plan_one, kind, symbols, instrument, now_ns, out);
    int status = native_request (out, kind, -1, 1, "/fapi/v1/exchangeInfo");
    return status == OK ? native_request (out, kind, -1, 1, "/fapi/v1/fundingInfo") : status;
}

static void
read_filters (json_cursor_t filters, instrument_t *facts)
{
    json_cursor_t filter;
    slice_t type = {"", 0};
    while (json_next (filters, &filter)) {
        (void) json_need_text (filter, "filterType", &type);
        if (slice_is (type, "PRICE_FILTER"))
            (void) json_need_decimal (filter, "tickSize", &facts->tick);
        else if (slice_is (type, "LOT_SIZE"))
            (void) json_need_decimal (filter, "stepSize", &facts->lot);
    }
}

//  The interval comes with fundingInfo; a later list of instruments keeps it.
static double
known_interval_h (const symbols_t *symbols, slice_t contract)
{
    int instrument = symbols_find (symbols, contract);
    double known = instrument >= 0 ? symbols->contracts[instrument].facts.funding_interval_h : 0;
    return known > 0 ? known : FUNDING_INTERVAL_H;
}

static int
on_instruments (native_t *in, json_cursor_t root)
{
    native_listing_t listing;
    json_cursor_t list = root, row;
    native_listing_init (&listing, in->symbols->universe);
    if (json_type (root) == JSON_OBJECT)
        (void) json_need (root, "symbols", &list);
    while (json_next (list, &row)) {
        contract_t contract = {.multiplier = 1};
        slice_t name = {"", 0}, type = {"", 0}, status = {"", 0}, base = {"", 0}, quote = {"", 0},
                margin = {"", 0};
        (void) json_need_text (row, "symbol", &name);
        (void) json_need_text (row, "contractType", &type);
        (void) json_need_text (row, "status", &status);
        (void) json_need_text (row, "baseAsset", &base);
        (void) json_need_text (row, "quoteAsset", &quote);
        (void) json_need_text (row, "marginAsset", &margin);
        if (!slice_is (type, "PERPETUAL") || !slice_is (quote, "USDT") || !slice_is (margin, "USDT"))
            continue;
        json_cursor_t filters;
        if (json_need (row, "filters", &filters) == OK)
            read_filters (filters, &contract.facts);
        contract.is_listed = slice_is (status, "TRADING");
        contract.facts.status = contract.is_listed ? INSTRUMENT_TRADING : INSTRUMENT_HALTED;
        contract.facts.funding_interval_h = known_interval_h (in->symbols, name);
        (void) slice_copy (name, contract.contract, sizeof contract.contract);
        (void) slice_copy (margin, contract.facts.settle, sizeof contract.facts.settle);
        native_listing_offer (&listing, base, quote, contract);
    }
    int status = native_finish (in);
    if (status == OK)
        native_listing_emit (&listing, in->out, true);
    return status;
}

static int
on_funding_info (native_t *in, json_cursor_t root)
{
    json_cursor_t row;
    while (json_next (root, &row)) {
        slice_t name = {"", 0};
        double hours = 0;
        (void) json_need_text (row, "symbol", &name);
        (void) json_need_double (row, "fundingIntervalHours", &hours);
        int instrument = symbols_find (in->symbols, name);
        if (instrument < 0 || !(hours > 0 && hours <= 24))
            continue;
        contract_t contract = in->symbols->contracts[instrument];
        contract.facts.funding_interval_h = hours;
        in->out->contract (in->out->self, instrument, &contract);
    }
    return native_finish (in);
}

static int
on_book (native_t *in, json_cursor_t root)
{
    book_update_t update = {.is_snapshot = true, .first_seq = -1, .last_seq = -1, .prev_seq = -1};
    int64_t ts_ms = 0;
    json_cursor_t bids = root, asks = root;
    (void) json_need_i64 (root, "lastUpdateId", &update.last_seq);
    (void) json_need_i64 (root, "T", &ts_ms);
    (void) json_need (root, "bids", &bids);
    (void) json_need (root, "asks", &asks);
    return native_book (in, ts_ms, &update, bids, asks);
}

static int
on_open_interest (native_t *in, json_cursor_t root)
{
    int64_t ts_ms = 0;
    double qty = 0;
    (void) json_need_double (root, "openInterest", &qty);
    (void) json_need_i64 (root, "time", &ts_ms);
    return native_open_interest (in, ts_ms, qty, NAN, NAN);
}

//  [open time, open, high, low, close, volume, close time, quote volume, trades, taker buy volume, its quote,
//  "0"]
static int
on_bar_row (native_t *in, json_cursor_t row)
{
    json_cursor_t values[11];
    bar_t bar = {.is_closed = true};
    int64_t start_ms = 0, end_ms = 0, trades = 0;
    int status = native_row (in, row, values, COUNT_OF (values));
    if (status != OK)
        return status;
    (void) json_i64 (values[0], &start_ms);
    (void) json_double (values[1], &bar.open_px);
    (void) json_double (values[2], &bar.high_px);
    (void) json_double (values[3], &bar.low_px);
    (void) json_double (values[4], &bar.close_px);
    (void) json_double (values[5], &bar.volume_coins);
    (void) json_i64 (values[6], &end_ms);
    (void) json_double (values[7], &bar.volume_usd);
    (void) json_i64 (values[8], &trades);
    (void) json_double (values[10], &bar.taker_buy_usd);
    return native_bar (in, native_bar_times (&bar, start_ms, end_ms, trades));
}

static int
on_funding_row (native_t *in, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double rate = 0;
    (void) json_need_double (row, "fundingRate", &rate);
    (void) json_need_i64 (row, "fundingTime", &ts_ms);
    return native_funding (in, ts_ms, rate, NAN, 0, 0, true);
}

static int
on_open_interest_row (native_t *in, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double qty = 0, usd = 0;
    (void) json_need_double (row, "sumOpenInterest", &qty);
    (void) json_need_double (row, "sumOpenInterestValue", &usd);
    (void) json_need_i64 (row, "timestamp", &ts_ms);
    return native_open_interest (in, ts_ms, qty, usd, NAN);
}

//  "longAccount" is the share of whatever the path is about.
static int
on_ratios (native_t *in, json_cursor_t root, slice_t path)
{
    json_cursor_t row;
    int share = 0, status = OK;
    while (share < SHARES && !slice_starts (path, ratio_paths[share]))
        share++;
    if (share == SHARES)
        return native_fail (in, E_RANGE, "an answer to no known path");
    while (status == OK && json_next (root, &row)) {
        int64_t ts_ms = 0;
        double shares[SHARES] = {NAN, NAN, NAN};
        (void) json_need_double (row, "longAccount", &shares[share]);
        (void) json_need_i64 (row, "timestamp", &ts_ms);
        status = native_ratio (in, ts_ms, shares[SHARE_ACCOUNTS], shares[SHARE_TOP_ACCOUNTS],
                               shares[SHARE_TOP_POSITIONS]);
    }
    return status == OK ? native_finish (in) : status;
}

static int
parse_response (json_document_t *json, const request_t *request, slice_t body, const symbols_t *symbols,
                event_sink_t *out, error_text_t *error)
{
    native_t in;
    json_cursor_t root;
    int status = native_open (&in, json, body, symbols, out, error, &root);
    if (status != OK)
        return status;
    if (request->kind == REQUEST_INSTRUMENTS)
        return slice_starts (slice_of (request->path), "/fapi/v1/fundingInfo") ? on_funding_info (&in, root)
                                                                               : on_instruments (&in, root);
    status = native_select_request (&in, request);
    if (status != OK)
        return status;
    switch (request->kind) {
    case REQUEST_BOOK:
        return on_book (&in, root);
    case REQUEST_OPEN_INTEREST:
        return on_open_interest (&in, root);
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
        return native_rows (&in, root, NATIVE_OLDEST_FIRST, on_bar_row);
    case REQUEST_BACKFILL_FUNDING:
        return native_rows (&in, root, NATIVE_OLDEST_FIRST, on_funding_row);
    case REQUEST_BACKFILL_OI:
        return native_rows (&in, root, NATIVE_OLDEST_FIRST, on_open_interest_row);
    case REQUEST_RATIO:
        return on_ratios (&in, root, slice_of (request->path));
    case REQUEST_INSTRUMENTS:
    case REQUEST_TIERS:
        break;
    }
    return native_finish (&in);
}

//  429: over the weight of the minute.  418: banned, two minutes at first and longer for who goes on.  403:
//  the firewall.
static int
retry_after_s (int status, slice_t body)
{
    (void) body;
    return status == 418 ? 600 : status == 403 ? 300 : status == 429 ? 60 : 0;
}

const adapter_t binance_adapter = {
    .name = "binance",
    .sockets = {{"public", "wss://fstream.binance.com/public/stream", PUBLIC_CHANNELS},
                {"market", "wss://fstream.binance.com/market/stream", MARKET_CHANNELS}},
    .sockets_count = 2,
    .rest_url = "https://fapi.binance.com",
    .server_ping = NULL,
    .ping_ns = 60 * NS_PER_S,
    .lifetime_ns = 24 * 3600 * NS_PER_S,
    .sequence = SEQUENCE_BINANCE,
    .has_rest_snapshot = true,
    .depth_levels = 1000,
    .channels = PUBLIC_CHANNELS | MARKET_CHANNELS | CHANNEL_OPEN_INTEREST | CHANNEL_RATIO,
    .liquidation_coverage = COVERAGE_SAMPLED,
    .cadence_s = {[EVENT_BOOK] = 0.1, [EVENT_MARK] = 1, [EVENT_INDEX] = 1, [EVENT_FUNDING] = 1},
    .poll_ns = {[EVENT_OPEN_INTEREST] = 30 * NS_PER_S, [EVENT_RATIO] = 300 * NS_PER_S},
    .rate_weight = 2400,
    .rate_window_s = 60,
    .subscribe_most = 150,
    .subscribe_gap_ms = 250,
    .subscribe = subscribe,
    .parse = parse,
    .plan = plan,
    .parse_response = parse_response,
    .retry_after_s = retry_after_s,
};
