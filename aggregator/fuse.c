#include "aggregator/fuse.h"
#include "common/base/check.h"
#include "common/base/state_machine.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID_MS           10000
#define CATEGORY_HALF_S   (30 * 86400.0)
#define COMPOSITE_HALF_S  (7 * 86400.0)
#define CATEGORY_FLOOR    0.05
#define COMPOSITE_FLOOR   0.02
#define X_MAX             3.0
#define BIAS_SCALE        1.5
#define SCALE_PRIOR_STEPS 360.0 //  of GRID_MS
#define STANDS_OUT        0.05  //  |S_c| from which a category takes a side
#define VOTE_MIN          0.15  //  |tanh (Z / 1.5)| from which a composite takes a side

//  Mean square about 0 with a half-life; sum / count is bias-corrected at any age.
typedef struct {
    double sum, count;
} square_t;

typedef struct {
    double score, confidence, size; //  sums over members; size: of |s|
    double votes[VOTE_COUNT];
    double live_confidence;
    int members, live, warming;
} tally_t;

struct fuse {
    mode_id_t mode;
    roster_t roster;
    square_t category[CATEGORIES_MAX], composite;
    int64_t stepped_ms; //  of the last step of the statistics; 0 none
    state_machine_t category_machines[CATEGORIES_MAX], machine;
    tally_t tally[CATEGORIES_MAX];
    uint32_t present;
    int64_t cycle;
    double cycle_bias;
    bool has_bias;
    bias_t bias;
    category_bias_t categories[CATEGORIES_MAX];
    silent_t *silent;
    size_t silent_capacity;
};

fuse_t *
fuse_new (mode_id_t mode, const char *instrument)
{
    fuse_t *self = mem_new (sizeof *self);
    self->mode = mode;
    self->cycle_bias = NAN;
    snprintf (self->bias.instrument, sizeof self->bias.instrument, "%s", instrument);
    return self;
}

void
fuse_destroy (fuse_t **self)
{
    if (!*self)
        return;
    free ((*self)->silent);
    free (*self);
    *self = NULL;
}

void
fuse_set_roster (fuse_t *self, const roster_t *roster)
{
    roster_map_t map;
    roster_map (&self->roster, roster, &map);
    square_t squares[CATEGORIES_MAX];
    state_machine_t machines[CATEGORIES_MAX];
    memcpy (squares, self->category, sizeof squares);
    memcpy (machines, self->category_machines, sizeof machines);
    memset (self->category, 0, sizeof self->category);
    memset (self->category_machines, 0, sizeof self->category_machines);
    for (size_t i = 0; i < map.count; i++)
        if (map.from[i] >= 0) {
            self->category[i] = squares[map.from[i]];
            self->category_machines[i] = machines[map.from[i]];
        }
    self->roster = *roster;
    self->has_bias = false;
}

static double
clip (double x, double size)
{
    return fmin (fmax (x, -size), size);
}

static double
root (const square_t *square, double floor_value)
{
    return square->count > 0 ? fmax (sqrt (square->sum / square->count), floor_value) : floor_value;
}

static void
square_step (square_t *self, double x, double decay)
{
    self->sum = self->sum * decay + x * x;
    self->count = self->count * decay + 1;
}

static int32_t
state_of (int level)
{
    switch (level) {
    case 2:
        return STATE_STRONGLY_BULLISH;
    case 1:
        return STATE_BULLISH;
    case -1:
        return STATE_BEARISH;
    case -2:
        return STATE_STRONGLY_BEARISH;
    default:
        return STATE_NEUTRAL;
    }
}

static void
put_view (const state_view_t *view, int32_t *state, int32_t *phase, char transition[40])
{
    static const int32_t phases[] = {[MACHINE_STEADY] = PHASE_STEADY,
                                     [MACHINE_ACCELERATING] = PHASE_ACCELERATING,
                                     [MACHINE_DECELERATING] = PHASE_DECELERATING};
    *state = state_of (view->level);
    *phase = phases[view->phase];
    transition[0] = '\0';
    if (view->is_transition)
        snprintf (transition, 40, "%s>%s", state_names[state_of (view->level_prev)], state_names[*state]);
}

