#include "ingest/simulator/world.h"
#include "common/base/check.h"
#include "ingest/simulator/agents.h"
#include "ingest/simulator/crowd.h"
#include "ingest/simulator/exchange.h"
#include "ingest/simulator/margin.h"
#include "ingest/simulator/world_past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SECOND_NS = INT64_C (1000000000), STEP_NS = INT64_C (100000000);
static const int64_t OI_EVERY_NS = INT64_C (300000000000), MINUTE_NS = INT64_C (60000000000);
static const double IMPACT_OWN_SHARE = .85;
static const double USUAL_INFORMED_SHARE = .06, USUAL_DRIFT = .04, USUAL_HORIZON_S = 300, PLANTED_SHARE = .35;
static const double USUAL_FUND_SHARE = .01;
static const double DRIFT_CORRELATION_MAX = .6;
enum { DAY_MINUTES = 1440 };

typedef struct {
    int64_t ts_ns;
    int32_t id; //  exchange x ACTOR_COUNT + actor: breaks ties
} turn_t;

struct world {
    universe_t universe;
    world_options_t options;
    world_sink_t sink;
    listing_t *listings;
    fundamental_t *fundamental;
    exchange_t *exchanges; //  instrument x venues + venue
    int exchanges_count;
    truth_t *truth;
    turn_t *turns; //  binary heap, soonest first
    int32_t turns_count;
    int64_t now_ns, next_step_ns;
};

static int
options_check (const world_options_t *options, error_text_t *error)
{
    static const char *const KNOWN[] = {"binance", "bybit", "okx"};
    if (!options->universe || options->universe->count == 0)
        return error_set (error, E_CONFIG, "world: no instruments");
    if (options->venues_count < 1 || options->venues_count > WORLD_VENUES_MAX)
        return error_set (error, E_RANGE, "world: %d venues", options->venues_count);
    for (int i = 0; i < options->venues_count; i++) {
        bool is_known = false;
        for (size_t k = 0; k < COUNT_OF (KNOWN); k++)
            is_known = is_known || strcmp (options->venues[i], KNOWN[k]) == 0;
        if (!is_known)
            return error_set (error, E_CONFIG, "world: no rules for venue %s", options->venues[i]);
    }
    if (!(options->activity > 0 && options->activity <= 100))
        return error_set (error, E_RANGE, "world: activity %g is not within 0..100", options->activity);
    if (options->history_days < 0 || options->history_days > 90)
        return error_set (error, E_RANGE, "world: %d days of history", options->history_days);
    if (options->start_ns < 0)
        return error_set (error, E_RANGE, "world: starts before 1970");
    if (!(options->fund_share >= 0 && options->fund_share <= 1))
        return error_set (error, E_RANGE, "world: fund share %g is not within 0..1", options->fund_share);
    if (!(options->planted_ic >= 0 && options->planted_ic <= .5))
        return error_set (error, E_RANGE, "world: planted ic %g is not within 0..0.5", options->planted_ic);
    if (options->planted_ic > 0 && !(options->planted_horizon_s >= 30 && options->planted_horizon_s <= 86400))
        return error_set (error, E_RANGE, "world: planted horizon %g s", options->planted_horizon_s);
    if (options->planted_ic > 0 && options->is_random_walk)
        return error_set (error, E_CONFIG, "world: a random walk has no planted signal");
    return OK;
}

static world_rule_t
rule_of (const char *venue)
{
    return strcmp (venue, "okx") == 0     ? WORLD_OKX
           : strcmp (venue, "bybit") == 0 ? WORLD_BYBIT
                                          : WORLD_BINANCE;
}

static bool
turn_is_before (const turn_t *a, const turn_t *b)
{
    return a->ts_ns != b->ts_ns ? a->ts_ns < b->ts_ns : a->id < b->id;
}

static void
turns_sink (world_t *self, int32_t at)
{
    turn_t moving = self->turns[at];
    for (;;) {
        int32_t child = 2 * at + 1;
        if (child >= self->turns_count)
            break;
        if (child + 1 < self->turns_count && turn_is_before (&self->turns[child + 1], &self->turns[child]))
            child++;
        if (!turn_is_before (&self->turns[child], &moving))
            break;
        self->turns[at] = self->turns[child];
        at = child;
    }
    self->turns[at] = moving;
}

