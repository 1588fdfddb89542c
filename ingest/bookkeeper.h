/*  bookkeeper - the books of all instruments of a venue, and who needs a snapshot when
 *
 *  How   one book that breaks is asked for alone and at once; if it breaks again soon, or the snapshot does
 *        not come, the next request waits longer (backoff), so that a venue in trouble is not asked to death.
 *  Not   it does not know how a snapshot is asked for (by REST or by subscribing again): session does. */

#ifndef LEADLINE_BOOKKEEPER_H
#define LEADLINE_BOOKKEEPER_H

#include "ingest/venue_book.h"

typedef struct {
    void (*publish) (void *self, int instrument, const book_t *book);
    void (*lost) (void *self, int instrument, const char *reason);
    void (*restored) (void *self, int instrument); //  whole again after a loss
    //  Ask for the snapshot of one book now.
    void (*ask) (void *self, int instrument);
    void *self;
} bookkeeper_events_t;

typedef struct bookkeeper bookkeeper_t;

bookkeeper_t *
bookkeeper_new (const adapter_t *adapter, const symbols_t *symbols, uint64_t seed,
                const bookkeeper_events_t *events);
void
bookkeeper_destroy (bookkeeper_t **self);

//  mono_ns: now.
void
bookkeeper_update (bookkeeper_t *self, int instrument, const book_update_t *update, int64_t mono_ns);

//  The socket is up and books are subscribed: snapshots that come by themselves are waited for.
void
bookkeeper_connected (bookkeeper_t *self, int64_t mono_ns);

//  All books are gone with the socket (`lost` is not called: the socket's end is told for all kinds alike).
void
bookkeeper_disconnected (bookkeeper_t *self);

//  Ten times a second: ask for what is wanted and due.
void
bookkeeper_tick (bookkeeper_t *self, int64_t mono_ns);

//  The snapshot asked for will not come: its answer failed, or could not be read.  It is asked for again
//  after the back-off, not only when the time for an answer is over.
void
bookkeeper_refused (bookkeeper_t *self, int instrument, int64_t mono_ns);

bool
bookkeeper_is_synced (const bookkeeper_t *self, int instrument);

int
bookkeeper_snapshot (const bookkeeper_t *self, int instrument, book_t *out);

#endif
