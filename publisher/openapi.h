/*  openapi - the description of the HTTP API, as a text in the program */

#ifndef LEADLINE_OPENAPI_H
#define LEADLINE_OPENAPI_H

//  publisher/openapi.json, terminated.
extern const char openapi_text[];

#endif
