/*  matching - one order book: integer ticks, price-time priority, no memory taken after birth
 *
 *  What  post-only limit orders, immediate-or-cancel takers, cancels.
 *  How   a side is an array of levels sorted by price with the best last, because nearly everything happens
 *        near the best: inserting there moves few bytes and walking stays in the cache.  A level is an
 *        intrusive FIFO of orders out of one pool.
 *  Not   accounts, prints, time: those are the listener's.  No self-trade rule: the agents that rest do
 *        not take from themselves. */

#ifndef LEADLINE_MATCHING_H
#define LEADLINE_MATCHING_H

#include <stdbool.h>
#include <stdint.h>

typedef struct matching matching_t;

enum { MATCHING_NONE = -1 };

typedef struct {
    void *self;
    //  A taker met a resting order of owner; qty_lots traded at px_ticks.  is_done: nothing of it is left,
    //  the handle is dead.
    void (*fill) (void *self, int32_t owner, int32_t slot, int64_t px_ticks, int64_t qty_lots, bool is_done);
    //  The quantity of a level is now qty_lots (0: gone).  After all fills of that level.
    void (*level) (void *self, bool is_bid, int64_t px_ticks, int64_t qty_lots);
} matching_sink_t;

matching_t *
matching_new (int32_t orders_max, const matching_sink_t *sink);
void
matching_destroy (matching_t **self);

//  Rest an order, last of its level.  owner and slot come back in fill.  qty_lots > 0, px_ticks > 0.
//  Returns its handle; MATCHING_NONE when it would trade at once (post-only) or the pool is full.
int32_t
matching_post (matching_t *self, int32_t owner, int32_t slot, bool is_bid, int64_t px_ticks,
               int64_t qty_lots);

//  handle: a live order of yours.
void
matching_cancel (matching_t *self, int32_t handle);

//  Trade against the other side, best price first, oldest first, not worse than limit_px_ticks.  What does
//  not trade is gone.  The listener must not touch the book from its callbacks.  Returns the lots that
//  traded.
int64_t
matching_take (matching_t *self, bool is_buy, int64_t limit_px_ticks, int64_t qty_lots);

//  Best price of a side, 0 when it is empty.
int64_t
matching_best (const matching_t *self, bool is_bid);

//  Price and quantity of the live order.
int64_t
matching_order_px (const matching_t *self, int32_t handle);
int64_t
matching_order_lots (const matching_t *self, int32_t handle);
bool
matching_order_is_bid (const matching_t *self, int32_t handle);
void
matching_order_owner (const matching_t *self, int32_t handle, int32_t *owner, int32_t *slot);

//  The oldest order of the best level, MATCHING_NONE when the side is empty.
int32_t
matching_best_order (const matching_t *self, bool is_bid);

//  The level-th best (0: best) of a side.  Returns false beyond the last.
bool
matching_level (const matching_t *self, bool is_bid, int32_t level, int64_t *px_ticks, int64_t *qty_lots);

//  Average price of taking notional (ticks x lots) from a side; the average of the whole side when it is
//  thinner, 0 when it is empty.
double
matching_impact_px (const matching_t *self, bool is_bid, double notional);

#endif
