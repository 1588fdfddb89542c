//  Time, prices and live events.  Open interest is in market_oi.c, history in market_history.c, what cards ask in
//  market_view.c.

#include "cards/market_state.h"

#include "common/base/check.h"

#include <math.h>
#include <string.h>

enum { CHANGES_MAX = 4096 };

size_t
market_size (void)
{
    return sizeof (market_t);
}

void
market_init (market_t *self, const char *const venues[], int venues_count)
{
    CHECK (venues_count >= 0 && venues_count <= MARKET_VENUES_MAX);
    memset (self, 0, sizeof *self);
    self->venues_count = venues_count;
    self->reference = -1;
    self->parents_ns = INT64_MAX;
    for (int i = 0; i < GRID_KEPT; i++)
        self->grid[i] = NAN;
    for (int v = 0; v < venues_count; v++) {
        (void) slice_copy (slice_of (venues[v]), self->venues[v].name, VENUE_NAME_MAX);
        self->venues[v].funding = (funding_view_t){.settled_8h = NAN, .estimate_8h = NAN, .interval_h = NAN};
        self->venues[v].ratio =
            (ratio_t){.accounts_long = NAN, .top_accounts_long = NAN, .top_positions_long = NAN};
        self->venues[v].oi.p = 0.5;
    }
}

void
market_set_map_offset (market_t *self, size_t offset)
{
    self->map_offset = offset;
}

void
market_tell (market_t *self, const market_listener_t *listener, const market_event_t *event)
{
    (void) self;
    if (listener && listener->on)
        listener->on (listener->self, event);
}

//  --- price

double
market_venue_mid (const market_t *self, int venue)
{
    const market_venue_t *v = self->venues + venue;
    return v->mid_ns && self->now_ns - v->mid_ns <= MARKET_STALE_NS ? v->mid_px : 0;
}

static bool
is_fresh (const market_t *self, int venue)
{
    const market_venue_t *v = self->venues + venue;
    return v->mid_ns && v->mid_px > 0 && self->now_ns - v->mid_ns <= MARKET_FRESH_NS;
}

static void
shift_history (market_t *self, double shift)
{
    double factor = exp (shift);
    for (int i = 0; i < RINGS; i++) {
        bucket_t *bucket = self->buckets + i;
        if (bucket->close_px <= 0)
            continue;
        bucket->open_px *= factor;
        bucket->high_px *= factor;
        bucket->low_px *= factor;
        bucket->close_px *= factor;
        bucket->close_x += shift;
    }
    self->grid_x += shift;
}

static void
take_price (market_t *self)
{
    const market_venue_t *v = self->venues + self->reference;
    self->price_ns = v->mid_ns;
    const bucket_t *second = market_find (self, BUCKET_1S, self->current[BUCKET_1S]);
    if (v->mid_px == self->price_px && second && second->close_px > 0)
        return;
    self->price_px = v->mid_px;
    self->x = log (v->mid_px);
    for (int b = 0; b < BUCKET_COUNT; b++) {
        bucket_t *bucket = market_slot (self, (bucket_id_t) b, self->current[b]);
        if (bucket->close_px <= 0)
            bucket->open_px = bucket->high_px = bucket->low_px = v->mid_px;
        bucket->high_px = v->mid_px > bucket->high_px ? v->mid_px : bucket->high_px;
        bucket->low_px = v->mid_px < bucket->low_px ? v->mid_px : bucket->low_px;
        bucket->close_px = v->mid_px;
        bucket->close_x = self->x;
    }
}

static void
choose_reference (market_t *self)
{
    int old = self->reference;
    bool is_old_fresh = old >= 0 && is_fresh (self, old);
    for (int v = 0; v < self->venues_count; v++) {
        if (v == old && is_old_fresh)
            return;
        if (!is_fresh (self, v) ||
            (is_old_fresh && self->now_ns - self->venues[v].fresh_since_ns < MARKET_FRESH_NS))
            continue;
        if (old >= 0 && self->price_px > 0) {
            shift_history (self, log (self->venues[v].mid_px) - self->x);
            self->counts.switches++;
        }
        self->reference = v;
        take_price (self);
        return;
    }
}

