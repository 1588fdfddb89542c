#include "publisher/cli/map_terminal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

enum { GUTTER = 12 }; //  prices left of the heatmap: ten characters, a space and the axis
static const char ramp[] = " .:-=+#%@";
static const map_colour_t white = {245, 245, 250}, longs_colour = {232, 82, 82},
                          shorts_colour = {54, 184, 132};

typedef struct {
    const map_picture_t *picture;
    const map_terminal_t *terminal;
    text_buffer_t *out;
    int32_t fg, bg; //  in force, as 0xrrggbb; -1: the terminal's own
} page_t;

//  --- colours

//  The nearest of those of the 6 x 6 x 6 cube that keep the order of lightness; greys would break it.
static int
indexed_of (map_colour_t colour)
{
    static const uint8_t chosen[] = {17, 54, 55,  61,  24,  25,  30,  31,  36,  37, 42,
                                     71, 77, 113, 149, 184, 220, 226, 231, 167, 35};
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    map_colour_t back = map_scale_colour (0);
    if (colour.r == back.r && colour.g == back.g && colour.b == back.b)
        return 233; //  a very dark grey
    int best = 0, best_distance = 3 * 256;
    for (size_t i = 0; i < COUNT_OF (chosen); i++) {
        int cube = chosen[i] - 16;
        int distance = abs (colour.r - steps[cube / 36]) + abs (colour.g - steps[cube / 6 % 6]) +
                       abs (colour.b - steps[cube % 6]);
        if (distance < best_distance) {
            best_distance = distance;
            best = chosen[i];
        }
    }
    return best;
}

static void
paint (page_t *self, bool is_back, map_colour_t colour)
{
    int32_t *in_force = is_back ? &self->bg : &self->fg;
    int32_t wanted = colour.r << 16 | colour.g << 8 | colour.b;
    if (self->terminal->colours == MAP_TERMINAL_ASCII || *in_force == wanted)
        return;
    *in_force = wanted;
    if (self->terminal->colours == MAP_TERMINAL_TRUE)
        text_add (self->out, "\x1b[%d;2;%d;%d;%dm", is_back ? 48 : 38, colour.r, colour.g, colour.b);
    else
        text_add (self->out, "\x1b[%d;5;%dm", is_back ? 48 : 38, indexed_of (colour));
}

static void
unpaint (page_t *self)
{
    if (self->fg >= 0 || self->bg >= 0)
        text_add (self->out, "\x1b[0m");
    self->fg = self->bg = -1;
}

static bool
is_ascii (const page_t *self)
{
    return self->terminal->colours == MAP_TERMINAL_ASCII;
}

//  --- the heatmap

//  Pixels of the heatmap: half characters high (whole ones in ASCII), a character wide.
typedef struct {
    map_raster_t raster;
    size_t height, repeat, per_line; //  pixels; pixels a row; pixels a character
    price_scale_t scale;
    bool *is_line; //  height x columns: the closes pass here
    bool has_unknown;
} plot_t;

static void
line_of_closes (const map_picture_t *picture, plot_t *plot)
{
    size_t columns = plot->raster.columns_count;
    double span_ms = (double) (map_picture_to_ms (picture) - map_picture_from_ms (picture));
    long before = -1;
    size_t last = columns;
    for (size_t i = 0; i < picture->heatmap.candles_count; i++) {
        const map_candle_t *candle = &picture->heatmap.candles[i];
        double at = (double) (candle->ts_ms - map_picture_from_ms (picture)) / span_ms * (double) columns;
        double y = map_scale_y (&plot->scale, candle->close_px);
        if (at < 0 || at >= (double) columns || y < 0 || y >= (double) plot->height)
            continue;
        size_t c = (size_t) at;
        long here = (long) y;
        long step = before < 0 || here == before ? 0 : here > before ? 1 : -1;
        for (long h = before + step; step != 0 && h != here; h += step)
            plot->is_line[(size_t) h * columns + c] = true;
        plot->is_line[(size_t) here * columns + c] = true;
        //  A column wider than a character goes on until the next close.
        for (size_t k = last + 1; last < columns && k < c; k++)
            plot->is_line[(size_t) before * columns + k] = true;
        before = here;
        last = c;
    }
}

