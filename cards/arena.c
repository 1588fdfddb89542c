#include "cards/arena.h"

#include "cards/scoring.h"
#include "common/base/check.h"
#include "common/base/hash.h"

enum { LINE_BYTES = 64 };

static size_t
rounded (size_t size_bytes)
{
    return (size_bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

void
arena_plan (arena_t *self, const card_t *const cards[], size_t count)
{
    CHECK (count <= CARDS_MAX);
    *self = (arena_t){.cards_count = count};
    size_t at = rounded (market_size ());
    uint64_t hash = hash_bytes (&at, sizeof at, 0);
    for (size_t i = 0; i < count; i++) {
        size_t sizes[2] = {cards[i]->state_size, scoring_state_size (cards[i])};
        hash = hash_text (cards[i]->slug, hash);
        hash = hash_bytes (&cards[i]->version, sizeof cards[i]->version, hash);
        hash = hash_bytes (sizes, sizeof sizes, hash);
        self->state_at[i] = at;
        at += rounded (sizes[0]);
        self->scoring_at[i] = at;
        at += rounded (sizes[1]);
    }
    self->size_bytes = at + LINE_BYTES;
    self->hash = hash;
}

void
arena_plan_map (arena_t *self, int venues_count)
{
    size_t size = liquidation_map_size (venues_count);
    self->map_at = self->size_bytes;
    self->size_bytes += rounded (size);
    self->hash = hash_bytes (&size, sizeof size, self->hash);
}

void *
arena_new_block (const arena_t *self)
{
    return mem_new (self->size_bytes);
}

market_t *
arena_market (const arena_t *self, void *block)
{
    (void) self;
    return block;
}

liquidation_map_t *
arena_map (const arena_t *self, void *block)
{
    return self->map_at ? (liquidation_map_t *) (void *) ((char *) block + self->map_at) : NULL;
}

void *
arena_card_state (const arena_t *self, void *block, size_t card)
{
    CHECK (card < self->cards_count);
    return (char *) block + self->state_at[card];
}

void *
arena_scoring_state (const arena_t *self, void *block, size_t card)
{
    CHECK (card < self->cards_count);
    return (char *) block + self->scoring_at[card];
}
