//  Rings, history from REST, and the slow statistics made of them.

#include "cards/market_state.h"

#include "common/base/check.h"

#include <math.h>
#include <string.h>

#define WEEK_S            (7 * 86400.0)
#define PROFILE_PSEUDO    4.0
#define PROFILE_HALF_S    (8 * WEEK_S)
#define PARKINSON_DIVISOR (4 * STATS_LN2)

int64_t
market_index_at (bucket_id_t size, int64_t ts_ns)
{
    int64_t length_ns = bucket_seconds[size] * NS_PER_S;
    return (ts_ns + length_ns - 1) / length_ns;
}

bucket_t *
market_slot (market_t *self, bucket_id_t size, int64_t index)
{
    bucket_t *slot = self->buckets + market_place (size, index);
    if (slot->index > index)
        return NULL;
    if (slot->index < index) {
        memset (slot, 0, sizeof *slot);
        slot->index = index;
        slot->price_venue = slot->flow_venue = -1;
        //  known only for the newest bucket; history that comes late has none
        slot->has_oi = self->oi_since_ns != 0 && (!self->is_live || index >= self->current[size]);
        slot->oi_level = self->oi_level;
    }
    return slot;
}

//  --- statistics

void
market_add_return (market_t *self, int64_t ts_ns, double square_per_s, double weight)
{
    for (int id = 0; id < W_COUNT; id++) {
        double tau_s = stats_clip (8.0 * window_seconds[id], 3600, WEEK_S);
        ew_add_weighted (self->v + id, ts_ns, tau_s, square_per_s, weight);
    }
}

int
market_hour_of (int64_t ts_ns)
{
    return (int) (ts_ns / NS_PER_S / 3600 % HOURS_OF_WEEK);
}

//  Weight 1 is an hour: the rate of the whole week, and how this hour compares with it.
void
market_add_volume (market_t *self, int64_t ts_ns, double usd, double seconds)
{
    double hours = seconds / 3600, rate = usd / seconds;
    ew_add_weighted (&self->volume, ts_ns, stats_tau_of_half (WEEK_S), rate, hours);
    double mean = ew_mean (&self->volume);
    if (mean > 0)
        ew_add_weighted (self->hours + market_hour_of (ts_ns - 1), ts_ns, stats_tau_of_half (PROFILE_HALF_S),
                         rate / mean, hours);
}

double
market_hour_factor (const market_t *self, int hour)
{
    const ew_t *cell = self->hours + hour;
    return (cell->sum + PROFILE_PSEUDO) / (cell->w + PROFILE_PSEUDO);
}

static void
rebuild_from (market_t *self, bucket_id_t size, int64_t first, int64_t before)
{
    for (int64_t index = first; index < before; index++) {
        const bucket_t *bucket = market_find (self, size, index);
        if (!bucket)
            continue;
        int64_t end_ns = index * bucket_seconds[size] * NS_PER_S;
        if (bucket->returns_count > 0)
            market_add_return (self, end_ns, bucket->rv / (GRID_S * (double) bucket->returns_count),
                               bucket->returns_count);
        double usd = bucket->buy_usd + bucket->sell_usd;
        if (bucket->bar_usd > usd)
            usd = bucket->bar_usd;
        if (bucket->has_flow || bucket->bar_mask)
            market_add_volume (self, end_ns, usd, bucket_seconds[size]);
    }
}

void
market_rebuild (market_t *self)
{
    memset (self->v, 0, sizeof self->v);
    memset (&self->volume, 0, sizeof self->volume);
    memset (self->hours, 0, sizeof self->hours);
    int64_t now60 = self->current[BUCKET_60S], now900 = self->current[BUCKET_900S];
    int64_t first60 = now60;
    for (int64_t index = now60 - RING_60S + 1; index < now60; index++)
        if (market_find (self, BUCKET_60S, index)) {
            first60 = index;
            break;
        }
    //  the coarse ring up to where the fine one begins, then the fine one
    int64_t turn = (first60 - 1) / (bucket_seconds[BUCKET_900S] / bucket_seconds[BUCKET_60S]) + 1;
    rebuild_from (self, BUCKET_900S, now900 - RING_900S + 1, turn < now900 ? turn : now900);
    rebuild_from (self, BUCKET_60S, first60, now60);
    self->is_rebuild_due = false;
}

//  --- bars