static void
plot_init (plot_t *plot, const page_t *page, size_t columns)
{
    *plot = (plot_t){.per_line = is_ascii (page) ? 1 : 2};
    size_t pixels = page->terminal->lines * plot->per_line;
    map_picture_raster (page->picture, pixels, columns, &plot->raster);
    plot->repeat = pixels / plot->raster.rows_count;
    plot->height = plot->raster.rows_count * plot->repeat;
    plot->scale = (price_scale_t){plot->raster.low_px, plot->raster.high_px, 0, (double) plot->height};
    plot->is_line = mem_new (plot->height * columns * sizeof *plot->is_line);
    line_of_closes (page->picture, plot);
}

static map_colour_t
pixel_colour (const plot_t *plot, size_t y, size_t column, bool *is_known)
{
    *is_known = y < plot->height;
    if (!*is_known)
        return white;
    if (plot->is_line[y * plot->raster.columns_count + column])
        return white;
    size_t row = plot->raster.rows_count - 1 - y / plot->repeat;
    double usd = plot->raster.usd[column * plot->raster.rows_count + row];
    *is_known = usd >= 0;
    return map_scale_colour (map_scale_tone (usd, plot->raster.full_usd));
}

static void
draw_blocks (page_t *page, const plot_t *plot, size_t line)
{
    for (size_t c = 0; c < plot->raster.columns_count; c++) {
        bool is_upper, is_lower;
        map_colour_t upper = pixel_colour (plot, 2 * line, c, &is_upper);
        map_colour_t lower = pixel_colour (plot, 2 * line + 1, c, &is_lower);
        if (!is_upper && !is_lower) {
            unpaint (page);
            text_add (page->out, " ");
        } else if (is_upper != is_lower) {
            unpaint (page);
            paint (page, false, is_upper ? upper : lower);
            text_add (page->out, is_upper ? "\u2580" : "\u2584");
        } else {
            paint (page, false, upper);
            paint (page, true, lower);
            text_add (page->out, "\u2580");
        }
    }
    unpaint (page);
}

static char
ramp_of (double tone)
{
    if (tone <= 0)
        return ramp[0];
    size_t steps = sizeof ramp - 2;
    size_t i = 1 + (size_t) (tone * (double) steps);
    return ramp[i > steps ? steps : i];
}

static void
draw_characters (page_t *page, plot_t *plot, size_t line)
{
    for (size_t c = 0; c < plot->raster.columns_count; c++) {
        double usd =
            plot->raster.usd[c * plot->raster.rows_count + plot->raster.rows_count - 1 - line / plot->repeat];
        plot->has_unknown |= usd < 0;
        char mark = plot->is_line[line * plot->raster.columns_count + c] ? 'o'
                    : usd < 0                                            ? '?'
                              : ramp_of (map_scale_tone (usd, plot->raster.full_usd));
        text_add (page->out, "%c", mark);
    }
}

//  The price of a line of the heatmap: the last price, a round one, or none.
static void
draw_gutter (page_t *page, const plot_t *plot, size_t line, const double ticks[], size_t ticks_count,
             int decimals)
{
    char text[MAP_SCALE_TEXT_MAX] = "";
    double last_px = map_picture_last_px (page->picture);
    bool is_last =
        last_px > 0 &&
        (long) floor (map_scale_y (&plot->scale, last_px)) / (long) plot->per_line == (long) line &&
        map_scale_y (&plot->scale, last_px) >= 0;
    if (is_last)
        map_scale_px_text (last_px, map_scale_px_decimals (last_px), text);
    for (size_t i = 0; !is_last && i < ticks_count; i++)
        if ((size_t) map_scale_y (&plot->scale, ticks[i]) / plot->per_line == line)
            map_scale_px_text (ticks[i], decimals, text);
    if (is_last)
        paint (page, false, white);
    text_add (page->out, "%10s%c", text, is_last ? '>' : ' ');
    unpaint (page);
    text_add (page->out, is_ascii (page) ? "|" : "\u2502");
}