//  Informed share of the takers and the drift that gives their flow the wanted information coefficient.
static void
plant_signal (world_t *self)
{
    bool is_planted = self->options.planted_ic > 0;
    double share = is_planted ? PLANTED_SHARE : self->options.is_random_walk ? 0 : USUAL_INFORMED_SHARE;
    double horizon_s = is_planted ? self->options.planted_horizon_s : USUAL_HORIZON_S;
    for (int i = 0; i < self->exchanges_count; i++) {
        exchange_t *exchange = &self->exchanges[i];
        exchange->planted_share = share;
        if (share <= 0 || exchange->venue != 0)
            continue;
        double reach = agents_flow_correlation (exchange, self->options.venues_count, horizon_s);
        double correlation = is_planted ? self->options.planted_ic / reach : USUAL_DRIFT;
        fundamental_set_drift (self->fundamental, exchange->instrument,
                               fmin (correlation, DRIFT_CORRELATION_MAX));
    }
}

static void
day_update (exchange_t *exchange)
{
    const world_history_t *history = &exchange->history;
    int32_t running = world_history_count (history) - 1, first = running - (DAY_MINUTES - 1);
    if (first < 0)
        first = 0;
    world_kline_t bar;
    world_history_bar (history, first, &bar);
    exchange->day_open_px = bar.open_px;
    exchange->day_high_px = exchange->day_low_px = bar.open_px;
    exchange->day_volume_coins = exchange->day_turnover_usd = 0;
    for (int32_t i = first; i < running; i++) {
        world_history_bar (history, i, &bar);
        exchange->day_volume_coins += bar.volume_coins;
        exchange->day_turnover_usd += bar.turnover_usd;
        exchange->day_high_px = fmax (exchange->day_high_px, bar.high_px);
        exchange->day_low_px = fmin (exchange->day_low_px, bar.low_px);
    }
}

static void
fund_endow (exchange_t *exchange, double share)
{
    double oi = (double) exchange->accounts.long_lots * exchange->mark_px / exchange->spec->tick_px;
    accounts_deposit (&exchange->accounts, ACCOUNT_FUND, llround (share * oi * MONEY_UNIT));
}

static void
exchanges_start (world_t *self)
{
    int64_t start_ns = self->options.start_ns;
    for (int i = 0; i < self->exchanges_count; i++) {
        exchange_t *exchange = &self->exchanges[i];
        exchange->last_px_ticks = llround (exchange_fair_ticks (exchange));
        world_history_roll (&exchange->history, start_ns, exchange->last_px_ticks);
        margin_start (exchange);
        crowd_plant_positions (exchange);
        fund_endow (exchange, self->options.fund_share > 0 ? self->options.fund_share : USUAL_FUND_SHARE);
        world_past_anchor_oi (exchange);
        agents_fill_book (exchange);
        margin_start (exchange);
        accounts_check (&exchange->accounts);
        day_update (exchange);
        for (int actor = 0; actor < ACTOR_COUNT; actor++) {
            turn_t *turn = &self->turns[self->turns_count++];
            double wait_s = actor == ACTOR_SECOND ? 0 : agents_interval_s (exchange, actor);
            double wait_ns = wait_s * prng_exponential (&exchange->prng[actor]) * 1e9;
            int64_t first_ns = wait_ns < 1e18 ? start_ns + 1 + (int64_t) wait_ns : INT64_MAX;
            if (actor == ACTOR_SECOND)
                first_ns = (start_ns / SECOND_NS + 1) * SECOND_NS;
            *turn = (turn_t){.ts_ns = first_ns, .id = i * ACTOR_COUNT + actor};
        }
    }
    for (int32_t at = self->turns_count / 2 - 1; at >= 0; at--)
        turns_sink (self, at);
}

