#include "cards/liquidation_book.h"
#include "cards/liquidation_map.h"

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

//  Half-life of a position by leverage, hours: what is closed is told by the flow, this says by whom.
static const double HOLD_HOURS[MAP_COMPONENTS] = {38,  29.5, 18.8, 15, 12,  9.6, 7.6,
                                                  6.5, 5.4,  3.7,  3,  2.4, 2.1};
static const double KERNEL_SHARE = .12, KERNEL_CUT = 2;
static const double P_LEAST = .02, P_GAIN = .2, CLOSE_MOST = .5;
static const double ANCHOR_RATE = .005, ANCHOR_STEP = .1, LEVERAGED_SHARE = .7, LEAN = .15;
static const double RATIO_TAU_S = 7 * 86400 / STATS_LN2;
static const int64_t WINDOW_SLACK = 256; //  bins the mark may leave the middle by
static const double NEAR_MARGIN = 1.6;   //  a short at 2x is liquidated 50 % higher

static int64_t
bin_of (double x)
{
    return (int64_t) floor (x / MAP_BIN_WIDTH);
}

//  --- tiers and kernels

static void
make_kernel (liquidation_book_t *self, int side, int component, int32_t *used)
{
    double distance = self->distance[side][component];
    double sigma = fmax (1, KERNEL_SHARE * fabs (distance) / MAP_BIN_WIDTH);
    int32_t reach = (int32_t) ceil (KERNEL_CUT * sigma), at = *used + 1;
    *used = at + 2 * reach + 2;
    CHECK (*used <= KERNEL_TAPS_MAX);
    float *taps = self->kernel_taps + at;
    double sum = 0;
    for (int32_t k = -reach; k <= reach; k++)
        sum += exp (-.5 * k * k / (sigma * sigma));
    for (int32_t k = -reach; k <= reach; k++)
        taps[k + reach] = (float) (exp (-.5 * k * k / (sigma * sigma)) / sum);
    taps[-1] = taps[2 * reach + 1] = 0;
    self->kernel_reach[side][component] = reach;
    self->kernel_at[side][component] = at;
}

static void
take_tiers (liquidation_book_t *self, const tiers_t *tiers)
{
    self->tiers = *tiers;
    double leverage_max = tiers->rows[0].leverage_max;
    int32_t used = 0;
    for (int side = 0; side < 2; side++)
        for (int l = 0; l < MAP_COMPONENTS; l++) {
            double leverage = liquidation_map_leverage[l];
            bool is_allowed = leverage <= leverage_max || l == 0;
            //  a vanishing order: no deduction, the rate of the lowest tier
            self->distance[side][l] =
                is_allowed ? tiers_distance (tiers, side == MAP_SIDE_LONG ? 1 : -1, 1e-9, 1, leverage) : NAN;
            if (is_allowed)
                make_kernel (self, side, l, &used);
        }
}

void
liquidation_book_init (liquidation_book_t *self, const tiers_t *tiers)
{
    memset (self, 0, sizeof *self);
    self->p = .5;
    take_tiers (self, tiers);
}

int
liquidation_book_set_tiers (liquidation_book_t *self, const tiers_t *tiers)
{
    tiers_t checked = *tiers;
    int status = tiers_finish (&checked, &self->tiers_error);
    if (status == OK)
        take_tiers (self, &checked);
    else
        self->tiers_refused_count++;
    return status;
}

//  --- the window

static void
open_window (liquidation_book_t *self, int64_t mark_bin)
{
    self->base = mark_bin - LIQUIDATION_BINS / 2;
    self->edge_bin[MAP_SIDE_LONG] = mark_bin - 1;
    self->edge_bin[MAP_SIDE_SHORT] = mark_bin + 1;
}

static void
move_window (liquidation_book_t *self)
{
    int64_t off = self->mark_bin - (self->base + LIQUIDATION_BINS / 2);
    if (llabs (off) <= WINDOW_SLACK)
        return;
    for (int side = 0; side < 2; side++)
        for (int l = 0; l < MAP_COMPONENTS; l++)
            liquidation_grid_move (&self->grids[side][l], self->base, off);
    self->base += off;
}

