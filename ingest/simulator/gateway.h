/*  gateway - one venue as it is served: its listings, its clients, and the market (or recording) behind it
 *
 *  protocol_t is the row of a venue: what differs between venues is in it and in <venue>_protocol.c;
 *  listings, queries and histories are here, once.
 *
 *      trade, level, liquidation   as the world tells them, in order of time
 *      tick                        every SLICE_NS of simulated time: what is batched or has a beat */

#ifndef LEADLINE_GATEWAY_H
#define LEADLINE_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/wire/field.h"
#include "ingest/json_cursor.h"
#include "ingest/simulator/feed.h"
#include "ingest/simulator/numeral.h"
#include "ingest/simulator/world.h"

#define SLICE_NS INT64_C (10000000)

enum { GATEWAY_NAME_MAX = 32 };

//  An instrument as the venue lists it.  Native price = ticks x px_units x 10^px_exponent; quantities alike.
typedef struct {
    char name[GATEWAY_NAME_MAX];     //  ours: "BTCUSDT"
    char contract[GATEWAY_NAME_MAX]; //  the venue's: "BTC-USDT-SWAP"
    char base[GATEWAY_NAME_MAX];     //  "BTC"
    int64_t px_units, qty_units;
    int px_exponent, qty_exponent;
    double contract_coins; //  coins in one unit of native quantity
    double leverage_max;
} gateway_listing_t;

typedef struct protocol protocol_t;
typedef struct gateway gateway_t;

//  A GET of a client.
typedef struct {
    slice_t path, arguments; //  "/fapi/v1/depth", "symbol=BTCUSDT&limit=1000"
    int64_t mono_ns;         //  for rate limits, which run on real time
} query_t;

//  The body is the gateway's frame.
typedef struct {
    int status;
    const char *channel; //  for faults: "openInterest"; NULL: none
    int listing;         //  -1 none
    char headers[256];   //  "name: value\n" lines
} reply_t;

struct protocol {
    const char *name;
    const char *const *paths;    //  of WebSockets, NULL at the end
    const char *const *channels; //  NULL at the end
    size_t state_size;
    int frames_per_s_most; //  a client that sends more is disconnected; 0 no limit
    //  "BTC" to the contract's name, and back (false: not a USDT perpetual).
    void (*name_contract) (const char *base, char *out, size_t size);
    bool (*name_base) (slice_t contract, char *out, size_t size);
    //  A trade's id as the venue spells it; NULL: plain digits.
    void (*name_trade) (int listing, int64_t id, char *out, size_t size);
    void (*start) (gateway_t *gateway);
    void (*stop) (gateway_t *gateway);
    void (*connected) (gateway_t *gateway, feed_client_t *client, slice_t arguments); //  query of the URL
    void (*text) (gateway_t *gateway, feed_client_t *client, slice_t text); //  JSON_PADDING_BYTES behind it
    //  Writes gateway->frame (empty at the call).  OK, or E_AGAIN: not yet, ask again.
    int (*request) (gateway_t *gateway, const query_t *query, reply_t *reply);
    void (*trade) (gateway_t *gateway, int listing, const world_trade_t *trade);
    void (*level) (gateway_t *gateway, int listing, const world_level_t *level);
    void (*liquidation) (gateway_t *gateway, int listing, const world_liquidation_t *liquidation);
    void (*tick) (gateway_t *gateway, int64_t now_ns);
    //  Of recordings: channel and contract of a message, or false when it is none of market data.
    bool (*classify) (slice_t message, int *channel, slice_t *contract);
    //  The message in the spelling of today's channels (depth@0ms as depth@100ms).
    void (*respell) (gateway_t *gateway, int channel, int listing, slice_t message, text_buffer_t *out,
                     size_t *wrap_size);
    //  Of recordings: the channel whose clients get the messages of this one when the recording has none of
    //  that channel itself (aggTrade for trade), or -1; NULL: never.
    const int *stands_for;
    //  Is a REST answer a book snapshot, and of which contract (empty: not said)?
    bool (*is_snapshot) (slice_t url, slice_t *contract);
};

//  A recording answers for the market: the book snapshot of a listing, when it is its time.
typedef struct {
    void *self;
    int (*snapshot) (void *self, int listing, text_buffer_t *body); //  OK, E_AGAIN, E_ABSENT
} archive_t;

