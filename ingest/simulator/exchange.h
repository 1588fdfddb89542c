/*  exchange - one contract on one simulated venue: book, accounts, prices, and what its agents remember
 *
 *  What  the state that the margin engine (margin) and the traders (agents) share, and the one way to trade:
 *        every taker goes through exchange_take, so every fill reaches the accounts, the bars, the truth and
 *        the listener, once and in that order.
 *  Time  now_ns is set by the world before anybody acts. */

#ifndef LEADLINE_EXCHANGE_H
#define LEADLINE_EXCHANGE_H

#include "common/base/prng.h"
#include "common/base/tiers.h"
#include "ingest/simulator/accounts.h"
#include "ingest/simulator/fundamental.h"
#include "ingest/simulator/listing.h"
#include "ingest/simulator/matching.h"
#include "ingest/simulator/truth.h"
#include "ingest/simulator/world.h"
#include "ingest/simulator/world_history.h"

//  Everything that acts on its own schedule; each has its own stream of random numbers.
enum {
    ACTOR_SECOND, //  prices, funding, checks: on whole seconds
    ACTOR_RISK,   //  liquidations, stops, targets, time limits; the fund's own selling
    ACTOR_ARBITRAGE,
    ACTOR_DEPTH,
    ACTOR_NOISE,
    ACTOR_MOMENTUM,
    ACTOR_REVERSION,
    ACTOR_VALUE,
    ACTOR_WHALE,
    ACTOR_INFORMED,
    ACTOR_HOLDER, //  owners of cross positions who change them
    ACTOR_MAKER,  //  the first of ACCOUNT_MAKERS
    ACTOR_COUNT = ACTOR_MAKER + ACCOUNT_MAKERS
};

//  The crowd's kinds, each with a wealth of its own (crowd).
enum { HOLDER_NOISE, HOLDER_MOMENTUM, HOLDER_REVERSION, HOLDER_VALUE, HOLDER_WHALE, HOLDER_COUNT };

enum { MAKER_LEVELS = 6, DEPTH_ORDERS = 480, BASIS_MAX = 300, MEAN_COUNT = 5 };

typedef struct {
    int account;          //  pays fees; its holding when slot < 0
    int32_t slot;         //  position, or -1
    bool is_liquidation;  //  no fee, marked in the print
    bool has_impact;      //  pushes the fundamental
    int64_t lots, amount; //  filled; ticks x lots
} taker_t;

typedef struct {
    int32_t slot;
    int64_t opened_ns, lots_left;
    int64_t slice_lots;
    int side; //  0: idle
} whale_t;

typedef struct {
    double peak_usd;          //  of its equity, forgotten over half an hour
    int64_t seen_ns, back_ns; //  it stays away until
} maker_t;

typedef struct {
    int venue, instrument;
    const char *venue_name, *name;
    void (*name_trade) (int venue, int instrument, int64_t id, char *out, size_t size); //  NULL: digits
    world_rule_t rule;
    bool is_random_walk;
    double activity, planted_share; //  share of the takers that are informed
    const listing_t *listing;
    const world_spec_t *spec;
    tiers_t tiers;
    fundamental_t *fundamental; //  borrowed
    const world_sink_t *sink;   //  borrowed
    truth_t *truth;             //  borrowed, may be NULL
    int64_t now_ns;

    matching_t *book;
    accounts_t accounts;
    world_history_t history;
    prng_t prng[ACTOR_COUNT];
    taker_t *taker; //  during exchange_take
    bool taker_is_buy;

    int64_t last_px_ticks, trade_id;
    uint64_t trades_count, liquidations_count, adl_count, refused_count; //  refused: no room for a position
    int64_t oi_unprinted_lots;                                           //  see world_books_t

    //  prices (margin)
    double premium, venue_noise; //  of the log price: contract over index; venue over fundamental
    double index_px, mark_px;
    int64_t basis_sums[BASIS_MAX], basis_sum; //  thousandths of a tick
    int32_t basis_count, basis_at, basis_window;
    double funding_premium_sum, funding_weight_sum, funding_rate, last_funding_rate;
    int32_t funding_samples;
    int64_t next_funding_ns;

    //  what agents remember
    int32_t maker_orders[ACCOUNT_MAKERS][2][MAKER_LEVELS], depth_orders[DEPTH_ORDERS];
    whale_t whale;
    double order_rate_s, order_usd; //  takers of all classes a second at activity 1; mean size
    double mid_px, mid_fast_px, mean_px[MEAN_COUNT]; //  averages: half a minute; crowd's horizons
    double band_variance;                            //  of the log distance from the second mean
    double excitement;
    maker_t makers[ACCOUNT_MAKERS];
    double wealth[HOLDER_COUNT];         //  1 at the start
    int64_t holder_profit[HOLDER_COUNT]; //  realised since it was last counted

    //  closed minutes of the last day; the running one is added when asked for
    double day_volume_coins, day_turnover_usd, day_open_px, day_high_px, day_low_px;
} exchange_t;

typedef struct {
    uint64_t seed;
    int venue, instrument;
    const char *venue_name, *name;
    void (*name_trade) (int venue, int instrument, int64_t id, char *out, size_t size); //  NULL: digits
    world_rule_t rule;
    const world_options_t *options;
    const listing_t *listing;
    fundamental_t *fundamental;
    const world_sink_t *sink;
    truth_t *truth;
} exchange_options_t;

//  Everything but history, positions and the book's first orders.
void
exchange_init (exchange_t *self, const exchange_options_t *options);
void
exchange_fini (exchange_t *self);

//  Take up to lots at limit or better.  Realised profit goes to the position's margin or the account's
//  wallet, the fee is the account's.  Returns the lots that traded.
int64_t
exchange_take (exchange_t *self, taker_t *taker, bool is_buy, int64_t limit_px_ticks, int64_t lots);

//  Cancel a resting order, whoever's it is; its owner forgets it.
void
exchange_cancel (exchange_t *self, int32_t handle);

//  Middle of the book in ticks; the last price when a side is empty.
double
exchange_mid_ticks (const exchange_t *self);

//  The price agents of this venue value the contract at now, in ticks.
double
exchange_fair_ticks (const exchange_t *self);

//  Lots worth about usd at the last price, at least 1.
int64_t
exchange_lots (const exchange_t *self, double usd);

//  Dollars of a money amount (accounts), and of ticks x lots.
double
exchange_usd (const exchange_t *self, int64_t money);

//  How many positions the crowd holds in the long run.
double
exchange_positions_expected (const exchange_t *self);

#endif
