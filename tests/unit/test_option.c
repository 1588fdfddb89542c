//  Reads files as a program would; what it prints is caught.
#include "tests/support/expect.h"
#include "tests/support/temp_folder.h"
#include "common/base/check.h"
#include "common/run/option.h"
#include "common/run/pipeline.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    pipeline_t pipeline;
    char endpoint[64];
    int64_t depth;
    double rate;
    bool is_fast;
    int32_t colour;
} settings_t;

static const char *const colours[] = {"red", "green", NULL};
static const option_t rows[] = {
    PIPELINE_OPTIONS (settings_t, pipeline),
    OPTION (settings_t, endpoint, "ingest/binance/endpoint", OPTION_TEXT, "wss://a", 0, 0, "Where."),
    OPTION (settings_t, endpoint, "ingest/*/endpoint", OPTION_TEXT, "", 0, 0, "Where, of any venue."),
    OPTION (settings_t, depth, "ingest/depth-levels", OPTION_I64, "50", 1, 1000, "How deep."),
    OPTION (settings_t, rate, "ingest/rate", OPTION_F64, "1.5", 0, 10, "How fast."),
    OPTION (settings_t, is_fast, "ingest/is_fast", OPTION_BOOL, "no", 0, 0, "Whether."),
    {.path = "ingest/colour",
     .type = OPTION_WORD,
     .offset = offsetof (settings_t, colour),
     .preset = "red",
     .words = colours,
     .about = "Which."},
};

static int
check_settings (void *argument, error_text_t *error)
{
    settings_t *settings = argument;
    return settings->depth == 13 ? error_set (error, E_CONFIG, "13 brings bad luck") : OK;
}

static option_program_t program = {
    .name = "ingest",
    .usage = "ingest VENUE",
    .about = "Reads a venue.",
    .rows = rows,
    .rows_count = COUNT_OF (rows),
    .positional_min = 1,
    .positional_max = 1,
    .check = check_settings,
};

static char folder[TEMP_FOLDER_MAX], file[128], printed[1 << 16];
static settings_t settings;
static const char *positional[6];
static int positional_count;

//  Runs option_read with these arguments; what goes to stdout and stderr is in printed.
static int
run (const char *arguments[])
{
    char *argv[16] = {(char *) (uintptr_t) "ingest"};
    int argc = 1, saved[2] = {dup (1), dup (2)};
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *) (uintptr_t) arguments[argc - 1];
    char path[128];
    (void) snprintf (path, sizeof path, "%s/printed", folder);
    (void) fflush (NULL);
    int out = open (path, O_CREAT | O_TRUNC | O_RDWR, 0600);
    (void) dup2 (out, 1);
    (void) dup2 (out, 2);
    settings = (settings_t){.depth = -1};
    int code = option_read (&program, argc, argv, &settings, positional, &positional_count);
    (void) fflush (NULL);
    (void) dup2 (saved[0], 1);
    (void) dup2 (saved[1], 2);
    ssize_t size = pread (out, printed, sizeof printed - 1, 0);
    printed[size > 0 ? size : 0] = 0;
    (void) close (out);
    (void) close (saved[0]);
    (void) close (saved[1]);
    return code;
}
#define RUN(...) run ((const char *[]){__VA_ARGS__, NULL})

static void
write_file (const char *text)
{
    (void) snprintf (file, sizeof file, "%s/leadline.conf", folder);
    FILE *out = fopen (file, "w");
    assert_non_null (out);
    (void) fputs (text, out);
    (void) fclose (out);
}

#define PRINTED(text_)                                                                                       \
    do {                                                                                                     \
        if (!strstr (printed, text_))                                                                        \
            fail_msg ("not printed: %s\nbut: %s", text_, printed);                                           \
    } while (0)

