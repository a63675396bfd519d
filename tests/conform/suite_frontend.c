// SPDX-License-Identifier: MIT
#include "tests/conform/suite_frontend.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/vbd.h"

#define TARGET "/dev/null" /* the disk is in the case's memory */

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
static int attach(struct session *session, struct vbd *vbd, const struct frontend_case *c, struct errbuf *err)
{
	char vdev[] = "xvda";
	struct vbd_request request = {
		.vdev = vdev,
		.target = TARGET,
		.is_writable = !c->is_read_only && !c->is_cdrom,
		.is_cdrom = c->is_cdrom,
	};
	unsigned int disk = session->nr_cases % 16;
	int rc;

	vdev[3] += disk;
	rc = vbd_init(vbd, "vbd", session->options->domid, (202 << 8) + disk * 16, session->store.domid, err);
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

static void run_if_asked_for(const struct frontend_case *c, void *arg)
{
	struct session *session = arg;
	struct result *result = session_begin_case(session, c->name, c->clauses, c->about);
	struct errbuf err;
	struct vbd vbd;

	if (!result)
		return;
	if (attach(session, &vbd, c, &err))
		result_judge(result, VERDICT_ERROR, "-", err.text);
	else
		run_in_place(session, c, &vbd, result);
	if (vbd_remove(&vbd, &session->store, &err) && result->verdict == VERDICT_PASS)
		result_judge(result, VERDICT_ERROR, "-", err.text);
	session_end_case(session, result);
}

int suite_run_frontend(const struct conform_options *options)
{
	static struct session session;
	struct errbuf err;

	if (session_begin(&session, options, &err)) {
		fprintf(stderr, "pvring-conform: %s\n", err.text);
		return VERDICT_ERROR;
	}
	if (!options->only_lists)
		setenv("CONFORM_DRIVE", options->drive, 1);
	frontend_cases_visit(run_if_asked_for, &session);
	return options->only_lists ? 0 : session_end(&session, options->drive);
}
