#include "aggregator/tutor.h"
#include "common/base/check.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S            86400.0
#define WEEK_MS          (7 * 24 * 3600 * MS_PER_S)
#define HOUR_MS          (3600 * MS_PER_S)
#define HISTORY_CHANGE   1e-4
#define LEARNED_OUTCOMES 900.0 //  9 / IC^2 for an IC of .10 (methods D1)

static const double lambdas[] = {1000, 3000, 10000, 1e9};

tutor_t *
tutor_new (mode_id_t mode, const universe_t *universe)
{
    tutor_t *self = mem_new (sizeof *self);
    self->mode = mode;
    self->symbols_count = universe->count;
    self->symbols = mem_new ((universe->count + 1) * sizeof *self->symbols);
    for (size_t i = 0; i < universe->count; i++)
        snprintf (self->symbols[i].instrument, sizeof self->symbols[i].instrument, "%s", universe->names[i]);
    self->lambda_symbol = LEARNER_LAMBDA_SYMBOL;
    return self;
}

void
tutor_destroy (tutor_t **self)
{
    if (!*self)
        return;
    free ((*self)->symbols);
    free (*self);
    *self = NULL;
}

void
tutor_copy (tutor_t *self, const tutor_t *from)
{
    CHECK (self->symbols_count == from->symbols_count && self->mode == from->mode);
    tutor_symbol_t *symbols = self->symbols;
    memcpy (symbols, from->symbols, from->symbols_count * sizeof *symbols);
    *self = *from;
    self->symbols = symbols;
}

void
tutor_reset (tutor_t *self)
{
    tutor_t kept = *self;
    memset (self, 0, sizeof *self);
    self->mode = kept.mode;
    self->roster = kept.roster;
    memcpy (self->catalogue, kept.catalogue, sizeof self->catalogue);
    self->lambda_symbol = LEARNER_LAMBDA_SYMBOL;
    self->symbols = kept.symbols;
    self->symbols_count = kept.symbols_count;
    for (size_t i = 0; i < self->symbols_count; i++) {
        char instrument[INSTRUMENT_NAME_MAX];
        memcpy (instrument, self->symbols[i].instrument, sizeof instrument);
        memset (&self->symbols[i], 0, sizeof self->symbols[i]);
        memcpy (self->symbols[i].instrument, instrument, sizeof instrument);
    }
}

void
tutor_set_roster (tutor_t *self, const roster_t *roster, const char *catalogue)
{
    snprintf (self->catalogue, sizeof self->catalogue, "%s", catalogue);
    if (roster_equal (&self->roster, roster))
        return;
    roster_map_t map;
    roster_map (&self->roster, roster, &map);
    learner_sums_move (&self->pool.single, &map);
    learner_sums_move (&self->pool.market, &map);
    learner_sums_move (&self->pool.relative, &map);
    learner_boa_move (&self->pool_boa, &map);
    roster_move (&map, self->pool_history, 0);
    for (size_t i = 0; i < self->symbols_count; i++) {
        learner_sums_move (&self->symbols[i].sums, &map);
        learner_boa_move (&self->symbols[i].boa, &map);
        roster_move (&map, self->symbols[i].history, 0);
    }
    self->roster = *roster;
}

int
tutor_find (const tutor_t *self, const char *instrument)
{
    for (size_t i = 0; i < self->symbols_count; i++)
        if (strcmp (self->symbols[i].instrument, instrument) == 0)
            return (int) i;
    return -1;
}

static double
half_life_s (const tutor_t *self)
{
    return mode_info (self->mode)->learner_half_days * DAY_S;
}

//  The entry in the order of our roster; categories the row does not know are absent.
static void
make_case (const roster_map_t *map, const ledger_entry_t *entry, double y, learner_case_t *out)
{
    memset (out, 0, sizeof *out);
    out->y = y;
    for (size_t i = 0; i < map->count; i++)
        if (map->from[i] >= 0 && (entry->present >> map->from[i] & 1)) {
            out->x[i] = entry->x[map->from[i]];
            out->present |= UINT32_C (1) << i;
        }
}

