#include "ingest/transport.h"

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/slice.h"
#include "ingest/http.h"
#include "ingest/ws.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { SERVICE_BUFFER_BYTES = 64 * 1024 };

struct transport_lookup {
    uv_getaddrinfo_t request;
    transport_found_fn *fn; //  NULL: forgotten
    void *fn_self;
};

struct transport {
    loop_t *loop;
    struct lws_context *context;
    void *loops[1];
    struct lws_protocols protocols[3];
};

//  What the library has to say goes the way of all our lines.
static void
on_library_line (int level, const char *line)
{
    char text[200];
    (void) snprintf (text, sizeof text, "%s", line);
    text[strcspn (text, "\n")] = '\0';
    logger_write (level == LLL_ERR ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "tls: %s", text);
}

transport_t *
transport_new (loop_t *loop, const char *ca_file, error_text_t *error)
{
    if (ca_file[0] && access (ca_file, R_OK) != 0) {
        (void) error_set (error, E_IO, "cannot read the certificates in %s", ca_file);
        return NULL;
    }
    lws_set_log_level (LLL_ERR | LLL_WARN, on_library_line);
    transport_t *self = mem_new (sizeof *self);
    self->loop = loop;
    self->loops[0] = loop_uv (loop);
    self->protocols[0] = ws_protocol;
    self->protocols[1] = http_protocol;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .foreign_loops = self->loops,
        .protocols = self->protocols,
        .client_ssl_ca_filepath = ca_file[0] ? ca_file : NULL,
        .alpn = "http/1.1",
        .pt_serv_buf_size = SERVICE_BUFFER_BYTES,
        .timeout_secs = 10,
        .connect_timeout_secs = 10,
    };
    self->context = lws_create_context (&info);
    if (!self->context) {
        (void) error_set (error, E_IO, "libwebsockets has no context for us (certificates %s)", ca_file);
        free (self);
        return NULL;
    }
    return self;
}

void
transport_destroy (transport_t **self)
{
    if (!*self)
        return;
    lws_context_destroy ((*self)->context);
    loop_settle ((*self)->loop);
    lws_context_destroy ((*self)->context);
    free (*self);
    *self = NULL;
}

int
transport_parse_url (const char *text, const char *scheme, url_t *out, error_text_t *error)
{
    memset (out, 0, sizeof *out);
    size_t scheme_size = strlen (scheme);
    if (strncmp (text, scheme, scheme_size) != 0 || strncmp (text + scheme_size, "://", 3) != 0)
        return error_set (error, E_SYNTAX, "%s is not a %s:// address", text, scheme);
    const char *host = text + scheme_size + 3;
    size_t host_size = strcspn (host, ":/?");
    if (host_size == 0 || host_size >= sizeof out->host)
        return error_set (error, E_SYNTAX, "%s has no usable host", text);
    memcpy (out->host, host, host_size);
    out->port = 443;
    const char *rest = host + host_size;
    if (*rest == ':') {
        char *end;
        long port = strtol (rest + 1, &end, 10);
        if (port < 1 || port > 65535 || end == rest + 1 || (*end && *end != '/' && *end != '?'))
            return error_set (error, E_SYNTAX, "%s has no usable port", text);
        out->port = (int) port;
        rest = end;
    }
    if (strlen (rest) + 2 > sizeof out->path)
        return error_set (error, E_SYNTAX, "%s has too long a path", text);
    (void) snprintf (out->path, sizeof out->path, "%s%s", *rest == '/' ? "" : "/", rest);
    if (out->port == 443)
        (void) snprintf (out->authority, sizeof out->authority, "%s", out->host);
    else
        (void) snprintf (out->authority, sizeof out->authority, "%s:%d", out->host, out->port);
    return OK;
}

static void
on_found (uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    transport_lookup_t *lookup = request->data;
    char address[64] = "";
    for (struct addrinfo *entry = found; status == 0 && entry && !address[0]; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET)
            (void) uv_ip4_name ((const struct sockaddr_in *) (const void *) entry->ai_addr, address,
                                sizeof address);
        else if (entry->ai_family == AF_INET6)
            (void) uv_ip6_name ((const struct sockaddr_in6 *) (const void *) entry->ai_addr, address,
                                sizeof address);
    }
    uv_freeaddrinfo (found);
    if (lookup->fn && address[0])
        lookup->fn (lookup->fn_self, address, NULL);
    else if (lookup->fn)
        lookup->fn (lookup->fn_self, NULL, status ? uv_strerror (status) : "no address");
    free (lookup);
}

transport_lookup_t *
transport_find (transport_t *self, const char *host, transport_found_fn *fn, void *fn_self)
{
    transport_lookup_t *lookup = mem_new (sizeof *lookup);
    lookup->fn = fn;
    lookup->fn_self = fn_self;
    lookup->request.data = lookup;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    int status = uv_getaddrinfo (loop_uv (self->loop), &lookup->request, on_found, host, NULL, &hints);
    CHECK (status == 0); //  refuses only a missing or oversized host, and url_t bounds it
    return lookup;
}

void
transport_forget (transport_lookup_t **lookup)
{
    if (*lookup) {
        (*lookup)->fn = NULL;
        (void) uv_cancel ((uv_req_t *) &(*lookup)->request);
    }
    *lookup = NULL;
}

struct lws_context *
transport_lws (transport_t *self)
{
    return self->context;
}

loop_t *
transport_loop (transport_t *self)
{
    return self->loop;
}
