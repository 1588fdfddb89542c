/*  scoring - from a card's raw values to its reading: direction, strength, confidence, votes, state, phase
 *
 *  What        one flat state block per card and instrument serves all modes and windows; zeroed memory is
 *              fresh.  Sources: methods C1 to C3, catalogue rules 1 to 3.
 *
 *      scoring_step       on the 10 s grid (slow data: once per new observation): the statistics learn
 *      scoring_evaluate   at every evaluation and mode: the statistics are only read; the state machine moves
 *
 *  Normaliser  per slot (mode, window): sigma is the EW root mean square of raw (flow) or of raw minus its EW
 *              median (level), half-life the mode's or the card's; observations are held to 6 sigma before
 *              they enter, once ten are in; sigma never falls below a fifth of its own 30-day value.
 *                  z = (raw - median) / sigma
 *                  d = sign tanh (z / 1.5)
 *              An exact 0 is a silence: it neither votes nor enters.  A fading hold enters once per trigger,
 *              with its trigger.
 *  Reading     per mode: direction is the blend of the votes that exist (one-window cards: d of the primary
 *              window); strength is the rank of |z| of the primary window among its past, upper half only,
 *              capped at .5 until there are 2 n0 observations, halved when votes conflict;
 *                  confidence = f_age f_n f_agree f_src
 *  Median      a step of 1.57 alpha x mean absolute deviation towards each observation,
 *                  alpha = max (1 - e^(-dt/tau), 1/n);
 *              it settles where half of the decayed observations lie on either side.
 *  Slow cards  bring z themselves; their sketch has the longest half-life of all modes and n0 = 30
 *              observations.
 *  Gates       take the votes, strength and confidence of their carrier's reading of this evaluation, times
 *              m. */

#ifndef LEADLINE_SCORING_H
#define LEADLINE_SCORING_H

#include "cards/card.h"
#include "common/wire/result.h"

//  Answer of value () for a slot.
typedef struct {
    int status; //  OK, E_AGAIN, E_ABSENT, E_STALE
    card_out_t out;
} scoring_input_t;

//  What is known of a card's inputs at an evaluation.
typedef struct {
    double age_s;       //  of the oldest required input; NaN: never seen
    double update_s;    //  expected interval, > 0
    double f_src;       //  share of the sources that is present and sound, 0..1
    bool is_warm;       //  the card's warm-up of this mode is over
    const char *reason; //  static text: why it is not warm, or why f_src is 0; may be NULL
} scoring_quality_t;

//  Bytes of the state block of a card; a multiple of 8.
size_t
scoring_state_size (const card_t *card);

//  Let the statistics take the values of now; inputs in slot order, those of windows the card has not are
//  ignored.
void
scoring_step (void *state, const card_t *card, int64_t ts_ns, const scoring_input_t inputs[SLOT_COUNT]);

//  The reading of a mode.  carrier: a gate's carrier's reading of this evaluation and mode, else NULL.  Fills
//  all of out but its category.  transition is "neutral>bullish" when the state changed, "early>bullish" when
//  the CUSUM rang before it.
void
scoring_evaluate (void *state, const card_t *card, mode_id_t mode, int64_t ts_ns,
                  const scoring_input_t inputs[SLOT_COUNT], const scoring_quality_t *quality,
                  const card_reading_t *carrier, card_reading_t *out);

//  The slot that a card's strength and state of a mode come from (scalp's is 5m for WINDOWS_FROM_5M).
const window_t *
scoring_primary (const card_t *card, mode_id_t mode);

//  Whether a card is asked for a slot.
bool
scoring_wants (const card_t *card, const window_t *window);

#endif
