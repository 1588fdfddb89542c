//  simulator - venues that do not exist, in their own protocols, on loopback

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"
#include "common/run/loop.h"
#include "ingest/simulator/certificate.h"
#include "ingest/simulator/pacer.h"
#include "ingest/simulator/replay.h"
#include "ingest/simulator/server.h"
#include "ingest/simulator/settings.h"

enum { VENUES_COUNT = 3 };
#define REPORT_EVERY_NS (10 * NS_PER_S)
#define TURN_EVERY_NS   (10 * NS_PER_MS)
#define FAST_EVERY_NS   NS_PER_MS
#define WORK_NS         (40 * NS_PER_MS)

typedef struct {
    settings_t settings;
    loop_t *loop;
    world_t *world;
    replay_t *replay;
    fault_plan_t *faults;
    server_t *server;
    certificate_t certificate;
    gateway_t *gateways[VENUES_COUNT];
    int gateways_count;
    loop_timer_t *turn_timer;
    pacer_t pacer;
    int64_t reported_ns, flushed_ns;
} simulator_t;

static void
list_venues (FILE *out)
{
    for (const protocol_t *const *row = protocols; *row; row++) {
        fprintf (out, "%s\n    paths   ", (*row)->name);
        for (const char *const *path = (*row)->paths; *path; path++)
            fprintf (out, " %s", *path);
        fprintf (out, "\n    channels");
        for (const char *const *channel = (*row)->channels; *channel; channel++)
            fprintf (out, " %s", *channel);
        fprintf (out, "\n");
    }
    fprintf (out, "faults\n    kinds   ");
    for (int kind = FAULT_DROP; kind < FAULT_KINDS_COUNT; kind++)
        fprintf (out, " %s", fault_kind_name ((fault_kind_t) kind));
    fprintf (out, "\n");
}

static void
on_trade (void *self, int venue, int instrument, const world_trade_t *trade)
{
    gateway_t *gateway = ((simulator_t *) self)->gateways[venue];
    gateway->now_ns = trade->ts_ns;
    gateway->trades_count++;
    gateway->protocol->trade (gateway, instrument, trade);
}

static void
on_level (void *self, int venue, int instrument, const world_level_t *level)
{
    gateway_t *gateway = ((simulator_t *) self)->gateways[venue];
    gateway->protocol->level (gateway, instrument, level);
}

static void
on_liquidation (void *self, int venue, int instrument, const world_liquidation_t *liquidation)
{
    gateway_t *gateway = ((simulator_t *) self)->gateways[venue];
    gateway->liquidations_count++;
    gateway->protocol->liquidation (gateway, instrument, liquidation);
}

static void
report (simulator_t *self, const char *word)
{
    for (int i = 0; i < self->gateways_count; i++) {
        const gateway_t *gateway = self->gateways[i];
        feed_stats_t stats = feed_stats (gateway->feed);
        logger_write (
            LOG_LEVEL_INFO,
            "%s %s: time %lld ms, %llu trades, %llu liquidations, %llu frames sent (%llu bytes) to %llu "
            "clients, %llu too slow, %llu requests, %llu refused, %llu faults",
            word, gateway->protocol->name, (long long) gateway_ms (gateway->now_ns),
            (unsigned long long) gateway->trades_count, (unsigned long long) gateway->liquidations_count,
            (unsigned long long) stats.sent_count, (unsigned long long) stats.sent_bytes,
            (unsigned long long) stats.clients_count, (unsigned long long) stats.slow_clients_count,
            (unsigned long long) gateway->requests_count, (unsigned long long) gateway->refused_count,
            (unsigned long long) stats.faults_count);
    }
    if (self->pacer.late_count)
        logger_write (LOG_LEVEL_NOTICE, "the market could not keep its speed in %llu turns",
                      (unsigned long long) self->pacer.late_count);
}

