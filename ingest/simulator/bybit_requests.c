//  REST of bybit_protocol.

#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/simulator/bybit_protocol.h"

enum { REQUESTS_MOST = 600, WINDOW_S = 5, DEPTH_MOST = 500 };

static int
refuse (text_buffer_t *out, const gateway_t *gateway, int code, const char *text)
{
    text_reset (out);
    text_add (out, "{\"retCode\":%d,\"retMsg\":\"%s\",\"result\":{},\"retExtInfo\":{},\"time\":%lld}", code,
              text, (long long) gateway_ms (gateway->now_ns));
    return OK;
}

static void
begin (text_buffer_t *out)
{
    text_add (out, "{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{");
}

static int
finish (text_buffer_t *out, const gateway_t *gateway)
{
    text_add (out, "},\"retExtInfo\":{},\"time\":%lld}", (long long) gateway_ms (gateway->now_ns));
    return OK;
}

static int
answer_time (gateway_t *gateway, const query_t *query, int listing)
{
    (void) query, (void) listing;
    begin (&gateway->frame);
    text_add (&gateway->frame, "\"timeSecond\":\"%lld\",\"timeNano\":\"%lld\"",
              (long long) (gateway->now_ns / NS_PER_S), (long long) gateway->now_ns);
    return finish (&gateway->frame, gateway);
}

static void
add_instrument (text_buffer_t *out, const gateway_t *gateway, int i)
{
    const gateway_listing_t *listing = &gateway->listings[i];
    char tick[NUMERAL_TEXT_MAX], lot[NUMERAL_TEXT_MAX];
    (void) numeral_write (tick, listing->px_units, listing->px_exponent, NUMERAL_FIXED);
    (void) numeral_write (lot, listing->qty_units, listing->qty_exponent, NUMERAL_FIXED);
    double interval_h = 8;
    if (gateway->world) {
        world_ticker_t ticker;
        world_ticker (gateway->world, gateway->venue, i, &ticker);
        interval_h = ticker.funding_interval_h;
    }
    text_add (
        out,
        "{\"symbol\":\"%s\",\"contractType\":\"LinearPerpetual\",\"status\":\"Trading\",\"baseCoin\":\"%s\","
        "\"quoteCoin\":\"USDT\",\"launchTime\":\"1585526400000\",\"deliveryTime\":\"0\",\"deliveryFeeRate\":"
        "\"\","
        "\"priceScale\":\"%d\",\"leverageFilter\":{\"minLeverage\":\"1\",\"maxLeverage\":\"%.2f\","
        "\"leverageStep\":\"0.01\"},\"priceFilter\":{\"minPrice\":\"%s\",\"maxPrice\":\"100000000\","
        "\"tickSize\":\"%s\"},\"lotSizeFilter\":{\"maxOrderQty\":\"1000000\",\"maxMktOrderQty\":\"100000\","
        "\"minOrderQty\":\"%s\",\"qtyStep\":\"%s\",\"postOnlyMaxOrderQty\":\"1000000\",\"minNotionalValue\":"
        "\"5\"},\"unifiedMarginTrade\":true,\"fundingInterval\":%.0f,\"settleCoin\":\"USDT\",\"copyTrading\":"
        "\"both\",\"upperFundingRate\":\"0.00375\",\"lowerFundingRate\":\"-0.00375\",\"isPreListing\":false,"
        "\"preListingInfo\":null}",
        listing->contract, listing->base, listing->px_exponent < 0 ? -listing->px_exponent : 0,
        listing->leverage_max, tick, tick, lot, lot, interval_h * 60);
}

static int
answer_instruments (gateway_t *gateway, const query_t *query, int listing)
{
    (void) query;
    text_buffer_t *out = &gateway->frame;
    begin (out);
    text_add (out, "\"category\":\"linear\",\"list\":[");
    for (int i = 0; i < gateway->listings_count; i++)
        if (listing < 0 || listing == i) {
            if (i && listing < 0)
                text_add (out, ",");
            add_instrument (out, gateway, i);
        }
    text_add (out, "],\"nextPageCursor\":\"\"");
    return finish (out, gateway);
}

static span_t
span_of (const gateway_t *gateway, const query_t *query, const char *from, const char *to, int64_t preset,
         int64_t most)
{
    int64_t from_ms = query_i64 (query, from, -1), to_ms = query_i64 (query, to, -1);
    int64_t limit = query_i64 (query, "limit", preset);
    return (span_t){.from_ns = from_ms < 0 ? 0 : from_ms * NS_PER_MS,
                    .to_ns = to_ms < 0 ? gateway->now_ns + 1 : to_ms * NS_PER_MS + 1,
                    .most = (int) (limit < 1      ? preset
                                   : limit > most ? most
                                                  : limit),
                    .is_newest_first = true};
}

