/*  trade_filter - drops a trade that the venue sends twice
 *
 *  How   the last TRADE_FILTER_KEPT ids of an instrument are remembered as 64-bit hashes; a trade without an
 *        id passes. */

#ifndef LEADLINE_TRADE_FILTER_H
#define LEADLINE_TRADE_FILTER_H

#include "common/wire/event.h"

enum { TRADE_FILTER_KEPT = 256 };

typedef struct {
    uint64_t ids[TRADE_FILTER_KEPT]; //  a ring; 0 empty
    uint32_t next;
} trade_filter_t;

//  Move the trades seen for the first time to the front, in order; returns their count.  A zeroed filter has
//  seen none.
size_t
trade_filter_pass (trade_filter_t *self, trade_t trades[], size_t count);

#endif
