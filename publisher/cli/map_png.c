#include "publisher/cli/map_png.h"

#include <cairo/cairo.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

#define PI 3.14159265358979323846
static const map_colour_t page_colour = {11, 9, 20}, panel_colour = {17, 14, 30}, ink = {232, 230, 242},
                          faint_ink = {150, 146, 172}, up_colour = {236, 244, 255},
                          down_colour = {255, 96, 96}, longs_colour = {240, 74, 84},
                          shorts_colour = {44, 196, 140}, price_colour = {255, 255, 255},
                          pain_colour = {255, 176, 64};

typedef struct {
    cairo_t *cairo;
    const map_picture_t *picture;
    map_png_layout_t layout;
    double width, height, unit;
} canvas_t;

typedef enum { AT_LEFT, AT_MIDDLE, AT_RIGHT } anchor_t;

//  --- layout

map_png_layout_t
map_png_layout (const map_picture_t *picture, int width, int height)
{
    double unit = fmin (width / 1600.0, height / 900.0);
    map_png_layout_t layout = {.unit = unit};
    double top = round (84 * unit), bottom = round (height - 132 * unit);
    double right = round (width - 24 * unit), labels = round (92 * unit);
    if (picture->has_heatmap) {
        double profile = picture->has_snapshot ? round (250 * unit) : 0;
        layout.bar = (map_box_t){round (24 * unit), top, round (14 * unit), bottom - top};
        layout.heatmap = (map_box_t){round (104 * unit), top, 0, bottom - top};
        layout.heatmap.width = right - profile - labels - layout.heatmap.left;
        layout.profile = (map_box_t){right - profile, top, profile, bottom - top};
    } else if (picture->has_snapshot) {
        layout.profile = (map_box_t){round (24 * unit), top, 0, bottom - top};
        layout.profile.width = right - labels - layout.profile.left;
    }
    layout.scale = (price_scale_t){1, 2, top, bottom - top};
    if (picture->has_heatmap) {
        const map_heatmap_t *heatmap = &picture->heatmap;
        layout.scale.low_px = heatmap->first_px;
        layout.scale.high_px = heatmap->first_px * exp ((double) heatmap->rows_count * heatmap->step);
    } else if (picture->has_snapshot) {
        layout.scale.low_px = picture->snapshot.mark_px * exp (-0.12);
        layout.scale.high_px = picture->snapshot.mark_px * exp (0.12);
    }
    return layout;
}

size_t
map_png_rows (int height)
{
    size_t rows = (size_t) height / 3;
    return rows < 60 ? 60 : rows > 400 ? 400 : rows;
}

//  --- strokes

static void
paint (const canvas_t *self, map_colour_t colour, double alpha)
{
    cairo_set_source_rgba (self->cairo, colour.r / 255.0, colour.g / 255.0, colour.b / 255.0, alpha);
}

static void
fill_box (const canvas_t *self, double left, double top, double right, double bottom)
{
    cairo_rectangle (self->cairo, left, top, right - left, bottom - top);
    cairo_fill (self->cairo);
}

//  A hair line of whole pixels.
static void
draw_line (const canvas_t *self, double x0, double y0, double x1, double y1)
{
    double half = x0 == x1 || y0 == y1 ? 0.5 : 0;
    cairo_set_line_width (self->cairo, 1);
    cairo_move_to (self->cairo, floor (x0) + half, floor (y0) + half);
    cairo_line_to (self->cairo, floor (x1) + half, floor (y1) + half);
    cairo_stroke (self->cairo);
}

//  Text with its baseline at y, made narrower where it would be wider than room (0: any).  Returns its width.
static double
draw_text (const canvas_t *self, double x, double y, double points, anchor_t anchor, double room,
           const char *text)
{
    cairo_text_extents_t extents;
    cairo_set_font_size (self->cairo, points * self->unit);
    cairo_text_extents (self->cairo, text, &extents);
    if (room > 0 && extents.x_advance > room) {
        cairo_set_font_size (self->cairo, points * self->unit * room / extents.x_advance);
        cairo_text_extents (self->cairo, text, &extents);
    }
    double back = anchor == AT_LEFT ? 0 : anchor == AT_MIDDLE ? extents.x_advance / 2 : extents.x_advance;
    cairo_move_to (self->cairo, x - back, y);
    cairo_show_text (self->cairo, text);
    return extents.x_advance;
}

