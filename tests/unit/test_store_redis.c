//  The ledger against a real, private Redis: killed, wiped, full, shared.  What comes out must be what an
//  undisturbed learner would know.

#include "aggregator/clerk.h"
#include "aggregator/store_keys.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"
#include "tests/support/expect.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_folder.h"

#include <hiredis/hiredis.h>
#include <unistd.h>

enum { SYMBOLS = 2, ROWS_MAX = 64, PATIENCE_S = 20, LEASE_MS = 1500 };
#define T0_MS   INT64_C (1700000010000)
#define STEP_MS INT64_C (30000)
#define PREFIX  "testline"

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    redis_server_t *server;
    universe_t universe;
    roster_t roster;
    loop_t *loop;
    metrics_t *metrics;
    prices_t *prices[SYMBOLS];
    clerk_t *clerk;
    int outcomes, voids;
} world_t;

static void
on_outcome (void *argument, outcome_t *outcome)
{
    world_t *world = argument;
    world->outcomes++;
    world->voids += isnan (outcome->y);
}

static void
on_scale (void *argument, mode_id_t mode, const char *instrument, const image_t *image)
{
    (void) argument;
    (void) mode;
    (void) instrument;
    (void) image;
}

static double
price_at (int symbol, int64_t ts_ms)
{
    return 100 + symbol + sin ((double) (ts_ms - T0_MS) / 1e5 * (1 + symbol)) * 0.2;
}

static void
fill_prices (prices_t *prices[SYMBOLS], int64_t from_ms, int64_t to_ms)
{
    for (int s = 0; s < SYMBOLS; s++)
        for (int64_t ts_ms = from_ms; ts_ms <= to_ms; ts_ms += 1000)
            (void) prices_put (prices[s], ts_ms, price_at (s, ts_ms));
}

static ledger_row_t *
make_row (const world_t *world, int n)
{
    ledger_row_t *row = ledger_row_new (T0_MS + n * STEP_MS, T0_MS + n * STEP_MS + 300000);
    row->roster = world->roster;
    snprintf (row->catalogue, sizeof row->catalogue, "c0ffee");
    for (int s = 0; s < SYMBOLS; s++) {
        ledger_entry_t *entry = ledger_row_add (row, world->universe.names[s]);
        entry->sigma = 1e-4;
        for (size_t c = 0; c < world->roster.count; c++)
            entry->x[c] = sin (n * 1.3 + s * 2.1 + (double) c) * 2;
        entry->present = (UINT32_C (1) << world->roster.count) - 1;
        entry->z = entry->x[0];
        entry->bias = 100 * tanh (entry->z / 1.5);
        entry->claim_pct = NAN;
    }
    return row;
}

