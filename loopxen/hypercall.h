/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls that Debian's own Xen programs make and the shared state can answer.
 *
 * Thread: any. Errors: -errno. Never logs.
 */
#ifndef LOOPXEN_HYPERCALL_H
#define LOOPXEN_HYPERCALL_H

#include <stdint.h>

struct caller {
	uint32_t proc, slot;
};

int call_version(uint64_t cmd, void *arg);
int call_sysctl(const struct caller *c, void *arg);
int call_domctl(const struct caller *c, void *arg);
int call_evtchn(const struct caller *c, uint64_t cmd, void *arg);

#endif
