//  Two or three buses in one loop, on real ipc sockets.
#include "tests/support/expect.h"
#include "tests/support/temp_folder.h"
#include "common/base/check.h"
#include "common/base/timebase.h"
#include "common/run/bus.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum { DEADLINE_S = 10, SEEN_MAX = 200000 };

typedef struct {
    loop_t *loop;
    metrics_t *metrics;
    bus_t *bus;
    int64_t seqs[SEEN_MAX];
    bool is_snapshot[SEEN_MAX];
    size_t count, snapshots;
    bus_gap_t gaps[64];
    char reasons[64][16];
    size_t gaps_count;
    int64_t missing;
    size_t beats;
    int64_t spoken_ns;
    int64_t last_price;
    char feed[48];
} reader_t;

typedef struct {
    char folder[TEMP_FOLDER_MAX], pub[128], snap[128];
    loop_t *loop;
    bus_t *out;
    reader_t in;
    loop_timer_t *poll;
    bool (*is_done) (reader_t *in);
    bool has_timed_out;
    int64_t deadline_ns;
    int64_t book_price;
    int answers_count;
    int queue;
    bool is_patient;
} bench_t;

static void
on_message (void *argument, const bus_message_t *message)
{
    reader_t *in = argument;
    CHECK (in->count < SEEN_MAX);
    in->is_snapshot[in->count] = message->is_snapshot;
    in->seqs[in->count++] = message->seq;
    in->snapshots += message->is_snapshot;
    (void) snprintf (in->feed, sizeof in->feed, "%s", message->feed);
    if (message->topic.kind == TOPIC_EVENT && message->topic.event == EVENT_BOOK)
        in->last_price = (int64_t) decimal_to_double (((const book_t *) message->records)->bids[0].price);
    if (message->topic.kind == TOPIC_EVENT && message->topic.event == EVENT_TRADE)
        in->last_price = (int64_t) decimal_to_double (((const trade_t *) message->records)->price);
}

static void
on_gap (void *argument, const bus_gap_t *gap)
{
    reader_t *in = argument;
    if (in->gaps_count < 64) {
        in->gaps[in->gaps_count] = *gap;
        (void) snprintf (in->reasons[in->gaps_count], 16, "%s", gap->reason);
        in->gaps_count++;
    }
    if (gap->from_seq > 0)
        in->missing += gap->to_seq - gap->from_seq + 1;
}

static void
on_beat (void *argument, const beat_t *beat)
{
    reader_t *in = argument;
    in->beats++;
    in->spoken_ns = beat->ts_spoken_ns;
}

static double
metric (metrics_t *metrics, const char *name)
{
    size_t count;
    const metric_value_t *values = metrics_values (metrics, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp (values[i].name, name) == 0)
            return values[i].value;
    fail_msg ("no metric %s", name);
    return -1;
}

static bus_t *
new_bus (loop_t *loop, const char *name, const char *pub, const char *snap, uint64_t hash, int queue,
         metrics_t *metrics)
{
    bus_options_t options = {.publisher = name,
                             .endpoint = pub,
                             .snapshot_endpoint = snap,
                             .topic_prefix = "v1",
                             .beat_ns = 20 * NS_PER_MS,
                             .universe_hash = hash,
                             .send_queue_messages = queue,
                             .receive_queue_messages = queue};
    return bus_new (loop, &options, metrics);
}

static int
give_book (void *argument, const topic_t *topic, bus_answer_t *answer)
{
    bench_t *self = argument;
    if (topic->kind != TOPIC_EVENT || topic->event != EVENT_BOOK)
        return E_ABSENT;
    level_t bid = {{self->book_price, 0}, 1}, ask = {{self->book_price + 1, 0}, 1};
    book_t book = {
        .ts_event_ns = 1, .is_snapshot = true, .bids = &bid, .asks = &ask, .bids_count = 1, .asks_count = 1};
    self->answers_count++;
    return bus_put_events (answer, 5, "perp:USDT", &book, 1);
}

