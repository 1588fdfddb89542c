//  What cards and the worker may ask.  Reads only.

#include "cards/liquidation_map.h"
#include "cards/market_state.h"

#include "common/base/check.h"

#include <math.h>

enum { RETURNS_LEAST = 30 };
#define HOURS_LEAST 0.08 //  of volume history before an expectation

int64_t
market_now_ns (const market_t *self)
{
    return self->now_ns;
}

//  The bucket `back` before the current one; NULL unknown.
static const bucket_t *
bucket_back (const market_t *self, bucket_id_t size, int64_t back)
{
    return market_find (self, size, self->current[size] - back);
}

//  --- price

static int
price_status (const market_t *self)
{
    if (self->price_px <= 0)
        return E_AGAIN;
    return self->now_ns - self->price_ns <= MARKET_STALE_NS ? OK : E_STALE;
}

int
market_price (const market_t *self, double *mid_px)
{
    int status = price_status (self);
    if (status == OK)
        *mid_px = self->price_px;
    return status;
}

int
market_x (const market_t *self, double *x)
{
    int status = price_status (self);
    if (status == OK)
        *x = self->x;
    return status;
}

double
market_tick_px (const market_t *self)
{
    double tick = self->reference >= 0 ? self->venues[self->reference].tick_px : 0;
    return tick > 0 ? tick : NAN;
}

int
market_x_back (const market_t *self, bucket_id_t size, int32_t back, double *x)
{
    if (back == 0)
        return market_x (self, x);
    const bucket_t *bucket = bucket_back (self, size, back);
    if (!bucket || bucket->close_px <= 0)
        return E_AGAIN;
    *x = bucket->close_x;
    return OK;
}

int
market_return (const market_t *self, span_t span, double *r)
{
    double now, then;
    int status = market_x (self, &now);
    if (status == OK)
        status = market_x_back (self, span.bucket, span.count, &then);
    if (status == OK)
        *r = now - then;
    return status;
}

static int
sigma_from (const market_t *self, const ew_t *v, double seconds, double *s)
{
    if (v->w < RETURNS_LEAST)
        return E_AGAIN;
    double sigma = sqrt (ew_mean (v) * seconds), tick = market_tick_px (self);
    if (!isnan (tick) && self->price_px > 0 && sigma < tick / self->price_px / 4)
        sigma = tick / self->price_px / 4;
    if (!(sigma > 0))
        return E_AGAIN;
    *s = sigma;
    return OK;
}

int
market_sigma (const market_t *self, window_id_t id, double *s)
{
    return sigma_from (self, self->v + id, window_seconds[id], s);
}

int
market_sigma_of (const market_t *self, double seconds, double *s)
{
    return sigma_from (self, self->v + W_1H, seconds, s);
}

int
market_range (const market_t *self, span_t span, double *high_px, double *low_px)
{
    double high = 0, low = INFINITY;
    const bucket_t *oldest = bucket_back (self, span.bucket, span.count - 1);
    if (!oldest || oldest->close_px <= 0)
        return E_AGAIN;
    for (int32_t back = 0; back < span.count; back++) {
        const bucket_t *bucket = bucket_back (self, span.bucket, back);
        if (!bucket || bucket->close_px <= 0)
            continue;
        high = bucket->high_px > high ? bucket->high_px : high;
        low = bucket->low_px < low ? bucket->low_px : low;
    }
    *high_px = high;
    *low_px = low;
    return OK;
}

static int
realised_seconds (const market_t *self, int32_t count, realised_t *out)
{
    realised_t sum = {0};
    double newer = 0, last = NAN;
    bool has_newer = false;
    for (int32_t back = 0; back <= count; back++) {
        const bucket_t *bucket = bucket_back (self, BUCKET_1S, back);
        bool has = bucket && bucket->close_px > 0;
        if (back == count && !has)
            return E_AGAIN;
        if (!has || !has_newer) {
            last = NAN;
        } else {
            double r = newer - bucket->close_x;
            sum.rv += r * r;
            sum.bv += isnan (last) ? 0 : M_PI_2 * fabs (r) * fabs (last);
            *(r > 0 ? &sum.rs_up : &sum.rs_down) += r * r;
            sum.n++;
            last = r;
        }
        has_newer = has;
        newer = has ? bucket->close_x : 0;
    }
    if (sum.n == 0)
        return E_AGAIN;
    *out = sum;
    return OK;
}

