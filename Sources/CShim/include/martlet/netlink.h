/* The kernel's routing-netlink numbers, which Swift's Glibc module does not carry. */
#ifndef MARTLET_NETLINK_H
#define MARTLET_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/nexthop.h>
#include <linux/fib_rules.h>

#endif
