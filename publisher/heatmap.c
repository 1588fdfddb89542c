#include "publisher/heatmap_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/logger.h"

enum { MS_PER_MINUTE = 60000, DAY_S = 86400, FAR_AHEAD_DAYS = 7 };

heatmap_series_t *
heatmap_series (const heatmap_t *self, const char *instrument, map_model_t model)
{
    int at = universe_find (self->universe, slice_of (instrument));
    return at < 0 || (unsigned) model >= HEATMAP_MODELS
               ? NULL
               : &self->series[(size_t) at * HEATMAP_MODELS + (size_t) model];
}

void
heatmap_path (const heatmap_series_t *series, int64_t day, char out[HEATMAP_PATH_MAX])
{
    struct tm date;
    const time_t at = (time_t) (day * DAY_S);
    (void) gmtime_r (&at, &date);
    (void) snprintf (out, HEATMAP_PATH_MAX, "%s/%04d-%02d-%02d.heat", series->folder, date.tm_year + 1900,
                     date.tm_mon + 1, date.tm_mday);
}

//  The day a file's name says, or -1.
static int64_t
day_of (const heatmap_series_t *series, const char *name)
{
    struct tm date = {0};
    char path[HEATMAP_PATH_MAX];
    if (sscanf (name, "%4d-%2d-%2d", &date.tm_year, &date.tm_mon, &date.tm_mday) != 3)
        return -1;
    date.tm_year -= 1900;
    date.tm_mon -= 1;
    const int64_t day = (int64_t) timegm (&date) / DAY_S;
    heatmap_path (series, day, path);
    return day > 0 && strcmp (strrchr (path, '/') + 1, name) == 0 ? day : -1;
}

void
heatmap_damage (heatmap_t *self, heatmap_series_t *series, const char *path, int64_t count)
{
    if (count == 0)
        return;
    metric_add (self->damaged, (double) count);
    if (!series->is_damage_said)
        logger_write (LOG_LEVEL_WARNING, "%s: %lld damaged columns are passed over; further ones are counted",
                      path, (long long) count);
    series->is_damage_said = true;
}

static void
say_disk (heatmap_t *self, const error_text_t *error)
{
    metric_add (self->failures, 1);
    if (!self->is_disk_failing)
        logger_write (LOG_LEVEL_WARNING, "the heatmap misses columns: %s", error->text);
    self->is_disk_failing = true;
}

//  --- the days of a series

static size_t
place_of (const heatmap_series_t *series, int64_t day)
{
    size_t at = series->days_count;
    while (at > 0 && series->days[at - 1] >= day)
        at--;
    return at;
}

static bool
has_day (const heatmap_series_t *series, int64_t day)
{
    size_t at = place_of (series, day);
    return at < series->days_count && series->days[at] == day;
}

static void
add_day (heatmap_series_t *series, int64_t day)
{
    size_t at = place_of (series, day);
    if (at < series->days_count && series->days[at] == day)
        return;
    if (series->days_count == series->days_capacity) {
        series->days_capacity = series->days_capacity * 2 + 16;
        series->days = mem_grow (series->days, series->days_capacity * sizeof *series->days);
    }
    memmove (series->days + at + 1, series->days + at, (series->days_count - at) * sizeof *series->days);
    series->days[at] = day;
    series->days_count++;
}

static void
remove_day (heatmap_series_t *series, size_t at)
{
    series->days_count--;
    memmove (series->days + at, series->days + at + 1, (series->days_count - at) * sizeof *series->days);
}

//  The day from which ages are counted: the newest, unless it stands alone and far ahead of all others: that may be
//  a clock that has gone wrong, and must not cost what is held.  With the day after it, it is believed.
static int64_t
age_day (const heatmap_series_t *series)
{
    const size_t count = series->days_count;
    if (count == 0)
        return -1;
    return count > 1 && series->days[count - 1] - series->days[count - 2] > FAR_AHEAD_DAYS
               ? series->days[count - 2]
               : series->days[count - 1];
}

//  A file that is none of ours is kept beside, for whoever wants to look at it, and its day is lost.
static void
set_aside (heatmap_t *self, heatmap_series_t *series, const char *path)
{
    char aside[HEATMAP_PATH_MAX + 16];
    (void) snprintf (aside, sizeof aside, "%s.damaged", path);
    (void) rename (path, aside);
    heatmap_damage (self, series, path, 1);
}

heatmap_file_t *
heatmap_day (heatmap_t *self, heatmap_series_t *series, int64_t day, heatmap_file_t *other)
{
    error_text_t error = {{0}};
    char path[HEATMAP_PATH_MAX];
    if (series->file.fd >= 0 && series->file.day == day)
        return &series->file;
    heatmap_file_close (other);
    heatmap_path (series, day, path);
    int status = heatmap_file_open (other, path, day, &error);
    if (status == OK)
        return other;
    if (status == E_SYNTAX)
        set_aside (self, series, path);
    else
        logger_write (LOG_LEVEL_WARNING, "a day of the heatmap cannot be read: %s", error.text);
    if (status != E_IO && has_day (series, day))
        remove_day (series, place_of (series, day));
    return NULL;
}

