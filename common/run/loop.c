#include "common/run/loop.h"
#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <zmq.h>

enum { SLOW_TURN_NS = 5000000, SETTLE_TURNS_MOST = 100 };

struct loop_timer {
    uv_timer_t uv;
    loop_t *loop;
    loop_fn *fn;
    void *fn_self;
    uint64_t interval_ms; //  0: once
    uint64_t due_ms;      //  on the clock of uv_now
    loop_timer_t *next, *previous;
};

//  armed: there may be something to read.  ZeroMQ's descriptor tells of changes only, so a watch stays armed
//  until the socket itself says that nothing is left.
struct loop_watch {
    uv_poll_t uv;
    loop_t *loop;
    void *socket;
    loop_ready_fn *fn;
    void *fn_self;
    bool is_armed;
    loop_watch_t *next, *previous;
};

struct loop {
    uv_loop_t uv;
    void *zmq;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_signal_t on_interrupt, on_terminate;
    loop_timer_t *timers;
    loop_watch_t *watches;
    loop_watch_t *serving; //  next watch to serve: unwatch moves it on
    loop_fn *turn_fn;
    void *turn_self;
    bool has_timer_fired, is_stopped;
    int code;
    int64_t turn_ns;
    uint64_t idle_ns;
    loop_stats_t stats;
};

static void
end_turn (loop_t *self)
{
    self->has_timer_fired = false;
    if (self->turn_fn)
        self->turn_fn (self->turn_self);
}

static void
count_turn (loop_t *self)
{
    int64_t now_ns = timebase_mono_ns ();
    uint64_t idle_ns = uv_metrics_idle_time (&self->uv);
    int64_t busy_ns = now_ns - self->turn_ns - (int64_t) (idle_ns - self->idle_ns);
    self->turn_ns = now_ns;
    self->idle_ns = idle_ns;
    self->stats.turns_count++;
    self->stats.slow_turns_count += busy_ns > SLOW_TURN_NS;
    if (busy_ns > self->stats.longest_ns)
        self->stats.longest_ns = busy_ns;
}

static void
on_idle (uv_idle_t *handle)
{
    (void) handle; //  its presence keeps libuv from waiting
}

//  Before libuv waits for descriptors: timers have run.
static void
on_prepare (uv_prepare_t *handle)
{
    loop_t *self = handle->data;
    if (self->has_timer_fired)
        end_turn (self);
    count_turn (self);
    bool is_armed = false;
    for (loop_watch_t *watch = self->watches; watch && !is_armed; watch = watch->next)
        is_armed = watch->is_armed;
    if (is_armed)
        (void) uv_idle_start (&self->idle, on_idle);
    else
        (void) uv_idle_stop (&self->idle);
}

