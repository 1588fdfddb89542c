//  The learner against an independent computation of the same formulas: tests/oracle/learner.py.

#include "aggregator/tutor.h"
#include "common/base/check.h"
#include "tests/support/expect.h"

#include <dirent.h>

#define TOLERANCE 1e-9

typedef struct {
    mode_id_t mode;
    size_t k, symbols;
    tutor_t *tutor;
    bool is_fitted;
    int checked;
} run_t;

static const char *const names[] = {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot"};

static void
start (run_t *run)
{
    universe_t universe;
    roster_t roster = {0};
    assert_int_equal (universe_parse (&universe, slice_of ("AAAUSDT BBBUSDT CCCUSDT DDDUSDT"), NULL), OK);
    for (size_t i = 0; i < run->k; i++)
        assert_int_equal (roster_add (&roster, names[i]), OK);
    universe.count = run->symbols;
    run->tutor = tutor_new (run->mode, &universe);
    tutor_set_roster (run->tutor, &roster, "test");
}

static void
read_row (run_t *run, const char *line, FILE *file)
{
    long long t_ms, due_ms;
    int count;
    char buffer[1024];
    if (!run->tutor)
        start (run);
    assert_int_equal (sscanf (line, "row %lld %lld %d", &t_ms, &due_ms, &count), 3);
    ledger_row_t *row = ledger_row_new (t_ms, due_ms);
    row->roster = run->tutor->roster;
    outcome_t outcomes[8];
    memset (outcomes, 0, sizeof outcomes);
    for (int i = 0; i < count; i++) {
        assert_non_null (fgets (buffer, sizeof buffer, file));
        char *rest = buffer;
        assert_string_equal (strsep (&rest, " "), "case");
        int symbol = atoi (strsep (&rest, " "));
        outcomes[i].y = strtod (strsep (&rest, " "), NULL);
        ledger_entry_t *entry = ledger_row_add (row, run->tutor->symbols[symbol].instrument);
        entry->claim_pct = NAN;
        for (size_t c = 0; c < run->k; c++) {
            const char *word = strsep (&rest, " \n");
            if (strcmp (word, "-") == 0)
                continue;
            entry->x[c] = strtod (word, NULL);
            entry->present |= UINT32_C (1) << c;
        }
    }
    tutor_settle (run->tutor, row, outcomes);
    ledger_row_destroy (&row);
}

static void
expect_values (run_t *run, const char *key, const double actual[], size_t count, char *values)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = strsep (&values, " \n");
        assert_non_null (word);
        char what[96];
        snprintf (what, sizeof what, "%s[%zu]", key, i);
        expect_close_at (actual[i], strtod (word, NULL), TOLERANCE, what, __FILE__, __LINE__);
        run->checked++;
    }
}

static void
check_line (run_t *run, char *line)
{
    tutor_t *tutor = run->tutor;
    if (!run->is_fitted)
        tutor_fit (tutor, NULL);
    run->is_fitted = true;
    char key[32];
    int symbol = 0;
    double lambda = 0, boa[CATEGORIES_MAX];
    char *values = strchr (line, '=') + 2;
    int parts = sscanf (line, "expect %31s %d %lf", key, &symbol, &lambda);
    assert_true (parts >= 1);
    const tutor_symbol_t *own = &tutor->symbols[symbol];
    const struct {
        const char *key;
        const double *actual;
        size_t count;
    } rows[] = {{"pool_n", &tutor->pool_posterior.n, 1},
                {"pool_beta", tutor->pool_posterior.beta, run->k},
                {"pool_se", tutor->pool_posterior.se, run->k},
                {"pool_weights", tutor->pool_weights, run->k},
                {"n", &own->posterior.n, 1},
                {"beta", own->posterior.beta, run->k},
                {"se", own->posterior.se, run->k},
                {"weights", own->weights, run->k}};
    for (size_t i = 0; i < COUNT_OF (rows); i++)
        if (strcmp (key, rows[i].key) == 0) {
            expect_values (run, key, rows[i].actual, rows[i].count, values);
            return;
        }
    if (strcmp (key, "pool_boa") == 0 || strcmp (key, "boa") == 0) {
        learner_boa_weights (key[0] == 'p' ? &tutor->pool_boa : &own->boa, run->k, boa);
        expect_values (run, key, boa, run->k, values);
    } else if (strcmp (key, "evidence") == 0) {
        double half_s = mode_info (run->mode)->learner_half_days * 86400;
        double evidence = learner_evidence (&own->sums, run->k, half_s, tutor->as_of_ms, lambda,
                                            tutor->pool_posterior.beta);
        expect_values (run, key, &evidence, 1, values);
    } else
        fail_msg ("unknown key %s", key);
}

