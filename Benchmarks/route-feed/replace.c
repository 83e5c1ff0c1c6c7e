/*
 * How long is a group replace held back? Sixty of them, 10 ms apart, each answered before the next.
 *
 *     replace GROUP MEMBER MEMBER
 *
 * Prints the worst and the median in milliseconds.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TIMES 60

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void replace(struct mnl_socket *socket, uint32_t group, uint32_t first, uint32_t second, uint32_t sequence)
{
    struct nexthop_grp members[2] = {{.id = first}, {.id = second, .weight = (uint8_t)(sequence & 1)}};
    char buffer[1024];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    struct nhmsg *nexthop;
    const struct nlmsgerr *answer;

    header->nlmsg_type = RTM_NEWNEXTHOP;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK;
    header->nlmsg_seq = sequence;
    nexthop = mnl_nlmsg_put_extra_header(header, sizeof *nexthop);
    nexthop->nh_family = AF_UNSPEC;
    mnl_attr_put_u32(header, NHA_ID, group);
    mnl_attr_put(header, NHA_GROUP, sizeof members, members);
    if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0 || mnl_socket_recvfrom(socket, buffer, sizeof buffer) < 0)
        die("replace");
    answer = mnl_nlmsg_get_payload((struct nlmsghdr *)buffer);
    errno = -answer->error;
    if (answer->error)
        die("replace refused");
}

int main(int argc, char **argv)
{
    struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
    double times[TIMES];

    if (argc != 4 || !socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
        die("usage: replace GROUP MEMBER MEMBER");
    for (unsigned i = 0; i < TIMES; i++) {
        const double start = now_ms();

        replace(socket, (uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]), i + 1);
        times[i] = now_ms() - start;
        usleep(10000);
    }
    qsort(times, TIMES, sizeof *times, by_value);
    printf("%.2f %.2f\n", times[TIMES - 1], times[TIMES / 2]);
    return 0;
}
