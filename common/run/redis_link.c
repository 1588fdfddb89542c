#include "common/run/redis_link.h"
#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/prng.h"
#include "common/base/slice.h"
#include "common/base/timebase.h"
#include "common/run/redis_link_poll.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 5000,
    WATCH_MS = 250,
    IDLE_PING_MS = 1000,
    LOST_MS = 2000,
    IN_FLIGHT_MAX = 65536
};

typedef enum { STATE_RESTING, STATE_CONNECTING, STATE_GREETING, STATE_READY } link_state_t;

struct redis_script {
    redis_script_t *next;
    char sha[SHA_DIGEST_LENGTH * 2 + 1];
    char *source;
};

//  A command in flight.  hiredis answers in order, so the list is a queue.
typedef struct call call_t;
struct call {
    call_t *next;
    redis_link_t *link;
    redis_fn *fn;
    void *fn_self;
    int64_t sent_ns;
    uint64_t number;
    redis_script_t *script; //  of an eval: what to run again when the server does not know it
    int keys_count, argc;
    char **argv; //  copies, one block
    size_t *sizes;
};

//  A name being resolved; outlives a link that is destroyed meanwhile.
typedef struct {
    uv_getaddrinfo_t uv;
    redis_link_t *link;
} resolving_t;

struct redis_link {
    loop_t *loop;
    redis_events_t events;
    char host[200]; //  or the path of a unix socket
    char port[8];   //  "" for a unix socket
    link_state_t state;
    redisAsyncContext *redis;
    resolving_t *resolving;
    loop_timer_t *retry, *watch;
    int64_t since_ns, ping_ns;
    int attempts_count;
    bool is_destroyed, is_calling, was_up;
    uint64_t numbers, overdue;
    call_t *oldest, *newest, *spare;
    size_t in_flight;
    redis_script_t *scripts;
    redis_value_t *values; //  of the reply being handed out
    size_t values_capacity;
    prng_t prng;
    metric_t *up, *commands, *errors, *lost, *connects, *latency_ms;
};

static void
connect_now (void *argument);
static void
greet (void *argument);

//  Replies

static size_t
count_values (const redisReply *reply)
{
    size_t count = 1;
    if (reply->type == REDIS_REPLY_ARRAY)
        for (size_t i = 0; i < reply->elements; i++)
            count += count_values (reply->element[i]);
    return count;
}

//  Items of a list stand side by side; *used counts what is taken of values.
static void
convert (const redisReply *reply, redis_value_t *out, redis_value_t *values, size_t *used)
{
    *out = (redis_value_t){.kind = REDIS_VALUE_NIL, .text = ""};
    switch (reply->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        out->kind = reply->type == REDIS_REPLY_ERROR ? REDIS_VALUE_ERROR : REDIS_VALUE_TEXT;
        out->text = reply->str;
        out->size = (size_t) reply->len;
        break;
    case REDIS_REPLY_INTEGER:
        out->kind = REDIS_VALUE_NUMBER;
        out->number = reply->integer;
        break;
    case REDIS_REPLY_ARRAY:
        out->kind = REDIS_VALUE_LIST;
        out->count = reply->elements;
        out->items = values + *used;
        *used += reply->elements;
        for (size_t i = 0; i < out->count; i++)
            convert (reply->element[i], (redis_value_t *) (uintptr_t) &out->items[i], values, used);
        break;
    default:
        break;
    }
}

static const redis_value_t *
convert_reply (redis_link_t *self, const redisReply *reply)
{
    size_t count = count_values (reply), used = 1;
    if (count > self->values_capacity) {
        self->values_capacity = count * 2;
        self->values = mem_grow (self->values, self->values_capacity * sizeof *self->values);
    }
    convert (reply, &self->values[0], self->values, &used);
    return &self->values[0];
}

//  Commands in flight

