/*  map_maker - a liquidation map that lives for as many minutes as wanted, and its frames
 *
 *  Mass is laid down at random beyond the mark, longs below and shorts above, and is gone where the mark has
 *  been, as in the real one; the mark walks at random.  Same seed, same frames. */

#ifndef LEADLINE_TEST_MAP_MAKER_H
#define LEADLINE_TEST_MAP_MAKER_H

#include "common/base/prng.h"
#include "common/wire/result.h"

enum { MAP_MAKER_VENUES = 3, MAP_MAKER_REACH = 200, MAP_MAKER_SPAN = 8192 };

typedef struct {
    prng_t prng;
    int64_t minute; //  of the last frame, since the epoch
    double x;       //  logarithm of the mark
    map_frame_t frame;
    map_venue_t venues[MAP_MAKER_VENUES];
    map_group_t groups[1 + MAP_MAKER_VENUES][MAP_GROUPS]; //  [0]: all venues
    map_print_t prints[4];
    map_cluster_t clusters[2];
    map_cumulative_t cumulative[5];
    float cluster_usd[2][MAP_GROUPS];
    float usd[1 + MAP_MAKER_VENUES][MAP_GROUPS][2][MAP_ROWS_MAX]; //  of the frame; by side
    float book[MAP_MAKER_VENUES][MAP_GROUPS][MAP_MAKER_SPAN];     //  by row of the grid, around the start
    int64_t book_row;                                             //  row of book[..][0]
} map_maker_t;

//  minute: the one before the first column.
void
map_maker_init (map_maker_t *self, uint64_t seed, const char *instrument, int64_t minute);

//  Let a minute pass.  Borrowed until the next call; the caller may change it.
map_frame_t *
map_maker_column (map_maker_t *self);

//  The same minute as the ladder tells it: no rows by venue.
map_frame_t *
map_maker_ladder (map_maker_t *self);

//  What the last frame holds in row (on the grid) of a venue (-1: all) and groups.
double
map_maker_usd (const map_maker_t *self, int venue, uint32_t groups, int64_t row);

#endif
