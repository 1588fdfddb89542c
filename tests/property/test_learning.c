//  Does it learn what is there, and nothing where nothing is (methods D8).  Planted worlds, many seeds.

#include "aggregator/tutor.h"
#include "common/base/prng.h"
#include "tests/support/expect.h"

enum { K = 25, BLOCK = 8, SYMBOLS_MAX = 8, HORIZON = 10 };
#define STEP_MS  INT64_C (30000)
#define START_MS INT64_C (1700000000000)
#define HALF_S   (30 * 86400.0)

//  A world in the steps of scalp: 25 categories of unit variance and mixed persistence, the first 8
//  correlated by .64; returns with heavy tails; an outcome is the return of the next ten steps, looked at in
//  every step with weight 1/10.
typedef struct {
    prng_t prng;
    size_t symbols;
    int planted;
    double ic;     //  correlation of the planted category with the outcome
    double market; //  share of the noise's variance that all symbols have in common
    int64_t step;
    double factor[SYMBOLS_MAX], own[SYMBOLS_MAX][K];
    double x[HORIZON][SYMBOLS_MAX][K];
    double returns[HORIZON][SYMBOLS_MAX];
} world_t;

//  Student's t with 4 degrees of freedom, unit variance.
static double
heavy (prng_t *prng)
{
    double chi = 0;
    for (int i = 0; i < 4; i++) {
        double n = prng_normal (prng);
        chi += n * n;
    }
    return prng_normal (prng) / sqrt (chi / 4) / sqrt (2.0);
}

static double
persistence (int i)
{
    static const double half_steps[] = {2, 5, 10, 20, 40};
    return exp2 (-1 / half_steps[i % 5]);
}

//  What x at one step moves the next return by, so that its correlation with ten of them is ic.
static double
push (const world_t *world)
{
    double sum = 0;
    for (int h = 0; h < HORIZON; h++) {
        double own = pow (persistence (world->planted), h);
        sum += world->planted < BLOCK ? 0.64 * pow (persistence (2), h) + 0.36 * own : own;
    }
    return world->ic * sqrt (HORIZON) / sum;
}

static double
ar_step (prng_t *prng, double x, double rho)
{
    return rho * x + sqrt (1 - rho * rho) * prng_normal (prng);
}

//  One step of the world.  Returns true when cases[] holds the outcomes decided ten steps ago.
static bool
draw (world_t *world, learner_case_t cases[])
{
    size_t slot = (size_t) (world->step % HORIZON), last = (size_t) ((world->step + HORIZON - 1) % HORIZON);
    double common = heavy (&world->prng), by = push (world);
    for (size_t s = 0; s < world->symbols; s++) {
        double noise = sqrt (world->market) * common + sqrt (1 - world->market) * heavy (&world->prng);
        world->returns[slot][s] = noise + (world->step > 0 ? by * world->x[last][s][world->planted] : 0);
        learner_case_t *one = &cases[s];
        one->y = 0;
        for (int h = 0; h < HORIZON; h++)
            one->y += world->returns[h][s] / sqrt (HORIZON);
        one->y = fmin (fmax (one->y, -3), 3);
        one->present = (UINT32_C (1) << K) - 1;
        for (int i = 0; i < K; i++)
            one->x[i] = fmin (fmax (world->x[slot][s][i], -3), 3);
        world->factor[s] = ar_step (&world->prng, world->factor[s], persistence (2));
        for (int i = 0; i < K; i++) {
            world->own[s][i] = ar_step (&world->prng, world->own[s][i], persistence (i));
            world->x[slot][s][i] =
                i < BLOCK ? 0.8 * world->factor[s] + 0.6 * world->own[s][i] : world->own[s][i];
        }
    }
    return world->step++ >= HORIZON;
}

typedef struct {
    tutor_t *tutor;
    ledger_row_t *row; //  used again and again
    size_t symbols;
} student_t;

static void
student_init (student_t *self, size_t symbols)
{
    universe_t universe;
    roster_t roster = {0};
    assert_int_equal (
        universe_parse (&universe, slice_of ("AUSDT BUSDT CUSDT DUSDT EUSDT FUSDT GUSDT HUSDT"), NULL), OK);
    universe.count = symbols;
    for (int i = 0; i < K; i++) {
        char name[16];
        snprintf (name, sizeof name, "c%02d", i);
        roster_add (&roster, name);
    }
    self->symbols = symbols;
    self->tutor = tutor_new (MODE_SCALP, &universe);
    tutor_set_roster (self->tutor, &roster, "test");
    self->row = ledger_row_new (START_MS, START_MS);
    self->row->roster = roster;
    for (size_t s = 0; s < symbols; s++) {
        ledger_entry_t *entry = ledger_row_add (self->row, universe.names[s]);
        entry->claim_pct = NAN;
    }
    tutor_fit (self->tutor, NULL);
}

