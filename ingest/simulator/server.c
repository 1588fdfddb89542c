#include "ingest/simulator/server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <libwebsockets.h>
#include <uv.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"

_Static_assert(FEED_HEADROOM_BYTES >= LWS_PRE, "room for the frame header");

static const char MARK[] = "mark"; //  what the pings that are marks carry

enum { QUERY_MAX = 4096, MESSAGE_MAX = 262144, BURST_FRAMES = 64, CHUNK_BYTES = 16384 };
#define PING_EVERY_NS (20 * NS_PER_S)

//  What is known about one connection.
typedef struct session {
    struct session *next;
    struct lws *wsi;
    gateway_t *gateway;
    feed_client_t *client; //  WebSocket
    int path;
    bool is_ping_due;
    bool is_waiting;  //  HTTP: the protocol has no answer yet, or a fault holds it
    bool is_dead_end; //  HTTP: never answered
    int64_t due_ns;   //  HTTP: not before
    char path_text[QUERY_MAX], arguments[QUERY_MAX];
    int status;
    char headers[256];
    char *body; //  LWS_PRE, then body_size
    size_t body_size, body_sent, body_stop;
} session_t;

struct server {
    server_options_t options;
    struct lws_context *context;
    session_t *sessions;
    int64_t pinged_ns, now_mono_ns;
};

static server_t *
server_of (struct lws *wsi)
{
    return lws_context_user (lws_get_context (wsi));
}

static session_t *
session_of (struct lws *wsi)
{
    session_t *session = lws_get_opaque_user_data (wsi);
    if (session)
        return session;
    server_t *self = server_of (wsi);
    session = mem_new (sizeof *session);
    session->wsi = wsi;
    session->gateway = lws_vhost_user (lws_get_vhost (wsi));
    session->next = self->sessions;
    self->sessions = session;
    lws_set_opaque_user_data (wsi, session);
    return session;
}

static void
session_drop (server_t *self, struct lws *wsi)
{
    session_t *session = lws_get_opaque_user_data (wsi);
    if (!session)
        return;
    lws_set_opaque_user_data (wsi, NULL);
    session_t **link = &self->sessions;
    while (*link != session)
        link = &(*link)->next;
    *link = session->next;
    feed_leave (&session->client);
    free (session->body);
    free (session);
}

//  Path and arguments of the request on this connection.
static int
read_query (struct lws *wsi, session_t *session)
{
    if (lws_hdr_copy (wsi, session->path_text, QUERY_MAX, WSI_TOKEN_GET_URI) <= 0)
        return E_SYNTAX;
    size_t size = 0;
    session->arguments[0] = '\0';
    for (int i = 0; i < 64; i++) {
        int length =
            lws_hdr_copy_fragment (wsi, session->arguments + size + (size > 0),
                                   (int) (QUERY_MAX - 1 - size - (size > 0)), WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length <= 0)
            return length < -1 ? E_RANGE : OK;
        if (size)
            session->arguments[size++] = '&';
        size += (size_t) length;
    }
    return OK;
}

//  Send status and headers; the body follows when the socket can take it.
static int
start_answer (session_t *session)
{
    unsigned char buffer[LWS_PRE + 2048], *at = buffer + LWS_PRE, *end = buffer + sizeof buffer;
    if (lws_add_http_common_headers (session->wsi, (unsigned int) session->status, "application/json",
                                     (lws_filepos_t) session->body_size, &at, end))
        return -1;
    slice_t rest = slice_of (session->headers);
    while (rest.size) {
        slice_t value = slice_cut (&rest, '\n');
        slice_t name = slice_cut (&value, ' '); //  with its colon
        char text[64];
        if (slice_copy (name, text, sizeof text) != OK ||
            lws_add_http_header_by_name (session->wsi, (const unsigned char *) text,
                                         (const unsigned char *) value.data, (int) value.size, &at, end))
            return -1;
    }
    if (lws_finalize_write_http_header (session->wsi, buffer + LWS_PRE, &at, end))
        return -1;
    session->body_sent = 0;
    lws_callback_on_writable (session->wsi);
    return 0;
}

static void
keep_body (session_t *session, slice_t text, size_t room)
{
    free (session->body);
    session->body = mem_new (LWS_PRE + text.size + room);
    memcpy (session->body + LWS_PRE, text.data, text.size);
    session->body_size = session->body_stop = text.size;
}

