/*  prng - xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64
 *
 *  Deterministic across machines.  Give every independent part its own stream (prng_fork), so that adding
 *  one part does not shift the numbers of the others. */

#ifndef LEADLINE_PRNG_H
#define LEADLINE_PRNG_H

#include <stdint.h>

typedef struct {
    uint64_t s[4];
} prng_t;

void
prng_init (prng_t *self, uint64_t seed);

//  A stream of its own, from a seed and a name: same pair, same stream.
void
prng_fork (prng_t *self, uint64_t seed, const char *name, uint64_t index);

uint64_t
prng_next (prng_t *self);

//  Uniform in [0, 1), 53 bits.
double
prng_uniform (prng_t *self);

//  Uniform whole number in [0, n), n > 0; no modulo bias.
uint64_t
prng_below (prng_t *self, uint64_t n);

//  Standard normal (Box-Muller, one of the pair: two draws a call, so the count of draws is fixed).
double
prng_normal (prng_t *self);

//  Exponential with mean 1.
double
prng_exponential (prng_t *self);

#endif