static void
open_publisher (bench_t *self)
{
    error_text_t error;
    bus_options_t options = {.publisher = "ingest-test",
                             .endpoint = self->pub,
                             .snapshot_endpoint = self->snap,
                             .topic_prefix = "v1",
                             .beat_ns = 20 * NS_PER_MS,
                             .universe_hash = 42,
                             .send_queue_messages = self->queue,
                             .is_patient = self->is_patient};
    self->out = bus_new (self->loop, &options, NULL);
    bus_on_snapshot (self->out, give_book, self);
    assert_int_equal (bus_open (self->out, &error), OK);
}

static void
bench_open (bench_t *self, int queue, bool is_patient)
{
    *self = (bench_t){.book_price = 100, .queue = queue, .is_patient = is_patient};
    temp_folder_new (self->folder);
    (void) snprintf (self->pub, sizeof self->pub, "ipc://%s/a.pub", self->folder);
    (void) snprintf (self->snap, sizeof self->snap, "ipc://%s/a.snap", self->folder);
    self->loop = loop_new ();
    open_publisher (self);
}

static void
start_publisher (bench_t *self, int queue)
{
    bench_open (self, queue, false);
}

static void
start_reader (bench_t *self)
{
    self->in.metrics = metrics_new ();
    self->in.bus = new_bus (self->loop, "reader", NULL, NULL, 42, self->queue, self->in.metrics);
    error_text_t error;
    const char *filters[] = {"v1.event.", "v1.tick."};
    bus_reader_t reader = {on_message, on_gap, on_beat, &self->in};
    bus_read (self->in.bus, &reader);
    assert_int_equal (bus_connect (self->in.bus, self->pub, self->snap, filters, 2, &error), OK);
}

static void
start (bench_t *self, int queue)
{
    start_publisher (self, queue);
    start_reader (self);
}

static void
finish (bench_t *self)
{
    loop_cancel (&self->poll);
    bus_destroy (&self->out);
    bus_destroy (&self->in.bus);
    loop_destroy (&self->loop);
    metrics_destroy (&self->in.metrics);
    temp_folder_remove (self->folder);
}

static void
look (void *argument)
{
    bench_t *self = argument;
    self->has_timed_out = timebase_mono_ns () > self->deadline_ns;
    if (self->has_timed_out || self->is_done (&self->in))
        loop_stop (self->loop, 0);
}

static void
wait_until (bench_t *self, bool (*is_done) (reader_t *in))
{
    self->is_done = is_done;
    self->deadline_ns = timebase_mono_ns () + DEADLINE_S * NS_PER_S;
    self->poll = loop_every (self->loop, NS_PER_MS, look, self);
    (void) loop_run (self->loop);
    loop_cancel (&self->poll);
    assert_false (self->has_timed_out);
}

static size_t wanted_count;
static bool
has_beat (reader_t *in)
{
    return in->beats >= 3;
}
static bool
has_count (reader_t *in)
{
    return in->count >= wanted_count;
}
static bool
has_gap (reader_t *in)
{
    return in->gaps_count >= wanted_count;
}
static bool
has_snapshot (reader_t *in)
{
    return in->snapshots >= wanted_count;
}
static bool
has_bad (reader_t *in)
{
    return metric (in->metrics, "bus_bad_messages") >= (double) wanted_count;
}

static bus_stream_t *
stream_of (bench_t *self, event_kind_t kind)
{
    topic_t topic = {.kind = TOPIC_EVENT, .event = kind, .instrument = "BTCUSDT", .name = "test"};
    return bus_stream (self->out, &topic);
}

static void
say_trades (bench_t *self, int from, int count)
{
    for (int i = 0; i < count; i++) {
        trade_t trade = {.ts_event_ns = 1,
                         .id = "x",
                         .price = {from + i, 0},
                         .qty_coins = 1,
                         .notional_usd = 2,
                         .side = 1};
        assert_int_equal (
            bus_publish_events (self->out, stream_of (self, EVENT_TRADE), 7, "perp:USDT", &trade, 1), OK);
    }
}

