/* Offers requests to a model API at a fixed rate over kept connections, whatever the answers take (open loop).
 *
 *   load -p PORT -r RATE -s SECONDS -c CONNECTIONS [-d openai|anthropic|gemini|ollama|responses] [-m MODEL] [-b BYTES] [-k CHUNKS -g MICROSECONDS]
 *   load -p PORT -w            asks until the first answer with status 200, and ends
 *
 * RATE 0 asks whenever a connection is free. BYTES is the size of a request's body. With -k answers are streams of so many pieces, so
 * far apart (provider.c says how). A request that finds all connections busy waits for one; its time counts from when it was due.
 *
 * Prints KEY=VALUE words: answered, late (sent more than 10 ms after they were due), errors, p50 and p99 of the time to the answer, of a
 * stream to its first piece; of streams also events (pieces that came), most (streams open at once), and e50 and e99 of the time that a
 * piece was under way. Times are microseconds. Leaves with 1 when an answer was wrong, short or missing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 14, SAMPLES = 1 << 22 };

struct connection {
    int fd, busy, pieces, in_stamp;
    uint64_t due, stamp, last_bytes;
    size_t sent, used;
    char bytes[BUFFER];
};

/* Times in nanoseconds, the first SAMPLES of them. */
struct times { uint64_t count; unsigned *values; };

static int port, count, chunks;
static const char *dialect = "openai";
static uint64_t rate, seconds, gap;
static const char *model = "chat";
static char *request;
static size_t request_length, body_bytes = 1024;

/* A ring: all connections take turns. */
static struct connection **idle;
static int idle_first, idle_count;
static uint64_t done, errors, late, events;
static int open_now, open_most;
static struct times answers, pieces;

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put_idle(struct connection *c) { idle[(idle_first + idle_count++) % count] = c; }

static struct connection *take_idle(void) {
    struct connection *c = idle[idle_first];
    idle_first = (idle_first + 1) % count;
    idle_count--;
    return c;
}

static void keep(struct times *to, uint64_t value) {
    if (to->count < SAMPLES) to->values[to->count++] = value > 0xffffffff ? 0xffffffff : (unsigned)value;
}

static int speaks(const char *name) { return !strcmp(dialect, name); }

