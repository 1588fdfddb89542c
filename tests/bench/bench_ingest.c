//  Nanoseconds per message from a venue's bytes, by venue and channel: to the stage (adapter), to the wire
//  (and stage, book with sequence, levels and checksum, field codec), to the bus (and outlet, envelope, a PUB
//  socket nobody listens to).  Next to it the same bytes through simdjson On-Demand, the whole document
//  walked, every number converted (ondemand.h); the ratio is of the wire to it.  The frames of a channel are
//  timed together, in order, so that books chain.
#include "tests/bench/frames.h"

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/bookkeeper.h"
#include "ingest/outlet.h"
#include "ingest/stage.h"
#include "tests/bench/ondemand.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9, SECONDS = 60, LEAST_FRAMES = 50 };

typedef enum { PATH_WIRE, PATH_BUS, PATH_READ, PATH_YARDSTICK, PATHS_COUNT } path_t;

typedef struct {
    const frames_t *frames;
    path_t path;
    field_codec_t *codec;
    json_document_t *json;
    stage_t *stage;
    counters_t counters;
    bus_t *bus;
    outlet_t *outlet;
    bookkeeper_t *books[PATH_BUS + 1];
    int64_t ts_recv_ns;
    size_t events, lost;
    event_sink_t sink;
} desk_t;

typedef struct {
    size_t frames, bytes;
    double ns[PATHS_COUNT][ROUNDS];
} figure_t;

//  --- what session does with a frame

static void
on_event (void *self, event_kind_t kind, int instrument, const void *record)
{
    stage_event (((desk_t *) self)->stage, kind, instrument, record);
}

static void
on_book (void *self, int instrument, const book_update_t *update)
{
    stage_book (((desk_t *) self)->stage, instrument, update);
}

static void
on_acknowledged (void *self, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    (void) self, (void) channel, (void) instrument, (void) text;
    CHECK (is_accepted);
}

static void
on_text (void *self, slice_t text)
{
    (void) self, (void) text;
}

static void
on_ignored (void *self, bool is_known, slice_t what)
{
    (void) self, (void) is_known, (void) what;
}

static void
send_events (desk_t *self, event_kind_t kind, int instrument, void *records, size_t count)
{
    if (self->path == PATH_BUS) {
        self->events += outlet_events (self->outlet, kind, instrument, self->ts_recv_ns, records, count);
        return;
    }
    error_text_t error;
    const field_table_t *table = event_table (kind);
    field_begin (self->codec);
    field_put_array (self->codec, count);
    for (size_t i = 0; i < count; i++)
        (void) field_put (self->codec, table, FIELD_AS_ARRAY, (char *) records + i * table->size, &error);
}

static void
on_publish (void *fn_self, int instrument, const book_t *book)
{
    book_t copy = *book;
    send_events (fn_self, EVENT_BOOK, instrument, &copy, 1);
}

static void
on_lost (void *fn_self, int instrument, const char *reason)
{
    (void) instrument, (void) reason;
    ((desk_t *) fn_self)->lost++;
}

static void
on_instrument (void *self, int instrument)
{
    (void) self, (void) instrument;
}

static int
give_book (void *fn_self, int instrument, book_t *out)
{
    return bookkeeper_snapshot (((desk_t *) fn_self)->books[PATH_BUS], instrument, out);
}

static void
read_frame (desk_t *self, const frame_t *frame)
{
    error_text_t error;
    const adapter_t *adapter = self->frames->adapter;
    stage_clear (self->stage);
    int status = frame->is_answer
                     ? adapter->parse_response (self->json, &frame->request, frame->text,
                                                &self->frames->symbols, &self->sink, &error)
                     : adapter->parse (self->json, frame->text, &self->frames->symbols, &self->sink, &error);
    if (status != OK)
        check_failed (__FILE__, __LINE__, error.text);
}

