//  Events into books.  What is read of them is in liquidation_view.c, what prints teach in liquidation_learn.c.

#include "cards/liquidation_map_private.h"

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#include <math.h>
#include <string.h>

#define BLIND_NS         (300 * NS_PER_S)
#define STALE_NS         (10 * NS_PER_S)
#define HISTORY_BLIND_NS (900 * NS_PER_S)
#define HISTORY_VIEW_NS  (300 * NS_PER_S)

const double liquidation_map_leverage[MAP_COMPONENTS] = {2, 3, 5, 7.5, 10, 15, 20, 25, 33, 50, 75, 100, 125};
const double liquidation_map_prior[MAP_COMPONENTS] = {.18, .115, .165, .08,  .17,  .065, .12,
                                                      .04, .013, .034, .009, .008, .003};
const double liquidation_map_ladder_leverage[LADDER_COMPONENTS] = {5, 10, 25, 50, 100};

int
liquidation_map_group (double leverage)
{
    return leverage < 10 ? 0 : leverage < 20 ? 1 : leverage < 50 ? 2 : leverage < 75 ? 3 : 4;
}

size_t
liquidation_map_size (int venues_count)
{
    return sizeof (liquidation_map_t) + (size_t) venues_count * sizeof (liquidation_venue_t);
}

void
liquidation_map_init (liquidation_map_t *self, int venues_count, const tiers_t tiers[])
{
    memset (self, 0, liquidation_map_size (venues_count));
    self->venues_count = venues_count;
    double sum = 0;
    for (int l = 0; l < MAP_COMPONENTS; l++)
        sum += liquidation_map_prior[l];
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        self->weights[l] = liquidation_map_prior[l] / sum;
        self->theta[l] = self->theta_picture[l] = 1;
    }
    for (int rest = 0; rest < BOOK_RESTS; rest++)
        self->phi[rest] = 1;
    self->leverage_mean = NAN;
    for (int v = 0; v < venues_count; v++) {
        liquidation_book_init (&self->venues[v].book, tiers + v);
        self->venues[v].prints.coverage = COVERAGE_ABSENT;
    }
}

void
liquidation_map_set_mixture (liquidation_map_t *self, const double weights[MAP_COMPONENTS])
{
    memcpy (self->weights, weights, sizeof self->weights);
}

//  --- the ladder: all volume, at the bare distance 1 / L

static void
ladder_order (liquidation_map_t *self, const held_order_t *order)
{
    static const float taps[] = {0, .25F, .5F, .25F, 0};
    const liquidation_kernel_t kernel = {1, taps + 1};
    int side = order->side > 0 ? MAP_SIDE_LONG : MAP_SIDE_SHORT;
    if (!self->ladder_base)
        return;
    for (int l = 0; l < LADDER_COMPONENTS; l++) {
        double place =
            (order->x + log1p (-order->side / liquidation_map_ladder_leverage[l])) / MAP_BIN_WIDTH - .5;
        liquidation_grid_deposit (&self->ladder[side][l], self->ladder_base, place,
                                  order->coins / LADDER_COMPONENTS, &kernel);
        int64_t bin = (int64_t) floor (place);
        if (side == MAP_SIDE_LONG && bin + 2 > self->ladder_edge[side])
            self->ladder_edge[side] = bin + 2;
        if (side == MAP_SIDE_SHORT && bin - 1 < self->ladder_edge[side])
            self->ladder_edge[side] = bin - 1;
    }
}

