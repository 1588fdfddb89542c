/*  state_machine - from a wavering number to a state people can act on (methods C3)
 *
 *  What   fed with q in [-1, 1] (a card's direction x strength, a category's score, bias / 100) at every
 *         evaluation; looks at it once per cycle, at the first evaluation of a new cycle, so its answer does
 *         not depend on how often it is asked.  Evaluations in between return the same view with no
 *         transition.
 *
 *      level    -2        -1         0         1        2
 *      enter  q<=-.70   q<=-.25            q>=.25    q>=.70
 *      leave  q>-.60    q>-.15             q<.15     q<.60
 *
 *  How    a change must be wanted by two cycles in a row (by one when q moved by more than .5 since the last
 *         cycle).
 *  Phase  decelerating: |q| has fallen by 30 % or more from its peak since the level's sign was taken, and
 *         the slope of |q| over the last cycles (exponential weights, 5 cycles) is below minus one standard
 *         error;
 *         accelerating: |q| stands 30 % or more above its trough since then and the slope is above one.
 *         The peak and trough start anew with a change of sign; a neutral level is steady.
 *  Early  a two-sided CUSUM on z (k = .5, h = 4 per cycle) that rings before the machine moves.
 *  Not    a clock: it reads none.  Flat, no pointers; zeroed memory is a fresh machine. */

#ifndef LEADLINE_STATE_MACHINE_H
#define LEADLINE_STATE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { MACHINE_STEADY, MACHINE_ACCELERATING, MACHINE_DECELERATING };

typedef struct {
    int64_t cycle;    //  1 + number of the last cycle looked at; 0 none
    int64_t since_ms; //  when level was taken; 0: never left its first neutral
    int32_t level, level_prev;
    int32_t wanted, wanted_count; //  the change under way, and how many cycles have wanted it
    int32_t phase;
    int32_t early;
    double q;                       //  at the last cycle looked at
    double peak, trough;            //  of |q| since the level's sign was taken
    double g_up, g_down;            //  CUSUM
    double w, w2, t, y, tt, ty, yy; //  decayed sums of |q| on time; time counts back from the last cycle
} state_machine_t;

typedef struct {
    int level;          //  -2 strongly down, -1 down, 0 neutral, 1 up, 2 strongly up
    int level_prev;     //  before the last transition
    bool is_transition; //  level changed in this very evaluation
    int64_t since_ms;   //  when it took the level
    int phase;          //  MACHINE_*
    int early;    //  +1, -1: the CUSUM rang in this evaluation for a side the level is not on yet; else 0
    double peak;  //  of |q| since the sign was taken; 0 when neutral
    double slope; //  of |q| per cycle; NaN: fewer than three cycles
} state_view_t;

//  Take q at an evaluation.  ts_ms never steps back; z feeds the CUSUM (NaN: none); cycle_ms > 0.
void
state_machine_step (state_machine_t *self, int64_t ts_ms, double q, double z, int64_t cycle_ms,
                    state_view_t *out);

//  Nothing is known in this evaluation (a stale input): the level stays, what was under way is forgotten.
//  After more than two cycles of it the machine is fresh again.
void
state_machine_rest (state_machine_t *self, int64_t ts_ms, int64_t cycle_ms);

#endif
