//  Every row of adapters[] against its own fixtures (tests/fixtures/<venue>), then the same scenarios for
//  all.

#include "common/base/status.h"
#include "tests/support/expect.h"
#include "tests/support/transcript.h"

#include <dirent.h>

enum { CASES_MAX = 512, FILES_MAX = 64, EXPECTED_MAX = 64 };

//  One line of a fixture file.
typedef struct {
    char *where; //  "binance/frames.jsonl:7 depth"
    char *line;  //  padded
    size_t line_size;
    bool is_frame, is_response;
    request_t request;
    char *text; //  of the frame or the body, padded
    size_t text_size;
    char *error; //  status expected, "OK" when not said
    char *expected[EXPECTED_MAX];
    size_t expected_count;
} case_t;

typedef struct {
    const adapter_t *adapter;
    universe_t universe;
    symbols_t symbols;
    case_t cases[CASES_MAX];
    size_t cases_count;
    transcript_t transcript;
    json_document_t *json;
} suite_t;

static const char *const request_names[] = {"instruments", "book", "open_interest", "bars",  "bars_slow",
                                            "funding",     "oi",   "ratio",         "tiers", NULL};

static char *
text_of (slice_t slice)
{
    char *text = transcript_padded (slice);
    return text;
}

static int
find_request (slice_t name)
{
    for (int i = 0; request_names[i]; i++)
        if (slice_is (name, request_names[i]))
            return i;
    fail_msg ("unknown request '%.*s'", (int) name.size, name.data);
    return -1;
}

//  --- reading fixtures

//  A frame that is not JSON is written as a text: its contents are the frame.
static slice_t
frame_text (json_cursor_t value)
{
    slice_t text = {"", 0};
    assert_int_equal (json_type (value) == JSON_TEXT ? json_text (value, &text) : json_raw (value, &text),
                      OK);
    return text;
}

static void
read_expected (json_cursor_t root, case_t *out)
{
    json_cursor_t list, item;
    slice_t text;
    assert_int_equal (json_find (root, "expect", &list), OK);
    while (json_next (list, &item)) {
        assert_true (out->expected_count < EXPECTED_MAX);
        assert_int_equal (json_text (item, &text), OK);
        out->expected[out->expected_count++] = text_of (text);
    }
}

static void
read_request (suite_t *suite, json_cursor_t root, case_t *out)
{
    slice_t text;
    out->request.instrument = -1;
    if (json_find_text (root, "request", &text) != OK)
        return;
    out->request.kind = (request_kind_t) find_request (text);
    if (json_find_text (root, "instrument", &text) == OK)
        out->request.instrument = universe_find (&suite->universe, text);
    if (json_find_text (root, "path", &text) == OK)
        (void) slice_copy (text, out->request.path, sizeof out->request.path);
}

static void
read_line (suite_t *suite, const char *file, int number, slice_t line)
{
    json_cursor_t root, value;
    slice_t text, name = {"", 0};
    char *padded = transcript_padded (line);
    if (json_open (suite->json, (slice_t){padded, line.size}, &root) != OK)
        fail_msg ("%s:%d: %s", file, number, json_error (suite->json));
    if (json_find_text (root, "universe", &text) == OK) {
        assert_int_equal (universe_parse (&suite->universe, text, NULL), OK);
        free (padded);
        return;
    }
    assert_true (suite->cases_count < CASES_MAX);
    case_t *one = &suite->cases[suite->cases_count++];
    one->line = padded;
    one->line_size = line.size;
    one->where = malloc (1024);
    (void) json_find_text (root, "name", &name);
    (void) snprintf (one->where, 1024, "%.600s:%d %.*s", file, number,
                     (int) (name.size < 300 ? name.size : 300), name.data);
    read_request (suite, root, one);
    if (json_find (root, "frame", &value) == OK)
        one->is_frame = true;
    else if (json_find (root, "body", &value) == OK)
        one->is_response = true;
    if (one->is_frame || one->is_response) {
        text = frame_text (value);
        one->text = text_of (text);
        one->text_size = text.size;
    }
    one->error = json_find_text (root, "error", &text) == OK ? text_of (text) : text_of (slice_of ("OK"));
    read_expected (root, one);
    if (json_finish (suite->json) != OK)
        fail_msg ("%s: %s", one->where, json_error (suite->json));
}