static void
ladder_sweep (liquidation_map_t *self, double low_px, double high_px)
{
    int64_t low = (int64_t) floor (log (low_px) / MAP_BIN_WIDTH),
            high = (int64_t) floor (log (high_px) / MAP_BIN_WIDTH);
    if (!self->ladder_base) {
        self->ladder_base = low - LIQUIDATION_BINS / 2;
        self->ladder_edge[MAP_SIDE_LONG] = low - 1;
        self->ladder_edge[MAP_SIDE_SHORT] = high + 1;
    }
    int64_t off = low - (self->ladder_base + LIQUIDATION_BINS / 2);
    bool is_far = off > 256 || off < -256;
    for (int l = 0; l < LADDER_COMPONENTS; l++) {
        self->sums.ladder_usd[MAP_SIDE_LONG] +=
            low_px * liquidation_grid_sweep (&self->ladder[MAP_SIDE_LONG][l], self->ladder_base, low,
                                             self->ladder_edge[MAP_SIDE_LONG]);
        self->sums.ladder_usd[MAP_SIDE_SHORT] +=
            high_px * liquidation_grid_sweep (&self->ladder[MAP_SIDE_SHORT][l], self->ladder_base,
                                              self->ladder_edge[MAP_SIDE_SHORT], high);
        for (int side = 0; is_far && side < 2; side++)
            liquidation_grid_move (&self->ladder[side][l], self->ladder_base, off);
    }
    if (self->ladder_edge[MAP_SIDE_LONG] >= low)
        self->ladder_edge[MAP_SIDE_LONG] = low - 1;
    if (self->ladder_edge[MAP_SIDE_SHORT] <= high)
        self->ladder_edge[MAP_SIDE_SHORT] = high + 1;
    if (is_far)
        self->ladder_base += off;
}

//  --- events

static void
on_parent (liquidation_map_t *self, const market_t *market, int venue, const parent_order_t *parent)
{
    held_order_t order = {
        .x = parent->x, .px = parent->last_px, .coins = parent->qty_coins, .side = parent->side};
    if (!self->since_ns)
        self->since_ns = market_now_ns (market);
    liquidation_book_order (&self->venues[venue].book, &order, self->weights);
    ladder_order (self, &order);
}

static void
take_mark (liquidation_map_t *self, const market_t *market, int venue, double px)
{
    liquidation_swept_t swept[2];
    liquidation_book_mark (&self->venues[venue].book, market_now_ns (market), px, swept);
    liquidation_learn_sweep (self, venue, swept);
    if (venue == market_reference (market))
        ladder_sweep (self, px, px);
}

//  What was deposited on the wrong side of a mark that has moved on meanwhile is swept at once.
static void
sweep_late (liquidation_map_t *self, int venue, bool is_live)
{
    liquidation_book_t *book = &self->venues[venue].book;
    liquidation_swept_t swept[2];
    if (!book->base ||
        (book->edge_bin[MAP_SIDE_LONG] < book->mark_bin && book->edge_bin[MAP_SIDE_SHORT] > book->mark_bin))
        return;
    liquidation_book_mark (book, book->mark_ns, book->mark_px, swept);
    if (is_live) //  history is not learned from
        liquidation_learn_sweep (self, venue, swept);
}

static void
on_oi (liquidation_map_t *self, const market_t *market, int venue, const market_oi_interval_t *oi)
{
    liquidation_book_oi (&self->venues[venue].book, market_now_ns (market), oi->coins,
                         oi->is_rejected ? NAN : oi->change_coins, self->weights);
    sweep_late (self, venue, market_is_live (market));
}

static void
set_mark (liquidation_map_t *self, double px)
{
    self->mark_px = px;
    self->x = log (px);
    self->mark_bin = (int64_t) floor (self->x / MAP_BIN_WIDTH);
}

//  Every five minutes of history a view, as if it had been lived through.
static void
view_history (liquidation_map_t *self, const market_bar_t *bar)
{
    market_candle_t *candle = &self->history_candle;
    bool is_first = !(candle->open_px > 0);
    if (is_first)
        *candle = (market_candle_t){.open_px = bar->open_px, .high_px = bar->high_px, .low_px = bar->low_px};
    candle->high_px = fmax (candle->high_px, bar->high_px);
    candle->low_px = fmin (candle->low_px, bar->low_px);
    candle->close_px = bar->close_px;
    candle->volume_usd += bar->buy_usd + bar->sell_usd;
    if (bar->end_ns % HISTORY_VIEW_NS != 0)
        return;
    self->now_ns = self->history_view_ns = bar->end_ns;
    set_mark (self, bar->close_px);
    liquidation_view_refresh (self);
}

