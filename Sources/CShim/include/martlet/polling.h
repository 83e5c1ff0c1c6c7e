/* Waiting for descriptors and for points in time, which Swift's Glibc module does not carry. */
#ifndef MARTLET_POLLING_H
#define MARTLET_POLLING_H

#include <sys/epoll.h>
#include <sys/timerfd.h>

#endif