static call_t *
add_call (redis_link_t *self, redis_fn *fn, void *fn_self)
{
    call_t *call = self->spare;
    if (call)
        self->spare = call->next;
    else
        call = mem_new (sizeof *call);
    *call = (call_t){.link = self, .fn = fn, .fn_self = fn_self, .number = ++self->numbers};
    call->sent_ns = timebase_mono_ns ();
    if (self->newest)
        self->newest->next = call;
    else
        self->oldest = call;
    self->newest = call;
    self->in_flight++;
    return call;
}

static void
remove_call (redis_link_t *self, call_t *call)
{
    call_t **at = &self->oldest, *before = NULL;
    while (*at && *at != call) { //  the first one, unless hiredis refused the newest
        before = *at;
        at = &(*at)->next;
    }
    CHECK (*at);
    *at = call->next;
    if (self->newest == call)
        self->newest = before;
    self->in_flight--;
    free (call->argv);
    free (call->sizes);
    call->next = self->spare;
    self->spare = call;
}

static void
leave_up (redis_link_t *self)
{
    self->state =
        STATE_RESTING; //  from here on commands are refused, also by callbacks that are told of the loss
    metric_set (self->up, 0);
}

static bool
run_again (redis_link_t *self, call_t *call);

static void
on_reply (redisAsyncContext *redis, void *reply, void *argument)
{
    (void) redis;
    call_t *call = argument;
    redis_link_t *self = call->link;
    const redis_value_t *value = reply ? convert_reply (self, reply) : NULL;
    if (!value) {
        leave_up (self);
        metric_add (self->lost, 1);
    } else
        metric_set (self->latency_ms, (double) (timebase_mono_ns () - call->sent_ns) / 1e6);
    bool is_unknown_script = value && value->kind == REDIS_VALUE_ERROR && call->script &&
                             strncmp (value->text, "NOSCRIPT", 8) == 0;
    if (value && value->kind == REDIS_VALUE_ERROR && !is_unknown_script)
        metric_add (self->errors, 1);
    if (is_unknown_script && run_again (self, call)) {
        remove_call (self, call);
        return;
    }
    redis_fn *fn = call->fn;
    void *fn_self = call->fn_self;
    remove_call (self, call);
    bool was_calling = self->is_calling;
    self->is_calling = true;
    if (fn)
        fn (fn_self, value);
    self->is_calling = was_calling;
}

static int
send_command (redis_link_t *self, redis_fn *fn, void *fn_self, int argc, const char *argv[],
              const size_t sizes[])
{
    if (!self->redis || self->in_flight >= IN_FLIGHT_MAX)
        return self->redis ? E_AGAIN : E_CLOSED;
    call_t *call = add_call (self, fn, fn_self);
    if (redisAsyncCommandArgv (self->redis, on_reply, call, argc, argv, sizes) != REDIS_OK) {
        remove_call (self, call);
        return E_CLOSED;
    }
    metric_add (self->commands, 1);
    return OK;
}

//  Connecting

static void
rest_then_connect (redis_link_t *self)
{
    if (self->is_destroyed)
        return;
    leave_up (self);
    int64_t most_ms = BACKOFF_MIN_MS << (self->attempts_count < 6 ? self->attempts_count : 6);
    if (most_ms > BACKOFF_MAX_MS)
        most_ms = BACKOFF_MAX_MS;
    self->attempts_count++;
    double delay_ms = (double) most_ms * (0.5 + prng_uniform (&self->prng) / 2);
    loop_cancel (&self->retry);
    self->retry = loop_after (self->loop, (int64_t) (delay_ms * 1e6), connect_now, self);
}

//  The connection is no more (hiredis has freed it, or is about to).
static void
lose (redis_link_t *self, const char *why)
{
    self->redis = NULL;
    bool was_up = self->was_up;
    self->was_up = false;
    rest_then_connect (self);
    if (self->is_destroyed)
        return;
    if (was_up || self->attempts_count == 1)
        logger_write (LOG_LEVEL_WARNING, "redis %s is away: %s", self->host, why);
    if (was_up && self->events.down)
        self->events.down (self->events.self);
}

