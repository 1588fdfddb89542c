#include "tests/support/captures.h"

#include "common/base/check.h"
#include "common/base/status.h"
#include "tests/support/captures_record.h"
#include "tests/support/expect.h"
#include "tests/support/transcript.h"

#include <dirent.h>
#include <zlib.h>

enum { EXCEPTIONS_MAX = 256, HELD_MAX = 8, FILES_MAX = 64 };

typedef struct {
    char where[128]; //  "okx/funding.jsonl:1"
    char reason[256];
    bool is_seen;
} exception_t;

typedef struct {
    const captures_t *captures;
    const adapter_t *adapter;
    universe_t universe;
    symbols_t symbols;
    captures_record_t record;
    json_document_t *line, *message; //  of the file, of the adapter
    exception_t exceptions[EXCEPTIONS_MAX];
    size_t exceptions_count;
    char group[128];
    said_t held[HELD_MAX]; //  changes of a book before its snapshot, as the session would hold them
    native_level_t held_levels[HELD_MAX][8];
    size_t held_count;
    bool has_snapshot;
    size_t failures_count;
    captures_result_t result;
} walk_t;

bool
captures_folder (const char *venue, char *path, size_t capacity)
{
    const char *root = getenv ("LEADLINE_CAPTURES");
    (void) snprintf (path, capacity, "%s/%s", root ? root : "../shared/captures", venue);
    DIR *dir = opendir (path);
    if (dir)
        (void) closedir (dir);
    return dir != NULL;
}

//  --- contracts

static char *
read_gzip (const char *path, size_t *size)
{
    gzFile file = gzopen (path, "rb");
    size_t capacity = 1 << 20;
    char *text = malloc (capacity);
    int got;
    *size = 0;
    if (!file || !text)
        fail_msg ("cannot read %s", path);
    while ((got = gzread (file, text + *size, (unsigned) (capacity - *size - JSON_PADDING_BYTES))) > 0) {
        *size += (size_t) got;
        if (capacity - *size < (1 << 16))
            text = mem_grow (text, capacity *= 2);
    }
    (void) gzclose (file);
    return text;
}

static void
open_contracts (walk_t *walk)
{
    const captures_t *captures = walk->captures;
    char path[1024], folder[512], names[4096];
    size_t size = (size_t) snprintf (names, sizeof names, "%s", captures->universe), text_size;
    for (size_t i = 0; i < captures->contracts_count; i++)
        size +=
            (size_t) snprintf (names + size, sizeof names - size, " %s", captures->contracts[i].instrument);
    error_text_t error;
    if (universe_parse (&walk->universe, slice_of (names), &error) != OK)
        fail_msg ("%s", error.text);
    walk->symbols.universe = &walk->universe;
    symbols_index (&walk->symbols);
    assert_true (captures_folder (captures->venue, folder, sizeof folder));
    (void) snprintf (path, sizeof path, "%s/%s", folder, captures->instruments);
    char *text = read_gzip (path, &text_size);
    request_t request = {.kind = REQUEST_INSTRUMENTS, .instrument = -1};
    slice_t body = {text, text_size};
    if (walk->adapter->parse_response (walk->message, &request, body, &walk->symbols, &walk->record.sink,
                                       &error) != OK)
        fail_msg ("%s: %s", path, error.text);
    free (text);
    for (size_t i = 0; i < walk->universe.count; i++)
        if (walk->record.has_contract[i])
            walk->symbols.contracts[i] = walk->record.contracts[i];
    for (size_t i = 0; i < captures->contracts_count; i++) {
        const capture_contract_t *made = &captures->contracts[i];
        contract_t *contract =
            &walk->symbols.contracts[universe_find (&walk->universe, slice_of (made->instrument))];
        *contract = (contract_t){.is_listed = true, .multiplier = made->multiplier, .price_divisor = 1};
        contract->facts.is_inverse = made->is_inverse;
        contract->facts.funding_interval_h = 8;
        (void) slice_copy (slice_of (made->contract), contract->contract, sizeof contract->contract);
    }
    symbols_index (&walk->symbols);
    for (size_t i = 0; i < walk->universe.count; i++)
        if (!walk->symbols.contracts[i].is_listed)
            fail_msg ("%s: %s is not in %s", captures->venue, walk->universe.names[i], captures->instruments);
}

//  --- exceptions

