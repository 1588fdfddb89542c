/*  transport - the ground that ws and http stand on: one libwebsockets context on the process's loop
 *
 *  What  TLS with the system's certificates plus one more file (the simulator's), names resolved without
 *        blocking, URLs taken apart.  The peer and its name are always verified; there is no way to turn that
 *        off.
 *  Why   libwebsockets 4.1.6 of Debian resolves names with a blocking call and has no poll of its own to
 *        offer: so libuv runs it (a foreign loop), we resolve, and it connects to an address with Host and
 *        SNI by name.
 *  Not   it knows no frames and no requests. */

#ifndef LEADLINE_TRANSPORT_H
#define LEADLINE_TRANSPORT_H

#include "common/base/status.h"
#include "common/run/loop.h"

enum { TRANSPORT_HOST_MAX = 128, TRANSPORT_PATH_MAX = 512 };

typedef struct {
    char host[TRANSPORT_HOST_MAX];
    char authority[TRANSPORT_HOST_MAX + 8]; //  host, and :port when it is not 443
    int port;
    char path[TRANSPORT_PATH_MAX]; //  starts with '/'; "/" when there is none
} url_t;

typedef struct transport transport_t;
typedef struct transport_lookup transport_lookup_t;

//  ca_file "": the system's certificates only.  NULL with a text when the file cannot be used.
transport_t *
transport_new (loop_t *loop, const char *ca_file, error_text_t *error);

//  After every ws and http of it.  Nulls the caller's pointer.
void
transport_destroy (transport_t **self);

//  "wss://host[:port][/path]" for scheme "wss", likewise "https".  E_SYNTAX with a text; other schemes are
//  refused: nothing travels in the clear.
int
transport_parse_url (const char *text, const char *scheme, url_t *out, error_text_t *error);

//  address: "127.0.0.1", NULL when the name is not found (why says it).  Called from the loop, never at once.
typedef void
transport_found_fn (void *self, const char *address, const char *why);

transport_lookup_t *
transport_find (transport_t *self, const char *host, transport_found_fn *fn, void *fn_self);

//  Its function is not called any more.  Null-safe; nulls the caller's pointer.
void
transport_forget (transport_lookup_t **lookup);

//  For ws.c and http.c: the context, and the loop.
struct lws_context *
transport_lws (transport_t *self);
loop_t *
transport_loop (transport_t *self);

#endif
