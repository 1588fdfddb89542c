/*  order_flow_toxicity - the part of order flow that may know something
 *
 *  What  VPIN, large trades that come together, markouts. */

#include <math.h>
#include <string.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

static const double DAY_S = 86400;

//  --- VPIN, shared by two cards

enum { VPIN_BUCKETS = 50 };

typedef struct {
    int64_t first_ns;
    decayed_t volume; //  USD, tau 7 d
    double size_usd;  //  of the bucket being filled; 0 none
    double buy_usd, sell_usd;
    double ring[VPIN_BUCKETS]; //  |B - S| / size of the closed ones
    uint32_t closed_count;
} vpin_t;

static const double VPIN_TAU_S = 7 * 86400.0;
//  Before that the volume of a day is a guess from a few trades, and one bucket could last for days.
static const double VPIN_GUESS_S = 3600;

//  One fiftieth of the expected volume of a day; 0 within an hour of the first trade.
static double
vpin_size (const vpin_t *self, int64_t now_ns)
{
    double seconds = (double) (now_ns - self->first_ns) / (double) NS_PER_S;
    if (seconds < VPIN_GUESS_S)
        return 0;
    double span_s = VPIN_TAU_S * (1 - exp (-seconds / VPIN_TAU_S));
    return decayed_at (&self->volume, now_ns, VPIN_TAU_S) / span_s * DAY_S / VPIN_BUCKETS;
}

static void
vpin_trade (vpin_t *self, int64_t now_ns, const trade_t *trade)
{
    if (self->first_ns == 0)
        self->first_ns = now_ns;
    decayed_add (&self->volume, now_ns, VPIN_TAU_S, trade->notional_usd);
    double left_usd = trade->notional_usd;
    while (left_usd > 0) {
        if (self->size_usd <= 0)
            self->size_usd = vpin_size (self, now_ns);
        if (self->size_usd <= 0)
            return;
        double room_usd = self->size_usd - self->buy_usd - self->sell_usd;
        double part_usd = left_usd < room_usd ? left_usd : room_usd;
        *(trade->side > 0 ? &self->buy_usd : &self->sell_usd) += part_usd;
        left_usd -= part_usd;
        if (part_usd < room_usd)
            return;
        self->ring[self->closed_count++ % VPIN_BUCKETS] =
            fabs (self->buy_usd - self->sell_usd) / self->size_usd;
        self->buy_usd = self->sell_usd = self->size_usd = 0;
    }
}

//  NaN before 50 buckets are closed.
static double
vpin_value (const vpin_t *self)
{
    if (self->closed_count < VPIN_BUCKETS)
        return NAN;
    double sum = 0;
    for (int i = 0; i < VPIN_BUCKETS; i++)
        sum += self->ring[i];
    return sum / VPIN_BUCKETS;
}

typedef struct {
    vpin_t vpin;
    sketch_t ranks;
} vpin_card_t;

static void
update_vpin (void *state, const market_t *market, const market_event_t *event)
{
    vpin_card_t *self = state;
    int64_t now_ns = market_now_ns (market);
    if (event->on == ON_TRADE && event->venue == market_reference (market))
        vpin_trade (&self->vpin, now_ns, event->of.trade);
    else if (event->on == ON_GRID && !isnan (vpin_value (&self->vpin)))
        sketch_add (&self->ranks, now_ns, 30 * DAY_S, vpin_value (&self->vpin));
}

//  Formula  m = clip(2 rank(VPIN, 30d) - 1, 0, 1), VPIN = mean of |B-S|/size over the last 50 volume buckets;
//           size = ew(volume, 7d) of a day / 50 when the bucket opens, the first an hour after the first
//           trade
//  Reads    trades of the reference venue, split over buckets; ranks on the 10 s grid
//  Returns  m in [0, 1]; none before 50 buckets
//  Source   Easley, Lopez de Prado, O'Hara 2012, Flow toxicity and liquidity in a high-frequency world; the
//           rank instead of the level after Andersen, Bondarenko 2014, VPIN and the flash crash
static int
value_vpin (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    (void) w;
    const vpin_card_t *self = state;
    double vpin = vpin_value (&self->vpin), rank = sketch_rank (&self->ranks, vpin);
    if (isnan (vpin) || isnan (rank)) {
        out->reason = "fewer than 50 volume buckets";
        return E_AGAIN;
    }
    out->raw = stats_clip (2 * rank - 1, 0, 1);
    return OK;
}

//  --- large trades that come together

enum { LARGE_KEPT = 64 };

typedef struct {
    int64_t ts_ns;
    double x;
} large_t;

typedef struct {
    sketch_t sizes;
    large_t ring[2][LARGE_KEPT]; //  [bought]
    uint32_t counts[2];
    decayed_t clustered[W_COUNT][2];
    ew_t usual[W_COUNT];
} clustering_t;

static double
nearness (const clustering_t *self, int side, const parent_order_t *parent)
{
    double sum = 0;
    uint32_t kept = self->counts[side] < LARGE_KEPT ? self->counts[side] : LARGE_KEPT;
    for (uint32_t i = 0; i < kept; i++) {
        const large_t *other = &self->ring[side][i];
        double apart_s = (double) (parent->last_ns - other->ts_ns) / (double) NS_PER_S;
        sum += exp (-apart_s / 30) * exp (-fabs (parent->x - other->x) / 5e-4);
    }
    return sum;
}