static clerk_t *
open_clerk (world_t *world, const char *owner)
{
    const store_options_t options = {.endpoint = redis_server_endpoint (world->server),
                                     .prefix = PREFIX,
                                     .owner = owner,
                                     .lease_ms = LEASE_MS};
    const clerk_events_t events = {.outcome = on_outcome, .scale = on_scale, .self = world};
    clerk_t *clerk =
        clerk_new (world->loop, &options, &world->universe, world->prices, &events, world->metrics, NULL);
    assert_non_null (clerk);
    clerk_set_roster (clerk, &world->roster, "c0ffee");
    return clerk;
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

//  Turn the loop until fn says so.
static bool
turn_until (world_t *world, wait_fn *fn, void *self, double seconds)
{
    wait_t wait = {world->loop, fn, self, timebase_mono_ns () + (int64_t) (seconds * 1e9)};
    if (fn (self))
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
is_not_ready (void *self)
{
    return !is_ready (self);
}

static bool
is_idle (void *self)
{
    world_t *world = self;
    return is_ready (self) && clerk_queued (world->clerk, MODE_SCALP) == 0 &&
           clerk_waiting (world->clerk, MODE_SCALP) == 0;
}

static bool
is_registered (void *self)
{
    world_t *world = self;
    return is_ready (self) && clerk_queued (world->clerk, MODE_SCALP) == 0;
}

static bool
never (void *self)
{
    (void) self;
    return false;
}

static int
set_up_of (void **state, int categories)
{
    world_t *world = calloc (1, sizeof *world);
    temp_folder_new (world->folder);
    world->server = redis_server_start (world->folder);
    assert_non_null (world->server);
    universe_parse (&world->universe, slice_of ("BTCUSDT ETHUSDT"), NULL);
    for (int i = 0; i < categories; i++) {
        char name[32];
        snprintf (name, sizeof name, "category_%02d", i);
        roster_add (&world->roster, name);
    }
    world->loop = loop_new ();
    world->metrics = metrics_new ();
    for (int s = 0; s < SYMBOLS; s++)
        world->prices[s] = prices_new ();
    world->clerk = open_clerk (world, "here:1:1");
    *state = world;
    return turn_until (world, is_ready, world, PATIENCE_S) ? 0 : -1;
}

static int
set_up (void **state)
{
    return set_up_of (state, 4);
}

static int
set_up_wide (void **state)
{
    return set_up_of (state, 25);
}

static int
tear_down (void **state)
{
    world_t *world = *state;
    clerk_destroy (&world->clerk);
    loop_destroy (&world->loop);
    metrics_destroy (&world->metrics);
    for (int s = 0; s < SYMBOLS; s++)
        prices_destroy (&world->prices[s]);
    redis_server_stop (&world->server);
    temp_folder_remove (world->folder);
    free (world);
    return 0;
}

//  Another client: runs one command, returns its answer as text ("(nil)", a number, or the text).
static const char *
ask_redis (const world_t *world, const char *format, ...)
{
    static char text[4096];
    redisContext *redis = redisConnectUnix (redis_server_endpoint (world->server) + 5);
    assert_true (redis && !redis->err);
    va_list arguments;
    va_start (arguments, format);
    redisReply *reply = redisvCommand (redis, format, arguments);
    va_end (arguments);
    assert_non_null (reply);
    if (reply->type == REDIS_REPLY_INTEGER)
        snprintf (text, sizeof text, "%lld", reply->integer);
    else
        snprintf (text, sizeof text, "%s", reply->str ? reply->str : "(nil)");
    freeReplyObject (reply);
    redisFree (redis);
    return text;
}

//  What an undisturbed learner knows after rows 0 .. rows - 1.
static tutor_t *
undisturbed (const world_t *world, int rows)
{
    tutor_t *tutor = tutor_new (MODE_SCALP, &world->universe);
    prices_t *prices[SYMBOLS];
    outcome_t outcomes[SYMBOLS];
    for (int s = 0; s < SYMBOLS; s++)
        prices[s] = prices_new ();
    fill_prices (prices, T0_MS, T0_MS + rows * STEP_MS + 310000);
    tutor_set_roster (tutor, &world->roster, "c0ffee");
    for (int n = 0; n < rows; n++) {
        ledger_row_t *row = make_row (world, n);
        for (int s = 0; s < SYMBOLS; s++)
            outcome_settle (row, &row->entries[s], MODE_SCALP, prices[s], &outcomes[s]);
        tutor_settle (tutor, row, outcomes);
        ledger_row_destroy (&row);
    }
    tutor_fit (tutor, NULL);
    for (int s = 0; s < SYMBOLS; s++)
        prices_destroy (&prices[s]);
    return tutor;
}

static void
expect_same_tutor (const tutor_t *actual, const tutor_t *expected)
{
    assert_int_equal (actual->version, expected->version);
    assert_int_equal (actual->rows_settled, expected->rows_settled);
    assert_int_equal (actual->entries_void, expected->entries_void);
    assert_memory_equal (&actual->pool, &expected->pool, sizeof actual->pool);
    assert_memory_equal (&actual->pool_boa, &expected->pool_boa, sizeof actual->pool_boa);
    for (int s = 0; s < SYMBOLS; s++) {
        assert_memory_equal (&actual->symbols[s].sums, &expected->symbols[s].sums,
                             sizeof actual->symbols[s].sums);
        assert_memory_equal (&actual->symbols[s].boa, &expected->symbols[s].boa,
                             sizeof actual->symbols[s].boa);
        assert_memory_equal (&actual->symbols[s].calibration, &expected->symbols[s].calibration,
                             sizeof actual->symbols[s].calibration);
        assert_memory_equal (actual->symbols[s].weights, expected->symbols[s].weights,
                             sizeof actual->symbols[s].weights);
    }
}

static void
finish_and_compare (world_t *world, int rows)
{
    fill_prices (world->prices, T0_MS, T0_MS + rows * STEP_MS + 310000);
    clerk_advance (world->clerk, T0_MS + rows * STEP_MS + 310000);
    assert_true (turn_until (world, is_idle, world, PATIENCE_S));
    tutor_t *expected = undisturbed (world, rows);
    expect_same_tutor (clerk_tutor (world->clerk, MODE_SCALP), expected);
    char key[STORE_KEY_MAX], version[32];
    store_key (PREFIX, KEY_META, MODE_SCALP, NULL, 0, key);
    snprintf (version, sizeof version, "%d", rows);
    assert_string_equal (ask_redis (world, "HGET %s version", key), version);
    store_key (PREFIX, KEY_DUE, MODE_SCALP, NULL, 0, key);
    assert_string_equal (ask_redis (world, "ZCARD %s", key), "0");
    tutor_destroy (&expected);
}

static void
test_rows_are_registered_and_settled_once (void **state)
{
    world_t *world = *state;
    char key[STORE_KEY_MAX];
    for (int n = 0; n < 12; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 3)); //  again
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 11)); //  and again, when Redis has it
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    store_key (PREFIX, KEY_DUE, MODE_SCALP, NULL, 0, key);
    assert_string_equal (ask_redis (world, "ZCARD %s", key), "12");
    assert_int_equal (world->outcomes, 0);
    finish_and_compare (world, 12);
    assert_int_equal (world->outcomes, 24);
    assert_int_equal (world->voids, 0);
    store_key (PREFIX, KEY_ROW, MODE_SCALP, NULL, T0_MS, key);
    assert_string_equal (ask_redis (world, "EXISTS %s", key), "0");
}

