/*
 * When does a daemon say something? Runs it, and stamps what it writes to its standard error.
 *
 *     stopwatch PID-FILE PATTERN[,PATTERN...] PROGRAM ARGUMENT...
 *
 * Writes the daemon's process number to PID-FILE, waits for a line with each pattern in turn, prints the milliseconds from its start to
 * each, and leaves it running with its standard error drained by a child. Gives up after 60 seconds.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* Reads on, so that the daemon is never held by a full pipe. */
static void drain(int descriptor)
{
    char buffer[4096];

    if (fork() != 0)
        return;
    for (int other = 0; other < 3; other++)
        close(other);
    setsid();
    while (read(descriptor, buffer, sizeof buffer) > 0)
        ;
    _exit(0);
}

int main(int argc, char **argv)
{
    static char text[1 << 20];
    size_t used = 0;
    int pipes[2];
    double start;
    pid_t child;
    FILE *file;
    char *pattern;

    if (argc < 4) {
        fprintf(stderr, "usage: stopwatch PID-FILE PATTERN[,PATTERN...] PROGRAM ARGUMENT...\n");
        return 2;
    }
    if (pipe(pipes) != 0)
        die("pipe");
    start = now_ms();
    child = fork();
    if (child == 0) {
        dup2(pipes[1], 2);
        close(pipes[0]);
        close(pipes[1]);
        setsid();
        execv(argv[3], argv + 3);
        die(argv[3]);
    }
    close(pipes[1]);
    file = fopen(argv[1], "w");
    if (!file)
        die(argv[1]);
    fprintf(file, "%d\n", child);
    fclose(file);
    pattern = strtok(argv[2], ",");
    while (pattern) {
        struct pollfd entry = {.fd = pipes[0], .events = POLLIN};
        ssize_t count;

        if (strstr(text, pattern)) {
            printf("%.1f ", now_ms() - start);
            pattern = strtok(NULL, ",");
            continue;
        }
        if (now_ms() - start > 60e3 || poll(&entry, 1, 60000) <= 0) {
            fprintf(stderr, "stopwatch: no '%s' in:\n%s\n", pattern, text);
            return 1;
        }
        count = read(pipes[0], text + used, sizeof text - 1 - used);
        if (count <= 0) {
            fprintf(stderr, "stopwatch: ended:\n%s\n", text);
            return 1;
        }
        used += (size_t)count;
    }
    printf("\n");
    fflush(stdout);
    drain(pipes[0]);
    return 0;
}
