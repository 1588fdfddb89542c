/*  heatmap_file - one day of columns of one instrument and model
 *
 *      magic "LLHEAT01"  day i64  step_minutes u32  crc of these u32     24 bytes
 *      1440 x {offset u32, size u32}                                     by minute of the day; 0: none
 *      records, appended: side_size u32, cells_size u32, crc u32 of minute, sizes and side, crc u32 of the cells,
 *                         side, cells (heatmap_column.h)
 *
 *  A record is written before the index points to it, so what a crash leaves is a column that is not there, or
 *  one whose check sums do not match: that column is damaged, and only that one.  A minute written again gets a
 *  new record; the old one stays as waste until the day is thinned. */

#ifndef LEADLINE_HEATMAP_FILE_H
#define LEADLINE_HEATMAP_FILE_H

#include "publisher/heatmap_column.h"

enum { HEATMAP_MINUTES = 1440, HEATMAP_PATH_MAX = 512 };

typedef struct {
    uint32_t offset, size;
} heatmap_place_t;

typedef struct {
    int fd; //  -1: not open
    bool can_write;
    int64_t day; //  since the epoch
    uint32_t step_minutes;
    uint64_t size_bytes;
    char path[HEATMAP_PATH_MAX];
    heatmap_place_t places[HEATMAP_MINUTES];
} heatmap_file_t;

//  Open the file of a day to read it.  E_ABSENT: there is none; E_SYNTAX: it is not one of ours, or not of that
//  day; E_IO.  error has a text.
int
heatmap_file_open (heatmap_file_t *self, const char *path, int64_t day, error_text_t *error);

//  The same to write it; made when there is none.
int
heatmap_file_make (heatmap_file_t *self, const char *path, int64_t day, error_text_t *error);

//  Closed already: nothing happens.
void
heatmap_file_close (heatmap_file_t *self);

//  Write a column into a minute, in place of what it had.  E_IO: nothing has changed.
int
heatmap_file_put (heatmap_file_t *self, int minute, const heatmap_side_t *side, slice_t cells,
                  error_text_t *error);

//  Read what a minute has.  E_ABSENT none; E_SYNTAX damaged; E_IO the disk cannot read it now.  cells may be
//  NULL; packed is then not read.
int
heatmap_file_get (heatmap_file_t *self, int minute, heatmap_side_t *side, heatmap_cells_t *cells);

//  Forget a minute (a damaged one), in the file too when it can be written.
void
heatmap_file_drop (heatmap_file_t *self, int minute);

//  Rewrite the day with one column for every step_minutes: the last held of them, with the candle and prints of
//  all.  The old file stays until the new one is complete.  damaged_count is added to.
int
heatmap_file_thin (const char *path, int64_t day, uint32_t step_minutes, int64_t *damaged_count,
                   error_text_t *error);

#endif
