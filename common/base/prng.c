#include "common/base/prng.h"
#include "common/base/check.h"
#include "common/base/hash.h"

#include <math.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586;

static uint64_t
splitmix (uint64_t *state)
{
    uint64_t z = (*state += UINT64_C (0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t
rotate (uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void
prng_init (prng_t *self, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        self->s[i] = splitmix (&seed);
}

void
prng_fork (prng_t *self, uint64_t seed, const char *name, uint64_t index)
{
    uint64_t hash = hash_bytes (name, strlen (name), seed);
    prng_init (self, hash_bytes (&index, sizeof index, hash));
}

uint64_t
prng_next (prng_t *self)
{
    uint64_t *s = self->s;
    uint64_t result = rotate (s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate (s[3], 45);
    return result;
}

double
prng_uniform (prng_t *self)
{
    return (double) (prng_next (self) >> 11) * 0x1.0p-53;
}

uint64_t
prng_below (prng_t *self, uint64_t n)
{
    CHECK (n > 0);
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t value;
    do
        value = prng_next (self);
    while (value >= limit);
    return value % n;
}

double
prng_normal (prng_t *self)
{
    double u = 1.0 - prng_uniform (self);
    double v = prng_uniform (self);
    return sqrt (-2.0 * log (u)) * cos (TWO_PI * v);
}

double
prng_exponential (prng_t *self)
{
    return -log (1.0 - prng_uniform (self));
}
