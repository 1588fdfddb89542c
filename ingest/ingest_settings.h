/*  ingest_settings - what a user may set about ingest: rows for every venue, made from the adapters' rows
 *
 *  All venues' rows are known to every ingest process, so that one file serves all of them. */

#ifndef LEADLINE_INGEST_SETTINGS_H
#define LEADLINE_INGEST_SETTINGS_H

#include "common/run/pipeline.h"
#include "ingest/adapter.h"

enum { SETTINGS_URL_MAX = 256, SETTINGS_PATH_MAX = 256 };

typedef struct {
    char socket_urls[SOCKETS_MAX][SETTINGS_URL_MAX]; //  ingest/<venue>/<socket>_url
    char rest_url[SETTINGS_URL_MAX];                 //  ingest/<venue>/rest_url
} venue_settings_t;

typedef struct {
    pipeline_t pipeline;
    char ca_file[SETTINGS_PATH_MAX]; //  ingest/ca_file
    bool has_backfill;               //  ingest/backfill
    int64_t health_interval_ms;      //  ingest/health_interval_ms
    venue_settings_t venues[VENUES_MAX];
} ingest_settings_t;

//  The option rows, made once.
const option_t *
ingest_settings_rows (size_t *count);

//  Settings of an adapter, by its place in the table.
const venue_settings_t *
ingest_settings_venue (const ingest_settings_t *self, const adapter_t *adapter);

#endif
