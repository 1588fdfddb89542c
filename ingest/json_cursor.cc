//  Stage 1 of simdjson (SIMD, chosen for the processor at run time) finds where every token starts and
//  refuses bad UTF-8.  One walk over those tokens then checks the grammar and notes where each container
//  ends, so a cursor is just the number of its token: any order of reading is allowed, and skipping a
//  container costs nothing. simdjson's own On-Demand front end was not used for the walk: it forbids going
//  back to a container once passed, and never looks at what was skipped.

extern "C" {
#include "common/base/decimal.h"
#include "common/base/slice.h"
#include "common/base/status.h"
#include "ingest/json_cursor.h"
}

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <simdjson.h>

namespace
{

constexpr size_t TEXT_MAX_BYTES = size_t{64} << 20;
constexpr size_t CAPACITY_FIRST_BYTES = size_t{64} << 10;

inline bool
is_digit (char c)
{
    return c >= '0' && c <= '9';
}

//  Ends a number or a literal.  A quote does not: simdjson finds no token where one follows a scalar.
inline bool
is_delimiter (char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ':' ||
           c == '{' || c == '[';
}

//  First byte behind a number of RFC 8259, or NULL.
const char *
number_end (const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    if (at == end || !is_digit (*at))
        return nullptr;
    if (*at++ != '0')
        while (at < end && is_digit (*at))
            at++;
    if (at < end && *at == '.') {
        if (++at == end || !is_digit (*at))
            return nullptr;
        while (at < end && is_digit (*at))
            at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (at == end || !is_digit (*at))
            return nullptr;
        while (at < end && is_digit (*at))
            at++;
    }
    return at == end || is_delimiter (*at) ? at : nullptr;
}

const char *
literal_end (const char *at, const char *end)
{
    for (const char *word : {"true", "false", "null"}) {
        size_t size = strlen (word);
        if (size_t (end - at) >= size && memcmp (at, word, size) == 0)
            return at + size == end || is_delimiter (at[size]) ? at + size : nullptr;
    }
    return nullptr;
}

//  Four hexadecimal digits, or -1.
int
hex4 (const char *at, const char *end)
{
    if (end - at < 4)
        return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = is_digit (c)             ? c - '0'
                    : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                    : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                             : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

char *
utf8_put (char *out, uint32_t point)
{
    if (point < 0x80) {
        *out++ = char (point);
    } else if (point < 0x800) {
        *out++ = char (0xC0 | (point >> 6));
        *out++ = char (0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        *out++ = char (0xE0 | (point >> 12));
        *out++ = char (0x80 | ((point >> 6) & 0x3F));
        *out++ = char (0x80 | (point & 0x3F));
    } else {
        *out++ = char (0xF0 | (point >> 18));
        *out++ = char (0x80 | ((point >> 12) & 0x3F));
        *out++ = char (0x80 | ((point >> 6) & 0x3F));
        *out++ = char (0x80 | (point & 0x3F));
    }
    return out;
}

//  The character behind "\u", surrogate pairs joined.  at stands on the first digit and moves behind the
//  last.
bool
unescape_unicode (const char *&at, const char *end, char *&out)
{
    int first = hex4 (at, end);
    if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF))
        return false;
    at += 4;
    uint32_t point = uint32_t (first);
    if (first >= 0xD800 && first <= 0xDBFF) {
        int second = end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex4 (at + 2, end) : -1;
        if (second < 0xDC00 || second > 0xDFFF)
            return false;
        at += 6;
        point = 0x10000 + ((point - 0xD800) << 10) + uint32_t (second - 0xDC00);
    }
    out = utf8_put (out, point);
    return true;
}

//  Writes the text without its escapes, never longer than it came.  NULL when an escape is wrong.
char *
unescape (const char *at, const char *end, char *out)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        if (++at == end)
            return nullptr;
        char c = *at++;
        if (c == 'u') {
            if (!unescape_unicode (at, end, out))
                return nullptr;
            continue;
        }
        const char *found = c ? strchr (from, c) : nullptr;
        if (!found)
            return nullptr;
        *out++ = into[found - from];
    }
    return out;
}

} // namespace

struct json_document {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
    std::unique_ptr<uint32_t[]> ends;   //  of a container's opening token: its closing token
    std::unique_ptr<uint32_t[]> places; //  of an opening token: where reading stands, the next item or key
    std::unique_ptr<char[]> unescaped;  //  only once a text with escapes was seen
    size_t capacity = 0, unescaped_capacity = 0;
    slice_t text = {nullptr, 0};
    const uint32_t *starts = nullptr; //  offset of each token, simdjson's
    uint32_t tokens = 0;
    bool has_escapes = false;
    int status = OK;
    char error[96] = "";

