#include "ingest/simulator/matching.h"
#include "common/base/check.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    int64_t px_ticks, qty_lots;
    int32_t next, previous;
    int32_t owner, slot;
    bool is_bid;
} order_t;

typedef struct {
    int64_t px_ticks, qty_lots;
    int32_t first, last;
} level_t;

typedef struct {
    level_t *levels; //  best last
    int32_t count;
} half_t;

struct matching {
    order_t *orders;
    int32_t orders_max, free_first;
    half_t halves[2]; //  [is_bid]
    matching_sink_t sink;
};

matching_t *
matching_new (int32_t orders_max, const matching_sink_t *sink)
{
    matching_t *self = mem_new (sizeof *self);
    self->sink = *sink;
    self->orders_max = orders_max;
    self->orders = mem_new ((size_t) orders_max * sizeof *self->orders);
    for (int32_t i = 0; i < orders_max; i++)
        self->orders[i].next = i + 1 < orders_max ? i + 1 : MATCHING_NONE;
    for (int i = 0; i < 2; i++)
        self->halves[i].levels = mem_new ((size_t) orders_max * sizeof (level_t));
    return self;
}

void
matching_destroy (matching_t **self)
{
    if (!*self)
        return;
    free ((*self)->halves[0].levels);
    free ((*self)->halves[1].levels);
    free ((*self)->orders);
    free (*self);
    *self = NULL;
}

static bool
is_better (bool is_bid, int64_t a, int64_t b)
{
    return is_bid ? a > b : a < b;
}

