#include "publisher/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "publisher/openapi.h"
#include "publisher/render_private.h"

const char render_json_type[] = "application/json";
static const char DISCLAIMER[] = "Not financial advice.";
enum { STALE_MS = 10000 };

const char *const render_paths[] = {"/v1",
                                    "/v1/openapi.json",
                                    "/v1/bias",
                                    "/v1/bias/{mode}",
                                    "/v1/bias/{mode}/{instrument}",
                                    "/v1/explain/{mode}/{instrument}",
                                    "/v1/weights/{mode}/{instrument}",
                                    "/v1/reading/{mode}/{instrument}",
                                    "/v1/map/{instrument}",
                                    "/v1/heatmap/{instrument}",
                                    "/v1/health",
                                    "/v1/feed",
                                    "/metrics",
                                    "/healthz",
                                    NULL};

static void
add_texts (text_buffer_t *out, const char *key, const char *texts, size_t stride, size_t count)
{
    text_add (out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++)
        text_add (out, "%s\"%s\"", i ? "," : "", texts + i * stride);
    text_add (out, "]");
}

static void
add_paths (text_buffer_t *out)
{
    text_add (out, ",\"paths\":[");
    for (size_t i = 0; render_paths[i]; i++)
        text_add (out, "%s\"%s\"", i ? "," : "", render_paths[i]);
    text_add (out, "]");
}

render_t
render_not_found (text_buffer_t *out, const char *what)
{
    text_reset (out);
    text_add (out, "{\"error\":");
    text_add_quoted (out, what);
    add_paths (out);
    text_add (out, "}\n");
    return (render_t){404, render_json_type};
}

//  Of the first bias or map there is: a pipeline is of one source.
static const char *
source_of (store_t *store)
{
    for (size_t i = 0; i < store_count (store); i++) {
        const store_entry_t *entry = store_at (store, i);
        if (entry->topic.kind == TOPIC_BIAS || entry->topic.kind == TOPIC_MAP)
            return source_names[((const result_head_t *) store_record (store, entry))->source];
    }
    return "unknown";
}

static render_t
render_root (const render_sources_t *sources, text_buffer_t *out)
{
    const char *source = source_of (sources->store);
    const pipeline_t *pipeline = sources->pipeline;
    text_add (out, "{\"name\":\"Leadline\",\"engine\":\"%s\",\"source\":\"%s\",\"notice\":\"%s%s\"",
              LEADLINE_ENGINE, source, DISCLAIMER,
              strcmp (source, "sim") == 0 ? " The market is simulated." : "");
    add_paths (out);
    add_texts (out, "instruments", pipeline->universe.names[0], INSTRUMENT_NAME_MAX,
               pipeline->universe.count);
    add_texts (out, "venues", pipeline->venue_names[0], VENUE_NAME_MAX, pipeline->venues_count);
    text_add (out, "}\n");
    return (render_t){200, render_json_type};
}

//  Newest evaluation time of any bias; 0 when there is none.
static int64_t
newest_bias_ms (store_t *store)
{
    int64_t newest_ms = 0;
    for (size_t i = 0; i < store_count (store); i++) {
        const store_entry_t *entry = store_at (store, i);
        if (entry->topic.kind != TOPIC_BIAS)
            continue;
        const bias_t *bias = store_record (store, entry);
        if (bias->ts_ms > newest_ms)
            newest_ms = bias->ts_ms;
    }
    return newest_ms;
}

static render_t
render_healthz (store_t *store, int64_t now_ms, text_buffer_t *out)
{
    int64_t newest_ms = newest_bias_ms (store);
    bool is_fresh = newest_ms > 0 && now_ms - newest_ms < STALE_MS;
    text_add (out, "{\"status\":\"%s\",\"source\":\"%s\"", is_fresh ? "ok" : "stale", source_of (store));
    if (newest_ms > 0)
        text_add (out, ",\"newest_bias_ms\":%lld,\"age_ms\":%lld", (long long) newest_ms,
                  (long long) (now_ms - newest_ms));
    else
        text_add (out, ",\"newest_bias_ms\":null,\"age_ms\":null");
    text_add (out, "}\n");
    return (render_t){is_fresh ? 200 : 503, render_json_type};
}

static void
add_metric (text_buffer_t *out, const char *process, const metric_value_t *value)
{
    const char *suffix = value->type == 0 ? "_total" : "";
    text_add (out, "leadline_%s%s{process=\"%s\"%s%s} %.17g\n", value->name, suffix, process,
              value->labels[0] ? "," : "", value->labels, value->value);
}

typedef struct {
    const char *process;
    metric_value_t value;
} metric_row_t;

static int
compare_rows (const void *a, const void *b)
{
    return strcmp (((const metric_row_t *) a)->value.name, ((const metric_row_t *) b)->value.name);
}

