/*  temp_folder - a folder for one test, and its end */

#ifndef LEADLINE_TEST_TEMP_FOLDER_H
#define LEADLINE_TEST_TEMP_FOLDER_H

enum { TEMP_FOLDER_MAX = 64 };

//  Make one; out holds TEMP_FOLDER_MAX.
void
temp_folder_new (char *out);

//  Remove it with what it holds.
void
temp_folder_remove (const char *path);

#endif