bool
market_make_bar (const market_t *self, window_id_t id, int64_t end_ns, bucket_id_t from, market_bar_t *out)
{
    int64_t last = end_ns / (bucket_seconds[from] * NS_PER_S);
    int64_t count = window_seconds[id] / bucket_seconds[from];
    *out = (market_bar_t){.id = id, .end_ns = end_ns, .has_flow = true};
    for (int64_t index = last - count + 1; index <= last; index++) {
        const bucket_t *bucket = market_find (self, from, index);
        if (!bucket || bucket->close_px <= 0)
            return false;
        if (out->open_px <= 0) {
            out->open_px = bucket->open_px;
            out->high_px = bucket->high_px;
            out->low_px = bucket->low_px;
        }
        out->high_px = bucket->high_px > out->high_px ? bucket->high_px : out->high_px;
        out->low_px = bucket->low_px < out->low_px ? bucket->low_px : out->low_px;
        out->close_px = bucket->close_px;
        out->buy_usd += bucket->buy_usd;
        out->sell_usd += bucket->sell_usd;
        out->has_flow = out->has_flow && bucket->has_flow;
    }
    if (!out->has_flow)
        out->buy_usd = out->sell_usd = 0;
    return true;
}

static void
tell_history (market_t *self, const bar_t *bar, bucket_id_t size, const market_listener_t *listener)
{
    int64_t end_ns = bar->ts_event_ns;
    self->now_ns = end_ns;
    for (int b = 0; b < BUCKET_COUNT; b++)
        self->current[b] = end_ns / (bucket_seconds[b] * NS_PER_S) + 1;
    self->price_px = bar->close_px;
    self->x = log (bar->close_px);
    self->price_ns = end_ns;
    market_tell (self, listener,
                 &(market_event_t){.on = ON_BUCKET, .venue = -1, .is_backfilled = true, .of.bucket = size});
    window_id_t first = size == BUCKET_60S ? W_1M : W_15M, last = size == BUCKET_60S ? W_5M : W_4H;
    for (window_id_t id = first; id <= last; id++) {
        market_bar_t made;
        if (end_ns % (window_seconds[id] * NS_PER_S) == 0 && market_make_bar (self, id, end_ns, size, &made))
            market_tell (
                self, listener,
                &(market_event_t){.on = ON_BAR, .venue = -1, .is_backfilled = true, .of.bar = &made});
    }
}

static void
fill_price (bucket_t *slot, const bar_t *bar, int venue)
{
    slot->open_px = bar->open_px;
    slot->high_px = bar->high_px;
    slot->low_px = bar->low_px;
    slot->close_px = bar->close_px;
    slot->close_x = log (bar->close_px);
    slot->price_venue = (int8_t) venue;
    double range = log (bar->high_px / bar->low_px), variance = range * range / PARKINSON_DIVISOR;
    slot->rv = slot->bv = variance;
    slot->rs_up = bar->close_px > bar->open_px ? variance : bar->close_px < bar->open_px ? 0 : variance / 2;
    slot->rs_down = variance - slot->rs_up;
    slot->returns_count = bar->interval_s / GRID_S;
}

static void
fill_flow (bucket_t *slot, const bar_t *bar, int venue)
{
    double buy = stats_clip (bar->taker_buy_usd, 0, bar->volume_usd);
    slot->buy_usd = buy;
    slot->sell_usd = bar->volume_usd - buy;
    slot->trades_count = bar->trades_count > 0 ? bar->trades_count : 0;
    slot->has_flow = true;
    slot->flow_venue = (int8_t) venue;
}

//  The bucket in which live data began, or is about to: the bar has what came before.
static void
fill_forming (bucket_t *slot, const bar_t *bar, int venue)
{
    if (slot->price_venue >= 0 && slot->price_venue <= venue)
        return;
    slot->price_venue = (int8_t) venue;
    if (slot->close_px <= 0) {
        slot->close_px = bar->close_px;
        slot->close_x = log (bar->close_px);
        slot->high_px = bar->high_px;
        slot->low_px = bar->low_px;
    }
    slot->open_px = bar->open_px;
    slot->high_px = bar->high_px > slot->high_px ? bar->high_px : slot->high_px;
    slot->low_px = bar->low_px < slot->low_px ? bar->low_px : slot->low_px;
    if (isnan (bar->taker_buy_usd))
        return;
    double buy = stats_clip (bar->taker_buy_usd, 0, bar->volume_usd), sell = bar->volume_usd - buy;
    slot->buy_usd = buy > slot->buy_usd ? buy : slot->buy_usd;
    slot->sell_usd = sell > slot->sell_usd ? sell : slot->sell_usd;
    slot->has_flow = true;
}

static bool
is_sound (const bar_t *bar)
{
    return bar->low_px > 0 && bar->high_px >= bar->low_px && bar->close_px > 0 && bar->open_px > 0 &&
           bar->volume_usd >= 0;
}

