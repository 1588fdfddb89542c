#include "ingest/session.h"

#include "common/base/check.h"
#include "common/base/logger.h"
#include "ingest/bookkeeper.h"
#include "ingest/counters.h"
#include "ingest/health_board.h"
#include "ingest/link.h"
#include "ingest/outlet.h"
#include "ingest/planner.h"
#include "ingest/reception.h"
#include "ingest/rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_NS       (100 * NS_PER_MS)
#define SPOKEN_NS     (20 * NS_PER_MS)
#define CLOCK_LEAP_NS (3600 * NS_PER_S)
#define BEAT_NS       (100 * NS_PER_MS)

struct session {
    process_t *process;
    const adapter_t *adapter;
    const ingest_settings_t *settings;
    symbols_t symbols, next_symbols; //  next: while an instrument list is being read
    counters_t counters;
    transport_t *transport;
    link_t *links[SOCKETS_MAX];
    rest_t *rest;
    reception_t *reception;
    planner_t *planner;
    outlet_t *outlet;
    bookkeeper_t *books;
    health_board_t *board;
    loop_timer_t *tick, *health, *spoken;
    bool is_started, are_instruments_due;
    int64_t ts_recv_ns; //  of the frame being committed
    int64_t beaten_ns;
};

static int64_t
now_ns (session_t *self)
{
    return timebase_now (&self->process->timebase);
}

static bool
is_event_clock (const session_t *self)
{
    return self->process->timebase.kind == CLOCK_EVENT;
}

//  All up to the present is published: tell the readers, at once when a second (wall) or a beat (event) is
//  over.
static void
speak (session_t *self, int64_t ts_ns)
{
    bus_spoken (self->process->bus, ts_ns);
    int64_t step_ns = is_event_clock (self) ? BEAT_NS : NS_PER_S;
    if (ts_ns / step_ns <= self->beaten_ns / step_ns)
        return;
    self->beaten_ns = ts_ns;
    bus_beat (self->process->bus);
}

static void
publish_instruments (session_t *self);

//  The event clock goes by the frames, but one absurd time in them must not carry it away.
static int64_t
stamp_event_clock (session_t *self)
{
    timebase_t *timebase = &self->process->timebase;
    int64_t newest_ns = reception_newest_ns (self->reception);
    bool is_first = timebase->last_ns == 0;
    if (!is_first && newest_ns > timebase->last_ns + CLOCK_LEAP_NS)
        newest_ns = 0;
    int64_t ts_ns = timebase_stamp (timebase, newest_ns);
    if (is_first && ts_ns > 0) {
        self->ts_recv_ns = ts_ns;
        publish_instruments (self);
        planner_ask_history (self->planner);
    }
    return ts_ns;
}

static void
on_frame (void *fn_self, int socket, slice_t text)
{
    session_t *self = fn_self;
    if (!is_event_clock (self))
        self->ts_recv_ns = timebase_stamp (&self->process->timebase, 0);
    metric_add (self->counters.frames[socket], 1);
    metric_add (self->counters.frames_bytes, (double) text.size);
    if (reception_read_frame (self->reception, socket, text) != OK)
        return;
    if (is_event_clock (self))
        self->ts_recv_ns = stamp_event_clock (self);
    reception_commit (self->reception, self->ts_recv_ns);
    speak (self, self->ts_recv_ns);
}

//  --- sockets

static void
on_reply (void *fn_self, int socket, slice_t text)
{
    link_reply (((session_t *) fn_self)->links[socket], text);
}

static void
say (void *fn_self, slice_t text)
{
    link_say (fn_self, text);
}

static uint32_t
bits_of (const session_t *self, int socket)
{
    return self->adapter->sockets[socket].channels & self->adapter->channels;
}

