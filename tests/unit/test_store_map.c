//  The liquidation map in Redis: what stands there, how often, and that a Redis that was away gets the newest.

#include "aggregator/clerk.h"
#include "aggregator/store_keys.h"
#include "aggregator/store_map.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"
#include "tests/support/expect.h"
#include "tests/support/map_maker.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_folder.h"

#include <hiredis/hiredis.h>

enum { PATIENCE_S = 20, LEASE_MS = 1500 };
#define PREFIX "testline"

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    redis_server_t *server;
    universe_t universe;
    loop_t *loop;
    metrics_t *metrics;
    prices_t *prices;
    clerk_t *clerk;
    map_maker_t maker;
    double maps_wanted; //  by written
} world_t;

static double
counted (world_t *world, const char *name)
{
    return metrics_counter (world->metrics, name, "", "")->value;
}

typedef bool
wait_fn (void *self);
typedef struct {
    loop_t *loop;
    wait_fn *fn;
    void *self;
    int64_t until_ns;
} wait_t;

static void
look (void *argument)
{
    wait_t *wait = argument;
    if (wait->fn (wait->self))
        loop_stop (wait->loop, 7);
    else if (timebase_mono_ns () > wait->until_ns)
        loop_stop (wait->loop, 8);
}

static bool
turn_until (world_t *world, wait_fn *fn)
{
    wait_t wait = {world->loop, fn, world, timebase_mono_ns () + PATIENCE_S * NS_PER_S};
    if (fn (world))
        return true;
    loop_timer_t *timer = loop_every (world->loop, NS_PER_MS, look, &wait);
    int code = loop_run (world->loop);
    loop_cancel (&timer);
    return code == 7;
}

static bool
is_ready (void *self)
{
    return clerk_state (((world_t *) self)->clerk) == STORE_READY;
}

static bool
is_away (void *self)
{
    return clerk_state (((world_t *) self)->clerk) == STORE_AWAY;
}

static bool
is_written (void *self)
{
    world_t *world = self;
    return counted (world, "aggregator_redis_maps") >= world->maps_wanted;
}

static void
on_outcome (void *argument, outcome_t *outcome)
{
    (void) argument;
    (void) outcome;
}

static void
on_scale (void *argument, mode_id_t mode, const char *instrument, const image_t *image)
{
    (void) argument;
    (void) mode;
    (void) instrument;
    (void) image;
}

static int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    temp_folder_new (world->folder);
    world->server = redis_server_start (world->folder);
    assert_non_null (world->server);
    assert_int_equal (universe_parse (&world->universe, slice_of ("BTCUSDT"), NULL), OK);
    world->loop = loop_new ();
    world->metrics = metrics_new ();
    world->prices = prices_new ();
    const store_options_t options = {.endpoint = redis_server_endpoint (world->server),
                                     .prefix = PREFIX,
                                     .owner = "here:1:1",
                                     .lease_ms = LEASE_MS};
    const clerk_events_t events = {.outcome = on_outcome, .scale = on_scale, .self = world};
    world->clerk =
        clerk_new (world->loop, &options, &world->universe, &world->prices, &events, world->metrics, NULL);
    assert_non_null (world->clerk);
    map_maker_init (&world->maker, test_seed (9), "BTCUSDT", INT64_C (20000) * 1440);
    *state = world;
    return turn_until (world, is_ready) ? 0 : -1;
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    clerk_destroy (&world->clerk);
    loop_destroy (&world->loop);
    metrics_destroy (&world->metrics);
    prices_destroy (&world->prices);
    redis_server_stop (&world->server);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

//  A command's answer as text, lists with spaces between.
static const char *
ask_redis (const world_t *world, const char *format, const char *key)
{
    static char text[4096];
    redisContext *redis = redisConnectUnix (redis_server_endpoint (world->server) + 5);
    assert_true (redis && !redis->err);
    redisReply *reply = redisCommand (redis, format, key);
    assert_non_null (reply);
    text[0] = 0;
    if (reply->type == REDIS_REPLY_ARRAY)
        for (size_t i = 0, size = 0; i < reply->elements; i++)
            size += (size_t) snprintf (text + size, sizeof text - size, "%s%s", i ? " " : "",
                                       reply->element[i]->str);
    else
        (void) snprintf (text, sizeof text, "%s", reply->str ? reply->str : "(nil)");
    freeReplyObject (reply);
    redisFree (redis);
    return text;
}

//  A frame `seconds` after the start.
static map_frame_t *
frame_at (world_t *world, int seconds)
{
    map_frame_t *frame = &world->maker.frame;
    if (frame->ts_ms == 0)
        (void) map_maker_column (&world->maker);
    frame->ts_ms = INT64_C (1728000000000) + seconds * MS_PER_S;
    return frame;
}

