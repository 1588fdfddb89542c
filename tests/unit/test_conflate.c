#include "tests/support/expect.h"

#include "common/base/prng.h"
#include "publisher/conflate.h"

static void
test_a_reader_that_keeps_up_skips_nothing (void **state)
{
    (void) state;
    conflate_t *conflate = conflate_new ();
    uint32_t index;
    uint64_t skipped;
    assert_false (conflate_next (conflate, &index, &skipped));
    for (uint32_t i = 0; i < 1000; i++) {
        conflate_mark (conflate, i % 7);
        assert_true (conflate_next (conflate, &index, &skipped));
        assert_int_equal (index, i % 7);
        assert_int_equal (skipped, 0);
    }
    conflate_destroy (&conflate);
}

static void
test_a_slow_reader_gets_each_topic_once_and_the_count_it_missed (void **state)
{
    (void) state;
    conflate_t *conflate = conflate_new ();
    for (int round = 0; round < 5; round++)
        for (uint32_t i = 0; i < 3; i++)
            conflate_mark (conflate, i * 100);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t index;
        uint64_t skipped;
        assert_true (conflate_next (conflate, &index, &skipped));
        assert_int_equal (index, i * 100);
        assert_int_equal (skipped, 4);
    }
    assert_int_equal (conflate_waiting (conflate), 0);
    conflate_destroy (&conflate);
}

//  Sent + skipped = marked, for every topic, whatever the order.
static void
test_nothing_is_lost_uncounted (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (7));
    conflate_t *conflate = conflate_new ();
    uint64_t marked[500] = {0}, seen[500] = {0}, skipped;
    uint32_t index;
    for (int i = 0; i < 200000; i++) {
        if (prng_uniform (&prng) < 0.6) {
            uint32_t topic = (uint32_t) prng_below (&prng, 500);
            marked[topic]++;
            conflate_mark (conflate, topic);
        } else if (conflate_next (conflate, &index, &skipped))
            seen[index] += 1 + skipped;
    }
    while (conflate_next (conflate, &index, &skipped))
        seen[index] += 1 + skipped;
    assert_memory_equal (marked, seen, sizeof marked);
    conflate_destroy (&conflate);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_a_reader_that_keeps_up_skips_nothing),
        cmocka_unit_test (test_a_slow_reader_gets_each_topic_once_and_the_count_it_missed),
        cmocka_unit_test (test_nothing_is_lost_uncounted),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
