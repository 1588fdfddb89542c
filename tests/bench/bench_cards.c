//  What the cards cost: one card, one event, and a whole evaluation of 21 instruments in three modes with its
//  readings encoded and its biases fused.  The market is a tape (tests/support/tape.h) of three venues with
//  weeks of history and an hour of trading, so that the cards have something to say; how many speak is
//  printed with the figures.  Yardstick of the evaluation: the five milliseconds it may take, and memcpy of
//  what it wrote.
#include "aggregator/fuse.h"
#include "cards/arena.h"
#include "cards/quality.h"
#include "cards/registry.h"
#include "cards/shard.h"
#include "common/base/check.h"
#include "common/base/timebase.h"
#include "tests/support/tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INSTRUMENTS                                                                                          \
    "BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT FILUSDT NEARUSDT WLDUSDT ADAUSDT AVAXUSDT LINKUSDT "   \
    "LTCUSDT DOTUSDT SUIUSDT APTUSDT ARBUSDT OPUSDT INJUSDT AAVEUSDT UNIUSDT"
#define TAPE                                                                                                 \
    "seed=%d venues=3 minutes=75 quote_ms=200 trade_ms=150 mark_ms=1000 oi_ms=5000 book_ms=200 depth=50 "    \
    "funding_ms=60000 liquidation_ms=20000 hit_ms=3000 spoof_ms=20000 wall_ms=60000 lean=50 bars_days=30 "   \
    "bars_hours=24 oi_days=30 funding_days=30"

enum { WARM_S = 3600, STEP_S = 10, ROUNDS = 60, CARD_ROUNDS = 9, CARD_REPEATS = 20, SHOWN = 10 };

static universe_t universe;

