//  What the liquidation map costs: a parent order into the books, a sweep of 1 % of price, a frame, and memory.
//  Yardsticks in the same run: memcpy of what an order touches, of the bins swept, of the frame's rows; and the
//  60 MB that 21 instruments on 5 venues may take.
#include "cards/liquidation_map_private.h"
#include "cards/map_frame.h"
#include "common/base/check.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VENUES = 5, INSTRUMENTS = 21, ROUNDS = 9, ORDERS = 20000, SWEEPS = 200, FRAMES = 300, WARM = 20000 };
#define START_NS (INT64_C (1790000000) * NS_PER_S)

static const char *const venues[VENUES] = {"binance", "bybit", "okx", "binance", "bybit"};

typedef struct {
    market_t *market;
    liquidation_map_t *map;
    map_frame_maker_t *maker;
    feeds_t feeds;
    prng_t prng;
    double px;
    int64_t now_ns;
} stage_t;

//  What this thread has worked, so that neighbours on the machine count less.
static int64_t
work_ns (void)
{
    struct timespec now;
    CHECK (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void
on_market (void *self, const market_event_t *event)
{
    stage_t *stage = self;
    liquidation_map_event (stage->map, stage->market, event);
}

static void
tell (stage_t *stage, event_kind_t kind, int venue, const void *record)
{
    event_t event = {.kind = kind, .venue = (uint16_t) venue, .ts_recv_ns = stage->now_ns, .of.any = record};
    market_event (stage->market, &event, &(market_listener_t){on_market, stage});
}

static void
open_stage (stage_t *stage)
{
    size_t size = market_size () + liquidation_map_size (VENUES);
    stage->market = mem_new (size);
    stage->map = (liquidation_map_t *) (void *) ((char *) stage->market + market_size ());
    tiers_t tiers[VENUES];
    error_text_t error = {{0}};
    for (int v = 0; v < VENUES; v++)
        CHECK (tiers_load (&tiers[v], "deploy/tiers", venues[v], "BTCUSDT", &error) == OK);
    market_init (stage->market, venues, VENUES);
    market_set_map_offset (stage->market, market_size ());
    liquidation_map_init (stage->map, VENUES, tiers);
    stage->maker = map_frame_new ("BTCUSDT", VENUES);
    prng_init (&stage->prng, 7);
    stage->px = 100000;
    stage->now_ns = START_NS;
}

static void
second (stage_t *stage)
{
    for (int v = 0; v < VENUES; v++) {
        quote_t quote = {.ts_event_ns = stage->now_ns, .bid_qty_coins = 1, .ask_qty_coins = 1};
        (void) decimal_from_double (floor (stage->px), &quote.bid_px);
        (void) decimal_from_double (floor (stage->px) + 1, &quote.ask_px);
        tell (stage, EVENT_QUOTE, v, &quote);
        mark_t mark = {stage->now_ns, stage->px};
        tell (stage, EVENT_MARK, v, &mark);
    }
    stage->now_ns += NS_PER_S;
    market_advance (stage->market, stage->now_ns, &(market_listener_t){on_market, stage});
}

//  Orders into one book, and the open interest that lets them in: fifty an interval.
static void
put_orders (stage_t *stage, int count)
{
    for (int i = 0; i < count; i++) {
        liquidation_book_t *book = &stage->map->venues[i / 50 % VENUES].book;
        double px = stage->px * exp (.002 * prng_normal (&stage->prng));
        held_order_t order = {.x = log (px),
                              .px = px,
                              .coins = .3 * exp (prng_normal (&stage->prng)),
                              .side = prng_below (&stage->prng, 2) ? 1 : -1};
        liquidation_book_order (book, &order, stage->map->weights);
        if (i % 50 == 49)
            liquidation_book_oi (book, stage->now_ns, 5000, .1, stage->map->weights);
    }
}

static double
bench_orders (stage_t *stage)
{
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start_ns = work_ns ();
        put_orders (stage, ORDERS);
        best = fmin (best, (double) (work_ns () - start_ns) / ORDERS);
    }
    return best;
}

//  Mass is put back between sweeps; only the sweeps are timed.
static double
bench_sweeps (stage_t *stage)
{
    double best = INFINITY;
    for (int round = 0; round < SWEEPS; round++) {
        put_orders (stage, 500);
        liquidation_book_t *book = &stage->map->venues[0].book;
        liquidation_swept_t swept[2];
        liquidation_book_mark (book, stage->now_ns, stage->px, swept);
        double to = stage->px * (round % 2 ? 1.01 : .99);
        int64_t start_ns = work_ns ();
        liquidation_book_mark (book, stage->now_ns, to, swept);
        best = fmin (best, (double) (work_ns () - start_ns));
        liquidation_book_mark (book, stage->now_ns, stage->px, swept);
    }
    return best;
}

static void
bench_frames (stage_t *stage, double *view_ns, double *frame_ns, double *column_ns)
{
    *view_ns = *frame_ns = *column_ns = INFINITY;
    for (int i = 0; i < FRAMES; i++) {
        int64_t start_ns = work_ns ();
        liquidation_view_refresh (stage->map);
        int64_t viewed_ns = work_ns ();
        CHECK (
            map_frame_make (stage->maker, stage->map, stage->market, &stage->feeds, MAP_MODEL_FULL, false));
        int64_t framed_ns = work_ns ();
        CHECK (map_frame_make (stage->maker, stage->map, stage->market, &stage->feeds, MAP_MODEL_FULL, true));
        *column_ns = fmin (*column_ns, (double) (work_ns () - framed_ns));
        *view_ns = fmin (*view_ns, (double) (viewed_ns - start_ns));
        *frame_ns = fmin (*frame_ns, (double) (framed_ns - viewed_ns));
    }
}

//  memcpy of so many bytes, cold enough to be fair: over a ring of 8 MB.
static double
bench_copy (size_t bytes)
{
    enum { RING = 8 << 20, COPIES = 2000 };
    char *from = mem_new (RING), *to = mem_new (RING);
    memset (from, 1, RING);
    double best = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start_ns = work_ns ();
        size_t at = 0;
        for (int i = 0; i < COPIES; i++) {
            memcpy (to + at, from + at, bytes);
            at = (at + bytes) % (RING - bytes);
        }
        best = fmin (best, (double) (work_ns () - start_ns) / COPIES);
    }
    volatile char kept = to[17];
    (void) kept;
    free (from);
    free (to);
    return best;
}