static void
add_silent (fuse_t *self, const card_reading_t *card)
{
    silent_t *silent = &self->silent[self->bias.silent_count++];
    memcpy (silent->category, card->category, sizeof silent->category);
    memcpy (silent->card, card->card, sizeof silent->card);
    memcpy (silent->reason, card->reason, sizeof silent->reason);
    if (silent->reason[0] == '\0')
        snprintf (silent->reason, sizeof silent->reason, "%s", state_names[card->state]);
    silent->age_s = card->age_s;
}

//  Sum up the cards of each category; list those that do not speak.
static void
count_cards (fuse_t *self, const fuse_input_t *input)
{
    const reading_t *reading = input->reading;
    if (reading->cards_count > self->silent_capacity) {
        self->silent_capacity = reading->cards_count;
        self->silent = mem_grow (self->silent, self->silent_capacity * sizeof *self->silent);
    }
    memset (self->tally, 0, sizeof self->tally);
    self->bias.silent = self->silent;
    self->bias.silent_count = 0;
    for (size_t i = 0; i < reading->cards_count; i++) {
        const card_reading_t *card = &reading->cards[i];
        bool is_live = card->confidence > 0 && card->state != STATE_WARMUP && card->state != STATE_STALE;
        if (!is_live)
            add_silent (self, card);
        if (input->category_of[i] < 0)
            continue;
        tally_t *tally = &self->tally[input->category_of[i]];
        tally->members++;
        tally->warming += card->state == STATE_WARMUP;
        if (!is_live)
            continue;
        double s = card->direction * card->strength * card->confidence;
        tally->live++;
        tally->score += s;
        tally->size += fabs (s);
        tally->confidence += card->confidence;
        for (int v = 0; v < VOTE_COUNT; v++)
            if (!isnan (card->votes.vote[v]))
                tally->votes[v] += card->votes.vote[v] * card->strength * card->confidence;
    }
}

//  Decay of the statistics since their last step; 0 when this evaluation is not to step them.
static double
grid_decay (const fuse_t *self, int64_t ts_ms, double half_s)
{
    if (self->stepped_ms == 0)
        return 1;
    if (ts_ms / GRID_MS == self->stepped_ms / GRID_MS)
        return 0;
    return exp2 (-(double) (ts_ms - self->stepped_ms) / (half_s * 1000));
}

//  R as large as if each category spoke for itself.
static square_t
scale_prior (const fuse_t *self)
{
    double sum = 0;
    for (size_t c = 0; c < self->roster.count; c++)
        sum += self->categories[c].weight * self->categories[c].weight;
    return (square_t){SCALE_PRIOR_STEPS * sum, SCALE_PRIOR_STEPS};
}

//  Scores, scales and R of this evaluation.
static double
weigh (fuse_t *self, const fuse_input_t *input)
{
    double decay = grid_decay (self, input->reading->ts_ms, CATEGORY_HALF_S), r = 0;
    self->present = 0;
    for (size_t c = 0; c < self->roster.count; c++) {
        const tally_t *tally = &self->tally[c];
        category_bias_t *out = &self->categories[c];
        memset (out, 0, sizeof *out);
        snprintf (out->category, sizeof out->category, "%s", self->roster.names[c]);
        double members = tally->members > 0 ? tally->members : 1;
        out->score = clip (tally->score / members, 1);
        out->confidence = tally->confidence / members;
        out->agreement_pct = tally->size > 0 ? fmin (100 * fabs (tally->score) / tally->size, 100) : NAN;
        if (tally->live > 0) {
            self->present |= UINT32_C (1) << c;
            if (decay > 0)
                square_step (&self->category[c], out->score, decay);
        }
        out->sigma = root (&self->category[c], CATEGORY_FLOOR);
        out->x = clip (out->score / out->sigma, X_MAX);
        out->weight = input->weights[c];
        out->is_overridden = input->overridden >> c & 1;
        r += out->weight * out->x;
    }
    decay = grid_decay (self, input->reading->ts_ms, COMPOSITE_HALF_S);
    if (self->present && decay > 0) {
        if (self->composite.count <= 0)
            self->composite = scale_prior (self);
        square_step (&self->composite, r, decay);
        self->stepped_ms = input->reading->ts_ms;
    }
    return r;
}

