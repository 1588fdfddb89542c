#include "tests/support/expect.h"

#include "cards/scoring.h"
#include "cards/stats.h"
#include "common/base/prng.h"
#include "common/base/status.h"
#include "common/base/timebase.h"

static const card_t flow = {.slug = "flow", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_EACH};
static const card_t contrarian = {
    .slug = "contrarian", .kind = KIND_FLOW, .sign = -1, .windows = WINDOWS_EACH};
static const card_t from_5m = {.slug = "from-5m", .kind = KIND_FLOW, .sign = 1, .windows = WINDOWS_FROM_5M};
static const card_t level = {
    .slug = "level", .kind = KIND_LEVEL, .sign = 1, .windows = WINDOWS_ONE, .half_life_s = 30 * 86400.0};
static const card_t slow = {.slug = "slow", .kind = KIND_SLOW, .sign = -1, .windows = WINDOWS_SLOW};
static const card_t gate = {.slug = "gate", .kind = KIND_GATE, .carrier = "flow", .windows = WINDOWS_EACH};
static const card_t gate_one = {
    .slug = "gate-one", .kind = KIND_GATE, .carrier = "flow", .windows = WINDOWS_ONE};
static const scoring_quality_t good = {.age_s = 1, .update_s = 1, .f_src = 1, .is_warm = true};

enum { BLOCK_MAX = 16384 };
static _Alignas(8) uint8_t block[BLOCK_MAX];
static scoring_input_t inputs[SLOT_COUNT];
static int64_t now_ns;

static int
fresh (void **unused)
{
    (void) unused;
    memset (block, 0, sizeof block);
    now_ns = 1700000000 * NS_PER_S;
    return 0;
}

static void
give (double raw)
{
    for (int i = 0; i < SLOT_COUNT; i++)
        inputs[i] = (scoring_input_t){.status = OK, .out = {.raw = raw}};
}

static void
give_window (window_id_t id, int status, double raw)
{
    for (int i = 0; i < SLOT_COUNT; i++)
        if (window_all ()[i].id == id)
            inputs[i] = (scoring_input_t){.status = status, .out = {.raw = raw}};
}

static void
learn (const card_t *card)
{
    now_ns += 10 * NS_PER_S;
    scoring_step (block, card, now_ns, inputs);
}

//  Alternating +1, -1: sigma 1 in every slot, |z| 1.
static void
learn_unit (const card_t *card, int count)
{
    for (int i = 0; i < count; i++) {
        give (i % 2 ? 1 : -1);
        learn (card);
    }
}

static card_reading_t
ask (const card_t *card, mode_id_t mode, const scoring_quality_t *quality)
{
    card_reading_t out = {.category = "kept"};
    scoring_evaluate (block, card, mode, now_ns, inputs, quality, NULL, &out);
    assert_string_equal (out.card, card->slug);
    assert_string_equal (out.category, "kept");
    return out;
}

static void
test_direction_is_the_blend_and_the_sign_enters_once (void **unused)
{
    (void) unused;
    learn_unit (&flow, 1000);
    give_window (W_1M, OK, 1.5);
    give_window (W_5M, OK, 3);
    give_window (W_1H, OK, -.75);
    give_window (W_15M, OK, 2);
    card_reading_t day = ask (&flow, MODE_DAY, &good);
    double d[3] = {tanh (1), tanh (2), tanh (-.5)};
    expect_close (day.votes.vote[VOTE_1M], d[0], 1e-9);
    expect_close (day.votes.vote[VOTE_5M], d[1], 1e-9);
    expect_close (day.votes.vote[VOTE_1H], d[2], 1e-9);
    expect_close (day.direction, .2 * d[0] + .4 * d[1] + .4 * d[2], 1e-9);
    expect_close (day.raw, 2, 0);
    expect_close (day.sigma, 1, 1e-9);
    expect_close (day.n_eff, 1000, 1);

    fresh (NULL);
    learn_unit (&contrarian, 1000);
    give (1.5);
    expect_close (ask (&contrarian, MODE_SCALP, &good).direction, -tanh (1), 1e-9);
}

static void
test_missing_votes_are_left_out_of_the_blend (void **unused)
{
    (void) unused;
    learn_unit (&flow, 1000);
    give (1.5);
    give_window (W_5M, E_AGAIN, 0);
    give_window (W_1H, OK, 0); //  an exact zero is no vote
    card_reading_t out = ask (&flow, MODE_SCALP, &good);
    assert_true (isnan (out.votes.vote[VOTE_5M]) && isnan (out.votes.vote[VOTE_1H]));
    expect_close (out.direction, tanh (1), 1e-9);
    expect_close (out.agreement_pct, 100, 1e-9);
    expect_close (out.confidence, .8 * out.n_eff / (out.n_eff + 30), 1e-9);
}

