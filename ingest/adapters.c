#include "ingest/adapter.h"

#include <string.h>

extern const adapter_t binance_adapter, bybit_adapter, okx_adapter;

const adapter_t *const adapters[] = {&binance_adapter, &bybit_adapter, &okx_adapter, NULL};

const adapter_t *
adapter_find (const char *name)
{
    for (const adapter_t *const *adapter = adapters; *adapter; adapter++)
        if (strcmp ((*adapter)->name, name) == 0)
            return *adapter;
    return NULL;
}
