/* Offers chat requests at a fixed rate over kept connections, whatever the answers take (open loop).
 * Usage: load PORT RATE SECONDS CONNECTIONS. Prints "answered=N late=N errors=N p50_us=N p99_us=N".
 * A request that finds all connections busy waits for one, and its latency counts from when it was due. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 16 };

struct connection { int fd; uint64_t due; size_t used; char bytes[BUFFER]; };

static char request[2048];
static size_t request_length;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void make_request(void) {
    char text[900], body[1100];
    memset(text, 'p', sizeof text - 1);
    text[sizeof text - 1] = 0;
    int length = snprintf(body, sizeof body,
        "{\"model\":\"chat\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0.2}", text);
    request_length = (size_t)snprintf(request, sizeof request,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer sk-bench\r\n"
        "content-type: application/json\r\naccept: application/json\r\nuser-agent: load\r\ncontent-length: %d\r\n\r\n%s", length, body);
}

static int answered(struct connection *c) {
    const char *end = memmem(c->bytes, c->used, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - c->bytes) + 4, body = 0;
    for (const char *p = c->bytes; p < end; p++)
        if (!strncasecmp(p, "\ncontent-length:", 16)) { body = strtoul(p + 16, NULL, 10); break; }
    if (c->used < head + body) return 0;
    return memcmp(c->bytes, "HTTP/1.1 200", 12) ? -1 : 1;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    uint64_t rate = strtoull(argv[2], NULL, 10), seconds = strtoull(argv[3], NULL, 10);
    int count = atoi(argv[4]), one = 1, epoll = epoll_create1(0), idle_count = 0;
    uint64_t total = rate * seconds, sent = 0, done = 0, errors = 0, late = 0;
    uint64_t *latencies = calloc(total, sizeof *latencies);
    struct connection **idle = calloc((size_t)count, sizeof *idle);
    make_request();
    for (int i = 0; i < count; i++) {
        struct connection *c = calloc(1, sizeof *c);
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) { perror("connect"); return 1; }
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
        idle[idle_count++] = c;
    }
    uint64_t start = now_ns(), deadline = start + (seconds + 10) * 1000000000u;
    while (done + errors < total && now_ns() < deadline) {
        uint64_t now = now_ns();
        while (sent < total && idle_count > 0 && start + sent * 1000000000u / rate <= now) {
            struct connection *c = idle[--idle_count];
            c->due = start + sent++ * 1000000000u / rate;
            if (now - c->due > 10000000) late++;
            if (write(c->fd, request, request_length) != (ssize_t)request_length) errors++;
        }
        struct epoll_event ready[256];
        int events = epoll_wait(epoll, ready, 256, 1);
        for (int i = 0; i < events; i++) {
            struct connection *c = ready[i].data.ptr;
            ssize_t got = read(c->fd, c->bytes + c->used, BUFFER - c->used);
            if (got <= 0) { errors++; epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL); continue; }
            c->used += (size_t)got;
            int state = answered(c);
            if (state == 0) continue;
            if (state < 0) errors++; else latencies[done++] = now_ns() - c->due;
            c->used = 0;
            idle[idle_count++] = c;
        }
    }
    qsort(latencies, done, sizeof *latencies, by_value);
    printf("answered=%lu late=%lu errors=%lu p50_us=%lu p99_us=%lu\n", done, late, errors,
        done ? latencies[done / 2] / 1000 : 0, done ? latencies[done * 99 / 100] / 1000 : 0);
    return errors > 0 || done < total;
}
