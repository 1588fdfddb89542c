//  Reading half of field.h.  Messages are validated once, then read with a cursor straight off the bytes:
//  msgpack-c's object trees would allocate for each message.
#include "common/wire/field.h"
#include "common/wire/field_private.h"
#include "common/base/check.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef const unsigned char *cursor_t;

static inline uint64_t
big_endian (cursor_t at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static inline uint64_t
load_64 (cursor_t at)
{
    uint64_t value;
    memcpy (&value, at, sizeof value);
    return __builtin_bswap64 (value);
}

//  The head of a value: how many bytes it takes (body of texts and blobs included) and how many values follow
//  inside it.
typedef struct {
    uint64_t bytes;
    uint64_t inner;
} head_t;

//  Bytes after the first that make the length (or the number), and what the length means.
typedef enum { HEAD_PLAIN, HEAD_BODY, HEAD_EXT, HEAD_ARRAY, HEAD_MAP, HEAD_NEVER } head_kind_t;
static const struct {
    unsigned char width, kind;
} heads[32] = {
    [0x00] = {0, HEAD_PLAIN},  [0x01] = {0, HEAD_NEVER}, [0x02] = {0, HEAD_PLAIN}, [0x03] = {0, HEAD_PLAIN},
    [0x04] = {1, HEAD_BODY},   [0x05] = {2, HEAD_BODY},  [0x06] = {4, HEAD_BODY},  [0x07] = {1, HEAD_EXT},
    [0x08] = {2, HEAD_EXT},    [0x09] = {4, HEAD_EXT},   [0x0a] = {4, HEAD_PLAIN}, [0x0b] = {8, HEAD_PLAIN},
    [0x0c] = {1, HEAD_PLAIN},  [0x0d] = {2, HEAD_PLAIN}, [0x0e] = {4, HEAD_PLAIN}, [0x0f] = {8, HEAD_PLAIN},
    [0x10] = {1, HEAD_PLAIN},  [0x11] = {2, HEAD_PLAIN}, [0x12] = {4, HEAD_PLAIN}, [0x13] = {8, HEAD_PLAIN},
    [0x14] = {2, HEAD_PLAIN},  [0x15] = {3, HEAD_PLAIN}, [0x16] = {5, HEAD_PLAIN}, [0x17] = {9, HEAD_PLAIN},
    [0x18] = {17, HEAD_PLAIN}, [0x19] = {1, HEAD_BODY},  [0x1a] = {2, HEAD_BODY},  [0x1b] = {4, HEAD_BODY},
    [0x1c] = {2, HEAD_ARRAY},  [0x1d] = {4, HEAD_ARRAY}, [0x1e] = {2, HEAD_MAP},   [0x1f] = {4, HEAD_MAP},
};

//  left >= 1.  E_SHORT when the head itself is cut.
static inline int
read_head (cursor_t at, size_t left, head_t *out)
{
    unsigned tag = at[0];
    *out = (head_t){1, 0};
    if (tag < 0x80 || tag >= 0xe0)
        return OK;
    if (tag < 0xa0) {
        out->inner = tag < 0x90 ? 2u * (tag & 15) : (tag & 15);
        return OK;
    }
    if (tag < 0xc0) {
        out->bytes = 1u + (tag & 31);
        return OK;
    }
    unsigned width = heads[tag & 31].width;
    if (width >= left)
        return E_SHORT;
    out->bytes = 1u + width;
    switch ((head_kind_t) heads[tag & 31].kind) {
    case HEAD_BODY:
        out->bytes += big_endian (at + 1, width);
        break;
    case HEAD_EXT:
        out->bytes += 1 + big_endian (at + 1, width);
        break;
    case HEAD_ARRAY:
        out->inner = big_endian (at + 1, width);
        break;
    case HEAD_MAP:
        out->inner = 2 * big_endian (at + 1, width);
        break;
    case HEAD_NEVER:
        return E_SYNTAX;
    case HEAD_PLAIN:
        break;
    }
    return OK;
}

int
field_validate (slice_t bytes)
{
    cursor_t at = (cursor_t) bytes.data;
    size_t left = bytes.size, depth = 0, values = 0;
    uint64_t open[FIELD_DEPTH_MAX + 1]; //  values still to come at each depth
    open[0] = 1;
    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0)
                return left == 0 ? OK : E_SYNTAX;
            depth--;
        }
        if (left == 0)
            return E_SHORT;
        if (++values > FIELD_VALUES_MAX)
            return E_RANGE;
        open[depth]--;
        head_t head;
        int status = read_head (at, left, &head);
        if (status != OK)
            return status;
        if (head.bytes > left)
            return E_SHORT;
        at += head.bytes;
        left -= head.bytes;
        if (head.inner == 0)
            continue;
        if (head.inner > left) //  each takes a byte at least
            return E_SHORT;
        if (++depth > FIELD_DEPTH_MAX)
            return E_RANGE;
        open[depth] = head.inner;
    }
}

