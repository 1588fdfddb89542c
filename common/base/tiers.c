#include "common/base/tiers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double DEDUCTION_TOLERANCE = .01;
enum { WORD_MAX = 48, FILE_BYTES_MAX = 1 << 20 };

int
tiers_finish (tiers_t *self, error_text_t *error)
{
    if (self->count < 1)
        return error_set (error, E_RANGE, "a table without tiers");
    double deduction = 0;
    for (int i = 0; i < self->count; i++) {
        tier_t *row = self->rows + i;
        const tier_t *before = i > 0 ? row - 1 : NULL;
        bool is_rising = !before || (row->up_to > before->up_to && row->mmr > before->mmr &&
                                     row->leverage_max <= before->leverage_max);
        if (!(row->up_to > 0) || !(row->mmr > 0) || !(row->leverage_max >= 1) || !is_rising)
            return error_set (error, E_RANGE, "tier %d: bounds and rates must rise, leverage must fall",
                              i + 1);
        if (!(row->mmr < 1 / row->leverage_max))
            return error_set (error, E_RANGE, "tier %d: rate %g is not below 1/%g", i + 1, row->mmr,
                              row->leverage_max);
        if (before && !self->is_by_coins)
            deduction += before->up_to * (row->mmr - before->mmr);
        if (isnan (row->deduction))
            row->deduction = deduction;
        if (fabs (row->deduction - deduction) > DEDUCTION_TOLERANCE * fmax (deduction, 1))
            return error_set (error, E_RANGE, "tier %d: deduction %g, continuity asks for %g", i + 1,
                              row->deduction, deduction);
        deduction = row->deduction;
    }
    return OK;
}

//  --- file

typedef struct {
    tiers_t head; //  basis, key, fee
    tiers_t table;
    bool is_open, is_wanted, is_named; //  named: for this instrument, not for all
    bool has_any, has_named;
    int line;
} reading_state_t;

static slice_t
next_word (slice_t *rest)
{
    while (rest->size > 0 && (*rest->data == ' ' || *rest->data == '\t' || *rest->data == '\r')) {
        rest->data++;
        rest->size--;
    }
    size_t size = 0;
    while (size < rest->size && rest->data[size] != ' ' && rest->data[size] != '\t' &&
           rest->data[size] != '\r')
        size++;
    slice_t word = {rest->data, size};
    rest->data += size;
    rest->size -= size;
    return word;
}

static int
read_number (slice_t word, double *out)
{
    char text[WORD_MAX], *end;
    if (word.size == 0 || slice_copy (word, text, sizeof text) != OK)
        return E_SYNTAX;
    *out = strtod (text, &end);
    return *end == 0 && isfinite (*out) ? OK : E_SYNTAX;
}

static int
close_table (reading_state_t *state, tiers_t *out, error_text_t *error)
{
    if (!state->is_open)
        return OK;
    int status = tiers_finish (&state->table, error);
    if (status == OK && state->is_wanted && (state->is_named || !state->has_named)) {
        *out = state->table;
        state->has_any = true;
        state->has_named = state->is_named;
    }
    state->is_open = false;
    return status;
}

static int
open_table (reading_state_t *state, slice_t rest, const char *instrument, error_text_t *error)
{
    state->table = state->head;
    state->is_open = true;
    state->is_wanted = state->is_named = false;
    slice_t word = next_word (&rest);
    if (word.size == 0)
        return error_set (error, E_SYNTAX, "table of no instrument");
    for (; word.size > 0; word = next_word (&rest)) {
        state->is_named = state->is_named || slice_is (word, instrument);
        state->is_wanted = state->is_wanted || state->is_named || slice_is (word, "*");
    }
    return OK;
}

static int
read_tier (reading_state_t *state, slice_t first, slice_t rest, error_text_t *error)
{
    tier_t row = {.deduction = NAN};
    if (!state->is_open || state->table.count == TIERS_MAX)
        return error_set (error, E_SYNTAX, state->is_open ? "too many tiers" : "a tier before any table");
    slice_t mmr = next_word (&rest), leverage = next_word (&rest), deduction = next_word (&rest);
    if (read_number (first, &row.up_to) != OK || read_number (mmr, &row.mmr) != OK ||
        read_number (leverage, &row.leverage_max) != OK ||
        (deduction.size > 0 && read_number (deduction, &row.deduction) != OK) || next_word (&rest).size > 0)
        return error_set (error, E_SYNTAX, "a tier is: up to, rate, leverage, and perhaps its deduction");
    state->table.rows[state->table.count++] = row;
    return OK;
}

static int
read_line (reading_state_t *state, slice_t line, const char *instrument, tiers_t *out, error_text_t *error)
{
    slice_t word = next_word (&line), value;
    if (word.size == 0 || *word.data == '#')
        return OK;
    if (slice_is (word, "table")) {
        int status = close_table (state, out, error);
        return status == OK ? open_table (state, line, instrument, error) : status;
    }
    if (slice_is (word, "basis") || slice_is (word, "key") || slice_is (word, "fee_inside")) {
        bool is_basis = *word.data == 'b', is_key = *word.data == 'k';
        value = next_word (&line);
        if (is_basis && (slice_is (value, "mark") || slice_is (value, "entry")))
            state->head.basis = slice_is (value, "mark") ? TIERS_BASIS_MARK : TIERS_BASIS_ENTRY;
        else if (is_key && (slice_is (value, "usd") || slice_is (value, "coins")))
            state->head.is_by_coins = slice_is (value, "coins");
        else if (is_basis || is_key || read_number (value, &state->head.fee_inside) != OK ||
                 !(state->head.fee_inside >= 0 && state->head.fee_inside < .01))
            return error_set (error, E_SYNTAX, "basis mark|entry, key usd|coins, fee_inside 0..0.01");
        return OK;
    }
    return read_tier (state, word, line, error);
}

