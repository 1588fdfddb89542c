//  The heatmap: what is put comes back, within half a percent, nothing in the wrong place; and what crashes,
//  full disks, old age and hostile files may do to it.

#include "common/base/logger.h"
#include "publisher/heatmap.h"
#include "publisher/heatmap_file.h"
#include "tests/support/expect.h"
#include "tests/support/map_maker.h"
#include "tests/support/temp_folder.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY0 INT64_C (20000) //  2024-10-04
enum { ALL_GROUPS = 31 };

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    universe_t universe;
    metrics_t *metrics;
    heatmap_t *heatmap;
    map_maker_t maker;
    int64_t minute_days, days;
} world_t;

static void
open_heatmap (world_t *world)
{
    char folder[TEMP_FOLDER_MAX + 16];
    (void) snprintf (folder, sizeof folder, "%s/a/heatmap", world->folder);
    heatmap_options_t options = {folder, world->minute_days, world->days, &world->universe};
    error_text_t error = {{0}};
    world->heatmap = heatmap_new (&options, world->metrics, &error);
    if (!world->heatmap)
        print_error ("%s\n", error.text);
    assert_non_null (world->heatmap);
}

static void
reopen (world_t *world)
{
    heatmap_destroy (&world->heatmap);
    open_heatmap (world);
}

static int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    temp_folder_new (world->folder);
    assert_int_equal (universe_parse (&world->universe, slice_of ("BTCUSDT ETHUSDT"), NULL), OK);
    world->metrics = metrics_new ();
    world->minute_days = 30;
    world->days = 400;
    open_heatmap (world);
    map_maker_init (&world->maker, test_seed (7), "BTCUSDT", DAY0 * HEATMAP_MINUTES - 1);
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    heatmap_destroy (&world->heatmap);
    metrics_destroy (&world->metrics);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

static double
counted (world_t *world, const char *name)
{
    return metrics_counter (world->metrics, name, "", "")->value;
}

static void
put_minutes (world_t *world, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), OK);
}

static heatmap_query_t
whole (size_t range)
{
    return (heatmap_query_t){.instrument = "BTCUSDT",
                             .model = MAP_MODEL_FULL,
                             .range = range,
                             .groups = ALL_GROUPS,
                             .rows_max = HEATMAP_ROWS_MAX};
}

static heatmap_picture_t
read_range (world_t *world, size_t range)
{
    heatmap_query_t query = whole (range);
    heatmap_picture_t picture;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    return picture;
}

//  The only file that matches, of the world's folder.
static void
find_file (const world_t *world, const char *pattern, char *out, size_t size)
{
    char text[256];
    glob_t found;
    (void) snprintf (text, sizeof text, "%s/a/heatmap/%s", world->folder, pattern);
    assert_int_equal (glob (text, 0, NULL, &found), 0);
    assert_int_equal (found.gl_pathc, 1);
    (void) snprintf (out, size, "%s", found.gl_pathv[0]);
    globfree (&found);
}

