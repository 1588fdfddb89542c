/*  book - a replica of one venue's order book: sorted levels, best first, flat, no pointers
 *
 *  Fed by book events (a snapshot, then changes).  Keeps at most BOOK_KEPT levels a side; what lies beyond
 *  the last known level, or beyond the feed's depth, is unknown, not empty.  Prices are keys at the
 *  instrument's price step: equal decimals give equal doubles, so a double serves as the key.
 *
 *  Bound     when a side would grow past BOOK_KEPT its worst level is let go and its price becomes the bound:
 *            what is reported beyond it is ignored, so that no hole opens between known levels.  A side that
 *            has shrunk to half takes levels from anywhere again; a snapshot starts anew. */

#ifndef LEADLINE_BOOK_H
#define LEADLINE_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/event.h"

enum { BOOK_KEPT = 1000 };
typedef enum { SIDE_BID, SIDE_ASK } book_side_t;
typedef enum { BOOK_EMPTY, BOOK_SYNCED, BOOK_BROKEN } book_state_t;

typedef struct {
    double px;
    double qty_coins;
} book_level_t;

typedef struct {
    int32_t state;      //  book_state_t; BROKEN from a gap until the next snapshot
    int64_t ts_recv_ns; //  of the last update
    int64_t synced_ns;  //  of the last snapshot
    uint64_t gaps_count;
    int32_t depth_levels; //  of the feed; 0 all
    int32_t counts[2];
    double bound_px[2];                //  [side]; 0: none
    book_level_t levels[2][BOOK_KEPT]; //  [side], best first
} book_replica_t;

//  One level's change, as cards see it.
typedef struct {
    book_side_t side;
    double px;
    double old_qty_coins, new_qty_coins;
} book_change_t;

//  Apply an event.  changes (capacity most) receives what changed when the event is not a snapshot; may be
//  NULL.  Returns the number of changes (it may exceed most: the rest were applied but not listed), or E_GAP
//  when a delta comes to a book that is not SYNCED (ignored).
int
book_apply (book_replica_t *self, const book_t *event, int64_t ts_recv_ns, book_change_t *changes, int most);

void
book_break (book_replica_t *self);

//  (best bid + best ask) / 2; NaN unless SYNCED with both sides and not crossed.
double
book_mid (const book_replica_t *self);

//  USD within bp basis points of mid on a side (inclusive); 0 when nothing is there.
double
book_depth_usd (const book_replica_t *self, book_side_t side, double mid, double bp);

//  Sum of usd * exp(-d/scale_bp) over levels with d <= most_bp, d = distance from mid in bp.
double
book_weighted_usd (const book_replica_t *self, book_side_t side, double mid, double scale_bp, double most_bp);

//  How far the known book reaches on both sides, in bp from mid (the nearer one); 0 when empty.
double
book_reach_bp (const book_replica_t *self, double mid);

#endif
