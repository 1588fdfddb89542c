#include "tests/support/expect.h"

#include "common/base/check.h"
#include "common/base/prng.h"
#include "publisher/cli/map_document.h"
#include "publisher/cli/map_terminal.h"
#include "tests/support/picture_maker.h"

static map_picture_t *picture;

static int
tear_down (void **state)
{
    (void) state;
    map_picture_destroy (&picture);
    return 0;
}

static double
sum_of (const map_raster_t *raster, size_t column)
{
    double sum = 0;
    for (size_t r = 0; r < raster->rows_count; r++)
        sum += raster->usd[column * raster->rows_count + r];
    return sum;
}

//  --- places

static void
test_scale_is_its_own_inverse (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (11));
    for (int i = 0; i < 10000; i++) {
        double low_px = exp (24 * prng_uniform (&prng) - 12);
        price_scale_t scale = {low_px, low_px * exp (0.001 + prng_uniform (&prng)),
                               100 * prng_uniform (&prng), 1 + 2000 * prng_uniform (&prng)};
        double y = scale.top + scale.height * prng_uniform (&prng);
        expect_close (map_scale_y (&scale, map_scale_px (&scale, y)), y, 1e-9);
        expect_close (map_scale_y (&scale, scale.high_px), scale.top, 1e-9);
        expect_close (map_scale_y (&scale, scale.low_px), scale.top + scale.height, 1e-9);
    }
}

static void
test_price_ticks_are_round_and_inside (void **state)
{
    (void) state;
    double ticks[MAP_SCALE_TICKS_MAX];
    int decimals;
    assert_int_equal (map_scale_price_ticks (83000, 113000, 8, ticks, &decimals), 6);
    expect_close (ticks[0], 85000, 1e-12);
    expect_close (ticks[5], 110000, 1e-12);
    assert_int_equal (decimals, 0);
    assert_int_equal (map_scale_price_ticks (0.0912, 0.1031, 7, ticks, &decimals), 6);
    expect_close (ticks[0], 0.092, 1e-12);
    expect_close (ticks[1], 0.094, 1e-12);
    assert_int_equal (decimals, 3);
    prng_t prng;
    prng_init (&prng, test_seed (12));
    for (int i = 0; i < 10000; i++) {
        double low_px = exp (24 * prng_uniform (&prng) - 12),
               high_px = low_px * exp (1e-4 + prng_uniform (&prng));
        size_t most = 2 + (size_t) (prng_uniform (&prng) * 20);
        size_t count = map_scale_price_ticks (low_px, high_px, most, ticks, &decimals);
        assert_true (count <= most);
        assert_true (most < 8 || count >= 2);
        for (size_t k = 0; k < count; k++) {
            assert_true (ticks[k] >= low_px * (1 - 1e-9) && ticks[k] <= high_px * (1 + 1e-9));
            assert_true (k == 0 || ticks[k] > ticks[k - 1]);
        }
    }
    assert_int_equal (map_scale_price_ticks (0, 1, 5, ticks, &decimals), 0);
    assert_int_equal (map_scale_price_ticks (2, 1, 5, ticks, &decimals), 0);
}

static void
test_time_ticks_are_round (void **state)
{
    (void) state;
    int64_t ticks[MAP_SCALE_TICKS_MAX], step_ms;
    const int64_t from_ms = 1700000000000; //  2023-11-14 22:13:20 UTC
    assert_int_equal (map_scale_time_ticks (from_ms, from_ms + 86400000, 9, ticks, &step_ms), 8);
    assert_int_equal (step_ms, 3 * 3600000);
    assert_int_equal (ticks[0] % step_ms, 0);
    char text[MAP_SCALE_TEXT_MAX];
    map_scale_time_text (ticks[0], step_ms, text);
    assert_string_equal (text, "15 Nov");
    map_scale_time_text (ticks[1], step_ms, text);
    assert_string_equal (text, "03:00");
    map_scale_time_text (from_ms, 0, text);
    assert_string_equal (text, "14 Nov 2023 22:13:20 UTC");
    assert_true (map_scale_time_ticks (from_ms, from_ms + INT64_C (366) * 86400000, 10, ticks, &step_ms) >=
                 5);
}

