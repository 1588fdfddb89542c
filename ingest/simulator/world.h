/*  world - simulated exchanges with real order books, leveraged accounts and forced liquidations (methods F)
 *
 *  Why    native exchange messages with known truth; not a forecast of real markets.
 *  What   per venue and instrument one matching engine (integer ticks, price-time priority) and agents that
 *         trade on it; a margin engine (tier tables, mark price by the venue's rule, funding, liquidation
 *         into an insurance fund); a fundamental price per instrument shared by the venues.
 *  How    deterministic from one seed: world_run advances simulated time and calls the sink for everything an
 *         exchange would tell the public, in order of time.  No clock, no sockets, no threads here.
 *  Units  prices in ticks (px = ticks x tick size), quantities in lots (coins = lots x lot size): int64.
 *  Truth  world_truth_* say what the public does not see. */

#ifndef LEADLINE_WORLD_H
#define LEADLINE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/status.h"
#include "common/base/tiers.h"
#include "common/wire/universe.h"

typedef struct world world_t;

enum { WORLD_VENUES_MAX = 4 };
typedef enum { WORLD_BINANCE, WORLD_BYBIT, WORLD_OKX } world_rule_t; //  mark price, margin and funding rules

typedef struct {
    uint64_t seed;
    const universe_t *universe;
    const char *venues[WORLD_VENUES_MAX]; //  "binance", "bybit", "okx"
    int venues_count;
    int64_t start_ns; //  simulated time at which live trading starts; history ends there
    int32_t
        history_days; //  coarse history before start (1 m klines, OI, funding), 0..90: the same fundamental
                      //  process in 1 min steps without books
    double activity;  //  1: about 10 messages/s a venue and BTC at 1x; scales agents' arrival rates
    bool is_random_walk; //  informed flow and impact on the fundamental off: nothing predicts
    //  Planted informed trader (methods E): 0 off.  Trades taker flow ahead of a drift of the fundamental
    //  with this information coefficient over horizon_s.
    double planted_ic;
    double planted_horizon_s;
    double fund_share; //  the insurance fund at the start over the open interest, 0..1; 0: .01
    //  The id as the venue spells it, for the truth file; NULL: plain digits.
    void (*name_trade) (int venue, int instrument, int64_t id, char *out, size_t size);
    const char *tiers_folder; //  of <venue>.tsv (tiers.h); NULL: deploy/tiers
    const char *truth_path;   //  truth file (methods F6), NULL: none
} world_options_t;

typedef struct {
    //  Exact, for text: price = px_ticks x tick_units x 10^tick_exponent; quantity in the venue's own unit
    //  (coins, contracts on okx) = qty_lots x lot_units x 10^lot_exponent.
    int64_t tick_exponent, lot_exponent;
    int64_t tick_units, lot_units;
    double tick_px, lot_coins; //  lot_coins: coins of one lot = lot_units x 10^lot_exponent x contract_coins
    double contract_coins;     //  okx ctVal; 1 elsewhere
    double leverage_max;
} world_spec_t;

typedef struct {
    int64_t ts_ns;
    int64_t id; //  unique and increasing per venue and instrument
    int64_t px_ticks, qty_lots;
    int8_t side; //  of the taker
    bool is_liquidation;
    //  Truth: whether this fill opened or enlarged the taker's and the maker's position, and by how many
    //  lots.  One that turns a position round opens when its larger part does.  A print moves open interest by
    //  taker_opened_lots + maker_opened_lots - qty_lots.
    bool taker_opens, maker_opens;
    int64_t taker_opened_lots, maker_opened_lots;
} world_trade_t;

typedef struct {
    int64_t ts_ns;
    bool is_bid;
    int64_t px_ticks, qty_lots; //  quantity there now; 0: gone
} world_level_t;

typedef struct {
    int64_t ts_ns;
    int8_t side; //  of the position: +1 long
    int64_t qty_lots;
    int64_t order_px_ticks, average_px_ticks, bankruptcy_px_ticks;
    double leverage; //  effective, as of world_position_t
    bool is_cross;
    bool is_partial; //  the position lives on with the rest
} world_liquidation_t;

//  A position closed, or part of it, because nobody else could take a bankrupt one.  No venue prints it.
typedef struct {
    int64_t ts_ns;
    int8_t side; //  of the position: +1 long
    int64_t qty_lots, px_ticks;
    double score; //  its rank in the queue (liquidation.h)
} world_deleverage_t;

