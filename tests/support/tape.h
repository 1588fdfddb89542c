/*  tape - a market that can be played again anywhere: events from a seed, whole numbers only
 *
 *  Why   the same parameters give the same events here and in tests/oracle/tape.py, so an oracle computes
 *        from the raw events what the cards must say, and a vector file holds parameters instead of days of
 *        data.
 *  Not   a model of a market: it is a source of varied input.
 *
 *  Parameters are text, "key=number ...", all whole numbers; 0 means none:
 *      seed start venues minutes           start: seconds since the epoch, at 00:00 UTC; venues 1..3
 *      quote_ms trade_ms mark_ms oi_ms     mean interval of a venue's events; mark brings the index with it
 *      book_ms depth gap_every             book: snapshot, then changes; one gap in so many events
 *      book_step                           distance of neighbouring levels in ticks (preset 1)
 *      hit_ms spoof_ms wall_ms             parents through several levels; large levels of 0.3..2.7 s,
 *                                          of 10..90 s
 *      lean                                how far takers follow the last move of the price (100: strongly)
 *      funding_ms liquidation_ms           running estimates (settlements come with them, every 8, 4, 1 h;
 *                                          the third venue sends these only)
 *      cascade_ms                          bursts of 8..19 liquidations of one side, which trade and end positions
 *      ratio_ms                            share of accounts that are long
 *      sampled                             bits of the venues whose liquidations are said to be sampled
 *      quiet quiet_from quiet_to           bits of the venues that send nothing in these minutes
 *      bars_days bars_hours                history before start: 900 s bars, and 60 s bars
 *      oi_days funding_days                history of open interest (5 min) and of settlements
 *  quote_ms stays below 2500, so that venue 0 is always the reference. */

#ifndef LEADLINE_TEST_TAPE_H
#define LEADLINE_TEST_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/event.h"

enum { TAPE_VENUES_MAX = 3 };
extern const char *const tape_venues[TAPE_VENUES_MAX];

typedef struct tape tape_t;

//  CHECKs that every key is known.
tape_t *
tape_new (const char *parameters);

void
tape_destroy (tape_t **self);

//  The next event in order of receive time; borrowed until the next call.  False at the end.
bool
tape_next (tape_t *self, event_t *out);

int64_t
tape_start_ns (const tape_t *self);

int
tape_venues_count (const tape_t *self);

#endif