static void
test_weights_can_be_read_by_people (void **state)
{
    world_t *world = *state;
    for (int n = 0; n < 12; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    finish_and_compare (world, 12);
    char key[STORE_KEY_MAX];
    store_key (PREFIX, KEY_WEIGHTS, MODE_SCALP, "ETHUSDT", 0, key);
    assert_string_equal (key, PREFIX ":weights:scalp:ETHUSDT");
    double sum = 0, before = 2;
    redisContext *redis = redisConnectUnix (redis_server_endpoint (world->server) + 5);
    redisReply *reply = redisCommand (redis, "HGETALL %s", key);
    assert_int_equal (reply->elements, 8);
    for (size_t i = 1; i < reply->elements; i += 2) {
        double weight = strtod (reply->element[i]->str, NULL);
        assert_true (weight <= before);
        assert_null (strpbrk (reply->element[i]->str, "eEnN"));
        before = weight;
        sum += weight;
    }
    freeReplyObject (reply);
    redisFree (redis);
    expect_close (sum, 1, 1e-9);
    assert_non_null (strstr (ask_redis (world, "GET %s", PREFIX ":readme"), "override"));
    assert_true (atoi (ask_redis (world, "XLEN %s", PREFIX ":history:scalp:POOL")) > 0);
    assert_string_equal (ask_redis (world, "HGET %s state", PREFIX ":weights_meta:scalp:POOL"), "learning");
}

static void
test_many_fields_go_in_chunks (void **state)
{
    world_t *world = *state; //  25 categories: 1134 fields in the pool's learner
    for (int n = 0; n < 3; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    finish_and_compare (world, 3);
    assert_true (atoi (ask_redis (world, "HLEN %s", PREFIX ":learner:scalp:POOL")) > 1000);
}

static void
test_killed_redis_loses_and_doubles_nothing (void **state)
{
    world_t *world = *state;
    prng_t prng;
    prng_init (&prng, test_seed (1));
    enum { ROWS = 40 };
    int kills = 0;
    for (int n = 0; n < ROWS; n++) {
        int64_t now_ms = T0_MS + n * STEP_MS + 1000;
        fill_prices (world->prices, now_ms - STEP_MS, now_ms + STEP_MS);
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
        clerk_advance (world->clerk, now_ms);
        if (n % 8 == 5) { //  somewhere in the middle of what is under way
            (void) turn_until (world, never, NULL, prng_uniform (&prng) * 0.004);
            redis_server_kill (world->server);
            assert_true (turn_until (world, is_not_ready, world, PATIENCE_S));
            clerk_register (world->clerk, MODE_SCALP, make_row (world, ++n));
            clerk_advance (world->clerk, T0_MS + n * STEP_MS + 1000);
            assert_true (clerk_is_frozen (world->clerk));
            assert_int_equal (redis_server_restart (world->server), 0);
            kills++;
        }
        assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    }
    print_message ("killed %d times\n", kills);
    finish_and_compare (world, ROWS);
    assert_int_equal (world->voids, 0);
}

static void
test_wiped_redis_is_restored_from_memory (void **state)
{
    world_t *world = *state;
    for (int n = 0; n < 20; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    fill_prices (world->prices, T0_MS, T0_MS + 20 * STEP_MS);
    clerk_advance (world->clerk, T0_MS + 15 * STEP_MS); //  some are settled, some wait
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    (void) turn_until (world, never, NULL, 0.1);
    assert_true (clerk_tutor (world->clerk, MODE_SCALP)->version > 0);
    assert_true (clerk_waiting (world->clerk, MODE_SCALP) > 0);
    assert_string_equal (ask_redis (world, "FLUSHALL"), "OK");
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 20)); //  finds no epoch
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    finish_and_compare (world, 21);
}

static void
test_full_redis_refuses_and_nothing_is_lost (void **state)
{
    world_t *world = *state;
    for (int n = 0; n < 10; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    assert_string_equal (ask_redis (world, "CONFIG SET maxmemory-policy noeviction"), "OK");
    assert_string_equal (ask_redis (world, "CONFIG SET maxmemory 1"), "OK");
    fill_prices (world->prices, T0_MS, T0_MS + 400000);
    clerk_advance (world->clerk, T0_MS + 310000); //  row 0 is due
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 10));
    assert_true (turn_until (world, is_not_ready, world, PATIENCE_S));
    assert_int_equal (clerk_state (world->clerk), STORE_FULL);
    assert_true (clerk_is_frozen (world->clerk));
    assert_int_equal (clerk_tutor (world->clerk, MODE_SCALP)->version, 0);
    assert_int_equal (clerk_queued (world->clerk, MODE_SCALP), 1);
    assert_int_equal (clerk_waiting (world->clerk, MODE_SCALP), 10);
    assert_string_equal (ask_redis (world, "ZCARD %s", PREFIX ":due:scalp"), "10");
    assert_string_equal (ask_redis (world, "CONFIG SET maxmemory 0"), "OK");
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    finish_and_compare (world, 11);
}

