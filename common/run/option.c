#include "common/run/option.h"
#include "common/run/option_private.h"
#include "common/base/check.h"
#include "common/wire/result.h"

#include <ctype.h>
#include <czmq.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

//  Sections of a file that serves all programs.
static const char *const sections[] = {"pipeline",   "ingest",    "simulator", "cards",
                                       "aggregator", "publisher", "leadline"};

enum { DEPTH_MAX = 8, FILE_MAX = 1 << 20 };

typedef struct {
    const option_program_t *program;
    void *settings;
    const char *file;
    int wrong_count;
    bool is_check, is_dump, is_list;
    const char **sets;
    int sets_count;
} option_input_t;

//  One line of the file that holds a key.
typedef struct {
    char path[OPTION_PATH_MAX];
    int line;
} entry_t;

static void
report (option_input_t *self, const char *where, int line, const char *path, const char *text)
{
    self->wrong_count++;
    if (line > 0)
        (void) fprintf (stderr, "%s:%d: %s: %s\n", where, line, path, text);
    else
        (void) fprintf (stderr, "%s: %s: %s\n", where, path, text);
}

//  Values

static int
parse_bool (const char *text, bool *out)
{
    static const char *const words[] = {"true", "yes", "1", "false", "no", "0"};
    for (size_t i = 0; i < COUNT_OF (words); i++)
        if (strcmp (text, words[i]) == 0) {
            *out = i < 3;
            return OK;
        }
    return E_SYNTAX;
}

static int
check_bounds (const option_t *row, double value, error_text_t *error)
{
    if ((row->low != 0 || row->high != 0) && !(value >= row->low && value <= row->high))
        return error_set (error, E_RANGE, "%.12g is outside %.12g .. %.12g", value, row->low, row->high);
    return OK;
}

static int
parse_number (const option_t *row, const char *text, void *out, error_text_t *error)
{
    char *end = NULL;
    errno = 0;
    if (row->type == OPTION_I64) {
        long long value = strtoll (text, &end, 10);
        if (end == text || *end || isspace ((unsigned char) text[0]))
            return error_set (error, E_SYNTAX, "a whole number is needed, not \"%.80s\"", text);
        if (errno == ERANGE)
            return error_set (error, E_RANGE, "%.80s is too large", text);
        if (out)
            *(int64_t *) out = value;
        return check_bounds (row, (double) value, error);
    }
    double value = strtod (text, &end);
    if (end == text || *end || isspace ((unsigned char) text[0]) || !isfinite (value))
        return error_set (error, E_SYNTAX, "a number is needed, not \"%.80s\"", text);
    if (out)
        *(double *) out = value;
    return check_bounds (row, value, error);
}

static int
parse_word (const option_t *row, const char *text, int32_t *out, error_text_t *error)
{
    char list[160] = "";
    for (int32_t i = 0; row->words[i]; i++) {
        if (strcmp (row->words[i], text) == 0) {
            if (out)
                *out = i;
            return OK;
        }
        size_t used = strlen (list);
        (void) snprintf (list + used, sizeof list - used, "%s%s", i ? ", " : "", row->words[i]);
    }
    return error_set (error, E_SYNTAX, "\"%.60s\" is not one of: %s", text, list);
}

//  settings NULL: only look whether the text is right.
static int
parse_value (const option_t *row, const char *text, void *settings, error_text_t *error)
{
    void *out = settings ? (char *) settings + row->offset : NULL;
    bool flag = false;
    switch (row->type) {
    case OPTION_TEXT:
        if (row->size > 0 && strlen (text) >= row->size)
            return error_set (error, E_RANGE, "longer than %zu characters", row->size - 1);
        if (out)
            (void) snprintf (out, row->size, "%s", text);
        return OK;
    case OPTION_I64:
    case OPTION_F64:
        return parse_number (row, text, out, error);
    case OPTION_BOOL:
        if (parse_bool (text, &flag) != OK)
            return error_set (error, E_SYNTAX, "true or false is needed, not \"%.80s\"", text);
        if (out)
            *(bool *) out = flag;
        return OK;
    case OPTION_WORD:
        return parse_word (row, text, out, error);
    }
    return error_set (error, E_SYNTAX, "a type this program does not know");
}

//  Paths

//  Does path match pattern, part by part, "*" matching one part?  is_prefix: path may end early.
static bool
matches (const char *pattern, const char *path, bool is_prefix)
{
    for (;;) {
        size_t wanted = strcspn (pattern, "/"), got = strcspn (path, "/");
        bool is_any = wanted == 1 && pattern[0] == '*';
        if (got == 0 || (!is_any && (wanted != got || memcmp (pattern, path, got) != 0)))
            return false;
        pattern += wanted;
        path += got;
        if (!*path)
            return is_prefix ? *pattern == '/' : !*pattern;
        if (!*pattern)
            return false;
        pattern++;
        path++;
    }
}

