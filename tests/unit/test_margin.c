#include "tests/support/expect.h"

#include "common/base/check.h"
#include "common/base/prng.h"
#include "ingest/simulator/accounts.h"

static void
profit_is_exact_whatever_the_order_of_closing (void **state)
{
    (void) state;
    prng_t prng;
    prng_init (&prng, test_seed (12));
    for (int round = 0; round < 200; round++) {
        accounts_t accounts;
        accounts_init (&accounts, 4, 1000000);
        holding_t *a = &accounts.net[ACCOUNT_MAKER].holding, *b = &accounts.net[ACCOUNT_DEPTH].holding;
        int64_t cash = 0;
        for (int i = 0; i < 50; i++) {
            int64_t lots = (int64_t) prng_below (&prng, 2000) - 1000,
                    px = 1 + (int64_t) prng_below (&prng, 5000);
            accounts_credit (&accounts, ACCOUNT_MAKER, accounts_trade (&accounts, a, lots, px));
            accounts_credit (&accounts, ACCOUNT_DEPTH, accounts_trade (&accounts, b, -lots, px));
            cash -= lots * px;
            accounts_check (&accounts);
            //  cash view: money paid and received, and the position at any price, here 777
            int64_t equity =
                accounts.net[ACCOUNT_MAKER].wallet - 1000000 + (a->lots * 777 - a->cost) * MONEY_UNIT;
            assert_int_equal (equity, (cash + a->lots * 777) * MONEY_UNIT);
        }
        int64_t left = a->lots;
        accounts_credit (&accounts, ACCOUNT_MAKER, accounts_trade (&accounts, a, -left, 100));
        assert_int_equal (a->lots, 0);
        assert_int_equal (a->cost, 0);
        accounts_fini (&accounts);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (profit_is_exact_whatever_the_order_of_closing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
