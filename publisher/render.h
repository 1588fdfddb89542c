/*  render - the documents of the HTTP API, made of the store and the heatmap
 *
 *  What  what is held in, text out; no socket.  Every JSON document says where its data comes from (source: live
 *        or sim) and that it is not financial advice.
 *  How   render.c: what the store says of biases, readings and health; render_map.c: the liquidation map. */

#ifndef LEADLINE_RENDER_H
#define LEADLINE_RENDER_H

#include "common/run/metrics.h"
#include "common/run/pipeline.h"
#include "publisher/heatmap.h"
#include "publisher/store.h"

typedef struct {
    store_t *store;
    metrics_t *metrics;         //  of this process
    heatmap_t *heatmap;         //  NULL: none is kept
    const pipeline_t *pipeline; //  instruments and venues
} render_sources_t;

typedef struct {
    int status; //  HTTP: 200, 400, 404, 503
    const char *content_type;
} render_t;

//  What stood behind the question mark: "name=value", decoded.
enum { RENDER_ARGUMENTS_MAX = 16, RENDER_ARGUMENT_MAX = 256 };
typedef struct {
    char texts[RENDER_ARGUMENTS_MAX][RENDER_ARGUMENT_MAX];
    size_t count;
} render_arguments_t;

//  Every path there is, NULL at the end; openapi.json says the same.  A name in braces is what the reader puts in.
extern const char *const render_paths[];

//  Answer GET path into out.  now_ms: for ages.  Anything but these paths: 404 with the list; "/" is /v1.
render_t
render_path (const render_sources_t *sources, slice_t path, const render_arguments_t *arguments,
             int64_t now_ms, text_buffer_t *out);

#endif
