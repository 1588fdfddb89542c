//  REST of okx_protocol.  Limits are per path: 20 in 2 s, ratios 5 and tiers 10.

#include <math.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/simulator/okx_protocol.h"

enum { REQUESTS_MOST = 20, WINDOW_S = 2, DEPTH_MOST = 400 };

static int
refuse (text_buffer_t *out, int code, const char *text)
{
    text_reset (out);
    text_add (out, "{\"code\":\"%d\",\"msg\":\"%s\",\"data\":[]}", code, text);
    return OK;
}

static void
begin (text_buffer_t *out)
{
    text_add (out, "{\"code\":\"0\",\"msg\":\"\",\"data\":[");
}

static int
finish (text_buffer_t *out)
{
    text_add (out, "]}");
    return OK;
}

static int
answer_time (gateway_t *gateway, const query_t *query, int listing)
{
    (void) query, (void) listing;
    begin (&gateway->frame);
    text_add (&gateway->frame, "{\"ts\":\"%lld\"}", (long long) gateway_ms (gateway->now_ns));
    return finish (&gateway->frame);
}

static void
add_instrument (text_buffer_t *out, const gateway_listing_t *listing)
{
    char tick[NUMERAL_TEXT_MAX], lot[NUMERAL_TEXT_MAX], value[NUMERAL_TEXT_MAX];
    (void) numeral_write (tick, listing->px_units, listing->px_exponent, NUMERAL_TRIMMED);
    (void) numeral_write (lot, listing->qty_units, listing->qty_exponent, NUMERAL_TRIMMED);
    (void) numeral_write_f64 (value, listing->contract_coins, 12, NUMERAL_TRIMMED);
    text_add (
        out,
        "{\"alias\":\"\",\"auctionEndTime\":\"\",\"baseCcy\":\"\",\"category\":\"1\",\"contTdSwTime\":\"\","
        "\"ctMult\":\"1\",\"ctType\":\"linear\",\"ctVal\":\"%s\",\"ctValCcy\":\"%s\",\"expTime\":\"\","
        "\"futureSettlement\":false,\"instFamily\":\"%s-USDT\",\"instId\":\"%s\",\"instType\":\"SWAP\","
        "\"lever\":\"%.0f\",\"listTime\":\"1611916828000\",\"lotSz\":\"%s\",\"maxIcebergSz\":\"100000000\","
        "\"maxLmtAmt\":\"20000000\",\"maxLmtSz\":\"100000000\",\"maxMktAmt\":\"\",\"maxMktSz\":\"35000\","
        "\"maxStopSz\":\"35000\",\"maxTriggerSz\":\"100000000\",\"maxTwapSz\":\"100000000\",\"minSz\":\"%s\","
        "\"openType\":\"\",\"optType\":\"\",\"quoteCcy\":\"\",\"ruleType\":\"normal\",\"settleCcy\":\"USDT\","
        "\"state\":\"live\",\"stk\":\"\",\"tickSz\":\"%s\",\"uly\":\"%s-USDT\"}",
        value, listing->base, listing->base, listing->contract, listing->leverage_max, lot, lot, tick,
        listing->base);
}

static int
answer_instruments (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    slice_t type = query_text (query, "instType");
    if (!slice_is (type, "SWAP"))
        return refuse (out, type.size ? 51000 : 50014, "Parameter instType error");
    begin (out);
    for (int i = 0; i < gateway->listings_count; i++)
        if (listing < 0 || listing == i) {
            if (i && listing < 0)
                text_add (out, ",");
            add_instrument (out, &gateway->listings[i]);
        }
    return finish (out);
}

//  after: rows older than it; before: rows newer than it.
static span_t
span_of (const gateway_t *gateway, const query_t *query, const char *older, const char *newer, int64_t most)
{
    int64_t to_ms = query_i64 (query, older, -1), from_ms = query_i64 (query, newer, -1);
    int64_t limit = query_i64 (query, "limit", 100);
    return (span_t){.from_ns = from_ms < 0 ? 0 : from_ms * NS_PER_MS + 1,
                    .to_ns = to_ms < 0 ? gateway->now_ns + 1 : to_ms * NS_PER_MS,
                    .most = (int) (limit < 1      ? 100
                                   : limit > most ? most
                                                  : limit),
                    .is_newest_first = true};
}

static void
bar_row (text_buffer_t *out, const gateway_listing_t *listing, const world_kline_t *bar, bool is_closed)
{
    const double prices[] = {bar->open_px, bar->high_px, bar->low_px, bar->close_px};
    text_add (out, "[\"%lld\"", (long long) gateway_ms (bar->start_ns));
    for (size_t i = 0; i < COUNT_OF (prices); i++) {
        text_add (out, ",");
        gateway_add_px_f64 (out, listing, prices[i], 0, NUMERAL_TRIMMED);
    }
    text_add (out, ",");
    gateway_add_coins (out, listing, bar->volume_coins, NUMERAL_TRIMMED);
    text_add (out, ",");
    numeral_add_quoted_f64 (out, bar->volume_coins, 8, NUMERAL_TRIMMED);
    text_add (out, ",");
    numeral_add_quoted_f64 (out, bar->turnover_usd, 8, NUMERAL_TRIMMED);
    text_add (out, is_closed ? ",\"1\"]" : ",\"0\"]");
}

