#include "common/wire/field.h"
#include "common/wire/field_private.h"
#include "common/base/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
text_reserve (text_buffer_t *self, size_t more)
{
    if (self->size + more + 1 <= self->capacity)
        return;
    size_t capacity = self->capacity ? self->capacity : 256;
    while (capacity < self->size + more + 1)
        capacity *= 2;
    self->data = mem_grow (self->data, capacity);
    self->capacity = capacity;
}

void
text_add (text_buffer_t *self, const char *format, ...)
{
    va_list args;
    for (;;) {
        size_t room = self->capacity - self->size;
        va_start (args, format);
        int length = vsnprintf (room ? self->data + self->size : NULL, room, format, args);
        va_end (args);
        CHECK (length >= 0);
        if ((size_t) length < room) {
            self->size += (size_t) length;
            return;
        }
        text_reserve (self, (size_t) length);
    }
}

void
text_add_slice (text_buffer_t *self, slice_t slice)
{
    text_reserve (self, slice.size);
    if (slice.size > 0)
        memcpy (self->data + self->size, slice.data, slice.size);
    self->size += slice.size;
    self->data[self->size] = 0;
}

//  Bytes of the UTF-8 character at text, 0 when it is none (overlong forms and surrogates included).
static size_t
character_size (const unsigned char *text)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t size = lead >= 0xc2 && lead < 0xe0   ? 2
                  : lead >= 0xe0 && lead < 0xf0 ? 3
                  : lead >= 0xf0 && lead < 0xf5 ? 4
                                                : 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] >= 0xa0) ||
        (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] >= 0x90))
        return 0;
    return size;
}

void
text_add_quoted (text_buffer_t *self, const char *text)
{
    const unsigned char *at = (const unsigned char *) text;
    text_add_slice (self, (slice_t){"\"", 1});
    while (*at) {
        size_t size = character_size (at);
        if (size == 0) {
            text_add_slice (self, slice_of ("\xef\xbf\xbd")); //  the replacement character
            at++;
            continue;
        }
        if (*at == '"' || *at == '\\')
            text_add_slice (self, (slice_t){"\\", 1});
        if (*at < 0x20 || *at == 0x7f)
            text_add (self, "\\u%04x", *at);
        else
            text_add_slice (self, (slice_t){(const char *) at, size});
        at += size;
    }
    text_add_slice (self, (slice_t){"\"", 1});
}

void
text_reset (text_buffer_t *self)
{
    self->size = 0;
    if (self->data)
        self->data[0] = 0;
}

void
text_fini (text_buffer_t *self)
{
    free (self->data);
    *self = (text_buffer_t){0};
}

static int
json_record (const field_table_t *table, const char *record, text_buffer_t *out, error_text_t *error);

static int
json_double (const field_t *field, double value, text_buffer_t *out, error_text_t *error)
{
    if (isnan (value) && (field->flags & FIELD_NULLABLE)) {
        text_add (out, "null");
        return OK;
    }
    if (!isfinite (value))
        return field_refuse (field, "not a finite number", error);
    char text[32];
    (void) snprintf (text, sizeof text, "%.15g", value);
    if (strtod (text, NULL) != value)
        (void) snprintf (text, sizeof text, "%.17g", value);
    text_add_slice (out, slice_of (text));
    return OK;
}

static int
json_list (const field_t *field, const char *record, text_buffer_t *out, error_text_t *error)
{
    const char *items;
    size_t count;
    memcpy (&items, record + field->offset, sizeof items);
    memcpy (&count, record + field->count_offset, sizeof count);
    if (count > field->size)
        return field_refuse (field, "too many items", error);
    text_add (out, "[");
    for (size_t i = 0; i < count; i++) {
        text_add (out, i ? ",{" : "{");
        int status = json_record (field->table, items + i * field->table->size, out, error);
        if (status != OK)
            return error_add (error, status, "in %s[%zu]", field->key, i);
        text_add (out, "}");
    }
    text_add (out, "]");
    return OK;
}

