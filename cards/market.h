/*  market - what a card may see of one instrument: prices, flow, books, open interest, funding, as of now
 *
 *  Built by cards/market.c from events; read-only for cards.  Nothing here reads a clock: market_now_ns is
 *  the receive time of the event, second, or evaluation being handled.  All functions that can miss return
 *  OK, E_AGAIN (not enough history yet), E_ABSENT (no such feed) or E_STALE (the feed is broken or silent);
 *  *out is then untouched.
 *
 *  Definitions (catalogue.md, "Symbols"):
 *    x            ln of the mid of the reference venue (first of the configured venues that is not stale for
 *                 5 s; a switch resets price anchors and emits no return)
 *    flow         taker buys B and sells S in USD over all perp venues, V = B+S, D = B-S
 *    v_W          EW mean (tau = clamp (8W, 1h, 7d)) of (10 s return)^2 / 10; s(W) = sqrt (v_W W), floor a
 *                 quarter tick
 *    RV, BV, RS   sums over the 10 s grid returns of the window (1 s returns for W = 1m); BV = pi/2 sum
 *                 |r_i||r_i-1|
 *    Ve(W)        expected V over W: EW volume rate (half-life 7 d) x the hour-of-week profile (168 values,
 *                 EW, shrunk to 1 with 4 pseudo-weeks) x W
 *    OI           coins, each venue filtered (methods A3: local-level Kalman, R = (3e-4 OI)^2, Q = (.2 V)^2),
 *                 summed
 *    p            opening probability of takers (methods A3), smoothed; opening_usd of an interval = (2p-1) D
 *    premium      OI-weighted median over venues of (mid - index)/index
 *    F            last settled rate in 8 h units: rate x 8 / interval_h; Fo its OI-weighted mean */

#ifndef LEADLINE_MARKET_H
#define LEADLINE_MARKET_H

#include "cards/book.h"
#include "cards/map_view.h"
#include "cards/window.h"

enum { MARKET_VENUES_MAX = 16 };

typedef struct market market_t;

int64_t
market_now_ns (const market_t *self);

//  --- price
int
market_price (const market_t *self, double *mid_px); //  of the reference venue
int
market_x (const market_t *self, double *x);
double
market_tick_px (const market_t *self); //  price step of the reference venue; NaN unknown

//  x(now) - x at the close of the bucket that ended the span before.
int
market_return (const market_t *self, span_t span, double *r);
//  x at the close of the bucket `back` buckets before the current one (0: now).
int
market_x_back (const market_t *self, bucket_id_t bucket, int32_t back, double *x);
int
market_sigma (const market_t *self, window_id_t id, double *s); //  s(W)
int
market_sigma_of (const market_t *self, double seconds, double *s); //  sqrt (v seconds), v of the 1h window
//  Highest and lowest mid over the span (bucket highs and lows, current one included).
int
market_range (const market_t *self, span_t span, double *high_px, double *low_px);

typedef struct {
    double open_px, high_px, low_px, close_px, volume_usd;
} market_candle_t;

typedef struct {
    double rv, bv, rs_up, rs_down;
    int32_t n; //  returns
} realised_t;

//  The bucket being filled (at an evaluation: the one that ends there): prices of the reference, volume of all.
int
market_candle (const market_t *self, bucket_id_t bucket, market_candle_t *out);

//  1 s returns when span.bucket is BUCKET_1S, else the 10 s grid.
int
market_realised (const market_t *self, span_t span, realised_t *out);
//  The window's returns themselves, newest first (1 s for 1m, else 10 s grid).  Returns how many (at most
//  most).
int
market_returns (const market_t *self, window_id_t id, double *out, int most);

//  --- flow (live perp trades of all venues; backfilled bars fill 60 s and 900 s buckets where they know
//  takers)
typedef struct {
    double buy_usd, sell_usd, total_usd, delta_usd;
    double trades_count;
} flow_t;

int
market_flow (const market_t *self, span_t span, flow_t *out);
//  One closed bucket, `back` >= 1 before the current one; 0: the current one so far.
int
market_flow_bucket (const market_t *self, bucket_id_t bucket, int32_t back, flow_t *out);
int
market_spot_flow (const market_t *self, span_t span, flow_t *out); //  E_ABSENT without a spot feed
int
market_expected_usd (const market_t *self, double seconds, double *ve);

//  --- venues and books
int
market_venues_count (const market_t *self);
const char *
market_venue_name (const market_t *self, int venue);
int
market_reference (const market_t *self); //  index, -1 none
const book_replica_t *
market_book (const market_t *self, int venue); //  never NULL; look at state
int
market_quote (const market_t *self, int venue, book_level_t *bid,
              book_level_t *ask); //  best, from quote events, else the book
int
market_last_px (const market_t *self, int venue, double *px); //  last trade
int
market_mark_px (const market_t *self, int venue, double *px);
int
market_index_px (const market_t *self, int venue, double *px);

