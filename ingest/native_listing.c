//  What a venue's list of instruments says of our universe.

#include "ingest/native.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

void
native_listing_init (native_listing_t *self, const universe_t *universe)
{
    memset (self, 0, sizeof *self);
    self->universe = universe;
}

//  Length of "10", "100", ... at the start of text, 0 when it has none.
static size_t
power_of_ten (slice_t text)
{
    size_t size = 1;
    if (text.size == 0 || text.data[0] != '1')
        return 0;
    while (size < text.size && text.data[size] == '0')
        size++;
    return size > 1 ? size : 0;
}

//  Coins in one unit of a scaled name, the coin cut out; 1 where the name is not scaled.
static double
unscale (slice_t *base)
{
    slice_t rest = *base;
    size_t digits = power_of_ten (rest);
    double scale = 1;
    if (digits > 0 && digits < rest.size && !isdigit ((unsigned char) rest.data[digits])) {
        scale = pow (10, (double) digits - 1);
        *base = (slice_t){rest.data + digits, rest.size - digits};
    } else if (slice_starts (rest, "1M") && rest.size > 2) {
        scale = 1e6;
        *base = (slice_t){rest.data + 2, rest.size - 2};
    } else {
        for (size_t at = 1; at + 4 <= rest.size; at++) { //  "SHIB1000"
            slice_t tail = {rest.data + at, rest.size - at};
            if (tail.size >= 4 && power_of_ten (tail) == tail.size &&
                !isdigit ((unsigned char) rest.data[at - 1])) {
                scale = pow (10, (double) tail.size - 1);
                *base = (slice_t){rest.data, at};
                break;
            }
        }
    }
    return scale;
}

static int
find_name (const universe_t *universe, slice_t base, slice_t quote)
{
    char name[2 * INSTRUMENT_NAME_MAX];
    if (base.size == 0 || base.size + quote.size >= sizeof name)
        return -1;
    memcpy (name, base.data, base.size);
    memcpy (name + base.size, quote.data, quote.size);
    return universe_find (universe, (slice_t){name, base.size + quote.size});
}

void
native_listing_offer (native_listing_t *self, slice_t base, slice_t quote, contract_t contract)
{
    double scale = 1;
    int instrument = find_name (self->universe, base, quote);
    if (instrument < 0) {
        scale = unscale (&base);
        instrument = scale > 1 ? find_name (self->universe, base, quote) : -1;
    }
    if (instrument < 0)
        return;
    contract_t *known = &self->contracts[instrument];
    if (known->contract[0] && known->price_divisor <= scale && known->is_listed >= contract.is_listed)
        return;
    contract.multiplier *= scale;
    contract.price_divisor = scale;
    contract.facts.multiplier = contract.multiplier;
    contract.facts.tick.exponent = (int8_t) (contract.facts.tick.exponent - (int) lround (log10 (scale)));
    (void) slice_copy (base, contract.facts.base, sizeof contract.facts.base);
    (void) slice_copy (quote, contract.facts.quote, sizeof contract.facts.quote);
    memcpy (contract.facts.contract, contract.contract, sizeof contract.facts.contract);
    *known = contract;
}

void
native_listing_emit (const native_listing_t *self, event_sink_t *out, bool is_complete)
{
    for (size_t i = 0; i < self->universe->count; i++)
        if (self->contracts[i].contract[0] || is_complete)
            out->contract (out->self, (int) i, &self->contracts[i]);
}