static void
update_clustering (void *state, const market_t *market, const market_event_t *event)
{
    clustering_t *self = state;
    int64_t now_ns = market_now_ns (market);
    if (event->on == ON_GRID) {
        for (int id = 0; id < W_COUNT; id++) {
            double both = decayed_at (&self->clustered[id][0], now_ns, window_seconds[id]) +
                          decayed_at (&self->clustered[id][1], now_ns, window_seconds[id]);
            ew_add (&self->usual[id], now_ns, DAY_S, both);
        }
        return;
    }
    const parent_order_t *parent = event->of.parent;
    bool is_large = parent->notional_usd > sketch_quantile (&self->sizes, 0.95);
    sketch_add (&self->sizes, now_ns, DAY_S, parent->notional_usd);
    if (!is_large)
        return;
    int side = parent->side > 0;
    double add = parent->notional_usd * nearness (self, side, parent);
    for (int id = 0; id < W_COUNT; id++)
        decayed_add (&self->clustered[id][side], now_ns, window_seconds[id], add);
    self->ring[side][self->counts[side]++ % LARGE_KEPT] = (large_t){parent->last_ns, parent->x};
}

//  Formula  (C_b-C_s)/(C_b+C_s+ew(C_b+C_s,24h)); each large parent (above the 0.95 quantile of those before,
//           24h) adds its notional x the sum over the 64 large ones of its side before it of
//           exp(-dt/30s) exp(-|dx|/5bp); C decays with tau = W
//  Reads    parent orders of all venues; the usual size steps on the 10 s grid
//  Returns  (-1, 1); none before a large parent was seen
//  Source   own; after Bouchaud, Farmer, Lillo 2009, How markets slowly digest changes in supply and demand
static int
value_clustering (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const clustering_t *self = state;
    int64_t now_ns = market_now_ns (market);
    double sold = decayed_at (&self->clustered[w.id][0], now_ns, w.seconds);
    double bought = decayed_at (&self->clustered[w.id][1], now_ns, w.seconds);
    double size = bought + sold + ew_mean (&self->usual[w.id]);
    if (!(size > 0)) {
        out->reason = "no large parent orders yet";
        return E_AGAIN;
    }
    out->raw = (bought - sold) / size;
    return OK;
}

//  --- toxic flow

enum { MARKOUT_S = 5, MARKOUT_SLOTS = 8 };

typedef struct {
    int64_t second; //  trades of (second - 1, second]
    double usd[2];  //  [bought]
    double usd_over_mid[2];
} markout_slot_t;

typedef struct {
    vpin_t vpin;
    markout_slot_t slots[MARKOUT_SLOTS];
    ew_t markout_bp[W_COUNT][2];
    sketch_t vpin_ranks[MODE_COUNT], spread_ranks[MODE_COUNT], markout_ranks[SLOT_COUNT];
} toxic_t;

static int64_t
second_of (int64_t now_ns)
{
    return (now_ns + NS_PER_S - 1) / NS_PER_S;
}

static void
toxic_trade (toxic_t *self, const market_t *market, const trade_t *trade)
{
    double mid_px;
    int64_t now_ns = market_now_ns (market), second = second_of (now_ns);
    vpin_trade (&self->vpin, now_ns, trade);
    if (market_price (market, &mid_px) != OK)
        return;
    markout_slot_t *slot = &self->slots[second % MARKOUT_SLOTS];
    if (slot->second != second)
        *slot = (markout_slot_t){.second = second};
    int side = trade->side > 0;
    slot->usd[side] += trade->notional_usd;
    slot->usd_over_mid[side] += trade->notional_usd / mid_px;
}

//  sum n a (mid' - mid)/mid = a (mid' sum n/mid - sum n): one stamp for all trades of a second.
static void
toxic_second (toxic_t *self, const market_t *market)
{
    double mid_px;
    int64_t now_ns = market_now_ns (market), second = now_ns / NS_PER_S - MARKOUT_S;
    const markout_slot_t *slot = &self->slots[second % MARKOUT_SLOTS];
    if (slot->second != second || market_price (market, &mid_px) != OK)
        return;
    for (int side = 0; side < 2; side++) {
        if (slot->usd[side] <= 0)
            continue;
        double sum = (side ? 1 : -1) * (mid_px * slot->usd_over_mid[side] - slot->usd[side]);
        for (int id = 0; id < W_COUNT; id++)
            ew_add_weighted (&self->markout_bp[id][side], now_ns, window_seconds[id],
                             1e4 * sum / slot->usd[side], slot->usd[side]);
    }
}

//  Spread of the reference venue in bp; NaN unknown.
static double
spread_bp (const market_t *market)
{
    book_level_t bid, ask;
    int reference = market_reference (market);
    if (reference < 0 || market_quote (market, reference, &bid, &ask) != OK)
        return NAN;
    return 2e4 * (ask.px - bid.px) / (ask.px + bid.px);
}