void
tutor_settle (tutor_t *self, const ledger_row_t *row, const outcome_t outcomes[])
{
    const double half = half_life_s (self), overlap = mode_info (self->mode)->overlap_weight;
    const size_t k = self->roster.count;
    const bool is_in_order =
        row->due_ms > self->last_due_ms || (row->due_ms == self->last_due_ms && row->t_ms > self->last_t_ms);
    roster_map_t map;
    roster_map (&row->roster, &self->roster, &map);
    learner_case_t *cases = mem_new ((row->entries_count + 1) * sizeof *cases);
    size_t count = 0;
    for (size_t i = 0; i < row->entries_count; i++) {
        const ledger_entry_t *entry = &row->entries[i];
        int at = tutor_find (self, entry->instrument);
        if (at < 0 || isnan (outcomes[i].y)) {
            self->entries_void++;
            continue;
        }
        tutor_symbol_t *symbol = &self->symbols[at];
        learner_case_t *one = &cases[count++];
        make_case (&map, entry, outcomes[i].y, one);
        learner_sums_add (&symbol->sums, k, half, row->t_ms, overlap, one);
        calibration_add (&symbol->calibration, half, row->t_ms, overlap, entry->z, outcomes[i].y, entry->bias,
                         entry->claim_pct);
        if (is_in_order) {
            learner_boa_step (&symbol->boa, k, overlap, one);
            learner_boa_step (&self->pool_boa, k, overlap, one);
        }
        self->entries_settled++;
    }
    learner_pool_add (&self->pool, k, half, row->t_ms, overlap, cases, count);
    free (cases);
    if (is_in_order) {
        self->last_due_ms = row->due_ms;
        self->last_t_ms = row->t_ms;
    }
    if (row->t_ms > self->as_of_ms)
        self->as_of_ms = row->t_ms;
    self->rows_settled++;
    self->previous_version = self->version++;
}

//  Weights are what the text in Redis says, so that whoever recomputes a bias from it gets the same.
static void
as_written (double w[], size_t k)
{
    for (size_t i = 0; i < k; i++) {
        char text[40];
        snprintf (text, sizeof text, "%.15g", w[i]);
        w[i] = strtod (text, NULL);
    }
}

static void
choose_lambda (tutor_t *self)
{
    if (self->lambda_ms == 0)
        self->lambda_ms = self->as_of_ms;
    if (self->as_of_ms - self->lambda_ms < WEEK_MS)
        return;
    self->lambda_ms = self->as_of_ms;
    double best = -INFINITY;
    for (size_t i = 0; i < COUNT_OF (lambdas); i++) {
        double sum = 0;
        for (size_t s = 0; s < self->symbols_count; s++)
            sum += learner_evidence (&self->symbols[s].sums, self->roster.count, half_life_s (self),
                                     self->as_of_ms, lambdas[i], self->pool_posterior.beta);
        if (sum > best) {
            best = sum;
            self->lambda_symbol = lambdas[i];
        }
    }
}

void
tutor_fit (tutor_t *self, const tutor_t *day)
{
    const size_t k = self->roster.count;
    const double half = half_life_s (self);
    if (k == 0)
        return;
    double prior[CATEGORIES_MAX], ridge[CATEGORIES_MAX], pool_boa[CATEGORIES_MAX], boa[CATEGORIES_MAX];
    const bool has_day = day && roster_equal (&day->roster, &self->roster);
    for (size_t i = 0; i < k; i++)
        prior[i] =
            has_day ? 0.5 * LEARNER_PRIOR_SLOPE + 0.5 * day->pool_posterior.beta[i] : LEARNER_PRIOR_SLOPE;
    learner_pool_posterior (&self->pool, k, half, self->as_of_ms,
                            self->mode == MODE_SWING ? LEARNER_LAMBDA_SWING : LEARNER_LAMBDA_POOL, prior,
                            &self->pool_posterior);
    choose_lambda (self);
    learner_ridge_weights (self->pool_posterior.beta, k, ridge);
    learner_boa_weights (&self->pool_boa, k, pool_boa);
    learner_blend (ridge, pool_boa, k, self->pool_weights);
    as_written (self->pool_weights, k);
    for (size_t s = 0; s < self->symbols_count; s++) {
        tutor_symbol_t *symbol = &self->symbols[s];
        learner_symbol_posterior (&symbol->sums, k, half, self->as_of_ms, self->lambda_symbol,
                                  self->pool_posterior.beta, &symbol->posterior);
        learner_ridge_weights (symbol->posterior.beta, k, ridge);
        learner_boa_weights (&symbol->boa, k, boa);
        learner_boa_shrink (boa, pool_boa, symbol->posterior.n, k, boa);
        learner_blend (ridge, boa, k, symbol->weights);
        as_written (symbol->weights, k);
        calibration_fit (&symbol->calibration, half, self->as_of_ms, &symbol->fit);
    }
}

