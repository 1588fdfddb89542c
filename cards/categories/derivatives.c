/*  derivatives - what open interest says about who moved the price, and the perpetual about its index
 *
 *  Open interest is in coins, filtered, summed over venues (market.h); its changes are known by the minute,
 *  by the quarter of an hour for 4h. */

#include <math.h>

#include "cards/card.h"
#include "cards/stats.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

#define BIT(on) (1u << (on))

static const double SEEN_LEAST = 20; //  observations before a score means something

static span_t
oi_span (window_id_t id)
{
    return id == W_4H ? (span_t){BUCKET_900S, 16} : (span_t){BUCKET_60S, window_seconds[id] / 60};
}

//  dOI(W) / OI
static int
oi_growth (const market_t *market, window_id_t id, double *growth)
{
    double change, coins;
    int status = market_oi_change (market, oi_span (id), &change);
    if (status == OK)
        status = market_oi (market, &coins);
    if (status == OK && !(coins > 0))
        return E_AGAIN;
    if (status == OK)
        *growth = change / coins;
    return status;
}

//  r(W) / s(W)
static int
move_of (const market_t *market, window_id_t id, double *move)
{
    double r, s;
    int status = market_return (market, window_span (id, 1, 1), &r);
    if (status == OK)
        status = market_sigma (market, id, &s);
    if (status == OK)
        *move = r / s;
    return status;
}

//  --- growth scaled by its own past, per mode and window

typedef struct {
    ew_t past[SLOT_COUNT];
} growth_t;

static void
update_growth (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    growth_t *self = state;
    double growth[W_COUNT];
    int status[W_COUNT];
    for (int id = 0; id < W_COUNT; id++)
        status[id] = oi_growth (market, (window_id_t) id, &growth[id]);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &window_all ()[slot];
        if (status[window->id] == OK)
            ew_add (&self->past[slot], market_now_ns (market),
                    stats_tau_of_half (mode_info (window->mode)->normaliser_half_s), growth[window->id]);
    }
}

//  nr = r/s and no = zu (dOI/OI).
static int
move_and_growth (const growth_t *self, const market_t *market, const window_t *w, double *nr, double *no)
{
    double growth;
    int status = move_of (market, w->id, nr);
    if (status == OK)
        status = oi_growth (market, w->id, &growth);
    if (status != OK)
        return status;
    *no = stats_zu (&self->past[w->slot], growth);
    return ew_n (&self->past[w->slot]) >= SEEN_LEAST && !isnan (*no) ? OK : E_AGAIN;
}

//  Formula  -sgn (nr) sqrt |nr no| if nr no < 0, else 0; nr = r(W)/s(W), no = zu (dOI(W)/OI) with the mode's
//           half-life
//  Reads    r, s, dOI of W, OI; the scale over the 10 s steps of this mode and window
//  Returns  any size; none before 20 observations
//  Source   methods A3, OI1
static int
value_divergence (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    double nr, no;
    int status = move_and_growth (state, market, &w, &nr, &no);
    if (status == OK)
        out->raw = nr * no < 0 ? -stats_sign (nr) * sqrt (fabs (nr * no)) : 0;
    return status;
}

//  Formula  sgn (nr) sqrt |nr no| if no > 0, else 0; nr, no as in oi-price-divergence
//  Reads    r, s, dOI of W, OI; the scale over the 10 s steps of this mode and window
//  Returns  any size; none before 20 observations
//  Source   methods OI1
static int
value_quadrant (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    double nr, no;
    int status = move_and_growth (state, market, &w, &nr, &no);
    if (status == OK)
        out->raw = no > 0 ? stats_sign (nr) * sqrt (fabs (nr * no)) : 0;
    return status;
}

//  --- open interest against its trend; ln OI is summed up from the venues' changes, so that a venue that
//      joins or leaves is no change

typedef struct {
    double path;
    ew_t trends[W_COUNT];
    ew_t past[SLOT_COUNT];
} interest_t;

