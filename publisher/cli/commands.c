#include "publisher/cli/commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/schema.h"

void
print_bias_line (const bias_t *bias)
{
    (void) printf ("bias %s %s %+.1f confidence %.1f evidence %.0f agreement %.0f state %s%s\n",
                   bias->instrument, mode_info ((mode_id_t) bias->mode)->name, bias->bias,
                   bias->confidence_pct, bias->evidence_pct, bias->agreement_pct, state_names[bias->state],
                   bias->is_conflicted ? " (conflicted)" : "");
}

//  Arguments [INSTRUMENT [MODE]] into a job.  Returns 0, or 64 with a message.
static int
choose (client_job_t *job, const char *arguments[], int count)
{
    job->mode = -1;
    if (count > 0)
        job->instrument = arguments[0];
    mode_id_t mode;
    if (count > 1 && mode_parse (slice_of (arguments[1]), &mode) != OK) {
        (void) fprintf (stderr, "'%s' is not a mode: scalp, day or swing\n", arguments[1]);
        return EXIT_USAGE_WRONG;
    }
    if (count > 1)
        job->mode = (int) mode;
    return 0;
}

//  --- bias: keep them all, print in the order of the instruments

typedef struct {
    const pipeline_t *pipeline;
    bias_t biases[UNIVERSE_MAX][MODE_COUNT]; //  lists are not kept
    bool has[UNIVERSE_MAX][MODE_COUNT];
} bias_table_t;

static void
keep_bias (void *self_, const bus_message_t *message)
{
    bias_table_t *self = self_;
    const bias_t *bias = message->records;
    int index = universe_find (&self->pipeline->universe, slice_of (bias->instrument));
    if (index < 0)
        return;
    self->biases[index][bias->mode] = *bias;
    self->has[index][bias->mode] = true;
}

static int
run_bias (const client_settings_t *settings, const char *arguments[], int count)
{
    static bias_table_t table;
    table.pipeline = &settings->pipeline;
    client_job_t job = {
        .kinds = {TOPIC_BIAS}, .kinds_count = 1, .ends = true, .message = keep_bias, .self = &table};
    int code = choose (&job, arguments, count);
    if (code == 0)
        code = client_run (settings, &job);
    for (size_t i = 0; i < settings->pipeline.universe.count; i++)
        for (int mode = 0; mode < MODE_COUNT; mode++)
            if (table.has[i][mode])
                print_bias_line (&table.biases[i][mode]);
    return code;
}

//  --- tail

typedef struct {
    text_buffer_t json;
    const char *prefix; //  of topics wanted; "" all
    const char *topic_prefix;
} tail_t;

static void
print_json (void *self_, const bus_message_t *message)
{
    tail_t *self = self_;
    char topic[TOPIC_TEXT_MAX];
    (void) topic_format (&message->topic, self->topic_prefix, topic);
    if (strncmp (topic, self->prefix, strlen (self->prefix)) != 0)
        return;
    text_reset (&self->json);
    error_text_t error = {{0}};
    if (field_to_json (result_table (message->topic.kind), message->records, &self->json, &error) == OK)
        (void) printf ("%s %.*s\n", topic, (int) self->json.size, self->json.data);
    (void) fflush (stdout);
}

static int
run_tail (const client_settings_t *settings, const char *arguments[], int count)
{
    tail_t tail = {.prefix = count > 0 ? arguments[0] : "", .topic_prefix = settings->pipeline.topic_prefix};
    client_job_t job = {.mode = -1, .message = print_json, .self = &tail};
    static const topic_kind_t kinds[] = {TOPIC_BIAS, TOPIC_READING, TOPIC_OUTCOME, TOPIC_HEALTH, TOPIC_MAP};
    char filter[TOPIC_TEXT_MAX];
    //  The kind the prefix names; biases and outcomes when it names none.
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        (void) topic_filter (kinds[i], settings->pipeline.topic_prefix, filter);
        if (count > 0 && strncmp (filter, arguments[0], strlen (filter)) == 0)
            job.kinds[job.kinds_count++] = kinds[i];
    }
    if (job.kinds_count == 0) {
        job.kinds[job.kinds_count++] = TOPIC_BIAS;
        job.kinds[job.kinds_count++] = TOPIC_OUTCOME;
    }
    int code = client_run (settings, &job);
    text_fini (&tail.json);
    return code;
}

//  --- explain, weights

static int
compare_points (const void *a, const void *b)
{
    double x = fabs (((const category_bias_t *) a)->points), y = fabs (((const category_bias_t *) b)->points);
    return (x < y) - (x > y);
}

static int
compare_weights (const void *a, const void *b)
{
    double x = ((const category_bias_t *) a)->weight, y = ((const category_bias_t *) b)->weight;
    return (x < y) - (x > y);
}

static void
print_silent (const bias_t *bias)
{
    for (size_t i = 0; i < bias->silent_count; i++)
        (void) printf ("  silent   %-24s %s\n", bias->silent[i].card, bias->silent[i].reason);
}

