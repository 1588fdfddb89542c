//  OKX v5, USDT swaps.  Source: the venue's "API v5" pages: WebSocket (connect, subscribe, notification),
//  Order Book Trading / Market Data, Public Data, Trading Statistics.  Sizes are contracts of ctVal coins.

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/native.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BOOK_CHANNELS (CHANNEL_BOOK | CHANNEL_QUOTE)
#define FLOW_CHANNELS                                                                                        \
    (CHANNEL_TRADE | CHANNEL_MARK | CHANNEL_INDEX | CHANNEL_FUNDING | CHANNEL_OPEN_INTEREST |                \
     CHANNEL_LIQUIDATION)

enum { PAGE_BARS = 300, PAGES = 4, FUNDING_INTERVAL_H = 8 };

static const native_topic_t topics[] = {
    {"{\"channel\":\"trades\",\"instId\":\"%s\"}", CHANNEL_TRADE, TOPIC_OF_CONTRACT},
    {"{\"channel\":\"books\",\"instId\":\"%s\"}", CHANNEL_BOOK, TOPIC_OF_CONTRACT},
    {"{\"channel\":\"bbo-tbt\",\"instId\":\"%s\"}", CHANNEL_QUOTE, TOPIC_OF_CONTRACT},
    {"{\"channel\":\"mark-price\",\"instId\":\"%s\"}", CHANNEL_MARK, TOPIC_OF_CONTRACT},
    {"{\"channel\":\"index-tickers\",\"instId\":\"%s\"}", CHANNEL_INDEX, TOPIC_OF_PAIR},
    {"{\"channel\":\"funding-rate\",\"instId\":\"%s\"}", CHANNEL_FUNDING, TOPIC_OF_CONTRACT},
    {"{\"channel\":\"open-interest\",\"instId\":\"%s\"}", CHANNEL_OPEN_INTEREST, TOPIC_OF_CONTRACT},
    {"{\"channel\":\"liquidation-orders\",\"instType\":\"SWAP\"}", CHANNEL_LIQUIDATION, TOPIC_OF_VENUE},
};
static const native_feed_t feed = {
    .topics = topics,
    .topics_count = COUNT_OF (topics),
    .head_on = "{\"op\":\"subscribe\",\"args\":[",
    .head_off = "{\"op\":\"unsubscribe\",\"args\":[",
    .tail = "]}",
    .most = 240,
};
static const uint32_t socket_channels[] = {BOOK_CHANNELS, FLOW_CHANNELS};

static int
subscribe (const symbols_t *symbols, int socket, uint32_t bits, int first, int count, bool is_on,
           text_sink_t *out)
{
    CHECK (socket >= 0 && (size_t) socket < COUNT_OF (socket_channels));
    return native_subscribe (&feed, symbols, bits & socket_channels[socket], first, count, is_on, out);
}

//  --- frames: one function per row of data

typedef struct {
    slice_t channel, contract, action; //  of the frame
} about_t;

static int
on_trade (native_t *in, const about_t *about, json_cursor_t row)
{
    int64_t ts_ms = 0;
    slice_t id = {"", 0}, side = {"", 0};
    decimal_t price = {0, 0};
    double qty = 0;
    (void) about;
    if (!native_select_key (in, row, "instId"))
        return native_finish (in);
    (void) json_need_text (row, "tradeId", &id);
    (void) json_need_decimal (row, "px", &price);
    (void) json_need_double (row, "sz", &qty);
    (void) json_need_text (row, "side", &side);
    (void) json_need_i64 (row, "ts", &ts_ms);
    return native_trade (in, ts_ms, id, price, qty, slice_is (side, "sell") ? -1 : 1);
}

