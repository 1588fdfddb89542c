/*  redis_link_poll - hiredis on libuv, so that a connection that breaks is noticed at once
 *
 *  Why not hiredis' own adapter: when Redis dies with unread commands the socket is in error, for which libuv
 *  stops the poll and calls with a status below 0.  That adapter takes no notice of it, and nobody watches
 *  the socket any more.  Here an error is something to be read: the read of hiredis meets it and
 *  disconnects. */

#ifndef LEADLINE_REDIS_LINK_POLL_H
#define LEADLINE_REDIS_LINK_POLL_H

struct redisAsyncContext;

//  Watch the context's socket on a uv_loop_t until hiredis lets go of it.  OK, or E_IO when the socket cannot
//  be watched.
int
redis_link_poll_attach (struct redisAsyncContext *redis, void *uv_loop);

#endif
