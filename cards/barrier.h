/*  barrier - when may evaluation T be made: once everybody has said what happened up to T
 *
 *  Each ingest says with its beats how far in time it has spoken.  T is due when all live ones have reached
 *  it.  Under the wall clock we do not wait longer than late_ns after T: who is missing is named, and counted
 *  if live.  Under the event clock (replay, fast simulation) we wait as long as it takes, for the live ones.
 *  Live: a beat came within BARRIER_DEAD_NS of the machine's monotonic clock.
 *
 *  The first T is the first whole interval after what all live ones have spoken.  When time jumps by more
 *  than BARRIER_JUMP_NS the evaluations in the hole are skipped, and counted. */

#ifndef LEADLINE_BARRIER_H
#define LEADLINE_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/timebase.h"

enum { BARRIER_PARTIES_MAX = 32 };
#define BARRIER_DEAD_NS INT64_C (2000000000)
#define BARRIER_JUMP_NS (INT64_C (3600) * NS_PER_S)

typedef struct {
    int64_t spoken_ns, heard_mono_ns; //  heard 0: never
} barrier_party_t;

typedef struct {
    clock_kind_t clock;
    int64_t interval_ns, late_ns;
    int64_t next_ns; //  T; 0 before the first beat
    int parties_count;
    barrier_party_t parties[BARRIER_PARTIES_MAX];
    uint64_t skipped_count;
} barrier_t;

void
barrier_init (barrier_t *self, clock_kind_t clock, int64_t interval_ns, int64_t late_ns, int parties_count);

void
barrier_beat (barrier_t *self, int party, int64_t spoken_ns, int64_t mono_ns);

bool
barrier_is_live (const barrier_t *self, int party, int64_t mono_ns);

//  now_ns: the wall clock (unused under the event clock).  True when next_ns is to be evaluated now; missing
//  gets one bit per party that has not reached it, late those of them that are live.
bool
barrier_due (barrier_t *self, int64_t now_ns, int64_t mono_ns, uint32_t *missing, uint32_t *late);

//  next_ns has been evaluated: go on to the one after.
void
barrier_closed (barrier_t *self);

#endif
