#include "aggregator/store_keys.h"
#include "common/base/check.h"

#include <stdio.h>

typedef enum { FORM_PLAIN, FORM_MODE, FORM_ROW, FORM_INSTRUMENT, FORM_PRICE, FORM_MAP } form_t;

static const struct {
    const char *name;
    form_t form;
} keys[KEY_COUNT] = {
    [KEY_README] = {"readme", FORM_PLAIN},
    [KEY_EPOCH] = {"epoch", FORM_PLAIN},
    [KEY_LEASE] = {"lease", FORM_MODE},
    [KEY_FENCE] = {"fence", FORM_MODE},
    [KEY_DUE] = {"due", FORM_MODE},
    [KEY_LAST_REGISTERED] = {"last_registered", FORM_MODE},
    [KEY_ROW] = {"row", FORM_ROW},
    [KEY_WEIGHTS] = {"weights", FORM_INSTRUMENT},
    [KEY_META] = {"weights_meta", FORM_INSTRUMENT},
    [KEY_BETA] = {"beta", FORM_INSTRUMENT},
    [KEY_LEARNER] = {"learner", FORM_INSTRUMENT},
    [KEY_BOA] = {"boa", FORM_INSTRUMENT},
    [KEY_CALIBRATION] = {"calibration", FORM_INSTRUMENT},
    [KEY_HISTORY] = {"history", FORM_INSTRUMENT},
    [KEY_SCALE] = {"scale", FORM_INSTRUMENT},
    [KEY_BIAS] = {"bias", FORM_INSTRUMENT},
    [KEY_OVERRIDE] = {"override", FORM_INSTRUMENT},
    [KEY_PRICE] = {"price", FORM_PRICE},
    [KEY_MAP_TOP] = {"top", FORM_MAP},
    [KEY_MAP_CUMULATIVE] = {"cumulative", FORM_MAP},
};

void
store_key (const char *prefix, store_key_t key, mode_id_t mode, const char *instrument, int64_t t_ms,
           char *out)
{
    CHECK ((unsigned) key < KEY_COUNT);
    const char *name = keys[key].name, *mode_name = mode_info (mode)->name;
    switch (keys[key].form) {
    case FORM_PLAIN:
        snprintf (out, STORE_KEY_MAX, "%s:%s", prefix, name);
        break;
    case FORM_MODE:
        snprintf (out, STORE_KEY_MAX, "%s:%s:%s", prefix, name, mode_name);
        break;
    case FORM_ROW:
        snprintf (out, STORE_KEY_MAX, "%s:%s:%s:%lld", prefix, name, mode_name, (long long) t_ms);
        break;
    case FORM_INSTRUMENT:
        snprintf (out, STORE_KEY_MAX, "%s:%s:%s:%s", prefix, name, mode_name,
                  instrument ? instrument : "POOL");
        break;
    case FORM_PRICE:
        snprintf (out, STORE_KEY_MAX, "%s:%s:%s", prefix, name, instrument);
        break;
    case FORM_MAP:
        snprintf (out, STORE_KEY_MAX, "%s:map:%s:%s", prefix, instrument, name);
        break;
    }
}

const char store_readme[] =
    "Leadline keeps here what must outlive its processes.  Plain numbers, one value a field: HGETALL shows "
    "all.\n"
    "weights:<mode>:<instrument|POOL>       hash  category -> its share of the bias, descending, sum 1\n"
    "weights_meta:<mode>:<instrument|POOL>  hash  version, outcomes behind it (n_eff), state, bounds, brier, "
    "ece\n"
    "beta:<mode>:<instrument|POOL>          hash  category -> slope of the outcome on it, category:se -> its "
    "error\n"
    "learner:<mode>:<instrument|POOL>       hash  decayed sums the slopes are made of (ridge half of the "
    "weights)\n"
    "boa:<mode>:<instrument|POOL>           hash  regrets of the expert half of the weights\n"
    "calibration:<mode>:<instrument>        hash  wins and totals over cells of Z; claims and hits over "
    "percent\n"
    "scale:<mode>:<instrument>              hash  usual sizes of the category scores and of their weighted "
    "sum\n"
    "due:<mode>  row:<mode>:<t>             zset, hash  decisions that wait for their outcome; score: due, "
    "ms\n"
    "last_registered:<mode>                 string  time of the newest such row; older ones are refused\n"
    "history:<mode>:<instrument|POOL>       stream  weights as they changed\n"
    "price:<instrument>                     stream  price outcomes are measured with, id: ms, 26 h\n"
    "bias:<mode>:<instrument>               hash  the last decided bias\n"
    "map:<instrument>:top                   hash  the ten largest liquidation clusters: price -> USD, whose "
    "positions, leverage\n"
    "map:<instrument>:cumulative            hash  long:<n>, short:<n> -> USD that would be liquidated within "
    "n %, "
    "below and above\n"
    "override:<mode>:<instrument>           hash  YOURS TO WRITE: category -> multiplier of its weight, "
    "expires -> ms\n"
    "lease:<mode>  fence:<mode>  epoch      who settles now; do not touch\n";
