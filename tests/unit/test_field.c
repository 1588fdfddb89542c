//  Every table there is, with random records; and bytes nobody should send.
#include "tests/support/expect.h"
#include "common/base/check.h"
#include "common/base/prng.h"
#include "common/wire/result.h"

enum { ROUNDS = 300, TABLES_MAX = EVENT_KIND_COUNT + TOPIC_KIND_COUNT };

static const field_table_t *tables[TABLES_MAX];
static size_t tables_count;

static void
find_tables (void)
{
    tables_count = 0;
    for (int i = 0; i < EVENT_KIND_COUNT; i++)
        tables[tables_count++] = event_table ((event_kind_t) i);
    for (int i = TOPIC_EVENT + 1; i < TOPIC_KIND_COUNT; i++)
        tables[tables_count++] = result_table ((topic_kind_t) i);
}

//  Random records

static double
random_inside (prng_t *prng, const field_t *field)
{
    double low = field->low, high = field->high;
    if (low == 0 && high == 0) {
        low = -1e9;
        high = 1e9;
    }
    uint64_t what = prng_below (prng, 8);
    return what == 0   ? low
           : what == 1 ? high
                       : low + (high - low) * prng_uniform (prng) * (what == 2 ? 1e-6 : 1);
}

static void
random_record (prng_t *prng, const field_table_t *table, char *record, char **arena);

static void
random_list (prng_t *prng, const field_t *field, char *record, char **arena)
{
    size_t count = (size_t) prng_below (prng, field->size < 5 ? field->size : 5);
    char *items = *arena;
    *arena += count * field->table->size;
    for (size_t i = 0; i < count; i++)
        random_record (prng, field->table, items + i * field->table->size, arena);
    memcpy (record + field->offset, &items, sizeof items);
    memcpy (record + field->count_offset, &count, sizeof count);
}

static void
random_numbers (prng_t *prng, const field_t *field, char *record, char **arena)
{
    size_t count = (size_t) prng_below (prng, field->size < 9 ? field->size : 9);
    float *values = (float *) (void *) *arena;
    *arena += (count * sizeof *values + 15) / 16 * 16; //  what follows stays aligned
    for (size_t i = 0; i < count; i++) {
        float value = (float) random_inside (prng, field);
        values[i] = prng_below (prng, 2) ? floorf (value) : value;
    }
    memcpy (record + field->offset, &values, sizeof values);
    memcpy (record + field->count_offset, &count, sizeof count);
}

static void
random_field (prng_t *prng, const field_t *field, char *record, char **arena)
{
    void *at = record + field->offset;
    bool is_absent = (field->flags & FIELD_NULLABLE) && prng_below (prng, 3) == 0;
    double value = random_inside (prng, field);
    size_t size;
    switch (field->type) {
    case FIELD_BOOL:
        *(bool *) at = prng_below (prng, 2);
        break;
    case FIELD_I8:
        *(int8_t *) at = (int8_t) value;
        break;
    case FIELD_I32:
        *(int32_t *) at = (int32_t) value;
        break;
    case FIELD_I64:
    case FIELD_U64:
        *(int64_t *) at = (int64_t) value;
        break;
    case FIELD_F64:
        *(double *) at = is_absent ? NAN : value;
        break;
    case FIELD_DECIMAL:
        CHECK (decimal_from_double ((double) (int64_t) (value * prng_uniform (prng)) / 64, at) == OK);
        break;
    case FIELD_TEXT:
        size = is_absent ? 0 : 1 + (size_t) prng_below (prng, field->size - 1);
        for (size_t i = 0; i < size; i++)
            ((char *) at)[i] = (char) (1 + prng_below (prng, 255));
        break;
    case FIELD_ENUM:
        for (size = 0; field->names[size]; size++)
            ;
        *(int32_t *) at = (int32_t) prng_below (prng, size);
        break;
    case FIELD_STRUCT:
        random_record (prng, field->table, at, arena);
        break;
    case FIELD_LIST:
        random_list (prng, field, record, arena);
        break;
    case FIELD_NUMBERS:
        random_numbers (prng, field, record, arena);
        break;
    }
}

static void
random_record (prng_t *prng, const field_table_t *table, char *record, char **arena)
{
    memset (record, 0, table->size);
    for (size_t i = 0; i < table->count; i++)
        random_field (prng, &table->fields[i], record, arena);
}

