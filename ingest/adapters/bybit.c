//  Bybit v5, USDT linear perpetuals.  Source: the venue's "v5 API" pages: WebSocket Stream (public topics,
//  heartbeat, length of args), Market (REST), Rate Limit Rules, Error Codes.

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/native.h"

#include <math.h>

#define TICKER_CHANNELS (CHANNEL_MARK | CHANNEL_INDEX | CHANNEL_FUNDING | CHANNEL_OPEN_INTEREST)
#define BOOK_CHANNELS   (CHANNEL_BOOK | CHANNEL_QUOTE)
#define FLOW_CHANNELS   (CHANNEL_TRADE | CHANNEL_LIQUIDATION | TICKER_CHANNELS)

static const native_topic_t topics[] = {
    {"\"publicTrade.%s\"", CHANNEL_TRADE, TOPIC_OF_CONTRACT},
    {"\"orderbook.200.%s\"", CHANNEL_BOOK, TOPIC_OF_CONTRACT},
    {"\"orderbook.1.%s\"", CHANNEL_QUOTE, TOPIC_OF_CONTRACT},
    {"\"tickers.%s\"", TICKER_CHANNELS, TOPIC_OF_CONTRACT},
    {"\"allLiquidation.%s\"", CHANNEL_LIQUIDATION, TOPIC_OF_CONTRACT},
};
static const native_feed_t feed = {
    .topics = topics,
    .topics_count = COUNT_OF (topics),
    .head_on = "{\"op\":\"subscribe\",\"args\":[",
    .head_off = "{\"op\":\"unsubscribe\",\"args\":[",
    .tail = "],\"req_id\":\"%lld\"}",
    .most = 200,
};
static const uint32_t socket_channels[] = {BOOK_CHANNELS, FLOW_CHANNELS};

static int
subscribe (const symbols_t *symbols, int socket, uint32_t bits, int first, int count, bool is_on,
           text_sink_t *out)
{
    CHECK (socket >= 0 && (size_t) socket < COUNT_OF (socket_channels));
    return native_subscribe (&feed, symbols, bits & socket_channels[socket], first, count, is_on, out);
}

//  --- frames

//  "S" is the taker's side.
static int
on_trades (native_t *in, json_cursor_t root)
{
    json_cursor_t data = root, row;
    int status = OK;
    (void) json_need (root, "data", &data);
    while (status == OK && json_next (data, &row)) {
        int64_t ts_ms = 0;
        slice_t id = {"", 0}, side = {"", 0};
        decimal_t price = {0, 0};
        double qty = 0;
        if (!native_select_key (in, row, "s"))
            continue;
        (void) json_need_i64 (row, "T", &ts_ms);
        (void) json_need_text (row, "S", &side);
        (void) json_need_double (row, "v", &qty);
        (void) json_need_decimal (row, "p", &price);
        (void) json_need_text (row, "i", &id);
        status = native_trade (in, ts_ms, id, price, qty, slice_is (side, "Sell") ? -1 : 1);
    }
    return status == OK ? native_finish (in) : status;
}

//  "u" counts up by one; "cts" is the matching engine's time, "ts" the gateway's.
static int
on_book (native_t *in, json_cursor_t root, slice_t depth)
{
    json_cursor_t data = root, bids = root, asks = root;
    slice_t type = {"", 0};
    int64_t ts_ms = 0, update_id = -1;
    (void) json_need_text (root, "type", &type);
    if (json_find_i64 (root, "cts", &ts_ms) == E_ABSENT)
        (void) json_need_i64 (root, "ts", &ts_ms);
    if (json_need (root, "data", &data) != OK || !native_select_key (in, data, "s"))
        return native_finish (in);
    (void) json_need (data, "b", &bids);
    (void) json_need (data, "a", &asks);
    if (slice_is (depth, "1"))
        return native_quote_of (in, ts_ms, bids, asks); //  depth 1 is always whole
    (void) json_need_i64 (data, "u", &update_id);
    book_update_t update = {.is_snapshot = slice_is (type, "snapshot"),
                            .first_seq = update_id,
                            .last_seq = update_id,
                            .prev_seq = -1};
    return native_book (in, ts_ms, &update, bids, asks);
}

