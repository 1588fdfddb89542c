#include "ingest/sampler.h"

#include "common/base/logger.h"

void
sampler_show (sampler_t *self, const char *where, const char *what, const char *why, slice_t text)
{
    int64_t mono_ns = timebase_mono_ns ();
    if (self->shown_ns && mono_ns - self->shown_ns < SAMPLER_EVERY_NS)
        return;
    self->shown_ns = mono_ns;
    char shown[SAMPLER_BYTES + 1];
    (void) slice_copy (text, shown, sizeof shown);
    for (char *c = shown; *c; c++)
        if ((unsigned char) *c < ' ' || (unsigned char) *c > '~')
            *c = '?';
    logger_write (LOG_LEVEL_WARNING, "%s: %s%s%s: %s", where, what, why[0] ? ": " : "", why, shown);
}