double
liquidation_book_coins (const liquidation_book_t *self, int side)
{
    double sum = 0;
    for (int l = 0; l < MAP_COMPONENTS; l++)
        sum += self->grids[side][l].total_coins + self->grids[side][l].beyond_coins;
    return sum;
}

//  --- deposits and closes

static void
deposit_component (liquidation_book_t *self, int side, int component, double x, double coins)
{
    liquidation_kernel_t kernel = {self->kernel_reach[side][component],
                                   self->kernel_taps + self->kernel_at[side][component]};
    double place = x / MAP_BIN_WIDTH - .5 - (double) self->drift_bins[side];
    liquidation_grid_deposit (&self->grids[side][component], self->base, place, coins, &kernel);
    int64_t middle = (int64_t) floor (place) + self->drift_bins[side];
    int64_t edge = side == MAP_SIDE_LONG ? middle + 1 + kernel.reach : middle - kernel.reach;
    int64_t *known = &self->edge_bin[side];
    if (side == MAP_SIDE_LONG ? edge > *known : edge < *known)
        *known = edge;
}

static void
deposit (liquidation_book_t *self, int side, const held_order_t *order, double coins,
         const double weights[MAP_COMPONENTS])
{
    const tiers_t *tiers = &self->tiers;
    double size = tiers->is_by_coins ? order->coins : order->coins * order->px * NEAR_MARGIN;
    bool is_near = order->is_small || size <= tiers->rows[0].up_to;
    double leverage_max =
        is_near ? tiers->rows[0].leverage_max : tiers_at (tiers, order->coins, order->px)->leverage_max;
    double total = 0;
    for (int l = 0; l < MAP_COMPONENTS; l++)
        if (l == 0 || liquidation_map_leverage[l] <= leverage_max)
            total += weights[l];
    self->deposited_coins[side] += coins;
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        bool is_allowed = l == 0 || liquidation_map_leverage[l] <= leverage_max;
        double share = total > 0 ? weights[l] / total : l == 0;
        if (!is_allowed || !(share > 0) || isnan (self->distance[side][l]))
            continue;
        double distance = is_near ? self->distance[side][l]
                                  : tiers_distance (tiers, side == MAP_SIDE_LONG ? 1 : -1, order->coins,
                                                    order->px, liquidation_map_leverage[l]);
        if (isfinite (distance))
            deposit_component (self, side, l, order->x + distance, coins * share);
        else
            self->grids[side][l].beyond_coins += coins * share;
    }
}

static void
close_side (liquidation_book_t *self, int side, double coins)
{
    double hazard = 0, before = liquidation_book_coins (self, side);
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        const liquidation_grid_t *grid = &self->grids[side][l];
        hazard += (grid->total_coins + grid->beyond_coins) / HOLD_HOURS[l];
    }
    if (!(hazard > 0) || !(coins > 0))
        return;
    for (int l = 0; l < MAP_COMPONENTS; l++)
        liquidation_grid_scale (&self->grids[side][l], 1 - fmin (CLOSE_MOST, coins / HOLD_HOURS[l] / hazard));
    self->closed_coins[side] += before - liquidation_book_coins (self, side);
}

//  What of a taker's side is not liquidations, as a share.
static double
free_share (double flow, double liquidated)
{
    return flow > 0 ? fmax (0, 1 - liquidated / flow) : 0;
}

static void
apply_orders (liquidation_book_t *self, const double weights[MAP_COMPONENTS])
{
    double buys = self->applied_coins[0], sells = self->applied_coins[1], closes[2] = {0, 0};
    for (int i = 0; i < self->orders_count; i++)
        *(self->orders[i].side > 0 ? &buys : &sells) += self->orders[i].coins;
    double shares[2] = {free_share (buys, self->liquidated_coins[MAP_SIDE_SHORT]),
                        free_share (sells, self->liquidated_coins[MAP_SIDE_LONG])};
    for (int i = 0; i < self->orders_count; i++) {
        const held_order_t *order = self->orders + i;
        bool is_buy = order->side > 0;
        double coins = order->coins * shares[is_buy ? 0 : 1];
        self->volume_coins += order->coins;
        self->opened_coins += self->p * coins;
        closes[is_buy ? MAP_SIDE_SHORT : MAP_SIDE_LONG] += (1 - self->p) * coins;
        if (self->base && coins > 0)
            deposit (self, is_buy ? MAP_SIDE_LONG : MAP_SIDE_SHORT, order, self->p * coins, weights);
    }
    for (int side = 0; side < 2; side++)
        close_side (self, side, closes[side]);
    self->orders_count = 0;
}