//  Prometheus wants all samples of a name together, under one HELP and TYPE.
static render_t
render_metrics (store_t *store, metrics_t *own, text_buffer_t *out)
{
    metric_row_t *rows = NULL;
    size_t count = 0, capacity = 0;
    for (size_t i = 0; i <= store_count (store); i++) {
        const char *process = "publisher";
        size_t values_count = 0;
        const metric_value_t *values = NULL;
        if (i == store_count (store))
            values = metrics_values (own, &values_count);
        else if (store_at (store, i)->topic.kind == TOPIC_METRICS) {
            const metrics_message_t *message = store_record (store, store_at (store, i));
            process = store_at (store, i)->topic.name;
            values = message->values;
            values_count = message->values_count;
        }
        if (count + values_count > capacity) {
            capacity = (count + values_count) * 2;
            rows = mem_grow (rows, capacity * sizeof *rows);
        }
        for (size_t k = 0; k < values_count; k++)
            rows[count++] = (metric_row_t){process, values[k]};
    }
    if (count > 0)
        qsort (rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count; i++) {
        const metric_value_t *value = &rows[i].value;
        if (i == 0 || strcmp (value->name, rows[i - 1].value.name) != 0)
            text_add (out, "# HELP leadline_%s%s %s\n# TYPE leadline_%s%s %s\n", value->name,
                      value->type == 0 ? "_total" : "", value->help, value->name,
                      value->type == 0 ? "_total" : "", value->type == 0 ? "counter" : "gauge");
        add_metric (out, rows[i].process, value);
    }
    free (rows);
    return (render_t){200, "text/plain; version=0.0.4"};
}

//  All entries of a kind, of one mode if mode >= 0.
static render_t
render_list (store_t *store, topic_kind_t kind, int mode, const char *name, text_buffer_t *out)
{
    text_add (out, "{\"source\":\"%s\",\"notice\":\"%s\",\"%s\":[", source_of (store), DISCLAIMER, name);
    bool is_first = true;
    for (size_t i = 0; i < store_count (store); i++) {
        const store_entry_t *entry = store_at (store, i);
        if (entry->topic.kind != kind || (mode >= 0 && (int) entry->topic.mode != mode))
            continue;
        if (!is_first)
            text_add (out, ",\n");
        is_first = false;
        text_add_slice (out, store_json (store, entry));
    }
    text_add (out, "]}\n");
    return (render_t){200, render_json_type};
}

static int
compare_points (const void *a, const void *b)
{
    double x = fabs (((const category_bias_t *) a)->points), y = fabs (((const category_bias_t *) b)->points);
    return (x < y) - (x > y);
}

static void
add_number (text_buffer_t *out, const char *key, double value)
{
    if (isfinite (value))
        text_add (out, ",\"%s\":%.17g", key, value);
    else
        text_add (out, ",\"%s\":null", key);
}

static render_t
render_explain (store_t *store, const store_entry_t *entry, text_buffer_t *out)
{
    const bias_t *bias = store_record (store, entry);
    text_add (
        out,
        "{\"kind\":\"explain\",\"notice\":\"%s\",\"source\":\"%s\",\"instrument\":\"%s\",\"mode\":\"%s\"",
        DISCLAIMER, source_names[bias->head.source], bias->instrument,
        mode_info ((mode_id_t) bias->mode)->name);
    text_add (out, ",\"ts_ms\":%lld,\"seq\":%lld,\"state\":\"%s\",\"conflicted\":%s,\"weights_version\":%lld",
              (long long) bias->ts_ms, (long long) bias->head.seq, state_names[bias->state],
              bias->is_conflicted ? "true" : "false", (long long) bias->weights_version);
    add_number (out, "bias", bias->bias);
    add_number (out, "z", bias->z);
    add_number (out, "sigma_r", bias->sigma_r);
    add_number (out, "confidence_pct", bias->confidence_pct);
    add_number (out, "evidence_pct", bias->evidence_pct);
    add_number (out, "agreement_pct", bias->agreement_pct);
    qsort (bias->categories, bias->categories_count, sizeof *bias->categories, compare_points);
    text_add (out, ",\"rule\":\"bias = 100 tanh(z/1.5); z = sum of weight*x / sigma_r; points = bias * "
                   "(weight*x/sigma_r) / z\"");
    text_add (out, ",\"categories\":[");
    for (size_t i = 0; i < bias->categories_count; i++) {
        const category_bias_t *category = &bias->categories[i];
        text_add (out, "%s{\"category\":\"%s\",\"state\":\"%s\"", i ? "," : "", category->category,
                  state_names[category->state]);
        add_number (out, "points", category->points);
        add_number (out, "weight", category->weight);
        add_number (out, "x", category->x);
        add_number (out, "score", category->score);
        add_number (out, "confidence", category->confidence);
        text_add (out, ",\"overridden\":%s}", category->is_overridden ? "true" : "false");
    }
    text_add (out, "],\"silent\":[");
    for (size_t i = 0; i < bias->silent_count; i++) {
        text_add (out, "%s{\"category\":\"%s\",\"card\":\"%s\",\"reason\":", i ? "," : "",
                  bias->silent[i].category, bias->silent[i].card);
        text_add_quoted (out, bias->silent[i].reason);
        text_add (out, "}");
    }
    text_add (out, "]}\n");
    return (render_t){200, render_json_type};
}

