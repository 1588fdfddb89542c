//  REST of binance_protocol: paths, weights, refusals.

#include <math.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/simulator/binance_protocol.h"

enum { WEIGHT_MOST = 2400, WINDOW_S = 60, DEPTH_MOST = 1000 };

static int
refuse (reply_t *reply, text_buffer_t *out, int status, int code, const char *text)
{
    reply->status = status;
    text_reset (out);
    text_add (out, "{\"code\":%d,\"msg\":\"%s\"}", code, text);
    return OK;
}

static void
add_symbol (text_buffer_t *out, const gateway_listing_t *listing)
{
    char tick[NUMERAL_TEXT_MAX], lot[NUMERAL_TEXT_MAX];
    (void) numeral_write (tick, listing->px_units, listing->px_exponent, NUMERAL_TRIMMED);
    (void) numeral_write (lot, listing->qty_units, listing->qty_exponent, NUMERAL_TRIMMED);
    text_add (
        out,
        "{\"symbol\":\"%s\",\"pair\":\"%s\",\"contractType\":\"PERPETUAL\",\"deliveryDate\":4133404800000,"
        "\"onboardDate\":1569398400000,\"status\":\"TRADING\",\"maintMarginPercent\":\"2.5000\","
        "\"requiredMarginPercent\":\"5.0000\",\"baseAsset\":\"%s\",\"quoteAsset\":\"USDT\","
        "\"marginAsset\":\"USDT\",\"pricePrecision\":%d,\"quantityPrecision\":%d,\"baseAssetPrecision\":8,"
        "\"quotePrecision\":8,\"underlyingType\":\"COIN\",\"underlyingSubType\":[],\"triggerProtect\":\"0."
        "0500\","
        "\"liquidationFee\":\"0.012500\",\"marketTakeBound\":\"0.05\",\"maxMoveOrderLimit\":10000,"
        "\"filters\":["
        "{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"%s\",\"maxPrice\":\"100000000\",\"tickSize\":\"%s\"}"
        ","
        "{\"filterType\":\"LOT_SIZE\",\"minQty\":\"%s\",\"maxQty\":\"100000000\",\"stepSize\":\"%s\"},"
        "{\"filterType\":\"MARKET_LOT_SIZE\",\"minQty\":\"%s\",\"maxQty\":\"1000000\",\"stepSize\":\"%s\"},"
        "{\"filterType\":\"MAX_NUM_ORDERS\",\"limit\":200},{\"filterType\":\"MIN_NOTIONAL\",\"notional\":"
        "\"5\"}],"
        "\"orderTypes\":[\"LIMIT\",\"MARKET\"],\"timeInForce\":[\"GTC\",\"IOC\",\"FOK\",\"GTX\"]}",
        listing->contract, listing->contract, listing->base,
        listing->px_exponent < 0 ? -listing->px_exponent : 0,
        listing->qty_exponent < 0 ? -listing->qty_exponent : 0, tick, tick, lot, lot, lot, lot);
}

static int
answer_instruments (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) query, (void) reply, (void) listing;
    text_buffer_t *out = &gateway->frame;
    text_add (
        out,
        "{\"timezone\":\"UTC\",\"serverTime\":%lld,\"futuresType\":\"U_MARGINED\",\"rateLimits\":["
        "{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":%d}],"
        "\"exchangeFilters\":[],\"assets\":[{\"asset\":\"USDT\",\"marginAvailable\":true,"
        "\"autoAssetExchange\":\"-10000\"}],\"symbols\":[",
        (long long) gateway_ms (gateway->now_ns), WEIGHT_MOST);
    for (int i = 0; i < gateway->listings_count; i++) {
        if (i)
            text_add (out, ",");
        add_symbol (out, &gateway->listings[i]);
    }
    text_add (out, "]}");
    return OK;
}