struct gateway {
    const protocol_t *protocol;
    world_t *world; //  NULL: a recording
    archive_t archive;
    int venue;
    gateway_listing_t listings[UNIVERSE_MAX];
    const char *names[UNIVERSE_MAX]; //  of the listings
    int listings_count;
    feed_t *feed;
    int64_t now_ns;
    text_buffer_t frame; //  being written
    json_document_t *json;
    void *state;
    uint64_t trades_count, liquidations_count, requests_count, refused_count;
    int64_t window_from_ns; //  of the REST rate limit
    int64_t window_weight;
};

//  Listings out of the universe and the world's specs.  feed: limits, faults and wake; the rest is filled in.
gateway_t *
gateway_new (const protocol_t *protocol, world_t *world, int venue, const universe_t *universe,
             const feed_options_t *feed);
//  The same for a recording: listings come by gateway_list.
gateway_t *
gateway_new_recorded (const protocol_t *protocol, archive_t archive, const feed_options_t *feed);
void
gateway_destroy (gateway_t **self);

//  Add a listing; returns its index, or -1 when there are too many.
int
gateway_list (gateway_t *self, const char *base, int px_exponent, int qty_exponent, double contract_coins);
//  Index by the venue's contract name (any case), or -1.
int
gateway_find (const gateway_t *self, slice_t contract);

void
gateway_tick (gateway_t *self, int64_t now_ns);

//  --- pieces of queries
slice_t
query_text (const query_t *query, const char *key);
int64_t
query_i64 (const query_t *query, const char *key, int64_t preset);
//  Count weight against most in a window of window_s; false when it is too much.
bool
gateway_allow (gateway_t *self, const query_t *query, int64_t weight, int64_t most, int window_s);

//  --- pieces of messages
int64_t
gateway_ms (int64_t ts_ns);
//  ["price","qty"] or with rest, e.g. ,"0","1"; a level that is gone has qty "0".
void
gateway_add_levels (text_buffer_t *out, const gateway_listing_t *listing, const world_level_t levels[],
                    int count, numeral_form_t form, const char *rest);
void
gateway_add_px (text_buffer_t *out, const gateway_listing_t *listing, int64_t ticks, numeral_form_t form);
void
gateway_add_qty (text_buffer_t *out, const gateway_listing_t *listing, int64_t lots, numeral_form_t form);
//  A price that is not on a tick (mark, index) with the tick's decimals and `more`.
void
gateway_add_px_f64 (text_buffer_t *out, const gateway_listing_t *listing, double px, int more,
                    numeral_form_t form);
//  Coins in the venue's quantity unit.
void
gateway_add_coins (text_buffer_t *out, const gateway_listing_t *listing, double coins, numeral_form_t form);
//  Coins in a lot.
double
gateway_lot_coins (const gateway_listing_t *listing);

//  A bound of maintenance tiers in coins or USD, whichever the world keeps them by.
double
gateway_tier_coins (const gateway_t *self, int listing, double up_to);
double
gateway_tier_usd (const gateway_t *self, int listing, double up_to);
//  The ratio of the span of 5 minutes that was over last.  E_AGAIN when there is none.
int
gateway_ratio (const gateway_t *self, int listing, world_ratio_t *out, int64_t *ts_ns);

//  --- histories: bars, funding or open interest of the bounds [from, to), written row by row into the frame
typedef struct {
    int64_t from_ns, to_ns;
    int most;
    bool is_newest_first;
    bool is_from_start; //  more rows than most: the oldest are given, not the newest
} span_t;

typedef void
bar_fn (text_buffer_t *out, const gateway_listing_t *listing, const world_kline_t *bar, bool is_closed);
typedef void
point_fn (text_buffer_t *out, const gateway_listing_t *listing, const world_point_t *point, double px);
void
gateway_add_bars (gateway_t *self, int listing, int32_t interval_s, span_t span, bar_fn *row);
typedef enum { HISTORY_FUNDING, HISTORY_INTEREST } history_t;
//  px: the close of the bar before (interest), or 0.  Returns the time of the oldest row written, 0 none.
int64_t
gateway_add_points (gateway_t *self, int listing, history_t kind, int32_t interval_s, span_t span,
                    point_fn *row);
//  "1m" "1" "5m" "15" "1h" "60" "1H" "5min" to seconds; 0 unknown.
int32_t
gateway_interval_s (slice_t text);

//  All venues, NULL at the end.
extern const protocol_t *const protocols[];
const protocol_t *
protocol_find (const char *name);

#endif
