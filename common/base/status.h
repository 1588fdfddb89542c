/*  status - one small set of results for everything that can go wrong outside us
 *
 *  OK is 0, the rest are negative.  Bugs are not statuses: they are CHECKs (check.h).
 *  The origin sets the text once (error_text_t); a caller appends only when it adds a fact.
 *  The layer that decides what happens next logs once and counts once. */

#ifndef LEADLINE_STATUS_H
#define LEADLINE_STATUS_H

enum {
    OK = 0,
    E_AGAIN = -1,  //  not now: held, or more input is needed later
    E_SHORT = -2,  //  input ended early, or the buffer is too small
    E_SYNTAX = -3, //  not of the form it should have
    E_RANGE = -4,  //  a value outside its bounds
    E_GAP = -5,    //  something between the last and this is missing
    E_STALE = -6,  //  older than what is already known
    E_CLOSED = -7, //  the other side is not there
    E_IO = -8,     //  the operating system said no
    E_CONFIG = -9, //  a setting makes it impossible
    E_ABSENT = -10 //  asked for a thing that does not exist
};

//  Exit codes of every program (sysexits.h).
enum {
    EXIT_DONE = 0,
    EXIT_USAGE_WRONG = 64,
    EXIT_UNAVAILABLE = 69, //  cannot bind or reach
    EXIT_BUG = 70,
    EXIT_CONFIG_WRONG = 78
};

//  A clear sentence, kept by whoever started the operation.  Always terminated.
typedef struct {
    char text[256];
} error_text_t;

//  Returns a static word for a status: "OK", "E_GAP", or "E_UNKNOWN".
const char *
status_name (int status);

//  Set the text (printf form).  error may be NULL.  Returns status, so a caller can `return error_set (...)`.
int
error_set (error_text_t *error, int status, const char *format, ...) __attribute__ ((format (printf, 3, 4)));

//  Append a fact: "text: fact".  error may be NULL.  Returns status.
int
error_add (error_text_t *error, int status, const char *format, ...) __attribute__ ((format (printf, 3, 4)));

#endif
