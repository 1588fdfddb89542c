#include "ingest/native.h"

#include "common/base/check.h"
#include "common/base/status.h"
#include "tests/support/expect.h"

static universe_t universe;
static symbols_t symbols;
static contract_t said[UNIVERSE_MAX];
static size_t said_count;

static void
on_contract (void *self, int instrument, const contract_t *contract)
{
    (void) self;
    said[instrument] = *contract;
    said_count++;
}

static void
offer (native_listing_t *listing, const char *base, const char *name, bool is_listed)
{
    contract_t contract = {.is_listed = is_listed, .multiplier = 1, .facts = {.tick = {1, -7}}};
    (void) slice_copy (slice_of (name), contract.contract, sizeof contract.contract);
    native_listing_offer (listing, slice_of (base), slice_of ("USDT"), contract);
}

static native_listing_t *
start (const char *names)
{
    static native_listing_t listing;
    assert_int_equal (universe_parse (&universe, slice_of (names), NULL), OK);
    native_listing_init (&listing, &universe);
    memset (said, 0, sizeof said);
    said_count = 0;
    return &listing;
}

static void
finish (native_listing_t *listing, bool is_complete)
{
    event_sink_t sink = {.contract = on_contract};
    native_listing_emit (listing, &sink, is_complete);
}

static void
test_scaled_names (void **state)
{
    (void) state;
    static const struct {
        const char *base;
        double scale;
    } rows[] = {{"1000PEPE", 1e3},  {"1MBABYDOGE", 1e6}, {"SHIB1000", 1e3},
                {"10000SATS", 1e4}, {"1000000MOG", 1e6}, {"1INCH", 1}};
    native_listing_t *listing = start ("PEPEUSDT BABYDOGEUSDT SHIBUSDT SATSUSDT MOGUSDT 1INCHUSDT");
    for (size_t i = 0; i < 6; i++)
        offer (listing, rows[i].base, rows[i].base, true);
    finish (listing, false);
    assert_int_equal (said_count, 6);
    for (size_t i = 0; i < 6; i++) {
        expect_close (said[i].multiplier, rows[i].scale, 0);
        expect_close (said[i].price_divisor, rows[i].scale, 0);
        expect_close (decimal_to_double (said[i].facts.tick), 1e-7 / rows[i].scale, 1e-24);
        assert_string_equal (said[i].contract, rows[i].base);
    }
    assert_string_equal (said[0].facts.base, "PEPE");
    assert_string_equal (said[2].facts.base, "SHIB");
}

//  An instrument that is itself named 1000PEPEUSDT is not divided; names that only look scaled stay out.
static void
test_names_that_are_not_scaled (void **state)
{
    (void) state;
    native_listing_t *listing = start ("1000PEPEUSDT INCHUSDT BTCUSDT");
    offer (listing, "1000PEPE", "1000PEPEUSDT", true);
    offer (listing, "1INCH", "1INCHUSDT", true);
    offer (listing, "1000", "1000USDT", true);
    offer (listing, "", "USDT", true);
    finish (listing, false);
    assert_int_equal (said_count, 1);
    expect_close (said[0].multiplier, 1, 0);
}

//  Whatever the order, the plain contract wins over the scaled one, and a listed over a halted one.
static void
test_best_contract_wins (void **state)
{
    (void) state;
    for (int order = 0; order < 2; order++) {
        native_listing_t *listing = start ("PEPEUSDT SHIBUSDT");
        offer (listing, order ? "PEPE" : "1000PEPE", order ? "plain" : "scaled", true);
        offer (listing, order ? "1000PEPE" : "PEPE", order ? "scaled" : "plain", true);
        offer (listing, "SHIB", "halted", false);
        offer (listing, "1000SHIB", "trading", true);
        finish (listing, false);
        assert_string_equal (said[0].contract, "plain");
        expect_close (said[0].multiplier, 1, 0);
        assert_string_equal (said[1].contract, "trading");
    }
}

