/*  leadline - the command people use: it talks to the publisher, never to Redis */

#include <stdio.h>
#include <string.h>

#include "common/base/logger.h"
#include "publisher/cli/commands.h"

static client_settings_t settings;

static void
list_commands (FILE *out)
{
    enum { ARGUMENTS_WIDE = 20 };
    for (const command_t *command = commands; command->name; command++) {
        bool is_wide = strlen (command->arguments) > ARGUMENTS_WIDE;
        (void) fprintf (out, "%-8s %-*s%s%s\n", command->name, ARGUMENTS_WIDE, command->arguments,
                        is_wide ? "\n                              " : " ", command->about);
    }
}

int
main (int argc, char **argv)
{
    option_program_t program = {
        .name = "leadline",
        .usage = "leadline [-c FILE] [-s path=value] COMMAND [ARGUMENTS]   (--list shows the commands)",
        .about = "Shows what the publisher says.  Not financial advice.",
        .rows = client_options,
        .rows_count = client_options_count,
        .list = list_commands,
        .positional_min = 1,
        .positional_max = 1 + COMMAND_ARGUMENTS_MAX,
        .has_commands = true,
    };
    const char *positional[1 + COMMAND_ARGUMENTS_MAX] = {NULL};
    int count = 0;
    int code = option_read (&program, argc, argv, &settings, positional, &count);
    if (code >= 0)
        return code;
    logger_open ("leadline", LOG_LEVEL_WARNING);
    error_text_t error = {{0}};
    if (pipeline_finish (&settings.pipeline, &error) != OK) {
        (void) fprintf (stderr, "%s\n", error.text);
        return EXIT_CONFIG_WRONG;
    }
    for (const command_t *command = commands; command->name; command++) {
        if (strcmp (command->name, positional[0]) != 0)
            continue;
        if (count - 1 < command->least || count - 1 > command->most) {
            (void) fprintf (stderr, "usage: leadline %s %s\n", command->name, command->arguments);
            return EXIT_USAGE_WRONG;
        }
        for (int i = 1; i < count && !command->has_options; i++)
            if (positional[i][0] == '-') {
                (void) fprintf (stderr, "leadline %s: unknown option: %s\n", command->name, positional[i]);
                return EXIT_USAGE_WRONG;
            }
        return command->run (&settings, positional + 1, count - 1);
    }
    (void) fprintf (stderr, "unknown command '%s'; there are:\n", positional[0]);
    list_commands (stderr);
    return EXIT_USAGE_WRONG;
}
