#include "ingest/bookkeeper.h"

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/backoff.h"

#include <stdlib.h>

#define ANSWER_LIMIT_NS (10 * NS_PER_S) //  a snapshot that comes by itself
#define STEADY_NS       (60 * NS_PER_S) //  whole this long: the next loss is a first one
#define LEAST_WAIT_NS   (2 * NS_PER_S)
#define MOST_WAIT_NS    (60 * NS_PER_S)
enum { AT_ONCE_MOST = 3 };

typedef struct {
    venue_book_t *book;
    backoff_t backoff;
    bool is_wanted, is_asked, was_lost;
    int32_t losses_count; //  since it was last whole for long
    int64_t ask_ns, synced_ns;
} account_t;

struct bookkeeper {
    const adapter_t *adapter;
    const symbols_t *symbols;
    bookkeeper_events_t events;
    int64_t mono_ns; //  of the call
    bool is_connected;
    account_t *accounts; //  by instrument
};

static void
on_publish (void *fn_self, int instrument, const book_t *book)
{
    bookkeeper_t *self = fn_self;
    self->events.publish (self->events.self, instrument, book);
}

static void
on_lost (void *fn_self, int instrument, const char *reason)
{
    bookkeeper_t *self = fn_self;
    account_t *account = &self->accounts[instrument];
    if (account->synced_ns && self->mono_ns - account->synced_ns >= STEADY_NS) {
        backoff_reset (&account->backoff);
        account->losses_count = 0;
    }
    bool is_at_once = account->losses_count++ < AT_ONCE_MOST;
    account->ask_ns = self->mono_ns + (is_at_once ? 0 : backoff_next_ns (&account->backoff));
    account->is_asked = false;
    account->is_wanted = true;
    account->was_lost = true;
    self->events.lost (self->events.self, instrument, reason);
}

static void
on_wanted (void *fn_self, int instrument)
{
    bookkeeper_t *self = fn_self;
    account_t *account = &self->accounts[instrument];
    if (account->is_wanted || !self->adapter->has_rest_snapshot)
        return;
    account->is_wanted = true;
    account->is_asked = false;
    account->ask_ns = self->mono_ns;
}

bookkeeper_t *
bookkeeper_new (const adapter_t *adapter, const symbols_t *symbols, uint64_t seed,
                const bookkeeper_events_t *events)
{
    bookkeeper_t *self = mem_new (sizeof *self);
    self->adapter = adapter;
    self->symbols = symbols;
    self->events = *events;
    self->accounts = mem_new (symbols->universe->count * sizeof (account_t));
    venue_book_events_t book_events = {
        .publish = on_publish, .lost = on_lost, .wanted = on_wanted, .self = self};
    for (size_t i = 0; i < symbols->universe->count; i++) {
        self->accounts[i].book = venue_book_new (adapter, (int) i, &book_events);
        backoff_init (&self->accounts[i].backoff, LEAST_WAIT_NS, MOST_WAIT_NS, seed, "book", i);
    }
    return self;
}

void
bookkeeper_destroy (bookkeeper_t **self)
{
    if (*self) {
        for (size_t i = 0; i < (*self)->symbols->universe->count; i++)
            venue_book_destroy (&(*self)->accounts[i].book);
        free ((*self)->accounts);
    }
    free (*self);
    *self = NULL;
}

void
bookkeeper_update (bookkeeper_t *self, int instrument, const book_update_t *update, int64_t mono_ns)
{
    account_t *account = &self->accounts[instrument];
    bool was_synced = venue_book_is_synced (account->book);
    self->mono_ns = mono_ns;
    venue_book_update (account->book, update, &self->symbols->contracts[instrument]);
    if (was_synced || !venue_book_is_synced (account->book))
        return;
    account->synced_ns = mono_ns;
    account->is_wanted = false;
    if (account->was_lost)
        self->events.restored (self->events.self, instrument);
    account->was_lost = false;
}

void
bookkeeper_connected (bookkeeper_t *self, int64_t mono_ns)
{
    self->is_connected = true;
    for (size_t i = 0; i < self->symbols->universe->count; i++) {
        //  By REST the first delta asks; on the socket the snapshot comes unasked, or else is asked for in a
        //  while.
        self->accounts[i].is_wanted = !self->adapter->has_rest_snapshot;
        self->accounts[i].is_asked = false;
        self->accounts[i].ask_ns = mono_ns + 2 * ANSWER_LIMIT_NS;
    }
}

void
bookkeeper_disconnected (bookkeeper_t *self)
{
    self->is_connected = false;
    for (size_t i = 0; i < self->symbols->universe->count; i++) {
        account_t *account = &self->accounts[i];
        account->was_lost = account->was_lost || venue_book_is_synced (account->book);
        account->is_wanted = false;
        venue_book_disconnected (account->book);
    }
}

void
bookkeeper_tick (bookkeeper_t *self, int64_t mono_ns)
{
    for (size_t i = 0; self->is_connected && i < self->symbols->universe->count; i++) {
        account_t *account = &self->accounts[i];
        if (!account->is_wanted || mono_ns < account->ask_ns || !self->symbols->contracts[i].is_listed)
            continue;
        //  The first answer has its time; each one that did not come makes the next wait longer.
        int64_t wait_ns = account->is_asked ? backoff_next_ns (&account->backoff) : 0;
        account->ask_ns = mono_ns + (wait_ns > ANSWER_LIMIT_NS ? wait_ns : ANSWER_LIMIT_NS);
        account->is_asked = true;
        self->events.ask (self->events.self, (int) i);
    }
}

void
bookkeeper_refused (bookkeeper_t *self, int instrument, int64_t mono_ns)
{
    account_t *account = &self->accounts[instrument];
    if (account->is_wanted && account->is_asked)
        account->ask_ns = mono_ns + backoff_next_ns (&account->backoff);
}

bool
bookkeeper_is_synced (const bookkeeper_t *self, int instrument)
{
    return venue_book_is_synced (self->accounts[instrument].book);
}

int
bookkeeper_snapshot (const bookkeeper_t *self, int instrument, book_t *out)
{
    return venue_book_snapshot (self->accounts[instrument].book, &self->symbols->contracts[instrument], out);
}
