#include "common/wire/field.h"
#include "common/wire/field_private.h"
#include "common/base/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

field_codec_t *
field_codec_new (void)
{
    field_codec_t *self = mem_new (sizeof *self);
    msgpack_sbuffer_init (&self->output);
    msgpack_packer_init (&self->packer, &self->output, msgpack_sbuffer_write);
    return self;
}

void
field_codec_destroy (field_codec_t **self)
{
    if (!*self)
        return;
    msgpack_sbuffer_destroy (&(*self)->output);
    for (field_block_t *block = (*self)->scratch, *next; block; block = next) {
        next = block->next;
        free (block);
    }
    for (size_t i = 0; i < FIELD_PLANS_MAX; i++)
        free ((*self)->plans[i]);
    free (*self);
    *self = NULL;
}

static void
plan_add (field_plan_t *plan, const field_table_t *table, size_t offset)
{
    for (size_t i = 0; i < table->count; i++) {
        const field_t *field = &table->fields[i];
        if (field->type == FIELD_STRUCT && field->key[0] == 0) {
            plan_add (plan, field->table, offset + field->offset);
            continue;
        }
        CHECK (plan->count < FIELD_ROWS_MAX);
        field_row_t *row = &plan->rows[plan->count++];
        *row =
            (field_row_t){.field = field, .offset = offset + field->offset, .key_size = strlen (field->key)};
        CHECK (row->key_size < FIELD_KEY_MAX);
        row->key[0] = (char) (0xa0 | row->key_size); //  fixstr
        memcpy (row->key + 1, field->key, row->key_size);
    }
}

const field_plan_t *
field_plan_make (field_codec_t *self, const field_table_t *table)
{
    for (size_t i = 0; i < FIELD_PLANS_MAX; i++) {
        field_plan_t **slot = &self->plans[(((uintptr_t) table >> 4) + i) % FIELD_PLANS_MAX];
        if (*slot && (*slot)->table == table)
            return *slot;
        if (!*slot) {
            *slot = mem_new (sizeof **slot);
            (*slot)->table = table;
            plan_add (*slot, table, 0);
            return *slot;
        }
    }
    CHECK (false); //  more tables than a codec keeps plans for
    return NULL;
}

int
field_refuse (const field_t *field, const char *what, error_text_t *error)
{
    if (field->low != 0 || field->high != 0)
        return error_set (error, E_RANGE, "%s: %s (%g .. %g)", field->key, what, field->low, field->high);
    return error_set (error, E_RANGE, "%s: %s", field->key, what);
}

void
field_begin (field_codec_t *self)
{
    self->output.size = 0;
}

void
field_put_array (field_codec_t *self, size_t count)
{
    (void) msgpack_pack_array (&self->packer, count);
}

void
field_put_i64 (field_codec_t *self, int64_t value)
{
    (void) msgpack_pack_int64 (&self->packer, value);
}

static void
pack_text (field_codec_t *self, const char *text, size_t size)
{
    (void) msgpack_pack_str (&self->packer, size);
    (void) msgpack_pack_str_body (&self->packer, text, size);
}

void
field_put_text (field_codec_t *self, const char *text)
{
    pack_text (self, text, strlen (text));
}

slice_t
field_output (const field_codec_t *self)
{
    return (slice_t){self->output.data, self->output.size};
}

static int
put_record (field_codec_t *self, const field_plan_t *plan, field_form_t form, const char *record,
            error_text_t *error);

static int
put_whole (field_codec_t *self, const field_t *field, int64_t value, error_text_t *error)
{
    if (field_is_outside (field, (double) value))
        return field_refuse (field, "out of bounds", error);
    (void) msgpack_pack_int64 (&self->packer, value);
    return OK;
}

static int
put_double (field_codec_t *self, const field_t *field, double value, error_text_t *error)
{
    if (isnan (value) && (field->flags & FIELD_NULLABLE)) {
        (void) msgpack_pack_nil (&self->packer);
        return OK;
    }
    if (!isfinite (value))
        return field_refuse (field, "not a finite number", error);
    if (field_is_outside (field, value))
        return field_refuse (field, "out of bounds", error);
    (void) msgpack_pack_double (&self->packer, value);
    return OK;
}

static int
put_decimal (field_codec_t *self, const field_t *field, const decimal_t *value, error_text_t *error)
{
    if (value->exponent < DECIMAL_EXPONENT_MIN || value->exponent > DECIMAL_EXPONENT_MAX)
        return field_refuse (field, "exponent out of bounds", error);
    if (field_is_outside (field, decimal_to_double (*value)))
        return field_refuse (field, "out of bounds", error);
    (void) msgpack_pack_array (&self->packer, 2);
    (void) msgpack_pack_int64 (&self->packer, value->mantissa);
    (void) msgpack_pack_int64 (&self->packer, value->exponent);
    return OK;
}

