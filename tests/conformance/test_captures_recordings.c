//  Whole recordings of a feed through the adapters: every message parses, every book chains and, where the
//  venue sends checksums, has the right one after each change.

#include "common/base/check.h"
#include "common/base/status.h"
#include "ingest/full_book.h"
#include "tests/support/captures.h"
#include "tests/support/expect.h"

#include <dirent.h>
#include <zlib.h>

enum { LINE_MAX_BYTES = 1 << 21, BOOKS_MAX = 8 };

typedef struct {
    const char *venue, *file, *contracts; //  all contracts in it, separated by spaces
} recording_t;

typedef struct {
    const recording_t *recording;
    const adapter_t *adapter;
    universe_t universe;
    symbols_t symbols;
    full_book_t *books[BOOKS_MAX];
    int64_t last_seq[BOOKS_MAX];
    bool is_started[BOOKS_MAX];
    size_t messages, events, changes, checksums, snapshots;
    event_sink_t sink;
} play_t;

static void
on_event (void *any, event_kind_t kind, int instrument, const void *record)
{
    play_t *play = any;
    (void) kind;
    (void) record;
    assert_in_range (instrument, 0, play->universe.count - 1);
    play->events++;
}

//  Does the change follow the last one by the venue's rule?
static void
expect_chain (const play_t *play, int instrument, const book_update_t *update)
{
    int64_t last = play->last_seq[instrument];
    if (play->adapter->sequence == SEQUENCE_BINANCE)
        assert_int_equal (update->prev_seq, last);
    else if (play->adapter->sequence == SEQUENCE_BYBIT)
        assert_int_equal (update->first_seq, last + 1);
    else if (update->prev_seq >= 0) //  recordings of 2022 have no sequence yet
        assert_int_equal (update->prev_seq, last);
}

static void
on_book (void *any, int instrument, const book_update_t *update)
{
    play_t *play = any;
    error_text_t error;
    full_book_t *book = play->books[instrument];
    bool is_rest = update->is_snapshot && play->adapter->has_rest_snapshot;
    if (!update->is_snapshot && play->is_started[instrument])
        expect_chain (play, instrument, update);
    assert_int_equal (full_book_apply (book, update, &error), OK);
    if (!is_rest) {
        play->last_seq[instrument] = update->last_seq;
        play->is_started[instrument] = true;
    }
    play->snapshots += update->is_snapshot;
    play->changes += !update->is_snapshot;
    if (update->has_checksum) {
        assert_int_equal (full_book_checksum (book), update->checksum);
        play->checksums++;
    }
    if (!play->adapter->has_rest_snapshot)
        assert_false (full_book_is_crossed (book));
}

static void
on_text (void *self, slice_t text)
{
    (void) self;
    (void) text;
}

static void
on_ignored (void *self, bool is_known, slice_t what)
{
    (void) is_known;
    on_text (self, what);
}

static void
on_acknowledged (void *self, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    (void) channel;
    (void) instrument;
    assert_true (is_accepted);
    on_text (self, text);
}

static void
on_unknown (void *self, slice_t contract)
{
    (void) self;
    fail_msg ("a contract the recording should not have: %.*s", (int) contract.size, contract.data);
}

static void
on_contract (void *self, int instrument, const contract_t *contract)
{
    (void) self;
    (void) instrument;
    (void) contract;
}

static void
play_open (play_t *play, const recording_t *recording)
{
    char names[256] = "";
    slice_t rest = slice_of (recording->contracts);
    memset (play, 0, sizeof *play);
    play->recording = recording;
    play->adapter = adapter_find (recording->venue);
    assert_non_null (play->adapter);
    for (size_t i = 0; rest.size > 0; i++) {
        assert_true (i < BOOKS_MAX);
        (void) snprintf (names + strlen (names), sizeof names - strlen (names), "CONTRACT%zu ", i);
        contract_t *contract = &play->symbols.contracts[i];
        *contract = (contract_t){.is_listed = true, .multiplier = 1, .price_divisor = 1};
        (void) slice_copy (slice_cut (&rest, ' '), contract->contract, sizeof contract->contract);
        play->books[i] = full_book_new ();
    }
    assert_int_equal (universe_parse (&play->universe, slice_of (names), NULL), OK);
    play->symbols.universe = &play->universe;
    symbols_index (&play->symbols);
    play->sink = (event_sink_t){play,    on_event,   on_book,    on_acknowledged,
                                on_text, on_ignored, on_unknown, on_contract};
}

