#include "ingest/simulator/settings.h"

#include "common/base/check.h"

static const char *const venue_words[] = {"binance", "bybit", "okx", NULL};

const option_t settings_rows[] = {
    PIPELINE_OPTIONS (settings_t, pipeline),
    OPTION (settings_t, ports[0], "simulator/binance_port", OPTION_I64, "7443", 0, 65535,
            "TLS port on 127.0.0.1 of the simulated Binance; 0: any free one."),
    OPTION (settings_t, ports[1], "simulator/bybit_port", OPTION_I64, "7444", 0, 65535,
            "TLS port on 127.0.0.1 of the simulated Bybit; 0: any free one."),
    OPTION (settings_t, ports[2], "simulator/okx_port", OPTION_I64, "7445", 0, 65535,
            "TLS port on 127.0.0.1 of the simulated OKX; 0: any free one."),
    OPTION (settings_t, speed, "simulator/speed", OPTION_F64, "1", 0, 10000,
            "Simulated seconds a second; 0: as fast as clients read."),
    OPTION (settings_t, warm_minutes, "simulator/warm_minutes", OPTION_I64, "0", 0, 100000,
            "Start so many minutes in the past, and catch up with the clock at warm_speed (clients on the "
            "event clock)."),
    OPTION (settings_t, warm_speed, "simulator/warm_speed", OPTION_F64, "30", 1.1, 10000,
            "Simulated seconds a second while catching up."),
    OPTION (settings_t, clients, "simulator/clients", OPTION_I64, "1", 1, 64,
            "With speed 0, warm minutes or a recording: begin when so many sockets have subscribed."),
    OPTION (settings_t, seconds, "simulator/seconds", OPTION_I64, "0", 0, 1e9,
            "Stop the market after so many simulated seconds; 0: never."),
    OPTION (settings_t, seed, "simulator/seed", OPTION_I64, "1", 0, 9e15,
            "Seed of the world and of the faults."),
    OPTION (settings_t, activity, "simulator/activity", OPTION_F64, "1", 0.001, 1000,
            "How busy the market is; 1 is about 10 messages a second and venue for BTC."),
    OPTION (settings_t, history_days, "simulator/history_days", OPTION_I64, "7", 0, 400,
            "Days of bars, funding and open interest before the start."),
    OPTION (settings_t, is_random_walk, "simulator/random_walk", OPTION_BOOL, "no", 0, 0,
            "Nothing predicts: no informed flow, no impact on the fundamental."),
    OPTION (settings_t, planted_ic, "simulator/planted_ic", OPTION_F64, "0", 0, 1,
            "Information coefficient of a planted informed trader; 0: none."),
    OPTION (settings_t, planted_horizon_s, "simulator/planted_horizon_s", OPTION_F64, "300", 1, 1e6,
            "Horizon of the planted information in seconds."),
    OPTION (settings_t, truth_file, "simulator/truth_file", OPTION_TEXT, "", 0, 0,
            "Where the truth is written (positions, liquidations, cascades); empty: nowhere."),
    OPTION (settings_t, faults, "simulator/faults", OPTION_TEXT, "", 0, 0,
            "Fault plan, e.g. binance:depth:BTCUSDT drop 1 at 20s; okx:books:* checksum at 5s"),
    OPTION (settings_t, queue_limit_kib, "simulator/queue_limit_kib", OPTION_I64, "8192", 64, 1048576,
            "A client that leaves more unread is disconnected; with speed 0 the market waits instead."),
    OPTION (settings_t, recording, "simulator/recording", OPTION_TEXT, "", 0, 0,
            "A recording (.raw.jsonl or .raw.jsonl.gz) served in place of a market."),
    {.path = "simulator/recording_venue",
     .type = OPTION_WORD,
     .offset = offsetof (settings_t, recording_venue),
     .preset = "binance",
     .words = venue_words,
     .about = "Whose recording it is: binance, bybit or okx."},
    OPTION (settings_t, recording_speed, "simulator/recording_speed", OPTION_F64, "0", 0, 10000,
            "Recorded seconds a second; 0: as fast as clients read."),
};

const size_t settings_rows_count = COUNT_OF (settings_rows);