static void
toxic_grid (toxic_t *self, const market_t *market)
{
    int64_t now_ns = market_now_ns (market);
    double vpin = vpin_value (&self->vpin), spread = spread_bp (market);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        double half_s = mode_info ((mode_id_t) mode)->sketch_half_s;
        if (!isnan (vpin))
            sketch_add (&self->vpin_ranks[mode], now_ns, half_s, vpin);
        if (!isnan (spread))
            sketch_add (&self->spread_ranks[mode], now_ns, half_s, spread);
    }
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *w = &window_all ()[slot];
        double both = ew_mean (&self->markout_bp[w->id][0]) + ew_mean (&self->markout_bp[w->id][1]);
        if (!isnan (both))
            sketch_add (&self->markout_ranks[slot], now_ns, mode_info (w->mode)->sketch_half_s, both);
    }
}

static void
update_toxic (void *state, const market_t *market, const market_event_t *event)
{
    if (event->on == ON_TRADE && event->venue == market_reference (market))
        toxic_trade (state, market, event->of.trade);
    else if (event->on == ON_SECOND)
        toxic_second (state, market);
    else if (event->on == ON_GRID)
        toxic_grid (state, market);
}

//  Formula  T (k_b-k_s)/(|k_b|+|k_s|+0.1), k = notional-weighted ew mean (tau = W) of the 5 s markout in bp
//           of taker buys, sells; T = mean of rank(VPIN), rank(spread_bp), rank(k_b+k_s), on the 10 s grid
//  Reads    trades and mid of the reference venue; a trade's markout is taken at the end of its second + 5 s
//  Returns  [-1, 1]; none before VPIN and both markouts exist
//  Source   Glosten, Milgrom 1985, Bid, ask and transaction prices in a specialist market; methods MICRO4
static int
value_toxic (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const toxic_t *self = state;
    double sold = ew_mean (&self->markout_bp[w.id][0]), bought = ew_mean (&self->markout_bp[w.id][1]);
    double toxicity = (sketch_rank (&self->vpin_ranks[w.mode], vpin_value (&self->vpin)) +
                       sketch_rank (&self->spread_ranks[w.mode], spread_bp (market)) +
                       sketch_rank (&self->markout_ranks[w.slot], bought + sold)) /
                      3;
    if (isnan (toxicity) || isnan (bought) || isnan (sold)) {
        out->reason = "no volume clock, spread or markout yet";
        return E_AGAIN;
    }
    out->raw = toxicity * (bought - sold) / (fabs (bought) + fabs (sold) + 0.1);
    return OK;
}

// clang-format off
static const card_t cards[] = {
    {.id = 11, .slug = "vpin", .name = "VPIN", .kind = KIND_GATE, .carrier = "order-flow-imbalance", .windows = WINDOWS_ONE,
     .warmup = {.seconds = 2 * 86400}, .inputs = INPUT_TRADE, .update_s = 5, .version = 1,
     .state_size = sizeof (vpin_card_t), .listens = BIT (ON_TRADE) | BIT (ON_GRID), .update = update_vpin, .value = value_vpin,
     .formula = "m = clip(2 rank(VPIN,30d)-1,0,1), VPIN = mean over the last 50 volume buckets of |B-S|/bucket, bucket = ew(daily V of ref,7d)/50",
     .source = "Easley, Lopez de Prado, O'Hara 2012; Andersen-Bondarenko 2014; methods MICRO4, B3"},
    {.id = 12, .slug = "large-trade-clustering", .name = "Large Trade Clustering", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4, .seconds = 86400}, .inputs = INPUT_TRADE | INPUT_ALL_VENUES, .update_s = 5, .version = 1,
     .state_size = sizeof (clustering_t), .listens = BIT (ON_PARENT) | BIT (ON_GRID), .update = update_clustering, .value = value_clustering,
     .formula = "(C_b-C_s)/(C_b+C_s+ew(C_b+C_s,24h)); a parent above the 0.95 quantile adds notional x sum over the last 64 of its side of exp(-dt/30s) exp(-|dx|/5bp) to C, tau = W",
     .source = "own; Bouchaud-Farmer-Lillo 2009"},
    {.id = 13, .slug = "toxic-flow-index", .name = "Toxic Flow Index", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4, .seconds = 2 * 86400}, .inputs = INPUT_TRADE | INPUT_QUOTE, .update_s = 5, .version = 1,
     .state_size = sizeof (toxic_t), .listens = BIT (ON_TRADE) | BIT (ON_SECOND) | BIT (ON_GRID), .update = update_toxic, .value = value_toxic,
     .formula = "T (k_b-k_s)/(|k_b|+|k_s|+0.1), k = notional-weighted ew 5 s markout in bp (tau = W); T = mean of rank(VPIN), rank(spread_bp), rank(k_b+k_s)",
     .source = "Glosten-Milgrom 1985; methods MICRO4"},
};
// clang-format on

extern const category_t order_flow_toxicity_cards;
const category_t order_flow_toxicity_cards = {"order_flow", "Order Flow", cards, COUNT_OF (cards)};