static int
compare_names (const void *a, const void *b)
{
    return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
read_file (suite_t *suite, const char *path)
{
    FILE *file = fopen (path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int number = 0;
    if (!file)
        fail_msg ("cannot read %s", path);
    while ((size = getline (&line, &capacity, file)) > 0) {
        number++;
        if (line[size - 1] == '\n')
            size--;
        if (size > 0 && line[0] != '#')
            read_line (suite, path, number, (slice_t){line, (size_t) size});
    }
    free (line);
    (void) fclose (file);
}

static void
suite_open (suite_t *suite, const adapter_t *adapter)
{
    char folder[256], path[600], *names[FILES_MAX];
    size_t names_count = 0;
    memset (suite, 0, sizeof *suite);
    suite->adapter = adapter;
    suite->symbols.universe = &suite->universe;
    suite->json = json_document_new ();
    transcript_init (&suite->transcript, &suite->symbols);
    (void) snprintf (folder, sizeof folder, "tests/fixtures/%s", adapter->name);
    DIR *dir = opendir (folder);
    if (!dir)
        fail_msg ("the row '%s' has no fixtures: %s", adapter->name, folder);
    for (struct dirent *entry; (entry = readdir (dir));)
        if (strstr (entry->d_name, ".jsonl") && names_count < FILES_MAX)
            names[names_count++] = strdup (entry->d_name);
    (void) closedir (dir);
    qsort (names, names_count, sizeof *names, compare_names);
    for (size_t i = 0; i < names_count; i++) {
        (void) snprintf (path, sizeof path, "%s/%s", folder, names[i]);
        read_file (suite, path);
        free (names[i]);
    }
    assert_true (suite->cases_count > 0);
    assert_true (suite->universe.count > 0);
    symbols_index (&suite->symbols);
}

static void
suite_close (suite_t *suite)
{
    for (size_t i = 0; i < suite->cases_count; i++) {
        case_t *one = &suite->cases[i];
        free (one->where);
        free (one->line);
        free (one->text);
        free (one->error);
        for (size_t e = 0; e < one->expected_count; e++)
            free (one->expected[e]);
    }
    transcript_fini (&suite->transcript);
    json_document_destroy (&suite->json);
}

//  --- running

//  Parse text as the case's frame or answer; the transcript holds what was said.  Nothing is committed.
static int
run_text (suite_t *suite, const case_t *one, const char *text, size_t size, error_text_t *error)
{
    char *padded = transcript_padded ((slice_t){text, size});
    slice_t slice = {padded, size};
    transcript_clear (&suite->transcript);
    error->text[0] = 0;
    int status =
        one->is_frame
            ? suite->adapter->parse (suite->json, slice, &suite->symbols, &suite->transcript.sink, error)
            : suite->adapter->parse_response (suite->json, &one->request, slice, &suite->symbols,
                                              &suite->transcript.sink, error);
    if (status != OK && !error->text[0])
        fail_msg ("%s: %s without a text", one->where, status_name (status));
    free (padded);
    return status;
}

static void
expect_lines (suite_t *suite, const case_t *one)
{
    transcript_t *got = &suite->transcript;
    for (size_t i = 0; i < got->count || i < one->expected_count; i++) {
        const char *actual = i < got->count ? got->lines[i] : "(nothing)";
        const char *expected = i < one->expected_count ? one->expected[i] : "(nothing)";
        if (strcmp (actual, expected) != 0)
            fail_msg ("%s, line %zu\n  expected %s\n  said     %s", one->where, i + 1, expected, actual);
    }
}

static void
on_request (void *self, const request_t *request)
{
    suite_t *suite = self;
    transcript_add (&suite->transcript, "GET %s weight %d for %s", request->path, request->weight,
                    request->instrument < 0 ? "all" : suite->universe.names[request->instrument]);
}

static void
on_text (void *self, slice_t text)
{
    suite_t *suite = self;
    transcript_add (&suite->transcript, "send %.*s", (int) text.size, text.data);
}

static uint32_t
read_channels (json_cursor_t root)
{
    json_cursor_t list, item;
    slice_t name;
    uint32_t bits = 0;
    assert_int_equal (json_find (root, "channels", &list), OK);
    while (json_next (list, &item)) {
        assert_int_equal (json_text (item, &name), OK);
        bits |= transcript_channel (name);
    }
    return bits;
}

//  Lines without a frame: {"subscribe":socket,...}, {"plan":kind,...}, {"status":code,"answer":text,...}
static void
run_question (suite_t *suite, const case_t *one)
{
    json_cursor_t root;
    int64_t first = 0, count = 0, now_ns = 0, socket = 0, code = 0;
    slice_t name;
    transcript_clear (&suite->transcript);
    assert_int_equal (json_open (suite->json, (slice_t){one->line, one->line_size}, &root), OK);
    if (json_find_i64 (root, "subscribe", &socket) == OK) {
        bool is_on = true;
        text_sink_t out = {suite, on_text};
        assert_int_equal (json_find_i64 (root, "first", &first), OK);
        assert_int_equal (json_find_i64 (root, "count", &count), OK);
        (void) json_find_bool (root, "on", &is_on);
        assert_int_equal (suite->adapter->subscribe (&suite->symbols, (int) socket, read_channels (root),
                                                     (int) first, (int) count, is_on, &out),
                          OK);
    } else if (json_find_text (root, "plan", &name) == OK) {
        request_sink_t out = {suite, on_request};
        int instrument = -1;
        request_kind_t kind = (request_kind_t) find_request (name);
        if (json_find_text (root, "instrument", &name) == OK)
            instrument = universe_find (&suite->universe, name);
        (void) json_find_i64 (root, "now_ns", &now_ns);
        int status = suite->adapter->plan (kind, &suite->symbols, instrument, now_ns, &out);
        assert_string_equal (status_name (status), one->error);
    } else {
        assert_int_equal (json_find_i64 (root, "status", &code), OK);
        assert_int_equal (json_find_text (root, "answer", &name), OK);
        transcript_add (&suite->transcript, "wait %ds", suite->adapter->retry_after_s ((int) code, name));
    }
}

static void
run_case (suite_t *suite, const case_t *one)
{
    error_text_t error;
    if (!one->is_frame && !one->is_response) {
        run_question (suite, one);
        expect_lines (suite, one);
        return;
    }
    int status = run_text (suite, one, one->text, one->text_size, &error);
    if (strcmp (status_name (status), one->error) != 0)
        fail_msg ("%s: %s (%s), expected %s", one->where, status_name (status), error.text, one->error);
    if (status == OK) {
        expect_lines (suite, one);
        transcript_commit (&suite->transcript);
    }
}

static void
run_all (suite_t *suite)
{
    for (size_t i = 0; i < suite->cases_count; i++)
        run_case (suite, &suite->cases[i]);
}

//  Walk the rows: all fixtures once, so that the contracts are known, then the scenario for each case with a
//  text.
static void
each_case (void (*scenario) (suite_t *, const case_t *))
{
    assert_non_null (adapters[0]);
    for (const adapter_t *const *adapter = adapters; *adapter; adapter++) {
        suite_t *suite = calloc (1, sizeof *suite);
        size_t ran = 0;
        suite_open (suite, *adapter);
        run_all (suite);
        for (size_t i = 0; i < suite->cases_count && scenario; i++) {
            const case_t *one = &suite->cases[i];
            if ((!one->is_frame && !one->is_response) || strcmp (one->error, "OK") != 0)
                continue;
            scenario (suite, one);
            ran++;
        }
        assert_true (!scenario || ran > 0);
        suite_close (suite);
        free (suite);
    }
}

//  --- fixtures

static void
test_fixtures (void **state)
{
    (void) state;
    each_case (NULL);
}

//  Every kind the row promises is in some frame of its fixtures, and every kind of request in some answer.
static void
test_fixtures_cover_the_row (void **state)
{
    (void) state;
    for (const adapter_t *const *adapter = adapters; *adapter; adapter++) {
        suite_t *suite = calloc (1, sizeof *suite);
        uint32_t seen = 0, answered = 0;
        suite_open (suite, *adapter);
        for (size_t i = 0; i < suite->cases_count; i++) {
            const case_t *one = &suite->cases[i];
            run_case (suite, one);
            if (one->is_response)
                answered |= 1u << one->request.kind;
            for (size_t line = 0; line < one->expected_count && (one->is_frame || one->is_response); line++) {
                slice_t rest = slice_of (one->expected[line]);
                seen |= transcript_channel (slice_cut (&rest, ' '));
            }
        }
        for (uint32_t kind = 0; kind < EVENT_KIND_COUNT; kind++)
            if (((*adapter)->channels & (1u << kind)) && !(seen & (1u << kind)))
                fail_msg ("%s: no fixture shows %s", (*adapter)->name, event_kind_names[kind]);
        uint32_t needed = 1u << REQUEST_INSTRUMENTS | 1u << REQUEST_BACKFILL_BARS |
                          1u << REQUEST_BACKFILL_BARS_SLOW | 1u << REQUEST_BACKFILL_FUNDING |
                          1u << REQUEST_BACKFILL_OI |
                          (uint32_t) (*adapter)->has_rest_snapshot << REQUEST_BOOK |
                          (uint32_t) ((*adapter)->poll_ns[EVENT_OPEN_INTEREST] > 0) << REQUEST_OPEN_INTEREST |
                          (uint32_t) ((*adapter)->poll_ns[EVENT_RATIO] > 0) << REQUEST_RATIO |
                          (uint32_t) ((*adapter)->poll_ns[EVENT_TIERS] > 0) << REQUEST_TIERS;
        for (uint32_t kind = 0; request_names[kind]; kind++)
            if ((needed & (1u << kind)) && !(answered & (1u << kind)))
                fail_msg ("%s: no fixture answers %s", (*adapter)->name, request_names[kind]);
        suite_close (suite);
        free (suite);
    }
}

//  --- scenarios

static void
cut_anywhere (suite_t *suite, const case_t *one)
{
    error_text_t error;
    for (size_t size = 0; size < one->text_size; size++)
        if (run_text (suite, one, one->text, size, &error) == OK)
            fail_msg ("%s cut at %zu of %zu is accepted", one->where, size, one->text_size);
}

static void
duplicate (suite_t *suite, const case_t *one)
{
    error_text_t error;
    for (int round = 0; round < 2; round++) {
        assert_int_equal (run_text (suite, one, one->text, one->text_size, &error), OK);
        if (one->is_frame)
            expect_lines (suite, one);
    }
}

//  The same market under no contract of ours.
static void
unknown_symbol (suite_t *suite, const case_t *one)
{
    error_text_t error;
    static symbols_t empty;
    memset (&empty, 0, sizeof empty);
    empty.universe = &suite->universe;
    symbols_index (&empty);
    char *padded = transcript_padded ((slice_t){one->text, one->text_size});
    transcript_clear (&suite->transcript);
    slice_t text = {padded, one->text_size};
    event_sink_t *sink = &suite->transcript.sink;
    int status = one->is_frame ? suite->adapter->parse (suite->json, text, &empty, sink, &error)
                               : suite->adapter->parse_response (suite->json, &one->request, text, &empty,
                                                                 sink, &error);
    free (padded);
    if (suite->transcript.events_count > 0)
        fail_msg ("%s: %s without a contract", one->where, suite->transcript.lines[0]);
    if (one->is_frame) {
        assert_int_equal (status, OK);
        if (one->expected_count > 0 && suite->transcript.count == 0)
            fail_msg ("%s vanished in silence", one->where);
    }
}

//  Every array of the text, one after the other, without its items.
static void
empty_array (suite_t *suite, const case_t *one)
{
    error_text_t error;
    char *text = malloc (one->text_size + 1);
    for (size_t at = 0; at < one->text_size; at++) {
        if (one->text[at] != '[')
            continue;
        size_t end = at;
        for (int depth = 0; end < one->text_size; end++) {
            depth += (one->text[end] == '[') - (one->text[end] == ']');
            if (depth == 0)
                break;
        }
        memcpy (text, one->text, at + 1);
        memcpy (text + at + 1, one->text + end, one->text_size - end);
        (void) run_text (suite, one, text, one->text_size - (end - at - 1), &error);
    }
    free (text);
}

//  Start and end of the number at or behind *at, quotes left out.  False: no more.
static bool
next_number (const case_t *one, size_t *at, size_t *end)
{
    for (; *at < one->text_size; (*at)++) {
        char before = *at ? one->text[*at - 1] : 'x';
        if (!strchr ("\":,[", before))
            continue;
        size_t stop = *at;
        while (stop < one->text_size && strchr ("-0123456789.", one->text[stop]))
            stop++;
        if (stop == *at || (one->text[stop] != '"' && before == '"') || !strchr ("\",]}", one->text[stop]))
            continue;
        *end = stop;
        return true;
    }
    return false;
}

static size_t
replace (const case_t *one, size_t at, size_t end, const char *with, char *out)
{
    size_t size = strlen (with);
    memcpy (out, one->text, at);
    memcpy (out + at, with, size);
    memcpy (out + at + size, one->text + end, one->text_size - end);
    return one->text_size - (end - at) + size;
}

//  Whatever is said of wrong numbers must still be an event: no infinity, no price of nothing.
static void
expect_sane (suite_t *suite, const case_t *one, const char *with)
{
    for (size_t i = 0; i < suite->transcript.count; i++)
        if (strstr (suite->transcript.lines[i], "inf") || strstr (suite->transcript.lines[i], "nan"))
            fail_msg ("%s with %s says %s", one->where, with, suite->transcript.lines[i]);
}

static void
huge_and_tiny (suite_t *suite, const case_t *one)
{
    static const char *const numbers[] = {"1e400",
                                          "-1e400",
                                          "99999999999999999999999999",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "1e18",
                                          "1e-400",
                                          "0.0000000000000000000000001",
                                          "-1",
                                          "0"};
    error_text_t error;
    char *text = malloc (one->text_size + 64);
    for (size_t at = 0, end = 0; next_number (one, &at, &end); at = end)
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            size_t size = replace (one, at, end, numbers[i], text);
            if (run_text (suite, one, text, size, &error) == OK)
                expect_sane (suite, one, numbers[i]);
        }
    free (text);
}

static void
absent_values (suite_t *suite, const case_t *one)
{
    error_text_t error;
    char *text = malloc (one->text_size + 64);
    for (size_t at = 0, end = 0; next_number (one, &at, &end); at = end) {
        bool is_quoted = at > 0 && one->text[at - 1] == '"';
        size_t size = replace (one, at - is_quoted, end + is_quoted, "null", text);
        if (run_text (suite, one, text, size, &error) == OK)
            expect_sane (suite, one, "null");
        size = replace (one, at - is_quoted, end + is_quoted, "\"\"", text);
        if (run_text (suite, one, text, size, &error) == OK)
            expect_sane (suite, one, "an empty text");
    }
    free (text);
}

//  All numbers the other way: those in quotes without, the others with.
static void
number_as_text (suite_t *suite, const case_t *one)
{
    error_text_t error;
    char *text = malloc (2 * one->text_size + 64);
    size_t size = 0, copied = 0;
    for (size_t at = 0, end = 0; next_number (one, &at, &end); at = end) {
        bool is_quoted = at > 0 && one->text[at - 1] == '"';
        bool is_key = is_quoted && one->text[end + 1] == ':';
        bool is_whole = end - at > 1 && one->text[at] == '0' && one->text[at + 1] != '.'; //  007 is no number
        if (is_key || is_whole)
            continue;
        memcpy (text + size, one->text + copied, at - is_quoted - copied);
        size += at - is_quoted - copied;
        size +=
            (size_t) sprintf (text + size, is_quoted ? "%.*s" : "\"%.*s\"", (int) (end - at), one->text + at);
        copied = end + is_quoted;
    }
    memcpy (text + size, one->text + copied, one->text_size - copied);
    size += one->text_size - copied;
    int status = run_text (suite, one, text, size, &error);
    if (status != OK)
        fail_msg ("%s with numbers turned: %s\n%.*s", one->where, error.text, (int) size, text);
    if (one->is_frame)
        expect_lines (suite, one);
    free (text);
}

static void
bad_utf8 (suite_t *suite, const case_t *one)
{
    error_text_t error;
    char *text = malloc (one->text_size + 2);
    for (size_t at = 0; at < one->text_size; at++) {
        if (one->text[at] != '"')
            continue;
        memcpy (text, one->text, at + 1);
        text[at + 1] = (char) 0xFF;
        memcpy (text + at + 2, one->text + at + 1, one->text_size - at - 1);
        assert_int_equal (run_text (suite, one, text, one->text_size + 1, &error), E_SYNTAX);
    }
    free (text);
}

static void
deep_nesting (suite_t *suite, const case_t *one)
{
    error_text_t error;
    if (one->text[0] != '{')
        return;
    enum { DEPTH = 5000 };
    char *text = malloc (one->text_size + 2 * DEPTH + 16);
    size_t size = (size_t) sprintf (text, "{\"deep\":");
    memset (text + size, '[', DEPTH);
    memset (text + size + DEPTH, ']', DEPTH);
    size += 2 * DEPTH;
    text[size++] = ',';
    memcpy (text + size, one->text + 1, one->text_size - 1);
    assert_int_equal (run_text (suite, one, text, size + one->text_size - 1, &error), E_RANGE);
    free (text);
}

//  A megabyte of something new in front of what is known changes nothing.
static void
megabyte (suite_t *suite, const case_t *one)
{
    error_text_t error;
    if (one->text[0] != '{' || one->text[1] == '}')
        return;
    enum { PAD = 1 << 20 };
    char *text = malloc (one->text_size + PAD + 32);
    size_t size = (size_t) sprintf (text, "{\"pad\":\"");
    memset (text + size, 'x', PAD);
    size += PAD;
    size += (size_t) sprintf (text + size, "\",");
    memcpy (text + size, one->text + 1, one->text_size - 1);
    assert_int_equal (run_text (suite, one, text, size + one->text_size - 1, &error), OK);
    if (one->is_frame)
        expect_lines (suite, one);
    free (text);
}

#define SCENARIO(name)                                                                                       \
    static void test_##name (void **state)                                                                   \
    {                                                                                                        \
        (void) state;                                                                                        \
        each_case (name);                                                                                    \
    }
SCENARIO (cut_anywhere)
SCENARIO (duplicate)
SCENARIO (unknown_symbol)
SCENARIO (empty_array)
SCENARIO (huge_and_tiny)
SCENARIO (absent_values)
SCENARIO (number_as_text)
SCENARIO (bad_utf8)
SCENARIO (deep_nesting)
SCENARIO (megabyte)

//  Adapters keep nothing between frames, so gaps and another order are for those behind them.
static void
test_gap_and_reorder (void **state)
{
    (void) state;
    for (const adapter_t *const *adapter = adapters; *adapter; adapter++) {
        suite_t *suite = calloc (1, sizeof *suite);
        suite_open (suite, *adapter);
        run_all (suite);
        for (size_t step = 1; step <= 3; step++)
            for (size_t i = suite->cases_count; i > 0; i -= i < step ? i : step)
                if (suite->cases[i - 1].is_frame)
                    run_case (suite, &suite->cases[i - 1]);
        suite_close (suite);
        free (suite);
    }
}

//  Frames of a type nobody has heard of: no event, never silence.
static void
test_unknown_type (void **state)
{
    (void) state;
    static const char *const frames[] = {
        "{}",
        "[]",
        "1",
        "null",
        "\"text\"",
        "[[1,2],[3]]",
        "{\"unheard\":{\"of\":[1,2]}}",
        "{\"e\":\"unheard\",\"E\":1}",
        "{\"stream\":\"btcusdt@unheard\",\"data\":{\"e\":\"unheard\",\"E\":1}}",
        "{\"stream\":\"btcusdt@trade\",\"data\":[[1]]}",
        "{\"topic\":\"unheard.BTCUSDT\",\"type\":\"snapshot\",\"data\":[]}",
        "{\"topic\":\"orderbook\",\"data\":1}",
        "{\"arg\":{\"channel\":\"unheard\",\"instId\":\"x\"},\"data\":[{}]}",
        "{\"arg\":[],\"data\":[]}",
        "{\"event\":\"unheard\"}",
        "{\"op\":\"unheard\"}",
        "unheard"};
    for (const adapter_t *const *adapter = adapters; *adapter; adapter++) {
        suite_t *suite = calloc (1, sizeof *suite);
        error_text_t error;
        case_t one = {.is_frame = true, .where = (char *) (uintptr_t) "a frame unheard of"};
        suite_open (suite, *adapter);
        run_all (suite);
        for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
            int status = run_text (suite, &one, frames[i], strlen (frames[i]), &error);
            assert_int_equal (suite->transcript.events_count, 0);
            if (status == OK && suite->transcript.count == 0)
                fail_msg ("%s: %s vanished in silence", (*adapter)->name, frames[i]);
        }
        suite_close (suite);
        free (suite);
    }
}