static bool
best_of (const market_venue_t *v, book_level_t *bid, book_level_t *ask)
{
    const book_replica_t *book = &v->book;
    bool has_book = book->state == BOOK_SYNCED && book->counts[SIDE_BID] > 0 && book->counts[SIDE_ASK] > 0;
    if (v->quote_ns && (!has_book || book->ts_recv_ns - v->quote_ns <= MARKET_FRESH_NS)) {
        *bid = v->bid;
        *ask = v->ask;
        return true;
    }
    if (!has_book)
        return false;
    *bid = book->levels[SIDE_BID][0];
    *ask = book->levels[SIDE_ASK][0];
    return true;
}

static bool
is_same_level (book_level_t a, book_level_t b)
{
    return a.px == b.px && a.qty_coins == b.qty_coins;
}

//  After a quote or a book of the venue.
static void
refresh_best (market_t *self, int venue, const market_listener_t *listener)
{
    market_venue_t *v = self->venues + venue;
    book_level_t bid, ask;
    if (!best_of (v, &bid, &ask) || !(bid.px > 0) || !(ask.px > bid.px)) {
        v->mid_px = 0;
        return;
    }
    if (!v->mid_ns || self->now_ns - v->mid_ns > MARKET_FRESH_NS || v->mid_px <= 0)
        v->fresh_since_ns = self->now_ns;
    v->mid_px = (bid.px + ask.px) / 2;
    v->mid_ns = self->now_ns;
    choose_reference (self);
    if (venue == self->reference)
        take_price (self);
    if (is_same_level (bid, v->told_bid) && is_same_level (ask, v->told_ask))
        return;
    v->told_bid = bid;
    v->told_ask = ask;
    market_tell (self, listener, &(market_event_t){.on = ON_QUOTE, .venue = venue});
}

//  --- time

static void
open_bucket (market_t *self, bucket_id_t size, int64_t index)
{
    self->current[size] = index;
    bucket_t *bucket = market_slot (self, size, index);
    CHECK (bucket);
    if (self->price_px > 0 && self->now_ns - self->price_ns <= MARKET_STALE_NS && bucket->close_px <= 0) {
        bucket->open_px = bucket->high_px = bucket->low_px = bucket->close_px = self->price_px;
        bucket->close_x = self->x;
    }
    bucket->has_flow = bucket->has_flow || self->has_trades;
}

//  Begin, or begin again after a hole.
static void
start_at (market_t *self, int64_t ts_ns)
{
    self->now_ns = ts_ns;
    self->second_ns = self->closed_ns = ts_ns / NS_PER_S * NS_PER_S;
    for (int b = 0; b < BUCKET_COUNT; b++)
        open_bucket (self, (bucket_id_t) b, self->second_ns / (bucket_seconds[b] * NS_PER_S) + 1);
    self->has_grid_x = self->has_grid_last = false;
    int64_t index = ts_ns / (GRID_S * NS_PER_S), hole = index - self->grid_index;
    for (int64_t i = 0; i < hole && i < GRID_KEPT; i++)
        self->grid[(index - i) % GRID_KEPT] = NAN;
    self->grid_index = index;
}

static void
finish_parent (market_t *self, int venue, const market_listener_t *listener)
{
    pending_parent_t *parent = &self->venues[venue].parent;
    if (!parent->is_open)
        return;
    parent->is_open = false;
    parent->order.x = log (parent->order.last_px);
    market_tell (self, listener,
                 &(market_event_t){.on = ON_PARENT, .venue = venue, .of.parent = &parent->order});
}

static void
schedule_parents (market_t *self)
{
    self->parents_ns = INT64_MAX;
    for (int v = 0; v < self->venues_count; v++) {
        const pending_parent_t *parent = &self->venues[v].parent;
        if (parent->is_open && parent->order.last_ns + MARKET_PARENT_NS < self->parents_ns)
            self->parents_ns = parent->order.last_ns + MARKET_PARENT_NS;
    }
}

static void
finish_due_parents (market_t *self, const market_listener_t *listener)
{
    for (int v = 0; v < self->venues_count; v++)
        if (self->venues[v].parent.is_open &&
            self->venues[v].parent.order.last_ns + MARKET_PARENT_NS <= self->parents_ns)
            finish_parent (self, v, listener);
    schedule_parents (self);
}

