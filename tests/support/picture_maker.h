/*  picture_maker - small maps for tests of pictures: a document of four columns and six rows, and a frame */

#ifndef LEADLINE_TEST_PICTURE_MAKER_H
#define LEADLINE_TEST_PICTURE_MAKER_H

#include "publisher/cli/map_picture.h"

//  The document as text (static).  Rows of 1 % from 100 to about 106.18, columns of an hour from 2023-11-14
//  22:00 UTC; cell [0, 1] is the hottest ($1M), row 3 is swept in column 2.
extern const char picture_maker_document[];

//  A picture of BTCUSDT with what is wanted in it.  Returned (caller destroys).
map_picture_t *
picture_maker_new (bool has_heatmap, bool has_snapshot);

//  The mark of the frame, 103.2; longs $400K at about 101.5 and $100K at 102.5, shorts $300K at 104.5.
#define PICTURE_MAKER_MARK_PX 103.2

#endif