uint32_t
tutor_inverse (const learner_posterior_t *posterior, size_t k)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < k; i++)
        if (posterior->beta[i] < -2 * posterior->se[i])
            mask |= UINT32_C (1) << i;
    return mask;
}

static void
save_weights (const roster_t *roster, const double w[], image_t *out)
{
    bool is_done[CATEGORIES_MAX] = {false};
    for (size_t n = 0; n < roster->count; n++) { //  in descending order, for people
        size_t best = CATEGORIES_MAX;
        for (size_t i = 0; i < roster->count; i++)
            if (!is_done[i] && (best == CATEGORIES_MAX || w[i] > w[best]))
                best = i;
        CHECK (best < roster->count);
        is_done[best] = true;
        char text[40];
        snprintf (text, sizeof text, "%.15g", w[best]);
        image_put_text (out, roster->names[best], text);
    }
}

static void
save_meta (const tutor_t *self, int at, image_t *out)
{
    const tutor_symbol_t *symbol = at < 0 ? NULL : &self->symbols[at];
    const learner_posterior_t *posterior = symbol ? &symbol->posterior : &self->pool_posterior;
    double behind = fmax (posterior->n, self->pool_posterior.n);
    image_put_count (out, "version", self->version);
    image_put_count (out, "previous_version", self->previous_version);
    image_put_count (out, "ts", self->as_of_ms);
    image_put_number (out, "n_eff", posterior->n);
    image_put_text (out, "state", behind < 1 ? "prior" : behind < LEARNED_OUTCOMES ? "learning" : "learned");
    image_put_number (out, "lambda",
                      symbol                     ? self->lambda_symbol
                      : self->mode == MODE_SWING ? LEARNER_LAMBDA_SWING
                                                 : LEARNER_LAMBDA_POOL);
    image_put_number (out, "floor", LEARNER_FLOOR);
    image_put_number (out, "ceiling", LEARNER_CEILING);
    image_put_number (out, "halflife_days", mode_info (self->mode)->learner_half_days);
    image_put_text (out, "catalogue", self->catalogue);
    image_put_text (out, "engine", LEADLINE_ENGINE);
    uint32_t inverse = tutor_inverse (posterior, self->roster.count);
    char names[CATEGORIES_MAX * SLUG_MAX] = "";
    size_t size = 0;
    for (size_t i = 0; i < self->roster.count; i++)
        if (inverse >> i & 1)
            size += (size_t) snprintf (names + size, sizeof names - size, "%s%s", size > 0 ? "," : "",
                                       self->roster.names[i]);
    image_put_text (out, "inverse", names);
    if (!symbol) {
        image_put_count (out, "rows_settled", self->rows_settled);
        image_put_count (out, "settled", self->entries_settled);
        image_put_count (out, "void", self->entries_void);
        return;
    }
    image_put_number (out, "beta_z", symbol->fit.beta_z);
    image_put_number (out, "skill", symbol->fit.skill);
    image_put_count (out, "outcomes_needed", symbol->fit.outcomes_needed);
    if (!isnan (symbol->fit.brier)) {
        image_put_number (out, "brier", symbol->fit.brier);
        image_put_number (out, "ece", symbol->fit.ece);
    }
}

static void
save_beta (const tutor_t *self, const learner_posterior_t *posterior, image_t *out)
{
    for (size_t i = 0; i < self->roster.count; i++) {
        char field[SLUG_MAX + 4];
        snprintf (field, sizeof field, "%s:se", self->roster.names[i]);
        image_put_number (out, self->roster.names[i], posterior->beta[i]);
        image_put_number (out, field, posterior->se[i]);
    }
}

static void
save_learner (const tutor_t *self, int at, image_t *out)
{
    if (at >= 0) {
        learner_sums_save (&self->symbols[at].sums, &self->roster, "", out);
        return;
    }
    image_put_count (out, "version", self->version);
    image_put_count (out, "as_of", self->as_of_ms);
    image_put_number (out, "lambda_symbol", self->lambda_symbol);
    image_put_count (out, "lambda_ts", self->lambda_ms);
    learner_sums_save (&self->pool.single, &self->roster, "single.", out);
    learner_sums_save (&self->pool.market, &self->roster, "market.", out);
    learner_sums_save (&self->pool.relative, &self->roster, "relative.", out);
}

