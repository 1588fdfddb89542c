/*  fundamental - the price that agents on all venues value an instrument at
 *
 *  What   d ln F = beta dM + dI
 *         M and every I are diffusions with stochastic volatility (ln variance: two Ornstein-Uhlenbeck terms
 *         with half-lives of 20 minutes and 3 days, and a profile over the hours of a week) and jumps (2 a
 *         day, double-exponential).  A martingale, but for
 *         - the push of trades (fundamental_push), and
 *         - a drift g S(t) where S is an Ornstein-Uhlenbeck signal of unit variance that only the informed
 *         see.
 *  Drift  S decays over the horizon h; with a = g sqrt (h) / sigma, the correlation of S with the return over
 *         h is
 *             (1 - 1/e) a / sqrt (1 + 2 a^2 / e)
 *         which is inverted for g (with an allowance for jumps and for volatility that moves).
 *  Not    a clock: the caller steps it.  A stream of random numbers per factor and instrument. */

#ifndef LEADLINE_FUNDAMENTAL_H
#define LEADLINE_FUNDAMENTAL_H

#include <stdint.h>

#include "ingest/simulator/listing.h"

typedef struct fundamental fundamental_t;

//  listings[count] borrowed for the call.  horizon_s of the signal; > 0.
fundamental_t *
fundamental_new (uint64_t seed, const listing_t *listings, int count, double horizon_s);
void
fundamental_destroy (fundamental_t **self);

//  Share of the variance that is left to the diffusion (the rest comes from fundamental_push), 0..1.
void
fundamental_set_own_share (fundamental_t *self, double share);

//  Correlation of an instrument's signal with its return over the horizon, 0..0.6; 0 is no drift.
void
fundamental_set_drift (fundamental_t *self, int instrument, double correlation);

//  Advance everything by dt_s to ts_ns.  dt_s at most 60.
void
fundamental_step (fundamental_t *self, int64_t ts_ns, double dt_s);

double
fundamental_px (const fundamental_t *self, int instrument);
//  Volatility now, of the log price per square root of a second.
double
fundamental_sigma (const fundamental_t *self, int instrument);
//  The long-run one.
double
fundamental_sigma_mean (const fundamental_t *self, int instrument);
double
fundamental_signal (const fundamental_t *self, int instrument);
void
fundamental_push (fundamental_t *self, int instrument, double log_move);

#endif
