/*  certificate - an authority and a server certificate of our own, for TLS on loopback
 *
 *  Made at every start (EC P-256, valid 30 days, names localhost and 127.0.0.1).  The authority's key is
 *  never written; what clients need is ca.pem. */

#ifndef LEADLINE_CERTIFICATE_H
#define LEADLINE_CERTIFICATE_H

#include "common/base/status.h"

enum { CERTIFICATE_PATH_MAX = 512 };

typedef struct {
    char ca_path[CERTIFICATE_PATH_MAX];    //  "<folder>/ca.pem": clients trust this
    char chain_path[CERTIFICATE_PATH_MAX]; //  "<folder>/server.pem"
    char key_path[CERTIFICATE_PATH_MAX];   //  "<folder>/server.key", 0600
} certificate_t;

//  Make and write them into an existing folder.  OK or E_IO with a text.
int
certificate_make (certificate_t *self, const char *folder, error_text_t *error);

#endif
