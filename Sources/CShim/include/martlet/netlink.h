/* The kernel's routing-netlink numbers, which Swift's Glibc module does not carry. */
#ifndef MARTLET_NETLINK_H
#define MARTLET_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/nexthop.h>
#include <linux/fib_rules.h>

#include <stdint.h>

/*
 * Has a netlink socket drop what is announced to it because of the socket with this port (nlmsg_pid), before it is queued. Returns 0, or
 * -1 with errno.
 */
int martlet_netlink_pass_over(int fd, uint32_t port);

#endif
