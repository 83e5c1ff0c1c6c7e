/*
 * The yardstick of the route lists: a list of prefixes in memory, sent by hand with libmnl.
 *
 *     list FILE add|ascending|delete|delete-ascending NEXTHOP
 *
 * `add` sends the messages that martletd sends for the list, in its order (bit-reversed); `ascending` the same in the list's order;
 * `delete` and `delete-ascending` take them away again. 32 KiB a send, an acknowledgement asked of the last message of each. Prints
 * the milliseconds of reading the file and of sending, in this order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEP_BYTES (32 << 10)
/* Room for one message too many. */
#define MESSAGE_BYTES 256
#define METRIC 77
#define PROTOCOL 219

struct prefix {
    uint8_t address[16];
    uint8_t family;
    uint8_t length;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* A file of prefixes, one a line, sorted, of one family. */
static struct prefix *read_list(const char *path, uint32_t *count)
{
    FILE *file = fopen(path, "r");
    struct prefix *list = NULL;
    uint32_t room = 0;
    char line[128];

    if (!file)
        die(path);
    for (*count = 0; fgets(line, sizeof line, file);) {
        char *slash = strchr(line, '/');
        struct prefix *one;

        if (!slash)
            continue;
        if (*count == room) {
            room = room ? room * 2 : 1024;
            list = realloc(list, room * sizeof *list);
            if (!list)
                die("realloc");
        }
        *slash = 0;
        one = &list[*count];
        one->family = strchr(line, ':') ? AF_INET6 : AF_INET;
        one->length = (uint8_t)atoi(slash + 1);
        if (inet_pton(one->family, line, one->address) != 1)
            die(line);
        ++*count;
    }
    fclose(file);
    return list;
}

static uint32_t reversed(uint32_t position, unsigned width)
{
    uint32_t index = 0;

    for (unsigned bit = 0; bit < width; bit++)
        index |= (position >> bit & 1) << (width - 1 - bit);
    return index;
}

static struct nlmsghdr *put_route(void *buffer, const struct prefix *prefix, int is_add, uint32_t nexthop, uint32_t sequence)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route;

    header->nlmsg_type = is_add ? RTM_NEWROUTE : RTM_DELROUTE;
    header->nlmsg_flags = NLM_F_REQUEST | (is_add ? NLM_F_CREATE | NLM_F_EXCL : 0);
    header->nlmsg_seq = sequence;
    route = mnl_nlmsg_put_extra_header(header, sizeof *route);
    route->rtm_family = prefix->family;
    route->rtm_dst_len = prefix->length;
    route->rtm_table = RT_TABLE_MAIN;
    route->rtm_protocol = PROTOCOL;
    route->rtm_scope = is_add ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
    route->rtm_type = is_add ? RTN_UNICAST : RTN_UNSPEC;
    mnl_attr_put_u32(header, RTA_TABLE, RT_TABLE_MAIN);
    mnl_attr_put(header, RTA_DST, prefix->family == AF_INET ? 4 : 16, prefix->address);
    mnl_attr_put_u32(header, RTA_PRIORITY, METRIC);
    if (is_add)
        mnl_attr_put_u32(header, RTA_NH_ID, nexthop);
    return header;
}

/* Reads until the answer to `sequence`; any error ends the program. */
static void await(struct mnl_socket *socket, uint32_t sequence)
{
    static char buffer[64 << 10];

    for (;;) {
        ssize_t count = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
        int left = (int)count;

        if (count < 0)
            die("recv");
        for (struct nlmsghdr *header = (void *)buffer; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
            const struct nlmsgerr *answer = mnl_nlmsg_get_payload(header);

            if (header->nlmsg_type != NLMSG_ERROR)
                continue;
            if (answer->error) {
                errno = -answer->error;
                die("refused");
            }
            if (header->nlmsg_seq == sequence)
                return;
        }
    }
}

static void flush(struct mnl_socket *socket, char *buffer, size_t used, struct nlmsghdr *last)
{
    last->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(socket, buffer, used) < 0)
        die("send");
    await(socket, last->nlmsg_seq);
}

static void send_list(struct mnl_socket *socket, const struct prefix *list, uint32_t count, int is_add, int is_ascending,
                      uint32_t nexthop)
{
    static char buffer[STEP_BYTES + MESSAGE_BYTES];
    struct nlmsghdr *last = NULL;
    size_t used = 0;
    unsigned width = 0;

    while ((1u << width) < count)
        width++;
    for (uint32_t position = 0; position < (is_ascending ? count : 1u << width); position++) {
        const uint32_t index = is_ascending ? position : reversed(position, width);
        struct nlmsghdr *header;

        if (index >= count)
            continue;
        header = put_route(buffer + used, &list[index], is_add, nexthop, position + 1);
        if (used + header->nlmsg_len > STEP_BYTES) {
            flush(socket, buffer, used, last);
            header = put_route(buffer, &list[index], is_add, nexthop, position + 1);
            used = 0;
        }
        used += header->nlmsg_len;
        last = header;
    }
    if (last)
        flush(socket, buffer, used, last);
}

int main(int argc, char **argv)
{
    const int receive_buffer = 4 << 20;
    struct mnl_socket *socket;
    struct prefix *list;
    uint32_t count;
    double start, read;

    if (argc != 4) {
        fprintf(stderr, "usage: list FILE add|ascending|delete|delete-ascending NEXTHOP\n");
        return 2;
    }
    start = now_ms();
    list = read_list(argv[1], &count);
    read = now_ms();
    socket = mnl_socket_open(NETLINK_ROUTE);
    if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
        die("socket");
    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer);
    printf("%.1f ", read - start);
    start = now_ms();
    send_list(socket, list, count, !strcmp(argv[2], "add") || !strcmp(argv[2], "ascending"), strstr(argv[2], "ascending") != NULL,
              (uint32_t)strtoul(argv[3], NULL, 0));
    printf("%.1f\n", now_ms() - start);
    mnl_socket_close(socket);
    return 0;
}
