//  What crashes, full disks, strange frames and hostile files may do to the heatmap: a column, and nothing else.

#include "common/base/logger.h"
#include "common/base/prng.h"
#include "tests/support/expect.h"
#include "tests/support/heatmap_world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void
cut_file (const char *path, off_t bytes)
{
    struct stat status;
    assert_int_equal (stat (path, &status), 0);
    assert_int_equal (truncate (path, status.st_size - bytes), 0);
}

static void
test_a_torn_tail_loses_one_column (void **state)
{
    heatmap_world_t *world = *state;
    char path[256];
    heatmap_world_put (world, 100);
    heatmap_world_find (world, "BTCUSDT.full/*.heat", path, sizeof path);
    heatmap_destroy (&world->heatmap);
    cut_file (path, 100); //  the side is heatmap_world_query, the cells are not
    heatmap_world_open (world);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.columns, 50);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_damaged") == 1);
    picture = heatmap_world_read (world, 0); //  heatmap_world_counted once
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_damaged") == 1);
    double sum = 0; //  the minute before stands for the slot
    for (size_t y = 0; y < picture.rows; y++)
        sum += (double) picture.cells[49 * picture.rows + y];
    assert_true (sum > 0);
    heatmap_world_put (world, 1);
    picture = heatmap_world_read (world, 0);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
    heatmap_world_reopen (world);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_damaged") == 1);
}

static void
test_a_flipped_byte_loses_one_column (void **state)
{
    heatmap_world_t *world = *state;
    char path[256];
    heatmap_world_put (world, 100);
    heatmap_world_find (world, "BTCUSDT.full/*.heat", path, sizeof path);
    heatmap_destroy (&world->heatmap);
    static heatmap_file_t file;
    heatmap_side_t side;
    assert_int_equal (heatmap_file_open (&file, path, HEATMAP_WORLD_DAY, NULL), OK);
    unsigned char byte;
    const off_t at = (off_t) file.places[37].offset + 40;
    assert_int_equal (pread (file.fd, &byte, 1, at), 1);
    byte ^= 4;
    assert_int_equal (pwrite (file.fd, &byte, 1, at), 1);
    int damaged = 0;
    for (int minute = 0; minute < 100; minute++)
        damaged += heatmap_file_get (&file, minute, &side, NULL) != OK;
    assert_int_equal (damaged, 1);
    heatmap_file_close (&file);
    heatmap_world_open (world);
    (void) heatmap_world_read (world, 0);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_damaged") == 1);
}

static void
test_a_file_that_is_none_of_ours_is_set_aside (void **state)
{
    heatmap_world_t *world = *state;
    char path[256];
    heatmap_world_put (world, 1450);
    heatmap_destroy (&world->heatmap);
    heatmap_world_find (world, "BTCUSDT.full/2024-10-05.heat", path, sizeof path);
    int fd = open (path, O_WRONLY | O_TRUNC);
    assert_true (fd >= 0 && write (fd, "these are not columns", 21) == 21);
    (void) close (fd);
    heatmap_world_open (world);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.update_ms, (HEATMAP_WORLD_DAY + 1) * HEATMAP_MINUTES * 60000);
    assert_int_equal (heatmap_world_files (world, "BTCUSDT.full/*.damaged"), 1);
    heatmap_world_put (world, 5);
    picture = heatmap_world_read (world, 0);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
}

//  Whatever stands in a file, reading ends, and what is read can be written as JSON.
static void
test_hostile_files_are_survived (void **state)
{
    heatmap_world_t *world = *state;
    prng_t prng;
    char path[256];
    prng_init (&prng, test_seed (11));
    heatmap_world_put (world, 40);
    heatmap_destroy (&world->heatmap);
    heatmap_world_find (world, "BTCUSDT.full/*.heat", path, sizeof path);
    int fd = open (path, O_RDONLY);
    struct stat status;
    assert_true (fd >= 0 && fstat (fd, &status) == 0);
    const size_t size = (size_t) status.st_size;
    char *good = malloc (size), *bad = malloc (size);
    assert_int_equal (read (fd, good, size), (ssize_t) size);
    (void) close (fd);
    for (int round = 0; round < 300; round++) {
        memcpy (bad, good, size);
        const bool is_index = round % 2 == 0; //  places that point anywhere, or bytes that changed anywhere
        for (int i = 0; i < 40; i++) {
            const size_t from = is_index ? 24 : 0, span = is_index ? 40 * 8 : size;
            bad[from + prng_below (&prng, span)] = (char) prng_next (&prng);
        }
        const size_t kept = round % 3 == 0 ? prng_below (&prng, size) : size;
        (void) unlink (path);
        fd = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        assert_true (fd >= 0 && write (fd, bad, kept) == (ssize_t) kept);
        (void) close (fd);
        heatmap_world_open (world);
        heatmap_query_t query = heatmap_world_query (0);
        heatmap_picture_t picture;
        if (heatmap_read (world->heatmap, &query, &picture) == OK) {
            for (size_t i = 0; i < picture.columns * picture.rows; i++)
                assert_true (picture.cells[i] >= 0 && isfinite (picture.cells[i]));
            assert_true (isfinite (exp ((double) picture.first_row * picture.row_bp / 1e4)));
        }
        heatmap_destroy (&world->heatmap);
    }
    free (good);
    free (bad);
}

