/*  quality - how good a card's inputs are now: present, fresh, long enough
 *
 *  Present   an input of a venue counts 1 when the venue's health says OK for it (or, without a word on its
 *            health, when it was heard within its expected silence), 0 when it is silent, broken,
 *            disconnected or its ingest has died; a broken book counts 0 from the gap on and 0.5 for 5 s
 *            after its resync; 0.5 for 60 s after another gap; sampled liquidations 0.5.  A venue that says
 *            ABSENT is not expected.
 *  f_src     least over a card's inputs of the share of expected venues, by open interest, that is present;
 *            of the reference venue alone unless INPUT_ALL_VENUES.
 *  Age       of the input that is oldest, of each the freshest wanted venue; a trade or liquidation feed is
 *            as young as the quotes on its side, because silence of a quiet market is no age.
 *  Warm-up   an input has history since it was first heard, or since its REST history begins where the card's
 *            rule says that counts, or where the card has no state, reads prices or funding only, and the
 *            window (15m and longer) lies in rings that history fills. */

#ifndef LEADLINE_QUALITY_H
#define LEADLINE_QUALITY_H

#include "cards/card.h"
#include "cards/market_feed.h"
#include "cards/scoring.h"

typedef struct {
    int32_t status;   //  health_status_t
    int32_t coverage; //  coverage_t
} feed_state_t;

//  What is known of an instrument's feeds besides the market itself.
typedef struct {
    feed_state_t feeds[MARKET_VENUES_MAX][EVENT_KIND_COUNT];
    int64_t gap_ns[MARKET_VENUES_MAX][EVENT_KIND_COUNT];
    bool is_down[MARKET_VENUES_MAX]; //  its ingest does not beat
} feeds_t;

typedef struct {
    bool is_expected;                                     //  some venue has such a feed
    double share, age_s, history_s, history_backfilled_s; //  age NaN, history -1: never heard
} input_quality_t;

//  Of all inputs at one time: [0] of the reference venue, [1] of all venues.
typedef struct {
    int64_t ts_ns;
    input_quality_t inputs[2][MARKET_INPUTS];
} quality_t;

void
quality_measure (quality_t *self, const market_t *market, const feeds_t *feeds, int64_t ts_ns);

//  f_src, age and update interval of a card; is_warm is not touched.
void
quality_of_card (const quality_t *self, const card_t *card, scoring_quality_t *out);

//  Why a card has no value at a window yet: a static text, or how long its history is and has to be.
typedef struct {
    const char *reason; //  NULL: the two below say
    double have_s, needed_s;
} warmth_t;

//  OK when the history is long enough for this window, else E_AGAIN or E_ABSENT and out.
int
quality_warmth (const quality_t *self, const card_t *card, const window_t *window, warmth_t *out);

//  As a text: warmth.reason, or "warming up, 12 s of 3600 s" written to text[size].  Apart, because few are shown.
const char *
quality_warmth_text (const warmth_t *warmth, char *text, size_t size);

//  Share of the expected feeds (venue x kind) that are present, in percent; 0 when none is expected.
double
quality_coverage_pct (const market_t *market, const feeds_t *feeds, int64_t ts_ns);

#endif