void
tutor_save (const tutor_t *self, int at, tutor_part_t part, image_t *out)
{
    const tutor_symbol_t *symbol = at < 0 ? NULL : &self->symbols[at];
    if (part == TUTOR_WEIGHTS)
        save_weights (&self->roster, symbol ? symbol->weights : self->pool_weights, out);
    else if (part == TUTOR_META)
        save_meta (self, at, out);
    else if (part == TUTOR_BETA)
        save_beta (self, symbol ? &symbol->posterior : &self->pool_posterior, out);
    else if (part == TUTOR_LEARNER)
        save_learner (self, at, out);
    else if (part == TUTOR_BOA) {
        learner_boa_save (symbol ? &symbol->boa : &self->pool_boa, &self->roster, out);
        image_put_count (out, "last_due", self->last_due_ms);
        image_put_count (out, "last_t", self->last_t_ms);
    } else if (symbol)
        calibration_save (&symbol->calibration, out);
}

static int
load_pool_field (tutor_t *self, tutor_part_t part, const char *name, const char *value)
{
    const struct {
        tutor_part_t part;
        const char *name;
        int64_t *to;
    } counts[] = {{TUTOR_META, "version", &self->version},
                  {TUTOR_META, "previous_version", &self->previous_version},
                  {TUTOR_META, "rows_settled", &self->rows_settled},
                  {TUTOR_META, "settled", &self->entries_settled},
                  {TUTOR_META, "void", &self->entries_void},
                  {TUTOR_LEARNER, "as_of", &self->as_of_ms},
                  {TUTOR_LEARNER, "lambda_ts", &self->lambda_ms},
                  {TUTOR_BOA, "last_due", &self->last_due_ms},
                  {TUTOR_BOA, "last_t", &self->last_t_ms}};
    for (size_t i = 0; i < COUNT_OF (counts); i++)
        if (part == counts[i].part && strcmp (name, counts[i].name) == 0)
            return image_count (value, counts[i].to);
    if (part == TUTOR_META)
        return E_ABSENT;
    if (part == TUTOR_BOA)
        return learner_boa_load (&self->pool_boa, &self->roster, name, value);
    if (strcmp (name, "lambda_symbol") == 0)
        return image_number (value, &self->lambda_symbol);
    const char *const prefixes[] = {"single.", "market.", "relative."};
    learner_sums_t *sums[] = {&self->pool.single, &self->pool.market, &self->pool.relative};
    for (size_t i = 0; i < COUNT_OF (prefixes); i++) {
        int status = learner_sums_load (sums[i], &self->roster, prefixes[i], name, value);
        if (status != E_ABSENT)
            return status;
    }
    return E_ABSENT;
}

int
tutor_load (tutor_t *self, int at, tutor_part_t part, const image_t *image, error_text_t *error)
{
    for (size_t i = 0; i < image->count; i++) {
        const char *name = image_name (image, i), *value = image_value (image, i);
        int status = E_ABSENT;
        if (at < 0)
            status = load_pool_field (self, part, name, value);
        else if (part == TUTOR_LEARNER)
            status = learner_sums_load (&self->symbols[at].sums, &self->roster, "", name, value);
        else if (part == TUTOR_BOA)
            status = learner_boa_load (&self->symbols[at].boa, &self->roster, name, value);
        else if (part == TUTOR_CALIBRATION)
            status = calibration_load (&self->symbols[at].calibration, name, value);
        if (status != OK && status != E_ABSENT)
            return error_set (error, status, "%s %s: field %s is \"%.40s\", no number",
                              mode_info (self->mode)->name, at < 0 ? "POOL" : self->symbols[at].instrument,
                              name, value);
    }
    return OK;
}

bool
tutor_history_due (tutor_t *self, int at)
{
    const double *w = at < 0 ? self->pool_weights : self->symbols[at].weights;
    double *history = at < 0 ? self->pool_history : self->symbols[at].history;
    int64_t *ts_ms = at < 0 ? &self->pool_history_ms : &self->symbols[at].history_ms;
    bool is_due = self->as_of_ms - *ts_ms >= HOUR_MS;
    for (size_t i = 0; i < self->roster.count; i++)
        is_due = is_due || fabs (w[i] - history[i]) > HISTORY_CHANGE;
    if (is_due) {
        memcpy (history, w, self->roster.count * sizeof *w);
        *ts_ms = self->as_of_ms;
    }
    return is_due;
}