int
tiers_parse (tiers_t *self, slice_t text, const char *instrument, error_text_t *error)
{
    reading_state_t state = {.line = 0};
    int status = OK;
    *self = (tiers_t){.count = 0};
    while (status == OK && text.size > 0) {
        slice_t line = slice_cut (&text, '\n');
        state.line++;
        status = read_line (&state, line, instrument, self, error);
    }
    if (status == OK)
        status = close_table (&state, self, error);
    if (status != OK)
        return error_add (error, status, "line %d", state.line);
    return state.has_any ? OK : error_set (error, E_ABSENT, "no tiers for %s, and none for all", instrument);
}

int
tiers_load (tiers_t *self, const char *folder, const char *venue, const char *instrument, error_text_t *error)
{
    char path[512];
    (void) snprintf (path, sizeof path, "%s/%s.tsv", folder, venue);
    FILE *file = fopen (path, "rb");
    if (!file)
        return error_set (error, E_IO, "%s: %s", path, "cannot be read");
    char *text = malloc (FILE_BYTES_MAX);
    size_t size = text ? fread (text, 1, FILE_BYTES_MAX, file) : 0;
    bool is_whole = text && !ferror (file) && size < FILE_BYTES_MAX;
    (void) fclose (file);
    int status = is_whole ? tiers_parse (self, (slice_t){text, size}, instrument, error)
                          : error_set (error, E_IO, "cannot be read");
    free (text);
    return status == OK ? OK : error_add (error, status, "%s", path);
}

//  --- prices

static const tier_t *
tier_of (const tiers_t *self, double size)
{
    int i = 0;
    while (i + 1 < self->count && size > self->rows[i].up_to)
        i++;
    return &self->rows[i];
}

const tier_t *
tiers_at (const tiers_t *self, double qty_coins, double px)
{
    return tier_of (self, self->is_by_coins ? qty_coins : qty_coins * px);
}

//  Price of a linear position under one tier.
static double
linear_px (const tiers_t *self, const tier_t *tier, int side, double qty, double entry, double margin)
{
    double rate = tier->mmr + self->fee_inside;
    return (side * qty * entry - margin - tier->deduction) / (qty * (side - rate));
}

double
tiers_liquidation_px (const tiers_t *self, int side, double qty_coins, double entry_px, double margin_usd)
{
    const tier_t *tier = tiers_at (self, qty_coins, entry_px), *before = NULL;
    if (self->basis == TIERS_BASIS_ENTRY) {
        double room_usd = margin_usd - qty_coins * entry_px * tier->mmr + tier->deduction;
        return fmax (0, entry_px - side * room_usd / qty_coins);
    }
    double px = 0;
    for (int round = 0; round < TIERS_MAX; round++) {
        px = linear_px (self, tier, side, qty_coins, entry_px, margin_usd);
        const tier_t *there = tiers_at (self, qty_coins, fmax (0, px));
        if (there == tier)
            break;
        if (before && there == before) { //  rates that jump: safe below the bound, not above it
            px = (there < tier ? there : tier)->up_to / qty_coins;
            break;
        }
        before = tier;
        tier = there;
    }
    return fmax (0, px);
}

double
tiers_inverse_liquidation_px (const tiers_t *self, int side, double qty_usd, double entry_px,
                              double margin_coins)
{
    double px = entry_px;
    const tier_t *tier = NULL, *before = NULL;
    for (int round = 0; round < TIERS_MAX; round++) {
        const tier_t *there = tier_of (self, self->is_by_coins ? qty_usd / px : qty_usd);
        if (there == tier)
            break;
        if (before && there == before)
            return qty_usd / (there < tier ? there : tier)->up_to;
        before = tier;
        tier = there;
        double below = qty_usd / entry_px + side * (margin_coins + tier->deduction);
        if (!(below > 0))
            return 0;
        px = qty_usd * (1 + side * (tier->mmr + self->fee_inside)) / below;
    }
    return px;
}

double
tiers_bankruptcy_px (int side, double qty_coins, double entry_px, double margin_usd)
{
    return fmax (0, entry_px - side * margin_usd / qty_coins);
}

double
tiers_inverse_bankruptcy_px (int side, double qty_usd, double entry_px, double margin_coins)
{
    double below = qty_usd / entry_px + side * margin_coins;
    return below > 0 ? qty_usd / below : 0;
}

double
tiers_distance (const tiers_t *self, int side, double qty_coins, double px, double leverage)
{
    double liquidation_px = tiers_liquidation_px (self, side, qty_coins, px, qty_coins * px / leverage);
    return log (liquidation_px / px);
}
