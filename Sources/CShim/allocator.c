#include "martlet/allocator.h"

#include <malloc.h>

void martlet_keep_freed_memory(int kept, int mapped)
{
    mallopt(M_TRIM_THRESHOLD, kept);
    mallopt(M_MMAP_THRESHOLD, mapped);
}
