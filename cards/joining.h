/*  joining - the history of one instrument, collected before its live events are let in
 *
 *  Cards learn from history in order of time, and live events must come after it.  So at start an
 *  instrument's live events are held, its venues are asked for their history, and when the bars of all venues
 *  are complete (a 60 s bar and a 900 s bar that ended lately), or those of the first live venue have been
 *  for 3 s, or the wait is over, everything collected is sorted by time, given to the market, and the held
 *  events follow.  What comes later fills the market's rings in silence (market_feed.h). */

#ifndef LEADLINE_JOINING_H
#define LEADLINE_JOINING_H

#include "common/wire/event.h"

enum { JOINING_RECORDS_MAX = 65536 };

typedef struct {
    event_kind_t kind; //  BAR, FUNDING, OPEN_INTEREST
    uint16_t venue;
    int64_t ts_ns;  //  of the record: sorted by it
    uint32_t order; //  of arrival: the last of equal ones counts
    union {
        bar_t bar;
        funding_t funding;
        open_interest_t open_interest;
    } of;
} joining_record_t;

//  Zeroed memory is empty.
typedef struct {
    joining_record_t *records;
    size_t count, capacity;
    int64_t newest_ns[2][16]; //  [60 s, 900 s][venue]: end of the newest closed bar
    uint64_t refused;         //  beyond JOINING_RECORDS_MAX
} joining_t;

//  Keep a record of kind BAR, FUNDING (settled) or OPEN_INTEREST; others are ignored.  It is marked as
//  backfilled.
void
joining_add (joining_t *self, const event_t *event);

//  The venue's bars of both lengths reach now_ns.
bool
joining_is_complete (const joining_t *self, int venue, int64_t now_ns);

//  Sort by time, equal ones (same kind, venue, time, length) only once.
void
joining_sort (joining_t *self);

//  The oldest open interest of a venue; 0: none.
double
joining_first_oi (const joining_t *self, int venue);

//  As an event, borrowed.
event_t
joining_event (const joining_t *self, size_t at);

void
joining_fini (joining_t *self);

#endif
