#include "common/run/pipeline.h"
#include "common/base/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

const char *const pipeline_clock_words[] = {"wall", "event", NULL};
const char *const pipeline_log_words[] = {"debug", "info", "notice", "warning", "error", NULL};

static bool
is_name (slice_t text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr ("abcdefghijklmnopqrstuvwxyz0123456789_-", text.data[i]) || text.data[i] == 0)
            return false;
    return text.size > 0;
}

static int
parse_venues (pipeline_t *self, error_text_t *error)
{
    const char *separators = " ,\t";
    self->venues_count = 0;
    for (const char *at = self->venues + strspn (self->venues, separators); *at;
         at += strspn (at, separators)) {
        slice_t name = {at, strcspn (at, separators)};
        at += name.size;
        if (!is_name (name) || name.size >= VENUE_NAME_MAX)
            return error_set (error, E_CONFIG, "pipeline/venues: %.*s is no name of a venue", (int) name.size,
                              name.data);
        if (self->venues_count == VENUES_MAX)
            return error_set (error, E_CONFIG, "pipeline/venues: more than %d", VENUES_MAX);
        char *slot = self->venue_names[self->venues_count];
        (void) slice_copy (name, slot, VENUE_NAME_MAX);
        if (pipeline_venue (self, slot) >= 0)
            return error_set (error, E_CONFIG, "pipeline/venues: %s is there twice", slot);
        self->venues_count++;
    }
    return self->venues_count ? OK : error_set (error, E_CONFIG, "pipeline/venues: empty");
}

//  Make a folder and those above it.
static int
make_folder (const char *path, error_text_t *error)
{
    char part[ENDPOINT_MAX];
    (void) snprintf (part, sizeof part, "%s", path);
    for (char *at = part + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        if (mkdir (part, 0755) != 0 && errno != EEXIST)
            return error_set (error, E_IO, "pipeline/folder: %s: %s", part, strerror (errno));
        *at = '/';
    }
    struct stat found;
    if (mkdir (part, 0700) != 0 && errno != EEXIST)
        return error_set (error, E_IO, "pipeline/folder: %s: %s", part, strerror (errno));
    if (stat (part, &found) != 0 || !S_ISDIR (found.st_mode))
        return error_set (error, E_IO, "pipeline/folder: %s is not a folder", part);
    return OK;
}

int
pipeline_finish (pipeline_t *self, error_text_t *error)
{
    if (universe_parse (&self->universe, slice_of (self->instruments), error) != OK) {
        error_text_t why = error ? *error : (error_text_t){""};
        return error_set (error, E_CONFIG, "pipeline/instruments: %.200s", why.text);
    }
    int status = parse_venues (self, error);
    if (status != OK)
        return status;
    if (self->topic_prefix[0] == 0 || strpbrk (self->topic_prefix, ". \t"))
        return error_set (error, E_CONFIG, "pipeline/topic_prefix: a word without dots and spaces is needed");
    size_t longest = strlen (self->folder) + PUBLISHER_NAME_MAX + sizeof ".snap";
    if (self->folder[0] == 0 || longest >= sizeof ((struct sockaddr_un *) 0)->sun_path)
        return error_set (error, E_CONFIG, "pipeline/folder: empty, or too long a path for a socket file");
    return make_folder (self->folder, error);
}

int
pipeline_venue (const pipeline_t *self, const char *name)
{
    for (size_t i = 0; i < self->venues_count; i++)
        if (strcmp (self->venue_names[i], name) == 0)
            return (int) i;
    return -1;
}

void
pipeline_endpoint (const pipeline_t *self, const char *process, const char *role, char *out)
{
    int length = snprintf (out, ENDPOINT_MAX, "ipc://%s/%s.%s", self->folder, process, role);
    CHECK (length > 0 && length < ENDPOINT_MAX);
}
