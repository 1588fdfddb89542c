#include "ingest/trade_filter.h"

#include "common/base/hash.h"

static bool
is_known (const trade_filter_t *self, uint64_t id)
{
    //  No early exit, so that the compiler may look at several at a time.
    uint32_t found = 0;
    for (size_t i = 0; i < TRADE_FILTER_KEPT; i++)
        found |= self->ids[i] == id;
    return found != 0;
}

size_t
trade_filter_pass (trade_filter_t *self, trade_t trades[], size_t count)
{
    size_t passed = 0;
    for (size_t i = 0; i < count; i++) {
        if (trades[i].id[0]) {
            uint64_t id = hash_text (trades[i].id, 0) | 1;
            if (is_known (self, id))
                continue;
            self->ids[self->next++ % TRADE_FILTER_KEPT] = id;
        }
        if (passed != i)
            trades[passed] = trades[i];
        passed++;
    }
    return passed;
}
