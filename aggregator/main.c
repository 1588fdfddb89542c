#include <stdio.h>

#include "aggregator/engine.h"
#include "common/base/logger.h"

static settings_t settings;

static void
list_modes (FILE *out)
{
    for (int i = 0; i < MODE_COUNT; i++) {
        const mode_info_t *mode = mode_info ((mode_id_t) i);
        (void) fprintf (out, "%-6s cycle %d s, outcome after %d s, a ledger row every %d s\n", mode->name,
                        mode->cycle_s, mode->horizon_s, mode->ledger_step_s);
    }
}

int
main (int argc, char **argv)
{
    option_program_t program = {
        .name = "aggregator",
        .usage = "aggregator [-c FILE] [-s path=value]",
        .about =
            "Fuses readings into one bias per instrument and mode, and learns from outcomes what to believe.",
        .rows = aggregator_options,
        .rows_count = aggregator_options_count,
        .list = list_modes,
    };
    int positional_count = 0;
    int code = option_read (&program, argc, argv, &settings, NULL, &positional_count);
    if (code >= 0)
        return code;
    error_text_t error = {{0}};
    logger_open ("aggregator", (log_level_t) settings.pipeline.log_level);
    if (pipeline_finish (&settings.pipeline, &error) != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        return EXIT_CONFIG_WRONG;
    }
    process_t process;
    if (process_open (&process, "aggregator", &settings.pipeline, NS_PER_S, &error) != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        return EXIT_UNAVAILABLE;
    }
    engine_t *engine = engine_new (&process, &settings, &error);
    if (engine)
        code = process_run (&process);
    else {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        code = EXIT_CONFIG_WRONG;
    }
    engine_destroy (&engine);
    process_close (&process);
    return code;
}
