/*  expect - what cmocka 1.1.5 lacks: doubles compared as doubles, and a seed that is printed
 *
 *  Include this instead of cmocka.h. */

#ifndef LEADLINE_TEST_EXPECT_H
#define LEADLINE_TEST_EXPECT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

//  |actual - expected| <= tolerance * max (1, |expected|); NaN equals NaN only.
#define expect_close(actual, expected, tolerance)                                                            \
    expect_close_at ((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)

static inline void
expect_close_at (double actual, double expected, double tolerance, const char *what, const char *file,
                 int line)
{
    if (isnan (actual) && isnan (expected))
        return;
    double size = fabs (expected) > 1 ? fabs (expected) : 1;
    if (fabs (actual - expected) <= tolerance * size)
        return;
    print_error ("%s is %.17g, expected %.17g +- %g\n", what, actual, expected, tolerance * size);
    _fail (file, line);
}

//  The seed of a property test: SEED in the environment, else the given one.  Printed, so a failure can be
//  replayed.
static inline uint64_t
test_seed (uint64_t preset)
{
    const char *text = getenv ("SEED");
    uint64_t seed = text ? strtoull (text, NULL, 10) : preset;
    print_message ("seed %llu\n", (unsigned long long) seed);
    return seed;
}

#endif