static void
test_second_aggregator_stands_by_and_takes_over (void **state)
{
    world_t *world = *state;
    clerk_t *first = world->clerk, *second = open_clerk (world, "elsewhere:2:2");
    clerk_register (first, MODE_SCALP, make_row (world, 0));
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    world->clerk = second;
    (void) turn_until (world, is_ready, world, 1);
    assert_int_equal (clerk_state (second), STORE_STANDBY);
    clerk_register (second, MODE_SCALP, make_row (world, 0)); //  it sees the same readings
    clerk_register (second, MODE_SCALP, make_row (world, 1));
    assert_string_equal (ask_redis (world, "ZCARD %s", PREFIX ":due:scalp"), "1");
    clerk_destroy (&first); //  no word of farewell: the lease has to run out
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    assert_string_equal (ask_redis (world, "ZCARD %s", PREFIX ":due:scalp"), "2");
    finish_and_compare (world, 2);
}

static void
test_a_dead_neighbours_lease_need_not_run_out (void **state)
{
    world_t *world = *state;
    clerk_destroy (&world->clerk);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        char key[STORE_KEY_MAX];
        store_key (PREFIX, KEY_LEASE, (mode_id_t) mode, NULL, 0, key);
        ask_redis (world, "SET %s here:2147483646:1 PX 600000", key); //  no such process on this machine
    }
    world->clerk = open_clerk (world, "here:1:2");
    assert_true (turn_until (world, is_ready, world, PATIENCE_S));
    assert_string_equal (ask_redis (world, "GET %s", PREFIX ":lease:swing"), "here:1:2");
    assert_string_equal (ask_redis (world, "GET %s", PREFIX ":fence:swing"), "2");
}

