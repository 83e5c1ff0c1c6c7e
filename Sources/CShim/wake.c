#include "martlet/wake.h"

#include <errno.h>
#include <sys/eventfd.h>

int martlet_wake_open(void)
{
    const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

void martlet_wake_signal(int descriptor)
{
    (void)eventfd_write(descriptor, 1); /* A counter at its limit is readable as well. */
}

void martlet_wake_clear(int descriptor)
{
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}