//  The fault of a REST answer.  Returns false when there is nothing to send now (or ever).
static bool
apply_fault (server_t *self, session_t *session, const reply_t *reply)
{
    gateway_t *gateway = session->gateway;
    const char *name = reply->listing >= 0 ? gateway->names[reply->listing] : "*";
    fault_t fault = fault_plan_decide (self->options.faults, gateway->protocol->name, reply->channel, name,
                                       gateway->now_ns);
    if (fault.kind == FAULT_NONE)
        fault =
            fault_plan_decide (self->options.faults, gateway->protocol->name, "rest", name, gateway->now_ns);
    if (fault.kind == FAULT_NONE)
        return true;
    logger_write (LOG_LEVEL_NOTICE, "fault: %s %s on REST %s %s", gateway->protocol->name,
                  fault_kind_name (fault.kind), reply->channel, name);
    switch (fault.kind) {
    case FAULT_DROP:
    case FAULT_SILENCE:
        session->is_dead_end = true;
        return false;
    case FAULT_DISCONNECT:
        session->body_stop = 0;
        return true;
    case FAULT_HALF:
        session->body_stop = session->body_size / 2;
        return true;
    case FAULT_DELAY:
        session->due_ns = self->now_mono_ns + fault.hold_ns;
        return false;
    case FAULT_REFUSE:
        session->status = 429;
        keep_body (session, slice_of ("{\"code\":-1003,\"msg\":\"Too many requests.\"}"), 0);
        (void) snprintf (session->headers, sizeof session->headers, "retry-after: 2\n");
        return true;
    default:
        (void) fault_plan_edit (self->options.faults, fault, reply->listing, session->body + LWS_PRE,
                                &session->body_size, session->body_size + FAULT_EDIT_GROWTH_BYTES);
        session->body_stop = session->body_size;
        return true;
    }
}

static void
add_status (server_t *self, session_t *session)
{
    gateway_t *gateway = session->gateway;
    feed_stats_t stats = feed_stats (gateway->feed);
    text_buffer_t *out = &gateway->frame;
    text_add (
        out,
        "{\"venue\":\"%s\",\"now_ms\":%lld,\"trades\":%llu,\"liquidations\":%llu,\"frames_published\":%llu,"
        "\"frames_sent\":%llu,\"bytes_sent\":%llu,\"clients\":%llu,\"slow_clients\":%llu,\"requests\":%llu,"
        "\"requests_refused\":%llu,\"faults\":{",
        gateway->protocol->name, (long long) gateway_ms (gateway->now_ns),
        (unsigned long long) gateway->trades_count, (unsigned long long) gateway->liquidations_count,
        (unsigned long long) stats.published_count, (unsigned long long) stats.sent_count,
        (unsigned long long) stats.sent_bytes, (unsigned long long) stats.clients_count,
        (unsigned long long) stats.slow_clients_count, (unsigned long long) gateway->requests_count,
        (unsigned long long) gateway->refused_count);
    for (int kind = FAULT_DROP; kind < FAULT_KINDS_COUNT; kind++)
        text_add (out, "%s\"%s\":%llu", kind == FAULT_DROP ? "" : ",", fault_kind_name ((fault_kind_t) kind),
                  (unsigned long long) fault_plan_hits_count (self->options.faults, (fault_kind_t) kind));
    text_add (out, "}}");
}

static void
add_faults (server_t *self, session_t *session)
{
    gateway_t *gateway = session->gateway;
    query_t query = {.arguments = slice_of (session->arguments)};
    error_text_t error = {0};
    slice_t plan = query_text (&query, "plan");
    int status = fault_plan_add (self->options.faults, plan, gateway->now_ns, &error);
    session->status = status == OK ? 200 : 400;
    text_add (&gateway->frame, "{\"rules\":%zu,\"error\":", fault_plan_rules_count (self->options.faults));
    text_add_quoted (&gateway->frame, status == OK ? "" : error.text);
    text_add (&gateway->frame, "}");
    if (status == OK)
        logger_write (LOG_LEVEL_NOTICE, "fault plan: added %.*s", (int) plan.size, plan.data);
}

//  Ask the protocol.  Nothing is sent when it has to wait.
static int
answer (server_t *self, session_t *session)
{
    gateway_t *gateway = session->gateway;
    query_t query = {.path = slice_of (session->path_text),
                     .arguments = slice_of (session->arguments),
                     .mono_ns = self->now_mono_ns};
    reply_t reply = {.status = 200, .listing = -1};
    session->status = 200;
    text_reset (&gateway->frame);
    if (slice_is (query.path, "/simulator/status"))
        add_status (self, session);
    else if (slice_is (query.path, "/simulator/fault"))
        add_faults (self, session);
    else {
        if (!session->is_waiting)
            gateway->requests_count++;
        session->is_waiting = gateway->protocol->request (gateway, &query, &reply) == E_AGAIN;
        if (session->is_waiting)
            return 0;
        session->status = reply.status;
    }
    (void) slice_copy (slice_of (reply.headers), session->headers, sizeof session->headers);
    keep_body (session, (slice_t){gateway->frame.data ? gateway->frame.data : "", gateway->frame.size},
               FAULT_EDIT_GROWTH_BYTES);
    if (reply.channel && !apply_fault (self, session, &reply)) {
        session->is_waiting = !session->is_dead_end;
        return 0;
    }
    return session->body_stop || !session->body_size ? start_answer (session) : -1;
}

