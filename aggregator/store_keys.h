/*  store_keys - the names of everything Leadline keeps in Redis, and what they hold
 *
 *      <prefix>:readme                                    what the keys are
 *      <prefix>:epoch                                     there is a state; gone: Redis was wiped
 *      <prefix>:lease:<mode>  :fence:<mode>               who settles, and since when
 *      <prefix>:weights:<mode>:<instrument|POOL>          and :weights_meta: :beta: :learner: :boa:
 *      <prefix>:calibration:<mode>:<instrument>  :scale:  :bias:  :override:
 *      <prefix>:history:<mode>:<instrument|POOL>          stream of weights
 *      <prefix>:due:<mode>  :row:<mode>:<t>  :last_registered:<mode>
 *      <prefix>:price:<instrument>                        stream
 *      <prefix>:map:<instrument>:top  :cumulative         the liquidation map in short */

#ifndef LEADLINE_AGGREGATOR_STORE_KEYS_H
#define LEADLINE_AGGREGATOR_STORE_KEYS_H

#include <stdint.h>

#include "common/wire/mode.h"
#include "common/wire/universe.h"

enum { STORE_KEY_MAX = 128, STORE_PREFIX_MAX = 32 };

typedef enum {
    KEY_README,
    KEY_EPOCH,
    KEY_LEASE,           //  mode
    KEY_FENCE,           //  mode
    KEY_DUE,             //  mode
    KEY_LAST_REGISTERED, //  mode
    KEY_ROW,             //  mode, t
    KEY_WEIGHTS,         //  mode, instrument or NULL for the pool
    KEY_META,
    KEY_BETA,
    KEY_LEARNER,
    KEY_BOA,
    KEY_CALIBRATION,
    KEY_HISTORY,
    KEY_SCALE,
    KEY_BIAS,
    KEY_OVERRIDE,
    KEY_PRICE, //  instrument
    KEY_MAP_TOP,
    KEY_MAP_CUMULATIVE,
    KEY_COUNT
} store_key_t;

//  Write a key.  Arguments a key does not use are ignored.  out holds STORE_KEY_MAX.
void
store_key (const char *prefix, store_key_t key, mode_id_t mode, const char *instrument, int64_t t_ms,
           char *out);

//  The text of <prefix>:readme.
extern const char store_readme[];

#endif
