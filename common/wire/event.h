/*  event - one normalised market fact
 *
 *  Written by ingest, read by everyone.  On the wire an event record is a positional msgpack array inside
 *  an envelope (envelope.h); the rows stand in event.c and make SCHEMA.md.
 *
 *  Units     prices exact decimals in the listing's own quote currency; quantities in coins (contract
 *            multipliers are applied in ingest, scaled contracts like 1000PEPE divided, prices likewise);
 *            usd = quantity x price with quote currency taken as USD; times ns since the epoch.
 *  Sides     +1 / -1: the taker bought / sold; a long / a short position was liquidated.
 *  Backfill  is_backfilled marks what came from REST history at start, not from the live feed. */

#ifndef LEADLINE_EVENT_H
#define LEADLINE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/tiers.h"
#include "common/wire/field.h"
#include "common/wire/universe.h"

typedef enum {
    EVENT_INSTRUMENT,
    EVENT_TRADE,
    EVENT_BOOK,
    EVENT_QUOTE,
    EVENT_MARK,
    EVENT_INDEX,
    EVENT_FUNDING,
    EVENT_OPEN_INTEREST,
    EVENT_LIQUIDATION,
    EVENT_BAR,
    EVENT_GAP,
    EVENT_RATIO,
    EVENT_TIERS,
    EVENT_KIND_COUNT
} event_kind_t;

enum {
    VENUE_NAME_MAX = 24,
    TRADE_ID_MAX = 48,
    CONTRACT_NAME_MAX = 40,
    BOOK_LEVELS_MAX = 8192,
    FEED_NAME_MAX = 24
};

typedef enum { COVERAGE_COMPLETE, COVERAGE_SAMPLED, COVERAGE_ABSENT } coverage_t;
extern const char *const coverage_names[];

typedef enum { INSTRUMENT_TRADING, INSTRUMENT_HALTED, INSTRUMENT_DELISTED } instrument_status_t;

typedef struct {
    int64_t ts_event_ns;
    char contract[CONTRACT_NAME_MAX]; //  the venue's spelling, for people and logs
    char base[16], quote[16], settle[16];
    bool is_inverse;
    double multiplier; //  coins (linear) or USD (inverse) in one contract
    decimal_t tick;    //  price step
    decimal_t lot;     //  quantity step, in contracts
    double funding_interval_h;
    int32_t status; //  instrument_status_t
} instrument_t;

typedef struct {
    int64_t ts_event_ns;
    char id[TRADE_ID_MAX]; //  the venue's, as text
    decimal_t price;
    double qty_coins;
    double notional_usd;
    int8_t side; //  of the taker
} trade_t;

typedef struct {
    decimal_t price;
    double qty_coins; //  0 removes the level
} level_t;

typedef struct {
    int64_t ts_event_ns;
    bool is_snapshot;     //  replaces the book; else changes levels
    int64_t venue_seq;    //  the venue's last sequence number in this update
    level_t *bids, *asks; //  snapshots: best first; changes: as the venue ordered them
    size_t bids_count, asks_count;
    int32_t depth_levels; //  levels a side the feed keeps (0: all): beyond is unknown, not empty
} book_t;

typedef struct {
    int64_t ts_event_ns;
    decimal_t bid_px, ask_px;
    double bid_qty_coins, ask_qty_coins;
} quote_t;

typedef struct {
    int64_t ts_event_ns;
    double price_px;
} mark_t; //  also the index

typedef struct {
    int64_t ts_event_ns; //  of a settlement: when it was settled
    double rate; //  fraction for one interval, longs pay when positive; NaN where only rate_next is told
    double interval_h;  //  1, 4, 8
    int64_t ts_next_ns; //  next settlement; 0 unknown
    bool is_settled;    //  a past settlement, else the running estimate for ts_next_ns
    bool is_backfilled;
    double rate_next; //  predicted for the settlement after ts_next_ns; NaN where the venue does not say
} funding_t;

typedef struct {
    int64_t ts_event_ns;
    double oi_coins;
    double oi_usd;
    bool is_backfilled;
} open_interest_t;

typedef enum { LIQUIDATION_PX_BANKRUPTCY, LIQUIDATION_PX_ORDER, LIQUIDATION_PX_FILL } liquidation_px_t;

typedef struct {
    int64_t ts_event_ns;
    int8_t side; //  of the position: +1 a long was liquidated (the order sells)
    decimal_t price;
    int32_t price_kind; //  liquidation_px_t: what the venue's price means
    double qty_coins;
    double notional_usd;
    int32_t coverage; //  coverage_t: sampled feeds show at most one a second
} liquidation_t;

typedef struct {
    int64_t ts_event_ns; //  end of the bar
    int32_t interval_s;
    double open_px, high_px, low_px, close_px;
    double volume_coins, volume_usd;
    double taker_buy_usd; //  NaN where the venue does not say
    int32_t trades_count; //  -1 unknown
    bool is_closed;
    bool is_backfilled;
} bar_t;

//  Something is missing, and will not come back.
typedef struct {
    int64_t ts_event_ns;
    int32_t kind;       //  event_kind_t of what is missing
    int64_t lost_count; //  messages, -1 unknown
    char reason[96];
} gap_t;

//  How the crowd stands: shares of accounts, or of the positions of the largest ones, that are long, 0..1.
//  NaN: not in this message.  A venue that answers in parts says one after another; what was said stays.
typedef struct {
    int64_t ts_event_ns;
    double accounts_long;      //  of all accounts
    double top_accounts_long;  //  of the top accounts
    double top_positions_long; //  of the positions of the top accounts
    bool is_backfilled;
} ratio_t;

//  The maintenance tiers of a contract as the venue states them now, lowest first (tiers.h says what they
//  mean), not checked for sense.  A deduction is NaN where the venue states none.
typedef struct {
    int64_t ts_event_ns;
    tier_t *rows;
    size_t rows_count;
    bool is_by_coins;
} tier_update_t;

extern const char *const event_kind_names[]; //  "trade", ..., NULL; the word in topics

//  The table of a kind.  Never NULL for a valid kind.
const field_table_t *
event_table (event_kind_t kind);

//  Size of the largest record, for buffers.
enum {
    EVENT_RECORD_MAX = sizeof (instrument_t) > sizeof (trade_t) ? sizeof (instrument_t) : sizeof (trade_t)
};

//  An event as it is handed from part to part: a borrowed record and where it belongs.
typedef struct {
    event_kind_t kind;
    uint16_t instrument; //  index in the universe
    uint16_t venue;      //  index in the reader's list of venues; 0 inside one ingest
    int64_t ts_recv_ns;
    union {
        const void *any;
        const instrument_t *instrument;
        const trade_t *trade;
        const book_t *book;
        const quote_t *quote;
        const mark_t *mark; //  EVENT_MARK and EVENT_INDEX
        const funding_t *funding;
        const open_interest_t *open_interest;
        const liquidation_t *liquidation;
        const bar_t *bar;
        const gap_t *gap;
        const ratio_t *ratio;
        const tier_update_t *tiers;
    } of;
} event_t;

#endif
