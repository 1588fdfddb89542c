/*  roster - the categories there are, in one order that does not depend on who spoke first
 *
 *  What  the number of names is the K of every formula.
 *  How   a changed catalogue makes a new roster; a state that is kept by category moves over with a
 *        roster_map_t: what stayed keeps its numbers, what is new starts at zero, what is gone is dropped. */

#ifndef LEADLINE_AGGREGATOR_ROSTER_H
#define LEADLINE_AGGREGATOR_ROSTER_H

#include <stdbool.h>

#include "common/wire/result.h"

typedef struct {
    size_t count;
    char names[CATEGORIES_MAX][SLUG_MAX]; //  ascending
} roster_t;

typedef struct {
    size_t count;             //  of the new roster
    int from[CATEGORIES_MAX]; //  index in the old one, or -1
} roster_map_t;

//  Index of a name, or -1.
int
roster_find (const roster_t *self, const char *name);

//  Add a name at its place.  OK (also when it is there), or E_RANGE when the roster is full.
int
roster_add (roster_t *self, const char *name);

bool
roster_equal (const roster_t *a, const roster_t *b);

void
roster_map (const roster_t *from, const roster_t *to, roster_map_t *out);

//  Move one number per category: values[CATEGORIES_MAX], new ones get fill.
void
roster_move (const roster_map_t *map, double values[], double fill);

#endif
