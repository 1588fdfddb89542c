#include "ingest/simulator/recording.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "common/base/check.h"
#include "common/base/timebase.h"

enum { LINE_FIRST_BYTES = 65536, LINE_MOST_BYTES = 64 << 20 };

struct recording {
    gzFile file;
    char *line;
    size_t capacity, size;
    int64_t line_number;
};

recording_t *
recording_open (const char *path, error_text_t *error)
{
    gzFile file = gzopen (path, "rb");
    if (!file) {
        (void) error_set (error, E_IO, "cannot open recording %s", path);
        return NULL;
    }
    recording_t *self = mem_new (sizeof *self);
    self->file = file;
    self->capacity = LINE_FIRST_BYTES;
    self->line = mem_new (self->capacity);
    (void) gzbuffer (file, 262144);
    return self;
}

void
recording_close (recording_t **self)
{
    if (!*self)
        return;
    gzclose ((*self)->file);
    free ((*self)->line);
    free (*self);
    *self = NULL;
}

int
recording_rewind (recording_t *self)
{
    self->line_number = 0;
    return gzrewind (self->file) == 0 ? OK : E_IO;
}

static int
read_line (recording_t *self)
{
    self->size = 0;
    while (gzgets (self->file, self->line + self->size, (int) (self->capacity - self->size))) {
        self->size += strlen (self->line + self->size);
        if (self->size && self->line[self->size - 1] == '\n') {
            self->line[--self->size] = '\0';
            break;
        }
        if (self->size + 1 < self->capacity)
            break; //  the last line, without an end
        if (self->capacity >= LINE_MOST_BYTES)
            return E_RANGE;
        self->capacity *= 2;
        self->line = mem_grow (self->line, self->capacity);
    }
    int code = Z_OK;
    (void) gzerror (self->file, &code);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return E_IO;
    //  A compressed file that was cut short ends without a trailer.
    if (!self->size && gzeof (self->file))
        return code == Z_BUF_ERROR ? E_IO : E_CLOSED;
    self->line_number++;
    return OK;
}

//  Value behind "key": up to the end of the line.
static slice_t
find (slice_t line, const char *key)
{
    char *at = memmem (line.data, line.size, key, strlen (key));
    if (!at)
        return (slice_t){NULL, 0};
    at += strlen (key);
    return (slice_t){at, (size_t) (line.data + line.size - at)};
}

//  A JSON string in place: escapes of one byte only, others stay.  Returns false when it does not end.
static bool
unquote (char *text, slice_t *out)
{
    char *to = text, *from = text + 1;
    for (; *from && *from != '"'; from++) {
        if (*from == '\\' && from[1]) {
            static const char escapes[] = "\"\\/ntr", plain[] = "\"\\/\n\t\r";
            const char *known = strchr (escapes, from[1]);
            if (known) {
                *to++ = plain[known - escapes];
                from++;
                continue;
            }
        }
        *to++ = *from;
    }
    *out = (slice_t){text, (size_t) (to - text)};
    return *from == '"';
}

static int
parse_line (recording_t *self, recording_entry_t *entry)
{
    static const char *const words[] = {"open", "out", "in", "http"};
    //  The keys stand in front of the message; what it says itself is not looked at.
    slice_t line = {self->line, self->size};
    slice_t message = find (line, "\"msg\":");
    if (!message.data || message.size < 2 || line.data[line.size - 1] != '}')
        return E_SYNTAX;
    message.size--;
    slice_t head = {line.data, (size_t) (message.data - line.data)};
    slice_t time = find (head, "\"recv_ts\":"), word = find (head, "\"dir\":\""),
            url = find (head, "\"url\":\"");
    if (!time.data || !word.data)
        return E_SYNTAX;
    entry->recv_ns = (int64_t) (strtod (time.data, NULL) * (double) NS_PER_MS);
    word = slice_cut (&word, '"');
    entry->url = url.data ? slice_cut (&url, '"') : (slice_t){"", 0};
    entry->message = message;
    if (message.data[0] == '"' && !unquote (self->line + (message.data - self->line), &entry->message))
        return E_SYNTAX;
    for (size_t i = 0; i < COUNT_OF (words); i++)
        if (slice_is (word, words[i])) {
            entry->kind = (recording_kind_t) i;
            return OK;
        }
    return E_SYNTAX;
}

int
recording_next (recording_t *self, recording_entry_t *entry, error_text_t *error)
{
    int status;
    do
        status = read_line (self);
    while (status == OK && self->size == 0);
    if (status == E_CLOSED)
        return status;
    if (status != OK)
        return error_set (error, E_IO, "recording: line %lld cannot be read",
                          (long long) self->line_number + 1);
    status = parse_line (self, entry);
    return status == OK ? OK
                        : error_set (error, status, "recording: line %lld is not of the form of a recording",
                                     (long long) self->line_number);
}
