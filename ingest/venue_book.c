#include "ingest/venue_book.h"

#include "common/base/check.h"
#include "common/base/logger.h"

#include <stdlib.h>
#include <string.h>

struct venue_book {
    const adapter_t *adapter;
    int instrument;
    venue_book_events_t events;
    book_sync_t *sync;
    full_book_t *full;
    int64_t ts_event_ns, seq;
    bool is_unchecked; //  the venue's checksum is not ours even on its own snapshot
};

//  Levels on their way out; one thread, used within a call.
static level_t level_pool[2][BOOK_LEVELS_MAX];

venue_book_t *
venue_book_new (const adapter_t *adapter, int instrument, const venue_book_events_t *events)
{
    venue_book_t *self = mem_new (sizeof *self);
    self->adapter = adapter;
    self->instrument = instrument;
    self->events = *events;
    self->sync = book_sync_new (adapter->sequence);
    self->full = full_book_new ();
    return self;
}

void
venue_book_destroy (venue_book_t **self)
{
    if (*self) {
        book_sync_destroy (&(*self)->sync);
        full_book_destroy (&(*self)->full);
    }
    free (*self);
    *self = NULL;
}

static void
give_up (venue_book_t *self, const char *reason)
{
    book_sync_break (self->sync, false);
    full_book_clear (self->full);
    self->events.lost (self->events.self, self->instrument, reason);
}

//  Changes of the venue, converted; what does not fit one message goes out in several.
static void
publish_changes (venue_book_t *self, const book_update_t *update, const contract_t *contract)
{
    size_t bids_done = 0, asks_done = 0;
    while (bids_done < update->bids_count || asks_done < update->asks_count) {
        book_t book = {.ts_event_ns = update->ts_event_ns,
                       .venue_seq = update->last_seq,
                       .bids = level_pool[0],
                       .asks = level_pool[1],
                       .depth_levels = self->adapter->depth_levels};
        while (bids_done < update->bids_count && book.bids_count < BOOK_LEVELS_MAX)
            book.bids[book.bids_count++] = full_book_convert (&update->bids[bids_done++], contract);
        while (asks_done < update->asks_count && book.asks_count < BOOK_LEVELS_MAX)
            book.asks[book.asks_count++] = full_book_convert (&update->asks[asks_done++], contract);
        self->events.publish (self->events.self, self->instrument, &book);
    }
}

static bool
is_checksum_wrong (venue_book_t *self, const book_update_t *update, const contract_t *contract)
{
    //  Some venues keep the field and send 0: that is no checksum.
    if (!update->has_checksum || update->checksum == 0 || self->is_unchecked)
        return false;
    if (full_book_checksum (self->full) == update->checksum)
        return false;
    if (!update->is_snapshot)
        return true;
    //  Nothing can be missing from a snapshot: it is the venue's way to write numbers that differs.
    self->is_unchecked = true;
    logger_write (LOG_LEVEL_NOTICE,
                  "book of %s: the checksum of a snapshot is not what its levels give; not checked any more",
                  contract->contract);
    return false;
}

//  Apply what is in order.  False: the book was given up.
static bool
apply (venue_book_t *self, const book_update_t *update, const contract_t *contract)
{
    error_text_t error = {""};
    if (full_book_apply (self->full, update, &error) != OK) {
        give_up (self, error.text);
        return false;
    }
    if (full_book_is_crossed (self->full)) {
        give_up (self, "crossed");
        return false;
    }
    if (is_checksum_wrong (self, update, contract)) {
        give_up (self, "checksum");
        return false;
    }
    self->ts_event_ns = update->ts_event_ns;
    self->seq = update->last_seq;
    book_t book;
    if (!update->is_snapshot)
        publish_changes (self, update, contract);
    else if (venue_book_snapshot (self, contract, &book) == OK)
        self->events.publish (self->events.self, self->instrument, &book);
    return true;
}

void
venue_book_update (venue_book_t *self, const book_update_t *update, const contract_t *contract)
{
    error_text_t error = {""};
    bool was_synced = venue_book_is_synced (self);
    int status = book_sync_offer (self->sync, update, &error);
    if (status == E_GAP)
        give_up (self, error.text);
    else if (status == E_AGAIN && !was_synced)
        self->events.wanted (self->events.self, self->instrument);
    if (status != OK)
        return;
    //  A restart of the venue's numbers makes a snapshot of what calls itself a change.
    book_update_t taken = *update;
    taken.is_snapshot =
        taken.is_snapshot || (self->adapter->sequence == SEQUENCE_BYBIT && update->last_seq == 1);
    bool is_fine = apply (self, &taken, contract);
    if (!taken.is_snapshot || !is_fine)
        return;
    book_update_t held;
    while ((status = book_sync_held (self->sync, &held, &error)) == OK)
        if (!apply (self, &held, contract))
            return;
    if (status == E_GAP)
        give_up (self, error.text);
}

void
venue_book_disconnected (venue_book_t *self)
{
    book_sync_break (self->sync, true);
    full_book_clear (self->full);
}

bool
venue_book_is_synced (const venue_book_t *self)
{
    return book_sync_state (self->sync) == BOOK_SYNC_SYNCED;
}

int
venue_book_snapshot (const venue_book_t *self, const contract_t *contract, book_t *out)
{
    if (!venue_book_is_synced (self))
        return E_ABSENT;
    *out = (book_t){.ts_event_ns = self->ts_event_ns,
                    .is_snapshot = true,
                    .venue_seq = self->seq,
                    .bids = level_pool[0],
                    .asks = level_pool[1],
                    .depth_levels = self->adapter->depth_levels};
    out->bids_count = full_book_export (self->full, true, contract, out->bids, BOOK_LEVELS_MAX);
    out->asks_count = full_book_export (self->full, false, contract, out->asks, BOOK_LEVELS_MAX);
    return OK;
}
