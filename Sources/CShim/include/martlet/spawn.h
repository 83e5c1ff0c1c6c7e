/* Starting the gateway process with exactly the descriptors and privileges it needs. */
#ifndef MARTLET_SPAWN_H
#define MARTLET_SPAWN_H

#include <sys/types.h>

/* How many descriptors a child can be given. */
#define MARTLET_SPAWN_MAX_DESCRIPTORS 512

/*
 * Starts `path` with the arguments `argv` and the environment `envp` (both ended by NULL). The child
 *   - has 0, 1 and 2 as the caller has them, `descriptors[i]` as 3 + i, and nothing else open;
 *   - has every signal at its default and none blocked;
 *   - holds CAP_NET_RAW if the caller held it (permitted, effective, inheritable and ambient), and no other capability; the
 *     bounding set is cut down too where CAP_SETPCAP allows it;
 *   - has no_new_privs set, which also keeps uid 0 from getting its capabilities back at exec;
 *   - cannot make unix sockets (EAFNOSUPPORT), so that the control socket is out of its reach;
 *   - can write to no file that it has not open already (EACCES) and signal nobody but its own children (EPERM), as far as the kernel
 *     has Landlock: see `martlet_landlock_version`.
 *
 * Returns the child's process id once its exec has succeeded. Otherwise returns a negative errno of the step that failed, and no
 * child is left.
 */
pid_t martlet_spawn_gateway(const char *path, char *const argv[], char *const envp[], const int *descriptors, unsigned count);

/* The version of Landlock's interface (landlock(7)): files from 1 on, signals from 6 on; 0 for a kernel without it. */
int martlet_landlock_version(void);

/* A close-on-exec descriptor that becomes readable when the process ends (pidfd_open(2)); a negative errno on failure. */
int martlet_open_pidfd(pid_t pid);

#endif
