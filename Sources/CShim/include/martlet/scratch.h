/* A network namespace that nobody else sees and that ends with the thread. */
#ifndef MARTLET_SCRATCH_H
#define MARTLET_SCRATCH_H

/*
 * Takes the calling thread alone into an empty network namespace whose loopback is up. Needs CAP_SYS_ADMIN. Returns 0 or an errno;
 * the thread must end afterwards.
 */
int martlet_enter_scratch_network(void);

#endif
