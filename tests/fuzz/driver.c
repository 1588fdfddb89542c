/*  driver - replays a corpus without a fuzzing engine
 *
 *  Every file of tests/fuzz/corpus/<target>/, each also cut at several places.  An empty or missing corpus
 *  fails. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static uint8_t *
read_file (const char *path, size_t *size)
{
    FILE *file = fopen (path, "rb");
    if (!file)
        return NULL;
    (void) fseek (file, 0, SEEK_END);
    long length = ftell (file);
    rewind (file);
    uint8_t *data = malloc ((size_t) length + 1);
    *size = data ? fread (data, 1, (size_t) length, file) : 0;
    (void) fclose (file);
    return data;
}

int
main (int argc, char **argv)
{
    (void) argc;
    const char *target = strstr (argv[0], "replay_");
    char folder[512], path[1024];
    (void) snprintf (folder, sizeof folder, "tests/fuzz/corpus/%s",
                     target ? target + strlen ("replay_") : "");
    DIR *dir = opendir (folder);
    int passed = 0;
    for (struct dirent *entry; dir && (entry = readdir (dir));) {
        if (entry->d_name[0] == '.')
            continue;
        (void) snprintf (path, sizeof path, "%s/%s", folder, entry->d_name);
        size_t size;
        uint8_t *data = read_file (path, &size);
        if (!data)
            continue;
        for (size_t cut = 0; cut <= 8; cut++) {
            size_t length = size * cut / 8;
            uint8_t *exact = malloc (length ? length : 1); //  the sanitizer sees a read beyond the end
            if (exact)
                memcpy (exact, data, length);
            (void) LLVMFuzzerTestOneInput (exact, length);
            free (exact);
        }
        free (data);
        passed++;
    }
    if (dir)
        (void) closedir (dir);
    if (passed == 0)
        (void) fprintf (stderr, "%s: no corpus\n", folder);
    (void) printf ("%d passed, %d failed\n", passed, passed == 0);
    return passed == 0;
}