static void
test_absent_only_of_a_complete_list (void **state)
{
    (void) state;
    native_listing_t *listing = start ("BTCUSDT ETHUSDT");
    offer (listing, "BTC", "BTCUSDT", true);
    finish (listing, false);
    assert_int_equal (said_count, 1);
    finish (listing, true);
    assert_int_equal (said_count, 3);
    assert_false (said[1].is_listed);
}

//  --- subscribing to a full universe

typedef struct {
    const adapter_t *adapter;
    uint32_t told[UNIVERSE_MAX]; //  channels acknowledged
    size_t frames, bytes;
    json_document_t *json;
} subscription_t;

static void
on_acknowledged (void *self, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    subscription_t *subscription = self;
    (void) text;
    assert_true (is_accepted);
    assert_in_range (instrument, 0, universe.count - 1);
    assert_int_equal (subscription->told[instrument] & channel, 0); //  never twice
    subscription->told[instrument] |= channel;
}

static void
on_ignored (void *self, bool is_known, slice_t what)
{
    (void) self;
    (void) is_known;
    (void) what;
}

//  Answers a frame as the venue would: with the tag at its end.
static void
on_frame (void *self, slice_t text)
{
    subscription_t *subscription = self;
    char answer[256 + JSON_PADDING_BYTES] = "";
    event_sink_t sink = {.self = self, .acknowledged = on_acknowledged, .ignored = on_ignored};
    error_text_t error;
    json_cursor_t root;
    int64_t tag = -1;
    char *padded = calloc (1, text.size + JSON_PADDING_BYTES);
    memcpy (padded, text.data, text.size);
    assert_int_equal (json_open (subscription->json, (slice_t){padded, text.size}, &root), OK);
    subscription->frames++;
    subscription->bytes += text.size;
    if (json_find_i64 (root, "id", &tag) == OK)
        (void) snprintf (answer, 256, "{\"result\":null,\"id\":%lld}", (long long) tag);
    else if (json_find_i64 (root, "req_id", &tag) == OK)
        (void) snprintf (answer, 256,
                         "{\"success\":true,\"ret_msg\":\"\",\"req_id\":\"%lld\",\"op\":\"subscribe\"}",
                         (long long) tag);
    if (tag >= 0)
        assert_int_equal (subscription->adapter->parse (subscription->json,
                                                        (slice_t){answer, strlen (answer)}, &symbols, &sink,
                                                        &error),
                          OK);
    free (padded);
}

static void
fill_universe (void)
{
    char names[UNIVERSE_MAX * 16] = "";
    size_t size = 0;
    for (int i = 0; i < UNIVERSE_MAX; i++)
        size += (size_t) snprintf (names + size, sizeof names - size, "COIN%03dUSDT ", i);
    assert_int_equal (universe_parse (&universe, slice_of (names), NULL), OK);
    memset (&symbols, 0, sizeof symbols);
    symbols.universe = &universe;
    for (int i = 0; i < UNIVERSE_MAX; i++) {
        contract_t *contract = &symbols.contracts[i];
        contract->is_listed = i % 7 != 3;
        (void) slice_copy (slice_of (universe.names[i]), contract->contract, sizeof contract->contract);
        (void) snprintf (contract->facts.base, sizeof contract->facts.base, "COIN%03d", i);
        (void) snprintf (contract->facts.quote, sizeof contract->facts.quote, "USDT");
    }
    symbols_index (&symbols);
}

//  Each listed instrument gets each channel of the socket in exactly one frame, and frames stay small.
static void
test_full_universe_subscribes (void **state)
{
    (void) state;
    fill_universe ();
    for (const adapter_t *const *adapter = adapters; *adapter; adapter++)
        for (size_t socket = 0; socket < (*adapter)->sockets_count; socket++) {
            subscription_t subscription = {.adapter = *adapter, .json = json_document_new ()};
            text_sink_t out = {&subscription, on_frame};
            uint32_t bits = (*adapter)->sockets[socket].channels;
            assert_int_equal ((*adapter)->subscribe (&symbols, (int) socket, (*adapter)->channels, 0,
                                                     UNIVERSE_MAX, true, &out),
                              OK);
            assert_true (subscription.frames >= 2 && subscription.frames <= 20);
            if (strcmp ((*adapter)->name, "bybit") == 0) //  its limit a connection
                assert_true (subscription.bytes < 21000);
            for (int i = 0; i < UNIVERSE_MAX && strcmp ((*adapter)->name, "okx") != 0; i++)
                assert_int_equal (subscription.told[i], symbols.contracts[i].is_listed ? bits : 0);
            json_document_destroy (&subscription.json);
        }
}

