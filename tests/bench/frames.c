#include "tests/bench/frames.h"

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/simulator/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define INSTRUMENTS "BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT"
#define START_NS    (INT64_C (1700000000) * NS_PER_S)
enum { LINE_BYTES = 1 << 21, SNAPSHOT_AFTER = 100 }; //  slices

static frame_t *
add (frames_t *self, slice_t text)
{
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 4096;
        self->frames = mem_grow (self->frames, self->capacity * sizeof *self->frames);
    }
    char *copy = mem_new (text.size + JSON_PADDING_BYTES);
    memcpy (copy, text.data, text.size);
    frame_t *frame = &self->frames[self->count++];
    *frame = (frame_t){.text = {copy, text.size}, .channel = -1};
    self->bytes += text.size;
    return frame;
}

static void
classify (frames_t *self, frame_t *frame)
{
    slice_t contract;
    if (!protocol_find (self->adapter->name)->classify (frame->text, &frame->channel, &contract))
        frame->channel = -1;
}

void
frames_fini (frames_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        free ((char *) (uintptr_t) self->frames[i].text.data);
    free (self->frames);
}

//  --- simulated

typedef struct {
    frames_t *frames;
    gateway_t *gateway;
    feed_client_t *clients[SOCKETS_MAX];
    int socket; //  being subscribed
} side_t;

static void
on_trade (void *self, int venue, int instrument, const world_trade_t *trade)
{
    gateway_t *gateway = ((side_t *) self)[venue].gateway;
    gateway->now_ns = trade->ts_ns;
    gateway->protocol->trade (gateway, instrument, trade);
}

static void
on_level (void *self, int venue, int instrument, const world_level_t *level)
{
    gateway_t *gateway = ((side_t *) self)[venue].gateway;
    gateway->protocol->level (gateway, instrument, level);
}

static void
on_liquidation (void *self, int venue, int instrument, const world_liquidation_t *liquidation)
{
    gateway_t *gateway = ((side_t *) self)[venue].gateway;
    gateway->protocol->liquidation (gateway, instrument, liquidation);
}

static void
on_wake (void *socket)
{
    (void) socket;
}

static void
on_subscription (void *fn_self, slice_t text)
{
    side_t *self = fn_self;
    char *padded = mem_new (text.size + JSON_PADDING_BYTES);
    memcpy (padded, text.data, text.size);
    self->gateway->protocol->text (self->gateway, self->clients[self->socket], (slice_t){padded, text.size});
    free (padded);
}

static void
on_contract (void *fn_self, int instrument, const contract_t *contract)
{
    ((frames_t *) fn_self)->symbols.contracts[instrument] = *contract;
}

static void
on_ignored (void *self, bool is_known, slice_t what)
{
    (void) self, (void) is_known, (void) what;
}

static void
on_unknown (void *self, slice_t contract)
{
    (void) self, (void) contract;
}

//  Ask the gateway; what it answers is read as a list of instruments, or kept.
static void
on_request (void *fn_self, const request_t *request)
{
    side_t *self = fn_self;
    slice_t rest = slice_of (request->path);
    query_t query = {.path = slice_cut (&rest, '?')};
    reply_t reply = {.status = 200, .listing = -1};
    query.arguments = rest;
    text_reset (&self->gateway->frame);
    CHECK (self->gateway->protocol->request (self->gateway, &query, &reply) == OK && reply.status == 200);
    frame_t *frame = add (self->frames, (slice_t){self->gateway->frame.data, self->gateway->frame.size});
    frame->is_answer = true;
    frame->request = *request;
    text_reset (&self->gateway->frame);
    if (request->kind != REQUEST_INSTRUMENTS)
        return;
    event_sink_t sink = {
        .self = self->frames, .ignored = on_ignored, .unknown_contract = on_unknown, .contract = on_contract};
    json_document_t *json = json_document_new ();
    error_text_t error;
    CHECK (self->frames->adapter->parse_response (json, request, frame->text, &self->frames->symbols, &sink,
                                                  &error) == OK);
    json_document_destroy (&json);
    self->frames->count--;
    self->frames->bytes -= frame->text.size;
    free ((char *) (uintptr_t) frame->text.data);
}

static void
plan (side_t *self, request_kind_t kind)
{
    request_sink_t sink = {self, on_request};
    const frames_t *frames = self->frames;
    CHECK (frames->adapter->plan (kind, &frames->symbols, -1, START_NS, &sink) == OK);
}

static void
connect_side (side_t *self)
{
    frames_t *frames = self->frames;
    const adapter_t *adapter = frames->adapter;
    plan (self, REQUEST_INSTRUMENTS);
    symbols_index (&frames->symbols);
    for (self->socket = 0; self->socket < (int) adapter->sockets_count; self->socket++) {
        const socket_row_t *row = &adapter->sockets[self->socket];
        int path = 0;
        while (!strstr (row->url, self->gateway->protocol->paths[path]))
            CHECK (self->gateway->protocol->paths[++path]);
        feed_client_t *client = feed_join (self->gateway->feed, self, path);
        self->clients[self->socket] = client;
        self->gateway->protocol->connected (self->gateway, client, slice_of (""));
        text_sink_t sink = {self, on_subscription};
        CHECK (adapter->subscribe (&frames->symbols, self->socket, row->channels, 0,
                                   (int) frames->universe.count, true, &sink) == OK);
    }
}

