/* What raw ICMP sockets need and Swift cannot say: socket filters and ancillary data. */
#ifndef MARTLET_ICMP_H
#define MARTLET_ICMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* When and from where a message came. */
struct martlet_icmp_arrival {
    /* The sender in network order: 4 bytes for AF_INET, 16 for AF_INET6. */
    uint8_t source[16];
    /* When the kernel received it: CLOCK_REALTIME nanoseconds; 0 when the kernel did not say. */
    uint64_t stamp;
    /* Index of the device it came in by; 0 when the kernel did not say. */
    int interface;
    /* The IPv6 hop limit it came in with; -1 when the kernel did not say. */
    int hops;
};

/*
 * Lets a raw ICMP socket of `family` (AF_INET, AF_INET6) receive only what can be an answer to an echo request of
 * `size` bytes: echo replies of that size, and errors that quote an echo request. The kernel drops the rest before it
 * is queued, and says of what it lets pass when and by which device it came. Returns 0 or a negative errno.
 */
int martlet_icmp_admit_answers(int fd, int family, uint32_t size);

/*
 * Lets the socket receive nothing at all: for one that only sends. The kernel offers every raw ICMP socket of the host
 * every message, and makes a copy for each whose types admit it. Returns 0 or a negative errno.
 */
int martlet_icmp_admit_nothing(int fd, int family);

/* Receives one message without waiting. Returns its length, cut to `size`, or a negative errno. */
ssize_t martlet_icmp_receive(int fd, void *buffer, size_t size, struct martlet_icmp_arrival *arrival);

#endif