static void
commit_frame (desk_t *self)
{
    stage_group_t group;
    self->ts_recv_ns = stage_newest_ns (self->stage);
    while (stage_next_group (self->stage, &group))
        send_events (self, group.kind, group.instrument, group.records, group.count);
    for (size_t i = 0; i < stage_books_count (self->stage); i++) {
        stage_book_t book = stage_book_at (self->stage, i);
        bookkeeper_update (self->books[self->path], book.instrument, &book.update, self->ts_recv_ns);
    }
}

//  --- timing

static void
open_round (desk_t *self)
{
    static const bookkeeper_events_t events = {on_publish, on_lost, on_instrument, on_instrument, NULL};
    bookkeeper_events_t ours = events;
    ours.self = self;
    self->outlet = outlet_new (self->bus, self->frames->adapter, &self->frames->symbols, &self->counters,
                               give_book, self);
    self->events = self->lost = 0;
    for (self->path = PATH_WIRE; self->path <= PATH_BUS; self->path++) {
        self->books[self->path] = bookkeeper_new (self->frames->adapter, &self->frames->symbols, 1, &ours);
        for (size_t i = 0; i < self->frames->count; i++)
            if (self->frames->frames[i].is_answer) {
                read_frame (self, &self->frames->frames[i]);
                commit_frame (self);
            }
    }
}

