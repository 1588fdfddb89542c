/*  settings - what an operator can set for the aggregator */

#ifndef LEADLINE_AGGREGATOR_SETTINGS_H
#define LEADLINE_AGGREGATOR_SETTINGS_H

#include "common/run/pipeline.h"

typedef struct {
    pipeline_t pipeline;
    char redis[ENDPOINT_MAX]; //  aggregator/redis
    char redis_prefix[32];    //  aggregator/redis_prefix
    int64_t lease_ms;         //  aggregator/lease_ms
} settings_t;

extern const option_t aggregator_options[];
extern const size_t aggregator_options_count;

#endif