static int
answer_depth (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) reply;
    text_buffer_t *out = &gateway->frame;
    if (!gateway->world)
        return gateway->archive.snapshot (gateway->archive.self, listing, out);
    static world_level_t levels[DEPTH_MOST];
    binance_state_t *state = gateway->state;
    binance_book_t *book = &state->books[listing];
    int64_t limit = query_i64 (query, "limit", 500);
    if (!book->first_id) //  an id of its own: the next event starts with it
        book->first_id = book->last_id = ++state->update_id;
    long long now_ms = gateway_ms (gateway->now_ns);
    text_add (out, "{\"lastUpdateId\":%lld,\"E\":%lld,\"T\":%lld", (long long) book->last_id, now_ms, now_ms);
    for (int side = 0; side < 2; side++) {
        int count = world_levels (gateway->world, gateway->venue, listing, side == 0, levels,
                                  limit < 1 || limit > DEPTH_MOST ? DEPTH_MOST : (int) limit);
        text_add (out, side == 0 ? ",\"bids\":" : ",\"asks\":");
        gateway_add_levels (out, &gateway->listings[listing], levels, count, NUMERAL_FIXED, "");
    }
    text_add (out, "}");
    return OK;
}

static int
answer_open_interest (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) query;
    text_buffer_t *out = &gateway->frame;
    if (!gateway->world)
        return refuse (reply, out, 400, -1121, "Invalid symbol.");
    world_ticker_t ticker;
    world_ticker (gateway->world, gateway->venue, listing, &ticker);
    text_add (out, "{\"symbol\":\"%s\",\"openInterest\":", gateway->listings[listing].contract);
    gateway_add_qty (out, &gateway->listings[listing], ticker.oi_lots, NUMERAL_FIXED);
    text_add (out, ",\"time\":%lld}", (long long) gateway_ms (gateway->now_ns));
    return OK;
}

static span_t
span_of (const gateway_t *gateway, const query_t *query, int64_t preset, int64_t most)
{
    int64_t from_ms = query_i64 (query, "startTime", -1), to_ms = query_i64 (query, "endTime", -1);
    int64_t limit = query_i64 (query, "limit", preset);
    return (span_t){.from_ns = from_ms < 0 ? 0 : from_ms * NS_PER_MS,
                    .to_ns = to_ms < 0 ? gateway->now_ns + 1 : to_ms * NS_PER_MS + 1,
                    .most = (int) (limit < 1      ? preset
                                   : limit > most ? most
                                                  : limit),
                    .is_from_start = from_ms >= 0};
}

static void
bar_row (text_buffer_t *out, const gateway_listing_t *listing, const world_kline_t *bar, bool is_closed)
{
    (void) is_closed;
    const double prices[] = {bar->open_px, bar->high_px, bar->low_px, bar->close_px};
    text_add (out, "[%lld", (long long) gateway_ms (bar->start_ns));
    for (size_t i = 0; i < COUNT_OF (prices); i++) {
        text_add (out, ",");
        gateway_add_px_f64 (out, listing, prices[i], 0, NUMERAL_FIXED);
    }
    text_add (out, ",");
    gateway_add_coins (out, listing, bar->volume_coins, NUMERAL_FIXED);
    text_add (out, ",%lld,\"%.5f\",%d,",
              (long long) gateway_ms (bar->start_ns) + bar->interval_s * MS_PER_S - 1, bar->turnover_usd,
              bar->trades_count);
    gateway_add_coins (out, listing, bar->taker_buy_coins, NUMERAL_FIXED);
    text_add (out, ",\"%.5f\",\"0\"]", bar->taker_buy_usd);
}

static int
answer_klines (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    int32_t interval_s = gateway_interval_s (query_text (query, "interval"));
    if (!interval_s)
        return refuse (reply, &gateway->frame, 400, -1120, "Invalid interval.");
    text_add (&gateway->frame, "[");
    gateway_add_bars (gateway, listing, interval_s, span_of (gateway, query, 500, 1500), bar_row);
    text_add (&gateway->frame, "]");
    return OK;
}

static void
funding_row (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px)
{
    (void) px;
    text_add (out, "{\"symbol\":\"%s\",\"fundingTime\":%lld,\"fundingRate\":\"%.8f\",\"markPrice\":\"\"}",
              listing->contract, (long long) gateway_ms (point->ts_ns), point->value);
}

static int
answer_funding (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) reply;
    text_add (&gateway->frame, "[");
    (void) gateway_add_points (gateway, listing, HISTORY_FUNDING, 0, span_of (gateway, query, 100, 1000),
                               funding_row);
    text_add (&gateway->frame, "]");
    return OK;
}

