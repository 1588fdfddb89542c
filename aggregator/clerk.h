/*  clerk - the ledger of all modes and what is learned from it, whatever Redis does
 *
 *  Memory holds the last state Redis has acknowledged; every settlement is worked out on a copy, sent, and
 *  becomes the state only with its acknowledgement.  So memory and Redis cannot drift apart, and memory can
 *  restore Redis.
 *
 *      row registered --> queue --ack--> ledger --due--> settled on a copy --ack--> state, outcomes published
 *
 *  Redis away, full, or another aggregator in charge: the queue keeps rows (CLERK_QUEUE_MAX of them, the
 *  oldest go first and are counted), the ledger waits, weights stand still.  Back again: everything is read
 *  anew, rows that Redis lost are registered again, queued rows follow, then what is due is settled in order.
 *
 *  Time is that of the ticks (clerk_advance). */

#ifndef LEADLINE_AGGREGATOR_CLERK_H
#define LEADLINE_AGGREGATOR_CLERK_H

#include "aggregator/store_redis.h"

enum { CLERK_QUEUE_MAX = 2000 };

typedef struct clerk clerk_t;

typedef struct {
    void (*outcome) (void *self, outcome_t *outcome); //  settled and acknowledged; head not filled
    void (*scale) (void *self, mode_id_t mode, const char *instrument, const image_t *image);
    void *self;
} clerk_events_t;

//  What a bias is made with.
typedef struct {
    const double *weights; //  per category of the roster, sum 1
    uint32_t overridden;
    int64_t version;
    const calibration_fit_t *fit;
} clerk_weights_t; //  borrowed until the next call of clerk_advance, clerk_set_roster or the loop

//  prices[universe->count]: kept, filled by the caller and from Redis.
clerk_t *
clerk_new (loop_t *loop, const store_options_t *options, const universe_t *universe, prices_t *const prices[],
           const clerk_events_t *events, metrics_t *metrics, error_text_t *error);
void
clerk_destroy (clerk_t **self);

void
clerk_set_roster (clerk_t *self, const roster_t *roster, const char *catalogue);

void
clerk_weights (const clerk_t *self, mode_id_t mode, size_t instrument, clerk_weights_t *out);

//  Weights are frozen and rows wait.
bool
clerk_is_frozen (const clerk_t *self);

store_state_t
clerk_state (const clerk_t *self);

//  Time of the newest row known to be registered or queued; 0 none.
int64_t
clerk_last_registered_ms (const clerk_t *self, mode_id_t mode);

//  Takes a row, to be registered.  Rows of a mode come in ascending time.
void
clerk_register (clerk_t *self, mode_id_t mode, ledger_row_t *row);

//  The ticks have reached now_ms: settle what is due, write prices, end overrides.
void
clerk_advance (clerk_t *self, int64_t now_ms);

//  For people and restarts; but for maps nothing happens while Redis cannot be written.
void
clerk_keep_bias (clerk_t *self, const bias_t *bias);
//  At most one in ten seconds is written; the newest waits for Redis.
void
clerk_keep_map (clerk_t *self, const map_frame_t *frame);
void
clerk_keep_scale (clerk_t *self, mode_id_t mode, const char *instrument, const image_t *image);

//  For tests and pages: the acknowledged state.
const tutor_t *
clerk_tutor (const clerk_t *self, mode_id_t mode);
size_t
clerk_queued (const clerk_t *self, mode_id_t mode);
size_t
clerk_waiting (const clerk_t *self, mode_id_t mode);

#endif
