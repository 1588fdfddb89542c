//  Binance, Bybit and OKX against recorded messages and the results other projects' tests state for them.

#include "tests/support/captures.h"
#include "tests/support/expect.h"

#define COUNT(array) (sizeof (array) / sizeof ((array)[0]))

static bool
is_here (const char *venue)
{
    char path[512];
    if (captures_folder (venue, path, sizeof path))
        return true;
    print_message ("\n*** SKIPPED: no captures of %s at %s (set LEADLINE_CAPTURES) ***\n\n", venue, path);
    return false;
}

static size_t stated, reproduced, by_refusal;

static void
run (const captures_t *captures)
{
    if (!is_here (captures->venue))
        skip ();
    captures_result_t result = captures_run (captures);
    print_message (
        "%s: %zu messages, %zu events, %zu ignored or answered, %zu refused, %zu not asked for or no longer "
        "served; %zu of %zu stated results reproduced, %zu listed exceptions\n",
        captures->venue, result.lines, result.events, result.ignored, result.refused, result.skipped,
        result.reproduced, result.stated, result.excepted);
    assert_true (result.stated > 0 && result.lines > result.stated);
    assert_true (result.reproduced + result.excepted == result.stated);
    stated += result.stated;
    reproduced += result.reproduced;
    by_refusal += result.reproduced_by_refusal;
}

//  All current generations of the three venues.  Exceptions are explained one by one, and stay few; where
//  nothing is stated and we refuse the message, the agreement is chance: such lines count on neither side.
static void
test_most_is_reproduced (void **state)
{
    (void) state;
    if (!is_here ("binance"))
        skip ();
    size_t all = stated - by_refusal, right = reproduced - by_refusal;
    print_message ("%zu of %zu stated results of the three venues are reproduced (%.1f %%)\n", right, all,
                   100.0 * (double) right / (double) all);
    assert_true (stated >= 44 && by_refusal <= 1);
    assert_true (right * 100 >= all * 97);
}

//  --- Binance

static const capture_contract_t binance_contracts[] = {{"BTCUSDT220624", "BTCUSDT_220624", 1, false}};
static const capture_rest_t binance_rest[] = {
    {"depthSnapshot", REQUEST_BOOK, "/fapi/v1/depth", "BTCUSDT"},
    {"l2_snapshot", REQUEST_BOOK, "/fapi/v1/depth", "BTCUSDT"},
    {"/fapi/v1/depth", REQUEST_BOOK, "/fapi/v1/depth", "BTCUSDT"},
    {"DepthSnapshot", REQUEST_BOOK, "/fapi/v1/depth", "BTCUSDT"},
    {"/fapi/v1/klines", REQUEST_BACKFILL_BARS, "/fapi/v1/klines", "BTCUSDT"},
    {"futures_market_klines", REQUEST_BACKFILL_BARS, "/fapi/v1/klines", "BTCUSDT"},
    {"/fapi/v1/fundingRate", REQUEST_BACKFILL_FUNDING, "/fapi/v1/fundingRate", "BTCUSDT"},
    {"market_funding_rate", REQUEST_BACKFILL_FUNDING, "/fapi/v1/fundingRate", "BTCUSDT"},
    {"/fapi/v1/fundingInfo", REQUEST_INSTRUMENTS, "/fapi/v1/fundingInfo", NULL},
    {"exchange_info", REQUEST_INSTRUMENTS, "/fapi/v1/exchangeInfo", NULL},
    {"/fapi/v1/openInterest", REQUEST_OPEN_INTEREST, "/fapi/v1/openInterest", "BTCUSDT"},
    {"OpenInterestSnapshot", REQUEST_OPEN_INTEREST, "/fapi/v1/openInterest", "BTCUSDT"},
    {"market_open_interest", REQUEST_OPEN_INTEREST, "/fapi/v1/openInterest", "BTCUSDT"},
    {"/futures/data/openInterestHist", REQUEST_BACKFILL_OI, "/futures/data/openInterestHist", "BTCUSDT"},
    {"topLongShortPositionRatio", REQUEST_RATIO, "/futures/data/topLongShortPositionRatio", "BTCUSDT"},
    {"globalLongShortAccountRatio", REQUEST_RATIO, "/futures/data/globalLongShortAccountRatio", "BTCUSDT"},
    {"GlobalLongShortAccountSnapshot", REQUEST_RATIO, "/futures/data/globalLongShortAccountRatio", "BTCUSDT"},
};

//  The recorder put REST answers into the stream:
//  {"stream":"btcusdt@depthSnapshot","generated":true,"data":{...}}; it left out the times, which every
//  answer has since 2020.
static bool
unwrap_binance (const char *channel, slice_t msg, char *out, size_t capacity)
{
    const char *data =
        strstr (channel, "@depthSnapshot") ? memmem (msg.data, msg.size, "\"data\":{", 8) : NULL;
    if (!data)
        return false;
    data += 8;
    (void) snprintf (out, capacity, "{\"E\":1567296001275,\"T\":1567296001275,%.*s",
                     (int) (msg.data + msg.size - 1 - data), data);
    return true;
}