//  "books" says snapshot or update; "books5" has no action, each is whole.  A checksum of 0 is none.
static int
on_book (native_t *in, const about_t *about, json_cursor_t row)
{
    book_update_t update = {.first_seq = -1, .last_seq = -1, .prev_seq = -1};
    json_cursor_t bids = row, asks = row;
    int64_t ts_ms = 0, checksum = 0;
    if (!native_select (in, about->contract))
        return native_finish (in);
    (void) json_need (row, "asks", &asks);
    (void) json_need (row, "bids", &bids);
    (void) json_need_i64 (row, "ts", &ts_ms);
    (void) json_find_i64 (row, "checksum", &checksum);
    (void) json_find_i64 (row, "prevSeqId", &update.prev_seq);
    (void) json_find_i64 (row, "seqId", &update.last_seq);
    update.is_snapshot = !slice_is (about->action, "update");
    update.has_checksum = checksum != 0;
    update.checksum = (int32_t) (uint32_t) (uint64_t) checksum;
    return native_book (in, ts_ms, &update, bids, asks);
}

static int
on_quote (native_t *in, const about_t *about, json_cursor_t row)
{
    json_cursor_t bids = row, asks = row;
    int64_t ts_ms = 0;
    if (!native_select (in, about->contract))
        return native_finish (in);
    (void) json_need (row, "asks", &asks);
    (void) json_need (row, "bids", &bids);
    (void) json_need_i64 (row, "ts", &ts_ms);
    return native_quote_of (in, ts_ms, bids, asks);
}

static int
on_mark (native_t *in, const about_t *about, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double price = 0;
    (void) about;
    if (!native_select_key (in, row, "instId"))
        return native_finish (in);
    (void) json_need_double (row, "markPx", &price);
    (void) json_need_i64 (row, "ts", &ts_ms);
    return native_price (in, EVENT_MARK, ts_ms, price);
}

//  The index is named by the pair: BTC-USDT for BTC-USDT-SWAP.
static int
on_index (native_t *in, const about_t *about, json_cursor_t row)
{
    char contract[CONTRACT_NAME_MAX];
    slice_t pair = {"", 0};
    int64_t ts_ms = 0;
    double price = 0;
    (void) about;
    (void) json_need_text (row, "instId", &pair);
    (void) snprintf (contract, sizeof contract, "%.*s-SWAP", (int) (pair.size < 32 ? pair.size : 32),
                     pair.data);
    if (!native_select (in, slice_of (contract)))
        return native_finish (in);
    (void) json_need_double (row, "idxPx", &price);
    (void) json_need_i64 (row, "ts", &ts_ms);
    return native_price (in, EVENT_INDEX, ts_ms, price);
}

//  fundingRate settles at fundingTime; the settlement after that, at nextFundingTime, gives the interval, and
//  nextFundingRate foretells it where the method is of the next period.  Frames of 2021 and 2022 have no ts,
//  and some of them only the rate foretold.
static int
on_funding (native_t *in, const about_t *about, json_cursor_t row)
{
    int64_t ts_ms = 0, settles_ms = 0, after_ms = 0;
    double rate = NAN, rate_next = NAN, hours = 0;
    (void) about;
    if (!native_select_key (in, row, "instId"))
        return native_finish (in);
    (void) json_find_double (row, "fundingRate", &rate);
    (void) json_find_double (row, "nextFundingRate", &rate_next);
    (void) json_need_i64 (row, "fundingTime", &settles_ms);
    (void) json_find_i64 (row, "nextFundingTime", &after_ms);
    (void) json_find_i64 (row, "ts", &ts_ms);
    int64_t day_ms = 24 * 3600 * MS_PER_S;
    if (settles_ms > 0 && after_ms > settles_ms && after_ms - settles_ms <= day_ms)
        hours = (double) (after_ms - settles_ms) / (3600.0 * MS_PER_S);
    return native_funding (in, ts_ms, rate, rate_next, settles_ms, hours, false);
}

