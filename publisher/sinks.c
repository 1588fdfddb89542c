#include "publisher/sink.h"

extern const sink_t json_topics_sink;
extern const sink_t http_sink;

const sink_t *const sinks[] = {&json_topics_sink, &http_sink, NULL};
