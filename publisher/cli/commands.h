/*  commands - the words after `leadline` */

#ifndef LEADLINE_COMMANDS_H
#define LEADLINE_COMMANDS_H

#include "publisher/cli/client.h"

enum { COMMAND_ARGUMENTS_MAX = 16 };

typedef struct {
    const char *name;
    const char *arguments; //  "[INSTRUMENT [MODE]]"
    const char *about;
    int least, most; //  number of arguments, its own options and their values included
    int (*run) (const client_settings_t *settings, const char *arguments[], int count); //  exit code
    bool has_options; //  of its own, among the arguments
} command_t;

//  All of them, NULL name at the end (commands.c).
extern const command_t commands[];

//  The live table (top.c); without a terminal a line for each decided bias.
int
top_run (const client_settings_t *settings, const char *arguments[], int count);

//  The liquidation map, as characters, PNG or JSON (map.c).
int
map_run (const client_settings_t *settings, const char *arguments[], int count);

//  "bias BTCUSDT day +12.4 confidence 50.0 evidence 61 agreement 67 state neutral" to stdout.
void
print_bias_line (const bias_t *bias);

#endif