static int
check_file (const char *path)
{
    run_t run = {.mode = MODE_DAY};
    char line[1024], word[16];
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    while (fgets (line, sizeof line, file)) {
        if (sscanf (line, "mode %15s", word) == 1)
            assert_int_equal (mode_parse (slice_of (word), &run.mode), OK);
        else if (sscanf (line, "k %zu", &run.k) == 1 || sscanf (line, "symbols %zu", &run.symbols) == 1)
            continue;
        else if (strncmp (line, "row ", 4) == 0)
            read_row (&run, line, file);
        else if (strncmp (line, "expect ", 7) == 0)
            check_line (&run, line);
    }
    fclose (file);
    tutor_destroy (&run.tutor);
    return run.checked;
}

static void
test_tutor_agrees_with_the_oracle (void **state)
{
    (void) state;
    DIR *folder = opendir ("tests/vectors/learner");
    assert_non_null (folder);
    int files = 0;
    for (struct dirent *entry; (entry = readdir (folder));) {
        if (!strstr (entry->d_name, ".vec"))
            continue;
        char path[512];
        snprintf (path, sizeof path, "tests/vectors/learner/%s", entry->d_name);
        int checked = check_file (path);
        print_message ("%s: %d numbers\n", entry->d_name, checked);
        assert_true (checked > 20);
        files++;
    }
    closedir (folder);
    assert_int_equal (files, 5);
}

static void
test_ridge_weights_without_a_positive_slope_are_alike (void **state)
{
    (void) state;
    double beta[] = {-1, -2, 0, -0.1}, w[4];
    learner_ridge_weights (beta, 4, w);
    for (int i = 0; i < 4; i++)
        expect_close (w[i], 0.25, 1e-15);
}

static void
test_cap_shares_the_excess (void **state)
{
    (void) state;
    double w[] = {0.7, 0.2, 0.1};
    learner_cap (w, 3, 0.4);
    expect_close (w[0], 0.4, 1e-12);
    expect_close (w[1], 0.4, 1e-12); //  .2 + .3 * 2/3
    expect_close (w[2], 0.2, 1e-12);
    double alone[] = {1, 0, 0, 0};
    learner_cap (alone, 4, 0.4);
    for (int i = 1; i < 4; i++)
        expect_close (alone[i], 0.2, 1e-12);
    double pair[] = {0.9, 0.1}; //  two cannot both be below .4
    learner_cap (pair, 2, 0.4);
    expect_close (pair[0] + pair[1], 1, 1e-12);
    expect_close (pair[0], 0.5, 1e-12);
}

static tutor_t *
taught (uint64_t seed, int rows)
{
    universe_t universe;
    roster_t roster = {0};
    universe_parse (&universe, slice_of ("AAAUSDT BBBUSDT"), NULL);
    for (size_t i = 0; i < 3; i++)
        roster_add (&roster, names[i]);
    tutor_t *tutor = tutor_new (MODE_DAY, &universe);
    tutor_set_roster (tutor, &roster, "test");
    for (int n = 0; n < rows; n++) {
        int64_t t_ms = INT64_C (1700000000000) + n * INT64_C (600000);
        ledger_row_t *row = ledger_row_new (t_ms, t_ms + 3600000);
        outcome_t outcomes[2];
        memset (outcomes, 0, sizeof outcomes);
        row->roster = roster;
        for (int s = 0; s < 2; s++) {
            ledger_entry_t *entry = ledger_row_add (row, universe.names[s]);
            entry->present = 7;
            for (int c = 0; c < 3; c++)
                entry->x[c] = sin ((double) seed + n * 1.7 + s * 3.1 + c * 0.9) * 1.4;
            entry->z = entry->x[0];
            entry->bias = 40 * entry->z;
            entry->claim_pct = n % 2 ? 55 : NAN;
            outcomes[s].y = cos ((double) seed * 2 + n * 0.37 + s) + 0.2 * entry->x[1];
        }
        tutor_settle (tutor, row, outcomes);
        ledger_row_destroy (&row);
    }
    tutor_fit (tutor, NULL);
    return tutor;
}

