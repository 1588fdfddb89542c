/*  rest - the requests to a venue's REST host: in order of importance, within its limits, tried again
 *
 *  Order   instruments, book snapshots, open interest, what is slow (backfill, ratios, tiers); inside one of
 *          these first come, first served.  What is slow leaves a quarter of the weight to the others.
 *  Again   the first list of instruments for ever, what completes it SECOND_LIST_TRIES times; what is slow
 *          BACKFILL_TRIES times; books and open interest are asked for again by whoever wants them (rest
 *          tells that it gave up).  A ban or Retry-After stops all of it until it is over.
 *  Not     it does not read answers. */

#ifndef LEADLINE_REST_H
#define LEADLINE_REST_H

#include "ingest/adapter.h"
#include "ingest/http.h"

typedef struct {
    //  An answer with status 200; returns OK, or what was wrong with it (it counts as a failure then).
    int (*answer) (void *self, const request_t *request, const http_answer_t *answer);
    //  No use trying on.
    void (*given_up) (void *self, const request_t *request, const char *why);
    //  Any answer at all, before the above: for its headers.  A failure: status 0.
    void (*seen) (void *self, const http_answer_t *answer, bool is_limited);
    void *self;
} rest_events_t;

typedef struct rest rest_t;

rest_t *
rest_new (transport_t *transport, const adapter_t *adapter, const char *base_url, uint64_t seed,
          const rest_events_t *events, error_text_t *error);
void
rest_destroy (rest_t **self);

//  Queue one; copied.
void
rest_add (rest_t *self, const request_t *request);

//  Is one of this kind and instrument queued or under way?
bool
rest_has (const rest_t *self, request_kind_t kind, int instrument);

//  How many of a kind are queued or under way (while an answer is being taken, its request still counts).
size_t
rest_count (const rest_t *self, request_kind_t kind);

//  Start what may start; ten times a second and whenever an answer has come.
void
rest_tick (rest_t *self, int64_t mono_ns);

size_t
rest_waiting_count (const rest_t *self);

#endif
