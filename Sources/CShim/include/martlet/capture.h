/* Packets of one device or of all, as the kernel hands them over, without their link-layer header (packet(7)). */
#ifndef MARTLET_CAPTURE_H
#define MARTLET_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct martlet_captured {
    /* Bytes in the buffer, and bytes that the packet had. */
    uint32_t captured, length;
    int64_t seconds;
    uint32_t nanoseconds;
    /* The index of its device. */
    uint32_t interface;
    /* PACKET_*: 0 to us, 4 sent by us. */
    uint8_t direction;
    /* ARPHRD_* of the device, and ETH_P_* of the packet. */
    uint16_t hardware, protocol;
    uint8_t address[8];
    uint8_t address_length;
};

/*
 * Opens a capture on the device, on all of them for 0. With a mask, only packets whose mark under it is `mark` are taken, by a filter in the kernel. Needs
 * CAP_NET_RAW. Returns a descriptor or a negative errno.
 */
int martlet_open_capture(int interface, uint32_t mark, uint32_t mask);

/* Waits for the next packet. Returns 0 or a negative errno; -EINTR when a signal came first. */
int martlet_read_capture(int fd, void *buffer, size_t size, struct martlet_captured *packet);

#endif