static void
draw_times (page_t *page, size_t columns)
{
    int64_t ticks[MAP_SCALE_TICKS_MAX], step_ms, from_ms = map_picture_from_ms (page->picture);
    double span_ms = (double) (map_picture_to_ms (page->picture) - from_ms);
    size_t most = columns / 10 < MAP_SCALE_TICKS_MAX ? columns / 10 : MAP_SCALE_TICKS_MAX;
    size_t count =
        map_scale_time_ticks (from_ms, map_picture_to_ms (page->picture) - 1, most, ticks, &step_ms);
    char axis[MAP_TERMINAL_WIDTH_MAX + 1], words[MAP_TERMINAL_WIDTH_MAX + 1];
    memset (axis, '-', columns);
    memset (words, ' ', columns);
    axis[columns] = words[columns] = 0;
    for (size_t i = 0; i < count; i++) {
        char text[MAP_SCALE_TEXT_MAX];
        map_scale_time_text (ticks[i], step_ms, text);
        size_t at = (size_t) ((double) (ticks[i] - from_ms) / span_ms * (double) columns);
        axis[at] = '+';
        if (at + strlen (text) <= columns)
            memcpy (words + at, text, strlen (text));
    }
    text_add (page->out, "%*s+%s\n%*s%s\n", GUTTER - 1, "", axis, GUTTER, "UTC ", words);
}

static void
draw_colour_bar (page_t *page, const plot_t *plot)
{
    const size_t steps = 32;
    text_add (page->out, "%*s$0 ", GUTTER, "");
    for (size_t i = 0; i < steps; i++) {
        double tone = ((double) i + 0.5) / (double) steps;
        if (is_ascii (page))
            text_add (page->out, "%c", ramp_of (tone));
        else {
            paint (page, false, map_scale_colour (tone));
            text_add (page->out, "\u2588");
        }
    }
    unpaint (page);
    char full[MAP_SCALE_TEXT_MAX];
    map_scale_usd_text (plot->raster.full_usd, full);
    double row_pct =
        100 * expm1 (log (plot->raster.high_px / plot->raster.low_px) / (double) plot->raster.rows_count);
    text_add (page->out, " %s and more in %.2f %% of price%s\n", full, row_pct,
              plot->has_unknown ? "; ? unknown" : "");
}

static void
draw_prints (page_t *page)
{
    const map_heatmap_t *heatmap = &page->picture->heatmap;
    double usd[2] = {0, 0};
    bool is_sampled = false;
    for (size_t i = 0; i < heatmap->dots_count; i++) {
        usd[heatmap->dots[i].side] += heatmap->dots[i].usd;
        is_sampled |= heatmap->dots[i].is_sampled;
    }
    char longs[MAP_SCALE_TEXT_MAX], shorts[MAP_SCALE_TEXT_MAX];
    map_scale_usd_text (usd[MAP_SIDE_LONG], longs);
    map_scale_usd_text (usd[MAP_SIDE_SHORT], shorts);
    text_add (page->out, "%*sliquidations seen: longs %s, shorts %s%s\n", GUTTER, "", longs, shorts,
              is_sampled ? " (some venues show at most one a second)" : "");
}

