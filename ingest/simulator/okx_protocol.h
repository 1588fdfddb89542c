/*  okx_protocol - v5 public of OKX as a client sees it (venues.md; methods F5)
 *
 *  Sizes are in contracts.  books: 400 levels every 100 ms, seqId and prevSeqId (-1: snapshot; equal: nothing
 *  changed for a minute), checksum: signed CRC32 of the best 25 levels' texts, bid and ask in turn.
 *  liquidation-orders: at most one a second and contract, bkPx. */

#ifndef LEADLINE_OKX_PROTOCOL_H
#define LEADLINE_OKX_PROTOCOL_H

#include "ingest/simulator/book_cut.h"
#include "ingest/simulator/gateway.h"

enum { OKX_TEXT_MAX = 40, OKX_REQUEST_PATHS_MAX = 16 };

typedef struct {
    book_cut_t cut;
    bool is_running, is_touched, is_best_touched;
    int64_t seq_id, told_ns;
    world_level_t best[2];
    char mark_text[OKX_TEXT_MAX], index_text[OKX_TEXT_MAX]; //  as last sent
    int64_t mark_told_ns, index_told_ns;
    world_liquidation_t liquidation; //  qty 0: none this second
} okx_book_t;

typedef struct {
    int64_t seq_id;
    okx_book_t books[UNIVERSE_MAX];
    int64_t windows_from_ns[OKX_REQUEST_PATHS_MAX], windows_weight[OKX_REQUEST_PATHS_MAX]; //  REST limits
} okx_state_t;

//  REST.
int
okx_protocol_request (gateway_t *gateway, const query_t *query, reply_t *reply);

extern const protocol_t okx_protocol;

#endif
