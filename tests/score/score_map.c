//  The scoreboard of the liquidation map on simulated exchanges (methods A9).
//
//      score_map run SEED INSTRUMENT DAYS FILE    one world, its figures into FILE
//      score_map table [--csv FILE] FILE...       the table, means over worlds, and whether the bars are cleared
//
//  Exit code of table: 0 all cleared, 1 not, 64 wrong usage.
#include "common/base/check.h"
#include "tests/score/scored.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 64, BURN_IN_S = 86400, BLOCK_H = 6 };

static scored_result_t runs[RUNS_MAX];
static size_t runs_count;
static bool has_failed;

//  --- one world

static int
run (const char *seed, const char *instrument, const char *days_text, const char *path)
{
    error_text_t error = {""};
    double days = strtod (days_text, NULL);
    if (!(days > 1 && days <= 30)) {
        (void) fprintf (stderr, "score_map: %s days: more than the day of burn-in, at most 30\n", days_text);
        return EXIT_USAGE_WRONG;
    }
    scored_t *scored = scored_new (strtoull (seed, NULL, 10), instrument, BURN_IN_S, &error);
    if (!scored) {
        (void) fprintf (stderr, "score_map: %s\n", error.text);
        return 1;
    }
    scored_advance (scored, (int64_t) (days * 86400));
    scored_result (scored, &runs[0]);
    scored_destroy (&scored);
    FILE *file = fopen (path, "wb");
    bool is_written = file && fwrite (&runs[0], sizeof runs[0], 1, file) == 1;
    if (!file || fclose (file) != 0 || !is_written) {
        (void) fprintf (stderr, "score_map: cannot write %s\n", path);
        return 1;
    }
    return 0;
}

//  --- means over worlds

static double
mean_of (method_t method, size_t offset)
{
    double sum = 0;
    for (size_t i = 0; i < runs_count; i++) {
        double value;
        memcpy (&value, (const char *) &runs[i].methods[method] + offset, sizeof value);
        sum += value;
    }
    return sum / (double) runs_count;
}
#define MEAN(method, field) mean_of ((method), offsetof (method_score_t, field))

static double
mean_over_runs (size_t offset)
{
    double sum = 0;
    for (size_t i = 0; i < runs_count; i++) {
        double value;
        memcpy (&value, (const char *) &runs[i] + offset, sizeof value);
        sum += value;
    }
    return sum / (double) runs_count;
}

//  Hours of ours less those of another method, every world a series.
static void
compare (method_t ours, method_t other, seen_t seen, bootstrap_t *out)
{
    double *series[RUNS_MAX];
    size_t counts[RUNS_MAX];
    for (size_t i = 0; i < runs_count; i++) {
        counts[i] = (size_t) runs[i].hours_count;
        series[i] = mem_new ((counts[i] + 1) * sizeof *series[i]);
        for (size_t h = 0; h < counts[i]; h++)
            series[i][h] = runs[i].methods[ours].hourly[seen][h] - runs[i].methods[other].hourly[seen][h];
    }
    metrics_bootstrap ((const double *const *) series, counts, runs_count, BLOCK_H, out);
    for (size_t i = 0; i < runs_count; i++)
        free (series[i]);
}

//  --- what is printed

static void
print_head (const char *title)
{
    printf ("\n%s\n%-18s %6s %6s %5s %5s | %9s %9s | %9s %9s | %5s %5s | %6s %8s\n", title, "method", "W1 %",
            "near %", "top3", "side", "LL/h", "NB/h", "LL/h prn", "NB/h prn", "rank", "AUC", "slope",
            "usd x");
}

static void
print_row (const char *name, double w1, double near_w1, double top, double side, const double ll[4],
           double rank, double auc, double slope, double usd_ratio)
{
    printf ("%-18s %6.2f %6.2f %5.2f %5.3f | %9.2f %9.2f | %9.2f %9.2f | %5.2f %5.2f | %6.2f %8.3g\n", name,
            100 * w1, 100 * near_w1, top, side, ll[0], ll[1], ll[2], ll[3], rank, auc, slope, usd_ratio);
}

static void
print_run (const scored_result_t *result)
{
    char title[160];
    (void) snprintf (
        title, sizeof title,
        "seed %llu %s: %.0f days, %lld trades, %lld liquidations (%.1f M USD), %lld printed, OI %.0f M USD",
        (unsigned long long) result->seed, result->instrument, result->days, (long long) result->trades_count,
        (long long) result->liquidated_count, result->liquidated_usd / 1e6, (long long) result->printed_count,
        result->oi_usd / 1e6);
    print_head (title);
    for (method_t m = 0; m < METHOD_COUNT; m++) {
        const method_score_t *s = &result->methods[m];
        const double ll[4] = {s->ll[SEEN_TRUTH], s->nb[SEEN_TRUTH], s->ll[SEEN_PRINTS], s->nb[SEEN_PRINTS]};
        print_row (method_names[m], s->w1, s->near_w1, s->top_hit, s->side_error, ll, s->rank_correlation,
                   s->auc, s->calibration.slope, s->usd_ratio);
    }
}

