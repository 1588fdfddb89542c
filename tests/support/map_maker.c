#include "tests/support/map_maker.h"
#include "common/base/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP (MAP_STEP_BP / 1e4)

static const char *const venue_names[MAP_MAKER_VENUES] = {"binance", "bybit", "okx"};
static const double leverages[MAP_GROUPS][2] = {{2, 7.5}, {10, 15}, {20, 33}, {50, 50}, {75, 125}};

static int64_t
row_of (double x)
{
    return (int64_t) floor (x / STEP);
}

void
map_maker_init (map_maker_t *self, uint64_t seed, const char *instrument, int64_t minute)
{
    memset (self, 0, sizeof *self);
    prng_init (&self->prng, seed);
    self->minute = minute;
    self->x = log (94200.5);
    self->book_row = row_of (self->x) - MAP_MAKER_SPAN / 2;
    (void) snprintf (self->frame.instrument, sizeof self->frame.instrument, "%s", instrument);
    for (int v = 0; v < MAP_MAKER_VENUES; v++)
        (void) snprintf (self->venues[v].venue, sizeof self->venues[v].venue, "%s", venue_names[v]);
    for (int v = 0; v <= MAP_MAKER_VENUES; v++)
        for (int g = 0; g < MAP_GROUPS; g++) {
            map_group_t *group = &self->groups[v][g];
            group->leverage_from = leverages[g][0];
            group->leverage_to = leverages[g][1];
            group->long_usd = self->usd[v][g][MAP_SIDE_LONG];
            group->short_usd = self->usd[v][g][MAP_SIDE_SHORT];
        }
}

//  Mass around where positions of a group opened at the mark would be liquidated.
static void
deposit (map_maker_t *self)
{
    for (int v = 0; v < MAP_MAKER_VENUES; v++)
        for (int g = 0; g < MAP_GROUPS; g++) {
            const int side = prng_below (&self->prng, 2) ? 1 : -1;
            const double distance = 0.9 / leverages[g][1] * (0.6 + 0.8 * prng_uniform (&self->prng));
            const int64_t at = row_of (self->x + side * distance) - self->book_row;
            for (int64_t k = -2; k <= 2; k++)
                if (at + k >= 0 && at + k < MAP_MAKER_SPAN)
                    self->book[v][g][at + k] +=
                        (float) (1e4 * prng_exponential (&self->prng) * exp (-(double) (k * k) / 2));
        }
}

static void
move (map_maker_t *self)
{
    map_frame_t *frame = &self->frame;
    double low = self->x, high = self->x;
    frame->open_px = exp (self->x);
    for (int i = 0; i < 12; i++) {
        self->x += prng_normal (&self->prng) * 3e-4;
        low = fmin (low, self->x);
        high = fmax (high, self->x);
    }
    frame->high_px = exp (high);
    frame->low_px = exp (low);
    frame->close_px = frame->mark_px = exp (self->x);
    frame->volume_usd = 1e6 * prng_exponential (&self->prng);
    for (int64_t row = row_of (low) - self->book_row; row <= row_of (high) - self->book_row; row++)
        for (int v = 0; v < MAP_MAKER_VENUES; v++)
            for (int g = 0; g < MAP_GROUPS; g++)
                if (row >= 0 && row < MAP_MAKER_SPAN)
                    self->book[v][g][row] = 0;
}

static void
print (map_maker_t *self)
{
    map_frame_t *frame = &self->frame;
    frame->prints = self->prints;
    frame->prints_count = 0;
    for (int v = 0; v < 2; v++)
        for (int side = 0; side < 2; side++)
            if (prng_below (&self->prng, 3) == 0) {
                map_print_t *to = &self->prints[frame->prints_count++];
                *to = (map_print_t){.side = side,
                                    .px = frame->close_px,
                                    .usd = 1000 + 1e5 * prng_uniform (&self->prng),
                                    .count = 1 + (int64_t) prng_below (&self->prng, 9),
                                    .coverage = v == 0 ? COVERAGE_SAMPLED : COVERAGE_COMPLETE};
                (void) snprintf (to->venue, sizeof to->venue, "%s", venue_names[v]);
            }
}