world_t *
world_new (const world_options_t *options, error_text_t *error)
{
    if (options_check (options, error) != OK)
        return NULL;
    world_t *self = mem_new (sizeof *self);
    self->options = *options;
    self->universe = *options->universe;
    self->options.universe = &self->universe;
    if (options->truth_path && !(self->truth = truth_open (options->truth_path, error))) {
        world_destroy (&self);
        return NULL;
    }
    int count = (int) self->universe.count, venues = options->venues_count;
    self->listings = mem_new ((size_t) count * sizeof *self->listings);
    for (int i = 0; i < count; i++)
        if (listing_init (&self->listings[i], self->universe.names[i],
                          options->tiers_folder ? options->tiers_folder : "deploy/tiers", error) != OK) {
            world_destroy (&self);
            return NULL;
        }
    double horizon_s = options->planted_ic > 0 ? options->planted_horizon_s : USUAL_HORIZON_S;
    self->fundamental = fundamental_new (options->seed, self->listings, count, horizon_s);
    self->exchanges = mem_new ((size_t) (count * venues) * sizeof *self->exchanges);
    self->turns = mem_new ((size_t) (count * venues * ACTOR_COUNT) * sizeof *self->turns);
    for (int i = 0; i < count * venues; i++) {
        int instrument = i / venues, venue = i % venues;
        exchange_init (&self->exchanges[i], &(exchange_options_t){.seed = options->seed,
                                                                  .venue = venue,
                                                                  .instrument = instrument,
                                                                  .venue_name = options->venues[venue],
                                                                  .name_trade = options->name_trade,
                                                                  .name = self->universe.names[instrument],
                                                                  .rule = rule_of (options->venues[venue]),
                                                                  .options = options,
                                                                  .listing = &self->listings[instrument],
                                                                  .fundamental = self->fundamental,
                                                                  .sink = &self->sink,
                                                                  .truth = self->truth});
        self->exchanges_count++;
    }
    self->now_ns = options->start_ns;
    self->next_step_ns = (options->start_ns / STEP_NS + 1) * STEP_NS;
    plant_signal (self);
    world_past_make (self->exchanges, self->exchanges_count, venues, self->fundamental, &self->options);
    if (!options->is_random_walk)
        fundamental_set_own_share (self->fundamental, IMPACT_OWN_SHARE);
    exchanges_start (self);
    return self;
}

void
world_destroy (world_t **self)
{
    if (!*self)
        return;
    for (int i = 0; i < (*self)->exchanges_count; i++)
        exchange_fini (&(*self)->exchanges[i]);
    free ((*self)->exchanges);
    free ((*self)->turns);
    free ((*self)->listings);
    fundamental_destroy (&(*self)->fundamental);
    truth_close (&(*self)->truth);
    free (*self);
    *self = NULL;
}

void
world_listen (world_t *self, const world_sink_t *sink)
{
    self->sink = *sink;
}

static const exchange_t *
exchange_at (const world_t *self, int venue, int instrument)
{
    CHECK (venue >= 0 && venue < self->options.venues_count);
    CHECK (instrument >= 0 && instrument < (int) self->universe.count);
    return &self->exchanges[instrument * self->options.venues_count + venue];
}

static void
books_of (const exchange_t *exchange, const accounts_t *accounts, world_books_t *out)
{
    *out = (world_books_t){
        .deposits_usd = exchange_usd (exchange, accounts->deposits),
        .wallets_usd = exchange_usd (exchange, accounts->wallets),
        .fund_usd = exchange_usd (exchange, accounts->net[ACCOUNT_FUND].wallet),
        .fees_usd = exchange_usd (exchange, accounts->fees),
        .unrealised_usd = exchange_usd (exchange, -accounts->cost * MONEY_UNIT),
        .long_lots = accounts->long_lots,
        .short_lots = accounts->short_lots,
        .oi_lots = accounts->long_lots,
        .trades_count = exchange->trades_count,
        .oi_unprinted_lots = exchange->oi_unprinted_lots,
        .liquidations_count = exchange->liquidations_count,
        .adl_count = exchange->adl_count,
    };
}

static void
minute_pass (exchange_t *exchange)
{
    day_update (exchange);
    if (exchange->now_ns % OI_EVERY_NS == 0)
        world_series_add (&exchange->history.oi, exchange->now_ns,
                          (double) exchange->accounts.long_lots * exchange->spec->lot_coins);
    if (!exchange->truth)
        return;
    world_books_t books;
    books_of (exchange, &exchange->accounts, &books);
    truth_positions (exchange->truth, exchange->venue_name, exchange->name, exchange->spec, exchange->now_ns,
                     exchange->mark_px, &exchange->accounts);
    truth_books (exchange->truth, exchange->venue_name, exchange->name, exchange->now_ns, &books);
}

