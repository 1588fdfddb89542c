#include "common/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *
status_name (int status)
{
    static const char *const names[] = {"OK",      "E_AGAIN",  "E_SHORT", "E_SYNTAX", "E_RANGE", "E_GAP",
                                        "E_STALE", "E_CLOSED", "E_IO",    "E_CONFIG", "E_ABSENT"};
    int index = -status;
    if (index < 0 || index >= (int) (sizeof names / sizeof names[0]))
        return "E_UNKNOWN";
    return names[index];
}

int
error_set (error_text_t *error, int status, const char *format, ...)
{
    if (!error)
        return status;
    va_list args;
    va_start (args, format);
    (void) vsnprintf (error->text, sizeof error->text, format, args);
    va_end (args);
    return status;
}

int
error_add (error_text_t *error, int status, const char *format, ...)
{
    if (!error)
        return status;
    size_t used = strlen (error->text);
    if (used > 0 && used + 3 < sizeof error->text) {
        memcpy (error->text + used, ": ", 3);
        used += 2;
    }
    va_list args;
    va_start (args, format);
    (void) vsnprintf (error->text + used, sizeof error->text - used, format, args);
    va_end (args);
    return status;
}
