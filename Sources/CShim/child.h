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

/* Says why the exec did not happen and leaves. Async-signal-safe. */
_Noreturn void martlet_child_fail(int report, int failure);

/* What the child said on the report pipe: 0 when it was closed by a successful exec. */
int martlet_child_read_report(int descriptor);

#endif