//  The row of a path; one that is spelt out is preferred to a pattern.
static const option_t *
find_row (const option_program_t *program, const char *path)
{
    const option_t *found = NULL;
    for (size_t i = 0; i < program->rows_count; i++) {
        const option_t *row = &program->rows[i];
        if (matches (row->path, path, false) && (!found || !option_is_pattern (row)))
            found = row;
    }
    return found;
}

//  Does path stand above some row, and is no key itself?
static bool
is_section (const option_program_t *program, const char *path, bool is_spelt_out)
{
    for (size_t i = 0; i < program->rows_count; i++) {
        const option_t *row = &program->rows[i];
        if (!(is_spelt_out && option_is_pattern (row)) && matches (row->path, path, true))
            return !find_row (program, path);
    }
    return false;
}

static bool
is_top_known (const char *path)
{
    size_t size = strcspn (path, "/");
    for (size_t i = 0; i < COUNT_OF (sections); i++)
        if (strlen (sections[i]) == size && memcmp (sections[i], path, size) == 0)
            return true;
    return false;
}

//  Has the program rows in the top-level section of path?
static bool
is_own (const option_program_t *program, const char *path)
{
    size_t size = strcspn (path, "/");
    for (size_t i = 0; i < program->rows_count; i++)
        if (strncmp (program->rows[i].path, path, size) == 0 && program->rows[i].path[size] == '/')
            return true;
    return false;
}

static void
take_setting (option_input_t *self, const char *where, int line, const char *path, const char *value)
{
    error_text_t error;
    const option_t *row = find_row (self->program, path);
    if (!row) {
        if (is_own (self->program, path))
            report (self, where, line, path,
                    is_section (self->program, path, true) ? "is a section" : "unknown key");
        else if (!is_top_known (path))
            report (self, where, line, path, "unknown section");
        return;
    }
    if (!value && row->type == OPTION_TEXT)
        value = ""; //  zconfig has no other word for ""
    if (!value)
        report (self, where, line, path, "needs a value: key = value");
    else if (parse_value (row, value, option_is_pattern (row) ? NULL : self->settings, &error) != OK)
        report (self, where, line, path, error.text);
}

//  The file

//  What zconfig would refuse, with a line number and words.  NULL: fine.
static const char *
line_wrong (const char *line, size_t indent, size_t deepest)
{
    if (line[indent] == '\t')
        return "indent with spaces, not tabs";
    if (indent % 4 != 0)
        return "indent by 4 spaces";
    if (indent / 4 > deepest)
        return "indented deeper than the section above";
    const char *at = line + indent, *name = at;
    while (*at && (isalnum ((unsigned char) *at) || strchr ("$-_@.&+", *at)))
        at++;
    if (at == name)
        return "a name is needed";
    at += strspn (at, " \t");
    if (*at == 0 || *at == '#')
        return NULL;
    if (*at != '=')
        return "\"name = value\" or a name alone is needed";
    at += 1 + strspn (at + 1, " \t");
    if (*at == 0 || *at == '#')
        return "a value is needed after =";
    if (*at != '"' && *at != '\'')
        return NULL;
    const char *end = strchr (at + 1, *at);
    if (!end)
        return "the quote is not closed";
    end += 1 + strspn (end + 1, " \t");
    return *end == 0 || *end == '#' ? NULL : "something stands after the quoted value";
}

//  Line numbers of the keys, in order; and the syntax.  Returns their count, or -1 when the syntax is wrong.
static int
scan_lines (option_input_t *self, const char *text, int lines[], int most)
{
    int count = 0, number = 0;
    size_t deepest = 0;
    while (*text) {
        char line[OPTION_VALUE_MAX];
        size_t size = strcspn (text, "\n");
        number++;
        if (size >= sizeof line) {
            report (self, self->file, number, "syntax", "the line is too long");
            return -1;
        }
        memcpy (line, text, size);
        line[size] = 0;
        text += size + (text[size] == '\n');
        while (size > 0 && isspace ((unsigned char) line[size - 1]))
            line[--size] = 0;
        size_t indent = strspn (line, " ");
        if (line[indent] == 0 || line[indent] == '#')
            continue;
        const char *wrong = count == most ? "too many keys" : line_wrong (line, indent, deepest);
        if (wrong) {
            report (self, self->file, number, "syntax", wrong);
            return -1;
        }
        deepest = indent / 4 + 1;
        if (deepest > DEPTH_MAX) {
            report (self, self->file, number, "syntax", "nested too deeply");
            return -1;
        }
        lines[count++] = number;
    }
    return count;
}