static int
on_open_interest (native_t *in, const about_t *about, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double qty = 0, usd = NAN;
    (void) about;
    if (!native_select_key (in, row, "instId"))
        return native_finish (in);
    (void) json_need_double (row, "oi", &qty);
    (void) json_find_double (row, "oiUsd", &usd);
    (void) json_need_i64 (row, "ts", &ts_ms);
    return native_open_interest (in, ts_ms, qty, usd, NAN);
}

//  The channel is of all swaps: those of others are known and skipped.  The order closes the position, so a
//  sale closes a long; bkPx is the bankruptcy price.
static int
on_liquidations (native_t *in, const about_t *about, json_cursor_t row)
{
    slice_t contract = {"", 0};
    json_cursor_t details = row, detail;
    (void) about;
    (void) json_need_text (row, "instId", &contract);
    (void) json_need (row, "details", &details);
    int status = native_finish (in);
    if (status != OK)
        return status;
    if (symbols_find (in->symbols, contract) < 0) {
        in->out->ignored (in->out->self, true, slice_of ("liquidation-orders"));
        return OK;
    }
    (void) native_select (in, contract);
    while (status == OK && json_next (details, &detail)) {
        int64_t ts_ms = 0;
        slice_t side = {"", 0};
        decimal_t price = {0, 0};
        double qty = 0;
        (void) json_need_text (detail, "side", &side);
        (void) json_need_decimal (detail, "bkPx", &price);
        (void) json_need_double (detail, "sz", &qty);
        (void) json_need_i64 (detail, "ts", &ts_ms);
        status = native_liquidation (in, ts_ms, slice_is (side, "sell") ? 1 : -1, price,
                                     LIQUIDATION_PX_BANKRUPTCY, qty, COVERAGE_SAMPLED);
    }
    return status;
}

//  Not subscribed (bbo-tbt is faster), understood because it is cheap.
static int
on_ticker (native_t *in, const about_t *about, json_cursor_t row)
{
    native_level_t bid = {{0, 0}, {0, 0}}, ask = {{0, 0}, {0, 0}};
    int64_t ts_ms = 0;
    (void) about;
    if (!native_select_key (in, row, "instId"))
        return native_finish (in);
    (void) json_need_decimal (row, "askPx", &ask.price);
    (void) json_need_decimal (row, "askSz", &ask.qty);
    (void) json_need_decimal (row, "bidPx", &bid.price);
    (void) json_need_decimal (row, "bidSz", &bid.qty);
    (void) json_need_i64 (row, "ts", &ts_ms);
    return native_quote (in, ts_ms, bid, ask);
}

//  [start, open, high, low, close, contracts, coins, quote, confirm]; the last two came later than the rest.
static int
read_bar (native_t *in, json_cursor_t row)
{
    json_cursor_t values[7], quote, confirm;
    bar_t bar = {.interval_s = in->bar_interval_s, .taker_buy_usd = NAN};
    int64_t start_ms = 0, is_confirmed = 0;
    double contracts = 0;
    int status = native_row (in, row, values, COUNT_OF (values));
    if (status != OK)
        return status;
    (void) json_i64 (values[0], &start_ms);
    (void) json_double (values[1], &bar.open_px);
    (void) json_double (values[2], &bar.high_px);
    (void) json_double (values[3], &bar.low_px);
    (void) json_double (values[4], &bar.close_px);
    (void) json_double (values[5], &contracts);
    (void) json_double (values[6], &bar.volume_coins);
    bar.volume_usd = in->contract->facts.is_inverse ? contracts * in->contract->multiplier
                                                    : bar.volume_coins * bar.close_px;
    if (json_next (row, &quote))
        (void) json_double (quote, &bar.volume_usd);
    if (json_next (row, &confirm))
        (void) json_i64 (confirm, &is_confirmed);
    bar.is_closed = is_confirmed == 1;
    return native_bar (in, native_bar_times (&bar, start_ms, -1, -1));
}

//  "candle1m": bars as they form.  Not subscribed either.
static int
on_bar (native_t *in, const about_t *about, json_cursor_t row)
{
    if (!native_select (in, about->contract))
        return native_finish (in);
    in->bar_interval_s = 60;
    return read_bar (in, row);
}