//  What the row says must make sense, and every bit must be subscribable somewhere or polled.
static void
test_rows (void **state)
{
    (void) state;
    for (const adapter_t *const *at = adapters; *at; at++) {
        const adapter_t *adapter = *at;
        uint32_t carried = 0;
        assert_ptr_equal (adapter_find (adapter->name), adapter);
        assert_in_range (adapter->sockets_count, 1, SOCKETS_MAX);
        for (size_t i = 0; i < adapter->sockets_count; i++) {
            assert_int_equal (carried & adapter->sockets[i].channels, 0);
            assert_true (strncmp (adapter->sockets[i].url, "wss://", 6) == 0);
            carried |= adapter->sockets[i].channels;
        }
        uint32_t polled = 0;
        for (uint32_t kind = 0; kind < EVENT_KIND_COUNT; kind++)
            polled |= (uint32_t) (adapter->poll_ns[kind] > 0) << kind;
        assert_int_equal (adapter->channels, carried | polled);
        assert_true (strncmp (adapter->rest_url, "https://", 8) == 0);
        assert_true (adapter->ping_ns > 0 && adapter->rate_weight > 0 && adapter->rate_window_s > 0);
        assert_true (adapter->subscribe_most > 0 && adapter->subscribe_gap_ms > 0);
        assert_true (adapter->subscribe && adapter->parse && adapter->plan && adapter->parse_response &&
                     adapter->retry_after_s);
        assert_int_equal (adapter->retry_after_s (200, slice_of ("{}")), 0);
    }
    assert_null (adapter_find ("unheard"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rows),
        cmocka_unit_test (test_fixtures),
        cmocka_unit_test (test_unknown_type),
        cmocka_unit_test (test_fixtures_cover_the_row),
        cmocka_unit_test (test_cut_anywhere),
        cmocka_unit_test (test_duplicate),
        cmocka_unit_test (test_unknown_symbol),
        cmocka_unit_test (test_empty_array),
        cmocka_unit_test (test_huge_and_tiny),
        cmocka_unit_test (test_absent_values),
        cmocka_unit_test (test_number_as_text),
        cmocka_unit_test (test_bad_utf8),
        cmocka_unit_test (test_deep_nesting),
        cmocka_unit_test (test_megabyte),
        cmocka_unit_test (test_gap_and_reorder),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
