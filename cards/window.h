/*  window - the windows cards look through, and the buckets they are made of
 *
 *  Five distinct windows serve the votes (1m, 5m, 1h) and the primary windows of the modes (1m, 15m, 4h).
 *  A (mode, window) pair that is scored is a slot: 1m 5m 1h for scalp, 1m 5m 15m 1h for day, 1m 5m 1h 4h for
 *  swing.
 *
 *  Buckets are aligned to the epoch; bucket k of size b holds what arrived in ((k-1)b, kb].  A window of N
 *  buckets at time T covers the bucket of T (still open unless T is on the grid) and the N-1 before it.
 *  bk(W): 1 s (1m), 5 s (5m), 60 s (15m, 1h), 900 s (4h). */

#ifndef LEADLINE_WINDOW_H
#define LEADLINE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/mode.h"

typedef enum { W_1M, W_5M, W_15M, W_1H, W_4H, W_COUNT } window_id_t;
typedef enum { BUCKET_1S, BUCKET_5S, BUCKET_60S, BUCKET_900S, BUCKET_COUNT } bucket_id_t;

enum { SLOT_COUNT = 11 };

typedef struct {
    mode_id_t mode;
    window_id_t id;
    int32_t seconds;
    int32_t slot;    //  0..SLOT_COUNT-1, unique per (mode, id)
    bool is_primary; //  of its mode
} window_t;

//  A run of buckets.
typedef struct {
    bucket_id_t bucket;
    int32_t count;
} span_t;

extern const int32_t window_seconds[W_COUNT];      //  60 300 900 3600 14400
extern const int32_t bucket_seconds[BUCKET_COUNT]; //  1 5 60 900

//  The slots of a mode, in the order 1m, 5m, 1h, primary if it is none of these.
const window_t *
window_slots (mode_id_t mode, int *count);

//  All SLOT_COUNT of them; index = slot.
const window_t *
window_all (void);

bucket_id_t
window_bucket (window_id_t id);

//  numerator/denominator windows long, in buckets of bk(W): window_span (W_1H, 4, 1) is 240 of 60 s;
//  window_span (W_1M, 1, 2) is 30 of 1 s.  CHECKs that it is at least one bucket (4W of 4h is 64 of 900 s).
span_t
window_span (window_id_t id, int32_t numerator, int32_t denominator);

#endif