static const struct {
    const char *name;
    uint32_t bit;
    int (*row) (native_t *, const about_t *, json_cursor_t);
} channels[] = {
    {"trades", CHANNEL_TRADE, on_trade},
    {"books", CHANNEL_BOOK, on_book},
    {"bbo-tbt", CHANNEL_QUOTE, on_quote},
    {"mark-price", CHANNEL_MARK, on_mark},
    {"index-tickers", CHANNEL_INDEX, on_index},
    {"funding-rate", CHANNEL_FUNDING, on_funding},
    {"open-interest", CHANNEL_OPEN_INTEREST, on_open_interest},
    {"liquidation-orders", CHANNEL_LIQUIDATION, on_liquidations},
    {"books5", CHANNEL_BOOK, on_book},
    {"books-l2-tbt", CHANNEL_BOOK, on_book},
    {"books50-l2-tbt", CHANNEL_BOOK, on_book},
    {"tickers", CHANNEL_QUOTE, on_ticker},
    {"candle1m", 0, on_bar},
};

//  The instrument of an acknowledged argument: a contract, or the pair of an index; -1 for all.
static int
instrument_of (const native_t *in, slice_t contract)
{
    char name[CONTRACT_NAME_MAX];
    int instrument = contract.size > 0 ? symbols_find (in->symbols, contract) : -1;
    if (instrument >= 0 || contract.size == 0 || contract.size > 32)
        return instrument;
    (void) snprintf (name, sizeof name, "%.*s-SWAP", (int) contract.size, contract.data);
    return symbols_find (in->symbols, slice_of (name));
}

//  {"event":"subscribe","arg":{...}}, {"event":"error","code":"60012","msg":"..."}, {"event":"notice",...}
static int
on_answer (native_t *in, slice_t event, json_cursor_t root, const about_t *about)
{
    slice_t text = {"", 0};
    uint32_t bit = 0;
    (void) json_find_text (root, "msg", &text);
    int status = native_finish (in);
    if (status != OK)
        return status;
    for (size_t i = 0; i < COUNT_OF (channels) && !bit; i++)
        bit = slice_is (about->channel, channels[i].name) ? channels[i].bit : 0;
    bool is_error = slice_is (event, "error");
    if (is_error || slice_is (event, "subscribe"))
        in->out->acknowledged (in->out->self, bit, instrument_of (in, about->contract), !is_error, text);
    else
        in->out->ignored (in->out->self,
                          slice_is (event, "unsubscribe") || slice_is (event, "notice") ||
                              slice_is (event, "channel-conn-count"),
                          event);
    return OK;
}

static int
on_push (native_t *in, json_cursor_t root, const about_t *about)
{
    json_cursor_t data = root, row;
    (void) json_need (root, "data", &data);
    for (size_t i = 0; i < COUNT_OF (channels); i++) {
        if (!slice_is (about->channel, channels[i].name))
            continue;
        int status = native_finish (in);
        while (status == OK && json_next (data, &row))
            status = channels[i].row (in, about, row);
        return status == OK ? native_finish (in) : status;
    }
    in->out->ignored (in->out->self, false, about->channel);
    return native_finish (in);
}

static int
parse (json_document_t *json, slice_t text, const symbols_t *symbols, event_sink_t *out, error_text_t *error)
{
    native_t in;
    json_cursor_t root, arg;
    slice_t event = {"", 0};
    about_t about = {{"", 0}, {"", 0}, {"", 0}};
    if (slice_is (text, "pong")) {
        out->ignored (out->self, true, text);
        return OK;
    }
    int status = native_open (&in, json, text, symbols, out, error, &root);
    if (status != OK)
        return status;
    if (json_find (root, "arg", &arg) == OK) {
        (void) json_find_text (arg, "channel", &about.channel);
        (void) json_find_text (arg, "instId", &about.contract);
    }
    (void) json_find_text (root, "action", &about.action);
    if (json_find_text (root, "event", &event) == OK)
        return on_answer (&in, event, root, &about);
    return on_push (&in, root, &about);
}