static void
draw_heatmap (page_t *page)
{
    size_t columns = page->terminal->width - GUTTER;
    plot_t plot;
    plot_init (&plot, page, columns);
    size_t lines = (plot.height + plot.per_line - 1) / plot.per_line;
    double ticks[MAP_SCALE_TICKS_MAX];
    int decimals;
    size_t most = lines / 3 < MAP_SCALE_TICKS_MAX ? lines / 3 : MAP_SCALE_TICKS_MAX;
    size_t count =
        map_scale_price_ticks (plot.raster.low_px * (1 + 1e-9), plot.raster.high_px, most, ticks, &decimals);
    for (size_t line = 0; line < lines; line++) {
        draw_gutter (page, &plot, line, ticks, count, decimals);
        if (is_ascii (page))
            draw_characters (page, &plot, line);
        else
            draw_blocks (page, &plot, line);
        text_add (page->out, "\n");
    }
    draw_times (page, columns);
    draw_colour_bar (page, &plot);
    draw_prints (page);
    free (plot.is_line);
    map_raster_fini (&plot.raster);
}

//  --- what stands now

static void
draw_bar (page_t *page, size_t length, map_side_t side)
{
    paint (page, false, side == MAP_SIDE_LONG ? longs_colour : shorts_colour);
    for (size_t i = 0; i < length; i++)
        text_add (page->out, !is_ascii (page) ? "\u2588" : side == MAP_SIDE_LONG ? "#" : "=");
    unpaint (page);
}

//  One row of what stands now: price, a bar of each side, its amount, the sum from the mark to its far edge.
static void
draw_row (page_t *page, const map_raster_t *raster, size_t row, const double sums[2])
{
    const double mark_px = page->picture->snapshot.mark_px;
    size_t room = page->terminal->width - GUTTER - 22, used = 0;
    price_scale_t scale = {raster->low_px, raster->high_px, 0, (double) raster->rows_count};
    double y = (double) (raster->rows_count - 1 - row);
    bool is_above = map_scale_px (&scale, y + 1) > mark_px, is_below = map_scale_px (&scale, y) <= mark_px;
    bool is_mark = !is_above && !is_below;
    double shown_px = is_mark ? mark_px : map_scale_px (&scale, y + 0.5), both_usd = 0;
    char price[MAP_SCALE_TEXT_MAX], usd[MAP_SCALE_TEXT_MAX], sum[MAP_SCALE_TEXT_MAX];
    map_scale_px_text (shown_px, map_scale_px_decimals (mark_px), price);
    text_add (page->out, "%10s%c%s", price, is_mark ? '>' : ' ', is_ascii (page) ? "|" : "\u2502");
    for (int side = 0; side < 2 && raster->full_usd > 0; side++) {
        double side_usd = map_raster_side_usd (raster, (map_side_t) side, row);
        size_t length = (size_t) (side_usd / raster->full_usd * (double) room + 0.5);
        draw_bar (page, length, (map_side_t) side);
        used += length;
        both_usd += side_usd;
    }
    map_scale_usd_text (both_usd, usd);
    map_scale_usd_text (sums[is_below ? MAP_SIDE_LONG : MAP_SIDE_SHORT], sum);
    text_add (page->out, "%*s %7s", (int) (room + 1 > used ? room + 1 - used : 0), "", usd);
    text_add (page->out, is_mark ? "\n" : "  sum %7s\n", sum);
}

static void
draw_profile (page_t *page, size_t lines)
{
    const map_picture_t *picture = page->picture;
    double low_px = picture->snapshot.mark_px * 0.9, high_px = picture->snapshot.mark_px * 1.1;
    if (picture->has_heatmap) {
        low_px = picture->heatmap.first_px;
        high_px = low_px * exp ((double) picture->heatmap.rows_count * picture->heatmap.step);
    }
    map_raster_t raster;
    map_picture_profile (picture, lines, low_px, high_px, &raster);
    double below_usd = 0, sums[2] = {0, 0};
    for (size_t r = 0; r < raster.rows_count; r++)
        sums[MAP_SIDE_SHORT] += map_raster_side_usd (&raster, MAP_SIDE_SHORT, r);
    text_add (page->out, "\n%-*s %s longs below, %s shorts above\n", GUTTER, "now",
              is_ascii (page) ? "#" : "red", is_ascii (page) ? "=" : "green");
    for (size_t r = raster.rows_count; r-- > 0;) {
        sums[MAP_SIDE_LONG] = below_usd += map_raster_side_usd (&raster, MAP_SIDE_LONG, r);
        draw_row (page, &raster, r, sums);
        sums[MAP_SIDE_SHORT] -= map_raster_side_usd (&raster, MAP_SIDE_SHORT, r);
    }
    map_raster_fini (&raster);
}

