#include "cards/book.h"

#include "common/base/check.h"

#include <math.h>
#include <string.h>

//  true when a is a better price than b on this side
static inline bool
is_better (book_side_t side, double a, double b)
{
    return side == SIDE_BID ? a > b : a < b;
}

//  Place of px in a side: of the level itself, or where it would be inserted.
static int32_t
place (const book_replica_t *self, book_side_t side, double px)
{
    const book_level_t *levels = self->levels[side];
    int32_t low = 0, high = self->counts[side];
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (is_better (side, levels[middle].px, px))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

//  Exact for what prices look like; the general routine for the rest.
static double
price_of (decimal_t price)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    if (price.exponent <= 0 && price.exponent >= -12 && price.mantissa >= 0 && price.mantissa < (1LL << 53))
        return (double) price.mantissa / powers[-price.exponent];
    return decimal_to_double (price);
}

//  Returns the quantity that was there; -1 when the level was ignored.
static double
set_level (book_replica_t *self, book_side_t side, double px, double qty)
{
    book_level_t *levels = self->levels[side];
    int32_t count = self->counts[side], at = place (self, side, px);
    if (at < count && levels[at].px == px) {
        double old = levels[at].qty_coins;
        if (qty > 0) {
            levels[at].qty_coins = qty;
            return old;
        }
        memmove (levels + at, levels + at + 1, (size_t) (count - at - 1) * sizeof *levels);
        self->counts[side]--;
        if (self->counts[side] < BOOK_KEPT / 2)
            self->bound_px[side] = 0;
        return old;
    }
    if (qty <= 0)
        return -1;
    if (self->bound_px[side] > 0 && is_better (side, self->bound_px[side], px))
        return -1;
    if (count == BOOK_KEPT) {
        if (at == count) {
            self->bound_px[side] = levels[count - 1].px;
            return -1;
        }
        count--;
        self->bound_px[side] = at == count ? px : levels[count - 1].px;
    }
    memmove (levels + at + 1, levels + at, (size_t) (count - at) * sizeof *levels);
    levels[at] = (book_level_t){px, qty};
    self->counts[side] = count + 1;
    return 0;
}

static void
load_side (book_replica_t *self, book_side_t side, const level_t *levels, size_t count)
{
    self->counts[side] = 0;
    self->bound_px[side] = 0;
    for (size_t i = 0; i < count; i++) {
        double px = price_of (levels[i].price);
        if (px > 0 && levels[i].qty_coins > 0)
            (void) set_level (self, side, px, levels[i].qty_coins);
    }
}

static int
change_side (book_replica_t *self, book_side_t side, const level_t *levels, size_t count,
             book_change_t *changes, int most)
{
    int n = 0;
    for (size_t i = 0; i < count; i++) {
        double px = price_of (levels[i].price), qty = levels[i].qty_coins;
        if (!(px > 0))
            continue;
        double old = set_level (self, side, px, qty);
        if (old < 0 || old == qty)
            continue;
        if (changes && n < most)
            changes[n] = (book_change_t){side, px, old, qty};
        n++;
    }
    return n;
}

int
book_apply (book_replica_t *self, const book_t *event, int64_t ts_recv_ns, book_change_t *changes, int most)
{
    if (event->is_snapshot) {
        load_side (self, SIDE_BID, event->bids, event->bids_count);
        load_side (self, SIDE_ASK, event->asks, event->asks_count);
        self->depth_levels = event->depth_levels;
        self->state = BOOK_SYNCED;
        self->ts_recv_ns = ts_recv_ns;
        self->synced_ns = ts_recv_ns;
        return 0;
    }
    if (self->state != BOOK_SYNCED)
        return E_GAP;
    int n = change_side (self, SIDE_BID, event->bids, event->bids_count, changes, most);
    int kept = n < most ? n : most;
    n += change_side (self, SIDE_ASK, event->asks, event->asks_count, changes ? changes + kept : NULL,
                      most - kept);
    self->ts_recv_ns = ts_recv_ns;
    return n;
}

void
book_break (book_replica_t *self)
{
    self->state = BOOK_BROKEN;
    self->gaps_count++;
}

double
book_mid (const book_replica_t *self)
{
    if (self->state != BOOK_SYNCED || self->counts[SIDE_BID] == 0 || self->counts[SIDE_ASK] == 0)
        return NAN;
    double bid = self->levels[SIDE_BID][0].px, ask = self->levels[SIDE_ASK][0].px;
    return bid < ask ? (bid + ask) / 2 : NAN;
}

//  Distance from mid in bp, positive away from it.
static inline double
distance_bp (book_side_t side, double px, double mid)
{
    return (side == SIDE_BID ? mid - px : px - mid) / mid * 1e4;
}

double
book_depth_usd (const book_replica_t *self, book_side_t side, double mid, double bp)
{
    //  as a price, so that a level exactly at the edge is inside whatever the rounding of the distance
    double edge = side == SIDE_BID ? mid * (1 - bp * 1e-4) : mid * (1 + bp * 1e-4);
    double slack = mid * 1e-12, sum = 0;
    const book_level_t *levels = self->levels[side];
    for (int32_t i = 0; i < self->counts[side]; i++) {
        if (side == SIDE_BID ? levels[i].px < edge - slack : levels[i].px > edge + slack)
            break;
        sum += levels[i].px * levels[i].qty_coins;
    }
    return sum;
}

double
book_weighted_usd (const book_replica_t *self, book_side_t side, double mid, double scale_bp, double most_bp)
{
    double sum = 0;
    const book_level_t *levels = self->levels[side];
    for (int32_t i = 0; i < self->counts[side]; i++) {
        double d = distance_bp (side, levels[i].px, mid);
        if (d > most_bp + 1e-8)
            break;
        sum += levels[i].px * levels[i].qty_coins * exp (-d / scale_bp);
    }
    return sum;
}

double
book_reach_bp (const book_replica_t *self, double mid)
{
    double reach = INFINITY;
    for (int side = SIDE_BID; side <= SIDE_ASK; side++) {
        if (self->counts[side] == 0)
            return 0;
        double d = distance_bp ((book_side_t) side, self->levels[side][self->counts[side] - 1].px, mid);
        reach = d < reach ? d : reach;
    }
    return reach;
}
