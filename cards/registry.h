/*  registry - all cards of the program: the table of categories, walked card by card
 *
 *  A category is added by one row in registry.c; one that is split over several files has a row for each,
 *  with the same slug.  The catalogue hash names the set of cards and the versions of their formulas; it
 *  travels with readings, weights and outcomes, so that numbers of different catalogues never mix.
 *
 *  registry_check runs once at start: a table that breaks its own rules (an id or slug twice, a gate without
 *  a carrier, a carrier that is a gate, no value function) is a bug of ours and stops the program. */

#ifndef LEADLINE_REGISTRY_H
#define LEADLINE_REGISTRY_H

#include "cards/card.h"
#include "common/wire/result.h"

const category_t *const *
registry_categories (size_t *count);

//  In the order of the table.  NULL at the end.
const card_t *
registry_first (void);
const card_t *
registry_next (const card_t *card);

size_t
registry_count (void);

//  Position in that order; -1 when it is not of the registry.
int
registry_index (const card_t *card);

//  By slug; NULL when there is none.
const card_t *
registry_find (const char *slug);

const category_t *
registry_category (const card_t *card);

//  12 hex digits over (slug, version, formula) of all cards, whatever their order.  out holds
//  CATALOGUE_HASH_MAX.
void
registry_hash (char *out);

//  CHECKs the rules above.
void
registry_check (void);

#endif
