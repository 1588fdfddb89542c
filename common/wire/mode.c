#include "common/wire/mode.h"
#include "common/base/check.h"
#include "common/base/status.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

static const mode_info_t modes[MODE_COUNT] = {
    {"scalp", 30, 300, 60, {.50, .35, .15}, 2.0 * HOUR, 24.0 * HOUR, 30, 0.1, 30, 30},
    {"day", 60, HOUR, 15 * MINUTE, {.20, .40, .40}, 24.0 * HOUR, 7.0 * DAY, 10 * MINUTE, 1.0 / 6, 60, 90},
    {"swing", 300, DAY, 4 * HOUR, {.10, .30, .60}, 7.0 * DAY, 60.0 * DAY, HOUR, 1.0 / 24, 100, 90},
};

const mode_info_t *
mode_info (mode_id_t id)
{
    CHECK ((unsigned) id < MODE_COUNT);
    return &modes[id];
}

int
mode_parse (slice_t text, mode_id_t *out)
{
    for (int i = 0; i < MODE_COUNT; i++)
        if (slice_is (text, modes[i].name)) {
            *out = (mode_id_t) i;
            return OK;
        }
    return E_ABSENT;
}
