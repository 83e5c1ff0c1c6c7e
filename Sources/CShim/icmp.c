#define _GNU_SOURCE /* struct in6_pktinfo */
#include "martlet/icmp.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
/* After netinet/in.h, whose in6_pktinfo they would otherwise take the place of. */
#include <linux/filter.h>
#include <linux/icmp.h>

#define NANOSECONDS 1000000000ull

static int set_program(int fd, struct sock_filter *program, unsigned short length)
{
    struct sock_fprog all = { .len = length, .filter = program };

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) ? -errno : 0;
}

/* The message types first: they are looked at before the kernel makes this socket's copy, a program after. */
static int set_types_v4(int fd, uint32_t wanted)
{
    struct icmp_filter filter = { .data = ~wanted };

    return setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)) ? -errno : 0;
}

static int set_types_v6(int fd, int answers)
{
    struct icmp6_filter filter;

    ICMP6_FILTER_SETBLOCKALL(&filter);
    if (answers) {
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &filter);
        ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &filter);
        ICMP6_FILTER_SETPASS(ICMP6_PARAM_PROB, &filter);
    }
    return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) ? -errno : 0;
}

/* A raw IPv4 socket sees the packet from its IP header on. A load beyond the end drops the packet. */
static int set_shape_v4(int fd, uint32_t size)
{
    struct sock_filter program[] = {
        /* X = length of the IP header; A = ICMP type */
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHOREPLY, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, size, 7, 8),
        /* an error: X += length of the quoted IP header, which begins 8 bytes further on; A = type of what it carries */
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
        BPF_STMT(BPF_MISC | BPF_TAX, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_IND, 8),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHO, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };

    return set_program(fd, program, sizeof(program) / sizeof(program[0]));
}

/* A raw ICMPv6 socket sees the message alone; a quoted packet begins at 8 and, without extensions, its load at 48. */
static int set_shape_v6(int fd, uint32_t size)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_ECHO_REPLY, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, size, 2, 3),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 48),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP6_ECHO_REQUEST, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };

    return set_program(fd, program, sizeof(program) / sizeof(program[0]));
}

static int set_flag(int fd, int level, int option)
{
    const int on = 1;

    return setsockopt(fd, level, option, &on, sizeof(on)) ? -errno : 0;
}

/* When, by which device and how far away each message was. */
static int tell_arrival(int fd, int family)
{
    int result = set_flag(fd, SOL_SOCKET, SO_TIMESTAMPNS);

    if (result)
        return result;
    if (family == AF_INET)
        return set_flag(fd, IPPROTO_IP, IP_PKTINFO);
    result = set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    return result ? result : set_flag(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
}

int martlet_icmp_admit_answers(int fd, int family, uint32_t size)
{
    const uint32_t v4 =
        1u << ICMP_ECHOREPLY | 1u << ICMP_DEST_UNREACH | 1u << ICMP_TIME_EXCEEDED | 1u << ICMP_PARAMETERPROB;
    int result = family == AF_INET ? set_types_v4(fd, v4) : set_types_v6(fd, 1);

    if (!result)
        result = tell_arrival(fd, family);
    if (result)
        return result;
    return family == AF_INET ? set_shape_v4(fd, size) : set_shape_v6(fd, size);
}

int martlet_icmp_admit_nothing(int fd, int family)
{
    return family == AF_INET ? set_types_v4(fd, 0) : set_types_v6(fd, 0);
}

static void read_source(const struct sockaddr_storage *from, uint8_t *source)
{
    if (from->ss_family == AF_INET)
        memcpy(source, &((const struct sockaddr_in *)from)->sin_addr, 4);
    else if (from->ss_family == AF_INET6)
        memcpy(source, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
}

static int is_part(const struct cmsghdr *part, int level, int type, size_t size)
{
    return part->cmsg_level == level && part->cmsg_type == type && part->cmsg_len >= CMSG_LEN(size);
}

static void read_parts(struct msghdr *message, struct martlet_icmp_arrival *arrival)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        struct timespec time;
        struct in_pktinfo way4;
        struct in6_pktinfo way6;

        if (is_part(part, SOL_SOCKET, SCM_TIMESTAMPNS, sizeof(time))) {
            memcpy(&time, CMSG_DATA(part), sizeof(time));
            if (time.tv_sec > 0)
                arrival->stamp = (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
        } else if (is_part(part, IPPROTO_IP, IP_PKTINFO, sizeof(way4))) {
            memcpy(&way4, CMSG_DATA(part), sizeof(way4));
            arrival->interface = way4.ipi_ifindex;
        } else if (is_part(part, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(way6))) {
            memcpy(&way6, CMSG_DATA(part), sizeof(way6));
            arrival->interface = (int)way6.ipi6_ifindex;
        } else if (is_part(part, IPPROTO_IPV6, IPV6_HOPLIMIT, sizeof(int))) {
            memcpy(&arrival->hops, CMSG_DATA(part), sizeof(int));
        }
    }
}

ssize_t martlet_icmp_receive(int fd, void *buffer, size_t size, struct martlet_icmp_arrival *arrival)
{
    struct sockaddr_storage from = { 0 };
    _Alignas(struct cmsghdr) char control[256];
    struct iovec bytes = { .iov_base = buffer, .iov_len = size };
    struct msghdr message = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &bytes,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);

    if (length < 0)
        return -errno;
    memset(arrival, 0, sizeof(*arrival));
    arrival->hops = -1;
    read_source(&from, arrival->source);
    read_parts(&message, arrival);
    return length;
}
