/*  reception - what a venue's text says: read by its adapter, passed on when the whole of it was understood
 *
 *      reception_read_frame, reception_read_answer: parse; events wait on the stage, confirmations beside it
 *      reception_commit: confirmations and liveliness to the health board, events to the outlet, book updates
 *                        to the bookkeeper
 *
 *  Two steps, because under the event clock the receive time comes out of the text.  What cannot be read, is
 *  not known or is refused is counted, and shown now and then.
 *
 *  Not   it keeps no connection and asks for nothing. */

#ifndef LEADLINE_RECEPTION_H
#define LEADLINE_RECEPTION_H

#include "ingest/adapter.h"
#include "ingest/bookkeeper.h"
#include "ingest/counters.h"
#include "ingest/health_board.h"
#include "ingest/outlet.h"

typedef struct reception reception_t;

//  All borrowed until destroy.
typedef struct {
    const adapter_t *adapter;
    counters_t *counters;
    const symbols_t *symbols;
    symbols_t *next_symbols; //  instrument lists are read into these
    outlet_t *outlet;
    bookkeeper_t *books;
    health_board_t *board;
    void (*reply) (void *self, int socket, slice_t text); //  the venue wants this said on the socket
    void *self;
} reception_parts_t;

reception_t *
reception_new (const reception_parts_t *parts);
void
reception_destroy (reception_t **self);

//  OK, or what was wrong: then it has been counted and there is nothing to commit.
int
reception_read_frame (reception_t *self, int socket, slice_t text);
int
reception_read_answer (reception_t *self, const request_t *request, slice_t body);

//  The newest time in what was read; 0 when it has none.
int64_t
reception_newest_ns (const reception_t *self);

//  Pass on what was read last, as received at this time.
void
reception_commit (reception_t *self, int64_t ts_recv_ns);

#endif