//  What this thread has worked, so that neighbours on the machine count less.
static int64_t
work_ns (void)
{
    struct timespec now;
    CHECK (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static double
time_path (desk_t *self, ondemand_t *ondemand, path_t path, int channel)
{
    double sum = 0;
    size_t count = 0;
    self->path = path;
    int64_t start_ns = work_ns ();
    for (size_t i = 0; i < self->frames->count; i++) {
        const frame_t *frame = &self->frames->frames[i];
        if (frame->channel != channel)
            continue;
        count++;
        if (path == PATH_YARDSTICK) {
            sum += ondemand_walk (ondemand, frame->text);
            continue;
        }
        read_frame (self, frame);
        if (path <= PATH_BUS)
            commit_frame (self);
    }
    double ns = (double) (work_ns () - start_ns) / (double) count;
    CHECK (!isnan (sum));
    return ns;
}

static int
compare (const void *a, const void *b)
{
    return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

static void
report (const frames_t *frames, const char *channel, figure_t *figure)
{
    for (int path = 0; path < PATHS_COUNT; path++)
        qsort (figure->ns[path], ROUNDS, sizeof (double), compare);
    const double *wire = figure->ns[PATH_WIRE], *yardstick = figure->ns[PATH_YARDSTICK];
    (void) printf ("%-8s %-14s %7zu %7zu %8.0f %8.0f %8.0f %8.0f %10.0f %8.0f %7.2f\n", frames->adapter->name,
                   channel, figure->frames, figure->bytes / figure->frames, figure->ns[PATH_READ][0], wire[0],
                   wire[ROUNDS / 2], figure->ns[PATH_BUS][0], yardstick[0], yardstick[ROUNDS / 2],
                   wire[0] / yardstick[0]);
}

//  Sum over channels, weighted by what came.
static void
report_all (const frames_t *frames, const figure_t figures[])
{
    figure_t all = {0};
    for (int channel = 0; frames->channels[channel]; channel++)
        all.frames += figures[channel].frames, all.bytes += figures[channel].bytes;
    for (int channel = 0; frames->channels[channel]; channel++)
        for (int path = 0; path < PATHS_COUNT; path++)
            for (int round = 0; round < ROUNDS; round++)
                all.ns[path][round] +=
                    figures[channel].ns[path][round] * (double) figures[channel].frames / (double) all.frames;
    report (frames, "all", &all);
}

static void
bench (const frames_t *frames, bus_t *bus, metrics_t *metrics)
{
    desk_t desk = {.frames = frames,
                   .bus = bus,
                   .json = json_document_new (),
                   .stage = stage_new (),
                   .codec = field_codec_new ()};
    figure_t figures[FRAMES_CHANNELS_MAX] = {0};
    ondemand_t *ondemand = ondemand_new ();
    desk.sink = (event_sink_t){&desk, on_event, on_book, on_acknowledged, on_text, on_ignored, on_text, NULL};
    counters_init (&desk.counters, metrics, frames->adapter);
    for (size_t i = 0; i < frames->count; i++)
        if (frames->frames[i].channel >= 0) {
            figures[frames->frames[i].channel].frames++;
            figures[frames->frames[i].channel].bytes += frames->frames[i].text.size;
        }
    for (int round = -1; round < ROUNDS; round++) { //  the first only warms
        open_round (&desk);
        for (int channel = 0; frames->channels[channel]; channel++)
            for (int path = 0; path < PATHS_COUNT && figures[channel].frames; path++) {
                double ns = time_path (&desk, ondemand, (path_t) path, channel);
                if (round >= 0)
                    figures[channel].ns[path][round] = ns;
            }
        outlet_destroy (&desk.outlet);
        for (int path = PATH_WIRE; path <= PATH_BUS; path++)
            bookkeeper_destroy (&desk.books[path]);
    }
    (void) printf ("%s, %zu frames; a round: %zu events, %zu books lost\n", frames->from, frames->count,
                   desk.events, desk.lost);
    report_all (frames, figures);
    for (int channel = 0; frames->channels[channel]; channel++)
        if (figures[channel].frames >= LEAST_FRAMES)
            report (frames, frames->channels[channel], &figures[channel]);
    ondemand_destroy (&ondemand);
    stage_destroy (&desk.stage);
    json_document_destroy (&desk.json);
    field_codec_destroy (&desk.codec);
}

int
main (void)
{
    static frames_t venues[FRAMES_VENUES], recorded;
    char folder[] = "/tmp/leadline-bench-XXXXXX", endpoint[64], file[80];
    CHECK (mkdtemp (folder));
    (void) snprintf (endpoint, sizeof endpoint, "ipc://%s/bus", folder);
    loop_t *loop = loop_new ();
    metrics_t *metrics = metrics_new ();
    bus_options_t options = {.publisher = "ingest-bench", .endpoint = endpoint, .topic_prefix = "v1"};
    bus_t *bus = bus_new (loop, &options, metrics);
    error_text_t error;
    CHECK (bus_open (bus, &error) == OK);
    (void) printf ("ns a message, least and median of %d rounds; ratio of the least\n", ROUNDS);
    (void) printf ("%-8s %-14s %7s %7s %8s %8s %8s %8s %10s %8s %7s\n", "venue", "channel", "frames", "bytes",
                   "to stage", "to wire", "median", "to bus", "On-Demand", "median", "ratio");
    frames_simulate (venues, 1, 4, SECONDS);
    for (int i = 0; i < FRAMES_VENUES; i++) {
        bench (&venues[i], bus, metrics);
        frames_fini (&venues[i]);
    }
    const char *const recordings[][3] = {{"binance", "hftbacktest-btcusdt-20240808.raw.jsonl.gz", "BTCUSDT"},
                                         {"bybit", "ob500-xrpusdt-20241201-part.raw.jsonl.gz", "XRPUSDT"},
                                         {"okx", "cryptofeed-20220513.raw.jsonl.gz", "BTC-USDT"}};
    for (size_t i = 0; i < COUNT_OF (recordings); i++) {
        const char *const *row = recordings[i];
        if (frames_record (&recorded, row[0], row[1], row[2])) {
            bench (&recorded, bus, metrics);
            frames_fini (&recorded);
        } else
            (void) printf ("%-8s %s: not here, left out\n", row[0], row[1]);
        (void) fflush (stdout);
    }
    bus_destroy (&bus);
    metrics_destroy (&metrics);
    loop_destroy (&loop);
    (void) snprintf (file, sizeof file, "%s/bus.lock", folder);
    (void) unlink (file);
    (void) unlink (endpoint + strlen ("ipc://"));
    (void) rmdir (folder);
    return 0;
}
