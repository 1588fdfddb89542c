//  What /v1/map and /v1/heatmap answer: the shape, the amounts, and what is said of a wrong parameter.

#include "common/base/logger.h"
#include "publisher/render.h"
#include "tests/support/expect.h"
#include "tests/support/map_maker.h"
#include "tests/support/temp_folder.h"

#define FIRST_MINUTE (INT64_C (20000) * 1440)
enum { MINUTES = 150 };

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    pipeline_t pipeline;
    render_sources_t sources;
    map_maker_t maker;
    text_buffer_t out;
} world_t;

static void
put_map (world_t *world, map_frame_t *frame, const char *model)
{
    topic_t topic = {.kind = TOPIC_MAP};
    error_text_t error = {{0}};
    (void) snprintf (topic.instrument, sizeof topic.instrument, "BTCUSDT");
    (void) snprintf (topic.name, sizeof topic.name, "%s", model);
    const store_entry_t *entry = store_put (world->sources.store, &topic, frame, &error);
    if (!entry)
        print_error ("%s\n", error.text);
    assert_non_null (entry);
    assert_int_equal (heatmap_put (world->sources.heatmap, frame), OK);
}

static int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    error_text_t error = {{0}};
    temp_folder_new (world->folder);
    assert_int_equal (universe_parse (&world->pipeline.universe, slice_of ("BTCUSDT ETHUSDT"), NULL), OK);
    heatmap_options_t options = {world->folder, 30, 400, &world->pipeline.universe};
    world->sources = (render_sources_t){
        .store = store_new ("v1"), .metrics = metrics_new (), .pipeline = &world->pipeline};
    world->sources.heatmap = heatmap_new (&options, world->sources.metrics, &error);
    assert_non_null (world->sources.heatmap);
    map_maker_init (&world->maker, test_seed (5), "BTCUSDT", FIRST_MINUTE - 1);
    for (int i = 0; i < MINUTES; i++)
        put_map (world, map_maker_column (&world->maker), "");
    *state = world;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    heatmap_destroy (&world->sources.heatmap);
    store_destroy (&world->sources.store);
    metrics_destroy (&world->sources.metrics);
    text_fini (&world->out);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

//  GET path?query; arguments separated by &.
static int
get (world_t *world, const char *address)
{
    render_arguments_t arguments = {.count = 0};
    slice_t rest = slice_of (address), path = slice_cut (&rest, '?');
    while (rest.size > 0)
        (void) slice_copy (slice_cut (&rest, '&'), arguments.texts[arguments.count++], RENDER_ARGUMENT_MAX);
    return render_path (&world->sources, path, &arguments, 0, &world->out).status;
}

static bool
says (const world_t *world, const char *text)
{
    return strstr (world->out.data, text) != NULL;
}

//  Reads the numbers of "key":[[a,b,c],...]; returns the sum of the third and the count.
static double
sum_triples (const world_t *world, long x_wanted, size_t *count)
{
    const char *at = strstr (world->out.data, "\"liquidation_leverage_data\":[");
    double sum = 0;
    assert_non_null (at);
    at = strchr (at, '[') + 1;
    for (*count = 0; *at == '['; ++*count) {
        char *end;
        long x = strtol (at + 1, &end, 10);
        long y = strtol (end + 1, &end, 10);
        double usd = strtod (end + 1, &end);
        assert_true (*end == ']' && y >= 0 && usd >= 1);
        sum += x == x_wanted ? usd : 0;
        at = end + (end[1] == ',' ? 2 : 1);
    }
    assert_true (*at == ']');
    return sum;
}

static double
number_of (const world_t *world, const char *key)
{
    const char *at = strstr (world->out.data, key);
    assert_non_null (at);
    return strtod (at + strlen (key), NULL);
}

