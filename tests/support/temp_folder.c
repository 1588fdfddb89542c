#include "tests/support/temp_folder.h"
#include "common/base/check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void
temp_folder_new (char *out)
{
    (void) snprintf (out, TEMP_FOLDER_MAX, "/tmp/leadline-test-XXXXXX");
    CHECK (mkdtemp (out));
}

static int
remove_one (const char *path, const struct stat *found, int kind, struct FTW *where)
{
    (void) found;
    (void) kind;
    (void) where;
    return remove (path);
}

void
temp_folder_remove (const char *path)
{
    (void) nftw (path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