static void
test_words (void **state)
{
    (void) state;
    static const struct {
        double usd;
        const char *text;
    } amounts[] = {{0, "$0"},         {999, "$999"},      {1000, "$1.00K"},   {12345, "$12.3K"},
                   {999400, "$999K"}, {999600, "$1.00M"}, {12.4e6, "$12.4M"}, {3.1e9, "$3.10B"},
                   {5e12, "$5.00T"},  {9.96e15, "$9960T"}};
    char text[MAP_SCALE_TEXT_MAX];
    for (size_t i = 0; i < COUNT_OF (amounts); i++) {
        map_scale_usd_text (amounts[i].usd, text);
        assert_string_equal (text, amounts[i].text);
    }
    map_scale_px_text (97250.5, 1, text);
    assert_string_equal (text, "97 250.5");
    map_scale_px_text (1234567, 0, text);
    assert_string_equal (text, "1 234 567");
    map_scale_px_text (4321, 0, text);
    assert_string_equal (text, "4321");
    map_scale_px_text (0.00001234, map_scale_px_decimals (0.00001234), text);
    assert_string_equal (text, "0.000012340");
    map_scale_px_text (1e300, 2, text);
    assert_string_equal (text, "1e+300");
}

static void
test_tone_and_colour (void **state)
{
    (void) state;
    expect_close (map_scale_tone (0, 100), 0, 0);
    expect_close (map_scale_tone (100, 100), 1, 0);
    expect_close (map_scale_tone (1e9, 100), 1, 0);
    expect_close (map_scale_tone (50, 100), pow (0.5, 0.6), 1e-12);
    expect_close (map_scale_tone (5, 0), 0, 0);
    expect_close (map_scale_tone (map_scale_tone_usd (0.3, 77), 77), 0.3, 1e-12);
    //  Told apart by lightness alone: it only rises.
    double before = -1;
    for (int i = 0; i <= 1000; i++) {
        map_colour_t colour = map_scale_colour (i / 1000.0);
        double light = 0.2126 * pow (colour.r / 255.0, 2.2) + 0.7152 * pow (colour.g / 255.0, 2.2) +
                       0.0722 * pow (colour.b / 255.0, 2.2);
        assert_true (light >= before - 0.004);
        before = fmax (before, light);
    }
    map_colour_t hottest = map_scale_colour (2);
    assert_int_equal (hottest.r, 253);
    assert_int_equal (hottest.g, 231);
    assert_int_equal (hottest.b, 37);
}

//  --- cells

static void
test_rows_are_added_up_and_nothing_is_lost (void **state)
{
    (void) state;
    picture = picture_maker_new (true, false);
    for (size_t most = 1; most <= 20; most++) {
        map_raster_t raster;
        map_picture_raster (picture, most, 0, &raster);
        assert_true (raster.rows_count <= most && raster.columns_count == 4);
        expect_close (sum_of (&raster, 0), 1050000, 1e-12);
        expect_close (sum_of (&raster, 1), 460000, 1e-12);
        expect_close (sum_of (&raster, 2), 400000, 1e-12);
        expect_close (sum_of (&raster, 3), 502000, 1e-12);
        assert_true (raster.high_px >= 100 * exp (0.06) - 1e-9);
        map_raster_fini (&raster);
    }
    map_raster_t halves;
    map_picture_raster (picture, 3, 0, &halves);
    assert_int_equal (halves.rows_count, 3);
    expect_close (halves.usd[0 * 3 + 0], 1000000, 1e-12);
    expect_close (halves.usd[0 * 3 + 1], 50000, 1e-12);
    expect_close (halves.usd[0 * 3 + 2], 0, 0);
    map_raster_fini (&halves);
}