static void
test_a_fenced_writer_changes_nothing (void **state)
{
    world_t *world = *state;
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 0));
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    //  Someone took the lease while we slept.
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        char key[STORE_KEY_MAX];
        store_key (PREFIX, KEY_LEASE, (mode_id_t) mode, NULL, 0, key);
        ask_redis (world, "SET %s elsewhere:9:9 PX 1200", key);
        store_key (PREFIX, KEY_FENCE, (mode_id_t) mode, NULL, 0, key);
        ask_redis (world, "INCR %s", key);
    }
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 1));
    assert_true (turn_until (world, is_not_ready, world, PATIENCE_S));
    assert_string_equal (ask_redis (world, "ZCARD %s", PREFIX ":due:scalp"), "1");
    assert_true (
        turn_until (world, is_registered, world, PATIENCE_S)); //  its lease runs out, ours comes back
    finish_and_compare (world, 2);
}

static void
test_a_version_that_moved_is_read_again (void **state)
{
    world_t *world = *state;
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 0));
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    ask_redis (world, "HSET %s version 7", PREFIX ":weights_meta:scalp:POOL");
    fill_prices (world->prices, T0_MS, T0_MS + 310000);
    clerk_advance (world->clerk, T0_MS + 310000);
    assert_true (turn_until (world, is_not_ready, world, PATIENCE_S));
    assert_true (turn_until (world, is_idle, world, PATIENCE_S));
    assert_int_equal (clerk_tutor (world->clerk, MODE_SCALP)->version, 8);
    assert_string_equal (ask_redis (world, "HGET %s version", PREFIX ":weights_meta:scalp:POOL"), "8");
}

