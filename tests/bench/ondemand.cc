#include "tests/bench/ondemand.h"

#include "ingest/json_cursor.h"

#include <cmath>
#include <simdjson.h>

static_assert (JSON_PADDING_BYTES >= simdjson::SIMDJSON_PADDING, "room behind the text");

struct ondemand {
    simdjson::ondemand::parser parser;
};

namespace {

namespace od = simdjson::ondemand;

double
walk (od::value at);

double
walk_text (od::value at)
{
    char first = at.raw_json_token ()[1];
    double number;
    if ((first == '-' || (first >= '0' && first <= '9')) && !at.get_double_in_string ().get (number))
        return number;
    std::string_view text = at.get_string ();
    return (double) text.size ();
}

double
walk_number (od::value at)
{
    od::number read = at.get_number ();
    return read.is_double () ? read.get_double () : (double) read.get_int64 ();
}

double
walk_object (od::object at)
{
    double sum = 0;
    for (auto field : at) {
        std::string_view key = field.unescaped_key ();
        sum += (double) key.size () + walk (field.value ());
    }
    return sum;
}

double
walk_array (od::array at)
{
    double sum = 0;
    for (auto item : at)
        sum += walk (item.value ());
    return sum;
}

double
walk (od::value at)
{
    switch (od::json_type (at.type ())) {
    case od::json_type::object:
        return walk_object (at.get_object ());
    case od::json_type::array:
        return walk_array (at.get_array ());
    case od::json_type::string:
        return walk_text (at);
    case od::json_type::number:
        return walk_number (at);
    case od::json_type::boolean:
        return bool (at.get_bool ()) ? 1 : 0;
    default:
        return 0;
    }
}

} // namespace

ondemand_t *
ondemand_new (void)
{
    return new ondemand;
}

void
ondemand_destroy (ondemand_t **self)
{
    delete *self;
    *self = nullptr;
}

double
ondemand_walk (ondemand_t *self, slice_t text)
{
    try {
        auto document = self->parser.iterate (text.data, text.size, text.size + JSON_PADDING_BYTES);
        return od::json_type (document.type ()) == od::json_type::array ? walk_array (document.get_array ())
                                                                : walk_object (document.get_object ());
    } catch (const simdjson::simdjson_error &) {
        return NAN;
    }
}
