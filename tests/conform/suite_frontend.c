// SPDX-License-Identifier: MIT
#include "tests/conform/suite_frontend.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/parse.h"
#include "tests/conform/class.h"

#define RENEW_TIMEOUT_S 600

struct suite {
	struct session session;
	uint32_t domid;      /* the guest's, which is another one when it was made anew */
	bool has_used_guest; /* a case has, this one */
};

/* ---- in the backend's place ------------------------------------------------------------------------------------ */

void suite_run_frontend_case(const char *class_name, const char *name, uint32_t domid, uint32_t devid)
{
	const struct conform_class *class = conform_class_find(class_name);
	const struct frontend_case *c = class ? (const void *)cases_find(&class->frontend_cases, name) : NULL;
	struct play *play;

	if (!c)
		error("there is no case %s of %s", name, class_name);
	play = class->play();
	play_begin(play, class->play_class, domid, devid, c->head.clauses);
	play->back.is_read_only = c->is_read_only || c->is_cdrom;
	play->back.is_cdrom = c->is_cdrom;
	play->how = c->how;
	c->run(play);
}

/* ---- one case -------------------------------------------------------------------------------------------------- */

static void run_in_place(struct session *session, const struct frontend_case *c, const struct ts_device *device,
			 struct result *result)
{
	const struct conform_options *options = session->options;
	struct process_end end;
	char command[512];

	snprintf(command, sizeof(command), "exec %s frontend-case %s %s %u %u", options->program, options->class->name,
		 c->head.name, device->domid, device->devid);
	process_run_shell(command, options->timeout_s, NULL, NULL, &end);
	result_take(result, &end);
}

static void run_one(struct suite *suite, const struct frontend_case *c, struct result *result)
{
	struct session *session = &suite->session;
	struct errbuf err;
	struct ts_device device;

	if (session->options->class->create(&device, &session->store, suite->domid, session->nr_cases, c, &err))
		result_judge(result, VERDICT_ERROR, "-", err.text);
	else
		run_in_place(session, c, &device, result);
	if (ts_device_remove(&device, &session->store, &err) && result->verdict == VERDICT_PASS)
		result_judge(result, VERDICT_ERROR, "-", err.text);
}

/* false: there is no other guest. */
static bool renew_guest(struct suite *suite)
{
	const char *command = suite->session.options->renew;
	struct process_end end;

	if (!command)
		return false;
	process_run_shell(command, RENEW_TIMEOUT_S, NULL, NULL, &end);
	if (!end.is_overdue && !end.status && !parse_u32(end.output, 0, XB_DOMID_MAX, &suite->domid))
		return true;
	fprintf(stderr, "pvring-conform: --renew: status %d, '%s': expected the guest's number\n", end.status,
		end.output);
	return false;
}

/*
 * A guest may wait for ever for what an earlier case has not given it, and fail all that follow. So a failure counts
 * that a new guest has, too.
 */
static void run_if_asked_for(const struct case_head *head, void *arg)
{
	const struct frontend_case *c = (const void *)head;
	struct suite *suite = arg;
	const struct conform_class *class = suite->session.options->class;
	struct result *result = class->has_frontend(c) ? session_begin_case(&suite->session, head) : NULL;
	bool needs_new;

	if (!result)
		return;
	run_one(suite, c, result);
	if (result_is_bad(result) && suite->has_used_guest && renew_guest(suite))
		run_one(suite, c, result);
	session_end_case(&suite->session, result);
	needs_new = result_is_bad(result) || suite->session.options->renews_each;
	suite->has_used_guest = !needs_new || !renew_guest(suite);
}

int suite_run_frontend(const struct conform_options *options)
{
	static struct suite suite;
	struct errbuf err;

	if (session_begin(&suite.session, options, &err)) {
		fprintf(stderr, "pvring-conform: %s\n", err.text);
		return VERDICT_ERROR;
	}
	suite.session.clauses_of_all = options->class->frontend_clauses_of_all;
	suite.domid = options->domid;
	if (!options->only_lists)
		setenv("CONFORM_DRIVE", options->drive, 1);
	cases_visit(&options->class->frontend_cases, options->shuffles ? &options->seed : NULL, run_if_asked_for,
		    &suite);
	return options->only_lists ? 0 : session_end(&suite.session, options->drive);
}
