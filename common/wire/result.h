/*  result - what Leadline concludes: readings, ticks, biases, outcomes, health, metrics, beats
 *
 *  Results travel as msgpack maps with readable keys (a beat: a positional array), so that any language
 *  decodes them without our code.  SCHEMA.md is generated from the rows in result.c.
 *
 *  Every result starts with a result_head_t; the bus fills schema, kind, source, engine, publisher, boot, seq
 *  when it sends.  Times are ms since the epoch; pct are percent. */

#ifndef LEADLINE_RESULT_H
#define LEADLINE_RESULT_H

#include "common/wire/event.h"
#include "common/wire/mode.h"
#include "common/wire/topic.h"

#define LEADLINE_ENGINE "0.1.0"
enum { WIRE_SCHEMA = 1, SLUG_MAX = 40, CATALOGUE_HASH_MAX = 20, CARDS_MAX = 256, CATEGORIES_MAX = 32 };

typedef enum { SOURCE_LIVE, SOURCE_SIM } source_t;
extern const char *const source_names[]; //  "live", "sim"

typedef struct {
    int32_t schema;
    char kind[16];
    int32_t source; //  source_t
    char engine[16];
    char publisher[PUBLISHER_NAME_MAX];
    int64_t boot; //  start of the publisher, ms since the epoch: a new one starts all sequences anew
    int64_t seq;  //  per (publisher, boot, topic), from 1
} result_head_t;

//  State of a card, category or bias (methods C3); the word is what people see.
typedef enum {
    STATE_WARMUP, //  not enough clean input yet
    STATE_STALE,  //  its input has stopped or is not there; reason says which
    STATE_NEUTRAL,
    STATE_BULLISH,
    STATE_STRONGLY_BULLISH,
    STATE_BEARISH,
    STATE_STRONGLY_BEARISH
} state_t;
extern const char *const state_names[]; //  "warmup", "stale", "neutral", "bullish", "strongly bullish", ...

typedef enum { PHASE_STEADY, PHASE_ACCELERATING, PHASE_DECELERATING } phase_t;
extern const char *const phase_names[];

enum { VOTE_1M, VOTE_5M, VOTE_1H, VOTE_COUNT };
typedef struct {
    double vote[VOTE_COUNT]; //  direction at 1m, 5m, 1h in [-1, 1]; NaN: no vote
} votes_t;

//  One card's output.
typedef struct {
    char card[SLUG_MAX];
    char category[SLUG_MAX];
    double direction;  //  [-1, 1], sign of the card already applied; 0 when silent
    double strength;   //  [0, 1]
    double confidence; //  [0, 1]
    votes_t votes;
    double agreement_pct; //  NaN: fewer than one vote
    bool is_conflicted;
    int32_t state; //  state_t
    int64_t since_ms;
    char transition[40]; //  "neutral>bullish" in the evaluation in which it happened, else ""
    int32_t phase;
    double raw;      //  at the mode's primary window; NaN: none
    double sigma;    //  what raw was divided by; NaN: none
    double n_eff;    //  effective observations behind sigma
    double age_s;    //  of the oldest required input; NaN: never seen
    char reason[64]; //  why it is silent, "" when it speaks
} card_reading_t;

//  v1.reading.<mode>.<instrument>.: all cards of one instrument and mode, one evaluation.
typedef struct {
    result_head_t head;
    char instrument[INSTRUMENT_NAME_MAX];
    int32_t mode;  //  mode_id_t
    int64_t ts_ms; //  evaluation time T
    char catalogue[CATALOGUE_HASH_MAX];
    double price_px;   //  mid of the reference feed; NaN: none
    double outcome_px; //  methods D2's price: mean of the mark and the OI-weighted median mid; NaN: none
    double sigma;      //  volatility of log price per square root of a second, methods D2's; NaN: none
    char reference_venue[VENUE_NAME_MAX];
    double coverage_pct; //  share of expected feeds that flow
    card_reading_t *cards;
    size_t cards_count;
} reading_t;

//  v1.tick.<shard>.: evaluation T is done in this shard.
typedef struct {
    result_head_t head;
    char shard[16];                    //  "1/2"
    int32_t shard_index, shards_count; //  from 1
    int64_t ts_ms;
    int32_t instruments_count; //  readings published for, of this shard
    char missing[160];         //  venues gone without, "" when all beats were there
    int64_t close_ns;          //  receive time of the frame that closed T (latency is measured from it)
} tick_t;

