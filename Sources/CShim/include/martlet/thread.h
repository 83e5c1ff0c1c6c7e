/* What glibc keeps behind _GNU_SOURCE, which Swift's Glibc module does not define. */
#ifndef MARTLET_THREAD_H
#define MARTLET_THREAD_H

/* Names the calling thread, at most 15 bytes, for ps -L and top -H. Returns 0 or an errno. */
int martlet_name_thread(const char *name);

#endif
