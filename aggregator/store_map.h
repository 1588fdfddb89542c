/*  store_map - the liquidation map in short, kept in Redis for whoever looks there
 *
 *  What  of each instrument, at most once in STORE_MAP_MS of the frames' time, two hashes replaced as a whole: the
 *        largest clusters, and the mass within so many percent of the mark.
 *  Away  while Redis cannot be written the newest waits (what it replaces is counted) and goes out on return. */

#ifndef LEADLINE_AGGREGATOR_STORE_MAP_H
#define LEADLINE_AGGREGATOR_STORE_MAP_H

#include "aggregator/image.h"
#include "common/wire/result.h"

enum { STORE_MAP_MS = 10000, STORE_MAP_CLUSTERS = 10 };

//  Fields of the two hashes: price -> "48200000 short 25x" (USD, whose positions, the leverage that has most of
//  it), largest first; "long:1", "short:1", ... -> USD, and ts_ms, mark_px.
void
store_map_summarise (const map_frame_t *frame, image_t *top, image_t *cumulative);

#endif
