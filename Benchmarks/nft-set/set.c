/* The peer of Benchmarks/NftSet: fills an nftables set with libnftnl, as a C program would. `c COUNT fill|change|hosts`.
 *
 * The set holds COUNT /24 prefixes as ranges, in one batch whose end alone is acknowledged. `fill` prints the milliseconds from the first
 * object built to the acknowledgement, `change` the microseconds of one element put in or taken out of the filled set, each in a batch
 * of its own on the open socket, the mean of 2000. `hosts` is `change` in a set of COUNT single addresses, which the kernel hashes: in one
 * of ranges it does work for each of them at every commit. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <libnftnl/batch.h>
#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

enum { family = 1 /* NFPROTO_INET */, ipv4_type = 7, changes = 2000 };

static struct mnl_socket *handle;
static char *buffer;
static size_t used;
static uint32_t sequence = 1;
static bool are_hosts;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static struct nlmsghdr *begin(uint16_t type, uint16_t flags)
{
    return nftnl_nlmsg_build_hdr(buffer + used, type, family, flags, sequence++);
}

static void end(const struct nlmsghdr *header) { used += NLMSG_ALIGN(header->nlmsg_len); }

static void begin_batch(void)
{
    used = 0;
    end(nftnl_batch_begin(buffer, sequence++));
}

static void commit(void)
{
    char answer[8192];
    struct nlmsghdr *last = nftnl_batch_end(buffer + used, sequence);
    const uint32_t awaited = sequence++;

    last->nlmsg_flags |= NLM_F_ACK;
    end(last);
    if (mnl_socket_sendto(handle, buffer, used) < 0)
        fail("send");
    for (;;) {
        const ssize_t count = mnl_socket_recvfrom(handle, answer, sizeof answer);
        const struct nlmsghdr *message = (const struct nlmsghdr *)answer;

        if (count < 0)
            fail("receive");
        if (message->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

            if (error->error != 0) {
                errno = -error->error;
                fail("kernel");
            }
            if (message->nlmsg_seq == awaited)
                return;
        }
    }
}

static struct nftnl_set *new_set(void)
{
    struct nftnl_set *set = nftnl_set_alloc();

    nftnl_set_set_u32(set, NFTNL_SET_FAMILY, family);
    nftnl_set_set_str(set, NFTNL_SET_TABLE, "martlet");
    nftnl_set_set_str(set, NFTNL_SET_NAME, "many");
    return set;
}

static void add_element(struct nftnl_set *set, uint32_t address, uint32_t flags)
{
    struct nftnl_set_elem *element = nftnl_set_elem_alloc();
    const uint32_t key = htonl(address);

    nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, &key, sizeof key);
    if (flags)
        nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_FLAGS, flags);
    nftnl_set_elem_add(set, element);
}

static void add_range(struct nftnl_set *set, uint32_t index)
{
    const uint32_t first = 0x0B000000u + (index << 9);

    add_element(set, first, 0);
    if (!are_hosts)
        add_element(set, first + 256, NFT_SET_ELEM_INTERVAL_END);
}

static void append_elements(struct nftnl_set *set, uint16_t type)
{
    struct nftnl_set_elems_iter *elements = nftnl_set_elems_iter_create(set);
    int more;

    do {
        struct nlmsghdr *header = begin(type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);

        more = nftnl_set_elems_nlmsg_build_payload_iter(header, elements);
        end(header);
    } while (more > 0);
    nftnl_set_elems_iter_destroy(elements);
}

static void fill(uint32_t count)
{
    struct nftnl_table *table = nftnl_table_alloc();
    struct nftnl_set *declared = new_set(), *set = new_set();
    struct nlmsghdr *header;

    begin_batch();
    nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, family);
    nftnl_table_set_str(table, NFTNL_TABLE_NAME, "martlet");
    header = begin(NFT_MSG_NEWTABLE, NLM_F_CREATE);
    nftnl_table_nlmsg_build_payload(header, table);
    end(header);
    nftnl_set_set_u32(declared, NFTNL_SET_ID, 1);
    nftnl_set_set_u32(declared, NFTNL_SET_FLAGS, are_hosts ? 0 : NFT_SET_INTERVAL);
    nftnl_set_set_u32(declared, NFTNL_SET_KEY_TYPE, ipv4_type);
    nftnl_set_set_u32(declared, NFTNL_SET_KEY_LEN, 4);
    header = begin(NFT_MSG_NEWSET, NLM_F_CREATE);
    nftnl_set_nlmsg_build_payload(header, declared);
    end(header);
    for (uint32_t index = 0; index < count; index++)
        add_range(set, index);
    append_elements(set, NFT_MSG_NEWSETELEM);
    commit();
    nftnl_set_free(set);
    nftnl_set_free(declared);
    nftnl_table_free(table);
}

static void change(uint32_t index, uint16_t type)
{
    struct nftnl_set *set = new_set();

    add_range(set, index);
    begin_batch();
    append_elements(set, type);
    commit();
    nftnl_set_free(set);
}

int main(int argc, char **argv)
{
    const uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    const size_t room = (size_t)count * 80 + (1 << 20);
    int size = (int)room;
    double start;

    if (count == 0) {
        fprintf(stderr, "usage: set COUNT fill|change|hosts\n");
        return 2;
    }
    are_hosts = strcmp(argv[2], "hosts") == 0;
    buffer = malloc(room);
    handle = mnl_socket_open(12 /* NETLINK_NETFILTER */);
    if (buffer == NULL || handle == NULL || mnl_socket_bind(handle, 0, MNL_SOCKET_AUTOPID) < 0)
        fail("socket");
    setsockopt(mnl_socket_get_fd(handle), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    start = now();
    fill(count);
    if (strcmp(argv[2], "fill") == 0) {
        printf("%.2f\n", now() - start);
        return 0;
    }
    start = now();
    for (uint32_t index = 0; index < changes; index++)
        change(count + index / 2, index % 2 ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM);
    printf("%.2f\n", (now() - start) * 1000 / changes);
    return 0;
}
