/*  redis_link - one asynchronous connection to Redis that comes back by itself
 *
 *  States: AWAY -> (connect) -> UP -> (lost, or a command unanswered for 2 s) -> AWAY.  Back-off 100 ms to 5
 *  s with jitter.  While AWAY commands are refused with E_CLOSED: the caller keeps what it wants to say.
 *  A command in flight when the link is lost gets its callback with a NULL reply. */

#ifndef LEADLINE_REDIS_LINK_H
#define LEADLINE_REDIS_LINK_H

#include "common/run/loop.h"
#include "common/run/metrics.h"
#include "common/base/status.h"

typedef struct redis_link redis_link_t;

typedef enum {
    REDIS_VALUE_NIL,
    REDIS_VALUE_TEXT,
    REDIS_VALUE_NUMBER,
    REDIS_VALUE_LIST,
    REDIS_VALUE_ERROR
} redis_kind_t;

//  A reply without hiredis in it.  Borrowed for the call.
typedef struct redis_value {
    redis_kind_t kind;
    const char *text; //  TEXT, ERROR: terminated
    size_t size;
    int64_t number;
    const struct redis_value *items; //  LIST
    size_t count;
} redis_value_t;

//  value NULL: the link was lost before the answer.
typedef void
redis_fn (void *self, const redis_value_t *value);

typedef struct {
    void (*up) (void *self);   //  connected (again); may be NULL
    void (*down) (void *self); //  lost; may be NULL
    void *self;
} redis_events_t;

//  endpoint: "unix:/path/to/socket" or "tcp:host:port".  Starts connecting.  NULL with a text for a bad
//  endpoint.
redis_link_t *
redis_link_new (loop_t *loop, const char *endpoint, const redis_events_t *events, metrics_t *metrics,
                error_text_t *error);
void
redis_link_destroy (redis_link_t **self);

bool
redis_link_is_up (const redis_link_t *self);

//  Send.  sizes may be NULL (texts).  fn may be NULL.  E_CLOSED while away.
int
redis_link_send (redis_link_t *self, redis_fn *fn, void *fn_self, int argc, const char *argv[],
                 const size_t sizes[]);

//  Run a Lua script by its SHA1; loaded by itself when the server does not know it.  keys and args in argv.
typedef struct redis_script redis_script_t;
redis_script_t *
redis_link_script (redis_link_t *self, const char *source); //  lives as long as the link
int
redis_link_eval (redis_link_t *self, redis_script_t *script, redis_fn *fn, void *fn_self, int keys_count,
                 int argc, const char *argv[], const size_t sizes[]);

#endif
