#include "ingest/planner.h"

#include "common/base/check.h"
#include "common/base/logger.h"

#include <stdlib.h>

#define REFRESH_NS    (3600 * NS_PER_S)
#define POLL_LATER_NS (3 * NS_PER_S) //  polls of open interest begin when a price to value it is there

//  What is polled, each at its own pace.
enum { POLLS = 3 };
static const struct {
    event_kind_t event;
    request_kind_t request;
    bool is_at_once; //  the first time all are asked: too slow to wait for one's turn
} polls[POLLS] = {{EVENT_OPEN_INTEREST, REQUEST_OPEN_INTEREST, false},
                  {EVENT_RATIO, REQUEST_RATIO, true},
                  {EVENT_TIERS, REQUEST_TIERS, true}};

typedef struct {
    int64_t next_ns; //  of the next poll
    size_t count;    //  instruments asked so far
} round_t;

struct planner {
    const adapter_t *adapter;
    const symbols_t *symbols;
    rest_t *rest;
    timebase_t *timebase;
    bool has_backfill, is_history_asked, is_polling;
    int64_t refreshed_ns;
    round_t rounds[POLLS];
};

static bool
is_event_clock (const planner_t *self)
{
    return self->timebase->kind == CLOCK_EVENT;
}

static void
on_planned (void *fn_self, const request_t *request)
{
    rest_add (((planner_t *) fn_self)->rest, request);
}

void
planner_ask (planner_t *self, request_kind_t kind, int instrument)
{
    request_sink_t out = {.self = self, .request = on_planned};
    int64_t ts_ns = is_event_clock (self) ? timebase_now (self->timebase) : timebase_wall_ns ();
    int status = self->adapter->plan (kind, self->symbols, instrument, ts_ns, &out);
    if (status != OK && status != E_ABSENT)
        logger_write (LOG_LEVEL_WARNING, "%s: no request planned: %s", self->adapter->name,
                      status_name (status));
}

void
planner_ask_history (planner_t *self)
{
    if (self->is_history_asked || !self->has_backfill)
        return;
    self->is_history_asked = true;
    static const request_kind_t kinds[] = {REQUEST_BACKFILL_BARS_SLOW, REQUEST_BACKFILL_BARS,
                                           REQUEST_BACKFILL_FUNDING, REQUEST_BACKFILL_OI};
    for (size_t i = 0; i < self->symbols->universe->count; i++)
        for (size_t k = 0; self->symbols->contracts[i].is_listed && k < COUNT_OF (kinds); k++)
            planner_ask (self, kinds[k], (int) i);
}

//  Each instrument in its turn, once in the interval.
static void
poll (planner_t *self, size_t which, int64_t ts_ns)
{
    round_t *round = &self->rounds[which];
    request_kind_t request = polls[which].request;
    int64_t every_ns = self->adapter->poll_ns[polls[which].event];
    size_t count = self->symbols->universe->count;
    if (every_ns <= 0)
        return;
    if (ts_ns - round->next_ns > every_ns)
        round->next_ns = ts_ns; //  far behind: at the start, or after a leap of time
    for (size_t n = 0; n < count && ts_ns >= round->next_ns; n++) {
        bool is_first = polls[which].is_at_once && round->count + 1 < count;
        round->next_ns += is_first ? 0 : every_ns / (int64_t) count;
        int instrument = (int) (round->count++ % count);
        if (self->symbols->contracts[instrument].is_listed && !rest_has (self->rest, request, instrument))
            planner_ask (self, request, instrument);
    }
}

void
planner_tick (planner_t *self)
{
    int64_t ts_ns = is_event_clock (self) ? timebase_now (self->timebase) : timebase_mono_ns ();
    for (size_t i = 0; i < POLLS && self->is_polling && ts_ns != 0; i++)
        poll (self, i, ts_ns);
}

void
planner_listed (planner_t *self)
{
    self->refreshed_ns = timebase_mono_ns ();
    for (size_t i = 0; i < POLLS && !self->is_polling; i++)
        self->rounds[i].next_ns = is_event_clock (self) ? 0 : self->refreshed_ns + POLL_LATER_NS;
    self->is_polling = true;
}

bool
planner_is_list_due (planner_t *self, int64_t mono_ns)
{
    if (!self->is_polling || mono_ns - self->refreshed_ns <= REFRESH_NS)
        return false;
    self->refreshed_ns = mono_ns;
    return true;
}

planner_t *
planner_new (const adapter_t *adapter, const symbols_t *symbols, rest_t *rest, timebase_t *timebase,
             bool has_backfill)
{
    planner_t *self = mem_new (sizeof *self);
    self->adapter = adapter;
    self->symbols = symbols;
    self->rest = rest;
    self->timebase = timebase;
    self->has_backfill = has_backfill;
    return self;
}

void
planner_destroy (planner_t **self)
{
    free (*self);
    *self = NULL;
}
