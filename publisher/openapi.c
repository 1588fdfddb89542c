#include "publisher/openapi.h"

//  The file itself, so that it can be read, checked and edited as what it is.  Make knows that this object depends
//  on it.
__asm__(".pushsection .rodata\n"
        ".globl openapi_text\n"
        "openapi_text:\n"
        ".incbin \"publisher/openapi.json\"\n"
        ".byte 0\n"
        ".type openapi_text, @object\n"
        ".size openapi_text, . - openapi_text\n"
        ".popsection\n");
