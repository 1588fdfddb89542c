//  Bytes as a frame or as an answer of any venue.  The first byte picks: its low three bits the adapter, the
//  next one (worth 8) and the three above (worth 1 to 4) frame (0) or kind of request, the top bit whose
//  request it is and which of its paths.
//  Nothing may crash, read outside, or say what the wire does not take.

#include "common/base/check.h"
#include "common/base/status.h"
#include "ingest/adapter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum { KINDS = REQUEST_TIERS + 2 }; //  requests, and frames

static universe_t universe;
static symbols_t symbols;
static json_document_t *json;
static field_codec_t *codec;

static void
on_event (void *self, event_kind_t kind, int instrument, const void *record)
{
    (void) self;
    CHECK (instrument >= 0 && (size_t) instrument < universe.count && kind > EVENT_INSTRUMENT &&
           kind != EVENT_GAP);
    union {
        trade_t trade;
        open_interest_t oi;
        funding_t funding;
        bar_t bar;
    } copy;
    const field_table_t *table = event_table (kind);
    error_text_t error = {""};
    if (kind == EVENT_OPEN_INTEREST) { //  the receiver values it
        copy.oi = *(const open_interest_t *) record;
        copy.oi.oi_usd = isnan (copy.oi.oi_usd) ? 0 : copy.oi.oi_usd;
        record = &copy;
    } else if (kind == EVENT_TRADE) {
        copy.trade = *(const trade_t *) record;
        CHECK (copy.trade.price.mantissa > 0 && memchr (copy.trade.id, 0, sizeof copy.trade.id));
    } else if (kind == EVENT_FUNDING) {
        copy.funding = *(const funding_t *) record;
        CHECK (!isnan (copy.funding.rate) || !isnan (copy.funding.rate_next));
    } else if (kind == EVENT_BAR) {
        copy.bar = *(const bar_t *) record;
        CHECK (copy.bar.interval_s > 0 && copy.bar.ts_event_ns > 0);
    }
    field_begin (codec);
    if (field_put (codec, table, FIELD_AS_ARRAY, record, &error) != OK) {
        (void) fprintf (stderr, "%s: %s\n", table->name, error.text);
        CHECK (false && "an event the wire does not take");
    }
}

static void
on_book (void *self, int instrument, const book_update_t *update)
{
    (void) self;
    CHECK (instrument >= 0 && update->ts_event_ns > 0);
    for (size_t i = 0; i < update->bids_count; i++)
        CHECK (update->bids[i].price.mantissa > 0 && update->bids[i].qty.mantissa >= 0);
    for (size_t i = 0; i < update->asks_count; i++)
        CHECK (update->asks[i].price.mantissa > 0 && update->asks[i].qty.mantissa >= 0);
}

static void
on_acknowledged (void *self, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    (void) self;
    (void) is_accepted;
    (void) text;
    CHECK (instrument < (int) universe.count && (channel & (channel - 1)) == 0);
}

static void
on_text (void *self, slice_t text)
{
    (void) self;
    (void) text;
}

static void
on_ignored (void *self, bool is_known, slice_t what)
{
    (void) is_known;
    on_text (self, what);
}

static void
on_contract (void *self, int instrument, const contract_t *contract)
{
    (void) self;
    CHECK (instrument >= 0 && (size_t) instrument < universe.count);
    CHECK (memchr (contract->contract, 0, sizeof contract->contract));
    CHECK (!contract->is_listed || (contract->multiplier > 0 && contract->price_divisor > 0));
}

//  Of the requests planned, the path of the first or the last.
typedef struct {
    bool is_last;
    char path[REQUEST_PATH_MAX];
} choice_t;

static void
on_request (void *self, const request_t *request)
{
    choice_t *choice = self;
    if (choice->is_last || !choice->path[0])
        memcpy (choice->path, request->path, sizeof choice->path);
}

//  The contracts of all venues at once: PEPEUSDT is a scaled one.
static void
set_up (void)
{
    static const char *const names[][2] = {
        {"BTCUSDT", "BTC-USDT-SWAP"}, {"1000PEPEUSDT", "PEPE-USDT-SWAP"}, {"ETHUSDT", "ETH-USDT-SWAP"}};
    CHECK (universe_parse (&universe, slice_of ("BTCUSDT PEPEUSDT ETHUSDT BTCUSD PEPEUSD ETHUSD"), NULL) ==
           OK);
    symbols.universe = &universe;
    for (size_t i = 0; i < universe.count; i++) {
        contract_t *contract = &symbols.contracts[i];
        contract->is_listed = true;
        contract->multiplier = i == 1 ? 1000 : 0.01;
        contract->price_divisor = i == 1 ? 1000 : 1;
        contract->facts.is_inverse = i == 5;
        contract->facts.funding_interval_h = 8;
        (void) slice_copy (slice_of (names[i % 3][i / 3]), contract->contract, sizeof contract->contract);
    }
    symbols_index (&symbols);
    json = json_document_new ();
    codec = field_codec_new ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static event_sink_t sink = {NULL,    on_event,   on_book, on_acknowledged,
                                on_text, on_ignored, on_text, on_contract};
    size_t count = 0;
    error_text_t error = {""};
    if (size == 0)
        return 0;
    if (!json)
        set_up ();
    while (adapters[count])
        count++;
    const adapter_t *adapter = adapters[(data[0] & 7) % count];
    unsigned kind = (unsigned) ((data[0] >> 4 & 7) | (data[0] & 8)) % KINDS;
    bool is_other = data[0] & 128;
    char *padded = calloc (1, size - 1 + JSON_PADDING_BYTES);
    CHECK (padded);
    memcpy (padded, data + 1, size - 1);
    slice_t text = {padded, size - 1};
    int status;
    if (kind == 0) {
        status = adapter->parse (json, text, &symbols, &sink, &error);
    } else {
        choice_t choice = {.is_last = is_other};
        request_sink_t requests = {&choice, on_request};
        request_t request = {.kind = (request_kind_t) (kind - 1), .instrument = is_other};
        bool is_list = request.kind == REQUEST_INSTRUMENTS;
        (void) adapter->plan (request.kind, &symbols, is_list ? -1 : request.instrument, 0, &requests);
        memcpy (request.path, choice.path, sizeof request.path);
        status = adapter->parse_response (json, &request, text, &symbols, &sink, &error);
    }
    CHECK (status == OK || error.text[0]);
    CHECK (adapter->retry_after_s (kind ? 200 : 429, text) >= 0);
    free (padded);
    return 0;
}
