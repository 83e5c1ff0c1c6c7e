/*
 * Packets through the router under test, and which of them were lost:
 *
 *     stream SOURCE-NAMESPACE SINK-NAMESPACE ADDRESS,ADDRESS… RATE SECONDS
 *
 * Sends RATE numbered UDP packets a second from 64 source ports, so that multipath routes spread them, to port 7000 of the addresses
 * (IPv4) in turn, and counts them in the other namespace. Both sides are one process, so there is one clock. Prints "started", and at the end
 * "SENT LOST WINDOW": the milliseconds from the first packet that was lost to the last one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7000
#define FLOWS 64
/* Holds a second of packets: what is lost is lost on the way. */
#define RECEIVE_BUFFER (64 << 20)

static uint64_t *sent_at;
static uint8_t *arrived;
static uint32_t total;
static int sink;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* A UDP socket that lives in the namespace of that name. */
static int socket_in(const char *name)
{
    char path[256];
    int home = open("/proc/self/ns/net", O_RDONLY), there, fd;

    snprintf(path, sizeof(path), "/var/run/netns/%s", name);
    there = open(path, O_RDONLY);
    if (home < 0 || there < 0 || setns(there, CLONE_NEWNET))
        die(path);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || setns(home, CLONE_NEWNET))
        die("socket");
    close(home);
    close(there);
    return fd;
}

static void *receive(void *unused)
{
    uint32_t number;

    (void)unused;
    while (recv(sink, &number, sizeof(number), 0) == sizeof(number))
        if (number < total)
            arrived[number] = 1;
    return NULL;
}

static void open_sink(const char *name)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    struct timeval patience = { .tv_sec = 1 };
    int size = RECEIVE_BUFFER;

    sink = socket_in(name);
    setsockopt(sink, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    setsockopt(sink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (bind(sink, (struct sockaddr *)&any, sizeof(any)))
        die("bind");
}

int main(int argc, char **argv)
{
    struct sockaddr_in targets[FLOWS] = { 0 };
    int sources[FLOWS], known = 0;
    uint32_t rate, lost = 0, first = 0, last = 0;
    uint64_t start;
    pthread_t thread;

    if (argc != 6)
        return 2;
    for (char *word = strtok(argv[3], ","); word && known < FLOWS; word = strtok(NULL, ",")) {
        targets[known].sin_family = AF_INET;
        targets[known].sin_port = htons(PORT);
        if (inet_pton(AF_INET, word, &targets[known++].sin_addr) != 1)
            return 2;
    }
    if (!known)
        return 2;
    rate = (uint32_t)atoi(argv[4]);
    total = rate * (uint32_t)atoi(argv[5]);
    sent_at = calloc(total, sizeof(*sent_at));
    arrived = calloc(total, 1);
    if (!sent_at || !arrived)
        die("calloc");
    open_sink(argv[2]);
    for (int i = 0; i < FLOWS; i++)
        sources[i] = socket_in(argv[1]);
    if (pthread_create(&thread, NULL, receive, NULL))
        die("pthread_create");
    puts("started");
    fflush(stdout);
    start = now();
    for (uint32_t number = 0; number < total; number++) {
        uint64_t due = start + (uint64_t)number * 1000000000u / rate;
        struct timespec time = { .tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u) };

        /* Woken once a millisecond: a burst of a fiftieth of the window that is looked for. */
        if (number % (rate / 1000 ? rate / 1000 : 1) == 0)
            while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
                ;
        sent_at[number] = now();
        sendto(sources[number % FLOWS], &number, sizeof(number), 0, (struct sockaddr *)&targets[number % FLOWS % (uint32_t)known],
               sizeof(targets[0]));
    }
    pthread_join(thread, NULL);
    for (uint32_t number = 0; number < total; number++)
        if (!arrived[number]) {
            first = lost++ ? first : number;
            last = number;
        }
    printf("%u %u %.3f\n", total, lost, lost ? (double)(sent_at[last] - sent_at[first]) / 1e6 : 0.0);
    return 0;
}
