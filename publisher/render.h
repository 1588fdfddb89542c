/*  render - the documents of the HTTP API, made of the store
 *
 *  What  pure: store in, text out.  Every JSON document says where its data comes from (source: live or sim)
 *        and that it is not financial advice. */

#ifndef LEADLINE_RENDER_H
#define LEADLINE_RENDER_H

#include "common/run/metrics.h"
#include "publisher/store.h"

typedef struct {
    int status; //  HTTP: 200, 404
    const char *content_type;
} render_t;

//  Answer GET path (without query) into out.  now_ms: for ages.  Paths: / /healthz /metrics /v1/bias
//  /v1/bias/{mode} /v1/bias/{mode}/{instrument} /v1/explain/{mode}/{instrument}
//  /v1/weights/{mode}/{instrument} /v1/reading/{mode}/{instrument} /v1/health.  Anything else: 404 with the
//  list.
render_t
render_path (store_t *store, metrics_t *own, slice_t path, int64_t now_ms, text_buffer_t *out);

#endif