static double
interest_gap (const interest_t *self, window_id_t id)
{
    return self->path - ew_mean (&self->trends[id]);
}

static void
update_interest (void *state, const market_t *market, const market_event_t *event)
{
    interest_t *self = state;
    int64_t now_ns = market_now_ns (market);
    double coins;
    if (market_oi (market, &coins) != OK)
        return;
    if (event->on == ON_OI) {
        double before = coins - event->of.oi->change_coins;
        if (before > 0 && coins > 0)
            self->path += log (coins / before);
        return;
    }
    for (int id = 0; id < W_COUNT; id++)
        ew_add (&self->trends[id], now_ns, 8.0 * window_seconds[id], self->path);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &window_all ()[slot];
        ew_add (&self->past[slot], now_ns, stats_tau_of_half (mode_info (window->mode)->normaliser_half_s),
                interest_gap (self, window->id));
    }
}

//  Formula  m = tanh (z / 1.5) if z > 0, else half of it; z = zc (ln OI - ew (ln OI, 8W)) with the mode's
//           half-life
//  Reads    changes of OI by venue; mean and sd over the 10 s steps of this mode and window
//  Returns  m in (-0.5, 1); none before 20 observations
//  Source   methods A3; Bessembinder, Seguin 1993, Price volatility, trading volume, and market depth
static int
value_interest (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const interest_t *self = state;
    double coins;
    int status = market_oi (market, &coins);
    if (status != OK)
        return status;
    double z = stats_zc (&self->past[w.slot], interest_gap (self, w.id));
    if (ew_n (&self->past[w.slot]) < SEEN_LEAST || isnan (z))
        return E_AGAIN;
    out->raw = z > 0 ? tanh (z / 1.5) : .5 * tanh (z / 1.5);
    return OK;
}

//  Formula  sum over OI intervals in W of (2 p - 1) D / (OI P), p = opening probability of takers
//  Reads    opening flow of W, OI, mid
//  Returns  a fraction of open interest
//  Source   methods A3
static int
value_build (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    double usd, coins, px;
    int status = market_opening_usd (market, oi_span (w.id), &usd);
    if (status == OK)
        status = market_oi (market, &coins);
    if (status == OK)
        status = market_price (market, &px);
    if (status == OK && !(coins > 0))
        return E_AGAIN;
    if (status == OK)
        out->raw = usd / (coins * px);
    return status;
}

//  --- turnover

typedef struct {
    ew_t past;
} turnover_t;

static int
turnover_of (const market_t *market, double *turnover)
{
    double coins, px;
    flow_t day;
    int status = market_oi (market, &coins);
    if (status == OK)
        status = market_price (market, &px);
    if (status == OK)
        status = market_flow (market, (span_t){BUCKET_900S, 96}, &day);
    if (status == OK && !(day.total_usd > 0 && coins > 0))
        return E_AGAIN;
    if (status == OK)
        *turnover = log (coins * px / day.total_usd);
    return status;
}

static void
update_turnover (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    turnover_t *self = state;
    double turnover;
    if (turnover_of (market, &turnover) == OK)
        ew_add (&self->past, market_now_ns (market), stats_tau_of_half (30 * 86400.0), turnover);
}

//  Formula  m = tanh (z / 1.5) if dOI(W) > 0, else 0; z = zc (ln (OI P / V(24h)), 30d)
//  Reads    OI, mid, flow of the day, dOI of W; history of flow counts
//  Returns  m in (-1, 1); none before 20 observations
//  Source   methods OI5
static int
value_turnover (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const turnover_t *self = state;
    double turnover, growth;
    int status = turnover_of (market, &turnover);
    if (status == OK)
        status = oi_growth (market, w.id, &growth);
    if (status != OK)
        return status;
    double z = stats_zc (&self->past, turnover);
    if (ew_n (&self->past) < SEEN_LEAST || isnan (z))
        return E_AGAIN;
    out->raw = growth > 0 ? tanh (z / 1.5) : 0;
    return OK;
}