static void
say_book (bench_t *self, int64_t price)
{
    level_t bid = {{price, 0}, 1};
    book_t book = {.ts_event_ns = 1, .bids = &bid, .bids_count = 1};
    self->book_price = price;
    assert_int_equal (bus_publish_events (self->out, stream_of (self, EVENT_BOOK), 7, "perp:USDT", &book, 1),
                      OK);
}

static void
test_in_order (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 0);
    bus_spoken (bench.out, 77);
    wait_until (&bench, has_beat);
    say_trades (&bench, 1, 1000);
    tick_t tick = {.shard_index = 1, .shards_count = 2, .shard = "1/2", .ts_ms = 5};
    topic_t topic = {.kind = TOPIC_TICK, .name = "1"};
    assert_int_equal (bus_publish_result (bench.out, bus_stream (bench.out, &topic), &tick), OK);
    wanted_count = 1001;
    wait_until (&bench, has_count);
    for (int i = 0; i < 1000; i++)
        assert_int_equal (bench.in.seqs[i], i + 1);
    assert_int_equal (bench.in.seqs[1000], 1);
    assert_int_equal (bench.in.gaps_count, 0);
    assert_int_equal (bench.in.spoken_ns, 77);
    assert_int_equal (tick.head.boot, bus_boot (bench.out));
    finish (&bench);
}

//  A queue of a few messages loses most of a burst; every lost message is accounted for.
static void
test_losses_are_counted (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 5);
    wait_until (&bench, has_beat);
    say_trades (&bench, 1, 20000); //  the loop does not read meanwhile
    bus_beat (bench.out);
    wanted_count = bench.in.beats;
    bench.in.beats = 0;
    wait_until (&bench, has_beat);
    assert_true (bench.in.gaps_count > 0);
    assert_true (bench.in.missing > 0);
    assert_int_equal ((int64_t) bench.in.count + bench.in.missing, 20000);
    assert_true (metric (bench.in.metrics, "bus_messages_missing") == (double) bench.in.missing);
    for (size_t i = 1; i < bench.in.count; i++)
        assert_true (bench.in.seqs[i] > bench.in.seqs[i - 1]);
    finish (&bench);
}

enum { PATIENT_COUNT = 20000 };

typedef struct {
    const char *endpoint;
    size_t count, most_ahead;
    size_t *sent; //  by the publisher's thread so far
    bool is_here; //  the first trade has come
} slow_t;

