#include "cards/settings.h"

#include "common/base/check.h"

const option_t cards_options[] = {
    PIPELINE_OPTIONS (cards_settings_t, pipeline),
    OPTION (cards_settings_t, interval_ms, "cards/interval_ms", OPTION_I64, "1000", 0, 60000,
            "Milliseconds between evaluations; 0 evaluates an instrument whenever events of it have come."),
    OPTION (cards_settings_t, pace_ms, "cards/pace_ms", OPTION_I64, "100", 0, 60000,
            "With interval_ms 0: how long an instrument rests between two evaluations, so that those who "
            "read them "
            "keep up."),
    OPTION (cards_settings_t, late_ms, "cards/late_ms", OPTION_I64, "250", 0, 10000,
            "How long after the time of an evaluation a venue's beat is waited for (wall clock)."),
    OPTION (cards_settings_t, history_wait_ms, "cards/history_wait_ms", OPTION_I64, "15000", 0, 600000,
            "How long an instrument waits for the history its venues fetch at start."),
};

const size_t cards_options_count = COUNT_OF (cards_options);
