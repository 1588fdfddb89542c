/*  heatmap_column - one minute of the liquidation map, as the heatmap keeps it
 *
 *  Parts  the side is small and read for every minute a picture spans (candle, mark, prints, names); the cells
 *         are large, compressed, and read only for columns that are drawn.
 *  Cells  codes[venue][group][row]: longs and shorts added (they lie on different sides of the mark), 0:
 *         nothing; else 0.01 usd x 1.01^(code - 1), so an amount is kept within half a percent, from a cent to
 *         5e15.  What is less than a cent is nothing.
 *  Bytes  little-endian, as the machine's; both parts are checked field by field when read: a file is never
 *         believed. */

#ifndef LEADLINE_HEATMAP_COLUMN_H
#define LEADLINE_HEATMAP_COLUMN_H

#include "common/wire/result.h"

enum {
    HEATMAP_VENUES_MAX = 16, //  with cells
    HEATMAP_NAMES_MAX = 32,  //  with those that only printed
    HEATMAP_PRINTS_MAX = 64,
    HEATMAP_CODES = 4096,
    HEATMAP_SIDE_BYTES_MAX = 4096,
    HEATMAP_CELLS_BYTES_MAX = 80 * 1024 //  packed
};

typedef struct {
    uint8_t name; //  index
    int8_t side;  //  +1 longs were liquidated, -1 shorts
    uint8_t coverage;
    double px, usd;
    int64_t count;
} heatmap_print_t;

typedef struct {
    int64_t ts_ms;
    bool is_sim;
    int span_minutes; //  1; what a thinned column stands for: 30
    int64_t first_row;
    int rows, step_bp;
    double mark_px, open_px, high_px, low_px, close_px, volume_usd; //  NaN: unknown
    char names[HEATMAP_NAMES_MAX][VENUE_NAME_MAX];                  //  of venues with cells first
    size_t names_count, venues_count;
    size_t groups_count;
    heatmap_print_t prints[HEATMAP_PRINTS_MAX];
    size_t prints_count;
} heatmap_side_t;

typedef struct {
    float leverage[MAP_GROUPS][2]; //  from, to
    uint16_t codes[HEATMAP_VENUES_MAX][MAP_GROUPS][MAP_ROWS_MAX];
} heatmap_cells_t;

uint16_t
heatmap_column_code (double usd);

//  By code, HEATMAP_CODES of them; [0] is 0.
const float *
heatmap_column_usd (void);

//  A column frame in both parts.  A frame without rows of venues (the ladder) is one venue named "".  E_RANGE
//  with a text when the frame is not one that can be kept.
int
heatmap_column_take (const map_frame_t *frame, heatmap_side_t *side, heatmap_cells_t *cells,
                     error_text_t *error);

//  Add an earlier minute's candle and prints to a column that will stand for both.
void
heatmap_column_merge (heatmap_side_t *to, const heatmap_side_t *earlier);

//  out holds HEATMAP_SIDE_BYTES_MAX.  Returns the size.
size_t
heatmap_column_write_side (const heatmap_side_t *side, char *out);
//  E_SYNTAX for anything that write would not have written.
int
heatmap_column_read_side (slice_t bytes, heatmap_side_t *out);

//  out holds HEATMAP_CELLS_BYTES_MAX.  Returns the size.
size_t
heatmap_column_pack (const heatmap_side_t *side, const heatmap_cells_t *cells, char *out);
//  The side says how many there must be.  Codes beyond its rows are not touched.
int
heatmap_column_unpack (slice_t bytes, const heatmap_side_t *side, heatmap_cells_t *out);

#endif
