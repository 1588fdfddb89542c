#include "ingest/reception.h"

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/sampler.h"
#include "ingest/stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONFIRMATIONS_MAX = 1024, CONFIRMATION_TEXT_MAX = 80 };

typedef struct {
    uint32_t channels;
    int instrument;
    bool is_accepted;
    char text[CONFIRMATION_TEXT_MAX];
} confirmation_t;

struct reception {
    reception_parts_t parts;
    json_document_t *json;
    stage_t *stage;
    event_sink_t sink;
    confirmation_t confirmations[CONFIRMATIONS_MAX];
    size_t confirmations_count;
    int socket;         //  what is being read came from, -1: REST
    bool is_poll;       //  it answers a poll
    int64_t ts_recv_ns; //  of what is being committed
    sampler_t sampler;
};

static void
sample (reception_t *self, const char *what, const char *why, slice_t text)
{
    char where[VENUE_NAME_MAX + 32];
    const char *place = self->socket >= 0 ? self->parts.adapter->sockets[self->socket].name : "rest";
    (void) snprintf (where, sizeof where, "%s %s", self->parts.adapter->name, place);
    sampler_show (&self->sampler, where, what, why, text);
}

//  --- what an adapter tells while it parses

static void
on_event (void *fn_self, event_kind_t kind, int instrument, const void *record)
{
    stage_event (((reception_t *) fn_self)->stage, kind, instrument, record);
}

static void
on_book (void *fn_self, int instrument, const book_update_t *update)
{
    stage_book (((reception_t *) fn_self)->stage, instrument, update);
}

static void
on_acknowledged (void *fn_self, uint32_t channel, int instrument, bool is_accepted, slice_t text)
{
    reception_t *self = fn_self;
    if (self->confirmations_count == CONFIRMATIONS_MAX)
        return; //  the next frame of data says the same
    confirmation_t *confirmation = &self->confirmations[self->confirmations_count++];
    *confirmation =
        (confirmation_t){.channels = channel, .instrument = instrument, .is_accepted = is_accepted};
    (void) slice_copy (text, confirmation->text, sizeof confirmation->text);
}

static void
on_reply (void *fn_self, slice_t text)
{
    reception_t *self = fn_self;
    if (self->socket >= 0)
        self->parts.reply (self->parts.self, self->socket, text);
}

static void
on_ignored (void *fn_self, bool is_known, slice_t what)
{
    reception_t *self = fn_self;
    metric_add (is_known ? self->parts.counters->ignored_known : self->parts.counters->ignored_unknown, 1);
    if (!is_known)
        sample (self, "unknown message", "", what);
}

static void
on_unknown_contract (void *fn_self, slice_t contract)
{
    reception_t *self = fn_self;
    metric_add (self->parts.counters->unknown_contracts, 1);
    sample (self, "unknown contract", "", contract);
}

static void
on_contract (void *fn_self, int instrument, const contract_t *contract)
{
    ((reception_t *) fn_self)->parts.next_symbols->contracts[instrument] = *contract;
}

//  --- a frame that was understood

//  Events of ours that a channel of the venue brought: its feed is alive.
static void
note_flow (reception_t *self, event_kind_t kind, int instrument, int64_t ts_event_ns, size_t count)
{
    feed_health_t *feed = health_board_feed (self->parts.board, kind, instrument);
    if (!feed)
        return;
    if (self->is_poll && feed->refusal[0])
        feed_health_acknowledged (feed, true, slice_of (""), self->ts_recv_ns);
    if (kind == EVENT_RATIO || kind == EVENT_TIERS)
        ts_event_ns = 0; //  of the span or table, not of the moment it was said: no delay to be measured
    health_board_events (self->parts.board, kind, instrument, self->ts_recv_ns, ts_event_ns, (int64_t) count);
}

static void
commit_confirmations (reception_t *self)
{
    for (size_t i = 0; i < self->confirmations_count; i++) {
        const confirmation_t *confirmation = &self->confirmations[i];
        health_board_acknowledged (self->parts.board, self->socket, confirmation->channels,
                                   confirmation->instrument, confirmation->is_accepted,
                                   slice_of (confirmation->text), self->ts_recv_ns);
        if (confirmation->is_accepted)
            continue;
        metric_add (self->parts.counters->refusals, 1);
        sample (self, "subscription refused", "", slice_of (confirmation->text));
    }
}

