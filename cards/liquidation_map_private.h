/*  liquidation_map_private - the memory of a map: flat, no pointers; for liquidation_map*.c and their test */

#ifndef LEADLINE_LIQUIDATION_MAP_PRIVATE_H
#define LEADLINE_LIQUIDATION_MAP_PRIVATE_H

#include "cards/liquidation_book.h"
#include "cards/liquidation_map.h"
#include "cards/map_score.h"

//  What one venue's prints have said (methods A7).
typedef struct {
    uint64_t seconds_mask; //  bit k: a print k seconds ago
    int32_t coverage;      //  coverage_t of the last print; ABSENT: none yet
    uint64_t prints_count;
    decayed_t printed_usd;                  //  over a minute or so, as printed
    double minute_usd[2], minute_px_usd[2]; //  since the last column, by side: USD, and USD x price
    int64_t minute_count[2];
    decayed_t swept[2][MAP_COMPONENTS];                        //  lately, coins: whom a print is ascribed to
    double expected[MAP_COMPONENTS], observed[MAP_COMPONENTS]; //  USD, decayed: E and O
    decayed_t rested[2][BOOK_RESTS];                           //  lately, USD: the same by rest
    double rest_expected[BOOK_RESTS], rest_observed[BOOK_RESTS];
} liquidation_prints_t;

typedef struct {
    liquidation_book_t book;
    liquidation_prints_t prints;
} liquidation_venue_t;

struct liquidation_map {
    int32_t venues_count, reserved;
    double weights[MAP_COMPONENTS]; //  of new deposits
    double theta[MAP_COMPONENTS], theta_picture[MAP_COMPONENTS];
    double phi[BOOK_RESTS]; //  learned correction by how long a price has not been visited
    int64_t since_ns;       //  first live order
    int64_t now_ns;         //  of the view
    double mark_px, x;
    int64_t mark_bin, view_ns; //  view_ns 0: no view yet
    int64_t history_ns;        //  end of the last bar of history
    bool has_minute_bars;
    int64_t history_view_ns;        //  of the last view made of history
    market_candle_t history_candle; //  of the bars since the one before it

    liquidation_step_t sums, asked, scored; //  since init; of them, at the last step asked for and scored
    map_score_t score;
    double ladder_base_usd[2];
    ew_t print_log_usd; //  of prints: the median of their size is exp of the mean of its log

    int64_t ladder_base, ladder_edge[2];
    liquidation_grid_t ladder[2][LADDER_COMPONENTS];

    float bins_px[MAP_VIEW_BINS]; //  middles
    float groups_usd[2][MAP_GROUPS][MAP_VIEW_BINS];
    float usd[2][MAP_VIEW_BINS], hazard[2][MAP_VIEW_BINS];
    float ladder_groups_usd[2][MAP_GROUPS][MAP_VIEW_BINS], ladder_usd[2][MAP_VIEW_BINS];
    double total_usd[2], ladder_total_usd[2], leverage_mean;

    liquidation_venue_t venues[];
};

//  Of the classic ladder.
extern const double liquidation_map_ladder_leverage[LADDER_COMPONENTS];

//  Group of leverage that a component belongs to.
int
liquidation_map_group (double leverage);

//  --- liquidation_view.c
//  Make the views as of now.
void
liquidation_view_refresh (liquidation_map_t *self);
//  Picture density of one venue by group over the bins of the view.
void
liquidation_view_venue (const liquidation_map_t *self, int venue, float out[2][MAP_GROUPS][MAP_VIEW_BINS]);

//  --- liquidation_learn.c
void
liquidation_learn_sweep (liquidation_map_t *self, int venue, const liquidation_swept_t swept[2]);
void
liquidation_learn_print (liquidation_map_t *self, const market_t *market, int venue,
                         const liquidation_t *liquidation);
//  Each whole second; each whole hour.
void
liquidation_learn_second (liquidation_map_t *self);
void
liquidation_learn_hour (liquidation_map_t *self);

//  Share of positions that stops leave alive when the price has gone `f` of the way to their liquidation.
double
liquidation_view_survival (double f);

#endif
