#include "publisher/render_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

static const char NOTE[] = "not financial advice";
enum { DEFAULT_RANGE = 1, DEFAULT_ROWS = 300, WANTED_VENUES_MAX = 16, BLOCK_BYTES = 8192 };

//  --- arguments

static render_t
bad_argument (text_buffer_t *out, const char *name, const char *allowed)
{
    text_reset (out);
    text_add (out, "{\"error\":\"%s: one of %s\",\"parameter\":\"%s\",\"allowed\":", name, allowed, name);
    text_add_quoted (out, allowed);
    text_add (out, "}\n");
    return (render_t){400, render_json_type};
}

//  The value of an argument ("" when it has none), or NULL.
static const char *
find_argument (const render_arguments_t *arguments, const char *name)
{
    for (size_t i = 0; i < arguments->count; i++) {
        slice_t rest = slice_of (arguments->texts[i]), given = slice_cut (&rest, '=');
        if (slice_is (given, name))
            return rest.size > 0 ? rest.data : "";
    }
    return NULL;
}

//  The first that is none of these (and not the token), or NULL.
static const char *
find_stranger (const render_arguments_t *arguments, const char *const names[])
{
    for (size_t i = 0; i < arguments->count; i++) {
        slice_t rest = slice_of (arguments->texts[i]), name = slice_cut (&rest, '=');
        bool is_known = slice_is (name, "token");
        for (size_t k = 0; names[k] && !is_known; k++)
            is_known = slice_is (name, names[k]);
        if (!is_known)
            return arguments->texts[i];
    }
    return NULL;
}

static render_t
strange_argument (text_buffer_t *out, const char *argument, const char *const names[])
{
    slice_t rest = slice_of (argument), name = slice_cut (&rest, '=');
    char text[RENDER_ARGUMENT_MAX];
    (void) slice_copy (name, text, sizeof text);
    text_reset (out);
    text_add (out, "{\"error\":\"there is no such parameter\",\"parameter\":");
    text_add_quoted (out, text);
    text_add (out, ",\"allowed\":\"");
    for (size_t i = 0; names[i]; i++)
        text_add (out, "%s%s", i ? " " : "", names[i]);
    text_add (out, "\"}\n");
    return (render_t){400, render_json_type};
}

//  Index of a word in a list that ends with NULL; the default when there is no such argument; -1.
static int
parse_word (const char *value, const char *const words[], int preset)
{
    if (!value)
        return preset;
    for (int i = 0; words[i]; i++)
        if (strcmp (words[i], value) == 0)
            return i;
    return -1;
}

//  "0,2,4" to bits.  0: wrong.
static uint32_t
parse_groups (const char *value)
{
    uint32_t bits = 0;
    if (!value)
        return (1u << MAP_GROUPS) - 1;
    for (const char *at = value;; at += 2) {
        if (at[0] < '0' || at[0] >= '0' + MAP_GROUPS || (at[1] && at[1] != ','))
            return 0;
        bits |= 1u << (at[0] - '0');
        if (!at[1])
            return bits;
    }
}

static int
parse_rows (const char *value)
{
    char *end;
    if (!value)
        return DEFAULT_ROWS;
    long rows = strtol (value, &end, 10);
    return value[0] >= '0' && value[0] <= '9' && !*end && rows >= HEATMAP_ROWS_MIN && rows <= HEATMAP_ROWS_MAX
               ? (int) rows
               : 0;
}

//  Names between commas, cut out of text.  Returns how many, or -1 when there are too many or an empty one.
static int
parse_venues (char *text, const char *names[WANTED_VENUES_MAX])
{
    int count = 0;
    for (char *at = text; at; count++) {
        char *comma = strchr (at, ',');
        if (count == WANTED_VENUES_MAX || *at == 0 || *at == ',')
            return -1;
        names[count] = at;
        if (comma)
            *comma++ = 0;
        at = comma;
    }
    return count;
}

static bool
is_instrument (const render_sources_t *sources, slice_t name, char out[INSTRUMENT_NAME_MAX])
{
    return universe_find (&sources->pipeline->universe, name) >= 0 &&
           slice_copy (name, out, INSTRUMENT_NAME_MAX) == OK;
}

//  --- the map as it is now

render_t
render_map (const render_sources_t *sources, slice_t instrument, const render_arguments_t *arguments,
            text_buffer_t *out)
{
    static const char *const names[] = {"model", NULL};
    const char *stranger = find_stranger (arguments, names);
    topic_t topic = {.kind = TOPIC_MAP};
    if (!is_instrument (sources, instrument, topic.instrument))
        return render_not_found (out, "no such instrument");
    if (stranger)
        return strange_argument (out, stranger, names);
    int model = parse_word (find_argument (arguments, "model"), map_model_names, MAP_MODEL_FULL);
    if (model < 0)
        return bad_argument (out, "model", "full ladder");
    if (model != MAP_MODEL_FULL)
        (void) slice_copy (slice_of (map_model_names[model]), topic.name, sizeof topic.name);
    const store_entry_t *entry = store_find (sources->store, &topic);
    if (!entry)
        return render_not_found (out, "there is no map of this instrument and model (yet)");
    text_add_slice (out, store_json (sources->store, entry));
    text_add (out, "\n");
    return (render_t){200, render_json_type};
}