//  --- requests

//  Bars come in pages of 300, the oldest page asked for first; "after" is the first start not wanted.
static int
plan_bars (request_kind_t kind, const char *contract, int instrument, int64_t now_ns, request_sink_t *out)
{
    bool is_fast = kind == REQUEST_BACKFILL_BARS;
    int64_t page_ms = (is_fast ? 60 : 900) * MS_PER_S * PAGE_BARS, end_ms = native_bars_end_ms (kind, now_ns);
    int status = OK;
    for (int page = PAGES - 1; page >= 0 && status == OK; page--)
        status = native_request (out, kind, instrument, 1,
                                 "/api/v5/market/candles?instId=%s&bar=%s&limit=%d&after=%lld", contract,
                                 is_fast ? "1m" : "15m", PAGE_BARS, (long long) (end_ms - page * page_ms));
    return status;
}

//  Each share has a path of its own, with 5 requests in 2 s: a quarter of what the others allow.
enum { SHARE_ACCOUNTS, SHARE_TOP_ACCOUNTS, SHARE_TOP_POSITIONS, SHARES };
#define RUBIK "/api/v5/rubik/stat/contracts/"
static const char *const ratio_paths[SHARES] = {RUBIK "long-short-account-ratio-contract?",
                                                RUBIK "long-short-account-ratio-contract-top-trader?",
                                                RUBIK "long-short-position-ratio-contract-top-trader?"};

static int
plan_ratios (const char *contract, int instrument, request_sink_t *out)
{
    int status = OK;
    for (int i = 0; i < SHARES && status == OK; i++)
        status = native_request (out, REQUEST_RATIO, instrument, 4, "%sinstId=%s&period=5m&limit=1",
                                 ratio_paths[i], contract);
    return status;
}

//  Tables are of a family, BTC-USDT, and leave the time out; 10 requests in 2 s.
static int
plan_tiers (const char *contract, int instrument, request_sink_t *out)
{
    size_t tail = sizeof "-SWAP" - 1, size = strlen (contract);
    return native_request (out, REQUEST_TIERS, instrument, 2,
                           "/api/v5/public/position-tiers?instType=SWAP&tdMode=isolated&instFamily=%.*s",
                           (int) (size > tail ? size - tail : size), contract);
}

