/* SPDX-License-Identifier: MIT */
/*
 * How a case says what it found. Each case runs in a process of its own, so a verdict is its end: one line on stdout,
 * "CLAUSE REASON" or "- REASON", and an exit status. A case that returns has passed.
 */
#ifndef TESTS_CONFORM_VERDICT_H
#define TESTS_CONFORM_VERDICT_H

struct errbuf;

enum verdict {
	VERDICT_PASS = 0,
	VERDICT_FAIL = 1,  /* the peer breaks the clause */
	VERDICT_ERROR = 2, /* the environment: nothing is said of the peer */
	VERDICT_WARN = 3,  /* the peer breaks the clause, which is a SHOULD */
	VERDICT_SKIP = 77, /* the peer does not offer what the case is about */
};

const char *verdict_name(enum verdict verdict);

/* Or a WARN, if the clause is a SHOULD. */
void fail(const char *clause, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* What the case is at, in a few words, which go with whatever is said from now on. */
void verdict_at(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The environment must; else it is an ERROR. */
void need(int rc, const struct errbuf *err);

/* The peer must, or should, as the clause says; else it fails the clause, and the text says what it did. */
#define MUST(clause, condition, ...) \
	do { \
		if (!(condition)) \
			fail(clause, __VA_ARGS__); \
	} while (0)

#endif
