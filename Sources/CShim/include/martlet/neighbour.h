/* Asking a neighbour for its hardware address: packet sockets and the ICMPv6 filter, which Swift cannot say. */
#ifndef MARTLET_NEIGHBOUR_H
#define MARTLET_NEIGHBOUR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "martlet/icmp.h"

#define MARTLET_HARDWARE_LENGTH 6

/*
 * A close-on-exec, non-blocking packet socket for ARP on the device with this index, which hears replies alone. Fills in the
 * device's hardware address. A negative errno on failure: -EPROTONOSUPPORT when the device is no Ethernet.
 */
int martlet_arp_open(int interface, uint8_t *hardware);

/* Sends an ARP message of `size` bytes to everybody on the device. 0 or a negative errno. */
int martlet_arp_send(int fd, int interface, const void *bytes, size_t size);

/*
 * A close-on-exec, non-blocking raw ICMPv6 socket bound to the device, which hears neighbour advertisements alone and sends
 * with the hop limit that solicitations must have (RFC 4861 §4.3). A negative errno on failure.
 */
int martlet_solicitation_open(int interface);

/* Sends an ICMPv6 message to an address (16 bytes) on the device. 0 or a negative errno. */
int martlet_solicitation_send(int fd, int interface, const uint8_t *to, const void *bytes, size_t size);

#endif