static void
read_exceptions (walk_t *walk)
{
    FILE *file = fopen ("tests/conformance/captures_exceptions.tsv", "r");
    char line[512];
    if (!file)
        fail_msg ("cannot read tests/conformance/captures_exceptions.tsv");
    while (fgets (line, sizeof line, file)) {
        char *tab = strchr (line, '\t');
        size_t venue_size = strlen (walk->captures->venue);
        if (line[0] == '#' || !tab || strncmp (line, walk->captures->venue, venue_size) != 0 ||
            line[venue_size] != '/')
            continue;
        assert_true (walk->exceptions_count < EXCEPTIONS_MAX);
        exception_t *exception = &walk->exceptions[walk->exceptions_count++];
        *tab = 0;
        line[strcspn (line, "\n")] = 0;
        tab[1 + strcspn (tab + 1, "\n")] = 0;
        (void) snprintf (exception->where, sizeof exception->where, "%.100s", line);
        (void) snprintf (exception->reason, sizeof exception->reason, "%.250s", tab + 1);
    }
    (void) fclose (file);
}

static exception_t *
find_exception (walk_t *walk, const char *where)
{
    for (size_t i = 0; i < walk->exceptions_count; i++)
        if (strcmp (walk->exceptions[i].where, where) == 0)
            return &walk->exceptions[i];
    return NULL;
}

//  --- one line

//  The part of book_sync that the sources' tests assume: changes wait for the snapshot, then join it when
//  newer.
static void
hold (walk_t *walk)
{
    captures_record_t *record = &walk->record;
    if (walk->adapter->sequence != SEQUENCE_BINANCE || record->count != 1 ||
        record->said[0].kind != EVENT_BOOK)
        return;
    said_t *said = &record->said[0];
    if (said->is_snapshot) {
        for (size_t i = 0; i < walk->held_count; i++) {
            said_t *held = &walk->held[i];
            if (held->last_seq <= said->last_seq)
                continue;
            memmove (record->levels + said->asks + held->bids_count, record->levels + said->asks,
                     said->asks_count * sizeof *record->levels);
            memcpy (record->levels + said->asks, walk->held_levels[i],
                    held->bids_count * sizeof *record->levels);
            said->bids_count += held->bids_count;
            said->asks += held->bids_count;
            for (size_t a = 0; a < held->asks_count; a++) {
                native_level_t level = walk->held_levels[i][held->bids_count + a];
                size_t at = said->asks;
                while (at < said->asks + said->asks_count &&
                       decimal_compare (record->levels[at].price, level.price) != 0)
                    at++;
                said->asks_count += at == said->asks + said->asks_count;
                record->levels[at] = level;
            }
        }
        walk->has_snapshot = true;
        walk->held_count = 0;
    } else if (!walk->has_snapshot && walk->held_count < HELD_MAX &&
               said->bids_count + said->asks_count <= 8) {
        memcpy (walk->held_levels[walk->held_count], record->levels + said->bids,
                said->bids_count * sizeof *record->levels);
        memcpy (walk->held_levels[walk->held_count] + said->bids_count, record->levels + said->asks,
                said->asks_count * sizeof *record->levels);
        walk->held[walk->held_count++] = *said;
    }
}

static const capture_rest_t *
find_rest (const walk_t *walk, const char *channel)
{
    for (size_t i = 0; i < walk->captures->rest_count; i++)
        if (strstr (channel, walk->captures->rest[i].channel))
            return &walk->captures->rest[i];
    return NULL;
}

//  Feed one message.  Returns its status; false in *is_ours when it is an answer to what we never ask.
static int
feed (walk_t *walk, const char *channel, slice_t msg, int64_t recv_ms, bool is_rest, bool *is_ours)
{
    static char wrapped[1 << 16];
    error_text_t error;
    *is_ours = true;
    if (walk->captures->unwrap && walk->captures->unwrap (channel, msg, wrapped, sizeof wrapped))
        msg = slice_of (wrapped);
    const capture_rest_t *rest = find_rest (walk, channel);
    captures_record_message (&walk->record, recv_ms);
    char *padded = transcript_padded (msg);
    slice_t text = {padded, msg.size};
    int status = OK;
    if (rest) {
        request_t request = {.kind = rest->kind, .instrument = -1};
        if (rest->instrument)
            request.instrument = universe_find (&walk->universe, slice_of (rest->instrument));
        (void) snprintf (request.path, sizeof request.path, "%s", rest->path);
        status = walk->adapter->parse_response (walk->message, &request, text, &walk->symbols,
                                                &walk->record.sink, &error);
    } else if (is_rest) {
        *is_ours = false;
    } else {
        status = walk->adapter->parse (walk->message, text, &walk->symbols, &walk->record.sink, &error);
    }
    if (status != OK)
        captures_record_message (&walk->record, 0); //  nothing of it counts
    free (padded);
    return status;
}

