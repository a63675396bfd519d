/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls that Debian's own Xen programs make and the shared state can answer. SELF is the index of the caller's
 * domain.
 *
 * Thread: any. Errors: -errno. Never logs.
 */
#ifndef LOOPXEN_HYPERCALL_H
#define LOOPXEN_HYPERCALL_H

#include <stdint.h>

int call_version(uint64_t cmd, void *arg);
int call_sysctl(unsigned int self, void *arg);
int call_domctl(unsigned int self, void *arg);
int call_evtchn(unsigned int self, uint64_t cmd, void *arg);

#endif