static void
start_interval (liquidation_book_t *self, int64_t ts_ns)
{
    self->applied_ns = ts_ns;
    self->applied_coins[0] = self->applied_coins[1] = 0;
    self->liquidated_coins[0] = self->liquidated_coins[1] = 0;
}

//  Scale each side towards kappa x open interest: this share of the way, by a factor between low and high.
static void
anchor_sides (liquidation_book_t *self, double rate, double low, double high)
{
    for (int side = 0; side < 2 && self->oi_coins > 0; side++) {
        double lean = side == MAP_SIDE_LONG ? self->ratio_u : -self->ratio_u;
        double target = LEVERAGED_SHARE * self->oi_coins * (1 + LEAN * lean);
        double before = liquidation_book_coins (self, side);
        if (!(before > 0))
            continue;
        double factor = stats_clip (1 + rate * (target / before - 1), low, high);
        for (int l = 0; l < MAP_COMPONENTS; l++)
            liquidation_grid_scale (&self->grids[side][l], factor);
        self->anchored_coins[side] += before - liquidation_book_coins (self, side);
    }
}

void
liquidation_book_order (liquidation_book_t *self, const held_order_t *order,
                        const double weights[MAP_COMPONENTS])
{
    if (self->orders_count == BOOK_ORDERS_MAX) { //  no room to wait: with what is known of p
        double flow[2] = {self->applied_coins[0], self->applied_coins[1]};
        for (int i = 0; i < self->orders_count; i++)
            flow[self->orders[i].side > 0 ? 0 : 1] += self->orders[i].coins;
        apply_orders (self, weights);
        self->applied_coins[0] = flow[0];
        self->applied_coins[1] = flow[1];
    }
    self->orders[self->orders_count++] = *order;
}

void
liquidation_book_oi (liquidation_book_t *self, int64_t ts_ns, double coins, double change_coins,
                     const double weights[MAP_COMPONENTS])
{
    double volume = self->applied_coins[0] + self->applied_coins[1];
    for (int i = 0; i < self->orders_count; i++)
        volume += self->orders[i].coins;
    double liquidated = fmin (volume / 2, self->liquidated_coins[0] + self->liquidated_coins[1]);
    if (isnan (change_coins))
        self->oi_rejected_count++;
    else if (volume > liquidated && self->oi_ns) {
        double p = .5 + (change_coins + liquidated / 2) / (volume - liquidated);
        self->p += P_GAIN * (stats_clip (p, P_LEAST, 1 - P_LEAST) - self->p);
    }
    bool is_first = !self->oi_ns;
    self->oi_coins = coins;
    self->oi_ns = ts_ns;
    apply_orders (self, weights);
    if (is_first) //  too much of history gets its size at once; little is not blown up
        anchor_sides (self, 1, 0, 1);
    start_interval (self, ts_ns);
}

void
liquidation_book_apply_blind (liquidation_book_t *self, int64_t ts_ns, const double weights[MAP_COMPONENTS])
{
    self->p = .5;
    apply_orders (self, weights);
    start_interval (self, ts_ns);
}

//  --- sweeps

int
liquidation_book_rest (const liquidation_book_t *self, int side, int64_t bin, int64_t ts_ns)
{
    static const int32_t limits_s[BOOK_RESTS - 1] = {300, 1800, 3 * 3600, 12 * 3600, 48 * 3600};
    int32_t swept_s = self->swept_s[side][bin & (LIQUIDATION_BINS - 1)];
    int32_t rested_s = (int32_t) (ts_ns / NS_PER_S) - swept_s;
    int rest = 0;
    while (rest < BOOK_RESTS - 1 && (swept_s == 0 || rested_s >= limits_s[rest]))
        rest++;
    return rest;
}

