#include "publisher/heatmap_column.h"

#include <math.h>
#include <string.h>
#include <zstd.h>

#include "common/base/check.h"

enum {
    RAW_BYTES_MAX = 8 * MAP_GROUPS + 2 * HEATMAP_VENUES_MAX * MAP_GROUPS * MAP_ROWS_MAX,
    SPAN_MINUTES_MAX = 1440,
    COMPRESSION = 3,
    FLAG_SIM = 1,
    FLAG_RECONSTRUCTED = 2
};
#define SMALLEST_USD 0.01
#define RATIO        1.01
#define LOG_PX_MAX   60.0 //  of the logarithm of any row's price
#define TIME_MS_MAX  INT64_C (9000000000000000)
#define AMOUNT_MAX   1e15

uint16_t
heatmap_column_code (double usd)
{
    if (!(usd >= SMALLEST_USD))
        return 0;
    long code = 1 + lround (log (usd / SMALLEST_USD) / log (RATIO));
    return (uint16_t) (code < HEATMAP_CODES ? code : HEATMAP_CODES - 1);
}

const float *
heatmap_column_usd (void)
{
    static float table[HEATMAP_CODES];
    if (table[1] == 0)
        for (int code = 1; code < HEATMAP_CODES; code++)
            table[code] = (float) (SMALLEST_USD * pow (RATIO, code - 1));
    return table;
}

//  --- from a frame

static int
name_of (heatmap_side_t *side, const char *venue)
{
    for (size_t i = 0; i < side->names_count; i++)
        if (strcmp (side->names[i], venue) == 0)
            return (int) i;
    if (side->names_count == HEATMAP_NAMES_MAX)
        return -1;
    (void) slice_copy (slice_of (venue), side->names[side->names_count], VENUE_NAME_MAX);
    return (int) side->names_count++;
}

static void
take_groups (const map_group_t *groups, size_t count, int rows, uint16_t codes[][MAP_ROWS_MAX])
{
    for (size_t g = 0; g < count; g++)
        for (int row = 0; row < rows; row++) {
            double usd = (size_t) row < groups[g].long_count ? (double) groups[g].long_usd[row] : 0;
            usd += (size_t) row < groups[g].short_count ? (double) groups[g].short_usd[row] : 0;
            codes[g][row] = heatmap_column_code (usd);
        }
}

static bool
has_place (int64_t first_row, int rows, int step_bp)
{
    return step_bp >= 1 && step_bp <= 1000 && rows >= 0 && rows <= MAP_ROWS_MAX &&
           fabs ((double) first_row) * step_bp / 1e4 < LOG_PX_MAX;
}

static void
take_venues (const map_frame_t *frame, heatmap_side_t *side, heatmap_cells_t *cells)
{
    for (size_t v = 0; v < frame->venues_count && side->venues_count < HEATMAP_VENUES_MAX; v++) {
        const map_venue_t *venue = &frame->venues[v];
        if (venue->groups_count == 0 || (size_t) name_of (side, venue->venue) != side->venues_count)
            continue;
        size_t count = venue->groups_count < side->groups_count ? venue->groups_count : side->groups_count;
        take_groups (venue->groups, count, side->rows, cells->codes[side->venues_count]);
        side->venues_count++;
    }
    if (side->venues_count > 0)
        return;
    (void) name_of (side, "");
    take_groups (frame->groups, side->groups_count, side->rows, cells->codes[0]);
    side->venues_count = 1;
}

