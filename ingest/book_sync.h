/*  book_sync - one unbroken book out of a venue's snapshots and deltas
 *
 *  Why   a book built across a hole is wrong for ever, and every venue loses, repeats and restarts in its own
 *        way.  The way is data (sequence_rule_t), this is the machine.
 *  Not   it fetches nothing (session does) and keeps no levels (full_book does).
 *
 *            snapshot              delta in order
 *     EMPTY ----------> SYNCED <-------------------+
 *       ^                 |  \_____________________/
 *       |                 | hole, or book_sync_break (checksum, crossed, disconnected)
 *       |  snapshot       v
 *       +-------------- BROKEN
 *  (a snapshot leads from BROKEN to SYNCED as from EMPTY.)
 *
 *  BINANCE  the snapshot (lastUpdateId L) comes by REST while deltas run on, so deltas are held until it is
 *           there.  Those with u < L are dropped; the first to be used must span L (pu <= L <= u, or
 *           U <= L <= u); then pu must be the u before.
 *           USD-M document "How to manage a local order book correctly".
 *  BYBIT    snapshots come on the socket and supersede what was; then u is the last u + 1; u = 1 is a
 *  snapshot
 *           after a restart of the service, whatever its type says.
 *           v5 document, "Orderbook".
 *  OKX      snapshot on the socket (prevSeqId -1); then prevSeqId is the last seqId.  Equal ids: a
 *  keep-alive.
 *           A smaller seqId with the right prevSeqId: the ids were reset.
 *           v5 document, "Order book channel".
 *  All      a delta no newer than the last is dropped, but STALE_MOST of them in a row are taken for a
 *           restart: a hole.  Those from before the snapshot's time do not count: a stream may lie far behind
 *           an answer that overtook it. */

#ifndef LEADLINE_BOOK_SYNC_H
#define LEADLINE_BOOK_SYNC_H

#include "ingest/adapter.h"

enum { BOOK_SYNC_HELD_MAX = 1024, BOOK_SYNC_HELD_LEVELS_MAX = 16384, BOOK_SYNC_STALE_MOST = 100 };

typedef enum { BOOK_SYNC_EMPTY, BOOK_SYNC_SYNCED, BOOK_SYNC_BROKEN } book_sync_state_t;

typedef struct {
    uint64_t gaps_count, stale_count, held_count, overflows_count, snapshots_count;
} book_sync_stats_t;

typedef struct book_sync book_sync_t;

book_sync_t *
book_sync_new (sequence_rule_t rule);
void
book_sync_destroy (book_sync_t **self);

//  Offer one snapshot or delta.  Never allocates.
//  OK       apply it (a snapshot replaces the book); after a snapshot, take what was held with book_sync_held
//  E_AGAIN  no snapshot yet: a copy is held where the rule needs it, else it is of no use
//  E_STALE  older than what is known: dropped and counted
//  E_GAP    a hole: BROKEN now, and the caller asks for a snapshot.  error (may be NULL) tells the numbers
int
book_sync_offer (book_sync_t *self, const book_update_t *update, error_text_t *error);

//  The next held delta that follows the snapshot just taken.  OK: apply *out (borrowed until the next call);
//  E_ABSENT: no more; E_GAP: what was held does not reach the snapshot: BROKEN, another one is needed.
int
book_sync_held (book_sync_t *self, book_update_t *out, error_text_t *error);

//  What the book was built on turned out wrong, or the connection is gone.  What is held is dropped when
//  is_connection_lost.
void
book_sync_break (book_sync_t *self, bool is_connection_lost);

book_sync_state_t
book_sync_state (const book_sync_t *self);

//  Sequence number of the last update applied; -1 when not SYNCED.
int64_t
book_sync_seq (const book_sync_t *self);

book_sync_stats_t
book_sync_stats (const book_sync_t *self);

#endif