static void
subscribe (session_t *self, int socket, uint32_t bits, int first, int count, bool is_on)
{
    text_sink_t out = {.self = self->links[socket], .text = say};
    if (self->adapter->subscribe (&self->symbols, socket, bits, first, count, is_on, &out) != OK)
        logger_write (LOG_LEVEL_WARNING, "%s: no text for a subscription on %s", self->adapter->name,
                      self->adapter->sockets[socket].name);
}

static void
on_link_open (void *fn_self, int socket)
{
    session_t *self = fn_self;
    logger_write (LOG_LEVEL_INFO, "%s %s: connected", self->adapter->name,
                  self->adapter->sockets[socket].name);
    health_board_connected (self->board, socket, true, now_ns (self));
    if (bits_of (self, socket) & CHANNEL_BOOK) {
        bookkeeper_connected (self->books, timebase_mono_ns ());
        for (size_t i = 0; i < self->symbols.universe->count; i++)
            health_board_feed (self->board, EVENT_BOOK, (int) i)->is_broken = true; //  until its snapshot
    }
    subscribe (self, socket, bits_of (self, socket), 0, (int) self->symbols.universe->count, true);
}

static void
on_link_lost (void *fn_self, int socket, const char *reason)
{
    session_t *self = fn_self;
    metric_add (self->counters.reconnects, 1);
    logger_write (LOG_LEVEL_NOTICE, "%s %s: %s; connecting again", self->adapter->name,
                  self->adapter->sockets[socket].name, reason);
    int64_t ts_ns = now_ns (self);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (health_board_socket (self->board, (event_kind_t) kind) != socket)
            continue;
        for (size_t i = 0; i < self->symbols.universe->count; i++) {
            feed_health_t *feed = health_board_feed (self->board, (event_kind_t) kind, (int) i);
            if (!feed || !feed->is_connected || feed->last_ns == 0 || feed->last_ns < feed->since_ns)
                continue; //  nothing flowed on this connection: nothing new is missing
            feed->gaps_count++;
            feed->lost_count += kind != EVENT_BOOK;
            outlet_gap (self->outlet, (event_kind_t) kind, (int) i, ts_ns, -1, reason);
        }
    }
    if (bits_of (self, socket) & CHANNEL_BOOK)
        bookkeeper_disconnected (self->books);
    health_board_connected (self->board, socket, false, ts_ns);
}

//  --- books

static void
on_book_publish (void *fn_self, int instrument, const book_t *book)
{
    session_t *self = fn_self;
    book_t copy = *book;
    (void) outlet_events (self->outlet, EVENT_BOOK, instrument, self->ts_recv_ns, &copy, 1);
    feed_health_t *feed = health_board_feed (self->board, EVENT_BOOK, instrument);
    if (feed)
        feed->is_broken = false;
}

static void
on_book_lost (void *fn_self, int instrument, const char *reason)
{
    session_t *self = fn_self;
    metric_add (self->counters.book_gaps, 1);
    logger_write (LOG_LEVEL_NOTICE, "%s book of %s: %s; asking for a snapshot", self->adapter->name,
                  self->symbols.universe->names[instrument], reason);
    outlet_gap (self->outlet, EVENT_BOOK, instrument, self->ts_recv_ns, -1, reason);
    feed_health_t *feed = health_board_feed (self->board, EVENT_BOOK, instrument);
    if (!feed)
        return;
    feed->gaps_count++;
    feed->is_broken = true;
}

static void
on_book_restored (void *fn_self, int instrument)
{
    session_t *self = fn_self;
    metric_add (self->counters.book_resyncs, 1);
    feed_health_t *feed = health_board_feed (self->board, EVENT_BOOK, instrument);
    if (feed)
        feed->repaired_count++;
}

static int
book_for_snapshot (void *fn_self, int instrument, book_t *out)
{
    return bookkeeper_snapshot (((session_t *) fn_self)->books, instrument, out);
}

//  --- requests

