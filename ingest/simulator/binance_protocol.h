/*  binance_protocol - USD-M futures of Binance as a client sees them (venues.md; methods F5)
 *
 *  Sockets   since the split by path: /public/stream carries depth, bookTicker, trade; /market/stream
 *            aggTrade, markPrice, forceOrder; the old /stream and /ws acknowledge the market ones and stay
 *            silent.
 *  Depth     every 100 ms the levels that changed; U..u are update ids counted over all symbols, pu the u
 *            before.  A REST snapshot takes an id of its own, so the next event always has U <= lastUpdateId
 *            <= u.
 *  forceOrder  only the latest liquidation of each second and symbol. */

#ifndef LEADLINE_BINANCE_PROTOCOL_H
#define LEADLINE_BINANCE_PROTOCOL_H

#include "ingest/simulator/gateway.h"

typedef struct {
    world_level_t *pending; //  since the last event, one per price and side
    int pending_count, pending_capacity;
    int64_t first_id, last_id, previous_u; //  of the pending; last u sent
    world_level_t best[2];
    bool is_touched;
    world_trade_t aggregate; //  qty 0: none
    int64_t aggregate_first_id, aggregate_last_id, aggregate_id;
    world_liquidation_t liquidation; //  qty 0: none this second
} binance_book_t;

typedef struct {
    int64_t update_id; //  last given
    binance_book_t books[UNIVERSE_MAX];
} binance_state_t;

//  REST.
int
binance_protocol_request (gateway_t *gateway, const query_t *query, reply_t *reply);

extern const protocol_t binance_protocol;

#endif
