#include "ingest/simulator/book_cut.h"

#include <stdlib.h>

#include "common/base/check.h"

void
book_cut_init (book_cut_t *self, int depth)
{
    *self = (book_cut_t){.depth = depth};
    size_t size = (size_t) depth * sizeof (world_level_t);
    self->fresh = mem_new (size);
    for (int side = 0; side < 2; side++) {
        self->levels[side] = mem_new (size);
        self->changes[side] = mem_new (2 * size);
    }
}

void
book_cut_fini (book_cut_t *self)
{
    for (int side = 0; side < 2; side++) {
        free (self->levels[side]);
        free (self->changes[side]);
    }
    free (self->fresh);
    *self = (book_cut_t){0};
}

//  Differences of one side, best first; returns how many.
static int
compare (const world_level_t old[], int old_count, const world_level_t fresh[], int count, bool is_bid,
         world_level_t changes[])
{
    int changes_count = 0, at = 0;
    for (int i = 0; i < count || at < old_count;) {
        bool is_gone = i == count;
        if (!is_gone && at < old_count)
            is_gone = is_bid ? old[at].px_ticks > fresh[i].px_ticks : old[at].px_ticks < fresh[i].px_ticks;
        if (is_gone) {
            changes[changes_count] = old[at++];
            changes[changes_count++].qty_lots = 0;
            continue;
        }
        bool is_same = at < old_count && old[at].px_ticks == fresh[i].px_ticks;
        if (!is_same || old[at].qty_lots != fresh[i].qty_lots)
            changes[changes_count++] = fresh[i];
        at += is_same;
        i++;
    }
    return changes_count;
}

int
book_cut_advance (book_cut_t *self, const world_t *world, int venue, int instrument)
{
    int total = 0;
    for (int side = 0; side < 2; side++) {
        world_level_t *old = self->levels[side], *fresh = self->fresh;
        int count = world_levels (world, venue, instrument, side == 0, fresh, self->depth);
        self->changes_count[side] =
            compare (old, self->counts[side], fresh, count, side == 0, self->changes[side]);
        self->fresh = old;
        self->levels[side] = fresh;
        self->counts[side] = count;
        total += self->changes_count[side];
    }
    return total;
}