static size_t
count_files (const world_t *world, const char *pattern)
{
    char text[256];
    glob_t found;
    (void) snprintf (text, sizeof text, "%s/a/heatmap/%s", world->folder, pattern);
    size_t count = glob (text, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree (&found);
    return count;
}

//  --- what is put comes back

static void
test_codes_keep_amounts_within_half_a_percent (void **state)
{
    (void) state;
    const float *usd = heatmap_column_usd ();
    assert_true (usd[0] == 0);
    assert_int_equal (heatmap_column_code (0), 0);
    assert_int_equal (heatmap_column_code (NAN), 0);
    assert_int_equal (heatmap_column_code (-5), 0);
    assert_int_equal (heatmap_column_code (1e300), HEATMAP_CODES - 1);
    for (double amount = 0.011; amount < 1e15; amount *= 1.00317)
        expect_close ((double) usd[heatmap_column_code (amount)] / amount, 1, 0.00501);
}

//  The last column of the picture against the frame it was made of, for given venues and groups.
static void
expect_last_column (const world_t *world, const heatmap_picture_t *picture, int venue, uint32_t groups)
{
    const int64_t merge = picture->row_bp / MAP_STEP_BP;
    const float *column = picture->cells + (picture->columns - 1) * picture->rows;
    double sum = 0, expected_sum = 0;
    for (size_t y = 0; y < picture->rows; y++) {
        double expected = 0;
        for (int64_t k = 0; k < merge; k++)
            expected +=
                map_maker_usd (&world->maker, venue, groups, (picture->first_row + (int64_t) y) * merge + k);
        if (expected == 0)
            assert_true (column[y] == 0);
        else
            expect_close ((double) column[y] / expected, 1, 0.006);
        sum += (double) column[y];
        expected_sum += expected;
    }
    assert_true (expected_sum > 0);
    expect_close (sum / expected_sum, 1, 0.006);
}

static void
test_a_column_comes_back_cell_by_cell (void **state)
{
    world_t *world = *state;
    put_minutes (world, 200);
    heatmap_picture_t picture = read_range (world, 0);
    assert_int_equal (picture.columns, 100);
    assert_int_equal (picture.row_bp, MAP_STEP_BP);
    assert_true (picture.is_sim);
    assert_int_equal (picture.update_ms, world->maker.frame.ts_ms);
    assert_int_equal (picture.groups_count, MAP_GROUPS);
    expect_close ((double) picture.leverage[1][0], 10, 1e-6);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
}

static void
test_filters_choose_venues_and_groups (void **state)
{
    world_t *world = *state;
    put_minutes (world, 60);
    static const char *const bybit[] = {"bybit"}, *const nobody[] = {"bybit", "kraken"};
    heatmap_query_t query = whole (0);
    heatmap_picture_t picture;
    query.venues = bybit;
    query.venues_count = 1;
    query.groups = 1 << 1 | 1 << 3;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    assert_int_equal (picture.names_count, 3);
    expect_last_column (world, &picture, 1, query.groups);
    for (size_t i = 0; i < picture.marks_count; i++)
        assert_string_equal (picture.names[picture.marks[i].print.name], "bybit");
    query.venues = nobody;
    query.venues_count = 2;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), E_SYNTAX);
}

static void
test_rows_are_summed_to_as_many_as_wanted (void **state)
{
    world_t *world = *state;
    put_minutes (world, 60);
    for (int rows = HEATMAP_ROWS_MIN; rows <= HEATMAP_ROWS_MAX; rows += 83) {
        heatmap_query_t query = whole (0);
        heatmap_picture_t picture;
        query.rows_max = rows;
        assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
        assert_true (picture.rows > 0 && (int) picture.rows <= rows);
        expect_last_column (world, &picture, -1, ALL_GROUPS);
    }
}

static void
test_rows_span_the_candles_and_a_margin (void **state)
{
    world_t *world = *state;
    put_minutes (world, 300);
    heatmap_picture_t picture = read_range (world, 0);
    double low = NAN, high = NAN;
    for (size_t x = 0; x < picture.columns; x++) {
        low = fmin (low, picture.candles[x].low_px);
        high = fmax (high, picture.candles[x].high_px);
    }
    const double step = picture.row_bp / 1e4, bottom = exp ((double) picture.first_row * step),
                 top = exp ((double) (picture.first_row + (int64_t) picture.rows) * step);
    expect_close (bottom / (low * 0.85), 1, 0.0021);
    expect_close (top / (high * 1.15), 1, 0.0031);
}

//  A band ends where the mark was: what is 0 in the frame that stands last in a slot is 0 in the picture.
static void
test_a_swept_cell_stays_empty_from_then_on (void **state)
{
    world_t *world = *state;
    put_minutes (world, 240);
    heatmap_picture_t before = read_range (world, 0);
    const size_t columns = before.columns;
    const int64_t first_row = before.first_row;
    float *cells = malloc (before.columns * before.rows * sizeof *cells);
    memcpy (cells, before.cells, before.columns * before.rows * sizeof *cells);
    //  Everything above the mark is swept and nothing new is laid down.
    map_frame_t *frame = map_maker_column (&world->maker);
    for (int v = 0; v <= MAP_MAKER_VENUES; v++)
        for (int g = 0; g < MAP_GROUPS; g++)
            world->maker.groups[v][g].short_count = 0;
    assert_int_equal (heatmap_put (world->heatmap, frame), OK);
    heatmap_picture_t after = read_range (world, 0);
    assert_int_equal (after.columns, columns + 1);
    const int64_t mark_row = (int64_t) floor (log (frame->mark_px) / (MAP_STEP_BP / 1e4));
    bool was_there = false;
    for (size_t y = 0; y < after.rows; y++)
        if (after.first_row + (int64_t) y >= mark_row)
            assert_true (after.cells[columns * after.rows + y] == 0);
    for (size_t x = 0; x < columns; x++) //  and history has not changed
        for (size_t y = 0; y < before.rows; y++) {
            const int64_t at = first_row + (int64_t) y - after.first_row;
            was_there |= cells[x * before.rows + y] > 0;
            if (at >= 0 && at < (int64_t) after.rows)
                assert_true (after.cells[x * after.rows + (size_t) at] == cells[x * before.rows + y]);
        }
    assert_true (was_there);
    free (cells);
}

