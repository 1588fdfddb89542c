/*  store_private - what store_redis (writing, leases, states), store_load (reading) and store_map share */

#ifndef LEADLINE_AGGREGATOR_STORE_PRIVATE_H
#define LEADLINE_AGGREGATOR_STORE_PRIVATE_H

#include "aggregator/store_keys.h"
#include "aggregator/store_redis.h"
#include "common/run/redis_link.h"

enum { STORE_OWNER_MAX = 128, STORE_FENCE_MAX = 24 };

typedef enum {
    SCRIPT_LEASE,
    SCRIPT_RELEASE,
    SCRIPT_REGISTER,
    SCRIPT_SETTLE,
    SCRIPT_RESTORE,
    SCRIPT_PRICES,
    SCRIPT_MAP,
    SCRIPT_COUNT
} script_id_t;

//  The arguments of one command, as texts in one block.
typedef struct {
    char *text;
    size_t size, capacity;
    size_t *at;
    size_t count, at_capacity;
} words_t;

//  The map of one instrument on its way to Redis (store_map).
typedef struct {
    store_redis_t *store;
    image_t top, cumulative;
    int64_t ts_ms, sent_ms, written_ms; //  of the frame; of the one under way; of the one in Redis
    bool is_waiting, is_out;
} store_map_t;

struct store_redis {
    loop_t *loop;
    redis_link_t *link;
    loop_timer_t *timer;
    universe_t universe;
    store_events_t events;
    char prefix[STORE_PREFIX_MAX], owner[STORE_OWNER_MAX];
    int64_t lease_ms;
    redis_script_t *scripts[SCRIPT_COUNT];
    store_state_t state;
    char fences[MODE_COUNT][STORE_FENCE_MAX];
    char other[STORE_OWNER_MAX]; //  who holds the lease, in STANDBY
    bool is_asking, is_loading, is_closing, is_holder;
    int load_pending; //  modes
    int ticks, full_ticks, standby_ticks;
    words_t keys, args;
    const char **argv;
    size_t argv_capacity;
    bool is_pricing;
    int64_t price_sent_ms[UNIVERSE_MAX], price_done_ms[UNIVERSE_MAX];
    store_map_t maps[UNIVERSE_MAX];
    struct {
        metric_t *registered, *settled, *known, *stale, *fenced, *full, *lost, *refused, *wiped, *restored,
            *loads, *bad_fields, *ready, *standby, *prices, *maps, *maps_skipped;
    } metrics;
};

void
store_enter (store_redis_t *self, store_state_t state);

//  Read all modes; store_loaded when the last answer is there.
void
store_load (store_redis_t *self);
void
store_load_done (store_redis_t *self, bool is_complete);

//  Read the overrides of all instruments and modes.
void
store_load_overrides (store_redis_t *self);

//  Send the maps that wait.
void
store_map_flush (store_redis_t *self);
void
store_map_fini (store_redis_t *self);

//  A hash in a reply into an image.
void
store_image (const redis_value_t *value, image_t *out);

#endif
