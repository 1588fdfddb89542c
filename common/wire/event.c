#include "common/wire/event.h"
#include "common/base/check.h"

const char *const coverage_names[] = {"complete", "sampled", "absent", NULL};
const char *const event_kind_names[] = {"instrument", "trade",   "book",          "quote",       "mark",
                                        "index",      "funding", "open_interest", "liquidation", "bar",
                                        "gap",        "ratio",   "tiers",         NULL};
static const char *const status_names[] = {"trading", "halted", "delisted", NULL};
static const char *const liquidation_px_names[] = {"bankruptcy", "order", "fill", NULL};

#define PX_MAX   1e12
#define QTY_MAX  1e18
#define USD_MAX  1e18
#define TIME_MAX 9e18
#define EVENT_TIME(struct_)                                                                                  \
    FIELD (FIELD_I64, struct_, ts_event_ns, "ts_event_ns", "ns", 0, 9e18, "the venue's time")

// clang-format off
static const field_t instrument_fields[] = {
    EVENT_TIME (instrument_t),
    FIELD (FIELD_TEXT, instrument_t, contract, "contract", "", 0, 0, "the venue's spelling"),
    FIELD (FIELD_TEXT, instrument_t, base, "base", "", 0, 0, "coin"),
    FIELD (FIELD_TEXT, instrument_t, quote, "quote", "", 0, 0, "currency of prices"),
    FIELD (FIELD_TEXT, instrument_t, settle, "settle", "", 0, 0, "currency of margin"),
    FIELD (FIELD_BOOL, instrument_t, is_inverse, "is_inverse", "", 0, 0, "contracts are worth USD, margined in coin"),
    FIELD (FIELD_F64, instrument_t, multiplier, "multiplier", "coins or usd a contract", 0, 1e12, "size of one contract"),
    FIELD (FIELD_DECIMAL, instrument_t, tick, "tick", "quote currency", 0, 1e12, "price step"),
    FIELD (FIELD_DECIMAL, instrument_t, lot, "lot", "contracts", 0, 1e12, "quantity step"),
    FIELD (FIELD_F64, instrument_t, funding_interval_h, "funding_interval_h", "h", 0, 24 * 7, "hours between settlements"),
    FIELD_WORD (instrument_t, status, "status", status_names, "is it trading"),
};
static const field_t trade_fields[] = {
    EVENT_TIME (trade_t),
    FIELD (FIELD_TEXT, trade_t, id, "id", "", 0, 0, "the venue's trade id"),
    FIELD (FIELD_DECIMAL, trade_t, price, "price", "quote currency", 0, PX_MAX, "price"),
    FIELD (FIELD_F64, trade_t, qty_coins, "qty_coins", "coins", 0, QTY_MAX, "quantity"),
    FIELD (FIELD_F64, trade_t, notional_usd, "notional_usd", "usd", 0, USD_MAX, "quantity x price"),
    FIELD (FIELD_I8, trade_t, side, "side", "", -1, 1, "+1 the taker bought, -1 sold"),
};
static const field_t level_fields[] = {
    FIELD (FIELD_DECIMAL, level_t, price, "price", "quote currency", 0, PX_MAX, "price"),
    FIELD (FIELD_F64, level_t, qty_coins, "qty_coins", "coins", 0, QTY_MAX, "quantity there now; 0 removes"),
};
static const field_table_t level_table = FIELD_TABLE ("level", level_t, level_fields);
static const field_t book_fields[] = {
    EVENT_TIME (book_t),
    FIELD (FIELD_BOOL, book_t, is_snapshot, "is_snapshot", "", 0, 0, "replaces the book, else changes it"),
    FIELD (FIELD_I64, book_t, venue_seq, "venue_seq", "", 0, TIME_MAX, "the venue's sequence number"),
    FIELD_MANY (book_t, bids, bids_count, "bids", &level_table, BOOK_LEVELS_MAX, "buy side"),
    FIELD_MANY (book_t, asks, asks_count, "asks", &level_table, BOOK_LEVELS_MAX, "sell side"),
    FIELD (FIELD_I32, book_t, depth_levels, "depth_levels", "levels", 0, 1e6, "levels a side the feed keeps; 0 all"),
};
static const field_t quote_fields[] = {
    EVENT_TIME (quote_t),
    FIELD (FIELD_DECIMAL, quote_t, bid_px, "bid_px", "quote currency", 0, PX_MAX, "best bid"),
    FIELD (FIELD_F64, quote_t, bid_qty_coins, "bid_qty_coins", "coins", 0, QTY_MAX, "quantity at it"),
    FIELD (FIELD_DECIMAL, quote_t, ask_px, "ask_px", "quote currency", 0, PX_MAX, "best ask"),
    FIELD (FIELD_F64, quote_t, ask_qty_coins, "ask_qty_coins", "coins", 0, QTY_MAX, "quantity at it"),
};
static const field_t mark_fields[] = {
    EVENT_TIME (mark_t),
    FIELD (FIELD_F64, mark_t, price_px, "price_px", "quote currency", 0, PX_MAX, "price"),
};
static const field_t funding_fields[] = {
    EVENT_TIME (funding_t),
    FIELD_OPTIONAL (FIELD_F64, funding_t, rate, "rate", "fraction an interval", -1, 1, "longs pay when positive"),
    FIELD (FIELD_F64, funding_t, interval_h, "interval_h", "h", 0, 24 * 7, "length of the interval"),
    FIELD (FIELD_I64, funding_t, ts_next_ns, "ts_next_ns", "ns", 0, TIME_MAX, "next settlement; 0 unknown"),
    FIELD (FIELD_BOOL, funding_t, is_settled, "is_settled", "", 0, 0, "a past settlement, else the estimate"),
    FIELD (FIELD_BOOL, funding_t, is_backfilled, "is_backfilled", "", 0, 0, "from history at start"),
    FIELD_OPTIONAL (FIELD_F64, funding_t, rate_next, "rate_next", "fraction an interval", -1, 1, "predicted for the settlement after the next"),
};
static const field_t open_interest_fields[] = {
    EVENT_TIME (open_interest_t),
    FIELD (FIELD_F64, open_interest_t, oi_coins, "oi_coins", "coins", 0, QTY_MAX, "open contracts in coins"),
    FIELD (FIELD_F64, open_interest_t, oi_usd, "oi_usd", "usd", 0, USD_MAX, "and their value"),
    FIELD (FIELD_BOOL, open_interest_t, is_backfilled, "is_backfilled", "", 0, 0, "from history at start"),
};
static const field_t liquidation_fields[] = {
    EVENT_TIME (liquidation_t),
    FIELD (FIELD_I8, liquidation_t, side, "side", "", -1, 1, "+1 a long was liquidated, -1 a short"),
    FIELD (FIELD_DECIMAL, liquidation_t, price, "price", "quote currency", 0, PX_MAX, "price as price_kind says"),
    FIELD_WORD (liquidation_t, price_kind, "price_kind", liquidation_px_names, "what the price is"),
    FIELD (FIELD_F64, liquidation_t, qty_coins, "qty_coins", "coins", 0, QTY_MAX, "quantity"),
    FIELD (FIELD_F64, liquidation_t, notional_usd, "notional_usd", "usd", 0, USD_MAX, "quantity x price"),
    FIELD_WORD (liquidation_t, coverage, "coverage", coverage_names, "does the venue show all of them"),
};
static const field_t bar_fields[] = {
    EVENT_TIME (bar_t),
    FIELD (FIELD_I32, bar_t, interval_s, "interval_s", "s", 1, 86400 * 31, "length"),
    FIELD (FIELD_F64, bar_t, open_px, "open_px", "quote currency", 0, PX_MAX, "first"),
    FIELD (FIELD_F64, bar_t, high_px, "high_px", "quote currency", 0, PX_MAX, "highest"),
    FIELD (FIELD_F64, bar_t, low_px, "low_px", "quote currency", 0, PX_MAX, "lowest"),
    FIELD (FIELD_F64, bar_t, close_px, "close_px", "quote currency", 0, PX_MAX, "last"),
    FIELD (FIELD_F64, bar_t, volume_coins, "volume_coins", "coins", 0, QTY_MAX, "traded"),
    FIELD (FIELD_F64, bar_t, volume_usd, "volume_usd", "usd", 0, USD_MAX, "traded"),
    FIELD_OPTIONAL (FIELD_F64, bar_t, taker_buy_usd, "taker_buy_usd", "usd", 0, USD_MAX, "bought by takers"),
    FIELD (FIELD_I32, bar_t, trades_count, "trades_count", "", -1, 2e9, "trades; -1 unknown"),
    FIELD (FIELD_BOOL, bar_t, is_closed, "is_closed", "", 0, 0, "final"),
    FIELD (FIELD_BOOL, bar_t, is_backfilled, "is_backfilled", "", 0, 0, "from history at start"),
};
static const field_t gap_fields[] = {
    EVENT_TIME (gap_t),
    FIELD_WORD (gap_t, kind, "kind", event_kind_names, "kind of what is missing"),
    FIELD (FIELD_I64, gap_t, lost_count, "lost_count", "messages", -1, TIME_MAX, "how many; -1 unknown"),
    FIELD (FIELD_TEXT, gap_t, reason, "reason", "", 0, 0, "why"),
};

