#include "common/wire/schema.h"
#include "common/base/check.h"
#include "common/wire/result.h"

#include <string.h>

enum { NESTED_MAX = 32 };

//  Tables that others point to, in order of appearance; each is written once.
typedef struct {
    const field_table_t *tables[NESTED_MAX];
    size_t count, written;
} nested_t;

static const char *const type_words[] = {
    [FIELD_BOOL] = "bool",       [FIELD_I8] = "int",    [FIELD_I32] = "int",
    [FIELD_I64] = "int",         [FIELD_U64] = "int",   [FIELD_F64] = "float",
    [FIELD_DECIMAL] = "decimal", [FIELD_TEXT] = "text", [FIELD_ENUM] = "word",
    [FIELD_STRUCT] = "message",  [FIELD_LIST] = "list", [FIELD_NUMBERS] = "numbers",
};

static void
add_nested (nested_t *self, const field_table_t *table)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->tables[i] == table)
            return;
    CHECK (self->count < NESTED_MAX);
    self->tables[self->count++] = table;
}

static void
write_type (const field_t *field, FILE *out)
{
    (void) fprintf (out, "%s", type_words[field->type]);
    if (field->type == FIELD_TEXT)
        (void) fprintf (out, ", at most %zu bytes", field->size - 1);
    if (field->type == FIELD_LIST)
        (void) fprintf (out, " of %s, at most %zu", field->table->name, field->size);
    if (field->type == FIELD_NUMBERS)
        (void) fprintf (out, ", at most %zu", field->size);
    if (field->type == FIELD_STRUCT)
        (void) fprintf (out, " %s", field->table->name);
    for (size_t i = 0; field->type == FIELD_ENUM && field->names[i]; i++)
        (void) fprintf (out, "%s %zu `%s`", i ? "," : ":", i, field->names[i]);
    if (field->flags & FIELD_NULLABLE)
        (void) fprintf (out, ", or nil");
}

//  Returns the number of the next field: inlined messages count as if their fields stood here.
static int
write_rows (const field_table_t *table, int number, nested_t *nested, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const field_t *field = &table->fields[i];
        if (field->type == FIELD_STRUCT && field->key[0] == 0) {
            number = write_rows (field->table, number, nested, out);
            continue;
        }
        (void) fprintf (out, "| %d | `%s` | ", number++, field->key);
        write_type (field, out);
        (void) fprintf (out, " | %s | ", field->unit ? field->unit : "");
        if (field->low != 0 || field->high != 0)
            (void) fprintf (out, "%g .. %g", field->low, field->high);
        (void) fprintf (out, " | %s |\n", field->about);
        if (field->table)
            add_nested (nested, field->table);
    }
    return number;
}

static void
write_table (const char *heading, const field_table_t *table, nested_t *nested, FILE *out)
{
    (void) fprintf (
        out,
        "\n### %s\n\n| # | key | type | unit | bounds | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
        heading);
    (void) write_rows (table, 0, nested, out);
    for (; nested->written < nested->count; nested->written++) {
        const field_table_t *inner = nested->tables[nested->written];
        (void) fprintf (out,
                        "\nEach %s:\n\n| # | key | type | unit | bounds | meaning |\n"
                        "| --- | --- | --- | --- | --- | --- |\n",
                        inner->name);
        (void) write_rows (inner, 0, nested, out);
    }
}

static void
write_front (FILE *out)
{
    (void) fprintf (out,
                    "# Messages\n\n"
                    "Schema %d of Leadline %s.  This file is made by `leadline schema`.\n\n"
                    "A message is two ZeroMQ frames: a topic, and one msgpack value.  `seq` counts from 1 "
                    "for each publisher, boot and\n"
                    "topic: a number left out is a message lost.  Fields are only ever appended, so a reader "
                    "ignores what it does\n"
                    "not know.  `decimal` is `[mantissa, exponent]`, the number mantissa x 10^exponent; in "
                    "JSON it is a number.\n"
                    "A `word` is its index in arrays and itself in maps and JSON.\n\n"
                    "## Topics\n\n",
                    WIRE_SCHEMA, LEADLINE_ENGINE);
    for (int kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        topic_t topic = {
            .kind = (topic_kind_t) kind, .event = EVENT_TRADE, .mode = MODE_DAY, .instrument = "BTCUSDT"};
        char text[TOPIC_TEXT_MAX];
        const char *name = kind == TOPIC_TICK                            ? "1"
                           : kind == TOPIC_BEAT || kind == TOPIC_METRICS ? "cards-1"
                                                                         : "binance";
        (void) snprintf (topic.name, sizeof topic.name, "%s", kind == TOPIC_MAP ? "" : name);
        (void) topic_format (&topic, "v1", text);
        (void) fprintf (out, "- `%s`\n", text);
    }
}

void
schema_write (FILE *out)
{
    char heading[64];
    nested_t nested = {.count = 0};
    write_front (out);
    (void) fprintf (
        out, "\n## Events\n\nA positional array:\n\n"
             "`[schema, publisher, boot, seq, source, ts_recv_ns, records, feed]`\n\n"
             "`source` is 0 live, 1 sim; `records` is a list of arrays, as below; `feed` names the listing "
             "(`perp:USDT`).\n");
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        (void) snprintf (heading, sizeof heading, "event %s", event_kind_names[kind]);
        write_table (heading, event_table ((event_kind_t) kind), &nested, out);
    }
    (void) fprintf (out,
                    "\n## Results\n\nMaps with these keys; a beat is a positional array in this order.\n");
    for (int kind = TOPIC_EVENT + 1; kind < TOPIC_KIND_COUNT; kind++)
        write_table (topic_kind_names[kind], result_table ((topic_kind_t) kind), &nested, out);
}
