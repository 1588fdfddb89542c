/*  ledger - what was decided and waits for its outcome
 *
 *  row      the decisions of one mode at one time t, one entry per instrument; due at t + horizon
 *  ledger   the rows of one mode that wait, in order of (due, t); each leaves it once
 *
 *  A row is looked at LEDGER_GRACE_MS after it is due: by then every price it could use has come, so that its
 *  outcome does not depend on how late it is looked at.
 *  Not      Redis; prices; what is learned. */

#ifndef LEADLINE_AGGREGATOR_LEDGER_H
#define LEADLINE_AGGREGATOR_LEDGER_H

#include "aggregator/image.h"
#include "aggregator/roster.h"
#include "common/wire/result.h"

enum { LEDGER_GRACE_MS = 5000 };

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

//  Put the entries in order of their instruments: rows are learned in it, so that the order in which readings
//  came or Redis answers changes nothing.
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
//  The first row due (due + LEDGER_GRACE_MS <= now_ms), or NULL.  Borrowed.
const ledger_row_t *
ledger_due (const ledger_t *self, int64_t now_ms);
//  Remove the row of t.  OK, or E_ABSENT when it is not there (again).
int
ledger_remove (ledger_t *self, int64_t t_ms);
void
ledger_fini (ledger_t *self);

#endif
