/*  settings - what an operator can set for the publisher */

#ifndef LEADLINE_PUBLISHER_SETTINGS_H
#define LEADLINE_PUBLISHER_SETTINGS_H

#include "common/run/pipeline.h"

typedef struct {
    pipeline_t pipeline;
    char topics_endpoint[ENDPOINT_MAX];    //  publisher/topics_endpoint: msgpack
    char json_endpoint[ENDPOINT_MAX];      //  publisher/json_endpoint
    char snapshots_endpoint[ENDPOINT_MAX]; //  publisher/snapshots_endpoint
    char http_address[64];                 //  publisher/http_address
    int64_t http_port;                     //  publisher/http_port
    char read_token[128];                  //  publisher/read_token
    int64_t readers_max;                   //  publisher/readers_max
    char web_folder[256];                  //  publisher/web_folder
    char heatmap_folder[256];              //  publisher/heatmap_folder
    int64_t heatmap_minute_days;           //  publisher/heatmap_minute_days
    int64_t heatmap_days;                  //  publisher/heatmap_days
} settings_t;

extern const option_t publisher_options[];
extern const size_t publisher_options_count;

#endif
