/*  order_book - what stands in the book: which side is heavier, how that changes, and how it is shaped
 *
 *  How   distances are in basis points from the venue's own mid.  Where the known book ends nearer than a
 *        formula looks, it looks as far as is known; below a tenth of the distance there is no reading.
 *        Samples are taken each whole second.
 *  Not   events of the book (walls, pulls, hits, spoofs): they are in order_book_events.c. */

#include <math.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"

#define BIT(on) (1u << (on))

//  One EW value per window.
typedef struct {
    ew_t windows[W_COUNT];
} smoothed_t;

static void
smooth (smoothed_t *self, int64_t now_ns, double share, double y)
{
    for (int id = 0; id < W_COUNT; id++)
        ew_add (&self->windows[id], now_ns, share * window_seconds[id], y);
}

static int
give (double raw, card_out_t *out)
{
    if (!isfinite (raw))
        return E_AGAIN;
    out->raw = raw;
    return OK;
}

static int
value_smoothed (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    return give (ew_mean (&((const smoothed_t *) state)->windows[w.id]), out);
}

//  The reference venue's book; NULL unless it is whole.
static const book_replica_t *
reference_book (const market_t *market, double *mid_px)
{
    int reference = market_reference (market);
    if (reference < 0)
        return NULL;
    const book_replica_t *book = market_book (market, reference);
    *mid_px = book_mid (book);
    return isnan (*mid_px) ? NULL : book;
}

//  Formula  ew((q_b-q_a)/(q_b+q_a), W/12) of the sizes at the best bid and ask
//  Reads    quotes of the reference venue, each second
//  Returns  [-1, 1]
//  Source   Gould, Bonart 2016, Queue imbalance as a one-tick-ahead price predictor
static void
update_top_imbalance (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    book_level_t bid, ask;
    int reference = market_reference (market);
    if (reference < 0 || market_quote (market, reference, &bid, &ask) != OK ||
        bid.qty_coins + ask.qty_coins <= 0)
        return;
    smooth (state, market_now_ns (market), 1.0 / 12,
            (bid.qty_coins - ask.qty_coins) / (bid.qty_coins + ask.qty_coins));
}

//  DI = (sum_b - sum_a)/(sum_b + sum_a) of USD exp(-d/10bp), d <= min(50 bp, reach); NaN when unknown.
static double
depth_imbalance (const market_t *market)
{
    double mid_px = NAN;
    const book_replica_t *book = reference_book (market, &mid_px);
    double reach_bp = book ? book_reach_bp (book, mid_px) : 0;
    if (reach_bp < 5)
        return NAN;
    double bids = book_weighted_usd (book, SIDE_BID, mid_px, 10, fmin (50, reach_bp));
    double asks = book_weighted_usd (book, SIDE_ASK, mid_px, 10, fmin (50, reach_bp));
    return bids + asks > 0 ? (bids - asks) / (bids + asks) : NAN;
}

//  Formula  ew(DI, W/12), DI = (sum_b q exp(-d/10bp) - sum_a q exp(-d/10bp)) / (sum of both), q in USD,
//           d <= min(50 bp, reach)
//  Reads    book of the reference venue, each second
//  Returns  [-1, 1]
//  Source   Cartea, Donnelly, Jaimungal 2018, Enhancing trading strategies with order book signals
static void
update_depth_imbalance (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    double imbalance = depth_imbalance (market);
    if (!isnan (imbalance))
        smooth (state, market_now_ns (market), 1.0 / 12, imbalance);
}

//  --- change of the imbalance

enum { CHANGE_KEPT = 61 };

typedef struct {
    smoothed_t level;
    double ring[W_COUNT][CHANGE_KEPT]; //  y at the close of buckets of bk(W)
    uint32_t counts[W_COUNT];
} change_t;

