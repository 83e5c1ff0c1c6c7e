/* What tests do to their own thread, and libc keeps from Swift or does to the whole process. */
#ifndef MARTLET_CTESTSHIM_H
#define MARTLET_CTESTSHIM_H

#include <spawn.h>
#include <stddef.h>

/* Moves the calling thread into a new, empty network namespace. Returns a descriptor of the old one, or a negative errno. */
int ctest_enter_new_network(void);

/* Moves the calling thread back and closes the descriptor. Returns 0 or a negative errno. */
int ctest_leave_network(int previous);

/*
 * Makes the calling thread, and no other, an unprivileged user who holds only the capabilities in the mask (bit numbers of
 * linux/capability.h, below 32), ambient ones included. There is no way back: let the thread end. Returns 0 or a negative errno.
 */
int ctest_become_unprivileged(unsigned user, unsigned capabilities);

/* Blocks a signal in the calling thread. */
void ctest_block_signal(int number);

/*
 * Starts a program found on PATH, in the calling thread's namespaces. `input` becomes the writing end of its standard input, `output`
 * the reading end of its standard output and error; no other child inherits them. Returns its process id or a negative errno.
 */
int ctest_start(char *const argv[], int *input, int *output);

/* The child that is to be spawned closes every descriptor beyond standard error, after all actions before this one. */
void ctest_spawn_closing_the_rest(posix_spawn_file_actions_t *actions);

/* Opens a raw socket on a device, for whole Ethernet frames; reading never waits. Returns a descriptor or a negative errno. */
int ctest_open_frames(const char *device);

/* Reads the next frame that came in by the device, not one that left by it. Returns its length, or 0 when there is none. */
size_t ctest_next_frame(int descriptor, unsigned char *frame, size_t room);

/* Puts one Ethernet frame on the wire, out of this device. Returns 0 or a negative errno. Needs CAP_NET_RAW. */
int ctest_send_frame(const char *device, const unsigned char *frame, int length);

/* Keeps the calling thread on the processor it is on, or lets it go anywhere again; what it starts inherits that. A negative errno. */
int ctest_keep_processor(int kept);

#endif
