//  What is read of the books: densities of the picture and of hazard, over the bins about the mark.

#include "cards/liquidation_map_private.h"

#include "common/base/check.h"
#include "common/base/status.h"

#include <math.h>
#include <string.h>

static const double STOPPED = .35, STOPS_FROM = .2, STOPS_OVER = .6;

double
liquidation_view_survival (double f)
{
    return 1 - STOPPED * stats_clip ((f - STOPS_FROM) / STOPS_OVER, 0, 1);
}

static int64_t
first_bin (const liquidation_map_t *self)
{
    return self->mark_bin - MAP_VIEW_REACH;
}

//  Bins of a side: longs from the bottom to the mark's, shorts from the mark's to the top.
static void
side_bins (int side, int *from, int *to)
{
    *from = side == MAP_SIDE_LONG ? 0 : MAP_VIEW_REACH;
    *to = side == MAP_SIDE_LONG ? MAP_VIEW_REACH : MAP_VIEW_BINS - 1;
}

//  Add one component of a book, in USD after survival, times factor and hazard_factor.
static void
add_component (const liquidation_map_t *self, const liquidation_book_t *book, int side, int component,
               double factor, double hazard_factor, const float *phi, float *out, float *hazard)
{
    double reach = fabs (book->distance[side][component]);
    if (!(book->grids[side][component].total_coins > 0) || !(reach > 0))
        return;
    int from, to, toward = side == MAP_SIDE_LONG ? -1 : 1;
    side_bins (side, &from, &to);
    double x = ((double) (first_bin (self) + from) + .5) * MAP_BIN_WIDTH;
    liquidation_reading_t how = {.px = self->bins_px + from,
                                 .phi = phi + from,
                                 .first_share = toward * (x - book->mark_x) / reach,
                                 .step_share = toward * MAP_BIN_WIDTH / reach,
                                 .stopped = (float) STOPPED,
                                 .stops_from = (float) STOPS_FROM,
                                 .stops_over = (float) STOPS_OVER,
                                 .factor = (float) factor,
                                 .hazard_factor = (float) hazard_factor};
    liquidation_grid_read (&book->grids[side][component], book->base,
                           first_bin (self) + from - book->drift_bins[side], to - from + 1, &how, out + from,
                           hazard + from);
}

static void
add_totals (liquidation_map_t *self)
{
    double inverse = 0, sum = 0;
    memset (self->total_usd, 0, sizeof self->total_usd);
    memset (self->ladder_total_usd, 0, sizeof self->ladder_total_usd);
    for (int side = 0; side < 2; side++) {
        for (int v = 0; v < self->venues_count; v++)
            for (int l = 0; l < MAP_COMPONENTS; l++) {
                const liquidation_grid_t *grid = &self->venues[v].book.grids[side][l];
                double coins = grid->total_coins + grid->beyond_coins;
                self->total_usd[side] += coins * self->mark_px;
                inverse += coins / liquidation_map_leverage[l];
                sum += coins;
            }
        for (int l = 0; l < LADDER_COMPONENTS; l++)
            self->ladder_total_usd[side] +=
                (self->ladder[side][l].total_coins + self->ladder[side][l].beyond_coins) * self->mark_px;
    }
    self->leverage_mean = inverse > 0 ? sum / inverse : NAN;
}

static void
add_ladder (liquidation_map_t *self)
{
    memset (self->ladder_groups_usd, 0, sizeof self->ladder_groups_usd);
    memset (self->ladder_usd, 0, sizeof self->ladder_usd);
    for (int side = 0; side < 2; side++) {
        int from, to;
        side_bins (side, &from, &to);
        for (int i = from; i <= to; i++) {
            int64_t bin = first_bin (self) + i;
            if (bin < self->ladder_base || bin >= self->ladder_base + LIQUIDATION_BINS)
                continue;
            for (int l = 0; l < LADDER_COMPONENTS; l++) {
                double usd = liquidation_grid_at (&self->ladder[side][l], bin) * (double) self->bins_px[i];
                self->ladder_groups_usd[side][liquidation_map_group (liquidation_map_ladder_leverage[l])]
                                       [i] += (float) usd;
                self->ladder_usd[side][i] += (float) usd;
            }
        }
    }
}

