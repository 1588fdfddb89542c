#include <stdio.h>
#include <string.h>

#include "common/base/logger.h"
#include "publisher/publisher.h"
#include "publisher/sink.h"

static settings_t settings;

static void
list_sinks (FILE *out)
{
    (void) fprintf (out, "topics        ZeroMQ topics in msgpack, and snapshots\n");
    for (size_t i = 0; sinks[i]; i++)
        (void) fprintf (out, "%-13s %s\n", sinks[i]->name, sinks[i]->about);
}

//  Anyone who can reach an address that is not loopback could read: that needs a token.
static int
check_access (error_text_t *error)
{
    bool is_loopback = strncmp (settings.http_address, "127.", 4) == 0 ||
                       strcmp (settings.http_address, "localhost") == 0 ||
                       strcmp (settings.http_address, "::1") == 0;
    if (!is_loopback && !settings.read_token[0])
        return error_set (
            error, E_CONFIG,
            "publisher/http_address %s is not loopback: set publisher/read_token, or keep it on "
            "127.0.0.1 behind a reverse proxy",
            settings.http_address);
    return OK;
}

int
main (int argc, char **argv)
{
    option_program_t program = {
        .name = "publisher",
        .usage = "publisher [-c FILE] [-s path=value]",
        .about = "Gives biases, readings, outcomes and health to other services and to people.",
        .rows = publisher_options,
        .rows_count = publisher_options_count,
        .list = list_sinks,
    };
    int positional_count = 0;
    int code = option_read (&program, argc, argv, &settings, NULL, &positional_count);
    if (code >= 0)
        return code;
    error_text_t error = {{0}};
    logger_open ("publisher", (log_level_t) settings.pipeline.log_level);
    if (pipeline_finish (&settings.pipeline, &error) != OK || check_access (&error) != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        return EXIT_CONFIG_WRONG;
    }
    process_t process;
    if (process_open (&process, "publisher", &settings.pipeline, NS_PER_S, &error) != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        return EXIT_UNAVAILABLE;
    }
    publisher_t *publisher = publisher_new (&process, &settings, &error);
    if (publisher)
        code = process_run (&process);
    else {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        code = EXIT_UNAVAILABLE;
    }
    publisher_destroy (&publisher);
    process_close (&process);
    return code;
}