//  A result is stated: is it ours, or is it a listed exception?
static void
judge (walk_t *walk, const char *where, json_cursor_t root, json_cursor_t expect, int status)
{
    char why[256] = "";
    slice_t schema = {"", 0};
    exception_t *exception = find_exception (walk, where);
    (void) json_find_text (root, "expect_schema", &schema);
    walk->result.stated++;
    size_t said = walk->record.count;
    if (!walk->has_snapshot && walk->held_count > 0)
        captures_record_message (&walk->record, 0); //  the session holds it back
    bool is_same = captures_record_is (&walk->record, schema, expect, why, sizeof why);
    if (is_same)
        walk->result.reproduced++;
    if (is_same && status != OK) { //  nothing was stated, and nothing was said of what could not be read
        walk->result.reproduced_by_refusal++;
        print_message ("  %s: nothing is stated, and the message is refused\n", where);
    }
    if (exception)
        exception->is_seen = true;
    if (is_same == (exception != NULL)) {
        walk->failures_count++;
        print_error ("%s: %s (%s, %zu said)\n", where,
                     is_same ? "reproduced, but listed as an exception" : why, status_name (status), said);
    } else if (!is_same) {
        walk->result.excepted++;
        print_message ("  exception %s: %s\n    %s\n", where, why, exception->reason);
    }
}

static void
run_line (walk_t *walk, const char *file, int number, slice_t line)
{
    char where[128], channel[256] = "", group[128] = "", api[64] = "";
    json_cursor_t root, msg, expect;
    slice_t text;
    int64_t recv_ms = 0;
    char *padded = transcript_padded (line);
    (void) snprintf (where, sizeof where, "%s/%.80s:%d", walk->captures->venue, file, number);
    if (json_open (walk->line, (slice_t){padded, line.size}, &root) != OK)
        fail_msg ("%s: %s", where, json_error (walk->line));
    if (json_find_text (root, "channel", &text) == OK)
        (void) slice_copy (text, channel, sizeof channel);
    if (json_find_text (root, "group", &text) == OK)
        (void) slice_copy (text, group, sizeof group);
    if (json_find_text (root, "api", &text) == OK)
        (void) slice_copy (text, api, sizeof api);
    if (strcmp (group, walk->group) != 0) {
        memcpy (walk->group, group, sizeof group);
        captures_record_group (&walk->record);
        walk->held_count = 0;
        walk->has_snapshot = strstr (group, "-B-") == NULL; //  only sequences of a book wait for a snapshot
    }
    bool is_served = !strstr (api, "legacy"), is_ours = true;
    assert_int_equal (json_find (root, "msg", &msg), OK);
    assert_int_equal (json_type (msg) == JSON_TEXT ? json_text (msg, &text) : json_raw (msg, &text), OK);
    walk->result.lines++;
    (void) json_find_i64 (root, "recv_ts", &recv_ms);
    int status = feed (walk, channel, text, recv_ms, strncmp (file, "rest_", 5) == 0, &is_ours);
    hold (walk);
    walk->result.refused += status != OK;
    walk->result.skipped += !is_ours || !is_served;
    if (is_served && json_find (root, "expect", &expect) == OK)
        judge (walk, where, root, expect, status);
    free (padded);
}

static void
run_file (walk_t *walk, const char *folder, const char *name)
{
    char path[1024], *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    int number = 0;
    (void) snprintf (path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen (path, "r");
    if (!file)
        fail_msg ("cannot read %s", path);
    while ((size = getline (&line, &capacity, file)) > 0) {
        number++;
        run_line (walk, name, number, (slice_t){line, (size_t) size});
    }
    free (line);
    (void) fclose (file);
}

captures_result_t
captures_run (const captures_t *captures)
{
    walk_t *walk = calloc (1, sizeof *walk);
    char folder[512], *names[FILES_MAX];
    size_t count = 0;
    CHECK (walk);
    walk->captures = captures;
    walk->adapter = adapter_find (captures->venue);
    assert_non_null (walk->adapter);
    walk->line = json_document_new ();
    walk->message = json_document_new ();
    captures_record_init (&walk->record, &walk->symbols);
    open_contracts (walk);
    read_exceptions (walk);
    assert_true (captures_folder (captures->venue, folder, sizeof folder));
    DIR *dir = opendir (folder);
    for (struct dirent *entry; (entry = readdir (dir)) && count < FILES_MAX;)
        if (strstr (entry->d_name, ".jsonl") && !strstr (entry->d_name, ".raw."))
            names[count++] = mem_text (entry->d_name);
    (void) closedir (dir);
    for (size_t i = 0; i < count; i++) {
        run_file (walk, folder, names[i]);
        free (names[i]);
    }
    walk->result.events = walk->record.events;
    walk->result.ignored = walk->record.ignored;
    for (size_t i = 0; i < walk->exceptions_count; i++)
        if (!walk->exceptions[i].is_seen)
            fail_msg ("%s is listed as an exception, but there is no such line", walk->exceptions[i].where);
    captures_result_t result = walk->result;
    size_t failures_count = walk->failures_count;
    json_document_destroy (&walk->line);
    json_document_destroy (&walk->message);
    free (walk);
    assert_int_equal (failures_count, 0);
    return result;
}
