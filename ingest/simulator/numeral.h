/*  numeral - numbers as exchanges print them: exact, never through printf's %g
 *
 *  Prices and quantities are whole ticks and lots, so their text comes from integer arithmetic: FIXED keeps
 *  the zeros the tick has ("61800.20", Binance and Bybit), TRIMMED drops them ("61800.2", OKX). */

#ifndef LEADLINE_NUMERAL_H
#define LEADLINE_NUMERAL_H

#include <stdint.h>

#include "common/wire/field.h"

typedef enum { NUMERAL_FIXED, NUMERAL_TRIMMED } numeral_form_t;

enum { NUMERAL_TEXT_MAX = 64 };

//  mantissa x 10^exponent as plain digits; out holds NUMERAL_TEXT_MAX.  Returns the length (terminated).
size_t
numeral_write (char *out, int64_t mantissa, int exponent, numeral_form_t form);

//  A double with so many decimals; not finite is written as 0.
size_t
numeral_write_f64 (char *out, double value, int decimals, numeral_form_t form);

//  Append to a text; the quoted forms stand in "".
void
numeral_add_i64 (text_buffer_t *out, int64_t value);
void
numeral_add_quoted (text_buffer_t *out, int64_t mantissa, int exponent, numeral_form_t form);
void
numeral_add_quoted_f64 (text_buffer_t *out, double value, int decimals, numeral_form_t form);

#endif