int
market_realised (const market_t *self, span_t span, realised_t *out)
{
    if (span.bucket == BUCKET_1S)
        return realised_seconds (self, span.count, out);
    realised_t sum = {0};
    if (!bucket_back (self, span.bucket, span.count - 1))
        return E_AGAIN;
    for (int32_t back = 0; back < span.count; back++) {
        const bucket_t *bucket = bucket_back (self, span.bucket, back);
        if (!bucket)
            continue;
        sum.rv += bucket->rv;
        sum.bv += bucket->bv;
        sum.rs_up += bucket->rs_up;
        sum.rs_down += bucket->rs_down;
        sum.n += bucket->returns_count;
    }
    if (sum.n == 0)
        return E_AGAIN;
    *out = sum;
    return OK;
}

int
market_returns (const market_t *self, window_id_t id, double *out, int most)
{
    int n = 0;
    if (id == W_1M) {
        for (int back = 0; back < window_seconds[id] && n < most; back++) {
            const bucket_t *newer = bucket_back (self, BUCKET_1S, back);
            const bucket_t *older = bucket_back (self, BUCKET_1S, back + 1);
            if (newer && older && newer->close_px > 0 && older->close_px > 0)
                out[n++] = newer->close_x - older->close_x;
        }
        return n;
    }
    int steps = window_seconds[id] / GRID_S;
    for (int i = 0; i < steps && n < most && self->grid_index > i; i++) {
        double r = self->grid[(self->grid_index - i) % GRID_KEPT];
        if (!isnan (r))
            out[n++] = r;
    }
    return n;
}

//  --- flow

int
market_flow (const market_t *self, span_t span, flow_t *out)
{
    flow_t sum = {0};
    for (int32_t back = 0; back < span.count; back++) {
        const bucket_t *bucket = bucket_back (self, span.bucket, back);
        if (!bucket || !bucket->has_flow)
            return E_AGAIN;
        sum.buy_usd += bucket->buy_usd;
        sum.sell_usd += bucket->sell_usd;
        sum.trades_count += bucket->trades_count;
    }
    sum.total_usd = sum.buy_usd + sum.sell_usd;
    sum.delta_usd = sum.buy_usd - sum.sell_usd;
    *out = sum;
    return OK;
}

int
market_flow_bucket (const market_t *self, bucket_id_t size, int32_t back, flow_t *out)
{
    const bucket_t *bucket = bucket_back (self, size, back);
    if (!bucket || !bucket->has_flow)
        return E_AGAIN;
    *out = (flow_t){bucket->buy_usd, bucket->sell_usd, bucket->buy_usd + bucket->sell_usd,
                    bucket->buy_usd - bucket->sell_usd, bucket->trades_count};
    return OK;
}

//  Events carry perpetuals only, so there is no spot feed to sum.
int
market_spot_flow (const market_t *self, span_t span, flow_t *out)
{
    (void) self;
    (void) span;
    (void) out;
    return E_ABSENT;
}

int
market_expected_usd (const market_t *self, double seconds, double *ve)
{
    if (self->volume.w < HOURS_LEAST)
        return E_AGAIN;
    double rate = ew_mean (&self->volume), factor = 0, left = seconds;
    int64_t at_ns = self->now_ns;
    //  mean of the profile over the hours the span touches; a week has them all
    for (int i = 0; i <= HOURS_OF_WEEK && left > 0; i++) {
        double into = (double) ((at_ns - 1) % (3600 * NS_PER_S) + 1) / 1e9;
        double part = into < left ? into : left;
        factor += part * market_hour_factor (self, market_hour_of (at_ns - 1));
        left -= part;
        at_ns -= (int64_t) (into * 1e9);
    }
    double usd = rate * factor * seconds / (seconds - (left > 0 ? left : 0));
    if (!(usd > 0))
        return E_AGAIN;
    *ve = usd;
    return OK;
}

//  --- venues and books

int
market_venues_count (const market_t *self)
{
    return self->venues_count;
}

const char *
market_venue_name (const market_t *self, int venue)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    return self->venues[venue].name;
}

int
market_reference (const market_t *self)
{
    return self->reference;
}

const book_replica_t *
market_book (const market_t *self, int venue)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    return &self->venues[venue].book;
}

int
market_quote (const market_t *self, int venue, book_level_t *bid, book_level_t *ask)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    const market_venue_t *v = self->venues + venue;
    if (!v->mid_ns)
        return E_AGAIN;
    if (market_venue_mid (self, venue) <= 0)
        return E_STALE;
    *bid = v->told_bid;
    *ask = v->told_ask;
    return OK;
}

static int
known_px (const market_t *self, double px, int64_t ts_ns, double *out)
{
    if (px <= 0)
        return E_AGAIN;
    if (ts_ns && self->now_ns - ts_ns > MARKET_STALE_NS)
        return E_STALE;
    *out = px;
    return OK;
}

