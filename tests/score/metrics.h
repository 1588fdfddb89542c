/*  metrics - distances of densities, scores of forecasts, and what they are worth (methods A9)
 *
 *  Not   of any map: arrays in, numbers out.  NaN where there is nothing to say. */

#ifndef LEADLINE_TEST_METRICS_H
#define LEADLINE_TEST_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

//  Wasserstein distance of two densities of n bins, each taken as a whole of 1: width x sum |F - G|.
double
metrics_w1 (const double a[], const double b[], int n, double width);

//  Share of the three largest peaks of truth that one of the five largest of the estimate meets within 3 bins.
//  Peaks: largest values after smoothing over 5 bins, at least 6 bins apart.
double
metrics_top_hit (const double truth[], const double estimate[], int n);

//  Ranks with ties shared.
double
metrics_rank_correlation (const double x[], const double y[], size_t n);

//  Chance that a window out of the top share of y has a larger x than one of the others.
double
metrics_auc (const double x[], const double y[], size_t n, double share);

typedef struct {
    double predicted[10], realised[10]; //  means of the deciles by prediction
    double slope;                       //  of realised on predicted over the ten, least squares
} calibration_bins_t;

void
metrics_calibration (const double predicted[], const double realised[], size_t n, calibration_bins_t *out);

//  Mean of series[i][0..counts[i]), i < many, and the share of stationary bootstrap resamples (blocks of `block` on
//  average, each series for itself) in which it is not above 0.
typedef struct {
    double mean, low, high, p;
} bootstrap_t;

void
metrics_bootstrap (const double *const series[], const size_t counts[], size_t many, double block,
                   bootstrap_t *out);

#endif
