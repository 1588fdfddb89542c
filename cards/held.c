#include "cards/held.h"

#include "common/base/check.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN_BYTES = 16, SHRINK_BYTES = 1024 * 1024 };

typedef struct {
    event_t event; //  of.any is set on reading
    size_t total_bytes;
} entry_t;

static size_t
rounded (size_t size_bytes)
{
    return (size_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

static size_t
record_bytes (const event_t *event)
{
    return rounded (event_table (event->kind)->size);
}

static bool
make_room (held_t *self, size_t more_bytes)
{
    if (self->size_bytes - self->head_bytes + more_bytes > HELD_BYTES_MAX)
        return false;
    if (self->size_bytes + more_bytes <= self->capacity_bytes)
        return true;
    if (self->head_bytes > 0) {
        memmove (self->data, self->data + self->head_bytes, self->size_bytes - self->head_bytes);
        self->size_bytes -= self->head_bytes;
        self->head_bytes = 0;
    }
    while (self->size_bytes + more_bytes > self->capacity_bytes) {
        self->capacity_bytes = self->capacity_bytes ? 2 * self->capacity_bytes : 16384;
        self->data = mem_grow (self->data, self->capacity_bytes);
    }
    return true;
}

bool
held_add (held_t *self, const event_t *event)
{
    const book_t *book = event->kind == EVENT_BOOK ? event->of.book : NULL;
    const tier_update_t *tiers = event->kind == EVENT_TIERS ? event->of.tiers : NULL;
    size_t levels = book ? book->bids_count + book->asks_count : 0;
    size_t rows_bytes = levels * sizeof (level_t) + (tiers ? tiers->rows_count * sizeof (tier_t) : 0);
    size_t total = rounded (sizeof (entry_t)) + record_bytes (event) + rounded (rows_bytes);
    if (!make_room (self, total))
        return false;
    char *at = self->data + self->size_bytes;
    entry_t entry = {*event, total};
    memcpy (at, &entry, sizeof entry);
    at += rounded (sizeof entry);
    memcpy (at, event->of.any, event_table (event->kind)->size);
    at += record_bytes (event);
    if (book && book->bids_count)
        memcpy (at, book->bids, book->bids_count * sizeof (level_t));
    if (book && book->asks_count)
        memcpy (at + book->bids_count * sizeof (level_t), book->asks, book->asks_count * sizeof (level_t));
    if (tiers && tiers->rows_count)
        memcpy (at, tiers->rows, tiers->rows_count * sizeof (tier_t));
    self->size_bytes += total;
    self->count++;
    return true;
}

bool
held_peek (const held_t *self, event_t *out)
{
    if (self->count == 0)
        return false;
    char *at = self->data + self->head_bytes;
    const entry_t *entry = (const entry_t *) (void *) at;
    *out = entry->event;
    at += rounded (sizeof *entry);
    out->of.any = at;
    //  the block may have moved since: its own rows follow it
    if (out->kind == EVENT_BOOK) {
        book_t *book = (book_t *) (void *) at;
        book->bids = (level_t *) (void *) (at + record_bytes (out));
        book->asks = book->bids + book->bids_count;
    } else if (out->kind == EVENT_TIERS)
        ((tier_update_t *) (void *) at)->rows = (tier_t *) (void *) (at + record_bytes (out));
    return true;
}

void
held_drop (held_t *self)
{
    CHECK (self->count > 0);
    const entry_t *entry = (const entry_t *) (const void *) (self->data + self->head_bytes);
    self->head_bytes += entry->total_bytes;
    if (--self->count > 0)
        return;
    self->head_bytes = self->size_bytes = 0;
    if (self->capacity_bytes > SHRINK_BYTES)
        held_fini (self);
}

void
held_fini (held_t *self)
{
    free (self->data);
    *self = (held_t){0};
}
