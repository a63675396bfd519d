/* SPDX-License-Identifier: MIT */
/*
 * What a run of cases is, whoever is judged: which of them are asked for, what came of each, and what is known of the
 * peer.
 *
 * Use: session_begin(); for each case session_begin_case(), result_...(), session_end_case(); session_end().
 * Where the cases are only to be listed, all that happens is that session_begin_case() does that.
 * Thread: the main thread.
 */
#ifndef TESTS_CONFORM_SESSION_H
#define TESTS_CONFORM_SESSION_H

#include "tests/conform/case.h"
#include "tests/conform/expect.h"
#include "tests/conform/options.h"
#include "tests/conform/process.h"
#include "tests/conform/report.h"
#include "xenbus/store.h"

#define SESSION_MAX_RESULTS 1024

struct session {
	const struct conform_options *options;
	const char *clauses_of_all; /* for which any case may fail the peer, beside its own */
	struct xb_store store;
	unsigned int nr_cases; /* begun so far */
	uint64_t begun_ns;     /* the one that runs */
	struct expect *expect;
	struct result results[SESSION_MAX_RESULTS];
};

/* clauses_of_all is the caller's to set. */
int session_begin(struct session *session, const struct conform_options *options, struct errbuf *err);
/* NULL: it is not to run. */
struct result *session_begin_case(struct session *session, const struct case_head *c);
void session_end_case(struct session *session, struct result *result);
/* The exit status. peer: what the reports call it. */
int session_end(struct session *session, const char *peer);

void result_judge(struct result *result, enum verdict verdict, const char *clause, const char *reason);
void result_judge_line(struct result *result, enum verdict verdict, const char *line); /* "CLAUSE REASON" */
/* The first clause that a case is about answers for a peer that dies of it or falls silent. */
void result_fall_silent(struct result *result, const char *reason);
/* What the case's process said and how it ended. */
void result_take(struct result *result, const struct process_end *end);

#endif
