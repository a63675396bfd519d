// SPDX-License-Identifier: MIT
#include "tests/conform/suite.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/agent.h"
#include "tests/conform/class.h"
#include "tests/conform/host.h"

struct suite {
	struct session session;
	struct host host; /* not where an agent is asked */
	char peer[MAILBOX_TEXT];
};

/* ---- in the guest's place -------------------------------------------------------------------------------------- */

void suite_run_case(const char *class_name, const char *name, const char *devices, uint32_t seed)
{
	const struct conform_class *class = conform_class_find(class_name);
	const struct case_head *head = class ? cases_find(&class->backend_cases, name) : NULL;
	const struct backend_case *c = (const void *)head;
	struct front *front;

	if (!c)
		error("there is no case %s of %s", name, class_name);
	front = class->front(devices);
	front->needs = c->needs;
	front->seed = seed;
	c->run(front);
}

/* ---- in the backend's domain ----------------------------------------------------------------------------------- */

/* The answer is good until the next question. */
static const char *ask(struct suite *suite, const char *fmt, ...)
{
	static char answer[MAILBOX_TEXT];
	char question[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(question, sizeof(question), fmt, args);
	va_end(args);
	if (suite->session.options->asks_agent)
		agent_ask(&suite->session.store, question, answer);
	else
		host_do(&suite->host, question, answer);
	return answer;
}

/* ---- one case -------------------------------------------------------------------------------------------------- */

static void run_in_guest(struct suite *suite, const struct backend_case *c, const char *devices, struct result *result)
{
	const struct conform_options *options = suite->session.options;
	bool serves = c->asks_toolstack && !options->asks_agent;
	struct process_end end;
	struct errbuf err;
	char command[512];

	if (serves && host_listen(&suite->host, &err)) {
		result_judge(result, VERDICT_ERROR, "-", err.text);
		return;
	}
	snprintf(command, sizeof(command), "exec %s %s case %s %s %s %u", options->enter ?: "", options->program,
		 options->class->name, c->head.name, devices, options->seed);
	process_run_shell(command, options->timeout_s, serves ? host_serve : NULL, &suite->host, &end);
	mailbox_close(&suite->host.mailbox);
	result_take(result, &end);
}

static void judge_end(struct result *result, const char *answer)
{
	if (strcmp(answer, "=died") == 0)
		result_fall_silent(result, "the backend has died");
	else if (strcmp(answer, "=held") == 0 && result->verdict == VERDICT_PASS)
		result_fall_silent(result, "the backend does not let go of the device afterwards");
}

/* What the device could not be made for: the backend's fault, ours, or nobody's. */
static void judge_attach(struct result *result, const char *answer)
{
	if (*answer == '?')
		result_judge(result, VERDICT_SKIP, "-", answer + 2);
	else
		result_judge_line(result, *answer == '-' ? VERDICT_ERROR : VERDICT_FAIL, answer);
}

static void run_one(struct suite *suite, const struct backend_case *c, struct result *result)
{
	const char *answer = ask(suite, "attach %c", suite->session.options->class->device(c));

	if (*answer == '=') {
		run_in_guest(suite, c, answer + 1, result);
		judge_end(result, ask(suite, "detach"));
	} else {
		judge_attach(result, answer);
	}
	if (result_is_bad(result))
		ask(suite, "restart");
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static void run_if_asked_for(const struct case_head *head, void *arg)
{
	const struct backend_case *c = (const void *)head;
	struct suite *suite = arg;
	struct result *result;

	if (!suite->session.options->class->has(c))
		return;
	result = session_begin_case(&suite->session, head);
	if (!result)
		return;
	run_one(suite, c, result);
	session_end_case(&suite->session, result);
}

static int begin(struct suite *suite, const struct conform_options *options, struct errbuf *err)
{
	const char *answer;
	int rc = session_begin(&suite->session, options, err);

	suite->session.clauses_of_all = options->class->clauses_of_all;
	if (rc || options->only_lists)
		return rc;
	if (!options->asks_agent)
		rc = host_begin(&suite->host, &suite->session.store, options, err);
	if (rc)
		return rc;
	answer = ask(suite, "peer %c", options->class->type);
	snprintf(suite->peer, sizeof(suite->peer), "%s", answer + 1);
	return *answer == '=' ? 0 : errbuf_set(err, -EIO, "%s", answer + 2);
}

int suite_run_backend(const struct conform_options *options)
{
	static struct suite suite;
	struct errbuf err;

	if (begin(&suite, options, &err)) {
		fprintf(stderr, "pvring-conform: %s\n", err.text);
		return VERDICT_ERROR;
	}
	cases_visit(&options->class->backend_cases, options->shuffles ? &options->seed : NULL, run_if_asked_for,
		    &suite);
	if (options->only_lists)
		return 0;
	if (!options->asks_agent)
		host_end(&suite.host);
	return session_end(&suite.session, suite.peer);
}