static void
bar_row (text_buffer_t *out, const gateway_listing_t *listing, const world_kline_t *bar, bool is_closed)
{
    (void) is_closed;
    const double prices[] = {bar->open_px, bar->high_px, bar->low_px, bar->close_px};
    text_add (out, "[\"%lld\"", (long long) gateway_ms (bar->start_ns));
    for (size_t i = 0; i < COUNT_OF (prices); i++) {
        text_add (out, ",");
        gateway_add_px_f64 (out, listing, prices[i], 0, NUMERAL_TRIMMED);
    }
    text_add (out, ",");
    gateway_add_coins (out, listing, bar->volume_coins, NUMERAL_TRIMMED);
    text_add (out, ",\"%.4f\"]", bar->turnover_usd);
}

static int
answer_klines (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    int32_t interval_s = gateway_interval_s (query_text (query, "interval"));
    if (!interval_s)
        return refuse (out, gateway, 10001, "Invalid period!");
    begin (out);
    text_add (out, "\"symbol\":\"%s\",\"category\":\"linear\",\"list\":[",
              gateway->listings[listing].contract);
    gateway_add_bars (gateway, listing, interval_s, span_of (gateway, query, "start", "end", 200, 1000),
                      bar_row);
    text_add (out, "]");
    return finish (out, gateway);
}

static void
funding_row (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px)
{
    (void) px;
    text_add (out, "{\"symbol\":\"%s\",\"fundingRate\":\"%.8f\",\"fundingRateTimestamp\":\"%lld\"}",
              listing->contract, point->value, (long long) gateway_ms (point->ts_ns));
}

static int
answer_funding (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    begin (out);
    text_add (out, "\"category\":\"linear\",\"list\":[");
    (void) gateway_add_points (gateway, listing, HISTORY_FUNDING, 0,
                               span_of (gateway, query, "startTime", "endTime", 200, 200), funding_row);
    text_add (out, "]");
    return finish (out, gateway);
}

static void
interest_row (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px)
{
    (void) listing, (void) px;
    text_add (out, "{\"openInterest\":\"%.8f\",\"timestamp\":\"%lld\"}", point->value,
              (long long) gateway_ms (point->ts_ns));
}

//  The cursor of a page is the time before which the next one ends.
static int
answer_interest (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    int32_t interval_s = gateway_interval_s (query_text (query, "intervalTime"));
    if (interval_s < 300)
        return refuse (out, gateway, 10001, "Invalid intervalTime");
    span_t span = span_of (gateway, query, "startTime", "endTime", 50, 200);
    int64_t cursor_ms = query_i64 (query, "cursor", -1);
    if (cursor_ms > 0)
        span.to_ns = cursor_ms * NS_PER_MS;
    begin (out);
    text_add (out, "\"symbol\":\"%s\",\"category\":\"linear\",\"list\":[",
              gateway->listings[listing].contract);
    int64_t oldest_ns =
        gateway_add_points (gateway, listing, HISTORY_INTEREST, interval_s, span, interest_row);
    if (oldest_ns > span.from_ns)
        text_add (out, "],\"nextPageCursor\":\"%lld\"", (long long) gateway_ms (oldest_ns));
    else
        text_add (out, "],\"nextPageCursor\":\"\"");
    return finish (out, gateway);
}

static int
answer_book (gateway_t *gateway, const query_t *query, int listing)
{
    static world_level_t levels[DEPTH_MOST];
    text_buffer_t *out = &gateway->frame;
    if (!gateway->world)
        return refuse (out, gateway, 10001, "Not in the recording");
    int64_t limit = query_i64 (query, "limit", 25);
    begin (out);
    text_add (out, "\"s\":\"%s\"", gateway->listings[listing].contract);
    for (int side = 0; side < 2; side++) {
        int count = world_levels (gateway->world, gateway->venue, listing, side == 0, levels,
                                  limit < 1 || limit > DEPTH_MOST ? DEPTH_MOST : (int) limit);
        text_add (out, side == 0 ? ",\"b\":" : ",\"a\":");
        gateway_add_levels (out, &gateway->listings[listing], levels, count, NUMERAL_FIXED, "");
    }
    const bybit_state_t *state = gateway->state;
    long long now_ms = gateway_ms (gateway->now_ns);
    text_add (out, ",\"ts\":%lld,\"u\":%lld,\"seq\":%lld,\"cts\":%lld", now_ms,
              (long long) state->books[listing].u[BYBIT_BOOKS_COUNT - 1], (long long) state->seq, now_ms);
    return finish (out, gateway);
}

