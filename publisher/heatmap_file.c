#include "publisher/heatmap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/base/check.h"

typedef struct {
    char magic[8];
    int64_t day;
    uint32_t step_minutes, crc;
} head_t;

typedef struct {
    uint32_t side_size, cells_size, side_crc, cells_crc;
} record_t;

enum {
    INDEX_BYTES = HEATMAP_MINUTES * sizeof (heatmap_place_t),
    RECORDS_AT = sizeof (head_t) + INDEX_BYTES,
    RECORD_BYTES_MAX = sizeof (record_t) + HEATMAP_SIDE_BYTES_MAX + HEATMAP_CELLS_BYTES_MAX,
    FIRST_READ_BYTES = 768 //  holds the side of most columns
};
#define FILE_BYTES_MAX UINT64_C (0xf0000000) //  offsets are 32 bits wide

_Static_assert(sizeof (head_t) == 24 && sizeof (record_t) == 16 && sizeof (heatmap_place_t) == 8,
               "these structs are the file");

static const char magic[8] = {'L', 'L', 'H', 'E', 'A', 'T', '0', '1'};

static uint32_t
crc_of (uint32_t crc, const void *data, size_t size)
{
    return (uint32_t) crc32 (crc, data, (uInt) size);
}

static uint32_t
head_crc (const head_t *head)
{
    return crc_of (0, head, offsetof (head_t, crc));
}

static uint32_t
side_crc (int minute, const record_t *record, const char *side)
{
    const uint32_t at = (uint32_t) minute;
    uint32_t crc = crc_of (0, &at, sizeof at);
    crc = crc_of (crc, record, offsetof (record_t, side_crc));
    return crc_of (crc, side, record->side_size);
}

