#include "common/base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void
check_failed (const char *file, int line, const char *condition)
{
    (void) fprintf (stderr, "bug: %s:%d: %s\n", file, line, condition);
    (void) fflush (stderr);
    abort ();
}

void *
mem_new (size_t size_bytes)
{
    void *memory = calloc (1, size_bytes ? size_bytes : 1);
    CHECK (memory);
    return memory;
}

void *
mem_grow (void *memory, size_t size_bytes)
{
    void *grown = realloc (memory, size_bytes ? size_bytes : 1);
    CHECK (grown);
    return grown;
}

char *
mem_text (const char *text)
{
    size_t size_bytes = strlen (text) + 1;
    return memcpy (mem_new (size_bytes), text, size_bytes);
}