static render_t
render_weights (store_t *store, const store_entry_t *entry, text_buffer_t *out)
{
    const bias_t *bias = store_record (store, entry);
    text_add (
        out, "{\"kind\":\"weights\",\"source\":\"%s\",\"instrument\":\"%s\",\"mode\":\"%s\",\"version\":%lld",
        source_names[bias->head.source], bias->instrument, mode_info ((mode_id_t) bias->mode)->name,
        (long long) bias->weights_version);
    add_number (out, "n_eff", bias->n_eff);
    text_add (out, ",\"outcomes_needed\":%lld,\"redis_away\":%s,\"weights\":{",
              (long long) bias->outcomes_needed, bias->is_redis_away ? "true" : "false");
    for (size_t i = 0; i < bias->categories_count; i++)
        text_add (out, "%s\"%s\":%.17g", i ? "," : "", bias->categories[i].category,
                  bias->categories[i].weight);
    text_add (out, "}}\n");
    return (render_t){200, render_json_type};
}

//  "{mode}/{instrument}" of a kind; NULL when there is none yet.
static const store_entry_t *
find_entry (store_t *store, topic_kind_t kind, slice_t mode, slice_t instrument)
{
    topic_t topic = {.kind = kind};
    if (mode_parse (mode, &topic.mode) != OK ||
        slice_copy (instrument, topic.instrument, sizeof topic.instrument) != OK || instrument.size == 0)
        return NULL;
    return store_find (store, &topic);
}

static render_t
render_v1 (const render_sources_t *sources, slice_t path, const render_arguments_t *arguments,
           text_buffer_t *out)
{
    store_t *store = sources->store;
    slice_t rest = path, what = slice_cut (&rest, '/');
    if (slice_is (what, "map"))
        return render_map (sources, rest, arguments, out);
    if (slice_is (what, "heatmap"))
        return render_heatmap (sources, rest, arguments, out);
    slice_t mode = slice_cut (&rest, '/'), instrument = rest;
    if (slice_is (what, "openapi.json") && mode.size == 0) {
        text_add_slice (out, slice_of (openapi_text));
        return (render_t){200, render_json_type};
    }
    if (slice_is (what, "health") && mode.size == 0)
        return render_list (store, TOPIC_HEALTH, -1, "health", out);
    if (slice_is (what, "bias") && instrument.size == 0) {
        mode_id_t id = MODE_SCALP;
        if (mode.size > 0 && mode_parse (mode, &id) != OK)
            return render_not_found (out, "a mode is scalp, day or swing");
        return render_list (store, TOPIC_BIAS, mode.size > 0 ? (int) id : -1, "biases", out);
    }
    bool is_reading = slice_is (what, "reading");
    if (!is_reading && !slice_is (what, "bias") && !slice_is (what, "explain") && !slice_is (what, "weights"))
        return render_not_found (out, "no such path");
    const store_entry_t *entry =
        find_entry (store, is_reading ? TOPIC_READING : TOPIC_BIAS, mode, instrument);
    if (!entry)
        return render_not_found (out, "nothing is known of this instrument and mode (yet)");
    if (slice_is (what, "explain"))
        return render_explain (store, entry, out);
    if (slice_is (what, "weights"))
        return render_weights (store, entry, out);
    text_add_slice (out, store_json (store, entry));
    text_add (out, "\n");
    return (render_t){200, render_json_type};
}

render_t
render_path (const render_sources_t *sources, slice_t path, const render_arguments_t *arguments,
             int64_t now_ms, text_buffer_t *out)
{
    text_reset (out);
    if (slice_is (path, "/") || slice_is (path, "/v1"))
        return render_root (sources, out);
    if (slice_is (path, "/healthz"))
        return render_healthz (sources->store, now_ms, out);
    if (slice_is (path, "/metrics"))
        return render_metrics (sources->store, sources->metrics, out);
    if (slice_starts (path, "/v1/"))
        return render_v1 (sources, (slice_t){path.data + 4, path.size - 4}, arguments, out);
    return render_not_found (out, "no such path");
}