//  Settlements fall on whole multiples of the interval; a frame that leaves the time out has not changed it.
static int64_t
next_settlement_ms (const contract_t *contract, int64_t ts_ms)
{
    int64_t interval_ms = (int64_t) (contract->facts.funding_interval_h * 3600) * MS_PER_S;
    return interval_ms > 0 && ts_ms > 0 && ts_ms < INT64_MAX - interval_ms
               ? ts_ms - ts_ms % interval_ms + interval_ms
               : 0;
}

//  A snapshot has every field, a delta those that changed: only what is there is told.
static int
on_ticker (native_t *in, json_cursor_t root)
{
    json_cursor_t data = root;
    int64_t ts_ms = 0, next_ms = 0;
    double mark = NAN, index = NAN, rate = NAN, oi = NAN, oi_usd = NAN, hours = 0;
    (void) json_need_i64 (root, "ts", &ts_ms);
    if (json_need (root, "data", &data) != OK || !native_select_key (in, data, "symbol"))
        return native_finish (in);
    (void) json_find_double (data, "markPrice", &mark);
    (void) json_find_double (data, "indexPrice", &index);
    (void) json_find_double (data, "openInterest", &oi);
    if (!in->contract->facts.is_inverse) //  there it is in coins
        (void) json_find_double (data, "openInterestValue", &oi_usd);
    if (json_find_i64 (data, "nextFundingTime", &next_ms) != OK)
        next_ms = next_settlement_ms (in->contract, ts_ms);
    (void) json_find_double (data, "fundingRate", &rate);
    (void) json_find_double (data, "fundingIntervalHour", &hours);
    int status = native_finish (in);
    if (status == OK && !isnan (mark))
        status = native_price (in, EVENT_MARK, ts_ms, mark);
    if (status == OK && !isnan (index))
        status = native_price (in, EVENT_INDEX, ts_ms, index);
    if (status == OK && !isnan (rate))
        status = native_funding (in, ts_ms, rate, NAN, next_ms, hours, false);
    if (status == OK && !isnan (oi))
        status = native_open_interest (in, ts_ms, oi, oi_usd, mark);
    return status;
}

//  "S" is the position's side, "p" its bankruptcy price.
static int
on_liquidations (native_t *in, json_cursor_t root)
{
    json_cursor_t data = root, row;
    int status = OK;
    (void) json_need (root, "data", &data);
    while (status == OK && json_next (data, &row)) {
        int64_t ts_ms = 0;
        slice_t side = {"", 0};
        decimal_t price = {0, 0};
        double qty = 0;
        if (!native_select_key (in, row, "s"))
            continue;
        (void) json_need_i64 (row, "T", &ts_ms);
        (void) json_need_text (row, "S", &side);
        (void) json_need_double (row, "v", &qty);
        (void) json_need_decimal (row, "p", &price);
        status = native_liquidation (in, ts_ms, slice_is (side, "Buy") ? 1 : -1, price,
                                     LIQUIDATION_PX_BANKRUPTCY, qty, COVERAGE_COMPLETE);
    }
    return status == OK ? native_finish (in) : status;
}

//  Until 2025: one liquidation a message, and no more than one a second.
static int
on_sampled_liquidation (native_t *in, json_cursor_t root)
{
    json_cursor_t data = root;
    int64_t ts_ms = 0;
    slice_t side = {"", 0};
    decimal_t price = {0, 0};
    double qty = 0;
    if (json_need (root, "data", &data) != OK || !native_select_key (in, data, "symbol"))
        return native_finish (in);
    (void) json_need_i64 (data, "updatedTime", &ts_ms);
    (void) json_need_text (data, "side", &side);
    (void) json_need_double (data, "size", &qty);
    (void) json_need_decimal (data, "price", &price);
    return native_liquidation (in, ts_ms, slice_is (side, "Buy") ? 1 : -1, price, LIQUIDATION_PX_BANKRUPTCY,
                               qty, COVERAGE_SAMPLED);
}

