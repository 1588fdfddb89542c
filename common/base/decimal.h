/*  decimal - an exact number as exchanges write it: mantissa x 10^exponent
 *
 *  Why   a price is a key of the book; text in, the same text out, and equal prices compare equal.
 *        (int64 at a fixed 1e-8 overflows on cheap coins with large quantities.)
 *  Not   arithmetic: the maths runs on double. */

#ifndef LEADLINE_DECIMAL_H
#define LEADLINE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/slice.h"

enum { DECIMAL_TEXT_MAX = 48, DECIMAL_EXPONENT_MIN = -24, DECIMAL_EXPONENT_MAX = 18 };

typedef struct {
    int64_t mantissa;
    int8_t exponent; //  DECIMAL_EXPONENT_MIN .. DECIMAL_EXPONENT_MAX
} decimal_t;

//  Parse "-12.3400", "1e-7", "5" (whole slice, no white space).  Trailing zeros are dropped, so equal
//  numbers have one form and zero is {0, 0}.  Returns OK, E_SYNTAX, or E_RANGE when more than 18
//  significant digits are needed or the exponent does not fit.
int
decimal_parse (slice_t text, decimal_t *out);

//  The shortest decimal that is the double (17 digits at most).  E_RANGE if not finite or too large.
int
decimal_from_double (double value, decimal_t *out);

//  The nearest double (correctly rounded).
double
decimal_to_double (decimal_t value);

//  Write plain digits, no exponent: "0.00001234".  out holds DECIMAL_TEXT_MAX.  Returns the length.
size_t
decimal_format (decimal_t value, char *out);

//  -1, 0, 1; exact.
int
decimal_compare (decimal_t a, decimal_t b);

//  The mantissa at another exponent: {15, -1} at -3 is 1500.  E_RANGE when it is not whole or overflows.
int
decimal_rescale (decimal_t value, int exponent, int64_t *mantissa);

#endif