//  Where px is, or where it would be inserted.  Walks from the best: most orders rest near it.
static int32_t
half_seek (const half_t *half, bool is_bid, int64_t px_ticks)
{
    int32_t i = half->count;
    for (int near = 0; near < 8 && i > 0; near++, i--)
        if (!is_better (is_bid, half->levels[i - 1].px_ticks, px_ticks))
            return half->levels[i - 1].px_ticks == px_ticks ? i - 1 : i;
    int32_t low = 0, high = i;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (is_better (is_bid, px_ticks, half->levels[middle].px_ticks))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static level_t *
half_insert (half_t *half, int32_t at, int64_t px_ticks)
{
    memmove (&half->levels[at + 1], &half->levels[at], (size_t) (half->count - at) * sizeof (level_t));
    half->count++;
    half->levels[at] = (level_t){.px_ticks = px_ticks, .first = MATCHING_NONE, .last = MATCHING_NONE};
    return &half->levels[at];
}

static void
half_remove (half_t *half, int32_t at)
{
    half->count--;
    memmove (&half->levels[at], &half->levels[at + 1], (size_t) (half->count - at) * sizeof (level_t));
}

int32_t
matching_post (matching_t *self, int32_t owner, int32_t slot, bool is_bid, int64_t px_ticks, int64_t qty_lots)
{
    CHECK (qty_lots > 0 && px_ticks > 0);
    int64_t opposite = matching_best (self, !is_bid);
    int32_t handle = self->free_first;
    if (handle == MATCHING_NONE || (opposite && !is_better (is_bid, opposite, px_ticks)))
        return MATCHING_NONE;

    half_t *half = &self->halves[is_bid];
    int32_t at = half_seek (half, is_bid, px_ticks);
    bool is_there = at < half->count && half->levels[at].px_ticks == px_ticks;
    level_t *level = is_there ? &half->levels[at] : half_insert (half, at, px_ticks);

    order_t *order = &self->orders[handle];
    self->free_first = order->next;
    *order = (order_t){.px_ticks = px_ticks,
                       .qty_lots = qty_lots,
                       .next = MATCHING_NONE,
                       .previous = level->last,
                       .owner = owner,
                       .slot = slot,
                       .is_bid = is_bid};
    if (level->last == MATCHING_NONE)
        level->first = handle;
    else
        self->orders[level->last].next = handle;
    level->last = handle;
    level->qty_lots += qty_lots;
    self->sink.level (self->sink.self, is_bid, px_ticks, level->qty_lots);
    return handle;
}

static void
order_unlink (matching_t *self, level_t *level, int32_t handle)
{
    order_t *order = &self->orders[handle];
    if (order->previous == MATCHING_NONE)
        level->first = order->next;
    else
        self->orders[order->previous].next = order->next;
    if (order->next == MATCHING_NONE)
        level->last = order->previous;
    else
        self->orders[order->next].previous = order->previous;
    order->qty_lots = 0;
    order->next = self->free_first;
    self->free_first = handle;
}

void
matching_cancel (matching_t *self, int32_t handle)
{
    CHECK (handle >= 0 && handle < self->orders_max && self->orders[handle].qty_lots > 0);
    order_t *order = &self->orders[handle];
    bool is_bid = order->is_bid;
    int64_t px_ticks = order->px_ticks;
    half_t *half = &self->halves[is_bid];
    int32_t at = half_seek (half, is_bid, px_ticks);
    level_t *level = &half->levels[at];
    CHECK (at < half->count && level->px_ticks == px_ticks);
    level->qty_lots -= order->qty_lots;
    order_unlink (self, level, handle);
    int64_t left = level->qty_lots;
    if (level->first == MATCHING_NONE)
        half_remove (half, at);
    self->sink.level (self->sink.self, is_bid, px_ticks, left);
}

//  Trade against one level.  Returns the lots that traded.
static int64_t
level_take (matching_t *self, level_t *level, int64_t qty_lots)
{
    int64_t left = qty_lots;
    while (left > 0 && level->first != MATCHING_NONE) {
        int32_t handle = level->first;
        order_t *order = &self->orders[handle];
        int64_t lots = order->qty_lots < left ? order->qty_lots : left;
        int32_t owner = order->owner, slot = order->slot;
        order->qty_lots -= lots;
        level->qty_lots -= lots;
        left -= lots;
        bool is_done = order->qty_lots == 0;
        if (is_done)
            order_unlink (self, level, handle);
        self->sink.fill (self->sink.self, owner, slot, level->px_ticks, lots, is_done);
    }
    return qty_lots - left;
}

int64_t
matching_take (matching_t *self, bool is_buy, int64_t limit_px_ticks, int64_t qty_lots)
{
    half_t *half = &self->halves[!is_buy];
    int64_t left = qty_lots;
    while (left > 0 && half->count > 0) {
        level_t *level = &half->levels[half->count - 1];
        if (is_better (!is_buy, limit_px_ticks, level->px_ticks))
            break;
        left -= level_take (self, level, left);
        int64_t px_ticks = level->px_ticks, there = level->qty_lots;
        if (level->first == MATCHING_NONE)
            half->count--;
        self->sink.level (self->sink.self, !is_buy, px_ticks, there);
    }
    return qty_lots - left;
}

int64_t
matching_best (const matching_t *self, bool is_bid)
{
    const half_t *half = &self->halves[is_bid];
    return half->count ? half->levels[half->count - 1].px_ticks : 0;
}

int64_t
matching_order_px (const matching_t *self, int32_t handle)
{
    return self->orders[handle].px_ticks;
}

int64_t
matching_order_lots (const matching_t *self, int32_t handle)
{
    return self->orders[handle].qty_lots;
}

bool
matching_order_is_bid (const matching_t *self, int32_t handle)
{
    return self->orders[handle].is_bid;
}

void
matching_order_owner (const matching_t *self, int32_t handle, int32_t *owner, int32_t *slot)
{
    *owner = self->orders[handle].owner;
    *slot = self->orders[handle].slot;
}

int32_t
matching_best_order (const matching_t *self, bool is_bid)
{
    const half_t *half = &self->halves[is_bid];
    return half->count ? half->levels[half->count - 1].first : MATCHING_NONE;
}

bool
matching_level (const matching_t *self, bool is_bid, int32_t level, int64_t *px_ticks, int64_t *qty_lots)
{
    const half_t *half = &self->halves[is_bid];
    if (level < 0 || level >= half->count)
        return false;
    *px_ticks = half->levels[half->count - 1 - level].px_ticks;
    *qty_lots = half->levels[half->count - 1 - level].qty_lots;
    return true;
}

double
matching_impact_px (const matching_t *self, bool is_bid, double notional)
{
    const half_t *half = &self->halves[is_bid];
    double paid = 0, lots = 0;
    for (int32_t i = half->count - 1; i >= 0 && paid < notional; i--) {
        double px = (double) half->levels[i].px_ticks;
        double here = px * (double) half->levels[i].qty_lots;
        if (here > notional - paid)
            here = notional - paid;
        paid += here;
        lots += here / px;
    }
    return lots > 0 ? paid / lots : 0;
}
