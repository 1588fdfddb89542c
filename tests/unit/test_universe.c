#include "tests/support/expect.h"
#include "common/wire/universe.h"

static void
test_parse (void **state)
{
    (void) state;
    universe_t self, other;
    error_text_t error;
    assert_int_equal (universe_parse (&self, slice_of (" BTCUSDT, ETHUSDT SOLUSDT "), &error), OK);
    assert_int_equal (self.count, 3);
    assert_string_equal (self.names[1], "ETHUSDT");
    assert_int_equal (universe_find (&self, slice_of ("SOLUSDT")), 2);
    assert_int_equal (universe_find (&self, slice_of ("SOL")), -1);
    assert_int_equal (universe_parse (&other, slice_of ("SOLUSDT BTCUSDT ETHUSDT"), &error), OK);
    assert_true (self.hash == other.hash); //  whatever the order
    assert_int_equal (universe_parse (&other, slice_of ("SOLUSDT BTCUSDT"), &error), OK);
    assert_true (self.hash != other.hash);
    assert_int_equal (universe_parse (&other, slice_of ("BTCUSDT btcusdt"), &error), E_SYNTAX);
    assert_non_null (strstr (error.text, "btcusdt"));
    assert_int_equal (universe_parse (&other, slice_of ("BTCUSDT ETHUSDT BTCUSDT"), &error), E_CONFIG);
    assert_non_null (strstr (error.text, "BTCUSDT"));
    assert_int_equal (universe_parse (&other, slice_of (" , "), &error), E_CONFIG);
    assert_int_equal (universe_parse (&other, slice_of ("A23456789012345678901234"), &error), E_SYNTAX);
    static char many[16 * (UNIVERSE_MAX + 1)];
    size_t size = 0;
    for (int i = 0; i <= UNIVERSE_MAX; i++)
        size += (size_t) snprintf (many + size, sizeof many - size, "C%dUSDT ", i);
    assert_int_equal (universe_parse (&other, slice_of (many), &error), E_RANGE);
}

//  Every name has one owner; one more shard takes about its share, and nobody else gets anything.
static void
test_shards (void **state)
{
    (void) state;
    enum { NAMES = 5000 };
    for (uint32_t shards = 1; shards < 9; shards++) {
        int counts[10] = {0}, moved = 0;
        for (int i = 0; i < NAMES; i++) {
            char name[24];
            (void) snprintf (name, sizeof name, "C%dUSDT", i);
            uint32_t owner = universe_owner (name, shards), later = universe_owner (name, shards + 1);
            assert_true (owner < shards);
            assert_true (later == owner || later == shards);
            counts[owner]++;
            moved += later != owner;
        }
        double share = (double) NAMES / (shards + 1);
        assert_true (moved > 0.85 * share && moved < 1.15 * share);
        for (uint32_t i = 0; i < shards; i++)
            assert_true (counts[i] > 0.85 * NAMES / shards && counts[i] < 1.15 * NAMES / shards);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (test_parse), cmocka_unit_test (test_shards)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
