#include "tests/support/expect.h"

#include "common/base/timebase.h"
#include "ingest/health_board.h"

#include <stdio.h>
#include <unistd.h>

#define T0 (1000000 * NS_PER_S)

typedef struct {
    loop_t *loop;
    bus_t *bus;
    health_board_t *board;
    universe_t universe;
    int resubscribed_count, restarted_count;
    uint32_t silent; //  kinds that were found silent
} bench_t;

static void
on_resubscribe (void *fn_self, int socket, event_kind_t kind, int instrument)
{
    (void) socket, (void) kind, (void) instrument;
    ((bench_t *) fn_self)->resubscribed_count++;
}

static void
on_restart (void *fn_self, int socket, const char *reason)
{
    (void) socket, (void) reason;
    ((bench_t *) fn_self)->restarted_count++;
}

static void
on_silent (void *fn_self, event_kind_t kind, int instrument, size_t others_count, const char *message)
{
    (void) instrument, (void) others_count, (void) message;
    ((bench_t *) fn_self)->silent |= 1u << kind;
}

//  A venue whose flow socket is connected, asked and has answered.
static void
open_bench (bench_t *self, const char *venue)
{
    char endpoint[64], snapshots[64];
    (void) snprintf (endpoint, sizeof endpoint, "inproc://health-%s-%d", venue, (int) getpid ());
    (void) snprintf (snapshots, sizeof snapshots, "inproc://health-snap-%s-%d", venue, (int) getpid ());
    error_text_t error;
    *self = (bench_t){.loop = loop_new ()};
    assert_int_equal (universe_parse (&self->universe, slice_of ("LTCUSDT"), &error), OK);
    bus_options_t options = {.publisher = "ingest-test",
                             .endpoint = endpoint,
                             .snapshot_endpoint = snapshots,
                             .topic_prefix = "v1",
                             .beat_ns = NS_PER_S,
                             .send_queue_messages = 1000};
    self->bus = bus_new (self->loop, &options, NULL);
    assert_int_equal (bus_open (self->bus, &error), OK);
    health_board_events_t events = {on_resubscribe, on_restart, on_silent, self};
    const adapter_t *adapter = adapter_find (venue);
    self->board = health_board_new (self->bus, adapter, &self->universe, &events);
    health_board_listed (self->board, 0, true);
    for (int socket = 0; socket < (int) adapter->sockets_count; socket++) {
        health_board_connected (self->board, socket, true, T0);
        health_board_acknowledged (self->board, socket, 0, -1, true, slice_of (""), T0);
    }
}

static void
close_bench (bench_t *self)
{
    health_board_destroy (&self->board);
    bus_destroy (&self->bus);
    loop_destroy (&self->loop);
}

//  Seconds [from, to): each one with an event of these kinds.
static void
run (bench_t *self, int from, int to, uint32_t kinds)
{
    for (int second = from; second < to; second++) {
        int64_t now_ns = T0 + second * NS_PER_S;
        for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
            if (kinds & (1u << kind))
                health_board_events (self->board, (event_kind_t) kind, 0, now_ns, now_ns, 1);
        health_board_tick (self->board, now_ns);
    }
}

static const uint32_t WHOLE = CHANNEL_MARK | CHANNEL_INDEX | CHANNEL_FUNDING | CHANNEL_OPEN_INTEREST;
static const uint32_t OTHERS = CHANNEL_BOOK | CHANNEL_QUOTE | CHANNEL_TRADE; //  they go on

//  Bybit's ticker says only what changed: a mark or funding that stays the same is not a dead feed.
static void
what_stays_the_same_is_not_silent (void **state)
{
    (void) state;
    bench_t bench;
    open_bench (&bench, "bybit");
    run (&bench, 0, 300, WHOLE | OTHERS); //  a funding that used to change each second
    run (&bench, 300, 1200, CHANNEL_INDEX | OTHERS);
    assert_int_equal (bench.silent & WHOLE, 0);
    assert_int_equal (bench.resubscribed_count, 0);
    assert_int_equal (bench.restarted_count, 0);
    //  the whole ticker is gone: the beats miss it, within ten seconds
    run (&bench, 1200, 1210, OTHERS);
    assert_int_equal (bench.silent & (CHANNEL_MARK | CHANNEL_INDEX), CHANNEL_MARK | CHANNEL_INDEX);
    assert_true (bench.resubscribed_count > 0);
    run (&bench, 1210, 1300, OTHERS);
    assert_true (bench.restarted_count > 0);
    close_bench (&bench);
}

//  One that has never spoken is not well because another one does.
static void
what_never_came_is_missed (void **state)
{
    (void) state;
    bench_t bench;
    open_bench (&bench, "bybit");
    run (&bench, 0, 10, CHANNEL_INDEX | OTHERS);
    assert_int_equal (bench.silent & WHOLE, CHANNEL_MARK);
    close_bench (&bench);
}

//  A venue of whole messages: each kind answers for itself.
static void
where_nothing_is_united_each_answers_for_itself (void **state)
{
    (void) state;
    bench_t bench;
    open_bench (&bench, "okx");
    run (&bench, 0, 60, CHANNEL_MARK | CHANNEL_INDEX | OTHERS);
    assert_int_equal (bench.silent & CHANNEL_MARK, 0);
    run (&bench, 60, 70, CHANNEL_INDEX | OTHERS);
    assert_int_equal (bench.silent & CHANNEL_MARK, CHANNEL_MARK);
    close_bench (&bench);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_stays_the_same_is_not_silent),
        cmocka_unit_test (what_never_came_is_missed),
        cmocka_unit_test (where_nothing_is_united_each_answers_for_itself),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