//  Equality by table

static bool
is_same (const field_table_t *table, const char *a, const char *b);

static bool
is_same_field (const field_t *field, const char *record_a, const char *record_b)
{
    const char *a = record_a + field->offset, *b = record_b + field->offset, *items_a, *items_b;
    size_t count_a, count_b;
    double x, y;
    switch (field->type) {
    case FIELD_BOOL:
    case FIELD_I8:
        return *a == *b;
    case FIELD_I32:
    case FIELD_ENUM:
        return memcmp (a, b, 4) == 0;
    case FIELD_I64:
    case FIELD_U64:
        return memcmp (a, b, 8) == 0;
    case FIELD_F64:
        memcpy (&x, a, sizeof x);
        memcpy (&y, b, sizeof y);
        return (isnan (x) && isnan (y)) || x == y;
    case FIELD_DECIMAL:
        return ((const decimal_t *) (const void *) a)->mantissa ==
                   ((const decimal_t *) (const void *) b)->mantissa &&
               ((const decimal_t *) (const void *) a)->exponent ==
                   ((const decimal_t *) (const void *) b)->exponent;
    case FIELD_TEXT:
        return strcmp (a, b) == 0;
    case FIELD_STRUCT:
        return is_same (field->table, a, b);
    case FIELD_LIST:
        memcpy (&items_a, a, sizeof items_a);
        memcpy (&items_b, b, sizeof items_b);
        memcpy (&count_a, record_a + field->count_offset, sizeof count_a);
        memcpy (&count_b, record_b + field->count_offset, sizeof count_b);
        if (count_a != count_b)
            return false;
        for (size_t i = 0; i < count_a; i++)
            if (!is_same (field->table, items_a + i * field->table->size, items_b + i * field->table->size))
                return false;
        return true;
    case FIELD_NUMBERS:
        memcpy (&items_a, a, sizeof items_a);
        memcpy (&items_b, b, sizeof items_b);
        memcpy (&count_a, record_a + field->count_offset, sizeof count_a);
        memcpy (&count_b, record_b + field->count_offset, sizeof count_b);
        return count_a == count_b &&
               (count_a == 0 || memcmp (items_a, items_b, count_a * sizeof (float)) == 0);
    }
    return false;
}

static bool
is_same (const field_table_t *table, const char *a, const char *b)
{
    for (size_t i = 0; i < table->count; i++)
        if (!is_same_field (&table->fields[i], a, b)) {
            print_error ("%s.%s differs\n", table->name, table->fields[i].key);
            return false;
        }
    return true;
}

static char memory[1 << 20] __attribute__ ((aligned (16)));
static char record_a[1 << 16] __attribute__ ((aligned (16))),
    record_b[1 << 16] __attribute__ ((aligned (16)));

static void
make_record (prng_t *prng, const field_table_t *table)
{
    char *arena = memory;
    assert_true (table->size <= sizeof record_a);
    random_record (prng, table, record_a, &arena);
    assert_true (arena < memory + sizeof memory);
}

static void
test_round_trip (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (1));
    field_codec_t *out = field_codec_new (), *in = field_codec_new ();
    for (size_t t = 0; t < tables_count; t++)
        for (int round = 0; round < ROUNDS; round++) {
            error_text_t error = {""};
            field_form_t form = round % 2 ? FIELD_AS_MAP : FIELD_AS_ARRAY;
            make_record (&prng, tables[t]);
            field_begin (out);
            if (field_put (out, tables[t], form, record_a, &error) != OK)
                fail_msg ("%s", error.text);
            memset (record_b, 0x5a, sizeof record_b);
            if (field_open (in, field_output (out), &error) != OK ||
                field_get (in, tables[t], record_b, &error) != OK)
                fail_msg ("%s: %s", tables[t]->name, error.text);
            assert_true (is_same (tables[t], record_a, record_b));
            text_buffer_t json = {0};
            assert_int_equal (field_to_json (tables[t], record_a, &json, &error), OK);
            assert_true (json.size > 2 && json.data[0] == '{' && json.data[json.size - 1] == '}');
            text_fini (&json);
        }
    field_codec_destroy (&out);
    field_codec_destroy (&in);
}