static int
answer_candles (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    slice_t bar = query_text (query, "bar");
    int32_t interval_s = bar.size ? gateway_interval_s (bar) : 60;
    if (!interval_s)
        return refuse (out, 51000, "Parameter bar error");
    begin (out);
    gateway_add_bars (gateway, listing, interval_s, span_of (gateway, query, "after", "before", 300),
                      bar_row);
    return finish (out);
}

static void
funding_row (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px)
{
    (void) px;
    text_add (
        out,
        "{\"formulaType\":\"noRate\",\"fundingRate\":\"%.16f\",\"fundingTime\":\"%lld\",\"instId\":\"%s\","
        "\"instType\":\"SWAP\",\"method\":\"current_period\",\"realizedRate\":\"%.16f\"}",
        point->value, (long long) gateway_ms (point->ts_ns), listing->contract, point->value);
}

static int
answer_funding (gateway_t *gateway, const query_t *query, int listing)
{
    begin (&gateway->frame);
    (void) gateway_add_points (gateway, listing, HISTORY_FUNDING, 0,
                               span_of (gateway, query, "after", "before", 400), funding_row);
    return finish (&gateway->frame);
}

static void
interest_row (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px)
{
    text_add (out, "[\"%lld\",\"%.4f\",\"%.8f\",\"%.4f\"]", (long long) gateway_ms (point->ts_ns),
              point->value / listing->contract_coins, point->value, point->value * px);
}

static int
answer_interest_history (gateway_t *gateway, const query_t *query, int listing)
{
    slice_t period = query_text (query, "period");
    int32_t interval_s = period.size ? gateway_interval_s (period) : 300;
    if (interval_s < 300)
        return refuse (&gateway->frame, 51000, "Parameter period error");
    begin (&gateway->frame);
    (void) gateway_add_points (gateway, listing, HISTORY_INTEREST, interval_s,
                               span_of (gateway, query, "end", "begin", 100), interest_row);
    return finish (&gateway->frame);
}

static int
answer_interest (gateway_t *gateway, const query_t *query, int listing)
{
    (void) query;
    text_buffer_t *out = &gateway->frame;
    bool is_first = true;
    begin (out);
    for (int i = 0; i < gateway->listings_count && gateway->world; i++) {
        if (listing >= 0 && listing != i)
            continue;
        const gateway_listing_t *facts = &gateway->listings[i];
        world_ticker_t ticker;
        world_ticker (gateway->world, gateway->venue, i, &ticker);
        double coins = (double) ticker.oi_lots * gateway_lot_coins (facts);
        text_add (out, "%s{\"instId\":\"%s\",\"instType\":\"SWAP\",\"oi\":", is_first ? "" : ",",
                  facts->contract);
        gateway_add_qty (out, facts, ticker.oi_lots, NUMERAL_TRIMMED);
        text_add (out, ",\"oiCcy\":\"%.8f\",\"oiUsd\":\"%.4f\",\"ts\":\"%lld\"}", coins,
                  coins * ticker.mark_px, (long long) gateway_ms (gateway->now_ns));
        is_first = false;
    }
    return finish (out);
}

static int
answer_books (gateway_t *gateway, const query_t *query, int listing)
{
    static world_level_t levels[DEPTH_MOST];
    text_buffer_t *out = &gateway->frame;
    if (!gateway->world)
        return refuse (out, 51001, "Not in the recording");
    int64_t most = query_i64 (query, "sz", 1);
    begin (out);
    for (int side = 1; side >= 0; side--) {
        int count = world_levels (gateway->world, gateway->venue, listing, side == 0, levels,
                                  most < 1 || most > DEPTH_MOST ? DEPTH_MOST : (int) most);
        text_add (out, side == 1 ? "{\"asks\":" : ",\"bids\":");
        gateway_add_levels (out, &gateway->listings[listing], levels, count, NUMERAL_TRIMMED, ",\"0\",\"1\"");
    }
    text_add (out, ",\"ts\":\"%lld\"}", (long long) gateway_ms (gateway->now_ns));
    return finish (out);
}

#define RUBIK "/api/v5/rubik/stat/contracts/"

//  Only the newest row: longs over shorts.
static int
answer_ratio (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    world_ratio_t ratio;
    int64_t ts_ns;
    slice_t period = query_text (query, "period");
    if (period.size && gateway_interval_s (period) != 300)
        return refuse (out, 51000, "Parameter period error");
    begin (out);
    if (gateway_ratio (gateway, listing, &ratio, &ts_ns) == OK) {
        double share = slice_is (query->path, RUBIK "long-short-account-ratio-contract") ? ratio.accounts_long
                       : slice_is (query->path, RUBIK "long-short-account-ratio-contract-top-trader")
                           ? ratio.top_accounts_long
                           : ratio.top_positions_long;
        text_add (out, "[\"%lld\",\"%.6f\"]", (long long) gateway_ms (ts_ns), share / fmax (1 - share, 1e-4));
    }
    return finish (out);
}

