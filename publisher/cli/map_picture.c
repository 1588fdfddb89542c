#include "publisher/cli/map_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

map_picture_t *
map_picture_new (const char *instrument, map_model_t model)
{
    map_picture_t *self = mem_new (sizeof *self);
    (void) snprintf (self->instrument, sizeof self->instrument, "%s", instrument);
    self->model = model;
    return self;
}

void
map_picture_destroy (map_picture_t **self_)
{
    map_picture_t *self = *self_;
    if (!self)
        return;
    free (self->heatmap.column_ms);
    free (self->heatmap.usd);
    free (self->heatmap.candles);
    free (self->heatmap.dots);
    free (self);
    *self_ = NULL;
}

//  --- what stands now

static void
take_groups (map_snapshot_t *self, const map_frame_t *frame)
{
    for (size_t i = 0; i < frame->groups_count && i < MAP_GROUPS; i++) {
        const map_group_t *group = &frame->groups[i];
        self->leverage_from[i] = group->leverage_from;
        self->leverage_to[i] = group->leverage_to;
        for (size_t r = 0; r < self->rows_count; r++) {
            self->usd[MAP_SIDE_LONG][i][r] = r < group->long_count ? (double) group->long_usd[r] : 0;
            self->usd[MAP_SIDE_SHORT][i][r] = r < group->short_count ? (double) group->short_usd[r] : 0;
        }
    }
}

static void
take_lists (map_snapshot_t *self, const map_frame_t *frame)
{
    for (size_t i = 0; i < frame->clusters_count && i < MAP_CLUSTERS_MAX; i++) {
        self->clusters[self->clusters_count] = frame->clusters[i];
        self->clusters[self->clusters_count].groups_usd = NULL;
        self->clusters[self->clusters_count++].groups_count = 0;
    }
    for (size_t i = 0; i < frame->cumulative_count && i < COUNT_OF (self->cumulative); i++)
        self->cumulative[self->cumulative_count++] = frame->cumulative[i];
    for (size_t i = 0; i < frame->venues_count && i < COUNT_OF (self->venues); i++) {
        self->venues[self->venues_count] = frame->venues[i];
        self->venues[self->venues_count].groups = NULL;
        self->venues[self->venues_count++].groups_count = 0;
    }
}

int
map_picture_take_frame (map_picture_t *self, const map_frame_t *frame, error_text_t *error)
{
    if (!(frame->mark_px > 0))
        return error_set (error, E_RANGE, "the map of %s has no mark price yet", frame->instrument);
    if (frame->rows_count < 1 || frame->rows_count > MAP_ROWS_MAX || !(frame->first_px > 0) ||
        frame->step_bp < 1)
        return error_set (error, E_RANGE, "the map of %s has no rows", frame->instrument);
    map_snapshot_t *snapshot = &self->snapshot;
    *snapshot = (map_snapshot_t){.ts_ms = frame->ts_ms,
                                 .mark_px = frame->mark_px,
                                 .first_px = frame->first_px,
                                 .step = frame->step_bp * 1e-4,
                                 .rows_count = (size_t) frame->rows_count,
                                 .pain_px = {frame->pain_long_px, frame->pain_short_px},
                                 .pain_usd = {frame->pain_long_usd, frame->pain_short_usd},
                                 .total_usd = {frame->long_usd, frame->short_usd},
                                 .oi_coverage_pct = frame->oi_coverage_pct,
                                 .confidence_pct = frame->confidence_pct,
                                 .leverage_mean = frame->leverage_mean,
                                 .score = frame->score_vs_ladder,
                                 .score_low = frame->score_low,
                                 .score_high = frame->score_high,
                                 .score_hours = frame->score_hours};
    (void) snprintf (snapshot->reason, sizeof snapshot->reason, "%s", frame->reason);
    take_groups (snapshot, frame);
    take_lists (snapshot, frame);
    self->is_simulated |= frame->head.source == SOURCE_SIM;
    self->has_snapshot = true;
    return OK;
}

//  --- cells

