#include "publisher/conflate.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

struct conflate {
    uint64_t *marks; //  by index: marks since last taken; 0: not waiting
    uint32_t *queue; //  ring of waiting indexes; as large as marks, so it never overflows
    size_t capacity, head, count;
};

conflate_t *
conflate_new (void)
{
    return mem_new (sizeof (conflate_t));
}

void
conflate_destroy (conflate_t **self)
{
    if (!*self)
        return;
    free ((*self)->marks);
    free ((*self)->queue);
    free (*self);
    *self = NULL;
}

static void
grow (conflate_t *self, uint32_t index)
{
    CHECK (self->count <= self->capacity);
    size_t capacity = self->capacity ? self->capacity : 64;
    while (capacity <= index)
        capacity *= 2;
    self->marks = mem_grow (self->marks, capacity * sizeof *self->marks);
    memset (self->marks + self->capacity, 0, (capacity - self->capacity) * sizeof *self->marks);
    uint32_t *queue = mem_new (capacity * sizeof *queue);
    for (size_t i = 0; i < self->count; i++)
        queue[i] = self->queue[(self->head + i) % self->capacity];
    free (self->queue);
    self->queue = queue;
    self->head = 0;
    self->capacity = capacity;
}

bool
conflate_mark (conflate_t *self, uint32_t index)
{
    if (index >= self->capacity)
        grow (self, index);
    if (self->marks[index]++ > 0)
        return true;
    self->queue[(self->head + self->count++) % self->capacity] = index;
    return false;
}

bool
conflate_next (conflate_t *self, uint32_t *index, uint64_t *skipped_count)
{
    if (self->count == 0)
        return false;
    *index = self->queue[self->head];
    *skipped_count = self->marks[*index] - 1;
    self->marks[*index] = 0;
    self->head = (self->head + 1) % self->capacity;
    self->count--;
    return true;
}

size_t
conflate_waiting (const conflate_t *self)
{
    return self->count;
}
