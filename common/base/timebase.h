/*  timebase - the only place that reads a clock
 *
 *  Time is data: everything downstream of a frame's arrival runs on its ts_recv_ns.  A timebase_t turns
 *  the clocks of the machine (or the event times of a replay) into a receive time that never steps back.
 *
 *  wall   ts_recv = the wall clock at first, then that plus the monotonic clock; a wall clock that steps by
 *         more than 50 ms is counted and followed only forward, so order is never lost
 *  event  ts_recv = max (previous, event time): replay, or a simulation faster than real time
 *
 *  What the clocks say is read in two places only (timebase_mono_ns, timebase_wall_ns); everything decided from it
 *  is in timebase_follow, which is given both readings. */

#ifndef LEADLINE_TIMEBASE_H
#define LEADLINE_TIMEBASE_H

#include <stdint.h>

#define NS_PER_US INT64_C (1000)
#define NS_PER_MS INT64_C (1000000)
#define NS_PER_S  INT64_C (1000000000)
#define MS_PER_S  INT64_C (1000)

typedef enum { CLOCK_WALL, CLOCK_EVENT } clock_kind_t;

typedef struct {
    clock_kind_t kind;
    int64_t last_ns;      //  last time given out
    int64_t wall_ns;      //  anchor
    int64_t mono_ns;      //  anchor
    uint64_t steps_count; //  steps of the wall clock seen
} timebase_t;

void
timebase_init (timebase_t *self, clock_kind_t kind);

//  Receive time under the wall clock when the machine's clocks show these two times.  What timebase_stamp does with the
//  present ones.
int64_t
timebase_follow (timebase_t *self, int64_t wall_ns, int64_t mono_ns);

//  Receive time of something that arrives now.  event_ns: its own time (used by the event clock; 0 unknown).
int64_t
timebase_stamp (timebase_t *self, int64_t event_ns);

//  Now: the wall clock's present, or the last event time under the event clock.
int64_t
timebase_now (timebase_t *self);

//  Monotonic clock of the machine, for connect, back-off and ping timers, and for measuring.
int64_t
timebase_mono_ns (void);

//  Wall clock of the machine since the epoch; for log lines and boot numbers.
int64_t
timebase_wall_ns (void);

#endif
