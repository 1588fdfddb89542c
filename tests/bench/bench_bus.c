//  Events per second from one process to another, 32 trades a message, and next to it the yardstick: bare
//  ZeroMQ PUB/SUB with messages of the same size, nothing encoded, nothing looked at.  The reader gives
//  credit through a pipe, so that nothing is lost and both run as fast as the slower side.
#include "common/base/check.h"
#include "common/base/timebase.h"
#include "common/run/bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum { EVENTS = 32, MESSAGES = 200000, STEP = 500, WINDOW = 8 };

typedef struct {
    int credit_fd;
    int64_t events_count, messages_count, gaps_count;
    double sum;
    bool is_warm;
    loop_t *loop;
} reader_t;

static void
give_credit (int fd)
{
    CHECK (write (fd, "c", 1) == 1);
}

static void
take_credit (int fd)
{
    char byte;
    CHECK (read (fd, &byte, 1) == 1);
}

static void
on_message (void *argument, const bus_message_t *message)
{
    reader_t *self = argument;
    const trade_t *trades = message->records;
    if (message->topic.event != EVENT_TRADE) { //  sent until we are there
        if (!self->is_warm)
            give_credit (self->credit_fd);
        self->is_warm = true;
        return;
    }
    for (size_t i = 0; i < message->count; i++)
        self->sum += trades[i].notional_usd;
    self->events_count += (int64_t) message->count;
    if (++self->messages_count % STEP == 0)
        give_credit (self->credit_fd);
    if (self->messages_count == MESSAGES)
        loop_stop (self->loop, 0);
}

static void
on_gap (void *argument, const bus_gap_t *gap)
{
    (void) gap;
    ((reader_t *) argument)->gaps_count++;
}

static _Noreturn void
read_bus (const char *endpoint, int credit_fd)
{
    reader_t self = {.credit_fd = credit_fd, .loop = loop_new ()};
    bus_options_t options = {.publisher = "reader", .topic_prefix = "v1"};
    bus_t *bus = bus_new (self.loop, &options, NULL);
    const char *filters[] = {"v1.event."};
    error_text_t error;
    bus_reader_t reader = {on_message, on_gap, NULL, &self};
    bus_read (bus, &reader);
    CHECK (bus_connect (bus, endpoint, NULL, filters, 1, &error) == OK);
    (void) loop_run (self.loop);
    bus_destroy (&bus);
    loop_destroy (&self.loop);
    _exit (self.gaps_count == 0 && self.events_count == (int64_t) EVENTS * MESSAGES && self.sum > 0 ? 0 : 1);
}

static _Noreturn void
read_raw (const char *endpoint, int credit_fd)
{
    void *context = zmq_ctx_new (), *sub = zmq_socket (context, ZMQ_SUB);
    char topic[256];
    int count = 0, most = 100000;
    bool is_warm = false;
    CHECK (zmq_setsockopt (sub, ZMQ_SUBSCRIBE, "v1.event.", 9) == 0);
    CHECK (zmq_setsockopt (sub, ZMQ_RCVHWM, &most, sizeof most) == 0);
    CHECK (zmq_connect (sub, endpoint) == 0);
    while (count < MESSAGES) {
        zmq_msg_t payload;
        CHECK (zmq_msg_init (&payload) == 0);
        int size = zmq_recv (sub, topic, sizeof topic, 0);
        CHECK (size > 10 && zmq_msg_recv (&payload, sub, 0) >= 0);
        if (topic[9] == 't')
            count++;
        else if (!is_warm) {
            is_warm = true;
            give_credit (credit_fd);
        }
        if (topic[9] == 't' && count % STEP == 0)
            give_credit (credit_fd);
        (void) zmq_msg_close (&payload);
    }
    (void) zmq_close (sub);
    (void) zmq_ctx_term (context);
    _exit (0);
}

static bool
can_take (int fd)
{
    struct timeval most = {0, 1000};
    fd_set set;
    FD_ZERO (&set);
    FD_SET (fd, &set);
    return select (fd + 1, &set, NULL, NULL, &most) == 1;
}

static void
report (const char *what, double seconds, size_t bytes)
{
    (void) printf ("%-28s %10.0f  (%.0f messages/s of %zu bytes)\n", what,
                   (double) EVENTS * MESSAGES / seconds, MESSAGES / seconds, bytes);
}

//  Sends until the first credit, then everything, never more than WINDOW steps ahead.
#define FLOOD(send_warm_, send_one_)                                                                         \
    do {                                                                                                     \
        do {                                                                                                 \
            send_warm_;                                                                                      \
        } while (!can_take (credit));                                                                        \
        take_credit (credit);                                                                                \
        start_ns = timebase_mono_ns ();                                                                      \
        for (int i = 0, given = 0; i < MESSAGES; i++) {                                                      \
            if (i / STEP - given >= WINDOW) {                                                                \
                take_credit (credit);                                                                        \
                given++;                                                                                     \
            }                                                                                                \
            send_one_;                                                                                       \
        }                                                                                                    \
    } while (0)

static pid_t
start_reader (void (*run) (const char *, int), const char *endpoint, int *credit)
{
    int ends[2];
    CHECK (pipe (ends) == 0);
    pid_t pid = fork ();
    CHECK (pid >= 0);
    if (pid == 0)
        run (endpoint, ends[1]);
    (void) close (ends[1]);
    *credit = ends[0];
    return pid;
}

static void
wait_reader (pid_t pid)
{
    int code;
    CHECK (waitpid (pid, &code, 0) == pid && code == 0);
}

