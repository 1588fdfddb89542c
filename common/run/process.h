/*  process - what every program does besides its work: settings, log, loop, bus, metrics, housekeeping
 *
 *      int main (argc, argv): option_read, pipeline_finish, then
 *      process_open -> own set-up on process.loop, process.bus -> process_run -> process_close
 *
 *  Housekeeping (each second): counters of loop and bus into metrics, metrics on the bus, repeats in the
 *  log. */

#ifndef LEADLINE_PROCESS_H
#define LEADLINE_PROCESS_H

#include "common/run/bus.h"
#include "common/run/loop.h"
#include "common/run/metrics.h"
#include "common/run/pipeline.h"

typedef struct {
    loop_t *loop;
    metrics_t *metrics;
    bus_t *bus;
    timebase_t timebase;
    loop_timer_t *housekeeping;
    char name[PUBLISHER_NAME_MAX];
} process_t;

//  name: "ingest-binance": publisher name on the bus, ipc file names, log.  beat_ns as in bus_options_t.
//  Binds "pub" and "snap" endpoints of that name.  Returns OK or E_IO with a text (exit 69).
int
process_open (process_t *self, const char *name, const pipeline_t *pipeline, int64_t beat_ns,
              error_text_t *error);

//  Run until stopped; returns the exit code.
int
process_run (process_t *self);

void
process_close (process_t *self);

#endif
