/*  slice - borrowed bytes with a length; never terminated, never owned */

#ifndef LEADLINE_SLICE_H
#define LEADLINE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *data;
    size_t size;
} slice_t;

//  A slice of a terminated text (borrowed).
slice_t
slice_of (const char *text);

bool
slice_is (slice_t slice, const char *text);

bool
slice_starts (slice_t slice, const char *prefix);

//  Copy into a terminated buffer of capacity bytes.  Returns OK, or E_SHORT with the text cut.
int
slice_copy (slice_t slice, char *out, size_t capacity);

//  Cut the part before the first separator off the front of *rest (the separator goes too).
//  Without one, the whole rest is returned and *rest is empty.
slice_t
slice_cut (slice_t *rest, char separator);

#endif
