//  Against a real Redis of our own, killed and frozen.
#include "tests/support/expect.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_folder.h"
#include "common/base/check.h"
#include "common/base/timebase.h"
#include "common/run/redis_link.h"

enum { DEADLINE_S = 20, KILLS = 12 };

typedef struct {
    char folder[TEMP_FOLDER_MAX];
    redis_server_t *server;
    loop_t *loop;
    metrics_t *metrics;
    redis_link_t *link;
    int ups, downs, looks, answers, lost, sends_refused_in_callback;
    char text[64];
    redis_kind_t kind;
    int64_t number;
    const int *counter;
    int wanted;
    bool has_timed_out;
    int64_t deadline_ns;
    loop_timer_t *poll;
} bench_t;

static void
on_up (void *argument)
{
    ((bench_t *) argument)->ups++;
}

static void
on_down (void *argument)
{
    ((bench_t *) argument)->downs++;
}

static void
on_answer (void *argument, const redis_value_t *value)
{
    bench_t *self = argument;
    if (!value) {
        self->lost++;
        const char *again[] = {"PING"};
        self->sends_refused_in_callback +=
            redis_link_send (self->link, NULL, NULL, 1, again, NULL) == E_CLOSED;
        return;
    }
    self->answers++;
    self->kind = value->kind;
    self->number = value->number;
    if (value->kind == REDIS_VALUE_TEXT || value->kind == REDIS_VALUE_ERROR)
        (void) snprintf (self->text, sizeof self->text, "%s", value->text);
    if (value->kind == REDIS_VALUE_LIST && value->count == 3 && value->items[2].kind == REDIS_VALUE_LIST)
        (void) snprintf (self->text, sizeof self->text, "%s:%lld:%s", value->items[0].text,
                         (long long) value->items[1].number, value->items[2].items[1].text);
}

static void
look (void *argument)
{
    bench_t *self = argument;
    self->looks++;
    self->has_timed_out = timebase_mono_ns () > self->deadline_ns;
    if (self->has_timed_out || *self->counter >= self->wanted)
        loop_stop (self->loop, 0);
}

static void
wait_for (bench_t *self, const int *counter, int wanted)
{
    self->counter = counter;
    self->wanted = wanted;
    self->deadline_ns = timebase_mono_ns () + DEADLINE_S * NS_PER_S;
    self->poll = loop_every (self->loop, NS_PER_MS, look, self);
    (void) loop_run (self->loop);
    loop_cancel (&self->poll);
    assert_false (self->has_timed_out);
}

static void
start (bench_t *self)
{
    *self = (bench_t){0};
    temp_folder_new (self->folder);
    self->server = redis_server_start (self->folder);
    assert_non_null (self->server);
    self->loop = loop_new ();
    self->metrics = metrics_new ();
    error_text_t error;
    redis_events_t events = {on_up, on_down, self};
    self->link =
        redis_link_new (self->loop, redis_server_endpoint (self->server), &events, self->metrics, &error);
    assert_non_null (self->link);
    const char *ping[] = {"PING"};
    assert_int_equal (redis_link_send (self->link, on_answer, self, 1, ping, NULL), E_CLOSED);
    wait_for (self, &self->ups, 1);
    assert_true (redis_link_is_up (self->link));
}

static void
finish (bench_t *self)
{
    redis_link_destroy (&self->link);
    loop_destroy (&self->loop);
    metrics_destroy (&self->metrics);
    redis_server_stop (&self->server);
    temp_folder_remove (self->folder);
}

static void
test_commands (void **state)
{
    (void) state;
    bench_t bench;
    start (&bench);
    const char *set[] = {"SET", "k", "a\0b"}, *get[] = {"GET", "k"}, *none[] = {"GET", "none"},
               *bad[] = {"NOSUCH"};
    const size_t sizes[] = {3, 1, 3};
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 3, set, sizes), OK);
    wait_for (&bench, &bench.answers, 1);
    assert_string_equal (bench.text, "OK");
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, get, NULL), OK);
    wait_for (&bench, &bench.answers, 2);
    assert_int_equal (bench.kind, REDIS_VALUE_TEXT);
    assert_string_equal (bench.text, "a"); //  with a zero inside
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, none, NULL), OK);
    wait_for (&bench, &bench.answers, 3);
    assert_int_equal (bench.kind, REDIS_VALUE_NIL);
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 1, bad, NULL), OK);
    wait_for (&bench, &bench.answers, 4);
    assert_int_equal (bench.kind, REDIS_VALUE_ERROR);
    finish (&bench);
}

static void
test_scripts (void **state)
{
    (void) state;
    bench_t bench;
    start (&bench);
    redis_script_t *script = redis_link_script (
        bench.link, "redis.call('INCR', KEYS[1]) return {KEYS[1], tonumber (ARGV[1]), {'x', ARGV[2]}}");
    const char *arguments[] = {"counter", "7", "seven"};
    assert_int_equal (redis_link_eval (bench.link, script, on_answer, &bench, 1, 3, arguments, NULL), OK);
    wait_for (&bench, &bench.answers, 1);
    assert_string_equal (bench.text, "counter:7:seven");
    const char *flush[] = {"SCRIPT", "FLUSH"}, *get[] = {"GET", "counter"};
    assert_int_equal (redis_link_send (bench.link, NULL, NULL, 2, flush, NULL), OK);
    for (int i = 0; i < 3; i++) //  several on the way when the script is found to be gone
        assert_int_equal (redis_link_eval (bench.link, script, on_answer, &bench, 1, 3, arguments, NULL), OK);
    wait_for (&bench, &bench.answers, 4);
    assert_string_equal (bench.text, "counter:7:seven");
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, get, NULL), OK);
    wait_for (&bench, &bench.answers, 5);
    assert_string_equal (bench.text, "4"); //  each ran once
    finish (&bench);
}

