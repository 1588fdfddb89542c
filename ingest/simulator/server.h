/*  server - TLS on loopback: WebSockets and HTTP of the gateways, one port each (libwebsockets on libuv)
 *
 *  A GET goes to the gateway's protocol; an upgrade is accepted on the protocol's paths only.  Every answer
 *  carries `server: leadline-simulator`.  Two paths are the simulator's own, on every port:
 *      GET /simulator/fault?plan=TEXT   add rules (fault_plan.h); times in it count from now
 *      GET /simulator/status            counts, as JSON */

#ifndef LEADLINE_SERVER_H
#define LEADLINE_SERVER_H

#include "common/run/loop.h"
#include "ingest/simulator/certificate.h"
#include "ingest/simulator/gateway.h"

typedef struct server server_t;

typedef struct {
    loop_t *loop;
    const certificate_t *certificate;
    fault_plan_t *faults;
} server_options_t;

//  Everything is kept.  E_IO: NULL with a text.
server_t *
server_new (const server_options_t *options, error_text_t *error);
//  Closes all connections; the gateways must still be there.
void
server_destroy (server_t **self);

//  Serve a gateway on 127.0.0.1:port (0: any free one).  Returns the port, or E_IO with a text.
int
server_serve (server_t *self, gateway_t *gateway, int port, error_text_t *error);

//  feed_options_t.wake.
void
server_wake (void *socket);

//  Call every few milliseconds of real time: requests that wait, pings.
void
server_tick (server_t *self, int64_t mono_ns);

#endif
