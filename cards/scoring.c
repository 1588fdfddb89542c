#include "cards/scoring.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/state_machine.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

static const double Z_SCALE = 1.5, WINSOR = 6, WINSOR_FROM_N = 10, SIGMA_FLOOR = .2;
static const double MONTH_HALF_S = 30 * 86400.0, MEDIAN_GAIN = 1.57;
static const double VOTE_LEAST = .15, SINGLE_FACTOR = .8, CONFLICT_FACTOR = .5, BURST_CAP = .5;
static const double AGE_GRACE = 2, AGE_TAU = 5, AGE_LEAST = .05, SLOW_N0 = 30;

typedef struct {
    ew_t recent, month; //  of the centred, winsorised raw
    double median, spread, count;
    int64_t median_ns;
    uint32_t triggers_count;
    uint32_t reserved;
} norm_t;

typedef struct {
    state_machine_t machine;
    int64_t since_ms;
    int32_t state; //  state_t last told
    int32_t has_spoken;
} voice_t;

//  The block: voices; then, unless a gate, sketches; then, unless slow, norms.
typedef struct {
    voice_t voices[MODE_COUNT];
    sketch_t sketches[MODE_COUNT];
    norm_t norms[SLOT_COUNT];
} block_t;

_Static_assert(offsetof (block_t, sketches) % 8 == 0 && offsetof (block_t, norms) % 8 == 0, "aligned parts");

size_t
scoring_state_size (const card_t *card)
{
    if (card->kind == KIND_GATE)
        return offsetof (block_t, sketches);
    if (card->kind == KIND_SLOW)
        return offsetof (block_t, norms);
    return sizeof (block_t);
}

bool
scoring_wants (const card_t *card, const window_t *window)
{
    if (card->windows == WINDOWS_EACH)
        return true;
    if (card->windows == WINDOWS_FROM_5M)
        return window->id != W_1M;
    return window->is_primary;
}

const window_t *
scoring_primary (const card_t *card, mode_id_t mode)
{
    int count;
    const window_t *slots = window_slots (mode, &count), *fallback = NULL;
    for (int i = 0; i < count; i++) {
        if (slots[i].is_primary && scoring_wants (card, &slots[i]))
            return &slots[i];
        if (slots[i].id == W_5M)
            fallback = &slots[i];
    }
    CHECK (fallback);
    return fallback;
}

static bool
has_votes (const card_t *card)
{
    return card->windows == WINDOWS_EACH || card->windows == WINDOWS_FROM_5M;
}

static double
sketch_half (const card_t *card, mode_id_t mode)
{
    if (card->kind == KIND_SLOW)
        mode = MODE_SWING;
    return fmax (mode_info (mode)->sketch_half_s, card->half_life_s);
}

//  --- normaliser

static double
norm_sigma (const norm_t *self)
{
    if (ew_n (&self->recent) < 2)
        return NAN;
    return fmax (ew_rms (&self->recent), SIGMA_FLOOR * ew_rms (&self->month));
}

static double
norm_z (const norm_t *self, double raw)
{
    double sigma = norm_sigma (self);
    return sigma > 0 ? stats_clip ((raw - self->median) / sigma, -WINSOR, WINSOR) : NAN;
}

static void
median_step (norm_t *self, int64_t ts_ns, double tau_s, double raw)
{
    self->count++;
    double dt_s = self->count > 1 ? (double) (ts_ns - self->median_ns) / (double) NS_PER_S : 0;
    double alpha = fmax (1 - exp (-fmax (0, dt_s) / tau_s), 1 / self->count);
    self->median_ns = ts_ns;
    if (self->count <= 1) {
        self->median = raw;
        return;
    }
    double apart = raw - self->median;
    self->spread += alpha * (fabs (apart) - self->spread);
    double step = fmin (MEDIAN_GAIN * alpha * self->spread, fabs (apart));
    self->median += step * stats_sign (apart);
}

static void
norm_step (norm_t *self, const card_t *card, int64_t ts_ns, double half_s, double raw)
{
    double tau_s = stats_tau_of_half (half_s);
    if (card->kind == KIND_LEVEL)
        median_step (self, ts_ns, tau_s, raw);
    double y = raw - self->median, sigma = norm_sigma (self);
    if (ew_n (&self->recent) >= WINSOR_FROM_N && sigma > 0)
        y = stats_clip (y, -WINSOR * sigma, WINSOR * sigma);
    ew_add (&self->recent, ts_ns, tau_s, y);
    ew_add (&self->month, ts_ns, stats_tau_of_half (MONTH_HALF_S), y);
}