//  Answers to subscriptions and pings.
static int
on_answer (native_t *in, json_cursor_t root)
{
    slice_t op = {"", 0}, text = {"", 0};
    int64_t tag = -1;
    bool is_accepted = true;
    (void) json_find_text (root, "op", &op);
    (void) json_find_text (root, "ret_msg", &text);
    (void) json_find_bool (root, "success", &is_accepted);
    bool is_subscription = slice_is (op, "subscribe") || slice_is (op, "unsubscribe");
    if (!is_subscription) {
        in->out->ignored (in->out->self, slice_is (op, "ping") || slice_is (op, "pong"), op);
        return native_finish (in);
    }
    slice_t id = {"", 0};
    (void) json_find_text (root, "req_id", &id);
    if (native_is_whole (id))
        (void) json_find_i64 (root, "req_id", &tag);
    if (native_finish (in) == OK)
        native_acknowledge (in, tag, is_accepted, text);
    return native_finish (in);
}

static int
parse (json_document_t *json, slice_t text, const symbols_t *symbols, event_sink_t *out, error_text_t *error)
{
    native_t in;
    json_cursor_t root;
    slice_t topic = {"", 0};
    int status = native_open (&in, json, text, symbols, out, error, &root);
    if (status != OK)
        return status;
    if (json_find_text (root, "topic", &topic) != OK)
        return on_answer (&in, root);
    slice_t rest = topic, name = slice_cut (&rest, '.');
    if (slice_is (name, "publicTrade"))
        return on_trades (&in, root);
    if (slice_is (name, "orderbook"))
        return on_book (&in, root, slice_cut (&rest, '.'));
    if (slice_is (name, "tickers"))
        return on_ticker (&in, root);
    if (slice_is (name, "allLiquidation"))
        return on_liquidations (&in, root);
    if (slice_is (name, "liquidation"))
        return on_sampled_liquidation (&in, root);
    out->ignored (out->self, false, topic);
    return native_finish (&in);
}

//  --- requests

static int
plan_one (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns, request_sink_t *out)
{
    const char *contract = symbols->contracts[instrument].contract;
    switch (kind) {
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
        return native_request (out, kind, instrument, 1,
                               "/v5/market/kline?category=linear&symbol=%s&interval=%s&limit=1000&end=%lld",
                               contract, kind == REQUEST_BACKFILL_BARS ? "1" : "15",
                               (long long) native_bars_end_ms (kind, now_ns) - 1);
    case REQUEST_BACKFILL_FUNDING:
        return native_request (out, kind, instrument, 1,
                               "/v5/market/funding/history?category=linear&symbol=%s&limit=200", contract);
    case REQUEST_BACKFILL_OI:
        return native_request (
            out, kind, instrument, 1,
            "/v5/market/open-interest?category=linear&symbol=%s&intervalTime=5min&limit=200", contract);
    case REQUEST_RATIO:
        return native_request (out, kind, instrument, 1,
                               "/v5/market/account-ratio?category=linear&symbol=%s&period=5min&limit=1",
                               contract);
    case REQUEST_TIERS:
        return native_request (out, kind, instrument, 1, "/v5/market/risk-limit?category=linear&symbol=%s",
                               contract);
    case REQUEST_INSTRUMENTS:
    case REQUEST_BOOK:
    case REQUEST_OPEN_INTEREST:
        break;
    }
    return E_ABSENT;
}

static int
plan (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns, request_sink_t *out)
{
    if (kind != REQUEST_INSTRUMENTS)
        return native_plan (plan_one, kind, symbols, instrument, now_ns, out);
    return native_request (out, kind, -1, 1, "/v5/market/instruments-info?category=linear&limit=1000");
}

