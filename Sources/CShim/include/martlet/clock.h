/* What the kernel says of the wall clock; adjtimex(2) is not in Swift's Glibc module. */
#ifndef MARTLET_CLOCK_H
#define MARTLET_CLOCK_H

/* 1 when something keeps the clock right, 0 when nothing does, -1 when the kernel does not say. */
int martlet_clock_is_synchronised(void);

#endif