int
main (void)
{
    static stage_t stage;
    open_stage (&stage);
    for (int i = 0; i < 5; i++)
        second (&stage);
    put_orders (&stage, WARM);
    second (&stage);
    const liquidation_book_t *book = &stage.map->venues[0].book;
    int64_t taps = 0;
    for (int side = 0; side < 2; side++)
        for (int l = 0; l < MAP_COMPONENTS; l++)
            taps += 2 * book->kernel_reach[side][l] + 2;
    double touched = bench_copy ((size_t) taps / 2 * sizeof (float));
    double order_ns = bench_orders (&stage);
    printf (
        "an order into the map: %.0f ns, %lld bins of 13 components (memcpy of them %.0f ns, ratio %.1f)\n",
        order_ns, (long long) taps / 2, touched, order_ns / touched);
    double swept = bench_copy (20 * MAP_COMPONENTS * sizeof (float)), sweep_ns = bench_sweeps (&stage);
    printf ("a sweep of 1 %% of price: %.2f us (memcpy of its bins %.0f ns, ratio %.1f)\n", sweep_ns / 1e3,
            swept, sweep_ns / swept);
    double view_ns, frame_ns, column_ns;
    bench_frames (&stage, &view_ns, &frame_ns, &column_ns);
    double rows = bench_copy (VENUES * 2 * MAP_COMPONENTS * (MAP_VIEW_REACH + 1) * sizeof (float));
    printf (
        "a frame of %d venues: %.1f us for the view, %.1f us for rows, clusters and curves; a column %.1f us "
        "(memcpy of the bins read %.1f us, ratio of the view %.1f)\n",
        VENUES, view_ns / 1e3, frame_ns / 1e3, column_ns / 1e3, rows / 1e3, view_ns / rows);
    double one = (double) liquidation_map_size (VENUES);
    printf (
        "memory: %.0f kB an instrument and venue, %.1f MB for %d instruments on %d venues (ladder and view "
        "included); aim 60 MB, ratio %.2f\n",
        one / VENUES / 1e3, one * INSTRUMENTS / 1e6, INSTRUMENTS, VENUES, one * INSTRUMENTS / 60e6);
    map_frame_destroy (&stage.maker);
    free (stage.market);
    return 0;
}