static void
on_book_ask (void *fn_self, int instrument)
{
    session_t *self = fn_self;
    int socket = health_board_socket (self->board, EVENT_BOOK);
    if (self->adapter->has_rest_snapshot) {
        if (!rest_has (self->rest, REQUEST_BOOK, instrument))
            planner_ask (self->planner, REQUEST_BOOK, instrument);
    } else if (socket >= 0) {
        subscribe (self, socket, CHANNEL_BOOK, instrument, 1, false);
        subscribe (self, socket, CHANNEL_BOOK, instrument, 1, true);
    }
}

static void
publish_instruments (session_t *self)
{
    self->are_instruments_due = false;
    for (size_t i = 0; i < self->symbols.universe->count; i++) {
        instrument_t facts = self->symbols.contracts[i].facts;
        if (!self->symbols.contracts[i].is_listed)
            continue;
        if (facts.ts_event_ns <= 0)
            facts.ts_event_ns = self->ts_recv_ns;
        (void) outlet_events (self->outlet, EVENT_INSTRUMENT, (int) i, self->ts_recv_ns, &facts, 1);
    }
}

//  A listing changed while we run: subscribe or unsubscribe that one.
static void
apply_listing (session_t *self, int instrument, bool is_listed)
{
    health_board_listed (self->board, instrument, is_listed);
    logger_write (LOG_LEVEL_NOTICE, "%s: %s is %s", self->adapter->name,
                  self->symbols.universe->names[instrument], is_listed ? "listed now" : "no longer listed");
    for (size_t s = 0; self->is_started && s < self->adapter->sockets_count; s++)
        if (link_is_open (self->links[s]))
            subscribe (self, (int) s, bits_of (self, (int) s), instrument, 1, is_listed);
}

//  The list is complete: take it over; the first time, everything else begins.
static void
apply_instruments (session_t *self)
{
    size_t listed = 0;
    for (size_t i = 0; i < self->symbols.universe->count; i++) {
        bool was_listed = self->symbols.contracts[i].is_listed;
        bool is_listed = self->next_symbols.contracts[i].is_listed;
        listed += is_listed;
        if (was_listed && !is_listed && self->is_started)
            apply_listing (self, (int) i, false); //  while its contract is still known
        self->symbols.contracts[i] = self->next_symbols.contracts[i];
        symbols_index (&self->symbols);
        if (!was_listed && is_listed && self->is_started)
            apply_listing (self, (int) i, true);
    }
    planner_listed (self->planner);
    if (is_event_clock (self) && self->process->timebase.last_ns == 0)
        self->are_instruments_due = true;
    else
        publish_instruments (self);
    if (self->is_started)
        return;
    self->is_started = true;
    logger_write (LOG_LEVEL_INFO, "%s: %zu of %zu instruments are listed", self->adapter->name, listed,
                  self->symbols.universe->count);
    for (size_t i = 0; i < self->symbols.universe->count; i++)
        health_board_listed (self->board, (int) i, self->symbols.contracts[i].is_listed);
    health_board_connected (self->board, -1, true, now_ns (self)); //  what is polled
    for (size_t s = 0; s < self->adapter->sockets_count; s++)
        link_start (self->links[s]);
    if (!self->are_instruments_due)
        planner_ask_history (self->planner);
}

static int
on_rest_answer (void *fn_self, const request_t *request, const http_answer_t *answer)
{
    session_t *self = fn_self;
    self->ts_recv_ns = now_ns (self);
    int status = reception_read_answer (self->reception, request, answer->body);
    if (status != OK)
        return status;
    reception_commit (self->reception, self->ts_recv_ns);
    bool is_list = request->kind == REQUEST_INSTRUMENTS;
    if (is_list)
        symbols_index (&self->next_symbols);
    //  The one just answered is in the queue until its answer has been taken.
    if (is_list && rest_count (self->rest, REQUEST_INSTRUMENTS) == 1)
        apply_instruments (self);
    return OK;
}

