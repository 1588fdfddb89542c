/*  settings - what can be set about cards */

#ifndef LEADLINE_CARDS_SETTINGS_H
#define LEADLINE_CARDS_SETTINGS_H

#include "common/run/pipeline.h"

typedef struct {
    pipeline_t pipeline;
    int64_t interval_ms;     //  0: evaluate whenever events have come
    int64_t pace_ms;         //  with interval_ms 0: least time between two of an instrument
    int64_t late_ms;         //  how long a beat is waited for
    int64_t history_wait_ms; //  how long an instrument waits for its REST history
} cards_settings_t;

extern const option_t cards_options[];
extern const size_t cards_options_count;

#endif