static void
test_binance (void **state)
{
    (void) state;
    static const captures_t binance = {.venue = "binance",
                                       .universe = "BTCUSDT ETHUSDT BNBUSDT LTCUSDT",
                                       .instruments = "instruments-2025-12.raw.json.gz",
                                       .contracts = binance_contracts,
                                       .contracts_count = COUNT (binance_contracts),
                                       .rest = binance_rest,
                                       .rest_count = COUNT (binance_rest),
                                       .unwrap = unwrap_binance};
    run (&binance);
}

//  --- Bybit

//  BTCUSD is inverse and BTCPERP margined in USDC; their sizes are compared as they came.
static const capture_contract_t bybit_contracts[] = {{"BTCUSD", "BTCUSD", 1, false},
                                                     {"BTCPERP", "BTCPERP", 1, false}};
static const capture_rest_t bybit_rest[] = {
    {"get_klines_linear", REQUEST_BACKFILL_BARS, "/v5/market/kline", "BTCUSDT"},
    {"/v5/market/kline", REQUEST_BACKFILL_BARS, "/v5/market/kline", "BTCUSDT"},
    {"funding_history", REQUEST_BACKFILL_FUNDING, "/v5/market/funding/history", "BTCUSDT"},
    {"funding/history", REQUEST_BACKFILL_FUNDING, "/v5/market/funding/history", "BTCUSDT"},
    {"get-open-interest", REQUEST_BACKFILL_OI, "/v5/market/open-interest", "BTCUSDT"},
    {"account-ratio", REQUEST_RATIO, "/v5/market/account-ratio", "BTCUSDT"},
    {"instruments", REQUEST_INSTRUMENTS, "/v5/market/instruments-info", NULL},
};

static void
test_bybit (void **state)
{
    (void) state;
    static const captures_t bybit = {.venue = "bybit",
                                     .universe = "BTCUSDT ETHUSDT GALAUSDT",
                                     .instruments = "instruments-2026-02.raw.json.gz",
                                     .contracts = bybit_contracts,
                                     .contracts_count = COUNT (bybit_contracts),
                                     .rest = bybit_rest,
                                     .rest_count = COUNT (bybit_rest)};
    run (&bybit);
}

//  --- OKX

static const capture_contract_t okx_contracts[] = {
    {"BTCUSDT220325", "BTC-USDT-220325", 0.01, false}, {"BTCUSDT220624", "BTC-USDT-220624", 0.01, false},
    {"BTCUSDT211231", "BTC-USDT-211231", 0.01, false}, {"LTCUSDT220624", "LTC-USDT-220624", 1, false},
    {"FILUSDT220325", "FIL-USDT-220325", 0.1, false},  {"RENUSDT", "REN-USDT-SWAP", 10, false},
    {"SOSUSDT", "SOS-USDT-SWAP", 10000, false},        {"BTCUSD", "BTC-USD-SWAP", 100, true},
    {"BTCUSD220325", "BTC-USD-220325", 100, true},     {"BTCUSD220624", "BTC-USD-220624", 100, true},
};
static const capture_rest_t okx_rest[] = {
    {"candlesticks", REQUEST_BACKFILL_BARS, "/api/v5/market/candles", "BTCUSDT"},
    {"history-candles", REQUEST_BACKFILL_BARS, "/api/v5/market/candles", "BTCUSDT"},
    {"funding_rate_history", REQUEST_BACKFILL_FUNDING, "/api/v5/public/funding-rate-history", "BTCUSDT"},
    {"funding-rate-history", REQUEST_BACKFILL_FUNDING, "/api/v5/public/funding-rate-history", "BTCUSDT"},
    {"long-short-account-ratio", REQUEST_RATIO,
     "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract?", "BTCUSDT"},
    {"get_instruments_swap", REQUEST_INSTRUMENTS, "/api/v5/public/instruments", NULL},
};

//  The recorder polled liquidations by REST and put the details into a frame; the channel nests them.
static bool
unwrap_okx (const char *channel, slice_t msg, char *out, size_t capacity)
{
    const char *data =
        strcmp (channel, "liquidations") == 0 ? memmem (msg.data, msg.size, "\"data\":[", 8) : NULL;
    const char *name = data ? memmem (msg.data, msg.size, "\"instId\":\"", 10) : NULL;
    if (!name)
        return false;
    name += 10;
    data += 8;
    (void) snprintf (out, capacity,
                     "{\"arg\":{\"channel\":\"liquidation-orders\",\"instType\":\"FUTURES\"},\"data\":[{"
                     "\"instId\":\"%.*s\","
                     "\"details\":[%.*s}]}",
                     (int) strcspn (name, "\""), name, (int) (msg.data + msg.size - 1 - data), data);
    return true;
}

static void
test_okx (void **state)
{
    (void) state;
    static const captures_t okx = {.venue = "okx",
                                   .universe = "BTCUSDT ETHUSDT FILUSDT",
                                   .instruments = "instruments-2025-04-30.raw.json.gz",
                                   .contracts = okx_contracts,
                                   .contracts_count = COUNT (okx_contracts),
                                   .rest = okx_rest,
                                   .rest_count = COUNT (okx_rest),
                                   .unwrap = unwrap_okx};
    run (&okx);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_binance),
        cmocka_unit_test (test_bybit),
        cmocka_unit_test (test_okx),
        cmocka_unit_test (test_most_is_reproduced),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
