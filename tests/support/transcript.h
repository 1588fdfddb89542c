/*  transcript - an event sink that writes down what an adapter says, one line a fact
 *
 *  Fixtures state their expectation in these lines; tests/fixtures/README.md explains them.  Contracts that
 *  a list of instruments brings are kept in symbols at transcript_commit, as the session does. */

#ifndef LEADLINE_TEST_TRANSCRIPT_H
#define LEADLINE_TEST_TRANSCRIPT_H

#include "ingest/adapter.h"

enum { TRANSCRIPT_LINE_MAX = 65536 };

typedef struct {
    char **lines;
    size_t count, capacity;
    symbols_t *symbols;
    contract_t contracts[UNIVERSE_MAX]; //  staged
    bool has_contract[UNIVERSE_MAX];
    size_t events_count, ignored_count, unknown_count;
    event_sink_t sink;
} transcript_t;

void
transcript_init (transcript_t *self, symbols_t *symbols);
void
transcript_fini (transcript_t *self);

//  Forget the lines and what is staged.
void
transcript_clear (transcript_t *self);

//  The parse was OK: staged contracts count.
void
transcript_commit (transcript_t *self);

//  Append a line (printf form).
void
transcript_add (transcript_t *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

//  A terminated copy with JSON_PADDING_BYTES behind it, returned (caller frees).
char *
transcript_padded (slice_t text);

//  "trade" to CHANNEL_TRADE; 0 for no channel.
uint32_t
transcript_channel (slice_t name);

#endif
