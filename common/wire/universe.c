#include "common/wire/universe.h"
#include "common/base/hash.h"

#include <string.h>

static bool
is_name (slice_t name)
{
    if (name.size < 2 || name.size >= INSTRUMENT_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))
            return false;
    }
    return true;
}

int
universe_parse (universe_t *self, slice_t list, error_text_t *error)
{
    memset (self, 0, sizeof *self);
    size_t at = 0;
    while (at < list.size) {
        size_t start = at;
        while (at < list.size && list.data[at] != ' ' && list.data[at] != ',')
            at++;
        slice_t name = {list.data + start, at - start};
        at++;
        if (name.size == 0)
            continue;
        if (!is_name (name))
            return error_set (error, E_SYNTAX, "instrument '%.*s' is not a name like BTCUSDT",
                              (int) name.size, name.data);
        if (universe_find (self, name) >= 0)
            return error_set (error, E_CONFIG, "instrument %.*s is listed twice", (int) name.size, name.data);
        if (self->count == UNIVERSE_MAX)
            return error_set (error, E_RANGE, "more than %d instruments", UNIVERSE_MAX);
        (void) slice_copy (name, self->names[self->count++], INSTRUMENT_NAME_MAX);
        self->hash ^= hash_bytes (name.data, name.size, 1);
    }
    if (self->count == 0)
        return error_set (error, E_CONFIG, "the list of instruments is empty");
    self->hash &= INT64_MAX; //  msgpack and JSON readers without unsigned 64
    return OK;
}

int
universe_find (const universe_t *self, slice_t name)
{
    for (size_t i = 0; i < self->count; i++)
        if (slice_is (name, self->names[i]))
            return (int) i;
    return -1;
}

uint32_t
universe_owner (const char *name, uint32_t shards)
{
    uint32_t best = 0;
    uint64_t best_score = 0;
    for (uint32_t i = 0; i < shards; i++) {
        uint64_t score = hash_bytes (&i, sizeof i, hash_text (name, 2));
        if (i == 0 || score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}
