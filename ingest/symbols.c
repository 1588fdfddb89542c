#include "ingest/adapter.h"

#include "common/base/hash.h"

#include <string.h>

_Static_assert(SYMBOLS_SLOTS >= 2 * UNIVERSE_MAX && (SYMBOLS_SLOTS & (SYMBOLS_SLOTS - 1)) == 0,
               "probing ends");

static size_t
slot_of (const char *data, size_t size)
{
    return (size_t) hash_bytes (data, size, 0) & (SYMBOLS_SLOTS - 1);
}

void
symbols_index (symbols_t *self)
{
    memset (self->slots, 0, sizeof self->slots);
    for (size_t i = 0; i < self->universe->count; i++) {
        const contract_t *contract = &self->contracts[i];
        if (!contract->is_listed)
            continue;
        size_t slot = slot_of (contract->contract, strlen (contract->contract));
        while (self->slots[slot])
            slot = (slot + 1) & (SYMBOLS_SLOTS - 1);
        self->slots[slot] = (uint16_t) (i + 1);
    }
}

int
symbols_find (const symbols_t *self, slice_t contract)
{
    for (size_t slot = slot_of (contract.data, contract.size); self->slots[slot];
         slot = (slot + 1) & (SYMBOLS_SLOTS - 1)) {
        int instrument = self->slots[slot] - 1;
        if (slice_is (contract, self->contracts[instrument].contract))
            return instrument;
    }
    return -1;
}
