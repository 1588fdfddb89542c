#include "aggregator/ledger.h"
#include "common/base/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

ledger_row_t *
ledger_row_new (int64_t t_ms, int64_t due_ms)
{
    ledger_row_t *self = mem_new (sizeof *self);
    self->t_ms = t_ms;
    self->due_ms = due_ms;
    return self;
}

void
ledger_row_destroy (ledger_row_t **self)
{
    if (!*self)
        return;
    free ((*self)->entries);
    free (*self);
    *self = NULL;
}

ledger_entry_t *
ledger_row_add (ledger_row_t *self, const char *instrument)
{
    self->entries = mem_grow (self->entries, (self->entries_count + 1) * sizeof *self->entries);
    ledger_entry_t *entry = &self->entries[self->entries_count++];
    memset (entry, 0, sizeof *entry);
    snprintf (entry->instrument, sizeof entry->instrument, "%s", instrument);
    return entry;
}

static int
by_instrument (const void *a, const void *b)
{
    return strcmp (((const ledger_entry_t *) a)->instrument, ((const ledger_entry_t *) b)->instrument);
}

void
ledger_row_sort (ledger_row_t *self)
{
    if (self->entries_count > 1)
        qsort (self->entries, self->entries_count, sizeof *self->entries, by_instrument);
}

static void
put_entry (const ledger_row_t *self, const ledger_entry_t *entry, image_t *out)
{
    char field[INSTRUMENT_NAME_MAX + 16], text[CATEGORIES_MAX * 26 + 1];
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"sigma", entry->sigma}, {"z", entry->z}, {"bias", entry->bias}};
    for (size_t i = 0; i < COUNT_OF (numbers); i++) {
        snprintf (field, sizeof field, "%s:%s", entry->instrument, numbers[i].name);
        image_put_number (out, field, numbers[i].value);
    }
    snprintf (field, sizeof field, "%s:confidence", entry->instrument);
    if (isnan (entry->claim_pct))
        image_put_text (out, field, "");
    else
        image_put_number (out, field, entry->claim_pct);
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < self->roster.count; i++) {
        if (i > 0)
            text[at++] = ',';
        text[at] = '\0';
        if (entry->present >> i & 1)
            at += (size_t) snprintf (text + at, sizeof text - at, "%.17g", entry->x[i]);
    }
    snprintf (field, sizeof field, "%s:x", entry->instrument);
    image_put_text (out, field, text);
}

void
ledger_row_save (const ledger_row_t *self, image_t *out)
{
    char categories[CATEGORIES_MAX * SLUG_MAX] = "";
    size_t at = 0;
    for (size_t i = 0; i < self->roster.count; i++)
        at += (size_t) snprintf (categories + at, sizeof categories - at, "%s%s", i > 0 ? "," : "",
                                 self->roster.names[i]);
    image_put_count (out, "due", self->due_ms);
    image_put_count (out, "version", self->weights_version);
    image_put_text (out, "catalogue", self->catalogue);
    image_put_text (out, "categories", categories);
    for (size_t i = 0; i < self->entries_count; i++)
        put_entry (self, &self->entries[i], out);
}

//  The names as they stand, not sorted: they name the columns of x.
static int
load_categories (roster_t *roster, const char *text)
{
    slice_t rest = slice_of (text);
    while (rest.size > 0) {
        slice_t name = slice_cut (&rest, ',');
        if (roster->count == CATEGORIES_MAX || name.size == 0 ||
            slice_copy (name, roster->names[roster->count], SLUG_MAX) != OK)
            return E_SYNTAX;
        roster->count++;
    }
    return roster->count > 0 ? OK : E_SYNTAX;
}

static int
load_x (ledger_entry_t *entry, size_t count, const char *text)
{
    slice_t rest = slice_of (text);
    for (size_t i = 0; i < count; i++) {
        char number[40];
        slice_t part = slice_cut (&rest, ',');
        if (part.size == 0)
            continue;
        if (slice_copy (part, number, sizeof number) != OK || image_number (number, &entry->x[i]) != OK)
            return E_SYNTAX;
        entry->present |= UINT32_C (1) << i;
    }
    return rest.size == 0 ? OK : E_SYNTAX;
}