//  One block as large as all of the last message's, so that the next one of its kind needs no more.
static void
scratch_reset (field_codec_t *self)
{
    field_block_t *block = self->scratch;
    if (block && block->next) {
        for (field_block_t *next; block; block = next) {
            next = block->next;
            free (block);
        }
        size_t size = self->scratch_used;
        self->scratch = mem_new (sizeof *block + size);
        self->scratch->size = size;
    }
    if (self->scratch)
        self->scratch->used = 0;
    self->scratch_used = 0;
}

void *
field_scratch (field_codec_t *self, size_t size_bytes)
{
    size_t size = (size_bytes + sizeof (max_align_t) - 1) / sizeof (max_align_t) * sizeof (max_align_t);
    field_block_t *block = self->scratch;
    if (!block || block->size - block->used < size) {
        size_t room = block ? block->size * 2 : 4096;
        if (room > 1 << 20)
            room = 1 << 20;
        if (room < size)
            room = size;
        block = mem_new (sizeof *block + room);
        block->size = room;
        block->next = self->scratch;
        self->scratch = block;
    }
    void *memory = (char *) block->data + block->used;
    block->used += size;
    self->scratch_used += size;
    memset (memory, 0, size_bytes);
    return memory;
}

int
field_open (field_codec_t *self, slice_t bytes, error_text_t *error)
{
    scratch_reset (self);
    self->at = self->end = (cursor_t) bytes.data;
    int status = field_validate (bytes);
    if (status != OK)
        return error_set (error, status, "not a message: %s",
                          status == E_SHORT    ? "it ends early"
                          : status == E_SYNTAX ? "bytes that are no value"
                                               : "too deep or too many values");
    self->end = self->at + bytes.size;
    return OK;
}

//  Count and pairs of an array or map head; false if it is neither.
static inline bool
take_container (field_codec_t *self, bool is_map, size_t *count)
{
    if (self->at == self->end)
        return false;
    unsigned tag = self->at[0], fix = is_map ? 0x80 : 0x90, wide = is_map ? 0xde : 0xdc;
    if ((tag & 0xf0) == fix) {
        *count = tag & 15;
        self->at += 1;
    } else if (tag == wide) {
        *count = (size_t) big_endian (self->at + 1, 2);
        self->at += 3;
    } else if (tag == wide + 1) {
        *count = (size_t) big_endian (self->at + 1, 4);
        self->at += 5;
    } else
        return false;
    return true;
}

static inline bool
take_text (field_codec_t *self, slice_t *text)
{
    if (self->at == self->end)
        return false;
    unsigned tag = self->at[0];
    size_t skip, size;
    if ((tag & 0xe0) == 0xa0) {
        size = tag & 31;
        skip = 1;
    } else if (tag >= 0xd9 && tag <= 0xdb) {
        skip = 1u + (1u << (tag - 0xd9));
        size = (size_t) big_endian (self->at + 1, skip - 1);
    } else
        return false;
    *text = (slice_t){(const char *) self->at + skip, size};
    self->at += skip + size;
    return true;
}