static void
update_change (void *state, const market_t *market, const market_event_t *event)
{
    change_t *self = state;
    if (event->on == ON_SECOND) {
        update_depth_imbalance (&self->level, market, event);
        return;
    }
    for (int id = 0; id < W_COUNT; id++)
        if (window_bucket ((window_id_t) id) == event->of.bucket && !event->is_backfilled)
            self->ring[id][self->counts[id]++ % CHANGE_KEPT] = ew_mean (&self->level.windows[id]);
}

//  Formula  y(t) - y(t-W), y = ew(DI, W/12); y(t-W) at the close of the bucket of bk(W) that ended W before
//  Reads    book of the reference venue
//  Returns  [-2, 2]; none before W has passed
//  Source   methods BOOK4, LIQD6
static int
value_change (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const change_t *self = state;
    uint32_t back = (uint32_t) window_span (w.id, 1, 1).count; //  the open bucket is one of them
    if (self->counts[w.id] < back)
        return E_AGAIN;
    double before = self->ring[w.id][(self->counts[w.id] - back) % CHANGE_KEPT];
    return give (ew_mean (&self->level.windows[w.id]) - before, out);
}

//  --- several venues

//  Formula  ew((G_b-G_a)/(G_b+G_a), W/4), G = sum over venues of USD exp(-d/25bp), d <= min(100bp, reach),
//           each from its own mid; at least 3 venues
//  Reads    books of all venues, each second
//  Returns  [-1, 1]
//  Source   own; Cartea, Donnelly, Jaimungal 2018
static void
update_combined (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    double bids = 0, asks = 0;
    int venues_count = 0;
    for (int venue = 0; venue < market_venues_count (market); venue++) {
        const book_replica_t *book = market_book (market, venue);
        double mid_px = book_mid (book);
        if (isnan (mid_px) || book_reach_bp (book, mid_px) < 10)
            continue;
        double reach_bp = fmin (100, book_reach_bp (book, mid_px));
        venues_count++;
        bids += book_weighted_usd (book, SIDE_BID, mid_px, 25, reach_bp);
        asks += book_weighted_usd (book, SIDE_ASK, mid_px, 25, reach_bp);
    }
    if (venues_count >= 3 && bids + asks > 0)
        smooth (state, market_now_ns (market), 0.25, (bids - asks) / (bids + asks));
}

static int
value_combined (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    if (market_venues_count (market) < 3) {
        out->reason = "fewer than 3 venues";
        return E_ABSENT;
    }
    return value_smoothed (state, market, w, out);
}

//  Formula  ew(ln(dep_b(100)/dep_a(100)), W/4), depths of the venues whose book reaches 100 bp summed, each
//           from its own mid
//  Reads    books of all venues, each second
//  Returns  any size; none while no venue's book reaches that far
//  Source   methods BOOK3
static void
update_ratio (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    double depth[2] = {0, 0};
    for (int venue = 0; venue < market_venues_count (market); venue++) {
        const book_replica_t *book = market_book (market, venue);
        double mid_px = book_mid (book);
        if (isnan (mid_px) || book_reach_bp (book, mid_px) < 100)
            continue;
        for (int side = 0; side < 2; side++)
            depth[side] += book_depth_usd (book, (book_side_t) side, mid_px, 100);
    }
    if (depth[SIDE_BID] > 0 && depth[SIDE_ASK] > 0)
        smooth (state, market_now_ns (market), 0.25, log (depth[SIDE_BID] / depth[SIDE_ASK]));
}

static int
value_ratio (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    int status = value_smoothed (state, market, w, out);
    if (status != OK)
        out->reason = "no venue's book reaches 100 bp";
    return status == OK ? OK : E_ABSENT;
}