static void
test_saved_and_loaded_is_bit_equal (void **state)
{
    (void) state;
    tutor_t *tutor = taught (3, 200);
    universe_t universe;
    universe_parse (&universe, slice_of ("AAAUSDT BBBUSDT"), NULL);
    tutor_t *again = tutor_new (MODE_DAY, &universe);
    tutor_set_roster (again, &tutor->roster, "test");
    image_t image = {0};
    for (int symbol = -1; symbol < 2; symbol++)
        for (int part = 0; part < TUTOR_PARTS; part++) {
            image_reset (&image);
            tutor_save (tutor, symbol, (tutor_part_t) part, &image);
            assert_int_equal (tutor_load (again, symbol, (tutor_part_t) part, &image, NULL), OK);
        }
    image_fini (&image);
    tutor_fit (again, NULL);
    assert_memory_equal (&tutor->pool, &again->pool, sizeof tutor->pool);
    assert_memory_equal (&tutor->pool_boa, &again->pool_boa, sizeof tutor->pool_boa);
    assert_int_equal (tutor->version, again->version);
    assert_int_equal (tutor->as_of_ms, again->as_of_ms);
    assert_int_equal (tutor->last_t_ms, again->last_t_ms);
    for (int s = 0; s < 2; s++) {
        assert_memory_equal (&tutor->symbols[s].sums, &again->symbols[s].sums, sizeof tutor->symbols[s].sums);
        assert_memory_equal (&tutor->symbols[s].boa, &again->symbols[s].boa, sizeof tutor->symbols[s].boa);
        assert_memory_equal (&tutor->symbols[s].calibration, &again->symbols[s].calibration,
                             sizeof tutor->symbols[s].calibration);
        assert_memory_equal (tutor->symbols[s].weights, again->symbols[s].weights,
                             sizeof again->symbols[s].weights);
    }
    tutor_destroy (&tutor);
    tutor_destroy (&again);
}

static void
test_load_names_the_bad_field (void **state)
{
    (void) state;
    tutor_t *tutor = taught (5, 3);
    image_t image = {0};
    error_text_t error;
    image_put_text (&image, "c:alpha", "twelve");
    assert_int_equal (tutor_load (tutor, 0, TUTOR_LEARNER, &image, &error), E_SYNTAX);
    assert_non_null (strstr (error.text, "c:alpha"));
    image_fini (&image);
    tutor_destroy (&tutor);
}

static void
test_a_changed_catalogue_keeps_what_stayed (void **state)
{
    (void) state;
    tutor_t *tutor = taught (7, 300);
    tutor_t *before = taught (7, 300);
    roster_t roster = {0};
    roster_add (&roster, "bravo");
    roster_add (&roster, "charlie");
    roster_add (&roster, "aardvark"); //  new, and first in order; alpha is gone
    tutor_set_roster (tutor, &roster, "other");
    tutor_fit (tutor, NULL);
    expect_close (tutor->symbols[0].sums.c[1], before->symbols[0].sums.c[1], 0);
    expect_close (tutor->symbols[1].sums.a[1][2], before->symbols[1].sums.a[1][2], 0);
    expect_close (tutor->pool.market.a[2][2], before->pool.market.a[2][2], 0);
    expect_close (tutor->pool_boa.r[2], before->pool_boa.r[2], 0);
    expect_close (tutor->symbols[0].sums.c[0], 0, 0);
    expect_close (tutor->symbols[0].sums.a[0][1], 0, 0);
    expect_close (tutor->pool_boa.v[0], 0, 0);
    //  Nothing but its prior is known of the new one.
    expect_close (tutor->pool_posterior.beta[0], LEARNER_PRIOR_SLOPE, 1e-12);
    double sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum += tutor->symbols[0].weights[i];
    expect_close (sum, 1, 1e-12);
    tutor_destroy (&tutor);
    tutor_destroy (&before);
}

static void
test_swing_leans_on_day (void **state)
{
    (void) state;
    universe_t universe;
    universe_parse (&universe, slice_of ("AAAUSDT BBBUSDT"), NULL);
    tutor_t *day = taught (9, 300), *swing = tutor_new (MODE_SWING, &universe);
    tutor_set_roster (swing, &day->roster, "test");
    tutor_fit (swing, day);
    for (size_t i = 0; i < 3; i++)
        expect_close (swing->pool_posterior.beta[i], 0.003 + 0.5 * day->pool_posterior.beta[i], 1e-12);
    tutor_destroy (&day);
    tutor_destroy (&swing);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_tutor_agrees_with_the_oracle),
        cmocka_unit_test (test_ridge_weights_without_a_positive_slope_are_alike),
        cmocka_unit_test (test_cap_shares_the_excess),
        cmocka_unit_test (test_saved_and_loaded_is_bit_equal),
        cmocka_unit_test (test_load_names_the_bad_field),
        cmocka_unit_test (test_a_changed_catalogue_keeps_what_stayed),
        cmocka_unit_test (test_swing_leans_on_day),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
