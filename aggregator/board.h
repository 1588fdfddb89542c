/*  board - the latest reading of every instrument and mode, and the categories they name together
 *
 *  How   the roster is the union of the categories in the latest readings: a new category enters with the
 *        first reading that names it, an old one leaves when no instrument's latest reading names it any
 *        more.  A reading that is not newer than the one on the board is refused.
 *  Why   so two shards of different versions, during an upgrade, do not throw away what the other one still
 *        counts. */

#ifndef LEADLINE_AGGREGATOR_BOARD_H
#define LEADLINE_AGGREGATOR_BOARD_H

#include "aggregator/roster.h"

typedef struct board board_t;

typedef struct {
    bool is_filled;
    reading_t reading; //  a copy; its cards are ours
    size_t cards_capacity;
    int category_of[CARDS_MAX]; //  per card: index in the board's roster, -1 not in it
    roster_t names;             //  the categories of this reading
} board_slot_t;

board_t *
board_new (const universe_t *universe);
void
board_destroy (board_t **self);

//  Keep a reading.  OK; E_ABSENT for an unknown instrument; E_STALE when it is not newer; E_RANGE for more
//  than CATEGORIES_MAX categories (kept, with the categories beyond left out).  *is_changed: the roster is
//  another one now.
int
board_put (board_t *self, const reading_t *reading, bool *is_changed);

//  NULL: nothing yet.
const board_slot_t *
board_get (const board_t *self, mode_id_t mode, size_t instrument);

const roster_t *
board_roster (const board_t *self);

//  Index of an instrument, or -1.
int
board_instrument (const board_t *self, const char *name);

#endif
