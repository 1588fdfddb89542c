/*  map_scale - places, colours and words of a picture of the map: pure arithmetic
 *
 *  Price   one function from prices to pixels and back, in log price, for every layer of a picture.
 *  Colour  tone = (usd / usd at the 99.7th percentile of the non-zero cells) ^ 0.6 (methods H). */

#ifndef LEADLINE_MAP_SCALE_H
#define LEADLINE_MAP_SCALE_H

#include <stddef.h>
#include <stdint.h>

enum {
    MAP_SCALE_TICKS_MAX = 24,
    MAP_SCALE_TEXT_MAX = 32 //  room for a price, an amount or a time as text
};

//  Prices low..high on a span of pixels, in log price: y 0 is high_px, y height is low_px.
typedef struct {
    double low_px, high_px;
    double top, height; //  of the span, in pixels
} price_scale_t;

double
map_scale_y (const price_scale_t *scale, double px);

//  The inverse of map_scale_y.
double
map_scale_px (const price_scale_t *scale, double y);

//  Round prices inside [low, high], ascending, at most so many (<= MAP_SCALE_TICKS_MAX).  Returns how many;
//  *decimals is how many digits after the point tell them apart.
size_t
map_scale_price_ticks (double low_px, double high_px, size_t most, double out[], int *decimals);

//  Round UTC times inside [from, to], as above.  *step_ms is the distance of the ticks.
size_t
map_scale_time_ticks (int64_t from_ms, int64_t to_ms, size_t most, int64_t out[], int64_t *step_ms);

//  0..1; 0 only for nothing.
double
map_scale_tone (double usd, double full_usd);

//  The amount that has a tone (inverse of map_scale_tone).
double
map_scale_tone_usd (double tone, double full_usd);

typedef struct {
    uint8_t r, g, b;
} map_colour_t;

//  Violet over blue and green to yellow; told apart by lightness alone too.  Tone 0 is the background.
map_colour_t
map_scale_colour (double tone);

//  "$12.4M"
void
map_scale_usd_text (double usd, char out[MAP_SCALE_TEXT_MAX]);

//  "61 250.50"
void
map_scale_px_text (double px, int decimals, char out[MAP_SCALE_TEXT_MAX]);

//  Digits after the point that a price of this size is usually shown with.
int
map_scale_px_decimals (double px);

//  "14:30", "28 Nov", both or with the year, as the distance of ticks needs.
void
map_scale_time_text (int64_t ts_ms, int64_t step_ms, char out[MAP_SCALE_TEXT_MAX]);

#endif