//  What this thread has worked, so that neighbours on the machine count less.
static int64_t
work_ns (void)
{
    struct timespec now;
    CHECK (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

//  --- a tape and its next event

typedef struct {
    tape_t *tape;
    event_t event;
    bool has_event;
} feed_t;

static feed_t
open_feed (int seed)
{
    char parameters[512];
    (void) snprintf (parameters, sizeof parameters, TAPE, seed);
    feed_t self = {.tape = tape_new (parameters)};
    self.has_event = tape_next (self.tape, &self.event);
    return self;
}

typedef void
take_fn (void *self, const event_t *event);

static void
feed_until (feed_t *self, int64_t until_ns, take_fn *take, void *taker)
{
    while (self->has_event && self->event.ts_recv_ns <= until_ns) {
        take (taker, &self->event);
        self->has_event = tape_next (self->tape, &self->event);
    }
}

static int
compare (const void *a, const void *b)
{
    return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

//  --- one card at a time, on one instrument

typedef struct {
    arena_t arena;
    void *block;
    market_t *market;
    feeds_t feeds;
    const card_t *cards[CARDS_MAX];
    size_t count;
    bool is_step_due;
    scoring_input_t inputs[CARDS_MAX][SLOT_COUNT];
    double event_ns[EVENT_KIND_COUNT];
    size_t events[EVENT_KIND_COUNT];
} single_t;

static void
on_market (void *fn_self, const market_event_t *event)
{
    single_t *self = fn_self;
    self->is_step_due = self->is_step_due || event->on == ON_GRID;
    for (size_t i = 0; i < self->count; i++)
        if (self->cards[i]->update && (self->cards[i]->listens & (1u << event->on)))
            self->cards[i]->update (arena_card_state (&self->arena, self->block, i), self->market, event);
}

static void
take_single (void *fn_self, const event_t *event)
{
    single_t *self = fn_self;
    market_event (self->market, event, &(market_listener_t){on_market, self});
}

static void
ask_card (single_t *self, const quality_t *quality, size_t i)
{
    warmth_t warmth;
    const window_t *windows = window_all ();
    const card_t *card = self->cards[i];
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        scoring_input_t *input = &self->inputs[i][slot];
        *input = (scoring_input_t){.status = E_AGAIN};
        if (!scoring_wants (card, windows + slot))
            continue;
        input->status = quality_warmth (quality, card, windows + slot, &warmth);
        if (input->status == OK)
            input->status = card->value (arena_card_state (&self->arena, self->block, i), self->market,
                                         windows[slot], &input->out);
    }
}

static void
score_card (single_t *self, const quality_t *quality, size_t i, int64_t ts_ns)
{
    scoring_quality_t of_card = {0};
    card_reading_t out, carrier = {.direction = .5, .strength = .5, .confidence = .5};
    quality_of_card (quality, self->cards[i], &of_card);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        of_card.is_warm =
            self->inputs[i][scoring_primary (self->cards[i], (mode_id_t) mode)->slot].status == OK;
        scoring_evaluate (arena_scoring_state (&self->arena, self->block, i), self->cards[i],
                          (mode_id_t) mode, ts_ns, self->inputs[i], &of_card,
                          self->cards[i]->carrier ? &carrier : NULL, &out);
    }
}

static void
step_single (single_t *self, int64_t ts_ns)
{
    quality_t quality;
    market_advance (self->market, ts_ns, &(market_listener_t){on_market, self});
    quality_measure (&quality, self->market, &self->feeds, ts_ns);
    for (size_t i = 0; i < self->count; i++) {
        ask_card (self, &quality, i);
        if (self->is_step_due)
            scoring_step (arena_scoring_state (&self->arena, self->block, i), self->cards[i], ts_ns,
                          self->inputs[i]);
    }
    self->is_step_due = false;
}

typedef struct {
    const card_t *card;
    double value_ns, scoring_ns;
} cost_t;

static int
compare_costs (const void *a, const void *b)
{
    const cost_t *x = a, *y = b;
    return compare (&(double){y->value_ns + y->scoring_ns}, &(double){x->value_ns + x->scoring_ns});
}

static void
bench_each (single_t *self, int64_t ts_ns)
{
    cost_t costs[CARDS_MAX];
    double sum = 0, value_sum = 0;
    quality_t quality;
    quality_measure (&quality, self->market, &self->feeds, ts_ns);
    for (size_t i = 0; i < self->count; i++) {
        double value[CARD_ROUNDS], scoring[CARD_ROUNDS];
        for (int round = 0; round < CARD_ROUNDS; round++) {
            int64_t start_ns = work_ns ();
            for (int k = 0; k < CARD_REPEATS; k++)
                ask_card (self, &quality, i);
            int64_t middle_ns = work_ns ();
            for (int k = 0; k < CARD_REPEATS; k++)
                score_card (self, &quality, i, ts_ns + k);
            scoring[round] = (double) (work_ns () - middle_ns) / CARD_REPEATS;
            value[round] = (double) (middle_ns - start_ns) / CARD_REPEATS;
        }
        qsort (value, CARD_ROUNDS, sizeof (double), compare);
        qsort (scoring, CARD_ROUNDS, sizeof (double), compare);
        costs[i] = (cost_t){self->cards[i], value[0], scoring[0]};
        sum += value[0] + scoring[0];
        value_sum += value[0];
    }
    qsort (costs, self->count, sizeof *costs, compare_costs);
    (void) printf ("%-34s %8.0f ns (values %.0f, scoring %.0f); %zu cards, least of %d rounds\n",
                   "one card, all windows and modes", sum / (double) self->count,
                   value_sum / (double) self->count, (sum - value_sum) / (double) self->count, self->count,
                   CARD_ROUNDS);
    for (size_t i = 0; i < SHOWN && i < self->count; i++)
        (void) printf ("    %-30s %8.0f ns (values %.0f, scoring %.0f)\n", costs[i].card->slug,
                       costs[i].value_ns + costs[i].scoring_ns, costs[i].value_ns, costs[i].scoring_ns);
}

//  Events of the last minutes, each timed, less what reading the clock takes.
static void
take_timed (void *fn_self, const event_t *event)
{
    single_t *self = fn_self;
    int64_t start_ns = work_ns ();
    take_single (self, event);
    self->event_ns[event->kind] += (double) (work_ns () - start_ns);
    self->events[event->kind]++;
}

static double
clock_cost_ns (void)
{
    enum { READS = 100000 };
    int64_t start_ns = work_ns (), last_ns = start_ns;
    for (int i = 0; i < READS; i++)
        last_ns = work_ns ();
    return (double) (last_ns - start_ns) / READS;
}

static void
bench_single (const char *const venues[])
{
    single_t *self = mem_new (sizeof *self);
    for (const card_t *card = registry_first (); card; card = registry_next (card))
        self->cards[self->count++] = card;
    arena_plan (&self->arena, self->cards, self->count);
    self->block = arena_new_block (&self->arena);
    self->market = arena_market (&self->arena, self->block);
    market_init (self->market, venues, TAPE_VENUES_MAX);
    feed_t feed = open_feed (1);
    int64_t start_ns = tape_start_ns (feed.tape);
    for (int s = STEP_S; s <= WARM_S; s += STEP_S) {
        feed_until (&feed, start_ns + s * NS_PER_S, take_single, self);
        step_single (self, start_ns + s * NS_PER_S);
    }
    bench_each (self, start_ns + WARM_S * NS_PER_S);
    feed_until (&feed, start_ns + (WARM_S + 600) * NS_PER_S, take_timed, self);
    double clock_ns = clock_cost_ns (), sum = 0;
    size_t count = 0;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        sum += self->event_ns[kind], count += self->events[kind];
    (void) printf ("%-34s %8.0f ns, mean of %zu events, all cards listening\n", "one event",
                   sum / (double) count - clock_ns, count);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (self->events[kind] >= 100)
            (void) printf ("    %-30s %8.0f ns, %zu events\n", event_kind_names[kind],
                           self->event_ns[kind] / (double) self->events[kind] - clock_ns, self->events[kind]);
    tape_destroy (&feed.tape);
    free (self->block);
    free (self);
}

//  --- an evaluation of everything

typedef struct {
    shard_t *shard;
    size_t instrument;
} target_t;

typedef struct {
    shard_t *shard;
    feed_t feeds[UNIVERSE_MAX];
    fuse_t *fuses[MODE_COUNT][UNIVERSE_MAX];
    roster_t roster;
    int category_of[CARDS_MAX];
    double weights[CATEGORIES_MAX];
    field_codec_t *codec;
    char *copy;
    size_t bytes, speaking;
} whole_t;

static void
take_whole (void *fn_self, const event_t *event)
{
    const target_t *self = fn_self;
    shard_event (self->shard, self->instrument, event);
}

static void
feed_all (whole_t *self, int64_t until_ns)
{
    for (size_t i = 0; i < shard_count (self->shard); i++)
        feed_until (&self->feeds[i], until_ns, take_whole, &(target_t){self->shard, i});
}

static void
evaluate_all (whole_t *self, int64_t ts_ns)
{
    for (size_t i = 0; i < shard_count (self->shard); i++)
        shard_evaluate (self->shard, i, ts_ns);
}

static void
encode_all (whole_t *self)
{
    error_text_t error;
    self->bytes = 0;
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            field_begin (self->codec);
            CHECK (field_put (self->codec, result_table (TOPIC_READING), FIELD_AS_MAP,
                              shard_reading (self->shard, i, (mode_id_t) mode), &error) == OK);
            self->bytes += field_output (self->codec).size;
        }
}

