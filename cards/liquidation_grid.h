/*  liquidation_grid - coins by bin of log price, for one side and one component of leverage (methods A8)
 *
 *  How   a ring of bins over a window of log price, with a lazy scale: true coins of a bin = m x scale, so that
 *        taking a share of everything is one multiplication.  What lies beyond the window is one number.
 *  Window  bins [base, base + LIQUIDATION_BINS); base is the caller's, the same for the grids of a book.
 *  Kernel  2 reach + 1 weights that add up to 1, a zero before and behind them. */

#ifndef LEADLINE_LIQUIDATION_GRID_H
#define LEADLINE_LIQUIDATION_GRID_H

#include <stdint.h>

enum { LIQUIDATION_BINS = 4096 }; //  a power of two

typedef struct {
    double scale;        //  0: nothing was ever put in
    double total_coins;  //  in the window
    double beyond_coins; //  outside of it
    float m[LIQUIDATION_BINS];
} liquidation_grid_t;

typedef struct {
    int32_t reach;
    const float *weights; //  of bin -reach; weights[-1] and weights[2 reach + 1] are 0
} liquidation_kernel_t;

//  Add coins around a place: a number of bins, whole ones being middles of bins; it is split between the two
//  nearest and spread by the kernel.
void
liquidation_grid_deposit (liquidation_grid_t *self, int64_t base, double place, double coins,
                          const liquidation_kernel_t *kernel);

//  Keep this share of everything, 0 < share.
void
liquidation_grid_scale (liquidation_grid_t *self, double share);

//  Empty bins [from, to]; returns their coins.
double
liquidation_grid_sweep (liquidation_grid_t *self, int64_t base, int64_t from, int64_t to);

//  The window moves from base to base + bins: what falls out is beyond it.
void
liquidation_grid_move (liquidation_grid_t *self, int64_t base, int64_t bins);

//  What reading adds up for bins [from, from + count): coins x px[i] x survival (distance_i), times factor and
//  hazard_factor phi[i].  distance_i = |(i - i0) step| in shares of the way from an order to its liquidation, so that
//  f = 1 - distance is how far the price has gone; survival = 1 - stopped clip ((f - stops_from) / stops_over, 0, 1).
typedef struct {
    const float *px, *phi;          //  phi: of hazard, by bin
    double first_share, step_share; //  distance of i = 0, and from one to the next
    float stopped, stops_from, stops_over;
    float factor, hazard_factor;
} liquidation_reading_t;

//  Bins outside of the window add nothing.
void
liquidation_grid_read (const liquidation_grid_t *self, int64_t base, int64_t from, int count,
                       const liquidation_reading_t *how, float *out, float *hazard);

static inline double
liquidation_grid_at (const liquidation_grid_t *self, int64_t bin)
{
    return (double) self->m[bin & (LIQUIDATION_BINS - 1)] * self->scale;
}

#endif