int
heatmap_column_take (const map_frame_t *frame, heatmap_side_t *side, heatmap_cells_t *cells,
                     error_text_t *error)
{
    if (!has_place (frame->first_row, frame->rows_count, frame->step_bp) ||
        frame->groups_count > MAP_GROUPS || frame->ts_ms <= 0 || frame->ts_ms > TIME_MS_MAX)
        return error_set (error, E_RANGE, "a column of %s at %lld ms from row %lld with %d rows of %d bp",
                          frame->instrument, (long long) frame->ts_ms, (long long) frame->first_row,
                          frame->rows_count, frame->step_bp);
    memset (side, 0, sizeof *side);
    memset (cells, 0, sizeof *cells);
    side->ts_ms = frame->ts_ms;
    side->is_sim = frame->head.source == SOURCE_SIM;
    side->is_reconstructed = frame->is_reconstructed;
    side->span_minutes = 1;
    side->first_row = frame->first_row;
    side->rows = frame->rows_count;
    side->step_bp = frame->step_bp;
    side->groups_count = frame->groups_count;
    for (size_t g = 0; g < frame->groups_count; g++) {
        cells->leverage[g][0] = (float) frame->groups[g].leverage_from;
        cells->leverage[g][1] = (float) frame->groups[g].leverage_to;
    }
    side->mark_px = frame->mark_px > 0 ? frame->mark_px : NAN;
    side->open_px = frame->open_px > 0 ? frame->open_px : NAN;
    side->high_px = frame->high_px > 0 ? frame->high_px : NAN;
    side->low_px = frame->low_px > 0 ? frame->low_px : NAN;
    side->close_px = frame->close_px > 0 ? frame->close_px : NAN;
    side->volume_usd = frame->volume_usd >= 0 ? frame->volume_usd : NAN;
    take_venues (frame, side, cells);
    for (size_t i = 0; i < frame->prints_count && side->prints_count < HEATMAP_PRINTS_MAX; i++) {
        const map_print_t *print = &frame->prints[i];
        int name = name_of (side, print->venue);
        if (name >= 0 && print->usd > 0 && print->px > 0)
            side->prints[side->prints_count++] = (heatmap_print_t){(uint8_t) name,
                                                                   print->side == MAP_SIDE_LONG ? 1 : -1,
                                                                   (uint8_t) print->coverage,
                                                                   print->px,
                                                                   print->usd,
                                                                   print->count};
    }
    return OK;
}

//  --- several minutes in one

static void
merge_print (heatmap_side_t *to, const heatmap_print_t *from, const char *venue)
{
    int name = name_of (to, venue);
    if (name < 0)
        return;
    for (size_t i = 0; i < to->prints_count; i++) {
        heatmap_print_t *print = &to->prints[i];
        if (print->name != name || print->side != from->side)
            continue;
        print->px = (print->px * print->usd + from->px * from->usd) / (print->usd + from->usd);
        print->usd += from->usd;
        print->count += from->count;
        if (from->coverage > print->coverage)
            print->coverage = from->coverage;
        return;
    }
    if (to->prints_count == HEATMAP_PRINTS_MAX)
        return;
    heatmap_print_t *print = &to->prints[to->prints_count++];
    *print = *from;
    print->name = (uint8_t) name;
}

void
heatmap_column_merge (heatmap_side_t *to, const heatmap_side_t *earlier)
{
    if (!isnan (earlier->open_px))
        to->open_px = earlier->open_px;
    to->high_px = fmax (to->high_px, earlier->high_px); //  fmax and fmin pass over a NaN
    to->low_px = fmin (to->low_px, earlier->low_px);
    if (isnan (to->close_px))
        to->close_px = earlier->close_px;
    if (isnan (to->volume_usd))
        to->volume_usd = earlier->volume_usd;
    else if (!isnan (earlier->volume_usd))
        to->volume_usd += earlier->volume_usd;
    for (size_t i = 0; i < earlier->prints_count; i++)
        merge_print (to, &earlier->prints[i], earlier->names[earlier->prints[i].name]);
}

//  --- the side's bytes

static void
put (char **at, const void *value, size_t size)
{
    memcpy (*at, value, size);
    *at += size;
}

static void
put_byte (char **at, size_t value)
{
    *(*at)++ = (char) (unsigned char) value;
}

