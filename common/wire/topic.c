#include "common/wire/topic.h"
#include "common/base/check.h"

#include <stdio.h>
#include <string.h>

const char *const topic_kind_names[] = {"event",   "beat",   "reading", "tick", "bias",
                                        "outcome", "health", "metrics", "map",  NULL};

size_t
topic_format (const topic_t *topic, const char *prefix, char *out)
{
    const char *kind = topic_kind_names[topic->kind];
    int length = 0;
    switch (topic->kind) {
    case TOPIC_EVENT:
    case TOPIC_HEALTH:
        length = snprintf (out, TOPIC_TEXT_MAX, "%s.%s.%s.%s.%s.", prefix, kind,
                           event_kind_names[topic->event], topic->instrument, topic->name);
        break;
    case TOPIC_READING:
    case TOPIC_BIAS:
    case TOPIC_OUTCOME:
        length = snprintf (out, TOPIC_TEXT_MAX, "%s.%s.%s.%s.", prefix, kind, mode_info (topic->mode)->name,
                           topic->instrument);
        break;
    case TOPIC_MAP:
        length = snprintf (out, TOPIC_TEXT_MAX, "%s.%s.%s.%s%s", prefix, kind, topic->instrument, topic->name,
                           topic->name[0] ? "." : "");
        break;
    case TOPIC_BEAT:
    case TOPIC_TICK:
    case TOPIC_METRICS:
        length = snprintf (out, TOPIC_TEXT_MAX, "%s.%s.%s.", prefix, kind, topic->name);
        break;
    default:
        break;
    }
    CHECK (length > 0 && length < TOPIC_TEXT_MAX);
    return (size_t) length;
}

static int
find_word (const char *const *words, slice_t word)
{
    for (int i = 0; words[i]; i++)
        if (slice_is (word, words[i]))
            return i;
    return -1;
}

//  The next part that ends with a dot.
static int
next_part (slice_t *rest, slice_t *part)
{
    if (rest->size == 0 || !memchr (rest->data, '.', rest->size))
        return E_SYNTAX;
    *part = slice_cut (rest, '.');
    return part->size > 0 ? OK : E_SYNTAX;
}

static int
copy_part (slice_t *rest, char *out, size_t size)
{
    slice_t part;
    if (next_part (rest, &part) != OK)
        return E_SYNTAX;
    for (size_t i = 0; i < part.size; i++)
        if (part.data[i] <= ' ' || part.data[i] > '~')
            return E_SYNTAX;
    return slice_copy (part, out, size) == OK ? OK : E_SYNTAX;
}

int
topic_parse (slice_t text, const char *prefix, topic_t *out)
{
    *out = (topic_t){0};
    size_t skip = strlen (prefix) + 1;
    if (text.size <= skip || text.size >= TOPIC_TEXT_MAX || !slice_starts (text, prefix) ||
        text.data[skip - 1] != '.')
        return E_SYNTAX;
    slice_t rest = {text.data + skip, text.size - skip}, part;
    if (next_part (&rest, &part) != OK)
        return E_SYNTAX;
    int kind = find_word (topic_kind_names, part), status = OK, word;
    if (kind < 0)
        return E_SYNTAX;
    out->kind = (topic_kind_t) kind;
    switch (out->kind) {
    case TOPIC_EVENT:
    case TOPIC_HEALTH:
        if (next_part (&rest, &part) != OK || (word = find_word (event_kind_names, part)) < 0)
            return E_SYNTAX;
        out->event = (event_kind_t) word;
        status = copy_part (&rest, out->instrument, sizeof out->instrument);
        if (status == OK)
            status = copy_part (&rest, out->name, sizeof out->name);
        break;
    case TOPIC_READING:
    case TOPIC_BIAS:
    case TOPIC_OUTCOME:
        if (next_part (&rest, &part) != OK || mode_parse (part, &out->mode) != OK)
            return E_SYNTAX;
        status = copy_part (&rest, out->instrument, sizeof out->instrument);
        break;
    case TOPIC_MAP:
        status = copy_part (&rest, out->instrument, sizeof out->instrument);
        if (status == OK && rest.size > 0)
            status = copy_part (&rest, out->name, sizeof out->name);
        break;
    default:
        status = copy_part (&rest, out->name, sizeof out->name);
        break;
    }
    return status == OK && rest.size == 0 ? OK : E_SYNTAX;
}

size_t
topic_filter (topic_kind_t kind, const char *prefix, char *out)
{
    int length = snprintf (out, TOPIC_TEXT_MAX, "%s.%s.", prefix, topic_kind_names[kind]);
    CHECK (length > 0 && length < TOPIC_TEXT_MAX);
    return (size_t) length;
}
