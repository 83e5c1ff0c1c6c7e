/* What of netlink's filtering cannot be written in Swift: struct sock_filter comes with macros only. */
#ifndef MARTLET_NETFILTER_H
#define MARTLET_NETFILTER_H

#include <stdint.h>

/* Drops every datagram whose first message was caused by one of these ports, before it takes room in the socket's buffer.
   count is at most 16. Gives 0, or -1 with errno. */
int martlet_netlink_ignore_ports(int descriptor, const uint32_t *ports, int count);

#endif
