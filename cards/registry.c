#include "cards/registry.h"

#include "common/base/check.h"
#include "common/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

//  One line each: the symbol of cards/categories/<slug>.c, and its row.
extern const category_t order_flow_cards;
extern const category_t order_flow_toxicity_cards;
extern const category_t order_book_cards;
extern const category_t order_book_events_cards;
extern const category_t momentum_cards;
extern const category_t volatility_cards;
extern const category_t derivatives_cards;
extern const category_t funding_cards;
extern const category_t liquidation_cards;
extern const category_t liquidation_levels_cards;

static const category_t *const categories[] = {
    &order_flow_cards,
    &order_flow_toxicity_cards,
    &order_book_cards,
    &order_book_events_cards,
    &momentum_cards,
    &volatility_cards,
    &derivatives_cards,
    &funding_cards,
    &liquidation_cards,
    &liquidation_levels_cards,
    NULL,
};

const category_t *const *
registry_categories (size_t *count)
{
    *count = COUNT_OF (categories) - 1;
    return categories;
}

//  First card of the first category from `at` on that has one.
static const card_t *
first_from (size_t at)
{
    for (; categories[at]; at++)
        if (categories[at]->count > 0)
            return categories[at]->cards;
    return NULL;
}

static size_t
category_place (const card_t *card)
{
    size_t at = 0;
    while (categories[at] &&
           !(card >= categories[at]->cards && card < categories[at]->cards + categories[at]->count))
        at++;
    return at;
}

const card_t *
registry_first (void)
{
    return first_from (0);
}

const card_t *
registry_next (const card_t *card)
{
    size_t at = category_place (card);
    CHECK (categories[at]);
    if (card + 1 < categories[at]->cards + categories[at]->count)
        return card + 1;
    return first_from (at + 1);
}

size_t
registry_count (void)
{
    size_t count = 0;
    for (size_t at = 0; categories[at]; at++)
        count += categories[at]->count;
    return count;
}

int
registry_index (const card_t *card)
{
    int index = 0;
    for (const card_t *other = registry_first (); other; other = registry_next (other), index++)
        if (other == card)
            return index;
    return -1;
}

const card_t *
registry_find (const char *slug)
{
    for (const card_t *card = registry_first (); card; card = registry_next (card))
        if (strcmp (card->slug, slug) == 0)
            return card;
    return NULL;
}

const category_t *
registry_category (const card_t *card)
{
    return categories[category_place (card)];
}

void
registry_hash (char *out)
{
    uint64_t sum = 0;
    for (const card_t *card = registry_first (); card; card = registry_next (card)) {
        uint64_t hash = hash_text (card->slug, 0);
        hash = hash_bytes (&card->version, sizeof card->version, hash);
        sum += hash_text (card->formula ? card->formula : "", hash);
    }
    (void) snprintf (out, CATALOGUE_HASH_MAX, "%012" PRIx64, sum >> 16);
}

static void
check_card (const card_t *card)
{
    CHECK (card->value);
    CHECK (card->slug && card->slug[0] && strlen (card->slug) < SLUG_MAX);
    CHECK (card->sign >= -1 && card->sign <= 1);
    CHECK (card->update_s > 0);
    CHECK ((card->update == NULL) == (card->listens == 0));
    if (card->kind == KIND_GATE) {
        CHECK (card->carrier);
        const card_t *carrier = registry_find (card->carrier);
        CHECK (carrier && carrier->kind != KIND_GATE);
    }
    for (const card_t *other = registry_next (card); other; other = registry_next (other)) {
        CHECK (other->id != card->id);
        CHECK (strcmp (other->slug, card->slug) != 0);
    }
}

void
registry_check (void)
{
    CHECK (registry_count () <= CARDS_MAX);
    for (const card_t *card = registry_first (); card; card = registry_next (card))
        check_card (card);
}