//  Most numbers of a list are 0 or whole: those need no printf.  The same digits as %.9g.
static void
add_float (text_buffer_t *out, float value)
{
    char digits[12];
    size_t at = sizeof digits;
    uint32_t whole = value >= 0 && value < 1e9F ? (uint32_t) value : 0;
    if ((float) whole != value || signbit (value)) {
        text_add (out, "%.9g", (double) value);
        return;
    }
    do {
        digits[--at] = (char) ('0' + whole % 10);
        whole /= 10;
    } while (whole > 0);
    text_add_slice (out, (slice_t){digits + at, sizeof digits - at});
}

static int
json_numbers (const field_t *field, const char *record, text_buffer_t *out, error_text_t *error)
{
    const float *values;
    size_t count;
    memcpy (&values, record + field->offset, sizeof values);
    memcpy (&count, record + field->count_offset, sizeof count);
    if (count > field->size)
        return field_refuse (field, "too many numbers", error);
    text_add (out, "[");
    for (size_t i = 0; i < count; i++) {
        if (!isfinite (values[i]))
            return field_refuse (field, "not a finite number", error);
        if (i > 0)
            text_add_slice (out, (slice_t){",", 1});
        add_float (out, values[i]);
    }
    text_add (out, "]");
    return OK;
}

static int
json_value (const field_t *field, const char *record, text_buffer_t *out, error_text_t *error)
{
    const void *at = record + field->offset;
    char text[DECIMAL_TEXT_MAX];
    int32_t index;
    int status;
    switch (field->type) {
    case FIELD_BOOL:
        text_add (out, *(const bool *) at ? "true" : "false");
        return OK;
    case FIELD_I8:
        text_add (out, "%d", *(const int8_t *) at);
        return OK;
    case FIELD_I32:
        text_add (out, "%d", *(const int32_t *) at);
        return OK;
    case FIELD_I64:
        text_add (out, "%lld", (long long) *(const int64_t *) at);
        return OK;
    case FIELD_U64:
        text_add (out, "%llu", (unsigned long long) *(const uint64_t *) at);
        return OK;
    case FIELD_F64:
        return json_double (field, *(const double *) at, out, error);
    case FIELD_DECIMAL:
        text_add_slice (out, (slice_t){text, decimal_format (*(const decimal_t *) at, text)});
        return OK;
    case FIELD_TEXT:
        if (((const char *) at)[0] == 0 && (field->flags & FIELD_NULLABLE))
            text_add (out, "null");
        else
            text_add_quoted (out, at);
        return OK;
    case FIELD_ENUM:
        index = *(const int32_t *) at;
        if (index < 0 || (size_t) index >= field_words_count (field->names))
            return field_refuse (field, "not one of its words", error);
        text_add_quoted (out, field->names[index]);
        return OK;
    case FIELD_STRUCT:
        text_add (out, "{");
        status = json_record (field->table, at, out, error);
        text_add (out, "}");
        return status;
    case FIELD_LIST:
        return json_list (field, record, out, error);
    case FIELD_NUMBERS:
        return json_numbers (field, record, out, error);
    }
    return field_refuse (field, "unknown type", error);
}

//  The pairs, without braces: an inlined struct adds to its outer one.
static int
json_record (const field_table_t *table, const char *record, text_buffer_t *out, error_text_t *error)
{
    for (size_t i = 0; i < table->count; i++) {
        const field_t *field = &table->fields[i];
        int status;
        if (i > 0)
            text_add (out, ",");
        if (field->type == FIELD_STRUCT && field->key[0] == 0)
            status = json_record (field->table, record + field->offset, out, error);
        else {
            text_add_quoted (out, field->key);
            text_add (out, ":");
            status = json_value (field, record, out, error);
        }
        if (status != OK)
            return status;
    }
    return OK;
}

int
field_to_json (const field_table_t *table, const void *record, text_buffer_t *out, error_text_t *error)
{
    size_t before = out->size;
    text_add (out, "{");
    int status = json_record (table, record, out, error);
    if (status != OK) {
        out->size = before;
        out->data[before] = 0;
        return error_add (error, status, "in %s", table->name);
    }
    text_add (out, "}");
    return OK;
}