static int
answer_tickers (gateway_t *gateway, const query_t *query, int listing)
{
    (void) query;
    text_buffer_t *out = &gateway->frame;
    begin (out);
    text_add (out, "\"category\":\"linear\",\"list\":[");
    bool is_first = true;
    for (int i = 0; i < gateway->listings_count && gateway->world; i++) {
        if (listing >= 0 && listing != i)
            continue;
        char fields[BYBIT_FIELDS_COUNT][BYBIT_FIELD_MAX];
        bybit_protocol_ticker (gateway, i, fields);
        text_add (out, "%s{\"symbol\":\"%s\"", is_first ? "" : ",", gateway->listings[i].contract);
        for (int field = 1; field < BYBIT_FIELDS_COUNT; field++) //  REST has no tickDirection
            text_add (out, ",\"%s\":\"%s\"", bybit_protocol_fields[field], fields[field]);
        text_add (out, "}");
        is_first = false;
    }
    text_add (out, "]");
    return finish (out, gateway);
}

//  Only the newest row.
static int
answer_ratio (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    world_ratio_t ratio;
    int64_t ts_ns;
    if (gateway_interval_s (query_text (query, "period")) != 300)
        return refuse (out, gateway, 10001, "params error: period is invalid");
    begin (out);
    text_add (out, "\"list\":[");
    if (gateway_ratio (gateway, listing, &ratio, &ts_ns) == OK)
        text_add (out,
                  "{\"symbol\":\"%s\",\"buyRatio\":\"%.4f\",\"sellRatio\":\"%.4f\",\"timestamp\":\"%lld\"}",
                  gateway->listings[listing].contract, ratio.accounts_long, 1 - ratio.accounts_long,
                  (long long) gateway_ms (ts_ns));
    text_add (out, "],\"nextPageCursor\":\"\"");
    return finish (out, gateway);
}

//  Rates are fractions; nothing deducted is an empty text.
static int
answer_tiers (gateway_t *gateway, const query_t *query, int listing)
{
    (void) query;
    text_buffer_t *out = &gateway->frame;
    begin (out);
    text_add (out, "\"category\":\"linear\",\"list\":[");
    const tiers_t *tiers = gateway->world ? world_tiers (gateway->world, gateway->venue, listing) : NULL;
    for (int i = 0; tiers && i < tiers->count; i++) {
        const tier_t *row = &tiers->rows[i];
        char deduction[32] = "";
        if (row->deduction > 0)
            (void) snprintf (deduction, sizeof deduction, "%.10g", row->deduction);
        text_add (
            out,
            "%s{\"id\":%d,\"symbol\":\"%s\",\"riskLimitValue\":\"%.10g\",\"maintenanceMargin\":\"%.10g\","
            "\"initialMargin\":\"%.6g\",\"isLowestRisk\":%d,\"maxLeverage\":\"%.2f\",\"mmDeduction\":\"%s\"}",
            i ? "," : "", i + 1, gateway->listings[listing].contract,
            gateway_tier_usd (gateway, listing, row->up_to), row->mmr, 1 / row->leverage_max, i == 0,
            row->leverage_max, deduction);
    }
    text_add (out, "],\"nextPageCursor\":\"\"");
    return finish (out, gateway);
}

static const struct {
    const char *path, *channel;
    bool needs_symbol;
    int (*answer) (gateway_t *gateway, const query_t *query, int listing);
} rows[] = {
    {"/v5/market/time", "time", false, answer_time},
    {"/v5/market/instruments-info", "instruments-info", false, answer_instruments},
    {"/v5/market/kline", "kline", true, answer_klines},
    {"/v5/market/funding/history", "funding", true, answer_funding},
    {"/v5/market/open-interest", "openInterest", true, answer_interest},
    {"/v5/market/account-ratio", "ratio", true, answer_ratio},
    {"/v5/market/risk-limit", "tiers", true, answer_tiers},
    {"/v5/market/orderbook", "snapshot", true, answer_book},
    {"/v5/market/tickers", "tickers-rest", false, answer_tickers},
};

int
bybit_protocol_request (gateway_t *gateway, const query_t *query, reply_t *reply)
{
    text_buffer_t *out = &gateway->frame;
    if (!gateway_allow (gateway, query, 1, REQUESTS_MOST, WINDOW_S)) {
        reply->status = 403;
        return refuse (out, gateway, 10006, "Too many visits. Exceeded the API Rate Limit.");
    }
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        if (!slice_is (query->path, rows[i].path))
            continue;
        reply->channel = rows[i].channel;
        slice_t symbol = query_text (query, "symbol"), category = query_text (query, "category");
        reply->listing = symbol.size ? gateway_find (gateway, symbol) : -1;
        if (category.size && !slice_is (category, "linear"))
            return refuse (out, gateway, 10001, "params error: Category is invalid");
        if (symbol.size ? reply->listing < 0 : rows[i].needs_symbol)
            return refuse (out, gateway, 10001, "params error: Symbol Invalid");
        return rows[i].answer (gateway, query, reply->listing);
    }
    reply->status = 404;
    text_add (out, "404 page not found");
    return OK;
}
