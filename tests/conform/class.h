/* SPDX-License-Identifier: MIT */
/*
 * A class of devices, as the suite knows it: its cases, and what a case's process has in the guest's place.
 *
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_CLASS_H
#define TESTS_CONFORM_CLASS_H

#include "ctl/toolstack_device.h"
#include "tests/conform/case.h"

struct conform_class {
	const char *name; /* on the command line: "blk" */
	char type;        /* one of host.h's letters for its devices */
	struct case_list backend_cases;
	const char *clauses_of_all; /* for which any case may fail a backend, beside its own */
	/* Is it about this class? Tables about what all have in common have rows that are not. */
	bool (*has)(const struct backend_case *c);
	/* What host.h attaches for it. */
	char (*device)(const struct backend_case *c);
	/* From what host.h has answered. */
	struct front *(*front)(const char *devices);
	/* Of frontends: the same, and the process is in the backend's place. */
	struct case_list frontend_cases;
	const char *frontend_clauses_of_all;
	bool (*has_frontend)(const struct frontend_case *c);
	int (*create)(struct ts_device *device, struct xb_store *store, uint32_t domid, unsigned int nr,
		      const struct frontend_case *c, struct errbuf *err);
	const struct play_class *play_class;
	struct play *(*play)(void);
};

/* NULL: there is none of that name. */
const struct conform_class *conform_class_find(const char *name);

#endif
