#include "publisher/heatmap_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/select.h"

enum { HOUR_S = 3600, MARKS_MAX = 40000, COLUMNS_MAX = 400 };
#define MARGIN   0.15 //  of price, beyond the candles
#define QUANTILE 0.997

const heatmap_range_t heatmap_ranges[HEATMAP_RANGES] = {
    {"12h", 12 * HOUR_S, 120},          {"24h", 24 * HOUR_S, 300},         {"48h", 48 * HOUR_S, 600},
    {"3d", 72 * HOUR_S, 900},           {"1w", 168 * HOUR_S, 1800},        {"2w", 336 * HOUR_S, HOUR_S},
    {"1m", 720 * HOUR_S, 2 * HOUR_S},   {"3m", 2160 * HOUR_S, 6 * HOUR_S}, {"6m", 4368 * HOUR_S, 12 * HOUR_S},
    {"1y", 8760 * HOUR_S, 24 * HOUR_S},
};

bool
heatmap_holds (const heatmap_t *self, const char *instrument, map_model_t model, size_t range)
{
    const heatmap_series_t *series = heatmap_series (self, instrument, model);
    CHECK (range < HEATMAP_RANGES);
    if (!series || series->newest_minute < 0)
        return false;
    const int64_t held_s = (series->newest_minute - series->oldest_minute + 1) * 60;
    return range == 0 || held_s > heatmap_ranges[range - 1].span_s + heatmap_ranges[range].column_s;
}

//  A column that will be drawn.
typedef struct {
    int64_t minute; //  the last held in it; -1: none
    int64_t first_row;
    int rows, step_bp;
} slot_t;

struct heatmap_work {
    heatmap_file_t other;
    heatmap_side_t side;
    heatmap_cells_t cells;
    slot_t slots[COLUMNS_MAX];
    heatmap_candle_t candles[COLUMNS_MAX];
    heatmap_mark_t *marks;
    float *grid;     //  [columns][rows]
    double *amounts; //  of it, those that are not 0
    size_t grid_capacity;
};

//  One reading.
typedef struct {
    heatmap_t *heatmap;
    const heatmap_query_t *query;
    heatmap_work_t *work;
    heatmap_picture_t *out;
    int64_t first_minute, last_minute, slot_minutes;
    double low_px, high_px;
    bool are_candles_only;
} read_t;

void
heatmap_work_destroy (heatmap_work_t **self)
{
    if (!*self)
        return;
    heatmap_file_close (&(*self)->other);
    free ((*self)->marks);
    free ((*self)->grid);
    free ((*self)->amounts);
    free (*self);
    *self = NULL;
}

static heatmap_work_t *
work_of (heatmap_t *self)
{
    if (!self->work) {
        self->work = mem_new (sizeof *self->work);
        self->work->other.fd = -1;
        self->work->marks = mem_new (MARKS_MAX * sizeof *self->work->marks);
    }
    return self->work;
}

static bool
is_wanted (const read_t *self, const char *venue)
{
    const heatmap_query_t *query = self->query;
    bool is_named = query->venues_count == 0 || !venue[0];
    for (size_t i = 0; i < query->venues_count && !is_named; i++)
        is_named = strcmp (query->venues[i], venue) == 0;
    return is_named;
}

//  --- the sides of all minutes: candles, prints, and which column stands last in each slot

static void
add_candle (heatmap_candle_t *to, const heatmap_side_t *side)
{
    if (isnan (to->open_px))
        to->open_px = side->open_px;
    to->high_px = fmax (to->high_px, side->high_px);
    to->low_px = fmin (to->low_px, side->low_px);
    if (!isnan (side->close_px))
        to->close_px = side->close_px;
    if (isnan (to->volume_usd))
        to->volume_usd = side->volume_usd;
    else if (!isnan (side->volume_usd))
        to->volume_usd += side->volume_usd;
}

