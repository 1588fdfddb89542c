//  A reader's filters, looked up in their order, give the answer that looking at each of them gives.
#include "common/base/check.h"
#include "common/base/prng.h"
#include "common/run/bus_listener.h"
#include "tests/support/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 7, TRIALS = 300, FILTERS_MOST = 40, TEXTS = 200, LENGTH_MOST = 6 };

//  Of few letters, so that beginnings are shared.  The empty text is a beginning of all.
static void
make_text (prng_t *prng, char *out, size_t least)
{
    size_t length = least + prng_next (prng) % (LENGTH_MOST - least + 1);
    for (size_t i = 0; i < length; i++)
        out[i] = ".ab\xe9"[prng_next (prng) % 4];
    out[length] = 0;
}

static bool
wants_by_looking (const listener_t *listener, const char *text)
{
    for (size_t i = 0; i < listener->filters_count; i++)
        if (strncmp (text, listener->filters[i], strlen (listener->filters[i])) == 0)
            return true;
    return false;
}

static void
test_wanted_is_what_looking_at_each_gives (void **state)
{
    (void) state;
    size_t wanted = 0, unwanted = 0;
    prng_t prng;
    prng_init (&prng, SEED);
    for (int trial = 0; trial < TRIALS; trial++) {
        listener_t *listener = mem_new (sizeof *listener);
        size_t count = prng_next (&prng) % FILTERS_MOST;
        for (size_t i = 0; i < count; i++) {
            make_text (&prng, listener->filters[listener->filters_count], trial % 50 ? 1 : 0);
            listener_want (listener, listener->filters_count++);
        }
        for (int i = 0; i < TEXTS; i++) {
            char text[LENGTH_MOST + 1];
            make_text (&prng, text, 0);
            bool is_wanted = wants_by_looking (listener, text);
            assert_int_equal (listener_wants (listener, text), is_wanted);
            wanted += is_wanted;
            unwanted += !is_wanted;
        }
        free (listener);
    }
    assert_true (wanted > 1000 && unwanted > 1000);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_wanted_is_what_looking_at_each_gives),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
