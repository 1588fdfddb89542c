/*  market_state - the memory of a market: flat, no pointers
 *
 *  Private to market.c, market_oi.c, market_history.c, market_view.c.
 *
 *  A ring slot belongs to the bucket whose index it holds; another index there means that the bucket is not
 *  known.  Bucket k of size b holds ((k-1)b, kb].  current[b] is the bucket being filled. */

#ifndef LEADLINE_MARKET_STATE_H
#define LEADLINE_MARKET_STATE_H

#include "cards/market_feed.h"
#include "cards/stats.h"
#include "common/base/timebase.h"

enum { RING_1S = 600, RING_5S = 600, RING_60S = 1500, RING_900S = 2400 };
enum { RINGS = RING_1S + RING_5S + RING_60S + RING_900S, GRID_S = 10, GRID_KEPT = 8640, HOURS_OF_WEEK = 168 };

#define MARKET_FRESH_NS  (5 * NS_PER_S)
#define MARKET_STALE_NS  (30 * NS_PER_S)
#define MARKET_PARENT_NS (50 * NS_PER_MS)
#define MARKET_OI_NS     (300 * NS_PER_S)

typedef struct {
    int64_t index;
    double open_px, high_px, low_px, close_px, close_x; //  0: no price
    double buy_usd, sell_usd, trades_count;
    double rv, bv, rs_up, rs_down;
    double opening_usd, oi_level;
    double bar_usd;
    int32_t returns_count;
    uint16_t bar_mask;              //  venues whose bar is in bar_usd
    int8_t price_venue, flow_venue; //  of the bar they came from; -1 live or none
    bool has_flow, has_oi;
} bucket_t;

typedef struct {
    int64_t ts_ns; //  of the last reading; 0 none
    double raw, level, variance;
    double p;
    double buy_usd, sell_usd, qty_coins; //  since the last reading
    double history_coins;                //  last reading of the history until the first live one; 0 none
} oi_filter_t;

typedef struct {
    bool is_open;
    parent_order_t order;
} pending_parent_t;

typedef struct {
    char name[VENUE_NAME_MAX];
    double tick_px; //  0 unknown
    book_replica_t book;
    book_level_t bid, ask; //  from quote events
    int64_t quote_ns;
    book_level_t told_bid, told_ask; //  as last announced
    double mid_px;                   //  0 none
    int64_t mid_ns, fresh_since_ns;
    double last_px, mark_px, index_px;
    int64_t mark_ns, index_ns;
    funding_view_t funding;
    ratio_t ratio; //  each member as last told; NaN not yet
    oi_filter_t oi;
    pending_parent_t parent;
    int64_t since_ns[MARKET_INPUTS], heard_ns[MARKET_INPUTS];
} market_venue_t;

struct market {
    int32_t venues_count, reference;
    size_t map_offset; //  of the liquidation map, from here; 0 none
    bool is_live, is_rebuild_due, has_trades;
    int64_t now_ns;
    int64_t first_live_ns;
    int64_t second_ns;  //  last whole second announced
    int64_t closed_ns;  //  buckets ending here or before are closed
    int64_t parents_ns; //  when the first open parent order completes; INT64_MAX none
    int64_t current[BUCKET_COUNT];
    double price_px, x; //  of the reference; 0 none
    int64_t price_ns;
    double grid_x, grid_last; //  at the last grid step; last return
    bool has_grid_x, has_grid_last;
    int64_t grid_index;
    double oi_level; //  sum over venues of filtered OI minus the venue's first
    int64_t oi_since_ns;
    int64_t history_ns[MARKET_INPUTS];
    ew_t v[W_COUNT];
    ew_t volume;
    ew_t hours[HOURS_OF_WEEK];
    market_counts_t counts;
    bucket_t buckets[RINGS];
    double grid[GRID_KEPT]; //  10 s returns by grid index; NaN none
    market_venue_t venues[MARKET_VENUES_MAX];
};

//  --- market.c
void
market_tell (market_t *self, const market_listener_t *listener, const market_event_t *event);
void
market_hear (market_t *self, int venue, input_t input); //  it is heard now
double
market_venue_mid (const market_t *self, int venue); //  0 when there is none or it is older than 30 s

//  --- market_oi.c
void
market_take_oi (market_t *self, const open_interest_t *reading, int venue, const market_listener_t *listener);

//  --- market_history.c
//  The slot of a bucket, emptied when it held an older one; NULL when it holds a newer one.
bucket_t *
market_slot (market_t *self, bucket_id_t size, int64_t index);

//  Where a bucket lies.  Indices count from 1970, so that those of seconds fit in 32 bits until 2106; here, because
//  cards walk thousands of buckets.
static inline int32_t
market_place (bucket_id_t size, int64_t index)
{
    static const int32_t start[BUCKET_COUNT] = {0, RING_1S, RING_1S + RING_5S, RING_1S + RING_5S + RING_60S};
    static const uint32_t count[BUCKET_COUNT] = {RING_1S, RING_5S, RING_60S, RING_900S};
    return start[size] + (int32_t) ((uint32_t) index % count[size]);
}

//  NULL unknown.
static inline const bucket_t *
market_find (const market_t *self, bucket_id_t size, int64_t index)
{
    const bucket_t *slot = self->buckets + market_place (size, index);
    return index > 0 && slot->index == index ? slot : NULL;
}
int64_t
market_index_at (bucket_id_t size, int64_t ts_ns); //  bucket that ts falls into
void
market_backfill (market_t *self, const event_t *event, const market_listener_t *listener);
//  Compute v, volume rate and profile from the rings.
void
market_rebuild (market_t *self);
void
market_add_return (market_t *self, int64_t ts_ns, double square_per_s, double weight);
void
market_add_volume (market_t *self, int64_t ts_ns, double usd, double seconds);
//  The bar of length W that ends at end_ns, from the buckets it is made of.  False when some are not known.
bool
market_make_bar (const market_t *self, window_id_t id, int64_t end_ns, bucket_id_t from, market_bar_t *out);
double
market_hour_factor (const market_t *self, int hour);
int
market_hour_of (int64_t ts_ns);

#endif