static int
put_text (field_codec_t *self, const field_t *field, const char *text, error_text_t *error)
{
    const char *end = memchr (text, 0, field->size);
    if (!end)
        return field_refuse (field, "text is not terminated", error);
    if (end == text && (field->flags & FIELD_NULLABLE))
        (void) msgpack_pack_nil (&self->packer);
    else
        pack_text (self, text, (size_t) (end - text));
    return OK;
}

static int
put_word (field_codec_t *self, const field_t *field, field_form_t form, int32_t index, error_text_t *error)
{
    if (index < 0 || (size_t) index >= field_words_count (field->names))
        return field_refuse (field, "not one of its words", error);
    if (form == FIELD_AS_MAP)
        field_put_text (self, field->names[index]);
    else
        (void) msgpack_pack_int64 (&self->packer, index);
    return OK;
}

static int
put_list (field_codec_t *self, const field_row_t *row, field_form_t form, const char *record,
          error_text_t *error)
{
    const field_t *field = row->field;
    const char *items;
    size_t count;
    memcpy (&items, record + row->offset, sizeof items);
    memcpy (&count, record + row->offset - field->offset + field->count_offset, sizeof count);
    if (count > field->size)
        return field_refuse (field, "too many items", error);
    const field_plan_t *plan = field_plan (self, field->table);
    (void) msgpack_pack_array (&self->packer, count);
    for (size_t i = 0; i < count; i++) {
        int status = put_record (self, plan, form, items + i * field->table->size, error);
        if (status != OK)
            return error_add (error, status, "in %s[%zu]", field->key, i);
    }
    return OK;
}

//  Whole numbers take one to nine bytes, others five.
static int
put_numbers (field_codec_t *self, const field_row_t *row, const char *record, error_text_t *error)
{
    const field_t *field = row->field;
    const float *values;
    size_t count;
    memcpy (&values, record + row->offset, sizeof values);
    memcpy (&count, record + row->offset - field->offset + field->count_offset, sizeof count);
    if (count > field->size)
        return field_refuse (field, "too many numbers", error);
    (void) msgpack_pack_array (&self->packer, count);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite (values[i]))
            return field_refuse (field, "not a finite number", error);
        if (field_is_outside (field, (double) values[i]))
            return field_refuse (field, "out of bounds", error);
        if (values[i] == floorf (values[i]) && fabsf (values[i]) < 0x1p62f)
            (void) msgpack_pack_int64 (&self->packer, (int64_t) values[i]);
        else
            (void) msgpack_pack_float (&self->packer, values[i]);
    }
    return OK;
}

static int
put_field (field_codec_t *self, const field_row_t *row, field_form_t form, const char *record,
           error_text_t *error)
{
    const field_t *field = row->field;
    const char *at = record + row->offset;
    uint64_t whole;
    switch (field->type) {
    case FIELD_BOOL:
        (void) (*(const bool *) at ? msgpack_pack_true (&self->packer) : msgpack_pack_false (&self->packer));
        return OK;
    case FIELD_I8:
        return put_whole (self, field, *(const int8_t *) at, error);
    case FIELD_I32:
        return put_whole (self, field, *(const int32_t *) (const void *) at, error);
    case FIELD_I64:
        return put_whole (self, field, *(const int64_t *) (const void *) at, error);
    case FIELD_U64:
        whole = *(const uint64_t *) (const void *) at;
        return whole > INT64_MAX ? field_refuse (field, "too large", error)
                                 : put_whole (self, field, (int64_t) whole, error);
    case FIELD_F64:
        return put_double (self, field, *(const double *) (const void *) at, error);
    case FIELD_DECIMAL:
        return put_decimal (self, field, (const decimal_t *) (const void *) at, error);
    case FIELD_TEXT:
        return put_text (self, field, at, error);
    case FIELD_ENUM:
        return put_word (self, field, form, *(const int32_t *) (const void *) at, error);
    case FIELD_STRUCT:
        return put_record (self, field_plan (self, field->table), form, at, error);
    case FIELD_LIST:
        return put_list (self, row, form, record, error);
    case FIELD_NUMBERS:
        return put_numbers (self, row, record, error);
    }
    return field_refuse (field, "unknown type", error);
}

static int
put_record (field_codec_t *self, const field_plan_t *plan, field_form_t form, const char *record,
            error_text_t *error)
{
    if (form == FIELD_AS_MAP)
        (void) msgpack_pack_map (&self->packer, plan->count);
    else
        (void) msgpack_pack_array (&self->packer, plan->count);
    for (size_t i = 0; i < plan->count; i++) {
        const field_row_t *row = &plan->rows[i];
        if (form == FIELD_AS_MAP)
            (void) msgpack_sbuffer_write (&self->output, row->key, row->key_size + 1);
        int status = put_field (self, row, form, record, error);
        if (status != OK)
            return status;
    }
    return OK;
}

int
field_put (field_codec_t *self, const field_table_t *table, field_form_t form, const void *record,
           error_text_t *error)
{
    size_t before = self->output.size;
    int status = put_record (self, field_plan (self, table), form, record, error);
    if (status != OK) {
        self->output.size = before;
        return error_add (error, status, "in %s", table->name);
    }
    return OK;
}
