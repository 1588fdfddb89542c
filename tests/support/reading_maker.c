#include "tests/support/reading_maker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const reading_maker_categories[READING_MAKER_CATEGORIES] = {"alpha", "bravo", "charlie",
                                                                        "delta", "echo",  "foxtrot"};

void
reading_maker_fill (reading_maker_t *self, prng_t *prng, const char *instrument, mode_id_t mode,
                    int64_t ts_ms, double silent_share)
{
    memset (self, 0, sizeof *self);
    reading_t *reading = &self->reading;
    snprintf (reading->instrument, sizeof reading->instrument, "%s", instrument);
    snprintf (reading->catalogue, sizeof reading->catalogue, "c0ffee");
    reading->mode = (int32_t) mode;
    reading->ts_ms = ts_ms;
    reading->price_px = reading->outcome_px = 100;
    reading->sigma = 1e-4;
    reading->coverage_pct = 90;
    reading->cards = self->cards;
    reading->cards_count = READING_MAKER_CARDS;
    for (int i = 0; i < READING_MAKER_CARDS; i++) {
        card_reading_t *card = &self->cards[i];
        snprintf (card->card, sizeof card->card, "card-%02d", i);
        snprintf (card->category, sizeof card->category, "%s",
                  reading_maker_categories[i % READING_MAKER_CATEGORIES]);
        card->state = STATE_NEUTRAL;
        card->agreement_pct = card->raw = card->sigma = NAN;
        bool is_silent = prng_uniform (prng) < silent_share;
        card->direction = is_silent ? 0 : 2 * prng_uniform (prng) - 1;
        card->strength = is_silent ? 0 : prng_uniform (prng);
        card->confidence = is_silent ? 0 : 0.2 + 0.8 * prng_uniform (prng);
        for (int v = 0; v < VOTE_COUNT; v++)
            card->votes.vote[v] = is_silent ? NAN : 2 * prng_uniform (prng) - 1;
        if (is_silent) {
            card->state = STATE_STALE;
            card->age_s = 95;
            snprintf (card->reason, sizeof card->reason, "no trades for 95 s");
        }
    }
}