    char
    byte (uint32_t token) const
    {
        return text.data[starts[token]];
    }
    const char *
    start (uint32_t token) const
    {
        return text.data + starts[token];
    }
    //  First byte that is not part of the token, trailing white space cut.
    const char *
    stop (uint32_t token) const
    {
        const char *end = token + 1 < tokens ? start (token + 1) : text.data + text.size;
        while (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t')
            end--;
        return end;
    }
    int
    fail (int code, const char *what, uint32_t token)
    {
        if (status != OK)
            return status;
        status = code;
        unsigned long at = token < tokens ? starts[token] : text.size;
        (void) snprintf (error, sizeof error, "%s at byte %lu", what, at);
        return code;
    }
    //  A required key that was not found turns into an error.
    int
    need (json_cursor_t object, const char *key, int found)
    {
        if (found != E_ABSENT)
            return found;
        char what[64];
        (void) snprintf (what, sizeof what, "no '%s' in the object", key);
        return fail (E_SYNTAX, what, object.index);
    }
    uint32_t
    behind (uint32_t value) const
    {
        char c = byte (value);
        return (c == '{' || c == '[' ? ends[value] : value) + 1;
    }

    int
    reserve (size_t size);
    int
    check_scalar (uint32_t token);
    int
    check_structure ();
    bool
    is_key (uint32_t token, const char *key, size_t key_size);
    int
    content (uint32_t token, slice_t *out);
    int
    number (uint32_t token, slice_t *out);
};

int
json_document::reserve (size_t size)
{
    if (size > capacity) {
        size_t wanted = capacity ? capacity : CAPACITY_FIRST_BYTES;
        while (wanted < size)
            wanted *= 2;
        simdjson::error_code code =
            stage ? stage->set_capacity (wanted)
                  : simdjson::get_active_implementation ()->create_dom_parser_implementation (
                        wanted, JSON_DEPTH_MAX, stage);
        if (code != simdjson::SUCCESS)
            return fail (E_RANGE, "no memory for the document", 0);
        ends.reset (new uint32_t[wanted]);
        places.reset (new uint32_t[wanted]);
        capacity = wanted;
    }
    return OK;
}

//  What is not a container: its form, and escapes, also where nobody will read it.
int
json_document::check_scalar (uint32_t token)
{
    const char *at = start (token), *end = text.data + text.size;
    if (*at == '"') {
        //  Stage 1 has seen it end, and nothing but white space between its end and the next token.
        const char *last = has_escapes ? stop (token) - 1 : at;
        if (has_escapes && !unescape (at + 1, last, unescaped.get () + starts[token]))
            return fail (E_SYNTAX, "a wrong escape", token);
        return OK;
    }
    if (*at == '-' || is_digit (*at))
        return number_end (at, end) ? OK : fail (E_SYNTAX, "not a number", token);
    return literal_end (at, end) ? OK : fail (E_SYNTAX, "not a value", token);
}

//  The grammar, token by token.  Three things can be due: a value, a key, or what follows a value.
int
json_document::check_structure ()
{
    const char *data = text.data;
    const uint32_t *where = starts;
    const uint32_t count = tokens;
    const bool is_plain = !has_escapes;
    uint32_t open[JSON_DEPTH_MAX];
    int depth = 0;
    uint32_t at = 0;
    for (;;) {
        if (at >= count)
            return fail (E_SYNTAX, "the document ends early", at);
        char c = data[where[at]];
        bool is_empty = false;
        if (c == '{' || c == '[') {
            if (depth == JSON_DEPTH_MAX)
                return fail (E_RANGE, "nested too deeply", at);
            open[depth++] = at;
            places[at] = at + 1;
            at++;
            is_empty = at < count && data[where[at]] == (c == '{' ? '}' : ']');
        } else if (c == '"' && is_plain) {
            at++;
        } else if (check_scalar (at++) != OK) {
            return status;
        }
        //  A value is complete: close what ends here.
        bool is_value_done = is_empty || (c != '{' && c != '[');
        while (is_value_done) {
            if (depth == 0)
                return at == count ? OK : fail (E_SYNTAX, "more behind the document", at);
            if (at >= count)
                return fail (E_SYNTAX, "the document ends early", at);
            char follows = data[where[at]];
            if (follows == ',' && !is_empty) {
                at++;
                break;
            }
            if (follows != (data[where[open[depth - 1]]] == '{' ? '}' : ']'))
                return fail (E_SYNTAX, "a comma or an end is missing", at);
            ends[open[--depth]] = at++;
            is_empty = false;
        }
        if (data[where[open[depth - 1]]] == '{') {
            if (at + 1 >= count || data[where[at]] != '"' || data[where[at + 1]] != ':' ||
                (has_escapes && check_scalar (at) != OK))
                return fail (E_SYNTAX, "a key is missing", at);
            at += 2;
        }
    }
}

//  Keys are compared with their quote, so a prefix does not match; the padding allows to look behind the end.
bool
json_document::is_key (uint32_t token, const char *key, size_t key_size)
{
    const char *at = start (token) + 1;
    if (memcmp (at, key, key_size) == 0 && at[key_size] == '"')
        return true;
    if (!has_escapes)
        return false;
    slice_t plain;
    return content (token, &plain) == OK && plain.size == key_size && memcmp (plain.data, key, key_size) == 0;
}

//  A text without quotes and escapes.
int
json_document::content (uint32_t token, slice_t *out)
{
    const char *at = start (token) + 1, *last = stop (token) - 1;
    *out = slice_t{at, size_t (last - at)};
    if (has_escapes && out->size > 0 && memchr (at, '\\', out->size)) {
        //  At the same offset as in the document, so reading twice gives the same bytes.
        char *plain = unescaped.get () + starts[token];
        *out = slice_t{plain, size_t (unescape (at, last, plain) - plain)};
    }
    return OK;
}

//  The digits of a number, written as one or as text; E_ABSENT for null and for an empty text.
int
json_document::number (uint32_t token, slice_t *out)
{
    if (status != OK)
        return status;
    char c = byte (token);
    if (c == '"') {
        (void) content (token, out);
        return out->size > 0 ? OK : E_ABSENT;
    }
    if (c == 'n')
        return E_ABSENT;
    if (c != '-' && !is_digit (c))
        return fail (E_SYNTAX, "not a number", token);
    const char *at = start (token);
    *out = slice_t{at, size_t (number_end (at, text.data + text.size) - at)};
    return OK;
}

extern "C" {

json_document_t *
json_document_new (void)
{
    return new json_document ();
}

void
json_document_destroy (json_document_t **self)
{
    delete *self;
    *self = nullptr;
}

int
json_open (json_document_t *self, slice_t text, json_cursor_t *root)
{
    self->text = text;
    self->tokens = 0;
    self->status = OK;
    self->error[0] = 0;
    *root = json_cursor_t{self, 0};
    if (text.size == 0)
        return self->fail (E_SYNTAX, "an empty document", 0);
    if (text.size > TEXT_MAX_BYTES)
        return self->fail (E_RANGE, "a document above 64 MiB", 0);
    if (self->reserve (text.size) != OK)
        return self->status;
    simdjson::error_code code = self->stage->stage1 (reinterpret_cast<const uint8_t *> (text.data), text.size,
                                                     simdjson::stage1_mode::regular);
    if (code != simdjson::SUCCESS)
        return self->fail (E_SYNTAX, simdjson::error_message (code), 0);
    self->tokens = self->stage->n_structural_indexes;
    self->starts = self->stage->structural_indexes.get ();
    self->has_escapes = memchr (text.data, '\\', text.size) != nullptr;
    if (self->has_escapes && self->unescaped_capacity < self->capacity) {
        self->unescaped.reset (new char[self->capacity]);
        self->unescaped_capacity = self->capacity;
    }
    return self->check_structure ();
}

int
json_finish (json_document_t *self)
{
    return self->status;
}

const char *
json_error (const json_document_t *self)
{
    return self->error;
}

int
json_find (json_cursor_t object, const char *key, json_cursor_t *out)
{
    json_document_t *self = object.document;
    *out = object;
    if (self->status != OK)
        return self->status;
    if (self->byte (object.index) != '{')
        return self->fail (E_SYNTAX, "not an object", object.index);
    uint32_t end = self->ends[object.index];
    if (end == object.index + 1)
        return E_ABSENT;
    size_t key_size = strlen (key);
    uint32_t &place = self->places[object.index];
    uint32_t first = place < end ? place : object.index + 1, at = first;
    do {
        uint32_t next = self->behind (at + 2);
        next = next == end ? object.index + 1 : next + 1; //  past the comma, or round again
        if (self->is_key (at, key, key_size)) {
            place = next;
            *out = json_cursor_t{self, at + 2};
            return self->byte (at + 2) == 'n' ? E_ABSENT : OK;
        }
        at = next;
    } while (at != first);
    return E_ABSENT;
}

bool
json_next (json_cursor_t array, json_cursor_t *item)
{
    json_document_t *self = array.document;
    if (self->status != OK)
        return false;
    if (self->byte (array.index) != '[') {
        (void) self->fail (E_SYNTAX, "not an array", array.index);
        return false;
    }
    uint32_t &place = self->places[array.index];
    uint32_t end = self->ends[array.index];
    if (place >= end) {
        place = array.index + 1; //  the next walk starts again
        return false;
    }
    *item = json_cursor_t{self, place};
    uint32_t next = self->behind (place);
    place = next == end ? end : next + 1;
    return true;
}

json_type_t
json_type (json_cursor_t value)
{
    if (value.document->status != OK)
        return JSON_BROKEN;
    switch (value.document->byte (value.index)) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_TEXT;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

int
json_raw (json_cursor_t value, slice_t *out)
{
    json_document_t *self = value.document;
    if (self->status != OK)
        return self->status;
    const char *at = self->start (value.index);
    *out = slice_t{at, size_t (self->stop (self->behind (value.index) - 1) - at)};
    return OK;
}

int
json_text (json_cursor_t value, slice_t *out)
{
    json_document_t *self = value.document;
    if (self->status != OK)
        return self->status;
    char c = self->byte (value.index);
    if (c == '"')
        return self->content (value.index, out);
    if (c == 'n')
        return E_ABSENT;
    if (c == '-' || is_digit (c))
        return self->number (value.index, out);
    return self->fail (E_SYNTAX, "not a text", value.index);
}

int
json_decimal (json_cursor_t value, decimal_t *out)
{
    slice_t digits;
    int status = value.document->number (value.index, &digits);
    if (status != OK)
        return status;
    status = decimal_parse (digits, out);
    if (status != OK)
        return value.document->fail (status, status == E_RANGE ? "a number out of range" : "not a number",
                                     value.index);
    return OK;
}

int
json_double (json_cursor_t value, double *out)
{
    slice_t digits;
    int status = value.document->number (value.index, &digits);
    if (status != OK)
        return status;
    const char *end = digits.data + digits.size;
    double number = 0;
    std::from_chars_result result = std::from_chars (digits.data, end, number);
    if (result.ec == std::errc::result_out_of_range || (result.ec == std::errc () && !std::isfinite (number)))
        return value.document->fail (E_RANGE, "a number out of range", value.index);
    if (result.ec != std::errc () || result.ptr != end)
        return value.document->fail (E_SYNTAX, "not a number", value.index);
    *out = number;
    return OK;
}

int
json_i64 (json_cursor_t value, int64_t *out)
{
    slice_t digits;
    int status = value.document->number (value.index, &digits);
    if (status != OK)
        return status;
    const char *end = digits.data + digits.size;
    std::from_chars_result result = std::from_chars (digits.data, end, *out);
    if (result.ec == std::errc () && result.ptr == end)
        return OK;
    decimal_t decimal; //  "1e3", "12.0"
    status = decimal_parse (digits, &decimal);
    if (status == OK)
        status = decimal_rescale (decimal, 0, out);
    if (status == OK)
        return OK;
    return value.document->fail (status, status == E_RANGE ? "not a whole number in range" : "not a number",
                                 value.index);
}

int
json_bool (json_cursor_t value, bool *out)
{
    json_document_t *self = value.document;
    if (self->status != OK)
        return self->status;
    switch (self->byte (value.index)) {
    case 't':
    case 'f':
        *out = self->byte (value.index) == 't';
        return OK;
    case 'n':
        return E_ABSENT;
    default:
        return self->fail (E_SYNTAX, "not a boolean", value.index);
    }
}

int
json_find_text (json_cursor_t object, const char *key, slice_t *out)
{
    json_cursor_t value;
    int status = json_find (object, key, &value);
    return status == OK ? json_text (value, out) : status;
}

int
json_find_decimal (json_cursor_t object, const char *key, decimal_t *out)
{
    json_cursor_t value;
    int status = json_find (object, key, &value);
    return status == OK ? json_decimal (value, out) : status;
}

int
json_find_double (json_cursor_t object, const char *key, double *out)
{
    json_cursor_t value;
    int status = json_find (object, key, &value);
    return status == OK ? json_double (value, out) : status;
}

int
json_find_i64 (json_cursor_t object, const char *key, int64_t *out)
{
    json_cursor_t value;
    int status = json_find (object, key, &value);
    return status == OK ? json_i64 (value, out) : status;
}

int
json_find_bool (json_cursor_t object, const char *key, bool *out)
{
    json_cursor_t value;
    int status = json_find (object, key, &value);
    return status == OK ? json_bool (value, out) : status;
}

int
json_need (json_cursor_t object, const char *key, json_cursor_t *out)
{
    return object.document->need (object, key, json_find (object, key, out));
}

int
json_need_text (json_cursor_t object, const char *key, slice_t *out)
{
    return object.document->need (object, key, json_find_text (object, key, out));
}

int
json_need_decimal (json_cursor_t object, const char *key, decimal_t *out)
{
    return object.document->need (object, key, json_find_decimal (object, key, out));
}

int
json_need_double (json_cursor_t object, const char *key, double *out)
{
    return object.document->need (object, key, json_find_double (object, key, out));
}

int
json_need_i64 (json_cursor_t object, const char *key, int64_t *out)
{
    return object.document->need (object, key, json_find_i64 (object, key, out));
}

int
json_need_bool (json_cursor_t object, const char *key, bool *out)
{
    return object.document->need (object, key, json_find_bool (object, key, out));
}

} // extern "C"
