/* How much freed memory a process keeps for its next request. */
#ifndef MARTLET_ALLOCATOR_H
#define MARTLET_ALLOCATOR_H

/*
 * Each of malloc's arenas gives memory back to the kernel only when more than `kept` bytes at its end are free, and takes blocks below
 * `mapped` bytes from there instead of mapping each by itself (mallopt(3)). To be called before there are other threads.
 */
void martlet_keep_freed_memory(int kept, int mapped);

#endif
