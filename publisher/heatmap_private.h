/*  heatmap_private - what heatmap (keeping) and heatmap_read (drawing) share */

#ifndef LEADLINE_HEATMAP_PRIVATE_H
#define LEADLINE_HEATMAP_PRIVATE_H

#include "publisher/heatmap.h"
#include "publisher/heatmap_file.h"

enum { HEATMAP_MODELS = 2 };

//  One instrument and model.
typedef struct {
    char folder[HEATMAP_PATH_MAX - 32];
    int64_t *days; //  held, ascending
    size_t days_count, days_capacity;
    int64_t thinned_day;                  //  this day and those before are known to be thinned
    int64_t oldest_minute, newest_minute; //  since the epoch; -1: none
    heatmap_file_t file;                  //  of the day written last
    bool is_damage_said;
} heatmap_series_t;

typedef struct heatmap_work heatmap_work_t;

struct heatmap {
    char folder[HEATMAP_PATH_MAX - 64];
    int lock_fd; //  the folder, held as long as we are
    int64_t minute_days, days;
    const universe_t *universe;
    heatmap_series_t *series; //  instrument x HEATMAP_MODELS + model
    bool is_disk_failing;
    heatmap_side_t side;
    heatmap_cells_t cells;
    char packed[HEATMAP_CELLS_BYTES_MAX];
    heatmap_work_t *work; //  of heatmap_read
    metric_t *kept, *refused, *stale, *failures, *damaged, *thinned, *deleted, *bytes;
};

heatmap_series_t *
heatmap_series (const heatmap_t *self, const char *instrument, map_model_t model);

void
heatmap_path (const heatmap_series_t *series, int64_t day, char out[HEATMAP_PATH_MAX]);

//  The open file of a day, borrowed: the one being written, or `other`, opened (and closed before).  NULL when it
//  cannot be read (said here).
heatmap_file_t *
heatmap_day (heatmap_t *self, heatmap_series_t *series, int64_t day, heatmap_file_t *other);

//  Something of a file is damaged: count it, say it once.
void
heatmap_damage (heatmap_t *self, heatmap_series_t *series, const char *path, int64_t count);

void
heatmap_work_destroy (heatmap_work_t **self);

#endif
