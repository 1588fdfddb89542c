#include "aggregator/prices.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdlib.h>

struct prices {
    int64_t last_ms;
    struct {
        int64_t ts_ms; //  0: none
        double px;
    } slots[PRICES_SECONDS]; //  second modulo size
};

prices_t *
prices_new (void)
{
    return mem_new (sizeof (prices_t));
}

void
prices_destroy (prices_t **self)
{
    free (*self);
    *self = NULL;
}

static size_t
slot_of (int64_t second)
{
    return (size_t) (second % PRICES_SECONDS);
}

bool
prices_put (prices_t *self, int64_t ts_ms, double px)
{
    if (ts_ms <= 0 || !isfinite (px) || px <= 0)
        return false;
    int64_t second = ts_ms / MS_PER_S;
    size_t at = slot_of (second);
    if (self->slots[at].ts_ms / MS_PER_S >= second)
        return false;
    self->slots[at].ts_ms = ts_ms;
    self->slots[at].px = px;
    if (ts_ms > self->last_ms)
        self->last_ms = ts_ms;
    return true;
}

int
prices_near (const prices_t *self, int64_t ts_ms, double *px)
{
    int64_t best_ms = PRICES_NEAR_MS + 1;
    for (int64_t second = (ts_ms - PRICES_NEAR_MS) / MS_PER_S; second <= (ts_ms + PRICES_NEAR_MS) / MS_PER_S;
         second++) {
        if (second < 0)
            continue;
        size_t at = slot_of (second);
        if (self->slots[at].ts_ms == 0 || self->slots[at].ts_ms / MS_PER_S != second)
            continue;
        int64_t away_ms = llabs (self->slots[at].ts_ms - ts_ms);
        if (away_ms < best_ms) {
            best_ms = away_ms;
            *px = self->slots[at].px;
        }
    }
    return best_ms <= PRICES_NEAR_MS ? OK : E_ABSENT;
}

int
prices_next (const prices_t *self, int64_t after_ms, int64_t *ts_ms, double *px)
{
    int64_t oldest = self->last_ms / MS_PER_S - PRICES_SECONDS + 1;
    int64_t second = after_ms / MS_PER_S;
    if (second < oldest)
        second = oldest;
    for (; second <= self->last_ms / MS_PER_S; second++) {
        if (second < 0)
            continue;
        size_t at = slot_of (second);
        if (self->slots[at].ts_ms > after_ms && self->slots[at].ts_ms / MS_PER_S == second) {
            *ts_ms = self->slots[at].ts_ms;
            *px = self->slots[at].px;
            return OK;
        }
    }
    return E_ABSENT;
}
