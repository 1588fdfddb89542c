#include "aggregator/image.h"
#include "common/base/check.h"
#include "common/base/status.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
image_reset (image_t *self)
{
    self->size = 0;
    self->count = 0;
}

void
image_fini (image_t *self)
{
    free (self->text);
    free (self->at);
    memset (self, 0, sizeof *self);
}

static size_t
append (image_t *self, const char *text)
{
    size_t size = strlen (text) + 1;
    if (self->size + size > self->capacity) {
        self->capacity = (self->size + size) * 2 + 1024;
        self->text = mem_grow (self->text, self->capacity);
    }
    size_t at = self->size;
    memcpy (self->text + at, text, size);
    self->size += size;
    return at;
}

void
image_put_text (image_t *self, const char *name, const char *value)
{
    if (self->count == self->fields_capacity) {
        self->fields_capacity = self->fields_capacity * 2 + 64;
        self->at = mem_grow (self->at, self->fields_capacity * 2 * sizeof *self->at);
    }
    size_t at_name = append (self, name);
    size_t at_value = append (self, value);
    self->at[self->count * 2] = at_name;
    self->at[self->count * 2 + 1] = at_value;
    self->count++;
}

void
image_put_number (image_t *self, const char *name, double value)
{
    char text[40];
    snprintf (text, sizeof text, "%.17g", value);
    image_put_text (self, name, text);
}

void
image_put_count (image_t *self, const char *name, int64_t value)
{
    char text[32];
    snprintf (text, sizeof text, "%lld", (long long) value);
    image_put_text (self, name, text);
}

const char *
image_name (const image_t *self, size_t index)
{
    CHECK (index < self->count);
    return self->text + self->at[index * 2];
}

const char *
image_value (const image_t *self, size_t index)
{
    CHECK (index < self->count);
    return self->text + self->at[index * 2 + 1];
}

const char *
image_find (const image_t *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp (image_name (self, i), name) == 0)
            return image_value (self, i);
    return NULL;
}

int
image_number (const char *text, double *out)
{
    char *end;
    double value = strtod (text, &end);
    if (end == text || *end != '\0' || !isfinite (value))
        return E_SYNTAX;
    *out = value;
    return OK;
}

int
image_count (const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll (text, &end, 10);
    if (end == text || *end != '\0' || errno)
        return E_SYNTAX;
    *out = value;
    return OK;
}