//  --- premium, open interest, funding
int
market_premium (const market_t *self, double *premium);
int
market_venue_premium (const market_t *self, int venue, double *premium);
int
market_oi (const market_t *self, double *coins);
int
market_oi_change (const market_t *self, span_t span, double *coins); //  60 s or 900 s buckets
//  ln-free history: filtered OI at the close of the bucket `back` before.
int
market_oi_back (const market_t *self, bucket_id_t bucket, int32_t back, double *coins);
int
market_venue_oi (const market_t *self, int venue, double *coins);
int
market_opening_usd (const market_t *self, span_t span,
                    double *usd); //  sum of (2p-1) D over OI intervals in the span

typedef struct {
    double settled_8h; //  NaN: none yet
    int64_t settled_ns;
    double estimate_8h; //  running estimate; NaN: none (the venue publishes none)
    double interval_h;
    int64_t next_ns; //  0 unknown
} funding_view_t;

int
market_funding (const market_t *self, int venue, funding_view_t *out);
int
market_funding_mean (const market_t *self, double *rate_8h); //  Fo

//  How the venue's crowd stands: each member as it was told last, NaN where it never was.  E_AGAIN before the
//  first.
int
market_ratio (const market_t *self, int venue, ratio_t *out);

//  --- the liquidation map.  E_AGAIN before its first second with a mark, E_ABSENT where the owner keeps none.
int
market_map (const market_t *self, map_view_t *out);

//  --- what has been heard, for warm-up and age
typedef enum {
    INPUT_QUOTE = 1,
    INPUT_TRADE = 2,
    INPUT_BOOK = 4,
    INPUT_MARK = 8,
    INPUT_OI = 16,
    INPUT_FUNDING = 32,
    INPUT_BARS = 64,
    INPUT_SPOT = 128,
    INPUT_DATED = 256,
    INPUT_LIQUIDATION = 512,
    INPUT_SERIES = 1024,
    INPUT_FULL_DEPTH = 2048,
    INPUT_ALL_VENUES = 4096,
    INPUT_RATIO = 8192
} input_t;
//  INPUT_QUOTE: reference price; INPUT_BARS: price history, klines included; INPUT_FULL_DEPTH: venues whose
//  book reaches 100 bp; INPUT_ALL_VENUES: the other inputs are wanted from every venue, else from the
//  reference.

//  --- what happens: the events cards' update functions get, after market has taken them in
typedef enum {
    ON_TRADE, //  of.trade: one trade of a perp venue (venue says which)
    ON_PARENT, //  of.parent: a parent order is complete (no print of same venue and side for 50 ms, or other side)
    ON_QUOTE, //  best bid or ask of a venue changed
    ON_BOOK,  //  of.book: a venue's book changed
    ON_MARK,  //  mark of a venue
    ON_INDEX,
    ON_FUNDING, //  of.funding, settled or estimate
    ON_OI,      //  of.oi: an OI interval of a venue was closed
    ON_LIQUIDATION,
    ON_RATIO,  //  of.ratio: how the venue's crowd stands, as told: one member or more.  Before live too
    ON_TIERS,  //  of.tiers: its maintenance tiers as stated now, unchecked (tiers_finish).  Before live too
    ON_GAP,    //  of.gap: something of a venue is missing; its book is BROKEN if kind is book
    ON_SECOND, //  every whole second, before an evaluation at that second
    ON_BUCKET, //  of.bucket: bucket `back = 1` of this size is now closed
    ON_GRID,   //  the 10 s grid: normalisers and ranks step here
    ON_BAR     //  of.bar: bar of length W closed (made of buckets; backfilled ones too)
} market_on_t;

typedef struct {
    int8_t side; //  of the taker
    double notional_usd, qty_coins;
    int32_t prints_count;
    int64_t first_ns, last_ns; //  receive times
    double last_px, x;         //  price of the last print; ln of it
    int venue;
} parent_order_t;

typedef struct {
    bool is_snapshot;
    const book_change_t *changes; //  none for snapshots
    int changes_count;
} market_book_change_t;

typedef struct {
    double coins;             //  filtered OI of the venue now
    double change_coins;      //  filtered change since the reading before
    double buy_usd, sell_usd; //  the venue's flow of the interval
    double p;                 //  smoothed opening probability
    double seconds;           //  length of the interval
    bool is_rejected;         //  traded volume cannot explain the reading: change_coins is 0
} market_oi_interval_t;

typedef struct {
    window_id_t id;
    int64_t end_ns;
    double open_px, high_px, low_px, close_px;
    double buy_usd, sell_usd; //  both 0 when the flow is not known
    bool has_flow;
} market_bar_t;

typedef struct {
    market_on_t on;
    int venue;          //  -1 where none applies
    bool is_backfilled; //  comes from REST history: only ON_BUCKET (60 s, 900 s), ON_BAR, ON_FUNDING, ON_OI
    union {
        const trade_t *trade;
        const parent_order_t *parent;
        const market_book_change_t *book;
        const funding_t *funding;
        const market_oi_interval_t *oi;
        const liquidation_t *liquidation;
        const ratio_t *ratio;
        const tier_update_t *tiers;
        const gap_t *gap;
        bucket_id_t bucket;
        const market_bar_t *bar;
    } of;
} market_event_t;

#endif
