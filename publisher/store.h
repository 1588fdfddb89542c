/*  store - the last message of every topic, for late joiners, pages and conflation
 *
 *  How   keeps the message as msgpack bytes (what was sent) and renders JSON only when somebody asks, once
 *        per change.  Grows with the number of topics, not with messages. */

#ifndef LEADLINE_STORE_H
#define LEADLINE_STORE_H

#include "common/wire/result.h"

typedef struct store store_t;

typedef struct {
    topic_t topic;
    char text[TOPIC_TEXT_MAX]; //  of the topic
    uint32_t index;            //  position in the store: entries never move or go
    uint64_t changes_count;
} store_entry_t;

store_t *
store_new (const char *topic_prefix);
void
store_destroy (store_t **self);

//  Keep a copy of record (by result_table (topic->kind)) as the topic's last.  Returns its entry, or NULL
//  when the record may not go out (error says why; the entry keeps what it had).
const store_entry_t *
store_put (store_t *self, const topic_t *topic, const void *record, error_text_t *error);

//  The same where the record's payload (a map by that table) has been made already: it is copied.
void
store_keep (store_t *self, const store_entry_t *entry, slice_t payload);

//  By topic, or NULL.
const store_entry_t *
store_find (const store_t *self, const topic_t *topic);

size_t
store_count (const store_t *self);
const store_entry_t *
store_at (const store_t *self, size_t index);

//  The record itself, decoded; borrowed until the next store_record.
const void *
store_record (store_t *self, const store_entry_t *entry);

//  The record as JSON; borrowed until the entry changes.
slice_t
store_json (store_t *self, const store_entry_t *entry);

#endif