static void
set_face (const canvas_t *self, bool is_bold)
{
    cairo_select_font_face (self->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                            is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
}

//  --- the heatmap

static double
x_of (const canvas_t *self, int64_t ts_ms)
{
    const map_box_t *box = &self->layout.heatmap;
    int64_t from_ms = map_picture_from_ms (self->picture), to_ms = map_picture_to_ms (self->picture);
    return box->left + box->width * (double) (ts_ms - from_ms) / (double) (to_ms - from_ms);
}

//  Cells end on whole pixels, each where the next begins: no seams, no blending.
static void
draw_cells (const canvas_t *self, const map_raster_t *raster)
{
    const map_heatmap_t *heatmap = &self->picture->heatmap;
    const map_box_t *box = &self->layout.heatmap;
    cairo_set_antialias (self->cairo, CAIRO_ANTIALIAS_NONE);
    paint (self, page_colour, 1);
    fill_box (self, box->left, box->top, box->left + box->width, box->top + box->height);
    double step = log (raster->high_px / raster->low_px) / (double) raster->rows_count;
    for (size_t c = 0; c < raster->columns_count; c++) {
        double left = round (x_of (self, heatmap->column_ms[c]));
        int64_t end_ms = heatmap->column_ms[c] + (int64_t) (heatmap->column_s * 1000);
        double right = round (x_of (self, end_ms));
        paint (self, map_scale_colour (0), 1);
        fill_box (self, left, box->top, right, box->top + box->height);
        for (size_t r = 0; r < raster->rows_count; r++) {
            double usd = raster->usd[c * raster->rows_count + r];
            if (!(usd > 0))
                continue;
            double low_px = raster->low_px * exp ((double) r * step);
            double bottom = round (map_scale_y (&self->layout.scale, low_px));
            double top = round (map_scale_y (&self->layout.scale, low_px * exp (step)));
            paint (self, map_scale_colour (map_scale_tone (usd, raster->full_usd)), 1);
            fill_box (self, left, fmax (top, box->top), right, bottom);
        }
    }
    cairo_set_antialias (self->cairo, CAIRO_ANTIALIAS_DEFAULT);
}

static void
draw_closes (const canvas_t *self)
{
    const map_heatmap_t *heatmap = &self->picture->heatmap;
    cairo_set_line_width (self->cairo, 1.6 * self->unit);
    for (size_t i = 0; i < heatmap->candles_count; i++)
        cairo_line_to (self->cairo,
                       x_of (self, heatmap->candles[i].ts_ms + (int64_t) (heatmap->column_s * 500)),
                       map_scale_y (&self->layout.scale, heatmap->candles[i].close_px));
    paint (self, up_colour, 0.95);
    cairo_stroke (self->cairo);
}

static void
draw_candle (const canvas_t *self, const map_candle_t *candle, double wide)
{
    const price_scale_t *scale = &self->layout.scale;
    double middle =
        floor (x_of (self, candle->ts_ms + (int64_t) (self->picture->heatmap.column_s * 500))) + 0.5;
    double high = map_scale_y (scale, candle->high_px), low = map_scale_y (scale, candle->low_px);
    bool is_up = candle->close_px >= candle->open_px;
    double top = round (map_scale_y (scale, is_up ? candle->close_px : candle->open_px));
    double bottom = round (map_scale_y (scale, is_up ? candle->open_px : candle->close_px));
    if (bottom < top + 1)
        bottom = top + 1;
    //  A dark edge, so that it is seen on bright cells too.
    paint (self, page_colour, 0.65);
    fill_box (self, middle - 1.5, high - 1, middle + 1.5, low + 1);
    fill_box (self, middle - wide - 1, top - 1, middle + wide + 1, bottom + 1);
    paint (self, is_up ? up_colour : down_colour, 1);
    fill_box (self, middle - 0.5, high, middle + 0.5, low);
    fill_box (self, middle - wide, top, middle + wide, bottom);
}

static void
draw_candles (const canvas_t *self)
{
    const map_heatmap_t *heatmap = &self->picture->heatmap;
    double span_s = (double) (map_picture_to_ms (self->picture) - map_picture_from_ms (self->picture)) / 1000;
    double column = self->layout.heatmap.width * heatmap->column_s / span_s;
    if (column < 3) {
        draw_closes (self);
        return;
    }
    double wide = floor (fmin (column * 0.7, 12 * self->unit) / 2) + 0.5;
    for (size_t i = 0; i < heatmap->candles_count; i++)
        draw_candle (self, &heatmap->candles[i], wide);
}

//  Liquidations seen: area by amount.  The largest has a radius of 13 units, less where all of them would
//  cover more than a fiftieth of the plot and hide the price.
static void
draw_dots (const canvas_t *self)
{
    const map_heatmap_t *heatmap = &self->picture->heatmap;
    const map_box_t *box = &self->layout.heatmap;
    double most_usd = 0, sum_usd = 0;
    for (size_t i = 0; i < heatmap->dots_count; i++) {
        most_usd = fmax (most_usd, heatmap->dots[i].usd);
        sum_usd += heatmap->dots[i].usd;
    }
    if (most_usd <= 0)
        return;
    double largest = fmin (13 * self->unit, sqrt (box->width * box->height / 50 / PI * most_usd / sum_usd));
    for (size_t i = 0; i < heatmap->dots_count; i++) {
        const map_dot_t *dot = &heatmap->dots[i];
        double radius = fmax (largest * sqrt (dot->usd / most_usd), 1.2 * self->unit);
        double x = x_of (self, heatmap->column_ms[dot->column] + (int64_t) (heatmap->column_s * 500));
        cairo_new_path (self->cairo);
        cairo_arc (self->cairo, x, map_scale_y (&self->layout.scale, dot->px), radius, 0, 2 * PI);
        map_colour_t colour = dot->side == MAP_SIDE_LONG ? longs_colour : shorts_colour;
        paint (self, colour, 0.35);
        cairo_fill_preserve (self->cairo);
        paint (self, colour, 0.95);
        cairo_set_line_width (self->cairo, 1.3 * self->unit);
        cairo_stroke (self->cairo);
    }
}

static void
draw_times (const canvas_t *self)
{
    const map_box_t *box = &self->layout.heatmap;
    int64_t ticks[MAP_SCALE_TICKS_MAX], step_ms;
    size_t most = (size_t) fmin (box->width / (82 * self->unit), MAP_SCALE_TICKS_MAX);
    size_t count = map_scale_time_ticks (map_picture_from_ms (self->picture),
                                         map_picture_to_ms (self->picture), most, ticks, &step_ms);
    double base = box->top + box->height;
    for (size_t i = 0; i < count; i++) {
        char text[MAP_SCALE_TEXT_MAX];
        double x = x_of (self, ticks[i]);
        map_scale_time_text (ticks[i], step_ms, text);
        paint (self, ink, 0.06);
        draw_line (self, x, box->top, x, base);
        paint (self, faint_ink, 1);
        draw_line (self, x, base, x, base + 5 * self->unit);
        //  At the edges it would stand in the colour bar's place or in the prices'.
        if (x - box->left > 16 * self->unit && box->left + box->width - x > 16 * self->unit)
            draw_text (self, x, base + 20 * self->unit, 12, AT_MIDDLE, 0, text);
    }
    draw_text (self, box->left + box->width + 10 * self->unit, base + 20 * self->unit, 12, AT_LEFT, 0, "UTC");
}

static void
draw_colour_bar (const canvas_t *self, const map_raster_t *raster)
{
    const map_box_t *box = &self->layout.bar;
    for (int y = 0; y < (int) box->height; y++) {
        paint (self, map_scale_colour (1 - (y + 0.5) / box->height), 1);
        fill_box (self, box->left, box->top + y, box->left + box->width, box->top + y + 1);
    }
    paint (self, ink, 1);
    for (int i = 0; i <= 4; i++) {
        char text[MAP_SCALE_TEXT_MAX];
        double tone = i / 4.0, y = box->top + (1 - tone) * box->height;
        map_scale_usd_text (map_scale_tone_usd (tone, raster->full_usd), text);
        //  Inside the bar's height, so that the top one clears the title.
        double baseline =
            fmin (fmax (y + 4 * self->unit, box->top + 10 * self->unit), box->top + box->height);
        draw_text (self, box->left + box->width + 6 * self->unit, baseline, 11.5, AT_LEFT, 0, text);
    }
    char text[64];
    double row_pct = 100 * expm1 (log (raster->high_px / raster->low_px) / (double) raster->rows_count);
    (void) snprintf (text, sizeof text, "per %.2f %%", row_pct);
    paint (self, faint_ink, 1);
    draw_text (self, box->left, box->top + box->height + 20 * self->unit, 11, AT_LEFT, 60 * self->unit, text);
}

//  --- what stands now

//  Lighter where leverage is higher.
static map_colour_t
group_colour (map_side_t side, size_t group)
{
    map_colour_t colour = side == MAP_SIDE_LONG ? longs_colour : shorts_colour;
    double part = 0.42 + 0.145 * (double) group;
    return (map_colour_t){(uint8_t) (colour.r * part), (uint8_t) (colour.g * part),
                          (uint8_t) (colour.b * part)};
}

static void
draw_bars (const canvas_t *self, const map_raster_t *raster)
{
    const map_box_t *box = &self->layout.profile;
    double step = log (raster->high_px / raster->low_px) / (double) raster->rows_count;
    cairo_set_antialias (self->cairo, CAIRO_ANTIALIAS_NONE);
    for (size_t r = 0; r < raster->rows_count; r++) {
        double low_px = raster->low_px * exp ((double) r * step), x = box->left, usd = 0;
        double bottom = round (map_scale_y (&self->layout.scale, low_px));
        double top = round (map_scale_y (&self->layout.scale, low_px * exp (step)));
        if (bottom - top > 2)
            top++; //  a gap tells rows apart
        for (size_t c = 0; c < raster->columns_count; c++) {
            usd += raster->usd[c * raster->rows_count + r];
            double right = round (box->left + usd / raster->full_usd * box->width * 0.94);
            paint (self, group_colour ((map_side_t) (c / MAP_GROUPS), c % MAP_GROUPS), 1);
            fill_box (self, x, fmax (top, box->top), right, fmin (bottom, box->top + box->height));
            x = right;
        }
    }
    cairo_set_antialias (self->cairo, CAIRO_ANTIALIAS_DEFAULT);
}

//  The sum from the mark outward, both sides on one scale.  Returns the sum that reaches the right edge.
static double
draw_running_sums (const canvas_t *self)
{
    const map_snapshot_t *snapshot = &self->picture->snapshot;
    const map_box_t *box = &self->layout.profile;
    double *sums = mem_new (2 * snapshot->rows_count * sizeof *sums), most_usd = 0;
    for (int side = 0; side < 2; side++)
        map_picture_cumulative (self->picture, (map_side_t) side,
                                &sums[(size_t) side * snapshot->rows_count]);
    for (size_t i = 0; i < 2 * snapshot->rows_count; i++) {
        double px = snapshot->first_px * exp (((double) (i % snapshot->rows_count) + 0.5) * snapshot->step);
        if (px >= self->layout.scale.low_px && px < self->layout.scale.high_px)
            most_usd = fmax (most_usd, sums[i]);
    }
    for (size_t side = 0; side < 2 && most_usd > 0; side++) {
        cairo_new_path (self->cairo);
        for (size_t r = 0; r < snapshot->rows_count; r++) {
            double px = snapshot->first_px * exp (((double) r + 0.5) * snapshot->step);
            double usd = sums[side * snapshot->rows_count + r];
            if (usd > 0 && px >= self->layout.scale.low_px && px < self->layout.scale.high_px)
                cairo_line_to (self->cairo, box->left + usd / most_usd * box->width * 0.94,
                               map_scale_y (&self->layout.scale, px));
        }
        paint (self, side == MAP_SIDE_LONG ? (map_colour_t){255, 168, 168} : (map_colour_t){158, 244, 208},
               0.9);
        cairo_set_line_width (self->cairo, 1.5 * self->unit);
        cairo_stroke (self->cairo);
    }
    free (sums);
    return most_usd;
}

static void
draw_max_pain (const canvas_t *self)
{
    const map_snapshot_t *snapshot = &self->picture->snapshot;
    const map_box_t *box = &self->layout.profile;
    for (int side = 0; side < 2; side++) {
        double px = snapshot->pain_px[side];
        if (!(px >= self->layout.scale.low_px && px < self->layout.scale.high_px))
            continue;
        char usd[MAP_SCALE_TEXT_MAX], text[96];
        map_scale_usd_text (snapshot->pain_usd[side], usd);
        (void) snprintf (text, sizeof text, "max pain %ss %s", map_side_names[side], usd);
        double y = map_scale_y (&self->layout.scale, px), right = box->left + box->width;
        paint (self, pain_colour, 0.9);
        draw_line (self, box->left, y, right, y);
        double baseline = y - box->top < 18 * self->unit ? y + 13 * self->unit : y - 5 * self->unit;
        //  A shade under the words: bars pass there.
        cairo_text_extents_t extents;
        cairo_set_font_size (self->cairo, 11 * self->unit);
        cairo_text_extents (self->cairo, text, &extents);
        paint (self, panel_colour, 0.72);
        fill_box (self, right - extents.x_advance - 8 * self->unit, baseline - 11 * self->unit, right,
                  baseline + 4 * self->unit);
        paint (self, pain_colour, 1);
        draw_text (self, right - 4 * self->unit, baseline, 11, AT_RIGHT, 0, text);
    }
}

static void
draw_groups_legend (const canvas_t *self)
{
    double x = self->width - 640 * self->unit, y = 66 * self->unit;
    paint (self, faint_ink, 1);
    x += draw_text (self, x, y, 12, AT_LEFT, 0, "leverage") + 12 * self->unit;
    for (size_t i = 0; i < MAP_GROUPS; i++) {
        char text[48];
        const map_snapshot_t *snapshot = &self->picture->snapshot;
        for (int side = 0; side < 2; side++) {
            paint (self, group_colour ((map_side_t) side, i), 1);
            fill_box (self, x, y - 10 * self->unit, x + 10 * self->unit, y);
            x += 11 * self->unit;
        }
        (void) snprintf (text, sizeof text,
                         snapshot->leverage_from[i] < snapshot->leverage_to[i] ? "%g to %g" : "%g",
                         snapshot->leverage_from[i], snapshot->leverage_to[i]);
        paint (self, faint_ink, 1);
        x += 4 * self->unit + draw_text (self, x + 4 * self->unit, y, 12, AT_LEFT, 0, text) + 14 * self->unit;
    }
}

static void
draw_profile (const canvas_t *self)
{
    const map_box_t *box = &self->layout.profile;
    map_raster_t raster;
    paint (self, panel_colour, 1);
    fill_box (self, box->left, box->top, box->left + box->width, box->top + box->height);
    map_picture_profile (self->picture, (size_t) (box->height / (4 * self->unit)), self->layout.scale.low_px,
                         self->layout.scale.high_px, &raster);
    if (raster.full_usd > 0) {
        char row[MAP_SCALE_TEXT_MAX], sum[MAP_SCALE_TEXT_MAX], text[128];
        draw_bars (self, &raster);
        map_scale_usd_text (draw_running_sums (self) / 0.94, sum);
        map_scale_usd_text (raster.full_usd / 0.94, row);
        double row_pct = 100 * expm1 (log (raster.high_px / raster.low_px) / (double) raster.rows_count);
        (void) snprintf (text, sizeof text, "bars to %s per %.2f %%, sums to %s", row, row_pct, sum);
        paint (self, faint_ink, 1);
        draw_text (self, box->left + box->width, box->top + box->height + 20 * self->unit, 11, AT_RIGHT,
                   box->width, text);
    }
    map_raster_fini (&raster);
    draw_max_pain (self);
    if (!self->picture->has_heatmap)
        draw_groups_legend (self);
}

//  --- what lies over both, and around them

static void
draw_prices (const canvas_t *self)
{
    const map_png_layout_t *layout = &self->layout;
    const map_box_t *box = self->picture->has_heatmap ? &layout->heatmap : &layout->profile;
    double ticks[MAP_SCALE_TICKS_MAX], right = box->left + box->width;
    int decimals;
    size_t most = (size_t) fmin (box->height / (44 * self->unit), MAP_SCALE_TICKS_MAX);
    size_t count =
        map_scale_price_ticks (layout->scale.low_px, layout->scale.high_px, most, ticks, &decimals);
    double last_px = map_picture_last_px (self->picture);
    double last_y = last_px > 0 ? map_scale_y (&layout->scale, last_px) : -1;
    for (size_t i = 0; i < count; i++) {
        char text[MAP_SCALE_TEXT_MAX];
        double y = map_scale_y (&layout->scale, ticks[i]);
        map_scale_px_text (ticks[i], decimals, text);
        paint (self, ink, 0.06);
        draw_line (self, box->left, y, right, y);
        paint (self, faint_ink, 1);
        draw_line (self, right, y, right + 5 * self->unit, y);
        if (fabs (y - last_y) > 18 * self->unit)
            draw_text (self, right + 10 * self->unit, y + 4 * self->unit, 12, AT_LEFT, 0, text);
    }
    if (last_y < box->top || last_y > box->top + box->height)
        return;
    const double dashes[] = {6 * self->unit, 4 * self->unit};
    cairo_set_dash (self->cairo, dashes, 2, 0);
    paint (self, price_colour, 0.85);
    draw_line (self, box->left, last_y, right, last_y);
    if (self->picture->has_heatmap && self->picture->has_snapshot)
        draw_line (self, layout->profile.left, last_y, layout->profile.left + layout->profile.width, last_y);
    cairo_set_dash (self->cairo, NULL, 0, 0);
    char text[MAP_SCALE_TEXT_MAX];
    map_scale_px_text (last_px, map_scale_px_decimals (last_px), text);
    paint (self, price_colour, 1);
    fill_box (self, right + 2 * self->unit, round (last_y - 10 * self->unit), right + 86 * self->unit,
              round (last_y + 10 * self->unit));
    paint (self, page_colour, 1);
    set_face (self, true);
    draw_text (self, right + 10 * self->unit, last_y + 4.5 * self->unit, 12.5, AT_LEFT, 72 * self->unit,
               text);
    set_face (self, false);
}

static void
draw_title (const canvas_t *self)
{
    const map_picture_t *picture = self->picture;
    const double left = 24 * self->unit, right = self->width - 24 * self->unit, y = 40 * self->unit;
    char text[128], when[MAP_SCALE_TEXT_MAX] = "";
    set_face (self, true);
    paint (self, ink, 1);
    double x = left + draw_text (self, left, y, 24, AT_LEFT, 0, picture->instrument) + 14 * self->unit;
    set_face (self, false);
    x += draw_text (self, x, y, 20, AT_LEFT, 0,
                    picture->has_heatmap ? "Liquidation heatmap" : "Liquidation map");
    (void) snprintf (
        text, sizeof text, "%s%s%s", picture->model == MAP_MODEL_LADDER ? "classic ladder" : "full mixture",
        picture->has_heatmap ? ", last " : "", picture->has_heatmap ? picture->heatmap.range : "");
    paint (self, faint_ink, 1);
    draw_text (self, x + 18 * self->unit, y, 15, AT_LEFT, 0, text);
    if (picture->has_snapshot || picture->has_heatmap)
        map_scale_time_text (picture->has_snapshot ? picture->snapshot.ts_ms : picture->heatmap.update_ms, 0,
                             when);
    double used = draw_text (self, right, y, 13, AT_RIGHT, 0, when) + 20 * self->unit;
    if (picture->is_simulated) {
        const double wide = 156 * self->unit;
        paint (self, pain_colour, 1);
        fill_box (self, right - used - wide, y - 18 * self->unit, right - used, y + 7 * self->unit);
        paint (self, page_colour, 1);
        set_face (self, true);
        draw_text (self, right - used - wide / 2, y, 13, AT_MIDDLE, wide, "simulated market");
        set_face (self, false);
    }
    paint (self, faint_ink, 1);
    if (!picture->has_heatmap)
        (void) snprintf (text, sizeof text, "No heatmap over time: %.100s", picture->why);
    else
        (void) snprintf (
            text, sizeof text,
            "Estimated notional that would be liquidated at each price; a band ends where price swept it");
    draw_text (self, left, y + 26 * self->unit, 12.5, AT_LEFT, 900 * self->unit, text);
    if (picture->has_heatmap) {
        paint (self, shorts_colour, 1);
        used = draw_text (self, right, y + 26 * self->unit, 12.5, AT_RIGHT, 0, "shorts");
        paint (self, longs_colour, 1);
        used +=
            draw_text (self, right - used - 10 * self->unit, y + 26 * self->unit, 12.5, AT_RIGHT, 0, "longs");
        paint (self, faint_ink, 1);
        draw_text (self, right - used - 22 * self->unit, y + 26 * self->unit, 12.5, AT_RIGHT, 0,
                   "Circles: liquidations seen");
    }
}

static void
draw_foot (const canvas_t *self)
{
    const map_snapshot_t *snapshot = &self->picture->snapshot;
    const double left = 24 * self->unit, right = self->width - left;
    double y = self->height - 72 * self->unit, x = left;
    paint (self, faint_ink, 1);
    if (self->picture->has_snapshot)
        x += draw_text (self, x, y, 13, AT_LEFT, 0, "Within") + 16 * self->unit;
    for (size_t i = 0; self->picture->has_snapshot && i < snapshot->cumulative_count; i++) {
        char distance[32], longs[MAP_SCALE_TEXT_MAX], shorts[MAP_SCALE_TEXT_MAX];
        (void) snprintf (distance, sizeof distance, "%g %%", snapshot->cumulative[i].distance_pct);
        map_scale_usd_text (snapshot->cumulative[i].long_usd, longs);
        map_scale_usd_text (snapshot->cumulative[i].short_usd, shorts);
        paint (self, ink, 1);
        x += draw_text (self, x, y, 13, AT_LEFT, 0, distance) + 8 * self->unit;
        paint (self, longs_colour, 1);
        x += draw_text (self, x, y, 13, AT_LEFT, 0, longs) + 8 * self->unit;
        paint (self, shorts_colour, 1);
        x += draw_text (self, x, y, 13, AT_LEFT, 0, shorts) + 28 * self->unit;
    }
    char text[512];
    map_picture_accuracy (self->picture, text, sizeof text);
    paint (self, ink, 1);
    draw_text (self, left, y + 26 * self->unit, 13, AT_LEFT, right - left, text);
    paint (self, faint_ink, 1);
    draw_text (self, left, y + 50 * self->unit, 12, AT_LEFT, 0,
               "Estimates from public data.  Not financial advice.");
    draw_text (self, right, y + 50 * self->unit, 12, AT_RIGHT, 0, "Leadline " LEADLINE_ENGINE);
}

static void
draw (canvas_t *self)
{
    set_face (self, false);
    paint (self, page_colour, 1);
    cairo_paint (self->cairo);
    if (self->picture->has_heatmap) {
        const map_box_t *box = &self->layout.heatmap;
        map_raster_t raster;
        map_picture_raster (self->picture, (size_t) box->height, 0, &raster);
        cairo_save (self->cairo);
        cairo_rectangle (self->cairo, box->left, box->top, box->width, box->height);
        cairo_clip (self->cairo);
        draw_cells (self, &raster);
        cairo_restore (self->cairo);
        draw_colour_bar (self, &raster);
        draw_times (self);
        map_raster_fini (&raster);
    }
    if (self->picture->has_snapshot)
        draw_profile (self);
    if (self->picture->has_heatmap) {
        const map_box_t *box = &self->layout.heatmap;
        cairo_save (self->cairo);
        cairo_rectangle (self->cairo, box->left, box->top, box->width, box->height);
        cairo_clip (self->cairo);
        draw_candles (self);
        draw_dots (self);
        cairo_restore (self->cairo);
    }
    if (self->picture->has_heatmap || self->picture->has_snapshot)
        draw_prices (self);
    draw_title (self);
    draw_foot (self);
}

//  --- the file

static cairo_status_t
put_bytes (void *file, const unsigned char *data, unsigned int size)
{
    return fwrite (data, 1, size, file) == size ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

int
map_png_write (const map_picture_t *picture, int width, int height, const char *path, error_text_t *error)
{
    FILE *file = fopen (path, "wb");
    if (!file)
        return error_set (error, E_IO, "cannot write %.160s: %s", path, strerror (errno));
    cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
    canvas_t canvas = {.cairo = cairo_create (surface),
                       .picture = picture,
                       .layout = map_png_layout (picture, width, height),
                       .width = width,
                       .height = height};
    canvas.unit = canvas.layout.unit;
    draw (&canvas);
    cairo_status_t drawn = cairo_status (canvas.cairo);
    if (drawn == CAIRO_STATUS_SUCCESS)
        drawn = cairo_surface_write_to_png_stream (surface, put_bytes, file);
    cairo_destroy (canvas.cairo);
    cairo_surface_destroy (surface);
    //  One picture a run: nothing of the fonts is kept for the next, and a leak checker has nothing to say.
    cairo_debug_reset_static_data ();
    FcFini ();
    bool is_closed = fclose (file) == 0;
    if (drawn == CAIRO_STATUS_SUCCESS && is_closed)
        return OK;
    return error_set (error, E_IO, "cannot write %.160s: %s", path,
                      drawn == CAIRO_STATUS_SUCCESS ? strerror (errno) : cairo_status_to_string (drawn));
}
