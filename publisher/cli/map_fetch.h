/*  map_fetch - one GET from the publisher's HTTP */

#ifndef LEADLINE_MAP_FETCH_H
#define LEADLINE_MAP_FETCH_H

#include "common/wire/field.h"

//  What is asked for: /v1/heatmap/{instrument}.
typedef struct {
    const char *base_url; //  "http://127.0.0.1:7480"
    const char *token;    //  read token; "" none
    const char *instrument, *range, *model;
    size_t rows;       //  at most so many
    int64_t timeout_s; //  of the whole exchange
} map_fetch_t;

//  Put the body into out.  E_CLOSED: nobody answers there; E_ABSENT: no such thing is held; E_RANGE: the
//  question is wrong; E_IO: any other answer.  error says which, with what the publisher said.
int
map_fetch_heatmap (const map_fetch_t *request, text_buffer_t *out, error_text_t *error);

#endif
