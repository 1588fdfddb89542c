/*  schema - the wire format, written for people from the tables that encode it
 *
 *  `leadline schema` prints it; the repository's SCHEMA.md is that output, so it cannot be out of date
 *  unnoticed. */

#ifndef LEADLINE_SCHEMA_H
#define LEADLINE_SCHEMA_H

#include <stdio.h>

//  Markdown: topics, envelope, every event, every result.
void
schema_write (FILE *out);

#endif