//  Take what waits for the sockets.
static void
drain (side_t *self)
{
    const feed_frame_t *frame;
    for (size_t i = 0; i < self->frames->adapter->sockets_count; i++)
        while ((frame = feed_next (self->clients[i]))) {
            classify (self->frames,
                      add (self->frames, (slice_t){frame->data + FEED_HEADROOM_BYTES, frame->size}));
            feed_sent (self->clients[i]);
        }
}

void
frames_simulate (frames_t venues[FRAMES_VENUES], uint64_t seed, double activity, int seconds)
{
    side_t sides[FRAMES_VENUES] = {0};
    error_text_t error;
    fault_plan_t *faults = fault_plan_new (seed);
    feed_options_t feed = {.faults = faults, .wake = on_wake};
    universe_t *universe = &venues[0].universe;
    CHECK (universe_parse (universe, slice_of (INSTRUMENTS), &error) == OK);
    world_options_t options = {.seed = seed,
                               .universe = universe,
                               .venues_count = FRAMES_VENUES,
                               .start_ns = START_NS,
                               .activity = activity};
    for (int i = 0; i < FRAMES_VENUES; i++)
        options.venues[i] = protocols[i]->name;
    world_t *world = world_new (&options, &error);
    CHECK (world);
    for (int i = 0; i < FRAMES_VENUES; i++) {
        frames_t *frames = &venues[i];
        frames->from = "simulated";
        frames->adapter = adapter_find (protocols[i]->name);
        frames->channels = protocols[i]->channels;
        frames->universe = *universe;
        frames->symbols.universe = &frames->universe;
        sides[i] =
            (side_t){.frames = frames, .gateway = gateway_new (protocols[i], world, i, universe, &feed)};
        sides[i].gateway->now_ns = START_NS;
        connect_side (&sides[i]);
    }
    world_listen (
        world,
        &(world_sink_t){.self = sides, .trade = on_trade, .level = on_level, .liquidation = on_liquidation});
    for (int slice = 1; slice <= seconds * (int) (NS_PER_S / SLICE_NS); slice++) {
        int64_t now_ns = START_NS + slice * SLICE_NS;
        for (int i = 0; i < FRAMES_VENUES; i++)
            sides[i].gateway->now_ns = now_ns;
        world_run (world, now_ns);
        for (int i = 0; i < FRAMES_VENUES; i++) {
            gateway_tick (sides[i].gateway, now_ns);
            if (slice == SNAPSHOT_AFTER && venues[i].adapter->has_rest_snapshot)
                plan (&sides[i], REQUEST_BOOK);
            drain (&sides[i]);
        }
    }
    for (int i = 0; i < FRAMES_VENUES; i++) {
        for (size_t k = 0; k < venues[i].adapter->sockets_count; k++)
            feed_leave (&sides[i].clients[k]);
        gateway_destroy (&sides[i].gateway);
    }
    world_destroy (&world);
    fault_plan_destroy (&faults);
}

//  --- recorded

static void
record_line (frames_t *self, json_document_t *json, slice_t line)
{
    json_cursor_t root, msg;
    slice_t dir, text;
    if (json_open (json, line, &root) != OK || json_find_text (root, "dir", &dir) != OK ||
        json_find (root, "msg", &msg) != OK)
        return;
    bool is_answer = slice_is (dir, "http");
    if (!is_answer && !slice_is (dir, "in"))
        return;
    CHECK ((json_type (msg) == JSON_TEXT ? json_text (msg, &text) : json_raw (msg, &text)) == OK);
    frame_t *frame = add (self, text);
    frame->is_answer = is_answer;
    if (!is_answer) {
        classify (self, frame);
        return;
    }
    frame->request.kind = REQUEST_BOOK; //  the only answers in recordings
    (void) snprintf (frame->request.path, sizeof frame->request.path, "/fapi/v1/depth?symbol=%s&limit=1000",
                     self->symbols.contracts[0].contract);
}

bool
frames_record (frames_t *self, const char *venue, const char *file, const char *contract)
{
    char path[1024];
    const char *root = getenv ("LEADLINE_CAPTURES");
    (void) snprintf (path, sizeof path, "%s/%s/%s", root ? root : "../shared/captures", venue, file);
    gzFile input = gzopen (path, "rb");
    if (!input)
        return false;
    error_text_t error;
    *self = (frames_t){
        .from = file, .adapter = adapter_find (venue), .channels = protocol_find (venue)->channels};
    CHECK (universe_parse (&self->universe, slice_of ("RECORDED"), &error) == OK);
    self->symbols.universe = &self->universe;
    contract_t *listed = &self->symbols.contracts[0];
    *listed = (contract_t){.is_listed = true, .multiplier = 1, .price_divisor = 1};
    (void) slice_copy (slice_of (contract), listed->contract, sizeof listed->contract);
    symbols_index (&self->symbols);
    char *line = mem_new (LINE_BYTES);
    json_document_t *json = json_document_new ();
    while (gzgets (input, line, LINE_BYTES - JSON_PADDING_BYTES))
        record_line (self, json, (slice_t){line, strcspn (line, "\n")});
    json_document_destroy (&json);
    free (line);
    (void) gzclose (input);
    return true;
}
