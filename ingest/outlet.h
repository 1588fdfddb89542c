/*  outlet - where a venue's events leave for the bus
 *
 *  What  one stream per kind x instrument, found once; trades without repetition; open interest valued in USD
 *        where the venue does not; a gap event for what is missing; and the answers to late joiners.
 *  Not   it parses nothing and keeps no book: the book of a snapshot answer is asked from its owner. */

#ifndef LEADLINE_OUTLET_H
#define LEADLINE_OUTLET_H

#include "common/run/bus.h"
#include "ingest/adapter.h"
#include "ingest/counters.h"

typedef struct outlet outlet_t;

//  Fills out with the book of an instrument, or returns E_ABSENT.
typedef int
outlet_book_fn (void *self, int instrument, book_t *out);

//  symbols: for the quote currency of a listing; kept, borrowed.
outlet_t *
outlet_new (bus_t *bus, const adapter_t *adapter, const symbols_t *symbols, counters_t *counters,
            outlet_book_fn *book, void *book_self);
void
outlet_destroy (outlet_t **self);

//  Publish records[count] (they may be reordered and changed).  Returns how many went out.
size_t
outlet_events (outlet_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns, void *records,
               size_t count);

//  Something of kind is missing for good (or, a book, until its snapshot).
void
outlet_gap (outlet_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns, int64_t lost_count,
            const char *reason);

#endif
