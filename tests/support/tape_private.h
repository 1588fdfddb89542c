/*  tape_private - what the parts of the tape share: its state, its random streams, the queue of events
 *
 *  tape.c          parameters, the moving market (prices, trades, open interest, funding), what is next
 *  tape_history.c  what came before the start
 *  tape_book.c     the order books, and what traders do to them
 *  tape_crowd.c    positions that end in bursts, and where the crowd stands
 *
 *  The order of random draws is part of the contract with tests/oracle/tape.py. */

#ifndef LEADLINE_TEST_TAPE_PRIVATE_H
#define LEADLINE_TEST_TAPE_PRIVATE_H

#include "tests/support/tape.h"

enum { QUOTE, TRADE, BOOK, MARK, OI, ESTIMATE, LIQUIDATION, SETTLEMENT, KINDS };
//  Streams: the world, kinds by venue, then what traders do to the book, by venue; bursts and ratios by venue.
enum { WORLD = 0, HITS = 1 + TAPE_VENUES_MAX * KINDS, SPOOFS = HITS + TAPE_VENUES_MAX };
enum { WALLS = SPOOFS + TAPE_VENUES_MAX, CASCADES = WALLS + TAPE_VENUES_MAX };
enum { RATIOS = CASCADES + TAPE_VENUES_MAX, STREAMS = RATIOS + TAPE_VENUES_MAX, HISTORY = 63 };
enum { EATEN_MOST = 14 };
enum { LEVELS_MOST = 2048, QUEUE_MOST = 16, MINUTE_S = 60, QUARTER_S = 900, DAY_MINUTES = 1440 };
enum { FIRST_TICK = 500000, RATE_MOST = 30000 };

typedef struct {
    int64_t seed, start, venues, minutes;
    int64_t quote_ms, trade_ms, mark_ms, oi_ms, book_ms, depth, gap_every, funding_ms, liquidation_ms;
    int64_t bars_days, bars_hours, oi_days, funding_days;
    int64_t book_step, hit_ms, spoof_ms, wall_ms, lean;
    int64_t cascade_ms, ratio_ms, sampled, quiet, quiet_from, quiet_to;
} parameters_t;

typedef struct {
    int64_t tick, qty;
} tick_level_t;

//  A level that a trader has taken from, or made; qty 0: none.
typedef struct {
    int side;
    int64_t tick, qty;
} touched_t;

typedef struct {
    int64_t bid, ask; //  last quote; 0 none
    int64_t oi, volume;
    int64_t rate;
    bool has_book;
    int counts[2];
    tick_level_t levels[2][LEVELS_MOST]; //  best first
    touched_t eaten[EATEN_MOST], spoof, wall;
    int eaten_count;
    int cascade_side;
    int64_t cascade_left, cascade_qty, accounts; //  accounts: that are long, in thousandths
} venue_t;

//  A queued event keeps its record beside it.
typedef struct {
    event_t event;
    union {
        instrument_t instrument;
        trade_t trade;
        book_t book;
        quote_t quote;
        mark_t mark;
        funding_t funding;
        open_interest_t oi;
        liquidation_t liquidation;
        bar_t bar;
        gap_t gap;
        ratio_t ratio;
    } record;
} queued_t;

typedef struct {
    int64_t open, high, low;
    int64_t volume, bought, trades;
} candle_t;

struct tape {
    parameters_t p;
    uint64_t random[HISTORY + 1];
    int64_t next_ms[STREAMS];
    int64_t price, premium, vol, drift, bias, move;
    int64_t history_vol, minute, minutes;
    int64_t trade_id;
    candle_t quarter;
    venue_t venues[TAPE_VENUES_MAX];
    queued_t queue[QUEUE_MOST];
    int queue_head, queue_count;
    level_t sides[2][LEVELS_MOST];
};

extern const int64_t tape_settle_s[TAPE_VENUES_MAX];
extern const int64_t tape_offset_ticks[TAPE_VENUES_MAX];

//  A whole number from 0 to n - 1, the next of a stream.
int64_t
tape_below (tape_t *self, int stream, int64_t n);

//  Between -most and most.
int64_t
tape_clamp (int64_t x, int64_t most);

int
tape_stream_of (int venue, int kind);

decimal_t
tape_price_of (int64_t tick);

//  A new event at the end of the queue, its record to be filled in.
queued_t *
tape_queue (tape_t *self, event_kind_t kind, int venue, int64_t ts_ns);

//  side of the position, at a price
void
tape_queue_liquidation (tape_t *self, int v, int64_t ts_ns, int side, int64_t tick, int64_t qty);

void
tape_queue_trade (tape_t *self, int v, int64_t ts_ns, int side, int64_t tick, int64_t qty);

//  The mean between two doings of a kind of trader; 0 none.
int64_t
tape_trader_mean (const tape_t *self, int stream);

//  The next minute of history.
void
tape_history_step (tape_t *self);

void
tape_book_step (tape_t *self, int v, int64_t ts_ns);

//  s: one of the streams from CASCADES on.
void
tape_crowd_step (tape_t *self, int s, int64_t ts_ns);

//  s: one of the streams from HITS on, before CASCADES.
void
tape_trader_step (tape_t *self, int s, int64_t ts_ns);

#endif