static void
interest_row (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px)
{
    text_add (out,
              "{\"symbol\":\"%s\",\"sumOpenInterest\":\"%.8f\",\"sumOpenInterestValue\":\"%.8f\","
              "\"timestamp\":%lld}",
              listing->contract, point->value, point->value * px, (long long) gateway_ms (point->ts_ns));
}

static int
answer_interest_history (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    int32_t period_s = gateway_interval_s (query_text (query, "period"));
    if (period_s < 300)
        return refuse (reply, &gateway->frame, 400, -1130, "Data sent for parameter 'period' is not valid.");
    text_add (&gateway->frame, "[");
    (void) gateway_add_points (gateway, listing, HISTORY_INTEREST, period_s,
                               span_of (gateway, query, 30, 500), interest_row);
    text_add (&gateway->frame, "]");
    return OK;
}

//  Only the newest row, whatever limit asks for; shares with four decimals.
static int
answer_ratio (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    text_buffer_t *out = &gateway->frame;
    world_ratio_t ratio;
    int64_t ts_ns;
    if (gateway_interval_s (query_text (query, "period")) != 300)
        return refuse (reply, out, 400, -1130, "Data sent for parameter 'period' is not valid.");
    text_add (out, "[");
    if (gateway_ratio (gateway, listing, &ratio, &ts_ns) == OK) {
        double share =
            slice_is (query->path, "/futures/data/globalLongShortAccountRatio") ? ratio.accounts_long
            : slice_is (query->path, "/futures/data/topLongShortAccountRatio")  ? ratio.top_accounts_long
                                                                                : ratio.top_positions_long;
        text_add (out,
                  "{\"symbol\":\"%s\",\"longAccount\":\"%.4f\",\"longShortRatio\":\"%.4f\","
                  "\"shortAccount\":\"%.4f\",\"timestamp\":%lld}",
                  gateway->listings[listing].contract, share, share / fmax (1 - share, 1e-4), 1 - share,
                  (long long) gateway_ms (ts_ns));
    }
    text_add (out, "]");
    return OK;
}

static int
answer_premium (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) query;
    text_buffer_t *out = &gateway->frame;
    if (!gateway->world)
        return refuse (reply, out, 400, -1121, "Invalid symbol.");
    int from = listing < 0 ? 0 : listing, to = listing < 0 ? gateway->listings_count : listing + 1;
    if (listing < 0)
        text_add (out, "[");
    for (int i = from; i < to; i++) {
        const gateway_listing_t *facts = &gateway->listings[i];
        world_ticker_t ticker;
        world_ticker (gateway->world, gateway->venue, i, &ticker);
        text_add (out, "%s{\"symbol\":\"%s\",\"markPrice\":", i > from ? "," : "", facts->contract);
        gateway_add_px_f64 (out, facts, ticker.mark_px, 4, NUMERAL_FIXED);
        text_add (out, ",\"indexPrice\":");
        gateway_add_px_f64 (out, facts, ticker.index_px, 4, NUMERAL_FIXED);
        text_add (out, ",\"estimatedSettlePrice\":");
        gateway_add_px_f64 (out, facts, ticker.index_px, 4, NUMERAL_FIXED);
        text_add (out,
                  ",\"lastFundingRate\":\"%.8f\",\"interestRate\":\"0.00010000\",\"nextFundingTime\":%lld,"
                  "\"time\":%lld}",
                  ticker.funding_rate, (long long) gateway_ms (ticker.next_funding_ns),
                  (long long) gateway_ms (gateway->now_ns));
    }
    if (listing < 0)
        text_add (out, "]");
    return OK;
}

static int
answer_funding_info (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) query, (void) reply, (void) listing;
    text_buffer_t *out = &gateway->frame;
    text_add (out, "[");
    for (int i = 0; i < gateway->listings_count && gateway->world; i++) {
        world_ticker_t ticker;
        world_ticker (gateway->world, gateway->venue, i, &ticker);
        text_add (out,
                  "%s{\"symbol\":\"%s\",\"adjustedFundingRateCap\":\"0.03000000\","
                  "\"adjustedFundingRateFloor\":\"-0.03000000\",\"fundingIntervalHours\":%.0f,\"disclaimer\":"
                  "false}",
                  i ? "," : "", gateway->listings[i].contract, ticker.funding_interval_h);
    }
    text_add (out, "]");
    return OK;
}

static int
answer_time (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) query, (void) reply, (void) listing;
    text_add (&gateway->frame, "{\"serverTime\":%lld}", (long long) gateway_ms (gateway->now_ns));
    return OK;
}

