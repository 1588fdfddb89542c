/*  logger - one line a fact, on stderr
 *
 *  debug    off unless asked for
 *  info     something changed state
 *  notice   the operator should know
 *  warning  degraded, still right
 *  error    stopping
 *
 *  The same text again within a minute is not printed but counted; the count is printed when the minute
 *  is over (logger_flush, called by housekeeping).  Not for the hot path: nothing logs per event. */

#ifndef LEADLINE_LOGGER_H
#define LEADLINE_LOGGER_H

#include <stdint.h>

typedef enum {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR
} log_level_t;

//  Who is speaking ("ingest binance"; copied) and from which level on.  Once, at start.
void
logger_open (const char *program, log_level_t level);

void
logger_write (log_level_t level, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

//  Print the counts of repeats whose minute is over at now_ns (wall); all of them if now_ns is 0.
void
logger_flush (int64_t now_ns);

//  "info" to a level.  Returns -1 for an unknown word.
int
logger_level (const char *word);

#endif
