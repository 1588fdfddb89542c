#include "ingest/outlet.h"

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/history.h"
#include "ingest/trade_filter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  A message holds at most this many records; a backfill is cut.
enum { RECORDS_A_MESSAGE = 500 };

struct outlet {
    bus_t *bus;
    const adapter_t *adapter;
    const symbols_t *symbols;
    counters_t *counters;
    outlet_book_fn *book;
    void *book_self;
    history_t *history;
    bus_stream_t *streams[EVENT_KIND_COUNT][UNIVERSE_MAX];
    int64_t ts_book_recv_ns[UNIVERSE_MAX];
    trade_filter_t trades[UNIVERSE_MAX];
};

static void
feed_name (const outlet_t *self, int instrument, char *out)
{
    const char *quote = self->symbols->contracts[instrument].facts.quote;
    (void) snprintf (out, FEED_NAME_MAX, "perp:%s", quote[0] ? quote : "USDT");
}

static int
on_snapshot (void *fn_self, const topic_t *topic, bus_answer_t *answer)
{
    outlet_t *self = fn_self;
    int instrument = universe_find (self->symbols->universe, slice_of (topic->instrument));
    if (topic->kind != TOPIC_EVENT || instrument < 0 || strcmp (topic->name, self->adapter->name) != 0)
        return E_ABSENT;
    char feed[FEED_NAME_MAX];
    feed_name (self, instrument, feed);
    if (topic->event == EVENT_BOOK) {
        book_t book;
        if (self->book (self->book_self, instrument, &book) != OK)
            return E_ABSENT;
        return bus_put_events (answer, self->ts_book_recv_ns[instrument], feed, &book, 1);
    }
    int64_t ts_recv_ns;
    const void *records;
    size_t count;
    if (history_find (self->history, topic->event, instrument, &ts_recv_ns, &records, &count) != OK)
        return E_ABSENT;
    return bus_put_events (answer, ts_recv_ns, feed, records, count);
}

outlet_t *
outlet_new (bus_t *bus, const adapter_t *adapter, const symbols_t *symbols, counters_t *counters,
            outlet_book_fn *book, void *book_self)
{
    outlet_t *self = mem_new (sizeof *self);
    self->bus = bus;
    self->adapter = adapter;
    self->symbols = symbols;
    self->counters = counters;
    self->book = book;
    self->book_self = book_self;
    self->history = history_new ();
    bus_on_snapshot (bus, on_snapshot, self);
    return self;
}

void
outlet_destroy (outlet_t **self)
{
    if (*self) {
        bus_on_snapshot ((*self)->bus, NULL, NULL);
        history_destroy (&(*self)->history);
    }
    free (*self);
    *self = NULL;
}

static bus_stream_t *
stream_of (outlet_t *self, event_kind_t kind, int instrument)
{
    bus_stream_t **stream = &self->streams[kind][instrument];
    if (!*stream) {
        topic_t topic = {.kind = TOPIC_EVENT, .event = kind};
        (void) snprintf (topic.instrument, sizeof topic.instrument, "%s",
                         self->symbols->universe->names[instrument]);
        (void) snprintf (topic.name, sizeof topic.name, "%s", self->adapter->name);
        *stream = bus_stream (self->bus, &topic);
    }
    return *stream;
}

//  A price of the time: the bar that ended nearest before it, else the mark, else the middle of the quote;
//  NaN none.
static double
price_at (const outlet_t *self, int instrument, int64_t ts_event_ns, bool is_past)
{
    int64_t ts_recv_ns;
    const void *records;
    size_t count;
    if (is_past && history_find (self->history, EVENT_BAR, instrument, &ts_recv_ns, &records, &count) == OK) {
        const bar_t *bars = records, *best = &bars[0];
        for (size_t i = 1; i < count; i++)
            if (llabs (bars[i].ts_event_ns - ts_event_ns) < llabs (best->ts_event_ns - ts_event_ns))
                best = &bars[i];
        return best->close_px;
    }
    if (history_find (self->history, EVENT_MARK, instrument, &ts_recv_ns, &records, &count) == OK)
        return ((const mark_t *) records)->price_px;
    if (history_find (self->history, EVENT_QUOTE, instrument, &ts_recv_ns, &records, &count) == OK) {
        const quote_t *quote = records;
        return (decimal_to_double (quote->bid_px) + decimal_to_double (quote->ask_px)) / 2;
    }
    return NAN;
}

//  Value what the venue gives in coins only.  What cannot be valued yet is left out and counted.
static size_t
value_open_interest (outlet_t *self, int instrument, open_interest_t records[], size_t count)
{
    size_t valued = 0;
    for (size_t i = 0; i < count; i++) {
        open_interest_t record = records[i];
        if (isnan (record.oi_usd))
            record.oi_usd =
                record.oi_coins * price_at (self, instrument, record.ts_event_ns, record.is_backfilled);
        if (isnan (record.oi_usd))
            metric_add (self->counters->events_refused, 1);
        else
            records[valued++] = record;
    }
    return valued;
}

size_t
outlet_events (outlet_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns, void *records,
               size_t count)
{
    if (kind == EVENT_TRADE) {
        size_t passed = trade_filter_pass (&self->trades[instrument], records, count);
        metric_add (self->counters->duplicate_trades, (double) (count - passed));
        count = passed;
    } else if (kind == EVENT_OPEN_INTEREST)
        count = value_open_interest (self, instrument, records, count);
    else if (kind == EVENT_BOOK)
        self->ts_book_recv_ns[instrument] = ts_recv_ns;
    char feed[FEED_NAME_MAX];
    feed_name (self, instrument, feed);
    size_t size = event_table (kind)->size, sent = 0;
    for (size_t i = 0; i < count; i += RECORDS_A_MESSAGE) {
        size_t part = count - i < RECORDS_A_MESSAGE ? count - i : RECORDS_A_MESSAGE;
        const char *from = (const char *) records + i * size;
        if (bus_publish_events (self->bus, stream_of (self, kind, instrument), ts_recv_ns, feed, from,
                                part) != OK) {
            metric_add (self->counters->events_refused, (double) part);
            continue;
        }
        sent += part;
        history_add (self->history, kind, instrument, ts_recv_ns, from, part);
    }
    metric_add (self->counters->events[kind], (double) sent);
    return sent;
}

void
outlet_gap (outlet_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns, int64_t lost_count,
            const char *reason)
{
    gap_t gap = {.ts_event_ns = ts_recv_ns, .kind = (int32_t) kind, .lost_count = lost_count};
    (void) slice_copy (slice_of (reason), gap.reason, sizeof gap.reason);
    (void) outlet_events (self, EVENT_GAP, instrument, ts_recv_ns, &gap, 1);
}