//  bias / Z and its limit.
static double
bias_per_z (double z)
{
    return fabs (z) < 1e-5 ? 100 / BIAS_SCALE * (1 - z * z / (3 * BIAS_SCALE * BIAS_SCALE))
                           : 100 * tanh (z / BIAS_SCALE) / z;
}

static bool
windows_disagree (const fuse_t *self)
{
    double z[2] = {0, 0};
    const int votes[2] = {VOTE_1M, VOTE_1H};
    for (int i = 0; i < 2; i++) {
        for (size_t c = 0; c < self->roster.count; c++) {
            double members = self->tally[c].members > 0 ? self->tally[c].members : 1;
            double score = self->tally[c].votes[votes[i]] / members;
            z[i] += self->categories[c].weight * clip (score / self->categories[c].sigma, X_MAX);
        }
        z[i] = tanh (z[i] / self->bias.sigma_r / BIAS_SCALE);
    }
    return z[0] * z[1] < 0 && fabs (z[0]) >= VOTE_MIN && fabs (z[1]) >= VOTE_MIN;
}

static void
judge (fuse_t *self, const reading_t *reading, double r)
{
    double side = 0, out_standing = 0, fresh = 0, speaking = 0, covered = 0;
    for (size_t c = 0; c < self->roster.count; c++) {
        const category_bias_t *category = &self->categories[c];
        const tally_t *tally = &self->tally[c];
        if (fabs (category->score) > STANDS_OUT) {
            out_standing += category->weight;
            side += category->score * r > 0 ? category->weight : 0;
        }
        if (tally->live > 0) {
            speaking += category->weight;
            fresh += category->weight * tally->confidence / tally->live;
            covered += category->weight * tally->live / tally->members;
        }
    }
    double agreement = out_standing > 0 ? fmin (side / out_standing, 1) : 0;
    double freshness = speaking > 0 ? fresh / speaking : 0;
    self->bias.agreement_pct = 100 * agreement;
    self->bias.evidence_pct =
        fmin (100 * freshness * fmin (covered, 1) * (reading->coverage_pct / 100) * agreement, 100);
    self->bias.is_conflicted = windows_disagree (self) || (out_standing > 0 && agreement < 0.5);
}

static int32_t
silent_state (int members, int warming)
{
    return warming > 0 && 2 * warming >= members ? STATE_WARMUP : STATE_STALE;
}

static void
step_states (fuse_t *self, int64_t ts_ms)
{
    int64_t cycle_ms = mode_info (self->mode)->cycle_s * MS_PER_S;
    state_view_t view;
    int members = 0, warming = 0;
    for (size_t c = 0; c < self->roster.count; c++) {
        category_bias_t *out = &self->categories[c];
        members += self->tally[c].members;
        warming += self->tally[c].warming;
        if (self->present >> c & 1) {
            state_machine_step (&self->category_machines[c], ts_ms, tanh (out->x / BIAS_SCALE), out->x,
                                cycle_ms, &view);
            put_view (&view, &out->state, &out->phase, out->transition);
        } else {
            state_machine_rest (&self->category_machines[c], ts_ms, cycle_ms);
            out->state = silent_state (self->tally[c].members, self->tally[c].warming);
        }
    }
    bias_t *bias = &self->bias;
    if (self->present) {
        state_machine_step (&self->machine, ts_ms, bias->bias / 100, bias->z, cycle_ms, &view);
        put_view (&view, &bias->state, &bias->phase, bias->transition);
    } else {
        state_machine_rest (&self->machine, ts_ms, cycle_ms);
        bias->state = silent_state (members, warming);
        bias->phase = PHASE_STEADY;
        bias->transition[0] = '\0';
    }
}

static void
step_cycle (fuse_t *self, int64_t ts_ms)
{
    int64_t cycle_ms = mode_info (self->mode)->cycle_s * MS_PER_S;
    int64_t cycle = ts_ms / cycle_ms;
    bias_t *bias = &self->bias;
    bias->is_cycle = self->cycle == 0 ? ts_ms % cycle_ms == 0 : cycle > self->cycle;
    self->cycle = cycle;
    bias->bias_prev = self->cycle_bias;
    if (bias->is_cycle)
        self->cycle_bias = bias->bias;
    bias->valid_until_ms = ts_ms + cycle_ms;
}

