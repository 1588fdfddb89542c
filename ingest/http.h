/*  http - GET over TLS from one REST host, a few at a time
 *
 *  How   a connection a request; an answer is delivered whole, padded for json_cursor, within HTTP_TIMEOUT_NS
 *        or as a failure.
 *  Not   it does not pace, retry or queue: rest does, with rate_limiter and backoff. */

#ifndef LEADLINE_HTTP_H
#define LEADLINE_HTTP_H

#include "common/base/slice.h"
#include "common/base/timebase.h"
#include "ingest/transport.h"

#define HTTP_TIMEOUT_NS (10 * NS_PER_S)
enum { HTTP_AT_ONCE_MAX = 4, HTTP_BODY_MAX = 64 * 1024 * 1024 };

typedef struct {
    int status;            //  0: no answer came, failure says why
    const char *failure;   //  "" when there is a status
    slice_t body;          //  padded; borrowed
    int64_t retry_after_s; //  of the header, 0 none
    char server[64];       //  of the header, "" none
} http_answer_t;

//  tag: as given to http_get.
typedef void
http_answer_fn (void *self, uint64_t tag, const http_answer_t *answer);

typedef struct http http_t;

//  NULL with a text when base_url is not https://.  A path in it is put before every request's.
http_t *
http_new (transport_t *transport, const char *base_url, http_answer_fn *fn, void *fn_self,
          error_text_t *error);

//  What is under way is dropped without a call back.  Nulls the caller's pointer.
void
http_destroy (http_t **self);

//  Start one.  The answer comes later, never at once.  E_AGAIN when HTTP_AT_ONCE_MAX are under way, E_RANGE
//  for a path that is too long.
int
http_get (http_t *self, const char *path, uint64_t tag);

//  How many more http_get would take now.
size_t
http_room_count (const http_t *self);

//  For transport.c.
struct lws_protocols;
extern const struct lws_protocols http_protocol;

#endif