static const field_t ratio_fields[] = {
    EVENT_TIME (ratio_t),
    FIELD_OPTIONAL (FIELD_F64, ratio_t, accounts_long, "accounts_long", "", 0, 1, "share of all accounts that is long"),
    FIELD_OPTIONAL (FIELD_F64, ratio_t, top_accounts_long, "top_accounts_long", "", 0, 1, "of the top accounts"),
    FIELD_OPTIONAL (FIELD_F64, ratio_t, top_positions_long, "top_positions_long", "", 0, 1, "of the positions of the top accounts"),
    FIELD (FIELD_BOOL, ratio_t, is_backfilled, "is_backfilled", "", 0, 0, "from history at start"),
};
static const field_t tier_fields[] = {
    FIELD (FIELD_F64, tier_t, up_to, "up_to", "usd or coins", 0, USD_MAX, "size up to which the tier reaches"),
    FIELD (FIELD_F64, tier_t, mmr, "mmr", "", 0, 1, "maintenance rate"),
    FIELD (FIELD_F64, tier_t, leverage_max, "leverage_max", "", 1, 1000, "most leverage"),
    FIELD_OPTIONAL (FIELD_F64, tier_t, deduction, "deduction", "usd", 0, USD_MAX, "taken off the maintenance; nil: by continuity"),
};
static const field_table_t tier_table = FIELD_TABLE ("tier", tier_t, tier_fields);
static const field_t tiers_fields[] = {
    EVENT_TIME (tier_update_t),
    FIELD_MANY (tier_update_t, rows, rows_count, "rows", &tier_table, TIERS_MAX, "lowest first"),
    FIELD (FIELD_BOOL, tier_update_t, is_by_coins, "is_by_coins", "", 0, 0, "bounds are in coins"),
};