static int
on_http (server_t *self, struct lws *wsi)
{
    session_t *session = session_of (wsi);
    session->is_waiting = session->is_dead_end = false;
    session->due_ns = 0;
    self->now_mono_ns = timebase_mono_ns ();
    if (read_query (wsi, session) != OK) {
        lws_return_http_status (wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, NULL);
        return -1;
    }
    lws_set_timeout (wsi, PENDING_TIMEOUT_HTTP_CONTENT, 120);
    return answer (self, session);
}

static int
on_http_writeable (struct lws *wsi)
{
    session_t *session = session_of (wsi);
    if (!session->body || session->is_waiting || session->is_dead_end)
        return 0;
    size_t left = session->body_stop - session->body_sent;
    size_t size = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    bool is_last = size == left;
    bool is_cut = session->body_stop < session->body_size;
    //  The bytes in front of a chunk are sent already: the library may use them.
    int written = lws_write (wsi, (unsigned char *) session->body + LWS_PRE + session->body_sent, size,
                             is_last && !is_cut ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
    if (written < 0 || (is_last && is_cut))
        return -1;
    session->body_sent += size;
    if (!is_last) {
        lws_callback_on_writable (wsi);
        return 0;
    }
    free (session->body);
    session->body = NULL;
    return lws_http_transaction_completed (wsi) ? -1 : 0;
}

//  Is it one of the venue's WebSocket paths?
static int
on_upgrade (struct lws *wsi)
{
    session_t *session = session_of (wsi);
    if (read_query (wsi, session) != OK)
        return -1;
    const char *const *paths = session->gateway->protocol->paths;
    for (int i = 0; paths[i]; i++)
        if (!strcmp (paths[i], session->path_text)) {
            session->path = i;
            return 0;
        }
    return -1;
}

static int
on_upgrade_headers (struct lws *wsi, struct lws_process_html_args *args)
{
    static const char server[] = "leadline-simulator";
    unsigned char *at = (unsigned char *) args->p, *end = at + args->max_len;
    if (lws_add_http_header_by_name (wsi, (const unsigned char *) "server:", (const unsigned char *) server,
                                     (int) strlen (server), &at, end))
        return -1;
    args->p = (char *) at;
    return 0;
}

static void
on_established (struct lws *wsi)
{
    session_t *session = session_of (wsi);
    gateway_t *gateway = session->gateway;
    session->client = feed_join (gateway->feed, wsi, session->path);
    gateway->protocol->connected (gateway, session->client, slice_of (session->arguments));
}

static int
on_receive (struct lws *wsi, const char *data, size_t size)
{
    session_t *session = session_of (wsi);
    gateway_t *gateway = session->gateway;
    text_buffer_t *input = feed_client_input (session->client);
    if (input->size + size > MESSAGE_MAX)
        return -1;
    text_add_slice (input, (slice_t){data, size});
    if (!lws_is_final_fragment (wsi) || lws_remaining_packet_payload (wsi))
        return 0;
    int most = gateway->protocol->frames_per_s_most;
    if (most && feed_client_rate (session->client, timebase_mono_ns ()) > most) {
        logger_write (LOG_LEVEL_WARNING, "%s: a client sends more than %d messages a second: disconnected",
                      gateway->protocol->name, most);
        return -1;
    }
    size_t length = input->size;
    text_add (input, "%*s", JSON_PADDING_BYTES, "");
    gateway->protocol->text (gateway, session->client, (slice_t){input->data, length});
    text_reset (input);
    return 0;
}

static int
on_writeable (struct lws *wsi)
{
    session_t *session = session_of (wsi);
    if (!session->client || feed_must_close (session->client))
        return -1;
    if (session->is_ping_due) {
        unsigned char ping[LWS_PRE + 4] = {0};
        session->is_ping_due = false;
        if (lws_write (wsi, ping + LWS_PRE, 0, LWS_WRITE_PING) < 0)
            return -1;
    }
    const feed_frame_t *frame = NULL;
    for (int i = 0; i < BURST_FRAMES && (frame = feed_next (session->client)); i++) {
        if (lws_send_pipe_choked (wsi))
            break;
        unsigned char *text = (unsigned char *) frame->data + FEED_HEADROOM_BYTES;
        if (frame->is_mark) {
            unsigned char mark[LWS_PRE + sizeof MARK] = {0};
            memcpy (mark + LWS_PRE, MARK, sizeof MARK);
            if (lws_write (wsi, mark + LWS_PRE, sizeof MARK, LWS_WRITE_PING) < 0)
                return -1;
            feed_sent (session->client);
            continue;
        }
        if (frame->is_half) {
            (void) lws_write (wsi, text, frame->size, LWS_WRITE_TEXT | LWS_WRITE_NO_FIN);
            return -1;
        }
        if (lws_write (wsi, text, frame->size, LWS_WRITE_TEXT) < 0)
            return -1;
        feed_sent (session->client);
    }
    if (feed_next (session->client))
        lws_callback_on_writable (wsi);
    return 0;
}

static int
callback (struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size)
{
    (void) user;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return on_http (server_of (wsi), wsi);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_http_writeable (wsi);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return on_upgrade (wsi);
    case LWS_CALLBACK_ADD_HEADERS:
        return on_upgrade_headers (wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        on_established (wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return on_receive (wsi, in, size);
    case LWS_CALLBACK_RECEIVE_PONG:
        if (size == sizeof MARK && memcmp (in, MARK, sizeof MARK) == 0 && session_of (wsi)->client)
            feed_marked (session_of (wsi)->client);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writeable (wsi);
    case LWS_CALLBACK_WSI_DESTROY:
        session_drop (server_of (wsi), wsi);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols lws_table[] = {
    {.name = "simulator", .callback = callback, .rx_buffer_size = 16384}, {0}};

static void
log_line (int level, const char *line)
{
    size_t size = strlen (line);
    while (size && line[size - 1] == '\n')
        size--;
    logger_write (level == LLL_ERR ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "libwebsockets: %.*s", (int) size,
                  line);
}

server_t *
server_new (const server_options_t *options, error_text_t *error)
{
    server_t *self = mem_new (sizeof *self);
    self->options = *options;
    self->now_mono_ns = self->pinged_ns = timebase_mono_ns ();
    lws_set_log_level (LLL_ERR | LLL_WARN, log_line);
    void *loops[1] = {loop_uv (options->loop)};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .gid = -1,
        .uid = -1,
        .foreign_loops = loops,
        .user = self,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .server_string = "leadline-simulator",
    };
    self->context = lws_create_context (&info);
    (void) signal (SIGPIPE, SIG_IGN);
    if (self->context)
        return self;
    (void) error_set (error, E_IO, "libwebsockets does not start (is its libuv plugin installed?)");
    free (self);
    return NULL;
}

void
server_destroy (server_t **self)
{
    if (!*self)
        return;
    lws_context_destroy ((*self)->context);
    loop_settle ((*self)->options.loop);
    lws_context_destroy ((*self)->context);
    free (*self);
    *self = NULL;
}

int
server_serve (server_t *self, gateway_t *gateway, int port, error_text_t *error)
{
    const certificate_t *certificate = self->options.certificate;
    struct lws_context_creation_info info = {
        .port = port,
        .iface = "127.0.0.1",
        .gid = -1,
        .uid = -1,
        .protocols = lws_table,
        .vhost_name = gateway->protocol->name,
        .user = gateway,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
        .ssl_cert_filepath = certificate->chain_path,
        .ssl_private_key_filepath = certificate->key_path,
        .alpn = "http/1.1",
        .server_string = "leadline-simulator",
        .keepalive_timeout = 60,
    };
    struct lws_vhost *host = lws_create_vhost (self->context, &info);
    if (!host)
        return error_set (error, E_IO, "%s: cannot listen on 127.0.0.1:%d", gateway->protocol->name, port);
    int found = port ? port : lws_get_vhost_listen_port (host);
    if (found <= 0)
        return error_set (error, E_IO, "%s: cannot listen on 127.0.0.1:%d", gateway->protocol->name, port);
    return found;
}

void
server_wake (void *socket)
{
    lws_callback_on_writable (socket);
}

void
server_tick (server_t *self, int64_t mono_ns)
{
    self->now_mono_ns = mono_ns;
    bool is_ping_time = mono_ns - self->pinged_ns >= PING_EVERY_NS;
    if (is_ping_time)
        self->pinged_ns = mono_ns;
    for (session_t *session = self->sessions, *next; session; session = next) {
        next = session->next;
        if (session->client && is_ping_time) {
            session->is_ping_due = true;
            lws_callback_on_writable (session->wsi);
        }
        if (!session->is_waiting || mono_ns < session->due_ns)
            continue;
        bool is_held = session->due_ns > 0; //  by a fault: the answer is there
        session->due_ns = 0;
        if (is_held)
            session->is_waiting = false;
        if ((is_held ? start_answer (session) : answer (self, session)) != 0)
            lws_set_timeout (session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
}