//  --- flush

typedef struct {
    growth_t growth;
    hold_t holds[SLOT_COUNT];
} flush_t;

static void
update_flush (void *state, const market_t *market, const market_event_t *event)
{
    flush_t *self = state;
    update_growth (&self->growth, market, event);
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const window_t *window = &window_all ()[slot];
        double nr, no;
        if (move_and_growth (&self->growth, market, window, &nr, &no) == OK && no < -2 && fabs (nr) > 1.5)
            hold_trigger (&self->holds[slot], market_now_ns (market), window->seconds,
                          nr * fmin (3, -no) / 2);
    }
}

//  Formula  hold(e, W), e = (r(W)/s(W)) min (3, |no|) / 2 when no < -2 and |r(W)| > 1.5 s(W)
//  Reads    r, s, dOI of W, OI, every 10 s
//  Returns  any size, 0 before the first flush; none before 20 observations
//  Source   methods OI6
static int
value_flush (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const flush_t *self = state;
    if (ew_n (&self->growth.past[w.slot]) < SEEN_LEAST)
        return E_AGAIN;
    const hold_t *hold = &self->holds[w.slot];
    out->raw = hold_at (hold, market_now_ns (market), w.seconds);
    out->is_hold = true;
    out->triggers_count = hold->triggers_count;
    out->trigger_value = hold->value;
    return OK;
}

//  --- last against mark

typedef struct {
    ew_t gaps[W_COUNT];
} last_mark_t;

static void
update_last_mark (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    last_mark_t *self = state;
    int reference = market_reference (market);
    double last_px, mark_px, s;
    if (reference < 0 || market_last_px (market, reference, &last_px) != OK ||
        market_mark_px (market, reference, &mark_px) != OK)
        return;
    for (int id = 0; id < W_COUNT; id++)
        if (market_sigma (market, (window_id_t) id, &s) == OK)
            ew_add (&self->gaps[id], market_now_ns (market), window_seconds[id] / 4.0,
                    (last_px - mark_px) / (mark_px * s));
}

//  Formula  ew ((last - mark) / (mark s(W)), W/4)
//  Reads    last trade and mark of the reference venue each second
//  Returns  any size
//  Source   methods BASIS5
static int
value_last_mark (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const last_mark_t *self = state;
    double mark_px;
    int reference = market_reference (market);
    int status = reference < 0 ? E_AGAIN : market_mark_px (market, reference, &mark_px);
    if (status != OK)
        return status;
    if (ew_n (&self->gaps[w.id]) < 2)
        return E_AGAIN;
    out->raw = ew_mean (&self->gaps[w.id]);
    return OK;
}

//  Formula  a/2 - b, b = sgn (z) max (0, |z| - 1.5), z = zc (ab, 30d), a = zu (ab - ab 24h ago), ab = annual
//           basis of the dated future nearest to 60 days
//  Reads    nothing: there is no feed of dated futures
//  Returns  none
//  Source   Schmeling, Schrimpf, Todorov 2023, Crypto carry; methods BASIS3
static int
value_basis (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    (void) state;
    (void) market;
    (void) w;
    out->reason = "no dated futures feed";
    return E_ABSENT;
}

//  --- change of the premium

enum { SAMPLES = 64, SAMPLES_A_WINDOW = 60 };

typedef struct {
    ew_t premiums[W_COUNT];
    int64_t sample_s[W_COUNT][SAMPLES]; //  seconds since the epoch
    double samples[W_COUNT][SAMPLES];
} premium_change_t;

static void
update_premium_change (void *state, const market_t *market, const market_event_t *event)
{
    (void) event;
    premium_change_t *self = state;
    double premium;
    if (market_premium (market, &premium) != OK)
        return;
    int64_t now_s = market_now_ns (market) / NS_PER_S;
    for (int id = 0; id < W_COUNT; id++) {
        ew_add (&self->premiums[id], market_now_ns (market), window_seconds[id] / 4.0, premium);
        int64_t step_s = window_seconds[id] / SAMPLES_A_WINDOW;
        if (now_s % step_s != 0)
            continue;
        self->sample_s[id][now_s / step_s % SAMPLES] = now_s;
        self->samples[id][now_s / step_s % SAMPLES] = ew_mean (&self->premiums[id]);
    }
}