//  --- fast numbers: a picture has a hundred thousand of them

typedef struct {
    text_buffer_t *out;
    char bytes[BLOCK_BYTES];
    size_t size;
} block_t;

static void
flush (block_t *self)
{
    text_add_slice (self->out, (slice_t){self->bytes, self->size});
    self->size = 0;
}

static void
add_char (block_t *self, char c)
{
    self->bytes[self->size++] = c;
}

static void
add_count (block_t *self, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char) ('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        self->bytes[self->size++] = digits[--count];
}

static void
add_triples (const heatmap_picture_t *picture, text_buffer_t *out)
{
    block_t block = {.out = out};
    bool is_first = true;
    for (size_t x = 0; x < picture->columns; x++)
        for (size_t y = 0; y < picture->rows; y++) {
            const uint64_t usd = (uint64_t) ((double) picture->cells[x * picture->rows + y] + 0.5);
            if (usd == 0)
                continue;
            if (block.size > BLOCK_BYTES - 80) //  three numbers fit
                flush (&block);
            if (!is_first)
                add_char (&block, ',');
            is_first = false;
            add_char (&block, '[');
            add_count (&block, x);
            add_char (&block, ',');
            add_count (&block, y);
            add_char (&block, ',');
            add_count (&block, usd);
            add_char (&block, ']');
        }
    flush (&block);
}

//  --- the heatmap

static void
add_value (text_buffer_t *out, const char *before, double value)
{
    if (isfinite (value))
        text_add (out, "%s%.10g", before, value);
    else
        text_add (out, "%snull", before);
}

static void
add_ranges (const render_sources_t *sources, const heatmap_query_t *query, text_buffer_t *out)
{
    text_add (out, ",\"ranges\":[");
    for (size_t i = 0; i < HEATMAP_RANGES; i++) {
        const heatmap_range_t *range = &heatmap_ranges[i];
        text_add (out, "%s{\"range\":\"%s\",\"held\":%s,\"columns\":%lld,\"column_s\":%d}", i ? "," : "",
                  range->name,
                  heatmap_holds (sources->heatmap, query->instrument, query->model, i) ? "true" : "false",
                  (long long) (range->span_s / range->column_s), range->column_s);
    }
    text_add (out, "]");
}

static void
add_axes (const heatmap_picture_t *picture, text_buffer_t *out)
{
    const double step = picture->row_bp / 1e4;
    text_add (out, ",\"row_bp\":%d", picture->row_bp);
    add_value (out, ",\"first_px\":", picture->rows > 0 ? exp ((double) picture->first_row * step) : NAN);
    text_add (out, ",\"y_axis\":[");
    for (size_t y = 0; y < picture->rows; y++)
        add_value (out, y ? "," : "", exp (((double) picture->first_row + (double) y + 0.5) * step));
    text_add (out, "],\"x_axis\":[");
    for (size_t x = 0; x < picture->columns; x++)
        text_add (out, "%s%lld", x ? "," : "", (long long) picture->candles[x].ts_ms);
    text_add (out, "]");
}

static void
add_candles (const heatmap_picture_t *picture, text_buffer_t *out)
{
    bool is_first = true;
    text_add (out, ",\"price_candlesticks\":[");
    for (size_t x = 0; x < picture->columns; x++) {
        const heatmap_candle_t *candle = &picture->candles[x];
        if (isnan (candle->open_px) || isnan (candle->high_px) || isnan (candle->low_px) ||
            isnan (candle->close_px))
            continue;
        text_add (out, "%s[%lld,%.10g,%.10g,%.10g,%.10g", is_first ? "" : ",", (long long) candle->ts_ms,
                  candle->open_px, candle->high_px, candle->low_px, candle->close_px);
        add_value (out, ",", candle->volume_usd);
        text_add (out, "]");
        is_first = false;
    }
    text_add (out, "]");
}

static void
add_prints (const heatmap_picture_t *picture, text_buffer_t *out)
{
    text_add (out, ",\"prints\":[");
    for (size_t i = 0; i < picture->marks_count; i++) {
        const heatmap_print_t *print = &picture->marks[i].print;
        text_add (out, "%s[%zu,%.10g,%.0f,%d,%lld,", i ? "," : "", picture->marks[i].x, print->px, print->usd,
                  print->side, (long long) print->count);
        text_add_quoted (out, picture->names[print->name]);
        text_add (out, ",\"%s\"]", coverage_names[print->coverage]);
    }
    text_add (out, "]");
}