static void
drop_connection (redis_link_t *self, const char *why)
{
    redisAsyncContext *redis = self->redis;
    if (!redis)
        return;
    leave_up (self);
    redis->data = NULL; //  its last callbacks need not tell us
    self->redis = NULL;
    redisAsyncFree (redis);
    lose (self, why);
}

static void
on_connected (const redisAsyncContext *redis, int status)
{
    redis_link_t *self = redis->data;
    if (!self)
        return;
    if (status != REDIS_OK) {
        lose (self, redis->errstr);
        return;
    }
    self->state = STATE_GREETING;
    self->since_ns = timebase_mono_ns ();
    greet (self);
}

static void
on_disconnected (const redisAsyncContext *redis, int status)
{
    redis_link_t *self = redis->data;
    if (self)
        lose (self, status == REDIS_OK ? "closed" : redis->errstr);
}

static void
connect_address (redis_link_t *self, const char *address)
{
    redisAsyncContext *redis =
        self->port[0] ? redisAsyncConnect (address, atoi (self->port)) : redisAsyncConnectUnix (self->host);
    CHECK (redis);
    if (redis->err || redis_link_poll_attach (redis, loop_uv (self->loop)) != OK) {
        char why[128];
        (void) snprintf (why, sizeof why, "%s", redis->err ? redis->errstr : "cannot be watched");
        redisAsyncFree (redis);
        lose (self, why);
        return;
    }
    redis->data = self;
    self->redis = redis;
    (void) redisAsyncSetConnectCallback (redis, on_connected);
    (void) redisAsyncSetDisconnectCallback (redis, on_disconnected);
}

static void
on_resolved (uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    resolving_t *resolving = request->data;
    redis_link_t *self = resolving->link;
    char address[64] = "";
    if (self)
        self->resolving = NULL;
    if (status == 0)
        (void) getnameinfo (found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0,
                            NI_NUMERICHOST);
    uv_freeaddrinfo (found);
    free (resolving);
    if (!self)
        return;
    if (address[0])
        connect_address (self, address);
    else
        lose (self, "its name cannot be resolved");
}

static void
connect_now (void *argument)
{
    redis_link_t *self = argument;
    self->retry = NULL;
    self->state = STATE_CONNECTING;
    self->since_ns = timebase_mono_ns ();
    if (!self->port[0]) {
        connect_address (self, NULL);
        return;
    }
    //  hiredis would resolve in the loop's own thread, and stand still with the name server.
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    resolving_t *resolving = mem_new (sizeof *resolving);
    resolving->link = self;
    resolving->uv.data = resolving;
    self->resolving = resolving;
    if (uv_getaddrinfo (loop_uv (self->loop), &resolving->uv, on_resolved, self->host, self->port, &hints) !=
        0) {
        self->resolving = NULL;
        free (resolving);
        lose (self, "its name cannot be resolved");
    }
}

static void
on_greeting (void *argument, const redis_value_t *value)
{
    redis_link_t *self = argument;
    if (!value || self->is_destroyed || self->state != STATE_GREETING)
        return;
    if (value->kind == REDIS_VALUE_ERROR) { //  loading its data, or wants a password
        logger_write (LOG_LEVEL_NOTICE, "redis %s: %s", self->host, value->text);
        loop_cancel (&self->retry);
        self->retry = loop_after (self->loop, BACKOFF_MIN_MS * NS_PER_MS, greet, self);
        return;
    }
    self->state = STATE_READY;
    self->was_up = true;
    self->attempts_count = 0;
    metric_set (self->up, 1);
    metric_add (self->connects, 1);
    logger_write (LOG_LEVEL_INFO, "redis %s is there", self->host);
    if (self->events.up)
        self->events.up (self->events.self);
}

static void
greet (void *argument)
{
    redis_link_t *self = argument;
    self->retry = NULL;
    const char *ping[] = {"PING"};
    self->ping_ns = timebase_mono_ns ();
    (void) send_command (self, on_greeting, self, 1, ping, NULL);
}