//  Bars are rolled before anybody can trade in the new minute: this actor's id is the smallest of its
//  exchange.
static void
second_pass (exchange_t *exchange)
{
    if (!exchange->is_random_walk) { //  a venue's own error, half-life 10 s, half a basis point
        double fresh = prng_normal (&exchange->prng[ACTOR_SECOND]);
        exchange->venue_noise = .933 * exchange->venue_noise + .36 * .5e-4 * fresh;
    }
    bool is_minute = exchange->now_ns % MINUTE_NS == 0;
    if (is_minute)
        world_history_roll (&exchange->history, exchange->now_ns, exchange->last_px_ticks);
    crowd_second (exchange);
    margin_second (exchange);
    accounts_check (&exchange->accounts);
    if (is_minute)
        minute_pass (exchange);
}

void
world_run (world_t *self, int64_t until_ns)
{
    while (self->turns[0].ts_ns <= until_ns || self->next_step_ns <= until_ns) {
        turn_t *turn = &self->turns[0];
        if (self->next_step_ns <= turn->ts_ns) {
            self->now_ns = self->next_step_ns;
            fundamental_step (self->fundamental, self->now_ns, (double) STEP_NS * 1e-9);
            self->next_step_ns += STEP_NS;
            continue;
        }
        self->now_ns = turn->ts_ns;
        exchange_t *exchange = &self->exchanges[turn->id / ACTOR_COUNT];
        int actor = turn->id % ACTOR_COUNT;
        exchange->now_ns = turn->ts_ns;
        if (actor == ACTOR_SECOND) {
            second_pass (exchange);
            turn->ts_ns += SECOND_NS;
        } else {
            turn->ts_ns = agents_act (exchange, actor);
        }
        turns_sink (self, 0);
    }
    if (until_ns > self->now_ns)
        self->now_ns = until_ns;
}

int64_t
world_now_ns (const world_t *self)
{
    return self->now_ns;
}

const world_spec_t *
world_spec (const world_t *self, int venue, int instrument)
{
    return exchange_at (self, venue, instrument)->spec;
}

void
world_ticker (const world_t *self, int venue, int instrument, world_ticker_t *out)
{
    const exchange_t *exchange = exchange_at (self, venue, instrument);
    world_kline_t bar;
    world_history_bar (&exchange->history, world_history_count (&exchange->history) - 1, &bar);
    *out = (world_ticker_t){
        .mark_px = exchange->mark_px,
        .index_px = exchange->index_px,
        .last_px = (double) exchange->last_px_ticks * exchange->spec->tick_px,
        .funding_rate = exchange->funding_rate,
        .funding_interval_h = 8,
        .next_funding_ns = exchange->next_funding_ns,
        .oi_lots = exchange->accounts.long_lots,
        .volume_24h_coins = exchange->day_volume_coins + bar.volume_coins,
        .turnover_24h_usd = exchange->day_turnover_usd + bar.turnover_usd,
        .open_24h_px = exchange->day_open_px,
        .high_24h_px = fmax (exchange->day_high_px, bar.high_px),
        .low_24h_px = fmin (exchange->day_low_px, bar.low_px),
    };
}

int
world_levels (const world_t *self, int venue, int instrument, bool is_bid, world_level_t *out, int most)
{
    const exchange_t *exchange = exchange_at (self, venue, instrument);
    int count = 0;
    for (; count < most; count++) {
        out[count] = (world_level_t){.ts_ns = self->now_ns, .is_bid = is_bid};
        if (!matching_level (exchange->book, is_bid, count, &out[count].px_ticks, &out[count].qty_lots))
            break;
    }
    return count;
}

int
world_klines (const world_t *self, int venue, int instrument, int32_t interval_s, int64_t end_ns,
              world_kline_t *out, int most)
{
    return world_history_klines (&exchange_at (self, venue, instrument)->history, interval_s, end_ns, out,
                                 most);
}