//  --- tiers

static tier_update_t told;
static tier_t told_rows[TIERS_MAX];
static size_t told_count, ignored_count;

static void
on_tiers (void *self, event_kind_t kind, int instrument, const void *record)
{
    (void) self;
    assert_int_equal (kind, EVENT_TIERS);
    assert_int_equal (instrument, 0);
    told = *(const tier_update_t *) record;
    assert_in_range (told.rows_count, 1, TIERS_MAX);
    memcpy (told_rows, told.rows, told.rows_count * sizeof *told.rows);
    told_count++;
}

static void
on_tiers_ignored (void *self, bool is_known, slice_t what)
{
    (void) self, (void) what;
    assert_true (is_known);
    ignored_count++;
}

//  A table longer than the wire takes keeps its lowest tiers, in order; one bad row and none is told.
static void
test_tiers_stay_within_the_wire (void **state)
{
    (void) state;
    enum { ROWS = TIERS_MAX + 5 };
    assert_int_equal (universe_parse (&universe, slice_of ("BTCUSDT"), NULL), OK);
    symbols = (symbols_t){.universe = &universe};
    symbols.contracts[0] = (contract_t){.is_listed = true, .multiplier = .01, .price_divisor = 1};
    event_sink_t sink = {.event = on_tiers, .ignored = on_tiers_ignored};
    json_document_t *json = json_document_new ();
    error_text_t error = {""};
    native_t in;
    json_cursor_t root;
    char body[64] = "{}";
    request_t request = {.kind = REQUEST_TIERS, .instrument = 0};
    assert_int_equal (native_open (&in, json, (slice_t){body, 2}, &symbols, &sink, &error, &root), OK);
    assert_int_equal (native_select_request (&in, &request), OK);
    assert_false (in.is_backfill);
    tier_t rows[ROWS];
    told_count = ignored_count = 0;
    for (int i = 0; i < ROWS; i++) //  highest first
        rows[i] = (tier_t){100 * (ROWS - i), .001 * (ROWS - i), ROWS - (ROWS - i) + 1, NAN};
    assert_int_equal (native_tiers (&in, 0, true, rows, ROWS), OK);
    assert_int_equal (told_count, 1);
    assert_int_equal (ignored_count, 1);
    assert_int_equal (told.rows_count, TIERS_MAX);
    for (int i = 0; i < TIERS_MAX; i++)
        expect_close (told_rows[i].up_to, i + 1, 1e-9); //  contracts of .01 coins
    const tier_t bad[] = {{0, .01, 10, 0},   {1, 0, 10, 0},    {1, 1.5, 10, 0},
                          {1, .01, 1001, 0}, {1, .01, 10, -1}, {1e30, .01, 10, 0}};
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        tier_t pair[] = {{1, .01, 10, 0}, bad[i]};
        assert_int_equal (native_tiers (&in, 0, false, pair, 2), E_RANGE);
    }
    assert_int_equal (native_tiers (&in, 0, false, rows, 0), E_RANGE);
    assert_int_equal (told_count, 1);
    json_document_destroy (&json);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_scaled_names),
        cmocka_unit_test (test_names_that_are_not_scaled),
        cmocka_unit_test (test_best_contract_wins),
        cmocka_unit_test (test_absent_only_of_a_complete_list),
        cmocka_unit_test (test_full_universe_subscribes),
        cmocka_unit_test (test_tiers_stay_within_the_wire),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