//  All of it, or an errno.
static int
write_all (int fd, const void *data, size_t size, uint64_t offset)
{
    const char *at = data;
    while (size > 0) {
        ssize_t done = pwrite (fd, at, size, (off_t) offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return done < 0 ? errno : ENOSPC;
        at += done;
        size -= (size_t) done;
        offset += (uint64_t) done;
    }
    return 0;
}

//  As much as there is.  Returns bytes, or -1.
static ssize_t
read_some (int fd, void *out, size_t size, uint64_t offset)
{
    size_t got = 0;
    while (got < size) {
        ssize_t done = pread (fd, (char *) out + got, size - got, (off_t) (offset + got));
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        if (done == 0)
            break;
        got += (size_t) done;
    }
    return (ssize_t) got;
}

static int
write_head (heatmap_file_t *self, error_text_t *error)
{
    head_t head = {.day = self->day, .step_minutes = self->step_minutes};
    memcpy (head.magic, magic, sizeof magic);
    head.crc = head_crc (&head);
    memset (self->places, 0, sizeof self->places);
    int failure = write_all (self->fd, &head, sizeof head, 0);
    if (!failure)
        failure = write_all (self->fd, self->places, INDEX_BYTES, sizeof head);
    if (failure)
        return error_set (error, E_IO, "%s: %s", self->path, strerror (failure));
    self->size_bytes = RECORDS_AT;
    return OK;
}

static int
read_head (heatmap_file_t *self, int64_t day, error_text_t *error)
{
    head_t head;
    if (read_some (self->fd, &head, sizeof head, 0) != (ssize_t) sizeof head ||
        memcmp (head.magic, magic, sizeof magic) != 0 || head.crc != head_crc (&head) || head.day != day ||
        head.step_minutes < 1 || head.step_minutes > HEATMAP_MINUTES ||
        read_some (self->fd, self->places, INDEX_BYTES, sizeof head) != INDEX_BYTES)
        return error_set (error, E_SYNTAX, "%s is not the heatmap of that day", self->path);
    self->step_minutes = head.step_minutes;
    return OK;
}

static int
open_as (heatmap_file_t *self, const char *path, int64_t day, int flags, error_text_t *error)
{
    struct stat status;
    (void) slice_copy (slice_of (path), self->path, sizeof self->path);
    self->day = day;
    self->can_write = (flags & O_RDWR) != 0;
    self->fd = open (path, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (self->fd < 0)
        return error_set (error, errno == ENOENT ? E_ABSENT : E_IO, "%s: %s", path, strerror (errno));
    int code = fstat (self->fd, &status) != 0 ? error_set (error, E_IO, "%s: %s", path, strerror (errno))
               : !S_ISREG (status.st_mode)    ? error_set (error, E_SYNTAX, "%s is not a file", path)
                                              : OK;
    if (code == OK) {
        self->size_bytes = (uint64_t) status.st_size;
        self->step_minutes = 1;
        if (self->size_bytes == 0 && self->can_write) {
            code = write_head (self, error);
            if (code != OK && ftruncate (self->fd, 0) != 0)
                code = error_add (error, code, "and what was written stays");
        } else
            code = read_head (self, day, error);
    }
    if (code != OK)
        heatmap_file_close (self);
    return code;
}

int
heatmap_file_open (heatmap_file_t *self, const char *path, int64_t day, error_text_t *error)
{
    //  To be written too, so that a damaged column is forgotten for good; a disk that is read-only will do.
    int status = open_as (self, path, day, O_RDWR, error);
    return status == E_IO ? open_as (self, path, day, O_RDONLY, error) : status;
}

int
heatmap_file_make (heatmap_file_t *self, const char *path, int64_t day, error_text_t *error)
{
    return open_as (self, path, day, O_RDWR | O_CREAT, error);
}

void
heatmap_file_close (heatmap_file_t *self)
{
    if (self->fd >= 0)
        (void) close (self->fd);
    self->fd = -1;
}

int
heatmap_file_put (heatmap_file_t *self, int minute, const heatmap_side_t *side, slice_t cells,
                  error_text_t *error)
{
    static char bytes[RECORD_BYTES_MAX];
    CHECK (minute >= 0 && minute < HEATMAP_MINUTES && cells.size <= HEATMAP_CELLS_BYTES_MAX);
    char *side_at = bytes + sizeof (record_t);
    record_t record = {.side_size = (uint32_t) heatmap_column_write_side (side, side_at),
                       .cells_size = (uint32_t) cells.size};
    record.side_crc = side_crc (minute, &record, side_at);
    record.cells_crc = crc_of (0, cells.data, cells.size);
    memcpy (bytes, &record, sizeof record);
    memcpy (side_at + record.side_size, cells.data, cells.size);
    const heatmap_place_t place = {(uint32_t) self->size_bytes,
                                   (uint32_t) sizeof record + record.side_size + record.cells_size};
    if (self->size_bytes + place.size > FILE_BYTES_MAX)
        return error_set (error, E_IO, "%s is full", self->path);
    int failure = write_all (self->fd, bytes, place.size, place.offset);
    if (!failure)
        failure =
            write_all (self->fd, &place, sizeof place, sizeof (head_t) + (size_t) minute * sizeof place);
    if (failure) {
        //  What was half written is waste; without it the next try starts where this one did.
        if (ftruncate (self->fd, (off_t) self->size_bytes) != 0)
            self->size_bytes += place.size;
        return error_set (error, E_IO, "%s: %s", self->path, strerror (failure));
    }
    self->size_bytes += place.size;
    self->places[minute] = place;
    return OK;
}

int
heatmap_file_get (heatmap_file_t *self, int minute, heatmap_side_t *side, heatmap_cells_t *cells)
{
    static char bytes[RECORD_BYTES_MAX];
    const heatmap_place_t place = self->places[minute];
    if (place.size == 0)
        return E_ABSENT;
    if (place.size < sizeof (record_t) || place.size > RECORD_BYTES_MAX || place.offset < RECORDS_AT)
        return E_SYNTAX;
    size_t wanted = cells || place.size < FIRST_READ_BYTES ? place.size : FIRST_READ_BYTES;
    ssize_t got = read_some (self->fd, bytes, wanted, place.offset);
    if (got < 0)
        return E_IO;
    record_t record;
    if (got < (ssize_t) sizeof record)
        return E_SYNTAX;
    memcpy (&record, bytes, sizeof record);
    if (record.side_size > HEATMAP_SIDE_BYTES_MAX || record.cells_size > HEATMAP_CELLS_BYTES_MAX ||
        sizeof record + record.side_size + record.cells_size != place.size)
        return E_SYNTAX;
    if (sizeof record + record.side_size > (size_t) got && wanted < place.size) {
        wanted = sizeof record + record.side_size;
        got = read_some (self->fd, bytes, wanted, place.offset);
    }
    if (got < 0)
        return E_IO;
    const char *side_at = bytes + sizeof record;
    if ((size_t) got != wanted || record.side_crc != side_crc (minute, &record, side_at) ||
        heatmap_column_read_side ((slice_t){side_at, record.side_size}, side) != OK)
        return E_SYNTAX;
    if (!cells)
        return OK;
    slice_t packed = {side_at + record.side_size, record.cells_size};
    return crc_of (0, packed.data, packed.size) == record.cells_crc
               ? heatmap_column_unpack (packed, side, cells)
               : E_SYNTAX;
}

void
heatmap_file_drop (heatmap_file_t *self, int minute)
{
    self->places[minute] = (heatmap_place_t){0, 0};
    if (self->can_write)
        (void) write_all (self->fd, &self->places[minute], sizeof self->places[minute],
                          sizeof (head_t) + (size_t) minute * sizeof self->places[minute]);
}

//  The last column held of minutes [from, from + step), with what the others add, into the new file.
static int
thin_step (heatmap_file_t *old, heatmap_file_t *new, int from, int64_t *damaged_count, error_text_t *error)
{
    static heatmap_cells_t cells;
    static char packed[HEATMAP_CELLS_BYTES_MAX];
    heatmap_side_t kept, side;
    int at = -1;
    size_t size = 0;
    for (int minute = from + (int) new->step_minutes - 1; minute >= from; minute--) {
        int status = heatmap_file_get (old, minute, &side, at < 0 ? &cells : NULL);
        if (status == E_IO)
            return error_set (error, E_IO, "%s: %s", old->path, strerror (errno));
        if (status == E_SYNTAX)
            ++*damaged_count;
        if (status != OK)
            continue;
        if (at >= 0) {
            heatmap_column_merge (&kept, &side);
            continue;
        }
        at = minute;
        kept = side;
        kept.span_minutes = (int) new->step_minutes;
        size = heatmap_column_pack (&side, &cells, packed);
    }
    return at < 0 ? OK : heatmap_file_put (new, at, &kept, (slice_t){packed, size}, error);
}

int
heatmap_file_thin (const char *path, int64_t day, uint32_t step_minutes, int64_t *damaged_count,
                   error_text_t *error)
{
    static heatmap_file_t old, new;
    char fresh[HEATMAP_PATH_MAX + 8];
    CHECK (step_minutes >= 1 && HEATMAP_MINUTES % step_minutes == 0);
    int status = heatmap_file_open (&old, path, day, error);
    if (status != OK || old.step_minutes >= step_minutes) {
        heatmap_file_close (&old);
        return status;
    }
    (void) snprintf (fresh, sizeof fresh, "%s.new", path);
    (void) unlink (fresh);
    status = heatmap_file_make (&new, fresh, day, error);
    if (status == OK) {
        new.step_minutes = step_minutes;
        status = write_head (&new, error);
        for (int from = 0; from < HEATMAP_MINUTES && status == OK; from += (int) step_minutes)
            status = thin_step (&old, &new, from, damaged_count, error);
        if (status == OK && (fsync (new.fd) != 0 || rename (fresh, path) != 0))
            status = error_set (error, E_IO, "%s: %s", fresh, strerror (errno));
        if (status != OK)
            (void) unlink (fresh);
    }
    heatmap_file_close (&old);
    heatmap_file_close (&new);
    return status;
}