size_t
heatmap_column_write_side (const heatmap_side_t *side, char *out)
{
    char *at = out;
    const int32_t first_row = (int32_t) side->first_row;
    const uint16_t numbers[3] = {(uint16_t) side->rows, (uint16_t) side->step_bp,
                                 (uint16_t) side->span_minutes};
    const double prices[6] = {side->mark_px, side->open_px,  side->high_px,
                              side->low_px,  side->close_px, side->volume_usd};
    put (&at, &side->ts_ms, sizeof side->ts_ms);
    put (&at, &first_row, sizeof first_row);
    put (&at, numbers, sizeof numbers);
    put (&at, prices, sizeof prices);
    put_byte (&at, (side->is_sim ? FLAG_SIM : 0u) | (side->is_reconstructed ? FLAG_RECONSTRUCTED : 0u));
    put_byte (&at, side->names_count);
    put_byte (&at, side->venues_count);
    put_byte (&at, side->groups_count);
    put_byte (&at, side->prints_count);
    for (size_t i = 0; i < side->names_count; i++) {
        size_t size = strlen (side->names[i]);
        put_byte (&at, size);
        put (&at, side->names[i], size);
    }
    for (size_t i = 0; i < side->prints_count; i++) {
        const heatmap_print_t *print = &side->prints[i];
        put_byte (&at, print->name);
        put_byte (&at, print->side > 0);
        put_byte (&at, print->coverage);
        put (&at, &print->px, sizeof print->px);
        put (&at, &print->usd, sizeof print->usd);
        put (&at, &print->count, sizeof print->count);
    }
    CHECK (at - out <= HEATMAP_SIDE_BYTES_MAX);
    return (size_t) (at - out);
}

//  Reading: past the end everything is 0 and the end is remembered.
typedef struct {
    const char *at, *end;
    bool is_short;
} input_t;

static void
get (input_t *in, void *value, size_t size)
{
    memset (value, 0, size);
    if ((size_t) (in->end - in->at) < size) {
        in->is_short = true;
        in->at = in->end;
        return;
    }
    memcpy (value, in->at, size);
    in->at += size;
}

static size_t
get_byte (input_t *in)
{
    unsigned char value;
    get (in, &value, 1);
    return value;
}

static bool
is_amount (double value, bool can_be_nan)
{
    return (can_be_nan && isnan (value)) || (value >= 0 && value <= AMOUNT_MAX);
}

static bool
get_names (input_t *in, heatmap_side_t *out)
{
    for (size_t i = 0; i < out->names_count; i++) {
        size_t size = get_byte (in);
        if (size >= VENUE_NAME_MAX)
            return false;
        get (in, out->names[i], size);
        for (size_t k = 0; k < size; k++)
            if (out->names[i][k] <= ' ' || out->names[i][k] > '~')
                return false;
    }
    return true;
}

static bool
get_prints (input_t *in, heatmap_side_t *out)
{
    for (size_t i = 0; i < out->prints_count; i++) {
        heatmap_print_t *print = &out->prints[i];
        print->name = (uint8_t) get_byte (in);
        print->side = get_byte (in) ? 1 : -1;
        print->coverage = (uint8_t) get_byte (in);
        get (in, &print->px, sizeof print->px);
        get (in, &print->usd, sizeof print->usd);
        get (in, &print->count, sizeof print->count);
        if (print->name >= out->names_count || print->coverage > COVERAGE_ABSENT ||
            !is_amount (print->px, false) || !(print->px > 0) || !is_amount (print->usd, false) ||
            !(print->usd > 0) || print->count < 0 || print->count > INT64_C (1000000000000))
            return false;
    }
    return true;
}

