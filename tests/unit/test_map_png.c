#include "tests/support/expect.h"

#include <cairo/cairo.h>

#include "publisher/cli/map_png.h"
#include "tests/support/picture_maker.h"
#include "tests/support/temp_folder.h"

static char folder[TEMP_FOLDER_MAX], path[TEMP_FOLDER_MAX + 16];
static map_picture_t *picture;
static cairo_surface_t *surface;

static int
set_up (void **state)
{
    (void) state;
    temp_folder_new (folder);
    (void) snprintf (path, sizeof path, "%s/map.png", folder);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    if (surface)
        cairo_surface_destroy (surface);
    surface = NULL;
    map_picture_destroy (&picture);
    temp_folder_remove (folder);
    return 0;
}

//  Write it, read it back.
static map_png_layout_t
draw (int width, int height)
{
    error_text_t error = {{0}};
    assert_int_equal (map_png_write (picture, width, height, path, &error), OK);
    surface = cairo_image_surface_create_from_png (path);
    assert_int_equal (cairo_surface_status (surface), CAIRO_STATUS_SUCCESS);
    assert_int_equal (cairo_image_surface_get_width (surface), width);
    assert_int_equal (cairo_image_surface_get_height (surface), height);
    return map_png_layout (picture, width, height);
}

static map_colour_t
pixel (double x, double y)
{
    const unsigned char *row = cairo_image_surface_get_data (surface) +
                               (size_t) y * (size_t) cairo_image_surface_get_stride (surface);
    uint32_t value;
    memcpy (&value, row + 4 * (size_t) x, sizeof value);
    return (map_colour_t){(uint8_t) (value >> 16), (uint8_t) (value >> 8), (uint8_t) value};
}

static void
expect_pixel (double x, double y, map_colour_t colour)
{
    map_colour_t found = pixel (x, y);
    if (abs (found.r - colour.r) > 1 || abs (found.g - colour.g) > 1 || abs (found.b - colour.b) > 1) {
        print_error ("pixel %.0f %.0f is %d %d %d, expected %d %d %d\n", x, y, found.r, found.g, found.b,
                     colour.r, colour.g, colour.b);
        fail ();
    }
}

//  The middle of a cell, beside the grid and the candle that stand on its middle.
static double
x_in (const map_png_layout_t *layout, double column, double part)
{
    return layout->heatmap.left + layout->heatmap.width * (column + part) / 4;
}

static double
y_in (const map_png_layout_t *layout, double row)
{
    return map_scale_y (&layout->scale, 100 * exp (row * 0.01));
}

static void
test_cells_have_their_colours (void **state)
{
    (void) state;
    picture = picture_maker_new (true, true);
    map_png_layout_t layout = draw (1600, 900);
    expect_pixel (x_in (&layout, 0, 0.25), y_in (&layout, 1.3), map_scale_colour (1));
    expect_pixel (x_in (&layout, 1, 0.25), y_in (&layout, 1.3),
                  map_scale_colour (map_scale_tone (400000, 1e6)));
    expect_pixel (x_in (&layout, 1, 0.25), y_in (&layout, 3.5),
                  map_scale_colour (map_scale_tone (60000, 1e6)));
    expect_pixel (x_in (&layout, 2, 0.25), y_in (&layout, 3.9), map_scale_colour (0)); //  swept
    expect_pixel (x_in (&layout, 0, 0.25), y_in (&layout, 4.3), map_scale_colour (0));
    expect_pixel (2, 2, (map_colour_t){11, 9, 20}); //  the page
}

static void
test_cells_meet_without_a_seam (void **state)
{
    (void) state;
    picture = picture_maker_new (true, false);
    map_png_layout_t layout = draw (1283, 777);
    double y = floor (y_in (&layout, 1.3));
    //  All along row 1 there is mass: nothing of the background shows between columns.
    for (double x = layout.heatmap.left; x < layout.heatmap.left + layout.heatmap.width; x++) {
        map_colour_t found = pixel (x, y);
        assert_true (found.g > 100);
    }
}

static void
test_last_price_and_candles_are_seen (void **state)
{
    (void) state;
    picture = picture_maker_new (true, true);
    map_png_layout_t layout = draw (1600, 900);
    double y = map_scale_y (&layout.scale, PICTURE_MAKER_MARK_PX),
           right = layout.heatmap.left + layout.heatmap.width;
    expect_pixel (right + 4, y, (map_colour_t){255, 255, 255}); //  the tag
    size_t bright = 0;
    for (double x = layout.heatmap.left; x < right; x++)
        bright += pixel (x, floor (y)).r > 200 && pixel (x, floor (y)).b > 200;
    double dashes = (double) bright / layout.heatmap.width;
    assert_true (dashes > 0.4 && dashes < 0.8);
    //  The last candle fell, the one before rose.
    double middle = floor (x_in (&layout, 3, 0.5));
    expect_pixel (middle, map_scale_y (&layout.scale, 103.6), (map_colour_t){255, 96, 96});
    middle = floor (x_in (&layout, 2, 0.5));
    expect_pixel (middle, map_scale_y (&layout.scale, 102.8), (map_colour_t){236, 244, 255});
    //  The largest circle of shorts: a ring 13 units from its middle.
    map_colour_t ring = pixel (x_in (&layout, 2, 0.5) + 13, map_scale_y (&layout.scale, 103.5));
    assert_true (ring.g > 150 && ring.r < 120);
}

static void
test_bars_stand_at_their_prices (void **state)
{
    (void) state;
    picture = picture_maker_new (true, true);
    map_png_layout_t layout = draw (1600, 900);
    double x = layout.profile.left + 6;
    map_colour_t longs = pixel (x, floor (map_scale_y (&layout.scale, exp (4.6205)))),
                 shorts = pixel (x, floor (map_scale_y (&layout.scale, exp (4.6505))));
    assert_true (longs.r > 80 && longs.g < 60);
    assert_true (shorts.g > 80 && shorts.r < 60);
    expect_pixel (x, floor (map_scale_y (&layout.scale, exp (4.6105))), (map_colour_t){17, 14, 30});
}

static void
test_any_mixture_and_size_is_drawn (void **state)
{
    (void) state;
    static const int sizes[][2] = {{640, 400}, {2000, 500}, {700, 1400}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int what = 0; what < 4; what++) {
            picture = picture_maker_new (what & 1, what & 2);
            (void) draw (sizes[i][0], sizes[i][1]);
            cairo_surface_destroy (surface);
            surface = NULL;
            map_picture_destroy (&picture);
        }
}

static void
test_a_file_that_cannot_be_written_is_named (void **state)
{
    (void) state;
    picture = picture_maker_new (true, true);
    error_text_t error = {{0}};
    assert_int_equal (map_png_write (picture, 640, 400, "/nowhere/at/all.png", &error), E_IO);
    assert_string_equal (error.text, "cannot write /nowhere/at/all.png: No such file or directory");
    assert_int_equal (map_png_write (picture, 640, 400, "/dev/full", &error), E_IO);
    assert_non_null (strstr (error.text, "cannot write /dev/full: "));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_cells_have_their_colours, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_cells_meet_without_a_seam, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_last_price_and_candles_are_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_bars_stand_at_their_prices, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_any_mixture_and_size_is_drawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_file_that_cannot_be_written_is_named, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
