#include "tests/support/expect.h"

#include "publisher/openapi.h"
#include "publisher/render.h"

static store_t *store;
static metrics_t *metrics;
static text_buffer_t out;
static pipeline_t pipeline;
static render_sources_t sources;
static const render_arguments_t nothing;

static void
put_bias (const char *instrument, mode_id_t mode, double bias_value, category_bias_t *categories,
          size_t count)
{
    bias_t bias = {
        .head = {.schema = 1, .kind = "bias", .source = SOURCE_SIM, .engine = "t", .publisher = "p"},
        .mode = (int32_t) mode,
        .ts_ms = 1000000,
        .horizon_s = 3600,
        .price_px = NAN,
        .bias = bias_value,
        .bias_prev = NAN,
        .state = STATE_NEUTRAL,
        .confidence_pct = 50,
        .band_low_pct = NAN,
        .band_high_pct = NAN,
        .categories = categories,
        .categories_count = count};
    (void) snprintf (bias.instrument, sizeof bias.instrument, "%s", instrument);
    topic_t topic = {.kind = TOPIC_BIAS, .mode = mode};
    (void) snprintf (topic.instrument, sizeof topic.instrument, "%s", instrument);
    error_text_t error = {{0}};
    const store_entry_t *entry = store_put (store, &topic, &bias, &error);
    if (!entry)
        print_error ("%s\n", error.text);
    assert_non_null (entry);
}

static int
set_up (void **state)
{
    (void) state;
    store = store_new ("v1");
    metrics = metrics_new ();
    assert_int_equal (universe_parse (&pipeline.universe, slice_of ("BTCUSDT ETHUSDT"), NULL), OK);
    (void) snprintf (pipeline.venue_names[0], sizeof pipeline.venue_names[0], "okx");
    pipeline.venues_count = 1;
    sources = (render_sources_t){store, metrics, NULL, &pipeline};
    category_bias_t categories[2] = {
        {.category = "funding", .points = -3, .weight = 0.25, .x = -1, .agreement_pct = NAN},
        {.category = "momentum", .points = 15, .weight = 0.75, .x = 1.5, .agreement_pct = NAN},
    };
    put_bias ("BTCUSDT", MODE_DAY, 12, categories, 2);
    put_bias ("ETHUSDT", MODE_DAY, -4, NULL, 0);
    put_bias ("ETHUSDT", MODE_SCALP, 1, NULL, 0);
    return 0;
}

static int
tear_down (void **state)
{
    (void) state;
    store_destroy (&store);
    metrics_destroy (&metrics);
    text_fini (&out);
    out = (text_buffer_t){0};
    return 0;
}

static int
get (const char *path)
{
    render_t answer = render_path (&sources, slice_of (path), &nothing, 1001000, &out);
    return answer.status;
}

static size_t
count_of (const char *needle)
{
    size_t count = 0;
    for (const char *at = out.data; (at = strstr (at, needle)); at++)
        count++;
    return count;
}

static void
test_bias_lists_all_or_one_mode (void **state)
{
    (void) state;
    assert_int_equal (get ("/v1/bias"), 200);
    assert_int_equal (count_of ("\"kind\":\"bias\""), 3);
    assert_int_equal (get ("/v1/bias/day"), 200);
    assert_int_equal (count_of ("\"kind\":\"bias\""), 2);
    assert_int_equal (get ("/v1/bias/day/BTCUSDT"), 200);
    assert_int_equal (count_of ("\"kind\":\"bias\""), 1);
    assert_non_null (strstr (out.data, "\"price_px\":null"));
}

static void
test_explain_orders_by_points_and_adds_up (void **state)
{
    (void) state;
    assert_int_equal (get ("/v1/explain/day/BTCUSDT"), 200);
    char *momentum = strstr (out.data, "momentum"), *funding = strstr (out.data, "funding");
    assert_non_null (momentum);
    assert_non_null (funding);
    assert_true (momentum < funding);
    assert_non_null (strstr (out.data, "\"points\":15"));
}

