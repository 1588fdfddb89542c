//  Weights stay in their set, and the order and delay of settlement do not change what is learned (methods
//  D6, D8.5).

#include "aggregator/tutor.h"
#include "common/base/prng.h"
#include "tests/support/expect.h"

enum { K = 5, ROWS = 60, SYMBOLS = 3 };
#define START_MS INT64_C (1700000000000)

typedef struct {
    ledger_row_t *row;
    outcome_t outcomes[SYMBOLS];
} settled_t;

static roster_t roster;
static universe_t universe;

static int
set_up (void **state)
{
    memset (&roster, 0, sizeof roster);
    const char *const names[K] = {"alpha", "bravo", "charlie", "delta", "echo"};
    for (int i = 0; i < K; i++)
        roster_add (&roster, names[i]);
    *state = NULL;
    return universe_parse (&universe, slice_of ("AUSDT BUSDT CUSDT"), NULL);
}

//  Rows over about spread_days, some instruments missing, some categories absent, some outcomes void.
static void
make_rows (prng_t *prng, settled_t rows[ROWS], double spread_days, double size)
{
    memset (rows, 0, ROWS * sizeof rows[0]);
    for (int n = 0; n < ROWS; n++) {
        int64_t t_ms = START_MS + (int64_t) (n * spread_days * 86400000.0 / ROWS);
        rows[n].row = ledger_row_new (t_ms, t_ms + 3600000);
        rows[n].row->roster = roster;
        for (int s = 0; s < SYMBOLS; s++) {
            if (prng_uniform (prng) < 0.2)
                continue;
            ledger_entry_t *entry = ledger_row_add (rows[n].row, universe.names[s]);
            entry->claim_pct = NAN;
            entry->z = prng_normal (prng);
            for (int c = 0; c < K; c++)
                if (prng_uniform (prng) < 0.9) {
                    entry->x[c] = fmin (fmax (size * prng_normal (prng), -3), 3);
                    entry->present |= UINT32_C (1) << c;
                }
            outcome_t *outcome = &rows[n].outcomes[rows[n].row->entries_count - 1];
            outcome->y = prng_uniform (prng) < 0.05 ? NAN : fmin (fmax (prng_normal (prng), -3), 3);
        }
    }
}

static void
free_rows (settled_t rows[ROWS])
{
    for (int n = 0; n < ROWS; n++)
        ledger_row_destroy (&rows[n].row);
}

static void
expect_sums_close (const learner_sums_t *a, const learner_sums_t *b, double half_s, int64_t now_ms)
{
    double by_a = exp2 (-(double) (now_ms - a->tref_ms) / (half_s * 1000));
    double by_b = exp2 (-(double) (now_ms - b->tref_ms) / (half_s * 1000));
    expect_close (a->n * by_a, b->n * by_b, 1e-12);
    expect_close (a->yy * by_a, b->yy * by_b, 1e-12);
    for (int i = 0; i < K; i++) {
        expect_close (a->c[i] * by_a, b->c[i] * by_b, 1e-12);
        expect_close (a->seen[i] * by_a, b->seen[i] * by_b, 1e-12);
        for (int j = i; j < K; j++)
            expect_close (a->a[i][j] * by_a, b->a[i][j] * by_b, 1e-12);
    }
}

static void
test_any_order_gives_the_same_sums (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (1));
    settled_t rows[ROWS];
    for (int round = 0; round < 20; round++) {
        make_rows (&prng, rows, round % 2 ? 2 : 1500, 1); //  1500 days: the anchor has to move
        tutor_t *straight = tutor_new (MODE_DAY, &universe), *shuffled = tutor_new (MODE_DAY, &universe);
        tutor_set_roster (straight, &roster, "x");
        tutor_set_roster (shuffled, &roster, "x");
        int order[ROWS];
        for (int n = 0; n < ROWS; n++) {
            tutor_settle (straight, rows[n].row, rows[n].outcomes);
            order[n] = n;
        }
        for (int n = ROWS - 1; n > 0; n--) {
            int j = (int) prng_below (&prng, (uint64_t) n + 1), kept = order[n];
            order[n] = order[j];
            order[j] = kept;
        }
        for (int n = 0; n < ROWS; n++)
            tutor_settle (shuffled, rows[order[n]].row, rows[order[n]].outcomes);
        double half_s = mode_info (MODE_DAY)->learner_half_days * 86400;
        assert_true (straight->as_of_ms == shuffled->as_of_ms);
        expect_sums_close (&straight->pool.single, &shuffled->pool.single, half_s, straight->as_of_ms);
        expect_sums_close (&straight->pool.market, &shuffled->pool.market, half_s, straight->as_of_ms);
        expect_sums_close (&straight->pool.relative, &shuffled->pool.relative, half_s, straight->as_of_ms);
        for (int s = 0; s < SYMBOLS; s++)
            expect_sums_close (&straight->symbols[s].sums, &shuffled->symbols[s].sums, half_s,
                               straight->as_of_ms);
        tutor_fit (straight, NULL);
        tutor_fit (shuffled, NULL);
        for (int i = 0; i < K; i++)
            expect_close (straight->pool_posterior.beta[i], shuffled->pool_posterior.beta[i], 1e-12);
        for (int s = 0; s < SYMBOLS; s++)
            expect_close (straight->symbols[s].fit.beta_z, shuffled->symbols[s].fit.beta_z, 1e-12);
        tutor_destroy (&straight);
        tutor_destroy (&shuffled);
        free_rows (rows);
    }
}