static void
test_order (void **state)
{
    (void) state;
    write_file ("#  a comment\n"
                "pipeline\n"
                "    instruments = BTCUSDT ETHUSDT   #  two\n"
                "    shards = 3\n"
                "ingest\n"
                "    binance\n"
                "        endpoint = \"wss://b #c\"\n"
                "    bybit\n"
                "        endpoint = wss://other\n"
                "    depth-levels = 100\n"
                "    rate = 2.5\n"
                "cards\n"
                "    anything = goes\n");
    assert_int_equal (RUN ("binance"), -1);
    assert_int_equal (settings.depth, 50);
    assert_string_equal (settings.endpoint, "wss://a");
    assert_int_equal (settings.colour, 0);
    assert_int_equal (RUN ("-c", file, "binance"), -1);
    assert_string_equal (printed, "");
    assert_int_equal (positional_count, 1);
    assert_string_equal (positional[0], "binance");
    assert_int_equal (settings.depth, 100);
    assert_string_equal (settings.endpoint, "wss://b #c");
    assert_string_equal (settings.pipeline.instruments, "BTCUSDT ETHUSDT");
    assert_int_equal (settings.pipeline.shards, 3);
    (void) setenv ("LEADLINE_INGEST_DEPTH_LEVELS", "200", 1);
    assert_int_equal (RUN ("-c", file, "binance"), -1);
    assert_int_equal (settings.depth, 200);
    assert_int_equal (
        RUN ("-c", file, "binance", "--set", "ingest/depth-levels=300", "-s", "ingest/colour=green"), -1);
    assert_int_equal (settings.depth, 300);
    assert_int_equal (settings.colour, 1);
    (void) setenv ("LEADLINE_INGEST_DEPTH_LEVELS", "many", 1);
    assert_int_equal (RUN ("binance"), 78);
    PRINTED ("LEADLINE_INGEST_DEPTH_LEVELS: ingest/depth-levels: a whole number is needed, not \"many\"");
    (void) unsetenv ("LEADLINE_INGEST_DEPTH_LEVELS");
}

//  All that is wrong, at once, each with its line.
static void
test_errors (void **state)
{
    (void) state;
    write_file ("pipeline\n"
                "    shards = 99\n"
                "    clock = moon\n"
                "    folders = run\n"
                "\n"
                "ingest\n"
                "    depth-levels = 5x\n"
                "    rate = 11\n"
                "    is_fast = maybe\n"
                "    rate = 3\n"
                "    colour\n"
                "    okx\n"
                "        endpoints = x\n"
                "kitchen\n"
                "    sink = 1\n");
    assert_int_equal (RUN ("-c", file, "binance", "-s", "ingest/none=1", "-s", "nonsense"), 78);
    char wanted[256];
    static const char *const texts[] = {
        ":2: pipeline/shards: 99 is outside 1 .. 64",
        ":3: pipeline/clock: \"moon\" is not one of: wall, event",
        ":4: pipeline/folders: unknown key",
        ":7: ingest/depth-levels: a whole number is needed, not \"5x\"",
        ":8: ingest/rate: 11 is outside 0 .. 10",
        ":9: ingest/is_fast: true or false is needed, not \"maybe\"",
        ":10: ingest/rate: given twice, first on line 8",
        ":11: ingest/colour: needs a value",
        ":13: ingest/okx/endpoints: unknown key",
        ":14: kitchen: unknown section",
    };
    for (size_t i = 0; i < COUNT_OF (texts); i++) {
        (void) snprintf (wanted, sizeof wanted, "%s%s", file, texts[i]);
        PRINTED (wanted);
    }
    PRINTED ("--set: ingest/none: unknown key");
    PRINTED ("--set: nonsense: path=value is needed");
}

static void
test_syntax (void **state)
{
    (void) state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"pipeline\n   shards = 2\n", ":2: syntax: indent by 4 spaces"},
        {"pipeline\n\tshards = 2\n", ":2: syntax: indent with spaces"},
        {"pipeline\n        shards = 2\n", ":2: syntax: indented deeper"},
        {"    shards = 2\n", ":1: syntax: indented deeper"},
        {"pipeline\n    shards 2\n", ":2: syntax: \"name = value\""},
        {"pipeline\n    shards =\n", ":2: syntax: a value is needed"},
        {"pipeline\n    folder = \"run\n", ":2: syntax: the quote is not closed"},
        {"pipeline\n    folder = \"run\" x\n", ":2: syntax: something stands after"},
        {"pipeline\n    = 2\n", ":2: syntax: a name is needed"},
        {"pipeline/shards = 2\n", ":1: syntax: \"name = value\""},
    };
    for (size_t i = 0; i < COUNT_OF (cases); i++) {
        write_file (cases[i].text);
        assert_int_equal (RUN ("-c", file, "binance"), 78);
        PRINTED (cases[i].wanted);
    }
    assert_int_equal (RUN ("-c", "/nonexistent/file", "binance"), 78);
    PRINTED ("/nonexistent/file: cannot be read");
    write_file (""); //  nothing in it is nothing wrong
    assert_int_equal (RUN ("-c", file, "binance"), -1);
}

static void
test_usage (void **state)
{
    (void) state;
    assert_int_equal (run ((const char *[]){NULL}), 64);
    assert_int_equal (RUN ("a", "b"), 64);
    assert_int_equal (RUN ("a", "--bogus"), 64);
    PRINTED ("--bogus");
    assert_int_equal (RUN ("a", "-c"), 64);
    assert_int_equal (RUN ("a", "--list"), 64); //  this program has none
    assert_int_equal (RUN ("--version"), 0);
    PRINTED (LEADLINE_ENGINE);
    assert_int_equal (RUN ("--help"), 0);
    PRINTED ("ingest/depth-levels = 50");
    PRINTED ("(1 .. 1000)");
    assert_int_equal (RUN ("--check"), 0);
    assert_int_equal (RUN ("--check", "-s", "ingest/depth-levels=13"), 78);
    PRINTED ("13 brings bad luck");
}