static void
step_grid (market_t *self)
{
    self->grid_index = self->second_ns / (GRID_S * NS_PER_S);
    double *cell = self->grid + self->grid_index % GRID_KEPT;
    *cell = NAN;
    bool has_x = self->price_px > 0 && self->second_ns - self->price_ns <= MARKET_STALE_NS;
    if (!has_x || !self->has_grid_x) {
        self->has_grid_last = false;
    } else {
        double r = self->x - self->grid_x;
        *cell = r;
        market_add_return (self, self->second_ns, r * r / GRID_S, 1);
        for (int b = 0; b < BUCKET_COUNT; b++) {
            bucket_t *bucket = market_slot (self, (bucket_id_t) b, self->current[b]);
            bucket->rv += r * r;
            bucket->bv += self->has_grid_last ? M_PI_2 * fabs (r) * fabs (self->grid_last) : r * r;
            *(r > 0 ? &bucket->rs_up : &bucket->rs_down) += r * r;
            bucket->returns_count++;
        }
        self->grid_last = r;
        self->has_grid_last = true;
    }
    self->grid_x = self->x;
    self->has_grid_x = has_x;
}

static void
announce_second (market_t *self, const market_listener_t *listener)
{
    self->second_ns += NS_PER_S;
    self->now_ns = self->second_ns;
    choose_reference (self);
    for (int v = 0; v < self->venues_count; v++) {
        oi_filter_t *oi = &self->venues[v].oi;
        if (oi->ts_ns && self->now_ns - oi->ts_ns > MARKET_OI_NS)
            oi->p = 0.5;
    }
    bool is_grid = self->second_ns % (GRID_S * NS_PER_S) == 0;
    if (self->is_rebuild_due)
        market_rebuild (self);
    if (is_grid)
        step_grid (self);
    market_tell (self, listener, &(market_event_t){.on = ON_SECOND, .venue = -1});
    if (is_grid)
        market_tell (self, listener, &(market_event_t){.on = ON_GRID, .venue = -1});
}

static void
tell_bars (market_t *self, int64_t end_ns, const market_listener_t *listener)
{
    for (window_id_t id = 0; id < W_COUNT; id++) {
        market_bar_t bar;
        bucket_id_t from = id == W_4H ? BUCKET_900S : BUCKET_60S;
        if (end_ns % (window_seconds[id] * NS_PER_S) == 0 && market_make_bar (self, id, end_ns, from, &bar))
            market_tell (self, listener, &(market_event_t){.on = ON_BAR, .venue = -1, .of.bar = &bar});
    }
}

static void
close_buckets (market_t *self, const market_listener_t *listener)
{
    int64_t end_ns = self->closed_ns = self->second_ns;
    int64_t second = end_ns / NS_PER_S;
    if (second % bucket_seconds[BUCKET_60S] == 0) {
        const bucket_t *bucket = market_find (self, BUCKET_60S, self->current[BUCKET_60S]);
        if (bucket && bucket->has_flow)
            market_add_volume (self, end_ns, bucket->buy_usd + bucket->sell_usd, 60);
    }
    for (int b = 0; b < BUCKET_COUNT; b++)
        if (second % bucket_seconds[b] == 0)
            open_bucket (self, (bucket_id_t) b, second / bucket_seconds[b] + 1);
    for (int b = 0; b < BUCKET_COUNT; b++)
        if (second % bucket_seconds[b] == 0)
            market_tell (self, listener,
                         &(market_event_t){.on = ON_BUCKET, .venue = -1, .of.bucket = (bucket_id_t) b});
    if (second % window_seconds[W_1M] == 0)
        tell_bars (self, end_ns, listener);
}

