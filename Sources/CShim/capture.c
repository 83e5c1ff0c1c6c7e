#define _GNU_SOURCE
#include "martlet/capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int filter_marks(int fd, uint32_t mark, uint32_t mask)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_MARK)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark & mask, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {sizeof steps / sizeof steps[0], steps};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int martlet_open_capture(int interface, uint32_t mark, uint32_t mask)
{
    /* Protocol 0: nothing comes before the filter is there. */
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int on = 1;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface};
    if ((mask != 0 && filter_marks(fd, mark, mask) < 0)
        || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0
        || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int reason = errno;
        close(fd);
        return -reason;
    }
    return fd;
}

int martlet_read_capture(int fd, void *buffer, size_t size, struct martlet_captured *packet)
{
    struct sockaddr_ll from;
    char control[CMSG_SPACE(sizeof(struct timespec))];
    struct iovec part = {buffer, size};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof control};
    ssize_t length = recvmsg(fd, &message, MSG_TRUNC);
    if (length < 0)
        return -errno;
    struct timespec at = {0, 0};
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&at, CMSG_DATA(head), sizeof at);
    }
    memset(packet, 0, sizeof *packet);
    packet->length = (uint32_t)length;
    packet->captured = (size_t)length < size ? (uint32_t)length : (uint32_t)size;
    packet->seconds = at.tv_sec;
    packet->nanoseconds = (uint32_t)at.tv_nsec;
    packet->interface = (uint32_t)from.sll_ifindex;
    packet->direction = from.sll_pkttype;
    packet->hardware = from.sll_hatype;
    packet->protocol = ntohs(from.sll_protocol);
    packet->address_length = from.sll_halen <= sizeof packet->address ? from.sll_halen : sizeof packet->address;
    memcpy(packet->address, from.sll_addr, packet->address_length);
    return 0;
}
