/*  calibration - how often the bias is right, said as a number people can hold us to (methods C6, D5)
 *
 *  Kept    decayed counts of wins (price up) over cells of Z .1 wide, of y Z and Z Z, and of what was claimed
 *          against what happened.  Cells are plain sums, so the order of settlement does not matter.
 *  Fitted  from 1000 effective outcomes on: about 20 bins of equal mass, each with a Beta (50, 50) prior,
 *          pool adjacent violators, linear between bin centres.
 *          Below: Platt p = s (a Z), prior a ~ N (0, .2^2), by Newton steps on the cells.
 *          Below 500 outcomes: 50 percent, uncalibrated.
 *  Not     a band of returns.
 *
 *  An outcome counts with its overlap weight: 500 means 500 independent ones.  The 500 are counted without
 *  forgetting, the 1000 and n_eff with it (half-life of the mode's learner). */

#ifndef LEADLINE_AGGREGATOR_CALIBRATION_H
#define LEADLINE_AGGREGATOR_CALIBRATION_H

#include <stdbool.h>

#include "aggregator/image.h"

enum {
    CALIBRATION_CELLS = 80,   //  of Z, from -4 to 4; the outer ones take what lies beyond
    CALIBRATION_CLAIMS = 101, //  whole percent
    CALIBRATION_POINTS = 21,
    CALIBRATION_OUTCOMES_MIN = 500,
    CALIBRATION_OUTCOMES_ISOTONIC = 1000
};

typedef struct {
    double n, zz, zy;
    double total[CALIBRATION_CELLS], wins[CALIBRATION_CELLS];
    double brier; //  sum of squared error of claims
    double claims[CALIBRATION_CLAIMS], hits[CALIBRATION_CLAIMS];
} calibration_sums_t; //  doubles only

typedef struct {
    int64_t tref_ms; //  as in learner; 0: empty
    double outcomes; //  never decayed
    calibration_sums_t sums;
} calibration_t; //  flat; zeroed memory knows nothing

typedef struct {
    bool is_calibrated;
    bool is_isotonic;
    int64_t outcomes_needed;
    double n_eff;
    double beta_z; //  shrunken slope of y on Z
    double skill;  //  clip ((beta_z - 1.64 / sqrt (n_eff + 200)) / .05, 0, 1)
    double platt;  //  a
    size_t points_count;
    double z[CALIBRATION_POINTS], p[CALIBRATION_POINTS]; //  isotonic: ascending in both
    double brier, ece;                                   //  of calibrated claims; NaN: none yet
} calibration_fit_t;

//  One settled outcome.  claim_pct: the calibrated confidence published at decision time, with the bias of
//  the same sign as bias; NaN when it was not calibrated.
void
calibration_add (calibration_t *self, double half_life_s, int64_t t_ms, double overlap, double z, double y,
                 double bias, double claim_pct);

void
calibration_fit (const calibration_t *self, double half_life_s, int64_t now_ms, calibration_fit_t *out);

//  P (y > 0 | Z), whether calibrated or not.
double
calibration_p_up (const calibration_fit_t *fit, double z);

//  Chance that the sign of bias is right, in percent; 50 until calibrated and at bias 0.
double
calibration_confidence_pct (const calibration_fit_t *fit, double z, double bias);

//  Fields tref, outcomes, n, zz, zy, brier and "lo:k", "win:k", "tot:k", "claim:k", "hit:k" of cells in use.
void
calibration_save (const calibration_t *self, image_t *out);
int
calibration_load (calibration_t *self, const char *name, const char *value);

#endif