//  Everything that happens before ts; with is_inclusive also the second that is ts.
static void
move_time (market_t *self, int64_t ts_ns, bool is_inclusive, const market_listener_t *listener)
{
    if (ts_ns - self->now_ns > MARKET_JUMP_S * NS_PER_S) {
        for (int v = 0; v < self->venues_count; v++)
            finish_parent (self, v, listener);
        self->parents_ns = INT64_MAX;
        self->counts.jumps++;
        start_at (self, ts_ns);
        return;
    }
    for (;;) {
        if (self->closed_ns < self->second_ns && ts_ns > self->second_ns)
            close_buckets (self, listener);
        int64_t next_ns = self->second_ns + NS_PER_S;
        if (self->parents_ns < ts_ns && self->parents_ns < next_ns) {
            if (self->parents_ns > self->now_ns)
                self->now_ns = self->parents_ns;
            finish_due_parents (self, listener);
        } else if (next_ns < ts_ns || (is_inclusive && next_ns == ts_ns))
            announce_second (self, listener);
        else
            break;
    }
    if (ts_ns > self->now_ns)
        self->now_ns = ts_ns;
}

void
market_advance (market_t *self, int64_t ts_ns, const market_listener_t *listener)
{
    if (self->is_live)
        move_time (self, ts_ns, true, listener);
}

//  --- live events

static void
hear_at (market_t *self, int venue, input_t input, int64_t ts_ns)
{
    int bit = __builtin_ctz (input);
    market_venue_t *v = self->venues + venue;
    if (!v->since_ns[bit] || ts_ns - v->heard_ns[bit] > MARKET_JUMP_S * NS_PER_S)
        v->since_ns[bit] = ts_ns;
    if (ts_ns > v->heard_ns[bit])
        v->heard_ns[bit] = ts_ns;
}

void
market_hear (market_t *self, int venue, input_t input)
{
    hear_at (self, venue, input, self->now_ns);
}

static void
merge_parent (market_t *self, const trade_t *trade, double px, int venue, const market_listener_t *listener)
{
    pending_parent_t *parent = &self->venues[venue].parent;
    if (parent->is_open &&
        (parent->order.side != trade->side || self->now_ns - parent->order.last_ns > MARKET_PARENT_NS))
        finish_parent (self, venue, listener);
    if (!parent->is_open) {
        parent->order = (parent_order_t){.side = trade->side, .first_ns = self->now_ns, .venue = venue};
        parent->is_open = true;
    }
    parent->order.notional_usd += trade->notional_usd;
    parent->order.qty_coins += trade->qty_coins;
    parent->order.prints_count++;
    parent->order.last_ns = self->now_ns;
    parent->order.last_px = px;
    schedule_parents (self);
}

static void
on_trade (market_t *self, const trade_t *trade, int venue, const market_listener_t *listener)
{
    double px = decimal_to_double (trade->price);
    if (!(px > 0) || !(trade->qty_coins > 0) || (trade->side != 1 && trade->side != -1)) {
        self->counts.ignored++;
        return;
    }
    market_hear (self, venue, INPUT_TRADE);
    self->has_trades = true;
    market_venue_t *v = self->venues + venue;
    v->last_px = px;
    oi_filter_t *oi = &v->oi;
    oi->qty_coins += trade->qty_coins;
    *(trade->side > 0 ? &oi->buy_usd : &oi->sell_usd) += trade->notional_usd;
    for (int b = 0; b < BUCKET_COUNT; b++) {
        bucket_t *bucket = market_slot (self, (bucket_id_t) b, self->current[b]);
        *(trade->side > 0 ? &bucket->buy_usd : &bucket->sell_usd) += trade->notional_usd;
        bucket->trades_count++;
        bucket->has_flow = true;
    }
    merge_parent (self, trade, px, venue, listener);
    market_tell (self, listener, &(market_event_t){.on = ON_TRADE, .venue = venue, .of.trade = trade});
}

static void
on_book (market_t *self, const book_t *event, int venue, const market_listener_t *listener)
{
    book_replica_t *book = &self->venues[venue].book;
    book_change_t changes[CHANGES_MAX];
    int count = book_apply (book, event, self->now_ns, changes, CHANGES_MAX);
    if (count < 0) {
        self->counts.book_refused++;
        return;
    }
    if (count > CHANGES_MAX) {
        self->counts.changes_unlisted += (uint64_t) (count - CHANGES_MAX);
        count = CHANGES_MAX;
    }
    market_hear (self, venue, INPUT_BOOK);
    market_hear (self, venue, INPUT_QUOTE);
    double mid = book_mid (book);
    if (mid > 0 && book_reach_bp (book, mid) >= 100)
        market_hear (self, venue, INPUT_FULL_DEPTH);
    market_book_change_t change = {event->is_snapshot, changes, count};
    refresh_best (self, venue, listener);
    market_tell (self, listener, &(market_event_t){.on = ON_BOOK, .venue = venue, .of.book = &change});
}