int
world_funding_history (const world_t *self, int venue, int instrument, int64_t end_ns, world_point_t *out,
                       int most)
{
    return world_series_newest (&exchange_at (self, venue, instrument)->history.funding, end_ns, out, most);
}

int
world_oi_history (const world_t *self, int venue, int instrument, int64_t end_ns, world_point_t *out,
                  int most)
{
    return world_series_newest (&exchange_at (self, venue, instrument)->history.oi, end_ns, out, most);
}

static int
compare_backings (const void *a, const void *b)
{
    int64_t x = accounts_backing (*(const position_t *const *) a),
            y = accounts_backing (*(const position_t *const *) b);
    return (x < y) - (x > y);
}

//  Longs among the first count, by heads and by lots.
static void
count_longs (const position_t *const positions[], int32_t count, double *by_heads, double *by_lots)
{
    int64_t longs = 0, long_lots = 0, lots = 0;
    for (int32_t i = 0; i < count; i++) {
        int64_t signed_lots = positions[i]->holding.lots;
        longs += signed_lots > 0;
        long_lots += signed_lots > 0 ? signed_lots : 0;
        lots += llabs (signed_lots);
    }
    *by_heads = (double) longs / count;
    *by_lots = (double) long_lots / (double) lots;
}

int
world_ratio (const world_t *self, int venue, int instrument, world_ratio_t *out)
{
    const accounts_t *accounts = &exchange_at (self, venue, instrument)->accounts;
    const position_t **positions = mem_new ((size_t) (accounts->slots_end + 1) * sizeof *positions);
    int32_t count = 0;
    double by_lots;
    for (int32_t slot = 0; slot < accounts->slots_end; slot++)
        if (accounts->positions[slot].holding.lots)
            positions[count++] = &accounts->positions[slot];
    if (count > 0) {
        qsort (positions, (size_t) count, sizeof *positions, compare_backings);
        *out = (world_ratio_t){.accounts_count = count};
        count_longs (positions, count, &out->accounts_long, &by_lots);
        count_longs (positions, (count + 4) / 5, &out->top_accounts_long, &out->top_positions_long);
    }
    free (positions);
    return count > 0 ? OK : E_AGAIN;
}

const tiers_t *
world_tiers (const world_t *self, int venue, int instrument)
{
    return &exchange_at (self, venue, instrument)->tiers;
}

void
world_truth_books (const world_t *self, int venue, int instrument, world_books_t *out)
{
    const exchange_t *exchange = exchange_at (self, venue, instrument);
    books_of (exchange, &exchange->accounts, out);
}

void
world_truth_audit (const world_t *self, int venue, int instrument, world_books_t *out)
{
    const exchange_t *exchange = exchange_at (self, venue, instrument);
    accounts_t totals;
    accounts_audit (&exchange->accounts, &totals);
    books_of (exchange, &totals, out);
}

void
world_truth_positions (const world_t *self, int venue, int instrument,
                       void (*fn) (void *self, const world_position_t *position), void *fn_self)
{
    const exchange_t *exchange = exchange_at (self, venue, instrument);
    const world_spec_t *spec = exchange->spec;
    for (int32_t i = 0; i < exchange->accounts.slots_end; i++) {
        const position_t *position = &exchange->accounts.positions[i];
        int64_t lots = position->holding.lots;
        if (lots == 0)
            continue;
        world_position_t told = {
            .side = lots > 0 ? 1 : -1,
            .qty_lots = llabs (lots),
            .coins = (double) llabs (lots) * spec->lot_coins,
            .entry_px = (double) position->holding.cost / (double) lots * spec->tick_px,
            .liquidation_px = position->liquidation_px_ticks * spec->tick_px,
            .leverage = accounts_leverage (position),
            .is_cross = position->is_cross,
            .opened_ns = position->opened_ns,
        };
        fn (fn_self, &told);
    }
}

double
world_truth_fundamental_px (const world_t *self, int instrument)
{
    return fundamental_px (self->fundamental, instrument);
}

int
world_truth_flush (world_t *self)
{
    return self->truth ? truth_flush (self->truth) : E_ABSENT;
}
