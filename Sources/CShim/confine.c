/*
 * What the gateway is kept from though it has the user of its daemon: whoever takes it must not get to the daemon's files, processes or
 * control socket by that. Called between fork and exec, so only system calls are made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "martlet/spawn.h"

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* The bit of x32's system calls, which are the same calls by other numbers. Nobody else has any above it. */
#define OTHER_NUMBERS 0x40000000

/*
 * Takes away the making of unix sockets, and io_uring, which could make them unseen. The gateway has the user of its daemon, so it
 * would be let in by the control socket: whoever takes the gateway must not get to change routes that way.
 */
static int shut_unix_sockets(void)
{
#ifdef OWN_ARCHITECTURE
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 0, 6),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_NUMBERS, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        /* The low half of the first argument, the domain: both architectures are little-endian. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof steps / sizeof steps[0], .filter = steps};

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
        return errno == EINVAL ? 0 : -errno; /* A kernel without filters. */
#endif
    return 0;
}

/* linux/landlock.h as of Linux 6.12; Debian 12 has an older one. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};
#define ACCESS_TRUNCATE (1ULL << 14)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)
enum { SINCE_REFER = 2, SINCE_TRUNCATE = 3, SINCE_SCOPES = 6 };

/* Whatever changes a file or a directory. Reading and running stay allowed: it has still to become its program and to read secrets. */
static uint64_t writing(int version)
{
    uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                      LANDLOCK_ACCESS_FS_MAKE_SYM;

    if (version >= SINCE_REFER)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= SINCE_TRUNCATE)
        rights |= ACCESS_TRUNCATE;
    return rights;
}

int martlet_landlock_version(void)
{
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

/*
 * Takes away writing to files, and, where the kernel can (6.12), signals to anybody but its own children. Without rules everything
 * handled is denied. A kernel without Landlock (before 5.13, or switched off) leaves it to the unit's sandbox: `martlet doctor` says so.
 */
static int shut_files_and_signals(void)
{
    const int version = martlet_landlock_version();

    if (version == 0)
        return 0;
    const struct ruleset rules = {
        .handled_access_fs = writing(version),
        .scoped = version >= SINCE_SCOPES ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0,
    };
    /* An older kernel takes only as much of the structure as it knows. */
    const size_t size = version >= SINCE_SCOPES ? sizeof rules : sizeof rules.handled_access_fs;
    const int descriptor = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);

    if (descriptor < 0)
        return -errno;
    const int failure = syscall(SYS_landlock_restrict_self, descriptor, 0) < 0 ? -errno : 0;
    close(descriptor);
    return failure;
}

int martlet_child_confine(void)
{
    const int failure = shut_files_and_signals();

    return failure ? failure : shut_unix_sockets();
}