//  OK, E_SYNTAX not a whole number, E_RANGE does not fit.
static inline int
take_whole (field_codec_t *self, int64_t *out)
{
    if (self->at == self->end)
        return E_SYNTAX;
    unsigned tag = self->at[0];
    if (tag < 0x80 || tag >= 0xe0) {
        *out = (int8_t) tag;
        self->at += 1;
        return OK;
    }
    if (tag >= 0xcc && tag <= 0xcf) {
        size_t width = (size_t) 1 << (tag - 0xcc);
        uint64_t value = width == 8 ? load_64 (self->at + 1) : big_endian (self->at + 1, width);
        if (value > INT64_MAX)
            return E_RANGE;
        *out = (int64_t) value;
        self->at += 1 + width;
        return OK;
    }
    if (tag >= 0xd0 && tag <= 0xd3) {
        size_t width = (size_t) 1 << (tag - 0xd0);
        uint64_t value = width == 8 ? load_64 (self->at + 1) : big_endian (self->at + 1, width);
        unsigned spare = (unsigned) (64 - 8 * width);
        *out = (int64_t) (value << spare) >> spare;
        self->at += 1 + width;
        return OK;
    }
    return E_SYNTAX;
}

static inline int
take_double (field_codec_t *self, double *out)
{
    unsigned tag = self->at < self->end ? self->at[0] : 0xc1;
    if (tag == 0xcb) {
        uint64_t bits = load_64 (self->at + 1);
        memcpy (out, &bits, sizeof *out);
        self->at += 9;
        return OK;
    }
    if (tag == 0xca) {
        uint32_t bits = (uint32_t) big_endian (self->at + 1, 4);
        float value;
        memcpy (&value, &bits, sizeof value);
        *out = value;
        self->at += 5;
        return OK;
    }
    int64_t whole = 0;
    int status = take_whole (self, &whole);
    if (status == E_RANGE) {
        *out = (double) load_64 (self->at + 1); //  only a 64-bit unsigned does not fit
        self->at += 9;
        return OK;
    }
    *out = (double) whole;
    return status;
}

//  A whole number, or a double that is one.
static inline int
take_wholeish (field_codec_t *self, int64_t *out)
{
    unsigned tag = self->at < self->end ? self->at[0] : 0xc1;
    if (tag != 0xcb && tag != 0xca)
        return take_whole (self, out);
    double value = 0;
    (void) take_double (self, &value);
    if (!(value >= -0x1p63 && value < 0x1p63) || value != floor (value))
        return E_RANGE;
    *out = (int64_t) value;
    return OK;
}

static inline bool
take_nil (field_codec_t *self)
{
    if (self->at == self->end || self->at[0] != 0xc0)
        return false;
    self->at++;
    return true;
}

int
field_get_array (field_codec_t *self, size_t *count)
{
    return take_container (self, false, count) ? OK : E_SYNTAX;
}

int
field_get_i64 (field_codec_t *self, int64_t *out)
{
    return take_wholeish (self, out);
}

int
field_get_text (field_codec_t *self, char *out, size_t size)
{
    slice_t text;
    if (!take_text (self, &text))
        return E_SYNTAX;
    if (text.size >= size || (text.size > 0 && memchr (text.data, 0, text.size)))
        return E_RANGE;
    return slice_copy (text, out, size);
}

int
field_skip (field_codec_t *self)
{
    for (uint64_t open = 1; open > 0; open--) {
        head_t head;
        if (self->at == self->end || read_head (self->at, (size_t) (self->end - self->at), &head) != OK)
            return E_SYNTAX;
        self->at += head.bytes;
        open += head.inner;
    }
    return OK;
}

static int
get_record (field_codec_t *self, const field_plan_t *plan, char *record, error_text_t *error);

static int
get_whole (field_codec_t *self, const field_t *field, int64_t low, int64_t high, int64_t *out,
           error_text_t *error)
{
    int status = take_wholeish (self, out);
    if (status == E_SYNTAX)
        return field_refuse (field, "not a number", error);
    if (status != OK || *out < low || *out > high || field_is_outside (field, (double) *out))
        return field_refuse (field, "out of bounds", error);
    return OK;
}

static int
get_double (field_codec_t *self, const field_t *field, double *out, error_text_t *error)
{
    if ((field->flags & FIELD_NULLABLE) && take_nil (self)) {
        *out = NAN;
        return OK;
    }
    if (take_double (self, out) != OK)
        return field_refuse (field, "not a number", error);
    if (!isfinite (*out))
        return field_refuse (field, "not a finite number", error);
    return field_is_outside (field, *out) ? field_refuse (field, "out of bounds", error) : OK;
}

