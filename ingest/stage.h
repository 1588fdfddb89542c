/*  stage - what one frame says, kept back until the whole of it has been understood
 *
 *  Why   a JSON reader that goes front to back finds a broken end last; half a frame must not be published.
 *  How   records and book levels are copied into memory that is kept from frame to frame and only grows, so a
 *        frame costs no allocation.  Afterwards events are taken out grouped by kind and instrument, in the
 *        order they came.
 *  Not   it publishes nothing. */

#ifndef LEADLINE_STAGE_H
#define LEADLINE_STAGE_H

#include "ingest/adapter.h"

typedef struct stage stage_t;

typedef struct {
    event_kind_t kind;
    int instrument;
    void *records; //  array of the kind's struct; the stage's, may be changed by the taker
    size_t count;
    int64_t ts_event_ns; //  newest of them
} stage_group_t;

typedef struct {
    int instrument;
    book_update_t update;
} stage_book_t;

stage_t *
stage_new (void);
void
stage_destroy (stage_t **self);

void
stage_clear (stage_t *self);

//  record: struct of the kind, copied with its rows.
void
stage_event (stage_t *self, event_kind_t kind, int instrument, const void *record);

//  update: copied with its levels.
void
stage_book (stage_t *self, int instrument, const book_update_t *update);

//  The newest ts_event_ns of all; 0 when there is none.
int64_t
stage_newest_ns (const stage_t *self);

//  Take the next group; false when all have been taken.  Valid until the next call of this or stage_event.
bool
stage_next_group (stage_t *self, stage_group_t *out);

//  Book updates in order.  Valid until stage_clear or the next stage_book.
size_t
stage_books_count (const stage_t *self);
stage_book_t
stage_book_at (const stage_t *self, size_t i);

#endif
