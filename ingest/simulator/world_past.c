#include "ingest/simulator/world_past.h"
#include "common/base/check.h"

#include <math.h>
#include <stdlib.h>

static const int64_t MINUTE_NS = INT64_C (60000000000), DAY_NS = INT64_C (86400000000000);
static const int64_t OI_EVERY_NS = INT64_C (300000000000), FUNDING_EVERY_NS = INT64_C (28800000000000);
static const double INTEREST_RATE = .0001, FUNDING_CLAMP = .0005;
static const double TICKS_MAX = 2e9;
//  What live trading turns over against the orders' own size: closings, makers' and arbitrage trades too.
static const double TURNOVER_SCALE = 2;
enum { STEPS = 6 };

//  One minute of an instrument as every venue sees it.
typedef struct {
    double open, high, low, close; //  of the fundamental, price
    double sigma;                  //  of the minute's log return
} minute_t;

static double
premium_step (exchange_t *self, double minutes)
{
    static const double decay = 4.8e-5 * 60, sd = 4e-4, mean = 5e-5;
    double d = decay * minutes;
    self->premium +=
        -d * (self->premium - mean) + sd * sqrt (2 * d) * prng_normal (&self->prng[ACTOR_SECOND]);
    return self->premium;
}

static int32_t
ticks_of (const exchange_t *self, double px)
{
    double ticks = round (px / self->spec->tick_px);
    return (int32_t) fmin (TICKS_MAX, fmax (1, ticks));
}

static void
bar_add (exchange_t *self, const minute_t *minute)
{
    prng_t *prng = &self->prng[ACTOR_SECOND];
    double move = log (minute->close / minute->open) / minute->sigma;
    double sigma_mean = fundamental_sigma_mean (self->fundamental, self->instrument) * sqrt (60);
    double activity = (.55 + .45 * fabs (move)) * minute->sigma / sigma_mean;
    double usd = TURNOVER_SCALE * self->listing->turnover_usd_s * 60 * self->activity * activity *
                 exp (.4 * prng_normal (prng) - .08);
    double lots = fmax (1, round (usd / (minute->close * self->spec->lot_coins)));
    double share = .5 + .2 * tanh (.7 * move) + .07 * prng_normal (prng);
    double half = self->listing->spread_bps * .5e-4;
    coarse_bar_t bar = {
        .open_ticks = ticks_of (self, minute->open),
        .close_ticks = ticks_of (self, minute->close),
        .high_ticks = ticks_of (self, minute->high * (1 + half * prng_uniform (prng))),
        .low_ticks = ticks_of (self, minute->low * (1 - half * prng_uniform (prng))),
        .lots = (float) lots,
        .buy_lots = (float) round (lots * fmin (.97, fmax (.03, share))),
        .trades_count = 1 + (int32_t) (60 * 2.4 * self->order_rate_s * self->activity * activity),
    };
    world_history_add_coarse (&self->history, &bar);
}

static void
minute_pass (exchange_t *self, const minute_t *minute, int64_t end_ns, double *oi)
{
    bar_add (self, minute);
    self->funding_premium_sum += premium_step (self, 1) * ++self->funding_samples;
    self->funding_weight_sum += self->funding_samples;
    *oi *= exp (4e-4 * prng_normal (&self->prng[ACTOR_SECOND]));
    if (end_ns % OI_EVERY_NS == 0)
        world_series_add (&self->history.oi, end_ns, *oi);
    if (end_ns % FUNDING_EVERY_NS != 0)
        return;
    double mean = self->funding_premium_sum / self->funding_weight_sum;
    self->last_funding_rate = mean + fmax (-FUNDING_CLAMP, fmin (FUNDING_CLAMP, INTEREST_RATE - mean));
    world_series_add (&self->history.funding, end_ns, self->last_funding_rate);
    self->funding_premium_sum = self->funding_weight_sum = 0;
    self->funding_samples = 0;
}

static void
minutes_step (minute_t *minutes, int count, fundamental_t *fundamental, int64_t start_ns)
{
    for (int i = 0; i < count; i++) {
        minutes[i].open = minutes[i].high = minutes[i].low = fundamental_px (fundamental, i);
        minutes[i].sigma = fundamental_sigma (fundamental, i) * sqrt (60);
    }
    for (int step = 1; step <= STEPS; step++) {
        fundamental_step (fundamental, start_ns + step * MINUTE_NS / STEPS, 60.0 / STEPS);
        for (int i = 0; i < count; i++) {
            double px = fundamental_px (fundamental, i);
            minutes[i].high = fmax (minutes[i].high, px);
            minutes[i].low = fmin (minutes[i].low, px);
            minutes[i].close = px;
        }
    }
}

void
world_past_make (exchange_t *exchanges, int count, int venues, fundamental_t *fundamental,
                 const world_options_t *options)
{
    int instruments = count / venues;
    int64_t end_ns = options->start_ns / MINUTE_NS * MINUTE_NS;
    int64_t begin_ns =
        (options->start_ns - options->history_days * DAY_NS) / (60 * MINUTE_NS) * (60 * MINUTE_NS);
    if (begin_ns < 0 || options->history_days == 0)
        begin_ns = end_ns;
    int32_t bars = (int32_t) ((end_ns - begin_ns) / MINUTE_NS);
    minute_t *minutes = mem_new ((size_t) instruments * sizeof *minutes);
    double *oi = mem_new ((size_t) count * sizeof *oi);
    for (int i = 0; i < count; i++) {
        world_history_init (&exchanges[i].history, begin_ns, bars, exchanges[i].spec);
        premium_step (&exchanges[i], 60);
        oi[i] = 1;
    }
    for (int32_t bar = 0; bar < bars; bar++) {
        int64_t start_ns = begin_ns + bar * MINUTE_NS;
        minutes_step (minutes, instruments, fundamental, start_ns);
        for (int i = 0; i < count; i++)
            minute_pass (&exchanges[i], &minutes[i / venues], start_ns + MINUTE_NS, &oi[i]);
    }
    free (minutes);
    free (oi);
}

void
world_past_anchor_oi (exchange_t *exchange)
{
    world_series_t *oi = &exchange->history.oi;
    if (oi->count == 0)
        return;
    double now = (double) exchange->accounts.long_lots * exchange->spec->lot_coins;
    double scale = now / oi->points[oi->count - 1].value;
    for (int32_t i = 0; i < oi->count; i++)
        oi->points[i].value *= scale;
}