static void
test_a_card_from_5m_has_no_minute_vote_and_scalp_looks_at_5m (void **unused)
{
    (void) unused;
    learn_unit (&from_5m, 1000);
    give (1);
    give_window (W_5M, OK, 2);
    card_reading_t out = ask (&from_5m, MODE_SCALP, &good);
    assert_true (isnan (out.votes.vote[VOTE_1M]));
    expect_close (out.raw, 2, 0);
    expect_close (out.direction, (.35 * tanh (2 / 1.5) + .15 * tanh (1 / 1.5)) / .5, 1e-9);
}

static void
test_agreement_and_conflict (void **unused)
{
    (void) unused;
    learn_unit (&flow, 1000);
    give (2);
    card_reading_t together = ask (&flow, MODE_SCALP, &good);
    expect_close (together.agreement_pct, 100, 1e-9);
    assert_false (together.is_conflicted);
    expect_close (together.confidence, together.n_eff / (together.n_eff + 30), 1e-9);
    give_window (W_1H, OK, -2);
    card_reading_t split = ask (&flow, MODE_SCALP, &good);
    assert_true (split.is_conflicted);
    expect_close (split.agreement_pct, 200.0 / 3, 1e-9);
    expect_close (split.strength, together.strength / 2, 1e-9);
    expect_close (split.confidence / together.confidence, .8, 1e-9);
    give (.01); //  all neutral: no agreement, no conflict
    card_reading_t quiet = ask (&flow, MODE_SCALP, &good);
    expect_close (quiet.agreement_pct, 0, 0);
    assert_false (quiet.is_conflicted);
    expect_close (quiet.confidence / together.confidence, .4, 1e-9);
}

static void
test_strength_is_the_upper_half_of_the_rank_and_bursts_are_capped (void **unused)
{
    (void) unused;
    prng_t prng;
    prng_init (&prng, test_seed (21));
    double d2 = 0, mean = 0;
    int loud = 0, count = 0;
    for (int i = 0; i < 6000; i++) {
        give (.01 * prng_normal (&prng));
        learn (&flow);
        card_reading_t out = ask (&flow, MODE_SCALP, &good);
        assert_true (out.strength >= 0 && out.strength <= 1 && fabs (out.direction) <= 1);
        if (out.n_eff < 60)
            assert_true (out.strength <= .5);
        if (i < 2000)
            continue;
        d2 += out.direction * out.direction;
        mean += out.strength;
        loud += out.strength > .5;
        count++;
    }
    double sd = sqrt (d2 / count);
    assert_true (sd > .4 && sd < .7);
    expect_close (mean / count, .25, .02);
    expect_close ((double) loud / count, .25, .03);
}

static void
test_outliers_are_held_and_sigma_keeps_a_fifth_of_its_month (void **unused)
{
    (void) unused;
    learn_unit (&flow, 2000);
    give (1000);
    learn (&flow);
    card_reading_t out = ask (&flow, MODE_SCALP, &good);
    //  One observation of 6 among n_eff of 1.
    double n = out.n_eff;
    assert_true (out.sigma < sqrt (1 + 36 / n * 2.5) && out.sigma > 1);
    //  Two days of near silence: the recent sigma would be 1e-6.
    for (int i = 0; i < 17280; i++) {
        give (i % 2 ? 1e-6 : -1e-6);
        learn (&flow);
    }
    out = ask (&flow, MODE_SCALP, &good);
    double month = .2 * sqrt (2000.0 / 19280);
    assert_true (out.sigma > month * .9 && out.sigma < month * 1.2);
}

static void
test_a_level_is_centred_on_its_median (void **unused)
{
    (void) unused;
    prng_t prng;
    prng_init (&prng, test_seed (22));
    //  Skewed: median of an exponential is ln 2, its mean 1.
    for (int i = 0; i < 50000; i++) {
        give (5 + prng_exponential (&prng));
        learn (&level);
    }
    give (5 + STATS_LN2);
    expect_close (ask (&level, MODE_DAY, &good).direction, 0, .02);
    give (5 + STATS_LN2 + 1.5);
    card_reading_t out = ask (&level, MODE_DAY, &good);
    double sigma = sqrt (1 + (1 - STATS_LN2) * (1 - STATS_LN2));
    expect_close (out.sigma, sigma, .06);
    expect_close (out.direction, tanh (1 / sigma), .05);
    assert_true (isnan (out.votes.vote[VOTE_1M]) && isnan (out.agreement_pct));
}