//  The book's rows around the mark, by side, and their sums over venues.
static void
show (map_maker_t *self)
{
    const int64_t mark_row = row_of (self->x);
    memset (self->usd, 0, sizeof self->usd);
    self->frame.first_row = mark_row - MAP_MAKER_REACH;
    self->frame.first_px = exp ((double) self->frame.first_row * STEP);
    for (int v = 0; v < MAP_MAKER_VENUES; v++)
        for (int g = 0; g < MAP_GROUPS; g++)
            for (int r = 0; r < MAP_ROWS_MAX; r++) {
                const int64_t at = self->frame.first_row + r - self->book_row;
                const int side = r < MAP_MAKER_REACH ? MAP_SIDE_LONG : MAP_SIDE_SHORT;
                const float usd = at >= 0 && at < MAP_MAKER_SPAN ? self->book[v][g][at] : 0;
                self->usd[1 + v][g][side][r] = usd;
                self->usd[0][g][side][r] += usd;
            }
    for (int v = 0; v <= MAP_MAKER_VENUES; v++)
        for (int g = 0; g < MAP_GROUPS; g++) {
            self->groups[v][g].long_count = MAP_MAKER_REACH; //  nothing at and above the mark
            self->groups[v][g].short_count = MAP_ROWS_MAX;
        }
}

static void
summarise (map_maker_t *self)
{
    static const double distances[5] = {1, 2, 3, 5, 10};
    map_frame_t *frame = &self->frame;
    for (int i = 0; i < 5; i++)
        self->cumulative[i] = (map_cumulative_t){distances[i], 1e6 * (i + 1), 2e6 * (i + 1)};
    for (int i = 0; i < 2; i++) {
        memset (self->cluster_usd[i], 0, sizeof self->cluster_usd[i]);
        self->cluster_usd[i][2] = 7e6F;
        self->cluster_usd[i][3] = 1e6F;
        const double px = frame->mark_px * (i ? 0.97 : 1.03);
        self->clusters[i] = (map_cluster_t){.low_px = px * 0.999,
                                            .high_px = px * 1.001,
                                            .side = i ? MAP_SIDE_LONG : MAP_SIDE_SHORT,
                                            .usd = 8e6 - 1e6 * i,
                                            .usd_p10 = 5e6,
                                            .usd_p90 = 9e6,
                                            .groups_usd = self->cluster_usd[i],
                                            .groups_count = MAP_GROUPS};
    }
    frame->clusters = self->clusters;
    frame->clusters_count = 2;
    frame->cumulative = self->cumulative;
    frame->cumulative_count = 5;
}

map_frame_t *
map_maker_column (map_maker_t *self)
{
    map_frame_t *frame = &self->frame;
    self->minute++;
    deposit (self);
    move (self);
    print (self);
    show (self);
    summarise (self);
    frame->head.source = SOURCE_SIM;
    frame->model = MAP_MODEL_FULL;
    frame->ts_ms = (self->minute + 1) * 60000;
    frame->is_column = true;
    frame->step_bp = MAP_STEP_BP;
    frame->rows_count = MAP_ROWS_MAX;
    frame->groups = self->groups[0];
    frame->groups_count = MAP_GROUPS;
    frame->venues = self->venues;
    frame->venues_count = MAP_MAKER_VENUES;
    for (int v = 0; v < MAP_MAKER_VENUES; v++) {
        self->venues[v].oi_usd = self->venues[v].oi_age_s = self->venues[v].divergence_pct = NAN;
        self->venues[v].groups = self->groups[1 + v];
        self->venues[v].groups_count = MAP_GROUPS;
    }
    frame->pain_long_px = frame->pain_long_usd = frame->pain_short_px = frame->pain_short_usd = NAN;
    frame->leverage_mean = frame->score_vs_ladder = frame->score_low = frame->score_high = NAN;
    return frame;
}

map_frame_t *
map_maker_ladder (map_maker_t *self)
{
    self->frame.model = MAP_MODEL_LADDER;
    for (int v = 0; v < MAP_MAKER_VENUES; v++)
        self->venues[v].groups_count = 0;
    return &self->frame;
}

double
map_maker_usd (const map_maker_t *self, int venue, uint32_t groups, int64_t row)
{
    const int64_t r = row - self->frame.first_row;
    double usd = 0;
    if (r < 0 || r >= MAP_ROWS_MAX)
        return 0;
    for (int g = 0; g < MAP_GROUPS; g++)
        if (groups & (1u << g))
            usd += (double) self->usd[1 + venue][g][0][r] + (double) self->usd[1 + venue][g][1][r];
    return usd;
}
