#include "common/base/select.h"

#include "common/base/check.h"

double
select_kth (double *list, size_t count, size_t k)
{
    CHECK (k < count);
    size_t low = 0, high = count - 1;
    while (low < high) {
        const double pivot = list[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;; i++, j--) {
            while (list[i] < pivot)
                i++;
            while (list[j] > pivot)
                j--;
            if (i >= j)
                break;
            const double swap = list[i];
            list[i] = list[j];
            list[j] = swap;
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return list[k];
}