int
market_last_px (const market_t *self, int venue, double *px)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    return known_px (self, self->venues[venue].last_px, 0, px);
}

int
market_mark_px (const market_t *self, int venue, double *px)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    return known_px (self, self->venues[venue].mark_px, self->venues[venue].mark_ns, px);
}

int
market_index_px (const market_t *self, int venue, double *px)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    return known_px (self, self->venues[venue].index_px, self->venues[venue].index_ns, px);
}

//  --- open interest, premium, funding

static bool
has_oi (const market_t *self, int venue)
{
    return self->venues[venue].oi.ts_ns != 0 &&
           self->now_ns - self->venues[venue].oi.ts_ns <= MARKET_JUMP_S * NS_PER_S;
}

double
market_weight (const market_t *self, int venue)
{
    double sum = 0;
    for (int v = 0; v < self->venues_count; v++)
        if (has_oi (self, v))
            sum += self->venues[v].oi.level;
    if (sum <= 0)
        return 1.0 / self->venues_count;
    return has_oi (self, venue) ? self->venues[venue].oi.level / sum : 0;
}

//  Weighted median of the venues whose value is not NaN: where half the weight lies on either side, the mean
//  of the two.  Equal weights when none of them has open interest.  NaN when there is none.
static double
weighted_median (const market_t *self, const double values[])
{
    double value[MARKET_VENUES_MAX], weight[MARKET_VENUES_MAX], total = 0;
    int n = 0;
    for (int pass = 0; pass < 2 && total <= 0; pass++) {
        n = 0;
        for (int v = 0; v < self->venues_count; v++) {
            double w = pass == 0 ? market_weight (self, v) : 1;
            if (isnan (values[v]) || w <= 0)
                continue;
            int at = n++;
            for (; at > 0 && value[at - 1] > values[v]; at--) {
                value[at] = value[at - 1];
                weight[at] = weight[at - 1];
            }
            value[at] = values[v];
            weight[at] = w;
            total += w;
        }
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += weight[i];
        if (fabs (sum - total / 2) <= 1e-12 * total && i + 1 < n)
            return (value[i] + value[i + 1]) / 2;
        if (sum > total / 2)
            return value[i];
    }
    return NAN;
}

int
market_venue_premium (const market_t *self, int venue, double *premium)
{
    double index;
    int status = market_index_px (self, venue, &index);
    if (status != OK)
        return status;
    double mid = market_venue_mid (self, venue);
    if (mid <= 0)
        return self->venues[venue].mid_ns ? E_STALE : E_AGAIN;
    *premium = (mid - index) / index;
    return OK;
}

int
market_premium (const market_t *self, double *premium)
{
    double values[MARKET_VENUES_MAX];
    int worst = E_AGAIN;
    for (int v = 0; v < self->venues_count; v++) {
        values[v] = NAN;
        if (market_venue_premium (self, v, values + v) == E_STALE)
            worst = E_STALE;
    }
    double median = weighted_median (self, values);
    if (isnan (median))
        return worst;
    *premium = median;
    return OK;
}

int
market_oi (const market_t *self, double *coins)
{
    double sum = 0;
    bool is_known = false;
    for (int v = 0; v < self->venues_count; v++)
        if (has_oi (self, v)) {
            sum += self->venues[v].oi.level;
            is_known = true;
        }
    if (!is_known)
        return self->oi_since_ns ? E_STALE : E_AGAIN;
    *coins = sum;
    return OK;
}

int
market_oi_change (const market_t *self, span_t span, double *coins)
{
    const bucket_t *bucket = bucket_back (self, span.bucket, span.count);
    if (!bucket || !bucket->has_oi)
        return E_AGAIN;
    double now;
    int status = market_oi (self, &now);
    if (status == OK)
        *coins = self->oi_level - bucket->oi_level;
    return status;
}

int
market_oi_back (const market_t *self, bucket_id_t size, int32_t back, double *coins)
{
    double now;
    int status = market_oi (self, &now);
    if (status != OK || back == 0) {
        if (status == OK)
            *coins = now;
        return status;
    }
    const bucket_t *bucket = bucket_back (self, size, back);
    if (!bucket || !bucket->has_oi)
        return E_AGAIN;
    *coins = now - (self->oi_level - bucket->oi_level);
    return OK;
}

int
market_venue_oi (const market_t *self, int venue, double *coins)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    if (!self->venues[venue].oi.ts_ns)
        return E_AGAIN;
    if (!has_oi (self, venue))
        return E_STALE;
    *coins = self->venues[venue].oi.level;
    return OK;
}