static void
test_candles_and_prints_are_those_of_all_minutes (void **state)
{
    world_t *world = *state;
    double open = NAN, high = NAN, low = NAN, close = NAN, volume = 0, usd = 0;
    int64_t prints = 0;
    put_minutes (world, 120); //  24 h have columns of 5 minutes
    for (int i = 0; i < 5; i++) {
        const map_frame_t *frame = map_maker_column (&world->maker);
        assert_int_equal (heatmap_put (world->heatmap, frame), OK);
        open = i == 0 ? frame->open_px : open;
        high = fmax (high, frame->high_px);
        low = fmin (low, frame->low_px);
        close = frame->close_px;
        volume += frame->volume_usd;
        for (size_t k = 0; k < frame->prints_count; k++) {
            usd += frame->prints[k].usd;
            prints += frame->prints[k].count;
        }
    }
    heatmap_picture_t picture = read_range (world, 1);
    assert_int_equal (picture.columns, 25);
    const heatmap_candle_t *candle = &picture.candles[24];
    assert_int_equal (candle->ts_ms, (DAY0 * HEATMAP_MINUTES + 120) * 60000);
    assert_true (candle->open_px == open && candle->high_px == high && candle->low_px == low &&
                 candle->close_px == close);
    expect_close (candle->volume_usd, volume, 1e-12);
    assert_true (prints > 0);
    for (size_t i = 0; i < picture.marks_count; i++)
        if (picture.marks[i].x == 24) {
            const heatmap_print_t *print = &picture.marks[i].print;
            usd -= print->usd;
            prints -= print->count;
            assert_int_equal (print->coverage, strcmp (picture.names[print->name], "binance") == 0
                                                   ? COVERAGE_SAMPLED
                                                   : COVERAGE_COMPLETE);
        }
    assert_int_equal (prints, 0);
    expect_close (usd / 1e6, 0, 1e-9);
}

static void
test_a_minute_put_again_is_replaced (void **state)
{
    world_t *world = *state;
    put_minutes (world, 30);
    world->maker.minute--;
    map_frame_t *frame = map_maker_column (&world->maker);
    frame->ts_ms += 1700; //  the evaluation that closes it may come late
    assert_int_equal (heatmap_put (world->heatmap, frame), OK);
    heatmap_picture_t picture = read_range (world, 0);
    assert_int_equal (picture.columns, 15);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
}

static void
test_the_ladder_is_kept_beside (void **state)
{
    world_t *world = *state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), OK);
        map_frame_t *ladder = map_maker_ladder (&world->maker);
        ladder->open_px = ladder->high_px = ladder->low_px = ladder->close_px = ladder->volume_usd = NAN;
        assert_int_equal (heatmap_put (world->heatmap, ladder), OK);
    }
    heatmap_query_t query = whole (0);
    heatmap_picture_t picture;
    query.model = MAP_MODEL_LADDER;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
    assert_true (picture.candles[0].close_px > 0); //  the full model's
    query.model = MAP_MODEL_FULL;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    assert_int_equal (picture.names_count, 3);
}

static void
test_max_and_quantile_are_those_of_the_cells (void **state)
{
    world_t *world = *state;
    put_minutes (world, 400);
    heatmap_picture_t picture = read_range (world, 0);
    double max = 0;
    size_t count = 0, below = 0, same = 0;
    for (size_t i = 0; i < picture.columns * picture.rows; i++) {
        max = fmax (max, (double) picture.cells[i]);
        count += picture.cells[i] > 0;
        below += picture.cells[i] > 0 && (double) picture.cells[i] < picture.p997_usd;
        same += (double) picture.cells[i] == picture.p997_usd;
    }
    assert_true (picture.max_usd == max && count > 1000);
    const size_t k = (size_t) (0.997 * (double) (count - 1));
    assert_true (below <= k && k < below + same);
}

