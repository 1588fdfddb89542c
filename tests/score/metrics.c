#include "tests/score/metrics.h"

#include "common/base/check.h"
#include "common/base/prng.h"

#include <math.h>
#include <stdlib.h>

enum { RESAMPLES = 2000, TRUE_PEAKS = 3, ESTIMATED_PEAKS = 5, PEAK_APART = 6, PEAK_NEAR = 3 };

double
metrics_w1 (const double a[], const double b[], int n, double width)
{
    double all_a = 0, all_b = 0, f = 0, g = 0, sum = 0;
    for (int i = 0; i < n; i++) {
        all_a += a[i];
        all_b += b[i];
    }
    if (!(all_a > 0) || !(all_b > 0))
        return NAN;
    for (int i = 0; i < n; i++) {
        f += a[i] / all_a;
        g += b[i] / all_b;
        sum += fabs (f - g);
    }
    return width * sum;
}

static double
smoothed (const double v[], int n, int at)
{
    double sum = 0;
    for (int i = at - 2; i <= at + 2; i++)
        sum += i >= 0 && i < n ? v[i] : 0;
    return sum;
}

static int
find_peaks (const double v[], int n, int out[], int most)
{
    int count = 0;
    while (count < most) {
        int best = -1;
        double height = 0;
        for (int i = 0; i < n; i++) {
            bool is_apart = true;
            for (int k = 0; k < count; k++)
                is_apart = is_apart && abs (i - out[k]) >= PEAK_APART;
            double s = is_apart ? smoothed (v, n, i) : 0;
            if (s > height) {
                height = s;
                best = i;
            }
        }
        if (best < 0)
            break;
        out[count++] = best;
    }
    return count;
}

double
metrics_top_hit (const double truth[], const double estimate[], int n)
{
    int peaks[TRUE_PEAKS], guesses[ESTIMATED_PEAKS];
    int peaks_count = find_peaks (truth, n, peaks, TRUE_PEAKS);
    int guesses_count = find_peaks (estimate, n, guesses, ESTIMATED_PEAKS);
    int hits = 0;
    for (int i = 0; i < peaks_count; i++) {
        bool is_hit = false;
        for (int k = 0; k < guesses_count; k++)
            is_hit = is_hit || abs (peaks[i] - guesses[k]) <= PEAK_NEAR;
        hits += is_hit;
    }
    return peaks_count ? (double) hits / peaks_count : NAN;
}

typedef struct {
    double value;
    size_t at;
} place_t;

static int
by_place (const void *a, const void *b)
{
    const place_t *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static place_t *
sorted_places (const double v[], size_t n)
{
    place_t *places = mem_new ((n + 1) * sizeof *places);
    for (size_t i = 0; i < n; i++)
        places[i] = (place_t){v[i], i};
    qsort (places, n, sizeof *places, by_place);
    return places;
}

//  From 1, ties get the mean of theirs.
static double *
ranks_of (const double v[], size_t n)
{
    place_t *places = sorted_places (v, n);
    double *ranks = mem_new ((n + 1) * sizeof *ranks);
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && places[end].value == places[i].value)
            end++;
        for (size_t k = i; k < end; k++)
            ranks[places[k].at] = .5 * (double) (i + end + 1);
        i = end;
    }
    free (places);
    return ranks;
}

double
metrics_rank_correlation (const double x[], const double y[], size_t n)
{
    if (n < 3)
        return NAN;
    double *a = ranks_of (x, n), *b = ranks_of (y, n), mean = .5 * (double) (n + 1), ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    free (a);
    free (b);
    return aa > 0 && bb > 0 ? ab / sqrt (aa * bb) : NAN;
}

double
metrics_auc (const double x[], const double y[], size_t n, double share)
{
    place_t *places = sorted_places (y, n);
    size_t top = (size_t) ((double) n * share);
    double *ranks = ranks_of (x, n), sum = 0;
    for (size_t i = n - top; i < n; i++)
        sum += ranks[places[i].at];
    free (places);
    free (ranks);
    double a = (double) top, b = (double) (n - top);
    return a > 0 && b > 0 ? (sum - a * (a + 1) / 2) / (a * b) : NAN;
}

void
metrics_calibration (const double predicted[], const double realised[], size_t n, calibration_bins_t *out)
{
    place_t *places = sorted_places (predicted, n);
    double mx = 0, my = 0, xy = 0, xx = 0;
    *out = (calibration_bins_t){.slope = NAN};
    for (size_t d = 0; d < 10; d++) {
        size_t from = n * d / 10, to = n * (d + 1) / 10;
        for (size_t i = from; i < to; i++) {
            out->predicted[d] += places[i].value / (double) (to - from);
            out->realised[d] += realised[places[i].at] / (double) (to - from);
        }
        mx += out->predicted[d] / 10;
        my += out->realised[d] / 10;
    }
    for (int d = 0; d < 10; d++) {
        xy += (out->predicted[d] - mx) * (out->realised[d] - my);
        xx += (out->predicted[d] - mx) * (out->predicted[d] - mx);
    }
    if (xx > 0)
        out->slope = xy / xx;
    free (places);
}

static int
by_value (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double
resample (prng_t *prng, const double v[], size_t n, double block)
{
    double sum = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_new = i == 0 || prng_uniform (prng) < 1 / block;
        at = is_new ? prng_below (prng, n) : (at + 1) % n;
        sum += v[at];
    }
    return sum;
}

void
metrics_bootstrap (const double *const series[], const size_t counts[], size_t many, double block,
                   bootstrap_t *out)
{
    double *means = mem_new (RESAMPLES * sizeof *means), all = 0, total = 0;
    prng_t prng;
    prng_init (&prng, 1994);
    for (size_t s = 0; s < many; s++) {
        all += (double) counts[s];
        for (size_t i = 0; i < counts[s]; i++)
            total += series[s][i];
    }
    int not_above = 0;
    for (int r = 0; r < RESAMPLES; r++) {
        for (size_t s = 0; s < many; s++)
            means[r] += counts[s] ? resample (&prng, series[s], counts[s], block) / all : 0;
        not_above += !(means[r] > 0);
    }
    qsort (means, RESAMPLES, sizeof *means, by_value);
    *out = (bootstrap_t){.mean = total / all,
                         .low = means[RESAMPLES / 40],
                         .high = means[RESAMPLES - 1 - RESAMPLES / 40],
                         .p = (double) (not_above + 1) / (RESAMPLES + 1)};
    free (means);
}
