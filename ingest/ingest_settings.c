#include "ingest/ingest_settings.h"

#include "common/base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const option_t fixed_rows[] = {
    PIPELINE_OPTIONS (ingest_settings_t, pipeline),
    OPTION (ingest_settings_t, ca_file, "ingest/ca_file", OPTION_TEXT, "", 0, 0,
            "Certificates to trust besides the system's (the simulator's)."),
    OPTION (ingest_settings_t, has_backfill, "ingest/backfill", OPTION_BOOL, "yes", 0, 0,
            "Fetch bars, funding and open interest of the past at start."),
    OPTION (ingest_settings_t, health_interval_ms, "ingest/health_interval_ms", OPTION_I64, "1000", 100,
            10000, "How often every feed is judged."),
};

enum { ROWS_MAX = COUNT_OF (fixed_rows) + VENUES_MAX * (SOCKETS_MAX + 1), TEXT_MAX = 160 };

static option_t rows[ROWS_MAX];
static size_t rows_count;

//  A text that lives as long as the rows.
static const char *
format_kept (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

static const char *
format_kept (const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start (arguments, format);
    int size = vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    CHECK (size > 0 && (size_t) size < sizeof text);
    return mem_text (text);
}

static void
add_url (size_t offset, const char *path, const char *preset, const char *about)
{
    rows[rows_count++] = (option_t){.path = path,
                                    .type = OPTION_TEXT,
                                    .offset = offset,
                                    .size = SETTINGS_URL_MAX,
                                    .preset = preset,
                                    .about = about};
}

const option_t *
ingest_settings_rows (size_t *count)
{
    if (rows_count == 0) {
        for (size_t i = 0; i < COUNT_OF (fixed_rows); i++)
            rows[rows_count++] = fixed_rows[i];
        for (size_t v = 0; adapters[v]; v++) {
            CHECK (v < VENUES_MAX);
            const adapter_t *adapter = adapters[v];
            size_t base = offsetof (ingest_settings_t, venues) + v * sizeof (venue_settings_t);
            for (size_t s = 0; s < adapter->sockets_count; s++) {
                const socket_row_t *socket = &adapter->sockets[s];
                size_t offset = base + offsetof (venue_settings_t, socket_urls) + s * SETTINGS_URL_MAX;
                add_url (offset, format_kept ("ingest/%s/%s_url", adapter->name, socket->name), socket->url,
                         format_kept ("WebSocket of %s, %s.", adapter->name, socket->name));
            }
            add_url (base + offsetof (venue_settings_t, rest_url),
                     format_kept ("ingest/%s/rest_url", adapter->name), adapter->rest_url,
                     format_kept ("REST host of %s.", adapter->name));
        }
    }
    *count = rows_count;
    return rows;
}

const venue_settings_t *
ingest_settings_venue (const ingest_settings_t *self, const adapter_t *adapter)
{
    for (size_t v = 0; adapters[v]; v++)
        if (adapters[v] == adapter)
            return &self->venues[v];
    CHECK (false); //  an adapter of the table
    return NULL;
}