//  Formula  y(t) - y(t - W), y = ew (prem, W/4), prem = weighted median over venues of (mid - index) / index;
//           y(t - W) is the last of samples each W/60
//  Reads    premium each second
//  Returns  a fraction
//  Source   methods BASIS2
static int
value_premium_change (const void *state, const market_t *market, window_t w, card_out_t *out)
{
    const premium_change_t *self = state;
    double premium;
    int status = market_premium (market, &premium);
    if (status != OK)
        return status;
    int64_t step_s = w.seconds / SAMPLES_A_WINDOW;
    int64_t then_s = (market_now_ns (market) / NS_PER_S - w.seconds) / step_s * step_s;
    int64_t place = then_s / step_s % SAMPLES;
    if (self->sample_s[w.id][place] != then_s)
        return E_AGAIN;
    out->raw = ew_mean (&self->premiums[w.id]) - self->samples[w.id][place];
    return OK;
}

enum { OI_INPUTS = INPUT_OI | INPUT_ALL_VENUES };

static const card_t cards[] = {
    {.id = 41,
     .slug = "oi-price-divergence",
     .name = "OI Price Divergence",
     .kind = KIND_FLOW,
     .windows = WINDOWS_FROM_5M,
     .warmup = {.windows = 20},
     .inputs = OI_INPUTS | INPUT_QUOTE,
     .update_s = 15,
     .version = 1,
     .state_size = sizeof (growth_t),
     .listens = BIT (ON_GRID),
     .update = update_growth,
     .value = value_divergence,
     .formula = "[W>=5m] nr = r(W)/s(W), no = zu(dOI(W)/OI); raw = -sgn(nr)*sqrt(|nr*no|) if nr*no<0, else 0 "
                "(a move "
                "that sheds positions fades)",
     .source = "methods A3, OI1"},
    {.id = 42,
     .slug = "open-interest",
     .name = "Open Interest",
     .kind = KIND_GATE,
     .carrier = "price-momentum",
     .windows = WINDOWS_FROM_5M,
     .warmup = {.windows = 20},
     .inputs = OI_INPUTS,
     .update_s = 15,
     .version = 1,
     .state_size = sizeof (interest_t),
     .listens = BIT (ON_GRID) | BIT (ON_OI),
     .update = update_interest,
     .value = value_interest,
     .formula = "[W>=5m] z = zc(ln OI - ew(ln OI,8W)); m = tanh(z/1.5) if z>0, else 0.5*tanh(z/1.5): new "
                "money backs "
                "the move, shrinking OI half-fades it",
     .source = "methods A3; Bessembinder-Seguin 1993"},
    {.id = 43,
     .slug = "oi-price-quadrant",
     .name = "OI-Price Quadrant",
     .kind = KIND_FLOW,
     .windows = WINDOWS_FROM_5M,
     .warmup = {.windows = 20},
     .inputs = OI_INPUTS | INPUT_QUOTE,
     .update_s = 15,
     .version = 1,
     .state_size = sizeof (growth_t),
     .listens = BIT (ON_GRID),
     .update = update_growth,
     .value = value_quadrant,
     .formula =
         "[W>=5m] nr, no as in oi-price-divergence; raw = sgn(nr)*sqrt(|nr*no|) if no>0 (new longs or new "
         "shorts), else 0",
     .source = "methods OI1, B3"},
    {.id = 44,
     .slug = "net-long-build",
     .name = "Opening-Flow Build",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_FROM_5M,
     .warmup = {.windows = 4},
     .inputs = OI_INPUTS | INPUT_TRADE,
     .update_s = 15,
     .version = 1,
     .value = value_build,
     .formula = "[W>=5m] raw = sum over OI intervals in W of (2*p_k-1)*D_k / (OI*P), p_k = opening "
                "probability of takers",
     .source = "methods A3"},
    {.id = 45,
     .slug = "oi-volume-ratio",
     .name = "OI to Volume",
     .kind = KIND_GATE,
     .carrier = "oi-price-quadrant",
     .windows = WINDOWS_FROM_5M,
     .warmup = {.seconds = 7 * 86400},
     .inputs = OI_INPUTS | INPUT_TRADE,
     .update_s = 15,
     .version = 1,
     .state_size = sizeof (turnover_t),
     .listens = BIT (ON_GRID),
     .update = update_turnover,
     .value = value_turnover,
     .formula =
         "[W>=5m] z = zc(ln(OI*P/V(24h)),30d); m = tanh(z/1.5) if dOI(W)>0, else 0 (slow turnover and still "
         "building: positions are meant)",
     .source = "methods OI5"},
    {.id = 46,
     .slug = "oi-flush",
     .name = "OI Flush",
     .kind = KIND_FLOW,
     .sign = -1,
     .windows = WINDOWS_FROM_5M,
     .warmup = {.windows = 20},
     .inputs = OI_INPUTS | INPUT_QUOTE,
     .update_s = 15,
     .version = 1,
     .state_size = sizeof (flush_t),
     .listens = BIT (ON_GRID),
     .update = update_flush,
     .value = value_flush,
     .formula = "[W>=5m] no = zu(dOI(W)/OI); trigger when no<-2 and |r(W)|>1.5*s(W): e = "
                "(r(W)/s(W))*min(3,|no|)/2; raw "
                "= hold(e,W)",
     .source = "methods OI6"},
    {.id = 47,
     .slug = "mark-last-gap",
     .name = "Last-Mark Gap",
     .kind = KIND_FLOW,
     .sign = -1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 2},
     .inputs = INPUT_TRADE | INPUT_MARK,
     .update_s = 3,
     .version = 1,
     .state_size = sizeof (last_mark_t),
     .listens = BIT (ON_SECOND),
     .update = update_last_mark,
     .value = value_last_mark,
     .formula = "[W] raw = ew((last-mark)/(mark*s(W)), W/4)",
     .source = "methods BASIS5"},
    {.id = 48,
     .slug = "quarterly-basis",
     .name = "Quarterly Basis",
     .kind = KIND_FLOW,
     .windows = WINDOWS_ONE,
     .half_life_s = 30 * 86400.0,
     .warmup = {.seconds = 7 * 86400},
     .inputs = INPUT_DATED,
     .update_s = 10,
     .version = 1,
     .value = value_basis,
     .formula = "[X] {H=30d} ab = (F/index-1)*365/days, dated future nearest to 60 days within 7..180; z = "
                "zc(ab,30d); a "
                "= zu(ab(t)-ab(t-24h)); b = sgn(z)*max(0,|z|-1.5); raw = a/2-b; silent without a feed of "
                "dated futures",
     .source = "Schmeling-Schrimpf-Todorov 2023; methods BASIS3"},
    {.id = 49,
     .slug = "premium-change",
     .name = "Premium Change",
     .kind = KIND_FLOW,
     .sign = 1,
     .windows = WINDOWS_EACH,
     .warmup = {.windows = 3},
     .inputs = INPUT_QUOTE | INPUT_MARK | INPUT_ALL_VENUES,
     .update_s = 3,
     .version = 1,
     .state_size = sizeof (premium_change_t),
     .listens = BIT (ON_SECOND),
     .update = update_premium_change,
     .value = value_premium_change,
     .formula = "[W] y = ew(prem,W/4), prem = OI-weighted median over venues of (mid-index)/index; raw = "
                "y(t)-y(t-W)",
     .source = "methods BASIS2"},
};

extern const category_t derivatives_cards;
const category_t derivatives_cards = {"derivatives", "Derivatives", cards, COUNT_OF (cards)};
