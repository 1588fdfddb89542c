/*  adapter - the contract of a venue: what to ask for, and what its messages mean
 *
 *  Sans-I/O: an adapter never sees a socket, a clock or the bus.  It turns a list of instruments into
 *  subscriptions and requests (text), and frames into events.  What differs between venues is data in the
 *  row; what is alike (connect, ping, reconnect, resync, rate limit, health) is written once, in session and
 *  its parts.  Venue spellings (BTC-USDT-SWAP, sizes in contracts) end here.
 *
 *  An adapter's one external symbol is its row, at the bottom of ingest/adapters/<venue>.c; adapters.c lists
 *  it. */

#ifndef LEADLINE_ADAPTER_H
#define LEADLINE_ADAPTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/event.h"
#include "common/wire/universe.h"
#include "ingest/json_cursor.h"

//  --- instruments and their contracts

//  One listing of the venue that informs an instrument of ours: the USDT linear perpetual.
typedef struct {
    bool is_listed;                   //  the venue has it, and it trades
    char contract[CONTRACT_NAME_MAX]; //  as the venue spells it: "BTCUSDT", "BTC-USDT-SWAP"
    double multiplier;    //  coins in one native quantity unit: ctVal; 1 where quantities are coins; a scaled
                          //  contract (1000PEPEUSDT): 1000
    double price_divisor; //  native price / this = price of one coin: 1000 for 1000PEPEUSDT, else 1
    instrument_t facts;   //  published as it is
} contract_t;

enum { SYMBOLS_SLOTS = 1024 }; //  at least twice UNIVERSE_MAX, a power of two

typedef struct {
    const universe_t *universe;
    contract_t contracts[UNIVERSE_MAX]; //  same index
    uint16_t slots[SYMBOLS_SLOTS];      //  of symbols_index: instrument + 1, 0 free
} symbols_t;

//  Index in the universe of a venue's contract name, or -1 (unknown: counted by the session, never fatal).
//  A hash table behind it: symbols_index builds it after contracts have changed.
int
symbols_find (const symbols_t *self, slice_t contract);
void
symbols_index (symbols_t *self);

//  --- what an adapter produces

//  A level in the venue's own units, exact: what checksums and the full book are made of.
typedef struct {
    decimal_t price, qty; //  native; qty 0 removes
} native_level_t;

typedef struct {
    bool is_snapshot;
    int64_t first_seq, last_seq, prev_seq; //  as the venue's rule uses them; -1: not given
    bool has_checksum;
    int32_t checksum; //  signed CRC32 of the best 25 levels (OKX)
    int64_t ts_event_ns;
    const native_level_t *bids, *asks; //  borrowed for the call
    size_t bids_count, asks_count;
} book_update_t;

//  Where parsed things go.  Everything is staged by the receiver and only counts when parse returns OK.
typedef struct event_sink {
    void *self;
    //  record: struct of the kind (event.h), borrowed; quantities already in coins, prices of one coin.
    //  An open interest's oi_usd is NaN where the venue does not say: the receiver values it.  A time of 0 of
    //  tiers or of a running funding: the venue does not say, the receiver's stands in.  Tiers are as the venue
    //  states them, within the bounds of the wire; whether they make sense the consumer judges (tiers_finish).
    void (*event) (void *self, event_kind_t kind, int instrument, const void *record);
    void (*book) (void *self, int instrument, const book_update_t *update);
    //  A subscription was confirmed or refused; channel is the adapter's channel bit; instrument -1: not said.
    void (*acknowledged) (void *self, uint32_t channel, int instrument, bool is_accepted, slice_t text);
    //  Something to send back at once (an application-level pong).
    void (*reply) (void *self, slice_t text);
    //  A message that is known and means nothing to us (a pong, a welcome), or is not known: counted, sampled.
    void (*ignored) (void *self, bool is_known, slice_t what);
    //  A contract we did not ask for.
    void (*unknown_contract) (void *self, slice_t contract);
    //  From the instrument list: fill symbols->contracts[instrument].
    void (*contract) (void *self, int instrument, const contract_t *contract);
} event_sink_t;

//  --- what an adapter asks for

//  Channels a venue offers (bits), for acknowledgement and health.
enum {
    CHANNEL_TRADE = 1u << EVENT_TRADE,
    CHANNEL_BOOK = 1u << EVENT_BOOK,
    CHANNEL_QUOTE = 1u << EVENT_QUOTE,
    CHANNEL_MARK = 1u << EVENT_MARK,
    CHANNEL_INDEX = 1u << EVENT_INDEX,
    CHANNEL_FUNDING = 1u << EVENT_FUNDING,
    CHANNEL_OPEN_INTEREST = 1u << EVENT_OPEN_INTEREST,
    CHANNEL_LIQUIDATION = 1u << EVENT_LIQUIDATION,
    CHANNEL_RATIO = 1u << EVENT_RATIO, //  polled everywhere
    CHANNEL_TIERS = 1u << EVENT_TIERS  //  and these
};

