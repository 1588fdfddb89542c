#include "cards/map_frame.h"

#include "cards/liquidation_map_private.h"
#include "cards/map_peaks.h"
#include "common/base/check.h"
#include "common/base/select.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BINS_A_ROW = 2, PRINTS_MAX = 2 * MARKET_VENUES_MAX };
#define OI_FRESH_NS  (300 * NS_PER_S)
#define LIVE_NS      (10 * NS_PER_S)
#define WARM_NS      (INT64_C (86400) * NS_PER_S)
#define SEEDED_SHARE .5 //  confidence of a map that history has filled, before any live flow
#define PAIN_REACH   .05
#define PAIN_HORIZON 86400.0
#define NORMAL_P90   1.2816

static const double DISTANCES_PCT[] = {1, 2, 3, 5, 10};
static const double GROUP_FROM[MAP_GROUPS] = {2, 10, 20, 50, 75},
                    GROUP_TO[MAP_GROUPS] = {7.5, 15, 33, 50, 125};

//  Rows of the five groups of one thing: all venues, or one.
typedef struct {
    float usd[2][MAP_GROUPS][MAP_ROWS_MAX];
    map_group_t groups[MAP_GROUPS];
} map_rows_t;

typedef struct {
    map_frame_t frame;
    map_rows_t rows;
    map_cluster_t clusters[MAP_CLUSTERS_MAX];
    float cluster_groups[MAP_CLUSTERS_MAX][MAP_GROUPS];
    map_cumulative_t cumulative[COUNT_OF (DISTANCES_PCT)];
    float theta[MAP_COMPONENTS];
    map_print_t prints[PRINTS_MAX];
    map_venue_t *venues;
} map_sheet_t;

struct map_frame_maker {
    char instrument[INSTRUMENT_NAME_MAX];
    int venues_count;
    map_sheet_t sheets[2]; //  by model
    map_rows_t *venue_rows;
    double *divergence_pct; //  by venue, of the last column
    float scratch[2][MAP_GROUPS][MAP_VIEW_BINS];
    double *curves; //  [venue][bin]: normalised density, both sides
    double all[MAP_VIEW_BINS];
    double smooth[MAP_VIEW_BINS];
    bool has_frame[2];
};

map_frame_maker_t *
map_frame_new (const char *instrument, int venues_count)
{
    map_frame_maker_t *self = mem_new (sizeof *self);
    (void) snprintf (self->instrument, sizeof self->instrument, "%s", instrument);
    self->venues_count = venues_count;
    self->venue_rows = mem_new ((size_t) venues_count * sizeof *self->venue_rows);
    self->divergence_pct = mem_new ((size_t) venues_count * sizeof *self->divergence_pct);
    self->curves = mem_new ((size_t) venues_count * MAP_VIEW_BINS * sizeof *self->curves);
    for (int v = 0; v < venues_count; v++)
        self->divergence_pct[v] = NAN;
    for (int model = 0; model < 2; model++)
        self->sheets[model].venues = mem_new ((size_t) venues_count * sizeof (map_venue_t));
    return self;
}

void
map_frame_destroy (map_frame_maker_t **self)
{
    if (!*self)
        return;
    for (int model = 0; model < 2; model++)
        free ((*self)->sheets[model].venues);
    free ((*self)->venue_rows);
    free ((*self)->divergence_pct);
    free ((*self)->curves);
    free (*self);
    *self = NULL;
}

//  --- rows

static int64_t
row_of (int64_t bin)
{
    return bin >= 0 ? bin / BINS_A_ROW : -((-bin + BINS_A_ROW - 1) / BINS_A_ROW);
}

