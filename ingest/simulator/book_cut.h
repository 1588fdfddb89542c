/*  book_cut - a book cut at a depth, as Bybit and OKX send it: a snapshot, then the differences of the cut
 *
 *  A level that another pushes out of the cut is told as gone, and told again when it comes back in: the
 *  client's book is always exactly the best `depth` levels. */

#ifndef LEADLINE_BOOK_CUT_H
#define LEADLINE_BOOK_CUT_H

#include "ingest/simulator/world.h"

typedef struct {
    int depth;
    world_level_t *levels[2]; //  [0] bids, [1] asks, best first
    int counts[2];
    world_level_t *changes[2];
    int changes_count[2];
    world_level_t *fresh; //  working memory
} book_cut_t;

void
book_cut_init (book_cut_t *self, int depth);
void
book_cut_fini (book_cut_t *self);

//  Look at the world again; changes[] hold what differs since the last look (quantity 0: gone).  Returns how
//  many.
int
book_cut_advance (book_cut_t *self, const world_t *world, int venue, int instrument);

#endif