//  The settlement interval comes in minutes.
static void
read_instrument (json_cursor_t row, native_listing_t *listing)
{
    contract_t contract = {.multiplier = 1};
    slice_t name = {"", 0}, type = {"", 0}, status = {"", 0}, base = {"", 0}, quote = {"", 0},
            settle = {"", 0};
    double minutes = 0;
    json_cursor_t filter;
    (void) json_need_text (row, "symbol", &name);
    (void) json_find_text (row, "contractType", &type);
    (void) json_need_text (row, "status", &status);
    (void) json_need_text (row, "baseCoin", &base);
    (void) json_need_text (row, "quoteCoin", &quote);
    (void) json_find_text (row, "settleCoin", &settle);
    if (!slice_is (type, "LinearPerpetual") || !slice_is (quote, "USDT") || !slice_is (settle, "USDT"))
        return;
    (void) json_need_double (row, "fundingInterval", &minutes);
    if (json_need (row, "priceFilter", &filter) == OK)
        (void) json_need_decimal (filter, "tickSize", &contract.facts.tick);
    if (json_need (row, "lotSizeFilter", &filter) == OK)
        (void) json_need_decimal (filter, "qtyStep", &contract.facts.lot);
    contract.is_listed = slice_is (status, "Trading");
    contract.facts.status = contract.is_listed ? INSTRUMENT_TRADING : INSTRUMENT_HALTED;
    contract.facts.funding_interval_h = minutes > 0 && minutes <= 1440 ? minutes / 60 : 8;
    (void) slice_copy (name, contract.contract, sizeof contract.contract);
    (void) slice_copy (settle, contract.facts.settle, sizeof contract.facts.settle);
    native_listing_offer (listing, base, quote, contract);
}

static int
on_instruments (native_t *in, json_cursor_t result, json_cursor_t list)
{
    native_listing_t listing;
    json_cursor_t row;
    slice_t next = {"", 0};
    native_listing_init (&listing, in->symbols->universe);
    while (json_next (list, &row))
        read_instrument (row, &listing);
    (void) json_find_text (result, "nextPageCursor", &next);
    int status = native_finish (in);
    if (status == OK)
        native_listing_emit (&listing, in->out, next.size == 0);
    return status;
}

//  [start, open, high, low, close, volume, turnover]
static int
on_bar_row (native_t *in, json_cursor_t row)
{
    json_cursor_t values[7];
    bar_t bar = {.interval_s = in->bar_interval_s, .is_closed = true, .taker_buy_usd = NAN};
    int64_t start_ms = 0;
    int status = native_row (in, row, values, COUNT_OF (values));
    if (status != OK)
        return status;
    (void) json_i64 (values[0], &start_ms);
    (void) json_double (values[1], &bar.open_px);
    (void) json_double (values[2], &bar.high_px);
    (void) json_double (values[3], &bar.low_px);
    (void) json_double (values[4], &bar.close_px);
    (void) json_double (values[5], &bar.volume_coins);
    (void) json_double (values[6], &bar.volume_usd);
    return native_bar (in, native_bar_times (&bar, start_ms, -1, -1));
}

static int
on_funding_row (native_t *in, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double rate = 0;
    (void) json_need_double (row, "fundingRate", &rate);
    (void) json_need_i64 (row, "fundingRateTimestamp", &ts_ms);
    return native_funding (in, ts_ms, rate, NAN, 0, 0, true);
}

static int
on_open_interest_row (native_t *in, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double qty = 0;
    (void) json_need_double (row, "openInterest", &qty);
    (void) json_need_i64 (row, "timestamp", &ts_ms);
    return native_open_interest (in, ts_ms, qty, NAN, NAN);
}

static int
on_ratio_row (native_t *in, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double share = NAN;
    (void) json_need_double (row, "buyRatio", &share);
    (void) json_need_i64 (row, "timestamp", &ts_ms);
    return native_ratio (in, ts_ms, share, NAN, NAN);
}

//  The documents show rates in percent (0.5 at 100x), answers have them as fractions (0.005): rate times
//  leverage is about fifty or about a half.  The first tier deducts "".
static tier_t
read_tier (json_cursor_t row)
{
    tier_t tier = {.deduction = NAN};
    (void) json_need_double (row, "riskLimitValue", &tier.up_to);
    (void) json_need_double (row, "maintenanceMargin", &tier.mmr);
    (void) json_need_double (row, "maxLeverage", &tier.leverage_max);
    (void) json_find_double (row, "mmDeduction", &tier.deduction);
    if (tier.mmr * tier.leverage_max > 10)
        tier.mmr /= 100;
    return tier;
}

