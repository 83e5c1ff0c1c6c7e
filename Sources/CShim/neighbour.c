#define _GNU_SOURCE /* SO_BINDTOIFINDEX on older headers */
#include "martlet/neighbour.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int closing(int fd, int result)
{
    close(fd);
    return result;
}

/* The operation stands at byte 6 (RFC 826); a datagram packet socket sees the message from its first byte on. */
static int admit_replies(int fd)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REPLY, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog all = { .len = sizeof(program) / sizeof(program[0]), .filter = program };

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) ? -errno : 0;
}

int martlet_arp_open(int interface, uint8_t *hardware)
{
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ARP),
        .sll_ifindex = interface,
    };
    socklen_t length = sizeof(address);
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); /* hears nothing until it is bound */
    int result;

    if (fd < 0)
        return -errno;
    result = admit_replies(fd);
    if (!result)
        result = set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (result)
        return closing(fd, result);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || getsockname(fd, (struct sockaddr *)&address, &length))
        return closing(fd, -errno);
    if (address.sll_hatype != ARPHRD_ETHER || address.sll_halen != MARTLET_HARDWARE_LENGTH)
        return closing(fd, -EPROTONOSUPPORT);
    memcpy(hardware, address.sll_addr, MARTLET_HARDWARE_LENGTH);
    return fd;
}

int martlet_arp_send(int fd, int interface, const void *bytes, size_t size)
{
    struct sockaddr_ll everybody = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ARP),
        .sll_ifindex = interface,
        .sll_halen = MARTLET_HARDWARE_LENGTH,
    };

    memset(everybody.sll_addr, 0xff, MARTLET_HARDWARE_LENGTH);
    return sendto(fd, bytes, size, 0, (struct sockaddr *)&everybody, sizeof(everybody)) < 0 ? -errno : 0;
}

int martlet_solicitation_open(int interface)
{
    struct icmp6_filter filter;
    int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);
    int result;

    if (fd < 0)
        return -errno;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &filter);
    if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)))
        return closing(fd, -errno);
    result = set_int(fd, SOL_SOCKET, SO_BINDTOIFINDEX, interface);
    if (!result)
        result = set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
    if (!result)
        result = set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
    if (!result)
        result = set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    if (!result)
        result = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    if (!result)
        result = set_int(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    return result ? closing(fd, result) : fd;
}

int martlet_solicitation_send(int fd, int interface, const uint8_t *to, const void *bytes, size_t size)
{
    struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)interface };

    memcpy(&address.sin6_addr, to, sizeof(address.sin6_addr));
    return sendto(fd, bytes, size, 0, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}
