/*  json_cursor - reading a venue's JSON once, front to back, without building a tree (simdjson On-Demand)
 *
 *  The only door to simdjson; json_cursor.cc is the one C++ file.  A cursor is a value inside a document: an
 *  object, an array or a scalar.  Lazy: a document that is malformed further on is found out only when the end
 *  is reached, so a parser stages its events and hands them over after json_finish said OK.
 *
 *  Errors are sticky: after the first, every call returns it (json_error tells the text), so a parser may read all it
 *  wants and look once.  A missing optional key is E_ABSENT and not sticky.
 *  Numbers come as JSON numbers or as text ("0.10"): both are accepted everywhere.  null is E_ABSENT.
 *  Objects may be looked up by key in any order (json_find); in document order it is one pass. */

#ifndef LEADLINE_JSON_CURSOR_H
#define LEADLINE_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/decimal.h"
#include "common/base/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_PADDING_BYTES = 64, JSON_DEPTH_MAX = 24 };

typedef struct json_document json_document_t; //  reusable memory; one per thread of parsing

//  A place in the document: small, copyable, valid until the next json_open.
typedef struct {
    json_document_t *document;
    uint32_t index; //  slot inside the document's pool of values
} json_cursor_t;

json_document_t *
json_document_new (void);
void
json_document_destroy (json_document_t **self);

//  Start reading text.  text.data must have JSON_PADDING_BYTES readable bytes behind text.size.
//  E_SYNTAX for what is not JSON at first sight; E_RANGE above 64 MiB or JSON_DEPTH_MAX.
int
json_open (json_document_t *self, slice_t text, json_cursor_t *root);

//  The document was read to its end and is well formed.  OK or the first error.
int
json_finish (json_document_t *self);
const char *
json_error (const json_document_t *self);

//  Value of a key.  E_ABSENT when there is none or it is null; E_SYNTAX when the cursor is not an object.
int
json_find (json_cursor_t object, const char *key, json_cursor_t *out);

//  Walk an array: while (json_next (array, &item)) ...
bool
json_next (json_cursor_t array, json_cursor_t *item);

typedef enum { JSON_OBJECT, JSON_ARRAY, JSON_TEXT, JSON_NUMBER, JSON_BOOL, JSON_NULL, JSON_BROKEN } json_type_t;
json_type_t
json_type (json_cursor_t value);

//  Scalars of a value.
int
json_text (json_cursor_t value, slice_t *out); //  unescaped; borrowed until the next json_open
int
json_decimal (json_cursor_t value, decimal_t *out);
int
json_double (json_cursor_t value, double *out); //  finite, or E_RANGE
int
json_i64 (json_cursor_t value, int64_t *out);
int
json_bool (json_cursor_t value, bool *out);

//  Key and scalar in one.
int
json_find_text (json_cursor_t object, const char *key, slice_t *out);
int
json_find_decimal (json_cursor_t object, const char *key, decimal_t *out);
int
json_find_double (json_cursor_t object, const char *key, double *out);
int
json_find_i64 (json_cursor_t object, const char *key, int64_t *out);
int
json_find_bool (json_cursor_t object, const char *key, bool *out);

#ifdef __cplusplus
}
#endif

#endif
