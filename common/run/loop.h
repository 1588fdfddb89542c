/*  loop - the one event loop of a process: libuv, with ZeroMQ sockets, timers and signals in it
 *
 *  One thread decides.  Each turn: read what is ready up to a bound, then timers.  ZeroMQ's descriptor is
 *  edge-triggered, so a watched socket is drained: its callback is called again until it says there is no
 *  more, and after every send (loop_kick).
 *
 *      loop_new -> watch, every, ... -> loop_run (until loop_stop, SIGINT or SIGTERM) -> loop_destroy */

#ifndef LEADLINE_LOOP_H
#define LEADLINE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct loop loop_t;
typedef struct loop_timer loop_timer_t;
typedef struct loop_watch loop_watch_t;

loop_t *
loop_new (void);

//  Closes every timer and watch left.  Nulls the caller's pointer.
void
loop_destroy (loop_t **self);

//  Runs until stopped.  Returns the code given to loop_stop, or 0 after SIGINT or SIGTERM.
int
loop_run (loop_t *self);

void
loop_stop (loop_t *self, int code);

//  The libuv loop (uv_loop_t *) for libwebsockets' foreign loops, hiredis and resolving; the ZeroMQ context.
void *
loop_uv (loop_t *self);
void *
loop_zmq (loop_t *self);

typedef void
loop_fn (void *self);

//  Call every interval_ns (at least 1 ms), first after one interval.  Timers run on the monotonic clock.
loop_timer_t *
loop_every (loop_t *self, int64_t interval_ns, loop_fn *fn, void *fn_self);

//  Call once after delay_ns.  The handle is gone after the call.
loop_timer_t *
loop_after (loop_t *self, int64_t delay_ns, loop_fn *fn, void *fn_self);

//  Null-safe; nulls the caller's pointer.
void
loop_cancel (loop_timer_t **timer);

//  Read at most a bounded number of messages; return true when there may be more.
typedef bool
loop_ready_fn (void *self);

loop_watch_t *
loop_watch_zmq (loop_t *self, void *zmq_socket, loop_ready_fn *fn, void *fn_self);

//  Look at the socket again in this turn (call after sending on it).
void
loop_kick (loop_watch_t *watch);

void
loop_unwatch (loop_watch_t **watch);

//  Some turns without waiting: what its owner has begun to close ends closing.  Not from inside a turn.
//  libwebsockets on a foreign loop wants it: destroy the context, settle, destroy the context again.
void
loop_settle (loop_t *self);

//  Call once at the end of every turn in which something happened (for batching work); one per loop.
void
loop_on_turn (loop_t *self, loop_fn *fn, void *fn_self);

typedef struct {
    uint64_t turns_count, slow_turns_count; //  slow: over 5 ms
    int64_t longest_ns;
} loop_stats_t;

loop_stats_t
loop_stats (const loop_t *self);

#endif