//  Cut anywhere: refused.  One byte changed anywhere: refused or read, never worse; what is read can be
//  written again.
static void
test_damaged_bytes (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (2));
    field_codec_t *out = field_codec_new (), *in = field_codec_new (), *again = field_codec_new ();
    static char copy[1 << 18];
    for (size_t t = 0; t < tables_count; t++)
        for (int round = 0; round < ROUNDS; round++) {
            error_text_t error = {""};
            make_record (&prng, tables[t]);
            field_begin (out);
            assert_int_equal (
                field_put (out, tables[t], round % 2 ? FIELD_AS_MAP : FIELD_AS_ARRAY, record_a, &error), OK);
            slice_t bytes = field_output (out);
            assert_true (bytes.size < sizeof copy);
            size_t cut = (size_t) prng_below (&prng, bytes.size);
            char *exact = malloc (cut ? cut : 1); //  its own block, so that a sanitizer sees a read beyond
            memcpy (exact, bytes.data, cut);
            assert_int_equal (field_open (in, (slice_t){exact, cut}, &error), E_SHORT);
            free (exact);
            memcpy (copy, bytes.data, bytes.size);
            for (uint64_t i = prng_below (&prng, 4); i < 4; i++)
                copy[prng_below (&prng, bytes.size)] = (char) prng_next (&prng);
            if (field_open (in, (slice_t){copy, bytes.size}, &error) == OK &&
                field_get (in, tables[t], record_b, &error) == OK) {
                field_begin (again);
                if (field_put (again, tables[t], FIELD_AS_MAP, record_b, &error) != OK)
                    //  a missing field is zero, and zero may be below the bounds of its row
                    assert_non_null (strstr (error.text, "out of bounds"));
            }
        }
    field_codec_destroy (&out);
    field_codec_destroy (&in);
    field_codec_destroy (&again);
}