//  --- ranges

static void
test_ranges_are_held_as_far_as_data_reaches (void **state)
{
    world_t *world = *state;
    assert_false (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 0));
    heatmap_query_t query = whole (0);
    heatmap_picture_t picture;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), E_ABSENT);
    put_minutes (world, 1);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 0));
    put_minutes (world, 12 * 60 - 1);
    assert_false (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 1)); //  12 h show all of it
    put_minutes (world, 10);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 1));
    assert_false (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 2));
    assert_false (heatmap_holds (world->heatmap, "ETHUSDT", MAP_MODEL_FULL, 0));
    assert_false (heatmap_holds (world->heatmap, "DOGEUSDT", MAP_MODEL_FULL, 0));
    for (size_t i = 0; i < HEATMAP_RANGES; i++)
        assert_true (heatmap_ranges[i].span_s / heatmap_ranges[i].column_s <= 400);
    assert_int_equal (heatmap_ranges[1].span_s / heatmap_ranges[1].column_s, 288);
}

static void
test_a_range_shows_no_more_than_its_time (void **state)
{
    world_t *world = *state;
    put_minutes (world, 13 * 60 + 1);
    heatmap_picture_t picture = read_range (world, 0);
    assert_int_equal (picture.columns, 360);
    picture = read_range (world, 1);
    assert_int_equal (picture.columns, 157);
    world->maker.minute += 300; //  five hours without a column
    put_minutes (world, 1);
    picture = read_range (world, 0);
    assert_int_equal (picture.columns, 360);
    for (size_t x = 360 - 150; x < 359; x++)
        assert_true (isnan (picture.candles[x].close_px) && picture.cells[x * picture.rows + 100] == 0);
}

//  --- restart, age

static void
test_a_restart_finds_everything (void **state)
{
    world_t *world = *state;
    put_minutes (world, 1500); //  into a second day
    heatmap_picture_t before = read_range (world, 2);
    const size_t count = before.columns * before.rows;
    float *cells = malloc (count * sizeof *cells);
    memcpy (cells, before.cells, count * sizeof *cells);
    reopen (world);
    heatmap_picture_t after = read_range (world, 2);
    assert_int_equal (after.columns, before.columns);
    assert_int_equal (after.rows, before.rows);
    assert_memory_equal (after.cells, cells, count * sizeof *cells);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 2));
    put_minutes (world, 1);
    after = read_range (world, 2);
    expect_last_column (world, &after, -1, ALL_GROUPS);
    assert_true (counted (world, "publisher_heatmap_columns_damaged") == 0);
    free (cells);
}

static void
test_old_days_are_thinned_with_their_candles (void **state)
{
    world_t *world = *state;
    world->minute_days = 2;
    reopen (world);
    double high = 0, volume = 0;
    for (int i = 0; i < HEATMAP_MINUTES; i++) {
        const map_frame_t *frame = map_maker_column (&world->maker);
        high = fmax (high, frame->high_px);
        volume += frame->volume_usd;
        assert_int_equal (heatmap_put (world->heatmap, frame), OK);
    }
    char path[256];
    struct stat whole_day, thin_day;
    find_file (world, "BTCUSDT.full/*.heat", path, sizeof path);
    assert_int_equal (stat (path, &whole_day), 0);
    put_minutes (world, HEATMAP_MINUTES);
    assert_true (counted (world, "publisher_heatmap_days_thinned") == 0);
    put_minutes (world, 1); //  the third day begins
    assert_true (counted (world, "publisher_heatmap_days_thinned") == 1);
    assert_int_equal (stat (path, &thin_day), 0);
    assert_true (thin_day.st_size < whole_day.st_size / 10);
    static heatmap_file_t file;
    heatmap_side_t side;
    assert_int_equal (heatmap_file_open (&file, path, DAY0, NULL), OK);
    double thin_high = 0, thin_volume = 0;
    int columns = 0;
    for (int minute = 0; minute < HEATMAP_MINUTES; minute++)
        if (heatmap_file_get (&file, minute, &side, NULL) == OK) {
            assert_int_equal (minute % HEATMAP_THIN_MINUTES, HEATMAP_THIN_MINUTES - 1);
            assert_int_equal (side.span_minutes, HEATMAP_THIN_MINUTES);
            thin_high = fmax (thin_high, side.high_px);
            thin_volume += side.volume_usd;
            columns++;
        }
    heatmap_file_close (&file);
    assert_int_equal (columns, 48);
    assert_true (thin_high == high);
    expect_close (thin_volume / volume, 1, 1e-12);
    //  A column of a thinned day comes too late.
    world->maker.minute = DAY0 * HEATMAP_MINUTES + 10;
    assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), E_STALE);
    assert_true (counted (world, "publisher_heatmap_columns_stale") == 1);
}

