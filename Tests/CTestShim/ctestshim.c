#define _GNU_SOURCE
#include "ctestshim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int ctest_enter_new_network(void)
{
    const int previous = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

    if (previous < 0)
        return -errno;
    if (unshare(CLONE_NEWNET) < 0) {
        const int failure = -errno;
        close(previous);
        return failure;
    }
    return previous;
}

int ctest_leave_network(int previous)
{
    const int failure = setns(previous, CLONE_NEWNET) < 0 ? -errno : 0;

    close(previous);
    return failure;
}

int ctest_become_unprivileged(unsigned user, unsigned capabilities)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{capabilities, capabilities, capabilities}};

    /* libc's setresuid would change every thread of the process. */
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || syscall(SYS_setresuid, user, user, user) < 0)
        return -errno;
    if (syscall(SYS_capset, &header, sets) < 0)
        return -errno;
    for (unsigned number = 0; number < 32; number++) {
        if (capabilities & (1u << number) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
            return -errno;
    }
    return 0;
}

void ctest_block_signal(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static _Noreturn void become(char *const argv[], int input, int output)
{
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(argv[0], argv);
    _exit(127);
}

int ctest_start(char *const argv[], int *input, int *output)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return -errno;
    const pid_t pid = fork();
    if (pid == 0)
        become(argv, in[0], out[1]);
    const int failure = -errno;
    close(in[0]);
    close(out[1]);
    *input = in[1];
    *output = out[0];
    return pid < 0 ? failure : pid;
}

void ctest_spawn_closing_the_rest(posix_spawn_file_actions_t *actions)
{
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

int ctest_open_frames(const char *device)
{
    const int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    const int room = 16 << 20;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(device)};

    if (descriptor < 0)
        return -errno;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        const int failure = -errno;
        close(descriptor);
        return failure;
    }
    return descriptor;
}

size_t ctest_next_frame(int descriptor, unsigned char *frame, size_t room)
{
    struct sockaddr_ll from;

    for (;;) {
        socklen_t size = sizeof from;
        const ssize_t length = recvfrom(descriptor, frame, room, 0, (struct sockaddr *)&from, &size);

        if (length <= 0)
            return 0;
        if (from.sll_pkttype != PACKET_OUTGOING)
            return (size_t)length;
    }
}

int ctest_send_frame(const char *device, const unsigned char *frame, int length)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_halen = 6};
    const int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    int failure = 0;

    if (descriptor < 0)
        return -errno;
    address.sll_ifindex = (int)if_nametoindex(device);
    if (sendto(descriptor, frame, (size_t)length, 0, (struct sockaddr *)&address, sizeof address) != length)
        failure = -errno;
    close(descriptor);
    return failure;
}

int ctest_keep_processor(int kept)
{
    cpu_set_t set;
    const int here = sched_getcpu();

    CPU_ZERO(&set);
    for (int processor = 0; processor < CPU_SETSIZE; processor++)
        if (!kept || processor == here)
            CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set) < 0 ? -errno : 0;
}