static void
test_columns_are_averaged_and_unknown_times_stay_so (void **state)
{
    (void) state;
    picture = picture_maker_new (true, false);
    map_raster_t raster;
    map_picture_raster (picture, 6, 2, &raster);
    expect_close (raster.usd[0 * 6 + 1], 700000, 1e-12);
    expect_close (raster.usd[1 * 6 + 1], 450000, 1e-12);
    map_raster_fini (&raster);
    map_picture_raster (picture, 6, 8, &raster); //  wider than the document: each column twice
    for (size_t c = 0; c < 8; c++)
        expect_close (raster.usd[c * 6 + 1], picture->heatmap.usd[c / 2 * 6 + 1], 1e-12);
    map_raster_fini (&raster);
    //  The third hour was not recorded.
    picture->heatmap.column_ms[2] = picture->heatmap.column_ms[3];
    picture->heatmap.columns_count = 3;
    map_picture_raster (picture, 6, 4, &raster);
    expect_close (raster.usd[1 * 6 + 1], 400000, 1e-12);
    for (size_t r = 0; r < 6; r++)
        assert_true (raster.usd[2 * 6 + r] < 0);
    assert_true (raster.usd[3 * 6 + 1] > 0);
    map_raster_fini (&raster);
    assert_int_equal (map_picture_column (picture, 1700006400000 + 5), 3);
    assert_int_equal (map_picture_column (picture, 1700002800000 + 5), 1);
    assert_int_equal (map_picture_column (picture, 1), 3);
}

static void
test_full_tone_is_the_percentile_of_what_is_there (void **state)
{
    (void) state;
    picture = picture_maker_new (true, false);
    map_raster_t raster;
    map_picture_raster (picture, 6, 0, &raster);
    expect_close (raster.full_usd, 1000000, 1e-12); //  7 cells: the largest
    map_raster_fini (&raster);
    //  1000 cells of 1 .. 1000: the 997th.
    map_heatmap_t *heatmap = &picture->heatmap;
    free (heatmap->usd);
    heatmap->rows_count = 500;
    heatmap->usd = mem_new (4 * 500 * sizeof *heatmap->usd);
    for (size_t i = 0; i < 1000; i++)
        heatmap->usd[2 * i] = (double) ((i * 7919) % 1000 + 1);
    map_picture_raster (picture, 500, 0, &raster);
    expect_close (raster.full_usd, 997, 1e-12);
    map_raster_fini (&raster);
}

static void
test_running_sums_rise_outward (void **state)
{
    (void) state;
    picture = picture_maker_new (false, true);
    double longs[MAP_ROWS_MAX], shorts[MAP_ROWS_MAX];
    map_picture_cumulative (picture, MAP_SIDE_LONG, longs);
    map_picture_cumulative (picture, MAP_SIDE_SHORT, shorts);
    size_t mark_row =
        (size_t) (log (PICTURE_MAKER_MARK_PX / picture->snapshot.first_px) / picture->snapshot.step);
    for (size_t r = 1; r < picture->snapshot.rows_count; r++) {
        assert_true (r > mark_row || longs[r - 1] >= longs[r]);
        assert_true (r <= mark_row || shorts[r] >= shorts[r - 1]);
    }
    expect_close (longs[40], 100000, 1e-6);
    expect_close (longs[30], 500000, 1e-6);
    expect_close (longs[0], 500000, 1e-6);
    expect_close (longs[mark_row + 1], 0, 0);
    expect_close (shorts[99], 300000, 1e-6);
    expect_close (shorts[59], 0, 0);
    //  A mark that has left the rows: all is on one side of it.
    picture->snapshot.mark_px = 200;
    map_picture_cumulative (picture, MAP_SIDE_LONG, longs);
    map_picture_cumulative (picture, MAP_SIDE_SHORT, shorts);
    expect_close (longs[0], 500000, 1e-6);
    expect_close (shorts[99], 0, 0);
}