static void
on_turn (void *argument)
{
    simulator_t *self = argument;
    int64_t mono_ns = timebase_mono_ns ();
    server_tick (self->server, mono_ns);
    if (self->world && mono_ns - self->flushed_ns >= NS_PER_S) {
        self->flushed_ns = mono_ns;
        if (world_truth_flush (self->world) == E_IO)
            logger_write (LOG_LEVEL_WARNING, "the truth file cannot be written");
    }
    if (self->replay)
        replay_turn (self->replay, mono_ns, WORK_NS);
    else
        pacer_turn (&self->pacer, mono_ns, WORK_NS);
    if (mono_ns - self->reported_ns >= REPORT_EVERY_NS) {
        self->reported_ns = mono_ns;
        report (self, "so far");
        logger_flush (timebase_wall_ns ());
    }
}

//  For the truth file: the world counts trades, the venue names them.
static void
name_trade (int venue, int instrument, int64_t id, char *out, size_t size)
{
    if (protocols[venue]->name_trade)
        protocols[venue]->name_trade (instrument, id, out, size);
}

static int
make_market (simulator_t *self, const feed_options_t *feed, error_text_t *error)
{
    const settings_t *settings = &self->settings;
    int64_t start_ns = timebase_wall_ns () / SLICE_NS * SLICE_NS,
            warm_ns = settings->warm_minutes * 60 * NS_PER_S;
    world_options_t options = {
        .seed = (uint64_t) settings->seed,
        .universe = &settings->pipeline.universe,
        .venues_count = VENUES_COUNT,
        .start_ns = start_ns - warm_ns,
        .history_days = (int32_t) settings->history_days,
        .activity = settings->activity,
        .is_random_walk = settings->is_random_walk,
        .planted_ic = settings->planted_ic,
        .planted_horizon_s = settings->planted_horizon_s,
        .name_trade = name_trade,
        .tiers_folder = settings->pipeline.tiers_folder,
        .truth_path = settings->truth_file[0] ? settings->truth_file : NULL,
    };
    for (int i = 0; i < VENUES_COUNT; i++)
        options.venues[i] = protocols[i]->name;
    self->pacer = (pacer_t){.gateways = self->gateways,
                            .gateways_count = VENUES_COUNT,
                            .clients_least = (int) settings->clients,
                            .speed = settings->speed,
                            .warm_speed = settings->warm_speed,
                            .start_ns = start_ns,
                            .warm_ns = warm_ns,
                            .mono_start_ns = timebase_mono_ns ()};
    if (settings->seconds)
        self->pacer.end_ns = start_ns + settings->seconds * NS_PER_S;
    self->world = world_new (&options, error);
    if (!self->world)
        return E_CONFIG;
    self->pacer.world = self->world;
    logger_write (LOG_LEVEL_INFO, "the world is made in %.1f s",
                  (double) (timebase_mono_ns () - self->pacer.mono_start_ns) / 1e9);
    self->gateways_count = VENUES_COUNT;
    for (int i = 0; i < VENUES_COUNT; i++) {
        self->gateways[i] = gateway_new (protocols[i], self->world, i, &settings->pipeline.universe, feed);
        self->gateways[i]->now_ns = options.start_ns;
    }
    world_listen (
        self->world,
        &(world_sink_t){.self = self, .trade = on_trade, .level = on_level, .liquidation = on_liquidation});
    return OK;
}

static int
make_replay (simulator_t *self, const feed_options_t *feed, error_text_t *error)
{
    const settings_t *settings = &self->settings;
    replay_options_t options = {.path = settings->recording,
                                .protocol = protocols[settings->recording_venue],
                                .speed = settings->recording_speed,
                                .clients_least = (int) settings->clients,
                                .feed = feed};
    self->replay = replay_new (&options, error);
    if (!self->replay)
        return E_CONFIG;
    self->gateways[0] = replay_gateway (self->replay);
    self->gateways_count = 1;
    return OK;
}