int
heatmap_column_read_side (slice_t bytes, heatmap_side_t *out)
{
    input_t in = {bytes.data, bytes.data + bytes.size, false};
    int32_t first_row;
    uint16_t numbers[3];
    double prices[6];
    memset (out, 0, sizeof *out);
    get (&in, &out->ts_ms, sizeof out->ts_ms);
    get (&in, &first_row, sizeof first_row);
    get (&in, numbers, sizeof numbers);
    get (&in, prices, sizeof prices);
    out->first_row = first_row;
    out->rows = numbers[0];
    out->step_bp = numbers[1];
    out->span_minutes = numbers[2];
    const size_t flags = get_byte (&in);
    out->is_sim = flags & FLAG_SIM;
    out->is_reconstructed = flags & FLAG_RECONSTRUCTED;
    out->names_count = get_byte (&in);
    out->venues_count = get_byte (&in);
    out->groups_count = get_byte (&in);
    out->prints_count = get_byte (&in);
    if (in.is_short || flags > (FLAG_SIM | FLAG_RECONSTRUCTED) ||
        !has_place (out->first_row, out->rows, out->step_bp) || out->ts_ms <= 0 || out->ts_ms > TIME_MS_MAX ||
        out->span_minutes < 1 || out->span_minutes > SPAN_MINUTES_MAX ||
        out->names_count > HEATMAP_NAMES_MAX || out->venues_count > HEATMAP_VENUES_MAX ||
        out->venues_count > out->names_count || out->groups_count > MAP_GROUPS ||
        out->prints_count > HEATMAP_PRINTS_MAX)
        return E_SYNTAX;
    double *const to[6] = {&out->mark_px, &out->open_px,  &out->high_px,
                           &out->low_px,  &out->close_px, &out->volume_usd};
    for (size_t i = 0; i < COUNT_OF (to); i++) {
        if (!is_amount (prices[i], true) || (i < 5 && prices[i] == 0))
            return E_SYNTAX;
        *to[i] = prices[i];
    }
    if (!get_names (&in, out) || !get_prints (&in, out) || in.is_short || in.at != in.end)
        return E_SYNTAX;
    return OK;
}

//  --- the cells' bytes: groups' leverage, then all high bytes of the codes, then all low ones

static size_t
codes_count (const heatmap_side_t *side)
{
    return side->venues_count * side->groups_count * (size_t) side->rows;
}

size_t
heatmap_column_pack (const heatmap_side_t *side, const heatmap_cells_t *cells, char *out)
{
    static char raw[RAW_BYTES_MAX];
    size_t count = codes_count (side), head = 8 * side->groups_count, at = head;
    CHECK (head + 2 * count <= sizeof raw && ZSTD_compressBound (sizeof raw) <= HEATMAP_CELLS_BYTES_MAX);
    memcpy (raw, cells->leverage, head);
    for (size_t v = 0; v < side->venues_count; v++)
        for (size_t g = 0; g < side->groups_count; g++)
            for (int row = 0; row < side->rows; row++, at++) {
                raw[at] = (char) (cells->codes[v][g][row] >> 8);
                raw[at + count] = (char) (cells->codes[v][g][row] & 0xff);
            }
    size_t size = ZSTD_compress (out, HEATMAP_CELLS_BYTES_MAX, raw, head + 2 * count, COMPRESSION);
    CHECK (!ZSTD_isError (size));
    return size;
}

int
heatmap_column_unpack (slice_t bytes, const heatmap_side_t *side, heatmap_cells_t *out)
{
    static char raw[RAW_BYTES_MAX];
    static ZSTD_DCtx *context; //  kept: making one costs more than a column
    if (!context)
        context = ZSTD_createDCtx ();
    CHECK (context);
    size_t count = codes_count (side), head = 8 * side->groups_count;
    size_t size = ZSTD_decompressDCtx (context, raw, sizeof raw, bytes.data, bytes.size);
    if (ZSTD_isError (size) || size != head + 2 * count)
        return E_SYNTAX;
    memcpy (out->leverage, raw, head);
    for (size_t g = 0; g < side->groups_count; g++)
        for (int i = 0; i < 2; i++)
            if (!(out->leverage[g][i] >= 0 && out->leverage[g][i] <= 1000))
                return E_SYNTAX;
    const unsigned char *high = (const unsigned char *) raw + head, *low = high + count;
    unsigned any = 0; //  looked at once, at the end: the loop is then a plain one
    for (size_t v = 0; v < side->venues_count; v++)
        for (size_t g = 0; g < side->groups_count; g++, high += side->rows, low += side->rows) {
            uint16_t *codes = out->codes[v][g];
            for (int row = 0; row < side->rows; row++) {
                codes[row] = (uint16_t) (high[row] << 8 | low[row]);
                any |= codes[row];
            }
        }
    return any < HEATMAP_CODES ? OK : E_SYNTAX; //  a power of two
}