static void
add_picture (const render_sources_t *sources, const heatmap_query_t *query, const heatmap_picture_t *picture,
             text_buffer_t *out)
{
    text_add (out,
              "{\"source\":\"%s\",\"note\":\"%s\",\"instrument\":\"%s\",\"model\":\"%s\",\"range\":\"%s\"",
              source_names[picture->is_sim ? SOURCE_SIM : SOURCE_LIVE], NOTE, query->instrument,
              map_model_names[query->model], heatmap_ranges[query->range].name);
    add_ranges (sources, query, out);
    text_add (out, ",\"column_s\":%d,\"update_time\":%lld,\"venues\":[", picture->column_s,
              (long long) picture->update_ms);
    for (size_t i = 0; i < picture->names_count && query->model == MAP_MODEL_FULL; i++) {
        text_add (out, "%s", i ? "," : "");
        text_add_quoted (out, picture->names[i]);
    }
    text_add (out, "],\"groups\":[");
    for (size_t g = 0; g < picture->groups_count; g++)
        text_add (out, "%s{\"from\":%g,\"to\":%g}", g ? "," : "", (double) picture->leverage[g][0],
                  (double) picture->leverage[g][1]);
    text_add (out, "]");
    add_axes (picture, out);
    text_add (out, ",\"liquidation_leverage_data\":[");
    add_triples (picture, out);
    text_add (out, "]");
    add_candles (picture, out);
    add_prints (picture, out);
    text_add (out, ",\"max_usd\":%.0f,\"p997_usd\":%.0f,\"reconstructed\":%zu}\n", picture->max_usd,
              picture->p997_usd, picture->reconstructed);
}

static render_t
unknown_venue (const heatmap_picture_t *picture, text_buffer_t *out)
{
    char allowed[HEATMAP_NAMES_MAX * (VENUE_NAME_MAX + 1) + 1] = "";
    for (size_t i = 0, size = 0; i < picture->names_count; i++)
        size += (size_t) snprintf (allowed + size, sizeof allowed - size, "%s%s", i ? " " : "",
                                   picture->names[i]);
    return bad_argument (out, "venues", allowed);
}

//  Arguments into a query.  Returns the name of the first that is wrong, or NULL.  text: for the names of venues.
static const char *
parse_query (const render_arguments_t *arguments, heatmap_query_t *query, char *text,
             const char *venues[WANTED_VENUES_MAX])
{
    const char *range_names[HEATMAP_RANGES + 1] = {0};
    for (size_t i = 0; i < HEATMAP_RANGES; i++)
        range_names[i] = heatmap_ranges[i].name;
    const int model = parse_word (find_argument (arguments, "model"), map_model_names, MAP_MODEL_FULL);
    const int range = parse_word (find_argument (arguments, "range"), range_names, DEFAULT_RANGE);
    const char *wanted = find_argument (arguments, "venues");
    query->groups = parse_groups (find_argument (arguments, "groups"));
    query->rows_max = parse_rows (find_argument (arguments, "rows"));
    if (model < 0 || range < 0)
        return model < 0 ? "model" : "range";
    query->model = (map_model_t) model;
    query->range = (size_t) range;
    if (query->groups == 0 || query->rows_max == 0)
        return query->groups == 0 ? "groups" : "rows";
    query->venues = venues;
    if (!wanted || model != MAP_MODEL_FULL) //  the ladder knows no venues
        return NULL;
    (void) slice_copy (slice_of (wanted), text, RENDER_ARGUMENT_MAX);
    int count = parse_venues (text, venues);
    query->venues_count = count < 0 ? 0 : (size_t) count;
    return count < 0 ? "venues" : NULL;
}

render_t
render_heatmap (const render_sources_t *sources, slice_t instrument, const render_arguments_t *arguments,
                text_buffer_t *out)
{
    static const char *const names[] = {"range", "model", "groups", "venues", "rows", NULL};
    static const char *const allowed[] = {"12h 24h 48h 3d 1w 2w 1m 3m 6m 1y", "full ladder",
                                          "0 to 4, separated by commas",
                                          "names of venues, separated by commas", "50 to 801"};
    char name[INSTRUMENT_NAME_MAX], text[RENDER_ARGUMENT_MAX];
    const char *venues[WANTED_VENUES_MAX], *stranger = find_stranger (arguments, names);
    heatmap_query_t query = {.instrument = name};
    heatmap_picture_t picture;
    if (!is_instrument (sources, instrument, name))
        return render_not_found (out, "no such instrument");
    if (stranger)
        return strange_argument (out, stranger, names);
    const char *wrong = parse_query (arguments, &query, text, venues);
    for (size_t i = 0; wrong && names[i]; i++)
        if (strcmp (names[i], wrong) == 0)
            return bad_argument (out, wrong, allowed[i]);
    int status = sources->heatmap ? heatmap_read (sources->heatmap, &query, &picture) : E_ABSENT;
    if (status == E_SYNTAX)
        return unknown_venue (&picture, out);
    if (status != OK)
        return render_not_found (out, "there is no heatmap of this instrument and model (yet)");
    add_picture (sources, &query, &picture, out);
    return (render_t){200, render_json_type};
}