static void
on_rest_given_up (void *fn_self, const request_t *request, const char *why)
{
    session_t *self = fn_self;
    metric_add (self->counters.requests_given_up, 1);
    const char *instrument =
        request->instrument >= 0 ? self->symbols.universe->names[request->instrument] : "all instruments";
    logger_write (LOG_LEVEL_NOTICE, "%s: request for %s given up: %s", self->adapter->name, instrument, why);
    if (request->kind == REQUEST_RATIO || request->kind == REQUEST_TIERS)
        health_board_refused (self->board, request->kind == REQUEST_RATIO ? EVENT_RATIO : EVENT_TIERS,
                              request->instrument, why, now_ns (self));
    if (request->kind == REQUEST_BOOK)
        bookkeeper_refused (self->books, request->instrument, timebase_mono_ns ());
    if (request->kind == REQUEST_INSTRUMENTS && rest_count (self->rest, REQUEST_INSTRUMENTS) == 0)
        apply_instruments (self); //  with what the first list said
}

static void
on_rest_seen (void *fn_self, const http_answer_t *answer, bool is_limited)
{
    session_t *self = fn_self;
    if (answer->status)
        metric_add (self->counters.http_answers, 1);
    if (answer->status != 200)
        metric_add (self->counters.http_errors, 1);
    if (is_limited)
        metric_add (self->counters.rate_limited, 1);
    if (answer->status == 0)
        return;
    bool is_simulator = strcmp (answer->server, "leadline-simulator") == 0;
    source_t source = is_simulator ? SOURCE_SIM : SOURCE_LIVE;
    if (source == bus_source (self->process->bus))
        return;
    bus_set_source (self->process->bus, source);
    logger_write (LOG_LEVEL_NOTICE, "%s: the other side is %s", self->adapter->name,
                  is_simulator ? "the simulator" : "an exchange");
}

//  --- health

static void
on_resubscribe (void *fn_self, int socket, event_kind_t kind, int instrument)
{
    session_t *self = fn_self;
    if (!link_is_open (self->links[socket]) || link_waiting_count (self->links[socket]) > 0)
        return;
    metric_add (self->counters.resubscriptions, 1);
    subscribe (self, socket, 1u << kind, instrument, 1, false);
    subscribe (self, socket, 1u << kind, instrument, 1, true);
}

static void
on_restart (void *fn_self, int socket, const char *reason)
{
    link_restart (((session_t *) fn_self)->links[socket], reason);
}

static void
on_silent (void *fn_self, event_kind_t kind, int instrument, size_t others_count, const char *message)
{
    session_t *self = fn_self;
    metric_add (self->counters.silences, (double) (1 + others_count));
    logger_write (LOG_LEVEL_WARNING, "%s %s of %s and %zu others: %s", self->adapter->name,
                  event_kind_names[kind], self->symbols.universe->names[instrument], others_count, message);
}

//  --- time

static void
on_tick (void *fn_self)
{
    session_t *self = fn_self;
    int64_t mono_ns = timebase_mono_ns ();
    double open_count = 0;
    for (size_t s = 0; s < self->adapter->sockets_count; s++) {
        link_tick (self->links[s], mono_ns);
        open_count += link_is_open (self->links[s]);
    }
    metric_set (self->counters.connected_sockets, open_count);
    bookkeeper_tick (self->books, mono_ns);
    planner_tick (self->planner);
    if (planner_is_list_due (self->planner, mono_ns)) {
        self->next_symbols = self->symbols;
        planner_ask (self->planner, REQUEST_INSTRUMENTS, -1);
    }
    rest_tick (self->rest, mono_ns);
    metric_set (self->counters.requests_waiting, (double) rest_waiting_count (self->rest));
    metric_set (self->counters.clock_steps, (double) self->process->timebase.steps_count);
}

static void
on_health (void *fn_self)
{
    session_t *self = fn_self;
    int64_t ts_ns = now_ns (self);
    if (self->is_started && ts_ns > 0)
        health_board_tick (self->board, ts_ns);
}

static void
on_spoken (void *fn_self)
{
    session_t *self = fn_self;
    //  Under the event clock only frames move time.
    if (self->is_started && !is_event_clock (self))
        speak (self, now_ns (self));
}