static void
fill_rows (map_rows_t *rows, float bins[2][MAP_GROUPS][MAP_VIEW_BINS], int64_t first_bin)
{
    int64_t first_row = row_of (first_bin);
    memset (rows->usd, 0, sizeof rows->usd);
    for (int side = 0; side < 2; side++)
        for (int group = 0; group < MAP_GROUPS; group++) {
            float *out = rows->usd[side][group];
            int odd = (int) (first_bin - first_row * BINS_A_ROW); //  row 0 may begin with its second bin
            for (int i = 0; i < MAP_VIEW_BINS; i++)
                out[(i + odd) / BINS_A_ROW] += bins[side][group][i];
            size_t count = 0;
            for (size_t row = 0; row < MAP_ROWS_MAX; row++) {
                out[row] = (float) (int64_t) (out[row] + .5F); //  whole dollars
                if (out[row] > 0)
                    count = row + 1;
            }
            map_group_t *made = &rows->groups[group];
            made->leverage_from = GROUP_FROM[group];
            made->leverage_to = GROUP_TO[group];
            if (side == MAP_SIDE_LONG) {
                made->long_usd = out;
                made->long_count = count;
            } else {
                made->short_usd = out;
                made->short_count = count;
            }
        }
}

//  --- clusters

//  The quantile of the values that are not zero; 0 when all are.
static double
least_height (const double values[MAP_VIEW_BINS])
{
    double left[MAP_VIEW_BINS];
    size_t count = 0;
    for (int i = 0; i < MAP_VIEW_BINS; i++)
        if (values[i] > 0)
            left[count++] = values[i];
    return count > 0 ? select_kth (left, count, (size_t) (MAP_PEAKS_RANK * (double) (count - 1))) : 0;
}

static void
measure_cluster (map_sheet_t *sheet, const map_view_t *view, float bins[2][MAP_GROUPS][MAP_VIEW_BINS], int at,
                 double spread, size_t index)
{
    map_cluster_t *cluster = sheet->clusters + index;
    int from = at - MAP_PEAKS_REACH < 0 ? 0 : at - MAP_PEAKS_REACH;
    int to = at + MAP_PEAKS_REACH >= MAP_VIEW_BINS ? MAP_VIEW_BINS - 1 : at + MAP_PEAKS_REACH;
    double sides[2] = {0, 0};
    memset (sheet->cluster_groups[index], 0, sizeof sheet->cluster_groups[index]);
    for (int side = 0; side < 2; side++)
        for (int group = 0; group < MAP_GROUPS; group++)
            for (int i = from; i <= to; i++) {
                sides[side] += (double) bins[side][group][i];
                sheet->cluster_groups[index][group] += bins[side][group][i];
            }
    *cluster = (map_cluster_t){.low_px = exp ((double) (view->first_bin + from) * MAP_BIN_WIDTH),
                               .high_px = exp ((double) (view->first_bin + to + 1) * MAP_BIN_WIDTH),
                               .side = sides[MAP_SIDE_LONG] >= sides[MAP_SIDE_SHORT] ? MAP_SIDE_LONG
                                                                                     : MAP_SIDE_SHORT,
                               .usd = sides[0] + sides[1],
                               .groups_usd = sheet->cluster_groups[index],
                               .groups_count = MAP_GROUPS};
    cluster->usd_p10 = cluster->usd * exp (-NORMAL_P90 * spread);
    cluster->usd_p90 = cluster->usd * exp (NORMAL_P90 * spread);
}

static void
find_clusters (map_frame_maker_t *self, map_sheet_t *sheet, const map_view_t *view,
               float bins[2][MAP_GROUPS][MAP_VIEW_BINS], double spread)
{
    int peaks[MAP_PEAKS_MAX], count = 0;
    map_peaks_smooth (view, self->smooth);
    const double least = least_height (self->smooth);
    const int found = map_peaks_find (self->smooth, peaks);
    for (int i = 0; i < found; i++)
        if (self->smooth[peaks[i]] >= least)
            peaks[count++] = peaks[i];
    sheet->frame.clusters_count = 0;
    while (sheet->frame.clusters_count < MAP_CLUSTERS_MAX && count > 0) { //  the largest that is left
        int best = 0;
        for (int k = 1; k < count; k++)
            if (self->smooth[peaks[k]] > self->smooth[peaks[best]])
                best = k;
        measure_cluster (sheet, view, bins, peaks[best], spread, sheet->frame.clusters_count++);
        peaks[best] = peaks[--count];
    }
    sheet->frame.clusters = sheet->clusters;
}

//  --- curves

