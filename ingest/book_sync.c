#include "ingest/book_sync.h"

#include "common/base/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    book_update_t update; //  bids and asks are set when it is handed out
    size_t first_level;
} held_t;

struct book_sync {
    sequence_rule_t rule;
    book_sync_state_t state;
    int64_t last_seq, snapshot_ns;
    bool is_first; //  BINANCE: the next delta must span the snapshot
    int32_t stale_run;
    size_t held_first, held_end; //  of held
    size_t levels_end;
    book_sync_stats_t stats;
    held_t held[BOOK_SYNC_HELD_MAX];
    native_level_t levels[BOOK_SYNC_HELD_LEVELS_MAX];
};

book_sync_t *
book_sync_new (sequence_rule_t rule)
{
    //  Pages of held levels are only touched when something is held.
    book_sync_t *self = mem_new (sizeof *self);
    self->rule = rule;
    self->last_seq = -1;
    return self;
}

void
book_sync_destroy (book_sync_t **self)
{
    free (*self);
    *self = NULL;
}

static void
forget_held (book_sync_t *self)
{
    self->held_first = self->held_end = self->levels_end = 0;
}

static int
hold (book_sync_t *self, const book_update_t *update)
{
    if (self->rule != SEQUENCE_BINANCE)
        return E_AGAIN;
    size_t count = update->bids_count + update->asks_count;
    if (self->held_end == BOOK_SYNC_HELD_MAX || self->levels_end + count > BOOK_SYNC_HELD_LEVELS_MAX) {
        //  A snapshot asked for from here on is newer than what is thrown away.
        self->stats.overflows_count++;
        forget_held (self);
    }
    if (count > BOOK_SYNC_HELD_LEVELS_MAX)
        return E_AGAIN;
    held_t *held = &self->held[self->held_end++];
    held->update = *update;
    held->first_level = self->levels_end;
    if (update->bids_count)
        memcpy (self->levels + self->levels_end, update->bids, update->bids_count * sizeof (native_level_t));
    if (update->asks_count)
        memcpy (self->levels + self->levels_end + update->bids_count, update->asks,
                update->asks_count * sizeof (native_level_t));
    self->levels_end += count;
    self->stats.held_count++;
    return E_AGAIN;
}

static int
broken (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    int64_t after = self->last_seq;
    self->state = BOOK_SYNC_BROKEN;
    self->last_seq = -1;
    self->stats.gaps_count++;
    return error_set (error, E_GAP, "after %" PRId64 " came first %" PRId64 " last %" PRId64 " prev %" PRId64,
                      after, update->first_seq, update->last_seq, update->prev_seq);
}

static int
stale (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    self->stats.stale_count++;
    if (update->ts_event_ns < self->snapshot_ns)
        return E_STALE;
    if (++self->stale_run < BOOK_SYNC_STALE_MOST)
        return E_STALE;
    return broken (self, update, error);
}

static int
step (book_sync_t *self, int64_t seq)
{
    self->last_seq = seq;
    self->is_first = false;
    self->stale_run = 0;
    return OK;
}

static int
step_binance (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    if (self->is_first) {
        if (update->last_seq < self->last_seq)
            return stale (self, update, error);
        bool is_spanning = update->first_seq <= self->last_seq ||
                           (update->prev_seq >= 0 && update->prev_seq <= self->last_seq);
        return is_spanning ? step (self, update->last_seq) : broken (self, update, error);
    }
    if (update->prev_seq == self->last_seq)
        return step (self, update->last_seq);
    if (update->last_seq <= self->last_seq)
        return stale (self, update, error);
    return broken (self, update, error);
}

static int
step_bybit (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    if (update->last_seq == self->last_seq + 1)
        return step (self, update->last_seq);
    if (update->last_seq <= self->last_seq)
        return stale (self, update, error);
    return broken (self, update, error);
}

static int
step_okx (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    if (update->prev_seq == self->last_seq)
        return step (self, update->last_seq);
    if (update->last_seq <= self->last_seq)
        return stale (self, update, error);
    return broken (self, update, error);
}

static int
step_by_rule (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    switch (self->rule) {
    case SEQUENCE_BINANCE:
        return step_binance (self, update, error);
    case SEQUENCE_BYBIT:
        return step_bybit (self, update, error);
    case SEQUENCE_OKX:
        return step_okx (self, update, error);
    }
    CHECK (false); //  a rule of the table
    return E_GAP;
}

static int
snapshot (book_sync_t *self, const book_update_t *update)
{
    self->state = BOOK_SYNC_SYNCED;
    self->stats.snapshots_count++;
    self->snapshot_ns = update->ts_event_ns;
    step (self, update->last_seq);
    self->is_first = self->rule == SEQUENCE_BINANCE;
    return OK;
}

int
book_sync_offer (book_sync_t *self, const book_update_t *update, error_text_t *error)
{
    bool is_restart = self->rule == SEQUENCE_BYBIT && update->last_seq == 1;
    if (update->is_snapshot || is_restart)
        return snapshot (self, update);
    if (self->state != BOOK_SYNC_SYNCED)
        return hold (self, update);
    int status = step_by_rule (self, update, error);
    if (status == E_GAP)
        hold (self, update);
    return status;
}

int
book_sync_held (book_sync_t *self, book_update_t *out, error_text_t *error)
{
    while (self->state == BOOK_SYNC_SYNCED && self->held_first < self->held_end) {
        held_t *held = &self->held[self->held_first];
        self->stale_run = 0; //  those held before the snapshot was made are expected to be old
        int status = step_by_rule (self, &held->update, error);
        if (status == E_GAP)
            return E_GAP; //  this one and those behind it stay held for the next snapshot
        self->held_first++;
        if (status == E_STALE)
            continue;
        *out = held->update;
        out->bids = self->levels + held->first_level;
        out->asks = out->bids + held->update.bids_count;
        return OK;
    }
    if (self->state == BOOK_SYNC_SYNCED)
        forget_held (self);
    return E_ABSENT;
}

void
book_sync_break (book_sync_t *self, bool is_connection_lost)
{
    if (self->state == BOOK_SYNC_SYNCED) {
        self->state = BOOK_SYNC_BROKEN;
        self->last_seq = -1;
    }
    if (is_connection_lost)
        forget_held (self);
}

book_sync_state_t
book_sync_state (const book_sync_t *self)
{
    return self->state;
}

int64_t
book_sync_seq (const book_sync_t *self)
{
    return self->last_seq;
}

book_sync_stats_t
book_sync_stats (const book_sync_t *self)
{
    return self->stats;
}
