//  The heatmap: what is put comes back, within half a percent, nothing in the wrong place; for as long as it is to
//  be kept.

#include "common/base/logger.h"
#include "tests/support/expect.h"
#include "tests/support/heatmap_world.h"

#include <sys/stat.h>

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

static void
test_a_column_comes_back_cell_by_cell (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 200);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.columns, 100);
    assert_int_equal (picture.row_bp, MAP_STEP_BP);
    assert_true (picture.is_sim);
    assert_int_equal (picture.update_ms, world->maker.frame.ts_ms);
    assert_int_equal (picture.groups_count, MAP_GROUPS);
    expect_close ((double) picture.leverage[1][0], 10, 1e-6);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
}

static void
test_filters_choose_venues_and_groups (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 60);
    static const char *const bybit[] = {"bybit"}, *const nobody[] = {"bybit", "kraken"};
    heatmap_query_t query = heatmap_world_query (0);
    heatmap_picture_t picture;
    query.venues = bybit;
    query.venues_count = 1;
    query.groups = 1 << 1 | 1 << 3;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    assert_int_equal (picture.names_count, 3);
    heatmap_world_expect_last (world, &picture, 1, query.groups);
    for (size_t i = 0; i < picture.marks_count; i++)
        assert_string_equal (picture.names[picture.marks[i].print.name], "bybit");
    query.venues = nobody;
    query.venues_count = 2;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), E_SYNTAX);
}

static void
test_rows_are_summed_to_as_many_as_wanted (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 60);
    for (int rows = HEATMAP_ROWS_MIN; rows <= HEATMAP_ROWS_MAX; rows += 83) {
        heatmap_query_t query = heatmap_world_query (0);
        heatmap_picture_t picture;
        query.rows_max = rows;
        assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
        assert_true (picture.rows > 0 && (int) picture.rows <= rows);
        heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
    }
}

static void
test_rows_span_the_candles_and_a_margin (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 300);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
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
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 240);
    heatmap_picture_t before = heatmap_world_read (world, 0);
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
    heatmap_picture_t after = heatmap_world_read (world, 0);
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
    heatmap_world_t *world = *state;
    double open = NAN, high = NAN, low = NAN, close = NAN, volume = 0, usd = 0;
    int64_t prints = 0;
    heatmap_world_put (world, 120); //  24 h have columns of 5 minutes
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
    heatmap_picture_t picture = heatmap_world_read (world, 1);
    assert_int_equal (picture.columns, 25);
    const heatmap_candle_t *candle = &picture.candles[24];
    assert_int_equal (candle->ts_ms, (HEATMAP_WORLD_DAY * HEATMAP_MINUTES + 120) * 60000);
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
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 30);
    world->maker.minute--;
    map_frame_t *frame = map_maker_column (&world->maker);
    frame->ts_ms += 1700; //  the evaluation that closes it may come late
    assert_int_equal (heatmap_put (world->heatmap, frame), OK);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.columns, 15);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
}

static void
test_the_ladder_is_kept_beside (void **state)
{
    heatmap_world_t *world = *state;
    for (int i = 0; i < 20; i++) {
        assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), OK);
        map_frame_t *ladder = map_maker_ladder (&world->maker);
        ladder->open_px = ladder->high_px = ladder->low_px = ladder->close_px = ladder->volume_usd = NAN;
        assert_int_equal (heatmap_put (world->heatmap, ladder), OK);
    }
    heatmap_query_t query = heatmap_world_query (0);
    heatmap_picture_t picture;
    query.model = MAP_MODEL_LADDER;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
    assert_true (picture.candles[0].close_px > 0); //  the full model's
    query.model = MAP_MODEL_FULL;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    assert_int_equal (picture.names_count, 3);
}

static void
test_max_and_quantile_are_those_of_the_cells (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 400);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
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
    heatmap_world_t *world = *state;
    assert_false (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 0));
    heatmap_query_t query = heatmap_world_query (0);
    heatmap_picture_t picture;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), E_ABSENT);
    heatmap_world_put (world, 1);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 0));
    heatmap_world_put (world, 12 * 60 - 1);
    assert_false (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 1)); //  12 h show all of it
    heatmap_world_put (world, 10);
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
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 13 * 60 + 1);
    heatmap_picture_t picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.columns, 360);
    picture = heatmap_world_read (world, 1);
    assert_int_equal (picture.columns, 157);
    world->maker.minute += 300; //  five hours without a column
    heatmap_world_put (world, 1);
    picture = heatmap_world_read (world, 0);
    assert_int_equal (picture.columns, 360);
    for (size_t x = 360 - 150; x < 359; x++)
        assert_true (isnan (picture.candles[x].close_px) && picture.cells[x * picture.rows + 100] == 0);
}