//  The value that enters the statistics; false: none does.
static bool
observation (const scoring_input_t *input, uint32_t *triggers_count, double *raw)
{
    if (input->status != OK)
        return false;
    *raw = input->out.raw;
    if (input->out.is_hold) {
        if (input->out.triggers_count == *triggers_count)
            return false;
        *triggers_count = input->out.triggers_count;
        *raw = input->out.trigger_value;
    }
    return isfinite (*raw) && *raw != 0;
}

void
scoring_step (void *state, const card_t *card, int64_t ts_ns, const scoring_input_t inputs[SLOT_COUNT])
{
    block_t *self = state;
    if (card->kind == KIND_GATE)
        return;
    const window_t *windows = window_all ();
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &windows[slot];
        const mode_info_t *mode = mode_info (window->mode);
        double raw, z;
        uint32_t none = 0;
        if (!scoring_wants (card, window))
            continue;
        if (card->kind == KIND_SLOW) {
            if (!observation (&inputs[slot], &none, &raw))
                continue;
            z = raw;
        } else {
            norm_t *norm = &self->norms[slot];
            if (!observation (&inputs[slot], &norm->triggers_count, &raw))
                continue;
            norm_step (norm, card, ts_ns, card->half_life_s > 0 ? card->half_life_s : mode->normaliser_half_s,
                       raw);
            z = norm_z (norm, raw);
        }
        if (isfinite (z) && scoring_primary (card, window->mode) == window)
            sketch_add (&self->sketches[window->mode], ts_ns, sketch_half (card, window->mode), fabs (z));
    }
}

//  --- reading

typedef struct {
    double z; //  signed, at the primary window
    double n_eff, n0;
} insight_t;

static const char *
silence_text (int status, const char *reason)
{
    if (reason)
        return reason;
    return status == E_AGAIN   ? "not enough history yet"
           : status == E_STALE ? "input is stale"
                               : "no such feed";
}

//  Publish a state: since_ms moves when it changes.
static void
tell_state (voice_t *voice, state_t state, int64_t ts_ms, card_reading_t *out)
{
    if (!voice->has_spoken || voice->state != (int32_t) state)
        voice->since_ms = ts_ms;
    voice->has_spoken = 1;
    voice->state = (int32_t) state;
    out->state = (int32_t) state;
    out->since_ms = voice->since_ms;
}

static void
be_silent (voice_t *voice, mode_id_t mode, int64_t ts_ms, state_t state, const char *reason,
           card_reading_t *out)
{
    out->direction = out->strength = out->confidence = 0;
    out->agreement_pct = NAN;
    out->is_conflicted = false;
    for (int i = 0; i < VOTE_COUNT; i++)
        out->votes.vote[i] = NAN;
    strncpy (out->reason, reason, sizeof out->reason - 1);
    state_machine_rest (&voice->machine, ts_ms, mode_info (mode)->cycle_s * MS_PER_S);
    tell_state (voice, state, ts_ms, out);
}

static state_t
state_of_level (int level)
{
    static const state_t states[] = {STATE_STRONGLY_BEARISH, STATE_BEARISH, STATE_NEUTRAL, STATE_BULLISH,
                                     STATE_STRONGLY_BULLISH};
    return states[level + 2];
}

static void
speak (voice_t *voice, mode_id_t mode, int64_t ts_ms, double z, card_reading_t *out)
{
    state_view_t view;
    state_machine_step (&voice->machine, ts_ms, out->direction * out->strength, z,
                        mode_info (mode)->cycle_s * MS_PER_S, &view);
    out->phase = (int32_t) view.phase;
    tell_state (voice, state_of_level (view.level), ts_ms, out);
    if (view.is_transition)
        snprintf (out->transition, sizeof out->transition, "%s>%s",
                  state_names[state_of_level (view.level_prev)], state_names[state_of_level (view.level)]);
    else if (view.early)
        snprintf (out->transition, sizeof out->transition, "early>%s",
                  state_names[state_of_level (view.early)]);
}

