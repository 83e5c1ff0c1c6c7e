/* How a program of the operator's own is started: between fork and exec only async-signal-safe calls, as in spawn.c. */
#define _GNU_SOURCE
#include "martlet/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"

/* Input to 0, output to 1 and 2, the report pipe to 3; closes the rest. */
static int keep_streams(int input, int output, int *report)
{
    const int streams[] = {input, output, *report};
    int moved[3];

    /* Out of the way first: any of them may have a number that another one is to get. */
    for (int i = 0; i < 3; i++) {
        moved[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, 4);
        if (moved[i] < 0)
            return -errno;
    }
    *report = moved[2];
    if (dup2(moved[0], 0) < 0 || dup2(moved[1], 1) < 0 || dup2(moved[1], 2) < 0 || dup3(moved[2], 3, O_CLOEXEC) < 0)
        return -errno;
    *report = 3;
    return syscall(SYS_close_range, 4U, ~0U, 0) < 0 ? -errno : 0;
}

static int drop_all_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -errno;
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static _Noreturn void become_hook(const char *path, char *const argv[], char *const envp[], int input, int output, int report)
{
    int failure = keep_streams(input, output, &report);
    if (!failure && setpgid(0, 0) < 0)
        failure = -errno;
    if (!failure)
        failure = martlet_child_reset_signals();
    if (!failure)
        failure = drop_all_capabilities();
    if (!failure)
        failure = martlet_child_exec(path, argv, envp);
    martlet_child_fail(report, failure);
}

pid_t martlet_spawn_hook(const char *path, char *const argv[], char *const envp[], int input, int output)
{
    int report[2];
    sigset_t before;

    if (pipe2(report, O_CLOEXEC) < 0)
        return -errno;
    const pid_t pid = martlet_child_fork(&before);
    if (pid == 0)
        become_hook(path, argv, envp, input, output, report[1]);
    return martlet_child_await_exec(pid, report);
}