static int
get_decimal (field_codec_t *self, const field_t *field, decimal_t *out, error_text_t *error)
{
    size_t count;
    int64_t mantissa, exponent;
    if (!take_container (self, false, &count) || count != 2 || take_whole (self, &mantissa) != OK ||
        take_whole (self, &exponent) != OK)
        return field_refuse (field, "not a decimal", error);
    if (mantissa <= INT64_C (-1000000000000000000) || mantissa >= INT64_C (1000000000000000000) ||
        exponent < -1000 || exponent > 1000)
        return field_refuse (field, "decimal too long", error);
    if (mantissa == 0)
        exponent = 0;
    else
        for (; mantissa % 10 == 0; exponent++) //  others may not write the one form that compares equal
            mantissa /= 10;
    if (exponent < DECIMAL_EXPONENT_MIN || exponent > DECIMAL_EXPONENT_MAX)
        return field_refuse (field, "decimal too large or too small", error);
    *out = (decimal_t){mantissa, (int8_t) exponent};
    return field_is_outside (field, decimal_to_double (*out)) ? field_refuse (field, "out of bounds", error)
                                                              : OK;
}

static int
get_text (field_codec_t *self, const field_t *field, char *out, error_text_t *error)
{
    if ((field->flags & FIELD_NULLABLE) && take_nil (self)) {
        out[0] = 0;
        return OK;
    }
    slice_t text;
    if (!take_text (self, &text))
        return field_refuse (field, "not a text", error);
    if (text.size >= field->size)
        return field_refuse (field, "text too long", error);
    if (text.size > 0 && memchr (text.data, 0, text.size))
        return field_refuse (field, "text with a zero in it", error);
    (void) slice_copy (text, out, field->size);
    return OK;
}

static int
get_word (field_codec_t *self, const field_t *field, int32_t *out, error_text_t *error)
{
    slice_t word;
    if (take_text (self, &word)) {
        for (int32_t i = 0; field->names[i]; i++)
            if (slice_is (word, field->names[i])) {
                *out = i;
                return OK;
            }
        return field_refuse (field, "not one of its words", error);
    }
    int64_t index;
    if (take_whole (self, &index) != OK || index < 0 || (uint64_t) index >= field_words_count (field->names))
        return field_refuse (field, "not one of its words", error);
    *out = (int32_t) index;
    return OK;
}

static int
get_list (field_codec_t *self, const field_row_t *row, char *record, error_text_t *error)
{
    const field_t *field = row->field;
    size_t count;
    if (!take_container (self, false, &count))
        return field_refuse (field, "not a list", error);
    if (count > field->size)
        return field_refuse (field, "too many items", error);
    char *items = count ? field_scratch (self, count * field->table->size) : NULL;
    const field_plan_t *plan = field_plan (self, field->table);
    for (size_t i = 0; i < count; i++) {
        int status = get_record (self, plan, items + i * field->table->size, error);
        if (status != OK)
            return error_add (error, status, "in %s[%zu]", field->key, i);
    }
    memcpy (record + row->offset, &items, sizeof items);
    memcpy (record + row->offset - field->offset + field->count_offset, &count, sizeof count);
    return OK;
}

static int
get_numbers (field_codec_t *self, const field_row_t *row, char *record, error_text_t *error)
{
    const field_t *field = row->field;
    size_t count;
    if (!take_container (self, false, &count))
        return field_refuse (field, "not a list", error);
    if (count > field->size)
        return field_refuse (field, "too many numbers", error);
    float *values = count ? field_scratch (self, count * sizeof *values) : NULL;
    for (size_t i = 0; i < count; i++) {
        double value = 0;
        if (take_double (self, &value) != OK)
            return field_refuse (field, "not a number", error);
        if (!(fabs (value) <= FLT_MAX) || field_is_outside (field, value))
            return field_refuse (field, "out of bounds", error);
        values[i] = (float) value;
    }
    memcpy (record + row->offset, &values, sizeof values);
    memcpy (record + row->offset - field->offset + field->count_offset, &count, sizeof count);
    return OK;
}

static int
get_bool (field_codec_t *self, const field_t *field, bool *out, error_text_t *error)
{
    if (self->at == self->end || (self->at[0] != 0xc2 && self->at[0] != 0xc3))
        return field_refuse (field, "not true or false", error);
    *out = *self->at++ == 0xc3;
    return OK;
}

