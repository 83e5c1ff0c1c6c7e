/* Who is at the other end of a unix socket: what Swift cannot import for want of _GNU_SOURCE (unix(7)). */
#ifndef MARTLET_PEER_H
#define MARTLET_PEER_H

#include <sys/types.h>

struct martlet_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/* Fills in the peer's credentials at the time it connected (SO_PEERCRED); 0, or a negative errno. */
int martlet_peer_of(int descriptor, struct martlet_peer *peer);

/* Up to `room` of the peer's supplementary groups (SO_PEERGROUPS); how many, or a negative errno. */
int martlet_peer_groups(int descriptor, gid_t *groups, unsigned room);

#endif