//  A reader with a queue of four, which counts the books until it has them all or nothing comes for long.
static void *
read_slowly (void *argument)
{
    slow_t *self = argument;
    void *context = zmq_ctx_new (), *socket = zmq_socket (context, ZMQ_SUB);
    int queue = 4, linger_ms = 0, most_ms = 5000, buffer_bytes = 4096;
    (void) zmq_setsockopt (socket, ZMQ_RCVHWM, &queue, sizeof queue);
    (void) zmq_setsockopt (socket, ZMQ_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    (void) zmq_setsockopt (socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    (void) zmq_setsockopt (socket, ZMQ_RCVTIMEO, &most_ms, sizeof most_ms);
    (void) zmq_setsockopt (socket, ZMQ_SUBSCRIBE, "v1.event.", 9);
    (void) zmq_connect (socket, self->endpoint);
    char topic[TOPIC_TEXT_MAX], payload[512];
    while (self->count < PATIENT_COUNT && zmq_recv (socket, topic, sizeof topic, 0) >= 0 &&
           zmq_recv (socket, payload, sizeof payload, 0) >= 0) {
        __atomic_store_n (&self->is_here, true, __ATOMIC_RELEASE);
        if (strncmp (topic, "v1.event.book.", 14) != 0)
            continue;
        size_t ahead = __atomic_load_n (self->sent, __ATOMIC_RELAXED) - self->count++;
        self->most_ahead = ahead > self->most_ahead ? ahead : self->most_ahead;
    }
    (void) zmq_close (socket);
    (void) zmq_ctx_term (context);
    return NULL;
}

//  What the impatient one loses (test_losses_are_counted), the patient one keeps, and it stays near its
//  reader.
static void
test_a_patient_publisher_waits (void **state)
{
    (void) state;
    static bench_t bench;
    bench_open (&bench, 5, true);
    size_t sent = 0;
    slow_t slow = {.endpoint = bench.pub, .sent = &sent};
    pthread_t thread;
    assert_int_equal (pthread_create (&thread, NULL, read_slowly, &slow), 0);
    int64_t deadline_ns = timebase_mono_ns () + DEADLINE_S * NS_PER_S;
    while (!__atomic_load_n (&slow.is_here, __ATOMIC_ACQUIRE) && timebase_mono_ns () < deadline_ns)
        say_trades (&bench, 1, 1);
    for (; sent < PATIENT_COUNT; __atomic_add_fetch (&sent, 1, __ATOMIC_RELAXED))
        say_book (&bench, 1 + (int64_t) sent);
    assert_int_equal (pthread_join (thread, NULL), 0);
    print_message ("at most %zu of %d messages ahead of the reader\n", slow.most_ahead, PATIENT_COUNT);
    assert_int_equal (slow.count, PATIENT_COUNT);
    assert_true (slow.most_ahead < PATIENT_COUNT / 4);
    finish (&bench);
}

//  A book after losses: one gap, then the snapshot, then unbroken.
static void
test_book_is_healed (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 5);
    wait_until (&bench, has_beat);
    say_book (&bench, 1);
    wanted_count = 1;
    wait_until (&bench, has_count);
    assert_int_equal (bench.in.snapshots, 0); //  from seq 1: nothing to ask for
    for (int i = 2; i <= 20000; i++)
        say_book (&bench, i);
    wanted_count = 1;
    wait_until (&bench, has_snapshot);
    bench.in.beats = 0;
    wait_until (&bench, has_beat);
    say_book (&bench, 20001);
    size_t before = bench.in.count;
    wanted_count = before + 1;
    wait_until (&bench, has_count);
    assert_int_equal (bench.in.last_price, 20001);
    assert_int_equal (bench.in.seqs[bench.in.count - 1], 20001);
    assert_true (bench.in.gaps_count >= 1);
    for (size_t i = 1; i < bench.in.count; i++)
        assert_true (bench.in.seqs[i] == bench.in.seqs[i - 1] + 1 || bench.in.is_snapshot[i]);
    finish (&bench);
}

//  A reader that starts late gets the book as it is, without a gap; even if nothing is said any more.
static void
test_late_reader (void **state)
{
    (void) state;
    static bench_t bench;
    start_publisher (&bench, 0);
    for (int i = 1; i <= 10; i++)
        say_book (&bench, i);
    say_trades (&bench, 1, 10);
    start_reader (&bench);
    wanted_count = 1;
    wait_until (&bench, has_snapshot);
    assert_int_equal (bench.in.gaps_count, 0);
    assert_int_equal (bench.in.last_price, 10);
    assert_int_equal (bench.in.seqs[0], 10);
    assert_string_equal (bench.in.feed, "perp:USDT");
    finish (&bench);
}

static void
test_new_boot (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 0);
    wait_until (&bench, has_beat);
    say_trades (&bench, 1, 3);
    say_book (&bench, 50);
    wanted_count = 4;
    wait_until (&bench, has_count);
    int64_t first_boot = bus_boot (bench.out);
    bus_destroy (&bench.out);
    bench.book_price = 60;
    open_publisher (&bench);
    assert_true (bus_boot (bench.out) > first_boot);
    bench.in.beats = 0;
    wanted_count = 2;
    wait_until (&bench, has_gap); //  trade and book
    assert_string_equal (bench.in.reasons[0], "new boot");
    assert_string_equal (bench.in.reasons[1], "new boot");
    assert_int_equal (bench.in.gaps[0].from_seq, 0);
    wanted_count = 1;
    wait_until (&bench, has_snapshot); //  asked for by itself
    assert_int_equal (bench.in.last_price, 60);
    bench.in.beats = 0;
    wait_until (&bench, has_beat);
    size_t before = bench.in.count, gaps = bench.in.gaps_count;
    say_trades (&bench, 1, 2);
    wanted_count = before + 2;
    wait_until (&bench, has_count);
    assert_int_equal (bench.in.gaps_count, gaps);
    finish (&bench);
}