//  Blend of the votes that exist; 0 when none does.
static double
blend (const mode_info_t *mode, const votes_t *votes)
{
    double sum = 0, weight = 0;
    for (int i = 0; i < VOTE_COUNT; i++) {
        if (isnan (votes->vote[i]))
            continue;
        sum += mode->blend[i] * votes->vote[i];
        weight += mode->blend[i];
    }
    return weight > 0 ? sum / weight : 0;
}

//  Agreement and conflict of the votes (C2).  Returns f_agree.
static double
agree (const card_t *card, card_reading_t *out)
{
    const double *vote = out->votes.vote;
    int up = 0, down = 0, valid = 0;
    for (int i = 0; i < VOTE_COUNT; i++) {
        valid += !isnan (vote[i]);
        up += vote[i] >= VOTE_LEAST;
        down += vote[i] <= -VOTE_LEAST;
    }
    out->agreement_pct = NAN;
    out->is_conflicted = false;
    if (!has_votes (card) || valid == 0)
        return SINGLE_FACTOR;
    int most = up > down ? up : down;
    double share = (double) most / valid;
    bool is_split = fabs (vote[VOTE_1M]) >= VOTE_LEAST && fabs (vote[VOTE_1H]) >= VOTE_LEAST &&
                    vote[VOTE_1M] * vote[VOTE_1H] < 0;
    out->agreement_pct = 100 * share;
    out->is_conflicted = is_split || (up + down >= 2 && share <= .5);
    return valid == 1 ? SINGLE_FACTOR : .4 + .6 * share;
}

static double
age_factor (const scoring_quality_t *quality)
{
    return exp (-fmax (0, quality->age_s - AGE_GRACE * quality->update_s) / (AGE_TAU * quality->update_s));
}

//  What keeps a card silent whatever it is: returns the status, or OK.
static int
obstacle (const scoring_quality_t *quality, const scoring_input_t *primary, const char **reason)
{
    *reason = NULL;
    if (primary->status != OK) {
        *reason = silence_text (primary->status, primary->out.reason);
        return primary->status;
    }
    if (isnan (quality->age_s)) {
        *reason = "never seen";
        return E_AGAIN;
    }
    if (!quality->is_warm) {
        *reason = silence_text (E_AGAIN, quality->reason);
        return E_AGAIN;
    }
    if (!isfinite (primary->out.raw)) {
        *reason = "value is not finite";
        return E_AGAIN;
    }
    if (quality->f_src <= 0) {
        *reason = silence_text (E_STALE, quality->reason);
        return E_STALE;
    }
    if (age_factor (quality) < AGE_LEAST) {
        *reason = "input is old";
        return E_STALE;
    }
    return OK;
}

static double
slot_direction (const block_t *self, const card_t *card, const window_t *window, const scoring_input_t *input)
{
    if (!scoring_wants (card, window) || input->status != OK || !isfinite (input->out.raw) ||
        input->out.raw == 0)
        return NAN;
    double z = card->kind == KIND_SLOW ? input->out.raw : norm_z (&self->norms[window->slot], input->out.raw);
    return (card->sign < 0 ? -1 : 1) * tanh (z / Z_SCALE);
}

static int
vote_of (const window_t *window)
{
    return window->id == W_1M ? VOTE_1M : window->id == W_5M ? VOTE_5M : window->id == W_1H ? VOTE_1H : -1;
}

static int
score_own (const block_t *self, const card_t *card, mode_id_t mode, const scoring_input_t *inputs,
           insight_t *insight, const char **reason, card_reading_t *out)
{
    int count;
    const window_t *slots = window_slots (mode, &count), *primary = scoring_primary (card, mode);
    const mode_info_t *info = mode_info (mode);
    double raw = inputs[primary->slot].out.raw;
    const sketch_t *sketch = &self->sketches[mode];
    bool is_slow = card->kind == KIND_SLOW;
    insight->n0 = is_slow ? SLOW_N0 : info->n0;
    insight->n_eff = is_slow ? sketch_n (sketch) : ew_n (&self->norms[primary->slot].recent);
    double z = is_slow ? raw : norm_z (&self->norms[primary->slot], raw);
    out->sigma = is_slow ? NAN : norm_sigma (&self->norms[primary->slot]);
    out->n_eff = insight->n_eff;
    if (isnan (z) && raw != 0) {
        *reason = "statistics are still forming";
        return E_AGAIN;
    }
    for (int i = 0; has_votes (card) && i < count; i++)
        if (vote_of (&slots[i]) >= 0)
            out->votes.vote[vote_of (&slots[i])] =
                slot_direction (self, card, &slots[i], &inputs[slots[i].slot]);
    double single = slot_direction (self, card, primary, &inputs[primary->slot]);
    out->direction = has_votes (card) ? blend (info, &out->votes) : isnan (single) ? 0 : single;
    double rank = raw == 0 ? NAN : sketch_rank (sketch, fabs (z));
    out->strength = isnan (rank) ? 0 : fmax (0, 2 * rank - 1);
    if (insight->n_eff < 2 * insight->n0)
        out->strength = fmin (out->strength, BURST_CAP);
    insight->z = raw == 0 ? 0 : (card->sign < 0 ? -z : z);
    return OK;
}