static const field_table_t tables[EVENT_KIND_COUNT] = {
    [EVENT_INSTRUMENT] = FIELD_TABLE ("instrument", instrument_t, instrument_fields),
    [EVENT_TRADE] = FIELD_TABLE ("trade", trade_t, trade_fields),
    [EVENT_BOOK] = FIELD_TABLE ("book", book_t, book_fields),
    [EVENT_QUOTE] = FIELD_TABLE ("quote", quote_t, quote_fields),
    [EVENT_MARK] = FIELD_TABLE ("mark", mark_t, mark_fields),
    [EVENT_INDEX] = FIELD_TABLE ("index", mark_t, mark_fields),
    [EVENT_FUNDING] = FIELD_TABLE ("funding", funding_t, funding_fields),
    [EVENT_OPEN_INTEREST] = FIELD_TABLE ("open_interest", open_interest_t, open_interest_fields),
    [EVENT_LIQUIDATION] = FIELD_TABLE ("liquidation", liquidation_t, liquidation_fields),
    [EVENT_BAR] = FIELD_TABLE ("bar", bar_t, bar_fields),
    [EVENT_GAP] = FIELD_TABLE ("gap", gap_t, gap_fields),
    [EVENT_RATIO] = FIELD_TABLE ("ratio", ratio_t, ratio_fields),
    [EVENT_TIERS] = FIELD_TABLE ("tiers", tier_update_t, tiers_fields),
};
// clang-format on

const field_table_t *
event_table (event_kind_t kind)
{
    CHECK ((unsigned) kind < EVENT_KIND_COUNT);
    return &tables[kind];
}
