#include "tests/support/redis_server.h"
#include "common/base/check.h"
#include "common/base/timebase.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_S = 10 };

struct redis_server {
    char folder[80];
    char socket[100];
    char endpoint[112];
    pid_t pid;
};

static bool
answers (const redis_server_t *self)
{
    struct timeval most = {1, 0};
    redisContext *redis = redisConnectUnixWithTimeout (self->socket, most);
    bool is_ready = false;
    if (redis && !redis->err) {
        redisReply *reply = redisCommand (redis, "PING");
        is_ready = reply && reply->type == REDIS_REPLY_STATUS;
        freeReplyObject (reply);
    }
    redisFree (redis);
    return is_ready;
}

static _Noreturn void
become_redis (const redis_server_t *self, pid_t parent)
{
    (void) prctl (PR_SET_PDEATHSIG, SIGKILL); //  a test that crashes leaves none behind
    if (getppid () != parent)
        _exit (1);
    int log = open ("/dev/null", O_WRONLY);
    (void) dup2 (log, 1);
    (void) execlp ("redis-server", "redis-server", "--port", "0", "--unixsocket", self->socket, "--dir",
                   self->folder, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                   "--daemonize", "no", "--pidfile", "", (char *) NULL);
    (void) fprintf (stderr, "redis-server cannot be run\n");
    _exit (127);
}

int
redis_server_restart (redis_server_t *self)
{
    CHECK (self->pid == 0);
    pid_t parent = getpid ();
    self->pid = fork ();
    CHECK (self->pid >= 0);
    if (self->pid == 0)
        become_redis (self, parent);
    int64_t deadline_ns = timebase_mono_ns () + START_S * NS_PER_S;
    while (timebase_mono_ns () < deadline_ns) {
        if (answers (self))
            return 0;
        int code;
        if (waitpid (self->pid, &code, WNOHANG) == self->pid) {
            self->pid = 0;
            break;
        }
        (void) poll (NULL, 0, 10);
    }
    (void) fprintf (stderr, "redis-server does not answer on %s\n", self->socket);
    redis_server_kill (self);
    return -1;
}

redis_server_t *
redis_server_start (const char *folder)
{
    redis_server_t *self = mem_new (sizeof *self);
    CHECK (strlen (folder) < sizeof self->folder);
    (void) snprintf (self->folder, sizeof self->folder, "%s", folder);
    (void) snprintf (self->socket, sizeof self->socket, "%s/redis.sock", folder);
    (void) snprintf (self->endpoint, sizeof self->endpoint, "unix:%s", self->socket);
    if (redis_server_restart (self) != 0)
        redis_server_stop (&self);
    return self;
}

void
redis_server_kill (redis_server_t *self)
{
    if (self->pid == 0)
        return;
    (void) kill (self->pid, SIGKILL);
    (void) waitpid (self->pid, NULL, 0);
    self->pid = 0;
}

void
redis_server_freeze (redis_server_t *self)
{
    CHECK (self->pid > 0 && kill (self->pid, SIGSTOP) == 0);
}

void
redis_server_thaw (redis_server_t *self)
{
    CHECK (self->pid > 0 && kill (self->pid, SIGCONT) == 0);
}

const char *
redis_server_endpoint (const redis_server_t *self)
{
    return self->endpoint;
}

void
redis_server_stop (redis_server_t **self)
{
    if (!*self)
        return;
    redis_server_kill (*self);
    free (*self);
    *self = NULL;
}
