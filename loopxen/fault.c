// SPDX-License-Identifier: MIT
/*
 * LOOPXEN_FAIL=map:3,bind:1:persist makes the third map and, from the first on, every bind of a process fail.
 * Counted per process, in the shared state, because each stand-in library has a copy of this code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loopxen/host.h"

static const char *const names[FAULT_NR] = {
	[FAULT_MAP] = "map", [FAULT_COPY] = "copy", [FAULT_BIND] = "bind", [FAULT_ALLOC] = "alloc",
};

struct rule {
	unsigned long at; /* 0: never */
	bool persist;
};
static struct rule plan[FAULT_NR];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* WHAT:K or WHAT:K:persist, up to a comma or the end of the text. Returns that, or NULL if it is no rule. */
static const char *parse_rule(const char *text, struct rule rules[FAULT_NR])
{
	unsigned int what = 0;
	struct rule r;
	char *end;

	while (what < FAULT_NR && strncmp(text, names[what], strlen(names[what])))
		what++;
	if (what == FAULT_NR)
		return NULL;
	text += strlen(names[what]);
	if (text[0] != ':' || text[1] < '1' || text[1] > '9')
		return NULL;
	r.at = strtoul(text + 1, &end, 10);
	r.persist = strncmp(end, ":persist", 8) == 0;
	end += r.persist ? 8 : 0;
	if (r.at > UINT32_MAX || (*end && *end != ','))
		return NULL;
	rules[what] = r;
	return end;
}

static bool parse(const char *text, struct rule rules[FAULT_NR])
{
	if (!text || !*text)
		return true;
	do
		text = parse_rule(text, rules);
	while (text && *text++ == ',');
	return text;
}

bool host_fault_is_valid(const char *text)
{
	struct rule rules[FAULT_NR];

	return parse(text, rules);
}

static void read_plan(void)
{
	const char *text = getenv("LOOPXEN_FAIL");

	if (parse(text, plan))
		return;
	memset(plan, 0, sizeof(plan));
	fprintf(stderr, "loopxen: LOOPXEN_FAIL='%s': expected %s; nothing fails\n", text, HOST_FAULT_SYNTAX);
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
