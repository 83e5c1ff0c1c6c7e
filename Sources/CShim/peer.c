#define _GNU_SOURCE
#include "martlet/peer.h"

#include <errno.h>
#include <sys/socket.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

int martlet_peer_of(int descriptor, struct martlet_peer *peer)
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials);

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return -errno;
    peer->pid = credentials.pid;
    peer->uid = credentials.uid;
    peer->gid = credentials.gid;
    return 0;
}

int martlet_peer_groups(int descriptor, gid_t *groups, unsigned room)
{
    socklen_t length = room * sizeof(gid_t);

    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0)
        return -errno;
    return length / sizeof(gid_t);
}
