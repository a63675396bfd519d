// SPDX-License-Identifier: MIT
/*
 * LOOPXEN_FAIL=map:3,bind:1:persist makes the third map and, from the first on, every bind of a process fail.
 * Counted per process, in the shared state, because each stand-in library has a copy of this code.
 */
#include <stdlib.h>
#include <string.h>

#include "loopxen/host.h"

static const char *const names[FAULT_NR] = {
	[FAULT_MAP] = "map", [FAULT_COPY] = "copy", [FAULT_BIND] = "bind", [FAULT_ALLOC] = "alloc",
};

static struct {
	unsigned long at; /* 0: never */
	bool persist;
} plan[FAULT_NR];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_rule(const char *rule)
{
	char *end;

	for (unsigned int i = 0; i < FAULT_NR; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(rule, names[i], len) || rule[len] != ':')
			continue;
		plan[i].at = strtoul(rule + len + 1, &end, 10);
		plan[i].persist = strncmp(end, ":persist", 8) == 0;
	}
}

static void read_plan(void)
{
	const char *at = getenv("LOOPXEN_FAIL");

	while (at && *at) {
		read_rule(at);
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
}

bool host_fault(enum host_fault fault)
{
	unsigned long n;
	int proc;

	pthread_once(&once, read_plan);
	if (!plan[fault].at)
		return false;
	proc = host_join();
	if (proc < 0)
		return false;
	n = atomic_fetch_add(&host->proc[proc].nr_faults[fault], 1) + 1;
	return plan[fault].persist ? n >= plan[fault].at : n == plan[fault].at;
}
