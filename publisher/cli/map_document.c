#include "publisher/cli/map_document.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

enum { CELLS_MAX = 40 * 1000 * 1000 };
#define TIME_MS_MAX 9e15

//  A number of an object within bounds.
static int
read_number (const json_t *object, const char *key, double low, double high, double *out, error_text_t *error)
{
    const json_t *value = json_object_get (object, key);
    if (!json_is_number (value))
        return error_set (error, E_SYNTAX, "the heatmap document: \"%s\" %s", key,
                          value ? "is not a number" : "is missing");
    *out = json_number_value (value);
    if (!(*out >= low && *out <= high))
        return error_set (error, E_SYNTAX, "the heatmap document: \"%s\" is %g, outside %g .. %g", key, *out,
                          low, high);
    return OK;
}

static int
read_list (const json_t *object, const char *key, size_t most, const json_t **out, error_text_t *error)
{
    *out = json_object_get (object, key);
    if (!json_is_array (*out))
        return error_set (error, E_SYNTAX, "the heatmap document: \"%s\" %s", key,
                          *out ? "is not a list" : "is missing");
    if (json_array_size (*out) > most)
        return error_set (error, E_SYNTAX, "the heatmap document: \"%s\" has %zu items, more than %zu", key,
                          json_array_size (*out), most);
    return OK;
}

//  The first count numbers of an item of a list.  null is NaN.
static int
read_tuple (const json_t *list, const char *key, size_t index, size_t count, double out[],
            error_text_t *error)
{
    const json_t *item = json_array_get (list, index);
    if (!json_is_array (item) || json_array_size (item) < count)
        return error_set (error, E_SYNTAX, "the heatmap document: %s[%zu] is not a list of %zu", key, index,
                          count);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get (item, i);
        if (!json_is_number (value) && !json_is_null (value))
            return error_set (error, E_SYNTAX, "the heatmap document: %s[%zu][%zu] is not a number", key,
                              index, i);
        out[i] = json_is_null (value) ? NAN : json_number_value (value);
    }
    return OK;
}

static int
read_columns (map_heatmap_t *self, const json_t *root, error_text_t *error)
{
    const json_t *list;
    if (read_list (root, "x_axis", MAP_PICTURE_COLUMNS_MAX, &list, error) != OK)
        return E_SYNTAX;
    self->columns_count = json_array_size (list);
    self->column_ms = mem_new ((self->columns_count + 1) * sizeof *self->column_ms);
    for (size_t i = 0; i < self->columns_count; i++) {
        const json_t *value = json_array_get (list, i);
        double at = json_is_number (value) ? json_number_value (value) : -1;
        if (!(at >= 0 && at <= TIME_MS_MAX))
            return error_set (error, E_SYNTAX, "the heatmap document: x_axis[%zu] is not a time in ms", i);
        self->column_ms[i] = (int64_t) at;
        if (i > 0 && self->column_ms[i] <= self->column_ms[i - 1])
            return error_set (error, E_SYNTAX,
                              "the heatmap document: x_axis[%zu] is not after the one before", i);
    }
    return OK;
}

static int
read_cells (map_heatmap_t *self, const json_t *root, error_text_t *error)
{
    const json_t *list;
    if (read_list (root, "liquidation_leverage_data", CELLS_MAX, &list, error) != OK)
        return E_SYNTAX;
    self->usd = mem_new ((self->columns_count * self->rows_count + 1) * sizeof *self->usd);
    for (size_t i = 0; i < json_array_size (list); i++) {
        double cell[3] = {0};
        if (read_tuple (list, "liquidation_leverage_data", i, 3, cell, error) != OK)
            return E_SYNTAX;
        if (!(cell[0] >= 0 && cell[0] < (double) self->columns_count && cell[1] >= 0 &&
              cell[1] < (double) self->rows_count && cell[2] >= 0 && cell[2] < 1e15))
            return error_set (error, E_SYNTAX,
                              "the heatmap document: liquidation_leverage_data[%zu] is outside the axes", i);
        self->usd[(size_t) cell[0] * self->rows_count + (size_t) cell[1]] += cell[2];
    }
    return OK;
}

//  A minute without a trade has no candle: its prices are null.
static int
read_candles (map_heatmap_t *self, const json_t *root, error_text_t *error)
{
    const json_t *list;
    if (read_list (root, "price_candlesticks", MAP_PICTURE_COLUMNS_MAX, &list, error) != OK)
        return E_SYNTAX;
    self->candles = mem_new ((json_array_size (list) + 1) * sizeof *self->candles);
    for (size_t i = 0; i < json_array_size (list); i++) {
        double at[5] = {0};
        if (read_tuple (list, "price_candlesticks", i, 5, at, error) != OK)
            return E_SYNTAX;
        if (isnan (at[0]) || isnan (at[1]) || isnan (at[2]) || isnan (at[3]) || isnan (at[4]))
            continue;
        bool is_right = at[0] >= 0 && at[0] <= TIME_MS_MAX && at[3] > 0 && at[2] >= at[3] && at[1] >= at[3] &&
                        at[1] <= at[2] && at[4] >= at[3] && at[4] <= at[2];
        if (!is_right)
            return error_set (error, E_SYNTAX, "the heatmap document: price_candlesticks[%zu] is no candle",
                              i);
        self->candles[self->candles_count++] = (map_candle_t){(int64_t) at[0], at[1], at[2], at[3], at[4]};
    }
    return OK;
}