static void
test_validate (void **state)
{
    (void) state;
    static const struct {
        const char *bytes;
        size_t size;
        int status;
    } cases[] = {
        {"", 0, E_SHORT},
        {"\xc0", 1, OK},
        {"\xc0\xc0", 2, E_SYNTAX},
        {"\xc1", 1, E_SYNTAX},
        {"\xdd\xff\xff\xff\xff", 5, E_SHORT}, //  an array of 4 G values: 137 GB of objects elsewhere
        {"\xdf\xff\xff\xff\xff", 5, E_SHORT},
        {"\xdb\xff\xff\xff\xff", 5, E_SHORT},
        {"\xc6\xff\xff\xff\xff", 5, E_SHORT},
        {"\xc9\xff\xff\xff\xff\x01", 6, E_SHORT},
        {"\xd9\x01", 2, E_SHORT},
        {"\xd9\x01x", 3, OK},
        {"\xda\x00", 2, E_SHORT},
        {"\xcb\x00\x00\x00\x00\x00\x00\x00", 8, E_SHORT},
        {"\xd8\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 18, OK},
        {"\x92\x01", 2, E_SHORT},
        {"\x81\x01", 2, E_SHORT},
        {"\x81\x01\x02", 3, OK},
        {"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01", 17, OK},
        {"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01", 18, E_RANGE},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        char *exact = malloc (cases[i].size ? cases[i].size : 1);
        memcpy (exact, cases[i].bytes, cases[i].size);
        int status = field_validate ((slice_t){exact, cases[i].size});
        free (exact);
        if (status != cases[i].status)
            fail_msg ("case %zu: %s", i, status_name (status));
    }
    size_t size = 5 + 1000001;
    char *many = malloc (size);
    memset (many, 0, size);
    memcpy (many, "\xdd\x00\x0f\x42\x41", 5); //  1,000,001 zeros
    assert_int_equal (field_validate ((slice_t){many, size}), E_RANGE);
    free (many);
}

//  One row each, to say exactly what is asked.
typedef struct {
    double number, optional;
    int64_t whole;
    int32_t word;
    decimal_t price;
    char text[4], maybe[4];
    struct {
        bool yes;
    } inner;
    level_t *levels;
    size_t levels_count;
} sample_t;

static const char *const words[] = {"low", "high", NULL};
static const field_t inner_fields[] = {{.key = "yes", .type = FIELD_BOOL, .offset = 0}};
static const field_table_t inner_table = {"inner", 1, inner_fields, 1};
static const field_t item_fields[] = {FIELD (FIELD_F64, level_t, qty_coins, "q", "", 0, 0, "")};
static const field_table_t item_table = FIELD_TABLE ("item", level_t, item_fields);
static const field_t sample_fields[] = {
    FIELD (FIELD_F64, sample_t, number, "number", "", -1, 1, ""),
    FIELD_OPTIONAL (FIELD_F64, sample_t, optional, "optional", "", 0, 0, ""),
    FIELD (FIELD_I64, sample_t, whole, "whole", "", 0, 0, ""),
    FIELD_WORD (sample_t, word, "word", words, ""),
    FIELD (FIELD_DECIMAL, sample_t, price, "price", "", 0, 1e12, ""),
    FIELD (FIELD_TEXT, sample_t, text, "text", "", 0, 0, ""),
    FIELD_OPTIONAL (FIELD_TEXT, sample_t, maybe, "maybe", "", 0, 0, ""),
    FIELD_INNER (sample_t, inner, "", &inner_table, ""),
    FIELD_MANY (sample_t, levels, levels_count, "levels", &item_table, 3, ""),
};
static const field_table_t sample_table = FIELD_TABLE ("sample", sample_t, sample_fields);

static sample_t
good_sample (void)
{
    return (sample_t){
        .number = 0.5, .optional = NAN, .whole = 7, .word = 1, .price = {15, -1}, .text = "abc"};
}

static int
put_sample (field_codec_t *codec, const sample_t *sample, error_text_t *error)
{
    field_begin (codec);
    field_put_i64 (codec, 1);
    slice_t before = field_output (codec);
    int status = field_put (codec, &sample_table, FIELD_AS_MAP, sample, error);
    if (status != OK)
        assert_int_equal (field_output (codec).size, before.size); //  as it was
    return status;
}

static void
test_encoder_refuses (void **state)
{
    (void) state;
    field_codec_t *codec = field_codec_new ();
    error_text_t error = {""};
    sample_t sample = good_sample ();
    assert_int_equal (put_sample (codec, &sample, &error), OK);
#define REFUSED(change_, key_)                                                                               \
    do {                                                                                                     \
        sample = good_sample ();                                                                             \
        change_;                                                                                             \
        assert_int_equal (put_sample (codec, &sample, &error), E_RANGE);                                     \
        assert_non_null (strstr (error.text, key_));                                                         \
    } while (0)
    REFUSED (sample.number = 1.0000001, "number");
    REFUSED (sample.number = -2, "number");
    REFUSED (sample.number = NAN, "number");
    REFUSED (sample.number = INFINITY, "number");
    REFUSED (sample.optional = INFINITY, "optional");
    REFUSED (sample.word = 2, "word");
    REFUSED (sample.word = -1, "word");
    REFUSED (sample.price.mantissa = -1, "price");
    REFUSED (sample.price.exponent = 100, "price");
    REFUSED (memset (sample.text, 'x', 4), "text");
    level_t levels[4] = {{{1, 0}, 1}, {{1, 0}, NAN}, {{1, 0}, 1}, {{1, 0}, 1}};
    REFUSED ((sample.levels = levels, sample.levels_count = 4), "levels");
    REFUSED ((sample.levels = levels, sample.levels_count = 2), "levels[1]");
#undef REFUSED
    field_codec_destroy (&codec);
}

static int
get_sample (const char *bytes, size_t size, sample_t *out)
{
    static field_codec_t *codec;
    static field_codec_t *old;
    error_text_t error;
    old = codec;
    codec = field_codec_new ();
    field_codec_destroy (&old);
    if (!bytes) {
        field_codec_destroy (&codec);
        return OK;
    }
    int status = field_open (codec, (slice_t){bytes, size}, &error);
    return status == OK ? field_get (codec, &sample_table, out, &error) : status;
}
#define GET(bytes_) get_sample (bytes_, sizeof bytes_ - 1, &sample)

static void
test_decoder (void **state)
{
    (void) state;
    sample_t sample;
    assert_int_equal (GET ("\x80"), OK); //  nothing: zero, and absent
    assert_true (sample.number == 0 && isnan (sample.optional) && sample.text[0] == 0 &&
                 sample.levels_count == 0);
    assert_int_equal (GET ("\x90"), OK);
    assert_true (isnan (sample.optional));
    assert_int_equal (GET ("\x82\xa1?\x93\x01\x02\x81\x01\x02\xa5whole\x05"), OK); //  an unknown key
    assert_int_equal (sample.whole, 5);
    assert_int_equal (GET ("\x82\xa5whole\x05\xa5whole\x06"), E_SYNTAX);
    assert_int_equal (GET ("\x81\x01\x05"), E_SYNTAX);
    assert_int_equal (GET ("\x81\xa5whole\xca\x40\x40\x00\x00"), OK); //  3.0f
    assert_int_equal (sample.whole, 3);
    assert_int_equal (GET ("\x81\xa5whole\xca\x40\x48\x00\x00"), E_RANGE); //  3.125f
    assert_int_equal (GET ("\x81\xa5whole\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), E_RANGE);
    assert_int_equal (GET ("\x81\xa5whole\xd3\xff\xff\xff\xff\xff\xff\xff\xfe"), OK);
    assert_int_equal (sample.whole, -2);
    assert_int_equal (GET ("\x81\xa5whole\xd0\x80"), OK);
    assert_int_equal (sample.whole, -128);
    assert_int_equal (GET ("\x81\xa5whole\xcd\xff\xff"), OK);
    assert_int_equal (sample.whole, 65535);
    assert_int_equal (GET ("\x81\xa6number\x01"), OK);
    assert_true (sample.number == 1);
    assert_int_equal (GET ("\x81\xa6number\x02"), E_RANGE);
    assert_int_equal (GET ("\x81\xa6number\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"), E_RANGE);
    assert_int_equal (GET ("\x81\xa6number\xc0"), E_RANGE);
    assert_int_equal (GET ("\x81\xa8optional\xc0"), OK);
    assert_true (isnan (sample.optional));
    assert_int_equal (GET ("\x81\xa8optional\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), OK);
    assert_true (sample.optional == 18446744073709551616.0);
    assert_int_equal (GET ("\x81\xa4word\xa4high"), OK);
    assert_int_equal (sample.word, 1);
    assert_int_equal (GET ("\x81\xa4word\xa5other"), E_RANGE);
    assert_int_equal (GET ("\x81\xa4word\x02"), E_RANGE);
    assert_int_equal (GET ("\x81\xa5price\x92\x64\x00"), OK); //  100 x 10^0: one form
    assert_true (sample.price.mantissa == 1 && sample.price.exponent == 2);
    assert_int_equal (GET ("\x81\xa5price\x92\x00\x05"), OK);
    assert_true (sample.price.mantissa == 0 && sample.price.exponent == 0);
    assert_int_equal (GET ("\x81\xa5price\x92\x01\x7f"), E_RANGE);
    assert_int_equal (GET ("\x81\xa5price\x92\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x00"), E_RANGE);
    assert_int_equal (GET ("\x81\xa5price\x93\x01\x00\x00"), E_RANGE);
    assert_int_equal (GET ("\x81\xa4text\xa3xyz"), OK);
    assert_string_equal (sample.text, "xyz");
    assert_int_equal (GET ("\x81\xa4text\xa4wxyz"), E_RANGE);
    assert_int_equal (GET ("\x81\xa4text\xa3x\0z"), E_RANGE);
    assert_int_equal (GET ("\x81\xa4text\xc0"), E_RANGE);
    assert_int_equal (GET ("\x81\xa5maybe\xc0"), OK);
    assert_int_equal (GET ("\x81\xa3yes\xc3"), OK);
    assert_true (sample.inner.yes);
    assert_int_equal (GET ("\x81\xa3yes\x01"), E_RANGE);
    assert_int_equal (GET ("\x81\xa6levels\x94\x90\x90\x90\x90"), E_RANGE);
    assert_int_equal (GET ("\x81\xa6levels\x92\x91\x05\x81\xa1q\x06"), OK);
    assert_int_equal (sample.levels_count, 2);
    assert_true (sample.levels[0].qty_coins == 5 && sample.levels[1].qty_coins == 6);
    //  positional, one field too many
    assert_int_equal (GET ("\x9a\x01\xc0\x05\x00\x92\x01\x00\xa1x\xc0\xc2\x90\x93\x01\x02\x03"), OK);
    assert_int_equal (sample.whole, 5);
    (void) get_sample (NULL, 0, NULL);
}

static void
test_json (void **state)
{
    (void) state;
    sample_t sample = {
        .number = 0.1, .optional = NAN, .whole = -7, .word = 1, .price = {15, -1}, .text = "\"\n\xff"};
    text_buffer_t out = {0};
    error_text_t error;
    assert_int_equal (field_to_json (&sample_table, &sample, &out, &error), OK);
    assert_string_equal (out.data,
                         "{\"number\":0.1,\"optional\":null,\"whole\":-7,\"word\":\"high\",\"price\":1.5,"
                         "\"text\":\"\\\"\\u000a\xef\xbf\xbd\",\"maybe\":null,\"yes\":false,\"levels\":[]}");
    sample.number = NAN;
    size_t before = out.size;
    assert_int_equal (field_to_json (&sample_table, &sample, &out, &error), E_RANGE);
    assert_int_equal (out.size, before);
    text_reset (&out);
    text_add_quoted (&out, "\xc3\xa9 \xed\xa0\x80 \xf0\x9f\x98\x80 \xc0\x80");
    assert_string_equal (
        out.data,
        "\"\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xf0\x9f\x98\x80 \xef\xbf\xbd\xef\xbf\xbd\"");
    text_fini (&out);
}

//  Working memory grows to what the largest message needs, and stays.
static void
test_scratch (void **state)
{
    (void) state;
    field_codec_t *codec = field_codec_new ();
    error_text_t error;
    for (int round = 0; round < 3; round++) {
        assert_int_equal (field_open (codec, slice_of ("\xc0"), &error), OK);
        char *pieces[100];
        for (size_t i = 0; i < 100; i++) {
            pieces[i] = field_scratch (codec, 1000 + i * 37);
            for (size_t k = 0; k < 1000 + i * 37; k++)
                assert_int_equal (pieces[i][k], 0);
            memset (pieces[i], (int) i + 1, 1000 + i * 37);
        }
        for (size_t i = 0; i < 100; i++)
            assert_true (pieces[i][0] == (char) (i + 1) && pieces[i][999 + i * 37] == (char) (i + 1));
    }
    field_codec_destroy (&codec);
}

//  Lists of numbers take a short cut past printf; the digits are the same.
static void
test_json_numbers (void **state)
{
    (void) state;
    typedef struct {
        float *values;
        size_t count;
    } list_t;
    static const field_t rows[] = {FIELD_SERIES (list_t, values, count, "x", "", 0, 0, 100, "numbers")};
    static const field_table_t table = FIELD_TABLE ("list", list_t, rows);
    float values[] = {0,      -0.0F,         1,        9,      10,           -3,
                      0.5F,   1234567,       16777216, 1e9F,   123456792,    999999936,
                      1e-30F, 3.4028235e38F, 1e8F,     99.99F, 2147483648.0F};
    prng_t prng;
    prng_init (&prng, test_seed (4));
    for (int round = 0; round < 200; round++) {
        list_t list = {values, COUNT_OF (values)};
        text_buffer_t out = {0}, expected = {0};
        error_text_t error = {{0}};
        assert_int_equal (field_to_json (&table, &list, &out, &error), OK);
        text_add (&expected, "{\"x\":[");
        for (size_t i = 0; i < list.count; i++)
            text_add (&expected, "%s%.9g", i ? "," : "", (double) values[i]);
        text_add (&expected, "]}");
        assert_string_equal (out.data, expected.data);
        text_fini (&out);
        text_fini (&expected);
        for (size_t i = 0; i < list.count; i++)
            values[i] = (float) ldexp (prng_uniform (&prng), (int) prng_below (&prng, 40) - 4);
        for (size_t i = 0; i < list.count; i += 2)
            values[i] = floorf (values[i]);
    }
}

int
main (void)
{
    find_tables ();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_round_trip),   cmocka_unit_test (test_damaged_bytes),
        cmocka_unit_test (test_validate),     cmocka_unit_test (test_encoder_refuses),
        cmocka_unit_test (test_decoder),      cmocka_unit_test (test_json),
        cmocka_unit_test (test_json_numbers), cmocka_unit_test (test_scratch),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