//  Of a family, in contracts.
static int
answer_tiers (gateway_t *gateway, const query_t *query, int listing)
{
    text_buffer_t *out = &gateway->frame;
    char name[GATEWAY_NAME_MAX + 8];
    slice_t family = query_text (query, "instFamily");
    (void) snprintf (name, sizeof name, "%.*s-SWAP", (int) (family.size < 24 ? family.size : 24),
                     family.data);
    listing = gateway_find (gateway, slice_of (name));
    if (!slice_is (query_text (query, "instType"), "SWAP") || !query_text (query, "tdMode").size)
        return refuse (out, 51000, "Parameter instType or tdMode error");
    if (listing < 0 || !gateway->world)
        return refuse (out, 51001, "Instrument family doesn't exist");
    const tiers_t *tiers = world_tiers (gateway->world, gateway->venue, listing);
    double contract_coins = gateway->listings[listing].contract_coins, from = 0;
    double lot = gateway_lot_coins (&gateway->listings[listing]) / contract_coins;
    begin (out);
    for (int i = 0; i < tiers->count; i++) {
        const tier_t *row = &tiers->rows[i];
        double to = gateway_tier_coins (gateway, listing, row->up_to) / contract_coins;
        text_add (out,
                  "%s{\"baseMaxLoan\":\"\",\"imr\":\"%.6g\",\"instFamily\":\"%.*s\",\"instId\":\"\","
                  "\"maxLever\":\"%.10g\","
                  "\"maxSz\":\"%.10g\",\"minSz\":\"%.10g\",\"mmr\":\"%.10g\",\"optMgnFactor\":\"0\","
                  "\"quoteMaxLoan\":\"\","
                  "\"tier\":\"%d\",\"uly\":\"%.*s\"}",
                  i ? "," : "", 1 / row->leverage_max, (int) family.size, family.data, row->leverage_max, to,
                  from, row->mmr, i + 1, (int) family.size, family.data);
        from = to + lot;
    }
    return finish (out);
}

static const struct {
    const char *path, *channel;
    bool needs_instrument;
    int (*answer) (gateway_t *gateway, const query_t *query, int listing);
    int64_t weight; //  of the 20 in 2 s
} rows[] = {
    {"/api/v5/public/time", "time", false, answer_time, 1},
    {"/api/v5/public/instruments", "instruments", false, answer_instruments, 1},
    {"/api/v5/market/candles", "candles", true, answer_candles, 1},
    {"/api/v5/market/history-candles", "candles", true, answer_candles, 1},
    {"/api/v5/public/funding-rate-history", "funding", true, answer_funding, 1},
    {"/api/v5/rubik/stat/contracts/open-interest-history", "openInterest", true, answer_interest_history, 1},
    {RUBIK "long-short-account-ratio-contract", "ratio", true, answer_ratio, 4},
    {RUBIK "long-short-account-ratio-contract-top-trader", "ratio", true, answer_ratio, 4},
    {RUBIK "long-short-position-ratio-contract-top-trader", "ratio", true, answer_ratio, 4},
    {"/api/v5/public/position-tiers", "tiers", false, answer_tiers, 2},
    {"/api/v5/public/open-interest", "openInterest", false, answer_interest, 1},
    {"/api/v5/market/books", "snapshot", true, answer_books, 1},
};

int
okx_protocol_request (gateway_t *gateway, const query_t *query, reply_t *reply)
{
    okx_state_t *state = gateway->state;
    text_buffer_t *out = &gateway->frame;
    for (size_t i = 0; i < COUNT_OF (rows); i++) {
        if (!slice_is (query->path, rows[i].path))
            continue;
        gateway->window_from_ns = state->windows_from_ns[i];
        gateway->window_weight = state->windows_weight[i];
        bool is_allowed = gateway_allow (gateway, query, rows[i].weight, REQUESTS_MOST, WINDOW_S);
        state->windows_from_ns[i] = gateway->window_from_ns;
        state->windows_weight[i] = gateway->window_weight;
        if (!is_allowed) {
            reply->status = 429;
            return refuse (out, 50011, "Too Many Requests");
        }
        reply->channel = rows[i].channel;
        slice_t instrument = query_text (query, "instId");
        reply->listing = instrument.size ? gateway_find (gateway, instrument) : -1;
        if (instrument.size && reply->listing < 0)
            return refuse (out, 51001, "Instrument ID doesn't exist");
        if (rows[i].needs_instrument && !instrument.size)
            return refuse (out, 50014, "Parameter instId can not be empty");
        return rows[i].answer (gateway, query, reply->listing);
    }
    reply->status = 404;
    return refuse (out, 404, "Not Found");
}