//  Pages are cut between symbols, so one symbol's table comes whole.
static int
on_tiers (native_t *in, json_cursor_t root, json_cursor_t list)
{
    tier_t rows[NATIVE_TIERS_MAX];
    size_t count = 0;
    int64_t ts_ms = 0;
    json_cursor_t row;
    (void) json_find_i64 (root, "time", &ts_ms);
    while (json_next (list, &row)) {
        slice_t name = {"", 0};
        if (json_need_text (row, "symbol", &name) != OK || !slice_is (name, in->contract->contract))
            continue;
        if (count == COUNT_OF (rows))
            return native_fail (in, E_RANGE, "too many tiers");
        rows[count++] = read_tier (row);
    }
    return native_tiers (in, ts_ms, false, rows, count);
}

static int
parse_response (json_document_t *json, const request_t *request, slice_t body, const symbols_t *symbols,
                event_sink_t *out, error_text_t *error)
{
    native_t in;
    json_cursor_t root, result, list = {json, 0};
    int64_t code = 0;
    slice_t text = {"", 0};
    int status = native_open (&in, json, body, symbols, out, error, &root);
    if (status != OK)
        return status;
    (void) json_find_text (root, "retMsg", &text);
    if (json_need_i64 (root, "retCode", &code) == OK && code != 0)
        return error_set (error, code == 10006 ? E_AGAIN : E_SYNTAX, "refused with %lld: %.*s",
                          (long long) code, (int) text.size, text.data);
    if (json_need (root, "result", &result) == OK)
        (void) json_need (result, "list", &list);
    status = native_finish (&in);
    if (status != OK)
        return status;
    if (request->kind == REQUEST_INSTRUMENTS)
        return on_instruments (&in, result, list);
    status = native_select_request (&in, request);
    if (status != OK)
        return status;
    switch (request->kind) {
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, on_bar_row);
    case REQUEST_BACKFILL_FUNDING:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, on_funding_row);
    case REQUEST_BACKFILL_OI:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, on_open_interest_row);
    case REQUEST_RATIO:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, on_ratio_row);
    case REQUEST_TIERS:
        return on_tiers (&in, root, list);
    case REQUEST_INSTRUMENTS:
    case REQUEST_BOOK:
    case REQUEST_OPEN_INTEREST:
        break;
    }
    return native_finish (&in);
}

//  10006: too many visits, the window is seconds.  403: more than 600 requests in 5 s, shut out for ten
//  minutes.
static int
retry_after_s (int status, slice_t body)
{
    if (status == 403)
        return 600;
    return status == 429 || native_body_has (body, "\"retCode\":10006") ? 5 : 0;
}

//  Two connections, since one takes at most 21,000 characters of topics.
const adapter_t bybit_adapter = {
    .name = "bybit",
    .sockets = {{"book", "wss://stream.bybit.com/v5/public/linear", BOOK_CHANNELS},
                {"flow", "wss://stream.bybit.com/v5/public/linear", FLOW_CHANNELS}},
    .sockets_count = 2,
    .rest_url = "https://api.bybit.com",
    .server_ping = "{\"op\":\"ping\"}",
    .ping_ns = 20 * NS_PER_S,
    .lifetime_ns = 0,
    .sequence = SEQUENCE_BYBIT,
    .has_rest_snapshot = false,
    .depth_levels = 200,
    .channels = BOOK_CHANNELS | FLOW_CHANNELS | CHANNEL_RATIO | CHANNEL_TIERS,
    .liquidation_coverage = COVERAGE_COMPLETE,
    .cadence_s = {[EVENT_BOOK] = 0.1, [EVENT_MARK] = 1, [EVENT_INDEX] = 1},
    .united = TICKER_CHANNELS,
    .poll_ns = {[EVENT_RATIO] = 300 * NS_PER_S, [EVENT_TIERS] = 6 * 3600 * NS_PER_S},
    .rate_weight = 400,
    .rate_window_s = 5,
    .subscribe_most = 200,
    .subscribe_gap_ms = 100,
    .subscribe = subscribe,
    .parse = parse,
    .plan = plan,
    .parse_response = parse_response,
    .retry_after_s = retry_after_s,
};
