/*  order_book_events - what happens to the book: hits and recovery, walls, adding and pulling, spoofs
 *
 *  How   changes of levels are compared with the trades of the same venue: a decrease that trades at that
 *        price within the last 100 ms explain is a fill, the rest is pulled. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

//  The reference venue's book if the event is of it; NULL unless it is whole.
static const book_replica_t *
book_of (const market_t *market, int venue, double *mid_px)
{
    if (venue < 0 || venue != market_reference (market))
        return NULL;
    const book_replica_t *book = market_book (market, venue);
    *mid_px = book_mid (book);
    return isnan (*mid_px) ? NULL : book;
}

static double
distance_bp (double px, double mid_px)
{
    return 1e4 * fabs (px - mid_px) / mid_px;
}

//  --- trades not yet matched with a change of the book

enum { PRINTS_KEPT = 256 };
#define PRINT_LIFE_NS (100 * NS_PER_MS)

typedef struct {
    struct {
        int64_t ts_ns;
        double px, qty_coins;
    } ring[PRINTS_KEPT];
    uint32_t count;
} prints_t;

static void
prints_add (prints_t *self, int64_t now_ns, const trade_t *trade)
{
    uint32_t at = self->count++ % PRINTS_KEPT;
    self->ring[at].ts_ns = now_ns;
    self->ring[at].px = decimal_to_double (trade->price);
    self->ring[at].qty_coins = trade->qty_coins;
}

//  How much of a decrease at px trades explain; they explain it once.
static double
prints_take (prints_t *self, int64_t now_ns, double px, double qty_coins)
{
    double taken = 0;
    uint32_t kept = self->count < PRINTS_KEPT ? self->count : PRINTS_KEPT;
    for (uint32_t i = 1; i <= kept && taken < qty_coins; i++) {
        uint32_t at = (self->count - i) % PRINTS_KEPT;
        if (now_ns - self->ring[at].ts_ns > PRINT_LIFE_NS)
            break;
        if (self->ring[at].px != px)
            continue;
        double part = fmin (self->ring[at].qty_coins, qty_coins - taken);
        self->ring[at].qty_coins -= part;
        taken += part;
    }
    return taken;
}

//  --- resilience

enum { HITS_KEPT = 16, HITS_LEAST = 5 };
#define HIT_AFTER_NS   NS_PER_S
#define HIT_RECOVER_NS (10 * NS_PER_S)

typedef struct {
    int64_t end_ns; //  0: free
    double before_usd, after_usd;
    int8_t side;
} hit_t;

typedef struct {
    int64_t trade_ns; //  of the last print
    int8_t trade_side;
    double near_usd, before_usd; //  within 5 and 10 bp of the hit side before the parent's first print
    double lowest_usd;           //  within 10 bp, since then
    hit_t hits[HITS_KEPT];
    ew_t recovery[W_COUNT][2];
    uint32_t counts[2];
} resilience_t;

static void
resilience_trade (resilience_t *self, const market_t *market, const market_event_t *event)
{
    double mid_px;
    int64_t now_ns = market_now_ns (market);
    const trade_t *trade = event->of.trade;
    const book_replica_t *book = book_of (market, event->venue, &mid_px);
    bool is_new = trade->side != self->trade_side || now_ns - self->trade_ns > 50 * NS_PER_MS;
    self->trade_ns = now_ns;
    self->trade_side = trade->side;
    if (!is_new)
        return;
    book_side_t side = trade->side > 0 ? SIDE_ASK : SIDE_BID;
    self->near_usd = book ? book_depth_usd (book, side, mid_px, 5) : 0;
    self->before_usd = self->lowest_usd = book ? book_depth_usd (book, side, mid_px, 10) : 0;
}

static void
resilience_parent (resilience_t *self, const parent_order_t *parent)
{
    if (self->near_usd <= 0 || parent->notional_usd < 0.5 * self->near_usd)
        return;
    for (int i = 0; i < HITS_KEPT; i++)
        if (self->hits[i].end_ns == 0) {
            self->hits[i] = (hit_t){parent->last_ns, self->before_usd, self->lowest_usd,
                                    parent->side > 0 ? SIDE_ASK : SIDE_BID};
            return;
        }
}

//  Books come in steps: "just after" is the thinnest from the first print to a second after the last.
static void
resilience_book (resilience_t *self, const market_t *market, int venue)
{
    double mid_px;
    const book_replica_t *book = book_of (market, venue, &mid_px);
    if (!book)
        return;
    if (market_now_ns (market) - self->trade_ns <= HIT_AFTER_NS)
        self->lowest_usd = fmin (
            self->lowest_usd, book_depth_usd (book, self->trade_side > 0 ? SIDE_ASK : SIDE_BID, mid_px, 10));
    for (int i = 0; i < HITS_KEPT; i++) {
        hit_t *hit = &self->hits[i];
        if (hit->end_ns != 0 && market_now_ns (market) - hit->end_ns <= HIT_AFTER_NS)
            hit->after_usd =
                fmin (hit->after_usd, book_depth_usd (book, (book_side_t) hit->side, mid_px, 10));
    }
}

static void
resilience_second (resilience_t *self, const market_t *market)
{
    double mid_px;
    int64_t now_ns = market_now_ns (market);
    const book_replica_t *book = book_of (market, market_reference (market), &mid_px);
    for (int i = 0; i < HITS_KEPT; i++) {
        hit_t *hit = &self->hits[i];
        if (hit->end_ns == 0 || now_ns - hit->end_ns < HIT_RECOVER_NS)
            continue;
        double taken_usd = hit->before_usd - hit->after_usd;
        if (book && taken_usd > 0) {
            double now_usd = book_depth_usd (book, (book_side_t) hit->side, mid_px, 10);
            double recovery = stats_clip ((now_usd - hit->after_usd) / taken_usd, 0, 1.5);
            self->counts[hit->side]++;
            for (int id = 0; id < W_COUNT; id++)
                ew_add (&self->recovery[id][hit->side], now_ns, fmax (10.0 * window_seconds[id], 1800),
                        recovery);
        }
        hit->end_ns = 0;
    }
}

static void
update_resilience (void *state, const market_t *market, const market_event_t *event)
{
    if (event->on == ON_SECOND)
        resilience_second (state, market);
    else if (event->venue < 0 || event->venue != market_reference (market))
        return;
    else if (event->on == ON_TRADE)
        resilience_trade (state, market, event);
    else if (event->on == ON_PARENT)
        resilience_parent (state, event->of.parent);
    else if (event->on == ON_BOOK)
        resilience_book (state, market, event->venue);
}

//  Formula  R_b - R_a, R = ew (tau = max(10W, 30m)) of rec = clip((dep 10 s after - dep just after)/(dep just
//           before - dep just after), 0, 1.5) of parents that take at least half of what stood within 5 bp;
//           dep within 10 bp of that side; just after: the thinnest until a second after the last print;
//           stamped at the first whole second 10 s after it
//  Reads    trades, parents and book of the reference venue
//  Returns  [-1.5, 1.5]; none before 5 hits a side
//  Source   Degryse, de Jong, van Ravenswaaij, Wuyts 2005, Aggressive orders and the resiliency of a limit
//           order market
static int
value_resilience (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    const resilience_t *self = state;
    if (self->counts[SIDE_BID] < HITS_LEAST || self->counts[SIDE_ASK] < HITS_LEAST) {
        out->reason = "fewer than 5 large hits a side";
        return E_AGAIN;
    }
    out->raw = ew_mean (&self->recovery[w.id][SIDE_BID]) - ew_mean (&self->recovery[w.id][SIDE_ASK]);
    return OK;
}

//  --- walls

enum { WALL_BINS = 100, WALLS_KEPT = 16 };

typedef struct {
    int64_t bin; //  floor (ln px / 1 bp)
    int64_t since_ns;
} wall_t;

typedef struct {
    wall_t walls[MARKET_VENUES_MAX][2][WALLS_KEPT];
    int32_t counts[MARKET_VENUES_MAX][2];
    ew_t pressure[W_COUNT];
} walls_t;

static int
compare_doubles (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double
median_of (double *values, int count)
{
    qsort (values, (size_t) count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

//  Sum USD of a side into bins of 1 bp of log price, outward from the mid; returns the bins used.
static int
fill_bins (const book_replica_t *book, book_side_t side, double mid_px, double most_bp, double *bins,
           int64_t *first)
{
    memset (bins, 0, WALL_BINS * sizeof *bins);
    *first = (int64_t) floor (log (mid_px) * 1e4);
    int used = 0;
    for (int i = 0; i < book->counts[side]; i++) {
        const book_level_t *level = &book->levels[side][i];
        if (distance_bp (level->px, mid_px) > most_bp + 1e-8) //  reach is inside
            break;
        int64_t bin = (int64_t) floor (log (level->px) * 1e4);
        int64_t at = side == SIDE_BID ? *first - bin : bin - *first;
        if (at < 0 || at >= WALL_BINS)
            continue;
        bins[at] += level->px * level->qty_coins;
        if (at >= used)
            used = (int) at + 1;
    }
    return used;
}

//  Walls of one side: keeps since when each stands; returns the pressure of those that stand for 30 s.
static double
walls_side (walls_t *self, const market_t *market, int venue, book_side_t side, double mid_px, double most_bp)
{
    double bins[WALL_BINS], filled[WALL_BINS], sum = 0;
    int64_t first, now_ns = market_now_ns (market);
    int used = fill_bins (market_book (market, venue), side, mid_px, most_bp, bins, &first), count = 0;
    for (int i = 0; i < used; i++)
        if (bins[i] > 0)
            filled[count++] = bins[i];
    if (count == 0)
        return 0;
    double median_usd = median_of (filled, count);
    wall_t kept[WALLS_KEPT];
    int kept_count = 0;
    for (int i = 0; i < used && kept_count < WALLS_KEPT; i++) {
        if (bins[i] <= 8 * median_usd)
            continue;
        wall_t wall = {side == SIDE_BID ? first - i : first + i, now_ns};
        for (int k = 0; k < self->counts[venue][side]; k++)
            if (self->walls[venue][side][k].bin == wall.bin)
                wall.since_ns = self->walls[venue][side][k].since_ns;
        kept[kept_count++] = wall;
        double away_bp = distance_bp (exp (((double) wall.bin + 0.5) * 1e-4), mid_px);
        if (now_ns - wall.since_ns >= 30 * NS_PER_S)
            sum += fmin (50, bins[i] / median_usd) * exp (-away_bp / 25);
    }
    memcpy (self->walls[venue][side], kept, sizeof kept[0] * (size_t) kept_count);
    self->counts[venue][side] = kept_count;
    return sum;
}

static void
update_walls (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    walls_t *self = state;
    double pressure = 0;
    bool has_book = false;
    for (int venue = 0; venue < market_venues_count (market); venue++) {
        const book_replica_t *book = market_book (market, venue);
        double mid_px = book_mid (book), reach_bp = isnan (mid_px) ? 0 : book_reach_bp (book, mid_px);
        if (reach_bp < 10 || (reach_bp < 100 && venue != market_reference (market))) {
            memset (self->counts[venue], 0, sizeof self->counts[venue]); //  unseen is not standing
            continue;
        }
        has_book = true;
        pressure += walls_side (self, market, venue, SIDE_BID, mid_px, fmin (100, reach_bp));
        pressure -= walls_side (self, market, venue, SIDE_ASK, mid_px, fmin (100, reach_bp));
    }
    for (int id = 0; has_book && id < W_COUNT; id++)
        ew_add (&self->pressure[id], market_now_ns (market), 0.25 * window_seconds[id], pressure);
}

//  Formula  ew(sum over walls of side min(50, size/median) exp(-d/25bp), W/4); wall = bin of 1 bp of log
//           price above 8 x the median non-empty bin of its venue and side for at least 30 s, within
//           min(100bp, reach); d to its middle; a book that is not seen has no walls
//  Reads    books of the reference venue and of those that reach 100 bp, each second
//  Returns  any size
//  Source   methods BOOK5
static int
value_walls (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) market;
    double raw = ew_mean (&((const walls_t *) state)->pressure[w.id]);
    if (isnan (raw))
        return E_AGAIN;
    out->raw = raw;
    return OK;
}

//  --- adding and pulling

enum { PULL_KEPT = 61 };

typedef struct {
    int64_t bucket;
    double added_usd[2], pulled_usd[2];
} pull_slot_t;

typedef struct {
    prints_t prints;
    pull_slot_t rings[BUCKET_COUNT][PULL_KEPT];
} pull_t;

static int64_t
bucket_of (int64_t now_ns, bucket_id_t bucket)
{
    int64_t length_ns = bucket_seconds[bucket] * NS_PER_S;
    return (now_ns + length_ns - 1) / length_ns;
}

static void
pull_change (pull_t *self, int64_t now_ns, const book_change_t *change)
{
    double delta = change->new_qty_coins - change->old_qty_coins;
    if (delta < 0)
        delta = fmin (0, delta + prints_take (&self->prints, now_ns, change->px, -delta));
    for (int bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        int64_t at = bucket_of (now_ns, (bucket_id_t) bucket);
        pull_slot_t *slot = &self->rings[bucket][at % PULL_KEPT];
        if (slot->bucket != at)
            *slot = (pull_slot_t){.bucket = at};
        (delta > 0 ? slot->added_usd : slot->pulled_usd)[change->side] += fabs (delta) * change->px;
    }
}

static void
update_pull (void *state, const market_t *market, const market_event_t *event)
{
    pull_t *self = state;
    double mid_px;
    int64_t now_ns = market_now_ns (market);
    if (!book_of (market, event->venue, &mid_px))
        return;
    if (event->on == ON_TRADE) {
        prints_add (&self->prints, now_ns, event->of.trade);
        return;
    }
    for (int i = 0; i < event->of.book->changes_count; i++)
        if (distance_bp (event->of.book->changes[i].px, mid_px) <= 25)
            pull_change (self, now_ns, &event->of.book->changes[i]);
}

//  Formula  ((add_b-can_b)-(add_a-can_a))/(add_b+can_b+add_a+can_a) over W, within 25 bp of the mid after the
//           change; can = decreases that trades at that price within 100 ms before do not explain
//  Reads    book changes and trades of the reference venue, in buckets of bk(W)
//  Returns  [-1, 1]
//  Source   methods BOOK6
static int
value_pull (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const pull_t *self = state;
    span_t span = window_span (w.id, 1, 1);
    int64_t last = bucket_of (market_now_ns (market), span.bucket);
    double net = 0, gross = 0;
    for (int64_t at = last - span.count + 1; at <= last; at++) {
        const pull_slot_t *slot = &self->rings[span.bucket][at % PULL_KEPT];
        if (slot->bucket != at)
            continue;
        net += slot->added_usd[SIDE_BID] - slot->pulled_usd[SIDE_BID] - slot->added_usd[SIDE_ASK] +
               slot->pulled_usd[SIDE_ASK];
        gross += slot->added_usd[SIDE_BID] + slot->pulled_usd[SIDE_BID] + slot->added_usd[SIDE_ASK] +
                 slot->pulled_usd[SIDE_ASK];
    }
    if (gross <= 0)
        return E_AGAIN;
    out->raw = net / gross;
    return OK;
}

//  --- spoofs

enum { SUSPECTS_KEPT = 64 };
#define SUSPECT_LIFE_NS (2 * NS_PER_S)

typedef struct {
    int64_t ts_ns; //  0: free
    book_side_t side;
    double px, added_coins, mid_px;
} suspect_t;

typedef struct {
    prints_t prints;
    double median_coins[2]; //  level size within 25 bp, each second
    suspect_t suspects[SUSPECTS_KEPT];
    uint32_t next;
    decayed_t faked[W_COUNT][2];
} spoof_t;

static void
spoof_second (spoof_t *self, const market_t *market)
{
    double mid_px, sizes[BOOK_KEPT];
    const book_replica_t *book = book_of (market, market_reference (market), &mid_px);
    for (int side = 0; side < 2; side++) {
        int count = 0;
        for (int i = 0; book && i < book->counts[side]; i++) {
            if (distance_bp (book->levels[side][i].px, mid_px) > 25)
                break;
            sizes[count++] = book->levels[side][i].qty_coins;
        }
        self->median_coins[side] = count > 0 ? median_of (sizes, count) : 0;
    }
}

static void
spoof_added (spoof_t *self, const market_t *market, const book_replica_t *book, double mid_px,
             const book_change_t *change)
{
    double tick_px = market_tick_px (market), median_coins = self->median_coins[change->side];
    double touch_px = book->levels[change->side][0].px, apart_px = fabs (change->px - touch_px);
    double added_coins = change->new_qty_coins - change->old_qty_coins;
    if (!(tick_px > 0) || median_coins <= 0 || added_coins <= 5 * median_coins || apart_px <= 3.5 * tick_px ||
        1e4 * apart_px / touch_px > 25)
        return;
    self->suspects[self->next++ % SUSPECTS_KEPT] =
        (suspect_t){market_now_ns (market), change->side, change->px, added_coins, mid_px};
}

static void
spoof_removed (spoof_t *self, const market_t *market, double mid_px, const book_change_t *change)
{
    int64_t now_ns = market_now_ns (market);
    double gone_coins = change->old_qty_coins - change->new_qty_coins;
    double traded_coins = prints_take (&self->prints, now_ns, change->px, gone_coins);
    for (int i = 0; i < SUSPECTS_KEPT; i++) {
        suspect_t *suspect = &self->suspects[i];
        if (suspect->ts_ns == 0 || suspect->side != change->side || suspect->px != change->px)
            continue;
        double toward_px = (suspect->side == SIDE_BID ? -1 : 1) * (mid_px - suspect->mid_px);
        bool is_spoof = now_ns - suspect->ts_ns <= SUSPECT_LIFE_NS && traded_coins <= 0 &&
                        gone_coins >= suspect->added_coins && toward_px >= 0.999 * market_tick_px (market);
        for (int id = 0; is_spoof && id < W_COUNT; id++)
            decayed_add (&self->faked[id][suspect->side], now_ns, window_seconds[id],
                         suspect->added_coins * suspect->px);
        suspect->ts_ns = 0;
    }
}

static void
update_spoof (void *state, const market_t *market, const market_event_t *event)
{
    spoof_t *self = state;
    double mid_px;
    if (event->on == ON_SECOND) {
        spoof_second (self, market);
        return;
    }
    const book_replica_t *book = book_of (market, event->venue, &mid_px);
    if (!book)
        return;
    if (event->on == ON_TRADE) {
        prints_add (&self->prints, market_now_ns (market), event->of.trade);
        return;
    }
    for (int i = 0; i < event->of.book->changes_count; i++) {
        const book_change_t *change = &event->of.book->changes[i];
        if (change->new_qty_coins > change->old_qty_coins)
            spoof_added (self, market, book, mid_px, change);
        else
            spoof_removed (self, market, mid_px, change);
    }
}

//  Formula  (Z_a-Z_b)/(Z_a+Z_b+0.01 Ve(W)), Z = decayed notional (tau = W) of spoofs: a level grows by more
//           than 5 x the median level (of its side within 25 bp, each second), more than 3 ticks and at most
//           25 bp from touch, and is gone untraded within 2 s while the mid moved toward it by at least a
//           tick.  Fake asks point up.
//  Reads    book changes and trades of the reference venue
//  Returns  (-1, 1); 0 when nothing was faked
//  Source   Tao, Day, Ling, Drapeau 2020, On detecting spoofing strategies in high frequency trading; SMART4
static int
value_spoof (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const spoof_t *self = state;
    double expected_usd;
    int64_t now_ns = market_now_ns (market);
    int status = market_expected_usd (market, w.seconds, &expected_usd);
    if (status != OK)
        return status;
    double bids = decayed_at (&self->faked[w.id][SIDE_BID], now_ns, w.seconds);
    double asks = decayed_at (&self->faked[w.id][SIDE_ASK], now_ns, w.seconds);
    out->raw = bids + asks > 0 ? (asks - bids) / (asks + bids + 0.01 * expected_usd) : 0;
    return OK;
}

// clang-format off
static const card_t cards[] = {
    {.id = 22, .slug = "book-resilience", .name = "Book Resilience", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 10, .seconds = 3600}, .inputs = INPUT_BOOK | INPUT_TRADE, .update_s = 5, .version = 1,
     .state_size = sizeof (resilience_t), .listens = BIT (ON_TRADE) | BIT (ON_PARENT) | BIT (ON_BOOK) | BIT (ON_SECOND),
     .update = update_resilience, .value = value_resilience,
     .formula = "R_b-R_a, R = ew (tau = max(10W,30m)) of clip((dep(10 s after)-dep(just after))/(dep(just before)-dep(just after)),0,1.5) after parents of at least half the depth within 5 bp; 5 a side",
     .source = "Degryse et al. 2005; methods LIQD3"},
    {.id = 28, .slug = "wall-pressure", .name = "Wall Pressure", .kind = KIND_FLOW, .sign = 0, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4, .seconds = 600}, .inputs = INPUT_BOOK, .update_s = 1, .version = 1,
     .state_size = sizeof (walls_t), .listens = BIT (ON_SECOND), .update = update_walls, .value = value_walls,
     .formula = "ew(sum over walls of side min(50,size/median) exp(-d/25bp), W/4), wall = 1 bp bin above 8x the median bin for at least 30 s",
     .source = "methods BOOK5"},
    {.id = 29, .slug = "pull-stack-rate", .name = "Pull-Stack Rate", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH,
     .warmup = {.windows = 2}, .inputs = INPUT_BOOK | INPUT_TRADE, .update_s = 1, .version = 1,
     .state_size = sizeof (pull_t), .listens = BIT (ON_TRADE) | BIT (ON_BOOK), .update = update_pull, .value = value_pull,
     .formula = "((add_b-can_b)-(add_a-can_a))/(add_b+can_b+add_a+can_a) over W within 25 bp, can = decreases not explained by trades",
     .source = "methods BOOK6"},
    {.id = 31, .slug = "spoof-pressure", .name = "Spoof Pressure", .kind = KIND_FLOW, .sign = 0, .windows = WINDOWS_EACH,
     .warmup = {.windows = 4, .seconds = 600}, .inputs = INPUT_BOOK | INPUT_TRADE, .update_s = 1, .version = 1,
     .state_size = sizeof (spoof_t), .listens = BIT (ON_TRADE) | BIT (ON_BOOK) | BIT (ON_SECOND), .update = update_spoof, .value = value_spoof,
     .formula = "(Z_a-Z_b)/(Z_a+Z_b+0.01 Ve(W)), Z = decayed notional of levels above 5x the median that vanish untraded within 2 s while mid moves toward them",
     .source = "Tao et al. 2020; methods SMART4"},
};
// clang-format on

extern const category_t order_book_events_cards;
const category_t order_book_events_cards = {"order_book", "Order Book", cards, COUNT_OF (cards)};