void
liquidation_map_expect_oi (liquidation_map_t *self, int venue, double coins)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    self->venues[venue].book.oi_coins = coins;
}

int64_t
liquidation_map_history_ns (const liquidation_map_t *self)
{
    return self->history_view_ns;
}

//  History: bars of 15 minutes, then of one minute, as takers' orders of all venues at their middle price.
static void
on_history_bar (liquidation_map_t *self, const market_bar_t *bar)
{
    if (bar->id == W_1M)
        self->has_minute_bars = true;
    bool is_used = bar->id == W_1M || (bar->id == W_15M && !self->has_minute_bars);
    if (!is_used || bar->end_ns <= self->history_ns)
        return;
    double minutes = window_seconds[bar->id] / 60.0;
    double px = (bar->high_px + bar->low_px + bar->close_px) / 3;
    liquidation_swept_t swept[2];
    if (self->history_ns == self->history_view_ns) //  a new candle begins
        self->history_candle.open_px = 0;
    self->history_ns = bar->end_ns;
    const liquidation_step_t lived = self->sums; //  what history sweeps was not foretold, and is not scored
    ladder_sweep (self, bar->low_px, bar->high_px);
    self->sums = lived;
    for (int v = 0; v < self->venues_count; v++) {
        liquidation_book_t *book = &self->venues[v].book;
        liquidation_book_range (book, bar->end_ns, bar->low_px, bar->high_px, bar->close_px, swept);
        if (book->orders_count > 0 && bar->end_ns - book->applied_ns > HISTORY_BLIND_NS)
            liquidation_book_apply_blind (book, bar->end_ns, self->weights);
        liquidation_book_anchor (book, minutes);
        sweep_late (self, v, false);
    }
    for (int side = 1; bar->has_flow && side >= -1; side -= 2) {
        double usd = side > 0 ? bar->buy_usd : bar->sell_usd;
        held_order_t order = {
            .x = log (px), .px = px, .coins = usd / px, .side = (int8_t) side, .is_small = true};
        ladder_order (self, &order);
        for (int v = 0; v < self->venues_count; v++)
            liquidation_book_order (&self->venues[v].book, &order, self->weights);
    }
    if (bar->id == W_1M)
        view_history (self, bar);
}

static void
on_tiers (liquidation_map_t *self, int venue, const tier_update_t *update)
{
    liquidation_book_t *book = &self->venues[venue].book;
    tiers_t tiers = book->tiers;
    tiers.is_by_coins = update->is_by_coins;
    tiers.count = update->rows_count < TIERS_MAX ? (int) update->rows_count : TIERS_MAX;
    for (int i = 0; i < tiers.count; i++)
        tiers.rows[i] = update->rows[i];
    (void) liquidation_book_set_tiers (book, &tiers); //  refused ones are counted there, and told
}

static void
reference_mark (liquidation_map_t *self, const market_t *market)
{
    int reference = market_reference (market);
    double px = 0;
    if (reference < 0 || (market_mark_px (market, reference, &px) != OK && market_price (market, &px) != OK))
        return;
    set_mark (self, px);
}

//  A venue whose marks have stopped is swept by the reference's: its positions are still there.
static void
sweep_stale (liquidation_map_t *self, const market_t *market, int venue)
{
    const liquidation_book_t *book = &self->venues[venue].book;
    if (book->mark_ns && self->now_ns - book->mark_ns > STALE_NS && self->mark_px > 0) {
        int64_t heard_ns = book->mark_ns;
        take_mark (self, market, venue, self->mark_px);
        self->venues[venue].book.mark_ns = heard_ns; //  it has still not been heard
    }
}

//  What has come since `last`, which is moved up to now.
static void
step_since (const liquidation_map_t *self, liquidation_step_t *last, liquidation_step_t *out)
{
    double log_usd = ew_mean (&self->print_log_usd);
    for (int side = 0; side < 2; side++) {
        out->swept_usd[side] = self->sums.swept_usd[side] - last->swept_usd[side];
        out->ladder_usd[side] = self->sums.ladder_usd[side] - last->ladder_usd[side];
        out->printed_usd[side] = self->sums.printed_usd[side] - last->printed_usd[side];
    }
    out->print_usd_median = isnan (log_usd) ? NAN : exp (log_usd);
    *last = self->sums;
}