static void
draw_sums (page_t *page)
{
    const map_snapshot_t *snapshot = &page->picture->snapshot;
    text_add (page->out, "\n%-*s", GUTTER, "within");
    for (size_t i = 0; i < snapshot->cumulative_count; i++)
        text_add (page->out, "%7.3g %%", snapshot->cumulative[i].distance_pct);
    text_add (page->out, "%9s", "all");
    for (int side = 0; side < 2; side++) {
        char text[MAP_SCALE_TEXT_MAX];
        text_add (page->out, "\n%-*s", GUTTER, side == MAP_SIDE_LONG ? "  longs" : "  shorts");
        for (size_t i = 0; i < snapshot->cumulative_count; i++) {
            const map_cumulative_t *sum = &snapshot->cumulative[i];
            map_scale_usd_text (side == MAP_SIDE_LONG ? sum->long_usd : sum->short_usd, text);
            text_add (page->out, "%9s", text);
        }
        map_scale_usd_text (snapshot->total_usd[side], text);
        text_add (page->out, "%9s", text);
    }
    text_add (page->out, "\n\n%-*s", GUTTER, "max pain");
    for (int side = 0; side < 2; side++) {
        char px[MAP_SCALE_TEXT_MAX], usd[MAP_SCALE_TEXT_MAX];
        if (!isfinite (snapshot->pain_px[side])) {
            text_add (page->out, "%ss none%s", map_side_names[side], side == MAP_SIDE_LONG ? "   " : "");
            continue;
        }
        map_scale_px_text (snapshot->pain_px[side], map_scale_px_decimals (snapshot->mark_px), px);
        map_scale_usd_text (snapshot->pain_usd[side], usd);
        text_add (page->out, "%ss %s (%+.1f %%) %s%s", map_side_names[side], px,
                  100 * (snapshot->pain_px[side] / snapshot->mark_px - 1), usd,
                  side == MAP_SIDE_LONG ? "   " : "");
    }
    text_add (page->out, "\n");
}

static void
draw_clusters (page_t *page)
{
    enum { SHOWN = 10 };
    const map_snapshot_t *snapshot = &page->picture->snapshot;
    if (snapshot->clusters_count > 0)
        text_add (page->out, "\nlargest clusters\n");
    for (size_t i = 0; i < snapshot->clusters_count && i < SHOWN; i++) {
        const map_cluster_t *cluster = &snapshot->clusters[i];
        char low[MAP_SCALE_TEXT_MAX], high[MAP_SCALE_TEXT_MAX], usd[3][MAP_SCALE_TEXT_MAX];
        map_scale_px_text (cluster->low_px, map_scale_px_decimals (snapshot->mark_px), low);
        map_scale_px_text (cluster->high_px, map_scale_px_decimals (snapshot->mark_px), high);
        map_scale_usd_text (cluster->usd, usd[0]);
        map_scale_usd_text (cluster->usd_p10, usd[1]);
        map_scale_usd_text (cluster->usd_p90, usd[2]);
        double middle_px = sqrt (cluster->low_px * cluster->high_px);
        text_add (page->out, "  %2zu %-5s %9s - %-9s %+6.1f %% %8s  (%s to %s)\n", i + 1,
                  map_side_names[cluster->side], low, high, 100 * (middle_px / snapshot->mark_px - 1), usd[0],
                  usd[1], usd[2]);
    }
}

