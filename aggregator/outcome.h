/*  outcome - what was decided, what the price did after, and which row is due when (methods D2, D6)
 *
 *  prices   the outcome price of one instrument, one value a second, 26 h
 *  row      the decisions of one mode at one time t, one entry per instrument; due at t + horizon
 *  ledger   the rows of one mode that wait, in order of (due, t); each leaves it once
 *
 *  Entry    the price nearest to t + 2 s, at most 5 s away: the first one a reader of the bias could have
 * had; exit the nearest to due.  Without one of them the entry is void, never settled with a later price.  A
 * row is looked at from due + 5 s on, so the answer does not depend on how late it is looked at. Not Redis
 * and what is learned from it. */

#ifndef LEADLINE_AGGREGATOR_OUTCOME_H
#define LEADLINE_AGGREGATOR_OUTCOME_H

#include "aggregator/image.h"
#include "aggregator/learner.h"
#include "aggregator/roster.h"
#include "common/wire/result.h"

enum {
    OUTCOME_DELAY_MS = 2000,
    OUTCOME_NEAR_MS = 5000,
    OUTCOME_PRICES_SECONDS = 26 * 3600,
    OUTCOME_Y_MAX = 3
};

typedef struct prices prices_t;

prices_t *
prices_new (void);
void
prices_destroy (prices_t **self);

//  Keep px for its second.  Returns true when that second had none (the first of a second stays).
bool
prices_put (prices_t *self, int64_t ts_ms, double px);

//  Nearest to ts_ms, at most OUTCOME_NEAR_MS away (the earlier of two as near).  OK or E_ABSENT.
int
prices_near (const prices_t *self, int64_t ts_ms, double *px);

//  The first price kept after ts_ms.  OK with its time, or E_ABSENT.
int
prices_next (const prices_t *self, int64_t after_ms, int64_t *ts_ms, double *px);

typedef struct {
    char instrument[INSTRUMENT_NAME_MAX];
    double sigma; //  per square root of a second
    double z, bias;
    double claim_pct; //  calibrated confidence as published; NaN: was not calibrated
    double x[CATEGORIES_MAX];
    uint32_t present; //  bit i: category i of the row's roster spoke
} ledger_entry_t;

typedef struct {
    int64_t t_ms, due_ms;
    int64_t weights_version; //  used for the decisions
    char catalogue[CATALOGUE_HASH_MAX];
    roster_t roster;
    ledger_entry_t *entries;
    size_t entries_count;
} ledger_row_t;

ledger_row_t *
ledger_row_new (int64_t t_ms, int64_t due_ms);
void
ledger_row_destroy (ledger_row_t **self);
//  Borrowed until the next add.  The entry is zeroed but for the name.
ledger_entry_t *
ledger_row_add (ledger_row_t *self, const char *instrument);

//  Put the entries in order of their instruments: rows are learned in it, so that the order in which readings came or
//  Redis answers changes nothing.
void
ledger_row_sort (ledger_row_t *self);

//  Fields due, version, catalogue, categories and, per instrument, SYM:sigma, SYM:z, SYM:bias, SYM:confidence
//  ("" when not calibrated), SYM:x (numbers separated by commas, nothing between them for an absent
//  category).
void
ledger_row_save (const ledger_row_t *self, image_t *out);
//  Sorted.  NULL with a text when the fields do not make a row.
ledger_row_t *
ledger_row_load (int64_t t_ms, const image_t *image, error_text_t *error);

typedef struct {
    ledger_row_t **rows; //  ascending (due, t)
    size_t count, capacity;
} ledger_t; //  zeroed memory is empty

//  Takes the row.  E_STALE (and the row is destroyed) when one of that t is there already.
int
ledger_add (ledger_t *self, ledger_row_t *row);
//  The first row due (due + OUTCOME_NEAR_MS <= now_ms), or NULL.  Borrowed.
const ledger_row_t *
ledger_due (const ledger_t *self, int64_t now_ms);
//  Remove the row of t.  OK, or E_ABSENT when it is not there (again).
int
ledger_remove (ledger_t *self, int64_t t_ms);
void
ledger_fini (ledger_t *self);

//  y = clip ((ln exit - ln entry) / (sigma sqrt (horizon)), -3, 3)
double
outcome_y (double entry_px, double exit_px, double sigma, double horizon_s);

//  Settle one entry of a row: fills all but head of out; y is NaN and void_reason set when a price is
//  missing.
void
outcome_settle (const ledger_row_t *row, const ledger_entry_t *entry, mode_id_t mode, const prices_t *prices,
                outcome_t *out);

#endif
