/*  fuzz_config - any bytes as a configuration file of the publisher: an answer, never an end */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/check.h"
#include "publisher/settings.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char path[64];
static int nowhere, out, err;

static void
prepare (void)
{
    (void) snprintf (path, sizeof path, "/tmp/leadline-fuzz-%d.conf", (int) getpid ());
    nowhere = open ("/dev/null", O_WRONLY | O_CLOEXEC);
    out = dup (STDOUT_FILENO);
    err = dup (STDERR_FILENO);
    CHECK (nowhere >= 0 && out >= 0 && err >= 0);
}

//  What the program says is not of interest here; what the engine and the sanitizers say is.
static void
point (int to_out, int to_err)
{
    (void) fflush (stdout);
    (void) fflush (stderr);
    CHECK (dup2 (to_out, STDOUT_FILENO) >= 0 && dup2 (to_err, STDERR_FILENO) >= 0);
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
    int count = 0;
    point (nowhere, nowhere);
    int code = option_read (&program, 4, argv, &settings, positional, &count);
    point (out, err);
    CHECK (code == EXIT_DONE || code == EXIT_CONFIG_WRONG || code == EXIT_USAGE_WRONG);
    (void) unlink (path);
    return 0;
}
