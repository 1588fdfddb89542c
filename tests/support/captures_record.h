/*  captures_record - what an adapter said of one message, and whether that is what was stated
 *
 *  The state beside it is what partial ticker updates of a group build up. */

#ifndef LEADLINE_TEST_CAPTURES_RECORD_H
#define LEADLINE_TEST_CAPTURES_RECORD_H

#include "ingest/adapter.h"

enum { SAID_MAX = 256, SAID_LEVELS_MAX = 1024 };

//  One event in the venue's own units.
typedef struct {
    event_kind_t kind;
    int instrument;
    int64_t ts_ms;
    bool is_used; //  matched by a stated result
    union {
        trade_t trade;
        quote_t quote;
        liquidation_t liquidation;
        bar_t bar;
        funding_t funding;
    } of;
    bool is_snapshot;
    int64_t last_seq, prev_seq;
    size_t bids, bids_count, asks, asks_count; //  levels from here
} said_t;

//  The last of each value of an instrument, native.
typedef struct {
    double mark, index, rate, rate_next, oi;
    int64_t next_ms;
} ticker_state_t;

typedef struct {
    const symbols_t *symbols;
    said_t said[SAID_MAX];
    size_t count;
    native_level_t levels[SAID_LEVELS_MAX];
    size_t levels_count;
    size_t events, ignored;
    int64_t recv_ms;
    ticker_state_t tickers[UNIVERSE_MAX];
    contract_t contracts[UNIVERSE_MAX];
    bool has_contract[UNIVERSE_MAX];
    event_sink_t sink;
} captures_record_t;

void
captures_record_init (captures_record_t *self, const symbols_t *symbols);
//  A new message: forget what was said, keep the state.  recv_ms: when it came, the time of what states none
//  itself.
void
captures_record_message (captures_record_t *self, int64_t recv_ms);
//  A new group: forget the state too.
void
captures_record_group (captures_record_t *self);

//  Is expect (an array in schema "tardis" or "crypto-msg-parser") what was said?  why: the first difference.
bool
captures_record_is (captures_record_t *self, slice_t schema, json_cursor_t expect, char *why,
                    size_t capacity);

#endif