static void
print_explain (void *self, const bus_message_t *message)
{
    (void) self;
    bias_t bias = *(const bias_t *) message->records;
    print_bias_line (&bias);
    if (bias.head.source == SOURCE_SIM)
        (void) printf ("  simulated market\n");
    (void) printf (
        "  bias = 100 tanh (z / 1.5), z = %+.4f: the sum of weight x score over its usual size %.4f\n",
        bias.z, bias.sigma_r);
    if (bias.confidence_basis == BASIS_UNCALIBRATED)
        (void) printf ("  confidence is not calibrated yet: %lld more outcomes are needed\n",
                       (long long) bias.outcomes_needed);
    if (bias.is_redis_away)
        (void) printf ("  Redis is away: weights are frozen\n");
    qsort (bias.categories, bias.categories_count, sizeof *bias.categories, compare_points);
    (void) printf ("  %-16s %8s %8s %8s %10s  %s\n", "category", "points", "weight", "x", "confidence",
                   "state");
    double sum = 0;
    for (size_t i = 0; i < bias.categories_count; i++) {
        const category_bias_t *category = &bias.categories[i];
        sum += category->points;
        (void) printf ("  %-16s %+8.2f %8.4f %+8.3f %10.2f  %s%s\n", category->category, category->points,
                       category->weight, category->x, category->confidence, state_names[category->state],
                       category->is_overridden ? " (overridden)" : "");
    }
    (void) printf ("  %-16s %+8.2f\n", "sum", sum);
    print_silent (&bias);
}

static void
print_weights (void *self, const bus_message_t *message)
{
    (void) self;
    bias_t bias = *(const bias_t *) message->records;
    qsort (bias.categories, bias.categories_count, sizeof *bias.categories, compare_weights);
    (void) printf ("weights %s %s version %lld outcomes %.0f\n", bias.instrument,
                   mode_info ((mode_id_t) bias.mode)->name, (long long) bias.weights_version, bias.n_eff);
    for (size_t i = 0; i < bias.categories_count; i++)
        (void) printf ("  %-16s %.6f%s\n", bias.categories[i].category, bias.categories[i].weight,
                       bias.categories[i].is_overridden ? " (overridden)" : "");
}

static int
run_one (const client_settings_t *settings, const char *arguments[], int count,
         void (*print) (void *self, const bus_message_t *message))
{
    client_job_t job = {.kinds = {TOPIC_BIAS}, .kinds_count = 1, .ends = true, .message = print};
    int code = choose (&job, arguments, count);
    return code ? code : client_run (settings, &job);
}

static int
run_explain (const client_settings_t *settings, const char *arguments[], int count)
{
    return run_one (settings, arguments, count, print_explain);
}

static int
run_weights (const client_settings_t *settings, const char *arguments[], int count)
{
    return run_one (settings, arguments, count, print_weights);
}

//  --- health

static void
print_health (void *self, const bus_message_t *message)
{
    (void) self;
    const health_t *health = message->records;
    (void) printf ("%-8s %-13s %-10s %-12s %8.0f/min  gaps %lld repaired %lld lost %lld  %s\n", health->venue,
                   health->event, health->instrument, health_status_names[health->status],
                   health->seen_per_min, (long long) health->gaps_count, (long long) health->repaired_count,
                   (long long) health->lost_count, health->message);
}

static int
run_health (const client_settings_t *settings, const char *arguments[], int count)
{
    client_job_t job = {.kinds = {TOPIC_HEALTH}, .kinds_count = 1, .ends = true, .message = print_health};
    int code = choose (&job, arguments, count);
    return code ? code : client_run (settings, &job);
}

static int
run_schema (const client_settings_t *settings, const char *arguments[], int count)
{
    (void) settings;
    (void) arguments;
    (void) count;
    schema_write (stdout);
    return EXIT_DONE;
}

const command_t commands[] = {
    {"top", "", "live table of all biases; lines without a terminal", 0, 0, top_run, false},
    {"bias", "[INSTRUMENT [MODE]]", "the last biases, a line each", 0, 2, run_bias, false},
    {"explain", "INSTRUMENT MODE", "where the points of a bias come from", 2, 2, run_explain, false},
    {"weights", "INSTRUMENT MODE", "share of each category", 2, 2, run_weights, false},
    {"map", "INSTRUMENT [--range 24h] [--model full|ladder] [--width N] [--png FILE [--size WxH]] [--json]",
     "the liquidation map: in the terminal, as a PNG file, or as JSON", 1, COMMAND_ARGUMENTS_MAX, map_run,
     true},
    {"health", "[INSTRUMENT]", "does every feed flow", 0, 1, run_health, false},
    {"tail", "[TOPIC]", "messages as JSON lines, as they come", 0, 1, run_tail, false},
    {"schema", "", "every message, field by field", 0, 0, run_schema, false},
    {0},
};