static int
read_dots (map_heatmap_t *self, const json_t *root, error_text_t *error)
{
    const json_t *list;
    if (read_list (root, "prints", CELLS_MAX, &list, error) != OK)
        return E_SYNTAX;
    self->dots = mem_new ((json_array_size (list) + 1) * sizeof *self->dots);
    for (size_t i = 0; i < json_array_size (list); i++) {
        double at[4] = {0};
        if (read_tuple (list, "prints", i, 4, at, error) != OK)
            return E_SYNTAX;
        if (!(at[0] >= 0 && at[0] < (double) self->columns_count && at[1] > 0 && at[2] >= 0) ||
            (at[3] != 1 && at[3] != -1))
            return error_set (error, E_SYNTAX, "the heatmap document: prints[%zu] is no liquidation", i);
        const char *coverage = json_string_value (json_array_get (json_array_get (list, i), 6));
        self->dots[self->dots_count++] =
            (map_dot_t){.column = (size_t) at[0],
                        .px = at[1],
                        .usd = at[2],
                        .side = at[3] > 0 ? MAP_SIDE_LONG : MAP_SIDE_SHORT,
                        .is_sampled = coverage && strcmp (coverage, coverage_names[COVERAGE_SAMPLED]) == 0};
    }
    return OK;
}

static int
read_axes (map_heatmap_t *self, const json_t *root, error_text_t *error)
{
    double row_bp = 0, update_ms = 0;
    const json_t *rows;
    if (read_number (root, "column_s", 1, 1e9, &self->column_s, error) != OK ||
        read_number (root, "update_time", 0, TIME_MS_MAX, &update_ms, error) != OK ||
        read_number (root, "row_bp", 0.01, 5000, &row_bp, error) != OK ||
        read_number (root, "first_px", 1e-12, 1e15, &self->first_px, error) != OK ||
        read_list (root, "y_axis", MAP_PICTURE_ROWS_MAX, &rows, error) != OK ||
        read_columns (self, root, error) != OK)
        return E_SYNTAX;
    self->update_ms = (int64_t) update_ms;
    self->step = row_bp * 1e-4;
    self->rows_count = json_array_size (rows);
    if (self->columns_count * self->rows_count > CELLS_MAX)
        return error_set (error, E_SYNTAX, "the heatmap document: %zu x %zu cells are too many",
                          self->columns_count, self->rows_count);
    return OK;
}

static int
read_root (map_picture_t *picture, map_heatmap_t *heatmap, const json_t *root, error_text_t *error)
{
    if (!json_is_object (root))
        return error_set (error, E_SYNTAX, "the heatmap document is not a JSON object");
    const char *instrument = json_string_value (json_object_get (root, "instrument"));
    const char *model = json_string_value (json_object_get (root, "model"));
    const char *range = json_string_value (json_object_get (root, "range"));
    const char *source = json_string_value (json_object_get (root, "source"));
    if (!instrument || !model || !range || !source)
        return error_set (error, E_SYNTAX, "the heatmap document: \"%s\" is missing or no text",
                          !instrument ? "instrument"
                          : !model    ? "model"
                          : !range    ? "range"
                                      : "source");
    if (strcmp (instrument, picture->instrument) != 0 || strcmp (model, map_model_names[picture->model]) != 0)
        return error_set (error, E_SYNTAX, "the heatmap document is of %.32s %.16s, not of %s %s", instrument,
                          model, picture->instrument, map_model_names[picture->model]);
    (void) slice_copy (slice_of (range), heatmap->range, sizeof heatmap->range);
    //  Without a column there is no price to begin the rows with either.
    const json_t *columns = json_object_get (root, "x_axis"), *rows = json_object_get (root, "y_axis");
    if (json_is_array (columns) && json_is_array (rows) &&
        (json_array_size (columns) == 0 || json_array_size (rows) == 0))
        return error_set (error, E_ABSENT, "nothing is held of %s %s for %s yet", instrument, model,
                          heatmap->range);
    if (read_axes (heatmap, root, error) != OK || read_cells (heatmap, root, error) != OK ||
        read_candles (heatmap, root, error) != OK || read_dots (heatmap, root, error) != OK)
        return E_SYNTAX;
    picture->is_simulated |= strcmp (source, source_names[SOURCE_SIM]) == 0;
    return OK;
}

static void
fini (map_heatmap_t *self)
{
    free (self->column_ms);
    free (self->usd);
    free (self->candles);
    free (self->dots);
    *self = (map_heatmap_t){0};
}

int
map_document_read (map_picture_t *picture, slice_t text, error_text_t *error)
{
    json_error_t where;
    json_t *root = json_loadb (text.data, text.size, JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return error_set (error, E_SYNTAX, "the heatmap document is not JSON: line %d column %d: %.120s",
                          where.line, where.column, where.text);
    map_heatmap_t heatmap = {.column_s = 0};
    int status = read_root (picture, &heatmap, root, error);
    json_decref (root);
    if (status != OK) {
        fini (&heatmap);
        return status;
    }
    fini (&picture->heatmap);
    picture->heatmap = heatmap;
    picture->has_heatmap = true;
    return OK;
}