//  Where the venue does not say when, it is when we heard.
static void
stamp_untimed (const stage_group_t *group, int64_t ts_recv_ns)
{
    funding_t *fundings = group->records;
    tier_update_t *tiers = group->records;
    for (size_t i = 0; i < group->count && group->kind == EVENT_FUNDING; i++)
        if (fundings[i].ts_event_ns == 0)
            fundings[i].ts_event_ns = ts_recv_ns;
    for (size_t i = 0; i < group->count && group->kind == EVENT_TIERS; i++)
        if (tiers[i].ts_event_ns == 0)
            tiers[i].ts_event_ns = ts_recv_ns;
}

void
reception_commit (reception_t *self, int64_t ts_recv_ns)
{
    self->ts_recv_ns = ts_recv_ns;
    if (self->socket >= 0)
        commit_confirmations (self);
    stage_group_t group;
    while (stage_next_group (self->stage, &group)) {
        //  History does not show that a feed flows; a poll does.
        if (self->socket >= 0 || self->is_poll)
            note_flow (self, group.kind, group.instrument, group.ts_event_ns, group.count);
        stamp_untimed (&group, ts_recv_ns);
        (void) outlet_events (self->parts.outlet, group.kind, group.instrument, ts_recv_ns, group.records,
                              group.count);
    }
    int64_t mono_ns = timebase_mono_ns ();
    for (size_t i = 0; i < stage_books_count (self->stage); i++) {
        stage_book_t book = stage_book_at (self->stage, i);
        if (self->socket >= 0)
            note_flow (self, EVENT_BOOK, book.instrument, book.update.ts_event_ns, 1);
        bookkeeper_update (self->parts.books, book.instrument, &book.update, mono_ns);
    }
}

//  --- reading

static void
begin_reading (reception_t *self, int socket, bool is_poll)
{
    self->socket = socket;
    self->is_poll = is_poll;
    self->confirmations_count = 0;
    stage_clear (self->stage);
}

static int
finish_reading (reception_t *self, int status, slice_t text, const error_text_t *error)
{
    if (status != OK) {
        metric_add (self->parts.counters->parse_errors, 1);
        sample (self, "cannot be read", error->text, text);
    }
    return status;
}

int
reception_read_frame (reception_t *self, int socket, slice_t text)
{
    error_text_t error = {""};
    begin_reading (self, socket, false);
    int status = self->parts.adapter->parse (self->json, text, self->parts.symbols, &self->sink, &error);
    return finish_reading (self, status, text, &error);
}

static bool
is_poll (request_kind_t kind)
{
    return kind == REQUEST_OPEN_INTEREST || kind == REQUEST_RATIO || kind == REQUEST_TIERS;
}

int
reception_read_answer (reception_t *self, const request_t *request, slice_t body)
{
    error_text_t error = {""};
    const symbols_t *symbols =
        request->kind == REQUEST_INSTRUMENTS ? self->parts.next_symbols : self->parts.symbols;
    begin_reading (self, -1, is_poll (request->kind));
    int status =
        self->parts.adapter->parse_response (self->json, request, body, symbols, &self->sink, &error);
    return finish_reading (self, status, body, &error);
}

int64_t
reception_newest_ns (const reception_t *self)
{
    return stage_newest_ns (self->stage);
}

//  --- life

reception_t *
reception_new (const reception_parts_t *parts)
{
    reception_t *self = mem_new (sizeof *self);
    self->parts = *parts;
    self->socket = -1;
    self->json = json_document_new ();
    self->stage = stage_new ();
    self->sink = (event_sink_t){.self = self,
                                .event = on_event,
                                .book = on_book,
                                .acknowledged = on_acknowledged,
                                .reply = on_reply,
                                .ignored = on_ignored,
                                .unknown_contract = on_unknown_contract,
                                .contract = on_contract};
    return self;
}

void
reception_destroy (reception_t **self)
{
    if (!*self)
        return;
    stage_destroy (&(*self)->stage);
    json_document_destroy (&(*self)->json);
    free (*self);
    *self = NULL;
}