static int
plan_one (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns, request_sink_t *out)
{
    const char *contract = symbols->contracts[instrument].contract;
    switch (kind) {
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
        return plan_bars (kind, contract, instrument, now_ns, out);
    case REQUEST_BACKFILL_FUNDING:
        return native_request (out, kind, instrument, 2,
                               "/api/v5/public/funding-rate-history?instId=%s&limit=100", contract);
    case REQUEST_BACKFILL_OI:
        return native_request (
            out, kind, instrument, 4,
            "/api/v5/rubik/stat/contracts/open-interest-history?instId=%s&period=5m&limit=100", contract);
    case REQUEST_RATIO:
        return plan_ratios (contract, instrument, out);
    case REQUEST_TIERS:
        return plan_tiers (contract, instrument, out);
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
    return native_request (out, kind, -1, 1, "/api/v5/public/instruments?instType=SWAP");
}

static void
read_instrument (json_cursor_t row, native_listing_t *listing)
{
    contract_t contract = {.facts = {.funding_interval_h = FUNDING_INTERVAL_H}};
    slice_t name = {"", 0}, type = {"", 0}, state = {"", 0}, settle = {"", 0}, unit = {"", 0};
    double value = 0, times = 1;
    (void) json_need_text (row, "instId", &name);
    (void) json_find_text (row, "ctType", &type);
    (void) json_find_text (row, "settleCcy", &settle);
    slice_t rest = name, base = slice_cut (&rest, '-'), quote = slice_cut (&rest, '-');
    if (!slice_is (rest, "SWAP") || !slice_is (type, "linear") || !slice_is (quote, "USDT") ||
        !slice_is (settle, "USDT"))
        return;
    (void) json_need_text (row, "state", &state);
    (void) json_need_text (row, "ctValCcy", &unit);
    bool is_sized = json_find_double (row, "ctVal", &value) == OK; //  "" before a contract opens
    (void) json_find_double (row, "ctMult", &times);
    (void) json_find_decimal (row, "tickSz", &contract.facts.tick);
    (void) json_find_decimal (row, "lotSz", &contract.facts.lot);
    contract.multiplier = value * times;
    contract.is_listed = slice_is (state, "live") && is_sized && contract.multiplier > 0 &&
                         unit.size == base.size && memcmp (unit.data, base.data, base.size) == 0;
    contract.facts.status = contract.is_listed ? INSTRUMENT_TRADING : INSTRUMENT_HALTED;
    (void) slice_copy (name, contract.contract, sizeof contract.contract);
    (void) slice_copy (settle, contract.facts.settle, sizeof contract.facts.settle);
    native_listing_offer (listing, base, quote, contract);
}

static int
on_instruments (native_t *in, json_cursor_t list)
{
    native_listing_t listing;
    json_cursor_t row;
    native_listing_init (&listing, in->symbols->universe);
    while (json_next (list, &row))
        read_instrument (row, &listing);
    int status = native_finish (in);
    if (status == OK)
        native_listing_emit (&listing, in->out, true);
    return status;
}

//  realizedRate is what was paid; fundingRate what had been announced.
static int
on_funding_row (native_t *in, json_cursor_t row)
{
    int64_t ts_ms = 0;
    double rate = 0;
    if (json_find_double (row, "realizedRate", &rate) == E_ABSENT)
        (void) json_need_double (row, "fundingRate", &rate);
    (void) json_need_i64 (row, "fundingTime", &ts_ms);
    return native_funding (in, ts_ms, rate, NAN, 0, 0, true);
}

//  [time, contracts, coins, usd]
static int
on_open_interest_row (native_t *in, json_cursor_t row)
{
    json_cursor_t values[4];
    int64_t ts_ms = 0;
    double qty = 0, usd = 0;
    int status = native_row (in, row, values, COUNT_OF (values));
    if (status != OK)
        return status;
    (void) json_i64 (values[0], &ts_ms);
    (void) json_double (values[1], &qty);
    (void) json_double (values[3], &usd);
    return native_open_interest (in, ts_ms, qty, usd, NAN);
}

//  [time, longs over shorts], newest first.
static int
on_ratios (native_t *in, json_cursor_t list, slice_t path)
{
    json_cursor_t row, values[2];
    int share = 0, status = OK;
    while (share < SHARES && !slice_starts (path, ratio_paths[share]))
        share++;
    if (share == SHARES)
        return native_fail (in, E_RANGE, "an answer to no known path");
    while (status == OK && json_next (list, &row)) {
        int64_t ts_ms = 0;
        double ratio = 0, shares[SHARES] = {NAN, NAN, NAN};
        status = native_row (in, row, values, COUNT_OF (values));
        if (status != OK)
            break;
        (void) json_i64 (values[0], &ts_ms);
        (void) json_double (values[1], &ratio);
        shares[share] = ratio / (1 + ratio);
        status = ratio < 0 ? native_fail (in, E_RANGE, "a ratio below zero")
                           : native_ratio (in, ts_ms, shares[SHARE_ACCOUNTS], shares[SHARE_TOP_ACCOUNTS],
                                           shares[SHARE_TOP_POSITIONS]);
    }
    return status == OK ? native_finish (in) : status;
}

//  The rate of a tier is of the whole position: nothing is deducted.
static int
on_tiers (native_t *in, json_cursor_t list)
{
    tier_t rows[NATIVE_TIERS_MAX];
    size_t count = 0;
    json_cursor_t row;
    while (json_next (list, &row)) {
        if (count == COUNT_OF (rows))
            return native_fail (in, E_RANGE, "too many tiers");
        tier_t *tier = &rows[count++];
        *tier = (tier_t){.deduction = 0};
        (void) json_need_double (row, "maxSz", &tier->up_to);
        (void) json_need_double (row, "mmr", &tier->mmr);
        (void) json_need_double (row, "maxLever", &tier->leverage_max);
    }
    return native_tiers (in, 0, true, rows, count);
}

static int
parse_response (json_document_t *json, const request_t *request, slice_t body, const symbols_t *symbols,
                event_sink_t *out, error_text_t *error)
{
    native_t in;
    json_cursor_t root, list = {json, 0};
    slice_t code = {"", 0}, text = {"", 0};
    int status = native_open (&in, json, body, symbols, out, error, &root);
    if (status != OK)
        return status;
    if (json_type (root) == JSON_OBJECT) {
        (void) json_find_text (root, "msg", &text);
        if (json_need_text (root, "code", &code) == OK && !slice_is (code, "0"))
            return error_set (error, slice_is (code, "50011") ? E_AGAIN : E_SYNTAX, "refused with %.*s: %.*s",
                              (int) code.size, code.data, (int) text.size, text.data);
        (void) json_need (root, "data", &list);
    }
    if (request->kind == REQUEST_INSTRUMENTS)
        return on_instruments (&in, list);
    status = native_select_request (&in, request);
    if (status != OK)
        return status;
    switch (request->kind) {
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, read_bar);
    case REQUEST_BACKFILL_FUNDING:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, on_funding_row);
    case REQUEST_BACKFILL_OI:
        return native_rows (&in, list, NATIVE_NEWEST_FIRST, on_open_interest_row);
    case REQUEST_RATIO:
        return on_ratios (&in, list, slice_of (request->path));
    case REQUEST_TIERS:
        return on_tiers (&in, list);
    case REQUEST_INSTRUMENTS:
    case REQUEST_BOOK:
    case REQUEST_OPEN_INTEREST:
        break;
    }
    return native_finish (&in);
}

