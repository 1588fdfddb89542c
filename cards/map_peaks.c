#include "cards/map_peaks.h"

#include <stdbool.h>

enum { SMOOTH_BINS = 2 };

double
map_peaks_usd (const map_view_t *view, int at, int reach)
{
    double sum = 0;
    for (int i = at - reach; i <= at + reach; i++)
        if (i >= 0 && i < MAP_VIEW_BINS)
            sum += (double) view->usd[0][i] + (double) view->usd[1][i];
    return sum;
}

void
map_peaks_smooth (const map_view_t *view, double out[MAP_VIEW_BINS])
{
    for (int i = 0; i < MAP_VIEW_BINS; i++)
        out[i] = map_peaks_usd (view, i, SMOOTH_BINS) / (2 * SMOOTH_BINS + 1);
}

static bool
is_peak (const double smooth[MAP_VIEW_BINS], int at)
{
    for (int i = at - MAP_PEAKS_APART; i <= at + MAP_PEAKS_APART; i++)
        if (i >= 0 && i < MAP_VIEW_BINS && (i < at ? smooth[i] >= smooth[at] : smooth[i] > smooth[at]))
            return false;
    return smooth[at] > 0;
}

int
map_peaks_find (const double smooth[MAP_VIEW_BINS], int peaks[MAP_PEAKS_MAX])
{
    int count = 0;
    for (int i = 0; i < MAP_VIEW_BINS && count < MAP_PEAKS_MAX; i++)
        if (is_peak (smooth, i))
            peaks[count++] = i;
    return count;
}