/* The body up to the prompt, the path and what else the dialect has in its head. */
static char *begin_body(char *to, char *path, const char **more) {
    const char *stream = chunks ? "true" : "false";
    *more = "";
    if (speaks("gemini")) {
        sprintf(path, "/v1beta/models/%s:%s", model, chunks ? "streamGenerateContent?alt=sse" : "generateContent");
        return to + sprintf(to, "{\"generationConfig\":{\"maxOutputTokens\":256},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"");
    }
    to += sprintf(to, "{\"model\":\"%s\",", model);
    if (speaks("ollama")) {
        strcpy(path, "/api/chat");
        to += sprintf(to, "\"stream\":%s,\"options\":{\"num_predict\":256},", stream);
    } else if (speaks("responses")) {
        strcpy(path, "/v1/responses");
        to += sprintf(to, "\"stream\":%s,\"max_output_tokens\":256,", stream);
    } else {
        int anthropic = speaks("anthropic");
        strcpy(path, anthropic ? "/v1/messages" : "/v1/chat/completions");
        if (anthropic) *more = "anthropic-version: 2023-06-01\r\n";
        to += sprintf(to, "\"max_tokens\":256,");
        if (chunks) to += sprintf(to, anthropic ? "\"stream\":true," : "\"stream\":true,\"stream_options\":{\"include_usage\":true},");
    }
    return to + sprintf(to, "\"%s\":[{\"role\":\"user\",\"content\":\"", speaks("responses") ? "input" : "messages");
}

/* A prompt of prose, with what a JSON writer escapes in it. */
static void make_request(void) {
    static const char *prose = "The martlet never lands, said the herald: \\\"it sleeps and drinks in flight\\\".\\n";
    char path[256];
    const char *more, *tail = speaks("gemini") ? "\"}]}]}" : "\"}]}";
    char *body = malloc(body_bytes + 1024), *to = begin_body(body, path, &more), *end = body + body_bytes - strlen(tail);
    if (chunks) to += sprintf(to, "chunks=%d gap=%lu ", chunks, gap);
    while (to + strlen(prose) < end) to += sprintf(to, "%s", prose);
    while (to < end) *to++ = '.';
    to += sprintf(to, "%s", tail);
    request = malloc((size_t)(to - body) + 1024);
    request_length = (size_t)sprintf(request, "POST %s HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer sk-bench\r\ncontent-type: "
        "application/json\r\naccept: application/json\r\nuser-agent: load\r\n%scontent-length: %zu\r\n\r\n",
        path, more, (size_t)(to - body));
    memcpy(request + request_length, body, (size_t)(to - body));
    request_length += (size_t)(to - body);
    free(body);
}

static int connect_to_port(void) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

static int wait_for_answer(void) {
    char status[16];
    for (uint64_t until = now_ns() + 20000000000u; now_ns() < until; usleep(500)) {
        int fd = connect_to_port();
        if (fd < 0) continue;
        ssize_t sent = write(fd, request, request_length), got = sent > 0 ? recv(fd, status, 12, MSG_WAITALL) : 0;
        close(fd);
        if (got == 12 && !memcmp(status, "HTTP/1.1 200", 12)) return 0;
    }
    fprintf(stderr, "load: nobody serves at port %d\n", port);
    return 1;
}

/* Whether an answer in one piece is whole: 1, not yet: 0, wrong: -1. */
static int whole(struct connection *c) {
    const char *end = memmem(c->bytes, c->used, "\r\n\r\n", 4);
    if (!end) return c->used < BUFFER ? 0 : -1;
    size_t head = (size_t)(end - c->bytes) + 4, body = 0;
    for (const char *p = c->bytes; p < end; p++)
        if (!strncasecmp(p, "\ncontent-length:", 16)) { body = strtoul(p + 16, NULL, 10); break; }
    if (memcmp(c->bytes, "HTTP/1.1 200", 12) || head + body > BUFFER) return -1;
    return c->used >= head + body;
}

/* The same of a stream, of which only the last bytes are looked at. */
static int read_stream(struct connection *c) {
    static const uint64_t end = 0x0d0a300d0a0d0a; /* CR LF 0 CR LF CR LF */
    if (c->last_bytes == 0 && (c->used < 12 || memcmp(c->bytes, "HTTP/1.1 200", 12))) return -1;
    uint64_t now = now_ns();
    int ended = 0;
    for (size_t i = 0; i < c->used; i++) {
        unsigned char byte = (unsigned char)c->bytes[i];
        c->last_bytes = c->last_bytes << 8 | byte;
        if (byte == '@') c->in_stamp = 1, c->stamp = 0;
        else if (c->in_stamp && byte >= '0' && byte <= '9') c->stamp = c->stamp * 10 + (byte - '0');
        else if (c->in_stamp) {
            c->in_stamp = 0;
            /* The Responses API repeats the whole at its end. */
            if (c->pieces == chunks && speaks("responses")) continue;
            if (c->pieces++ == 0) keep(&answers, now - c->due); else keep(&pieces, now - c->stamp);
        }
        ended |= (c->last_bytes & 0xffffffffffffff) == end;
    }
    c->used = 0;
    if (!ended) return 0;
    events += (uint64_t)c->pieces;
    return c->pieces == chunks ? 1 : -1;
}

/* Writes what is left of the request, as far as the socket takes it. */
static void send_rest(struct connection *c) {
    if (c->sent == request_length) return;
    ssize_t wrote = send(c->fd, request + c->sent, request_length - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (wrote > 0) c->sent += (size_t)wrote;
}

static void begin(struct connection *c, uint64_t due) {
    uint64_t now = now_ns();
    c->due = due;
    c->busy = 1;
    c->pieces = c->in_stamp = 0;
    c->sent = c->used = 0;
    c->last_bytes = 0;
    if (now > due + 10000000) late++;
    if (++open_now > open_most) open_most = open_now;
    send_rest(c);
}

/* Reads all there is: the socket tells only of what is new. */
static void take(struct connection *c, int epoll) {
    for (;;) {
        size_t room = BUFFER - c->used;
        ssize_t got = recv(c->fd, c->bytes + c->used, room, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0 || !c->busy) { /* a provider's connection that closes while it is idle is lost as well */
            errors++;
            epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
            return;
        }
        c->used += (size_t)got;
        int state = chunks ? read_stream(c) : whole(c);
        if (state != 0) {
            c->busy = 0;
            open_now--;
            if (state < 0) errors++; else { done++; if (!chunks) keep(&answers, now_ns() - c->due); }
            put_idle(c);
        }
        if ((size_t)got < room) return;
    }
}

static int by_value(const void *a, const void *b) {
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}
static void print_times(const char *middle, const char *high, struct times *of) {
    qsort(of->values, of->count, sizeof *of->values, by_value);
    printf(" %s=%.1f %s=%.1f", middle, of->count ? of->values[of->count / 2] / 1e3 : 0, high,
        of->count ? of->values[of->count * 99 / 100] / 1e3 : 0);
}

static int offer(void) {
    int epoll = epoll_create1(0);
    uint64_t total = rate ? rate * seconds : UINT64_MAX, sent = 0;
    idle = calloc((size_t)count, sizeof *idle);
    answers.values = malloc(SAMPLES * sizeof(unsigned));
    pieces.values = malloc(SAMPLES * sizeof(unsigned));
    for (int i = 0; i < count; i++) {
        struct connection *c = calloc(1, sizeof *c);
        struct epoll_event wanted = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
        if ((c->fd = connect_to_port()) < 0) { perror("connect"); return 1; }
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &wanted);
        put_idle(c);
    }
    uint64_t start = now_ns(), stop = start + seconds * 1000000000u, length = (uint64_t)chunks * gap * 1000;
    uint64_t deadline = stop + length + 10000000000u;
    while (now_ns() < deadline) {
        uint64_t now = now_ns();
        if (rate ? done + errors >= total : now >= stop && open_now == 0) break;
        while (sent < total && idle_count > 0 && (rate ? start + sent * 1000000000u / rate <= now : now < stop)) {
            begin(take_idle(), rate ? start + sent * 1000000000u / rate : now);
            sent++;
        }
        struct epoll_event ready[256];
        uint64_t next = rate && sent < total ? start + sent * 1000000000u / rate : now + 1000000;
        struct timespec most = { .tv_nsec = next > now ? (long)(next - now < 1000000 ? next - now : 1000000) : 0 };
        if (idle_count == 0) most.tv_nsec = 1000000;
        int got = epoll_pwait2(epoll, ready, 256, &most, NULL);
        for (int i = 0; i < got; i++) {
            struct connection *c = ready[i].data.ptr;
            if (ready[i].events & EPOLLOUT && c->busy) send_rest(c);
            if (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take(c, epoll);
        }
    }
    printf("answered=%lu late=%lu errors=%lu", done, late, errors + (sent - done - errors));
    print_times("p50", "p99", &answers);
    if (chunks) {
        printf(" events=%lu most=%d", events, open_most);
        print_times("e50", "e99", &pieces);
    }
    printf("\n");
    return errors > 0 || done < sent;
}

int main(int argc, char **argv) {
    int option, waits = 0;
    while ((option = getopt(argc, argv, "p:r:s:c:d:m:b:k:g:w")) != -1)
        switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'r': rate = strtoull(optarg, NULL, 10); break;
        case 's': seconds = strtoull(optarg, NULL, 10); break;
        case 'c': count = atoi(optarg); break;
        case 'd': dialect = optarg; break;
        case 'm': model = optarg; break;
        case 'b': body_bytes = strtoul(optarg, NULL, 10); break;
        case 'k': chunks = atoi(optarg); break;
        case 'g': gap = strtoull(optarg, NULL, 10); break;
        case 'w': waits = 1; break;
        default: return 2;
        }
    prctl(PR_SET_TIMERSLACK, 1); /* a request is due at its microsecond, not 50 later */
    make_request();
    return waits ? wait_for_answer() : offer();
}
