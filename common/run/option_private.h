/*  option_private - what the two files of option share
 *
 *  What  option.c reads, option_text.c writes; nobody else includes it. */

#ifndef LEADLINE_OPTION_PRIVATE_H
#define LEADLINE_OPTION_PRIVATE_H

#include "common/run/option.h"

#include <string.h>

enum { OPTION_PATH_MAX = 160, OPTION_VALUE_MAX = 4096 };

static inline bool
option_is_pattern (const option_t *row)
{
    return strchr (row->path, '*') != NULL;
}

//  Effective settings as a file that option_read would read.
void
option_dump (const option_t *rows, size_t count, const void *settings, FILE *out);

void
option_help (const option_program_t *program, FILE *out);

#endif
