//  The two parts of a column as they may stand in a file: u16 size of the side, the side, the cells.  What is
//  accepted is written back as it was read.
#include "common/base/check.h"
#include "publisher/heatmap_column.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static heatmap_side_t side, again;
    static heatmap_cells_t cells;
    static char bytes[HEATMAP_SIDE_BYTES_MAX];
    uint16_t side_size;
    if (size < sizeof side_size)
        return 0;
    memcpy (&side_size, data, sizeof side_size);
    const char *at = (const char *) data + sizeof side_size;
    const size_t left = size - sizeof side_size;
    if (side_size > left || heatmap_column_read_side ((slice_t){at, side_size}, &side) != OK)
        return 0;
    const size_t written = heatmap_column_write_side (&side, bytes);
    CHECK (heatmap_column_read_side ((slice_t){bytes, written}, &again) == OK);
    CHECK (written == side_size && again.ts_ms == side.ts_ms && again.prints_count == side.prints_count);
    (void) heatmap_column_unpack ((slice_t){at + side_size, left - side_size}, &side, &cells);
    heatmap_column_merge (&again, &side);
    (void) heatmap_column_write_side (&again, bytes);
    return 0;
}