//  Mass of a side between the mark and a log distance from it.
static double
mass_within (const map_view_t *view, int side, double distance)
{
    double sum = 0;
    for (int i = 0; i < MAP_VIEW_BINS; i++) {
        double x = ((double) (view->first_bin + i) + .5) * MAP_BIN_WIDTH - view->x;
        bool is_inside = side == MAP_SIDE_LONG ? x >= -distance && x <= MAP_BIN_WIDTH
                                               : x <= distance && x >= -MAP_BIN_WIDTH;
        sum += is_inside ? (double) view->usd[side][i] : 0;
    }
    return sum;
}

static void
fill_cumulative (map_sheet_t *sheet, const map_view_t *view)
{
    for (size_t i = 0; i < COUNT_OF (DISTANCES_PCT); i++)
        sheet->cumulative[i] = (map_cumulative_t){
            .distance_pct = DISTANCES_PCT[i],
            .long_usd = mass_within (view, MAP_SIDE_LONG, -log1p (-DISTANCES_PCT[i] / 100)),
            .short_usd = mass_within (view, MAP_SIDE_SHORT, log1p (DISTANCES_PCT[i] / 100))};
    sheet->frame.cumulative = sheet->cumulative;
    sheet->frame.cumulative_count = COUNT_OF (DISTANCES_PCT);
}

//  Where cumulative mass x chance that the price comes there within a day is largest.
static void
find_pain (const map_view_t *view, const market_t *market, int side, double *pain_px, double *pain_usd)
{
    double sigma, sum = 0, best = 0;
    *pain_px = *pain_usd = NAN;
    if (market_sigma_of (market, PAIN_HORIZON, &sigma) != OK || !(sigma > 0))
        return;
    int step = side == MAP_SIDE_LONG ? -1 : 1;
    for (int i = MAP_VIEW_REACH; i >= 0 && i < MAP_VIEW_BINS; i += step) {
        double x = ((double) (view->first_bin + i) + .5) * MAP_BIN_WIDTH, distance = fabs (x - view->x);
        if (distance > PAIN_REACH)
            break;
        sum += (double) view->usd[side][i];
        double pain = sum * 2 * stats_normal_cdf (-distance / sigma);
        if (pain > best) {
            best = pain;
            *pain_px = exp (x);
            *pain_usd = sum;
        }
    }
}

//  --- venues

//  Distance of each venue's normalised map to that of the others together, as a share of price.
static void
measure_divergence (map_frame_maker_t *self, const liquidation_map_t *map)
{
    double *all = self->all, total = 0;
    memset (all, 0, sizeof self->all);
    for (int v = 0; v < self->venues_count; v++) {
        double *curve = self->curves + (size_t) v * MAP_VIEW_BINS;
        liquidation_view_venue (map, v, self->scratch);
        fill_rows (&self->venue_rows[v], self->scratch, map->mark_bin - MAP_VIEW_REACH);
        memset (curve, 0, MAP_VIEW_BINS * sizeof *curve);
        for (int side = 0; side < 2; side++)
            for (int group = 0; group < MAP_GROUPS; group++)
                for (int i = 0; i < MAP_VIEW_BINS; i++)
                    curve[i] += (double) self->scratch[side][group][i];
        for (int i = 0; i < MAP_VIEW_BINS; i++) {
            all[i] += curve[i];
            total += curve[i];
        }
    }
    for (int v = 0; v < self->venues_count; v++) {
        const double *curve = self->curves + (size_t) v * MAP_VIEW_BINS;
        double own = 0, apart = 0, ahead = 0;
        for (int i = 0; i < MAP_VIEW_BINS; i++)
            own += curve[i];
        for (int i = 0; i < MAP_VIEW_BINS && own > 0 && total > own; i++) {
            ahead += curve[i] / own - (all[i] - curve[i]) / (total - own);
            apart += fabs (ahead);
        }
        self->divergence_pct[v] = own > 0 && total > own ? 100 * MAP_BIN_WIDTH * apart : NAN;
    }
}

