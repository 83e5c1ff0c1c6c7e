/*
 * The yardstick of bench-route-sync: the same route messages in the same order, written by hand with libmnl.
 *
 *     routes COUNT [digest]
 *
 * Sets COUNT IPv4 routes, a list in memory, over next-hop group 9 of the namespace it runs in: 32 KiB a send, an acknowledgement
 * asked of the last message of each. Prints the milliseconds from the list to the last answer read. With `digest`, sends nothing and
 * prints an FNV-1a hash over all bytes, by which the two programs are known to send the same.
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
#define GROUP 9
#define TABLE 7001
#define METRIC 77
#define PROTOCOL 219

static uint64_t digest = 0xcbf29ce484222325;

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

/* The order of Forwarding/BulkOrder.swift: 0 … count − 1 by their reversed bits. */
static uint32_t *bit_reversed_order(uint32_t count)
{
    uint32_t *order = malloc(count * sizeof *order), filled = 0;
    unsigned width = 0;

    if (!order)
        die("malloc");
    while ((1u << width) < count)
        width++;
    for (uint32_t position = 0; position < 1u << width; position++) {
        uint32_t index = 0;
        for (unsigned bit = 0; bit < width; bit++)
            index |= (position >> bit & 1) << (width - 1 - bit);
        if (index < count)
            order[filled++] = index;
    }
    return order;
}

/* What is known of a route before it is a message, of either family. */
struct route {
    uint8_t destination[16];
    uint32_t table;
    uint32_t metric;
    uint32_t nexthop;
    uint8_t family;
    uint8_t length;
    uint8_t protocol;
};

static struct route *routes_of(uint32_t count)
{
    struct route *routes = calloc(count, sizeof *routes);

    if (!routes)
        die("calloc");
    for (uint32_t index = 0; index < count; index++) {
        const uint32_t address = htonl(0x0b000000 + (index << 8));

        routes[index] = (struct route){
            .table = TABLE, .metric = METRIC, .nexthop = GROUP, .family = AF_INET, .length = 24, .protocol = PROTOCOL};
        memcpy(routes[index].destination, &address, sizeof address);
    }
    return routes;
}

static struct nlmsghdr *put_route(void *buffer, const struct route *from, uint32_t sequence)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    struct rtmsg *route;

    header->nlmsg_type = RTM_NEWROUTE;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
    header->nlmsg_seq = sequence;
    route = mnl_nlmsg_put_extra_header(header, sizeof *route);
    route->rtm_family = from->family;
    route->rtm_dst_len = from->length;
    route->rtm_protocol = from->protocol;
    route->rtm_type = RTN_UNICAST;
    mnl_attr_put_u32(header, RTA_TABLE, from->table);
    mnl_attr_put(header, RTA_DST, from->family == AF_INET ? 4 : 16, from->destination);
    mnl_attr_put_u32(header, RTA_PRIORITY, from->metric);
    mnl_attr_put_u32(header, RTA_NH_ID, from->nexthop);
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
    if (!socket) {
        for (size_t i = 0; i < used; i++)
            digest = (digest ^ (uint8_t)buffer[i]) * 0x100000001b3;
        return;
    }
    if (mnl_socket_sendto(socket, buffer, used) < 0)
        die("send");
    await(socket, last->nlmsg_seq);
}

static void set_routes(struct mnl_socket *socket, const struct route *routes, uint32_t count)
{
    static char buffer[STEP_BYTES + MESSAGE_BYTES];
    uint32_t *order = bit_reversed_order(count);
    struct nlmsghdr *last = NULL;
    size_t used = 0;

    for (uint32_t position = 0; position < count; position++) {
        struct nlmsghdr *header = put_route(buffer + used, &routes[order[position]], position + 1);

        if (used + header->nlmsg_len > STEP_BYTES) {
            flush(socket, buffer, used, last);
            header = put_route(buffer, &routes[order[position]], position + 1);
            used = 0;
        }
        used += header->nlmsg_len;
        last = header;
    }
    if (last)
        flush(socket, buffer, used, last);
    free(order);
}

int main(int argc, char **argv)
{
    const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const struct route *routes = routes_of(count);
    struct mnl_socket *socket = NULL;
    const int receive_buffer = 4 << 20;

    if (argc > 2 && !strcmp(argv[2], "digest")) {
        set_routes(NULL, routes, count);
        printf("%016llx\n", (unsigned long long)digest);
        return 0;
    }
    socket = mnl_socket_open(NETLINK_ROUTE);
    if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
        die("socket");
    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer);
    const double start = now_ms();
    set_routes(socket, routes, count);
    printf("%.2f\n", now_ms() - start);
    mnl_socket_close(socket);
    return 0;
}
