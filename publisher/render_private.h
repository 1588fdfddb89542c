/*  render_private - what the files of render share */

#ifndef LEADLINE_RENDER_PRIVATE_H
#define LEADLINE_RENDER_PRIVATE_H

#include "publisher/render.h"

extern const char render_json_type[];

//  The rest of /v1/map/ and /v1/heatmap/.
render_t
render_map (const render_sources_t *sources, slice_t instrument, const render_arguments_t *arguments,
            text_buffer_t *out);
render_t
render_heatmap (const render_sources_t *sources, slice_t instrument, const render_arguments_t *arguments,
                text_buffer_t *out);

//  404 with the list of paths.
render_t
render_not_found (text_buffer_t *out, const char *what);

#endif
