/*  option - settings as rows: path, type, default, bounds, one sentence
 *
 *  How   the file is ZPL (CZMQ's zconfig; indent 4 spaces).  Order:
 *            default < file < environment < --set path=value (or -s)
 *        A path in the environment is LEADLINE_ + path in capitals, / and - as _.
 *        Unknown key, duplicate key, wrong type or out of bounds: all of them are reported at once, with
 *        file, line and path, and the program exits 78; a syntax error is reported with its line and ends the
 *        reading.
 *  What  every program takes: -c FILE, -s path=value, --check, --dump, --list, --version, --help.
 *  Not   the settings of others: keys of other programs in the same file are known to the file's own table of
 *        sections: a program passes only its rows; sections it does not own are skipped, but a top-level
 *        section nobody owns is unknown. */

#ifndef LEADLINE_OPTION_H
#define LEADLINE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/status.h"

typedef enum {
    OPTION_TEXT, //  char[size]
    OPTION_I64,  //  int64_t, with bounds
    OPTION_F64,  //  double, with bounds
    OPTION_BOOL, //  bool: true false yes no 1 0
    OPTION_WORD  //  int32_t, index into words
} option_type_t;

typedef struct {
    const char *path; //  "cards/interval_ms"; "*" as a part matches any name there ("ingest/*/endpoint")
    option_type_t type;
    size_t offset;      //  in the program's settings struct
    size_t size;        //  TEXT
    const char *preset; //  default, as text
    double low, high;   //  bounds, inclusive; both 0: none
    const char *const *words;
    const char *about; //  one sentence: goes into the generated file and --help
} option_t;

#define OPTION(struct_, member_, path_, type_, preset_, low_, high_, about_)                                 \
    {                                                                                                        \
        .path = path_, .type = type_, .offset = offsetof (struct_, member_),                                 \
        .size = sizeof (((struct_ *) 0)->member_), .preset = preset_, .low = low_, .high = high_,            \
        .about = about_                                                                                      \
    }

typedef struct {
    const char *name;  //  "ingest"
    const char *usage; //  "ingest VENUE"
    const char *about; //  first lines of --help
    const option_t *rows;
    size_t rows_count;
    void (*list) (FILE *out); //  --list; may be NULL
    int positional_min, positional_max;
    //  The first positional is a command with options of its own: "--x" after it that is none of ours is handed
    //  on among the positionals.
    bool has_commands;
    //  What rows cannot say (lists, settings that depend on each other); may be NULL.  Called when all rows
    //  were right; anything but OK is reported and exits 78.  Must change nothing outside settings: --check
    //  calls it.
    int (*check) (void *settings, error_text_t *error);
} option_program_t;

//  Read everything into settings (a struct of the caller, shared rows of pipeline.h included by the caller in
//  rows).  positional[i] borrowed from argv.  Returns -1 to go on, else the exit code (0 after --help and the
//  like, 64, 78); all messages have been printed to stderr by then.
int
option_read (const option_program_t *program, int argc, char **argv, void *settings, const char *positional[],
             int *positional_count);

//  Write a commented configuration file of these rows, with defaults (deploy/leadline.conf is made of it).
void
option_write_template (const option_t *rows, size_t count, FILE *out);

#endif
