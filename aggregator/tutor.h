/*  tutor - everything that is learned in one mode: rows go in, weights and calibrations come out
 *
 *  What    owns the sums and experts of the pool and of each instrument, and each instrument's calibration;
 *          makes of them the weights that are used and published, and the fields that are saved.
 *
 *      settled row -> tutor_settle -> tutor_fit -> weights, slopes, calibration fits -> tutor_save -> Redis
 *
 *  Time    decays are read at as_of_ms, the latest decision time settled: without outcomes nothing drifts.
 *  Order   the sums and the calibration take rows in any order; a row older than the last one teaches the
 *          sums but not the experts (BOA), which want them in order of (due, decision time).
 *  Not     no Redis, no clock, no ledger: exactly once is the store's business. */

#ifndef LEADLINE_AGGREGATOR_TUTOR_H
#define LEADLINE_AGGREGATOR_TUTOR_H

#include "aggregator/calibration.h"
#include "aggregator/learner.h"
#include "aggregator/outcome.h"

typedef struct {
    char instrument[INSTRUMENT_NAME_MAX];
    learner_sums_t sums;
    learner_boa_t boa;
    calibration_t calibration;
    double history[CATEGORIES_MAX]; //  weights when history was last written
    int64_t history_ms;
    //  made by tutor_fit:
    learner_posterior_t posterior;
    double weights[CATEGORIES_MAX]; //  exactly as written to Redis
    calibration_fit_t fit;
} tutor_symbol_t;

typedef struct {
    mode_id_t mode;
    roster_t roster;
    char catalogue[CATALOGUE_HASH_MAX];
    int64_t version, previous_version; //  of the weights; counts settlements
    int64_t as_of_ms;
    int64_t last_due_ms, last_t_ms; //  of the last row the experts have taken
    double lambda_symbol;           //  chosen among 1000, 3000, 10000, 1e9 once a week
    int64_t lambda_ms;
    int64_t rows_settled, entries_settled, entries_void;
    learner_pool_t pool;
    learner_boa_t pool_boa;
    learner_posterior_t pool_posterior;
    double pool_weights[CATEGORIES_MAX];
    double pool_history[CATEGORIES_MAX];
    int64_t pool_history_ms;
    tutor_symbol_t *symbols;
    size_t symbols_count;
} tutor_t;

tutor_t *
tutor_new (mode_id_t mode, const universe_t *universe);
void
tutor_destroy (tutor_t **self);

//  Same mode and universe.
void
tutor_copy (tutor_t *self, const tutor_t *from);

//  Forget everything learned (a fresh start in the same roster).
void
tutor_reset (tutor_t *self);

//  Move to another roster; call tutor_fit after.
void
tutor_set_roster (tutor_t *self, const roster_t *roster, const char *catalogue);

//  Index of an instrument, or -1.
int
tutor_find (const tutor_t *self, const char *instrument);

//  Learn one row.  outcomes[row->entries_count] as made by outcome_settle.  Adds 1 to version.
void
tutor_settle (tutor_t *self, const ledger_row_t *row, const outcome_t outcomes[]);

//  Make slopes, weights and fits of the present sums.  day: the tutor of the day mode, for swing's prior
//  (same roster), else NULL.
void
tutor_fit (tutor_t *self, const tutor_t *day);

//  Bit i: the slope of category i is below minus two standard errors.
uint32_t
tutor_inverse (const learner_posterior_t *posterior, size_t k);

//  What is saved.  symbol: index, or -1 for the pool (which has no calibration).
typedef enum {
    TUTOR_WEIGHTS,
    TUTOR_META,
    TUTOR_BETA,
    TUTOR_LEARNER,
    TUTOR_BOA,
    TUTOR_CALIBRATION,
    TUTOR_PARTS
} tutor_part_t;

void
tutor_save (const tutor_t *self, int symbol, tutor_part_t part, image_t *out);

//  Take a saved part; WEIGHTS and BETA follow from the rest and are not read.  Fields of categories that are
//  gone are dropped; a bad field gives E_SYNTAX with its name and the part stays as it was up to there.
int
tutor_load (tutor_t *self, int symbol, tutor_part_t part, const image_t *image, error_text_t *error);

//  Is an entry of the weights' history due (moved by more than 1e-4, or an hour old)?  Marks it as written.
bool
tutor_history_due (tutor_t *self, int symbol);

#endif