static void
test_kill_and_return (void **state)
{
    (void) state;
    bench_t bench;
    start (&bench);
    const char *set[] = {"SET", "kept", "yes"}, *get[] = {"GET", "kept"};
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 3, set, NULL), OK);
    wait_for (&bench, &bench.answers, 1);
    redis_server_freeze (bench.server);
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, get, NULL), OK);
    redis_server_kill (bench.server);
    wait_for (&bench, &bench.downs, 1);
    assert_int_equal (bench.lost, 1);
    assert_int_equal (bench.sends_refused_in_callback, 1);
    assert_false (redis_link_is_up (bench.link));
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, get, NULL), E_CLOSED);
    assert_int_equal (redis_server_restart (bench.server), 0);
    wait_for (&bench, &bench.ups, 2);
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, get, NULL), OK);
    wait_for (&bench, &bench.answers, 2);
    assert_string_equal (bench.text, "yes");
    assert_int_equal (bench.downs, 1);
    finish (&bench);
}

//  Killed again and again, by turns idle, with an answered command, and with one it has not read (its end is
//  then an error of the socket, not just the end of a stream): noticed at once each time.
static void
test_kills_are_noticed_at_once (void **state)
{
    (void) state;
    bench_t bench;
    start (&bench);
    int64_t longest_ns = 0;
    for (int i = 0; i < KILLS; i++) {
        const char *set[] = {"SET", "x", "y"};
        bool is_frozen = i % 3 == 2;
        if (is_frozen)
            redis_server_freeze (bench.server);
        if (i % 3 > 0)
            assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 3, set, NULL), OK);
        if (i % 3 == 1)
            wait_for (&bench, &bench.answers, (i + 2) / 3);
        if (is_frozen)
            wait_for (&bench, &bench.looks, bench.looks + 2); //  so that the command is on its way
        int64_t before_ns = timebase_mono_ns ();
        redis_server_kill (bench.server);
        wait_for (&bench, &bench.downs, i + 1);
        int64_t took_ns = timebase_mono_ns () - before_ns;
        longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
        assert_int_equal (bench.lost, (i + 1) / 3);
        assert_int_equal (redis_server_restart (bench.server), 0);
        wait_for (&bench, &bench.ups, i + 2);
    }
    printf ("%d kills, noticed within %.1f ms\n", KILLS, (double) longest_ns / 1e6);
    assert_true (longest_ns < NS_PER_S);
    finish (&bench);
}

//  A Redis that is there but does not answer is lost after 2 s, and found again.
static void
test_freeze (void **state)
{
    (void) state;
    bench_t bench;
    start (&bench);
    redis_server_freeze (bench.server);
    int64_t before_ns = timebase_mono_ns ();
    const char *get[] = {"GET", "x"};
    assert_int_equal (redis_link_send (bench.link, on_answer, &bench, 2, get, NULL), OK);
    wait_for (&bench, &bench.downs, 1);
    int64_t took_ns = timebase_mono_ns () - before_ns;
    assert_true (took_ns >= 2 * NS_PER_S && took_ns < 4 * NS_PER_S);
    assert_int_equal (bench.lost, 1);
    redis_server_thaw (bench.server);
    wait_for (&bench, &bench.ups, 2);
    finish (&bench);
}

//  Idle and frozen: noticed without any command of ours.  And a link that is destroyed with a command under
//  way.
static void
test_freeze_idle (void **state)
{
    (void) state;
    bench_t bench;
    start (&bench);
    redis_server_freeze (bench.server);
    wait_for (&bench, &bench.downs, 1);
    redis_server_thaw (bench.server);
    wait_for (&bench, &bench.ups, 2);
    const char *get[] = {"GET", "x"};
    assert_int_equal (redis_link_send (bench.link, NULL, NULL, 2, get, NULL), OK);
    finish (&bench);
}

static void
test_bad_endpoints (void **state)
{
    (void) state;
    static const char *const bad[] = {"",           "unix:",      "tcp:",      "tcp:host",
                                      "tcp:host:0", "tcp:host:x", "tcp::6379", "redis://x"};
    loop_t *loop = loop_new ();
    metrics_t *metrics = metrics_new ();
    for (size_t i = 0; i < COUNT_OF (bad); i++) {
        error_text_t error = {""};
        assert_null (redis_link_new (loop, bad[i], NULL, metrics, &error));
        assert_true (error.text[0] != 0);
    }
    loop_destroy (&loop);
    metrics_destroy (&metrics);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_commands),        cmocka_unit_test (test_scripts),
        cmocka_unit_test (test_kill_and_return), cmocka_unit_test (test_kills_are_noticed_at_once),
        cmocka_unit_test (test_freeze),          cmocka_unit_test (test_freeze_idle),
        cmocka_unit_test (test_bad_endpoints),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
