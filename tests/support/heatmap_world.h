/*  heatmap_world - a heatmap in a folder of its own, a map that lives, and how they are compared */

#ifndef LEADLINE_TEST_HEATMAP_WORLD_H
#define LEADLINE_TEST_HEATMAP_WORLD_H

#include "publisher/heatmap.h"
#include "publisher/heatmap_file.h"
#include "tests/support/map_maker.h"
#include "tests/support/temp_folder.h"

#define HEATMAP_WORLD_DAY INT64_C (20000) //  2024-10-04: the first day
enum { HEATMAP_WORLD_GROUPS = 31 };       //  all of them

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    universe_t universe; //  BTCUSDT ETHUSDT
    metrics_t *metrics;
    heatmap_t *heatmap;
    map_maker_t maker; //  of BTCUSDT; its first column is the first minute of the first day
    int64_t minute_days, days;
} heatmap_world_t;

//  For cmocka.
int
heatmap_world_set_up (void **state);
int
heatmap_world_tear_down (void **state);

//  Open it with the present minute_days and days; close and open again.
void
heatmap_world_open (heatmap_world_t *world);
void
heatmap_world_reopen (heatmap_world_t *world);

//  A counter of the publisher.
double
heatmap_world_counted (heatmap_world_t *world, const char *name);

//  Let the map live for so many minutes and put every column.
void
heatmap_world_put (heatmap_world_t *world, int count);

//  Everything of BTCUSDT in a range (an index), in rows as they are.
heatmap_query_t
heatmap_world_query (size_t range);
heatmap_picture_t
heatmap_world_read (heatmap_world_t *world, size_t range);

//  The only file that matches, of the heatmap's folder; and how many do.
void
heatmap_world_find (const heatmap_world_t *world, const char *pattern, char *out, size_t size);
size_t
heatmap_world_files (const heatmap_world_t *world, const char *pattern);

//  The last column of the picture against the frame it was made of, for a venue (-1: all) and groups.
void
heatmap_world_expect_last (const heatmap_world_t *world, const heatmap_picture_t *picture, int venue,
                           uint32_t groups);

#endif