static bool
can_read (loop_watch_t *watch)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt (watch->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

//  After libuv has waited and called what was ready.
static void
on_check (uv_check_t *handle)
{
    loop_t *self = handle->data;
    for (loop_watch_t *watch = self->watches; watch; watch = self->serving) {
        self->serving = watch->next;
        if (!watch->is_armed)
            continue;
        watch->is_armed = can_read (watch);
        if (!watch->is_armed)
            continue;
        bool has_more = watch->fn (watch->fn_self);
        if (!uv_is_closing ((uv_handle_t *) &watch->uv))
            watch->is_armed = has_more || can_read (watch);
    }
    self->serving = NULL;
    end_turn (self);
}

static void
on_signal (uv_signal_t *handle, int number)
{
    logger_write (LOG_LEVEL_INFO, "stopping: %s", strsignal (number));
    loop_stop (handle->data, 0);
}

loop_t *
loop_new (void)
{
    loop_t *self = mem_new (sizeof *self);
    CHECK (uv_loop_init (&self->uv) == 0);
    CHECK (uv_loop_configure (&self->uv, UV_METRICS_IDLE_TIME) == 0);
    self->zmq = zmq_ctx_new ();
    CHECK (self->zmq);
    CHECK (uv_prepare_init (&self->uv, &self->prepare) == 0 && uv_check_init (&self->uv, &self->check) == 0 &&
           uv_idle_init (&self->uv, &self->idle) == 0);
    CHECK (uv_signal_init (&self->uv, &self->on_interrupt) == 0 &&
           uv_signal_init (&self->uv, &self->on_terminate) == 0);
    self->prepare.data = self->check.data = self->on_interrupt.data = self->on_terminate.data = self;
    (void) signal (SIGPIPE, SIG_IGN);
    (void) uv_prepare_start (&self->prepare, on_prepare);
    (void) uv_check_start (&self->check, on_check);
    (void) uv_signal_start (&self->on_interrupt, on_signal, SIGINT);
    (void) uv_signal_start (&self->on_terminate, on_signal, SIGTERM);
    self->turn_ns = timebase_mono_ns ();
    return self;
}

static void
close_handle (uv_handle_t *handle, void *argument)
{
    (void) argument;
    if (!uv_is_closing (handle))
        uv_close (handle, NULL);
}

void
loop_destroy (loop_t **self)
{
    loop_t *loop = *self;
    if (!loop)
        return;
    while (loop->timers) {
        loop_timer_t *timer = loop->timers;
        loop_cancel (&timer);
    }
    while (loop->watches) {
        loop_watch_t *watch = loop->watches;
        loop_unwatch (&watch);
    }
    loop->turn_fn = NULL;
    (void) uv_run (&loop->uv, UV_RUN_NOWAIT); //  lets the owners of other handles finish closing them
    uv_walk (&loop->uv, close_handle, NULL);
    (void) uv_run (&loop->uv, UV_RUN_DEFAULT);
    (void) uv_loop_close (&loop->uv);
    (void) zmq_ctx_term (loop->zmq);
    free (loop);
    *self = NULL;
}

void
loop_settle (loop_t *self)
{
    for (int i = 0; i < SETTLE_TURNS_MOST && uv_run (&self->uv, UV_RUN_NOWAIT); i++)
        ;
}

int
loop_run (loop_t *self)
{
    self->turn_ns = timebase_mono_ns ();
    self->idle_ns = uv_metrics_idle_time (&self->uv);
    if (!self->is_stopped)
        (void) uv_run (&self->uv, UV_RUN_DEFAULT);
    self->is_stopped = false; //  a test runs a loop several times
    return self->code;
}

void
loop_stop (loop_t *self, int code)
{
    if (!self->is_stopped)
        self->code = code;
    self->is_stopped = true;
    uv_stop (&self->uv);
}

void *
loop_uv (loop_t *self)
{
    return &self->uv;
}

void *
loop_zmq (loop_t *self)
{
    return self->zmq;
}

static void
free_timer (uv_handle_t *handle)
{
    free (handle->data);
}

void
loop_cancel (loop_timer_t **timer)
{
    loop_timer_t *self = *timer;
    *timer = NULL;
    if (!self)
        return;
    if (self->next)
        self->next->previous = self->previous;
    if (self->previous)
        self->previous->next = self->next;
    else
        self->loop->timers = self->next;
    uv_close ((uv_handle_t *) &self->uv, free_timer);
}

static void
on_timer (uv_timer_t *handle)
{
    loop_timer_t *self = handle->data;
    self->loop->has_timer_fired = true;
    if (self->interval_ms == 0) {
        //  Gone before the call, so that the owner need not know whether it is in it.
        loop_timer_t *gone = self;
        loop_fn *fn = self->fn;
        void *fn_self = self->fn_self;
        loop_cancel (&gone);
        fn (fn_self);
        return;
    }
    uint64_t now_ms = uv_now (handle->loop);
    self->due_ms += self->interval_ms; //  from when it was due: no drift
    if (self->due_ms <= now_ms)        //  late by more than one: do not run after what is past
        self->due_ms = now_ms + self->interval_ms;
    (void) uv_timer_start (&self->uv, on_timer, self->due_ms - now_ms, 0);
    self->fn (self->fn_self);
}

static loop_timer_t *
add_timer (loop_t *loop, int64_t delay_ns, bool is_repeated, loop_fn *fn, void *fn_self)
{
    loop_timer_t *self = mem_new (sizeof *self);
    uint64_t delay_ms = delay_ns > 0 ? (uint64_t) ((delay_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
    if (is_repeated && delay_ms == 0)
        delay_ms = 1;
    self->loop = loop;
    self->fn = fn;
    self->fn_self = fn_self;
    self->interval_ms = is_repeated ? delay_ms : 0;
    CHECK (uv_timer_init (&loop->uv, &self->uv) == 0);
    self->uv.data = self;
    uv_update_time (&loop->uv);
    self->due_ms = uv_now (&loop->uv) + delay_ms;
    (void) uv_timer_start (&self->uv, on_timer, delay_ms, 0);
    self->next = loop->timers;
    if (self->next)
        self->next->previous = self;
    loop->timers = self;
    return self;
}

loop_timer_t *
loop_every (loop_t *self, int64_t interval_ns, loop_fn *fn, void *fn_self)
{
    return add_timer (self, interval_ns, true, fn, fn_self);
}

loop_timer_t *
loop_after (loop_t *self, int64_t delay_ns, loop_fn *fn, void *fn_self)
{
    return add_timer (self, delay_ns, false, fn, fn_self);
}

static void
on_poll (uv_poll_t *handle, int status, int events)
{
    (void) status;
    (void) events;
    ((loop_watch_t *) handle->data)->is_armed = true;
}

loop_watch_t *
loop_watch_zmq (loop_t *self, void *zmq_socket, loop_ready_fn *fn, void *fn_self)
{
    loop_watch_t *watch = mem_new (sizeof *watch);
    int fd = -1;
    size_t size = sizeof fd;
    CHECK (zmq_getsockopt (zmq_socket, ZMQ_FD, &fd, &size) == 0);
    CHECK (uv_poll_init (&self->uv, &watch->uv, fd) == 0);
    watch->uv.data = watch;
    watch->loop = self;
    watch->socket = zmq_socket;
    watch->fn = fn;
    watch->fn_self = fn_self;
    watch->is_armed = true; //  something may have come before we looked
    CHECK (uv_poll_start (&watch->uv, UV_READABLE, on_poll) == 0);
    watch->next = self->watches;
    if (watch->next)
        watch->next->previous = watch;
    self->watches = watch;
    return watch;
}

void
loop_kick (loop_watch_t *watch)
{
    if (watch)
        watch->is_armed = true;
}

static void
free_watch (uv_handle_t *handle)
{
    free (handle->data);
}

void
loop_unwatch (loop_watch_t **watch)
{
    loop_watch_t *self = *watch;
    *watch = NULL;
    if (!self)
        return;
    if (self->loop->serving == self)
        self->loop->serving = self->next;
    if (self->next)
        self->next->previous = self->previous;
    if (self->previous)
        self->previous->next = self->next;
    else
        self->loop->watches = self->next;
    (void) uv_poll_stop (&self->uv);
    uv_close ((uv_handle_t *) &self->uv, free_watch);
}

void
loop_on_turn (loop_t *self, loop_fn *fn, void *fn_self)
{
    self->turn_fn = fn;
    self->turn_self = fn_self;
}

loop_stats_t
loop_stats (const loop_t *self)
{
    return self->stats;
}
