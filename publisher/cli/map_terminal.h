/*  map_terminal - draws a picture of the map in characters
 *
 *  Colours   half blocks carry two cells a character, in true colour or the 256 of older terminals; ASCII has
 *            one cell a character, no escape sequence and nothing beyond 7 bits: for pipes, files, NO_COLOR.
 *  Layers    the heatmap over time with the closes as a line and the colour bar, what stands now by price
 *            with running sums, sums by distance, max pain, largest clusters, venues, the line of trust. */

#ifndef LEADLINE_MAP_TERMINAL_H
#define LEADLINE_MAP_TERMINAL_H

#include "publisher/cli/map_picture.h"

typedef enum { MAP_TERMINAL_ASCII, MAP_TERMINAL_256, MAP_TERMINAL_TRUE } map_terminal_colours_t;

enum { MAP_TERMINAL_WIDTH_MIN = 40, MAP_TERMINAL_WIDTH_MAX = 500 };

typedef struct {
    map_terminal_colours_t colours;
    size_t width; //  characters of a line
    size_t lines; //  of the heatmap; what stands now gets half as many, or all of them alone
} map_terminal_t;

//  Appends the text.
void
map_terminal_draw (const map_picture_t *picture, const map_terminal_t *terminal, text_buffer_t *out);

#endif