static void
test_it_can_be_read_by_people (void **state)
{
    world_t *world = *state;
    map_frame_t *frame = frame_at (world, 0);
    frame->mark_px = 94200.5;
    world->maker.clusters[0] = (map_cluster_t){.low_px = 95600,
                                               .high_px = 95700,
                                               .side = MAP_SIDE_SHORT,
                                               .usd = 48200000.4,
                                               .groups_usd = world->maker.cluster_usd[0],
                                               .groups_count = MAP_GROUPS};
    world->maker.clusters[1].low_px = 1.23451;
    world->maker.clusters[1].high_px = 1.23449;
    clerk_keep_map (world->clerk, frame);
    world->maps_wanted = 1;
    assert_true (turn_until (world, is_written));
    char key[STORE_KEY_MAX];
    store_key (PREFIX, KEY_MAP_TOP, MODE_SCALP, "BTCUSDT", 0, key);
    assert_string_equal (key, PREFIX ":map:BTCUSDT:top");
    assert_string_equal (ask_redis (world, "HGETALL %s", key),
                         "95650.0 48200000 short 25x 1.23450 7000000 long 25x");
    store_key (PREFIX, KEY_MAP_CUMULATIVE, MODE_SCALP, "BTCUSDT", 0, key);
    assert_string_equal (key, PREFIX ":map:BTCUSDT:cumulative");
    assert_string_equal (
        ask_redis (world, "HGETALL %s", key),
        "long:1 1000000 long:2 2000000 long:3 3000000 long:5 4000000 long:10 5000000 short:1 2000000 short:2 "
        "4000000 short:3 6000000 short:5 8000000 short:10 10000000 ts_ms 1728000000000 mark_px 94200.5");
    assert_non_null (strstr (ask_redis (world, "GET %s", PREFIX ":readme"), "map:<instrument>:top"));
}

static void
test_at_most_one_in_ten_seconds_is_written (void **state)
{
    world_t *world = *state;
    for (int second = 0; second <= 35; second++) {
        clerk_keep_map (world->clerk, frame_at (world, second));
        world->maps_wanted = 1 + second / 10; // NOLINT(bugprone-integer-division)
        assert_true (turn_until (world, is_written));
    }
    assert_true (counted (world, "aggregator_redis_maps") == 4);
    assert_true (counted (world, "aggregator_redis_maps_skipped") == 0);
    assert_string_equal (ask_redis (world, "HGET %s ts_ms", PREFIX ":map:BTCUSDT:cumulative"),
                         "1728000030000");
}

static void
test_old_fields_go_away (void **state)
{
    world_t *world = *state;
    clerk_keep_map (world->clerk, frame_at (world, 0));
    world->maps_wanted = 1;
    assert_true (turn_until (world, is_written));
    map_frame_t *frame = frame_at (world, 10);
    frame->clusters_count = 1;
    clerk_keep_map (world->clerk, frame);
    world->maps_wanted = 2;
    assert_true (turn_until (world, is_written));
    const char *text = ask_redis (world, "HKEYS %s", PREFIX ":map:BTCUSDT:top");
    assert_true (text[0] && !strchr (text, ' '));
    frame->clusters_count = 0;
    frame->ts_ms += 10000;
    clerk_keep_map (world->clerk, frame);
    world->maps_wanted = 3;
    assert_true (turn_until (world, is_written));
    assert_string_equal (ask_redis (world, "HKEYS %s", PREFIX ":map:BTCUSDT:top"), "");
}

static void
test_a_redis_that_was_away_gets_the_newest (void **state)
{
    world_t *world = *state;
    clerk_keep_map (world->clerk, frame_at (world, 0));
    world->maps_wanted = 1;
    assert_true (turn_until (world, is_written));
    redis_server_kill (world->server);
    assert_true (turn_until (world, is_away));
    for (int second = 1; second <= 60; second++)
        clerk_keep_map (world->clerk, frame_at (world, second));
    assert_true (counted (world, "aggregator_redis_maps_skipped") == 50);
    assert_int_equal (redis_server_restart (world->server), 0);
    world->maps_wanted = 2; //  no frame comes any more
    assert_true (turn_until (world, is_written));
    assert_string_equal (ask_redis (world, "HGET %s ts_ms", PREFIX ":map:BTCUSDT:cumulative"),
                         "1728000060000");
}

static void
test_other_models_and_instruments_are_not_written (void **state)
{
    world_t *world = *state;
    map_frame_t *frame = frame_at (world, 0);
    frame->model = MAP_MODEL_LADDER;
    clerk_keep_map (world->clerk, frame);
    frame->model = MAP_MODEL_FULL;
    frame->is_reconstructed = true; //  of yesterday
    frame->ts_ms -= 86400000;
    clerk_keep_map (world->clerk, frame);
    frame = frame_at (world, 0);
    frame->is_reconstructed = false;
    (void) snprintf (frame->instrument, sizeof frame->instrument, "DOGEUSDT");
    clerk_keep_map (world->clerk, frame);
    (void) snprintf (frame->instrument, sizeof frame->instrument, "BTCUSDT");
    clerk_keep_map (world->clerk, frame);
    world->maps_wanted = 1;
    assert_true (turn_until (world, is_written));
    assert_string_equal (ask_redis (world, "KEYS %s", PREFIX ":map:*:top"), PREFIX ":map:BTCUSDT:top");
    assert_string_equal (ask_redis (world, "HGET %s ts_ms", PREFIX ":map:BTCUSDT:cumulative"),
                         "1728000000000");
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_it_can_be_read_by_people),
        TEST (test_at_most_one_in_ten_seconds_is_written),
        TEST (test_old_fields_go_away),
        TEST (test_a_redis_that_was_away_gets_the_newest),
        TEST (test_other_models_and_instruments_are_not_written),
    };
    logger_open ("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
