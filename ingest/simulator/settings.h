/*  settings - options of the simulator */

#ifndef LEADLINE_SETTINGS_H
#define LEADLINE_SETTINGS_H

#include "common/run/option.h"
#include "common/run/pipeline.h"

typedef struct {
    pipeline_t pipeline;
    int64_t ports[3]; //  in the order of protocols[]
    double speed, warm_speed;
    int64_t seed, clients, seconds, warm_minutes, history_days, queue_limit_kib;
    double activity, planted_ic, planted_horizon_s;
    bool is_random_walk;
    char truth_file[512], faults[4096], recording[512];
    int32_t recording_venue; //  index into protocols[]
    double recording_speed;
} settings_t;

extern const option_t settings_rows[];
extern const size_t settings_rows_count;

#endif