static void
test_the_last_column_adds_up_to_the_frame (void **state)
{
    world_t *world = *state;
    size_t count;
    assert_int_equal (get (world, "/v1/heatmap/BTCUSDT?range=12h&rows=801"), 200);
    const double sum = sum_triples (world, MINUTES / 2 - 1, &count);
    const double step = number_of (world, "\"row_bp\":") / 1e4;
    const int64_t first = (int64_t) llround (log (number_of (world, "\"first_px\":")) / step);
    int64_t rows = 1;
    for (const char *at = strstr (world->out.data, "\"y_axis\":["); *at != ']'; at++)
        rows += *at == ',';
    double expected = 0;
    for (int64_t row = first; row < first + rows; row++)
        expected += map_maker_usd (&world->maker, -1, 31, row);
    assert_true (count > 1000 && expected > 0);
    expect_close (sum / expected, 1, 0.006);
    assert_int_equal ((int64_t) number_of (world, "\"update_time\":"), world->maker.frame.ts_ms);
}

static void
test_the_shape_is_the_common_one (void **state)
{
    world_t *world = *state;
    assert_int_equal (get (world, "/v1/heatmap/BTCUSDT"), 200);
    static const char *const texts[] = {
        "{\"source\":\"sim\",\"note\":\"not financial advice\",\"instrument\":\"BTCUSDT\",\"model\":\"full\","
        "\"range\":\"24h\",\"ranges\":[{\"range\":\"12h\",\"held\":true,\"columns\":360,\"column_s\":120},"
        "{\"range\":\"24h\",\"held\":false,\"columns\":288,\"column_s\":300}",
        "\"column_s\":300,\"update_time\":",
        "\"venues\":[\"binance\",\"bybit\",\"okx\"]",
        "\"groups\":[{\"from\":2,\"to\":7.5},{\"from\":10,\"to\":15},{\"from\":20,\"to\":33},"
        "{\"from\":50,\"to\":50},{\"from\":75,\"to\":125}]",
        "\"row_bp\":20,\"first_px\":",
        ",\"y_axis\":[",
        "],\"x_axis\":[1728000000000,1728000300000,",
        "\"price_candlesticks\":[[1728000000000,",
        "\"prints\":[[",
        ",\"binance\",\"sampled\"]",
        ",\"bybit\",\"complete\"]",
        "\"max_usd\":",
        "\"p997_usd\":"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!says (world, texts[i])) {
            print_error ("%s is not in %.600s\n", texts[i], world->out.data);
            fail ();
        }
    assert_false (says (world, ":nan") || says (world, ",nan") || says (world, "inf"));
    assert_true (number_of (world, "\"max_usd\":") >= number_of (world, "\"p997_usd\":"));
}

//  A parser that is not ours finds it well-formed.
static void
test_it_is_json (void **state)
{
    world_t *world = *state;
    char path[TEMP_FOLDER_MAX + 16], command[256];
    assert_int_equal (get (world, "/v1/heatmap/BTCUSDT?range=12h"), 200);
    (void) snprintf (path, sizeof path, "%s/x.json", world->folder);
    FILE *file = fopen (path, "w");
    assert_true (file && fwrite (world->out.data, 1, world->out.size, file) == world->out.size);
    (void) fclose (file);
    (void) snprintf (command, sizeof command, "/usr/bin/python3 -m json.tool %s >/dev/null", path);
    assert_int_equal (system (command), 0); // NOLINT(cert-env33-c)
}

static void
test_filters_leave_less (void **state)
{
    world_t *world = *state;
    size_t count;
    const long last = MINUTES / 2 - 1;
    assert_int_equal (get (world, "/v1/heatmap/BTCUSDT?range=12h"), 200);
    const double all = sum_triples (world, last, &count);
    double parts = 0;
    for (int g = 0; g < MAP_GROUPS; g++) {
        char address[80];
        (void) snprintf (address, sizeof address, "/v1/heatmap/BTCUSDT?range=12h&groups=%d", g);
        assert_int_equal (get (world, address), 200);
        parts += sum_triples (world, last, &count);
    }
    expect_close (parts / all, 1, 0.001);
    assert_int_equal (get (world, "/v1/heatmap/BTCUSDT?range=12h&venues=okx,bybit&token=x"), 200);
    const double two = sum_triples (world, last, &count);
    assert_true (two > 0 && two < all);
    assert_false (says (world, "\"binance\",\"sampled\""));
    assert_true (says (world, "\"venues\":[\"binance\",\"bybit\",\"okx\"]"));
}

