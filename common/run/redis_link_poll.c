#include "common/run/redis_link_poll.h"
#include "common/base/check.h"
#include "common/base/status.h"

#include <hiredis/async.h>
#include <stdlib.h>
#include <uv.h>

//  Outlives the context: hiredis may free that in the middle of on_poll, libuv needs the handle until it is
//  closed.
typedef struct {
    uv_poll_t uv;
    redisAsyncContext *redis; //  NULL: freed
    int events;
} poll_t;

static void
on_poll (uv_poll_t *handle, int status, int events);

static void
watch (poll_t *self)
{
    if (self->events)
        (void) uv_poll_start (&self->uv, self->events, on_poll);
    else
        (void) uv_poll_stop (&self->uv);
}

static void
on_poll (uv_poll_t *handle, int status, int events)
{
    poll_t *self = handle->data;
    if (status < 0)
        events = UV_READABLE;
    if (events & UV_READABLE)
        redisAsyncHandleRead (self->redis);
    if (self->redis && (events & UV_WRITABLE))
        redisAsyncHandleWrite (self->redis);
    if (self->redis && status < 0)
        watch (self); //  there was something to read before the error: look again
}

static void
add_read (void *argument)
{
    poll_t *self = argument;
    self->events |= UV_READABLE;
    watch (self);
}

static void
remove_read (void *argument)
{
    poll_t *self = argument;
    self->events &= ~UV_READABLE;
    watch (self);
}

static void
add_write (void *argument)
{
    poll_t *self = argument;
    self->events |= UV_WRITABLE;
    watch (self);
}

static void
remove_write (void *argument)
{
    poll_t *self = argument;
    self->events &= ~UV_WRITABLE;
    watch (self);
}

static void
on_closed (uv_handle_t *handle)
{
    free (handle->data);
}

static void
let_go (void *argument)
{
    poll_t *self = argument;
    self->redis = NULL;
    uv_close ((uv_handle_t *) &self->uv, on_closed);
}

int
redis_link_poll_attach (redisAsyncContext *redis, void *uv_loop)
{
    poll_t *self = mem_new (sizeof *self);
    if (uv_poll_init (uv_loop, &self->uv, redis->c.fd) != 0) {
        free (self);
        return E_IO;
    }
    self->uv.data = self;
    self->redis = redis;
    redis->ev.data = self;
    redis->ev.addRead = add_read;
    redis->ev.delRead = remove_read;
    redis->ev.addWrite = add_write;
    redis->ev.delWrite = remove_write;
    redis->ev.cleanup = let_go;
    return OK;
}
