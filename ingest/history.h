/*  history - what a late joiner may ask for: the backfill as it came, and the latest record of each state
 *
 *  What  kept per instrument: bars, settled and estimated funding, open interest (backfill in full, live ones
 *        at most one a minute), each bounded by HISTORY_RECORDS_MAX: the oldest quarter goes when it is full.
 *        Latest only: instrument, quote, mark, index, tiers, and of a ratio the latest of each share.
 *  Not   trades, liquidations and gaps have no state to give; books are venue_book's. */

#ifndef LEADLINE_HISTORY_H
#define LEADLINE_HISTORY_H

#include "common/wire/event.h"

enum { HISTORY_RECORDS_MAX = 4096 };

typedef struct history history_t;

history_t *
history_new (void);
void
history_destroy (history_t **self);

//  records[count] of kind were published at ts_recv_ns; copied where they are of use.
void
history_add (history_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns, const void *records,
             size_t count);

//  What there is to give; borrowed.  E_ABSENT when nothing.
int
history_find (const history_t *self, event_kind_t kind, int instrument, int64_t *ts_recv_ns,
              const void **records, size_t *count);

#endif