static void
fuse_all (whole_t *self)
{
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            const fuse_input_t input = {.reading = shard_reading (self->shard, i, (mode_id_t) mode),
                                        .category_of = self->category_of,
                                        .weights = self->weights};
            (void) fuse_step (self->fuses[mode][i], &input);
        }
}

static void
open_fuses (whole_t *self)
{
    const reading_t *reading = shard_reading (self->shard, 0, MODE_SCALP);
    for (size_t i = 0; i < reading->cards_count; i++)
        CHECK (roster_add (&self->roster, reading->cards[i].category) == OK);
    for (size_t i = 0; i < reading->cards_count; i++)
        self->category_of[i] = roster_find (&self->roster, reading->cards[i].category);
    for (size_t i = 0; i < self->roster.count; i++)
        self->weights[i] = 1 / (double) self->roster.count;
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            self->fuses[mode][i] = fuse_new ((mode_id_t) mode, shard_name (self->shard, i));
            fuse_set_roster (self->fuses[mode][i], &self->roster);
        }
}

static size_t
count_speaking (const whole_t *self)
{
    size_t count = 0;
    for (size_t i = 0; i < shard_count (self->shard); i++)
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            const reading_t *reading = shard_reading (self->shard, i, (mode_id_t) mode);
            for (size_t card = 0; card < reading->cards_count; card++)
                count += reading->cards[card].confidence > 0;
        }
    return count;
}

