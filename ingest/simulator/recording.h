/*  recording - messages of a venue in the order they arrived, line by line
 *
 *  One JSON object a line: recv_ts (ms, with a fraction), dir (open, out, in, http), url where known, and
 *  last msg: the native text, as JSON or as a JSON string.  Plain or gzip.  Only one line is in memory. */

#ifndef LEADLINE_RECORDING_H
#define LEADLINE_RECORDING_H

#include <stdint.h>

#include "common/base/slice.h"
#include "common/base/status.h"

typedef enum { RECORDING_OPEN, RECORDING_OUT, RECORDING_IN, RECORDING_HTTP } recording_kind_t;

typedef struct {
    recording_kind_t kind;
    int64_t recv_ns;
    slice_t url, message; //  borrowed until the next call
} recording_entry_t;

typedef struct recording recording_t;

//  NULL with a text when the file cannot be opened.
recording_t *
recording_open (const char *path, error_text_t *error);
void
recording_close (recording_t **self);

//  OK; E_CLOSED after the last; E_SYNTAX for a line of another form, or E_IO (both with the line in the
//  text).
int
recording_next (recording_t *self, recording_entry_t *entry, error_text_t *error);

//  To the first line again.  E_IO.
int
recording_rewind (recording_t *self);

#endif