static int
compare_amounts (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

//  The 99.7th percentile of the cells that are not zero: the nearest rank, so that one cell alone is its own.
static double
full_of (const double usd[], size_t count)
{
    double *sorted = mem_new ((count ? count : 1) * sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (usd[i] > 0)
            sorted[kept++] = usd[i];
    double full = 0;
    if (kept > 0) {
        qsort (sorted, kept, sizeof *sorted, compare_amounts);
        size_t rank = (size_t) ceil (0.997 * (double) kept);
        full = sorted[rank > 0 ? rank - 1 : 0];
    }
    free (sorted);
    return full;
}

//  Columns first .. end - 1 of the document stand in a column of the picture that begins at at_ms.
static void
columns_at (const map_heatmap_t *heatmap, int64_t at_ms, int64_t until_ms, size_t *first, size_t *end)
{
    size_t i = *first; //  ascending calls: nothing before it is asked for again
    while (i < heatmap->columns_count && heatmap->column_ms[i] < at_ms)
        i++;
    *first = i;
    while (i < heatmap->columns_count && heatmap->column_ms[i] < until_ms)
        i++;
    *end = i;
    if (*first < i || i == 0)
        return;
    //  None begins here: the one before may still last.
    if ((double) (at_ms - heatmap->column_ms[i - 1]) < heatmap->column_s * 1000) {
        *first = i - 1;
        *end = i;
    }
}

void
map_picture_raster (const map_picture_t *self, size_t rows_most, size_t columns_count, map_raster_t *out)
{
    const map_heatmap_t *heatmap = &self->heatmap;
    CHECK (self->has_heatmap && rows_most > 0);
    size_t columns = columns_count ? columns_count : heatmap->columns_count;
    size_t fold = (heatmap->rows_count + rows_most - 1) / rows_most;
    size_t rows = (heatmap->rows_count + fold - 1) / fold;
    int64_t from_ms = map_picture_from_ms (self);
    double width_ms = (double) (map_picture_to_ms (self) - from_ms) / (double) columns;
    *out = (map_raster_t){.columns_count = columns, .rows_count = rows, .low_px = heatmap->first_px};
    out->high_px = heatmap->first_px * exp ((double) (rows * fold) * heatmap->step);
    out->usd = mem_new (columns * rows * sizeof *out->usd);
    size_t first = 0;
    for (size_t c = 0; c < columns; c++) {
        size_t end = c + 1;
        if (columns_count)
            columns_at (heatmap, from_ms + (int64_t) ((double) c * width_ms),
                        from_ms + (int64_t) ((double) (c + 1) * width_ms), &first, &end);
        else
            first = c;
        double *to = &out->usd[c * rows];
        for (size_t i = first; i < end; i++)
            for (size_t r = 0; r < heatmap->rows_count; r++)
                to[r / fold] += heatmap->usd[i * heatmap->rows_count + r] / (double) (end - first);
        for (size_t r = 0; first == end && r < rows; r++)
            to[r] = -1;
    }
    out->full_usd = full_of (out->usd, columns * rows);
}

void
map_picture_profile (const map_picture_t *self, size_t rows_most, double low_px, double high_px,
                     map_raster_t *out)
{
    const map_snapshot_t *snapshot = &self->snapshot;
    CHECK (self->has_snapshot && rows_most > 0);
    size_t first = snapshot->rows_count, end = 0;
    for (size_t r = 0; r < snapshot->rows_count; r++) {
        double middle_px = snapshot->first_px * exp (((double) r + 0.5) * snapshot->step);
        if (middle_px < low_px || middle_px >= high_px)
            continue;
        first = r < first ? r : first;
        end = r + 1;
    }
    size_t count = end > first ? end - first : 0, fold = (count + rows_most - 1) / rows_most;
    size_t rows = count ? (count + fold - 1) / fold : 0;
    *out = (map_raster_t){.columns_count = 2 * MAP_GROUPS, .rows_count = rows};
    out->low_px = snapshot->first_px * exp ((double) first * snapshot->step);
    out->high_px = out->low_px * exp ((double) (rows * fold) * snapshot->step);
    out->usd = mem_new ((rows ? rows : 1) * out->columns_count * sizeof *out->usd);
    for (size_t c = 0; c < out->columns_count; c++)
        for (size_t r = 0; r < count; r++)
            out->usd[c * rows + r / fold] += snapshot->usd[c / MAP_GROUPS][c % MAP_GROUPS][first + r];
    for (size_t r = 0; r < rows; r++)
        out->full_usd = fmax (out->full_usd, map_raster_side_usd (out, MAP_SIDE_LONG, r) +
                                                 map_raster_side_usd (out, MAP_SIDE_SHORT, r));
}

double
map_raster_side_usd (const map_raster_t *self, map_side_t side, size_t row)
{
    double sum = 0;
    for (size_t i = 0; i < MAP_GROUPS; i++)
        sum += self->usd[((size_t) side * MAP_GROUPS + i) * self->rows_count + row];
    return sum;
}

void
map_raster_fini (map_raster_t *self)
{
    free (self->usd);
    *self = (map_raster_t){0};
}

//  --- time, sums, words

int64_t
map_picture_from_ms (const map_picture_t *self)
{
    return self->heatmap.column_ms[0];
}

int64_t
map_picture_to_ms (const map_picture_t *self)
{
    return self->heatmap.column_ms[self->heatmap.columns_count - 1] +
           (int64_t) (self->heatmap.column_s * 1000);
}

size_t
map_picture_column (const map_picture_t *self, int64_t ts_ms)
{
    const map_heatmap_t *heatmap = &self->heatmap;
    size_t low = 0, high = heatmap->columns_count; //  the last that began at or before ts is at low - 1
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (heatmap->column_ms[middle] <= ts_ms)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || (double) (ts_ms - heatmap->column_ms[low - 1]) >= heatmap->column_s * 1000)
        return heatmap->columns_count;
    return low - 1;
}

static double
row_usd (const map_snapshot_t *snapshot, map_side_t side, size_t row)
{
    double sum = 0;
    for (size_t i = 0; i < MAP_GROUPS; i++)
        sum += snapshot->usd[side][i][row];
    return sum;
}

void
map_picture_cumulative (const map_picture_t *self, map_side_t side, double out[])
{
    const map_snapshot_t *snapshot = &self->snapshot;
    double at = log (snapshot->mark_px / snapshot->first_px) / snapshot->step;
    int64_t mark_row = (int64_t) floor (at), rows = (int64_t) snapshot->rows_count;
    int64_t step = side == MAP_SIDE_LONG ? -1 : 1;
    for (int64_t r = 0; r < rows; r++)
        out[r] = 0;
    double sum = 0;
    //  A mark outside the rows (it moved since they were made) leaves only what lies outward of it.
    int64_t start = mark_row < 0       ? (step > 0 ? 0 : -1)
                    : mark_row >= rows ? (step > 0 ? rows : rows - 1)
                                       : mark_row;
    for (int64_t r = start; r >= 0 && r < rows; r += step) {
        sum += row_usd (snapshot, side, (size_t) r);
        out[r] = sum;
    }
}

double
map_picture_last_px (const map_picture_t *self)
{
    if (self->has_snapshot)
        return self->snapshot.mark_px;
    if (self->has_heatmap && self->heatmap.candles_count > 0)
        return self->heatmap.candles[self->heatmap.candles_count - 1].close_px;
    return NAN;
}

void
map_picture_accuracy (const map_picture_t *self, char *out, size_t size)
{
    const map_snapshot_t *snapshot = &self->snapshot;
    if (!self->has_snapshot) {
        (void) snprintf (out, size, "accuracy unknown: the publisher has no map of this model yet");
        return;
    }
    size_t live_count = 0;
    for (size_t i = 0; i < snapshot->venues_count; i++)
        live_count += snapshot->venues[i].is_live;
    char score[128] = "no score against the ladder yet";
    if (self->model == MAP_MODEL_LADDER)
        (void) snprintf (score, sizeof score, "the classic ladder: what the full model is scored against");
    else if (isfinite (snapshot->score)) {
        int length = snprintf (score, sizeof score, "%+.2f nats/h against the ladder", snapshot->score);
        if (isfinite (snapshot->score_low) && isfinite (snapshot->score_high))
            length += snprintf (score + length, sizeof score - (size_t) length, " (95 %%: %+.2f to %+.2f)",
                                snapshot->score_low, snapshot->score_high);
        (void) snprintf (score + length, sizeof score - (size_t) length, " over %.1f h",
                         snapshot->score_hours);
    }
    (void) snprintf (
        out, size, "open interest known %.0f %%  |  %zu of %zu venues live  |  confidence %.0f %%%s%s  |  %s",
        snapshot->oi_coverage_pct, live_count, snapshot->venues_count, snapshot->confidence_pct,
        snapshot->reason[0] ? ": " : "", snapshot->reason, score);
}
