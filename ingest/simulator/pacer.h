/*  pacer - which simulated time it is now
 *
 *  speed > 0   start + speed x real time since the start
 *  speed 0     as fast as clients read (feed_may_go_on): it stands still while fewer than clients_least have
 *              subscribed, and while any of them is behind
 *  warm_ns     the world starts that long before start: it stands still until enough have subscribed, then
 *              runs at warm_speed (waiting for readers likewise) until it has caught up with start + speed x
 *              real time
 *
 *  Time moves in slices of SLICE_NS, so what a gateway sends does not depend on the speed. */

#ifndef LEADLINE_PACER_H
#define LEADLINE_PACER_H

#include "ingest/simulator/gateway.h"

typedef struct {
    world_t *world;
    gateway_t **gateways; //  kept
    int gateways_count;
    int clients_least; //  speed 0: sockets that must have subscribed before the first slice
    double speed, warm_speed;
    int64_t start_ns, end_ns; //  end 0: none
    int64_t warm_ns;          //  0: none, or caught up
    int64_t mono_start_ns, mono_warm_ns;
    bool is_running, is_over;
    uint64_t late_count; //  times the market could not keep up with its speed
} pacer_t;

//  Advance as far as mono_ns of real time allows, for at most work_ns of it.
void
pacer_turn (pacer_t *self, int64_t mono_ns, int64_t work_ns);

#endif
