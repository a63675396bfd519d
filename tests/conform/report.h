/* SPDX-License-Identifier: MIT */
/*
 * What came of the cases, as it is written: TAP to stdout as they end, JSON and a page of HTML at the end.
 *
 * Thread: the main thread. Errors: said on stderr, returned as -errno.
 */
#ifndef TESTS_CONFORM_REPORT_H
#define TESTS_CONFORM_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/conform/verdict.h"

struct result {
	const char *name, *about, *clauses;
	enum verdict verdict;
	char clause[16]; /* that was broken; "-" */
	char reason[512];
	uint32_t ms;
	bool is_expected;
};

/* The case ended in its midst: whoever was judged may be in no state for the next one. */
static inline bool result_is_bad(const struct result *result)
{
	return result->verdict != VERDICT_PASS && result->verdict != VERDICT_SKIP;
}

void report_one(const struct result *result, unsigned int number, bool is_ok);
/* The worst verdict that was not expected; a PASS or a WARN that was not counts as a failure. */
enum verdict report_totals(const struct result *results, unsigned int nr);
int report_json(const char *path, const char *peer, uint32_t seed, const struct result *results, unsigned int nr);
int report_html(const char *path, const char *peer, uint32_t seed, const struct result *results, unsigned int nr);

#endif
