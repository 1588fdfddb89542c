/*  session - one venue, from its instrument list to events on the bus
 *
 *  Why    what differs between venues is in the adapter's row; everything else about being connected to one
 *         is here and in the parts it drives: link, reception, planner, rest, bookkeeper, outlet,
 *         health_board
 *  How    instruments first (planner, rest); then the sockets (link) and their subscriptions; then books,
 *         polls, history
 *
 *         link --frame--> reception: adapter.parse --stage--> outlet --> bus
 *                                                     \--books--> bookkeeper --/
 *         One book that breaks is asked for again alone; the others do not notice.
 *  Clock  wall: a frame is stamped when it has arrived.  event: it is parsed first and stamped with the
 *         newest time in it; what comes by REST waits until the first frame has started that clock.
 *  Not    it never gives up: an exchange that cannot be reached is tried again, and health says so
 *         meanwhile. */

#ifndef LEADLINE_SESSION_H
#define LEADLINE_SESSION_H

#include "common/run/process.h"
#include "ingest/adapter.h"
#include "ingest/ingest_settings.h"

typedef struct session session_t;

//  settings: of the venue, borrowed until destroy.  NULL with a text for an address or file that is of no
//  use.
session_t *
session_new (process_t *process, const pipeline_t *pipeline, const adapter_t *adapter,
             const ingest_settings_t *settings, const venue_settings_t *venue, error_text_t *error);

//  Before process_close.  Nulls the caller's pointer.
void
session_destroy (session_t **self);

#endif
