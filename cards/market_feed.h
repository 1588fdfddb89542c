/*  market_feed - the side of a market that its owner sees: feeding it, and asking what it has heard
 *
 *  Cards include market.h only.  The owner (shard, tests) gives memory of market_size () bytes, and calls
 *  market_event for every event in order of arrival and market_advance at each evaluation time.
 *
 *  Time      market_event first moves time to just before its event: whole seconds that are past are
 *            announced (ON_SECOND, ON_GRID), buckets that are past are closed (ON_BUCKET, ON_BAR), parent
 *            orders completed.  market_advance (T) announces second T itself, too; the buckets that end at T
 *            close when time moves on, so that at T "the current bucket" is the one that ends there.  Time
 *            never steps back: an event with an older receive time counts into the current bucket.  After
 *            silence of more than MARKET_JUMP_S nothing is announced for the hole: the rings have a hole
 *            there, and spans across it give E_AGAIN.
 *  Reference the first venue in order whose quotes are younger than 5 s; one that comes back must flow for
 *            5 s before it is preferred again.  When none is fresh the last one stays, and after 30 s its
 *            price is E_STALE.  At a switch the price history is shifted by the difference of the two mids:
 *            no return.
 *  Backfill  events marked is_backfilled are history.  Before the first live event each one moves time to its
 *            own end and is announced (ON_BUCKET, ON_BAR, ON_FUNDING, ON_OI with is_backfilled), so they
 *            should come sorted by time; afterwards bars fill what lies before the first live bucket, in
 *            silence, and late open interest is of no use.  60 s bars make the 1m and 5m bars, 900 s bars the
 *            15m, 1h and 4h bars.  Price and taker flow come from the first venue in order that has them,
 *            volume (for Ve) from all.  Statistics (v, volume rate, profile) are computed anew from the rings
 *            whenever history came in. */

#ifndef LEADLINE_MARKET_FEED_H
#define LEADLINE_MARKET_FEED_H

#include <stddef.h>

#include "cards/market.h"

enum { MARKET_JUMP_S = 600, MARKET_INPUTS = 14 };

typedef struct {
    void (*on) (void *self, const market_event_t *event); //  may be NULL; event borrowed
    void *self;
} market_listener_t;

size_t
market_size (void);

//  Empty.  Names are copied; venues_count at most MARKET_VENUES_MAX.
void
market_init (market_t *self, const char *const venues[], int venues_count);

//  The map that cards may see through market_map lies so many bytes behind the market; 0: none.
void
market_set_map_offset (market_t *self, size_t offset);

//  event->venue indexes the names of market_init.  listener may be NULL.
void
market_event (market_t *self, const event_t *event, const market_listener_t *listener);

void
market_advance (market_t *self, int64_t ts_ns, const market_listener_t *listener);

//  True once a live event has come.
bool
market_is_live (const market_t *self);

//  Since when, and when last, input (one bit) was heard from a venue, live; 0, 0 never.  QUOTE also counts
//  books, MARK also the index, LIQUIDATION is known to be heard as long as the venue's trades are.
void
market_heard (const market_t *self, int venue, input_t input, int64_t *since_ns, int64_t *last_ns);

//  Start of the history REST gave for an input (BARS, TRADE, OI, FUNDING); 0 none.
int64_t
market_history_ns (const market_t *self, input_t input);

//  Share of a venue in open interest, all add up to 1; equal shares while none is known.
double
market_weight (const market_t *self, int venue);

//  Outcome price (methods D2): mean of the OI-weighted medians of the marks and of the mids of live venues;
//  one of them alone when the other is not there.
int
market_outcome_px (const market_t *self, double *px);

typedef struct {
    uint64_t late_events;      //  came with an older receive time than the one before
    uint64_t jumps;            //  holes of more than MARKET_JUMP_S
    uint64_t switches;         //  of the reference
    uint64_t oi_rejected;      //  readings the traded volume cannot explain
    uint64_t changes_unlisted; //  book changes beyond what one event can carry to cards
    uint64_t ignored;          //  events without use: live bars, history after its time, prices that are none
    uint64_t book_refused;     //  deltas to a book that is not synced
} market_counts_t;

const market_counts_t *
market_counts (const market_t *self);

#endif
