#include "common/base/logger.h"
#include "common/run/process.h"
#include "ingest/session.h"
#include "ingest/ingest_settings.h"

#include <stdio.h>

static ingest_settings_t settings;

static void
list (FILE *out)
{
    for (size_t v = 0; adapters[v]; v++) {
        (void) fprintf (out, "%-10s %s\n", adapters[v]->name, adapters[v]->rest_url);
        for (size_t s = 0; s < adapters[v]->sockets_count; s++)
            (void) fprintf (out, "%-10s %s\n", "", adapters[v]->sockets[s].url);
    }
}

static int
run (const adapter_t *adapter)
{
    process_t process;
    error_text_t error = {""};
    char name[PUBLISHER_NAME_MAX];
    (void) snprintf (name, sizeof name, "ingest-%s", adapter->name);
    if (process_open (&process, name, &settings.pipeline, 100 * NS_PER_MS, &error) != OK) {
        (void) fprintf (stderr, "ingest: %s\n", error.text);
        return EXIT_UNAVAILABLE;
    }
    const venue_settings_t *venue = ingest_settings_venue (&settings, adapter);
    session_t *session = session_new (&process, &settings.pipeline, adapter, &settings, venue, &error);
    int code = EXIT_CONFIG_WRONG;
    if (session)
        code = process_run (&process);
    else
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
    session_destroy (&session);
    process_close (&process);
    return code;
}

int
main (int argc, char **argv)
{
    option_program_t program = {.name = "ingest",
                                .usage = "ingest VENUE",
                                .about = "Listens to one exchange and publishes what it says as events.",
                                .list = list,
                                .positional_min = 1,
                                .positional_max = 1};
    program.rows = ingest_settings_rows (&program.rows_count);
    const char *positional[1] = {NULL};
    int positional_count = 0;
    int code = option_read (&program, argc, argv, &settings, positional, &positional_count);
    if (code >= 0)
        return code;
    const adapter_t *adapter = adapter_find (positional[0]);
    if (!adapter) {
        (void) fprintf (stderr, "ingest: no venue is called %s (ingest --list names them)\n", positional[0]);
        return EXIT_USAGE_WRONG;
    }
    error_text_t error = {""};
    int status = pipeline_finish (&settings.pipeline, &error);
    if (status != OK) {
        (void) fprintf (stderr, "ingest: %s\n", error.text);
        return status == E_CONFIG ? EXIT_CONFIG_WRONG : EXIT_UNAVAILABLE;
    }
    return run (adapter);
}
