/*  map - the liquidation map of an instrument: in the terminal, as a PNG file, or as JSON
 *
 *  How   what stands now comes from the public topics like everything else; the heatmap over time is the
 *        publisher's document.  Without the document what stands now is drawn alone, and why is said. */

#include "publisher/cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/base/check.h"
#include "publisher/cli/map_document.h"
#include "publisher/cli/map_fetch.h"
#include "publisher/cli/map_png.h"
#include "publisher/cli/map_terminal.h"

enum { WIDTH_UNKNOWN = 100, LINES_UNKNOWN = 28, LINES_MIN = 12, LINES_MAX = 60, LINES_BESIDES = 8 };

typedef struct {
    const char *instrument, *png, *range;
    map_model_t model;
    bool is_json;
    long width;                //  0: the terminal's
    int png_width, png_height; //  pixels
    map_picture_t *picture;
    text_buffer_t json; //  of the last frame, when it is wanted
    error_text_t error; //  why a frame was refused
} map_job_t;

//  --- arguments

static int
wrong (const char *what, const char *which)
{
    (void) fprintf (stderr, "leadline map: %s%s\n", what, which);
    return EXIT_USAGE_WRONG;
}

static bool
parse_count (const char **text, long low, long high, char end, long *out)
{
    char *stop;
    *out = strtol (*text, &stop, 10);
    bool is_right = stop != *text && *stop == end && *out >= low && *out <= high;
    *text = stop + (*stop != 0);
    return is_right;
}

//  One option with its value.  Returns 0, or 64 with a message.
static int
take_option (map_job_t *job, const char *name, const char *value)
{
    long width, height;
    if (strcmp (name, "--png") == 0)
        job->png = value;
    else if (strcmp (name, "--range") == 0)
        job->range = value;
    else if (strcmp (name, "--model") == 0) {
        if (strcmp (value, map_model_names[MAP_MODEL_FULL]) != 0 &&
            strcmp (value, map_model_names[MAP_MODEL_LADDER]) != 0)
            return wrong ("--model is full or ladder, not ", value);
        job->model = strcmp (value, map_model_names[MAP_MODEL_FULL]) == 0 ? MAP_MODEL_FULL : MAP_MODEL_LADDER;
    } else if (strcmp (name, "--width") == 0) {
        const char *at = value;
        if (!parse_count (&at, MAP_TERMINAL_WIDTH_MIN, MAP_TERMINAL_WIDTH_MAX, 0, &job->width))
            return wrong ("--width is 40 to 500 characters, not ", value);
    } else if (strcmp (name, "--size") == 0) {
        const char *at = value;
        if (!parse_count (&at, MAP_PNG_WIDTH_MIN, MAP_PNG_SIZE_MAX, 'x', &width) ||
            !parse_count (&at, MAP_PNG_HEIGHT_MIN, MAP_PNG_SIZE_MAX, 0, &height))
            return wrong ("--size is WIDTHxHEIGHT, 640x400 to 8192x8192, not ", value);
        job->png_width = (int) width;
        job->png_height = (int) height;
    } else
        return wrong ("unknown option: ", name);
    return 0;
}

//  "--name value" or "--name=value", in any order with the instrument.
static int
read_arguments (map_job_t *job, const char *arguments[], int count)
{
    for (int i = 0; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp (argument, "--json") == 0) {
            job->is_json = true;
            continue;
        }
        if (argument[0] != '-') {
            if (job->instrument)
                return wrong ("one instrument at a time, not also ", argument);
            job->instrument = argument;
            continue;
        }
        char name[16];
        const char *equals = strchr (argument, '=');
        (void) slice_copy (equals ? (slice_t){argument, (size_t) (equals - argument)} : slice_of (argument),
                           name, sizeof name);
        const char *value = equals ? equals + 1 : i + 1 < count ? arguments[++i] : "";
        if (!*value)
            return wrong ("a value is needed after ", argument);
        int code = take_option (job, name, value);
        if (code)
            return code;
    }
    if (!job->instrument)
        return wrong ("an instrument is needed, as BTCUSDT", "");
    if (job->is_json && job->png)
        return wrong ("--json writes no picture: leave out --png or --json", "");
    return 0;
}

//  --- what is shown

static void
on_frame (void *self_, const bus_message_t *message)
{
    map_job_t *self = self_;
    const map_frame_t *frame = message->records;
    if (frame->model != (int32_t) self->model)
        return;
    if (self->is_json) {
        text_reset (&self->json);
        (void) field_to_json (result_table (TOPIC_MAP), frame, &self->json, &self->error);
    } else
        (void) map_picture_take_frame (self->picture, frame, &self->error);
}

//  Fetch the heatmap into body.  Nothing of it is decided here.
static int
fetch (const client_settings_t *settings, const map_job_t *job, text_buffer_t *body, error_text_t *error)
{
    map_fetch_t request = {.base_url = settings->http_url,
                           .token = settings->read_token,
                           .instrument = job->instrument,
                           .range = job->range ? job->range : "24h",
                           .model = map_model_names[job->model],
                           .rows = map_png_rows (job->png_height),
                           .timeout_s = settings->wait_s};
    return map_fetch_heatmap (&request, body, error);
}

