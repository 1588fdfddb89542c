#include "publisher/cli/map_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/check.h"

//  --- places

double
map_scale_y (const price_scale_t *scale, double px)
{
    return scale->top + scale->height * log (scale->high_px / px) / log (scale->high_px / scale->low_px);
}

double
map_scale_px (const price_scale_t *scale, double y)
{
    return scale->high_px * exp ((scale->top - y) / scale->height * log (scale->high_px / scale->low_px));
}

//  The smallest of 1, 2, 5 x 10^n that is not below least; *decimals of it.
static double
round_step (double least, int *decimals)
{
    int power = (int) floor (log10 (least));
    double unit = pow (10, power);
    double step = unit;
    if (step < least * (1 - 1e-9))
        step = 2 * unit;
    if (step < least * (1 - 1e-9))
        step = 5 * unit;
    if (step < least * (1 - 1e-9)) {
        step = 10 * unit;
        power++;
    }
    *decimals = power < 0 ? -power : 0;
    return step;
}

size_t
map_scale_price_ticks (double low_px, double high_px, size_t most, double out[], int *decimals)
{
    *decimals = 0;
    if (!(low_px > 0 && high_px > low_px && isfinite (high_px)) || most == 0)
        return 0;
    double step = round_step ((high_px - low_px) / (double) (most > 1 ? most - 1 : 1), decimals);
    size_t count = 0;
    for (double at = ceil (low_px / step - 1e-9); count < most && at * step <= high_px * (1 + 1e-12); at++)
        out[count++] = at * step;
    return count;
}

size_t
map_scale_time_ticks (int64_t from_ms, int64_t to_ms, size_t most, int64_t out[], int64_t *step_ms)
{
    enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    static const int64_t steps[] = {MINUTE,
                                    2 * MINUTE,
                                    5 * MINUTE,
                                    10 * MINUTE,
                                    15 * MINUTE,
                                    30 * MINUTE,
                                    HOUR,
                                    2 * HOUR,
                                    3 * HOUR,
                                    6 * HOUR,
                                    12 * HOUR,
                                    DAY,
                                    2 * DAY,
                                    3 * DAY,
                                    7 * DAY,
                                    14 * DAY,
                                    (int64_t) 28 * DAY,
                                    (int64_t) 56 * DAY,
                                    INT64_C (182) * DAY};
    *step_ms = steps[COUNT_OF (steps) - 1];
    if (to_ms < from_ms || from_ms < 0 || most == 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF (steps); i++)
        if (to_ms / steps[i] - (from_ms + steps[i] - 1) / steps[i] < (int64_t) most) {
            *step_ms = steps[i];
            break;
        }
    size_t count = 0;
    for (int64_t at = (from_ms + *step_ms - 1) / *step_ms * *step_ms; at <= to_ms && count < most;
         at += *step_ms)
        out[count++] = at;
    return count;
}

//  --- colours

double
map_scale_tone (double usd, double full_usd)
{
    if (!(usd > 0) || !(full_usd > 0))
        return 0;
    double share = usd / full_usd;
    return share < 1 ? pow (share, 0.6) : 1;
}

double
map_scale_tone_usd (double tone, double full_usd)
{
    return full_usd * pow (tone, 1 / 0.6);
}

map_colour_t
map_scale_colour (double tone)
{
    //  Lightness rises evenly from one to the next; tone 0 is the background of the plot.
    static const double anchors[][3] = {{20, 12, 36},   {58, 28, 104},  {62, 72, 138},  {46, 116, 142},
                                        {36, 154, 136}, {90, 196, 100}, {176, 220, 52}, {253, 231, 37}};
    const size_t last = COUNT_OF (anchors) - 1;
    double at = (tone < 0 ? 0 : tone > 1 ? 1 : tone) * (double) last;
    size_t i = at >= (double) last ? last - 1 : (size_t) at;
    double part = at - (double) i;
    double rgb[3];
    for (size_t j = 0; j < 3; j++)
        rgb[j] = anchors[i][j] + (anchors[i + 1][j] - anchors[i][j]) * part + 0.5;
    return (map_colour_t){(uint8_t) rgb[0], (uint8_t) rgb[1], (uint8_t) rgb[2]};
}

//  --- words

void
map_scale_usd_text (double usd, char out[MAP_SCALE_TEXT_MAX])
{
    static const char units[] = {0, 'K', 'M', 'B', 'T'};
    size_t unit = 0;
    while (unit + 1 < sizeof units && usd >= 999.5) {
        usd /= 1000;
        unit++;
    }
    int decimals = unit == 0 || usd >= 99.95 ? 0 : usd >= 9.995 ? 1 : 2;
    (void) snprintf (out, MAP_SCALE_TEXT_MAX, "$%.*f%.1s", decimals, usd, unit ? &units[unit] : "");
}

int
map_scale_px_decimals (double px)
{
    int digits = px > 0 && isfinite (px) ? 5 - (int) ceil (log10 (px)) : 2;
    return digits < 1 ? 1 : digits > 10 ? 10 : digits;
}

//  Thousands are told apart by a space, as the digits of a price like 97 250 are many.
void
map_scale_px_text (double px, int decimals, char out[MAP_SCALE_TEXT_MAX])
{
    char plain[MAP_SCALE_TEXT_MAX];
    int length = snprintf (plain, sizeof plain, "%.*f", decimals, px);
    if (length < 0 || length >= MAP_SCALE_TEXT_MAX - 8) {
        (void) snprintf (out, MAP_SCALE_TEXT_MAX, "%.6g", px);
        return;
    }
    size_t whole = strcspn (plain, "."), used = 0;
    for (size_t i = 0; plain[i]; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0 && whole > 4)
            out[used++] = ' ';
        out[used++] = plain[i];
    }
    out[used] = 0;
}

void
map_scale_time_text (int64_t ts_ms, int64_t step_ms, char out[MAP_SCALE_TEXT_MAX])
{
    const int64_t day_ms = INT64_C (24) * 3600 * 1000;
    time_t seconds = (time_t) (ts_ms / 1000);
    struct tm utc;
    (void) gmtime_r (&seconds, &utc);
    const char *format = step_ms == 0             ? "%d %b %Y %H:%M:%S UTC"
                         : step_ms >= 28 * day_ms ? "%b %Y"
                         : ts_ms % day_ms == 0    ? "%d %b"
                                                  : "%H:%M";
    (void) strftime (out, MAP_SCALE_TEXT_MAX, format, &utc);
}
