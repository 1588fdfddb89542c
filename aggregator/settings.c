#include "aggregator/settings.h"
#include "common/base/check.h"

const option_t aggregator_options[] = {
    PIPELINE_OPTIONS (settings_t, pipeline),
    OPTION (settings_t, redis, "aggregator/redis", OPTION_TEXT, "unix:run/redis.sock", 0, 0,
            "Redis that keeps weights and outcomes: unix:PATH or tcp:HOST:PORT."),
    OPTION (settings_t, redis_prefix, "aggregator/redis_prefix", OPTION_TEXT, "leadline", 0, 0,
            "First part of every key, so that two instances can share a Redis."),
    OPTION (settings_t, lease_ms, "aggregator/lease_ms", OPTION_I64, "15000", 6000, 600000,
            "How long a dead aggregator keeps another one from taking over."),
};

const size_t aggregator_options_count = COUNT_OF (aggregator_options);
