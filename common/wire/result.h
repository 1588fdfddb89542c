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

//  --- v1.map.<instrument>.[<model>.]: the liquidation map (methods A, H)

enum {
    MAP_GROUPS = 5,      //  of leverage: up to 7.5, 10-15, 20-33, 50, 75-125
    MAP_COMPONENTS = 13, //  of the leverage mixture: 2 3 5 7.5 10 15 20 25 33 50 75 100 125
    MAP_STEP_BP = 10,    //  rows of a frame, in basis points of log price
    MAP_ROWS_MAX = 401,  //  the row of the mark and 200 to either side: 20 % of log price
    MAP_CLUSTERS_MAX = 20
};
typedef enum { MAP_MODEL_FULL, MAP_MODEL_LADDER } map_model_t;
extern const char *const map_model_names[]; //  "full", "ladder"
extern const char *const map_side_names[];  //  "long", "short": whose positions
typedef enum { MAP_SIDE_LONG, MAP_SIDE_SHORT } map_side_t;

//  Notional of one group of leverage by row.  Row r holds log prices [(first_row + r) step, (first_row + r + 1)
//  step); what stands after the last number is 0.
typedef struct {
    double leverage_from, leverage_to;
    float *long_usd;
    size_t long_count;
    float *short_usd;
    size_t short_count;
} map_group_t;

//  What one venue adds to the map.
typedef struct {
    char venue[VENUE_NAME_MAX];
    int32_t prints;   //  coverage_t of its liquidation feed
    bool is_live;     //  it counts: marks and trades flow
    double oi_usd;    //  NaN: unknown
    double oi_age_s;  //  NaN: unknown
    double opening_p; //  share of taker flow that opens positions, smoothed
    double long_usd;  //  mass of its book, beyond the frame too
    double short_usd;
    double divergence_pct; //  Wasserstein distance of its map to that of the others, % of price; NaN: alone
    map_group_t *groups;   //  in column frames: its own rows
    size_t groups_count;
} map_venue_t;

typedef struct {
    double low_px, high_px;
    int32_t side; //  map_side_t
    double usd, usd_p10, usd_p90;
    float *groups_usd; //  by group of leverage
    size_t groups_count;
} map_cluster_t;

//  Mass between the mark and so many percent from it.
typedef struct {
    double distance_pct;
    double long_usd, short_usd;
} map_cumulative_t;

//  Liquidations printed in the minute of a column, of one venue and side.
typedef struct {
    char venue[VENUE_NAME_MAX];
    int32_t side; //  map_side_t
    double px;    //  mean by size
    double usd;
    int64_t count;
    int32_t coverage; //  coverage_t: sampled feeds show at most one a second
} map_print_t;

typedef struct {
    result_head_t head;
    char instrument[INSTRUMENT_NAME_MAX];
    int32_t model; //  map_model_t
    int64_t ts_ms;
    bool is_column; //  closes a minute: kept for the heatmap, carries venues' groups, candle and prints
    double mark_px; //  of the reference
    int64_t first_row;
    double first_px; //  lower edge of row 0: exp (first_row step)
    int32_t step_bp; //  MAP_STEP_BP
    int32_t rows_count;
    map_group_t *groups; //  MAP_GROUPS, summed over venues
    size_t groups_count;
    map_cluster_t *clusters; //  largest first
    size_t clusters_count;
    map_cumulative_t *cumulative; //  1 2 3 5 10 %
    size_t cumulative_count;
    double pain_long_px,
        pain_long_usd; //  max pain below: where most longs would go, weighted by reach; NaN: none
    double pain_short_px, pain_short_usd;
    double long_usd, short_usd; //  whole mass, beyond the frame too
    map_venue_t *venues;
    size_t venues_count;
    double oi_coverage_pct; //  share of the venues, by open interest, whose open interest is fresh
    double confidence_pct;  //  coverage x history; says nothing about the price
    char reason[96];        //  what lowers it, "" nothing
    double leverage_mean;   //  of the mass, harmonic; NaN: no mass
    float *theta;           //  learned read-time correction by component (methods A7)
    size_t theta_count;
    double score_vs_ladder;            //  log-likelihood per hour over the classic ladder; NaN: not yet
    double score_low, score_high;      //  its 95 % interval; NaN: not yet
    double score_hours;                //  behind it
    double predicted_usd, printed_usd; //  mass swept and liquidations seen in those hours (un-throttled)
    double open_px, high_px, low_px, close_px, volume_usd; //  candle of the minute of a column; NaN elsewhere
    map_print_t *prints;
    size_t prints_count;
    bool is_reconstructed; //  a column made of candles at start, for a time that was not listened to
} map_frame_t;

//  The table of a result kind (not TOPIC_EVENT).
const field_table_t *
result_table (topic_kind_t kind);

#endif