static void
test_a_hold_enters_once_per_trigger_and_a_zero_never (void **unused)
{
    (void) unused;
    for (int i = 0; i < 100; i++) {
        give (0);
        learn (&flow);
    }
    card_reading_t none = ask (&flow, MODE_SCALP, &good);
    expect_close (none.n_eff, 0, 0);
    expect_close (none.strength, 0, 0);
    assert_int_equal (none.state, STATE_NEUTRAL);
    for (uint32_t trigger = 1; trigger <= 3; trigger++)
        for (int i = 0; i < 50; i++) {
            give (0);
            for (int k = 0; k < SLOT_COUNT; k++)
                inputs[k].out = (card_out_t){.raw = 4 * exp (-i / 10.0),
                                             .is_hold = true,
                                             .triggers_count = trigger,
                                             .trigger_value = trigger % 2 ? 4 : -4};
            learn (&flow);
        }
    card_reading_t out = ask (&flow, MODE_SWING, &good);
    expect_close (out.n_eff, 3, .01);
    expect_close (out.sigma, 4, 1e-9);
}

static void
test_a_slow_card_brings_z_itself (void **unused)
{
    (void) unused;
    for (int i = 0; i < 200; i++) {
        give (i % 2 ? .5 : -1);
        learn (&slow);
    }
    give (3);
    card_reading_t out = ask (&slow, MODE_SCALP, &good);
    expect_close (out.direction, -tanh (2), 1e-12);
    assert_true (isnan (out.sigma));
    expect_close (out.strength, 1, 1e-9);
    expect_close (out.confidence, .8 * out.n_eff / (out.n_eff + 30), 1e-9);
}

static void
test_a_gate_speaks_with_its_carriers_voice (void **unused)
{
    (void) unused;
    card_reading_t carrier = {.direction = .5,
                              .strength = .6,
                              .confidence = .7,
                              .votes = {{.4, .5, NAN}},
                              .state = STATE_BULLISH,
                              .n_eff = 77},
                   out = {.category = ""};
    give (-.5);
    give_window (W_5M, OK, 1);
    scoring_evaluate (block, &gate, MODE_SCALP, now_ns, inputs, &good, &carrier, &out);
    expect_close (out.votes.vote[VOTE_1M], -.2, 1e-12);
    expect_close (out.votes.vote[VOTE_5M], .5, 1e-12);
    assert_true (isnan (out.votes.vote[VOTE_1H]));
    expect_close (out.direction, (.5 * -.2 + .35 * .5) / .85, 1e-12);
    expect_close (out.strength, .3, 1e-12);
    expect_close (out.confidence, .7, 1e-12);
    expect_close (out.raw, -.5, 0);

    scoring_quality_t old = good;
    old.age_s = 2 + 5 * log (2);
    fresh (NULL);
    scoring_evaluate (block, &gate_one, MODE_SCALP, now_ns, inputs, &old, &carrier, &out);
    expect_close (out.direction, -.25, 1e-12);
    expect_close (out.confidence, .5, 1e-12);

    for (int i = 0; i < SLOT_COUNT; i++) {
        inputs[i].out.has_down = true;
        inputs[i].out.raw_down = .9;
    }
    carrier.direction = -.5;
    fresh (NULL);
    scoring_evaluate (block, &gate_one, MODE_SCALP, now_ns, inputs, &good, &carrier, &out);
    expect_close (out.direction, -.45, 1e-12);
    expect_close (out.raw, .9, 1e-12);

    carrier.state = STATE_STALE;
    scoring_evaluate (block, &gate, MODE_SCALP, now_ns, inputs, &good, &carrier, &out);
    assert_int_equal (out.state, STATE_STALE);
    assert_string_equal (out.reason, "carrier is silent");
    expect_close (out.direction, 0, 0);
}

static void
expect_silent (const scoring_quality_t *quality, state_t state, const char *reason)
{
    card_reading_t out = ask (&flow, MODE_SCALP, quality);
    assert_int_equal (out.state, state);
    assert_string_equal (out.reason, reason);
    expect_close (out.direction, 0, 0);
    expect_close (out.strength, 0, 0);
    expect_close (out.confidence, 0, 0);
    assert_true (isnan (out.votes.vote[VOTE_5M]));
}

static void
test_silence_has_a_reason (void **unused)
{
    (void) unused;
    give (1);
    expect_silent (&good, STATE_WARMUP, "statistics are still forming");
    learn_unit (&flow, 100);
    assert_int_equal (ask (&flow, MODE_SCALP, &good).state, STATE_NEUTRAL);
    scoring_quality_t poor = good;
    poor.is_warm = false;
    poor.reason = "book is young";
    expect_silent (&poor, STATE_WARMUP, "book is young");
    poor = good;
    poor.f_src = 0;
    poor.reason = "book is broken";
    expect_silent (&poor, STATE_STALE, "book is broken");
    poor = good;
    poor.age_s = 20;
    expect_silent (&poor, STATE_STALE, "input is old");
    poor.age_s = NAN;
    expect_silent (&poor, STATE_WARMUP, "never seen");
    give_window (W_1M, E_ABSENT, 0);
    expect_silent (&good, STATE_STALE, "no such feed");
    give_window (W_1M, E_STALE, 0);
    expect_silent (&good, STATE_STALE, "input is stale");
    give_window (W_1M, OK, NAN);
    expect_silent (&good, STATE_WARMUP, "value is not finite");
}

