/* What does a command cost, and how evenly does it ask? meter DEVICE COUNT FIRST-ADDRESS LOG COMMAND...
 *
 * Runs the command, and meanwhile sees every echo request leave by the device, with the kernel's time stamp. Appends to LOG one line:
 * requests seen, CPU microseconds of the command, and how late its requests were in microseconds: median, p99, p99.9. A request's
 * lateness is that behind the earliest of its target's requests on a grid of one second. The first two seconds do not count. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define MOST 64

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on(const char *device)
{
    struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
    int on = 1, buffer = 64 << 20, fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

    address.sll_ifindex = (int)if_nametoindex(device);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
        fail("packet socket");
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    return fd;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    uint32_t count = (uint32_t)atoi(argv[2]), first = ntohl(inet_addr(argv[3]));
    uint64_t(*times)[MOST] = calloc(count, sizeof(*times));
    uint32_t *seen = calloc(count, sizeof(*seen));
    int fd = listen_on(argv[1]), status = 0;
    uint64_t begin = 0, total = 0;
    pid_t child = fork();

    if (child < 0)
        fail("fork");
    if (child == 0) {
        close(fd);
        execvp(argv[5], argv + 5);
        fail(argv[5]);
    }
    for (;;) {
        unsigned char packet[128];
        char control[128];
        struct iovec bytes = { packet, sizeof(packet) };
        struct sockaddr_ll from;
        struct msghdr message = {
            .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &bytes, .msg_iovlen = 1,
            .msg_control = control, .msg_controllen = sizeof(control),
        };
        struct pollfd wait = { fd, POLLIN, 0 };
        ssize_t length;
        uint32_t index;
        struct cmsghdr *part;
        struct timespec time;

        if (poll(&wait, 1, 100) == 0) {
            if (waitpid(child, &status, WNOHANG) == child)
                break;
            continue;
        }
        length = recvmsg(fd, &message, MSG_DONTWAIT);
        if (length < 28 || from.sll_pkttype != PACKET_OUTGOING || packet[9] != 1 || packet[(packet[0] & 15) * 4] != 8)
            continue;
        index = ((uint32_t)packet[16] << 24 | (uint32_t)packet[17] << 16 | (uint32_t)packet[18] << 8 | packet[19]) - first;
        part = CMSG_FIRSTHDR(&message);
        if (index >= count || !part || part->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        memcpy(&time, CMSG_DATA(part), sizeof(time));
        uint64_t at = (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
        if (!begin)
            begin = at;
        total++;
        if (at - begin > 2 * SECOND && seen[index] < MOST)
            times[index][seen[index]++] = at;
    }
    struct rusage usage;
    uint64_t *late = calloc((size_t)count * MOST, sizeof(*late)), n = 0;
    getrusage(RUSAGE_CHILDREN, &usage);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t least = UINT64_MAX;

        for (uint32_t k = 0; k < seen[i]; k++)
            if (times[i][k] - k * SECOND < least)
                least = times[i][k] - k * SECOND;
        for (uint32_t k = 0; k < seen[i]; k++)
            late[n++] = times[i][k] - k * SECOND - least;
    }
    qsort(late, n, sizeof(*late), compare);
    FILE *log = fopen(argv[4], "a");
    if (!log || n == 0)
        fail(argv[4]);
    fprintf(log, "%llu %lld %.1f %.1f %.1f\n", (unsigned long long)total,
            (long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
                usage.ru_stime.tv_usec,
            (double)late[n / 2] / 1e3, (double)late[n * 99 / 100] / 1e3, (double)late[n * 999 / 1000] / 1e3);
    fclose(log);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
