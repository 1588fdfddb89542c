/*  json_cursor - reading a venue's JSON in place, without building a tree (simdjson's token finder below)
 *
 *  What    the only door to simdjson; json_cursor.cc is the one C++ file.  A cursor is a value inside a
 *          document: an object, an array or a scalar.  json_open checks the whole document (UTF-8, grammar,
 *          numbers, escapes, depth), so what can still fail later is only a value of another type or out of
 *          range.
 *  Errors  are sticky: after the first, every call returns it (json_error tells the text), so a parser may
 *          read all it wants and look once, at json_finish, before its events count.  A missing optional key
 *          is E_ABSENT and not sticky.
 *  Values  numbers come as JSON numbers or as text ("0.10"): both are accepted everywhere.  null, and an
 *          empty text where a number is asked for, are E_ABSENT.
 *  Order   keys may be looked up in any order; in document order it is one pass.  Containers may be read
 *          again.
 *  Memory  grows to the largest document seen and stays: nothing is allocated per message. */

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
    uint32_t index; //  of its first token
} json_cursor_t;

json_document_t *
json_document_new (void);
void
json_document_destroy (json_document_t **self);

//  Start reading text.  text.data must have JSON_PADDING_BYTES readable bytes behind text.size.
//  E_SYNTAX for what is not JSON; E_RANGE above 64 MiB or JSON_DEPTH_MAX.
int
json_open (json_document_t *self, slice_t text, json_cursor_t *root);

//  Everything read so far was there and of its type.  OK or the first error.
int
json_finish (json_document_t *self);
const char *
json_error (const json_document_t *self);

//  Value of a key (shorter than JSON_PADDING_BYTES).  E_ABSENT when there is none or it is null; E_SYNTAX
//  when the cursor is not an object.
int
json_find (json_cursor_t object, const char *key, json_cursor_t *out);

//  Walk an array: while (json_next (array, &item)) ...  Walks may nest, a container at most JSON_DEPTH_MAX
//  deep; one that was left early continues where it stood.
bool
json_next (json_cursor_t array, json_cursor_t *item);

typedef enum {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_TEXT,
    JSON_NUMBER,
    JSON_BOOL,
    JSON_NULL,
    JSON_BROKEN
} json_type_t;
json_type_t
json_type (json_cursor_t value);

//  The bytes of any value as they stand in the document, quotes included; borrowed from the text given to
//  json_open.
int
json_raw (json_cursor_t value, slice_t *out);

//  Scalars of a value.
int
json_text (json_cursor_t value,
           slice_t *out); //  unescaped, or a number's digits; borrowed until the next json_open
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

//  The same where the key must be there: missing, null or an empty number is E_SYNTAX, sticky, and named.
int
json_need (json_cursor_t object, const char *key, json_cursor_t *out);
int
json_need_text (json_cursor_t object, const char *key, slice_t *out);
int
json_need_decimal (json_cursor_t object, const char *key, decimal_t *out);
int
json_need_double (json_cursor_t object, const char *key, double *out);
int
json_need_i64 (json_cursor_t object, const char *key, int64_t *out);
int
json_need_bool (json_cursor_t object, const char *key, bool *out);

#ifdef __cplusplus
}
#endif

#endif
