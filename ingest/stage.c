#include "ingest/stage.h"

#include "common/base/check.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    event_kind_t kind;
    int instrument;
    size_t offset; //  of the record in memory
    bool is_taken;
} entry_t;

typedef struct {
    int instrument;
    book_update_t update;
    size_t first_level;
} book_entry_t;

struct stage {
    entry_t *entries;
    size_t entries_count, entries_capacity, first_left;
    char *memory;
    size_t size, capacity;
    char *group;
    size_t group_capacity;
    book_entry_t *books;
    size_t books_count, books_capacity;
    native_level_t *levels;
    size_t levels_count, levels_capacity;
    int64_t newest_ns;
};

stage_t *
stage_new (void)
{
    return mem_new (sizeof (stage_t));
}

void
stage_destroy (stage_t **self)
{
    if (*self) {
        free ((*self)->entries);
        free ((*self)->memory);
        free ((*self)->group);
        free ((*self)->books);
        free ((*self)->levels);
    }
    free (*self);
    *self = NULL;
}

void
stage_clear (stage_t *self)
{
    self->entries_count = self->first_left = self->size = 0;
    self->books_count = self->levels_count = 0;
    self->newest_ns = 0;
}

//  Room for count items of size bytes; grows by doubling.
static void *
room (void *memory, size_t *capacity, size_t count, size_t size_bytes)
{
    if (count <= *capacity)
        return memory;
    size_t wanted = *capacity ? *capacity : 64;
    while (wanted < count)
        wanted *= 2;
    *capacity = wanted;
    return mem_grow (memory, wanted * size_bytes);
}

//  A record's place in memory; rows of its own follow it.
static size_t
stride_of (event_kind_t kind)
{
    return (event_table (kind)->size + 7) & ~(size_t) 7;
}

void
stage_event (stage_t *self, event_kind_t kind, int instrument, const void *record)
{
    CHECK (kind != EVENT_BOOK && instrument >= 0 && instrument < UNIVERSE_MAX);
    size_t size = event_table (kind)->size;
    size_t stride = stride_of (kind);
    const tier_update_t *tiers = record; //  of that kind only
    size_t rows_size = kind == EVENT_TIERS ? tiers->rows_count * sizeof (tier_t) : 0;
    self->memory = room (self->memory, &self->capacity, self->size + stride + rows_size, 1);
    self->entries =
        room (self->entries, &self->entries_capacity, self->entries_count + 1, sizeof *self->entries);
    memcpy (self->memory + self->size, record, size);
    if (rows_size > 0)
        memcpy (self->memory + self->size + stride, tiers->rows, rows_size);
    self->entries[self->entries_count++] =
        (entry_t){.kind = kind, .instrument = instrument, .offset = self->size};
    self->size += stride + rows_size;
    int64_t ts_event_ns = *(const int64_t *) record; //  every record starts with it
    if (ts_event_ns > self->newest_ns)
        self->newest_ns = ts_event_ns;
}

void
stage_book (stage_t *self, int instrument, const book_update_t *update)
{
    CHECK (instrument >= 0 && instrument < UNIVERSE_MAX);
    size_t count = update->bids_count + update->asks_count;
    self->levels =
        room (self->levels, &self->levels_capacity, self->levels_count + count, sizeof *self->levels);
    self->books = room (self->books, &self->books_capacity, self->books_count + 1, sizeof *self->books);
    native_level_t *levels = self->levels + self->levels_count;
    if (update->bids_count)
        memcpy (levels, update->bids, update->bids_count * sizeof *levels);
    if (update->asks_count)
        memcpy (levels + update->bids_count, update->asks, update->asks_count * sizeof *levels);
    self->books[self->books_count++] = (book_entry_t){instrument, *update, self->levels_count};
    self->levels_count += count;
    if (update->ts_event_ns > self->newest_ns)
        self->newest_ns = update->ts_event_ns;
}

int64_t
stage_newest_ns (const stage_t *self)
{
    return self->newest_ns;
}

bool
stage_next_group (stage_t *self, stage_group_t *out)
{
    while (self->first_left < self->entries_count && self->entries[self->first_left].is_taken)
        self->first_left++;
    if (self->first_left == self->entries_count)
        return false;
    const entry_t *first = &self->entries[self->first_left];
    size_t size = event_table (first->kind)->size;
    *out = (stage_group_t){.kind = first->kind, .instrument = first->instrument};
    for (size_t i = self->first_left; i < self->entries_count; i++) {
        entry_t *entry = &self->entries[i];
        if (entry->is_taken || entry->kind != out->kind || entry->instrument != out->instrument)
            continue;
        entry->is_taken = true;
        self->group = room (self->group, &self->group_capacity, (out->count + 1) * size, 1);
        char *record = self->group + out->count++ * size;
        memcpy (record, self->memory + entry->offset, size);
        if (entry->kind == EVENT_TIERS)
            ((tier_update_t *) (void *) record)->rows =
                (tier_t *) (void *) (self->memory + entry->offset + stride_of (entry->kind));
        int64_t ts_event_ns = *(const int64_t *) (const void *) (self->memory + entry->offset);
        if (ts_event_ns > out->ts_event_ns)
            out->ts_event_ns = ts_event_ns;
    }
    out->records = self->group;
    return true;
}

size_t
stage_books_count (const stage_t *self)
{
    return self->books_count;
}

stage_book_t
stage_book_at (const stage_t *self, size_t i)
{
    CHECK (i < self->books_count);
    stage_book_t out = {self->books[i].instrument, self->books[i].update};
    out.update.bids = self->levels + self->books[i].first_level;
    out.update.asks = out.update.bids + out.update.bids_count;
    return out;
}