void
liquidation_view_refresh (liquidation_map_t *self)
{
    memset (self->groups_usd, 0, sizeof self->groups_usd);
    memset (self->usd, 0, sizeof self->usd);
    memset (self->hazard, 0, sizeof self->hazard);
    double px = exp (((double) first_bin (self) + .5) * MAP_BIN_WIDTH), step = exp (MAP_BIN_WIDTH);
    for (int i = 0; i < MAP_VIEW_BINS; i++, px *= step)
        self->bins_px[i] = (float) px;
    float phi[MAP_VIEW_BINS];
    for (int v = 0; v < self->venues_count; v++)
        for (int side = 0; self->venues[v].book.base && side < 2; side++) {
            const liquidation_book_t *book = &self->venues[v].book;
            int from, to;
            side_bins (side, &from, &to);
            for (int i = from; i <= to; i++)
                phi[i] =
                    (float) self->phi[liquidation_book_rest (book, side, first_bin (self) + i, self->now_ns)];
            for (int l = 0; l < MAP_COMPONENTS; l++)
                add_component (self, book, side, l, self->theta_picture[l], self->theta[l], phi,
                               self->groups_usd[side][liquidation_map_group (liquidation_map_leverage[l])],
                               self->hazard[side]);
        }
    for (int side = 0; side < 2; side++)
        for (int group = 0; group < MAP_GROUPS; group++)
            for (int i = 0; i < MAP_VIEW_BINS; i++)
                self->usd[side][i] += self->groups_usd[side][group][i];
    add_ladder (self);
    add_totals (self);
    self->view_ns = self->now_ns;
}

void
liquidation_view_venue (const liquidation_map_t *self, int venue, float out[2][MAP_GROUPS][MAP_VIEW_BINS])
{
    CHECK (venue >= 0 && venue < self->venues_count);
    memset (out, 0, sizeof (float[2][MAP_GROUPS][MAP_VIEW_BINS]));
    const liquidation_book_t *book = &self->venues[venue].book;
    float hazard[MAP_VIEW_BINS] = {0}; //  not asked for
    for (int side = 0; book->base && side < 2; side++)
        for (int l = 0; l < MAP_COMPONENTS; l++)
            add_component (self, book, side, l, self->theta_picture[l], 0, hazard,
                           out[side][liquidation_map_group (liquidation_map_leverage[l])], hazard);
}

int
liquidation_map_view (const liquidation_map_t *self, map_view_t *out)
{
    if (!self->view_ns)
        return E_AGAIN;
    double oi_coins = 0;
    for (int v = 0; v < self->venues_count; v++)
        oi_coins += self->venues[v].book.oi_coins;
    *out = (map_view_t){.first_bin = first_bin (self),
                        .mark_bin = self->mark_bin,
                        .mark_px = self->mark_px,
                        .x = self->x,
                        .usd = {self->usd[0], self->usd[1]},
                        .hazard = {self->hazard[0], self->hazard[1]},
                        .total_usd = {self->total_usd[0], self->total_usd[1]},
                        .oi_usd = oi_coins > 0 ? oi_coins * self->mark_px : NAN,
                        .leverage_mean = self->leverage_mean,
                        .since_ns = self->since_ns};
    return OK;
}

int
liquidation_map_ladder (const liquidation_map_t *self, map_view_t *out)
{
    int status = liquidation_map_view (self, out);
    for (int side = 0; side < 2 && status == OK; side++) {
        out->usd[side] = out->hazard[side] = self->ladder_usd[side];
        out->total_usd[side] = self->ladder_total_usd[side];
    }
    return status;
}

double
liquidation_map_mass (const liquidation_map_t *self, int venue, map_side_t side, int component,
                      int64_t from_bin, int64_t to_bin)
{
    CHECK (venue >= 0 && venue < self->venues_count && component >= 0 && component < MAP_COMPONENTS);
    double sum = 0;
    for (int64_t bin = from_bin; bin < to_bin; bin++)
        sum += liquidation_book_at (&self->venues[venue].book, side, component, bin);
    return sum;
}