static int
answer_ping (gateway_t *gateway, const query_t *query, reply_t *reply, int listing)
{
    (void) query, (void) reply, (void) listing;
    text_add (&gateway->frame, "{}");
    return OK;
}

static int64_t
weight_by_limit (const query_t *query, bool is_depth)
{
    int64_t limit = query_i64 (query, "limit", 500);
    if (is_depth)
        return limit <= 50 ? 2 : limit <= 100 ? 5 : limit <= 500 ? 10 : 20;
    return limit < 100 ? 1 : limit < 500 ? 2 : limit <= 1000 ? 5 : 10;
}

typedef enum { SYMBOL_NONE, SYMBOL_MAY, SYMBOL_MUST } symbol_need_t;

static const struct {
    const char *path, *channel;
    symbol_need_t need;
    int64_t weight; //  0: by limit
    int (*answer) (gateway_t *gateway, const query_t *query, reply_t *reply, int listing);
} rows[] = {
    {"/fapi/v1/exchangeInfo", "exchangeInfo", SYMBOL_NONE, 1, answer_instruments},
    {"/fapi/v1/depth", "snapshot", SYMBOL_MUST, 0, answer_depth},
    {"/fapi/v1/openInterest", "openInterest", SYMBOL_MUST, 1, answer_open_interest},
    {"/fapi/v1/klines", "klines", SYMBOL_MUST, 0, answer_klines},
    {"/fapi/v1/fundingRate", "fundingRate", SYMBOL_MUST, 1, answer_funding},
    {"/fapi/v1/fundingInfo", "fundingInfo", SYMBOL_NONE, 1, answer_funding_info},
    {"/fapi/v1/premiumIndex", "premiumIndex", SYMBOL_MAY, 1, answer_premium},
    {"/futures/data/openInterestHist", "openInterestHist", SYMBOL_MUST, 1, answer_interest_history},
    {"/futures/data/globalLongShortAccountRatio", "ratio", SYMBOL_MUST, 1, answer_ratio},
    {"/futures/data/topLongShortAccountRatio", "ratio", SYMBOL_MUST, 1, answer_ratio},
    {"/futures/data/topLongShortPositionRatio", "ratio", SYMBOL_MUST, 1, answer_ratio},
    {"/fapi/v1/time", "time", SYMBOL_NONE, 1, answer_time},
    {"/fapi/v1/ping", "time", SYMBOL_NONE, 1, answer_ping},
};

int
binance_protocol_request (gateway_t *gateway, const query_t *query, reply_t *reply)
{
    text_buffer_t *out = &gateway->frame;
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        if (!slice_is (query->path, rows[i].path))
            continue;
        int64_t weight =
            rows[i].weight ? rows[i].weight : weight_by_limit (query, rows[i].answer == answer_depth);
        bool is_allowed = gateway_allow (gateway, query, weight, WEIGHT_MOST, WINDOW_S);
        (void) snprintf (reply->headers, sizeof reply->headers, "x-mbx-used-weight-1m: %lld\n%s",
                         (long long) gateway->window_weight, is_allowed ? "" : "retry-after: 10\n");
        if (!is_allowed)
            return refuse (reply, out, 429, -1003,
                           "Too many requests; current limit is 2400 request weight per "
                           "1 MINUTE. Please use the websocket for live updates.");
        reply->channel = rows[i].channel;
        slice_t symbol = query_text (query, "symbol");
        reply->listing = rows[i].need == SYMBOL_NONE ? -1 : gateway_find (gateway, symbol);
        if (rows[i].need == SYMBOL_MUST && !symbol.size)
            return refuse (reply, out, 400, -1102,
                           "Mandatory parameter 'symbol' was not sent, was empty/null, or "
                           "malformed.");
        if (reply->listing < 0 && symbol.size && rows[i].need != SYMBOL_NONE)
            return refuse (reply, out, 400, -1121, "Invalid symbol.");
        int status = rows[i].answer (gateway, query, reply, reply->listing);
        return status == E_ABSENT ? refuse (reply, out, 503, -1000, "No snapshot in the recording.") : status;
    }
    reply->status = 404;
    text_add (out, "<html><body><h2>404 Not found</h2></body></html>");
    return OK;
}