typedef struct {
    void *self;
    void (*trade) (void *self, int venue, int instrument, const world_trade_t *trade);
    void (*level) (void *self, int venue, int instrument, const world_level_t *level);
    void (*liquidation) (void *self, int venue, int instrument,
                         const world_liquidation_t *liquidation); //  every one
    void (*deleverage) (void *self, int venue, int instrument, const world_deleverage_t *deleverage);
    void (*funding) (void *self, int venue, int instrument, int64_t ts_ns, double rate); //  settled
} world_sink_t; //  members may be NULL

world_t *
world_new (const world_options_t *options,
           error_text_t *error); //  NULL: an option is refused, error says which
void
world_destroy (world_t **self);
void
world_listen (world_t *self, const world_sink_t *sink);

//  Advance to simulated time until_ns.
void
world_run (world_t *self, int64_t until_ns);
int64_t
world_now_ns (const world_t *self);

//  --- what the public can ask
const world_spec_t *
world_spec (const world_t *self, int venue, int instrument);

typedef struct {
    double mark_px, index_px, last_px,
        funding_rate; //  running estimate for the next settlement, per interval
    double funding_interval_h;
    int64_t next_funding_ns;
    int64_t oi_lots;
    double volume_24h_coins, turnover_24h_usd, open_24h_px, high_24h_px, low_24h_px;
} world_ticker_t;

void
world_ticker (const world_t *self, int venue, int instrument, world_ticker_t *out);
//  Best `most` levels of a side, best first; returns how many.
int
world_levels (const world_t *self, int venue, int instrument, bool is_bid, world_level_t *out, int most);

typedef struct {
    int64_t start_ns;
    int32_t interval_s;
    double open_px, high_px, low_px, close_px, volume_coins, turnover_usd, taker_buy_coins, taker_buy_usd;
    int32_t trades_count;
} world_kline_t;

//  The newest `most` bars of interval_s (60, 300, 900, 3600) that started before end_ns, oldest first;
//  returns how many.
int
world_klines (const world_t *self, int venue, int instrument, int32_t interval_s, int64_t end_ns,
              world_kline_t *out, int most);
typedef struct {
    int64_t ts_ns;
    double value;
} world_point_t;
//  Settled funding rates, and open interest in coins each 5 minutes; newest `most` before end_ns, oldest
//  first.
int
world_funding_history (const world_t *self, int venue, int instrument, int64_t end_ns, world_point_t *out,
                       int most);
int
world_oi_history (const world_t *self, int venue, int instrument, int64_t end_ns, world_point_t *out,
                  int most);

//  How the crowd stands now: shares that are long, each position counted as an account.  Top: the fifth with
//  the most money behind it.
typedef struct {
    double accounts_long, top_accounts_long;
    double top_positions_long; //  by lots
    int32_t accounts_count;
} world_ratio_t;

//  E_AGAIN when nobody has a position.
int
world_ratio (const world_t *self, int venue, int instrument, world_ratio_t *out);
//  The maintenance tiers that count here.
const tiers_t *
world_tiers (const world_t *self, int venue, int instrument);

//  --- truth
typedef struct {
    double deposits_usd, wallets_usd, fund_usd, fees_usd, unrealised_usd; //  conservation: wallets + fund +
                                                                          //  fees + unrealised = deposits
    int64_t long_lots, short_lots, oi_lots;
    int64_t
        oi_unprinted_lots; //  change of open interest since the start without a print: by what the fund took
                           //  over, and by deleveraging
    uint64_t trades_count, liquidations_count, adl_count;
} world_books_t;
void
world_truth_books (const world_t *self, int venue, int instrument, world_books_t *out);
//  The same, recomputed from every account and position instead of from running totals.
void
world_truth_audit (const world_t *self, int venue, int instrument, world_books_t *out);

typedef struct {
    int8_t side; //  +1 long
    int64_t qty_lots;
    double coins, entry_px;
    double liquidation_px; //  0: none
    double leverage;       //  effective: value at entry over the margin that really backs it
    bool is_cross;
    int64_t opened_ns;
} world_position_t;
//  Calls fn for every live leveraged position of the crowd, in no particular order.
void
world_truth_positions (const world_t *self, int venue, int instrument,
                       void (*fn) (void *self, const world_position_t *position), void *fn_self);
//  The price that agents value this instrument at, the same on all venues.
double
world_truth_fundamental_px (const world_t *self, int instrument);
//  Write what the truth file still buffers.  Returns OK, E_IO, or E_ABSENT without a truth file.
int
world_truth_flush (world_t *self);

#endif