static void
test_profile_keeps_sums_and_sides (void **state)
{
    (void) state;
    picture = picture_maker_new (false, true);
    for (size_t most = 1; most <= 120; most++) {
        map_raster_t raster;
        double longs = 0, shorts = 0;
        map_picture_profile (picture, most, 98, 109, &raster);
        assert_true (raster.rows_count <= most);
        for (size_t r = 0; r < raster.rows_count; r++) {
            longs += map_raster_side_usd (&raster, MAP_SIDE_LONG, r);
            shorts += map_raster_side_usd (&raster, MAP_SIDE_SHORT, r);
        }
        expect_close (longs, 500000, 1e-9);
        expect_close (shorts, 300000, 1e-9);
        map_raster_fini (&raster);
    }
    map_raster_t outside;
    map_picture_profile (picture, 10, 500, 600, &outside);
    assert_int_equal (outside.rows_count, 0);
    map_raster_fini (&outside);
}

//  --- documents

//  The document with one text replaced by another.
static char *
replaced (const char *from, const char *to)
{
    const char *at = strstr (picture_maker_document, from);
    assert_non_null (at);
    char *text = mem_new (strlen (picture_maker_document) + strlen (to) + 1);
    (void) sprintf (text, "%.*s%s%s", (int) (at - picture_maker_document), picture_maker_document, to,
                    at + strlen (from));
    return text;
}

static void
test_document_refused_says_where (void **state)
{
    (void) state;
    static const struct {
        const char *from, *to, *said;
    } wrongs[] = {
        {"\"column_s\":3600,", "", "\"column_s\" is missing"},
        {"\"column_s\":3600,", "\"column_s\":\"an hour\",", "\"column_s\" is not a number"},
        {"\"column_s\":3600,", "\"column_s\":0,", "\"column_s\" is 0, outside"},
        {"\"row_bp\":100", "\"row_bp\":1e9", "\"row_bp\" is 1e+09, outside"},
        {"\"first_px\":100", "\"first_px\":-1", "\"first_px\" is -1, outside"},
        {"\"x_axis\":[1699999200000", "\"x_axis\":[1799999200000", "x_axis[1] is not after the one before"},
        {"\"x_axis\":[1699999200000", "\"x_axis\":[\"now\"", "x_axis[0] is not a time"},
        {"\"y_axis\":[100.5", "\"no_axis\":[100.5", "\"y_axis\" is missing"},
        {"[0,1,1000000]", "[4,1,1000000]", "liquidation_leverage_data[0] is outside the axes"},
        {"[0,1,1000000]", "[0,6,1000000]", "liquidation_leverage_data[0] is outside the axes"},
        {"[0,1,1000000]", "[0,-1,1000000]", "liquidation_leverage_data[0] is outside the axes"},
        {"[0,1,1000000]", "[0,1,-5]", "liquidation_leverage_data[0] is outside the axes"},
        {"[0,1,1000000]", "[0,1]", "liquidation_leverage_data[0] is not a list of 3"},
        {"[0,3,50000]", "[0,3,\"50000\"]", "liquidation_leverage_data[1][2] is not a number"},
        {"102.4,102.6,102.2,102.5,1000", "102.4,102.1,102.2,102.5,1000",
         "price_candlesticks[0] is no candle"},
        {"103.5,40000,-1", "103.5,40000,0", "prints[0] is no liquidation"},
        {"\"model\":\"full\"", "\"model\":\"ladder\"", "is of BTCUSDT ladder, not of BTCUSDT full"},
        {"\"instrument\":\"BTCUSDT\",", "", "\"instrument\" is missing"},
        {"\"prints\":[[", "\"prints\":[[[", "not JSON"},
        {"{\"source\":\"sim\"", "[{\"source\":\"sim\"", "not JSON"},
    };
    picture = picture_maker_new (true, false);
    for (size_t i = 0; i < COUNT_OF (wrongs); i++) {
        char *text = replaced (wrongs[i].from, wrongs[i].to);
        error_text_t error = {{0}};
        assert_int_equal (map_document_read (picture, slice_of (text), &error), E_SYNTAX);
        if (!strstr (error.text, wrongs[i].said))
            print_error ("\"%s\" does not say \"%s\"\n", error.text, wrongs[i].said);
        assert_non_null (strstr (error.text, wrongs[i].said));
        expect_close (picture->heatmap.usd[1], 1000000, 0); //  the picture is as it was
        free (text);
    }
    error_text_t error = {{0}};
    assert_int_equal (map_document_read (picture, slice_of ("[]"), &error), E_SYNTAX);
    assert_int_equal (map_document_read (picture, slice_of (""), &error), E_SYNTAX);
    //  Cut anywhere it is no document.
    for (size_t size = 0; size < strlen (picture_maker_document); size++)
        assert_int_equal (map_document_read (picture, (slice_t){picture_maker_document, size}, NULL),
                          E_SYNTAX);
}

