/*  pages - the files of the dashboard, out of one folder
 *
 *  What  regular files inside the folder (links out of it do not count), of the kinds a page is made of.
 *  Not   a listing, a file whose name starts with a dot, anything outside. */

#ifndef LEADLINE_PAGES_H
#define LEADLINE_PAGES_H

#include "common/wire/field.h"

enum { PAGES_TAG_MAX = 48, PAGES_BYTES_MAX = 16 * 1024 * 1024 };

typedef struct {
    const char *content_type;
    char tag[PAGES_TAG_MAX]; //  ETag, with quotes: another one when the file has changed
} page_t;

//  Read the file of a path of the address ("/" is /index.html) into out.  E_ABSENT: there is none that may be
//  given.
int
pages_read (const char *folder, slice_t path, page_t *page, text_buffer_t *out);

#endif
