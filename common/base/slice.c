#include "common/base/slice.h"
#include "common/base/status.h"

#include <string.h>

slice_t
slice_of (const char *text)
{
    return (slice_t){text, strlen (text)};
}

bool
slice_is (slice_t slice, const char *text)
{
    return slice.size == strlen (text) && (slice.size == 0 || memcmp (slice.data, text, slice.size) == 0);
}

bool
slice_starts (slice_t slice, const char *prefix)
{
    size_t size = strlen (prefix);
    return slice.size >= size && (size == 0 || memcmp (slice.data, prefix, size) == 0);
}

int
slice_copy (slice_t slice, char *out, size_t capacity)
{
    if (capacity == 0)
        return E_SHORT;
    size_t size = slice.size < capacity ? slice.size : capacity - 1;
    if (size > 0)
        memcpy (out, slice.data, size);
    out[size] = 0;
    return size == slice.size ? OK : E_SHORT;
}

slice_t
slice_cut (slice_t *rest, char separator)
{
    const char *found = rest->size ? memchr (rest->data, separator, rest->size) : NULL;
    slice_t part = *rest;
    if (!found) {
        rest->data += rest->size;
        rest->size = 0;
        return part;
    }
    part.size = (size_t) (found - rest->data);
    rest->data += part.size + 1;
    rest->size -= part.size + 1;
    return part;
}
