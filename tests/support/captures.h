/*  captures - real messages of a venue, with what other projects' tests say they mean
 *
 *  Walks <captures>/<venue>/<channel>.jsonl (the folder is beside the checkout or in LEADLINE_CAPTURES; its
 *  README explains the lines), feeds every message to the venue's adapter and compares with the stated result
 *  where there is one and the message belongs to an API that is still served.  Amounts are compared in the
 *  venue's own units, so the multiplier is both applied and taken off again.
 *
 *  What is not reproduced must be listed in tests/conformance/captures_exceptions.tsv with its reason; a line
 *  that is listed and reproduced fails too, so the list cannot rot. */

#ifndef LEADLINE_TEST_CAPTURES_H
#define LEADLINE_TEST_CAPTURES_H

#include "ingest/adapter.h"

//  A contract of the captures that no list of instruments has: dated, delisted or inverse.
typedef struct {
    const char *instrument; //  name made up for it: "BTCUSDT220624"
    const char *contract;
    double multiplier;
    bool is_inverse;
} capture_contract_t;

//  A REST body: which request it answers.
typedef struct {
    const char *channel; //  part of the line's channel
    request_kind_t kind;
    const char *path;       //  as plan would have written it
    const char *instrument; //  whose answer it is
} capture_rest_t;

typedef struct {
    const char *venue;
    const char *universe;    //  instruments looked for in the lists
    const char *instruments; //  "instruments-2025-12.raw.json.gz"
    const capture_contract_t *contracts;
    size_t contracts_count;
    const capture_rest_t *rest;
    size_t rest_count;
    //  A message the recorder wrapped, as the venue would have sent it; NULL: none.  Returns true when it
    //  rewrote.
    bool (*unwrap) (const char *channel, slice_t msg, char *out, size_t capacity);
} captures_t;

typedef struct {
    size_t lines, events, ignored, refused; //  fed; said; ignored or unknown; not parsed
    size_t stated, reproduced, excepted;    //  with a result; equal to it; listed as exceptions
    size_t reproduced_by_refusal;           //  of them: "nothing" is stated, and we could not read it
    size_t skipped;                         //  of an API no longer served, or a path we do not ask
} captures_result_t;

//  The folder of a venue into path.  False when the captures are not here.
bool
captures_folder (const char *venue, char *path, size_t capacity);

//  Run all; failures fail the running test.
captures_result_t
captures_run (const captures_t *captures);

#endif
