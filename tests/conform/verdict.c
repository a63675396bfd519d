// SPDX-License-Identifier: MIT
#include "tests/conform/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/errbuf.h"

const char *verdict_name(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		return "PASS";
	case VERDICT_FAIL:
		return "FAIL";
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

void fail(const char *clause, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	end(VERDICT_FAIL, clause, fmt, args);
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
