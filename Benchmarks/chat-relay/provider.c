/* A provider for the benchmark, in all dialects: answers what is asked at /v1/messages as Anthropic does, at …:generateContent as Gemini, at
 * /api/chat as Ollama, at /v1/responses as OpenAI's Responses API, everything else as Chat Completions.
 * Usage: provider PORT. One thread, epoll, no parsing beyond what is needed.
 *
 * A prompt that begins with "chunks=N gap=M" is answered with a stream of N pieces, M microseconds apart, every other with 1 KiB in one
 * piece. Each piece of a stream is the moment at which it was sent, "@NANOSECONDS." of the monotonic clock, so that whoever reads it
 * knows how long it was under way. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 8192, SCRATCH = 1 << 18 };
enum dialect { OPENAI, ANTHROPIC, GEMINI, OLLAMA, RESPONSES, DIALECTS };

/* Of a request its head and the beginning of its body are kept, the rest is counted. */
struct connection {
    int fd, dialect, chunks, sent, streams, closed;
    uint64_t gap, due;
    size_t used, missing;
    struct connection *next;
    char bytes[KEPT + 1];
};

/* Streams in the order in which their next piece is due: within a run all have the same gap. */
static struct connection *first, **last = &first;
static char plain[DIALECTS][2048];
static size_t plain_length[DIALECTS];

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What stands before the text of an answer in one piece, and behind it. */
static const char *const around[DIALECTS][2] = {
    [OPENAI] = { "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"content\":\"", "\"},\"finish_reason\":\"stop\"}],\"usage\":"
        "{\"prompt_tokens\":200,\"completion_tokens\":200,\"total_tokens\":400}}" },
    [ANTHROPIC] = { "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\","
        "\"text\":\"", "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":200,\"output_tokens\":200}}" },
    [GEMINI] = { "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"",
        "\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":200,\"candidatesTokenCount\":200,"
        "\"totalTokenCount\":400},\"modelVersion\":\"m\",\"responseId\":\"r\"}" },
    [OLLAMA] = { "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"",
        "\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":1,\"load_duration\":1,\"prompt_eval_count\":200,"
        "\"prompt_eval_duration\":1,\"eval_count\":200,\"eval_duration\":1}" },
    [RESPONSES] = { "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"completed\",\"error\":null,\"model\":\"m\","
        "\"output\":[{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":"
        "\"output_text\",\"text\":\"", "\",\"annotations\":[]}]}],\"usage\":{\"input_tokens\":200,\"output_tokens\":200,\"total_tokens\":400}}" },
};

