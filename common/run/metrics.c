#include "common/run/metrics.h"
#include "common/base/check.h"
#include "common/base/hash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  Handles are given out, so they live in blocks that never move; the values that travel stand in one array.
enum { BLOCK_COUNT = 256 };

typedef struct block block_t;
struct block {
    block_t *next;
    metric_t metrics[BLOCK_COUNT];
};

struct metrics {
    block_t *blocks; //  newest first
    metric_value_t *values;
    metric_t **handles; //  of values[i]
    size_t count, capacity;
    uint32_t *table; //  1 + index by hash of name and labels, open addressing
    size_t table_size;
};

metrics_t *
metrics_new (void)
{
    return mem_new (sizeof (metrics_t));
}

void
metrics_destroy (metrics_t **self)
{
    if (!*self)
        return;
    for (block_t *block = (*self)->blocks, *next; block; block = next) {
        next = block->next;
        free (block);
    }
    free ((*self)->values);
    free ((*self)->handles);
    free ((*self)->table);
    free (*self);
    *self = NULL;
}

static uint32_t *
find_slot (metrics_t *self, const char *name, const char *labels)
{
    uint64_t at = hash_text (labels, hash_text (name, 0));
    for (;; at++) {
        uint32_t *slot = &self->table[at % self->table_size];
        if (*slot == 0)
            return slot;
        const metric_value_t *value = &self->values[*slot - 1];
        if (strcmp (value->name, name) == 0 && strcmp (value->labels, labels) == 0)
            return slot;
    }
}

static void
grow (metrics_t *self)
{
    self->capacity = self->capacity ? self->capacity * 2 : 64;
    self->values = mem_grow (self->values, self->capacity * sizeof *self->values);
    self->handles = mem_grow (self->handles, self->capacity * sizeof (metric_t *));
    self->table_size = self->capacity * 2 + 1;
    free (self->table);
    self->table = mem_new (self->table_size * sizeof *self->table);
    for (size_t i = 0; i < self->count; i++)
        *find_slot (self, self->values[i].name, self->values[i].labels) = (uint32_t) i + 1;
}

static metric_t *
find_or_add (metrics_t *self, const char *name, const char *labels, const char *help, int32_t type)
{
    metric_value_t value = {.type = type};
    (void) snprintf (value.name, sizeof value.name, "%s", name);
    (void) snprintf (value.labels, sizeof value.labels, "%s", labels ? labels : "");
    (void) snprintf (value.help, sizeof value.help, "%s", help ? help : "");
    if (self->count == self->capacity)
        grow (self);
    uint32_t *slot = find_slot (self, value.name, value.labels);
    if (*slot) {
        CHECK (self->values[*slot - 1].type == type);
        return self->handles[*slot - 1];
    }
    if (self->count % BLOCK_COUNT == 0) {
        block_t *block = mem_new (sizeof *block);
        block->next = self->blocks;
        self->blocks = block;
    }
    metric_t *metric = &self->blocks->metrics[self->count % BLOCK_COUNT];
    self->values[self->count] = value;
    self->handles[self->count] = metric;
    *slot = (uint32_t) ++self->count;
    return metric;
}

metric_t *
metrics_counter (metrics_t *self, const char *name, const char *labels, const char *help)
{
    return find_or_add (self, name, labels, help, 0);
}

metric_t *
metrics_gauge (metrics_t *self, const char *name, const char *labels, const char *help)
{
    return find_or_add (self, name, labels, help, 1);
}

const metric_value_t *
metrics_values (metrics_t *self, size_t *count)
{
    //  One gauge that is not a number must not keep all the others from being sent.
    for (size_t i = 0; i < self->count; i++)
        self->values[i].value = isfinite (self->handles[i]->value) ? self->handles[i]->value : 0;
    *count = self->count;
    return self->values;
}
