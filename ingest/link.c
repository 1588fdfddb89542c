#include "ingest/link.h"

#include "common/base/check.h"
#include "ingest/backoff.h"
#include "ingest/ws.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_LIMIT_NS  (15 * NS_PER_S)
#define QUIET_LEAST_NS    (10 * NS_PER_S)
#define PING_PRESET_NS    (20 * NS_PER_S)
#define STEADY_NS         (30 * NS_PER_S) //  open this long: the next failure is a first one
#define LIFETIME_EARLY_NS (300 * NS_PER_S)
#define LEAST_WAIT_NS     (NS_PER_S)
#define MOST_WAIT_NS      (60 * NS_PER_S)

typedef enum { LINK_IDLE, LINK_CONNECTING, LINK_OPEN, LINK_WAITING } state_t;

typedef struct waiting {
    struct waiting *next;
    size_t size;
    char text[];
} waiting_t;

struct link {
    const adapter_t *adapter;
    int socket;
    link_events_t events;
    ws_t *ws;
    backoff_t backoff;
    state_t state;
    int64_t since_ns, retry_ns, pinged_ns, said_ns;
    int64_t lifetime_ns; //  with jitter, so that sockets do not go together
    waiting_t *first, **end;
    size_t waiting_count;
};

static void
drop_waiting (link_t *self)
{
    while (self->first) {
        waiting_t *next = self->first->next;
        free (self->first);
        self->first = next;
    }
    self->end = &self->first;
    self->waiting_count = 0;
}

//  Down; try again later.
static void
down (link_t *self, const char *reason)
{
    int64_t now_ns = timebase_mono_ns ();
    if (self->state == LINK_OPEN && now_ns - self->since_ns >= STEADY_NS)
        backoff_reset (&self->backoff);
    ws_close (self->ws);
    drop_waiting (self);
    self->state = LINK_WAITING;
    self->retry_ns = now_ns + backoff_next_ns (&self->backoff);
    self->events.lost (self->events.self, self->socket, reason);
}

static void
on_open (void *fn_self)
{
    link_t *self = fn_self;
    self->state = LINK_OPEN;
    self->since_ns = self->pinged_ns = timebase_mono_ns ();
    self->said_ns = 0;
    self->events.open (self->events.self, self->socket);
}

static void
on_frame (void *fn_self, slice_t text)
{
    link_t *self = fn_self;
    self->events.frame (self->events.self, self->socket, text);
}

static void
on_closed (void *fn_self, const char *reason)
{
    down (fn_self, reason);
}

link_t *
link_new (transport_t *transport, const adapter_t *adapter, int socket, const char *url, uint64_t seed,
          const link_events_t *events, error_text_t *error)
{
    link_t *self = mem_new (sizeof *self);
    ws_events_t ws_events = {.open = on_open, .frame = on_frame, .closed = on_closed, .self = self};
    self->ws = ws_new (transport, url, &ws_events, error);
    if (!self->ws) {
        free (self);
        return NULL;
    }
    self->adapter = adapter;
    self->socket = socket;
    self->events = *events;
    self->end = &self->first;
    backoff_init (&self->backoff, LEAST_WAIT_NS, MOST_WAIT_NS, seed, "link", (uint64_t) socket);
    int64_t early_ns =
        LIFETIME_EARLY_NS + (int64_t) prng_below (&self->backoff.prng, (uint64_t) LIFETIME_EARLY_NS);
    self->lifetime_ns =
        adapter->lifetime_ns > 2 * early_ns ? adapter->lifetime_ns - early_ns : adapter->lifetime_ns;
    return self;
}

void
link_destroy (link_t **self)
{
    if (*self) {
        ws_destroy (&(*self)->ws);
        drop_waiting (*self);
    }
    free (*self);
    *self = NULL;
}

void
link_start (link_t *self)
{
    self->state = LINK_CONNECTING;
    self->since_ns = timebase_mono_ns ();
    ws_open (self->ws);
}

void
link_say (link_t *self, slice_t text)
{
    if (self->state != LINK_OPEN)
        return;
    waiting_t *waiting = mem_new (sizeof *waiting + text.size);
    waiting->size = text.size;
    memcpy (waiting->text, text.data, text.size);
    *self->end = waiting;
    self->end = &waiting->next;
    self->waiting_count++;
}

void
link_reply (link_t *self, slice_t text)
{
    (void) ws_send (self->ws, text);
}

void
link_restart (link_t *self, const char *reason)
{
    if (self->state == LINK_OPEN || self->state == LINK_CONNECTING)
        down (self, reason);
}

static void
say_next (link_t *self, int64_t mono_ns)
{
    while (self->first && mono_ns - self->said_ns >= self->adapter->subscribe_gap_ms * NS_PER_MS) {
        waiting_t *waiting = self->first;
        (void) ws_send (self->ws, (slice_t){waiting->text, waiting->size});
        self->said_ns = mono_ns;
        self->first = waiting->next;
        if (!self->first)
            self->end = &self->first;
        self->waiting_count--;
        free (waiting);
    }
}

static void
tick_open (link_t *self, int64_t mono_ns)
{
    int64_t ping_ns = self->adapter->ping_ns > 0 ? self->adapter->ping_ns : PING_PRESET_NS;
    int64_t quiet_ns = 2 * ping_ns > QUIET_LEAST_NS ? 2 * ping_ns : QUIET_LEAST_NS;
    int64_t silence_ns = mono_ns - ws_heard_mono_ns (self->ws);
    char reason[64];
    if (silence_ns > quiet_ns) {
        (void) snprintf (reason, sizeof reason, "not a byte for %" PRId64 " s", silence_ns / NS_PER_S);
        down (self, reason);
        return;
    }
    if (self->lifetime_ns > 0 && mono_ns - self->since_ns > self->lifetime_ns) {
        backoff_reset (&self->backoff);
        down (self, "planned, before the venue's limit");
        return;
    }
    if (mono_ns - self->pinged_ns >= ping_ns) {
        self->pinged_ns = mono_ns;
        if (self->adapter->server_ping)
            (void) ws_send (self->ws, slice_of (self->adapter->server_ping));
        else
            (void) ws_ping (self->ws);
    }
    say_next (self, mono_ns);
}

void
link_tick (link_t *self, int64_t mono_ns)
{
    if (self->state == LINK_OPEN)
        tick_open (self, mono_ns);
    else if (self->state == LINK_CONNECTING && mono_ns - self->since_ns > CONNECT_LIMIT_NS)
        down (self, "no connection in 15 s");
    else if (self->state == LINK_WAITING && mono_ns >= self->retry_ns)
        link_start (self);
}

bool
link_is_open (const link_t *self)
{
    return self->state == LINK_OPEN;
}

int64_t
link_open_since_ns (const link_t *self)
{
    return self->state == LINK_OPEN ? self->since_ns : 0;
}

size_t
link_waiting_count (const link_t *self)
{
    return self->waiting_count;
}