static void make_answers(void) {
    char text[801], body[1400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (int one = 0; one < DIALECTS; one++) {
        int length = snprintf(body, sizeof body, "%s%s%s", around[one][0], text, around[one][1]);
        plain_length[one] = (size_t)snprintf(plain[one], sizeof plain[one],
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", length, body);
    }
}

/* Appends an event as one HTTP chunk. */
__attribute__((format(printf, 2, 3)))
static void event(char **to, const char *format, ...) {
    char text[1024];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    *to += sprintf(*to, "%x\r\n%s\r\n", (unsigned)length, text);
}

static const char response[] = "\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"model\":\"m\"";

static void begin(struct connection *c, char **to) {
    *to += sprintf(*to, "HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\n\r\n",
        c->dialect == OLLAMA ? "application/x-ndjson" : "text/event-stream");
    if (c->dialect == RESPONSES) {
        event(to, "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,%s,\"status\":\"in_progress\","
            "\"output\":[]}}\n\n", response);
        event(to, "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,"
            "\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}}\n\n");
        event(to, "event: response.content_part.added\ndata: {\"type\":\"response.content_part.added\",\"sequence_number\":2,\"item_id\":"
            "\"msg_1\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\",\"annotations\":[]}}\n\n");
    }
    if (c->dialect != ANTHROPIC) return;
    event(to, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":"
        "\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":200,"
        "\"output_tokens\":1}}}\n\n");
    event(to, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\","
        "\"text\":\"\"}}\n\n");
}

static void piece(struct connection *c, char **to) {
    unsigned long now = now_ns();
    switch (c->dialect) {
    case ANTHROPIC:
        event(to, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
            "\"text\":\"@%lu.\"}}\n\n", now);
        break;
    case GEMINI:
        event(to, "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"@%lu.\"}]},\"index\":0}],"
            "\"modelVersion\":\"m\",\"responseId\":\"r\"}\n\n", now);
        break;
    case OLLAMA:
        event(to, "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"@%lu.\"},"
            "\"done\":false}\n", now);
        break;
    case RESPONSES:
        event(to, "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":%d,\"item_id\":\"msg_1\","
            "\"output_index\":0,\"content_index\":0,\"delta\":\"@%lu.\"}\n\n", c->sent + 3, now);
        break;
    default:
        event(to, "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":["
            "{\"index\":0,\"delta\":{%s\"content\":\"@%lu.\"},\"finish_reason\":null}]}\n\n", c->sent ? "" : "\"role\":\"assistant\",", now);
    }
}

static void end(struct connection *c, char **to) {
    const char *common = "\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"";
    switch (c->dialect) {
    case ANTHROPIC:
        event(to, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n");
        event(to, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
            "\"usage\":{\"output_tokens\":%d}}\n\n", c->chunks);
        event(to, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
        break;
    case GEMINI:
        event(to, "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\",\"index\":0}],"
            "\"usageMetadata\":{\"promptTokenCount\":200,\"candidatesTokenCount\":%d,\"totalTokenCount\":%d},\"modelVersion\":\"m\","
            "\"responseId\":\"r\"}\n\n", c->chunks, c->chunks + 200);
        break;
    case OLLAMA:
        event(to, "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,"
            "\"done_reason\":\"stop\",\"total_duration\":1,\"prompt_eval_count\":200,\"eval_count\":%d}\n", c->chunks);
        break;
    case RESPONSES: /* its texts are not repeated: whoever reads knows them by the pieces */
        event(to, "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"sequence_number\":%d,\"output_index\":0,"
            "\"item\":{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":"
            "\"output_text\",\"text\":\"\",\"annotations\":[]}]}}\n\n", c->chunks + 3);
        event(to, "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":%d,%s,\"status\":\"completed\","
            "\"output\":[],\"usage\":{\"input_tokens\":200,\"output_tokens\":%d,\"total_tokens\":%d}}}\n\n", c->chunks + 4, response, c->chunks,
            c->chunks + 200);
        break;
    default:
        event(to, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", common);
        event(to, "data: {%s,\"choices\":[],\"usage\":{\"prompt_tokens\":200,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\n", common,
            c->chunks, c->chunks + 200);
        event(to, "data: [DONE]\n\n");
    }
    *to += sprintf(*to, "0\r\n\r\n");
}

/* The next piece of a stream, the end of it after the last. False when the reader is gone or slower than its socket. */
static int write_next(struct connection *c) {
    char bytes[4096], *to = bytes;
    if (c->sent == 0) begin(c, &to);
    if (c->sent < c->chunks) piece(c, &to); else end(c, &to);
    if (write(c->fd, bytes, (size_t)(to - bytes)) != to - bytes) return 0;
    c->streams = c->sent++ < c->chunks;
    if (!c->streams) return 1;
    c->due += c->gap;
    c->next = NULL;
    *last = c;
    last = &c->next;
    return 1;
}

static void leave(struct connection *c) {
    close(c->fd);
    c->closed = 1;
    if (!c->streams) free(c);
}

static void write_due(void) {
    while (first && first->due <= now_ns()) {
        struct connection *c = first;
        first = c->next;
        if (!first) last = &first;
        if (c->closed) { free(c); continue; }
        c->streams = 0;
        if (!write_next(c)) leave(c);
    }
}

/* Takes the head, when it is whole: how much of the body is still to come. */
static int take_head(struct connection *c) {
    const char *end = memmem(c->bytes, c->used, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t body = 0;
    for (const char *p = c->bytes; p < end; p++)
        if (!strncasecmp(p, "\ncontent-length:", 16)) { body = strtoul(p + 16, NULL, 10); break; }
    size_t whole = (size_t)(end - c->bytes) + 4 + body;
    c->missing = whole > c->used ? whole - c->used : 0;
    return 1;
}

/* By the first line of the head. */
static int dialect(const char *head) {
    static const char *const paths[DIALECTS] = {
        [ANTHROPIC] = "/v1/messages ", [GEMINI] = "enerateContent", [OLLAMA] = "/api/chat ", [RESPONSES] = "/v1/responses " };
    const char *line = strchr(head, '\r');
    for (int one = ANTHROPIC; one < DIALECTS; one++)
        if (line && memmem(head, (size_t)(line - head), paths[one], strlen(paths[one]))) return one;
    return OPENAI;
}

static int answer(struct connection *c) {
    c->bytes[c->used] = 0;
    c->dialect = dialect(c->bytes);
    const char *wish = strstr(c->bytes, "chunks=");
    unsigned long gap;
    c->used = 0;
    if (!wish || sscanf(wish, "chunks=%d gap=%lu", &c->chunks, &gap) != 2)
        return write(c->fd, plain[c->dialect], plain_length[c->dialect]) == (ssize_t)plain_length[c->dialect];
    c->gap = gap * 1000;
    c->due = now_ns();
    c->sent = 0;
    return write_next(c);
}

static int serve(struct connection *c) {
    static char scratch[SCRATCH];
    for (;;) {
        ssize_t got;
        size_t room;
        if (c->missing > 0) {
            room = c->missing < SCRATCH ? c->missing : SCRATCH;
            if ((got = read(c->fd, scratch, room)) > 0) c->missing -= (size_t)got;
        } else {
            room = KEPT - c->used;
            if ((got = read(c->fd, c->bytes + c->used, room)) > 0) {
                c->used += (size_t)got;
                if (!take_head(c) && c->used < KEPT) continue;
            }
        }
        if (got < 0) return 1; /* nothing more for now */
        if (got == 0) return 0;
        if (c->missing == 0) return answer(c);
    }
}

static void accept_one(int listening, int epoll) {
    int one = 1;
    struct connection *c = calloc(1, sizeof *c);
    struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = c };
    c->fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &wanted);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    make_answers();
    prctl(PR_SET_TIMERSLACK, 1);
    int listening = socket(AF_INET, SOCK_STREAM, 0), one = 1, epoll = epoll_create1(0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 4096)) { perror("listen"); return 1; }
    struct epoll_event wanted = { .events = EPOLLIN, .data.ptr = NULL }, ready[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &wanted);
    for (;;) {
        uint64_t now = now_ns(), wait = !first ? 1000000000u : first->due > now ? first->due - now : 0;
        struct timespec most = { .tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u) };
        int count = epoll_pwait2(epoll, ready, 256, &most, NULL);
        for (int i = 0; i < count; i++) {
            struct connection *c = ready[i].data.ptr;
            if (!c) accept_one(listening, epoll);
            else if (!c->closed && !serve(c)) leave(c);
        }
        write_due();
    }
}
