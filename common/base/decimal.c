#include "common/base/decimal.h"
#include "common/base/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 18 };

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static int
finish (bool is_negative, int64_t mantissa, int exponent, decimal_t *out)
{
    if (mantissa == 0) {
        *out = (decimal_t){0, 0};
        return OK;
    }
    while (mantissa % 10 == 0) {
        mantissa /= 10;
        exponent++;
    }
    if (exponent < DECIMAL_EXPONENT_MIN || exponent > DECIMAL_EXPONENT_MAX)
        return E_RANGE;
    *out = (decimal_t){is_negative ? -mantissa : mantissa, (int8_t) exponent};
    return OK;
}

//  Reads the exponent part after 'e'.
static int
parse_exponent (slice_t text, size_t at, int *exponent)
{
    bool is_negative = false;
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
        is_negative = text.data[at++] == '-';
    if (at == text.size)
        return E_SYNTAX;
    int value = 0;
    for (; at < text.size; at++) {
        if (text.data[at] < '0' || text.data[at] > '9')
            return E_SYNTAX;
        if (value < 1000)
            value = value * 10 + (text.data[at] - '0');
    }
    *exponent += is_negative ? -value : value;
    return OK;
}

int
decimal_parse (slice_t text, decimal_t *out)
{
    size_t at = 0;
    bool is_negative = false;
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
        is_negative = text.data[at++] == '-';
    int64_t mantissa = 0;
    int digits = 0, exponent = 0, zeros = 0;
    bool has_point = false, has_digit = false;
    for (; at < text.size; at++) {
        char c = text.data[at];
        if (c == '.') {
            if (has_point)
                return E_SYNTAX;
            has_point = true;
            continue;
        }
        if (c == 'e' || c == 'E') {
            int status = has_digit ? parse_exponent (text, at + 1, &exponent) : E_SYNTAX;
            if (status != OK)
                return status;
            break;
        }
        if (c < '0' || c > '9')
            return E_SYNTAX;
        has_digit = true;
        exponent -= has_point;
        if (c == '0') { //  held back: trailing zeros must not use up the digits
            zeros += digits > 0;
            continue;
        }
        if (digits > 0 && digits + zeros >= DIGITS_MAX)
            return E_RANGE;
        for (; zeros > 0; zeros--, digits++)
            mantissa *= 10;
        mantissa = mantissa * 10 + (c - '0');
        digits++;
    }
    if (!has_digit)
        return E_SYNTAX;
    return finish (is_negative, mantissa, exponent + zeros, out);
}

int
decimal_from_double (double value, decimal_t *out)
{
    if (!isfinite (value))
        return E_RANGE;
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        (void) snprintf (text, sizeof text, "%.*e", digits - 1, value);
        if (strtod (text, NULL) == value)
            break;
    }
    return decimal_parse (slice_of (text), out);
}

double
decimal_to_double (decimal_t value)
{
    //  Exact for mantissas to 2^53 and powers to 10^22: one rounding (Clinger 1990).
    const int64_t exact = INT64_C (9007199254740992);
    if (value.mantissa >= -exact && value.mantissa <= exact) {
        if (value.exponent < 0 && value.exponent >= -22)
            return (double) value.mantissa / powers_of_ten[-value.exponent];
        if (value.exponent >= 0)
            return (double) value.mantissa * powers_of_ten[value.exponent];
    }
    char text[40];
    (void) snprintf (text, sizeof text, "%llde%d", (long long) value.mantissa, value.exponent);
    return strtod (text, NULL);
}

size_t
decimal_format (decimal_t value, char *out)
{
    char text[24], *digits = text + sizeof text;
    int64_t mantissa = value.mantissa;
    bool is_negative = mantissa < 0;
    uint64_t left = is_negative ? 0 - (uint64_t) mantissa : (uint64_t) mantissa;
    do
        *--digits = (char) ('0' + left % 10);
    while ((left /= 10) > 0);
    int count = (int) (text + sizeof text - digits);
    size_t at = 0;
    if (is_negative)
        out[at++] = '-';
    int whole = count + value.exponent; //  digits before the point
    if (whole <= 0) {
        out[at++] = '0';
        out[at++] = '.';
        for (int i = whole; i < 0; i++)
            out[at++] = '0';
        memcpy (out + at, digits, (size_t) count);
        at += (size_t) count;
    } else {
        for (int i = 0; i < count || i < whole; i++) {
            if (i == whole)
                out[at++] = '.';
            out[at++] = i < count ? digits[i] : '0';
        }
    }
    out[at] = 0;
    return at;
}

int
decimal_compare (decimal_t a, decimal_t b)
{
    int sign_a = (a.mantissa > 0) - (a.mantissa < 0), sign_b = (b.mantissa > 0) - (b.mantissa < 0);
    if (sign_a != sign_b)
        return sign_a < sign_b ? -1 : 1;
    __extension__ __int128 wide_a = a.mantissa, wide_b = b.mantissa;
    int apart = a.exponent - b.exponent;
    //  Past 19 places the larger exponent decides: both mantissas have at most 19 digits.
    if (apart > 19 || apart < -19)
        return (apart > 0) == (sign_a > 0) ? (sign_a == 0 ? 0 : 1) : (sign_a == 0 ? 0 : -1);
    for (; apart > 0; apart--)
        wide_a *= 10;
    for (; apart < 0; apart++)
        wide_b *= 10;
    return (wide_a > wide_b) - (wide_a < wide_b);
}

int
decimal_rescale (decimal_t value, int exponent, int64_t *mantissa)
{
    int64_t scaled = value.mantissa;
    if (scaled == 0) {
        *mantissa = 0;
        return OK;
    }
    for (int at = value.exponent; at > exponent; at--)
        if (__builtin_mul_overflow (scaled, 10, &scaled))
            return E_RANGE;
    for (int at = value.exponent; at < exponent; at++) {
        if (scaled % 10 != 0)
            return E_RANGE;
        scaled /= 10;
    }
    *mantissa = scaled;
    return OK;
}