static void
print_means (void)
{
    char title[64];
    (void) snprintf (title, sizeof title, "mean of %zu", runs_count);
    print_head (title);
    for (method_t m = 0; m < METHOD_COUNT; m++) {
        const double ll[4] = {MEAN (m, ll[SEEN_TRUTH]), MEAN (m, nb[SEEN_TRUTH]), MEAN (m, ll[SEEN_PRINTS]),
                              MEAN (m, nb[SEEN_PRINTS])};
        print_row (method_names[m], MEAN (m, w1), MEAN (m, near_w1), MEAN (m, top_hit), MEAN (m, side_error),
                   ll, MEAN (m, rank_correlation), MEAN (m, auc), MEAN (m, calibration.slope),
                   MEAN (m, usd_ratio));
    }
}

static void
print_mixture (void)
{
    printf ("\n%-18s", "leverage");
    for (int l = 0; l < MAP_COMPONENTS; l++)
        printf (" %6.4g", liquidation_map_leverage[l]);
    printf ("\n%-18s", "prior");
    for (int l = 0; l < MAP_COMPONENTS; l++)
        printf (" %6.3f", liquidation_map_prior[l]);
    printf ("\n%-18s", "truly opened");
    for (int l = 0; l < MAP_COMPONENTS; l++)
        printf (" %6.3f",
                mean_over_runs (offsetof (scored_result_t, mixture) + (size_t) l * sizeof (double)));
    printf ("\n%-18s", "theta");
    for (int l = 0; l < MAP_COMPONENTS; l++)
        printf (" %6.2f", mean_over_runs (offsetof (scored_result_t, theta) + (size_t) l * sizeof (double)));
    printf ("\n\ndeciles, k USD in 15 minutes  predicted / liquidated\n");
    for (int d = 0; d < 10; d++)
        printf ("  %8.1f / %8.1f\n", MEAN (METHOD_LEARNED, calibration.predicted[d]) / 1e3,
                MEAN (METHOD_LEARNED, calibration.realised[d]) / 1e3);
}

//  --- the bars

static void
judge (bool is_cleared, const char *text)
{
    printf ("%s  %s\n", is_cleared ? "PASS" : "FAIL", text);
    has_failed = has_failed || !is_cleared;
}

static void
judge_shape (void)
{
    char text[200];
    double ladder = fmin (MEAN (METHOD_LADDER, w1), MEAN (METHOD_HALF_LIFE, w1)),
           ours = MEAN (METHOD_LEARNED, w1), oracle = MEAN (METHOD_ORACLE, w1);
    (void) snprintf (text, sizeof text,
                     "W1 %.2f %% is %.0f %% of the better ladder's %.2f %% (at most 60 %%)", 100 * ours,
                     100 * ours / ladder, 100 * ladder);
    judge (ours <= .6 * ladder, text);
    (void) snprintf (text, sizeof text, "side error %.3f (at most .050)", MEAN (METHOD_LEARNED, side_error));
    judge (MEAN (METHOD_LEARNED, side_error) <= .05, text);
    (void) snprintf (text, sizeof text,
                     "distance to the oracle stated: W1 %.2f %% against %.2f %%, LL %.2f an hour", 100 * ours,
                     100 * oracle,
                     MEAN (METHOD_LEARNED, ll[SEEN_TRUTH]) - MEAN (METHOD_ORACLE, ll[SEEN_TRUTH]));
    judge (isfinite (oracle), text);
}

static void
judge_likelihood (void)
{
    static const char *const seen_names[] = {"all liquidations", "prints"};
    static const method_t others[] = {METHOD_UNIFORM, METHOD_PROFILE, METHOD_LADDER, METHOD_HALF_LIFE,
                                      METHOD_PRIOR};
    char text[200];
    for (seen_t seen = 0; seen < SEEN_COUNT; seen++)
        for (size_t i = 0; i < COUNT_OF (others); i++) {
            bootstrap_t difference;
            compare (METHOD_LEARNED, others[i], seen, &difference);
            (void) snprintf (text, sizeof text, "LL over %s, %s: %+.2f an hour (%.2f .. %.2f), p %.4f",
                             method_names[others[i]], seen_names[seen], difference.mean, difference.low,
                             difference.high, difference.p);
            if (others[i] == METHOD_PRIOR)
                printf ("      %s\n", text);
            else
                judge (difference.mean > 0 && difference.p < .05, text);
        }
}