static trade_t trades[EVENTS];

static size_t
bench_bus (const char *endpoint)
{
    int credit;
    int64_t start_ns;
    pid_t pid = start_reader (read_bus, endpoint, &credit);
    loop_t *loop = loop_new ();
    metrics_t *metrics = metrics_new ();
    bus_options_t options = {.publisher = "ingest-bench", .endpoint = endpoint, .topic_prefix = "v1"};
    bus_t *bus = bus_new (loop, &options, metrics);
    error_text_t error;
    CHECK (bus_open (bus, &error) == OK);
    topic_t topic = {.kind = TOPIC_EVENT, .event = EVENT_TRADE, .instrument = "BTCUSDT", .name = "bench"};
    bus_stream_t *stream = bus_stream (bus, &topic);
    topic.event = EVENT_MARK;
    bus_stream_t *warm = bus_stream (bus, &topic);
    mark_t mark = {1, 1};
    FLOOD ((void) bus_publish_events (bus, warm, 1, "", &mark, 1),
           CHECK (bus_publish_events (bus, stream, 1, "perp:USDT", trades, EVENTS) == OK));
    wait_reader (pid);
    double seconds = (double) (timebase_mono_ns () - start_ns) / 1e9;
    size_t count, bytes = 0;
    const metric_value_t *values = metrics_values (metrics, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp (values[i].name, "bus_bytes_sent") == 0)
            bytes = (size_t) (values[i].value / MESSAGES);
    report ("bus events/s", seconds, bytes);
    (void) close (credit);
    bus_destroy (&bus);
    loop_destroy (&loop);
    metrics_destroy (&metrics);
    return bytes;
}

static void
bench_raw (const char *endpoint, size_t bytes)
{
    int credit, most = 100000, linger_ms = 0;
    int64_t start_ns;
    pid_t pid = start_reader (read_raw, endpoint, &credit);
    void *context = zmq_ctx_new (), *pub = zmq_socket (context, ZMQ_PUB);
    char *payload = mem_new (bytes);
    static const char topic[] = "v1.event.trade.BTCUSDT.bench.", warm[] = "v1.event.mark.BTCUSDT.bench.";
    CHECK (zmq_setsockopt (pub, ZMQ_SNDHWM, &most, sizeof most) == 0);
    CHECK (zmq_setsockopt (pub, ZMQ_LINGER, &linger_ms, sizeof linger_ms) == 0);
    CHECK (zmq_bind (pub, endpoint) == 0);
    FLOOD ((void) zmq_send (pub, warm, sizeof warm - 1, ZMQ_SNDMORE);
           (void) zmq_send (pub, payload, 1, 0), (void) zmq_send (pub, topic, sizeof topic - 1, ZMQ_SNDMORE);
           (void) zmq_send (pub, payload, bytes, 0));
    wait_reader (pid);
    report ("bare ZeroMQ events/s", (double) (timebase_mono_ns () - start_ns) / 1e9, bytes);
    (void) close (credit);
    free (payload);
    (void) zmq_close (pub);
    (void) zmq_ctx_term (context);
}

//  The codec alone, one core.
static void
bench_codec (void)
{
    enum { ROUNDS = 100000 };
    field_codec_t *out = field_codec_new (), *in = field_codec_new ();
    const field_table_t *table = event_table (EVENT_TRADE);
    trade_t back;
    error_text_t error;
    int64_t start_ns = timebase_mono_ns ();
    for (int round = 0; round < ROUNDS; round++) {
        field_begin (out);
        field_put_array (out, EVENTS);
        for (int i = 0; i < EVENTS; i++)
            CHECK (field_put (out, table, FIELD_AS_ARRAY, &trades[i], &error) == OK);
    }
    int64_t middle_ns = timebase_mono_ns ();
    for (int round = 0; round < ROUNDS; round++) {
        size_t count;
        CHECK (field_open (in, field_output (out), &error) == OK && field_get_array (in, &count) == OK);
        for (size_t i = 0; i < count; i++)
            CHECK (field_get (in, table, &back, &error) == OK);
    }
    int64_t end_ns = timebase_mono_ns ();
    double events = (double) ROUNDS * EVENTS;
    (void) printf ("%-28s %10.1f ns\n%-28s %10.1f ns\n", "encode one trade",
                   (double) (middle_ns - start_ns) / events, "validate and decode one",
                   (double) (end_ns - middle_ns) / events);
    field_codec_destroy (&out);
    field_codec_destroy (&in);
}

int
main (void)
{
    char folder[] = "/tmp/leadline-bench-XXXXXX", endpoint[64], file[64];
    CHECK (mkdtemp (folder));
    for (int i = 0; i < EVENTS; i++) {
        trades[i] = (trade_t){.ts_event_ns = INT64_C (1700000000123000000),
                              .price = {680123 + i, -1},
                              .qty_coins = 0.0123,
                              .notional_usd = 836.55 + i,
                              .side = i % 2 ? 1 : -1};
        (void) snprintf (trades[i].id, sizeof trades[i].id, "%d", 483920112 + i);
    }
    bench_codec ();
    (void) fflush (stdout);
    (void) snprintf (endpoint, sizeof endpoint, "ipc://%s/bus", folder);
    size_t bytes = bench_bus (endpoint);
    (void) fflush (stdout);
    (void) snprintf (file, sizeof file, "ipc://%s/raw", folder);
    bench_raw (file, bytes);
    (void) snprintf (file, sizeof file, "%s/bus.lock", folder);
    (void) unlink (file);
    (void) rmdir (folder);
    return 0;
}
