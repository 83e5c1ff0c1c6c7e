/* What the two ways of making a child have in common (spawn.c says why it is done with so little). Not for Swift. */
#ifndef MARTLET_CHILD_H
#define MARTLET_CHILD_H

#include <signal.h>
#include <sys/types.h>

/* Every signal at its default, none blocked; a negative errno on failure. Async-signal-safe. */
int martlet_child_reset_signals(void);

/* Forks with all signals blocked, so that no handler of the parent runs in the child; a negative errno on failure. */
pid_t martlet_child_fork(sigset_t *before);

/* Keeps the gateway from its daemon's files, processes and control socket (confine.c). Async-signal-safe; a negative errno. */
int martlet_child_confine(void);

/*
 * Becomes the program; returns a negative errno when it cannot. A file that somebody has open for writing (ETXTBSY) is waited for, two
 * seconds at most: a program that was just installed may still be open in another child of the installer, between its fork and its
 * exec. Async-signal-safe.
 */
int martlet_child_exec(const char *path, char *const argv[], char *const envp[]);

/* Says why the exec did not happen and leaves. Async-signal-safe. */
_Noreturn void martlet_child_fail(int report, int failure);

/*
 * Closes the report pipe once its child has become its program, and gives the child's id; else the negative errno of what failed, the
 * fork's if `pid` is one, and no child is left.
 */
pid_t martlet_child_await_exec(pid_t pid, const int report[2]);

#endif