static void
play_line (play_t *play, json_document_t *outer, json_document_t *inner, slice_t line, char *frame)
{
    json_cursor_t root, msg;
    slice_t dir, text;
    error_text_t error = {""};
    assert_int_equal (json_open (outer, line, &root), OK);
    assert_int_equal (json_find_text (root, "dir", &dir), OK);
    if (!slice_is (dir, "in") || json_find (root, "msg", &msg) != OK)
        return;
    assert_int_equal (json_type (msg) == JSON_TEXT ? json_text (msg, &text) : json_raw (msg, &text), OK);
    memcpy (frame, text.data, text.size);
    memset (frame + text.size, 0, JSON_PADDING_BYTES);
    play->messages++;
    if (play->adapter->parse (inner, (slice_t){frame, text.size}, &play->symbols, &play->sink, &error) != OK)
        fail_msg ("%s: %s\n%.*s", play->recording->file, error.text, (int) text.size, text.data);
}

static void
run (const recording_t *recording)
{
    char path[1024];
    play_t *play = calloc (1, sizeof *play);
    char *line = malloc (LINE_MAX_BYTES), *frame = malloc (LINE_MAX_BYTES);
    json_document_t *outer = json_document_new (), *inner = json_document_new ();
    CHECK (play && line && frame);
    if (!captures_folder (recording->venue, path, sizeof path)) {
        print_message ("\n*** SKIPPED: no captures at %s (set LEADLINE_CAPTURES) ***\n\n", path);
        skip ();
    }
    (void) snprintf (path + strlen (path), sizeof path - strlen (path), "/%s", recording->file);
    play_open (play, recording);
    gzFile file = gzopen (path, "rb");
    assert_non_null (file);
    while (gzgets (file, line, LINE_MAX_BYTES - JSON_PADDING_BYTES))
        play_line (play, outer, inner, (slice_t){line, strcspn (line, "\n")}, frame);
    (void) gzclose (file);
    print_message ("%s: %zu messages, %zu events, %zu snapshots, %zu changes, %zu checksums\n",
                   recording->file, play->messages, play->events, play->snapshots, play->changes,
                   play->checksums);
    assert_true (play->messages > 0 && play->changes > 0);
    assert_true (play->adapter->sequence != SEQUENCE_OKX || play->checksums > 0);
    for (size_t i = 0; i < BOOKS_MAX; i++)
        full_book_destroy (&play->books[i]);
    json_document_destroy (&outer);
    json_document_destroy (&inner);
    free (line);
    free (frame);
    free (play);
}

static const recording_t recordings[] = {
    {"binance", "hftbacktest-btcusdt-20240808.raw.jsonl.gz", "BTCUSDT"},
    {"binance", "cryptofeed-20210722.raw.jsonl.gz", "SUSHIUSDT AKROUSDT KEEPUSDT CTKUSDT"},
    {"bybit", "ob500-xrpusdt-20241201-part.raw.jsonl.gz", "XRPUSDT"},
    {"okx", "cryptofeed-20220513.raw.jsonl.gz", "BTC-USDT BTC-USD-220527 UNI-USD-SWAP"},
};

static void
test_binance_2024 (void **state)
{
    (void) state;
    run (&recordings[0]);
}

static void
test_binance_2021 (void **state)
{
    (void) state;
    run (&recordings[1]);
}

static void
test_bybit_2024 (void **state)
{
    (void) state;
    run (&recordings[2]);
}

static void
test_okx_2022 (void **state)
{
    (void) state;
    run (&recordings[3]);
}

//  A recording that is there and not in the table above would be left out unnoticed.
static void
test_no_recording_is_left_out (void **state)
{
    static const char *const venues[] = {"binance", "bybit", "okx"};
    (void) state;
    for (size_t v = 0; v < COUNT_OF (venues); v++) {
        char path[512];
        if (!captures_folder (venues[v], path, sizeof path))
            skip ();
        DIR *folder = opendir (path);
        for (struct dirent *entry; (entry = readdir (folder));) {
            bool is_listed = !strstr (entry->d_name, ".raw.jsonl");
            for (size_t i = 0; i < COUNT_OF (recordings); i++)
                is_listed |= strcmp (recordings[i].venue, venues[v]) == 0 &&
                             strcmp (recordings[i].file, entry->d_name) == 0;
            if (!is_listed)
                fail_msg ("%s/%s is not played", venues[v], entry->d_name);
        }
        (void) closedir (folder);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_binance_2024),
        cmocka_unit_test (test_binance_2021),
        cmocka_unit_test (test_bybit_2024),
        cmocka_unit_test (test_okx_2022),
        cmocka_unit_test (test_no_recording_is_left_out),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
