#include "ingest/simulator/numeral.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"

static size_t
trim (char *out, size_t size)
{
    if (!memchr (out, '.', size))
        return size;
    while (size > 0 && out[size - 1] == '0')
        size--;
    if (size > 0 && out[size - 1] == '.')
        size--;
    out[size] = '\0';
    return size;
}

size_t
numeral_write (char *out, int64_t mantissa, int exponent, numeral_form_t form)
{
    char digits[24];
    size_t count = 0;
    uint64_t rest = mantissa < 0 ? (uint64_t) -mantissa : (uint64_t) mantissa;
    do {
        digits[count++] = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest);
    size_t size = 0;
    size_t decimals = exponent < 0 ? (size_t) -exponent : 0;
    CHECK (decimals <= 24 && exponent <= 12);
    if (mantissa < 0)
        out[size++] = '-';
    if (count <= decimals) {
        out[size++] = '0';
        if (decimals)
            out[size++] = '.';
        for (size_t zeros = decimals; zeros > count; zeros--)
            out[size++] = '0';
        while (count)
            out[size++] = digits[--count];
    } else {
        while (count > decimals)
            out[size++] = digits[--count];
        for (int zeros = exponent; zeros > 0 && mantissa; zeros--)
            out[size++] = '0';
        if (decimals)
            out[size++] = '.';
        while (count)
            out[size++] = digits[--count];
    }
    out[size] = '\0';
    return form == NUMERAL_TRIMMED ? trim (out, size) : size;
}

size_t
numeral_write_f64 (char *out, double value, int decimals, numeral_form_t form)
{
    if (!isfinite (value) || fabs (value) > 1e30)
        value = 0;
    int size = snprintf (out, NUMERAL_TEXT_MAX, "%.*f", decimals, value);
    CHECK (size > 0 && size < NUMERAL_TEXT_MAX);
    return form == NUMERAL_TRIMMED ? trim (out, (size_t) size) : (size_t) size;
}

void
numeral_add_i64 (text_buffer_t *out, int64_t value)
{
    char text[NUMERAL_TEXT_MAX];
    size_t size = numeral_write (text, value, 0, NUMERAL_FIXED);
    text_add_slice (out, (slice_t){text, size});
}

static void
add_quoted (text_buffer_t *out, char *text, size_t size)
{
    text[0] = '"';
    text[size + 1] = '"';
    text_add_slice (out, (slice_t){text, size + 2});
}

void
numeral_add_quoted (text_buffer_t *out, int64_t mantissa, int exponent, numeral_form_t form)
{
    char text[NUMERAL_TEXT_MAX + 2];
    add_quoted (out, text, numeral_write (text + 1, mantissa, exponent, form));
}

void
numeral_add_quoted_f64 (text_buffer_t *out, double value, int decimals, numeral_form_t form)
{
    char text[NUMERAL_TEXT_MAX + 2];
    add_quoted (out, text, numeral_write_f64 (text + 1, value, decimals, form));
}