//  --- life

static int
make_network (session_t *self, const venue_settings_t *venue, uint64_t seed, error_text_t *error)
{
    self->transport = transport_new (self->process->loop, self->settings->ca_file, error);
    if (!self->transport)
        return E_CONFIG;
    rest_events_t rest_events = {
        .answer = on_rest_answer, .given_up = on_rest_given_up, .seen = on_rest_seen, .self = self};
    self->rest = rest_new (self->transport, self->adapter, venue->rest_url, seed, &rest_events, error);
    if (!self->rest)
        return E_CONFIG;
    link_events_t link_events = {.open = on_link_open, .frame = on_frame, .lost = on_link_lost, .self = self};
    for (size_t s = 0; s < self->adapter->sockets_count; s++) {
        self->links[s] = link_new (self->transport, self->adapter, (int) s, venue->socket_urls[s], seed,
                                   &link_events, error);
        if (!self->links[s])
            return E_CONFIG;
    }
    return OK;
}

session_t *
session_new (process_t *process, const pipeline_t *pipeline, const adapter_t *adapter,
             const ingest_settings_t *settings, const venue_settings_t *venue, error_text_t *error)
{
    session_t *self = mem_new (sizeof *self);
    self->process = process;
    self->adapter = adapter;
    self->settings = settings;
    self->symbols.universe = self->next_symbols.universe = &pipeline->universe;
    counters_init (&self->counters, process->metrics, adapter);
    uint64_t seed = (uint64_t) bus_boot (process->bus);
    if (make_network (self, venue, seed, error) != OK) {
        session_destroy (&self);
        return NULL;
    }
    self->outlet =
        outlet_new (process->bus, adapter, &self->symbols, &self->counters, book_for_snapshot, self);
    bookkeeper_events_t book_events = {.publish = on_book_publish,
                                       .lost = on_book_lost,
                                       .restored = on_book_restored,
                                       .ask = on_book_ask,
                                       .self = self};
    self->books = bookkeeper_new (adapter, &self->symbols, seed, &book_events);
    health_board_events_t board_events = {
        .resubscribe = on_resubscribe, .restart = on_restart, .silent = on_silent, .self = self};
    self->board = health_board_new (process->bus, adapter, &pipeline->universe, &board_events);
    reception_parts_t parts = {.adapter = adapter,
                               .counters = &self->counters,
                               .symbols = &self->symbols,
                               .next_symbols = &self->next_symbols,
                               .outlet = self->outlet,
                               .books = self->books,
                               .board = self->board,
                               .reply = on_reply,
                               .self = self};
    self->reception = reception_new (&parts);
    self->planner =
        planner_new (adapter, &self->symbols, self->rest, &process->timebase, settings->has_backfill);
    self->tick = loop_every (process->loop, TICK_NS, on_tick, self);
    self->health = loop_every (process->loop, settings->health_interval_ms * NS_PER_MS, on_health, self);
    self->spoken = loop_every (process->loop, SPOKEN_NS, on_spoken, self);
    planner_ask (self->planner, REQUEST_INSTRUMENTS, -1);
    return self;
}

void
session_destroy (session_t **self_pointer)
{
    session_t *self = *self_pointer;
    if (!self)
        return;
    loop_timer_t **timers[] = {&self->tick, &self->health, &self->spoken};
    for (size_t t = 0; t < COUNT_OF (timers); t++)
        loop_cancel (timers[t]);
    for (size_t s = 0; s < SOCKETS_MAX; s++)
        link_destroy (&self->links[s]);
    planner_destroy (&self->planner);
    rest_destroy (&self->rest);
    transport_destroy (&self->transport);
    reception_destroy (&self->reception);
    health_board_destroy (&self->board);
    bookkeeper_destroy (&self->books);
    outlet_destroy (&self->outlet);
    free (self);
    *self_pointer = NULL;
}