typedef struct {
    const char *name;  //  "public": option key ingest/<venue>/<name>_url
    const char *url;   //  default: "wss://stream.bybit.com/v5/public/linear"
    uint32_t channels; //  bits that travel on it
} socket_row_t;

enum { SOCKETS_MAX = 3, REQUEST_PATH_MAX = 512, SUBSCRIBE_TEXT_MAX = 65536 };

typedef enum {
    REQUEST_INSTRUMENTS,   //  once at start, again hourly; everything else waits for the first
    REQUEST_BOOK,          //  a snapshot, when book_sync wants one (only venues whose rule needs REST)
    REQUEST_OPEN_INTEREST, //  polled where the venue does not push it
    REQUEST_BACKFILL_BARS, //  1m klines, newest first or last: events are emitted oldest first by the parser
    REQUEST_BACKFILL_BARS_SLOW, //  15m klines for the long windows
    REQUEST_BACKFILL_FUNDING,
    REQUEST_BACKFILL_OI,
    REQUEST_RATIO, //  polled: the newest value.  A venue that needs several answers says a part in each
    REQUEST_TIERS  //  polled: the whole table of an instrument
} request_kind_t;

typedef struct {
    request_kind_t kind;
    int instrument;              //  -1: for all
    char path[REQUEST_PATH_MAX]; //  path and query, GET, below the venue's REST base
    int32_t weight;              //  of the venue's rate limit
} request_t;

typedef struct request_sink {
    void *self;
    void (*request) (void *self, const request_t *request);
} request_sink_t;

typedef struct text_sink {
    void *self;
    void (*text) (void *self, slice_t text); //  one frame to send
} text_sink_t;

//  How deltas chain (venues.md, "Sequence rules differ").
typedef enum {
    SEQUENCE_BINANCE, //  U u pu against the REST snapshot's lastUpdateId
    SEQUENCE_BYBIT,   //  snapshot on the socket, then u + 1; u = 1 or a new snapshot restarts
    SEQUENCE_OKX //  snapshot on the socket (prevSeqId -1), then prevSeqId = last seqId; equal ids: keep-alive; a
                 //  smaller seqId with matching prevSeqId: maintenance reset; checksum
} sequence_rule_t;

typedef struct {
    const char *name; //  "bybit": command line, topics, fixtures
    socket_row_t sockets[SOCKETS_MAX];
    size_t sockets_count;
    const char *rest_url;    //  "https://api.bybit.com"
    const char *server_ping; //  text to send every ping_ns; NULL: WebSocket pings
    int64_t ping_ns;
    int64_t lifetime_ns; //  the venue closes sockets after this (24 h); reconnect a little before; 0 no
    sequence_rule_t sequence;
    bool has_rest_snapshot; //  books: snapshot by REST (Binance); else resubscribing brings one
    int32_t depth_levels;   //  levels a side the chosen channel keeps; 0 all
    uint32_t channels;      //  all bits the venue offers
    coverage_t liquidation_coverage;
    double
        cadence_s[EVENT_KIND_COUNT]; //  of channels with a steady beat (mark 1 s, book .1 s); 0: event-driven
    uint32_t united; //  channels in one message that names only what changed: news of one shows that all flow
    int64_t poll_ns
        [EVENT_KIND_COUNT]; //  open interest, ratio, tiers: by REST, this often; 0: pushed, or not told
    int32_t rate_weight, rate_window_s; //  of the REST host: weight allowed in the window
    int32_t subscribe_most;             //  topics a frame at most
    int32_t subscribe_gap_ms;           //  between frames

    //  Write the frames that subscribe (or with is_on false: unsubscribe) the channels of bits for the listed
    //  instruments [first, first + count) that are is_listed, on socket.
    int (*subscribe) (const symbols_t *symbols, int socket, uint32_t bits, int first, int count, bool is_on,
                      text_sink_t *out);
    //  One frame.  text has JSON_PADDING_BYTES behind it.  OK, or E_SYNTAX / E_RANGE with a text: nothing of the
    //  frame counts then.
    int (*parse) (json_document_t *json, slice_t text, const symbols_t *symbols, event_sink_t *out,
                  error_text_t *error);
    //  Requests of a kind: for one instrument, or all (instrument -1 where the venue can).
    int (*plan) (request_kind_t kind, const symbols_t *symbols, int instrument, int64_t now_ns,
                 request_sink_t *out);
    //  A REST answer (status 200).
    int (*parse_response) (json_document_t *json, const request_t *request, slice_t body,
                           const symbols_t *symbols, event_sink_t *out, error_text_t *error);
    //  0 or the seconds to wait that the venue asks for, from a REST status and its body (418, 429, 10006, 50011).
    int (*retry_after_s) (int status, slice_t body);
} adapter_t;

//  All venues, NULL at the end (adapters.c).
extern const adapter_t *const adapters[];
const adapter_t *
adapter_find (const char *name);

#endif