//  Messages as a raw publisher would send them: duplicates, old ones, rubbish.
static void
test_hostile_publisher (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 0);
    char endpoint[128];
    error_text_t error;
    (void) snprintf (endpoint, sizeof endpoint, "ipc://%s/raw.pub", bench.folder);
    void *raw = zmq_socket (loop_zmq (bench.loop), ZMQ_XPUB);
    int zero = 0;
    assert_int_equal (zmq_setsockopt (raw, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal (zmq_bind (raw, endpoint), 0);
    const char *filters[] = {"v1.event."};
    assert_int_equal (bus_connect (bench.in.bus, endpoint, NULL, filters, 1, &error), OK);
    char subscription[128];
    for (int i = 0; i < 3; i++) //  v1.event., v1.tick., v1.beat.
        assert_true (zmq_recv (raw, subscription, sizeof subscription, 0) > 0);
    field_codec_t *codec = field_codec_new ();
    static const int64_t seqs[] = {5, 6, 6, 4, 7, 9};
    for (size_t i = 0; i < COUNT_OF (seqs); i++) {
        mark_t mark = {1, 2};
        field_begin (codec);
        field_put_array (codec, 8);
        field_put_i64 (codec, WIRE_SCHEMA);
        field_put_text (codec, "raw");
        field_put_i64 (codec, 1000);
        field_put_i64 (codec, seqs[i]);
        field_put_i64 (codec, 0);
        field_put_i64 (codec, 3);
        field_put_array (codec, 1);
        assert_int_equal (field_put (codec, event_table (EVENT_MARK), FIELD_AS_ARRAY, &mark, &error), OK);
        field_put_text (codec, "");
        slice_t bytes = field_output (codec);
        (void) zmq_send (raw, "v1.event.mark.BTCUSDT.raw.", 26, ZMQ_SNDMORE);
        (void) zmq_send (raw, bytes.data, bytes.size, 0);
    }
    static const unsigned char huge[] = {0xdd, 0xff, 0xff, 0xff, 0xff};
    (void) zmq_send (raw, "v1.event.mark.BTCUSDT.raw.", 26, ZMQ_SNDMORE);
    (void) zmq_send (raw, huge, sizeof huge, 0);
    (void) zmq_send (raw, "v1.event.nonsense.", 18, ZMQ_SNDMORE);
    (void) zmq_send (raw, "x", 1, 0);
    (void) zmq_send (raw, "v1.event.alone", 14, 0);
    wanted_count = 3;
    wait_until (&bench, has_bad);
    static const int64_t delivered[] = {5, 6, 7, 9};
    assert_int_equal (bench.in.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal (bench.in.seqs[i], delivered[i]);
    assert_int_equal (bench.in.gaps_count, 1);
    assert_int_equal (bench.in.gaps[0].from_seq, 8);
    assert_int_equal (bench.in.gaps[0].to_seq, 8);
    assert_true (metric (bench.in.metrics, "bus_duplicates") == 2);
    field_codec_destroy (&codec);
    (void) zmq_close (raw);
    finish (&bench);
}

//  Requests that are none do no harm, and asking for what is not there is answered.
static void
test_hostile_requests (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 0);
    void *raw = zmq_socket (loop_zmq (bench.loop), ZMQ_DEALER);
    int zero = 0;
    assert_int_equal (zmq_setsockopt (raw, ZMQ_LINGER, &zero, sizeof zero), 0);
    assert_int_equal (zmq_connect (raw, bench.snap), 0);
    (void) zmq_send (raw, "snapshot", 8, 0);
    (void) zmq_send (raw, "", 0, ZMQ_SNDMORE);
    (void) zmq_send (raw, "x", 1, ZMQ_SNDMORE);
    (void) zmq_send (raw, "y", 1, ZMQ_SNDMORE);
    (void) zmq_send (raw, "z", 1, 0);
    (void) zmq_send (raw, "snapshot", 8, ZMQ_SNDMORE);
    (void) zmq_send (raw, "v1.event.trade.BTCUSDT.test.", 28, 0);
    bench.in.beats = 0;
    char part[64];
    int got = -1;
    for (int i = 0; i < 100 && got < 0; i++) {
        bench.in.beats = 0;
        wait_until (&bench, has_beat);
        got = zmq_recv (raw, part, sizeof part, ZMQ_DONTWAIT);
    }
    assert_int_equal (got, 6);
    assert_memory_equal (part, "absent", 6);
    (void) zmq_close (raw);
    finish (&bench);
}

static void
test_other_universe (void **state)
{
    (void) state;
    static bench_t bench;
    start (&bench, 0);
    error_text_t error;
    const char *filters[] = {"v1.event."};
    bus_t *other = new_bus (bench.loop, "other", NULL, NULL, 4242, 0, NULL);
    assert_int_equal (bus_connect (other, bench.pub, NULL, filters, 1, &error), OK);
    assert_int_equal (loop_run (bench.loop), EXIT_CONFIG_WRONG);
    bus_destroy (&other);
    finish (&bench);
}

//  The file of a living process is not taken; that of a killed one is.
static void
test_endpoint_in_use (void **state)
{
    (void) state;
    static bench_t bench;
    error_text_t error;
    char folder[TEMP_FOLDER_MAX], left[128];
    temp_folder_new (folder);
    (void) snprintf (left, sizeof left, "ipc://%s/left.pub", folder);
    pid_t pid = fork (); //  first: a process with threads must not go on after fork
    if (pid == 0) {
        (void) alarm (DEADLINE_S);
        loop_t *loop = loop_new ();
        bus_t *bus = new_bus (loop, "left", left, NULL, 42, 0, NULL);
        _exit (bus_open (bus, &error) == OK ? 0 : 1); //  without unlinking anything
    }
    int code;
    assert_int_equal (waitpid (pid, &code, 0), pid);
    assert_int_equal (code, 0);
    assert_int_equal (access (left + 6, F_OK), 0);
    start (&bench, 0);
    bus_t *second = new_bus (bench.loop, "ingest-test", bench.pub, NULL, 42, 0, NULL);
    assert_int_equal (bus_open (second, &error), E_IO);
    assert_non_null (strstr (error.text, "in use by another process"));
    bus_destroy (&second);
    second = new_bus (bench.loop, "left", left, NULL, 42, 0, NULL);
    assert_int_equal (bus_open (second, &error), OK);
    bus_destroy (&second);
    finish (&bench);
    temp_folder_remove (folder);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_in_order),         cmocka_unit_test (test_losses_are_counted),
        cmocka_unit_test (test_book_is_healed),   cmocka_unit_test (test_late_reader),
        cmocka_unit_test (test_new_boot),         cmocka_unit_test (test_hostile_publisher),
        cmocka_unit_test (test_hostile_requests), cmocka_unit_test (test_other_universe),
        cmocka_unit_test (test_endpoint_in_use),  cmocka_unit_test (test_a_patient_publisher_waits),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