static void
sweep_bin (liquidation_book_t *self, int side, int64_t bin, int rest, liquidation_swept_t *swept)
{
    double px = exp (((double) bin + .5) * MAP_BIN_WIDTH);
    int64_t at = bin - self->drift_bins[side];
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        double coins = liquidation_grid_sweep (&self->grids[side][l], self->base, at, at);
        swept->coins[l] += coins;
        swept->usd[l] += coins * px;
        swept->rest_usd[rest][l] += coins * px;
        self->swept_coins[side] += coins;
    }
}

//  Bins [from, to] hold whatever there is on the wrong side of the mark; `reached` is the mark's own.
static void
sweep (liquidation_book_t *self, int64_t ts_ns, int side, int64_t from, int64_t to, int64_t reached,
       liquidation_swept_t *swept)
{
    memset (swept, 0, sizeof *swept);
    for (int64_t bin = from; bin <= to; bin++) {
        sweep_bin (self, side, bin, liquidation_book_rest (self, side, bin, ts_ns), swept);
        self->swept_s[side][bin & (LIQUIDATION_BINS - 1)] = (int32_t) (ts_ns / NS_PER_S);
    }
    self->swept_s[side][reached & (LIQUIDATION_BINS - 1)] = (int32_t) (ts_ns / NS_PER_S);
}

void
liquidation_book_range (liquidation_book_t *self, int64_t ts_ns, double low_px, double high_px,
                        double close_px, liquidation_swept_t swept[2])
{
    int64_t low = bin_of (log (low_px)), high = bin_of (log (high_px));
    self->mark_px = close_px;
    self->mark_x = log (close_px);
    self->mark_bin = bin_of (self->mark_x);
    self->mark_ns = ts_ns;
    if (!self->base)
        open_window (self, self->mark_bin);
    sweep (self, ts_ns, MAP_SIDE_LONG, low, self->edge_bin[MAP_SIDE_LONG], low, &swept[MAP_SIDE_LONG]);
    sweep (self, ts_ns, MAP_SIDE_SHORT, self->edge_bin[MAP_SIDE_SHORT], high, high, &swept[MAP_SIDE_SHORT]);
    if (self->edge_bin[MAP_SIDE_LONG] >= low)
        self->edge_bin[MAP_SIDE_LONG] = low - 1;
    if (self->edge_bin[MAP_SIDE_SHORT] <= high)
        self->edge_bin[MAP_SIDE_SHORT] = high + 1;
}

void
liquidation_book_mark (liquidation_book_t *self, int64_t ts_ns, double px, liquidation_swept_t swept[2])
{
    liquidation_book_range (self, ts_ns, px, px, px, swept);
}

//  --- funding, ratio, anchor

void
liquidation_book_funding (liquidation_book_t *self, double rate)
{
    for (int side = 0; side < 2; side++) {
        self->drift[side] += rate;
        double bins = round (self->drift[side] / MAP_BIN_WIDTH);
        self->drift[side] -= bins * MAP_BIN_WIDTH;
        self->drift_bins[side] += (int64_t) bins;
        self->edge_bin[side] += (int64_t) bins;
    }
}

void
liquidation_book_ratio (liquidation_book_t *self, int64_t ts_ns, double share)
{
    if (ts_ns <= self->ratio_ns)
        return;
    self->ratio_ns = ts_ns;
    double held = stats_clip (share, .01, .99), logit = log (held / (1 - held));
    double mean = ew_mean (&self->ratio_logit);
    self->ratio_u = isnan (mean) ? 0 : tanh (logit - mean);
    ew_add (&self->ratio_logit, ts_ns, RATIO_TAU_S, logit);
}

void
liquidation_book_anchor (liquidation_book_t *self, double minutes)
{
    if (self->base)
        move_window (self);
    anchor_sides (self, 1 - pow (1 - ANCHOR_RATE, minutes), 1 - ANCHOR_STEP, 1 + ANCHOR_STEP);
}