//  What a venue counts for in the coverage: its open interest when it was last known, so that one that falls silent
//  is missed; before any the mean of the others; none where the instrument is not traded.
static double
weight_of (const liquidation_map_t *map, const feeds_t *feeds, int venue)
{
    if (map->venues[venue].book.oi_coins > 0)
        return map->venues[venue].book.oi_coins;
    if (feeds->feeds[venue][EVENT_OPEN_INTEREST].status == HEALTH_ABSENT)
        return 0;
    double sum = 0;
    int count = 0;
    for (int v = 0; v < map->venues_count; v++) {
        sum += map->venues[v].book.oi_coins;
        count += map->venues[v].book.oi_coins > 0;
    }
    return count > 0 ? sum / count : 1;
}

static void
fill_venues (map_frame_maker_t *self, map_sheet_t *sheet, const liquidation_map_t *map,
             const market_t *market, const feeds_t *feeds, bool is_column)
{
    map_frame_t *frame = &sheet->frame;
    double fresh = 0, known = 0;
    for (int v = 0; v < self->venues_count; v++) {
        const liquidation_book_t *book = &map->venues[v].book;
        map_venue_t *venue = sheet->venues + v;
        //  between seconds it may have been heard since the view was made
        double oi_age_s = book->oi_ns ? fmax (0, (double) (map->now_ns - book->oi_ns) / 1e9) : NAN;
        *venue = (map_venue_t){.prints = feeds->feeds[v][EVENT_LIQUIDATION].coverage,
                               .is_live = book->mark_ns && map->now_ns - book->mark_ns <= LIVE_NS,
                               .oi_usd = book->oi_ns ? book->oi_coins * map->mark_px : NAN,
                               .oi_age_s = oi_age_s,
                               .opening_p = book->p,
                               .long_usd = liquidation_book_coins (book, MAP_SIDE_LONG) * map->mark_px,
                               .short_usd = liquidation_book_coins (book, MAP_SIDE_SHORT) * map->mark_px,
                               .divergence_pct = self->divergence_pct[v]};
        (void) snprintf (venue->venue, sizeof venue->venue, "%s", market_venue_name (market, v));
        if (is_column) {
            venue->groups = self->venue_rows[v].groups;
            venue->groups_count = MAP_GROUPS;
        }
        bool is_fresh = venue->is_live && book->oi_ns && map->now_ns - book->oi_ns <= OI_FRESH_NS;
        double weight = weight_of (map, feeds, v);
        known += weight;
        fresh += is_fresh ? weight : 0;
        if (!is_fresh && weight > 0 && !frame->reason[0])
            (void) snprintf (frame->reason, sizeof frame->reason, "%s: %s", venue->venue,
                             venue->is_live ? "no fresh open interest" : "marks do not flow");
    }
    frame->venues = sheet->venues;
    frame->venues_count = (size_t) self->venues_count;
    frame->oi_coverage_pct = known > 0 ? 100 * (fresh / known) : 0; //  in this order at most 100
    double history = map->since_ns ? (double) (map->now_ns - map->since_ns) / (double) WARM_NS : 0;
    history = fmin (1, fmax (history, map->history_ns ? SEEDED_SHARE : 0));
    frame->confidence_pct = frame->oi_coverage_pct * history;
    if (history < 1 && !frame->reason[0])
        (void) snprintf (frame->reason, sizeof frame->reason, "%.1f h of live flow%s",
                         (double) (map->now_ns - (map->since_ns ? map->since_ns : map->now_ns)) / 3.6e12,
                         map->history_ns ? ", the rest from candles" : "");
}

static void
fill_prints (map_frame_maker_t *self, map_sheet_t *sheet, liquidation_map_t *map, const market_t *market)
{
    size_t count = 0;
    for (int v = 0; v < self->venues_count; v++)
        for (int side = 0; side < 2; side++) {
            liquidation_prints_t *prints = &map->venues[v].prints;
            if (prints->minute_count[side] == 0)
                continue;
            map_print_t *print = sheet->prints + count++;
            *print = (map_print_t){.side = side,
                                   .px = prints->minute_px_usd[side] / prints->minute_usd[side],
                                   .usd = prints->minute_usd[side],
                                   .count = prints->minute_count[side],
                                   .coverage = prints->coverage};
            (void) snprintf (print->venue, sizeof print->venue, "%s", market_venue_name (market, v));
            prints->minute_usd[side] = prints->minute_px_usd[side] = 0;
            prints->minute_count[side] = 0;
        }
    sheet->frame.prints = sheet->prints;
    sheet->frame.prints_count = count;
}