static int
write_ports (simulator_t *self, const int ports[], error_text_t *error)
{
    char path[512], fresh[520];
    (void) snprintf (path, sizeof path, "%s/simulator.ports", self->settings.pipeline.folder);
    (void) snprintf (fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen (fresh, "w");
    for (int i = 0; file && i < self->gateways_count; i++)
        fprintf (file, "%s %d\n", self->gateways[i]->protocol->name, ports[i]);
    if (!file || fclose (file) != 0 || rename (fresh, path) != 0)
        return error_set (error, E_IO, "cannot write %s", path);
    return OK;
}

static int
open_doors (simulator_t *self, error_text_t *error)
{
    int status = certificate_make (&self->certificate, self->settings.pipeline.folder, error);
    if (status != OK)
        return status;
    self->server = server_new (
        &(server_options_t){.loop = self->loop, .certificate = &self->certificate, .faults = self->faults},
        error);
    if (!self->server)
        return E_IO;
    int ports[VENUES_COUNT] = {0};
    for (int i = 0; i < self->gateways_count; i++) {
        int row = 0;
        while (protocols[row] != self->gateways[i]->protocol)
            row++;
        ports[i] = server_serve (self->server, self->gateways[i], (int) self->settings.ports[row], error);
        if (ports[i] < 0)
            return E_IO;
        logger_write (LOG_LEVEL_NOTICE, "%s on https://127.0.0.1:%d (trust %s)", protocols[row]->name,
                      ports[i], self->certificate.ca_path);
    }
    return write_ports (self, ports, error);
}

static int
set_up (simulator_t *self, error_text_t *error)
{
    settings_t *settings = &self->settings;
    self->faults = fault_plan_new ((uint64_t) settings->seed);
    bool is_recording = settings->recording[0] != '\0';
    bool is_waiting =
        is_recording ? settings->recording_speed <= 0 : settings->speed <= 0 || settings->warm_minutes > 0;
    feed_options_t feed = {.faults = self->faults,
                           .wake = server_wake,
                           .queue_limit_bytes = is_waiting ? 0 : (size_t) settings->queue_limit_kib * 1024};
    int status = is_recording ? make_replay (self, &feed, error) : make_market (self, &feed, error);
    if (status == OK)
        status =
            fault_plan_add (self->faults, slice_of (settings->faults), self->gateways[0]->now_ns, error) == OK
                ? OK
                : E_CONFIG;
    return status == OK ? open_doors (self, error) : status;
}

static void
tear_down (simulator_t *self)
{
    loop_cancel (&self->turn_timer); //  the doors close while the market stands still
    server_destroy (&self->server);
    if (self->replay)
        replay_destroy (&self->replay);
    else
        for (int i = 0; i < self->gateways_count; i++)
            gateway_destroy (&self->gateways[i]);
    world_destroy (&self->world);
    fault_plan_destroy (&self->faults);
    loop_destroy (&self->loop);
}

int
main (int argc, char **argv)
{
    static simulator_t self;
    const option_program_t program = {
        .name = "simulator",
        .usage = "simulator",
        .about =
            "Simulated venues in their own protocols on loopback, from a simulated market or a recording.",
        .rows = settings_rows,
        .rows_count = settings_rows_count,
        .list = list_venues,
    };
    error_text_t error = {0};
    int code = option_read (&program, argc, argv, &self.settings, NULL, NULL);
    if (code >= 0)
        return code;
    logger_open ("simulator", (log_level_t) self.settings.pipeline.log_level);
    int status = pipeline_finish (&self.settings.pipeline, &error);
    self.loop = loop_new ();
    if (status == OK)
        status = set_up (&self, &error);
    if (status != OK) {
        logger_write (LOG_LEVEL_ERROR, "%s", error.text);
        tear_down (&self);
        return status == E_IO ? EXIT_UNAVAILABLE : EXIT_CONFIG_WRONG;
    }
    bool is_fast = self.settings.recording[0] ? self.settings.recording_speed <= 0
                                              : self.settings.speed <= 0 || self.settings.warm_minutes > 0;
    self.reported_ns = timebase_mono_ns ();
    self.turn_timer = loop_every (self.loop, is_fast ? FAST_EVERY_NS : TURN_EVERY_NS, on_turn, &self);
    code = loop_run (self.loop);
    report (&self, "in all");
    logger_flush (0);
    tear_down (&self);
    return code;
}