static void
test_confidence_falls_with_age_and_sources (void **unused)
{
    (void) unused;
    learn_unit (&flow, 1000);
    give (2);
    double full = ask (&flow, MODE_SCALP, &good).confidence;
    scoring_quality_t poor = {.age_s = 2 + 5, .update_s = 1, .f_src = .5, .is_warm = true};
    expect_close (ask (&flow, MODE_SCALP, &poor).confidence / full, .5 * exp (-1), 1e-9);
}

static void
test_transitions_are_told_once (void **unused)
{
    (void) unused;
    learn_unit (&flow, 1000);
    char seen[4][40];
    int count = 0;
    int64_t turned_ms = 0;
    for (int s = 0; s < 300; s++) {
        now_ns += NS_PER_S;
        give (s < 150 ? 3 : -3);
        card_reading_t out = ask (&flow, MODE_SCALP, &good);
        if (out.transition[0] && strncmp (out.transition, "early", 5) != 0) {
            assert_true (count < 4);
            strcpy (seen[count++], out.transition);
            assert_int_equal (out.since_ms, now_ns / NS_PER_MS);
            turned_ms = out.since_ms;
        } else if (count) {
            assert_int_equal (out.since_ms, turned_ms);
        }
    }
    assert_int_equal (count, 2);
    assert_string_equal (seen[0], "neutral>strongly bullish");
    assert_string_equal (seen[1], "strongly bullish>strongly bearish");
}

static void
test_the_cusum_speaks_before_the_state (void **unused)
{
    (void) unused;
    learn_unit (&flow, 1000);
    bool is_early = false;
    for (int i = 0; i < 40 && !is_early; i++) {
        now_ns += 30 * NS_PER_S;
        give (-.7); //  below all of the past in size: no strength
        card_reading_t out = ask (&flow, MODE_SCALP, &good);
        assert_int_equal (out.state, STATE_NEUTRAL);
        is_early = strcmp (out.transition, "early>bearish") == 0;
    }
    assert_true (is_early);
}

static void
test_blocks_fit_their_declared_size (void **unused)
{
    (void) unused;
    const card_t *cards[] = {&flow, &level, &slow, &gate};
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++) {
        size_t size = scoring_state_size (cards[i]);
        assert_true (size > 0 && size % 8 == 0 && size + 64 <= BLOCK_MAX);
        memset (block, 0, sizeof block);
        memset (block + size, 0xa5, 64);
        card_reading_t carrier = {.state = STATE_NEUTRAL}, out;
        memset (&out, 0, sizeof out);
        for (int k = 0; k < 200; k++) {
            give (k % 3 - 1.1);
            learn (cards[i]);
            for (int mode = 0; mode < MODE_COUNT; mode++)
                scoring_evaluate (block, cards[i], (mode_id_t) mode, now_ns, inputs, &good,
                                  cards[i]->kind == KIND_GATE ? &carrier : NULL, &out);
        }
        for (size_t k = 0; k < 64; k++)
            assert_int_equal (block[size + k], 0xa5);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup (test_direction_is_the_blend_and_the_sign_enters_once, fresh),
        cmocka_unit_test_setup (test_missing_votes_are_left_out_of_the_blend, fresh),
        cmocka_unit_test_setup (test_a_card_from_5m_has_no_minute_vote_and_scalp_looks_at_5m, fresh),
        cmocka_unit_test_setup (test_agreement_and_conflict, fresh),
        cmocka_unit_test_setup (test_strength_is_the_upper_half_of_the_rank_and_bursts_are_capped, fresh),
        cmocka_unit_test_setup (test_outliers_are_held_and_sigma_keeps_a_fifth_of_its_month, fresh),
        cmocka_unit_test_setup (test_a_level_is_centred_on_its_median, fresh),
        cmocka_unit_test_setup (test_a_hold_enters_once_per_trigger_and_a_zero_never, fresh),
        cmocka_unit_test_setup (test_a_slow_card_brings_z_itself, fresh),
        cmocka_unit_test_setup (test_a_gate_speaks_with_its_carriers_voice, fresh),
        cmocka_unit_test_setup (test_silence_has_a_reason, fresh),
        cmocka_unit_test_setup (test_confidence_falls_with_age_and_sources, fresh),
        cmocka_unit_test_setup (test_transitions_are_told_once, fresh),
        cmocka_unit_test_setup (test_the_cusum_speaks_before_the_state, fresh),
        cmocka_unit_test_setup (test_blocks_fit_their_declared_size, fresh),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
