/*  arena - where everything a shard knows of one instrument lies: one flat block, planned once
 *
 *      | market | state of card 0 | statistics of card 0 | state of card 1 | ... | liquidation map |
 *        each at a multiple of 64 bytes
 *
 *  Blocks hold no pointers, so a block copied elsewhere means the same.  The layout hash names the order and
 *  sizes of the parts and the versions of the cards' formulas: blocks of different hashes are never mixed. */

#ifndef LEADLINE_ARENA_H
#define LEADLINE_ARENA_H

#include "cards/market_feed.h"
#include "cards/card.h"
#include "cards/liquidation_map.h"
#include "common/wire/result.h"

typedef struct {
    size_t size_bytes; //  of a block
    uint64_t hash;
    size_t cards_count;
    size_t state_at[CARDS_MAX], scoring_at[CARDS_MAX];
    size_t map_at; //  0: no map
} arena_t;

//  cards[count] in the order of their index, count at most CARDS_MAX.
void
arena_plan (arena_t *self, const card_t *const cards[], size_t count);

//  Behind the cards, a liquidation map of so many venues.
void
arena_plan_map (arena_t *self, int venues_count);

//  A zeroed block (caller frees with free ()).
void *
arena_new_block (const arena_t *self);

market_t *
arena_market (const arena_t *self, void *block);

//  NULL without a map.
liquidation_map_t *
arena_map (const arena_t *self, void *block);

//  State blocks; never NULL, also for a card of size 0.
void *
arena_card_state (const arena_t *self, void *block, size_t card);
void *
arena_scoring_state (const arena_t *self, void *block, size_t card);

#endif
