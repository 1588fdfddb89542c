/*  prices - the outcome price of one instrument, one value a second, for 26 hours
 *
 *  Not     the price that cards use (their market has that); no interpolation: a second has a price or has
 *          none. */

#ifndef LEADLINE_AGGREGATOR_PRICES_H
#define LEADLINE_AGGREGATOR_PRICES_H

#include <stdbool.h>
#include <stdint.h>

enum { PRICES_SECONDS = 26 * 3600, PRICES_NEAR_MS = 5000 };

typedef struct prices prices_t;

prices_t *
prices_new (void);
void
prices_destroy (prices_t **self);

//  Keep px for its second.  Returns true when that second had none (the first of a second stays).
bool
prices_put (prices_t *self, int64_t ts_ms, double px);

//  Nearest to ts_ms, at most PRICES_NEAR_MS away (the earlier of two as near).  OK or E_ABSENT.
int
prices_near (const prices_t *self, int64_t ts_ms, double *px);

//  The first price kept after ts_ms.  OK with its time, or E_ABSENT.
int
prices_next (const prices_t *self, int64_t after_ms, int64_t *ts_ms, double *px);

#endif
