#include "ingest/rest.h"

#include "common/base/check.h"
#include "common/base/logger.h"
#include "ingest/backoff.h"
#include "ingest/rate_limiter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BACKFILL_TRIES = 5, SECOND_LIST_TRIES = 3, LIMITED_PRESET_S = 30, ERROR_BODY_BYTES = 8192 };
#define LEAST_WAIT_NS (NS_PER_S)
#define MOST_WAIT_NS  (60 * NS_PER_S)

typedef struct {
    request_t request;
    uint64_t tag;
    int64_t not_before_ns;
    int32_t tries;
    bool is_under_way;
} entry_t;

struct rest {
    const adapter_t *adapter;
    rest_events_t events;
    http_t *http;
    rate_limiter_t limiter;
    backoff_t backoff;
    entry_t *entries; //  in order of arrival
    size_t count, capacity;
    uint64_t last_tag;
    bool has_list; //  a list of instruments has been read: the others only complete it
};

static int
rank_of (request_kind_t kind)
{
    switch (kind) {
    case REQUEST_INSTRUMENTS:
        return 0;
    case REQUEST_BOOK:
        return 1;
    case REQUEST_OPEN_INTEREST:
        return 2;
    case REQUEST_BACKFILL_BARS:
    case REQUEST_BACKFILL_BARS_SLOW:
    case REQUEST_BACKFILL_FUNDING:
    case REQUEST_BACKFILL_OI:
    case REQUEST_RATIO: //  these change slowly: whatever waits goes first, and a second try is worth it
    case REQUEST_TIERS:
        break;
    }
    return 3;
}

static size_t
find (const rest_t *self, uint64_t tag)
{
    size_t i = 0;
    while (i < self->count && self->entries[i].tag != tag)
        i++;
    CHECK (i < self->count);
    return i;
}

static void
drop (rest_t *self, size_t i)
{
    self->count--;
    memmove (self->entries + i, self->entries + i + 1, (self->count - i) * sizeof *self->entries);
}

//  It failed: later again, or not at all.
static void
failed (rest_t *self, size_t i, const char *why)
{
    entry_t *entry = &self->entries[i];
    int rank = rank_of (entry->request.kind);
    entry->tries++;
    bool is_needed = rank == 0 && (!self->has_list || entry->tries < SECOND_LIST_TRIES);
    if (is_needed || (rank == 3 && entry->tries < BACKFILL_TRIES)) {
        entry->is_under_way = false;
        entry->not_before_ns = timebase_mono_ns () + backoff_next_ns (&self->backoff);
        if (rank == 0)
            logger_write (LOG_LEVEL_WARNING, "no instruments yet, trying on: %s", why);
        return;
    }
    request_t request = entry->request;
    drop (self, i);
    self->events.given_up (self->events.self, &request, why);
}

//  How long the venue wants us to stay away, 0 when it does not.
static int64_t
away_s (const rest_t *self, const http_answer_t *answer)
{
    slice_t body = answer->body;
    if (body.size > ERROR_BODY_BYTES)
        body.size = answer->status == 200 ? 0 : ERROR_BODY_BYTES;
    int64_t wait_s = 0;
    if (self->adapter->retry_after_s && body.size > 0)
        wait_s = self->adapter->retry_after_s (answer->status, body);
    bool is_limited = answer->status == 429 || answer->status == 418 || wait_s > 0;
    if (is_limited && answer->retry_after_s > 0)
        wait_s = answer->retry_after_s; //  the header is exact, the adapter's word may be a guess
    return is_limited && wait_s == 0 ? LIMITED_PRESET_S : wait_s;
}

