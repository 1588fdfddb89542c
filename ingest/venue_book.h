/*  venue_book - one instrument's book at one venue: sequence, levels, and what the bus is told
 *
 *  Why   book_sync knows numbers, full_book knows levels; this says what follows from both: publish, or give
 *        the book up and ask for a snapshot.  A book is given up for a hole, for a wrong checksum, when it is
 *        crossed after an update, and when a level cannot be kept.
 *  Not   it fetches no snapshots. */

#ifndef LEADLINE_VENUE_BOOK_H
#define LEADLINE_VENUE_BOOK_H

#include "ingest/book_sync.h"
#include "ingest/full_book.h"

typedef struct {
    //  A snapshot or changes, in coins; borrowed.
    void (*publish) (void *self, int instrument, const book_t *book);
    //  Given up just now: say so and get a snapshot.
    void (*lost) (void *self, int instrument, const char *reason);
    //  No snapshot yet, and one does not come by itself (first delta held).
    void (*wanted) (void *self, int instrument);
    void *self;
} venue_book_events_t;

typedef struct venue_book venue_book_t;

//  events copied.
venue_book_t *
venue_book_new (const adapter_t *adapter, int instrument, const venue_book_events_t *events);
void
venue_book_destroy (venue_book_t **self);

//  One update of the venue.  contract: how native units become coins.
void
venue_book_update (venue_book_t *self, const book_update_t *update, const contract_t *contract);

//  The connection is gone; the book with it.
void
venue_book_disconnected (venue_book_t *self);

bool
venue_book_is_synced (const venue_book_t *self);

//  The whole book as the bus carries it; levels are borrowed until the next call on any book.  E_ABSENT when
//  not synced.
int
venue_book_snapshot (const venue_book_t *self, const contract_t *contract, book_t *out);

#endif
