/*  heatmap - the liquidation map over time: one column a minute, kept on disk for months
 *
 *  Files  <folder>/<instrument>.<model>/<YYYY-MM-DD>.heat (heatmap_file.h); found again after a restart.
 *  Time   that of the frames: a column that closes the minute 12:00 carries about 12:01:00.  No clock is read.
 *  Age    days older than minute_days are thinned to a column in 30 minutes, those older than days are deleted,
 *         both counted back from the newest day of the same instrument and model; done when a day begins and
 *         at start.  A day far ahead of all others is not believed before it has a next one.
 *  End    pictures end at the column put last, or, after a start, at the newest that is held.
 *  Wrong  a damaged column or file is passed over, counted and said once; a disk that takes no more is counted
 *         and said once, and everything else goes on. */

#ifndef LEADLINE_HEATMAP_H
#define LEADLINE_HEATMAP_H

#include "common/run/metrics.h"
#include "publisher/heatmap_column.h"

enum {
    HEATMAP_THIN_MINUTES = 30,
    HEATMAP_RECONSTRUCTED_MINUTES = 5,
    HEATMAP_RANGES = 10,
    HEATMAP_ROWS_MIN = 50,
    HEATMAP_ROWS_MAX = 801
};

typedef struct heatmap heatmap_t;

typedef struct {
    const char *folder; //  made when missing
    int64_t minute_days, days;
    const universe_t *universe; //  of nothing else columns are kept; kept
} heatmap_options_t;

//  Open the folder, look through it, apply the ages.  NULL with a text when it cannot be made or
//  written, or another process keeps its own there.
heatmap_t *
heatmap_new (const heatmap_options_t *options, metrics_t *metrics, error_text_t *error);
void
heatmap_destroy (heatmap_t **self);

//  Keep a frame, if it is a column.  OK; E_ABSENT of an instrument that is not ours; E_RANGE not a frame that
//  can be kept; E_STALE too old to be kept; E_IO the disk.  All but OK are counted (and logged) here.
int
heatmap_put (heatmap_t *self, const map_frame_t *frame);

//  --- reading

typedef struct {
    const char *name; //  "24h"
    int64_t span_s;
    int column_s; //  width of a column in it
} heatmap_range_t;
extern const heatmap_range_t heatmap_ranges[HEATMAP_RANGES];

//  A range is held when what is held reaches back further than the next shorter one (by more than a column).
//  The shortest is held as soon as there is a column.
bool
heatmap_holds (const heatmap_t *self, const char *instrument, map_model_t model, size_t range);

typedef struct {
    const char *instrument;
    map_model_t model;
    size_t range;    //  index
    uint32_t groups; //  bits of those wanted
    const char *const *venues;
    size_t venues_count; //  0: all
    int rows_max;
} heatmap_query_t;

typedef struct {
    int64_t ts_ms;                                         //  start
    double open_px, high_px, low_px, close_px, volume_usd; //  NaN: unknown
} heatmap_candle_t;

//  Liquidations of one column, venue and side.
typedef struct {
    size_t x;
    heatmap_print_t print; //  name: index in names
} heatmap_mark_t;

//  Column x holds what stood at the end of its time: the last minute held in it.  Candles and prints are those of
//  all its minutes.  Row y holds the sum of row_bp of log price; rows are never interpolated.
typedef struct {
    bool is_sim;
    int64_t update_ms; //  of the newest column
    int column_s, row_bp;
    int64_t first_row; //  in steps of row_bp
    size_t rows, columns;
    char names[HEATMAP_NAMES_MAX][VENUE_NAME_MAX]; //  of venues seen in the range, whether wanted or not
    size_t names_count;
    float leverage[MAP_GROUPS][2];
    size_t groups_count;
    heatmap_candle_t *candles; //  [columns]
    float *cells;              //  [columns][rows]
    heatmap_mark_t *marks;     //  by x
    size_t marks_count;
    double max_usd, p997_usd; //  of the cells that are not 0; 0: there are none
} heatmap_picture_t;          //  borrowed until the next heatmap_read

//  E_ABSENT: nothing is held.  E_SYNTAX: a venue that is not among the names; out has the names.
int
heatmap_read (heatmap_t *self, const heatmap_query_t *query, heatmap_picture_t *out);

#endif