static int
name_of (heatmap_picture_t *out, const char *name)
{
    for (size_t i = 0; i < out->names_count; i++)
        if (strcmp (out->names[i], name) == 0)
            return (int) i;
    if (out->names_count == HEATMAP_NAMES_MAX)
        return -1;
    (void) slice_copy (slice_of (name), out->names[out->names_count], VENUE_NAME_MAX);
    return (int) out->names_count++;
}

static void
add_print (read_t *self, size_t x, const heatmap_print_t *print, int name)
{
    heatmap_picture_t *out = self->out;
    for (size_t i = out->marks_count; i-- > 0 && out->marks[i].x == x;) {
        heatmap_print_t *sum = &out->marks[i].print;
        if (sum->name != name || sum->side != print->side)
            continue;
        sum->px = (sum->px * sum->usd + print->px * print->usd) / (sum->usd + print->usd);
        sum->usd += print->usd;
        sum->count += print->count;
        if (print->coverage > sum->coverage)
            sum->coverage = print->coverage;
        return;
    }
    if (out->marks_count == MARKS_MAX)
        return;
    out->marks[out->marks_count] = (heatmap_mark_t){x, *print};
    out->marks[out->marks_count++].print.name = (uint8_t) name;
}

static void
take_side (read_t *self, int64_t minute, const heatmap_side_t *side)
{
    heatmap_picture_t *out = self->out;
    const size_t x = (size_t) ((minute - self->first_minute) / self->slot_minutes);
    add_candle (&out->candles[x], side);
    self->high_px = fmax (self->high_px, fmax (side->high_px, side->mark_px));
    self->low_px = fmin (self->low_px, fmin (side->low_px, side->mark_px));
    out->is_sim |= side->is_sim;
    for (size_t i = 0; i < side->names_count; i++)
        if (side->names[i][0])
            (void) name_of (out, side->names[i]);
    for (size_t i = 0; i < side->prints_count; i++) {
        const char *venue = side->names[side->prints[i].name];
        int name = is_wanted (self, venue) && venue[0] ? name_of (out, venue) : -1;
        if (name >= 0)
            add_print (self, x, &side->prints[i], name);
    }
    if (self->are_candles_only)
        return;
    const slot_t slot = {minute, side->first_row, side->rows, side->step_bp};
    self->work->slots[x] = slot;
    //  A column that stands for several minutes fills the slots before its own that have none.
    const int64_t since = minute - side->span_minutes + 1;
    for (size_t before = x; before-- > 0 && self->work->slots[before].minute < 0 &&
                            self->first_minute + (int64_t) (before + 1) * self->slot_minutes > since;)
        self->work->slots[before] = slot;
    out->update_ms = side->ts_ms;
}

//  What a minute has; damaged: forgotten and counted, as if there were none.
static int
get_minute (read_t *self, heatmap_series_t *series, heatmap_file_t *file, int64_t minute,
            heatmap_cells_t *cells)
{
    const int at = (int) (minute % HEATMAP_MINUTES);
    int status = heatmap_file_get (file, at, &self->work->side, cells);
    if (status == E_SYNTAX) {
        heatmap_file_drop (file, at);
        heatmap_damage (self->heatmap, series, file->path, 1);
    }
    return status;
}

static void
walk (read_t *self, heatmap_series_t *series)
{
    for (size_t i = 0; i < series->days_count;) {
        const int64_t day = series->days[i], from = day * HEATMAP_MINUTES;
        heatmap_file_t *file = NULL;
        if (from + HEATMAP_MINUTES > self->first_minute && from <= self->last_minute)
            file = heatmap_day (self->heatmap, series, day, &self->work->other);
        for (int64_t minute = from; file && minute < from + HEATMAP_MINUTES; minute++)
            if (minute >= self->first_minute && minute <= self->last_minute &&
                get_minute (self, series, file, minute, NULL) == OK)
                take_side (self, minute, &self->work->side);
        i += i < series->days_count && series->days[i] == day; //  a file that is none of ours is gone
    }
}

//  --- rows

//  The step of the newest column; those with another cannot stand beside it.
static int
step_of (const read_t *self)
{
    for (size_t x = self->out->columns; x-- > 0;)
        if (self->work->slots[x].minute >= 0)
            return self->work->slots[x].step_bp;
    return 0;
}