//  --- ages

static void
delete_old (heatmap_t *self, heatmap_series_t *series, int64_t now_day)
{
    char path[HEATMAP_PATH_MAX];
    while (series->days_count > 0 && series->days[0] <= now_day - self->days) {
        heatmap_path (series, series->days[0], path);
        if (series->file.fd >= 0 && series->file.day == series->days[0])
            heatmap_file_close (&series->file);
        if (unlink (path) != 0 && errno != ENOENT)
            logger_write (LOG_LEVEL_WARNING, "%s cannot be deleted: %s", path, strerror (errno));
        remove_day (series, 0);
        metric_add (self->deleted, 1);
    }
}

static void
thin_old (heatmap_t *self, heatmap_series_t *series, int64_t now_day)
{
    char path[HEATMAP_PATH_MAX];
    for (size_t i = 0; i < series->days_count && series->days[i] <= now_day - self->minute_days; i++) {
        const int64_t day = series->days[i];
        if (day <= series->thinned_day)
            continue;
        int64_t damaged_count = 0;
        error_text_t error = {{0}};
        if (series->file.fd >= 0 && series->file.day == day)
            heatmap_file_close (&series->file);
        heatmap_path (series, day, path);
        int status = heatmap_file_thin (path, day, HEATMAP_THIN_MINUTES, &damaged_count, &error);
        heatmap_damage (self, series, path, damaged_count);
        if (status == E_SYNTAX) {
            set_aside (self, series, path);
            remove_day (series, i--);
        } else if (status != OK) {
            say_disk (self, &error);
            return; //  tried again tomorrow
        } else
            metric_add (self->thinned, 1);
        series->thinned_day = day;
    }
}

static void
apply_ages (heatmap_t *self, heatmap_series_t *series)
{
    const int64_t now_day = age_day (series);
    delete_old (self, series, now_day);
    thin_old (self, series, now_day);
}

//  First and last minute held.
static void
find_ends (heatmap_t *self, heatmap_series_t *series)
{
    heatmap_file_t *other = mem_new (sizeof *other);
    other->fd = -1;
    series->oldest_minute = series->newest_minute = -1;
    for (size_t i = 0; i < series->days_count && series->oldest_minute < 0;) {
        const int64_t day = series->days[i];
        const heatmap_file_t *file = heatmap_day (self, series, day, other);
        for (int minute = 0; file && minute < HEATMAP_MINUTES && series->oldest_minute < 0; minute++)
            if (file->places[minute].size > 0)
                series->oldest_minute = day * HEATMAP_MINUTES + minute;
        i += i < series->days_count && series->days[i] == day; //  else it is no more
    }
    for (size_t i = series->days_count; i-- > 0 && series->newest_minute < 0;) {
        const heatmap_file_t *file = heatmap_day (self, series, series->days[i], other);
        for (int minute = HEATMAP_MINUTES - 1; file && minute >= 0 && series->newest_minute < 0; minute--)
            if (file->places[minute].size > 0)
                series->newest_minute = file->day * HEATMAP_MINUTES + minute;
    }
    heatmap_file_close (other);
    free (other);
}

//  --- opening

static int
make_folder (const char *path, error_text_t *error)
{
    struct stat status;
    if (mkdir (path, 0755) != 0 && errno != EEXIST)
        return error_set (error, E_IO, "publisher/heatmap_folder: %s cannot be made: %s", path,
                          strerror (errno));
    if (stat (path, &status) != 0 || !S_ISDIR (status.st_mode) || access (path, R_OK | W_OK | X_OK) != 0)
        return error_set (error, E_IO, "publisher/heatmap_folder: %s is not a folder that can be written",
                          path);
    return OK;
}

//  Folders above it, then itself.
static int
make_folders (const char *path, error_text_t *error)
{
    char part[HEATMAP_PATH_MAX];
    if (!path[0] || slice_copy (slice_of (path), part, sizeof part - 128) != OK)
        return error_set (error, E_IO, "publisher/heatmap_folder: it is empty or too long");
    for (char *at = part + 1; *at; at++)
        if (*at == '/') {
            *at = 0;
            (void) mkdir (part, 0755);
            *at = '/';
        }
    return make_folder (path, error);
}

