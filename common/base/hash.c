#include "common/base/hash.h"

#include <string.h>

uint64_t
hash_bytes (const void *data, size_t size, uint64_t seed)
{
    const unsigned char *bytes = data;
    uint64_t hash = UINT64_C (0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C (0x100000001b3);
    hash ^= hash >> 32;
    hash *= UINT64_C (0xd6e8feb86659fd93);
    return hash ^ (hash >> 32);
}

uint64_t
hash_text (const char *text, uint64_t seed)
{
    return hash_bytes (text, strlen (text), seed);
}
