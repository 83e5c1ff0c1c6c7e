/* What glibc keeps behind _GNU_SOURCE, which Swift's Glibc module does not define. */
#ifndef MARTLET_THREAD_H
#define MARTLET_THREAD_H

/* Names the calling thread, at most 15 bytes, for ps -L and top -H. Returns 0 or an errno. */
int martlet_name_thread(const char *name);

/*
 * Lets the calling thread run before every thread that is not real-time (SCHED_FIFO); children do not inherit it. Takes
 * CAP_SYS_NICE or a limit on real-time priority of at least `priority` (LimitRTPRIO=). Returns 0 or an errno.
 */
int martlet_make_thread_real_time(int priority);

/* How many cores the process may run on (CPUAffinity=, taskset); 0 when the kernel does not say. */
int martlet_usable_cores(void);

#endif