int
market_opening_usd (const market_t *self, span_t span, double *usd)
{
    int64_t since_ns = 0;
    for (int v = 0; v < self->venues_count; v++) {
        int64_t venue_ns = self->venues[v].since_ns[__builtin_ctz (INPUT_OI)];
        if (venue_ns && (!since_ns || venue_ns < since_ns))
            since_ns = venue_ns;
    }
    int64_t length_ns = bucket_seconds[span.bucket] * NS_PER_S;
    int64_t oldest = self->current[span.bucket] - span.count + 1;
    if (!since_ns || oldest * length_ns < since_ns)
        return E_AGAIN;
    double sum = 0;
    for (int64_t index = oldest; index <= self->current[span.bucket]; index++) {
        const bucket_t *bucket = market_find (self, span.bucket, index);
        if (!bucket)
            return E_AGAIN;
        sum += bucket->opening_usd;
    }
    *usd = sum;
    return OK;
}

int
market_funding (const market_t *self, int venue, funding_view_t *out)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    const funding_view_t *view = &self->venues[venue].funding;
    if (isnan (view->settled_8h) && isnan (view->estimate_8h))
        return E_AGAIN;
    *out = *view;
    return OK;
}

int
market_ratio (const market_t *self, int venue, ratio_t *out)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    const ratio_t *ratio = &self->venues[venue].ratio;
    if (isnan (ratio->accounts_long) && isnan (ratio->top_accounts_long) && isnan (ratio->top_positions_long))
        return E_AGAIN;
    *out = *ratio;
    return OK;
}

int
market_funding_mean (const market_t *self, double *rate_8h)
{
    double sum = 0, weights = 0, plain = 0;
    int n = 0;
    for (int v = 0; v < self->venues_count; v++) {
        double rate = self->venues[v].funding.settled_8h, weight = market_weight (self, v);
        if (isnan (rate))
            continue;
        sum += weight * rate;
        weights += weight;
        plain += rate;
        n++;
    }
    if (n == 0)
        return E_AGAIN;
    *rate_8h = weights > 0 ? sum / weights : plain / n;
    return OK;
}

int
market_outcome_px (const market_t *self, double *px)
{
    double marks[MARKET_VENUES_MAX], mids[MARKET_VENUES_MAX];
    for (int v = 0; v < self->venues_count; v++) {
        double mid = market_venue_mid (self, v);
        mids[v] = mid > 0 ? mid : NAN;
        marks[v] = NAN;
        (void) market_mark_px (self, v, marks + v);
    }
    double mark = weighted_median (self, marks), mid = weighted_median (self, mids);
    if (isnan (mark) && isnan (mid))
        return self->price_px > 0 ? E_STALE : E_AGAIN;
    *px = isnan (mark) ? mid : isnan (mid) ? mark : (mark + mid) / 2;
    return OK;
}

int
market_candle (const market_t *self, bucket_id_t bucket, market_candle_t *out)
{
    const bucket_t *current = market_find (self, bucket, self->current[bucket]);
    if (!current || !(current->close_px > 0))
        return E_AGAIN;
    *out = (market_candle_t){.open_px = current->open_px,
                             .high_px = current->high_px,
                             .low_px = current->low_px,
                             .close_px = current->close_px,
                             .volume_usd = current->buy_usd + current->sell_usd};
    return OK;
}

//  --- the map

int
market_map (const market_t *self, map_view_t *out)
{
    if (!self->map_offset)
        return E_ABSENT;
    const char *base = (const char *) self;
    return liquidation_map_view ((const liquidation_map_t *) (const void *) (base + self->map_offset), out);
}

//  --- what has been heard

bool
market_is_live (const market_t *self)
{
    return self->is_live;
}

void
market_heard (const market_t *self, int venue, input_t input, int64_t *since_ns, int64_t *last_ns)
{
    CHECK (venue >= 0 && venue < self->venues_count);
    const market_venue_t *v = self->venues + venue;
    if (input == INPUT_BARS)
        input = INPUT_QUOTE;
    int bit = __builtin_ctz (input), trades = __builtin_ctz (INPUT_TRADE);
    *since_ns = v->since_ns[bit];
    *last_ns = v->heard_ns[bit];
    if (input == INPUT_LIQUIDATION) {
        *since_ns = v->since_ns[trades];
        *last_ns = v->heard_ns[trades] > *last_ns ? v->heard_ns[trades] : *last_ns;
    }
}

int64_t
market_history_ns (const market_t *self, input_t input)
{
    return self->history_ns[__builtin_ctz (input)];
}

const market_counts_t *
market_counts (const market_t *self)
{
    return &self->counts;
}