static void
test_weights_are_plain_numbers (void **state)
{
    (void) state;
    assert_int_equal (get ("/v1/weights/day/BTCUSDT"), 200);
    assert_non_null (strstr (out.data, "\"weights\":{\"funding\":0.25,\"momentum\":0.75}"));
}

static void
test_what_is_not_there_is_404_with_the_paths (void **state)
{
    (void) state;
    static const char *const paths[] = {"/v1/bias/day/DOGEUSDT",
                                        "/v1/bias/hour",
                                        "/v1/nothing",
                                        "/x",
                                        "/v1/",
                                        "/v1/explain/day",
                                        "//",
                                        "/v1/bias/day/BTCUSDT/more",
                                        "/v1/weights/day/AVERYLONGNAMETHATCANNOTBEANINSTRUMENT"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal (get (paths[i]), 404);
        assert_non_null (strstr (out.data, "/v1/explain/{mode}/{instrument}"));
    }
}

static void
test_healthz_turns_stale (void **state)
{
    (void) state;
    assert_int_equal (get ("/healthz"), 200);
    render_t late = render_path (&sources, slice_of ("/healthz"), &nothing, 1000000 + 60000, &out);
    assert_int_equal (late.status, 503);
    assert_non_null (strstr (out.data, "stale"));
}

static void
test_metrics_have_one_type_line_a_name (void **state)
{
    (void) state;
    metric_add (metrics_counter (metrics, "publisher_x", "kind=\"a\"", "help"), 2);
    metric_add (metrics_counter (metrics, "publisher_y", "", "help"), 1);
    metric_add (metrics_counter (metrics, "publisher_x", "kind=\"b\"", "help"), 3);
    assert_int_equal (get ("/metrics"), 200);
    assert_int_equal (count_of ("# TYPE leadline_publisher_x_total counter"), 1);
    assert_non_null (strstr (out.data, "leadline_publisher_x_total{process=\"publisher\",kind=\"b\"} 3\n"));
    assert_non_null (strstr (out.data, "leadline_publisher_y_total{process=\"publisher\"} 1\n"));
}

static void
test_the_root_says_simulated_and_not_advice (void **state)
{
    (void) state;
    assert_int_equal (get ("/"), 200);
    assert_non_null (strstr (out.data, "Not financial advice"));
    assert_non_null (strstr (out.data, "simulated"));
    assert_int_equal (get ("/v1"), 200);
    assert_non_null (strstr (out.data, "\"instruments\":[\"BTCUSDT\",\"ETHUSDT\"],\"venues\":[\"okx\"]"));
    for (size_t i = 0; render_paths[i]; i++)
        assert_non_null (strstr (out.data, render_paths[i]));
}

static void
test_the_description_has_every_path_and_no_other (void **state)
{
    (void) state;
    size_t paths = 0, described = 0;
    char quoted[80];
    assert_int_equal (get ("/v1/openapi.json"), 200);
    for (; render_paths[paths]; paths++) {
        (void) snprintf (quoted, sizeof quoted, "\"%s\": {", render_paths[paths]);
        assert_non_null (strstr (out.data, quoted));
    }
    const char *end = strstr (out.data, "\"components\"");
    assert_non_null (end);
    for (const char *at = strstr (out.data, "\"paths\""); (at = strstr (at, "\n  \"/")) && at < end; at++)
        described++;
    assert_int_equal (described, paths);
    assert_true (out.size == strlen (openapi_text) && out.data[out.size - 1] == '\n');
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_bias_lists_all_or_one_mode, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_explain_orders_by_points_and_adds_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_weights_are_plain_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_what_is_not_there_is_404_with_the_paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_healthz_turns_stale, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_metrics_have_one_type_line_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_the_root_says_simulated_and_not_advice, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_the_description_has_every_path_and_no_other, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
