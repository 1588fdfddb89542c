/*  store_redis - what is learned and what is due, kept in Redis: exactly once, across crashes of both sides
 *
 *  Together with store_load (reading) and store_keys the only code that knows Redis.  Every change of the
 *  ledger or of what is learned is one Lua call (store_scripts) that checks the lease's fence first.
 *
 *                 connected            leases held, epoch there: everything is loaded
 *      AWAY --------------> ASKING -----------------------------------------------> READY
 *        ^ lost               |  someone else holds them                              |  ^
 *        |                    +--> STANDBY (asks again; reads what the other learns)  |  | 2 s later
 *        |                    |  no epoch: wiped or new                               v  |
 *        +---- (any)          +--> owner restores its image from memory -> READY     FULL
 *
 *  FULL: Redis refuses writes for want of memory (maxmemory, noeviction).  Nothing was changed, the owner
 *  keeps what it wants to write and is told ready again after a while.
 *  Lease: 15 s, renewed every third of it.  A second aggregator stays in STANDBY until it runs out.
 *
 *  The owner may register and settle while READY; every answer comes as a store_result_t. */

#ifndef LEADLINE_AGGREGATOR_STORE_REDIS_H
#define LEADLINE_AGGREGATOR_STORE_REDIS_H

#include "aggregator/outcome.h"
#include "aggregator/tutor.h"
#include "common/run/loop.h"
#include "common/run/metrics.h"

typedef struct store_redis store_redis_t;

typedef enum { STORE_AWAY, STORE_ASKING, STORE_STANDBY, STORE_FULL, STORE_READY } store_state_t;

typedef enum {
    STORE_DONE,
    STORE_KNOWN,  //  was done before: nothing changed
    STORE_STALE,  //  someone else changed the state: load again
    STORE_FENCED, //  the lease is someone else's
    STORE_WIPED,  //  Redis has lost everything
    STORE_NO_ROOM,
    STORE_LOST,   //  no answer: done or not
    STORE_REFUSED //  an error (logged)
} store_result_t;

//  A mode as Redis has it.
typedef struct {
    mode_id_t mode;
    const tutor_t *tutor; //  borrowed; its roster is the one Redis knows
    ledger_t *ledger;     //  the receiver takes the rows out (or leaves them: they are freed)
    int64_t last_registered_ms;
} store_loaded_t;

typedef struct {
    void (*state) (void *self, store_state_t state); //  also for READY: register, then settle
    void (*loaded) (void *self, const store_loaded_t *loaded);
    void (*price) (void *self, const char *instrument, int64_t ts_ms, double px);
    void (*scale) (void *self, mode_id_t mode, const char *instrument, const image_t *image);
    //  Fields category -> multiplier and expires; an empty image when there is none.
    void (*overrides) (void *self, mode_id_t mode, const char *instrument, const image_t *image);
    //  Redis holds no state.  Call store_redis_restore for every mode, in their order.
    void (*wiped) (void *self);
    void *self;
} store_events_t;

typedef struct {
    const char *endpoint; //  "unix:/path" or "tcp:host:port"
    const char *prefix;   //  "leadline"
    const char *owner;    //  who holds the lease: one process, one text
    int64_t lease_ms;     //  15000; at least 1500
} store_options_t;        //  texts are copied

//  NULL with a text for a bad endpoint.  events are copied.
store_redis_t *
store_redis_new (loop_t *loop, const store_options_t *options, const universe_t *universe,
                 const store_events_t *events, metrics_t *metrics, error_text_t *error);

//  Gives the lease back if the link is up.  No event after this.
void
store_redis_destroy (store_redis_t **self);

store_state_t
store_redis_state (const store_redis_t *self);

typedef void
store_done_fn (void *self, mode_id_t mode, store_result_t result);

//  Write a row into the ledger, unless one as new or newer has been.  E_CLOSED (and no call) unless READY.
int
store_redis_register (store_redis_t *self, mode_id_t mode, const ledger_row_t *row, store_done_fn *fn,
                      void *fn_self);

//  Take row t out of the ledger and put the tutor's state (which has learned it) in place of the one of the
//  version before.  history_due[1 + instruments]: the pool, then each instrument, gets an entry in its
//  history.
int
store_redis_settle (store_redis_t *self, mode_id_t mode, int64_t t_ms, const tutor_t *tutor,
                    const bool history_due[], store_done_fn *fn, void *fn_self);

//  In answer to wiped.  After the last mode the store is READY.
int
store_redis_restore (store_redis_t *self, mode_id_t mode, const tutor_t *tutor, const ledger_t *ledger,
                     int64_t last_registered_ms);

//  Write the whole state of a mode under its present version (the roster has changed).
int
store_redis_write (store_redis_t *self, mode_id_t mode, const tutor_t *tutor, store_done_fn *fn,
                   void *fn_self);

//  Read everything again (after STORE_STALE); ends in loaded for every mode, then state READY.
void
store_redis_reload (store_redis_t *self);

//  Small things, sent and forgotten; E_CLOSED while not READY.
int
store_redis_scale (store_redis_t *self, mode_id_t mode, const char *instrument, const image_t *image);
int
store_redis_bias (store_redis_t *self, const bias_t *bias);

//  A frame of the full map as it is now (not of the time before the start): kept in short (store_map.h) when it is time, now or as soon as the store is READY.
void
store_redis_map (store_redis_t *self, const map_frame_t *frame);

//  Prices not yet acknowledged, of all instruments: the store pulls them from memory, up to 600 of each in
//  one call.  E_AGAIN while the call before is not answered.
int
store_redis_prices (store_redis_t *self, prices_t *const prices[]);

#endif
