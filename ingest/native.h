/*  native - the steps every adapter repeats, between a venue's own units and ours
 *
 *  Why   a venue speaks of contracts, scaled prices, milliseconds and rows of text.  What an adapter knows is
 *        which field means what; how a quantity becomes coins, a scaled price the price of one coin, a row of
 *        text a level and a list of topics a frame is written here, once.
 *  How   the record functions look at the document first: a field that was missing or of the wrong type fails
 *        the record, so an adapter reads all fields and hands them over without looking at each.  Values that
 *        cannot be (a price of 0, a time before 1970, a negative quantity) are E_RANGE.  All return OK or a
 *        status whose text is set.
 *  Not   state: a native_t lives as long as one parse. */

#ifndef LEADLINE_NATIVE_H
#define LEADLINE_NATIVE_H

#include "ingest/adapter.h"

//  --- one frame or answer being read

typedef struct {
    json_document_t *json;
    const symbols_t *symbols;
    event_sink_t *out;
    error_text_t *error;
    bool is_backfill;           //  records come from history
    int32_t bar_interval_s;     //  of the bars asked for
    int instrument;             //  whom the records are about: native_select
    const contract_t *contract; //  of it
} native_t;

//  Start reading text.
int
native_open (native_t *self, json_document_t *json, slice_t text, const symbols_t *symbols, event_sink_t *out,
             error_text_t *error, json_cursor_t *root);

//  Status of the document, its text put into error.
int
native_finish (native_t *self);

//  The venue broke its own form: sets the text, returns status.
int
native_fail (native_t *self, int status, const char *what);

//  Whom the next records are about.  False: unknown, reported to the sink; the caller goes on with the next.
bool
native_select (native_t *self, slice_t contract);
//  The same with the contract's name behind a key of object.  False also when the key is missing:
//  native_finish.
bool
native_select_key (native_t *self, json_cursor_t object, const char *key);
//  The instrument of a request, and whether its answer is history.  E_RANGE when it is not listed.
int
native_select_request (native_t *self, const request_t *request);

//  --- records; times in ms, prices and quantities native

int
native_trade (native_t *self, int64_t ts_ms, slice_t id, decimal_t price, double qty, int8_t side);
int
native_quote (native_t *self, int64_t ts_ms, native_level_t bid, native_level_t ask);
//  The same from the best level of each side of a book; with an empty side there is no quote: ignored.
int
native_quote_of (native_t *self, int64_t ts_ms, json_cursor_t bids, json_cursor_t asks);
//  kind: EVENT_MARK or EVENT_INDEX.
int
native_price (native_t *self, event_kind_t kind, int64_t ts_ms, double price);
//  ts_ms: 0 the venue does not say; the receiver's time stands in.  rate, rate_next: NaN unknown, of an
//  estimate not both.  next_ms: 0 unknown.  interval_h: 0 the contract's.
int
native_funding (native_t *self, int64_t ts_ms, double rate, double rate_next, int64_t next_ms,
                double interval_h, bool is_settled);
//  usd: NaN when not given; then price (NaN when not given either) values it, else the receiver does.
int
native_open_interest (native_t *self, int64_t ts_ms, double qty, double usd, double price);
int
native_liquidation (native_t *self, int64_t ts_ms, int8_t side, decimal_t price, liquidation_px_t price_kind,
                    double qty, coverage_t coverage);
//  bar: prices native, volume_coins in coins but for the scale (1000PEPE), usd sums as they are.
int
native_bar (native_t *self, const bar_t *bar);

//  Shares 0..1; NaN: not in this answer.  One at least is there.
int
native_ratio (native_t *self, int64_t ts_ms, double accounts_long, double top_accounts_long,
              double top_positions_long);
//  ts_ms: 0 the venue does not say.  rows: in any order, sorted in place; up_to in USD, or with is_by_coins in
//  native quantity, made coins.  The lowest TIERS_MAX are told, the rest is ignored: nearly nobody is that large.
enum { NATIVE_TIERS_MAX = 256 };
int
native_tiers (native_t *self, int64_t ts_ms, bool is_by_coins, tier_t rows[], size_t count);