//  Formula  ew(ln(dep_b(10)/dep_b(k)) - ln(dep_a(10)/dep_a(k)), W/4), k = min(50 bp, reach)
//  Reads    book of the reference venue, each second
//  Returns  any size; none while the book reaches less than 5 bp
//  Source   Naes, Skjeltorp 2006, Order book characteristics and the volume-volatility relation; BOOK7
static void
update_slope (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    double mid_px;
    const book_replica_t *book = reference_book (market, &mid_px);
    if (!book || book_reach_bp (book, mid_px) < 5)
        return;
    double far_bp = fmin (50, book_reach_bp (book, mid_px)), front[2];
    for (int side = 0; side < 2; side++)
        front[side] = log (book_depth_usd (book, (book_side_t) side, mid_px, 10) /
                           book_depth_usd (book, (book_side_t) side, mid_px, far_bp));
    if (isfinite (front[SIDE_BID]) && isfinite (front[SIDE_ASK]))
        smooth (state, market_now_ns (market), 0.25, front[SIDE_BID] - front[SIDE_ASK]);
}

// clang-format off
static const card_t cards[] = {
    {.id = 23, .slug = "global-combined-book", .name = "Global Combined Book", .kind = KIND_LEVEL, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4}, .inputs = INPUT_BOOK | INPUT_ALL_VENUES, .update_s = 1, .version = 1,
     .state_size = sizeof (smoothed_t), .listens = BIT (ON_SECOND), .update = update_combined, .value = value_combined,
     .formula = "ew((G_b-G_a)/(G_b+G_a), W/4), G = sum over venues of USD exp(-d/25bp), d <= min(100bp, reach), each from its own mid; at least 3 venues",
     .source = "own; Cartea et al. 2018"},
    {.id = 24, .slug = "top-imbalance", .name = "Top-of-Book Imbalance", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 2}, .inputs = INPUT_QUOTE, .update_s = 1, .version = 1,
     .state_size = sizeof (smoothed_t), .listens = BIT (ON_SECOND), .update = update_top_imbalance, .value = value_smoothed,
     .formula = "ew((q_b-q_a)/(q_b+q_a), W/12), best level sizes", .source = "Gould-Bonart 2016; methods BOOK1"},
    {.id = 25, .slug = "depth-imbalance", .name = "Depth Imbalance", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 2}, .inputs = INPUT_BOOK, .update_s = 1, .version = 1,
     .state_size = sizeof (smoothed_t), .listens = BIT (ON_SECOND), .update = update_depth_imbalance, .value = value_smoothed,
     .formula = "ew(DI, W/12), DI = (sum_b q exp(-d/10bp) - sum_a q exp(-d/10bp))/(sum of both), d <= 50 bp",
     .source = "Cartea et al. 2018; methods BOOK2"},
    {.id = 26, .slug = "depth-ratio", .name = "One-Percent Depth Ratio", .kind = KIND_LEVEL, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4}, .inputs = INPUT_FULL_DEPTH, .update_s = 2, .version = 1,
     .state_size = sizeof (smoothed_t), .listens = BIT (ON_SECOND), .update = update_ratio, .value = value_ratio,
     .formula = "ew(ln(dep_b(100)/dep_a(100)), W/4), depths of the venues whose book reaches 100 bp, summed", .source = "methods BOOK3"},
    {.id = 27, .slug = "imbalance-change", .name = "Imbalance Change", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 3}, .inputs = INPUT_BOOK, .update_s = 1, .version = 1,
     .state_size = sizeof (change_t), .listens = BIT (ON_SECOND) | BIT (ON_BUCKET), .update = update_change, .value = value_change,
     .formula = "y(t)-y(t-W), y = ew(DI, W/12)", .source = "methods BOOK4, LIQD6"},
    {.id = 30, .slug = "depth-slope", .name = "Book Slope", .kind = KIND_LEVEL, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4}, .inputs = INPUT_BOOK, .update_s = 1, .version = 1,
     .state_size = sizeof (smoothed_t), .listens = BIT (ON_SECOND), .update = update_slope, .value = value_smoothed,
     .formula = "ew(ln(dep_b(10)/dep_b(k)) - ln(dep_a(10)/dep_a(k)), W/4), k = min(50bp, reach)",
     .source = "Naes-Skjeltorp 2006; methods BOOK7"},
};
// clang-format on

extern const category_t order_book_cards;
const category_t order_book_cards = {"order_book", "Order Book", cards, COUNT_OF (cards)};
