//  Milliseconds for a heatmap of 24 hours, from the columns on disk to the JSON that is sent, and next to it the
//  yardsticks: the same numbers written with printf, and the same bytes copied.  And what a column costs to keep.
#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"
#include "publisher/heatmap.h"
#include "publisher/render.h"
#include "tests/support/map_maker.h"
#include "tests/support/temp_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTES = 3000, ROUNDS = 40 };

static double
ms_since (int64_t start_ns)
{
    return (double) (timebase_mono_ns () - start_ns) / 1e6;
}

typedef struct {
    render_sources_t sources;
    text_buffer_t out;
    const char *range;
} request_t;

static void
get (void *argument)
{
    request_t *self = argument;
    render_arguments_t arguments = {.count = 1};
    (void) snprintf (arguments.texts[0], RENDER_ARGUMENT_MAX, "range=%s", self->range);
    render_t answer =
        render_path (&self->sources, slice_of ("/v1/heatmap/BTCUSDT"), &arguments, 0, &self->out);
    CHECK (answer.status == 200);
}

//  The yardstick writes as many triples as there are in the answer.
typedef struct {
    size_t triples;
    text_buffer_t out;
} plain_t;

static void
print_triples (void *argument)
{
    plain_t *self = argument;
    text_reset (&self->out);
    for (size_t i = 0; i < self->triples; i++)
        text_add (&self->out, ",[%zu,%zu,%.0f]", i / 300, i % 300, 12345.0 + (double) i);
}

static void
copy_bytes (void *argument)
{
    request_t *self = argument;
    static text_buffer_t copy;
    text_reset (&copy);
    text_add_slice (&copy, (slice_t){self->out.data, self->out.size});
}

//  The best of many; on a machine that is busy with other things the time of the processor says more.
typedef struct {
    double ms, cpu_ms;
} cost_t;

static cost_t
best_of (void (*fn) (void *), void *argument)
{
    cost_t best = {1e9, 1e9};
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start_ns = timebase_mono_ns ();
        clock_t start = clock ();
        fn (argument);
        double cpu_ms = (double) (clock () - start) * 1e3 / CLOCKS_PER_SEC, ms = ms_since (start_ns);
        best.ms = ms < best.ms ? ms : best.ms;
        best.cpu_ms = cpu_ms < best.cpu_ms ? cpu_ms : best.cpu_ms;
    }
    return best;
}

static size_t
count_triples (const text_buffer_t *out)
{
    size_t count = 0;
    const char *at = strstr (out->data, "\"liquidation_leverage_data\":["), *end = strstr (at, "]]");
    for (; at < end; at++)
        count += *at == '[';
    return count - 1;
}

int
main (void)
{
    static map_maker_t maker;
    static pipeline_t pipeline;
    char folder[TEMP_FOLDER_MAX];
    error_text_t error = {{0}};
    logger_open ("bench", LOG_LEVEL_ERROR);
    temp_folder_new (folder);
    CHECK (universe_parse (&pipeline.universe, slice_of ("BTCUSDT"), NULL) == OK);
    heatmap_options_t options = {folder, 30, 400, &pipeline.universe};
    metrics_t *metrics = metrics_new ();
    heatmap_t *heatmap = heatmap_new (&options, metrics, &error);
    CHECK (heatmap);
    map_maker_init (&maker, 3, "BTCUSDT", INT64_C (20000) * 1440 + 700);
    double put_ms = 0;
    for (int i = 0; i < MINUTES; i++) {
        const map_frame_t *frame = map_maker_column (&maker);
        int64_t start_ns = timebase_mono_ns ();
        CHECK (heatmap_put (heatmap, frame) == OK);
        put_ms += ms_since (start_ns);
    }
    const double bytes = metrics_counter (metrics, "publisher_heatmap_bytes_written", "", "")->value;
    printf ("a column: %.0f us to keep, %.0f bytes of %zu (%d venues, %d groups, %d rows)\n",
            put_ms * 1e3 / MINUTES, bytes / MINUTES,
            sizeof (float) * MAP_MAKER_VENUES * MAP_GROUPS * MAP_ROWS_MAX, MAP_MAKER_VENUES, MAP_GROUPS,
            MAP_ROWS_MAX);
    request_t request = {
        .sources = {
            .store = store_new ("v1"), .metrics = metrics, .heatmap = heatmap, .pipeline = &pipeline}};
    static const char *const ranges[] = {"12h", "24h", "48h"};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        request.range = ranges[i];
        const cost_t cost = best_of (get, &request);
        plain_t plain = {.triples = count_triples (&request.out)};
        const cost_t printed = best_of (print_triples, &plain), copied = best_of (copy_bytes, &request);
        printf ("GET /v1/heatmap?range=%s: %.2f ms (cpu %.2f), %zu triples, %.2f MB; the triples alone with "
                "printf %.2f ms (cpu %.2f, ratio %.2f), the bytes copied %.2f ms\n",
                ranges[i], cost.ms, cost.cpu_ms, plain.triples, (double) request.out.size / 1e6, printed.ms,
                printed.cpu_ms, cost.cpu_ms / printed.cpu_ms, copied.ms);
        text_fini (&plain.out);
    }
    text_fini (&request.out);
    store_destroy (&request.sources.store);
    heatmap_destroy (&heatmap);
    metrics_destroy (&metrics);
    temp_folder_remove (folder);
    return 0;
}
