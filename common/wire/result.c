#include "common/wire/result.h"
#include "common/base/check.h"

const char *const source_names[] = {"live", "sim", NULL};
const char *const state_names[] = {"warmup",           "stale",   "neutral",          "bullish",
                                   "strongly bullish", "bearish", "strongly bearish", NULL};
const char *const phase_names[] = {"steady", "accelerating", "decelerating", NULL};
const char *const health_status_names[] = {"unknown",      "ok",     "silent", "broken",
                                           "disconnected", "absent", NULL};
static const char *const basis_names[] = {"uncalibrated", "calibrated", NULL};
static const char *const metric_names[] = {"counter", "gauge", NULL};
const char *const map_model_names[] = {"full", "ladder", NULL};
const char *const map_side_names[] = {"long", "short", NULL};
static const char *const mode_names[] = {"scalp", "day", "swing", NULL};

#define TIME_MS_MAX 9e15
#define ANY_MAX     1e15

// clang-format off
static const field_t head_fields[] = {
    FIELD (FIELD_I32, result_head_t, schema, "schema", "", 0, 1e6, "version of this schema"),
    FIELD (FIELD_TEXT, result_head_t, kind, "kind", "", 0, 0, "what this message is"),
    FIELD_WORD (result_head_t, source, "source", source_names, "from real exchanges, or from the simulator"),
    FIELD (FIELD_TEXT, result_head_t, engine, "engine", "", 0, 0, "version of the program"),
    FIELD (FIELD_TEXT, result_head_t, publisher, "publisher", "", 0, 0, "who sent it"),
    FIELD (FIELD_I64, result_head_t, boot, "boot", "ms", 0, TIME_MS_MAX, "when the publisher started"),
    FIELD (FIELD_I64, result_head_t, seq, "seq", "", 0, 9e18, "counts per publisher, boot and topic"),
};
static const field_table_t head_table = FIELD_TABLE ("head", result_head_t, head_fields);
#define HEAD(struct_) FIELD_INNER (struct_, head, "", &head_table, "who says it")

static const field_t vote_fields[] = {
    FIELD_OPTIONAL (FIELD_F64, votes_t, vote[VOTE_1M], "1m", "", -1, 1, "direction at one minute"),
    FIELD_OPTIONAL (FIELD_F64, votes_t, vote[VOTE_5M], "5m", "", -1, 1, "at five minutes"),
    FIELD_OPTIONAL (FIELD_F64, votes_t, vote[VOTE_1H], "1h", "", -1, 1, "at one hour"),
};
static const field_table_t votes_table = FIELD_TABLE ("votes", votes_t, vote_fields);

static const field_t card_fields[] = {
    FIELD (FIELD_TEXT, card_reading_t, card, "card", "", 0, 0, "the card's slug"),
    FIELD (FIELD_TEXT, card_reading_t, category, "category", "", 0, 0, "its category"),
    FIELD (FIELD_F64, card_reading_t, direction, "direction", "", -1, 1, "up is positive; 0 when silent"),
    FIELD (FIELD_F64, card_reading_t, strength, "strength", "", 0, 1, "how unusual"),
    FIELD (FIELD_F64, card_reading_t, confidence, "confidence", "", 0, 1, "how far its inputs can be trusted"),
    FIELD_INNER (card_reading_t, votes, "votes", &votes_table, "direction by window"),
    FIELD_OPTIONAL (FIELD_F64, card_reading_t, agreement_pct, "agreement_pct", "%", 0, 100, "of the votes"),
    FIELD (FIELD_BOOL, card_reading_t, is_conflicted, "conflicted", "", 0, 0, "1m and 1h point apart"),
    FIELD_WORD (card_reading_t, state, "state", state_names, "state"),
    FIELD (FIELD_I64, card_reading_t, since_ms, "since_ms", "ms", 0, TIME_MS_MAX, "in this state since"),
    FIELD_OPTIONAL (FIELD_TEXT, card_reading_t, transition, "transition", "", 0, 0, "state change in this evaluation"),
    FIELD_WORD (card_reading_t, phase, "phase", phase_names, "phase"),
    FIELD_OPTIONAL (FIELD_F64, card_reading_t, raw, "raw", "", -ANY_MAX, ANY_MAX, "value of the formula at the primary window"),
    FIELD_OPTIONAL (FIELD_F64, card_reading_t, sigma, "sigma", "", 0, ANY_MAX, "its usual size"),
    FIELD (FIELD_F64, card_reading_t, n_eff, "n_eff", "", 0, ANY_MAX, "effective observations behind sigma"),
    FIELD_OPTIONAL (FIELD_F64, card_reading_t, age_s, "age_s", "s", 0, ANY_MAX, "of its oldest input"),
    FIELD_OPTIONAL (FIELD_TEXT, card_reading_t, reason, "reason", "", 0, 0, "why it is silent"),
};
static const field_table_t card_table = FIELD_TABLE ("card reading", card_reading_t, card_fields);

