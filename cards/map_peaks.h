/*  map_peaks - where a liquidation map is thickest: the maxima that frames show as clusters and cards react to
 *
 *  A peak is a bin whose density of both sides, smoothed over 5 bins, is the largest within 5 bins to either side;
 *  of equals the lowest in price.  Which peaks are high enough to count is the caller's to say. */

#ifndef LEADLINE_MAP_PEAKS_H
#define LEADLINE_MAP_PEAKS_H

#include "cards/map_view.h"

enum { MAP_PEAKS_APART = 5, MAP_PEAKS_MAX = MAP_VIEW_BINS / MAP_PEAKS_APART };
enum { MAP_PEAKS_REACH = 3 }; //  bins to either side that are of a cluster
#define MAP_PEAKS_RANK .9     //  quantile of the bins that have any, which a cluster is not below

//  USD a bin.
void
map_peaks_smooth (const map_view_t *view, double out[MAP_VIEW_BINS]);

//  Bins of the view, rising.  Returns how many.
int
map_peaks_find (const double smooth[MAP_VIEW_BINS], int peaks[MAP_PEAKS_MAX]);

//  USD of both sides in the bins from at - reach to at + reach.
double
map_peaks_usd (const map_view_t *view, int at, int reach);

#endif