static void
test_restart_reads_rows_prices_and_what_was_learned (void **state)
{
    world_t *world = *state;
    for (int n = 0; n < 16; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    fill_prices (world->prices, T0_MS, T0_MS + 16 * STEP_MS + 200000);
    for (int i = 0; i < 4; i++) { //  prices go out in batches
        clerk_advance (world->clerk, T0_MS + 12 * STEP_MS);
        (void) turn_until (world, never, NULL, 0.1);
    }
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    int64_t version = clerk_tutor (world->clerk, MODE_SCALP)->version;
    assert_true (version > 0 && version < 16);
    clerk_destroy (&world->clerk);
    for (int s = 0; s < SYMBOLS; s++) {
        prices_destroy (&world->prices[s]);
        world->prices[s] = prices_new ();
    }
    world->clerk = open_clerk (world, "here:1:2");
    assert_true (turn_until (world, is_ready, world, PATIENCE_S));
    assert_int_equal (clerk_tutor (world->clerk, MODE_SCALP)->version, version);
    assert_int_equal (clerk_waiting (world->clerk, MODE_SCALP), 16 - version);
    assert_true (clerk_last_registered_ms (world->clerk, MODE_SCALP) == T0_MS + 15 * STEP_MS);
    //  Only what comes after the restart is put into memory anew; decisions before it use prices from Redis.
    fill_prices (world->prices, T0_MS + 16 * STEP_MS + 200000, T0_MS + 16 * STEP_MS + 310000);
    clerk_advance (world->clerk, T0_MS + 16 * STEP_MS + 310000);
    assert_true (turn_until (world, is_idle, world, PATIENCE_S));
    tutor_t *expected = undisturbed (world, 16);
    expect_same_tutor (clerk_tutor (world->clerk, MODE_SCALP), expected);
    tutor_destroy (&expected);
    assert_int_equal (world->voids, 0);
}

static bool
is_overridden (void *self)
{
    clerk_weights_t weights;
    clerk_weights (((world_t *) self)->clerk, MODE_DAY, 1, &weights);
    return weights.overridden != 0;
}

static bool
is_not_overridden (void *self)
{
    return !is_overridden (self);
}

static void
test_an_override_is_used_flagged_and_ends (void **state)
{
    world_t *world = *state;
    clerk_weights_t weights;
    clerk_advance (world->clerk, T0_MS);
    ask_redis (world, "HSET %s category_02 2 category_03 0 expires %s", PREFIX ":override:day:ETHUSDT",
               "1700000020000");
    assert_true (turn_until (world, is_overridden, world, PATIENCE_S));
    clerk_weights (world->clerk, MODE_DAY, 1, &weights);
    assert_int_equal (weights.overridden, 1u << 2 | 1u << 3);
    expect_close (weights.weights[0], 0.25, 1e-9);
    expect_close (weights.weights[2], 0.5, 1e-9);
    expect_close (weights.weights[3], 0, 0);
    clerk_weights (world->clerk, MODE_DAY, 0, &weights);
    assert_int_equal (weights.overridden, 0);
    clerk_advance (world->clerk, T0_MS + 10000); //  in the time of the ticks
    assert_true (is_not_overridden (world));
    ask_redis (world, "HSET %s category_02 nonsense expires 1800000000000", PREFIX ":override:day:ETHUSDT");
    (void) turn_until (world, is_overridden, world, 4);
    clerk_weights (world->clerk, MODE_DAY, 1, &weights);
    expect_close (weights.weights[0], 1.0 / 3, 1e-9); //  category_03 is still at 0, the bad one counts as 1
    ask_redis (world, "DEL %s", PREFIX ":override:day:ETHUSDT");
    assert_true (turn_until (world, is_not_overridden, world, PATIENCE_S));
}

static bool
has_new_roster (void *self)
{
    return strcmp (ask_redis (self, "HEXISTS %s newcomer", PREFIX ":weights:scalp:POOL"), "1") == 0;
}

static void
test_a_new_catalogue_is_written (void **state)
{
    world_t *world = *state;
    for (int n = 0; n < 4; n++)
        clerk_register (world->clerk, MODE_SCALP, make_row (world, n));
    finish_and_compare (world, 4);
    roster_t roster = {0};
    roster_add (&roster, "category_00");
    roster_add (&roster, "newcomer");
    clerk_set_roster (world->clerk, &roster, "decade");
    clerk_advance (world->clerk, T0_MS + 500000);
    assert_true (turn_until (world, has_new_roster, world, PATIENCE_S));
    assert_string_equal (ask_redis (world, "HLEN %s", PREFIX ":weights:scalp:POOL"), "2");
    assert_string_equal (ask_redis (world, "HEXISTS %s c:category_01", PREFIX ":learner:scalp:BTCUSDT"), "0");
    assert_true (strtod (ask_redis (world, "HGET %s c:category_00", PREFIX ":learner:scalp:BTCUSDT"), NULL) !=
                 0);
    assert_string_equal (ask_redis (world, "HGET %s catalogue", PREFIX ":weights_meta:scalp:POOL"), "decade");
}

static void
test_a_row_nobody_can_read_is_said_not_fatal (void **state)
{
    world_t *world = *state;
    clerk_register (world->clerk, MODE_SCALP, make_row (world, 0));
    assert_true (turn_until (world, is_registered, world, PATIENCE_S));
    clerk_destroy (&world->clerk);
    ask_redis (world, "ZADD %s 1700000900000 1700000600000", PREFIX ":due:scalp");
    ask_redis (world, "HSET %s due soon", PREFIX ":row:scalp:1700000600000");
    ask_redis (world, "DEL %s", PREFIX ":boa:scalp:BTCUSDT");
    ask_redis (world, "SET %s text", PREFIX ":boa:scalp:BTCUSDT");
    world->clerk = open_clerk (world, "here:1:3");
    assert_true (turn_until (world, is_ready, world, PATIENCE_S));
    assert_int_equal (clerk_waiting (world->clerk, MODE_SCALP), 1);
    metric_t *bad = metrics_counter (world->metrics, "aggregator_redis_bad_fields", "", "");
    assert_true (bad->value >= 2);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_rows_are_registered_and_settled_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_weights_can_be_read_by_people, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_many_fields_go_in_chunks, set_up_wide, tear_down),
        cmocka_unit_test_setup_teardown (test_killed_redis_loses_and_doubles_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_wiped_redis_is_restored_from_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_full_redis_refuses_and_nothing_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_second_aggregator_stands_by_and_takes_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_dead_neighbours_lease_need_not_run_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_fenced_writer_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_version_that_moved_is_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_restart_reads_rows_prices_and_what_was_learned, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (test_an_override_is_used_flagged_and_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_new_catalogue_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_a_row_nobody_can_read_is_said_not_fatal, set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
