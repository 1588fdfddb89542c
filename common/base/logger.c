#include "common/base/logger.h"
#include "common/base/hash.h"
#include "common/base/timebase.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REPEAT_MAX = 32, REPEAT_S = 60 };

typedef struct {
    uint64_t hash;
    int64_t since_ns;
    uint64_t held_count;
    char text[1024];
} repeat_t;

static struct {
    char program[64];
    log_level_t level;
    repeat_t repeats[REPEAT_MAX];
} logger = {"leadline", LOG_LEVEL_INFO, {{0}}};

static const char *const level_names[] = {"debug", "info", "notice", "warning", "error"};

static void
print_line (log_level_t level, int64_t now_ns, const char *text)
{
    time_t seconds = (time_t) (now_ns / NS_PER_S);
    struct tm utc;
    char when[32];
    (void) gmtime_r (&seconds, &utc);
    (void) strftime (when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    (void) fprintf (stderr, "%s.%03dZ %-7s %s: %s\n", when, (int) (now_ns / NS_PER_MS % 1000),
                    level_names[level], logger.program, text);
}

void
logger_open (const char *program, log_level_t level)
{
    (void) snprintf (logger.program, sizeof logger.program, "%s", program);
    logger.level = level;
}

static repeat_t *
find_repeat (uint64_t hash, int64_t now_ns)
{
    repeat_t *oldest = &logger.repeats[0];
    for (size_t i = 0; i < REPEAT_MAX; i++) {
        repeat_t *slot = &logger.repeats[i];
        if (slot->hash == hash && now_ns - slot->since_ns < REPEAT_S * NS_PER_S)
            return slot;
        if (slot->since_ns < oldest->since_ns)
            oldest = slot;
    }
    if (oldest->held_count > 0) {
        char text[1088];
        (void) snprintf (text, sizeof text, "%s (%llu more times)", oldest->text,
                         (unsigned long long) oldest->held_count);
        print_line (LOG_LEVEL_INFO, now_ns, text);
    }
    *oldest = (repeat_t){.hash = hash};
    return oldest;
}

void
logger_write (log_level_t level, const char *format, ...)
{
    if (level < logger.level)
        return;
    char text[1024];
    va_list args;
    va_start (args, format);
    (void) vsnprintf (text, sizeof text, format, args);
    va_end (args);
    int64_t now_ns = timebase_wall_ns ();
    repeat_t *repeat = find_repeat (hash_text (text, (uint64_t) level + 1), now_ns);
    if (repeat->since_ns != 0) {
        repeat->held_count++;
        return;
    }
    repeat->since_ns = now_ns;
    (void) snprintf (repeat->text, sizeof repeat->text, "%s", text);
    print_line (level, now_ns, text);
}

void
logger_flush (int64_t now_ns)
{
    for (size_t i = 0; i < REPEAT_MAX; i++) {
        repeat_t *slot = &logger.repeats[i];
        if (slot->held_count == 0 || (now_ns != 0 && now_ns - slot->since_ns < REPEAT_S * NS_PER_S))
            continue;
        char text[1088];
        (void) snprintf (text, sizeof text, "%s (%llu more times)", slot->text,
                         (unsigned long long) slot->held_count);
        print_line (LOG_LEVEL_INFO, timebase_wall_ns (), text);
        *slot = (repeat_t){0};
    }
}

int
logger_level (const char *word)
{
    for (int i = 0; i < (int) (sizeof level_names / sizeof level_names[0]); i++)
        if (strcmp (word, level_names[i]) == 0)
            return i;
    return -1;
}