static void
show (const char *what, double ns[])
{
    qsort (ns, ROUNDS, sizeof *ns, compare);
    (void) printf ("%-34s %8.3f ms least, %.3f median, %.3f most of %d\n", what, ns[0] / 1e6,
                   ns[ROUNDS / 2] / 1e6, ns[ROUNDS - 1] / 1e6, ROUNDS);
}

static void
time_whole (whole_t *self, int64_t from_ns)
{
    double parts[4][ROUNDS], copies[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        int64_t ts_ns = from_ns + (round + 1) * NS_PER_S, at[4];
        feed_all (self, ts_ns);
        at[0] = work_ns ();
        evaluate_all (self, ts_ns);
        at[1] = work_ns ();
        encode_all (self);
        at[2] = work_ns ();
        fuse_all (self);
        at[3] = work_ns ();
        for (int part = 0; part < 3; part++)
            parts[part][round] = (double) (at[part + 1] - at[part]);
        parts[3][round] = (double) (at[3] - at[0]);
        const size_t size = shard_block_bytes (self->shard);
        self->copy = self->copy ? self->copy : mem_new (size);
        at[0] = work_ns ();
        for (size_t i = 0; i < shard_count (self->shard); i++)
            memcpy (self->copy, shard_market (self->shard, i), size);
        copies[round] = (double) (work_ns () - at[0]);
    }
    (void) printf ("evaluation of %zu instruments x %d modes, %zu cards in %zu categories; %.0f of %zu cards "
                   "speak in a reading\n",
                   shard_count (self->shard), MODE_COUNT, registry_count (), self->roster.count,
                   (double) count_speaking (self) / (double) (MODE_COUNT * shard_count (self->shard)),
                   registry_count ());
    show ("  whole (aim: below 5 ms)", parts[3]);
    show ("  cards evaluated", parts[0]);
    show ("  readings encoded", parts[1]);
    show ("  biases fused", parts[2]);
    show ("  yardstick: its memory copied", copies);
    (void) printf ("%-34s %8.0f KiB of readings, %.1f MiB of state\n", "  size", (double) self->bytes / 1024,
                   (double) shard_block_bytes (self->shard) * (double) shard_count (self->shard) / 1048576);
}

static void
bench_whole (const char *const venues[])
{
    whole_t *self = mem_new (sizeof *self);
    self->codec = field_codec_new ();
    self->shard = shard_new (&universe, 0, 1, venues, TAPE_VENUES_MAX, NULL, 0, NULL, NULL);
    for (size_t i = 0; i < shard_count (self->shard); i++) {
        self->feeds[i] = open_feed ((int) i + 1);
        feeds_t *feeds = shard_feeds (self->shard, i);
        for (int venue = 0; venue < TAPE_VENUES_MAX; venue++)
            for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
                feeds->feeds[venue][kind].status = HEALTH_OK;
    }
    int64_t start_ns = tape_start_ns (self->feeds[0].tape);
    for (int s = STEP_S; s <= WARM_S; s += STEP_S) {
        feed_all (self, start_ns + s * NS_PER_S);
        evaluate_all (self, start_ns + s * NS_PER_S);
        if (s == STEP_S)
            open_fuses (self);
        fuse_all (self);
    }
    time_whole (self, start_ns + WARM_S * NS_PER_S);
    for (size_t i = 0; i < shard_count (self->shard); i++) {
        tape_destroy (&self->feeds[i].tape);
        for (int mode = 0; mode < MODE_COUNT; mode++)
            fuse_destroy (&self->fuses[mode][i]);
    }
    shard_destroy (&self->shard);
    field_codec_destroy (&self->codec);
    free (self->copy);
    free (self);
}

int
main (void)
{
    error_text_t error;
    CHECK (universe_parse (&universe, slice_of (INSTRUMENTS), &error) == OK);
    bench_single (tape_venues);
    (void) fflush (stdout);
    bench_whole (tape_venues);
    return 0;
}
