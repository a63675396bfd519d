// SPDX-License-Identifier: MIT
#include "tests/conform/session.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

/* ---- which cases ----------------------------------------------------------------------------------------------- */

static bool names_clause(const char *clauses, const char *clause)
{
	size_t len = strlen(clause);

	for (const char *at = clauses; (at = strstr(at, clause)); at += len) {
		if ((at == clauses || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* By its name, so that it is in the same part whatever the order is and whatever other cases there are. */
static uint32_t part_of(const char *name, uint32_t nr_parts)
{
	uint32_t hash = 0;

	for (; *name; name++)
		hash = hash * 31 + (unsigned char)*name;
	return hash % nr_parts;
}

static bool is_asked_for(const struct conform_options *options, const char *name, const char *clauses)
{
	return fnmatch(options->cases, name, FNM_EXTMATCH) == 0 && part_of(name, options->nr_parts) == options->part &&
	       (!options->clause || names_clause(clauses, options->clause));
}

struct result *session_begin_case(struct session *session, const struct case_head *c)
{
	struct result *result = &session->results[session->nr_cases];

	if (!is_asked_for(session->options, c->name, c->clauses))
		return NULL;
	if (session->options->only_lists) {
		printf("%s\t%s\t%s\n", c->name, c->clauses, c->about);
		return NULL;
	}
	session->nr_cases++;
	session->begun_ns = clock_now_ns();
	*result = (struct result){ .name = c->name, .about = c->about, .clauses = c->clauses };
	return result;
}

/* A verdict that no row promises is a mistake of the case's, whatever the peer has done. */
static void judge_case(const struct session *session, struct result *result)
{
	char text[sizeof(result->reason)];

	if (result->verdict != VERDICT_FAIL || names_clause(result->clauses, result->clause) ||
	    names_clause(session->clauses_of_all, result->clause))
		return;
	snprintf(text, sizeof(text), "%s fails it for %s, which its row does not name: %.*s", result->name,
		 result->clause, (int)sizeof(text) / 2, result->reason);
	result_judge(result, VERDICT_ERROR, "-", text);
}

void session_end_case(struct session *session, struct result *result)
{
	judge_case(session, result);
	result->ms = (clock_now_ns() - session->begun_ns) / 1000000;
	result->is_expected = expect_is(session->expect, result);
	/* Where nothing is known of the peer it may leave out what it likes; the exit status tells. */
	report_one(result, session->nr_cases,
		   result->is_expected || (!session->expect && result->verdict == VERDICT_SKIP));
}

/* ---- what came of one ------------------------------------------------------------------------------------------ */

void result_judge(struct result *result, enum verdict verdict, const char *clause, const char *reason)
{
	result->verdict = verdict;
	snprintf(result->clause, sizeof(result->clause), "%s", clause);
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

void result_fall_silent(struct result *result, const char *reason)
{
	char clause[16];

	snprintf(clause, sizeof(clause), "%.*s", (int)strcspn(result->clauses, " "), result->clauses);
	result_judge(result, VERDICT_FAIL, clause, reason);
}

void result_judge_line(struct result *result, enum verdict verdict, const char *line)
{
	size_t len = strcspn(line, " ");

	result_judge(result, verdict, "-", line[len] ? line + len + 1 : "");
	snprintf(result->clause, sizeof(result->clause), "%.*s", (int)len, line);
}

void result_take(struct result *result, const struct process_end *end)
{
	if (end->is_overdue) {
		result_fall_silent(result, "neither side came to an end in time");
	} else if (end->status == VERDICT_PASS) {
		result_judge(result, VERDICT_PASS, "-", "");
	} else if (end->status != VERDICT_FAIL && end->status != VERDICT_WARN && end->status != VERDICT_SKIP) {
		result_judge(result, VERDICT_ERROR, "-",
			     *end->output ? end->output : "the case's process ended without a verdict");
	} else {
		result_judge_line(result, end->status, end->output);
	}
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

int session_begin(struct session *session, const struct conform_options *options, struct errbuf *err)
{
	int rc;

	session->options = options;
	session->nr_cases = 0;
	session->expect = NULL;
	xb_store_init(&session->store);
	if (options->only_lists)
		return 0;
	printf("# seed %u\n", options->seed);
	rc = xb_store_open(&session->store, err);
	if (rc == 0 && options->expect)
		rc = expect_read(&session->expect, options->expect, err);
	return rc;
}

int session_end(struct session *session, const char *peer)
{
	const struct conform_options *options = session->options;
	unsigned int nr = session->nr_cases;
	enum verdict worst;
	int rc = 0;

	xb_store_fini(&session->store);
	printf("1..%u\n", nr);
	worst = report_totals(session->results, nr);
	if (options->json)
		rc = report_json(options->json, peer, options->seed, session->results, nr);
	if (rc == 0 && options->html)
		rc = report_html(options->html, peer, options->seed, session->results, nr);
	expect_free(session->expect);
	return rc || nr == 0 ? VERDICT_ERROR : worst;
}
