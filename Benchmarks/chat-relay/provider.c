/* A provider for the benchmark: answers every request on a kept connection with the same 1 KiB chat completion.
 * Usage: provider PORT. One thread, epoll, no parsing beyond content-length. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 1 << 16, CONNECTIONS = 4096 };

struct connection { int fd; size_t used; char bytes[BUFFER]; };

static char answer[2048];
static size_t answer_length;

static void make_answer(void) {
    char body[1100], text[900];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    int length = snprintf(body, sizeof body,
        "{\"id\":\"x\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
        "\"content\":\"%.830s\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":200,"
        "\"completion_tokens\":200,\"total_tokens\":400}}", text);
    answer_length = (size_t)snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", length, body);
}

/* Bytes of the first whole request, or 0. */
static size_t whole(const struct connection *c) {
    const char *end = memmem(c->bytes, c->used, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - c->bytes) + 4, body = 0;
    for (const char *p = c->bytes; p < end; p++)
        if (!strncasecmp(p, "\ncontent-length:", 16)) { body = strtoul(p + 16, NULL, 10); break; }
    return c->used >= head + body ? head + body : 0;
}

static int serve(struct connection *c) {
    ssize_t got = read(c->fd, c->bytes + c->used, BUFFER - c->used);
    if (got <= 0) return -1;
    c->used += (size_t)got;
    for (size_t size; (size = whole(c)) > 0;) {
        memmove(c->bytes, c->bytes + size, c->used - size);
        c->used -= size;
        if (write(c->fd, answer, answer_length) != (ssize_t)answer_length) return -1;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    make_answer();
    int listening = socket(AF_INET, SOCK_STREAM, 0), one = 1, epoll = epoll_create1(0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 1024)) { perror("listen"); return 1; }
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL }, ready[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
    for (;;) {
        int count = epoll_wait(epoll, ready, 256, -1);
        for (int i = 0; i < count; i++) {
            struct connection *c = ready[i].data.ptr;
            if (!c) {
                c = calloc(1, sizeof *c);
                c->fd = accept(listening, NULL, NULL);
                setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.data.ptr = c;
                epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
            } else if (serve(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
