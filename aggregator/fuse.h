/*  fuse - one bias out of one reading: pure, and every number in it can be recomputed from what is published
 *
 *  Per instrument and mode.  With n_c cards in category c, live ones those with confidence above 0:
 *
 *      s_i       = direction x strength x confidence of card i       (gates count like any card)
 *      S_c       = sum s_i / n_c                                     (over all members: silence shrinks)
 *      C_c       = sum confidence_i / n_c                            (likewise)
 *      x_c       = clip (S_c / max (sigma_c, .05), -3, 3)
 *      R         = sum w_c x_c
 *      Z         = R / max (sigma_R, .02)
 *      bias      = 100 tanh (Z / 1.5)
 *      points_c  = bias * (w_c x_c / sigma_R) / Z;  at Z = 0 its limit, 100 / 1.5 * w_c x_c / sigma_R
 *      agreement = sum w_c [sign S_c = sign R, |S_c| > .05] / sum w_c [|S_c| > .05]
 *                  (0 when nothing stands out)
 *
 *  sigma_c, sigma_R are root mean squares (about 0) with half-lives of 30 and 7 days; bias-corrected from the
 *  first sample.  They step on the 10 s grid of time (with the values of the first evaluation in a new
 *  interval, before that evaluation reads them); a category that is silent steps nothing.  What is published
 *  as sigma and sigma_r is what was divided by, floors included.
 *
 *  sigma_R begins with SCALE_PRIOR_STEPS earlier observations (one hour) of size sqrt (sum w_c^2): the size
 *  of R when every category speaks and none knows of another, for which the x are scaled.  R hardly changes
 *  within minutes, so a young estimate holds little more than the first opinion, which it would then always
 *  find large (or, after a loud start, always small); and while few categories speak R is small beside the
 *  prior, as it should be.  The half-life and the floors are methods' own; after a day of steps the prior has
 *  4 percent of the weight.  sigma_c has no prior: its floor of .05 does for it what the prior does here.
 *
 *  Evidence = freshness x coverage x agreement, in percent, all weighted by w_c:
 *      freshness  mean over categories that speak of the mean confidence of their live cards
 *      coverage   mean over all categories of live cards / members, times the share of feeds that flow
 *      agreement  as above
 *
 *  Conflicted  the 1m and 1h composites (votes in place of directions, same x, w and sigma_R) have opposite
 *              signs and both |tanh (Z / 1.5)| >= .15; or something stands out and agreement is below one
 *              half.
 *  States      state_machine on bias / 100 and, for a category, on tanh (x_c / 1.5): the bias of that
 *              category alone.
 *  Cycle       true in the first evaluation of a new cycle of the mode (the very first one only on the
 *              cycle's boundary).
 *  Not         it reads no clock, allocates only when the roster or the number of cards changes, and learns
 *              nothing. */

#ifndef LEADLINE_AGGREGATOR_FUSE_H
#define LEADLINE_AGGREGATOR_FUSE_H

#include "aggregator/calibration.h"
#include "aggregator/image.h"
#include "aggregator/roster.h"

typedef struct fuse fuse_t;

typedef struct {
    const reading_t *reading; //  borrowed; ts_ms after that of the last call
    const int *category_of;   //  per card of the reading, index in the roster or -1
    const double *weights;    //  per category, sum 1
    uint32_t overridden;      //  bit i: an operator changed the weight of category i
    int64_t weights_version;
    const calibration_fit_t *fit; //  of this instrument; NULL: uncalibrated
    bool is_redis_away;
} fuse_input_t;

fuse_t *
fuse_new (mode_id_t mode, const char *instrument);
void
fuse_destroy (fuse_t **self);

//  What stays keeps its statistics and states.
void
fuse_set_roster (fuse_t *self, const roster_t *roster);

//  Fuse one reading.  The bias is borrowed until the next call; its head is not filled.
bias_t *
fuse_step (fuse_t *self, const fuse_input_t *input);

//  The last bias, or NULL before the first.
bias_t *
fuse_last (fuse_t *self);

//  Bit i: category i spoke in the last evaluation.
uint32_t
fuse_present (const fuse_t *self);

//  The EW statistics as fields: CAT:sum, CAT:count, R:sum, R:count, ts.
void
fuse_save (const fuse_t *self, image_t *out);
int
fuse_load (fuse_t *self, const image_t *image, error_text_t *error);

#endif
