#include "tests/support/picture_maker.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "publisher/cli/map_document.h"

const char picture_maker_document[] =
    "{\"source\":\"sim\",\"instrument\":\"BTCUSDT\",\"model\":\"full\",\"range\":\"12h\","
    "\"column_s\":3600,\"update_time\":1700013600000,\"venues\":[\"binance\"],\"groups\":[{\"from\":2,\"to\":"
    "7.5}],"
    "\"row_bp\":100,\"first_px\":100,\"y_axis\":[100.5,101.5,102.5,103.6,104.6,105.6],"
    "\"x_axis\":[1699999200000,1700002800000,1700006400000,1700010000000],"
    "\"liquidation_leverage_data\":[[0,1,1000000],[0,3,50000],[1,1,400000],[1,3,60000],[2,1,400000],[3,1,"
    "500000],"
    "[3,5,2000]],"
    "\"price_candlesticks\":[[1699999200000,102.4,102.6,102.2,102.5,1000],[1700002800000,102.5,102.7,102.4,"
    "102.6,900],"
    "[1700006400000,102.6,104.0,102.5,103.8,5000],[1700010000000,103.8,103.9,103.0,103.2,800]],"
    "\"prints\":[[2,103.5,40000,-1,3,\"binance\",\"sampled\"]],\"max_usd\":1000000,\"p997_usd\":1000000}";

static void
take_frame (map_picture_t *picture)
{
    enum { ROWS = 100, FIRST = 4590 }; //  exp (4.59) = 98.49, up to exp (4.69) = 108.85
    static float longs[ROWS], shorts[ROWS];
    longs[30] = 400000;  //  exp (4.620): 101.49
    longs[40] = 100000;  //  102.51
    shorts[60] = 300000; //  104.58
    map_group_t groups[2] = {
        {.leverage_from = 2, .leverage_to = 7.5, .long_usd = longs, .long_count = ROWS},
        {.leverage_from = 10, .leverage_to = 15, .short_usd = shorts, .short_count = ROWS},
    };
    map_cluster_t cluster = {.low_px = 101.49,
                             .high_px = 101.59,
                             .side = MAP_SIDE_LONG,
                             .usd = 400000,
                             .usd_p10 = 300000,
                             .usd_p90 = 600000};
    map_cumulative_t sums[2] = {{1, 100000, 0}, {2, 500000, 300000}};
    map_venue_t venues[2] = {
        {.venue = "binance",
         .prints = COVERAGE_SAMPLED,
         .is_live = true,
         .oi_usd = 5e6,
         .oi_age_s = 1,
         .opening_p = 0.5,
         .long_usd = 500000,
         .short_usd = 300000,
         .divergence_pct = NAN},
        {.venue = "okx", .oi_usd = NAN, .oi_age_s = NAN, .opening_p = 0.5, .divergence_pct = NAN},
    };
    map_frame_t frame = {.head = {.source = SOURCE_SIM},
                         .instrument = "BTCUSDT",
                         .ts_ms = 1700013600000,
                         .mark_px = PICTURE_MAKER_MARK_PX,
                         .first_row = FIRST,
                         .first_px = exp (FIRST * 1e-3),
                         .step_bp = 10,
                         .rows_count = ROWS,
                         .groups = groups,
                         .groups_count = 2,
                         .clusters = &cluster,
                         .clusters_count = 1,
                         .cumulative = sums,
                         .cumulative_count = 2,
                         .pain_long_px = 101.5,
                         .pain_long_usd = 500000,
                         .pain_short_px = NAN,
                         .pain_short_usd = NAN,
                         .long_usd = 500000,
                         .short_usd = 300000,
                         .venues = venues,
                         .venues_count = 2,
                         .oi_coverage_pct = 90,
                         .confidence_pct = 40,
                         .reason = "okx is silent",
                         .leverage_mean = 8,
                         .score_vs_ladder = NAN,
                         .score_low = NAN,
                         .score_high = NAN};
    CHECK (map_picture_take_frame (picture, &frame, NULL) == OK);
}

map_picture_t *
picture_maker_new (bool has_heatmap, bool has_snapshot)
{
    map_picture_t *picture = map_picture_new ("BTCUSDT", MAP_MODEL_FULL);
    (void) snprintf (picture->why, sizeof picture->why, "the publisher's HTTP is off");
    if (has_heatmap)
        CHECK (map_document_read (picture, slice_of (picture_maker_document), NULL) == OK);
    if (has_snapshot)
        take_frame (picture);
    return picture;
}
