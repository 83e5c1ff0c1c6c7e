/*
 * How the gateway child is made. Between fork and exec only async-signal-safe calls are made (signal-safety(7)): the parent has
 * threads, and one of them may have held any lock, malloc's included, at the moment of the fork.
 */
#define _GNU_SOURCE
#include "martlet/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"

/* The first descriptor after standard error. */
#define FIRST_DESCRIPTOR 3

/* One more than the highest capability number an interface of 64 bits can carry. */
#define CAPABILITY_LIMIT 64

/* Moves the listed descriptors to 3, 4, … and the report pipe right behind them; closes the rest. `report` follows the pipe. */
static int keep_descriptors(const int *descriptors, unsigned count, int *report)
{
    int moved[MARTLET_SPAWN_MAX_DESCRIPTORS];
    const int after = FIRST_DESCRIPTOR + (int)count;

    /* Out of the way first: a source may have a number that another one is to get. */
    for (unsigned i = 0; i < count; i++) {
        moved[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, after + 1);
        if (moved[i] < 0)
            return -errno;
    }
    const int report_moved = fcntl(*report, F_DUPFD_CLOEXEC, after + 1);
    if (report_moved < 0)
        return -errno;
    *report = report_moved;
    for (unsigned i = 0; i < count; i++) {
        if (dup2(moved[i], FIRST_DESCRIPTOR + (int)i) < 0)
            return -errno;
    }
    if (dup3(report_moved, after, O_CLOEXEC) < 0)
        return -errno;
    *report = after;
    return syscall(SYS_close_range, (unsigned)after + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* By the bare system call: libc keeps 32 and 33 for itself and refuses to touch them, but an ancestor may have ignored them. */
int martlet_child_reset_signals(void)
{
    /* SIG_DFL without flags is all zeros in the kernel's struct sigaction, on every architecture. */
    static const unsigned long action[8];
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)syscall(SYS_rt_sigaction, number, action, NULL, (NSIG - 1) / 8);
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? -errno : 0;
}

/* Empties the bounding set but for CAP_NET_RAW, as far as it is allowed. */
static int cut_bounding_set(void)
{
    for (unsigned long capability = 0; capability < CAPABILITY_LIMIT; capability++) {
        if (capability == CAP_NET_RAW)
            continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
            continue;
        if (errno == EPERM || errno == EINVAL) /* Not ours to cut; or past the last capability this kernel knows. */
            return 0;
        return -errno;
    }
    return 0;
}

/* Leaves CAP_NET_RAW alone, where it is held, in all sets that survive an exec. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
    const uint32_t raw = CAP_TO_MASK(CAP_NET_RAW);

    if (syscall(SYS_capget, &header, sets) < 0)
        return -errno;
    const uint32_t kept = sets[CAP_TO_INDEX(CAP_NET_RAW)].permitted & raw;

    int failure = cut_bounding_set(); /* Needs CAP_SETPCAP, so it comes before that is given up. */
    if (failure)
        return failure;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        sets[i] = (struct __user_cap_data_struct){0};
    sets[CAP_TO_INDEX(CAP_NET_RAW)] = (struct __user_cap_data_struct){kept, kept, kept};
    if (syscall(SYS_capset, &header, sets) < 0)
        return -errno;
    if (kept && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) < 0)
        return -errno;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* The child's whole life before its exec. Says on the report pipe why it could not get there. */
static _Noreturn void become_gateway(const char *path, char *const argv[], char *const envp[], const int *descriptors,
                                     unsigned count, int report)
{
    int failure = keep_descriptors(descriptors, count, &report);
    if (!failure)
        failure = martlet_child_reset_signals();
    if (!failure)
        failure = drop_capabilities();
    if (!failure)
        failure = martlet_child_confine(); /* Allowed to the unprivileged once there are no new privileges. */
    if (!failure)
        failure = martlet_child_exec(path, argv, envp);
    martlet_child_fail(report, failure);
}

int martlet_child_exec(const char *path, char *const argv[], char *const envp[])
{
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};

    for (int tries = 0; tries < 400; tries++) {
        execve(path, argv, envp);
        if (errno != ETXTBSY)
            return -errno;
        nanosleep(&pause, NULL);
    }
    return -ETXTBSY;
}

_Noreturn void martlet_child_fail(int report, int failure)
{
    ssize_t written;

    do
        written = write(report, &failure, sizeof failure);
    while (written < 0 && errno == EINTR);
    _exit(127);
}

pid_t martlet_child_fork(sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    const pid_t pid = fork();
    const int failure = errno;
    if (pid != 0)
        pthread_sigmask(SIG_SETMASK, before, NULL);
    return pid < 0 ? -failure : pid;
}

/* What the child said: 0 when the pipe was closed by a successful exec. */
static int read_report(int descriptor)
{
    int failure = 0;
    ssize_t count;

    do
        count = read(descriptor, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof failure ? failure : 0;
}

pid_t martlet_child_await_exec(pid_t pid, const int report[2])
{
    close(report[1]);
    const int failure = pid < 0 ? pid : read_report(report[0]);
    close(report[0]);
    if (pid > 0 && failure)
        waitpid(pid, NULL, 0);
    return failure ? failure : pid;
}

pid_t martlet_spawn_gateway(const char *path, char *const argv[], char *const envp[], const int *descriptors, unsigned count)
{
    int report[2];
    sigset_t before;

    if (count > MARTLET_SPAWN_MAX_DESCRIPTORS)
        return -E2BIG;
    if (pipe2(report, O_CLOEXEC) < 0)
        return -errno;
    const pid_t pid = martlet_child_fork(&before);
    if (pid == 0)
        become_gateway(path, argv, envp, descriptors, count, report[1]);
    return martlet_child_await_exec(pid, report);
}

int martlet_open_pidfd(pid_t pid)
{
    const long descriptor = syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
}
