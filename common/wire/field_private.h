/*  field_private - what the three files of the codec share; nobody else includes it
 *
 *  What  a plan is a table with its inlined structs (key "") laid flat: rows in wire order, each with its
 *        offset from the start of the record.  It is made at the first use of a table and kept by the
 *        codec. */

#ifndef LEADLINE_FIELD_PRIVATE_H
#define LEADLINE_FIELD_PRIVATE_H

#include "common/wire/field.h"

#include <msgpack.h>

enum {
    FIELD_DEPTH_MAX = 16,
    FIELD_VALUES_MAX = 1000000,
    FIELD_PLANS_MAX = 64,
    FIELD_ROWS_MAX = 64,
    FIELD_KEY_MAX = 32
};

typedef struct {
    const field_t *field;
    size_t offset;
    char key[FIELD_KEY_MAX]; //  as it goes out: its length, its letters
    size_t key_size;         //  of the letters
} field_row_t;

typedef struct {
    const field_table_t *table;
    size_t count;
    field_row_t rows[FIELD_ROWS_MAX];
} field_plan_t;

typedef struct field_block field_block_t;
struct field_block {
    field_block_t *next;
    size_t size, used;
    max_align_t data[];
};

struct field_codec {
    msgpack_sbuffer output;
    msgpack_packer packer;
    const unsigned char *at, *end; //  validated bytes still to read
    field_block_t *scratch;        //  newest first
    size_t scratch_used;
    field_plan_t *plans[FIELD_PLANS_MAX]; //  by hash of the table's address, open addressing
};

const field_plan_t *
field_plan_make (field_codec_t *self, const field_table_t *table);

static inline const field_plan_t *
field_plan (field_codec_t *self, const field_table_t *table)
{
    const field_plan_t *plan = self->plans[((uintptr_t) table >> 4) % FIELD_PLANS_MAX];
    return plan && plan->table == table ? plan : field_plan_make (self, table);
}

//  Is value outside the bounds of the row?  NaN is.
static inline bool
field_is_outside (const field_t *field, double value)
{
    return (field->low != 0 || field->high != 0) && !(value >= field->low && value <= field->high);
}

static inline size_t
field_words_count (const char *const *names)
{
    size_t count = 0;
    while (names[count])
        count++;
    return count;
}

//  "key: what is wrong".
int
field_refuse (const field_t *field, const char *what, error_text_t *error);

#endif
