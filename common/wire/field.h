/*  field - messages as static tables of fields, and the one codec that reads and writes them
 *
 *  Why   the same rows give msgpack out, msgpack in with bounds, JSON, and SCHEMA.md.
 *  How   a message is a plain C struct; a row says key, type, offset, bounds, unit.  Lists are a pointer
 *        and a count in the struct, items described by a nested table.
 *
 *  Absent  a FIELD_NULLABLE double that is NaN in memory is nil on the wire, and back; a nullable text
 *          that is "" is nil.  Any other number that is not finite is refused by the encoder.
 *  Hostile input  the decoder checks lengths, depth and counts before it allocates anything; what does
 *          not fit the table is refused with the key in the error; unknown keys and extra positional
 *          fields are ignored; missing trailing positional fields are zero (fields are only appended). */

#ifndef LEADLINE_FIELD_H
#define LEADLINE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/decimal.h"
#include "common/base/slice.h"
#include "common/base/status.h"

typedef enum {
    FIELD_BOOL,    //  bool
    FIELD_I8,      //  int8_t
    FIELD_I32,     //  int32_t
    FIELD_I64,     //  int64_t
    FIELD_U64,     //  uint64_t, at most INT64_MAX
    FIELD_F64,     //  double
    FIELD_DECIMAL, //  decimal_t; [mantissa, exponent] in msgpack, a number in JSON
    FIELD_TEXT,    //  char[size], terminated; longer text is refused (E_RANGE)
    FIELD_ENUM,    //  int32_t index into names; the word itself in maps and JSON, the index in arrays
    FIELD_STRUCT,  //  nested struct, by table; key "": its fields stand in the outer message
    FIELD_LIST,    //  item_t *items; size_t count at count_offset; items by table; at most size
    FIELD_NUMBERS  //  float *values; size_t count at count_offset; at most size; whole numbers go out as such
} field_type_t;

enum { FIELD_NULLABLE = 1 };

typedef struct field_table field_table_t;

typedef struct {
    const char *key;
    field_type_t type;
    size_t offset;
    double low, high;  //  bounds, inclusive; both 0: none
    const char *unit;  //  "ns", "coins", "usd", "quote currency", "": for SCHEMA.md
    const char *about; //  one sentence for SCHEMA.md
    uint32_t flags;
    size_t size;                //  TEXT: bytes; LIST, NUMBERS: most items
    size_t count_offset;        //  LIST, NUMBERS
    const field_table_t *table; //  LIST, STRUCT
    const char *const *names;   //  ENUM: words, NULL at the end
} field_t;

struct field_table {
    const char *name; //  "trade"
    size_t size;      //  of the struct
    const field_t *fields;
    size_t count;
};

//  Working memory of encoding and decoding, reused from message to message: nothing is allocated per
//  message once it has grown.  Not shared between threads.
typedef struct field_codec field_codec_t;

field_codec_t *
field_codec_new (void);

void
field_codec_destroy (field_codec_t **self);

typedef enum { FIELD_AS_ARRAY, FIELD_AS_MAP } field_form_t;

//  Start an empty output.
void
field_begin (field_codec_t *self);

//  Raw pieces, for envelopes.
void
field_put_array (field_codec_t *self, size_t count);
void
field_put_i64 (field_codec_t *self, int64_t value);
void
field_put_text (field_codec_t *self, const char *text);

//  Append one struct.  Returns OK, or E_RANGE with the key when a value may not go out (the output is
//  then as before the call).
int
field_put (field_codec_t *self, const field_table_t *table, field_form_t form, const void *record,
           error_text_t *error);

//  The bytes so far (borrowed until the next begin).
slice_t
field_output (const field_codec_t *self);

//  Check msgpack bytes: exactly one value, every length inside the input, depth at most 16, at most
//  1,000,000 values.  Allocates nothing.
int
field_validate (slice_t bytes);

//  Open a message for reading: validates, then walks.  What decoding returns is valid until the next open.
int
field_open (field_codec_t *self, slice_t bytes, error_text_t *error);

//  Step into an array (count out), read raw pieces in order.  E_SYNTAX when the next value is another type.
int
field_get_array (field_codec_t *self, size_t *count);
int
field_get_i64 (field_codec_t *self, int64_t *out);
int
field_get_text (field_codec_t *self, char *out, size_t size);
int
field_skip (field_codec_t *self);

//  Read one struct (array or map form is seen from the bytes).  Lists point into the codec's memory.
int
field_get (field_codec_t *self, const field_table_t *table, void *record, error_text_t *error);

//  Memory for count records that lives until the next open; for arrays of records read by the caller.
void *
field_scratch (field_codec_t *self, size_t size_bytes);

//  Append JSON text of one struct to a growable buffer: {"key":value,...}; absent is null.  Times in ns
//  are written as they are.
typedef struct {
    char *data;
    size_t size, capacity;
} text_buffer_t;

void
text_add (text_buffer_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));
void
text_add_slice (text_buffer_t *self, slice_t slice);
//  A JSON string with quotes and escapes.
void
text_add_quoted (text_buffer_t *self, const char *text);
void
text_reset (text_buffer_t *self);
void
text_fini (text_buffer_t *self);

int
field_to_json (const field_table_t *table, const void *record, text_buffer_t *out, error_text_t *error);

//  Helpers for rows.
#define FIELD(type_, struct_, member_, key_, unit_, low_, high_, about_)                                     \
    {                                                                                                        \
        .key = key_, .type = type_, .offset = offsetof (struct_, member_), .low = low_, .high = high_,       \
        .unit = unit_, .about = about_, .size = sizeof (((struct_ *) 0)->member_)                            \
    }
#define FIELD_OPTIONAL(type_, struct_, member_, key_, unit_, low_, high_, about_)                            \
    {                                                                                                        \
        .key = key_, .type = type_, .offset = offsetof (struct_, member_), .low = low_, .high = high_,       \
        .unit = unit_, .about = about_, .size = sizeof (((struct_ *) 0)->member_), .flags = FIELD_NULLABLE   \
    }
#define FIELD_WORD(struct_, member_, key_, names_, about_)                                                   \
    {                                                                                                        \
        .key = key_, .type = FIELD_ENUM, .offset = offsetof (struct_, member_), .unit = "", .about = about_, \
        .names = names_                                                                                      \
    }
#define FIELD_INNER(struct_, member_, key_, table_, about_)                                                  \
    {                                                                                                        \
        .key = key_, .type = FIELD_STRUCT, .offset = offsetof (struct_, member_), .unit = "",                \
        .about = about_, .table = table_                                                                     \
    }
#define FIELD_MANY(struct_, member_, count_, key_, table_, most_, about_)                                    \
    {                                                                                                        \
        .key = key_, .type = FIELD_LIST, .offset = offsetof (struct_, member_),                              \
        .count_offset = offsetof (struct_, count_), .unit = "", .about = about_, .table = table_,            \
        .size = most_                                                                                        \
    }
#define FIELD_SERIES(struct_, member_, count_, key_, unit_, low_, high_, most_, about_)                      \
    {                                                                                                        \
        .key = key_, .type = FIELD_NUMBERS, .offset = offsetof (struct_, member_),                           \
        .count_offset = offsetof (struct_, count_), .low = low_, .high = high_, .unit = unit_,               \
        .about = about_, .size = most_                                                                       \
    }
#define FIELD_TABLE(name_, struct_, fields_)                                                                 \
    {                                                                                                        \
        .name = name_, .size = sizeof (struct_), .fields = fields_,                                          \
        .count = sizeof fields_ / sizeof fields_[0]                                                          \
    }

#endif