static void
test_document_without_columns_says_nothing_is_held (void **state)
{
    (void) state;
    static const char empty[] =
        "{\"source\":\"live\",\"instrument\":\"BTCUSDT\",\"model\":\"full\",\"range\":\"1y\",\"column_s\":60,"
        "\"update_time\":0,\"row_bp\":10,\"first_px\":null,\"y_axis\":[],\"x_axis\":[],\"liquidation_"
        "leverage_"
        "data\":[],"
        "\"price_candlesticks\":[],\"prints\":[]}";
    picture = picture_maker_new (false, false);
    error_text_t error = {{0}};
    assert_int_equal (map_document_read (picture, slice_of (empty), &error), E_ABSENT);
    assert_string_equal (error.text, "nothing is held of BTCUSDT full for 1y yet");
    assert_false (picture->has_heatmap);
}

static void
test_candle_without_trades_is_left_out (void **state)
{
    (void) state;
    char *text = replaced ("102.5,102.7,102.4,102.6,900", "null,null,null,null,0");
    picture = picture_maker_new (false, false);
    assert_int_equal (map_document_read (picture, slice_of (text), NULL), OK);
    assert_int_equal (picture->heatmap.candles_count, 3);
    free (text);
}

static void
test_frame_without_a_mark_is_refused (void **state)
{
    (void) state;
    picture = picture_maker_new (false, false);
    map_frame_t frame = {.instrument = "BTCUSDT", .step_bp = 10, .rows_count = 5, .first_px = 100};
    error_text_t error = {{0}};
    assert_int_equal (map_picture_take_frame (picture, &frame, &error), E_RANGE);
    assert_non_null (strstr (error.text, "no mark price yet"));
    frame.mark_px = 100;
    frame.rows_count = 0;
    assert_int_equal (map_picture_take_frame (picture, &frame, &error), E_RANGE);
    assert_false (picture->has_snapshot);
}

//  --- the terminal

//  tests/vectors/map/<name>.txt is what a person checked against picture_maker's numbers.
static void
expect_drawn (const text_buffer_t *out, const char *name)
{
    char path[64], golden[8192];
    (void) snprintf (path, sizeof path, "tests/vectors/map/%s.txt", name);
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    golden[fread (golden, 1, sizeof golden - 1, file)] = 0;
    (void) fclose (file);
    if (strcmp (out->data, golden) != 0)
        print_error ("drawn:\n%s\n%s:\n%s\n", out->data, path, golden);
    assert_string_equal (out->data, golden);
}

static void
test_terminal_ascii_is_as_drawn (void **state)
{
    (void) state;
    picture = picture_maker_new (true, true);
    map_terminal_t terminal = {MAP_TERMINAL_ASCII, 60, 12};
    text_buffer_t out = {0};
    map_terminal_draw (picture, &terminal, &out);
    expect_drawn (&out, "heatmap");
    for (size_t i = 0; i < out.size; i++)
        assert_true (out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] < 0x7f));
    text_fini (&out);
}

static void
test_terminal_says_why_there_is_no_heatmap (void **state)
{
    (void) state;
    picture = picture_maker_new (false, true);
    map_terminal_t terminal = {MAP_TERMINAL_ASCII, 60, 12};
    text_buffer_t out = {0};
    map_terminal_draw (picture, &terminal, &out);
    expect_drawn (&out, "snapshot");
    text_fini (&out);
}

