/*  top - the live table: redrawn in place on a terminal, a line for each decided bias elsewhere */

#include "publisher/cli/commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include "common/base/timebase.h"
#include <unistd.h>

enum { LINES_BESIDES = 6, LINES_UNKNOWN = 40 };

typedef struct {
    double bias, confidence_pct, evidence_pct;
    int32_t state;
    int64_t ts_ms;
    bool is_known, is_conflicted, is_redis_away;
} cell_t;

typedef struct {
    int ok_count, count;
} venue_health_t;

typedef struct {
    const client_settings_t *settings;
    cell_t cells[UNIVERSE_MAX][MODE_COUNT];
    int8_t health[UNIVERSE_MAX][EVENT_KIND_COUNT][VENUES_MAX]; //  status + 1; 0: not heard of
    bool is_terminal, has_color, is_simulated, is_known;
} top_t;

static const char *const short_states[] = {"warmup", "stale", "neutral", "bull", "BULL", "bear", "BEAR"};

static void
take_bias (top_t *self, const bias_t *bias, bool is_snapshot)
{
    int index = universe_find (&self->settings->pipeline.universe, slice_of (bias->instrument));
    if (index < 0)
        return;
    self->is_known = true;
    self->is_simulated = bias->head.source == SOURCE_SIM;
    self->cells[index][bias->mode] = (cell_t){.bias = bias->bias,
                                              .confidence_pct = bias->confidence_pct,
                                              .evidence_pct = bias->evidence_pct,
                                              .state = bias->state,
                                              .ts_ms = bias->ts_ms,
                                              .is_known = true,
                                              .is_conflicted = bias->is_conflicted,
                                              .is_redis_away = bias->is_redis_away};
    if (!self->is_terminal && bias->is_cycle && !is_snapshot) {
        print_bias_line (bias);
        (void) fflush (stdout);
    }
}

static void
on_message (void *self_, const bus_message_t *message)
{
    top_t *self = self_;
    if (message->topic.kind == TOPIC_BIAS) {
        take_bias (self, message->records, message->is_snapshot);
        return;
    }
    const health_t *health = message->records;
    int instrument = universe_find (&self->settings->pipeline.universe, slice_of (health->instrument));
    int venue = pipeline_venue (&self->settings->pipeline, health->venue);
    if (instrument >= 0 && venue >= 0)
        self->health[instrument][message->topic.event][venue] = (int8_t) (health->status + 1);
}

static int
lines_available (void)
{
    struct winsize size;
    if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
        return LINES_UNKNOWN;
    return size.ws_row;
}

static void
draw_cell (const top_t *self, const cell_t *cell)
{
    if (!cell->is_known) {
        (void) printf ("       .   .   .        ");
        return;
    }
    const char *color = !self->has_color || fabs (cell->bias) < 0.05 ? ""
                        : cell->bias > 0                             ? "\x1b[32m"
                                                                     : "\x1b[31m";
    (void) printf (" %s%+6.1f%s %3.0f %3.0f %-7s%c", color, cell->bias, color[0] ? "\x1b[0m" : "",
                   cell->confidence_pct, cell->evidence_pct, short_states[cell->state],
                   cell->is_conflicted ? '!' : ' ');
}

static void
draw_head (const top_t *self)
{
    time_t now = (time_t) (timebase_wall_ns () / NS_PER_S);
    struct tm utc;
    char when[32];
    (void) gmtime_r (&now, &utc);
    (void) strftime (when, sizeof when, "%H:%M:%S UTC", &utc);
    (void) printf ("Leadline %s  %s  %s  not financial advice\x1b[K\n", LEADLINE_ENGINE, when,
                   !self->is_known      ? "waiting for the first bias"
                   : self->is_simulated ? "simulated market"
                                        : "live market");
    (void) printf ("%-9s %-23s %-23s %-23s\x1b[K\n", "", "scalp", "day", "swing");
    (void) printf ("%-9s", "");
    for (int mode = 0; mode < MODE_COUNT; mode++)
        (void) printf ("   bias  cf  ev state   ");
    (void) printf ("\x1b[K\n");
}

static void
draw_feeds (const top_t *self)
{
    const pipeline_t *pipeline = &self->settings->pipeline;
    (void) printf ("feeds flowing:");
    for (size_t venue = 0; venue < pipeline->venues_count; venue++) {
        venue_health_t sum = {0, 0};
        for (size_t i = 0; i < pipeline->universe.count; i++)
            for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
                int status = self->health[i][kind][venue] - 1;
                sum.count += status >= 0 && status != HEALTH_ABSENT;
                sum.ok_count += status == HEALTH_OK;
            }
        (void) printf ("  %s %d/%d", pipeline->venue_names[venue], sum.ok_count, sum.count);
    }
    (void) printf ("\x1b[K\n");
}

static void
draw (void *self_)
{
    const top_t *self = self_;
    const universe_t *universe = &self->settings->pipeline.universe;
    int room = lines_available () - LINES_BESIDES;
    size_t shown =
        universe->count < (size_t) (room > 1 ? room : 1) ? universe->count : (size_t) (room > 1 ? room : 1);
    bool is_redis_away = false;
    (void) printf ("\x1b[H");
    draw_head (self);
    for (size_t i = 0; i < shown; i++) {
        (void) printf ("%-9s", universe->names[i]);
        for (int mode = 0; mode < MODE_COUNT; mode++) {
            draw_cell (self, &self->cells[i][mode]);
            is_redis_away |= self->cells[i][mode].is_redis_away;
        }
        (void) printf ("\x1b[K\n");
    }
    if (shown < universe->count)
        (void) printf ("... %zu more: make the window taller\x1b[K\n", universe->count - shown);
    draw_feeds (self);
    (void) printf ("cf: confidence %%, 50 = no edge known   ev: evidence %%   !: conflicted%s\x1b[K\x1b[J",
                   is_redis_away ? "   Redis is away: weights frozen" : "");
    (void) fflush (stdout);
}

int
top_run (const client_settings_t *settings, const char *arguments[], int count)
{
    (void) arguments;
    (void) count;
    static top_t top;
    top.settings = settings;
    top.is_terminal = isatty (STDOUT_FILENO);
    top.has_color = !getenv ("NO_COLOR");
    client_job_t job = {.kinds = {TOPIC_BIAS, TOPIC_HEALTH},
                        .kinds_count = 2,
                        .mode = -1,
                        .message = on_message,
                        .turn = top.is_terminal ? draw : NULL,
                        .turn_ns = NS_PER_S / 2,
                        .self = &top};
    if (top.is_terminal)
        (void) printf ("\x1b[?1049h\x1b[?25l\x1b[2J");
    int code = client_run (settings, &job);
    if (top.is_terminal)
        (void) printf ("\x1b[?25h\x1b[?1049l");
    (void) fflush (stdout);
    return code;
}