static const field_t reading_fields[] = {
    HEAD (reading_t),
    FIELD (FIELD_TEXT, reading_t, instrument, "instrument", "", 0, 0, "instrument"),
    FIELD_WORD (reading_t, mode, "mode", mode_names, "mode"),
    FIELD (FIELD_I64, reading_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "evaluation time"),
    FIELD (FIELD_TEXT, reading_t, catalogue, "catalogue", "", 0, 0, "hash of the cards and their formulas"),
    FIELD_OPTIONAL (FIELD_F64, reading_t, price_px, "price_px", "quote currency", 0, 1e12, "mid of the reference venue"),
    FIELD_OPTIONAL (FIELD_F64, reading_t, outcome_px, "outcome_px", "quote currency", 0, 1e12, "price outcomes are measured with"),
    FIELD_OPTIONAL (FIELD_F64, reading_t, sigma, "sigma", "1/sqrt(s)", 0, 1e3, "volatility of the log price"),
    FIELD_OPTIONAL (FIELD_TEXT, reading_t, reference_venue, "reference_venue", "", 0, 0, "whose mid"),
    FIELD (FIELD_F64, reading_t, coverage_pct, "coverage_pct", "%", 0, 100, "share of expected feeds that flow"),
    FIELD_MANY (reading_t, cards, cards_count, "cards", &card_table, CARDS_MAX, "all cards"),
};
static const field_t tick_fields[] = {
    HEAD (tick_t),
    FIELD (FIELD_TEXT, tick_t, shard, "shard", "", 0, 0, "which, of how many"),
    FIELD (FIELD_I32, tick_t, shard_index, "shard_index", "", 1, 1e4, "from 1"),
    FIELD (FIELD_I32, tick_t, shards_count, "shards_count", "", 1, 1e4, "shards there are"),
    FIELD (FIELD_I64, tick_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "evaluation that is done"),
    FIELD (FIELD_I32, tick_t, instruments_count, "instruments_count", "", 0, UNIVERSE_MAX, "instruments evaluated"),
    FIELD_OPTIONAL (FIELD_TEXT, tick_t, missing, "missing", "", 0, 0, "venues that were not waited for"),
    FIELD (FIELD_I64, tick_t, close_ns, "close_ns", "ns", 0, 9e18, "arrival of the frame that closed it"),
};
static const field_t category_fields[] = {
    FIELD (FIELD_TEXT, category_bias_t, category, "category", "", 0, 0, "category"),
    FIELD (FIELD_F64, category_bias_t, points, "points", "", -1e5, 1e5, "its part of the bias; parts may cancel"),
    FIELD (FIELD_F64, category_bias_t, score, "score", "", -1, 1, "weighted mean of its cards"),
    FIELD (FIELD_F64, category_bias_t, sigma, "sigma", "", 0, 1, "its usual size: x = score / sigma within +-3"),
    FIELD (FIELD_F64, category_bias_t, x, "x", "", -3, 3, "the score on the scale common to all categories"),
    FIELD (FIELD_F64, category_bias_t, confidence, "confidence", "", 0, 1, "mean confidence of its cards"),
    FIELD (FIELD_F64, category_bias_t, weight, "weight", "", 0, 1, "its share"),
    FIELD_OPTIONAL (FIELD_F64, category_bias_t, agreement_pct, "agreement_pct", "%", 0, 100, "of its cards"),
    FIELD_WORD (category_bias_t, state, "state", state_names, "state"),
    FIELD_WORD (category_bias_t, phase, "phase", phase_names, "phase"),
    FIELD_OPTIONAL (FIELD_TEXT, category_bias_t, transition, "transition", "", 0, 0, "state change in this evaluation"),
    FIELD (FIELD_BOOL, category_bias_t, is_overridden, "overridden", "", 0, 0, "an operator changed its weight"),
};
static const field_table_t category_table = FIELD_TABLE ("category", category_bias_t, category_fields);
static const field_t silent_fields[] = {
    FIELD (FIELD_TEXT, silent_t, category, "category", "", 0, 0, "category"),
    FIELD (FIELD_TEXT, silent_t, card, "card", "", 0, 0, "card"),
    FIELD (FIELD_TEXT, silent_t, reason, "reason", "", 0, 0, "why it does not speak"),
    FIELD_OPTIONAL (FIELD_F64, silent_t, age_s, "age_s", "s", 0, ANY_MAX, "of its oldest input"),
};
static const field_table_t silent_table = FIELD_TABLE ("silent", silent_t, silent_fields);
static const field_t bias_fields[] = {
    HEAD (bias_t),
    FIELD (FIELD_TEXT, bias_t, instrument, "instrument", "", 0, 0, "instrument"),
    FIELD_WORD (bias_t, mode, "mode", mode_names, "mode"),
    FIELD (FIELD_TEXT, bias_t, catalogue, "catalogue", "", 0, 0, "hash of the cards and their formulas"),
    FIELD (FIELD_I64, bias_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "evaluation time"),
    FIELD (FIELD_BOOL, bias_t, is_cycle, "cycle", "", 0, 0, "decided: ends a cycle of its mode"),
    FIELD (FIELD_I32, bias_t, horizon_s, "horizon_s", "s", 1, 1e9, "how far ahead it looks"),
    FIELD (FIELD_I64, bias_t, valid_until_ms, "valid_until_ms", "ms", 0, TIME_MS_MAX, "stale after this"),
    FIELD_OPTIONAL (FIELD_F64, bias_t, price_px, "price_px", "quote currency", 0, 1e12, "price at that time"),
    FIELD (FIELD_F64, bias_t, z, "z", "", -1e6, 1e6, "weighted evidence in units of its usual size"),
    FIELD (FIELD_F64, bias_t, sigma_r, "sigma_r", "", 0, 1e6, "that usual size"),
    FIELD (FIELD_F64, bias_t, bias, "bias", "", -100, 100, "100 tanh (z / 1.5)"),
    FIELD_OPTIONAL (FIELD_F64, bias_t, bias_prev, "bias_prev", "", -100, 100, "of the cycle before"),
    FIELD_WORD (bias_t, state, "state", state_names, "state"),
    FIELD_OPTIONAL (FIELD_TEXT, bias_t, transition, "transition", "", 0, 0, "state change in this evaluation"),
    FIELD_WORD (bias_t, phase, "phase", phase_names, "phase"),
    FIELD (FIELD_BOOL, bias_t, is_conflicted, "conflicted", "", 0, 0, "1m and 1h point apart, or categories disagree"),
    FIELD (FIELD_F64, bias_t, confidence_pct, "confidence_pct", "%", 0, 100, "calibrated chance that the sign is right; 50 is none"),
    FIELD_WORD (bias_t, confidence_basis, "confidence_basis", basis_names, "is it calibrated yet"),
    FIELD (FIELD_F64, bias_t, n_eff, "n_eff", "", 0, ANY_MAX, "outcomes behind the confidence"),
    FIELD (FIELD_I64, bias_t, outcomes_needed, "outcomes_needed", "", 0, 1e9, "until it is calibrated"),
    FIELD (FIELD_F64, bias_t, skill, "skill", "", 0, 1, "lower bound of its measured edge"),
    FIELD (FIELD_F64, bias_t, evidence_pct, "evidence_pct", "%", 0, 100, "freshness x coverage x agreement"),
    FIELD (FIELD_F64, bias_t, agreement_pct, "agreement_pct", "%", 0, 100, "weighted share of categories on its side"),
    FIELD_OPTIONAL (FIELD_F64, bias_t, band_low_pct, "band_low_pct", "%", -1e3, 1e3, "return band"),
    FIELD_OPTIONAL (FIELD_F64, bias_t, band_high_pct, "band_high_pct", "%", -1e3, 1e3, "return band"),
    FIELD (FIELD_I64, bias_t, weights_version, "weights_version", "", 0, 9e18, "of the weights used"),
    FIELD (FIELD_BOOL, bias_t, is_redis_away, "redis_away", "", 0, 0, "weights are frozen: Redis cannot be reached"),
    FIELD_MANY (bias_t, categories, categories_count, "categories", &category_table, CATEGORIES_MAX, "every category"),
    FIELD_MANY (bias_t, silent, silent_count, "silent", &silent_table, CARDS_MAX, "cards that do not speak, and why"),
};
static const field_t outcome_fields[] = {
    HEAD (outcome_t),
    FIELD (FIELD_TEXT, outcome_t, instrument, "instrument", "", 0, 0, "instrument"),
    FIELD_WORD (outcome_t, mode, "mode", mode_names, "mode"),
    FIELD (FIELD_I64, outcome_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "when it was decided"),
    FIELD (FIELD_I64, outcome_t, due_ms, "due_ms", "ms", 0, TIME_MS_MAX, "when it was due"),
    FIELD (FIELD_F64, outcome_t, z, "z", "", -1e6, 1e6, "as decided"),
    FIELD (FIELD_F64, outcome_t, bias, "bias", "", -100, 100, "as decided"),
    FIELD (FIELD_F64, outcome_t, confidence_pct, "confidence_pct", "%", 0, 100, "as decided"),
    FIELD_OPTIONAL (FIELD_F64, outcome_t, entry_px, "entry_px", "quote currency", 0, 1e12, "price two seconds after"),
    FIELD_OPTIONAL (FIELD_F64, outcome_t, exit_px, "exit_px", "quote currency", 0, 1e12, "price when due"),
    FIELD_OPTIONAL (FIELD_F64, outcome_t, y, "y", "", -3, 3, "return in units of its expected size"),
    FIELD_OPTIONAL (FIELD_TEXT, outcome_t, void_reason, "void_reason", "", 0, 0, "why it does not count"),
};
static const field_t health_fields[] = {
    HEAD (health_t),
    FIELD (FIELD_TEXT, health_t, event, "event", "", 0, 0, "kind of event"),
    FIELD (FIELD_TEXT, health_t, instrument, "instrument", "", 0, 0, "instrument"),
    FIELD (FIELD_TEXT, health_t, venue, "venue", "", 0, 0, "venue"),
    FIELD (FIELD_I64, health_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "when"),
    FIELD_WORD (health_t, status, "status", health_status_names, "does it flow"),
    FIELD (FIELD_BOOL, health_t, is_acknowledged, "acknowledged", "", 0, 0, "the venue confirmed the subscription"),
    FIELD_OPTIONAL (FIELD_F64, health_t, age_ms, "age_ms", "ms", 0, ANY_MAX, "since the last event"),
    FIELD_OPTIONAL (FIELD_F64, health_t, expected_per_min, "expected_per_min", "1/min", 0, ANY_MAX, "usual rate"),
    FIELD (FIELD_F64, health_t, seen_per_min, "seen_per_min", "1/min", 0, ANY_MAX, "rate now"),
    FIELD_WORD (health_t, coverage, "coverage", coverage_names, "does the venue show everything"),
    FIELD (FIELD_I64, health_t, gaps_count, "gaps", "", 0, 9e18, "holes found"),
    FIELD (FIELD_I64, health_t, repaired_count, "repaired", "", 0, 9e18, "holes healed by a snapshot"),
    FIELD (FIELD_I64, health_t, lost_count, "lost", "", 0, 9e18, "messages that will not come back"),
    FIELD_OPTIONAL (FIELD_F64, health_t, latency_p50_ms, "latency_p50_ms", "ms", -ANY_MAX, ANY_MAX, "arrival minus venue time"),
    FIELD_OPTIONAL (FIELD_F64, health_t, clock_skew_ms, "clock_skew_ms", "ms", -ANY_MAX, ANY_MAX, "smallest such difference"),
    FIELD (FIELD_TEXT, health_t, message, "message", "", 0, 0, "for people"),
};
static const field_t map_group_fields[] = {
    FIELD (FIELD_F64, map_group_t, leverage_from, "leverage_from", "", 0, 1000, "effective leverage from"),
    FIELD (FIELD_F64, map_group_t, leverage_to, "leverage_to", "", 0, 1000, "to"),
    FIELD_SERIES (map_group_t, long_usd, long_count, "long_usd", "usd", 0, ANY_MAX, MAP_ROWS_MAX, "longs by row; 0 after the last"),
    FIELD_SERIES (map_group_t, short_usd, short_count, "short_usd", "usd", 0, ANY_MAX, MAP_ROWS_MAX, "shorts by row; 0 after the last"),
};
static const field_table_t map_group_table = FIELD_TABLE ("map group", map_group_t, map_group_fields);
static const field_t map_venue_fields[] = {
    FIELD (FIELD_TEXT, map_venue_t, venue, "venue", "", 0, 0, "venue"),
    FIELD_WORD (map_venue_t, prints, "prints", coverage_names, "what its liquidation feed shows"),
    FIELD (FIELD_BOOL, map_venue_t, is_live, "live", "", 0, 0, "its marks and trades flow"),
    FIELD_OPTIONAL (FIELD_F64, map_venue_t, oi_usd, "oi_usd", "usd", 0, ANY_MAX, "open interest, filtered"),
    FIELD_OPTIONAL (FIELD_F64, map_venue_t, oi_age_s, "oi_age_s", "s", 0, ANY_MAX, "its age"),
    FIELD (FIELD_F64, map_venue_t, opening_p, "opening_p", "", 0, 1, "share of taker flow that opens positions"),
    FIELD (FIELD_F64, map_venue_t, long_usd, "long_usd", "usd", 0, ANY_MAX, "longs of its book"),
    FIELD (FIELD_F64, map_venue_t, short_usd, "short_usd", "usd", 0, ANY_MAX, "shorts"),
    FIELD_OPTIONAL (FIELD_F64, map_venue_t, divergence_pct, "divergence_pct", "%", 0, 100, "distance of its map to the others', of price"),
    FIELD_MANY (map_venue_t, groups, groups_count, "groups", &map_group_table, MAP_GROUPS, "its own rows, in columns"),
};
static const field_table_t map_venue_table = FIELD_TABLE ("map venue", map_venue_t, map_venue_fields);
static const field_t map_cluster_fields[] = {
    FIELD (FIELD_F64, map_cluster_t, low_px, "low_px", "quote currency", 0, ANY_MAX, "from"),
    FIELD (FIELD_F64, map_cluster_t, high_px, "high_px", "quote currency", 0, ANY_MAX, "to"),
    FIELD_WORD (map_cluster_t, side, "side", map_side_names, "whose positions"),
    FIELD (FIELD_F64, map_cluster_t, usd, "usd", "usd", 0, ANY_MAX, "notional"),
    FIELD (FIELD_F64, map_cluster_t, usd_p10, "usd_p10", "usd", 0, ANY_MAX, "less in one case of ten"),
    FIELD (FIELD_F64, map_cluster_t, usd_p90, "usd_p90", "usd", 0, ANY_MAX, "more in one case of ten"),
    FIELD_SERIES (map_cluster_t, groups_usd, groups_count, "groups_usd", "usd", 0, ANY_MAX, MAP_GROUPS, "by group of leverage"),
};
static const field_table_t map_cluster_table = FIELD_TABLE ("map cluster", map_cluster_t, map_cluster_fields);
static const field_t map_cumulative_fields[] = {
    FIELD (FIELD_F64, map_cumulative_t, distance_pct, "distance_pct", "%", 0, 100, "from the mark to"),
    FIELD (FIELD_F64, map_cumulative_t, long_usd, "long_usd", "usd", 0, ANY_MAX, "longs below"),
    FIELD (FIELD_F64, map_cumulative_t, short_usd, "short_usd", "usd", 0, ANY_MAX, "shorts above"),
};
static const field_table_t map_cumulative_table = FIELD_TABLE ("map cumulative", map_cumulative_t, map_cumulative_fields);
static const field_t map_print_fields[] = {
    FIELD (FIELD_TEXT, map_print_t, venue, "venue", "", 0, 0, "venue"),
    FIELD_WORD (map_print_t, side, "side", map_side_names, "whose positions"),
    FIELD (FIELD_F64, map_print_t, px, "px", "quote currency", 0, ANY_MAX, "mean price by size"),
    FIELD (FIELD_F64, map_print_t, usd, "usd", "usd", 0, ANY_MAX, "notional printed"),
    FIELD (FIELD_I64, map_print_t, count, "count", "", 0, 9e18, "prints"),
    FIELD_WORD (map_print_t, coverage, "coverage", coverage_names, "does the feed show all"),
};
static const field_table_t map_print_table = FIELD_TABLE ("map print", map_print_t, map_print_fields);
static const field_t map_fields[] = {
    HEAD (map_frame_t),
    FIELD (FIELD_TEXT, map_frame_t, instrument, "instrument", "", 0, 0, "instrument"),
    FIELD_WORD (map_frame_t, model, "model", map_model_names, "full mixture, or classic ladder for comparison"),
    FIELD (FIELD_I64, map_frame_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "evaluation time"),
    FIELD (FIELD_BOOL, map_frame_t, is_column, "column", "", 0, 0, "closes a minute: kept for the heatmap"),
    FIELD (FIELD_F64, map_frame_t, mark_px, "mark_px", "quote currency", 0, ANY_MAX, "mark of the reference"),
    FIELD (FIELD_I64, map_frame_t, first_row, "first_row", "", -1e6, 1e6, "row 0 on the grid of log price"),
    FIELD (FIELD_F64, map_frame_t, first_px, "first_px", "quote currency", 0, ANY_MAX, "lower edge of row 0: exp (first_row step)"),
    FIELD (FIELD_I32, map_frame_t, step_bp, "step_bp", "bp", 1, 1000, "height of a row in log price"),
    FIELD (FIELD_I32, map_frame_t, rows_count, "rows", "", 0, MAP_ROWS_MAX, "rows"),
    FIELD_MANY (map_frame_t, groups, groups_count, "groups", &map_group_table, MAP_GROUPS, "notional by leverage, all venues"),
    FIELD_MANY (map_frame_t, clusters, clusters_count, "clusters", &map_cluster_table, MAP_CLUSTERS_MAX, "largest first"),
    FIELD_MANY (map_frame_t, cumulative, cumulative_count, "cumulative", &map_cumulative_table, 8, "mass by distance"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, pain_long_px, "pain_long_px", "quote currency", 0, ANY_MAX, "max pain of longs, below"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, pain_long_usd, "pain_long_usd", "usd", 0, ANY_MAX, "longs liquidated on the way there"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, pain_short_px, "pain_short_px", "quote currency", 0, ANY_MAX, "max pain of shorts, above"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, pain_short_usd, "pain_short_usd", "usd", 0, ANY_MAX, "shorts liquidated on the way there"),
    FIELD (FIELD_F64, map_frame_t, long_usd, "long_usd", "usd", 0, ANY_MAX, "all longs, beyond the rows too"),
    FIELD (FIELD_F64, map_frame_t, short_usd, "short_usd", "usd", 0, ANY_MAX, "all shorts"),
    FIELD_MANY (map_frame_t, venues, venues_count, "venues", &map_venue_table, 16, "what each venue adds"),
    FIELD (FIELD_F64, map_frame_t, oi_coverage_pct, "oi_coverage_pct", "%", 0, 100, "venues with fresh open interest"),
    FIELD (FIELD_F64, map_frame_t, confidence_pct, "confidence_pct", "%", 0, 100, "coverage x history"),
    FIELD_OPTIONAL (FIELD_TEXT, map_frame_t, reason, "reason", "", 0, 0, "what lowers it"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, leverage_mean, "leverage_mean", "", 0, 1000, "harmonic mean of the mass"),
    FIELD_SERIES (map_frame_t, theta, theta_count, "theta", "", 0, 100, MAP_COMPONENTS, "learned correction by leverage 2 3 5 7.5 10 15 20 25 33 50 75 100 125"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, score_vs_ladder, "score_vs_ladder", "nats/h", -ANY_MAX, ANY_MAX, "log-likelihood of prints over the ladder's"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, score_low, "score_low", "nats/h", -ANY_MAX, ANY_MAX, "lower end of its 95 % interval"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, score_high, "score_high", "nats/h", -ANY_MAX, ANY_MAX, "upper end"),
    FIELD (FIELD_F64, map_frame_t, score_hours, "score_hours", "h", 0, ANY_MAX, "hours behind it"),
    FIELD (FIELD_F64, map_frame_t, predicted_usd, "predicted_usd", "usd", 0, ANY_MAX, "mass swept in those hours"),
    FIELD (FIELD_F64, map_frame_t, printed_usd, "printed_usd", "usd", 0, ANY_MAX, "liquidations seen in them, un-throttled"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, open_px, "open_px", "quote currency", 0, ANY_MAX, "candle of a column's minute"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, high_px, "high_px", "quote currency", 0, ANY_MAX, "highest"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, low_px, "low_px", "quote currency", 0, ANY_MAX, "lowest"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, close_px, "close_px", "quote currency", 0, ANY_MAX, "last"),
    FIELD_OPTIONAL (FIELD_F64, map_frame_t, volume_usd, "volume_usd", "usd", 0, ANY_MAX, "traded"),
    FIELD_MANY (map_frame_t, prints, prints_count, "prints", &map_print_table, 32, "liquidations printed in a column's minute"),
    FIELD (FIELD_BOOL, map_frame_t, is_reconstructed, "reconstructed", "", 0, 0, "made of candles at start, for a time not listened to"),
};
static const field_t metric_fields[] = {
    FIELD (FIELD_TEXT, metric_value_t, name, "name", "", 0, 0, "name"),
    FIELD (FIELD_TEXT, metric_value_t, labels, "labels", "", 0, 0, "labels"),
    FIELD_WORD (metric_value_t, type, "type", metric_names, "counter or gauge"),
    FIELD (FIELD_F64, metric_value_t, value, "value", "", 0, 0, "value"),
    FIELD (FIELD_TEXT, metric_value_t, help, "help", "", 0, 0, "what it counts"),
};
static const field_table_t metric_table = FIELD_TABLE ("metric", metric_value_t, metric_fields);
static const field_t metrics_fields[] = {
    HEAD (metrics_message_t),
    FIELD (FIELD_TEXT, metrics_message_t, process, "process", "", 0, 0, "whose"),
    FIELD (FIELD_I64, metrics_message_t, ts_ms, "ts_ms", "ms", 0, TIME_MS_MAX, "when"),
    FIELD_MANY (metrics_message_t, values, values_count, "values", &metric_table, 20000, "values"),
};
static const field_t beat_topic_fields[] = {
    FIELD (FIELD_TEXT, beat_topic_t, topic, "topic", "", 0, 0, "topic"),
    FIELD (FIELD_I64, beat_topic_t, seq, "seq", "", 0, 9e18, "last sent"),
};
static const field_table_t beat_topic_table = FIELD_TABLE ("beat topic", beat_topic_t, beat_topic_fields);
static const field_t beat_fields[] = {
    HEAD (beat_t),
    FIELD (FIELD_I64, beat_t, ts_ns, "ts_ns", "ns", 0, 9e18, "when it was sent"),
    FIELD (FIELD_I64, beat_t, ts_spoken_ns, "ts_spoken_ns", "ns", 0, 9e18, "all received up to here is published"),
    FIELD (FIELD_I64, beat_t, universe_hash, "universe_hash", "", 0, 9.2e18, "of the list of instruments"),
    FIELD_MANY (beat_t, topics, topics_count, "topics", &beat_topic_table, 100000, "last seq of every topic"),
};

static const field_table_t tables[TOPIC_KIND_COUNT] = {
    [TOPIC_BEAT] = FIELD_TABLE ("beat", beat_t, beat_fields),
    [TOPIC_READING] = FIELD_TABLE ("reading", reading_t, reading_fields),
    [TOPIC_TICK] = FIELD_TABLE ("tick", tick_t, tick_fields),
    [TOPIC_BIAS] = FIELD_TABLE ("bias", bias_t, bias_fields),
    [TOPIC_OUTCOME] = FIELD_TABLE ("outcome", outcome_t, outcome_fields),
    [TOPIC_HEALTH] = FIELD_TABLE ("health", health_t, health_fields),
    [TOPIC_MAP] = FIELD_TABLE ("map", map_frame_t, map_fields),
    [TOPIC_METRICS] = FIELD_TABLE ("metrics", metrics_message_t, metrics_fields),
};
// clang-format on

const field_table_t *
result_table (topic_kind_t kind)
{
    CHECK ((unsigned) kind < TOPIC_KIND_COUNT && kind != TOPIC_EVENT);
    return &tables[kind];
}
