/*  timebase - the only place that reads a clock
 *
 *  Time is data: everything downstream of a frame's arrival runs on its ts_recv_ns.  A timebase_t turns
 *  the clocks of the machine (or the event times of a replay) into a receive time that never steps back.
 *
 *  wall   ts_recv = the wall clock at first, then that plus the monotonic clock.  A wall clock that steps by
 *         more than 50 ms is counted.  A step forward is followed at once.  A step back is not: time runs on,
 *         ahead of the wall clock, by the monotonic clock and 5 % slower, until the wall clock has made up
 *         for it (5 s in 100 s) or steps forward.  So order is never lost and nothing that waits for time to
 *         pass waits longer than 5 % more; a duration taken meanwhile is short by as much.  A process started
 *         meanwhile reads the wall clock as it is: it lags by what is left of the lead.
 *  event  ts_recv = max (previous, event time): replay, or a simulation faster than real time
 *
 *  What the clocks say is read in two places only (timebase_mono_ns, timebase_wall_ns); everything decided
 *  from it is in timebase_follow, which is given both readings. */

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
    int64_t wall_ns;      //  anchor: both clocks at the start or the latest step,
    int64_t mono_ns;      //
    int64_t lead_ns;      //  and how far time was ahead of the wall clock after it
    int64_t ahead_ns;     //  how far it was ahead of it when it was given out last
    uint64_t steps_count; //  steps of the wall clock seen
} timebase_t;

void
timebase_init (timebase_t *self, clock_kind_t kind);

//  Receive time under the wall clock when the machine's clocks show these two times.  What timebase_stamp
//  does with the present ones.
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
