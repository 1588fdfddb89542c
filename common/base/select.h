/*  select - the k-th smallest of many numbers without sorting them (Hoare 1961, Algorithm 65: Find) */

#ifndef LEADLINE_SELECT_H
#define LEADLINE_SELECT_H

#include <stddef.h>

//  What would stand at place k < count of the sorted list, which has no NaN and is reordered on the way.
double
select_kth (double *list, size_t count, size_t k);

#endif