//  Twice in a row, so that a stop of our own process is not taken for one of Redis.
static void
watch_link (void *argument)
{
    redis_link_t *self = argument;
    int64_t now_ns = timebase_mono_ns ();
    if (self->state == STATE_CONNECTING && self->redis && now_ns - self->since_ns > LOST_MS * NS_PER_MS) {
        drop_connection (self, "no connection within 2 s");
        return;
    }
    if (!self->redis || self->state < STATE_GREETING)
        return;
    if (self->oldest && now_ns - self->oldest->sent_ns > LOST_MS * NS_PER_MS) {
        if (self->overdue == self->oldest->number)
            drop_connection (self, "no answer for 2 s");
        else
            self->overdue = self->oldest->number;
        return;
    }
    if (self->state == STATE_READY && !self->oldest && now_ns - self->ping_ns > IDLE_PING_MS * NS_PER_MS) {
        const char *ping[] = {"PING"};
        self->ping_ns = now_ns;
        (void) send_command (self, NULL, NULL, 1, ping, NULL);
    }
}

static int
parse_endpoint (redis_link_t *self, const char *endpoint, error_text_t *error)
{
    slice_t rest = slice_of (endpoint);
    if (slice_starts (rest, "unix:")) {
        if (rest.size > 5 && slice_copy (slice_of (endpoint + 5), self->host, 108) == OK)
            return OK;
    } else if (slice_starts (rest, "tcp:")) {
        const char *host = endpoint + 4, *colon = strrchr (host, ':');
        char *end = NULL;
        long port = colon ? strtol (colon + 1, &end, 10) : 0;
        if (colon && colon > host && *end == 0 && port > 0 && port < 65536 &&
            slice_copy ((slice_t){host, (size_t) (colon - host)}, self->host, sizeof self->host) == OK) {
            (void) snprintf (self->port, sizeof self->port, "%ld", port);
            return OK;
        }
    }
    return error_set (error, E_CONFIG, "%.120s: neither unix:/path nor tcp:host:port", endpoint);
}

redis_link_t *
redis_link_new (loop_t *loop, const char *endpoint, const redis_events_t *events, metrics_t *metrics,
                error_text_t *error)
{
    redis_link_t *self = mem_new (sizeof *self);
    if (parse_endpoint (self, endpoint, error) != OK) {
        free (self);
        return NULL;
    }
    self->loop = loop;
    if (events)
        self->events = *events;
    prng_init (&self->prng, (uint64_t) timebase_wall_ns ());
    self->up = metrics_gauge (metrics, "redis_up", "", "1 while Redis can be reached.");
    self->commands = metrics_counter (metrics, "redis_commands", "", "Commands sent.");
    self->errors = metrics_counter (metrics, "redis_errors", "", "Commands Redis answered with an error.");
    self->lost = metrics_counter (metrics, "redis_commands_lost", "", "Commands that got no answer.");
    self->connects = metrics_counter (metrics, "redis_connects", "", "Connections made.");
    self->latency_ms = metrics_gauge (metrics, "redis_latency_ms", "", "Time to the latest answer.");
    self->watch = loop_every (loop, WATCH_MS * NS_PER_MS, watch_link, self);
    self->retry = loop_after (loop, 0, connect_now, self);
    return self;
}

void
redis_link_destroy (redis_link_t **self)
{
    redis_link_t *link = *self;
    if (!link)
        return;
    CHECK (!link->is_calling);
    link->is_destroyed = true;
    link->state = STATE_RESTING;
    loop_cancel (&link->retry);
    loop_cancel (&link->watch);
    if (link->resolving) {
        link->resolving->link = NULL;
        (void) uv_cancel ((uv_req_t *) &link->resolving->uv);
    }
    if (link->redis) {
        redisAsyncContext *redis = link->redis;
        redis->data = NULL;
        link->redis = NULL;
        redisAsyncFree (redis);
    }
    for (call_t *call = link->spare, *next; call; call = next) {
        next = call->next;
        free (call);
    }
    for (redis_script_t *script = link->scripts, *next; script; script = next) {
        next = script->next;
        free (script->source);
        free (script);
    }
    free (link->values);
    free (link);
    *self = NULL;
}

