#include "ingest/full_book.h"

#include "common/base/check.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CHECKSUM_LEVELS = 25, SIDE_GROWS_BY = 512 };

typedef struct {
    int64_t key; //  price at the exponent of the book
    decimal_t qty;
} entry_t;

typedef struct {
    entry_t *entries; //  worst first
    size_t count, capacity;
} side_t;

struct full_book {
    side_t sides[2]; //  asks, bids
    int exponent;    //  of every key
    bool has_exponent;
    uint64_t dropped_count;
};

full_book_t *
full_book_new (void)
{
    return mem_new (sizeof (full_book_t));
}

void
full_book_destroy (full_book_t **self)
{
    if (*self) {
        free ((*self)->sides[0].entries);
        free ((*self)->sides[1].entries);
    }
    free (*self);
    *self = NULL;
}

void
full_book_clear (full_book_t *self)
{
    self->sides[0].count = self->sides[1].count = 0;
    self->has_exponent = false;
}

//  A finer price has come: bring all keys to its exponent.
static int
refine (full_book_t *self, int exponent)
{
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < self->sides[s].count; i++) {
            decimal_t price = {self->sides[s].entries[i].key, (int8_t) self->exponent};
            if (decimal_rescale (price, exponent, &self->sides[s].entries[i].key) != OK)
                return E_RANGE;
        }
    self->exponent = exponent;
    return OK;
}

static int
key_of (full_book_t *self, decimal_t price, int64_t *key)
{
    if (!self->has_exponent) {
        self->exponent = price.exponent;
        self->has_exponent = true;
    }
    if (price.exponent < self->exponent && refine (self, price.exponent) != OK)
        return E_RANGE;
    return decimal_rescale (price, self->exponent, key);
}

