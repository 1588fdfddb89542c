//  The aggregator over the wire: one bus plays the shards, another one listens, Redis is real.

#include "aggregator/engine.h"
#include "common/base/logger.h"
#include "tests/support/expect.h"
#include "tests/support/reading_maker.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_folder.h"

enum { PATIENCE_S = 20, INSTRUMENTS = 2 };
#define T0_MS INT64_C (1700000100000) //  on a boundary of scalp's and day's steps

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    redis_server_t *server;
    settings_t settings;
    process_t process;
    engine_t *engine;
    bus_t *shards[2], *listener;
    bus_stream_t *ticks[2];
    prng_t prng;
    size_t biases, outcomes, voids, sims, snapshots, calm_count, calm_biases;
    double points_off, recomputed_off;
    outcome_t last_outcome;
    bias_t last_bias;
} world_t;

static void
hear_bias (world_t *world, const bias_t *bias)
{
    double points = 0, r = 0;
    world->biases++;
    for (size_t i = 0; i < bias->categories_count; i++) {
        const category_bias_t *category = &bias->categories[i];
        points += category->points;
        r += category->weight * fmin (fmax (category->score / category->sigma, -3), 3);
    }
    world->points_off = fmax (world->points_off, fabs (points - bias->bias));
    world->recomputed_off =
        fmax (world->recomputed_off, fabs (100 * tanh (r / bias->sigma_r / 1.5) - bias->bias));
    world->last_bias = *bias;
}

