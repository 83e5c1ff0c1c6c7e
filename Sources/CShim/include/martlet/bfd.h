/* What the sockets of BFD need and Swift cannot say: many datagrams in one call, with their ancillary data. */
#ifndef MARTLET_BFD_H
#define MARTLET_BFD_H

#include <stdint.h>

/* The longest packet that any authentication type makes has 52 bytes (RFC 5880 §4). */
#define MARTLET_BFD_LONGEST 128
/* Datagrams read by one call: what comes beyond them is read by the next. */
#define MARTLET_BFD_BATCH 32

/* One datagram that came in. */
struct martlet_bfd_arrival {
    /* The sender in network order: 4 bytes for AF_INET, 16 for AF_INET6. */
    uint8_t source[16];
    /* When the kernel received it: CLOCK_REALTIME nanoseconds; 0 when the kernel did not say. */
    uint64_t stamp;
    /* TTL or hop limit as it arrived; -1 when the kernel did not say. */
    int32_t hop_limit;
    /* Cut to MARTLET_BFD_LONGEST. */
    uint32_t length;
    uint8_t bytes[MARTLET_BFD_LONGEST];
};

/*
 * Lets the socket of `family` (AF_INET, AF_INET6) receive only what arrives with a full TTL or hop limit (RFC 5881 §5): the kernel drops
 * the rest before it is queued, so that a flood from beyond the link wakes nobody. Returns 0 or a negative errno.
 */
int martlet_bfd_admit_neighbours(int fd, int family);

/* Receives up to MARTLET_BFD_BATCH datagrams without waiting. Returns their number, 0 when there are none, or a negative errno. */
int martlet_bfd_receive(int fd, struct martlet_bfd_arrival *arrivals);

#endif
