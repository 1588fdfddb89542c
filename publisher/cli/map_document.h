/*  map_document - reads the publisher's heatmap document (JSON) into a picture
 *
 *  What   GET /v1/heatmap/{instrument}: y_axis, x_axis, liquidation_leverage_data [x, y, usd],
 *         price_candlesticks [ms, open, high, low, close, volume],
 *         prints [x, px, usd, side, count, venue, coverage].
 *  Hostile input   what is missing, of another type or out of bounds is refused with its place and the
 *         picture is left as it was; keys that are not known are ignored. */

#ifndef LEADLINE_MAP_DOCUMENT_H
#define LEADLINE_MAP_DOCUMENT_H

#include "publisher/cli/map_picture.h"

//  E_SYNTAX: not the document; E_ABSENT: it is, and no column is held (error says so).
int
map_document_read (map_picture_t *picture, slice_t text, error_text_t *error);

#endif
