// SPDX-License-Identifier: MIT
#include "tests/conform/verdict.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/errbuf.h"

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		return "PASS";
	case VERDICT_FAIL:
		return "FAIL";
	case VERDICT_WARN:
		return "WARN";
	case VERDICT_SKIP:
		return "SKIP";
	default:
		return "ERROR";
	}
}

static char place[96];

void verdict_at(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(place, sizeof(place), fmt, args);
	va_end(args);
}

__attribute__((noreturn)) static void end(enum verdict verdict, const char *clause, const char *fmt, va_list args)
{
	printf("%s ", clause);
	vprintf(fmt, args);
	printf(*place ? " (%s)\n" : "\n", place);
	exit(verdict);
}

/* Of docs/protocol.md; tests/lint/generated.sh compares. */
static const char *const shoulds[] = {
	"BUS-7",  "BUS-12", "BUS-17", "BUS-20", "BUS-24", "BUS-33", "BUS-39", "BUS-45", "BUS-48", "RING-16",
	"GNT-15", "GNT-19", "EVT-6",  "BLK-8",  "BLK-18", "BLK-35", "BLK-37", "BLK-38", "BLK-43", "BLK-46",
	"NET-5",  "NET-6",  "NET-8",  "NET-21", "NET-26", "NET-35", "NET-55", "NET-68",
	"NET-86",
};

static bool is_should(const char *clause)
{
	for (unsigned int i = 0; i < sizeof(shoulds) / sizeof(shoulds[0]); i++) {
		if (strcmp(shoulds[i], clause) == 0)
			return true;
	}
	return false;
}

void fail(const char *clause, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	end(is_should(clause) ? VERDICT_WARN : VERDICT_FAIL, clause, fmt, args);
}

void skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	end(VERDICT_SKIP, "-", fmt, args);
}

void error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	end(VERDICT_ERROR, "-", fmt, args);
}

void need(int rc, const struct errbuf *err)
{
	if (rc)
		error("%s", err->text);
}
