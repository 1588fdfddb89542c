/*  fuzz_topic - any text as a topic: what is accepted is written back the same */

#include <stdint.h>
#include <string.h>

#include "common/base/check.h"
#include "common/wire/topic.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    topic_t topic;
    char text[TOPIC_TEXT_MAX];
    if (topic_parse ((slice_t){(const char *) data, size}, "v1", &topic) != OK)
        return 0;
    size_t length = topic_format (&topic, "v1", text);
    //  A NUL inside a part cannot be written back: the parser must have refused it.
    CHECK (length == size && memcmp (text, data, size) == 0);
    return 0;
}
