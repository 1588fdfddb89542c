#include "aggregator/roster.h"
#include "common/base/status.h"

#include <stdio.h>
#include <string.h>

int
roster_find (const roster_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (self->names[i], name) == 0)
            return (int) i;
    return -1;
}

int
roster_add (roster_t *self, const char *name)
{
    size_t at = 0;
    while (at < self->count && strcmp (self->names[at], name) < 0)
        at++;
    if (at < self->count && strcmp (self->names[at], name) == 0)
        return OK;
    if (self->count == CATEGORIES_MAX)
        return E_RANGE;
    memmove (self->names[at + 1], self->names[at], (self->count - at) * sizeof self->names[0]);
    snprintf (self->names[at], sizeof self->names[at], "%s", name);
    self->count++;
    return OK;
}

bool
roster_equal (const roster_t *a, const roster_t *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp (a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

void
roster_map (const roster_t *from, const roster_t *to, roster_map_t *out)
{
    out->count = to->count;
    for (size_t i = 0; i < to->count; i++)
        out->from[i] = roster_find (from, to->names[i]);
}

void
roster_move (const roster_map_t *map, double values[], double fill)
{
    double old[CATEGORIES_MAX];
    memcpy (old, values, sizeof old);
    for (size_t i = 0; i < CATEGORIES_MAX; i++)
        values[i] = i < map->count && map->from[i] >= 0 ? old[map->from[i]] : i < map->count ? fill : 0;
}
