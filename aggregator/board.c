#include "aggregator/board.h"
#include "common/base/check.h"
#include "common/base/status.h"

#include <stdlib.h>
#include <string.h>

struct board {
    universe_t universe;
    roster_t roster;
    board_slot_t *slots; //  instrument x MODE_COUNT + mode
};

board_t *
board_new (const universe_t *universe)
{
    board_t *self = mem_new (sizeof *self);
    self->universe = *universe;
    self->slots = mem_new (universe->count * MODE_COUNT * sizeof *self->slots + 1);
    return self;
}

void
board_destroy (board_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->universe.count * MODE_COUNT; i++)
        free ((*self)->slots[i].reading.cards);
    free ((*self)->slots);
    free (*self);
    *self = NULL;
}

static void
find_categories (const board_t *self, board_slot_t *slot)
{
    for (size_t i = 0; i < slot->reading.cards_count; i++)
        slot->category_of[i] = roster_find (&self->roster, slot->reading.cards[i].category);
}

//  Are the cards in the categories we know them in?
static bool
is_as_before (const board_t *self, const board_slot_t *slot, size_t cards_count_before)
{
    if (slot->reading.cards_count != cards_count_before)
        return false;
    for (size_t i = 0; i < slot->reading.cards_count; i++) {
        int at = slot->category_of[i];
        if (at < 0 || strcmp (self->roster.names[at], slot->reading.cards[i].category) != 0)
            return false;
    }
    return true;
}

static int
gather_roster (board_t *self, roster_t *out)
{
    int status = OK;
    memset (out, 0, sizeof *out);
    for (size_t i = 0; i < self->universe.count * MODE_COUNT; i++)
        for (size_t c = 0; self->slots[i].is_filled && c < self->slots[i].names.count; c++)
            if (roster_add (out, self->slots[i].names.names[c]) != OK)
                status = E_RANGE;
    return status;
}

int
board_put (board_t *self, const reading_t *reading, bool *is_changed)
{
    *is_changed = false;
    int at = board_instrument (self, reading->instrument);
    if (at < 0 || (unsigned) reading->mode >= MODE_COUNT)
        return E_ABSENT;
    board_slot_t *slot = &self->slots[(size_t) at * MODE_COUNT + (size_t) reading->mode];
    if (slot->is_filled && reading->ts_ms <= slot->reading.ts_ms)
        return E_STALE;
    if (reading->cards_count > CARDS_MAX)
        return E_RANGE;
    size_t count_before = slot->is_filled ? slot->reading.cards_count : 0;
    card_reading_t *cards = slot->reading.cards;
    if (reading->cards_count > slot->cards_capacity) {
        slot->cards_capacity = reading->cards_count;
        cards = mem_grow (cards, slot->cards_capacity * sizeof *cards);
    }
    slot->reading = *reading;
    slot->reading.cards = cards;
    if (reading->cards_count > 0)
        memcpy (cards, reading->cards, reading->cards_count * sizeof *cards);
    bool is_first = !slot->is_filled;
    slot->is_filled = true;
    if (!is_first && is_as_before (self, slot, count_before))
        return OK;
    int status = OK;
    memset (&slot->names, 0, sizeof slot->names);
    for (size_t i = 0; i < reading->cards_count; i++)
        if (roster_add (&slot->names, cards[i].category) != OK)
            status = E_RANGE;
    roster_t roster;
    if (gather_roster (self, &roster) != OK)
        status = E_RANGE;
    if (!roster_equal (&roster, &self->roster)) {
        *is_changed = true;
        self->roster = roster;
        for (size_t i = 0; i < self->universe.count * MODE_COUNT; i++)
            if (self->slots[i].is_filled)
                find_categories (self, &self->slots[i]);
    }
    find_categories (self, slot);
    return status;
}

const board_slot_t *
board_get (const board_t *self, mode_id_t mode, size_t instrument)
{
    CHECK (instrument < self->universe.count);
    const board_slot_t *slot = &self->slots[instrument * MODE_COUNT + (size_t) mode];
    return slot->is_filled ? slot : NULL;
}

const roster_t *
board_roster (const board_t *self)
{
    return &self->roster;
}

int
board_instrument (const board_t *self, const char *name)
{
    return universe_find (&self->universe, slice_of (name));
}
