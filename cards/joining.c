#include "cards/joining.h"

#include "common/base/check.h"
#include "common/base/timebase.h"

#include <stdlib.h>

static const int32_t lengths_s[2] = {60, 900};

static joining_record_t *
append (joining_t *self)
{
    if (self->count == JOINING_RECORDS_MAX) {
        self->refused++;
        return NULL;
    }
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? 2 * self->capacity : 256;
        self->records = mem_grow (self->records, self->capacity * sizeof *self->records);
    }
    joining_record_t *record = self->records + self->count;
    record->order = (uint32_t) self->count++;
    return record;
}

static bool
is_wanted (const event_t *event)
{
    return event->kind == EVENT_BAR || event->kind == EVENT_OPEN_INTEREST ||
           (event->kind == EVENT_FUNDING && event->of.funding->is_settled);
}

void
joining_add (joining_t *self, const event_t *event)
{
    joining_record_t *record = is_wanted (event) ? append (self) : NULL;
    if (!record)
        return;
    record->kind = event->kind;
    record->venue = event->venue;
    if (event->kind == EVENT_BAR) {
        record->of.bar = *event->of.bar;
        record->of.bar.is_backfilled = true;
        record->ts_ns = event->of.bar->ts_event_ns;
        for (int i = 0; i < 2; i++)
            if (event->of.bar->is_closed && event->of.bar->interval_s == lengths_s[i] && event->venue < 16 &&
                record->ts_ns > self->newest_ns[i][event->venue])
                self->newest_ns[i][event->venue] = record->ts_ns;
    } else if (event->kind == EVENT_FUNDING) {
        record->of.funding = *event->of.funding;
        record->of.funding.is_backfilled = true;
        record->ts_ns = event->of.funding->ts_event_ns;
    } else {
        record->of.open_interest = *event->of.open_interest;
        record->of.open_interest.is_backfilled = true;
        record->ts_ns = event->of.open_interest->ts_event_ns;
    }
}

bool
joining_is_complete (const joining_t *self, int venue, int64_t now_ns)
{
    for (int i = 0; i < 2; i++)
        if (self->newest_ns[i][venue] == 0 ||
            now_ns - self->newest_ns[i][venue] > 2 * lengths_s[i] * NS_PER_S)
            return false;
    return true;
}

static int32_t
length_of (const joining_record_t *record)
{
    return record->kind == EVENT_BAR ? record->of.bar.interval_s : 0;
}

static int
compare_identity (const joining_record_t *a, const joining_record_t *b)
{
    if (a->ts_ns != b->ts_ns)
        return a->ts_ns < b->ts_ns ? -1 : 1;
    if (length_of (a) != length_of (b))
        return length_of (a) < length_of (b) ? -1 : 1;
    if (a->venue != b->venue)
        return a->venue < b->venue ? -1 : 1;
    return a->kind == b->kind ? 0 : a->kind < b->kind ? -1 : 1;
}

static int
compare (const void *left, const void *right)
{
    const joining_record_t *a = left, *b = right;
    int identity = compare_identity (a, b);
    return identity ? identity : a->order < b->order ? -1 : a->order > b->order;
}

void
joining_sort (joining_t *self)
{
    if (self->count == 0)
        return;
    qsort (self->records, self->count, sizeof *self->records, compare);
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        bool is_last =
            i + 1 == self->count || compare_identity (self->records + i, self->records + i + 1) != 0;
        if (is_last)
            self->records[kept++] = self->records[i];
    }
    self->count = kept;
}

double
joining_first_oi (const joining_t *self, int venue)
{
    const joining_record_t *first = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const joining_record_t *record = self->records + i;
        if (record->kind == EVENT_OPEN_INTEREST && record->venue == venue &&
            (!first || record->ts_ns < first->ts_ns))
            first = record;
    }
    return first ? first->of.open_interest.oi_coins : 0;
}

event_t
joining_event (const joining_t *self, size_t at)
{
    CHECK (at < self->count);
    const joining_record_t *record = self->records + at;
    return (event_t){
        .kind = record->kind, .venue = record->venue, .ts_recv_ns = record->ts_ns, .of.any = &record->of};
}

void
joining_fini (joining_t *self)
{
    free (self->records);
    *self = (joining_t){0};
}
