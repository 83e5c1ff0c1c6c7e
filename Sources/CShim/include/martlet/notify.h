/* Giving a descriptor to the service manager (sd_pid_notify_with_fds(3)), in one datagram. */
#ifndef MARTLET_NOTIFY_H
#define MARTLET_NOTIFY_H

#include <stddef.h>

/*
 * Sends `text` with a copy of `descriptor` to a datagram socket's address, a sockaddr of `length` bytes. Returns 0 or a negative errno.
 * The address has no type here: <sys/socket.h> in a header of this module would hide libc's own from Swift.
 */
int martlet_send_descriptor(const void *address, unsigned length, const char *text, size_t size, int descriptor);

#endif
