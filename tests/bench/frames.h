/*  frames - the messages of one venue, in memory: what ingest would have read from its sockets
 *
 *  Simulated: the simulator's protocols speak to the adapter's own subscriptions, from a seed, without a
 *  socket; the same seed gives the same bytes.  Recorded: a capture of a real feed, when there is one beside
 *  the checkout. */

#ifndef LEADLINE_BENCH_FRAMES_H
#define LEADLINE_BENCH_FRAMES_H

#include "ingest/adapter.h"

enum { FRAMES_CHANNELS_MAX = 16, FRAMES_VENUES = 3 };

typedef struct {
    slice_t text;      //  JSON_PADDING_BYTES behind it
    int channel;       //  index into channels; -1: an answer to a request, or nothing of the market
    request_t request; //  kind REQUEST_BOOK: the answer to it; else a frame
    bool is_answer;
} frame_t;

typedef struct {
    const char *from; //  "simulated", or the recording's file
    const adapter_t *adapter;
    const char *const *channels; //  the venue's words, NULL at the end
    universe_t universe;
    symbols_t symbols;
    frame_t *frames;
    size_t count, capacity, bytes;
} frames_t;

//  All venues, seconds of a market at an activity.
void
frames_simulate (frames_t venues[FRAMES_VENUES], uint64_t seed, double activity, int seconds);

//  A recording of one contract.  False when it is not there.
bool
frames_record (frames_t *self, const char *venue, const char *file, const char *contract);

void
frames_fini (frames_t *self);

#endif
