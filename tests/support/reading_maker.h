/*  reading_maker - readings for tests of whoever consumes them: random but valid, all from one prng */

#ifndef LEADLINE_TEST_READING_MAKER_H
#define LEADLINE_TEST_READING_MAKER_H

#include "common/base/prng.h"
#include "common/wire/result.h"

enum { READING_MAKER_CATEGORIES = 6, READING_MAKER_CARDS = 24 };

typedef struct {
    reading_t reading;
    card_reading_t cards[READING_MAKER_CARDS]; //  card i is of category i % READING_MAKER_CATEGORIES
} reading_maker_t;

//  Names of the categories, ascending.
extern const char *const reading_maker_categories[READING_MAKER_CATEGORIES];

//  Make a reading; silent_share of the cards do not speak.
void
reading_maker_fill (reading_maker_t *self, prng_t *prng, const char *instrument, mode_id_t mode,
                    int64_t ts_ms, double silent_share);

#endif
