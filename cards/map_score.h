/*  map_score - how well the liquidation map has foretold what was liquidated, against the classic ladder
 *
 *  Why   whether a level is reached depends on the price, which no map claims to know; so each map is asked
 *        only how much is liquidated given the path: the mass that the mark has swept.
 *  How   minute t: L = mass swept, n = liquidations seen (un-throttled), both in units of a median print.
 *            LL = n ln (k L + .05) - k L         k = sum n / sum L up to t-1, per map and side, half-life 7 d
 *        Difference: ours less the ladder's, added over sides and minutes, kept by the hour for a week.  An hour in
 *        which nothing was swept or printed counts as 0.  Nothing is scored until k stands on five prints.
 *        The interval is that of the mean of hours by stationary bootstrap, blocks of 6 h on average, made anew
 *        when an hour closes: same hours, same interval.
 *  Spread  sd of ln (realised / predicted) of hours and sides that say something, .7 with weight 20 beforehand:
 *        what an amount of the map is worth: from usd exp (-1.28 spread) to usd exp (1.28 spread) four times in five.
 *  Memory  flat, no pointers; zeroed memory is an empty score.  Copy it and the copy says the same.
 *
 *  Sources  methods A9; Politis, Romano 1994 (stationary bootstrap). */

#ifndef LEADLINE_MAP_SCORE_H
#define LEADLINE_MAP_SCORE_H

#include "cards/liquidation_map.h"

enum { MAP_SCORE_HOURS = 168, MAP_SCORE_FEWEST = 6 };

typedef struct {
    double difference; //  ours - ladder
    double predicted_usd, printed_usd;
} map_score_hour_t;

typedef struct {
    int64_t ts_ns;   //  end of the last minute
    double unit_usd; //  median print before it; 0: none yet
    struct {
        double printed, ours, ladder;            //  decayed sums in units
        double expected_usd, hour_usd, unit_usd; //  of the running hour: k L, prints, unit
    } sides[2];
    int64_t hour; //  running
    int32_t minutes;
    bool is_started; //  something has been scored
    map_score_hour_t running;
    map_score_hour_t hours[MAP_SCORE_HOURS]; //  ring
    int64_t hours_count;                     //  ever
    double spread_squares, spread_weight;
    double low, high;       //  of the hours closed
    uint64_t refused_count; //  minutes whose numbers were none
} map_score_t;

//  One minute that ended at ts_ns; of the same minute or an older one: ignored.
void
map_score_add (map_score_t *self, int64_t ts_ns, const liquidation_step_t *step);

struct map_score_view {
    double difference, low, high; //  log-likelihood per hour over the ladder, 95 % interval; NaN: not yet
    double hours;                 //  closed, behind it
    double predicted_usd, printed_usd; //  in those hours: swept as the map had it, and seen
    double spread;
};

void
map_score_read (const map_score_t *self, map_score_view_t *out);

#endif