static void
on_answer (void *fn_self, uint64_t tag, const http_answer_t *answer)
{
    rest_t *self = fn_self;
    char why[96];
    int64_t wait_s = answer->status ? away_s (self, answer) : 0;
    self->events.seen (self->events.self, answer, wait_s > 0);
    if (wait_s > 0) {
        rate_limiter_ban (&self->limiter, timebase_mono_ns () + wait_s * NS_PER_S);
        logger_write (LOG_LEVEL_WARNING, "status %d: the venue wants no requests for %" PRId64 " s",
                      answer->status, wait_s);
        size_t i = find (self, tag);
        self->entries[i].is_under_way = false; //  not its fault: it stays in the queue
        return;
    }
    if (answer->status == 0)
        failed (self, find (self, tag), answer->failure);
    else if (answer->status != 200) {
        int size = answer->body.size > 60 ? 60 : (int) answer->body.size;
        (void) snprintf (why, sizeof why, "status %d %.*s", answer->status, size, answer->body.data);
        failed (self, find (self, tag), why);
    } else {
        request_t request = self->entries[find (self, tag)].request;
        if (self->events.answer (self->events.self, &request, answer) == OK) {
            drop (self, find (self, tag));
            backoff_reset (&self->backoff);
            self->has_list = self->has_list || request.kind == REQUEST_INSTRUMENTS;
        } else
            failed (self, find (self, tag), "an answer that cannot be read");
    }
    rest_tick (self, timebase_mono_ns ());
}

rest_t *
rest_new (transport_t *transport, const adapter_t *adapter, const char *base_url, uint64_t seed,
          const rest_events_t *events, error_text_t *error)
{
    rest_t *self = mem_new (sizeof *self);
    self->http = http_new (transport, base_url, on_answer, self, error);
    if (!self->http) {
        free (self);
        return NULL;
    }
    self->adapter = adapter;
    self->events = *events;
    rate_limiter_init (&self->limiter, adapter->rate_weight > 0 ? adapter->rate_weight : 600,
                       adapter->rate_window_s > 0 ? adapter->rate_window_s : 60);
    backoff_init (&self->backoff, LEAST_WAIT_NS, MOST_WAIT_NS, seed, "rest", 0);
    return self;
}

void
rest_destroy (rest_t **self)
{
    if (*self) {
        http_destroy (&(*self)->http);
        free ((*self)->entries);
    }
    free (*self);
    *self = NULL;
}

void
rest_add (rest_t *self, const request_t *request)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 64;
        self->entries = mem_grow (self->entries, self->capacity * sizeof *self->entries);
    }
    self->entries[self->count++] = (entry_t){.request = *request, .tag = ++self->last_tag};
}

bool
rest_has (const rest_t *self, request_kind_t kind, int instrument)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->entries[i].request.kind == kind && self->entries[i].request.instrument == instrument)
            return true;
    return false;
}

size_t
rest_count (const rest_t *self, request_kind_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count; i++)
        count += self->entries[i].request.kind == kind;
    return count;
}

//  The most important one whose time has come.  Lists of instruments are read one after another: the second
//  may complete the first.
static entry_t *
choose (rest_t *self, int64_t mono_ns)
{
    entry_t *best = NULL;
    bool has_list = false;
    for (size_t i = 0; i < self->count; i++) {
        entry_t *entry = &self->entries[i];
        bool is_list = entry->request.kind == REQUEST_INSTRUMENTS;
        bool is_next = !is_list || !has_list;
        has_list = has_list || is_list;
        if (entry->is_under_way || entry->not_before_ns > mono_ns || !is_next)
            continue;
        if (!best || rank_of (entry->request.kind) < rank_of (best->request.kind))
            best = entry;
    }
    return best;
}

void
rest_tick (rest_t *self, int64_t mono_ns)
{
    size_t room = http_room_count (self->http);
    entry_t *entry;
    while (room > 0 && (entry = choose (self, mono_ns)) != NULL) {
        int rank = rank_of (entry->request.kind);
        //  A backfill never takes the last connection either.
        if (rank == 3 && room == 1)
            return;
        int64_t reserve = rank == 3 ? self->limiter.limit_weight / 4 : 0;
        if (rate_limiter_take (&self->limiter, mono_ns, entry->request.weight, reserve) > 0)
            return;
        int status = http_get (self->http, entry->request.path, entry->tag);
        if (status == E_AGAIN)
            return;
        entry->is_under_way = status == OK;
        if (status != OK) {
            request_t request = entry->request;
            drop (self, (size_t) (entry - self->entries));
            self->events.given_up (self->events.self, &request, "its path is too long");
        }
        room = http_room_count (self->http);
    }
}

size_t
rest_waiting_count (const rest_t *self)
{
    return self->count;
}
