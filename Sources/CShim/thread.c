#define _GNU_SOURCE
#include "martlet/thread.h"

#include <pthread.h>

int martlet_name_thread(const char *name)
{
    return pthread_setname_np(pthread_self(), name);
}
