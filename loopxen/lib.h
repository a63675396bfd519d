/* SPDX-License-Identifier: MIT */
/* What the stand-in libraries have in common. */
#ifndef LOOPXEN_LIB_H
#define LOOPXEN_LIB_H

#include <errno.h>
#include <stdint.h>

#include "loopxen/host.h"

#define LIB_EXPORT __attribute__((visibility("default")))

/* Joins the instance; 0 or -errno. PROC may be NULL. Logs why it failed. */
static inline int lib_join(uint32_t *proc, uint32_t *slot)
{
	int rc = host_join();

	if (rc < 0)
		return rc;
	if (proc)
		*proc = rc;
	rc = host_dom_find(host->proc[rc].domid);
	if (rc < 0)
		return rc;
	*slot = rc;
	return 0;
}

/* Counts one of this kind; true: it fails. Here, because each library has a copy of this and of fault.c. */
static inline bool lib_fault(enum fault fault)
{
	int proc = fault_is_planned(fault) ? host_join() : -1;

	return proc >= 0 && fault_hits(fault, atomic_fetch_add(&host->proc[proc].nr_faults[fault], 1) + 1);
}

static inline int lib_fail(int err)
{
	errno = err;
	return -1;
}

/* A value, or -errno turned into errno and -1. */
static inline int lib_result(int rc)
{
	return rc < 0 ? lib_fail(-rc) : rc;
}

#endif