static void
test_days_are_deleted_when_they_are_too_old (void **state)
{
    world_t *world = *state;
    world->minute_days = 2;
    world->days = 5;
    reopen (world);
    for (int day = 0; day < 9; day++) {
        world->maker.minute = (DAY0 + day) * HEATMAP_MINUTES + 600;
        put_minutes (world, 2);
    }
    assert_int_equal (count_files (world, "BTCUSDT.full/*.heat"), 5);
    assert_true (counted (world, "publisher_heatmap_days_deleted") == 4);
    world->days = 3; //  at start too
    reopen (world);
    assert_int_equal (count_files (world, "BTCUSDT.full/*.heat"), 3);
    heatmap_picture_t picture = read_range (world, 4);
    assert_int_equal (picture.columns, 2 * 48 + 1);
}

//  A clock that jumps three years ahead and comes back takes nothing with it.
static void
test_a_clock_gone_wrong_costs_nothing (void **state)
{
    world_t *world = *state;
    put_minutes (world, 3000);
    const int64_t minute = world->maker.minute;
    world->maker.minute += INT64_C (1100) * HEATMAP_MINUTES;
    put_minutes (world, 5);
    reopen (world);
    world->maker.minute = minute;
    put_minutes (world, 5);
    assert_true (counted (world, "publisher_heatmap_days_deleted") == 0);
    assert_true (counted (world, "publisher_heatmap_days_thinned") == 0);
    heatmap_picture_t picture = read_range (world, 2);
    assert_int_equal (picture.columns, 288);
    assert_int_equal (picture.update_ms, world->maker.frame.ts_ms);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 2));
    //  It was right after all: with the next day the old ones are old.
    world->maker.minute += INT64_C (1101) * HEATMAP_MINUTES;
    put_minutes (world, 1);
    assert_true (counted (world, "publisher_heatmap_days_deleted") == 3);
}

//  --- damage

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
    world_t *world = *state;
    char path[256];
    put_minutes (world, 100);
    find_file (world, "BTCUSDT.full/*.heat", path, sizeof path);
    heatmap_destroy (&world->heatmap);
    cut_file (path, 100); //  the side is whole, the cells are not
    open_heatmap (world);
    heatmap_picture_t picture = read_range (world, 0);
    assert_int_equal (picture.columns, 50);
    assert_true (counted (world, "publisher_heatmap_columns_damaged") == 1);
    picture = read_range (world, 0); //  counted once
    assert_true (counted (world, "publisher_heatmap_columns_damaged") == 1);
    double sum = 0; //  the minute before stands for the slot
    for (size_t y = 0; y < picture.rows; y++)
        sum += (double) picture.cells[49 * picture.rows + y];
    assert_true (sum > 0);
    put_minutes (world, 1);
    picture = read_range (world, 0);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
    reopen (world);
    assert_true (counted (world, "publisher_heatmap_columns_damaged") == 1);
}

static void
test_a_flipped_byte_loses_one_column (void **state)
{
    world_t *world = *state;
    char path[256];
    put_minutes (world, 100);
    find_file (world, "BTCUSDT.full/*.heat", path, sizeof path);
    heatmap_destroy (&world->heatmap);
    static heatmap_file_t file;
    heatmap_side_t side;
    assert_int_equal (heatmap_file_open (&file, path, DAY0, NULL), OK);
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
    open_heatmap (world);
    (void) read_range (world, 0);
    assert_true (counted (world, "publisher_heatmap_columns_damaged") == 1);
}

