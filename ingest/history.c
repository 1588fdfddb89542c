#include "ingest/history.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROWS_BY = 256 };

typedef struct {
    char *records;
    size_t count, capacity;
    int64_t ts_recv_ns;
    int64_t last_live_ns; //  ts_event of the newest live record kept
    bool has_live_tail;   //  the last record is the latest live one, to be overwritten
} list_t;

struct history {
    list_t lists[EVENT_KIND_COUNT][UNIVERSE_MAX];
    tier_t *tiers[UNIVERSE_MAX]; //  TIERS_MAX rows of the table kept; NULL: none yet
};

history_t *
history_new (void)
{
    return mem_new (sizeof (history_t));
}

void
history_destroy (history_t **self)
{
    for (int kind = 0; *self && kind < EVENT_KIND_COUNT; kind++)
        for (int i = 0; i < UNIVERSE_MAX; i++)
            free ((*self)->lists[kind][i].records);
    for (int i = 0; *self && i < UNIVERSE_MAX; i++)
        free ((*self)->tiers[i]);
    free (*self);
    *self = NULL;
}

static void
append (list_t *list, const void *record, size_t size)
{
    if (list->count == HISTORY_RECORDS_MAX) {
        size_t gone = HISTORY_RECORDS_MAX / 4;
        list->count -= gone;
        memmove (list->records, list->records + gone * size, list->count * size);
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity + GROWS_BY : 1;
        list->records = mem_grow (list->records, list->capacity * size);
    }
    memcpy (list->records + list->count++ * size, record, size);
}

static bool
is_backfilled (event_kind_t kind, const void *record)
{
    switch (kind) {
    case EVENT_BAR:
        return ((const bar_t *) record)->is_backfilled;
    case EVENT_FUNDING:
        return ((const funding_t *) record)->is_backfilled;
    case EVENT_OPEN_INTEREST:
        return ((const open_interest_t *) record)->is_backfilled;
    default:
        return false;
    }
}

//  The latest live record stands last; it stays for good when a minute has passed since the one kept before.
static void
add_live (list_t *list, const void *record, size_t size)
{
    int64_t ts_event_ns = *(const int64_t *) record;
    bool is_kept = ts_event_ns - list->last_live_ns >= 60 * NS_PER_S;
    if (list->has_live_tail && !is_kept)
        list->count--;
    else
        list->last_live_ns = ts_event_ns;
    append (list, record, size);
    list->has_live_tail = true;
}

//  A message may hold one share of the three: the others stay as they were.
static void
replace_ratio (list_t *list, const ratio_t *told)
{
    ratio_t merged = *told;
    const ratio_t *known = list->count > 0 ? (const ratio_t *) (const void *) list->records : told;
    if (isnan (merged.accounts_long))
        merged.accounts_long = known->accounts_long;
    if (isnan (merged.top_accounts_long))
        merged.top_accounts_long = known->top_accounts_long;
    if (isnan (merged.top_positions_long))
        merged.top_positions_long = known->top_positions_long;
    list->count = 0;
    append (list, &merged, sizeof merged);
}

static void
replace_tiers (history_t *self, int instrument, const tier_update_t *told)
{
    CHECK (told->rows_count <= TIERS_MAX);
    tier_t **rows = &self->tiers[instrument];
    tier_update_t copy = *told;
    if (!*rows)
        *rows = mem_new (TIERS_MAX * sizeof (tier_t));
    copy.rows = memcpy (*rows, told->rows, told->rows_count * sizeof (tier_t));
    self->lists[EVENT_TIERS][instrument].count = 0;
    append (&self->lists[EVENT_TIERS][instrument], &copy, sizeof copy);
}

void
history_add (history_t *self, event_kind_t kind, int instrument, int64_t ts_recv_ns, const void *records,
             size_t count)
{
    CHECK (instrument >= 0 && instrument < UNIVERSE_MAX);
    if (kind == EVENT_TRADE || kind == EVENT_BOOK || kind == EVENT_LIQUIDATION || kind == EVENT_GAP)
        return;
    list_t *list = &self->lists[kind][instrument];
    size_t size = event_table (kind)->size;
    bool is_series = kind == EVENT_BAR || kind == EVENT_FUNDING || kind == EVENT_OPEN_INTEREST;
    for (size_t i = 0; i < count; i++) {
        const char *record = (const char *) records + i * size;
        if (kind == EVENT_RATIO || kind == EVENT_TIERS) {
            if (kind == EVENT_RATIO)
                replace_ratio (list, (const ratio_t *) (const void *) record);
            else
                replace_tiers (self, instrument, (const tier_update_t *) (const void *) record);
            continue;
        }
        if (!is_series)
            list->count = 0;
        if (!is_series || kind == EVENT_BAR)
            append (list, record, size);
        else if (!is_backfilled (kind, record))
            add_live (list, record, size);
        else if (!list->has_live_tail)
            append (list, record, size);
        else { //  the backfill came after live records: before the latest
            char last[EVENT_RECORD_MAX];
            CHECK (size <= sizeof last);
            memcpy (last, list->records + (list->count - 1) * size, size);
            list->count--;
            append (list, record, size);
            append (list, last, size);
        }
    }
    list->ts_recv_ns = ts_recv_ns;
}

int
history_find (const history_t *self, event_kind_t kind, int instrument, int64_t *ts_recv_ns,
              const void **records, size_t *count)
{
    const list_t *list = &self->lists[kind][instrument];
    if (list->count == 0)
        return E_ABSENT;
    *ts_recv_ns = list->ts_recv_ns;
    *records = list->records;
    *count = list->count;
    return OK;
}
