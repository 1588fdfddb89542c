#include "tests/support/expect.h"

#include "cards/arena.h"
#include "cards/scoring.h"

static int
value (const void *state, const market_t *market, window_t window, card_out_t *out)
{
    (void) state;
    (void) market;
    (void) window;
    out->raw = 1;
    return OK;
}

static const card_t small = {.id = 1, .slug = "small", .state_size = 0, .value = value, .version = 1};
static const card_t large = {.id = 2, .slug = "large", .state_size = 1000, .value = value, .version = 1};
static const card_t newer = {.id = 2, .slug = "large", .state_size = 1000, .value = value, .version = 2};

static void
test_parts_do_not_overlap_and_fit (void **state)
{
    (void) state;
    const card_t *cards[] = {&small, &large, &small};
    arena_t arena;
    arena_plan (&arena, cards, 3);
    size_t end = market_size ();
    for (size_t i = 0; i < 3; i++) {
        assert_true (arena.state_at[i] >= end);
        assert_int_equal (arena.state_at[i] % 64, 0);
        end = arena.state_at[i] + cards[i]->state_size;
        assert_true (arena.scoring_at[i] >= end);
        assert_int_equal (arena.scoring_at[i] % 64, 0);
        end = arena.scoring_at[i] + scoring_state_size (cards[i]);
    }
    assert_true (arena.size_bytes >= end);
}

static void
test_a_block_is_zeroed_and_writable_to_its_end (void **state)
{
    (void) state;
    const card_t *cards[] = {&small, &large};
    arena_t arena;
    arena_plan (&arena, cards, 2);
    unsigned char *block = arena_new_block (&arena);
    for (size_t i = 0; i < arena.size_bytes; i++)
        assert_int_equal (block[i], 0);
    memset (arena_card_state (&arena, block, 1), 1, large.state_size);
    memset (arena_scoring_state (&arena, block, 1), 1, scoring_state_size (&large));
    assert_ptr_equal (arena_market (&arena, block), block);
    free (block);
}

static void
test_the_hash_names_layout_and_versions (void **state)
{
    (void) state;
    const card_t *one[] = {&small, &large}, *two[] = {&large, &small}, *three[] = {&small, &newer};
    arena_t a, b, c, d;
    arena_plan (&a, one, 2);
    arena_plan (&b, one, 2);
    arena_plan (&c, two, 2);
    arena_plan (&d, three, 2);
    assert_true (a.hash == b.hash);
    assert_true (a.hash != c.hash);
    assert_true (a.hash != d.hash);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parts_do_not_overlap_and_fit),
        cmocka_unit_test (test_a_block_is_zeroed_and_writable_to_its_end),
        cmocka_unit_test (test_the_hash_names_layout_and_versions),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