//  Delayed and offered twice, through the ledger: bit for bit the state of punctual settlement.
static void
test_late_and_repeated_settlement_is_identical (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (2));
    settled_t rows[ROWS];
    make_rows (&prng, rows, 2, 1);
    tutor_t *punctual = tutor_new (MODE_DAY, &universe), *late = tutor_new (MODE_DAY, &universe);
    tutor_set_roster (punctual, &roster, "x");
    tutor_set_roster (late, &roster, "x");
    for (int n = 0; n < ROWS; n++)
        tutor_settle (punctual, rows[n].row, rows[n].outcomes);
    ledger_t ledger = {0};
    for (int n = ROWS; n-- > 0;) { //  known in reverse, all overdue at once
        ledger_row_t *copy = ledger_row_new (rows[n].row->t_ms, rows[n].row->due_ms);
        assert_int_equal (ledger_add (&ledger, copy), OK);
    }
    int settled = 0;
    for (const ledger_row_t *row; (row = ledger_due (&ledger, INT64_MAX / 2));)
        for (int twice = 0; twice < 2; twice++)
            for (int n = 0; n < ROWS; n++) {
                if (rows[n].row->t_ms != (ledger.count ? ledger.rows[0]->t_ms : -1))
                    continue;
                if (ledger_remove (&ledger, rows[n].row->t_ms) == OK) {
                    tutor_settle (late, rows[n].row, rows[n].outcomes);
                    settled++;
                }
                assert_int_equal (ledger_remove (&ledger, rows[n].row->t_ms), E_ABSENT);
            }
    assert_int_equal (settled, ROWS);
    assert_memory_equal (&punctual->pool, &late->pool, sizeof late->pool);
    assert_memory_equal (&punctual->pool_boa, &late->pool_boa, sizeof late->pool_boa);
    for (int s = 0; s < SYMBOLS; s++) {
        assert_memory_equal (&punctual->symbols[s].sums, &late->symbols[s].sums,
                             sizeof late->symbols[s].sums);
        assert_memory_equal (&punctual->symbols[s].boa, &late->symbols[s].boa, sizeof late->symbols[s].boa);
    }
    ledger_fini (&ledger);
    tutor_destroy (&punctual);
    tutor_destroy (&late);
    free_rows (rows);
}

static void
test_weights_stay_in_their_set (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (3));
    settled_t rows[ROWS];
    for (int round = 0; round < 30; round++) {
        make_rows (&prng, rows, 1, round % 3 ? 1 : 30);
        for (int n = 0; n < ROWS; n++) //  in some rounds one category is the outcome itself
            for (size_t s = 0; round % 2 && s < rows[n].row->entries_count; s++)
                if (!isnan (rows[n].outcomes[s].y))
                    rows[n].outcomes[s].y = rows[n].row->entries[s].x[1];
        tutor_t *tutor = tutor_new (MODE_SCALP, &universe);
        tutor_set_roster (tutor, &roster, "x");
        for (int repeat = 0; repeat < 40; repeat++)
            for (int n = 0; n < ROWS; n++) {
                rows[n].row->t_ms += 86400000;
                rows[n].row->due_ms += 86400000;
                tutor_settle (tutor, rows[n].row, rows[n].outcomes);
            }
        tutor_fit (tutor, NULL);
        for (int s = -1; s < SYMBOLS; s++) {
            const double *w = s < 0 ? tutor->pool_weights : tutor->symbols[s].weights;
            double sum = 0;
            for (int i = 0; i < K; i++) {
                assert_true (w[i] >= LEARNER_FLOOR - 1e-12);
                assert_true (w[i] <= LEARNER_CEILING * (1 - K * LEARNER_FLOOR) + LEARNER_FLOOR + 1e-9);
                sum += w[i];
            }
            expect_close (sum, 1, 1e-12);
        }
        tutor_destroy (&tutor);
        free_rows (rows);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup (test_any_order_gives_the_same_sums, set_up),
        cmocka_unit_test_setup (test_late_and_repeated_settlement_is_identical, set_up),
        cmocka_unit_test_setup (test_weights_stay_in_their_set, set_up),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
