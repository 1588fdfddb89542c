//  The writing half of option.h.
#include "common/run/option.h"
#include "common/run/option_private.h"
#include "common/base/check.h"

#include <stdio.h>

//  Section lines for what path has and the path before has not; returns the depth of its key.
static int
write_sections (const char *before, const char *path, FILE *out)
{
    int depth = 0;
    bool is_same = true;
    for (size_t at = 0;;) {
        size_t size = strcspn (path + at, "/");
        if (path[at + size] == 0)
            return depth;
        is_same = is_same && strncmp (before, path, at + size + 1) == 0;
        if (!is_same)
            (void) fprintf (out, "%s%*s%.*s\n", depth == 0 && *before ? "\n" : "", depth * 4, "", (int) size,
                            path + at);
        at += size + 1;
        depth++;
    }
}

//  A value as ZPL takes it: quoted when it is empty, or has what would end it.
static void
write_value (const char *value, FILE *out)
{
    bool is_plain =
        value[0] && !strpbrk (value, "#\"'") && value[0] != ' ' && value[strlen (value) - 1] != ' ';
    const char *quote = is_plain ? "" : strchr (value, '"') ? "'" : "\"";
    (void) fprintf (out, "%s%s%s", quote, value, quote);
}

static const char *
key_of (const char *path)
{
    const char *slash = strrchr (path, '/');
    return slash ? slash + 1 : path;
}

static void
value_text (const option_t *row, const void *settings, char *out, size_t size)
{
    const void *at = (const char *) settings + row->offset;
    switch (row->type) {
    case OPTION_TEXT:
        (void) snprintf (out, size, "%s", (const char *) at);
        break;
    case OPTION_I64:
        (void) snprintf (out, size, "%lld", (long long) *(const int64_t *) at);
        break;
    case OPTION_F64:
        (void) snprintf (out, size, "%.15g", *(const double *) at);
        break;
    case OPTION_BOOL:
        (void) snprintf (out, size, "%s", *(const bool *) at ? "true" : "false");
        break;
    case OPTION_WORD:
        (void) snprintf (out, size, "%s", row->words[*(const int32_t *) at]);
        break;
    }
}

//  Rows of one section may stand apart in the table (shared rows come from pipeline.h); a section must not be
//  written twice.  So: each top-level section in order of its first row, with all of its rows.
typedef void
row_fn (const option_t *row, int depth, const void *argument, FILE *out);

static void
each_row (const option_t *rows, size_t count, row_fn *fn, const void *argument, FILE *out)
{
    const char *before = "";
    for (size_t first = 0; first < count; first++) {
        size_t size = strcspn (rows[first].path, "/") + 1;
        bool is_done = option_is_pattern (&rows[first]);
        for (size_t i = 0; i < first && !is_done; i++)
            is_done = !option_is_pattern (&rows[i]) && strncmp (rows[i].path, rows[first].path, size) == 0;
        for (size_t i = first; i < count && !is_done; i++) {
            if (option_is_pattern (&rows[i]) || strncmp (rows[i].path, rows[first].path, size) != 0)
                continue;
            fn (&rows[i], write_sections (before, rows[i].path, out), argument, out);
            before = rows[i].path;
        }
    }
}

static void
write_kind (const option_t *row, FILE *out)
{
    switch (row->type) {
    case OPTION_TEXT:
        break;
    case OPTION_I64:
    case OPTION_F64:
        if (row->low != 0 || row->high != 0)
            (void) fprintf (out, " (%.12g .. %.12g)", row->low, row->high);
        break;
    case OPTION_BOOL:
        (void) fprintf (out, " (true, false)");
        break;
    case OPTION_WORD:
        for (size_t i = 0; row->words[i]; i++)
            (void) fprintf (out, "%s%s", i ? ", " : " (", row->words[i]);
        (void) fprintf (out, ")");
        break;
    }
}

//  What a row is for, above its value.
static void
write_comment (const option_t *row, int depth, FILE *out)
{
    (void) fprintf (out, "%*s#  %s", depth * 4, "", row->about);
    write_kind (row, out);
    (void) fprintf (out, "\n%*s%s = ", depth * 4, "", key_of (row->path));
}

static void
dump_row (const option_t *row, int depth, const void *settings, FILE *out)
{
    char value[OPTION_VALUE_MAX];
    value_text (row, settings, value, sizeof value);
    write_comment (row, depth, out);
    write_value (value, out);
    (void) fprintf (out, "\n");
}

void
option_dump (const option_t *rows, size_t count, const void *settings, FILE *out)
{
    each_row (rows, count, dump_row, settings, out);
}

static void
template_row (const option_t *row, int depth, const void *argument, FILE *out)
{
    (void) argument;
    write_comment (row, depth, out);
    write_value (row->preset ? row->preset : "", out);
    (void) fprintf (out, "\n");
}

void
option_write_template (const option_t *rows, size_t count, FILE *out)
{
    each_row (rows, count, template_row, NULL, out);
}

void
option_help (const option_program_t *program, FILE *out)
{
    (void) fprintf (out, "usage: %s\n\n%s\n\n", program->usage, program->about);
    (void) fprintf (out, "  -c, --config FILE     read settings from FILE (ZPL)\n"
                         "  -s, --set PATH=VALUE  change one setting\n"
                         "      --check           read all settings, say what is wrong, and stop\n"
                         "      --dump            write the settings in force, and stop\n");
    if (program->list)
        (void) fprintf (out, "      --list            list what this program knows, and stop\n");
    (void) fprintf (out, "      --version         write the version, and stop\n"
                         "      --help            this\n\nSettings, with their defaults:\n\n");
    for (size_t i = 0; i < program->rows_count; i++) {
        const option_t *row = &program->rows[i];
        (void) fprintf (out, "  %s = ", row->path);
        write_value (row->preset ? row->preset : "", out);
        (void) fprintf (out, "\n      %s", row->about);
        write_kind (row, out);
        (void) fprintf (out, "\n");
    }
    (void) fprintf (
        out,
        "\nThe environment may set any of them: LEADLINE_ and the path in capitals, with _ for / and -.\n"
        "Order: default, file, environment, --set; the later one wins.\n");
}
