/*  sink - the contract of a way out: gets every result once, in order
 *
 *  What  a sink is one file in sinks/ with one external symbol, its row, listed in sinks.c.  It owns its
 *        sockets and its slow readers.
 *  Not   a sink never waits for a reader, and never loses anything without counting it. */

#ifndef LEADLINE_SINK_H
#define LEADLINE_SINK_H

#include "common/run/loop.h"
#include "common/run/metrics.h"
#include "common/run/pipeline.h"
#include "publisher/render.h"
#include "publisher/settings.h"
#include "publisher/store.h"

typedef struct {
    loop_t *loop;
    metrics_t *metrics;
    store_t *store;
    const settings_t *settings;
    const render_sources_t *sources; //  of the documents
} sink_context_t;                    //  kept: outlives the sink

typedef struct {
    const char *name;
    const char *about; //  one line for --list
    //  Returned: the sink's own object; NULL with a text when it cannot start (a port in use).
    void *(*open) (const sink_context_t *context, error_text_t *error);
    //  A topic has a new last message: it is in the store.
    void (*message) (void *self, const store_entry_t *entry);
    void (*close) (void *self); //  null-safe
} sink_t;

//  All sinks, NULL at the end (sinks.c).
extern const sink_t *const sinks[];

#endif
