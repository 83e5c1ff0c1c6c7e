#define _GNU_SOURCE
#include "martlet/bfd.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define NANOSECONDS 1000000000ull

/* Where in the IP header the TTL stands, and the hop limit in that of IPv6. */
#define TTL_OFFSET 8
#define HOP_LIMIT_OFFSET 7
#define HOP_LIMIT 255

int martlet_bfd_admit_neighbours(int fd, int family)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF + (family == AF_INET ? TTL_OFFSET : HOP_LIMIT_OFFSET)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, HOP_LIMIT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog all = { .len = sizeof(program) / sizeof(program[0]), .filter = program };

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &all, sizeof(all)) ? -errno : 0;
}

/* Room for a time stamp and a hop limit, with their headers. */
union control {
    struct cmsghdr alignment;
    char bytes[96];
};

static void read_source(const struct sockaddr_storage *from, uint8_t *source)
{
    if (from->ss_family == AF_INET)
        memcpy(source, &((const struct sockaddr_in *)from)->sin_addr, 4);
    else if (from->ss_family == AF_INET6)
        memcpy(source, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
}

static void read_part(struct cmsghdr *part, struct martlet_bfd_arrival *arrival)
{
    int is_limit = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TTL) ||
                   (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_HOPLIMIT);

    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec time;

        memcpy(&time, CMSG_DATA(part), sizeof(time));
        if (time.tv_sec > 0)
            arrival->stamp = (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
    } else if (is_limit) {
        int limit;

        memcpy(&limit, CMSG_DATA(part), sizeof(limit));
        arrival->hop_limit = limit;
    }
}

int martlet_bfd_receive(int fd, struct martlet_bfd_arrival *arrivals)
{
    struct sockaddr_storage from[MARTLET_BFD_BATCH];
    union control controls[MARTLET_BFD_BATCH];
    struct iovec bytes[MARTLET_BFD_BATCH];
    struct mmsghdr messages[MARTLET_BFD_BATCH];
    int count;

    for (int i = 0; i < MARTLET_BFD_BATCH; i++) {
        bytes[i] = (struct iovec){ .iov_base = arrivals[i].bytes, .iov_len = MARTLET_BFD_LONGEST };
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i],
            .msg_namelen = sizeof(from[i]),
            .msg_iov = &bytes[i],
            .msg_iovlen = 1,
            .msg_control = &controls[i],
            .msg_controllen = sizeof(controls[i]),
        };
    }
    count = recvmmsg(fd, messages, MARTLET_BFD_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        struct msghdr *message = &messages[i].msg_hdr;

        memset(arrivals[i].source, 0, sizeof(arrivals[i].source));
        arrivals[i].stamp = 0;
        arrivals[i].hop_limit = -1;
        arrivals[i].length = messages[i].msg_len;
        read_source(&from[i], arrivals[i].source);
        for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part))
            read_part(part, &arrivals[i]);
    }
    return count;
}