static void
state_confidence (bias_t *bias, const calibration_fit_t *fit)
{
    bias->confidence_basis = fit && fit->is_calibrated ? BASIS_CALIBRATED : BASIS_UNCALIBRATED;
    bias->confidence_pct = fit ? calibration_confidence_pct (fit, bias->z, bias->bias) : 50;
    bias->n_eff = fit ? fit->n_eff : 0;
    bias->outcomes_needed = fit ? fit->outcomes_needed : CALIBRATION_OUTCOMES_MIN;
    bias->skill = fit ? fit->skill : 0;
}

bias_t *
fuse_step (fuse_t *self, const fuse_input_t *input)
{
    const reading_t *reading = input->reading;
    bias_t *bias = &self->bias;
    CHECK (!self->has_bias || reading->ts_ms > bias->ts_ms);
    count_cards (self, input);
    double r = weigh (self, input);
    bias->sigma_r = root (&self->composite, COMPOSITE_FLOOR);
    bias->z = r / bias->sigma_r;
    bias->bias = 100 * tanh (bias->z / BIAS_SCALE);
    double per_z = bias_per_z (bias->z);
    for (size_t c = 0; c < self->roster.count; c++)
        self->categories[c].points =
            per_z * (self->categories[c].weight * self->categories[c].x / bias->sigma_r);
    bias->mode = (int32_t) self->mode;
    memcpy (bias->catalogue, reading->catalogue, sizeof bias->catalogue);
    bias->ts_ms = reading->ts_ms;
    bias->horizon_s = mode_info (self->mode)->horizon_s;
    bias->price_px = reading->price_px;
    bias->band_low_pct = bias->band_high_pct = NAN;
    bias->weights_version = input->weights_version;
    bias->is_redis_away = input->is_redis_away;
    bias->categories = self->categories;
    bias->categories_count = self->roster.count;
    judge (self, reading, r);
    step_states (self, reading->ts_ms);
    step_cycle (self, reading->ts_ms);
    state_confidence (bias, input->fit);
    self->has_bias = true;
    return bias;
}

bias_t *
fuse_last (fuse_t *self)
{
    return self->has_bias ? &self->bias : NULL;
}

uint32_t
fuse_present (const fuse_t *self)
{
    return self->present;
}

void
fuse_save (const fuse_t *self, image_t *out)
{
    char field[SLUG_MAX + 8];
    image_put_count (out, "ts", self->stepped_ms);
    image_put_number (out, "R:sum", self->composite.sum);
    image_put_number (out, "R:count", self->composite.count);
    for (size_t c = 0; c < self->roster.count; c++) {
        snprintf (field, sizeof field, "%s:sum", self->roster.names[c]);
        image_put_number (out, field, self->category[c].sum);
        snprintf (field, sizeof field, "%s:count", self->roster.names[c]);
        image_put_number (out, field, self->category[c].count);
    }
}

int
fuse_load (fuse_t *self, const image_t *image, error_text_t *error)
{
    for (size_t i = 0; i < image->count; i++) {
        const char *name = image_name (image, i), *value = image_value (image, i);
        slice_t rest = slice_of (name);
        slice_t head = slice_cut (&rest, ':');
        char category[SLUG_MAX];
        int status = OK;
        if (strcmp (name, "ts") == 0)
            status = image_count (value, &self->stepped_ms);
        else if (slice_copy (head, category, sizeof category) == OK) {
            int at = roster_find (&self->roster, category);
            square_t *square = strcmp (category, "R") == 0 ? &self->composite
                               : at >= 0                   ? &self->category[at]
                                                           : NULL;
            if (square && slice_is (rest, "sum"))
                status = image_number (value, &square->sum);
            else if (square && slice_is (rest, "count"))
                status = image_number (value, &square->count);
        }
        if (status != OK)
            return error_set (error, status, "scale of %s: field %s is \"%.40s\"", self->bias.instrument,
                              name, value);
    }
    return OK;
}