//  m for a carrier's direction.
static double
gate_m (const card_out_t *out, double direction)
{
    return stats_clip (out->has_down && direction < 0 ? out->raw_down : out->raw, -1, 1);
}

static void
score_gate (const card_t *card, mode_id_t mode, const scoring_input_t *inputs, const card_reading_t *carrier,
            insight_t *insight, card_reading_t *out)
{
    int count;
    const window_t *slots = window_slots (mode, &count), *primary = scoring_primary (card, mode);
    double m = gate_m (&inputs[primary->slot].out, carrier->direction);
    bool has_any = false;
    for (int i = 0; has_votes (card) && i < count; i++) {
        int vote = vote_of (&slots[i]);
        const scoring_input_t *input = &inputs[slots[i].slot];
        if (vote < 0 || !scoring_wants (card, &slots[i]) || input->status != OK)
            continue;
        double m_w = gate_m (&input->out, carrier->votes.vote[vote]);
        if (isnan (m_w) || m_w == 0)
            continue;
        out->votes.vote[vote] = carrier->votes.vote[vote] * m_w;
        has_any |= !isnan (out->votes.vote[vote]);
    }
    out->raw = m;
    out->direction = has_any ? blend (mode_info (mode), &out->votes) : carrier->direction * m;
    out->strength = carrier->strength * fabs (m);
    out->n_eff = carrier->n_eff;
    insight->z = Z_SCALE * atanh (stats_clip (out->direction, -.999, .999));
}

void
scoring_evaluate (void *state, const card_t *card, mode_id_t mode, int64_t ts_ns,
                  const scoring_input_t inputs[SLOT_COUNT], const scoring_quality_t *quality,
                  const card_reading_t *carrier, card_reading_t *out)
{
    block_t *self = state;
    voice_t *voice = &self->voices[mode];
    int64_t ts_ms = ts_ns / NS_PER_MS;
    const scoring_input_t *primary = &inputs[scoring_primary (card, mode)->slot];
    char category[SLUG_MAX];
    memcpy (category, out->category, sizeof category);
    *out =
        (card_reading_t){.raw = primary->status == OK && isfinite (primary->out.raw) ? primary->out.raw : NAN,
                         .sigma = NAN,
                         .age_s = quality->age_s,
                         .votes = {{NAN, NAN, NAN}},
                         .agreement_pct = NAN};
    memcpy (out->category, category, sizeof category);
    strncpy (out->card, card->slug, sizeof out->card - 1);
    const char *reason;
    insight_t insight = {0};
    int status = obstacle (quality, primary, &reason);
    bool is_gate = card->kind == KIND_GATE;
    if (status == OK && is_gate &&
        (!carrier || carrier->state == STATE_WARMUP || carrier->state == STATE_STALE)) {
        status = carrier && carrier->state == STATE_WARMUP ? E_AGAIN : E_STALE;
        reason = "carrier is silent";
    }
    if (status == OK && !is_gate)
        status = score_own (self, card, mode, inputs, &insight, &reason, out);
    if (status != OK) {
        be_silent (voice, mode, ts_ms, status == E_AGAIN ? STATE_WARMUP : STATE_STALE, reason, out);
        return;
    }
    if (is_gate)
        score_gate (card, mode, inputs, carrier, &insight, out);
    double f_agree = agree (card, out), fresh = age_factor (quality) * fmin (1, quality->f_src);
    if (is_gate) {
        out->confidence = fmin (fresh, carrier->confidence);
    } else {
        out->confidence = fresh * f_agree * insight.n_eff / (insight.n_eff + insight.n0);
        if (out->is_conflicted)
            out->strength *= CONFLICT_FACTOR;
    }
    speak (voice, mode, ts_ms, insight.z, out);
}
