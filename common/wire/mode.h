/*  mode - the three horizons a bias is made for, and their constants (methods section 0) */

#ifndef LEADLINE_MODE_H
#define LEADLINE_MODE_H

#include <stdint.h>

#include "common/base/slice.h"

typedef enum { MODE_SCALP, MODE_DAY, MODE_SWING, MODE_COUNT } mode_id_t;

typedef struct {
    const char *name;         //  "scalp": topics, keys, pages
    int32_t cycle_s;          //  a bias is marked as decided this often
    int32_t horizon_s;        //  outcome horizon H
    int32_t primary_s;        //  primary window Wp
    double blend[3];          //  of the 1m, 5m, 1h votes; sums to 1
    double normaliser_half_s; //  half-life of sigma and median
    double sketch_half_s;     //  half-life of the percentile sketch
    int32_t ledger_step_s;    //  a ledger row is registered this often
    double overlap_weight;    //  of one outcome: ledger_step / horizon
    double n0;                //  effective observations at which f_n is one half
    double learner_half_days; //  half-life of the ridge sums
} mode_info_t;

//  Never NULL for a valid id.
const mode_info_t *
mode_info (mode_id_t id);

//  Returns OK or E_ABSENT.
int
mode_parse (slice_t text, mode_id_t *out);

#endif