typedef struct {
    option_input_t *reading;
    const int *lines;
    int lines_count, at;
    entry_t *entries; //  seen so far, for duplicates
} walk_t;

//  zconfig keeps the order of the file, so the n-th node stands on the n-th line that holds a key.
static void
walk_node (walk_t *walk, zconfig_t *node, const char *above, bool is_ignored)
{
    for (zconfig_t *child = zconfig_child (node); child; child = zconfig_next (child)) {
        CHECK (walk->at < walk->lines_count);
        entry_t *entry = &walk->entries[walk->at];
        entry->line = walk->lines[walk->at++];
        int length = snprintf (entry->path, sizeof entry->path, "%s%s%s", above, *above ? "/" : "",
                               zconfig_name (child));
        if (length >= (int) sizeof entry->path) {
            report (walk->reading, walk->reading->file, entry->line, entry->path, "the path is too long");
            continue;
        }
        bool is_twice = false;
        for (const entry_t *earlier = walk->entries; earlier < entry && !is_twice; earlier++)
            if (strcmp (earlier->path, entry->path) == 0) {
                char text[64];
                (void) snprintf (text, sizeof text, "given twice, first on line %d", earlier->line);
                report (walk->reading, walk->reading->file, entry->line, entry->path, text);
                is_twice = true;
            }
        const char *value = zconfig_value (child);
        bool has_value = value && *value, is_group = zconfig_child (child) || !has_value;
        bool is_passed = is_group && !has_value &&
                         (is_section (walk->reading->program, entry->path, false) ||
                          (is_top_known (entry->path) && !strchr (entry->path, '/')));
        if (!is_passed && !is_twice && !is_ignored)
            take_setting (walk->reading, walk->reading->file, entry->line, entry->path,
                          has_value ? value : NULL);
        //  what stands in a section nobody knows is not reported line by line
        walk_node (walk, child, entry->path, is_ignored || !is_top_known (entry->path));
    }
}

static char *
load_file (option_input_t *self)
{
    FILE *in = fopen (self->file, "re");
    if (!in) {
        report (self, self->file, 0, "cannot be read", strerror (errno));
        return NULL;
    }
    char *text = mem_new (FILE_MAX + 1);
    size_t size = fread (text, 1, FILE_MAX, in);
    bool is_wrong = ferror (in) || !feof (in) || memchr (text, 0, size);
    (void) fclose (in);
    if (is_wrong) {
        report (self, self->file, 0, "cannot be read", "it is not a text, or larger than 1 MB");
        free (text);
        return NULL;
    }
    return text;
}

static void
read_file (option_input_t *self)
{
    enum { KEYS_MAX = 4096 };
    char *text = load_file (self);
    if (!text)
        return;
    int *lines = mem_new (KEYS_MAX * sizeof *lines);
    int count = scan_lines (self, text, lines, KEYS_MAX);
    zconfig_t *root = count > 0 ? zconfig_str_load (text) : NULL;
    if (root) {
        walk_t walk = {self, lines, count, 0, mem_new ((size_t) count * sizeof (entry_t))};
        walk_node (&walk, root, "", false);
        free (walk.entries);
        zconfig_destroy (&root);
    } else if (count > 0)
        report (self, self->file, 0, "syntax", "not a ZPL file");
    free (lines);
    free (text);
}

static void
read_environment (option_input_t *self)
{
    for (size_t i = 0; i < self->program->rows_count; i++) {
        const option_t *row = &self->program->rows[i];
        char name[OPTION_PATH_MAX + 16] = "LEADLINE_";
        size_t used = strlen (name);
        if (option_is_pattern (row))
            continue;
        for (const char *at = row->path; *at && used < sizeof name - 1; at++)
            name[used++] = (*at == '/' || *at == '-') ? '_' : (char) toupper ((unsigned char) *at);
        name[used] = 0;
        const char *value = getenv (name);
        if (value)
            take_setting (self, name, 0, row->path, value);
    }
}

static void
read_sets (option_input_t *self)
{
    for (int i = 0; i < self->sets_count; i++) {
        char path[OPTION_PATH_MAX];
        const char *equals = strchr (self->sets[i], '=');
        if (!equals || equals == self->sets[i] || (size_t) (equals - self->sets[i]) >= sizeof path) {
            report (self, "--set", 0, self->sets[i], "path=value is needed");
            continue;
        }
        (void) snprintf (path, sizeof path, "%.*s", (int) (equals - self->sets[i]), self->sets[i]);
        take_setting (self, "--set", 0, path, equals + 1);
    }
}