static void
test_a_file_that_is_none_of_ours_is_set_aside (void **state)
{
    world_t *world = *state;
    char path[256];
    put_minutes (world, 1450);
    heatmap_destroy (&world->heatmap);
    find_file (world, "BTCUSDT.full/2024-10-05.heat", path, sizeof path);
    int fd = open (path, O_WRONLY | O_TRUNC);
    assert_true (fd >= 0 && write (fd, "these are not columns", 21) == 21);
    (void) close (fd);
    open_heatmap (world);
    heatmap_picture_t picture = read_range (world, 0);
    assert_int_equal (picture.update_ms, (DAY0 + 1) * HEATMAP_MINUTES * 60000);
    assert_int_equal (count_files (world, "BTCUSDT.full/*.damaged"), 1);
    put_minutes (world, 5);
    picture = read_range (world, 0);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
}

//  Whatever stands in a file, reading ends, and what is read can be written as JSON.
static void
test_hostile_files_are_survived (void **state)
{
    world_t *world = *state;
    prng_t prng;
    char path[256];
    prng_init (&prng, test_seed (11));
    put_minutes (world, 40);
    heatmap_destroy (&world->heatmap);
    find_file (world, "BTCUSDT.full/*.heat", path, sizeof path);
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
        open_heatmap (world);
        heatmap_query_t query = whole (0);
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
    world_t *world = *state;
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
    assert_true (counted (world, "publisher_heatmap_columns_refused") == 4);
    *frame = good;
    assert_int_equal (heatmap_put (world->heatmap, frame), OK);
}

//  A file may not grow beyond the limit: what a full disk does, without filling one.
static void
test_a_full_disk_is_counted_and_passes (void **state)
{
    world_t *world = *state;
    char path[256], aside[300];
    put_minutes (world, 10);
    find_file (world, "BTCUSDT.full/*.heat", path, sizeof path);
    world->maker.minute = (DAY0 + 1) * HEATMAP_MINUTES;
    (void) snprintf (aside, sizeof aside, "%.*s/2024-10-05.heat", (int) (strrchr (path, '/') - path), path);
    assert_int_equal (symlink ("/dev/full", aside), 0); //  and a link is not followed
    assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), E_IO);
    assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), E_IO);
    assert_true (counted (world, "publisher_heatmap_write_failures") == 2);
    assert_int_equal (unlink (aside), 0);
    put_minutes (world, 1);
    heatmap_picture_t picture = read_range (world, 0);
    expect_last_column (world, &picture, -1, ALL_GROUPS);
}

static void
test_a_folder_that_cannot_be_made_is_said (void **state)
{
    world_t *world = *state;
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
    world_t *world = *state;
    char folder[TEMP_FOLDER_MAX + 16];
    (void) snprintf (folder, sizeof folder, "%s/a/heatmap", world->folder);
    heatmap_options_t options = {folder, 30, 400, &world->universe};
    error_text_t error = {{0}};
    assert_null (heatmap_new (&options, world->metrics, &error));
    assert_non_null (strstr (error.text, "another publisher"));
    heatmap_destroy (&world->heatmap);
    open_heatmap (world);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_codes_keep_amounts_within_half_a_percent),
        TEST (test_a_column_comes_back_cell_by_cell),
        TEST (test_filters_choose_venues_and_groups),
        TEST (test_rows_are_summed_to_as_many_as_wanted),
        TEST (test_rows_span_the_candles_and_a_margin),
        TEST (test_a_swept_cell_stays_empty_from_then_on),
        TEST (test_candles_and_prints_are_those_of_all_minutes),
        TEST (test_a_minute_put_again_is_replaced),
        TEST (test_the_ladder_is_kept_beside),
        TEST (test_max_and_quantile_are_those_of_the_cells),
        TEST (test_ranges_are_held_as_far_as_data_reaches),
        TEST (test_a_range_shows_no_more_than_its_time),
        TEST (test_a_restart_finds_everything),
        TEST (test_old_days_are_thinned_with_their_candles),
        TEST (test_days_are_deleted_when_they_are_too_old),
        TEST (test_a_clock_gone_wrong_costs_nothing),
        TEST (test_a_torn_tail_loses_one_column),
        TEST (test_a_flipped_byte_loses_one_column),
        TEST (test_a_file_that_is_none_of_ours_is_set_aside),
        TEST (test_hostile_files_are_survived),
        TEST (test_strange_frames_are_refused),
        TEST (test_a_full_disk_is_counted_and_passes),
        TEST (test_a_folder_that_cannot_be_made_is_said),
        TEST (test_a_folder_belongs_to_one),
    };
    logger_open ("test", LOG_LEVEL_ERROR); //  what is damaged on purpose need not be said
    return cmocka_run_group_tests (tests, NULL, NULL);
}
