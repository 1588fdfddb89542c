/*  map_frame - the frame of a liquidation map as it goes out: rows, clusters, curves, what each venue adds
 *
 *  Each second one of the full model; at whole minutes one of each model with candle, prints and the venues' own
 *  rows: a column of the heatmap.  Working memory is made once and reused. */

#ifndef LEADLINE_MAP_FRAME_H
#define LEADLINE_MAP_FRAME_H

#include "cards/liquidation_map.h"
#include "cards/quality.h"

typedef struct map_frame_maker map_frame_maker_t;

//  Of one instrument.
map_frame_maker_t *
map_frame_new (const char *instrument, int venues_count);
void
map_frame_destroy (map_frame_maker_t **self);

//  The frame as of the map's last second; borrowed until the next call.  A column of the full model takes the
//  minute's prints out of the map.  NULL: there is no map yet.
map_frame_t *
map_frame_make (map_frame_maker_t *self, liquidation_map_t *map, const market_t *market, const feeds_t *feeds,
                map_model_t model, bool is_column);

//  What was made last, for late joiners; NULL: nothing yet.
map_frame_t *
map_frame_last (map_frame_maker_t *self, map_model_t model);

#endif
