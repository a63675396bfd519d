// SPDX-License-Identifier: MIT
#include "tests/conform/suite_frontend.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/parse.h"
#include "ctl/vbd.h"

#define TARGET          "/dev/null" /* the disk is in the case's memory */
#define RENEW_TIMEOUT_S 600

struct suite {
	struct session session;
	uint32_t domid; /* the guest's, which is another one when it was made anew */
};

/* ---- in the backend's place ------------------------------------------------------------------------------------ */

void suite_run_frontend_case(const char *name, uint32_t domid, uint32_t devid)
{
	const struct frontend_case *c = frontend_cases_find(name);
	struct play play;

	if (!c)
		error("there is no case %s", name);
	play_begin(&play, domid, devid, c->clauses);
	play.back.is_read_only = c->is_read_only || c->is_cdrom;
	play.back.is_cdrom = c->is_cdrom;
	c->run(&play);
}

/* ---- one case -------------------------------------------------------------------------------------------------- */

/* Another one each time: a guest may need a while to forget the last. */
static int attach(struct suite *suite, struct vbd *vbd, const struct frontend_case *c, struct errbuf *err)
{
	char vdev[] = "xvda";
	struct vbd_request request = {
		.vdev = vdev,
		.target = TARGET,
		.is_writable = !c->is_read_only && !c->is_cdrom,
		.is_cdrom = c->is_cdrom,
	};
	struct session *session = &suite->session;
	unsigned int disk = session->nr_cases % 16;
	int rc;

	vdev[3] += disk;
	rc = vbd_init(vbd, "vbd", suite->domid, (202 << 8) + disk * 16, session->store.domid, err);
	if (rc == 0)
		(void)vbd_remove(vbd, &session->store, err); /* what an earlier run left */
	return rc ?: vbd_create(vbd, &session->store, &request, err);
}

static void run_in_place(struct session *session, const struct frontend_case *c, const struct vbd *vbd,
			 struct result *result)
{
	const struct conform_options *options = session->options;
	struct process_end end;
	char command[512];

	snprintf(command, sizeof(command), "exec %s frontend-case %s %u %u", options->program, c->name, vbd->domid,
		 vbd->devid);
	process_run_shell(command, options->timeout_s, NULL, NULL, &end);
	result_take(result, &end);
}

/* It may wait for ever for what the case has not given it. */
static void renew_guest(struct suite *suite)
{
	const char *command = suite->session.options->renew;
	struct process_end end;

	if (!command)
		return;
	process_run_shell(command, RENEW_TIMEOUT_S, NULL, NULL, &end);
	if (end.is_overdue || end.status || parse_u32(end.output, 0, XB_DOMID_MAX, &suite->domid))
		fprintf(stderr, "pvring-conform: --renew: status %d, '%s': expected the guest's number\n", end.status,
			end.output);
}

static void run_if_asked_for(const struct frontend_case *c, void *arg)
{
	struct suite *suite = arg;
	struct session *session = &suite->session;
	struct result *result = session_begin_case(session, c->name, c->clauses, c->about);
	struct errbuf err;
	struct vbd vbd;

	if (!result)
		return;
	if (attach(suite, &vbd, c, &err))
		result_judge(result, VERDICT_ERROR, "-", err.text);
	else
		run_in_place(session, c, &vbd, result);
	if (vbd_remove(&vbd, &session->store, &err) && result->verdict == VERDICT_PASS)
		result_judge(result, VERDICT_ERROR, "-", err.text);
	session_end_case(session, result);
	if (result->verdict == VERDICT_FAIL || result->verdict == VERDICT_ERROR)
		renew_guest(suite);
}

int suite_run_frontend(const struct conform_options *options)
{
	static struct suite suite;
	struct errbuf err;

	if (session_begin(&suite.session, options, &err)) {
		fprintf(stderr, "pvring-conform: %s\n", err.text);
		return VERDICT_ERROR;
	}
	suite.domid = options->domid;
	if (!options->only_lists)
		setenv("CONFORM_DRIVE", options->drive, 1);
	frontend_cases_visit(run_if_asked_for, &suite);
	return options->only_lists ? 0 : session_end(&suite.session, options->drive);
}
