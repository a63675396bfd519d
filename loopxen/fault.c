// SPDX-License-Identifier: MIT
/* LOOPXEN_FAIL=map:3,bind:1:persist makes the third map and, from the first on, every bind of a process fail. */
#include "loopxen/fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[FAULT_NR] = {
	[FAULT_MAP] = "map",	 [FAULT_COPY] = "copy",	  [FAULT_BIND] = "bind",
	[FAULT_ALLOC] = "alloc", [FAULT_UNMAP] = "unmap", [FAULT_MEMORY] = "memory",
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
	size_t len = strcspn(text, ":");
	unsigned int what = 0;
	struct rule r;
	char *end;

	while (what < FAULT_NR && (strncmp(text, names[what], len) || names[what][len]))
		what++;
	if (what == FAULT_NR)
		return NULL;
	text += len;
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

bool fault_is_valid(const char *text)
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
	fprintf(stderr, "loopxen: LOOPXEN_FAIL='%s': expected %s; nothing fails\n", text, FAULT_SYNTAX);
}

bool fault_is_planned(enum fault fault)
{
	pthread_once(&once, read_plan);
	return plan[fault].at;
}

/* One write, so that it stays a line among those of other threads. */
static void say(enum fault fault)
{
	int saved_errno = errno, len;
	char line[80];
	ssize_t r;

	len = snprintf(line, sizeof(line), "loopxen: %s %lu %s, as LOOPXEN_FAIL has it\n", names[fault],
		       plan[fault].at, fault == FAULT_UNMAP ? "is late" : "fails");
	r = write(STDERR_FILENO, line, len);
	(void)r;
	errno = saved_errno;
}

bool fault_hits(enum fault fault, unsigned long n)
{
	if (!fault_is_planned(fault))
		return false;
	if (n == plan[fault].at)
		say(fault);
	return plan[fault].persist ? n >= plan[fault].at : n == plan[fault].at;
}
