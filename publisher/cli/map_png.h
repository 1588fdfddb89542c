/*  map_png - draws a picture of the map into a PNG file, without a display
 *
 *  Layers    the heatmap as crisp cells, grid, candles, liquidations seen (area by amount), the last price;
 *            beside it on the same scale what stands now by leverage with running sums and max pain; below it
 *            the sums by distance and the line of trust.  Without a heatmap what stands now takes the whole
 *            width.
 *  Why       the layout is a function of its own so that a test can say which pixel shows which cell. */

#ifndef LEADLINE_MAP_PNG_H
#define LEADLINE_MAP_PNG_H

#include "publisher/cli/map_picture.h"

enum { MAP_PNG_WIDTH_MIN = 640, MAP_PNG_HEIGHT_MIN = 400, MAP_PNG_SIZE_MAX = 8192 };

typedef struct {
    double left, top, width, height; //  pixels
} map_box_t;

typedef struct {
    double unit;         //  size of a pixel of the 1600 x 900 drawing
    map_box_t bar;       //  of colours; width 0: there is no heatmap
    map_box_t heatmap;   //  width 0: there is none
    map_box_t profile;   //  width 0: there is no snapshot
    price_scale_t scale; //  of both
} map_png_layout_t;

map_png_layout_t
map_png_layout (const map_picture_t *picture, int width, int height);

//  Rows to ask the publisher for, so that one is a few pixels high.
size_t
map_png_rows (int height);

//  Write the file.  E_IO: error says which file and why.
int
map_png_write (const map_picture_t *picture, int width, int height, const char *path, error_text_t *error);

#endif