static void
test_strange_frames_are_refused (void **state)
{
    heatmap_world_t *world = *state;
    map_frame_t *frame = map_maker_column (&world->maker);
    const map_frame_t good = *frame;
    frame->is_column = false;
    assert_int_equal (heatmap_put (world->heatmap, frame), OK);
    assert_false (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 0));
    *frame = good;
    (void) snprintf (frame->instrument, sizeof frame->instrument, "../../ETC");
    assert_int_equal (heatmap_put (world->heatmap, frame), E_ABSENT);
    *frame = good;
    frame->rows_count = MAP_ROWS_MAX + 1;
    assert_int_equal (heatmap_put (world->heatmap, frame), E_RANGE);
    *frame = good;
    frame->first_row = INT64_C (1) << 40;
    assert_int_equal (heatmap_put (world->heatmap, frame), E_RANGE);
    *frame = good;
    frame->ts_ms = -1;
    assert_int_equal (heatmap_put (world->heatmap, frame), E_RANGE);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_refused") == 4);
    *frame = good;
    assert_int_equal (heatmap_put (world->heatmap, frame), OK);
}

//  A file may not grow beyond the limit: what a full disk does, without filling one.
static void
test_a_full_disk_is_counted_and_passes (void **state)
{
    heatmap_world_t *world = *state;
    char path[256];
    struct stat status;
    struct rlimit before, limit;
    heatmap_world_put (world, 10);
    heatmap_world_find (world, "BTCUSDT.full/*.heat", path, sizeof path);
    assert_int_equal (stat (path, &status), 0);
    assert_int_equal (getrlimit (RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t) status.st_size + 200; //  a part of a column has room
    assert_true (signal (SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal (setrlimit (RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), E_IO);
    assert_int_equal (setrlimit (RLIMIT_FSIZE, &before), 0);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_write_failures") == 3);
    heatmap_world_put (world, 1);
    heatmap_world_reopen (world);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.columns, 7);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_damaged") == 0);
}

static void
test_a_link_is_not_followed (void **state)
{
    heatmap_world_t *world = *state;
    char path[256], link[300];
    heatmap_world_put (world, 10);
    heatmap_world_find (world, "BTCUSDT.full/*.heat", path, sizeof path);
    world->maker.minute = (HEATMAP_WORLD_DAY + 1) * HEATMAP_MINUTES;
    (void) snprintf (link, sizeof link, "%.*s/2024-10-05.heat", (int) (strrchr (path, '/') - path), path);
    assert_int_equal (symlink ("/dev/full", link), 0);
    assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), E_IO);
    assert_int_equal (unlink (link), 0);
    heatmap_world_put (world, 1);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
}

static void
test_a_folder_that_cannot_be_made_is_said (void **state)
{
    heatmap_world_t *world = *state;
    char folder[TEMP_FOLDER_MAX + 16];
    (void) snprintf (folder, sizeof folder, "%s/file", world->folder);
    int fd = open (folder, O_WRONLY | O_CREAT, 0644);
    assert_true (fd >= 0);
    (void) close (fd);
    heatmap_options_t options = {folder, 30, 400, &world->universe};
    error_text_t error = {{0}};
    assert_null (heatmap_new (&options, world->metrics, &error));
    assert_non_null (strstr (error.text, "publisher/heatmap_folder"));
    assert_non_null (strstr (error.text, folder));
}

static void
test_a_folder_belongs_to_one (void **state)
{
    heatmap_world_t *world = *state;
    char folder[TEMP_FOLDER_MAX + 16];
    (void) snprintf (folder, sizeof folder, "%s/a/heatmap", world->folder);
    heatmap_options_t options = {folder, 30, 400, &world->universe};
    error_text_t error = {{0}};
    assert_null (heatmap_new (&options, world->metrics, &error));
    assert_non_null (strstr (error.text, "another publisher"));
    heatmap_destroy (&world->heatmap);
    heatmap_world_open (world);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, heatmap_world_set_up, heatmap_world_tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_a_torn_tail_loses_one_column),
        TEST (test_a_flipped_byte_loses_one_column),
        TEST (test_a_file_that_is_none_of_ours_is_set_aside),
        TEST (test_hostile_files_are_survived),
        TEST (test_strange_frames_are_refused),
        TEST (test_a_full_disk_is_counted_and_passes),
        TEST (test_a_link_is_not_followed),
        TEST (test_a_folder_that_cannot_be_made_is_said),
        TEST (test_a_folder_belongs_to_one),
    };
    logger_open ("test", LOG_LEVEL_ERROR); //  what is damaged on purpose need not be said
    return cmocka_run_group_tests (tests, NULL, NULL);
}
