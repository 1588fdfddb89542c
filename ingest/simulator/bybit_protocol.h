/*  bybit_protocol - v5 linear of Bybit as a client sees it (venues.md; methods F5)
 *
 *  Books     orderbook.1 (10 ms, snapshots only), .50 (20 ms) and .200 (100 ms): snapshot on subscribing,
 *            then deltas of the cut; u counts by one per topic, seq over everything.
 *  Tickers   a snapshot with all fields, then deltas with only those that changed.
 *  allLiquidation  all of them, every 500 ms, at the bankruptcy price; S is the side of the position. */

#ifndef LEADLINE_BYBIT_PROTOCOL_H
#define LEADLINE_BYBIT_PROTOCOL_H

#include "ingest/simulator/book_cut.h"
#include "ingest/simulator/gateway.h"

enum { BYBIT_BOOKS_COUNT = 3, BYBIT_FIELDS_COUNT = 18, BYBIT_FIELD_MAX = 40 };

typedef struct {
    book_cut_t cuts[BYBIT_BOOKS_COUNT];
    bool is_running[BYBIT_BOOKS_COUNT]; //  the cut is what clients have
    int64_t u[BYBIT_BOOKS_COUNT];
    int64_t told_ns[BYBIT_BOOKS_COUNT]; //  last sent
    bool is_touched[BYBIT_BOOKS_COUNT];
    char fields[BYBIT_FIELDS_COUNT][BYBIT_FIELD_MAX]; //  of the ticker, as last sent
    bool has_fields;
    world_trade_t *trades; //  of this slice
    int trades_count, trades_capacity;
    int64_t last_px_ticks;
    bool is_last_up;
    world_liquidation_t *liquidations; //  of this half second
    int liquidations_count, liquidations_capacity;
} bybit_book_t;

typedef struct {
    int64_t seq;
    bybit_book_t books[UNIVERSE_MAX];
} bybit_state_t;

//  REST.
int
bybit_protocol_request (gateway_t *gateway, const query_t *query, reply_t *reply);
//  The ticker's fields now, as text; names in the order of the venue.
extern const char *const bybit_protocol_fields[BYBIT_FIELDS_COUNT];
void
bybit_protocol_ticker (gateway_t *gateway, int listing, char fields[][BYBIT_FIELD_MAX]);

extern const protocol_t bybit_protocol;

#endif