static int
print_json (const client_settings_t *settings, map_job_t *job)
{
    error_text_t error = {{0}};
    int code = EXIT_DONE;
    if (job->range) {
        int status = fetch (settings, job, &job->json, &error);
        code = status == OK         ? EXIT_DONE
               : status == E_ABSENT ? 1
               : status == E_RANGE  ? EXIT_USAGE_WRONG
                                    : EXIT_UNAVAILABLE;
    } else if (job->json.size == 0) {
        code = 1;
        error = job->error;
    }
    if (code == EXIT_DONE)
        (void) printf ("%.*s\n", (int) job->json.size, job->json.data);
    else
        (void) fprintf (stderr, "%s\n",
                        error.text[0] ? error.text : "the publisher has no map of this model yet");
    return code;
}

//  Half blocks need UTF-8: what the locale says, where it says anything.
static bool
is_utf8 (void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < COUNT_OF (names); i++) {
        const char *value = getenv (names[i]);
        if (value && *value)
            return strcasestr (value, "utf-8") || strcasestr (value, "utf8");
    }
    return true;
}

static map_terminal_colours_t
colours_available (void)
{
    const char *term = getenv ("TERM"), *depth = getenv ("COLORTERM"), *no_color = getenv ("NO_COLOR");
    if (!isatty (STDOUT_FILENO) || (no_color && *no_color) || !term || strcmp (term, "dumb") == 0 ||
        !is_utf8 ())
        return MAP_TERMINAL_ASCII;
    if (depth && (strcmp (depth, "truecolor") == 0 || strcmp (depth, "24bit") == 0))
        return MAP_TERMINAL_TRUE;
    return strstr (term, "256color") ? MAP_TERMINAL_256 : MAP_TERMINAL_ASCII;
}

static map_terminal_t
look_at_terminal (const map_job_t *job)
{
    map_terminal_t terminal = {
        .colours = colours_available (), .width = WIDTH_UNKNOWN, .lines = LINES_UNKNOWN};
    struct winsize size = {0};
    const char *columns = getenv ("COLUMNS");
    long width = job->width;
    if (width == 0 && columns && !parse_count (&columns, 1, 100000, 0, &width))
        width = 0;
    if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) {
        width = width ? width : size.ws_col;
        int lines = size.ws_row - LINES_BESIDES;
        terminal.lines = (size_t) (lines < LINES_MIN ? LINES_MIN : lines > LINES_MAX ? LINES_MAX : lines);
    }
    if (width > 0)
        terminal.width = (size_t) (width < MAP_TERMINAL_WIDTH_MIN   ? MAP_TERMINAL_WIDTH_MIN
                                   : width > MAP_TERMINAL_WIDTH_MAX ? MAP_TERMINAL_WIDTH_MAX
                                                                    : width);
    return terminal;
}

static int
draw_picture (const client_settings_t *settings, map_job_t *job)
{
    map_picture_t *picture = job->picture;
    error_text_t error = {{0}};
    text_buffer_t text = {0};
    int status = fetch (settings, job, &text, &error);
    if (status == OK)
        status = map_document_read (picture, (slice_t){text.data, text.size}, &error);
    if (status != OK)
        (void) snprintf (picture->why, sizeof picture->why, "%s", error.text);
    text_reset (&text);
    int code = EXIT_DONE;
    if (status == E_RANGE) {
        (void) fprintf (stderr, "%s\n",
                        error.text); //  a wrong --range: not what was asked for, so no picture
        code = EXIT_USAGE_WRONG;
    } else if (!picture->has_snapshot && !picture->has_heatmap) {
        (void) fprintf (stderr, "nothing to draw: %s; %s\n",
                        job->error.text[0] ? job->error.text : "the publisher has no map of this model yet",
                        picture->why);
        code = 1;
    } else if (job->png) {
        if (!picture->has_heatmap)
            (void) fprintf (stderr, "no heatmap over time: %s\n", picture->why);
        if (map_png_write (picture, job->png_width, job->png_height, job->png, &error) != OK) {
            (void) fprintf (stderr, "%s\n", error.text);
            code = EXIT_UNAVAILABLE;
        }
    } else {
        map_terminal_t terminal = look_at_terminal (job);
        map_terminal_draw (picture, &terminal, &text);
        (void) fwrite (text.data, 1, text.size, stdout);
    }
    text_fini (&text);
    return code;
}

int
map_run (const client_settings_t *settings, const char *arguments[], int count)
{
    map_job_t job = {.png_width = 1600, .png_height = 900};
    int code = read_arguments (&job, arguments, count);
    if (code)
        return code;
    job.picture = map_picture_new (job.instrument, job.model);
    client_job_t client = {.kinds = {TOPIC_MAP},
                           .kinds_count = 1,
                           .instrument = job.instrument,
                           .mode = -1,
                           .ends = true,
                           .message = on_frame,
                           .self = &job};
    //  The document alone needs no topic.
    if (!(job.is_json && job.range))
        code = client_run (settings, &client);
    if (code == EXIT_DONE)
        code = job.is_json ? print_json (settings, &job) : draw_picture (settings, &job);
    map_picture_destroy (&job.picture);
    text_fini (&job.json);
    return code;
}
