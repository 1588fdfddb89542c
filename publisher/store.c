#include "publisher/store.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/hash.h"

typedef struct {
    store_entry_t entry;
    char *payload;
    size_t payload_size, payload_capacity;
    text_buffer_t json;
    uint64_t json_of_change;
} slot_t;

struct store {
    char prefix[32];
    slot_t **slots;
    size_t count, capacity;
    uint32_t *table; //  open addressing: index + 1, 0 empty
    size_t table_size;
    field_codec_t *encoder, *decoder;
    void *record; //  room for the largest
};

static size_t
largest_record (void)
{
    size_t largest = 0;
    for (int kind = 0; kind < TOPIC_KIND_COUNT; kind++)
        if (kind != TOPIC_EVENT && result_table ((topic_kind_t) kind)->size > largest)
            largest = result_table ((topic_kind_t) kind)->size;
    return largest;
}

store_t *
store_new (const char *topic_prefix)
{
    store_t *self = mem_new (sizeof *self);
    (void) slice_copy (slice_of (topic_prefix), self->prefix, sizeof self->prefix);
    self->encoder = field_codec_new ();
    self->decoder = field_codec_new ();
    self->record = mem_new (largest_record ());
    self->table_size = 1024;
    self->table = mem_new (self->table_size * sizeof *self->table);
    return self;
}

void
store_destroy (store_t **self)
{
    if (!*self)
        return;
    store_t *store = *self;
    for (size_t i = 0; i < store->count; i++) {
        free (store->slots[i]->payload);
        text_fini (&store->slots[i]->json);
        free (store->slots[i]);
    }
    free (store->slots);
    free (store->table);
    free (store->record);
    field_codec_destroy (&store->encoder);
    field_codec_destroy (&store->decoder);
    free (store);
    *self = NULL;
}

//  The table's place of a text: where it is, or where it would go.
static size_t
find_place (const store_t *self, const char *text)
{
    size_t place = hash_text (text, 0) & (self->table_size - 1);
    while (self->table[place] && strcmp (self->slots[self->table[place] - 1]->entry.text, text) != 0)
        place = (place + 1) & (self->table_size - 1);
    return place;
}

static void
grow_table (store_t *self)
{
    free (self->table);
    self->table_size *= 2;
    self->table = mem_new (self->table_size * sizeof *self->table);
    for (size_t i = 0; i < self->count; i++)
        self->table[find_place (self, self->slots[i]->entry.text)] = (uint32_t) i + 1;
}

static slot_t *
slot_of (store_t *self, const topic_t *topic)
{
    char text[TOPIC_TEXT_MAX];
    (void) topic_format (topic, self->prefix, text);
    size_t place = find_place (self, text);
    if (self->table[place])
        return self->slots[self->table[place] - 1];
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 256;
        self->slots = mem_grow (self->slots, self->capacity * sizeof *self->slots);
    }
    slot_t *slot = mem_new (sizeof *slot);
    slot->entry.topic = *topic;
    slot->entry.index = (uint32_t) self->count;
    memcpy (slot->entry.text, text, sizeof text);
    self->slots[self->count++] = slot;
    self->table[place] = (uint32_t) self->count;
    if (self->count * 2 > self->table_size)
        grow_table (self);
    return slot;
}

void
store_keep (store_t *self, const store_entry_t *entry, slice_t payload)
{
    slot_t *slot = self->slots[entry->index];
    if (payload.size > slot->payload_capacity) {
        slot->payload_capacity = payload.size * 2;
        slot->payload = mem_grow (slot->payload, slot->payload_capacity);
    }
    memcpy (slot->payload, payload.data, payload.size);
    slot->payload_size = payload.size;
    slot->entry.changes_count++;
}

const store_entry_t *
store_put (store_t *self, const topic_t *topic, const void *record, error_text_t *error)
{
    field_begin (self->encoder);
    if (field_put (self->encoder, result_table (topic->kind), FIELD_AS_MAP, record, error) != OK)
        return NULL;
    const slot_t *slot = slot_of (self, topic);
    store_keep (self, &slot->entry, field_output (self->encoder));
    return &slot->entry;
}

const store_entry_t *
store_find (const store_t *self, const topic_t *topic)
{
    char text[TOPIC_TEXT_MAX];
    (void) topic_format (topic, self->prefix, text);
    uint32_t found = self->table[find_place (self, text)];
    return found ? &self->slots[found - 1]->entry : NULL;
}

size_t
store_count (const store_t *self)
{
    return self->count;
}

const store_entry_t *
store_at (const store_t *self, size_t index)
{
    CHECK (index < self->count);
    return &self->slots[index]->entry;
}

const void *
store_record (store_t *self, const store_entry_t *entry)
{
    slot_t *slot = self->slots[entry->index];
    error_text_t error = {{0}};
    //  Our own bytes: they were accepted by the encoder, so they are read back.
    CHECK (field_open (self->decoder, (slice_t){slot->payload, slot->payload_size}, &error) == OK);
    CHECK (field_get (self->decoder, result_table (entry->topic.kind), self->record, &error) == OK);
    return self->record;
}

slice_t
store_json (store_t *self, const store_entry_t *entry)
{
    slot_t *slot = self->slots[entry->index];
    if (slot->json_of_change != entry->changes_count) {
        text_reset (&slot->json);
        error_text_t error = {{0}};
        CHECK (field_to_json (result_table (entry->topic.kind), store_record (self, entry), &slot->json,
                              &error) == OK);
        slot->json_of_change = entry->changes_count;
    }
    return (slice_t){slot->json.data, slot->json.size};
}
