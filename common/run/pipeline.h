/*  pipeline - the settings all programs share, and the addresses that follow from them */

#ifndef LEADLINE_PIPELINE_H
#define LEADLINE_PIPELINE_H

#include "common/base/timebase.h"
#include "common/run/option.h"
#include "common/wire/result.h"
#include "common/wire/universe.h"

enum { ENDPOINT_MAX = 256, VENUES_MAX = 16 };

typedef struct {
    char folder[160];       //  pipeline/folder: ipc files, 0700
    char instruments[2048]; //  pipeline/instruments
    char venues[256];       //  pipeline/venues: whose ingest is expected
    int64_t shards;         //  pipeline/shards
    int32_t clock;          //  pipeline/clock: clock_kind_t (wall, event)
    char topic_prefix[16];  //  pipeline/topic_prefix
    int64_t queue_messages; //  pipeline/queue_messages: of a publisher, for each subscriber
    int32_t log_level;      //  pipeline/log_level
    char tiers_folder[160]; //  pipeline/tiers_folder: <venue>.tsv (tiers.h)
    //  made from the above by pipeline_finish:
    universe_t universe;
    char venue_names[VENUES_MAX][VENUE_NAME_MAX];
    size_t venues_count;
} pipeline_t;

//  Rows to put into a program's option table; member is its pipeline_t.
#define PIPELINE_OPTIONS(struct_, member_)                                                                   \
    OPTION (struct_, member_.folder, "pipeline/folder", OPTION_TEXT, "run", 0, 0,                            \
            "Folder of the ipc files, made 0700."),                                                          \
        OPTION (                                                                                             \
            struct_, member_.instruments, "pipeline/instruments", OPTION_TEXT,                               \
            "BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT FILUSDT NEARUSDT WLDUSDT ADAUSDT AVAXUSDT "    \
            "LINKUSDT LTCUSDT DOTUSDT SUIUSDT APTUSDT ARBUSDT OPUSDT INJUSDT AAVEUSDT UNIUSDT",              \
            0, 0, "Instruments, separated by spaces; the same list for every program."),                     \
        OPTION (struct_, member_.venues, "pipeline/venues", OPTION_TEXT, "binance bybit okx", 0, 0,          \
                "Venues whose ingest runs."),                                                                \
        OPTION (struct_, member_.shards, "pipeline/shards", OPTION_I64, "2", 1, 64,                          \
                "Number of card shards."),                                                                   \
        {.path = "pipeline/clock",                                                                           \
         .type = OPTION_WORD,                                                                                \
         .offset = offsetof (struct_, member_.clock),                                                        \
         .preset = "wall",                                                                                   \
         .words = pipeline_clock_words,                                                                      \
         .about = "wall, or event: time comes from the events (replay, fast simulation)."},                  \
        OPTION (struct_, member_.topic_prefix, "pipeline/topic_prefix", OPTION_TEXT, "v1", 0, 0,             \
                "First part of every topic."),                                                               \
        OPTION (struct_, member_.queue_messages, "pipeline/queue_messages", OPTION_I64, "100000", 1, 1e7,    \
                "Messages kept for a subscriber that is slow; beyond it loses, and sees that it did."),      \
        OPTION (struct_, member_.tiers_folder, "pipeline/tiers_folder", OPTION_TEXT, "deploy/tiers", 0, 0,   \
                "Folder of the venues' maintenance tiers, VENUE.tsv."),                                      \
    {                                                                                                        \
        .path = "pipeline/log_level", .type = OPTION_WORD, .offset = offsetof (struct_, member_.log_level),  \
        .preset = "info", .words = pipeline_log_words, .about = "debug, info, notice, warning or error."     \
    }

extern const char *const pipeline_clock_words[];
extern const char *const pipeline_log_words[];

//  Parse the lists, make the folder.  E_CONFIG or E_IO with a text.
int
pipeline_finish (pipeline_t *self, error_text_t *error);

//  Index of a venue, or -1.
int
pipeline_venue (const pipeline_t *self, const char *name);

//  "ipc://<folder>/<process>.<role>"; role "pub" (topics) or "snap" (snapshots).  process: "ingest-binance",
//  "cards-1", "aggregator", "publisher".  out holds ENDPOINT_MAX.
void
pipeline_endpoint (const pipeline_t *self, const char *process, const char *role, char *out);

#endif