//  Components that the correction leaves in play: exp of the entropy of prior x theta.
static double
components_left (const double theta[MAP_COMPONENTS], double *largest)
{
    double sum = 0, entropy = 0;
    *largest = 0;
    for (int l = 0; l < MAP_COMPONENTS; l++)
        sum += liquidation_map_prior[l] * theta[l];
    for (int l = 0; l < MAP_COMPONENTS; l++) {
        double share = liquidation_map_prior[l] * theta[l] / sum;
        entropy -= share > 0 ? share * log (share) : 0;
        *largest = fmax (*largest, share);
    }
    return exp (entropy);
}

static void
judge_rest (void)
{
    char text[200];
    double slope = MEAN (METHOD_LEARNED, calibration.slope),
           flow = mean_over_runs (offsetof (scored_result_t, p_error));
    (void) snprintf (text, sizeof text, "calibration slope %.2f (.80 .. 1.25)", slope);
    judge (slope >= .8 && slope <= 1.25, text);
    (void) snprintf (text, sizeof text, "mean |p - true p| %.3f (at most .100); said %.3f, true %.3f", flow,
                     mean_over_runs (offsetof (scored_result_t, p_said)),
                     mean_over_runs (offsetof (scored_result_t, p_true)));
    judge (flow <= .1, text);
    static const double ones[MAP_COMPONENTS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    double before, before_left = components_left (ones, &before), least = INFINITY, largest = 0;
    for (size_t i = 0; i < runs_count; i++) {
        double one;
        least = fmin (least, components_left (runs[i].theta, &one));
        largest = fmax (largest, one);
    }
    (void) snprintf (
        text, sizeof text,
        "mixture stands: %.1f of %.1f components in play (at least 60 %%), largest share %.2f (at most .50)",
        least, before_left, largest);
    judge (least >= .6 * before_left && largest <= .5, text);
}

static bool
write_csv (const char *path)
{
    FILE *file = fopen (path, "w");
    if (!file)
        return false;
    (void) fprintf (
        file, "seed,instrument,method,w1,near_w1,top_hit,side_error,ll_truth,nb_truth,ll_prints,nb_prints,"
              "rank,auc,slope,usd_ratio,p_error\n");
    for (size_t i = 0; i < runs_count; i++)
        for (method_t m = 0; m < METHOD_COUNT; m++) {
            const method_score_t *s = &runs[i].methods[m];
            (void) fprintf (file, "%llu,%s,%s,%g,%g,%g,%g,%g,%g,%g,%g,%g,%g,%g,%g,%g\n",
                            (unsigned long long) runs[i].seed, runs[i].instrument, method_names[m], s->w1,
                            s->near_w1, s->top_hit, s->side_error, s->ll[SEEN_TRUTH], s->nb[SEEN_TRUTH],
                            s->ll[SEEN_PRINTS], s->nb[SEEN_PRINTS], s->rank_correlation, s->auc,
                            s->calibration.slope, s->usd_ratio, runs[i].p_error);
        }
    return fclose (file) == 0;
}

static int
table (int count, char **paths)
{
    const char *csv = NULL;
    if (count >= 2 && strcmp (paths[0], "--csv") == 0) {
        csv = paths[1];
        count -= 2;
        paths += 2;
    }
    for (int i = 0; i < count && runs_count < RUNS_MAX; i++) {
        FILE *file = fopen (paths[i], "rb");
        bool is_read = file && fread (&runs[runs_count], sizeof runs[0], 1, file) == 1;
        if (file)
            (void) fclose (file);
        if (!is_read) {
            (void) fprintf (stderr, "score_map: cannot read %s\n", paths[i]);
            return 1;
        }
        runs_count++;
    }
    if (runs_count == 0) {
        (void) fprintf (stderr, "score_map: no worlds\n");
        return EXIT_USAGE_WRONG;
    }
    for (size_t i = 0; i < runs_count; i++)
        print_run (&runs[i]);
    print_means ();
    print_mixture ();
    printf ("\n");
    judge_shape ();
    judge_likelihood ();
    judge_rest ();
    if (csv && !write_csv (csv)) {
        (void) fprintf (stderr, "score_map: cannot write %s\n", csv);
        return 1;
    }
    return has_failed;
}

int
main (int count, char **words)
{
    if (count == 6 && strcmp (words[1], "run") == 0)
        return run (words[2], words[3], words[4], words[5]);
    if (count >= 3 && strcmp (words[1], "table") == 0)
        return table (count - 2, words + 2);
    (void) fprintf (stderr, "usage: score_map run SEED INSTRUMENT DAYS FILE | table [--csv FILE] FILE...\n");
    return EXIT_USAGE_WRONG;
}