static void
backfill_bar (market_t *self, const bar_t *bar, int venue, const market_listener_t *listener)
{
    bucket_id_t size = bar->interval_s == 60 ? BUCKET_60S : BUCKET_900S;
    int64_t length_ns = bucket_seconds[size] * NS_PER_S;
    if (bar->interval_s != bucket_seconds[size] || bar->ts_event_ns % length_ns != 0 || !is_sound (bar)) {
        self->counts.ignored++;
        return;
    }
    int64_t index = bar->ts_event_ns / length_ns;
    int64_t first_live = self->is_live ? market_index_at (size, self->first_live_ns) : INT64_MAX;
    bucket_t *slot = index <= first_live ? market_slot (self, size, index) : NULL;
    if (!slot || (index == first_live && slot->index != self->current[size])) {
        self->counts.ignored++;
        return;
    }
    if (!bar->is_closed || index == first_live) {
        fill_forming (slot, bar, venue);
        return;
    }
    bool is_new = slot->price_venue < 0;
    if (is_new || venue < slot->price_venue)
        fill_price (slot, bar, venue);
    if (!isnan (bar->taker_buy_usd) && (slot->flow_venue < 0 || venue < slot->flow_venue))
        fill_flow (slot, bar, venue);
    if (!(slot->bar_mask & (1u << venue))) {
        slot->bar_mask = (uint16_t) (slot->bar_mask | (1u << venue));
        slot->bar_usd += bar->volume_usd;
    }
    self->is_rebuild_due = true;
    int64_t start_ns = bar->ts_event_ns - length_ns;
    int inputs[] = {__builtin_ctz (INPUT_BARS),
                    isnan (bar->taker_buy_usd) ? -1 : __builtin_ctz (INPUT_TRADE)};
    for (size_t i = 0; i < COUNT_OF (inputs); i++)
        if (inputs[i] >= 0 && (self->history_ns[inputs[i]] == 0 || start_ns < self->history_ns[inputs[i]]))
            self->history_ns[inputs[i]] = start_ns;
    if (is_new && !self->is_live)
        tell_history (self, bar, size, listener);
}

//  A venue's history adds its own change to every bucket from then on, so levels never jump when a venue
//  joins.
static void
backfill_oi (market_t *self, const open_interest_t *reading, int venue, const market_listener_t *listener)
{
    oi_filter_t *filter = &self->venues[venue].oi;
    int64_t ts_ns = reading->ts_event_ns;
    if (!(reading->oi_coins > 0) || filter->ts_ns >= ts_ns || self->is_live) {
        self->counts.ignored++;
        return;
    }
    double change = filter->history_coins > 0 ? reading->oi_coins - filter->history_coins : 0;
    self->oi_level += change;
    if (self->oi_since_ns == 0)
        self->oi_since_ns = ts_ns;
    int bit = __builtin_ctz (INPUT_OI);
    if (self->history_ns[bit] == 0 || ts_ns < self->history_ns[bit])
        self->history_ns[bit] = ts_ns;
    double seconds =
        filter->history_coins > 0 && filter->ts_ns > 0 ? (double) (ts_ns - filter->ts_ns) / 1e9 : 0;
    filter->history_coins = reading->oi_coins;
    filter->ts_ns = ts_ns;
    filter->raw = filter->level = reading->oi_coins;
    filter->variance = 9e-8 * reading->oi_coins * reading->oi_coins;
    filter->p = 0.5;
    self->now_ns = ts_ns;
    market_oi_interval_t interval = {
        .coins = reading->oi_coins, .change_coins = change, .p = 0.5, .seconds = seconds};
    market_tell (self, listener,
                 &(market_event_t){.on = ON_OI, .venue = venue, .is_backfilled = true, .of.oi = &interval});
}

static void
backfill_funding (market_t *self, const funding_t *funding, int venue, const market_listener_t *listener)
{
    funding_view_t *view = &self->venues[venue].funding;
    if (!funding->is_settled || !(funding->interval_h > 0) || isnan (funding->rate)) {
        self->counts.ignored++;
        return;
    }
    if (funding->ts_event_ns > view->settled_ns) {
        view->settled_8h = funding->rate * 8 / funding->interval_h;
        view->settled_ns = funding->ts_event_ns;
        view->interval_h = funding->interval_h;
    }
    int bit = __builtin_ctz (INPUT_FUNDING);
    if (self->history_ns[bit] == 0 || funding->ts_event_ns < self->history_ns[bit])
        self->history_ns[bit] = funding->ts_event_ns;
    if (self->is_live)
        return;
    self->now_ns = funding->ts_event_ns;
    market_tell (
        self, listener,
        &(market_event_t){.on = ON_FUNDING, .venue = venue, .is_backfilled = true, .of.funding = funding});
}

void
market_backfill (market_t *self, const event_t *event, const market_listener_t *listener)
{
    if (event->kind == EVENT_BAR)
        backfill_bar (self, event->of.bar, event->venue, listener);
    else if (event->kind == EVENT_OPEN_INTEREST)
        backfill_oi (self, event->of.open_interest, event->venue, listener);
    else
        backfill_funding (self, event->of.funding, event->venue, listener);
}