static void
on_quote (market_t *self, const quote_t *quote, int venue, const market_listener_t *listener)
{
    market_venue_t *v = self->venues + venue;
    v->bid = (book_level_t){decimal_to_double (quote->bid_px), quote->bid_qty_coins};
    v->ask = (book_level_t){decimal_to_double (quote->ask_px), quote->ask_qty_coins};
    v->quote_ns = self->now_ns;
    market_hear (self, venue, INPUT_QUOTE);
    refresh_best (self, venue, listener);
}

static void
on_mark (market_t *self, const event_t *event, const market_listener_t *listener)
{
    market_venue_t *v = self->venues + event->venue;
    bool is_mark = event->kind == EVENT_MARK;
    if (!(event->of.mark->price_px > 0)) {
        self->counts.ignored++;
        return;
    }
    *(is_mark ? &v->mark_px : &v->index_px) = event->of.mark->price_px;
    *(is_mark ? &v->mark_ns : &v->index_ns) = self->now_ns;
    market_hear (self, event->venue, INPUT_MARK);
    market_tell (self, listener,
                 &(market_event_t){.on = is_mark ? ON_MARK : ON_INDEX, .venue = event->venue});
}

//  A venue that publishes only the running estimate settles it when its time has come.
static void
settle_estimate (market_t *self, int venue, const funding_t *next, const market_listener_t *listener)
{
    funding_view_t *view = &self->venues[venue].funding;
    bool has_settled = view->next_ns > 0 && next->ts_next_ns > view->next_ns &&
                       view->next_ns <= self->now_ns && !isnan (view->estimate_8h) &&
                       view->settled_ns < view->next_ns - 60 * NS_PER_S;
    if (!has_settled)
        return;
    view->settled_8h = view->estimate_8h;
    view->settled_ns = view->next_ns;
    funding_t settled = {.ts_event_ns = view->next_ns,
                         .rate = view->estimate_8h * view->interval_h / 8,
                         .interval_h = view->interval_h,
                         .ts_next_ns = next->ts_next_ns,
                         .is_settled = true,
                         .rate_next = NAN};
    market_tell (self, listener, &(market_event_t){.on = ON_FUNDING, .venue = venue, .of.funding = &settled});
}

static void
on_funding (market_t *self, const funding_t *funding, int venue, const market_listener_t *listener)
{
    if (!(funding->interval_h > 0) || isnan (funding->rate)) {
        self->counts.ignored++;
        return;
    }
    funding_view_t *view = &self->venues[venue].funding;
    double rate_8h = funding->rate * 8 / funding->interval_h;
    market_hear (self, venue, INPUT_FUNDING);
    bool is_told = false;
    if (funding->is_settled) {
        //  what the running estimate already settled, or an older one again, is no news
        is_told = funding->ts_event_ns < view->settled_ns + 60 * NS_PER_S;
        if (funding->ts_event_ns >= view->settled_ns - 60 * NS_PER_S) {
            view->settled_8h = rate_8h;
            view->settled_ns =
                funding->ts_event_ns > view->settled_ns ? funding->ts_event_ns : view->settled_ns;
        }
    } else {
        settle_estimate (self, venue, funding, listener);
        view->estimate_8h = rate_8h;
        view->next_ns = funding->ts_next_ns;
    }
    view->interval_h = funding->interval_h;
    if (!is_told)
        market_tell (self, listener,
                     &(market_event_t){.on = ON_FUNDING, .venue = venue, .of.funding = funding});
}

static void
on_gap (market_t *self, const gap_t *gap, int venue, const market_listener_t *listener)
{
    if (gap->kind == EVENT_BOOK) {
        book_break (&self->venues[venue].book);
        refresh_best (self, venue, listener);
    }
    market_tell (self, listener, &(market_event_t){.on = ON_GAP, .venue = venue, .of.gap = gap});
}

