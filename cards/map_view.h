/*  map_view - the liquidation map as cards see it: mass by price, side and nothing else, summed over venues
 *
 *  Bins      of log price, 5 bp: bin b holds x in [b w, (b+1) w), w = MAP_BIN_WIDTH; its middle is (b + 1/2) w.
 *            The view covers MAP_VIEW_REACH bins to either side of the mark's (+-20 %).
 *  Density   usd[side][i]: notional (at the price of the bin) of positions that would be liquidated there, the
 *            picture's: mass x survival of stops x theta^.3 (methods A7).  hazard[side][i]: mass x survival x
 *            theta x phi, for what will really be printed.  Longs lie at and below the mark, shorts at and above.
 *  When      refreshed each whole second, before the cards are evaluated; borrowed until the next event. */

#ifndef LEADLINE_MAP_VIEW_H
#define LEADLINE_MAP_VIEW_H

#include <stdint.h>

#define MAP_BIN_WIDTH 0.0005
enum { MAP_VIEW_REACH = 400, MAP_VIEW_BINS = 2 * MAP_VIEW_REACH + 1 };

//  The two sides: [0] longs, below; [1] shorts, above (map_side_t).
typedef struct {
    int64_t first_bin; //  bin of usd[side][0]
    int64_t mark_bin;
    double mark_px, x; //  of the reference venue's mark (its mid where it sends none), and its logarithm
    const float *usd[2];
    const float *hazard[2];
    double total_usd[2];  //  whole mass of a side, beyond the view too
    double oi_usd;        //  sum of the venues' open interest; NaN: none known
    double leverage_mean; //  of the mass, harmonic; NaN: no mass
    int64_t since_ns;     //  first deposit of the live flow
} map_view_t;

#endif
