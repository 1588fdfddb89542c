/*  check - our own mistakes stop the program; memory that runs out does too
 *
 *  CHECK is for what must be true whatever the outside does.  Never use it on a frame, a file, a
 *  reply or a setting: those get a status. */

#ifndef LEADLINE_CHECK_H
#define LEADLINE_CHECK_H

#include <stddef.h>

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (__builtin_expect (!(condition), 0))                                                              \
            check_failed (__FILE__, __LINE__, #condition);                                                   \
    } while (0)

#define COUNT_OF(array) (sizeof (array) / sizeof ((array)[0]))

_Noreturn void
check_failed (const char *file, int line, const char *condition);

//  Zeroed memory; aborts when there is none (the supervisor restarts us).  Free with free ().
void *
mem_new (size_t size_bytes);

//  As realloc; aborts when there is none.
void *
mem_grow (void *memory, size_t size_bytes);

//  A copy of text, returned (caller frees).
char *
mem_text (const char *text);

#endif