static int
get_field (field_codec_t *self, const field_row_t *row, char *record, error_text_t *error)
{
    const field_t *field = row->field;
    void *at = record + row->offset;
    int64_t whole = 0;
    int status;
    switch (field->type) {
    case FIELD_BOOL:
        return get_bool (self, field, at, error);
    case FIELD_I8:
        status = get_whole (self, field, INT8_MIN, INT8_MAX, &whole, error);
        *(int8_t *) at = (int8_t) whole;
        return status;
    case FIELD_I32:
        status = get_whole (self, field, INT32_MIN, INT32_MAX, &whole, error);
        *(int32_t *) at = (int32_t) whole;
        return status;
    case FIELD_I64:
        return get_whole (self, field, INT64_MIN, INT64_MAX, at, error);
    case FIELD_U64:
        status = get_whole (self, field, 0, INT64_MAX, &whole, error);
        *(uint64_t *) at = (uint64_t) whole;
        return status;
    case FIELD_F64:
        return get_double (self, field, at, error);
    case FIELD_DECIMAL:
        return get_decimal (self, field, at, error);
    case FIELD_TEXT:
        return get_text (self, field, at, error);
    case FIELD_ENUM:
        return get_word (self, field, at, error);
    case FIELD_STRUCT:
        return get_record (self, field_plan (self, field->table), at, error);
    case FIELD_LIST:
        return get_list (self, row, record, error);
    case FIELD_NUMBERS:
        return get_numbers (self, row, record, error);
    }
    return field_refuse (field, "unknown type", error);
}

//  What was not on the wire: zero, or absent.
static void
clear_record (field_codec_t *self, const field_plan_t *plan, char *record)
{
    memset (record, 0, plan->table->size);
    for (size_t i = 0; i < plan->count; i++) {
        const field_row_t *row = &plan->rows[i];
        if (row->field->type == FIELD_F64 && (row->field->flags & FIELD_NULLABLE))
            *(double *) (void *) (record + row->offset) = NAN;
        if (row->field->type == FIELD_STRUCT)
            clear_record (self, field_plan (self, row->field->table), record + row->offset);
    }
}

static int
get_map (field_codec_t *self, const field_plan_t *plan, size_t pairs, char *record, error_text_t *error)
{
    uint64_t seen = 0;
    size_t hint = 0;
    for (size_t pair = 0; pair < pairs; pair++) {
        slice_t key;
        size_t tried = 0;
        if (!take_text (self, &key))
            return error_set (error, E_SYNTAX, "a key is not a text");
        for (; tried < plan->count; tried++, hint++) {
            hint = hint < plan->count ? hint : 0;
            const field_row_t *row = &plan->rows[hint];
            if (row->key_size == key.size && memcmp (row->field->key, key.data, key.size) == 0)
                break;
        }
        if (tried == plan->count) {
            if (field_skip (self) != OK)
                return error_set (error, E_SYNTAX, "ends early");
            continue;
        }
        if (seen >> hint & 1)
            return error_set (error, E_SYNTAX, "%s: given twice", plan->rows[hint].field->key);
        seen |= UINT64_C (1) << hint;
        int status = get_field (self, &plan->rows[hint], record, error);
        if (status != OK)
            return status;
        hint++;
    }
    return OK;
}

static int
get_record (field_codec_t *self, const field_plan_t *plan, char *record, error_text_t *error)
{
    size_t count;
    if (take_container (self, true, &count)) {
        clear_record (self, plan, record);
        return get_map (self, plan, count, record, error);
    }
    if (!take_container (self, false, &count))
        return error_set (error, E_SYNTAX, "%s: neither array nor map", plan->table->name);
    if (count < plan->count)
        clear_record (self, plan, record);
    for (size_t i = 0; i < count && i < plan->count; i++) {
        int status = get_field (self, &plan->rows[i], record, error);
        if (status != OK)
            return status;
    }
    for (size_t i = plan->count; i < count; i++)
        if (field_skip (self) != OK)
            return error_set (error, E_SYNTAX, "ends early");
    return OK;
}

int
field_get (field_codec_t *self, const field_table_t *table, void *record, error_text_t *error)
{
    int status = get_record (self, field_plan (self, table), record, error);
    return status == OK ? OK : error_add (error, status, "in %s", table->name);
}
