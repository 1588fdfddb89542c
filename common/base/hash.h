/*  hash - FNV-1a 64 with a final mix; for tables, shards and fingerprints, not for secrets */

#ifndef LEADLINE_HASH_H
#define LEADLINE_HASH_H

#include <stddef.h>
#include <stdint.h>

//  seed 0 starts; feed the result back as seed to continue over several parts.
uint64_t
hash_bytes (const void *data, size_t size, uint64_t seed);

uint64_t
hash_text (const char *text, uint64_t seed);

#endif