typedef struct {
    char category[SLUG_MAX];
    double points;        //  of the bias; all points add up to it
    double score;         //  S_c [-1, 1]
    double sigma;         //  its usual size, floored: x = clip (score / sigma, -3, 3)
    double x;             //  S_c on the common scale, [-3, 3]
    double confidence;    //  C_c [0, 1]
    double weight;        //  share, all weights add up to 1
    double agreement_pct; //  NaN when nothing speaks
    int32_t state;
    int32_t phase;
    char transition[40];
    bool is_overridden;
} category_bias_t;

typedef struct {
    char category[SLUG_MAX];
    char card[SLUG_MAX];
    char reason[64];
    double age_s;
} silent_t;

typedef enum { BASIS_UNCALIBRATED, BASIS_CALIBRATED } confidence_basis_t;

//  v1.bias.<mode>.<instrument>.
typedef struct {
    result_head_t head;
    char instrument[INSTRUMENT_NAME_MAX];
    int32_t mode;
    char catalogue[CATALOGUE_HASH_MAX];
    int64_t ts_ms;
    bool is_cycle; //  decided: the last evaluation of a cycle
    int32_t horizon_s;
    int64_t valid_until_ms;
    double price_px;
    double z;         //  Z; bias = 100 tanh (Z / 1.5)
    double sigma_r;   //  what R was divided by to get Z
    double bias;      //  -100..100
    double bias_prev; //  of the previous cycle; NaN: none
    int32_t state;
    char transition[40];
    int32_t phase;
    bool is_conflicted;
    double confidence_pct; //  calibrated chance that the sign is right; 50: no edge known
    int32_t confidence_basis;
    double n_eff;            //  outcomes behind the calibration
    int64_t outcomes_needed; //  until calibrated; 0 when it is
    double skill;            //  lower bound of the slope of y on Z, scaled to [0, 1] (methods C6)
    double evidence_pct, agreement_pct;
    double band_low_pct, band_high_pct; //  NaN: no band yet
    int64_t weights_version;
    bool is_redis_away;
    category_bias_t *categories;
    size_t categories_count;
    silent_t *silent;
    size_t silent_count;
} bias_t;

//  v1.outcome.<mode>.<instrument>.: a settled ledger row of one instrument.
typedef struct {
    result_head_t head;
    char instrument[INSTRUMENT_NAME_MAX];
    int32_t mode;
    int64_t ts_ms; //  decision time
    int64_t due_ms;
    double z, bias, confidence_pct; //  as decided
    double entry_px, exit_px;       //  NaN: void
    double y;                       //  volatility-scaled outcome, [-3, 3]; NaN: void
    char void_reason[48];           //  "" when settled
} outcome_t;

typedef enum {
    HEALTH_UNKNOWN,
    HEALTH_OK,
    HEALTH_SILENT,
    HEALTH_BROKEN,
    HEALTH_DISCONNECTED,
    HEALTH_ABSENT
} health_status_t;
extern const char *const health_status_names[];

//  v1.health.<kind>.<instrument>.<venue>.
typedef struct {
    result_head_t head;
    char event[16], instrument[INSTRUMENT_NAME_MAX], venue[VENUE_NAME_MAX];
    int64_t ts_ms;
    int32_t status;
    bool is_acknowledged;    //  the venue said the subscription stands
    double age_ms;           //  since the last event; NaN: none yet
    double expected_per_min; //  NaN: not known
    double seen_per_min;
    int32_t coverage;
    int64_t gaps_count, repaired_count, lost_count;
    double latency_p50_ms; //  receive time minus venue time; NaN: none yet
    double clock_skew_ms;  //  smallest such difference lately; NaN
    char message[128];
} health_t;

//  v1.metrics.<process>.: all counters and gauges of one process.
typedef struct {
    char name[64];    //  Prometheus name without labels
    char labels[160]; //  venue="binance",kind="trade" or ""
    int32_t type;     //  0 counter, 1 gauge
    double value;
    char help[120];
} metric_value_t;

typedef struct {
    result_head_t head;
    char process[PUBLISHER_NAME_MAX];
    int64_t ts_ms;
    metric_value_t *values;
    size_t values_count;
} metrics_message_t;

//  v1.beat.<publisher>.: last seq of every topic, and how far in time the publisher has spoken.
typedef struct {
    char topic[TOPIC_TEXT_MAX];
    int64_t seq;
} beat_topic_t;

typedef struct {
    result_head_t head;
    int64_t ts_ns;        //  when it was sent
    int64_t ts_spoken_ns; //  everything received up to here has been published
    int64_t universe_hash;
    beat_topic_t *topics;
    size_t topics_count;
} beat_t;

//  The table of a result kind (not TOPIC_EVENT).
const field_table_t *
result_table (topic_kind_t kind);

#endif