//  An answer may hold one share of the three: the others stay.
static void
on_ratio (market_t *self, const event_t *event, const market_listener_t *listener)
{
    const ratio_t *told = event->of.ratio;
    ratio_t *known = &self->venues[event->venue].ratio;
    if (told->ts_event_ns > known->ts_event_ns)
        known->ts_event_ns = told->ts_event_ns;
    if (!isnan (told->accounts_long))
        known->accounts_long = told->accounts_long;
    if (!isnan (told->top_accounts_long))
        known->top_accounts_long = told->top_accounts_long;
    if (!isnan (told->top_positions_long))
        known->top_positions_long = told->top_positions_long;
    hear_at (self, event->venue, INPUT_RATIO, event->ts_recv_ns);
    market_tell (self, listener, &(market_event_t){.on = ON_RATIO, .venue = event->venue, .of.ratio = told});
}

//  What holds until it is told anew and says nothing of the present: it does not make a market live, and may
//  come late, out of a snapshot.  False: the event is none of these.
static bool
on_standing (market_t *self, const event_t *event, const market_listener_t *listener)
{
    market_venue_t *v = self->venues + event->venue;
    if (event->kind != EVENT_INSTRUMENT && event->kind != EVENT_RATIO && event->kind != EVENT_TIERS)
        return false;
    if (event->kind == EVENT_INSTRUMENT) {
        v->tick_px = decimal_to_double (event->of.instrument->tick);
        if (event->of.instrument->funding_interval_h > 0)
            v->funding.interval_h = event->of.instrument->funding_interval_h;
        return true;
    }
    if (self->is_live)
        move_time (self, event->ts_recv_ns, false, listener);
    if (event->kind == EVENT_RATIO)
        on_ratio (self, event, listener);
    else
        market_tell (self, listener,
                     &(market_event_t){.on = ON_TIERS, .venue = event->venue, .of.tiers = event->of.tiers});
    return true;
}

static bool
is_backfill (const event_t *event)
{
    return (event->kind == EVENT_BAR && event->of.bar->is_backfilled) ||
           (event->kind == EVENT_OPEN_INTEREST && event->of.open_interest->is_backfilled) ||
           (event->kind == EVENT_FUNDING && event->of.funding->is_backfilled);
}

static void
go_live (market_t *self, int64_t ts_ns)
{
    self->is_live = true;
    self->first_live_ns = ts_ns;
    self->price_px = self->x = 0; //  a bar's close is history, not a price
    self->price_ns = 0;
    start_at (self, ts_ns);
    if (self->is_rebuild_due)
        market_rebuild (self);
}

void
market_event (market_t *self, const event_t *event, const market_listener_t *listener)
{
    CHECK (event->venue < self->venues_count);
    int venue = event->venue;
    if (on_standing (self, event, listener))
        return;
    if (is_backfill (event)) {
        market_backfill (self, event, listener);
        return;
    }
    if (!self->is_live)
        go_live (self, event->ts_recv_ns);
    self->counts.late_events += event->ts_recv_ns < self->now_ns;
    move_time (self, event->ts_recv_ns, false, listener);
    switch (event->kind) {
    case EVENT_TRADE:
        on_trade (self, event->of.trade, venue, listener);
        break;
    case EVENT_BOOK:
        on_book (self, event->of.book, venue, listener);
        break;
    case EVENT_QUOTE:
        on_quote (self, event->of.quote, venue, listener);
        break;
    case EVENT_MARK:
    case EVENT_INDEX:
        on_mark (self, event, listener);
        break;
    case EVENT_FUNDING:
        on_funding (self, event->of.funding, venue, listener);
        break;
    case EVENT_OPEN_INTEREST:
        market_take_oi (self, event->of.open_interest, venue, listener);
        break;
    case EVENT_LIQUIDATION:
        market_hear (self, venue, INPUT_LIQUIDATION);
        market_tell (
            self, listener,
            &(market_event_t){.on = ON_LIQUIDATION, .venue = venue, .of.liquidation = event->of.liquidation});
        break;
    case EVENT_GAP:
        on_gap (self, event->of.gap, venue, listener);
        break;
    default:
        self->counts.ignored++;
        break;
    }
}
