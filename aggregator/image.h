/*  image - a Redis hash as texts in memory
 *
 *  Why   state is saved as plain fields that people can read, and the same fields, kept in memory, restore a
 *        Redis that was wiped.  Numbers are written so that the same double is read back (17 digits).
 *  Not   it knows no key and no meaning; order is the order of putting. */

#ifndef LEADLINE_AGGREGATOR_IMAGE_H
#define LEADLINE_AGGREGATOR_IMAGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *text; //  names and values, each terminated
    size_t size, capacity;
    size_t *at; //  offsets: name, value, name, value, ...
    size_t count, fields_capacity;
} image_t; //  zeroed memory is an empty image

void
image_reset (image_t *self);
void
image_fini (image_t *self);

void
image_put_text (image_t *self, const char *name, const char *value);
void
image_put_number (image_t *self, const char *name, double value); //  %.17g
void
image_put_count (image_t *self, const char *name, int64_t value);

//  Borrowed until the next put or reset.
const char *
image_name (const image_t *self, size_t index);
const char *
image_value (const image_t *self, size_t index);

//  The value of a name, or NULL.
const char *
image_find (const image_t *self, const char *name);

//  Text to a finite number.  OK or E_SYNTAX.
int
image_number (const char *text, double *out);
int
image_count (const char *text, int64_t *out);

#endif
