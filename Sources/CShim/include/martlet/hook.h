/* Starting a program of the operator's own. */
#ifndef MARTLET_HOOK_H
#define MARTLET_HOOK_H

#include <sys/types.h>

/*
 * Starts `path` with the arguments `argv` and the environment `envp` (both ended by NULL). The child
 *   - has `input` as standard input, `output` as standard output and standard error, and nothing else open;
 *   - leads a process group of its own;
 *   - has every signal at its default and none blocked;
 *   - holds no capability and has no_new_privs set, which also keeps uid 0 from getting its capabilities back at exec.
 *
 * Returns the child's process id once its exec has succeeded. Otherwise returns a negative errno of the step that failed, and no
 * child is left.
 */
pid_t martlet_spawn_hook(const char *path, char *const argv[], char *const envp[], int input, int output);

#endif
