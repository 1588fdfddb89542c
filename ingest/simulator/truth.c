#include "ingest/simulator/truth.h"
#include "common/base/check.h"
#include "common/base/decimal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double BIN_LOG = 0.0005;
static const double COMPONENTS[] = {2, 3, 5, 7.5, 10, 15, 20, 25, 33, 50, 75, 100, 125};
enum { BUFFER_BYTES = 1 << 18 };

typedef struct {
    int32_t row; //  (side x components + component) x 2 + cross
    int32_t bin;
    double usd;
} cell_t;

struct truth {
    FILE *file;
    char *buffer;
    cell_t *cells;
    int32_t cells_room;
    bool is_failed;
};

truth_t *
truth_open (const char *path, error_text_t *error)
{
    FILE *file = fopen (path, "w");
    if (!file) {
        error_set (error, E_IO, "truth file %s: %s", path, strerror (errno));
        return NULL;
    }
    truth_t *self = mem_new (sizeof *self);
    self->file = file;
    self->buffer = mem_new (BUFFER_BYTES);
    setvbuf (file, self->buffer, _IOFBF, BUFFER_BYTES);
    return self;
}

void
truth_close (truth_t **self)
{
    if (!*self)
        return;
    fclose ((*self)->file);
    free ((*self)->buffer);
    free ((*self)->cells);
    free (*self);
    *self = NULL;
}

int
truth_flush (truth_t *self)
{
    bool is_failed = fflush (self->file) != 0 || self->is_failed;
    self->is_failed = false;
    return is_failed ? E_IO : OK;
}

static void
note (truth_t *self, int written)
{
    if (written < 0)
        self->is_failed = true;
}

static const char *
px_text (const world_spec_t *spec, int64_t px_ticks, char *out)
{
    decimal_t px = {.mantissa = px_ticks * spec->tick_units, .exponent = (int8_t) spec->tick_exponent};
    decimal_format (px, out);
    return out;
}

static const char *
qty_text (const world_spec_t *spec, int64_t qty_lots, char *out)
{
    decimal_t qty = {.mantissa = qty_lots * spec->lot_units, .exponent = (int8_t) spec->lot_exponent};
    decimal_format (qty, out);
    return out;
}

void
truth_trade (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
             const world_trade_t *trade, const char *id)
{
    char px[DECIMAL_TEXT_MAX], qty[DECIMAL_TEXT_MAX];
    note (self,
          fprintf (self->file, "{\"trade\":[\"%s\",\"%s\",\"%s\",%" PRId64 ",\"%s\",\"%s\",%d,%d,%d]}\n",
                   venue, instrument, id, trade->ts_ns, px_text (spec, trade->px_ticks, px),
                   qty_text (spec, trade->qty_lots, qty), trade->side, trade->taker_opens,
                   trade->maker_opens));
}

void
truth_liquidation (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
                   const world_liquidation_t *liquidation)
{
    char bankruptcy[DECIMAL_TEXT_MAX], average[DECIMAL_TEXT_MAX], qty[DECIMAL_TEXT_MAX];
    note (self, fprintf (self->file,
                         "{\"liquidation\":[\"%s\",\"%s\",%" PRId64 ",%d,\"%s\",\"%s\",\"%s\",%g,%d,%d]}\n",
                         venue, instrument, liquidation->ts_ns, liquidation->side,
                         qty_text (spec, liquidation->qty_lots, qty),
                         px_text (spec, liquidation->bankruptcy_px_ticks, bankruptcy),
                         px_text (spec, liquidation->average_px_ticks, average), liquidation->leverage,
                         liquidation->is_cross, liquidation->is_partial));
}

void
truth_deleverage (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
                  const world_deleverage_t *deleverage)
{
    char px[DECIMAL_TEXT_MAX], qty[DECIMAL_TEXT_MAX];
    note (self, fprintf (self->file, "{\"adl\":[\"%s\",\"%s\",%" PRId64 ",%d,\"%s\",\"%s\",%g]}\n", venue,
                         instrument, deleverage->ts_ns, deleverage->side,
                         qty_text (spec, deleverage->qty_lots, qty), px_text (spec, deleverage->px_ticks, px),
                         deleverage->score));
}

static int
component_of (double leverage)
{
    int best = 0;
    for (int i = 1; i < (int) COUNT_OF (COMPONENTS); i++)
        if (fabs (log (leverage / COMPONENTS[i])) < fabs (log (leverage / COMPONENTS[best])))
            best = i;
    return best;
}

static int
cell_compare (const void *a, const void *b)
{
    const cell_t *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->bin > y->bin) - (x->bin < y->bin);
}

static int32_t
collect_cells (truth_t *self, const world_spec_t *spec, double mark_px, const accounts_t *accounts)
{
    if (self->cells_room < accounts->slots_end) {
        self->cells_room = accounts->positions_max;
        self->cells = mem_grow (self->cells, (size_t) self->cells_room * sizeof *self->cells);
    }
    int32_t count = 0;
    for (int32_t i = 0; i < accounts->slots_end; i++) {
        const position_t *position = &accounts->positions[i];
        int64_t lots = position->holding.lots;
        if (lots == 0 || position->liquidation_px_ticks <= 0)
            continue;
        int32_t side_row = lots > 0 ? 0 : (int32_t) COUNT_OF (COMPONENTS);
        int32_t row = 2 * (side_row + component_of (accounts_leverage (position))) + position->is_cross;
        double px = position->liquidation_px_ticks * spec->tick_px;
        self->cells[count++] = (cell_t){.row = row,
                                        .bin = (int32_t) floor (log (px) / BIN_LOG),
                                        .usd = (double) llabs (lots) * spec->lot_coins * mark_px};
    }
    qsort (self->cells, (size_t) count, sizeof *self->cells, cell_compare);
    return count;
}

void
truth_positions (truth_t *self, const char *venue, const char *instrument, const world_spec_t *spec,
                 int64_t ts_ns, double mark_px, const accounts_t *accounts)
{
    int32_t count = collect_cells (self, spec, mark_px, accounts);
    for (int32_t i = 0; i < count;) {
        int32_t row = self->cells[i].row, components = (int32_t) COUNT_OF (COMPONENTS);
        note (self, fprintf (self->file, "{\"positions\":[\"%s\",\"%s\",%" PRId64 ",%d,%d,[", venue,
                             instrument, ts_ns, row / 2 < components ? 1 : -1, row / 2 % components));
        for (bool is_first = true; i < count && self->cells[i].row == row; is_first = false) {
            int32_t bin = self->cells[i].bin;
            double usd = 0;
            for (; i < count && self->cells[i].row == row && self->cells[i].bin == bin; i++)
                usd += self->cells[i].usd;
            note (self, fprintf (self->file, "%s[%d,%.0f]", is_first ? "" : ",", bin, usd));
        }
        note (self, fprintf (self->file, "],%d]}\n", row % 2));
    }
}

void
truth_books (truth_t *self, const char *venue, const char *instrument, int64_t ts_ns,
             const world_books_t *books)
{
    note (self, fprintf (self->file,
                         "{\"books\":[\"%s\",\"%s\",%" PRId64 ",%.6f,%.6f,%.6f,%.6f,%.6f,%" PRId64 ",%" PRId64
                         ",%" PRId64 "]}\n",
                         venue, instrument, ts_ns, books->deposits_usd, books->wallets_usd, books->fund_usd,
                         books->fees_usd, books->unrealised_usd, books->long_lots, books->short_lots,
                         books->oi_lots));
}
