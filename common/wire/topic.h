/*  topic - the names of messages; the only file that spells one is topic.c
 *
 *      v1.event.<kind>.<instrument>.<venue>.     v1.beat.<publisher>.
 *      v1.reading.<mode>.<instrument>.           v1.tick.<shard>.
 *      v1.bias.<mode>.<instrument>.              v1.outcome.<mode>.<instrument>.
 *      v1.health.<kind>.<instrument>.<venue>.    v1.metrics.<process>.
 *      v1.map.<instrument>.                      v1.map.<instrument>.<model>.   (models other than the full one)
 *
 *  The final dot keeps BTCUSD. from matching BTCUSDT.  "v1" is the prefix, a setting. */

#ifndef LEADLINE_TOPIC_H
#define LEADLINE_TOPIC_H

#include "common/wire/event.h"
#include "common/wire/mode.h"

typedef enum {
    TOPIC_EVENT,
    TOPIC_BEAT,
    TOPIC_READING,
    TOPIC_TICK,
    TOPIC_BIAS,
    TOPIC_OUTCOME,
    TOPIC_HEALTH,
    TOPIC_METRICS,
    TOPIC_MAP,
    TOPIC_KIND_COUNT
} topic_kind_t;

enum { TOPIC_TEXT_MAX = 128, PUBLISHER_NAME_MAX = 32 };

typedef struct {
    topic_kind_t kind;
    event_kind_t event;                   //  EVENT, HEALTH
    mode_id_t mode;                       //  READING, BIAS, OUTCOME
    char instrument[INSTRUMENT_NAME_MAX]; //  EVENT, HEALTH, READING, BIAS, OUTCOME, MAP
    //  venue (EVENT, HEALTH), publisher (BEAT), shard (TICK), process (METRICS), model (MAP; "": the full one)
    char name[PUBLISHER_NAME_MAX];
} topic_t;

//  Write the text.  out holds TOPIC_TEXT_MAX.  Returns the length.
size_t
topic_format (const topic_t *topic, const char *prefix, char *out);

//  Read one back.  E_SYNTAX for anything that format would not have written.
int
topic_parse (slice_t text, const char *prefix, topic_t *out);

//  The text that subscribes to all topics of a kind: "v1.bias."; for TOPIC_EVENT "v1.event.".
size_t
topic_filter (topic_kind_t kind, const char *prefix, char *out);

//  "event", "bias", ... NULL-terminated.
extern const char *const topic_kind_names[];

#endif