//  Two publishers that write the same files would ruin them.
static int
lock_folder (heatmap_t *self, error_text_t *error)
{
    self->lock_fd = open (self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->lock_fd < 0 || flock (self->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_set (error, E_IO, "publisher/heatmap_folder: %s: %s", self->folder,
                          errno == EWOULDBLOCK ? "another publisher uses it" : strerror (errno));
    return OK;
}

//  Every side of the newest day is read: what a crash tore is found now, not when somebody looks.
static void
check_newest (heatmap_t *self, heatmap_series_t *series)
{
    error_text_t error = {{0}};
    char path[HEATMAP_PATH_MAX];
    if (series->days_count == 0)
        return;
    const int64_t day = series->days[series->days_count - 1];
    heatmap_path (series, day, path);
    if (heatmap_file_make (&series->file, path, day, &error) != OK)
        return; //  heatmap_day says what is wrong with it
    int64_t damaged_count = 0;
    for (int minute = 0; minute < HEATMAP_MINUTES; minute++)
        if (heatmap_file_get (&series->file, minute, &self->side, NULL) == E_SYNTAX) {
            heatmap_file_drop (&series->file, minute);
            damaged_count++;
        }
    heatmap_damage (self, series, path, damaged_count);
}

static int
open_series (heatmap_t *self, heatmap_series_t *series, const char *instrument, int model,
             error_text_t *error)
{
    series->file.fd = -1;
    (void) snprintf (series->folder, sizeof series->folder, "%s/%s.%s", self->folder, instrument,
                     map_model_names[model]);
    int status = make_folder (series->folder, error);
    DIR *folder = status == OK ? opendir (series->folder) : NULL;
    if (!folder)
        return status != OK ? status : error_set (error, E_IO, "%s: %s", series->folder, strerror (errno));
    for (const struct dirent *entry = readdir (folder); entry; entry = readdir (folder)) {
        int64_t day = day_of (series, entry->d_name);
        if (day > 0)
            add_day (series, day);
    }
    (void) closedir (folder);
    check_newest (self, series);
    apply_ages (self, series);
    find_ends (self, series);
    return OK;
}

//  What is there, and what it will come to.
static void
say_forecast (const heatmap_t *self)
{
    size_t days_count = 0, minutes_count = 0;
    uint64_t day_bytes = 0;
    const size_t count = self->universe->count * HEATMAP_MODELS;
    size_t held_count = 0;
    for (size_t i = 0; i < count; i++) {
        const heatmap_series_t *series = &self->series[i];
        if (series->days_count > days_count)
            days_count = series->days_count;
        if (series->file.fd < 0)
            continue;
        held_count++;
        day_bytes += series->file.size_bytes;
        for (int minute = 0; minute < HEATMAP_MINUTES; minute++)
            minutes_count += series->file.places[minute].size > 0;
    }
    if (minutes_count == 0) {
        logger_write (LOG_LEVEL_INFO, "heatmap in %s: nothing held yet", self->folder);
        return;
    }
    const double full = (double) HEATMAP_MINUTES * (double) held_count / (double) minutes_count;
    const double mb_a_day = (double) day_bytes / 1e6 * (full > 1 ? full : 1);
    const double thin_days = self->days > self->minute_days ? (double) (self->days - self->minute_days) : 0;
    const double whole_days = (double) (self->days < self->minute_days ? self->days : self->minute_days);
    logger_write (LOG_LEVEL_INFO,
                  "heatmap in %s: up to %zu days held; about %.0f MB a day, %.1f GB once %lld days are held",
                  self->folder, days_count, mb_a_day,
                  mb_a_day * (whole_days + thin_days / HEATMAP_THIN_MINUTES) / 1e3, (long long) self->days);
}

static void
open_metrics (heatmap_t *self, metrics_t *metrics)
{
    const struct {
        metric_t **to;
        const char *name, *about;
    } rows[] = {
        {&self->kept, "publisher_heatmap_columns_kept", "columns written"},
        {&self->refused, "publisher_heatmap_columns_refused", "columns of unknown instruments or form"},
        {&self->stale, "publisher_heatmap_columns_stale", "columns of days that are thinned or deleted"},
        {&self->failures, "publisher_heatmap_write_failures", "times the disk refused"},
        {&self->damaged, "publisher_heatmap_columns_damaged", "columns or files that could not be read back"},
        {&self->thinned, "publisher_heatmap_days_thinned", "days thinned to a column in 30 minutes"},
        {&self->deleted, "publisher_heatmap_days_deleted", "days deleted because of their age"},
        {&self->bytes, "publisher_heatmap_bytes_written", "bytes of columns written"},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++)
        *rows[i].to = metrics_counter (metrics, rows[i].name, "", rows[i].about);
}

heatmap_t *
heatmap_new (const heatmap_options_t *options, metrics_t *metrics, error_text_t *error)
{
    heatmap_t *self = mem_new (sizeof *self);
    self->universe = options->universe;
    self->lock_fd = -1;
    self->days = options->days;
    self->minute_days = options->minute_days;
    self->series = mem_new ((self->universe->count * HEATMAP_MODELS + 1) * sizeof *self->series);
    for (size_t i = 0; i < self->universe->count * HEATMAP_MODELS; i++)
        self->series[i].file.fd = -1;
    open_metrics (self, metrics);
    int status = make_folders (options->folder, error);
    (void) slice_copy (slice_of (options->folder), self->folder, sizeof self->folder);
    if (status == OK)
        status = lock_folder (self, error);
    for (size_t i = 0; i < self->universe->count && status == OK; i++)
        for (int model = 0; model < HEATMAP_MODELS && status == OK; model++)
            status = open_series (self, &self->series[i * HEATMAP_MODELS + (size_t) model],
                                  self->universe->names[i], model, error);
    if (status == OK)
        say_forecast (self);
    else
        heatmap_destroy (&self);
    return self;
}

void
heatmap_destroy (heatmap_t **self)
{
    heatmap_t *heatmap = *self;
    if (!heatmap)
        return;
    for (size_t i = 0; i < heatmap->universe->count * HEATMAP_MODELS; i++) {
        heatmap_file_close (&heatmap->series[i].file);
        free (heatmap->series[i].days);
    }
    heatmap_work_destroy (&heatmap->work);
    if (heatmap->lock_fd >= 0)
        (void) close (heatmap->lock_fd);
    free (heatmap->series);
    free (heatmap);
    *self = NULL;
}

//  --- keeping

//  The file of a day, open to be written.
static int
turn_to (heatmap_t *self, heatmap_series_t *series, int64_t day, error_text_t *error)
{
    char path[HEATMAP_PATH_MAX];
    if (series->file.fd >= 0 && series->file.day == day)
        return OK;
    const int64_t newest_day = series->days_count > 0 ? series->days[series->days_count - 1] : -1;
    heatmap_file_close (&series->file);
    heatmap_path (series, day, path);
    int status = heatmap_file_make (&series->file, path, day, error);
    if (status == E_SYNTAX) {
        set_aside (self, series, path);
        status = heatmap_file_make (&series->file, path, day, error);
    }
    if (status != OK)
        return status;
    add_day (series, day);
    if (newest_day >= 0 && day > newest_day) {
        apply_ages (self, series);
        find_ends (self, series);
    }
    return OK;
}

//  Is any of the minutes that a reconstructed column stands for held?
static bool
holds_minutes (const heatmap_file_t *file, int64_t minute)
{
    for (int64_t at = minute;
         at > minute - HEATMAP_RECONSTRUCTED_MINUTES && at % HEATMAP_MINUTES <= minute % HEATMAP_MINUTES;
         at--)
        if (file->places[at % HEATMAP_MINUTES].size > 0)
            return true;
    return false;
}

int
heatmap_put (heatmap_t *self, const map_frame_t *frame)
{
    error_text_t error = {{0}};
    if (!frame->is_column)
        return OK;
    heatmap_series_t *series = heatmap_series (self, frame->instrument, (map_model_t) frame->model);
    int status = series ? heatmap_column_take (frame, &self->side, &self->cells, &error)
                        : error_set (&error, E_ABSENT, "a column of %s", frame->instrument);
    if (!series || status != OK) {
        metric_add (self->refused, 1);
        logger_write (LOG_LEVEL_WARNING, "the heatmap refuses %s", error.text);
        return status;
    }
    const int64_t minute = (frame->ts_ms + MS_PER_MINUTE / 2) / MS_PER_MINUTE - 1;
    const int64_t day = minute / HEATMAP_MINUTES;
    const int64_t now_day = age_day (series);
    if (minute < 0 || day <= now_day - self->minute_days || day <= now_day - self->days ||
        day <= series->thinned_day) {
        metric_add (self->stale, 1);
        return E_STALE;
    }
    status = turn_to (self, series, day, &error);
    if (status == OK && frame->is_reconstructed && holds_minutes (&series->file, minute))
        return OK; //  what was listened to is worth more
    if (status == OK) {
        size_t size = heatmap_column_pack (&self->side, &self->cells, self->packed);
        status = heatmap_file_put (&series->file, (int) (minute % HEATMAP_MINUTES), &self->side,
                                   (slice_t){self->packed, size}, &error);
        metric_add (self->bytes, status == OK ? (double) size : 0);
    }
    if (status != OK) {
        say_disk (self, &error);
        return E_IO;
    }
    self->is_disk_failing = false;
    metric_add (self->kept, 1);
    if (series->oldest_minute < 0 || minute < series->oldest_minute)
        series->oldest_minute = minute;
    series->newest_minute = minute; //  time may have gone back: pictures end where the data is now
    return OK;
}