static void
draw_venues (page_t *page)
{
    const map_snapshot_t *snapshot = &page->picture->snapshot;
    if (snapshot->venues_count > 0)
        text_add (page->out, "\nvenues            open interest   longs  shorts  opening  apart  prints\n");
    for (size_t i = 0; i < snapshot->venues_count; i++) {
        const map_venue_t *venue = &snapshot->venues[i];
        char oi[MAP_SCALE_TEXT_MAX] = "unknown", longs[MAP_SCALE_TEXT_MAX], shorts[MAP_SCALE_TEXT_MAX];
        char apart[16] = "-";
        if (isfinite (venue->oi_usd))
            map_scale_usd_text (venue->oi_usd, oi);
        if (isfinite (venue->divergence_pct))
            (void) snprintf (apart, sizeof apart, "%.2f %%", venue->divergence_pct);
        map_scale_usd_text (venue->long_usd, longs);
        map_scale_usd_text (venue->short_usd, shorts);
        text_add (page->out, "  %-12s %-7s %8s %7s %7s    %3.0f %% %6s  %s\n", venue->venue,
                  venue->is_live ? "live" : "SILENT", oi, longs, shorts, 100 * venue->opening_p, apart,
                  coverage_names[venue->prints]);
    }
}

//  The line of trust, broken between its parts where it is wider than the page.
static void
draw_accuracy (page_t *page)
{
    static const char between[] = "  |  ";
    char text[512];
    map_picture_accuracy (page->picture, text, sizeof text);
    size_t used = 0;
    text_add (page->out, "\n");
    for (char *at = text, *next; at; at = next) {
        next = strstr (at, between);
        if (next) {
            *next = 0;
            next += sizeof between - 1;
        }
        bool fits = used == 0 || used + sizeof between - 1 + strlen (at) <= page->terminal->width;
        text_add (page->out, "%s%s", used == 0 ? "" : fits ? between : "\n", at);
        used = fits ? used + strlen (at) + (used ? sizeof between - 1 : 0) : strlen (at);
    }
    text_add (page->out, "\n");
}

static void
draw_head (page_t *page)
{
    const map_picture_t *picture = page->picture;
    char when[MAP_SCALE_TEXT_MAX] = "", price[MAP_SCALE_TEXT_MAX] = "unknown";
    double last_px = map_picture_last_px (picture);
    if (last_px > 0)
        map_scale_px_text (last_px, map_scale_px_decimals (last_px), price);
    if (picture->has_snapshot || picture->has_heatmap)
        map_scale_time_text (picture->has_snapshot ? picture->snapshot.ts_ms : picture->heatmap.update_ms, 0,
                             when);
    text_add (page->out, "%s liquidation map  %s model%s%s%s\n", picture->instrument,
              map_model_names[picture->model], picture->has_heatmap ? "  " : "",
              picture->has_heatmap ? picture->heatmap.range : "",
              picture->is_simulated ? "  SIMULATED MARKET" : "");
    text_add (page->out, "price %s  %s\nestimates from public data; not financial advice\n\n", price, when);
}

void
map_terminal_draw (const map_picture_t *picture, const map_terminal_t *terminal, text_buffer_t *out)
{
    CHECK (terminal->width >= MAP_TERMINAL_WIDTH_MIN && terminal->width <= MAP_TERMINAL_WIDTH_MAX &&
           terminal->lines > 0);
    page_t page = {.picture = picture, .terminal = terminal, .out = out, .fg = -1, .bg = -1};
    draw_head (&page);
    if (picture->has_heatmap)
        draw_heatmap (&page);
    else
        text_add (out, "no heatmap over time: %s\n", picture->why);
    if (picture->has_snapshot) {
        draw_profile (&page,
                      picture->has_heatmap && terminal->lines > 1 ? terminal->lines / 2 : terminal->lines);
        draw_sums (&page);
        draw_clusters (&page);
        draw_venues (&page);
    }
    draw_accuracy (&page);
}