static void
test_wrong_parameters_are_named_with_what_is_allowed (void **state)
{
    world_t *world = *state;
    static const struct {
        const char *query, *name, *allowed;
    } cases[] = {
        {"range=5h", "range", "12h 24h 48h 3d 1w 2w 1m 3m 6m 1y"},
        {"range=", "range", "12h"},
        {"model=best", "model", "full ladder"},
        {"groups=5", "groups", "0 to 4"},
        {"groups=1,", "groups", "0 to 4"},
        {"groups=", "groups", "0 to 4"},
        {"groups=12", "groups", "0 to 4"},
        {"rows=49", "rows", "50 to 801"},
        {"rows=802", "rows", "50 to 801"},
        {"rows=1e2", "rows", "50 to 801"},
        {"rows=-300", "rows", "50 to 801"},
        {"venues=kraken", "venues", "binance bybit okx"},
        {"venues=okx,,bybit", "venues", "separated by commas"},
        {"venues=", "venues", "separated by commas"},
        {"colour=red", "colour", "range model groups venues rows"},
        {"\"}<script>", "\\\"}<script>", "range model groups venues rows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char address[128], parameter[64];
        (void) snprintf (address, sizeof address, "/v1/heatmap/BTCUSDT?%s", cases[i].query);
        (void) snprintf (parameter, sizeof parameter, "\"parameter\":\"%s\"", cases[i].name);
        assert_int_equal (get (world, address), 400);
        assert_true (says (world, parameter));
        assert_true (says (world, cases[i].allowed));
    }
    assert_int_equal (get (world, "/v1/map/BTCUSDT?model=best"), 400);
    assert_true (says (world, "full ladder"));
    assert_int_equal (get (world, "/v1/map/BTCUSDT?range=24h"), 400);
}

static void
test_what_is_not_there_is_404 (void **state)
{
    world_t *world = *state;
    static const char *const addresses[] = {"/v1/heatmap/DOGEUSDT",
                                            "/v1/heatmap/ETHUSDT",
                                            "/v1/heatmap/BTCUSDT?model=ladder",
                                            "/v1/heatmap/",
                                            "/v1/heatmap",
                                            "/v1/heatmap/BTCUSDT/x",
                                            "/v1/heatmap/..%2f",
                                            "/v1/map/DOGEUSDT",
                                            "/v1/map/ETHUSDT",
                                            "/v1/map/BTCUSDT?model=ladder"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        assert_int_equal (get (world, addresses[i]), 404);
        assert_true (says (world, "/v1/heatmap/{instrument}"));
    }
}

static void
test_the_map_is_the_last_frame (void **state)
{
    world_t *world = *state;
    assert_int_equal (get (world, "/v1/map/BTCUSDT"), 200);
    assert_true (says (world, "\"model\":\"full\"") && says (world, "\"clusters\":[{\"low_px\":"));
    assert_int_equal ((int64_t) number_of (world, "\"ts_ms\":"), world->maker.frame.ts_ms);
}

static void
test_the_ladder_has_no_venues (void **state)
{
    world_t *world = *state;
    put_map (world, map_maker_ladder (&world->maker), "ladder");
    assert_int_equal (get (world, "/v1/map/BTCUSDT?model=ladder"), 200);
    assert_true (says (world, "\"model\":\"ladder\""));
    assert_int_equal (get (world, "/v1/heatmap/BTCUSDT?model=ladder&venues=kraken"), 200);
    assert_true (says (world, "\"venues\":[]"));
    size_t count;
    assert_true (sum_triples (world, 0, &count) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_the_last_column_adds_up_to_the_frame),
        TEST (test_the_shape_is_the_common_one),
        TEST (test_it_is_json),
        TEST (test_filters_leave_less),
        TEST (test_wrong_parameters_are_named_with_what_is_allowed),
        TEST (test_what_is_not_there_is_404),
        TEST (test_the_map_is_the_last_frame),
        TEST (test_the_ladder_has_no_venues),
    };
    logger_open ("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
