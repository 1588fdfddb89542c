/*  fuzz_codec - hostile msgpack into every table; what is accepted must survive being encoded and decoded */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/wire/result.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const field_table_t *
table_of (uint8_t choice)
{
    if (choice % 2 == 0)
        return event_table ((event_kind_t) (choice / 2 % EVENT_KIND_COUNT));
    return result_table ((topic_kind_t) (1 + choice / 2 % (TOPIC_KIND_COUNT - 1)));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const field_table_t *table = table_of (data[0]);
    slice_t bytes = {(const char *) data + 1, size - 1};
    field_codec_t *first = field_codec_new (), *second = field_codec_new ();
    void *record = mem_new (table->size), *again = mem_new (table->size);
    error_text_t error = {{0}};
    if (field_open (first, bytes, &error) == OK && field_get (first, table, record, &error) == OK) {
        field_form_t form = data[0] % 2 ? FIELD_AS_MAP : FIELD_AS_ARRAY;
        field_begin (second);
        if (field_put (second, table, form, record, &error) == OK) {
            slice_t output = field_output (second);
            char *copy = mem_new (output.size);
            memcpy (copy, output.data, output.size);
            CHECK (field_open (first, (slice_t){copy, output.size}, &error) == OK);
            CHECK (field_get (first, table, again, &error) == OK);
            text_buffer_t json = {0};
            CHECK (field_to_json (table, again, &json, &error) == OK);
            text_fini (&json);
            free (copy);
        }
    }
    free (record);
    free (again);
    field_codec_destroy (&first);
    field_codec_destroy (&second);
    return 0;
}