//  What --dump writes, and what the template says, can be read again and mean the same.
static void
test_dump (void **state)
{
    (void) state;
    assert_int_equal (
        RUN ("--dump", "-s", "ingest/depth-levels=77", "-s", "ingest/binance/endpoint=a \"b\" # c"), 0);
    static char dumped[sizeof printed];
    (void) snprintf (dumped, sizeof dumped, "%s", printed);
    write_file (dumped);
    assert_int_equal (RUN ("-c", file, "binance"), -1);
    assert_int_equal (settings.depth, 77);
    assert_string_equal (settings.endpoint, "a \"b\" # c");
    assert_int_equal (RUN ("-c", file, "--dump"), 0);
    assert_string_equal (printed, dumped);
    FILE *out = fopen (file, "w");
    option_write_template (rows, COUNT_OF (rows), out);
    (void) fclose (out);
    assert_int_equal (RUN ("-c", file, "binance"), -1);
    assert_int_equal (settings.depth, 50);
    assert_string_equal (settings.endpoint, "wss://a");
}

static void
test_pipeline (void **state)
{
    (void) state;
    error_text_t error = {""};
    char set[160], endpoint[ENDPOINT_MAX], wanted[ENDPOINT_MAX];
    (void) snprintf (set, sizeof set, "pipeline/folder=%s/a/run", folder);
    assert_int_equal (RUN ("binance", "-s", set), -1);
    assert_int_equal (pipeline_finish (&settings.pipeline, &error), OK);
    assert_int_equal (settings.pipeline.venues_count, 3);
    assert_int_equal (pipeline_venue (&settings.pipeline, "okx"), 2);
    assert_int_equal (pipeline_venue (&settings.pipeline, "ok"), -1);
    assert_int_equal (settings.pipeline.universe.count, 21);
    struct stat found;
    assert_int_equal (stat (settings.pipeline.folder, &found), 0);
    assert_int_equal (found.st_mode & 0777, 0700);
    pipeline_endpoint (&settings.pipeline, "cards-1", "pub", endpoint);
    (void) snprintf (wanted, sizeof wanted, "ipc://%s/a/run/cards-1.pub", folder);
    assert_string_equal (endpoint, wanted);
    static const char *const bad[] = {"pipeline/venues=okx,okx", "pipeline/venues=O",
                                      "pipeline/instruments=btc", "pipeline/topic_prefix=v.1",
                                      "pipeline/venues="};
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        assert_int_equal (RUN ("binance", "-s", set, "-s", bad[i]), -1);
        assert_int_equal (pipeline_finish (&settings.pipeline, &error), E_CONFIG);
    }
    (void) snprintf (set, sizeof set, "pipeline/folder=%s/printed/run", folder); //  "printed" is a file
    assert_int_equal (RUN ("binance", "-s", set), -1);
    assert_int_equal (pipeline_finish (&settings.pipeline, &error), E_IO);
}

static void
test_a_command_has_options_of_its_own (void **state)
{
    (void) state;
    assert_int_equal (RUN ("binance", "--png", "x"), EXIT_USAGE_WRONG);
    PRINTED ("unknown option: --png");
    program.has_commands = true;
    program.positional_max = 4;
    //  Ours are ours wherever they stand; before the command there is nobody to hand an option to.
    assert_int_equal (RUN ("map", "--png", "x", "-s", "ingest/depth-levels=7", "--json"), -1);
    assert_int_equal (positional_count, 4);
    assert_string_equal (positional[1], "--png");
    assert_string_equal (positional[2], "x");
    assert_string_equal (positional[3], "--json");
    assert_int_equal (settings.depth, 7);
    assert_int_equal (RUN ("--png", "map"), EXIT_USAGE_WRONG);
    PRINTED ("unknown option: --png");
    assert_int_equal (RUN ("map", "1", "2", "3", "--json"), EXIT_USAGE_WRONG);
    program.has_commands = false;
    program.positional_max = 1;
}

int
main (void)
{
    temp_folder_new (folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_order),
        cmocka_unit_test (test_errors),
        cmocka_unit_test (test_syntax),
        cmocka_unit_test (test_usage),
        cmocka_unit_test (test_dump),
        cmocka_unit_test (test_pipeline),
        cmocka_unit_test (test_a_command_has_options_of_its_own),
    };
    int code = cmocka_run_group_tests (tests, NULL, NULL);
    temp_folder_remove (folder);
    return code;
}