static size_t
count_of (const char *text, const char *needle)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr (at, needle)); at += strlen (needle))
        count++;
    return count;
}

static void
test_terminal_colours (void **state)
{
    (void) state;
    picture = picture_maker_new (true, true);
    text_buffer_t out = {0};
    map_terminal_draw (picture, &(map_terminal_t){MAP_TERMINAL_TRUE, 60, 12}, &out);
    assert_non_null (strstr (out.data, "\x1b[38;2;253;231;37m")); //  the hottest cell
    assert_non_null (strstr (out.data, "\x1b[48;2;20;12;36m"));   //  the background
    assert_non_null (strstr (out.data, "\u2580"));
    text_reset (&out);
    map_terminal_draw (picture, &(map_terminal_t){MAP_TERMINAL_256, 60, 12}, &out);
    assert_null (strstr (out.data, ";2;"));
    assert_non_null (strstr (out.data, "\x1b[48;5;233m"));
    assert_non_null (strstr (out.data, ";5;220m"));
    //  What is coloured ends before its line does.
    for (const char *line = out.data; *line; line += strcspn (line, "\n") + 1) {
        char copy[8192];
        (void) slice_copy ((slice_t){line, strcspn (line, "\n")}, copy, sizeof copy);
        const char *last = NULL;
        for (const char *at = copy; (at = strstr (at, "\x1b[")); at++)
            last = at;
        assert_true (!last || strncmp (last, "\x1b[0m", 4) == 0);
    }
    assert_true (count_of (out.data, "\n") > 40);
    text_fini (&out);
}

static void
test_terminal_draws_at_any_size (void **state)
{
    (void) state;
    for (size_t width = MAP_TERMINAL_WIDTH_MIN; width <= MAP_TERMINAL_WIDTH_MAX; width += 23)
        for (size_t lines = 1; lines < 70; lines += 5)
            for (int what = 0; what < 4; what++)
                for (int colours = MAP_TERMINAL_ASCII; colours <= MAP_TERMINAL_TRUE; colours++) {
                    text_buffer_t out = {0};
                    picture = picture_maker_new (what & 1, what & 2);
                    map_terminal_draw (
                        picture, &(map_terminal_t){(map_terminal_colours_t) colours, width, lines}, &out);
                    assert_true (out.size > 100);
                    map_picture_destroy (&picture);
                    text_fini (&out);
                }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_scale_is_its_own_inverse),
        cmocka_unit_test (test_price_ticks_are_round_and_inside),
        cmocka_unit_test (test_time_ticks_are_round),
        cmocka_unit_test (test_words),
        cmocka_unit_test (test_tone_and_colour),
        cmocka_unit_test_teardown (test_rows_are_added_up_and_nothing_is_lost, tear_down),
        cmocka_unit_test_teardown (test_columns_are_averaged_and_unknown_times_stay_so, tear_down),
        cmocka_unit_test_teardown (test_full_tone_is_the_percentile_of_what_is_there, tear_down),
        cmocka_unit_test_teardown (test_running_sums_rise_outward, tear_down),
        cmocka_unit_test_teardown (test_profile_keeps_sums_and_sides, tear_down),
        cmocka_unit_test_teardown (test_document_refused_says_where, tear_down),
        cmocka_unit_test_teardown (test_document_without_columns_says_nothing_is_held, tear_down),
        cmocka_unit_test_teardown (test_candle_without_trades_is_left_out, tear_down),
        cmocka_unit_test_teardown (test_frame_without_a_mark_is_refused, tear_down),
        cmocka_unit_test_teardown (test_terminal_ascii_is_as_drawn, tear_down),
        cmocka_unit_test_teardown (test_terminal_says_why_there_is_no_heatmap, tear_down),
        cmocka_unit_test_teardown (test_terminal_colours, tear_down),
        cmocka_unit_test_teardown (test_terminal_draws_at_any_size, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