//  --- the frame

static void
fill_candle (map_frame_t *frame, const liquidation_map_t *map, const market_t *market)
{
    market_candle_t candle = map->history_candle;
    if (!frame->is_reconstructed && market_candle (market, BUCKET_60S, &candle) != OK)
        return;
    frame->open_px = candle.open_px;
    frame->high_px = candle.high_px;
    frame->low_px = candle.low_px;
    frame->close_px = candle.close_px;
    frame->volume_usd = candle.volume_usd;
}

map_frame_t *
map_frame_make (map_frame_maker_t *self, liquidation_map_t *map, const market_t *market, const feeds_t *feeds,
                map_model_t model, bool is_column)
{
    map_view_t view;
    bool is_full = model == MAP_MODEL_FULL;
    if ((is_full ? liquidation_map_view (map, &view) : liquidation_map_ladder (map, &view)) != OK)
        return NULL;
    map_sheet_t *sheet = &self->sheets[model];
    map_frame_t *frame = &sheet->frame;
    *frame = (map_frame_t){.model = model,
                           .ts_ms = map->now_ns / NS_PER_MS,
                           .is_column = is_column,
                           .is_reconstructed = !market_is_live (market),
                           .mark_px = view.mark_px,
                           .first_row = row_of (view.first_bin),
                           .step_bp = MAP_STEP_BP,
                           .rows_count = MAP_ROWS_MAX,
                           .long_usd = view.total_usd[MAP_SIDE_LONG],
                           .short_usd = view.total_usd[MAP_SIDE_SHORT],
                           .leverage_mean = is_full ? view.leverage_mean : NAN,
                           .score_vs_ladder = NAN,
                           .score_low = NAN,
                           .score_high = NAN,
                           .open_px = NAN,
                           .high_px = NAN,
                           .low_px = NAN,
                           .close_px = NAN,
                           .volume_usd = NAN};
    memcpy (frame->instrument, self->instrument, sizeof frame->instrument);
    frame->first_px = exp ((double) frame->first_row * MAP_BIN_WIDTH * BINS_A_ROW);
    float (*bins)[MAP_GROUPS][MAP_VIEW_BINS] = is_full ? map->groups_usd : map->ladder_groups_usd;
    fill_rows (&sheet->rows, bins, view.first_bin);
    frame->groups = sheet->rows.groups;
    frame->groups_count = MAP_GROUPS;
    map_score_view_t score;
    liquidation_map_score (map, &score);
    find_clusters (self, sheet, &view, bins, score.spread);
    fill_cumulative (sheet, &view);
    find_pain (&view, market, MAP_SIDE_LONG, &frame->pain_long_px, &frame->pain_long_usd);
    find_pain (&view, market, MAP_SIDE_SHORT, &frame->pain_short_px, &frame->pain_short_usd);
    if (is_full) {
        if (is_column)
            measure_divergence (self, map);
        fill_venues (self, sheet, map, market, feeds, is_column);
        for (int l = 0; l < MAP_COMPONENTS; l++)
            sheet->theta[l] = (float) map->theta[l];
        frame->score_vs_ladder = score.difference;
        frame->score_low = score.low;
        frame->score_high = score.high;
        frame->score_hours = score.hours;
        frame->predicted_usd = score.predicted_usd;
        frame->printed_usd = score.printed_usd;
        frame->theta = sheet->theta;
        frame->theta_count = MAP_COMPONENTS;
    }
    if (is_column)
        fill_candle (frame, map, market);
    if (is_column && is_full)
        fill_prints (self, sheet, map, market);
    self->has_frame[model] = true;
    return frame;
}

map_frame_t *
map_frame_last (map_frame_maker_t *self, map_model_t model)
{
    return self->has_frame[model] ? &self->sheets[model].frame : NULL;
}