bool
redis_link_is_up (const redis_link_t *self)
{
    return self->state == STATE_READY;
}

int
redis_link_send (redis_link_t *self, redis_fn *fn, void *fn_self, int argc, const char *argv[],
                 const size_t sizes[])
{
    if (self->state != STATE_READY)
        return E_CLOSED;
    return send_command (self, fn, fn_self, argc, argv, sizes);
}

redis_script_t *
redis_link_script (redis_link_t *self, const char *source)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    redis_script_t *script = mem_new (sizeof *script);
    (void) SHA1 ((const unsigned char *) source, strlen (source), digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void) snprintf (script->sha + 2 * i, 3, "%02x", digest[i]);
    script->source = mem_text (source);
    script->next = self->scripts;
    self->scripts = script;
    return script;
}

//  Sends EVALSHA; argv and sizes are keys and arguments only.
static int
send_eval (redis_link_t *self, const redis_script_t *script, redis_fn *fn, void *fn_self, int keys_count,
           int argc, const char *const argv[], const size_t sizes[])
{
    char keys[16];
    int length = snprintf (keys, sizeof keys, "%d", keys_count);
    size_t count = (size_t) argc + 3;
    const char **all = mem_new (count * sizeof *all);
    size_t *all_sizes = mem_new (count * sizeof *all_sizes);
    all[0] = "EVALSHA";
    all[1] = script->sha;
    all[2] = keys;
    all_sizes[0] = 7;
    all_sizes[1] = sizeof script->sha - 1;
    all_sizes[2] = (size_t) length;
    for (int i = 0; i < argc; i++) {
        all[3 + i] = argv[i];
        all_sizes[3 + i] = sizes ? sizes[i] : strlen (argv[i]);
    }
    int status = send_command (self, fn, fn_self, (int) count, all, all_sizes);
    free (all);
    free (all_sizes);
    return status;
}

//  Keep what a second try needs: pointers and bytes in one block.
static void
keep_arguments (call_t *call, redis_script_t *script, int keys_count, int argc, const char *argv[],
                const size_t sizes[])
{
    size_t count = (size_t) argc, bytes = 0;
    call->sizes = mem_new ((count + 1) * sizeof (size_t));
    for (size_t i = 0; i < count; i++) {
        call->sizes[i] = sizes ? sizes[i] : strlen (argv[i]);
        bytes += call->sizes[i] + 1;
    }
    call->argv = mem_new ((count + 1) * sizeof (char *) + bytes);
    char *at = (char *) (call->argv + count + 1);
    for (size_t i = 0; i < count; i++) {
        memcpy (at, argv[i], call->sizes[i]);
        call->argv[i] = at;
        at += call->sizes[i] + 1;
    }
    call->script = script;
    call->keys_count = keys_count;
    call->argc = argc;
}

//  The server does not know the script: load it, then the same again, once.
static bool
run_again (redis_link_t *self, call_t *call)
{
    const char *load[] = {"SCRIPT", "LOAD", call->script->source};
    return self->state == STATE_READY && send_command (self, NULL, NULL, 3, load, NULL) == OK &&
           send_eval (self, call->script, call->fn, call->fn_self, call->keys_count, call->argc,
                      (const char *const *) call->argv, call->sizes) == OK;
}

int
redis_link_eval (redis_link_t *self, redis_script_t *script, redis_fn *fn, void *fn_self, int keys_count,
                 int argc, const char *argv[], const size_t sizes[])
{
    if (self->state != STATE_READY)
        return E_CLOSED;
    int status = send_eval (self, script, fn, fn_self, keys_count, argc, argv, sizes);
    if (status == OK)
        keep_arguments (self->newest, script, keys_count, argc, argv, sizes);
    return status;
}
