#include "publisher/settings.h"
#include "common/base/check.h"

const option_t publisher_options[] = {
    PIPELINE_OPTIONS (settings_t, pipeline),
    OPTION (settings_t, topics_endpoint, "publisher/topics_endpoint", OPTION_TEXT, "tcp://127.0.0.1:7400", 0,
            0, "Where other services subscribe to msgpack topics."),
    OPTION (settings_t, json_endpoint, "publisher/json_endpoint", OPTION_TEXT, "tcp://127.0.0.1:7401", 0, 0,
            "The same topics in JSON."),
    OPTION (settings_t, snapshots_endpoint, "publisher/snapshots_endpoint", OPTION_TEXT,
            "tcp://127.0.0.1:7402", 0, 0, "Where late joiners ask for the last message of a topic."),
    OPTION (settings_t, http_address, "publisher/http_address", OPTION_TEXT, "127.0.0.1", 0, 0,
            "Address of the HTTP API; anything but loopback needs a read token."),
    OPTION (settings_t, http_port, "publisher/http_port", OPTION_I64, "7480", 0, 65535,
            "Port of the HTTP API; 0 turns it off."),
    OPTION (settings_t, read_token, "publisher/read_token", OPTION_TEXT, "", 0, 0,
            "Token that HTTP readers send as Authorization: Bearer TOKEN or ?token=TOKEN; empty: none."),
    OPTION (settings_t, readers_max, "publisher/readers_max", OPTION_I64, "200", 1, 10000,
            "WebSocket readers served at the same time; more are refused."),
    OPTION (settings_t, web_folder, "publisher/web_folder", OPTION_TEXT, "build/web", 0, 0,
            "Folder of the dashboard's pages; where it is missing, / answers with the root of the API."),
    OPTION (settings_t, heatmap_folder, "publisher/heatmap_folder", OPTION_TEXT, "heatmap", 0, 0,
            "Folder in which the columns of the liquidation heatmap are kept; made when missing."),
    OPTION (settings_t, heatmap_minute_days, "publisher/heatmap_minute_days", OPTION_I64, "30", 1, 4000,
            "Days for which the heatmap keeps every minute; older ones keep a column in 30 minutes."),
    OPTION (settings_t, heatmap_days, "publisher/heatmap_days", OPTION_I64, "400", 1, 4000,
            "Days for which the heatmap keeps anything."),
};

const size_t publisher_options_count = COUNT_OF (publisher_options);