static int64_t
floor_div (int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

//  Which rows: those of the candles and a margin, clipped to what is held, so many in one that there are at most
//  rows_max, on a grid that does not move with the window.
static void
choose_rows (read_t *self, int step_bp)
{
    heatmap_picture_t *out = self->out;
    int64_t first = INT64_MAX, end = INT64_MIN;
    for (size_t x = 0; x < out->columns; x++) {
        const slot_t *slot = &self->work->slots[x];
        if (slot->minute < 0 || slot->step_bp != step_bp || slot->rows == 0)
            continue;
        first = slot->first_row < first ? slot->first_row : first;
        end = slot->first_row + slot->rows > end ? slot->first_row + slot->rows : end;
    }
    if (first >= end)
        return;
    const double step = step_bp / 1e4;
    if (self->low_px > 0 && self->high_px >= self->low_px) {
        const int64_t low = (int64_t) floor (log (self->low_px * (1 - MARGIN)) / step);
        const int64_t high = (int64_t) floor (log (self->high_px * (1 + MARGIN)) / step) + 1;
        if (low < end &&
            high > first) { //  else the candles and the rows are of different worlds: show the rows
            first = low > first ? low : first;
            end = high < end ? high : end;
        }
    }
    int64_t merge = (end - first + self->query->rows_max - 1) / self->query->rows_max;
    while (floor_div (end - 1, merge) - floor_div (first, merge) + 1 > self->query->rows_max)
        merge++;
    out->row_bp = (int) (merge * step_bp);
    out->first_row = floor_div (first, merge);
    out->rows = (size_t) (floor_div (end - 1, merge) - out->first_row + 1);
}

//  --- cells

static void
add_cells (read_t *self, size_t x, int64_t merge)
{
    heatmap_picture_t *out = self->out;
    const heatmap_side_t *side = &self->work->side;
    const float *usd = heatmap_column_usd ();
    double sums[MAP_ROWS_MAX] = {0};
    for (size_t v = 0; v < side->venues_count; v++)
        for (size_t g = 0; g < side->groups_count; g++) {
            const uint16_t *codes = self->work->cells.codes[v][g];
            if (is_wanted (self, side->names[v]) && (self->query->groups & (1u << g)))
                for (int row = 0; row < side->rows; row++)
                    sums[row] += (double) usd[codes[row]];
        }
    float *column = out->cells + x * out->rows;
    int64_t y = floor_div (side->first_row, merge), within = side->first_row - y * merge;
    y -= out->first_row;
    for (int row = 0; row < side->rows; row++) {
        if (y >= 0 && y < (int64_t) out->rows)
            column[y] += (float) sums[row];
        if (++within == merge) {
            within = 0;
            y++;
        }
    }
}

static void
draw_columns (read_t *self, heatmap_series_t *series, int step_bp)
{
    heatmap_picture_t *out = self->out;
    for (size_t x = 0; x < out->columns; x++) {
        const slot_t *slot = &self->work->slots[x];
        if (slot->minute < 0 || slot->step_bp != step_bp)
            continue;
        //  When the last one's cells are damaged, the one before it stands for the slot.
        const int64_t from = self->first_minute + (int64_t) x * self->slot_minutes;
        int status = E_ABSENT;
        for (int64_t minute = slot->minute; minute >= from && status != OK; minute--) {
            heatmap_file_t *file =
                self->work->other.fd >= 0 && self->work->other.day == minute / HEATMAP_MINUTES &&
                        strncmp (self->work->other.path, series->folder, strlen (series->folder)) == 0
                    ? &self->work->other
                    : heatmap_day (self->heatmap, series, minute / HEATMAP_MINUTES, &self->work->other);
            if (file)
                status = get_minute (self, series, file, minute, &self->work->cells);
            if (status == OK && self->work->side.step_bp == step_bp)
                add_cells (self, x, out->row_bp / step_bp);
        }
        if (status == OK) {
            out->reconstructed += self->work->side.is_reconstructed;
            out->groups_count = self->work->side.groups_count;
            memcpy (out->leverage, self->work->cells.leverage, sizeof out->leverage);
        }
    }
}

static void
measure (read_t *self)
{
    heatmap_picture_t *out = self->out;
    double *amounts = self->work->amounts;
    size_t count = 0;
    for (size_t i = 0; i < out->columns * out->rows; i++)
        if (out->cells[i] > 0) {
            amounts[count++] = (double) out->cells[i];
            out->max_usd = fmax (out->max_usd, (double) out->cells[i]);
        }
    if (count > 0)
        out->p997_usd = select_kth (amounts, count, (size_t) (QUANTILE * (double) (count - 1)));
}

//  --- all of it

static void
begin (read_t *self, heatmap_series_t *series)
{
    heatmap_picture_t *out = self->out;
    const heatmap_range_t *range = &heatmap_ranges[self->query->range];
    self->slot_minutes = range->column_s / 60;
    self->last_minute = series->newest_minute;
    const int64_t last_slot = series->newest_minute / self->slot_minutes;
    int64_t first_slot = last_slot - range->span_s / range->column_s + 1;
    const int64_t oldest_slot = series->oldest_minute / self->slot_minutes;
    if (first_slot < oldest_slot)
        first_slot = oldest_slot;
    self->first_minute = first_slot * self->slot_minutes;
    self->low_px = self->high_px = NAN;
    memset (out, 0, sizeof *out);
    out->column_s = range->column_s;
    out->columns = (size_t) (last_slot - first_slot + 1);
    CHECK (out->columns <= COLUMNS_MAX);
    out->candles = self->work->candles;
    out->marks = self->work->marks;
    for (size_t x = 0; x < out->columns; x++) {
        self->work->slots[x].minute = -1;
        out->candles[x] = (heatmap_candle_t){
            (self->first_minute + (int64_t) x * self->slot_minutes) * 60000, NAN, NAN, NAN, NAN, NAN};
    }
}

static bool
has_candles (const heatmap_picture_t *out)
{
    for (size_t x = 0; x < out->columns; x++)
        if (!isnan (out->candles[x].close_px))
            return true;
    return false;
}

static void
make_grid (heatmap_work_t *work, heatmap_picture_t *out)
{
    const size_t count = out->columns * out->rows + 1;
    if (count > work->grid_capacity) {
        work->grid_capacity = count;
        work->grid = mem_grow (work->grid, count * sizeof *work->grid);
        work->amounts = mem_grow (work->amounts, count * sizeof *work->amounts);
    }
    memset (work->grid, 0, count * sizeof *work->grid);
    out->cells = work->grid;
}

int
heatmap_read (heatmap_t *self, const heatmap_query_t *query, heatmap_picture_t *out)
{
    heatmap_series_t *series = heatmap_series (self, query->instrument, query->model);
    CHECK (query->range < HEATMAP_RANGES && query->rows_max > 0);
    if (!series || series->newest_minute < 0)
        return E_ABSENT;
    read_t read = {.heatmap = self, .query = query, .work = work_of (self), .out = out};
    heatmap_file_close (&read.work->other); //  its day may have been thinned since
    begin (&read, series);
    walk (&read, series);
    for (size_t i = 0; i < query->venues_count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < out->names_count; k++)
            is_known |= strcmp (query->venues[i], out->names[k]) == 0;
        if (!is_known)
            return E_SYNTAX;
    }
    const int step_bp = step_of (&read);
    if (step_bp == 0)
        return E_ABSENT; //  all of it was damaged
    if (query->model != MAP_MODEL_FULL && !has_candles (out)) {
        read.are_candles_only = true;
        walk (&read, heatmap_series (self, query->instrument, MAP_MODEL_FULL));
    }
    choose_rows (&read, step_bp);
    make_grid (read.work, out);
    if (out->rows > 0)
        draw_columns (&read, series, step_bp);
    measure (&read);
    return OK;
}