static int
load_entry_field (ledger_row_t *self, const char *name, const char *value)
{
    slice_t rest = slice_of (name);
    char instrument[INSTRUMENT_NAME_MAX];
    if (slice_copy (slice_cut (&rest, ':'), instrument, sizeof instrument) != OK || rest.size == 0)
        return OK; //  a field of a later version
    ledger_entry_t *entry = self->entries_count > 0 ? &self->entries[self->entries_count - 1] : NULL;
    for (size_t i = 0; i < self->entries_count; i++)
        if (strcmp (self->entries[i].instrument, instrument) == 0)
            entry = &self->entries[i];
    if (!entry || strcmp (entry->instrument, instrument) != 0) {
        entry = ledger_row_add (self, instrument);
        entry->claim_pct = NAN;
    }
    if (slice_is (rest, "sigma"))
        return image_number (value, &entry->sigma);
    if (slice_is (rest, "z"))
        return image_number (value, &entry->z);
    if (slice_is (rest, "bias"))
        return image_number (value, &entry->bias);
    if (slice_is (rest, "confidence"))
        return value[0] == '\0' ? OK : image_number (value, &entry->claim_pct);
    if (slice_is (rest, "x"))
        return load_x (entry, self->roster.count, value);
    return OK;
}

ledger_row_t *
ledger_row_load (int64_t t_ms, const image_t *image, error_text_t *error)
{
    ledger_row_t *self = ledger_row_new (t_ms, 0);
    const char *due = image_find (image, "due"), *version = image_find (image, "version");
    const char *categories = image_find (image, "categories"), *catalogue = image_find (image, "catalogue");
    int status = due && version && categories ? OK : E_SYNTAX;
    if (status == OK)
        status = image_count (due, &self->due_ms);
    if (status == OK)
        status = image_count (version, &self->weights_version);
    if (status == OK)
        status = load_categories (&self->roster, categories);
    if (status == OK && catalogue)
        snprintf (self->catalogue, sizeof self->catalogue, "%s", catalogue);
    for (size_t i = 0; status == OK && i < image->count; i++) {
        status = load_entry_field (self, image_name (image, i), image_value (image, i));
        if (status != OK)
            error_set (error, status, "row %lld: field %s is \"%.60s\"", (long long) t_ms,
                       image_name (image, i), image_value (image, i));
    }
    if (status == OK) {
        ledger_row_sort (self);
        return self;
    }
    if (!due || !version || !categories)
        error_set (error, status, "row %lld: no due, version or categories", (long long) t_ms);
    ledger_row_destroy (&self);
    return NULL;
}

static bool
before (const ledger_row_t *a, const ledger_row_t *b)
{
    return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->t_ms < b->t_ms);
}

int
ledger_add (ledger_t *self, ledger_row_t *row)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->rows[i]->t_ms == row->t_ms) {
            ledger_row_destroy (&row);
            return E_STALE;
        }
    if (self->count == self->capacity) {
        self->capacity = self->capacity * 2 + 16;
        self->rows = mem_grow (self->rows, self->capacity * sizeof *self->rows);
    }
    size_t at = self->count++;
    for (; at > 0 && before (row, self->rows[at - 1]); at--)
        self->rows[at] = self->rows[at - 1];
    self->rows[at] = row;
    return OK;
}

const ledger_row_t *
ledger_due (const ledger_t *self, int64_t now_ms)
{
    return self->count > 0 && self->rows[0]->due_ms + LEDGER_GRACE_MS <= now_ms ? self->rows[0] : NULL;
}

int
ledger_remove (ledger_t *self, int64_t t_ms)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->rows[i]->t_ms == t_ms) {
            ledger_row_destroy (&self->rows[i]);
            memmove (&self->rows[i], &self->rows[i + 1], (self->count - i - 1) * sizeof *self->rows);
            self->count--;
            return OK;
        }
    return E_ABSENT;
}

void
ledger_fini (ledger_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        ledger_row_destroy (&self->rows[i]);
    free (self->rows);
    memset (self, 0, sizeof *self);
}
