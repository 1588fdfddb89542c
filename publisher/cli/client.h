/*  client - what every command of `leadline` does: read the publisher's topics, ask for last messages
 *
 *  How   the publisher's first beat lists every topic it has; the client asks for the snapshot of those a
 *        command wants.  So a command that prints and ends knows when it has all. */

#ifndef LEADLINE_CLIENT_H
#define LEADLINE_CLIENT_H

#include "common/run/bus.h"
#include "common/run/pipeline.h"

typedef struct {
    pipeline_t pipeline;
    char topics_endpoint[ENDPOINT_MAX];    //  leadline/topics_endpoint
    char snapshots_endpoint[ENDPOINT_MAX]; //  leadline/snapshots_endpoint
    int64_t wait_s;                        //  leadline/wait_s: how long a command waits for an answer
    int64_t seconds;                       //  leadline/seconds: top and tail end after this; 0: never
    char http_url[ENDPOINT_MAX];           //  leadline/http_url: for the heatmap over time
    char read_token[256];                  //  leadline/read_token: of the publisher's HTTP; "" none
} client_settings_t;

extern const option_t client_options[];
extern const size_t client_options_count;

typedef struct {
    topic_kind_t kinds[2]; //  what to read
    size_t kinds_count;
    const char *instrument; //  only this one; NULL: all
    int mode;               //  only this one; -1: all
    bool ends;              //  ends when every topic there is has answered once
    void (*message) (void *self, const bus_message_t *message);
    void (*turn) (void *self); //  each turn_ns; may be NULL
    int64_t turn_ns;
    void *self;
} client_job_t;

//  Runs the job.  Returns the exit code: 0, or 69 with a message when the publisher does not answer, 1 when
//  it knows nothing of what was asked for.
int
client_run (const client_settings_t *settings, const client_job_t *job);

#endif
