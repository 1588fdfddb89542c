/*  map_picture - what a picture of the liquidation map shows, without knowing what it is drawn on
 *
 *  Why   a terminal and a PNG file must show the same thing: amounts, prices, colours and ticks are decided
 *        here and only laid out by map_terminal and map_png.
 *  How   the heatmap comes from the publisher's document (map_document_read), what stands now from the last
 *        frame (map_picture_take_frame); either may be missing.  Each device asks for a raster of as many
 *        rows and columns as it has, and lays all layers over one price_scale_t (map_scale).
 *  Rows    are of equal height in log price.  Where a picture has fewer of them, neighbours are added up;
 *          where it has more, a row is drawn higher.  Amounts are never interpolated and never lost.
 *  Columns are what stood at a time, so where a picture has fewer of them, they are averaged. */

#ifndef LEADLINE_MAP_PICTURE_H
#define LEADLINE_MAP_PICTURE_H

#include "common/wire/result.h"
#include "publisher/cli/map_scale.h"

enum { MAP_PICTURE_COLUMNS_MAX = 20000, MAP_PICTURE_ROWS_MAX = 4000 };

//  A candle; its column is the one its time falls into.
typedef struct {
    int64_t ts_ms;
    double open_px, high_px, low_px, close_px;
} map_candle_t;

//  Liquidations printed in one column.
typedef struct {
    size_t column;
    double px, usd;
    map_side_t side; //  whose positions
    bool is_sampled; //  the venue's feed does not show all
} map_dot_t;

//  The heatmap over time.  Row r holds prices [first_px exp (r step), first_px exp ((r + 1) step)).
typedef struct {
    char range[16]; //  as the publisher names it: "24h"
    int64_t update_ms;
    double column_s;
    int64_t *column_ms; //  start of each column, ascending
    size_t columns_count, rows_count;
    double first_px, step; //  step: of log price
    double *usd;           //  columns_count x rows_count, column by column
    map_candle_t *candles;
    size_t candles_count;
    map_dot_t *dots;
    size_t dots_count;
} map_heatmap_t;

//  What stands now.
typedef struct {
    int64_t ts_ms;
    double mark_px; //  > 0
    double first_px, step;
    size_t rows_count;
    double leverage_from[MAP_GROUPS], leverage_to[MAP_GROUPS];
    double usd[2][MAP_GROUPS][MAP_ROWS_MAX]; //  by side, group of leverage, row
    map_cluster_t clusters[MAP_CLUSTERS_MAX];
    size_t clusters_count; //  their groups are not kept
    map_cumulative_t cumulative[8];
    size_t cumulative_count;
    double pain_px[2], pain_usd[2]; //  by side; NaN: none
    double total_usd[2];
    map_venue_t venues[16];
    size_t venues_count; //  their groups are not kept
    double oi_coverage_pct, confidence_pct, leverage_mean;
    char reason[96];
    double score, score_low, score_high, score_hours;
} map_snapshot_t;

typedef struct {
    char instrument[INSTRUMENT_NAME_MAX];
    map_model_t model;
    bool is_simulated, has_heatmap, has_snapshot;
    char why[256]; //  there is no heatmap
    map_heatmap_t heatmap;
    map_snapshot_t snapshot;
} map_picture_t;

map_picture_t *
map_picture_new (const char *instrument, map_model_t model);

void
map_picture_destroy (map_picture_t **self);

//  Keep what a frame says (nothing of it is borrowed).  E_RANGE with the reason when it cannot be drawn.
int
map_picture_take_frame (map_picture_t *self, const map_frame_t *frame, error_text_t *error);

//  --- amounts as cells

//  A heatmap or a snapshot in the rows of a picture, cells [column x rows_count + row], row 0 lowest.
typedef struct {
    size_t columns_count, rows_count;
    double low_px, high_px; //  of all rows together
    double *usd;            //  < 0: nothing is known of that time
    double full_usd;        //  what has tone 1; 0: there is nothing
} map_raster_t;

//  The heatmap in at most so many rows, and columns_count columns of equal time (0: those of the document).
void
map_picture_raster (const map_picture_t *self, size_t rows_most, size_t columns_count, map_raster_t *out);

//  The snapshot's rows within low..high likewise: a column for each side and group of leverage, longs first
//  (side x MAP_GROUPS + group).  full_usd is the largest sum of a row.
void
map_picture_profile (const map_picture_t *self, size_t rows_most, double low_px, double high_px,
                     map_raster_t *out);

//  Of a profile: all groups of a side in a row.
double
map_raster_side_usd (const map_raster_t *self, map_side_t side, size_t row);

void
map_raster_fini (map_raster_t *self);

//  Start and end of the heatmap's time, and the column a time falls into (columns_count: none does).
int64_t
map_picture_from_ms (const map_picture_t *self);
int64_t
map_picture_to_ms (const map_picture_t *self);
size_t
map_picture_column (const map_picture_t *self, int64_t ts_ms);

//  Mass of a side between the mark and the far edge of each row, outward: out[rows_count], 0 on the other
//  side.
void
map_picture_cumulative (const map_picture_t *self, map_side_t side, double out[]);

//  The last price there is: the snapshot's mark, else the last close; NaN: none.
double
map_picture_last_px (const map_picture_t *self);

//  The line of trust: open interest known, venues that count, score against the ladder, what lowers it.
void
map_picture_accuracy (const map_picture_t *self, char *out, size_t size);

#endif