static void
hear (void *argument, const bus_message_t *message)
{
    world_t *world = argument;
    world->sims += message->source == SOURCE_SIM;
    world->snapshots += message->is_snapshot;
    if (message->topic.kind == TOPIC_BIAS)
        hear_bias (world, message->records);
    else if (message->topic.kind == TOPIC_OUTCOME) {
        world->last_outcome = *(const outcome_t *) message->records;
        world->outcomes++;
        world->voids += isnan (world->last_outcome.y) ? 1 : 0;
    }
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
turn_until (world_t *world, wait_fn *fn, void *self)
{
    wait_t wait = {world->process.loop, fn, self, timebase_mono_ns () + PATIENCE_S * NS_PER_S};
    loop_timer_t *timer = loop_every (world->process.loop, NS_PER_MS, look, &wait);
    int code = loop_run (world->process.loop);
    loop_cancel (&timer);
    return code == 7;
}

static bool
is_ready (void *self)
{
    return clerk_state (engine_clerk (((world_t *) self)->engine)) == STORE_READY;
}

static void
open_shard (world_t *world, size_t shard)
{
    char name[PUBLISHER_NAME_MAX], topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
    snprintf (name, sizeof name, "cards-%zu", shard + 1);
    pipeline_endpoint (&world->settings.pipeline, name, "pub", topics);
    pipeline_endpoint (&world->settings.pipeline, name, "snap", snapshots);
    const bus_options_t options = {.publisher = name,
                                   .endpoint = topics,
                                   .snapshot_endpoint = snapshots,
                                   .topic_prefix = "v1",
                                   .source = SOURCE_SIM,
                                   .beat_ns = NS_PER_S,
                                   .universe_hash = world->settings.pipeline.universe.hash};
    world->shards[shard] = bus_new (world->process.loop, &options, NULL);
    assert_int_equal (bus_open (world->shards[shard], NULL), OK);
    topic_t topic = {.kind = TOPIC_TICK};
    snprintf (topic.name, sizeof topic.name, "%zu", shard + 1);
    world->ticks[shard] = bus_stream (world->shards[shard], &topic);
}

static void
open_listener (world_t *world)
{
    char topics[ENDPOINT_MAX], snapshots[ENDPOINT_MAX];
    const char *const filters[] = {"v1.bias.", "v1.outcome."};
    const bus_options_t options = {.publisher = "listener",
                                   .topic_prefix = "v1",
                                   .universe_hash = world->settings.pipeline.universe.hash};
    const bus_reader_t reader = {.message = hear, .self = world};
    pipeline_endpoint (&world->settings.pipeline, "aggregator", "pub", topics);
    pipeline_endpoint (&world->settings.pipeline, "aggregator", "snap", snapshots);
    world->listener = bus_new (world->process.loop, &options, NULL);
    assert_int_equal (bus_open (world->listener, NULL), OK);
    bus_read (world->listener, &reader);
    assert_int_equal (bus_connect (world->listener, topics, snapshots, filters, 2, NULL), OK);
}

static int
set_up_of (void **state, int64_t shards)
{
    world_t *world = calloc (1, sizeof *world);
    error_text_t error;
    temp_folder_new (world->folder);
    world->server = redis_server_start (world->folder);
    assert_non_null (world->server);
    prng_init (&world->prng, test_seed (1));
    pipeline_t *pipeline = &world->settings.pipeline;
    snprintf (pipeline->folder, sizeof pipeline->folder, "%s", world->folder);
    snprintf (pipeline->instruments, sizeof pipeline->instruments, "BTCUSDT ETHUSDT");
    snprintf (pipeline->venues, sizeof pipeline->venues, "binance");
    snprintf (pipeline->topic_prefix, sizeof pipeline->topic_prefix, "v1");
    pipeline->shards = shards;
    pipeline->log_level = LOG_LEVEL_WARNING;
    assert_int_equal (pipeline_finish (pipeline, &error), OK);
    snprintf (world->settings.redis, sizeof world->settings.redis, "%s",
              redis_server_endpoint (world->server));
    snprintf (world->settings.redis_prefix, sizeof world->settings.redis_prefix, "engine");
    world->settings.lease_ms = 15000;
    assert_int_equal (process_open (&world->process, "aggregator", pipeline, NS_PER_S, &error), OK);
    world->engine = engine_new (&world->process, &world->settings, &error);
    assert_non_null (world->engine);
    for (size_t i = 0; i < (size_t) shards; i++)
        open_shard (world, i);
    open_listener (world);
    *state = world;
    return turn_until (world, is_ready, world) ? 0 : -1;
}

static int
set_up (void **state)
{
    return set_up_of (state, 1);
}

static int
set_up_two_shards (void **state)
{
    return set_up_of (state, 2);
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    bus_destroy (&world->listener);
    bus_destroy (&world->shards[0]);
    bus_destroy (&world->shards[1]);
    engine_destroy (&world->engine);
    process_close (&world->process);
    redis_server_stop (&world->server);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

static void
say_reading (world_t *world, size_t shard, size_t instrument, mode_id_t mode, int64_t ts_ms)
{
    static reading_maker_t maker;
    const char *name = world->settings.pipeline.universe.names[instrument];
    topic_t topic = {.kind = TOPIC_READING, .mode = mode};
    snprintf (topic.instrument, sizeof topic.instrument, "%s", name);
    reading_maker_fill (&maker, &world->prng, name, mode, ts_ms, 0.1);
    maker.reading.outcome_px = 100 + sin ((double) (ts_ms - T0_MS) / 60000);
    assert_int_equal (
        bus_publish_result (world->shards[shard], bus_stream (world->shards[shard], &topic), &maker.reading),
        OK);
}

static void
say_tick (world_t *world, size_t shard, int64_t ts_ms)
{
    tick_t tick = {.shard_index = (int32_t) shard + 1, .ts_ms = ts_ms, .instruments_count = INSTRUMENTS};
    tick.shards_count = (int32_t) world->settings.pipeline.shards;
    snprintf (tick.shard, sizeof tick.shard, "%zu/%d", shard + 1, tick.shards_count);
    assert_int_equal (bus_publish_result (world->shards[shard], world->ticks[shard], &tick), OK);
}

typedef struct {
    world_t *world;
    size_t biases, outcomes;
} goal_t;

static bool
is_reached (void *self)
{
    goal_t *goal = self;
    return goal->world->biases >= goal->biases && goal->world->outcomes >= goal->outcomes;
}

//  No new bias for fifty looks.
static bool
is_calm (void *self)
{
    world_t *world = self;
    world->calm_count = world->calm_biases == world->biases ? world->calm_count + 1 : 0;
    world->calm_biases = world->biases;
    return world->calm_count > 50;
}

//  ZeroMQ joins publishers and subscribers in its own time: repeat early readings until one is heard.
static void
join (world_t *world, size_t shard)
{
    int64_t ts_ms = T0_MS - 20000;
    goal_t goal = {world, 1, 0};
    world->biases = 0;
    for (int i = 0; i < 1000 && world->biases == 0; i++) {
        say_reading (world, shard, shard, MODE_SCALP, ts_ms += 10);
        wait_t wait = {world->process.loop, is_reached, &goal, timebase_mono_ns () + 10 * NS_PER_MS};
        loop_timer_t *timer = loop_every (world->process.loop, NS_PER_MS, look, &wait);
        (void) loop_run (world->process.loop);
        loop_cancel (&timer);
    }
    assert_true (world->biases > 0);
    wait_t calm = {world->process.loop, is_calm, world, timebase_mono_ns () + NS_PER_S};
    world->calm_count = 0;
    loop_timer_t *timer = loop_every (world->process.loop, NS_PER_MS, look, &calm);
    (void) loop_run (world->process.loop);
    loop_cancel (&timer);
    world->biases = 0;
}

static double
metric_of (world_t *world, const char *name, const char *labels)
{
    return metrics_counter (world->process.metrics, name, labels, "")->value;
}

static void
test_readings_become_biases_and_outcomes (void **state)
{
    world_t *world = *state;
    join (world, 0);
    enum { SECONDS = 400 };
    for (int i = 0; i < SECONDS; i++) {
        for (size_t instrument = 0; instrument < INSTRUMENTS; instrument++)
            for (int mode = 0; mode < MODE_COUNT; mode++)
                say_reading (world, 0, instrument, (mode_id_t) mode, T0_MS + i * 1000);
        say_tick (world, 0, T0_MS + i * 1000);
        if (i % 20 == 19) {
            goal_t goal = {world, (size_t) (i + 1) * INSTRUMENTS * MODE_COUNT, 0};
            assert_true (turn_until (world, is_reached, &goal));
        }
    }
    //  Scalp rows at 0, 30, 60, 90 s are due at 300 + t and looked at 5 s later: by 399 s four of them.
    goal_t goal = {world, SECONDS * INSTRUMENTS * MODE_COUNT, 4 * INSTRUMENTS};
    assert_true (turn_until (world, is_reached, &goal));
    assert_int_equal (world->biases, SECONDS * INSTRUMENTS * MODE_COUNT);
    assert_int_equal (world->outcomes, 4 * INSTRUMENTS);
    assert_int_equal (world->voids, 0);
    assert_true (world->sims >= world->biases); //  the source travels on
    assert_true (world->points_off < 1e-9 && world->recomputed_off < 1e-9);
    double entry_px = 100 + sin (92.0 / 60), exit_px = 100 + sin (390.0 / 60);
    assert_true (world->last_outcome.ts_ms == T0_MS + 90000);
    expect_close (world->last_outcome.entry_px, entry_px, 1e-12);
    expect_close (world->last_outcome.exit_px, exit_px, 1e-12);
    expect_close (world->last_outcome.y, fmax (-3, log (exit_px / entry_px) / (1e-4 * sqrt (300))), 1e-9);
    //  14 rows of scalp, one of day (t = 0), none of swing (its step has not begun).
    expect_close (metric_of (world, "aggregator_rows_registered", ""), 14 + 1, 0);
    expect_close (metric_of (world, "aggregator_rows_void", "reason=\"absent\""), 0, 0);
    expect_close (metric_of (world, "aggregator_missed_ticks", ""), 0, 0);
    assert_int_equal (clerk_tutor (engine_clerk (world->engine), MODE_SCALP)->version, 4);
}

static bool
has_its_rows (void *self)
{
    return metric_of (self, "aggregator_rows_registered", "") >= 2 &&
           metric_of (self, "aggregator_missed_ticks", "") >= 28;
}

static void
test_a_silent_shard_is_gone_without (void **state)
{
    world_t *world = *state;
    join (world, 0);
    join (world, 1);
    for (int i = 0; i < 40; i++) { //  the second shard speaks for ten seconds
        say_reading (world, 0, 0, MODE_SCALP, T0_MS + i * 1000);
        if (i < 10)
            say_reading (world, 1, 1, MODE_SCALP, T0_MS + i * 1000);
        if (i < 10) {
            goal_t both = {world, 2 * (size_t) (i + 1), 0};
            assert_true (turn_until (world, is_reached, &both));
            say_tick (world, 1, T0_MS + i * 1000);
        }
        say_tick (world, 0, T0_MS + i * 1000);
    }
    goal_t goal = {world, 50, 0};
    assert_true (turn_until (world, is_reached, &goal));
    goal_t after = {world, 51, 0};
    say_reading (world, 0, 0, MODE_SCALP, T0_MS + 40000);
    assert_true (turn_until (world, is_reached, &after));
    assert_true (turn_until (world, has_its_rows, world)); //  Redis acknowledges in its own time
    //  Row 0 has both, row 30 s only the first; the last tick of the first stands for all but 500 ms.
    expect_close (metric_of (world, "aggregator_rows_registered", ""), 2, 0);
    expect_close (metric_of (world, "aggregator_rows_void", "reason=\"absent\""), 1, 0);
    assert_true (metric_of (world, "aggregator_missed_ticks", "") >= 28);
}

static bool
has_snapshot (void *self)
{
    return ((world_t *) self)->snapshots > 0;
}

static void
test_a_late_joiner_gets_the_last_bias (void **state)
{
    world_t *world = *state;
    join (world, 0);
    world->snapshots = 0;
    topic_t topic = {.kind = TOPIC_BIAS, .mode = MODE_SCALP};
    snprintf (topic.instrument, sizeof topic.instrument, "BTCUSDT");
    bus_ask (world->listener, &topic);
    assert_true (turn_until (world, has_snapshot, world));
    assert_string_equal (world->last_bias.instrument, "BTCUSDT");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_readings_become_biases_and_outcomes, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_silent_shard_is_gone_without, set_up_two_shards, tear_down),
        cmocka_unit_test_setup_teardown (test_a_late_joiner_gets_the_last_bias, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
