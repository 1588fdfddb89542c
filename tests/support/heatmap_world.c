#include "tests/support/heatmap_world.h"
#include "tests/support/expect.h"

#include <glob.h>

void
heatmap_world_open (heatmap_world_t *world)
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

void
heatmap_world_reopen (heatmap_world_t *world)
{
    heatmap_destroy (&world->heatmap);
    heatmap_world_open (world);
}

int
heatmap_world_set_up (void **state)
{
    heatmap_world_t *world = calloc (1, sizeof *world);
    temp_folder_new (world->folder);
    assert_int_equal (universe_parse (&world->universe, slice_of ("BTCUSDT ETHUSDT"), NULL), OK);
    world->metrics = metrics_new ();
    world->minute_days = 30;
    world->days = 400;
    heatmap_world_open (world);
    map_maker_init (&world->maker, test_seed (7), "BTCUSDT", HEATMAP_WORLD_DAY * HEATMAP_MINUTES - 1);
    *state = world;
    return 0;
}

int
heatmap_world_tear_down (void **state)
{
    heatmap_world_t *world = *state;
    heatmap_destroy (&world->heatmap);
    metrics_destroy (&world->metrics);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

double
heatmap_world_counted (heatmap_world_t *world, const char *name)
{
    return metrics_counter (world->metrics, name, "", "")->value;
}

void
heatmap_world_put (heatmap_world_t *world, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal (heatmap_put (world->heatmap, map_maker_column (&world->maker)), OK);
}

heatmap_query_t
heatmap_world_query (size_t range)
{
    return (heatmap_query_t){.instrument = "BTCUSDT",
                             .model = MAP_MODEL_FULL,
                             .range = range,
                             .groups = HEATMAP_WORLD_GROUPS,
                             .rows_max = HEATMAP_ROWS_MAX};
}

heatmap_picture_t
heatmap_world_read (heatmap_world_t *world, size_t range)
{
    heatmap_query_t query = heatmap_world_query (range);
    heatmap_picture_t picture;
    assert_int_equal (heatmap_read (world->heatmap, &query, &picture), OK);
    return picture;
}

void
heatmap_world_find (const heatmap_world_t *world, const char *pattern, char *out, size_t size)
{
    char text[256];
    glob_t found;
    (void) snprintf (text, sizeof text, "%s/a/heatmap/%s", world->folder, pattern);
    assert_int_equal (glob (text, 0, NULL, &found), 0);
    assert_int_equal (found.gl_pathc, 1);
    (void) snprintf (out, size, "%s", found.gl_pathv[0]);
    globfree (&found);
}

size_t
heatmap_world_files (const heatmap_world_t *world, const char *pattern)
{
    char text[256];
    glob_t found;
    (void) snprintf (text, sizeof text, "%s/a/heatmap/%s", world->folder, pattern);
    size_t count = glob (text, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree (&found);
    return count;
}

void
heatmap_world_expect_last (const heatmap_world_t *world, const heatmap_picture_t *picture, int venue,
                           uint32_t groups)
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