//  Index of the first entry at least as good as key.
static size_t
find (const side_t *side, bool is_bid, int64_t key)
{
    size_t low = 0, high = side->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool is_worse = is_bid ? side->entries[middle].key < key : side->entries[middle].key > key;
        if (is_worse)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
insert (full_book_t *self, side_t *side, size_t at, int64_t key, decimal_t qty)
{
    if (side->count == FULL_BOOK_LEVELS_MAX) {
        self->dropped_count++;
        if (at == 0)
            return; //  it is the worst itself
        memmove (side->entries, side->entries + 1, (at - 1) * sizeof (entry_t));
        side->entries[at - 1] = (entry_t){key, qty};
        return;
    }
    if (side->count == side->capacity) {
        side->capacity += SIDE_GROWS_BY;
        side->entries = mem_grow (side->entries, side->capacity * sizeof (entry_t));
    }
    memmove (side->entries + at + 1, side->entries + at, (side->count - at) * sizeof (entry_t));
    side->entries[at] = (entry_t){key, qty};
    side->count++;
}

static int
apply_level (full_book_t *self, bool is_bid, const native_level_t *level, error_text_t *error)
{
    side_t *side = &self->sides[is_bid];
    int64_t key;
    if (level->price.mantissa <= 0 || level->qty.mantissa < 0 || key_of (self, level->price, &key) != OK) {
        char price[DECIMAL_TEXT_MAX], qty[DECIMAL_TEXT_MAX];
        decimal_format (level->price, price);
        decimal_format (level->qty, qty);
        return error_set (error, E_RANGE, "level %s x %s cannot be kept", price, qty);
    }
    size_t at = find (side, is_bid, key);
    bool is_there = at < side->count && side->entries[at].key == key;
    if (level->qty.mantissa == 0) {
        if (is_there) {
            memmove (side->entries + at, side->entries + at + 1, (side->count - at - 1) * sizeof (entry_t));
            side->count--;
        }
    } else if (is_there)
        side->entries[at].qty = level->qty;
    else
        insert (self, side, at, key, level->qty);
    return OK;
}

int
full_book_apply (full_book_t *self, const book_update_t *update, error_text_t *error)
{
    if (update->is_snapshot)
        full_book_clear (self);
    int status = OK;
    //  From the worst to the best, so that a snapshot (best first) is appended and nothing moves.
    for (size_t i = update->bids_count; i > 0 && status == OK && update->is_snapshot; i--)
        status = apply_level (self, true, &update->bids[i - 1], error);
    for (size_t i = update->asks_count; i > 0 && status == OK && update->is_snapshot; i--)
        status = apply_level (self, false, &update->asks[i - 1], error);
    for (size_t i = 0; i < update->bids_count && status == OK && !update->is_snapshot; i++)
        status = apply_level (self, true, &update->bids[i], error);
    for (size_t i = 0; i < update->asks_count && status == OK && !update->is_snapshot; i++)
        status = apply_level (self, false, &update->asks[i], error);
    return status;
}

size_t
full_book_count (const full_book_t *self, bool is_bid)
{
    return self->sides[is_bid].count;
}

//  Trailing zeros dropped, as decimal_parse makes them.
static decimal_t
price_of (const full_book_t *self, int64_t key)
{
    int exponent = self->exponent;
    while (key % 10 == 0 && key != 0 && exponent < DECIMAL_EXPONENT_MAX) {
        key /= 10;
        exponent++;
    }
    return (decimal_t){key, (int8_t) exponent};
}

native_level_t
full_book_level (const full_book_t *self, bool is_bid, size_t i)
{
    const side_t *side = &self->sides[is_bid];
    CHECK (i < side->count);
    const entry_t *entry = &side->entries[side->count - 1 - i];
    return (native_level_t){price_of (self, entry->key), entry->qty};
}

bool
full_book_is_crossed (const full_book_t *self)
{
    const side_t *asks = &self->sides[0], *bids = &self->sides[1];
    return asks->count > 0 && bids->count > 0 &&
           bids->entries[bids->count - 1].key >= asks->entries[asks->count - 1].key;
}

int32_t
full_book_checksum (const full_book_t *self)
{
    char text[CHECKSUM_LEVELS * 4 * (DECIMAL_TEXT_MAX + 1)];
    size_t size = 0;
    for (size_t i = 0; i < CHECKSUM_LEVELS; i++)
        for (int s = 1; s >= 0; s--) {
            if (i >= self->sides[s].count)
                continue;
            native_level_t level = full_book_level (self, s == 1, i);
            if (size > 0)
                text[size++] = ':';
            size += decimal_format (level.price, text + size);
            text[size++] = ':';
            size += decimal_format (level.qty, text + size);
        }
    return (int32_t) (uint32_t) crc32 (crc32 (0, NULL, 0), (const Bytef *) text, (uInt) size);
}

uint64_t
full_book_dropped_count (const full_book_t *self)
{
    return self->dropped_count;
}

//  Dividing by a power of ten only moves the point; anything else goes through a double.
static decimal_t
price_of_one_coin (decimal_t price, double divisor)
{
    int shift = 0;
    double rest = divisor;
    while (rest >= 10 && shift < 12) {
        rest /= 10;
        shift++;
    }
    if (rest == 1 && price.exponent - shift >= DECIMAL_EXPONENT_MIN) {
        price.exponent = (int8_t) (price.exponent - shift);
        return price;
    }
    decimal_t out = price;
    if (decimal_from_double (decimal_to_double (price) / divisor, &out) != OK)
        return price;
    return out;
}

level_t
full_book_convert (const native_level_t *level, const contract_t *contract)
{
    level_t out = {.price = level->price, .qty_coins = decimal_to_double (level->qty) * contract->multiplier};
    if (contract->price_divisor != 1)
        out.price = price_of_one_coin (level->price, contract->price_divisor);
    return out;
}

size_t
full_book_export (const full_book_t *self, bool is_bid, const contract_t *contract, level_t *out,
                  size_t capacity)
{
    size_t count = self->sides[is_bid].count;
    if (count > capacity)
        count = capacity;
    for (size_t i = 0; i < count; i++) {
        native_level_t level = full_book_level (self, is_bid, i);
        out[i] = full_book_convert (&level, contract);
    }
    return count;
}
