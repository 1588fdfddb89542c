/*  redis_server - a real, private Redis for tests: on a unix socket in a folder of its own
 *
 *  No port, no other client; data in the same folder, appendonly, so that a restart finds what was there. */

#ifndef LEADLINE_TEST_REDIS_SERVER_H
#define LEADLINE_TEST_REDIS_SERVER_H

typedef struct redis_server redis_server_t;

//  folder must exist, and its path be short enough for a socket file.  Starts, and waits until it answers.
//  NULL when there is no redis-server on this machine or it does not start (the reason is printed).
redis_server_t *
redis_server_start (const char *folder);

//  kill -9, and wait until the process is gone.
void
redis_server_kill (redis_server_t *self);

//  Stop and go on (SIGSTOP, SIGCONT): there, but silent.
void
redis_server_freeze (redis_server_t *self);
void
redis_server_thaw (redis_server_t *self);

//  Start again after a kill, with the same data; waits until it answers.  Returns 0, or -1.
int
redis_server_restart (redis_server_t *self);

//  "unix:<folder>/redis.sock", for redis_link_new.
const char *
redis_server_endpoint (const redis_server_t *self);

//  Kills it if it runs.  The folder stays.
void
redis_server_stop (redis_server_t **self);

#endif