//  --- restart, age

static void
test_a_restart_finds_everything (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 1500); //  into a second day
    heatmap_picture_t before = heatmap_world_read (world, 2);
    const size_t count = before.columns * before.rows;
    float *cells = malloc (count * sizeof *cells);
    memcpy (cells, before.cells, count * sizeof *cells);
    heatmap_world_reopen (world);
    heatmap_picture_t after = heatmap_world_read (world, 2);
    assert_int_equal (after.columns, before.columns);
    assert_int_equal (after.rows, before.rows);
    assert_memory_equal (after.cells, cells, count * sizeof *cells);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 2));
    heatmap_world_put (world, 1);
    after = heatmap_world_read (world, 2);
    heatmap_world_expect_last (world, &after, -1, HEATMAP_WORLD_GROUPS);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_damaged") == 0);
    free (cells);
}

static void
test_old_days_are_thinned_with_their_candles (void **state)
{
    heatmap_world_t *world = *state;
    world->minute_days = 2;
    heatmap_world_reopen (world);
    double high = 0, volume = 0;
    for (int i = 0; i < HEATMAP_MINUTES; i++) {
        const map_frame_t *frame = map_maker_column (&world->maker);
        high = fmax (high, frame->high_px);
        volume += frame->volume_usd;
        assert_int_equal (heatmap_put (world->heatmap, frame), OK);
    }
    char path[256];
    struct stat whole_day, thin_day;
    heatmap_world_find (world, "BTCUSDT.full/*.heat", path, sizeof path);
    assert_int_equal (stat (path, &whole_day), 0);
    heatmap_world_put (world, HEATMAP_MINUTES);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_days_thinned") == 0);
    heatmap_world_put (world, 1); //  the third day begins
    assert_true (heatmap_world_counted (world, "publisher_heatmap_days_thinned") == 1);
    assert_int_equal (stat (path, &thin_day), 0);
    assert_true (thin_day.st_size < whole_day.st_size / 10);
    static heatmap_file_t file;
    heatmap_side_t side;
    assert_int_equal (heatmap_file_open (&file, path, HEATMAP_WORLD_DAY, NULL), OK);
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
    world->maker.minute = HEATMAP_WORLD_DAY * HEATMAP_MINUTES + 10;
    assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), E_STALE);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_columns_stale") == 1);
}

static void
test_days_are_deleted_when_they_are_too_old (void **state)
{
    heatmap_world_t *world = *state;
    world->minute_days = 2;
    world->days = 5;
    heatmap_world_reopen (world);
    for (int day = 0; day < 9; day++) {
        world->maker.minute = (HEATMAP_WORLD_DAY + day) * HEATMAP_MINUTES + 600;
        heatmap_world_put (world, 2);
    }
    assert_int_equal (heatmap_world_files (world, "BTCUSDT.full/*.heat"), 5);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_days_deleted") == 4);
    world->days = 3; //  at start too
    heatmap_world_reopen (world);
    assert_int_equal (heatmap_world_files (world, "BTCUSDT.full/*.heat"), 3);
    heatmap_picture_t picture = heatmap_world_read (world, 4);
    assert_int_equal (picture.columns, 2 * 48 + 1);
}

//  A clock that jumps three years ahead and comes back takes nothing with it.
static void
test_a_clock_gone_wrong_costs_nothing (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_world_put (world, 3000);
    const int64_t minute = world->maker.minute;
    world->maker.minute += INT64_C (1100) * HEATMAP_MINUTES;
    heatmap_world_put (world, 5);
    heatmap_world_reopen (world);
    world->maker.minute = minute;
    heatmap_world_put (world, 5);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_days_deleted") == 0);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_days_thinned") == 0);
    heatmap_picture_t picture = heatmap_world_read (world, 2);
    assert_int_equal (picture.columns, 288);
    assert_int_equal (picture.update_ms, world->maker.frame.ts_ms);
    heatmap_world_expect_last (world, &picture, -1, HEATMAP_WORLD_GROUPS);
    assert_true (heatmap_holds (world->heatmap, "BTCUSDT", MAP_MODEL_FULL, 2));
    //  It was right after all: with the next day the old ones are old.
    world->maker.minute += INT64_C (1101) * HEATMAP_MINUTES;
    heatmap_world_put (world, 1);
    assert_true (heatmap_world_counted (world, "publisher_heatmap_days_deleted") == 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, heatmap_world_set_up, heatmap_world_tear_down)

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
    };
    logger_open ("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