static void
on_second (liquidation_map_t *self, const market_t *market)
{
    self->now_ns = market_now_ns (market);
    int64_t second = self->now_ns / NS_PER_S;
    reference_mark (self, market);
    liquidation_learn_second (self);
    for (int v = 0; v < self->venues_count; v++) {
        liquidation_book_t *book = &self->venues[v].book;
        sweep_stale (self, market, v);
        if (book->orders_count > 0 && self->now_ns - book->applied_ns > BLIND_NS && book->applied_ns)
            liquidation_book_apply_blind (book, self->now_ns, self->weights);
        sweep_late (self, v, true);
        if (!book->applied_ns)
            book->applied_ns = self->now_ns;
        if (second % 60 == 0)
            liquidation_book_anchor (book, 1);
    }
    if (second % 60 == 0) {
        liquidation_step_t step;
        step_since (self, &self->scored, &step);
        map_score_add (&self->score, self->now_ns, &step);
    }
    if (second % 3600 == 0)
        liquidation_learn_hour (self);
    if (self->mark_px > 0)
        liquidation_view_refresh (self);
}

void
liquidation_map_event (liquidation_map_t *self, const market_t *market, const market_event_t *event)
{
    int venue = event->venue;
    double px;
    switch (event->on) {
    case ON_PARENT:
        on_parent (self, market, venue, event->of.parent);
        break;
    case ON_MARK:
        if (market_mark_px (market, venue, &px) == OK)
            take_mark (self, market, venue, px);
        break;
    case ON_OI:
        on_oi (self, market, venue, event->of.oi);
        break;
    case ON_LIQUIDATION:
        liquidation_learn_print (self, market, venue, event->of.liquidation);
        break;
    case ON_FUNDING:
        if (event->of.funding->is_settled)
            liquidation_book_funding (&self->venues[venue].book, event->of.funding->rate);
        break;
    case ON_RATIO:
        if (!isnan (event->of.ratio->accounts_long))
            liquidation_book_ratio (&self->venues[venue].book, event->of.ratio->ts_event_ns,
                                    event->of.ratio->accounts_long);
        break;
    case ON_TIERS:
        on_tiers (self, venue, event->of.tiers);
        break;
    case ON_BAR:
        if (event->is_backfilled)
            on_history_bar (self, event->of.bar);
        break;
    case ON_SECOND:
        on_second (self, market);
        break;
    default:
        break;
    }
}

//  --- for frames, scores and tests

void
liquidation_map_totals (const liquidation_map_t *self, int venue, map_side_t side, liquidation_totals_t *out)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    const liquidation_book_t *book = &self->venues[venue].book;
    *out = (liquidation_totals_t){.deposited_coins = book->deposited_coins[side],
                                  .swept_coins = book->swept_coins[side],
                                  .closed_coins = book->closed_coins[side],
                                  .anchored_coins = book->anchored_coins[side],
                                  .opened_taker_coins = book->opened_coins,
                                  .volume_coins = book->volume_coins,
                                  .book_coins = liquidation_book_coins (book, side),
                                  .p = book->p,
                                  .oi_coins = book->oi_coins,
                                  .oi_ns = book->oi_ns,
                                  .oi_rejected_count = book->oi_rejected_count,
                                  .tiers_refused_count = book->tiers_refused_count,
                                  .tiers_error = book->tiers_error.text,
                                  .prints_count = self->venues[venue].prints.prints_count};
}

void
liquidation_map_step (liquidation_map_t *self, liquidation_step_t *out)
{
    step_since (self, &self->asked, out);
}

void
liquidation_map_score (const liquidation_map_t *self, map_score_view_t *out)
{
    map_score_read (&self->score, out);
}

void
liquidation_map_theta (const liquidation_map_t *self, double theta[MAP_COMPONENTS])
{
    memcpy (theta, self->theta, sizeof self->theta);
}
