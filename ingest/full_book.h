/*  full_book - a venue's whole book of one instrument, in its own units and exact
 *
 *  Why   checksums, snapshots for late joiners and the test "is it crossed" need every level as the venue
 *        means it; doubles would not do.
 *  How   one sorted array a side, best level last (most changes are near the best, so little is moved).
 *        Prices are whole numbers at the finest exponent seen so far; a finer one rescales the side.
 *  Not   it knows no sequence numbers (book_sync) and no coins: full_book_export converts on the way out. */

#ifndef LEADLINE_FULL_BOOK_H
#define LEADLINE_FULL_BOOK_H

#include "ingest/adapter.h"

enum { FULL_BOOK_LEVELS_MAX = BOOK_LEVELS_MAX };

typedef struct full_book full_book_t;

full_book_t *
full_book_new (void);
void
full_book_destroy (full_book_t **self);

void
full_book_clear (full_book_t *self);

//  Apply a snapshot (replaces all) or changes (qty 0 removes; removing what is not there is normal).  A side
//  that is full loses its worst level (full_book_dropped_count).  OK, or E_RANGE for a price or quantity that
//  is not positive or cannot be kept exactly: the book is of no use then.  Allocates only while a side grows.
int
full_book_apply (full_book_t *self, const book_update_t *update, error_text_t *error);

size_t
full_book_count (const full_book_t *self, bool is_bid);

//  Level i of a side, 0 the best; i < count.
native_level_t
full_book_level (const full_book_t *self, bool is_bid, size_t i);

//  Best bid at or above best ask.
bool
full_book_is_crossed (const full_book_t *self);

//  OKX: CRC-32 of "bid px:bid qty:ask px:ask qty:..." over the best 25 levels, sides taking turns while they
//  last.
int32_t
full_book_checksum (const full_book_t *self);

uint64_t
full_book_dropped_count (const full_book_t *self);

//  One native level as the bus carries it: price of one coin, quantity in coins.
level_t
full_book_convert (const native_level_t *level, const contract_t *contract);

//  The best levels of a side, best first, converted.  Returns how many were written (at most capacity).
size_t
full_book_export (const full_book_t *self, bool is_bid, const contract_t *contract, level_t *out,
                  size_t capacity);

#endif
