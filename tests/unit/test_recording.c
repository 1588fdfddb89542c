#include "ingest/simulator/recording.h"

#include <unistd.h>
#include <zlib.h>

#include "tests/support/expect.h"

static char path[64];

static recording_t *
recording_of (const char *text, bool is_packed)
{
    (void) snprintf (path, sizeof path, "/tmp/leadline-recording-%d.raw.jsonl%s", (int) getpid (),
                     is_packed ? ".gz" : "");
    gzFile file = gzopen (path, is_packed ? "wb" : "wbT"); //  T: plain
    assert_non_null (file);
    assert_int_equal (gzwrite (file, text, (unsigned) strlen (text)), (int) strlen (text));
    assert_int_equal (gzclose (file), Z_OK);
    error_text_t error = {0};
    recording_t *self = recording_open (path, &error);
    assert_non_null (self);
    return self;
}

static void
close_it (recording_t *self)
{
    recording_close (&self);
    assert_null (self);
    (void) unlink (path);
}

static const char lines[] =
    "{\"recv_ts\":1626992740179.554,\"dir\":\"open\",\"url\":\"wss://host/stream\",\"msg\":null}\n"
    "{\"recv_ts\":1626992741000,\"dir\":\"out\",\"msg\":{\"method\":\"SUBSCRIBE\"}}\n"
    "\n"
    "{\"recv_ts\":1626992741062.17,\"dir\":\"in\",\"msg\":{\"stream\":\"a@b\",\"data\":{\"msg\":1,\"dir\":"
    "\"out\"}}}\n"
    "{\"recv_ts\":1626992741301.402,\"dir\":\"http\",\"url\":\"https://host/"
    "depth?symbol=A\",\"msg\":{\"bids\":[]}}\n"
    "{\"recv_ts\":1626992741302,\"dir\":\"in\",\"msg\":\"{\\\"quoted\\\":\\\"text\\\"}\"}";

static void
check_lines (recording_t *self)
{
    recording_entry_t entry;
    error_text_t error = {0};
    assert_int_equal (recording_next (self, &entry, &error), OK);
    assert_int_equal (entry.kind, RECORDING_OPEN);
    assert_true (slice_is (entry.url, "wss://host/stream"));
    assert_int_equal (entry.recv_ns / 1000000, 1626992740179);
    assert_int_equal (recording_next (self, &entry, &error), OK);
    assert_int_equal (entry.kind, RECORDING_OUT);
    assert_int_equal (entry.url.size, 0);
    assert_int_equal (recording_next (self, &entry, &error), OK);
    assert_int_equal (entry.kind, RECORDING_IN);
    assert_true (slice_is (entry.message, "{\"stream\":\"a@b\",\"data\":{\"msg\":1,\"dir\":\"out\"}}"));
    assert_int_equal (recording_next (self, &entry, &error), OK);
    assert_int_equal (entry.kind, RECORDING_HTTP);
    assert_true (slice_is (entry.url, "https://host/depth?symbol=A"));
    assert_true (slice_is (entry.message, "{\"bids\":[]}"));
    assert_int_equal (recording_next (self, &entry, &error), OK);
    assert_true (slice_is (entry.message, "{\"quoted\":\"text\"}"));
    assert_int_equal (recording_next (self, &entry, &error), E_CLOSED);
    assert_int_equal (recording_next (self, &entry, &error), E_CLOSED);
}

static void
test_lines_come_in_order_packed_or_plain_and_again_after_rewind (void **state)
{
    (void) state;
    for (int is_packed = 0; is_packed < 2; is_packed++) {
        recording_t *self = recording_of (lines, is_packed);
        check_lines (self);
        assert_int_equal (recording_rewind (self), OK);
        check_lines (self);
        close_it (self);
    }
}

static void
test_a_line_longer_than_the_buffer_is_whole (void **state)
{
    (void) state;
    const size_t size = 300000;
    char *text = malloc (size + 128);
    assert_non_null (text);
    int length = snprintf (text, 128, "{\"recv_ts\":1,\"dir\":\"in\",\"msg\":\"");
    memset (text + length, 'x', size);
    (void) snprintf (text + (size_t) length + size, 16, "\"}\n");
    recording_t *self = recording_of (text, true);
    recording_entry_t entry;
    error_text_t error = {0};
    assert_int_equal (recording_next (self, &entry, &error), OK);
    assert_int_equal (entry.message.size, size);
    assert_int_equal (recording_next (self, &entry, &error), E_CLOSED);
    close_it (self);
    free (text);
}

static void
test_broken_lines_are_told_with_their_number (void **state)
{
    (void) state;
    static const char *const broken[] = {"not json",
                                         "{\"recv_ts\":1,\"dir\":\"in\"}",
                                         "{\"dir\":\"in\",\"msg\":{}}",
                                         "{\"recv_ts\":1,\"msg\":{}}",
                                         "{\"recv_ts\":1,\"dir\":\"sideways\",\"msg\":{}}",
                                         "{\"recv_ts\":1,\"dir\":\"in\",\"msg\":{\"cut",
                                         "{\"recv_ts\":1,\"dir\":\"in\",\"msg\":\"open}"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char text[256];
        (void) snprintf (text, sizeof text, "{\"recv_ts\":1,\"dir\":\"in\",\"msg\":{}}\n%s\n", broken[i]);
        recording_t *self = recording_of (text, true);
        recording_entry_t entry;
        error_text_t error = {0};
        assert_int_equal (recording_next (self, &entry, &error), OK);
        if (recording_next (self, &entry, &error) != E_SYNTAX)
            fail_msg ("accepted: %s", broken[i]);
        assert_non_null (strstr (error.text, "line 2"));
        close_it (self);
    }
}

static void
test_a_file_that_was_cut_short_is_an_error_not_an_end (void **state)
{
    (void) state;
    recording_t *self = recording_of (lines, true);
    recording_close (&self);
    assert_int_equal (truncate (path, 150), 0);
    error_text_t error = {0};
    self = recording_open (path, &error);
    assert_non_null (self);
    recording_entry_t entry;
    int status;
    while ((status = recording_next (self, &entry, &error)) == OK)
        ;
    assert_true (status == E_IO || status == E_SYNTAX);
    close_it (self);
}

static void
test_a_file_that_is_not_there_is_told (void **state)
{
    (void) state;
    error_text_t error = {0};
    assert_null (recording_open ("/nonexistent/recording.gz", &error));
    assert_non_null (strstr (error.text, "/nonexistent/recording.gz"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_lines_come_in_order_packed_or_plain_and_again_after_rewind),
        cmocka_unit_test (test_a_line_longer_than_the_buffer_is_whole),
        cmocka_unit_test (test_broken_lines_are_told_with_their_number),
        cmocka_unit_test (test_a_file_that_was_cut_short_is_an_error_not_an_end),
        cmocka_unit_test (test_a_file_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