static void
take_presets (const option_program_t *program, void *settings)
{
    for (size_t i = 0; i < program->rows_count; i++) {
        const option_t *row = &program->rows[i];
        if (!option_is_pattern (row) && row->preset)
            CHECK (parse_value (row, row->preset, settings, NULL) == OK);
    }
}

//  The command line

static int
wrong_usage (const option_program_t *program, const char *what, const char *which)
{
    (void) fprintf (stderr, "%s: %s%s\nusage: %s\n%s --help says more\n", program->name, what, which,
                    program->usage, program->name);
    return EXIT_USAGE_WRONG;
}

//  The value of an option that takes one ("-c x", "-cx", "--config x", "--config=x"), or NULL if argv[*at] is
//  not it.
static const char *
option_value (int argc, char **argv, int *at, const char *brief, const char *full)
{
    const char *argument = argv[*at];
    CHECK (argument);
    size_t size = strlen (full);
    if (strcmp (argument, brief) == 0 || strcmp (argument, full) == 0)
        return *at + 1 < argc ? argv[++*at] : "";
    if (strncmp (argument, full, size) == 0 && argument[size] == '=')
        return argument + size + 1;
    if (strncmp (argument, brief, 2) == 0)
        return argument + 2;
    return NULL;
}

//  Returns -1 to go on.
static int
read_arguments (option_input_t *self, int argc, char **argv, const char *positional[], int *count)
{
    const option_program_t *program = self->program;
    bool is_over = false;
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (is_over || argv[i][0] != '-' || argv[i][1] == 0) {
            if (*count == program->positional_max)
                return wrong_usage (program, "too many arguments: ", argv[i]);
            positional[(*count)++] = argv[i];
        } else if (strcmp (argv[i], "--") == 0)
            is_over = true;
        else if (strcmp (argv[i], "--check") == 0)
            self->is_check = true;
        else if (strcmp (argv[i], "--dump") == 0)
            self->is_dump = true;
        else if (strcmp (argv[i], "--list") == 0 && program->list)
            self->is_list = true;
        else if (strcmp (argv[i], "--version") == 0) {
            (void) printf ("%s %s\n", program->name, LEADLINE_ENGINE);
            return EXIT_DONE;
        } else if (strcmp (argv[i], "--help") == 0 || strcmp (argv[i], "-h") == 0) {
            option_help (program, stdout);
            return EXIT_DONE;
        } else if ((value = option_value (argc, argv, &i, "-c", "--config"))) {
            if (!*value)
                return wrong_usage (program, "a file is needed after ", "-c");
            self->file = value;
        } else if ((value = option_value (argc, argv, &i, "-s", "--set"))) {
            if (!*value)
                return wrong_usage (program, "path=value is needed after ", "-s");
            self->sets[self->sets_count++] = value;
        } else if (program->has_commands && *count > 0 && *count < program->positional_max)
            positional[(*count)++] = argv[i];
        else
            return wrong_usage (program, "unknown option: ", argv[i]);
    }
    return -1;
}

static int
read_all (option_input_t *self)
{
    error_text_t error = {""};
    take_presets (self->program, self->settings);
    if (self->file)
        read_file (self);
    read_environment (self);
    read_sets (self);
    if (self->wrong_count == 0 && self->program->check &&
        self->program->check (self->settings, &error) != OK) {
        (void) fprintf (stderr, "%s: %s\n", self->file ? self->file : self->program->name, error.text);
        self->wrong_count++;
    }
    if (self->wrong_count > 0)
        return EXIT_CONFIG_WRONG;
    if (self->is_dump)
        option_dump (self->program->rows, self->program->rows_count, self->settings, stdout);
    return self->is_check || self->is_dump ? EXIT_DONE : -1;
}

int
option_read (const option_program_t *program, int argc, char **argv, void *settings, const char *positional[],
             int *positional_count)
{
    int ignored_count = 0;
    int *count = positional_count ? positional_count : &ignored_count;
    *count = 0;
    CHECK (positional || program->positional_max == 0);
    option_input_t reading = {.program = program, .settings = settings};
    reading.sets = mem_new ((size_t) (argc > 0 ? argc : 1) * sizeof (char *));
    int code = read_arguments (&reading, argc, argv, positional, count);
    if (code < 0 && reading.is_list) {
        program->list (stdout);
        code = EXIT_DONE;
    }
    if (code < 0 && *count < program->positional_min && !reading.is_check && !reading.is_dump)
        code = wrong_usage (program, "an argument is missing", "");
    if (code < 0)
        code = read_all (&reading);
    free (reading.sets);
    return code;
}