//  Times and count of a bar, from its first and last ms; last_ms -1: bar->interval_s after the first. Returns
//  bar.
const bar_t *
native_bar_times (bar_t *bar, int64_t start_ms, int64_t last_ms, int64_t trades_count);

//  An update of a book, its levels read from [["price", "qty", ...], ...].  At most BOOK_LEVELS_MAX a side.
//  update: filled but for time and levels.
int
native_book (native_t *self, int64_t ts_ms, book_update_t *update, json_cursor_t bids, json_cursor_t asks);

//  The first count values of an array of scalars.  E_SYNTAX when there are fewer.
int
native_row (native_t *self, json_cursor_t row, json_cursor_t *values, size_t count);
//  One level.
int
native_level (native_t *self, json_cursor_t row, native_level_t *level);

//  Read the rows of an array, oldest first, until one fails.  At most NATIVE_ROWS_MAX.
typedef enum { NATIVE_OLDEST_FIRST, NATIVE_NEWEST_FIRST } native_order_t;
enum { NATIVE_ROWS_MAX = 2048 }; //  more than any answer asked for holds
int
native_rows (native_t *self, json_cursor_t array, native_order_t order,
             int (*row) (native_t *, json_cursor_t));

//  --- instrument lists

//  What a list says of our universe; the unscaled contract wins over the scaled one.
typedef struct {
    const universe_t *universe;
    contract_t contracts[UNIVERSE_MAX];
} native_listing_t;

void
native_listing_init (native_listing_t *self, const universe_t *universe);

//  Offer one contract of base and quote ("BTC" "USDT"; "1000PEPE", "1MBABYDOGE", "SHIB1000" count as scaled).
//  contract: as if base were one coin; is_listed, and in facts all but base, quote, contract, multiplier and
//  tick's scale.
void
native_listing_offer (native_listing_t *self, slice_t base, slice_t quote, contract_t contract);

//  Hand all to the sink.  is_complete: the list was not cut, so what is not in it is not listed.
void
native_listing_emit (const native_listing_t *self, event_sink_t *out, bool is_complete);

//  --- subscribing

typedef struct {
    const char *format; //  of one topic; %s is the contract's name
    uint32_t channels;
    enum {
        TOPIC_OF_CONTRACT,
        TOPIC_OF_LOWER,
        TOPIC_OF_PAIR,
        TOPIC_OF_VENUE
    } of; //  name as it is, in small letters,
          //  "BASE-QUOTE"; or one topic for all instruments (no %s)
} native_topic_t;

typedef struct {
    const native_topic_t *topics;
    size_t topics_count;
    const char *head_on, *head_off; //  before the topics: "{\"op\":\"subscribe\",\"args\":["
    const char *tail;               //  behind them; %lld is the tag
    int most;                       //  topics a frame
} native_feed_t;

//  Write the frames.  An instrument's topics stay in one frame where they fit.  The tag says what a frame
//  asked for.
int
native_subscribe (const native_feed_t *feed, const symbols_t *symbols, uint32_t bits, int first, int count,
                  bool is_on, text_sink_t *out);

//  A frame's tag came back: tell the sink which channels of which instruments it was about.
void
native_acknowledge (native_t *self, int64_t tag, bool is_accepted, slice_t text);

//  --- requests

//  Fill path (printf form) and hand over.
int
native_request (request_sink_t *out, request_kind_t kind, int instrument, int32_t weight, const char *format,
                ...) __attribute__ ((format (printf, 5, 6)));

//  Digits only, as our own tags are.
bool
native_is_whole (slice_t text);

//  Does a body contain a text?  For answers that need not be JSON.
bool
native_body_has (slice_t body, const char *text);

//  End of the last bar that is over at now_ns: what a request for bars ends with, so that none is unfinished.
int64_t
native_bars_end_ms (request_kind_t kind, int64_t now_ns);

//  A plan for one instrument, or with instrument -1 for each that is listed.
typedef int (*native_plan_t) (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns,
                              request_sink_t *out);
int
native_plan (native_plan_t one, request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns,
             request_sink_t *out);

#endif
