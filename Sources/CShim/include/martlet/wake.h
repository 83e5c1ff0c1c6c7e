/* Waking a thread that waits in poll(2) or epoll_wait(2): eventfd(2), which Swift's Glibc module does not carry. */
#ifndef MARTLET_WAKE_H
#define MARTLET_WAKE_H

/* A close-on-exec, non-blocking descriptor that is readable between a signal and the next clear; a negative errno on failure. */
int martlet_wake_open(void);

/* Makes the descriptor readable. Never blocks; async-signal-safe. */
void martlet_wake_signal(int descriptor);

/* Makes it unreadable until the next signal. */
void martlet_wake_clear(int descriptor);

#endif