static void
student_fini (student_t *self)
{
    tutor_destroy (&self->tutor);
    ledger_row_destroy (&self->row);
}

static void
learn (student_t *self, const learner_case_t cases[])
{
    outcome_t outcomes[SYMBOLS_MAX];
    self->row->t_ms += STEP_MS;
    self->row->due_ms = self->row->t_ms + HORIZON * STEP_MS;
    for (size_t s = 0; s < self->symbols; s++) {
        memcpy (self->row->entries[s].x, cases[s].x, sizeof cases[s].x);
        self->row->entries[s].present = cases[s].present;
        outcomes[s].y = cases[s].y;
    }
    tutor_settle (self->tutor, self->row, outcomes);
}

//  Learn count independent outcomes (ten steps each).
static void
teach (student_t *self, world_t *world, int count)
{
    learner_case_t cases[SYMBOLS_MAX] = {0};
    for (int i = 0; i < count * HORIZON; i++)
        if (draw (world, cases))
            learn (self, cases);
    tutor_fit (self->tutor, NULL);
}

static int
by_value (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static double
median (const double w[])
{
    double sorted[K];
    memcpy (sorted, w, sizeof sorted);
    qsort (sorted, K, sizeof sorted[0], by_value);
    return sorted[K / 2];
}

static bool
is_top (const double w[], int at)
{
    for (int i = 0; i < K; i++)
        if (i != at && w[i] >= w[at])
            return false;
    return true;
}

static bool
is_found (const double w[], int planted, double times)
{
    return is_top (w, planted) && w[planted] >= times * median (w);
}

static void
test_planted_category_is_found_by_one_symbol (void **state)
{
    (void) state;
    enum { SEEDS = 50 };
    uint64_t seed = test_seed (1);
    int early = 0, late = 0, twice = 0;
    for (int n = 0; n < SEEDS; n++) {
        world_t world = {.symbols = 1, .planted = n % 2 ? 3 : 17, .ic = 0.10};
        student_t student;
        prng_fork (&world.prng, seed, "planted", (uint64_t) n);
        student_init (&student, 1);
        const double *w = student.tutor->symbols[0].weights;
        teach (&student, &world, 1500);
        early += is_found (w, world.planted, 3);
        twice += w[world.planted] >= 2 * median (w);
        teach (&student, &world, 1000);
        late += is_found (w, world.planted, 3);
        student_fini (&student);
    }
    print_message ("top and 3 x median: %d/50 after 1500, %d/50 after 2500; 2 x median: %d/50\n", early, late,
                   twice);
    assert_true (early >= 44);
    assert_true (late >= 48);
    assert_true (twice >= 48);
}

static void
test_planted_category_is_found_by_eight_symbols (void **state)
{
    (void) state;
    enum { SEEDS = 20 };
    uint64_t seed = test_seed (2);
    int found = 0;
    for (int n = 0; n < SEEDS; n++) {
        world_t world = {.symbols = 8, .planted = n % 2 ? 3 : 17, .ic = 0.05, .market = 0.5};
        student_t student;
        prng_fork (&world.prng, seed, "pooled", (uint64_t) n);
        student_init (&student, 8);
        teach (&student, &world, 800);
        found += is_top (student.tutor->pool_weights, world.planted);
        student_fini (&student);
    }
    print_message ("on top after 800 outcomes of 8 symbols: %d/20\n", found);
    assert_true (found >= 18);
}

static void
test_a_switch_is_followed (void **state)
{
    (void) state;
    enum { SEEDS = 20 };
    uint64_t seed = test_seed (3);
    int found = 0;
    for (int n = 0; n < SEEDS; n++) {
        world_t world = {.symbols = 1, .planted = 17, .ic = 0.10};
        student_t student;
        prng_fork (&world.prng, seed, "switch", (uint64_t) n);
        student_init (&student, 1);
        teach (&student, &world, 1500);
        world.planted = 20;
        teach (&student, &world, 1500);
        found += is_top (student.tutor->symbols[0].weights, 20);
        student_fini (&student);
    }
    print_message ("new category on top 1500 outcomes after the switch: %d/20\n", found);
    assert_true (found >= 16);
}

static void
test_an_inverse_category_ends_at_the_floor_with_its_flag (void **state)
{
    (void) state;
    enum { SEEDS = 20 };
    uint64_t seed = test_seed (4);
    int flagged = 0, low = 0;
    for (int n = 0; n < SEEDS; n++) {
        world_t world = {.symbols = 1, .planted = 17, .ic = -0.10};
        student_t student;
        prng_fork (&world.prng, seed, "inverse", (uint64_t) n);
        student_init (&student, 1);
        teach (&student, &world, 3000);
        const tutor_symbol_t *symbol = &student.tutor->symbols[0];
        flagged += (tutor_inverse (&symbol->posterior, K) & 1u << 17) != 0;
        low += symbol->posterior.beta[17] < 0 && symbol->weights[17] < 0.2 / K + LEARNER_FLOOR;
        student_fini (&student);
    }
    print_message ("inverse: flagged %d/20, at the floor %d/20\n", flagged, low);
    assert_true (flagged >= 18);
    assert_true (low >= 19);
}

static void
test_noise_earns_no_confidence (void **state)
{
    (void) state;
    enum { SEEDS = 20, OUTCOMES = 5000 };
    uint64_t seed = test_seed (5);
    double ic_sum = 0, ic_square = 0;
    int skilled = 0, off = 0;
    for (int n = 0; n < SEEDS; n++) {
        world_t world = {.symbols = 1, .planted = 0, .ic = 0};
        student_t student;
        prng_fork (&world.prng, seed, "noise", (uint64_t) n);
        student_init (&student, 1);
        tutor_symbol_t *symbol = &student.tutor->symbols[0];
        learner_case_t one;
        double zy = 0, zz = 0, yy = 0, confidence = 0;
        for (int i = 0; i < OUTCOMES * HORIZON; i++) {
            if (!draw (&world, &one))
                continue;
            double z = 0, size = 0;
            for (int c = 0; c < K; c++) {
                z += symbol->weights[c] * one.x[c];
                size += symbol->weights[c] * symbol->weights[c];
            }
            z /= sqrt (size);
            zy += z * one.y;
            zz += z * z;
            yy += one.y * one.y;
            ledger_entry_t *entry = &student.row->entries[0];
            entry->z = entry->bias = z;
            entry->claim_pct =
                symbol->fit.is_calibrated ? calibration_confidence_pct (&symbol->fit, z, z) : NAN;
            learn (&student, &one);
            if (i % 200 == 199)
                tutor_fit (student.tutor, NULL);
        }
        for (int i = 0; i < 2000; i++) { //  what would be said next
            double z = prng_normal (&world.prng);
            confidence += calibration_confidence_pct (&symbol->fit, z, z) / 2000;
        }
        assert_true (symbol->fit.is_calibrated);
        double ic = zy / sqrt (zz * yy);
        ic_sum += ic;
        ic_square += ic * ic;
        skilled += symbol->fit.skill > 0.2;
        off += fabs (confidence - 50) > 1.5;
        student_fini (&student);
    }
    double mean = ic_sum / SEEDS, se = sqrt ((ic_square / SEEDS - mean * mean) / SEEDS);
    print_message ("noise: IC %.4f +- %.4f, skill above .2 in %d, confidence away from 50 in %d of 20\n",
                   mean, se, skilled, off);
    assert_true (fabs (mean) <= 2 * se);
    assert_true (skilled <= 1);
    assert_int_equal (off, 0);
}

//  A planted edge is seen by the calibration: its slope is found and what it says comes true.
static void
test_an_edge_earns_its_confidence (void **state)
{
    (void) state;
    uint64_t seed = test_seed (6);
    calibration_t calibration = {0};
    calibration_fit_t fit = {0};
    prng_t prng;
    prng_fork (&prng, seed, "edge", 0);
    double said = 0, hits = 0, count = 0;
    for (int i = 0; i < 60000; i++) {
        double z = prng_normal (&prng), y = 0.15 * z + prng_normal (&prng);
        double claim = fit.is_calibrated ? calibration_confidence_pct (&fit, z, z) : NAN;
        if (i >= 40000) { //  the priors of the bins make it modest before
            said += claim / 100;
            hits += z * y > 0;
            count++;
        }
        calibration_add (&calibration, HALF_S, START_MS + (int64_t) i * 60000, 1, z, y, z, claim);
        if (i % 100 == 99)
            calibration_fit (&calibration, HALF_S, START_MS + (int64_t) i * 60000, &fit);
    }
    print_message ("edge: slope %.3f, skill %.2f, said %.3f, was right %.3f, ece %.3f\n", fit.beta_z,
                   fit.skill, said / count, hits / count, fit.ece);
    expect_close (fit.beta_z, 0.15, 0.03);
    assert_true (fit.skill > 0.9);
    assert_true (hits / count > 0.53);
    expect_close (said / count, hits / count, 0.015);
    assert_true (fit.ece <= 0.03);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_planted_category_is_found_by_one_symbol),
        cmocka_unit_test (test_planted_category_is_found_by_eight_symbols),
        cmocka_unit_test (test_a_switch_is_followed),
        cmocka_unit_test (test_an_inverse_category_ends_at_the_floor_with_its_flag),
        cmocka_unit_test (test_noise_earns_no_confidence),
        cmocka_unit_test (test_an_edge_earns_its_confidence),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
