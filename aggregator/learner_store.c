//  The part of learner that moves its state: to another roster, into fields and back.

#include "aggregator/learner.h"
#include "common/base/status.h"

#include <stdio.h>
#include <string.h>

void
learner_sums_move (learner_sums_t *self, const roster_map_t *map)
{
    roster_move (map, self->c, 0);
    roster_move (map, self->seen, 0);
    double old[CATEGORIES_MAX][CATEGORIES_MAX];
    memcpy (old, self->a, sizeof old);
    memset (self->a, 0, sizeof self->a);
    for (size_t i = 0; i < map->count; i++)
        for (size_t j = i; j < map->count; j++) {
            int from = map->from[i], to = map->from[j];
            if (from >= 0 && to >= 0)
                self->a[i][j] = from <= to ? old[from][to] : old[to][from];
        }
}

void
learner_boa_move (learner_boa_t *self, const roster_map_t *map)
{
    roster_move (map, self->r, 0);
    roster_move (map, self->v, 0);
    roster_move (map, self->e, 0);
}

static void
put (image_t *out, const char *prefix, const char *name, const char *first, const char *second, double value)
{
    char field[2 * SLUG_MAX + 32];
    snprintf (field, sizeof field, "%s%s%s%s%s%s", prefix, name, first ? ":" : "", first ? first : "",
              second ? ":" : "", second ? second : "");
    image_put_number (out, field, value);
}

void
learner_sums_save (const learner_sums_t *self, const roster_t *roster, const char *prefix, image_t *out)
{
    char field[32];
    snprintf (field, sizeof field, "%stref", prefix);
    image_put_count (out, field, self->tref_ms);
    put (out, prefix, "n", NULL, NULL, self->n);
    put (out, prefix, "yy", NULL, NULL, self->yy);
    for (size_t i = 0; i < roster->count; i++) {
        put (out, prefix, "c", roster->names[i], NULL, self->c[i]);
        put (out, prefix, "seen", roster->names[i], NULL, self->seen[i]);
    }
    for (size_t i = 0; i < roster->count; i++)
        for (size_t j = i; j < roster->count; j++)
            put (out, prefix, "A", roster->names[i], roster->names[j], self->a[i][j]);
}

void
learner_boa_save (const learner_boa_t *self, const roster_t *roster, image_t *out)
{
    double w[CATEGORIES_MAX];
    if (roster->count > 0)
        learner_boa_weights (self, roster->count, w);
    put (out, "", "n", NULL, NULL, self->n);
    for (size_t i = 0; i < roster->count; i++) {
        put (out, "", "R", roster->names[i], NULL, self->r[i]);
        put (out, "", "V", roster->names[i], NULL, self->v[i]);
        put (out, "", "E", roster->names[i], NULL, self->e[i]);
        put (out, "", "w", roster->names[i], NULL, w[i]);
    }
}

//  "A:first:second" into its parts.  Returns the number of categories in it (0 to 2), or -1 when one is not
//  in the roster.
static int
parts (const roster_t *roster, const char *name, char head[8], int at[2])
{
    char text[2 * SLUG_MAX + 32];
    snprintf (text, sizeof text, "%s", name);
    char *rest = text;
    char *word = strsep (&rest, ":");
    snprintf (head, 8, "%s", word);
    int count = 0;
    while ((word = strsep (&rest, ":"))) {
        if (count == 2 || (at[count] = roster_find (roster, word)) < 0)
            return -1;
        count++;
    }
    return count;
}

int
learner_sums_load (learner_sums_t *self, const roster_t *roster, const char *prefix, const char *name,
                   const char *value)
{
    size_t size = strlen (prefix);
    if (strncmp (name, prefix, size) != 0)
        return E_ABSENT;
    char head[8];
    int at[2] = {0};
    int count = parts (roster, name + size, head, at);
    if (count == 0 && strcmp (head, "tref") == 0)
        return image_count (value, &self->tref_ms);
    double *to = NULL;
    if (count == 0 && strcmp (head, "n") == 0)
        to = &self->n;
    else if (count == 0 && strcmp (head, "yy") == 0)
        to = &self->yy;
    else if (count == 1 && strcmp (head, "c") == 0)
        to = &self->c[at[0]];
    else if (count == 1 && strcmp (head, "seen") == 0)
        to = &self->seen[at[0]];
    else if (count == 2 && strcmp (head, "A") == 0)
        to = at[0] <= at[1] ? &self->a[at[0]][at[1]] : &self->a[at[1]][at[0]];
    return to ? image_number (value, to) : E_ABSENT;
}

int
learner_boa_load (learner_boa_t *self, const roster_t *roster, const char *name, const char *value)
{
    char head[8];
    int at[2] = {0};
    int count = parts (roster, name, head, at);
    double *to = NULL;
    if (count == 0 && strcmp (head, "n") == 0)
        to = &self->n;
    else if (count == 1 && strcmp (head, "R") == 0)
        to = &self->r[at[0]];
    else if (count == 1 && strcmp (head, "V") == 0)
        to = &self->v[at[0]];
    else if (count == 1 && strcmp (head, "E") == 0)
        to = &self->e[at[0]];
    return to ? image_number (value, to) : E_ABSENT;
}
