#define _GNU_SOURCE
#include "martlet/thread.h"

#include <pthread.h>
#include <sched.h>

int martlet_name_thread(const char *name)
{
    return pthread_setname_np(pthread_self(), name);
}

int martlet_make_thread_real_time(int priority)
{
    const struct sched_param wanted = { .sched_priority = priority };

    return pthread_setschedparam(pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted);
}

int martlet_usable_cores(void)
{
    cpu_set_t cores;

    return sched_getaffinity(0, sizeof cores, &cores) ? 0 : CPU_COUNT(&cores);
}
