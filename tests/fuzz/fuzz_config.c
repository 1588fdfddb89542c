/*  fuzz_config - any bytes as a configuration file of the publisher: an answer, never an end */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/check.h"
#include "publisher/settings.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char path[64];

//  Its messages are not of interest here.
static void
prepare (void)
{
    (void) snprintf (path, sizeof path, "/tmp/leadline-fuzz-%d.conf", (int) getpid ());
    CHECK (freopen ("/dev/null", "w", stdout) && freopen ("/dev/null", "w", stderr));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static settings_t settings;
    if (!path[0])
        prepare ();
    FILE *file = fopen (path, "wb");
    CHECK (file && fwrite (data, 1, size, file) == size);
    (void) fclose (file);
    char *argv[] = {"publisher", "-c", path, "--check", NULL};
    option_program_t program = {.name = "publisher",
                                .usage = "publisher",
                                .about = "",
                                .rows = publisher_options,
                                .rows_count = publisher_options_count};
    const char *positional[1];
    int count = 0, code = option_read (&program, 4, argv, &settings, positional, &count);
    CHECK (code == EXIT_DONE || code == EXIT_CONFIG_WRONG || code == EXIT_USAGE_WRONG);
    (void) unlink (path);
    return 0;
}
