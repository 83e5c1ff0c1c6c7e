/* A plain ICMP prober over epoll, to be compared with: prober COUNT SECONDS DEVICE FIRST-ADDRESS.
 *
 * Asks COUNT addresses once a second each, evenly spread, on a raw socket bound to the device, and reads the answers on a
 * filtered one with the kernel's time stamps: identifier, sequence and nonce are compared, a round trip is made of each answer, and
 * what is not answered within the second counts as lost. One timer, the earliest target first; no allocation while it runs. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>

#define SECOND 1000000000ull
#define IDENTIFIER 0x4d54

struct target {
    uint64_t due, sent, nonce, trips, sum;
    uint64_t answered, lost;
    uint16_t sequence;
    int waiting;
};

struct echo {
    struct icmphdr head;
    uint64_t nonce;
};

static uint64_t now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static uint16_t checksum(const void *bytes, size_t size)
{
    const uint16_t *words = bytes;
    uint32_t sum = 0;

    for (size_t i = 0; i < size / 2; i++)
        sum += words[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_socket(const char *device, uint32_t types)
{
    struct icmp_filter { uint32_t data; } filter = { ~types };
    int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);

    if (fd < 0)
        fail("socket");
    if (setsockopt(fd, SOL_RAW, 1 /* ICMP_FILTER */, &filter, sizeof(filter)))
        fail("ICMP_FILTER");
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)))
        fail("SO_BINDTODEVICE");
    return fd;
}

static uint64_t stamp(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        struct timespec time;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&time, CMSG_DATA(part), sizeof(time));
        return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
    }
    return now(CLOCK_REALTIME);
}

static void read_answers(int fd, struct target *targets, uint32_t count, uint32_t first)
{
    for (;;) {
        char buffer[1536], control[128];
        struct iovec bytes = { buffer, sizeof(buffer) };
        struct sockaddr_in from;
        struct msghdr message = {
            .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &bytes, .msg_iovlen = 1,
            .msg_control = control, .msg_controllen = sizeof(control),
        };
        ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
        size_t head;
        struct echo *echo;
        uint32_t index;

        if (length < 0)
            return;
        head = (size_t)(buffer[0] & 0xf) * 4;
        if ((size_t)length != head + sizeof(*echo) || checksum(buffer + head, sizeof(*echo)))
            continue;
        echo = (struct echo *)(buffer + head);
        index = ntohl(from.sin_addr.s_addr) - first;
        if (echo->head.type != ICMP_ECHOREPLY || ntohs(echo->head.un.echo.id) != IDENTIFIER || index >= count)
            continue;
        struct target *target = &targets[index];
        uint64_t age = now(CLOCK_REALTIME) - stamp(&message), arrival = now(CLOCK_BOOTTIME) - age;
        if (!target->waiting || echo->nonce != target->nonce || ntohs(echo->head.un.echo.sequence) != target->sequence)
            continue;
        target->waiting = 0;
        target->answered++;
        target->trips++;
        target->sum += arrival - target->sent;
    }
}

static void ask(int fd, struct target *target, uint32_t address)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(address) };
    struct echo echo = { .head = { .type = ICMP_ECHO } };

    if (target->waiting)
        target->lost++;
    target->nonce = mix(target->nonce + address);
    target->sequence++;
    echo.head.un.echo.id = htons(IDENTIFIER);
    echo.head.un.echo.sequence = htons(target->sequence);
    echo.nonce = target->nonce;
    echo.head.checksum = checksum(&echo, sizeof(echo));
    target->sent = now(CLOCK_BOOTTIME);
    target->waiting = sendto(fd, &echo, sizeof(echo), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(echo);
    target->due += SECOND;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    uint32_t count = (uint32_t)atoi(argv[1]), first = ntohl(inet_addr(argv[4])), next = 0;
    struct target *targets = calloc(count, sizeof(*targets));
    int on = 1, buffer = 4 << 20;
    int sender = open_socket(argv[3], 0), receiver = open_socket(argv[3], 1u << ICMP_ECHOREPLY);
    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN };
    uint64_t start = now(CLOCK_BOOTTIME) + SECOND / 10, end = start + (uint64_t)atoi(argv[2]) * SECOND;
    uint64_t answered = 0, lost = 0, sum = 0;

    setsockopt(receiver, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    event.data.fd = receiver;
    epoll_ctl(epoll, EPOLL_CTL_ADD, receiver, &event);
    event.data.fd = timer;
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
    for (uint32_t i = 0; i < count; i++)
        targets[i].due = start + SECOND * i / count;
    while (targets[next].due < end) {
        struct itimerspec setting = { .it_value = {
            .tv_sec = (time_t)(targets[next].due / SECOND), .tv_nsec = (long)(targets[next].due % SECOND) } };
        struct epoll_event ready[64];
        int n;

        timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
        n = epoll_wait(epoll, ready, 64, -1);
        for (int i = 0; i < n; i++) {
            uint64_t expirations;

            if (ready[i].data.fd == receiver)
                read_answers(receiver, targets, count, first);
            else if (read(timer, &expirations, sizeof(expirations)) < 0)
                continue;
        }
        for (uint64_t time = now(CLOCK_BOOTTIME); targets[next].due <= time; next = next + 1 == count ? 0 : next + 1)
            ask(sender, &targets[next], first + next);
    }
    for (uint32_t i = 0; i < count; i++) {
        answered += targets[i].answered;
        lost += targets[i].lost;
        sum += targets[i].sum;
    }
    printf("answered %llu lost %llu mean %llu us\n", (unsigned long long)answered, (unsigned long long)lost,
           (unsigned long long)(answered ? sum / answered / 1000 : 0));
    return 0;
}