//  50011: too many requests; windows are two seconds.
static int
retry_after_s (int status, slice_t body)
{
    return status == 429 || native_body_has (body, "\"50011\"") ? 3 : 0;
}

const adapter_t okx_adapter = {
    .name = "okx",
    .sockets = {{"book", "wss://ws.okx.com:8443/ws/v5/public", BOOK_CHANNELS},
                {"flow", "wss://ws.okx.com:8443/ws/v5/public", FLOW_CHANNELS}},
    .sockets_count = 2,
    .rest_url = "https://www.okx.com",
    .server_ping = "ping",
    .ping_ns = 20 * NS_PER_S,
    .lifetime_ns = 0,
    .sequence = SEQUENCE_OKX,
    .has_rest_snapshot = false,
    .depth_levels = 400,
    .channels = BOOK_CHANNELS | FLOW_CHANNELS | CHANNEL_RATIO | CHANNEL_TIERS,
    .liquidation_coverage = COVERAGE_SAMPLED,
    .cadence_s = {[EVENT_BOOK] = 0.1, [EVENT_MARK] = 1, [EVENT_OPEN_INTEREST] = 10, [EVENT_FUNDING] = 60},
    .poll_ns = {[EVENT_RATIO] = 300 * NS_PER_S, [EVENT_TIERS] = 6 * 3600 * NS_PER_S},
    .rate_weight = 20,
    .rate_window_s = 2,
    .subscribe_most = 240,
    .subscribe_gap_ms = 350,
    .subscribe = subscribe,
    .parse = parse,
    .plan = plan,
    .parse_response = parse_response,
    .retry_after_s = retry_after_s,
};
