// SPDX-License-Identifier: MIT
#include "tests/conform/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/vbd.h"
#include "tests/conform/peer/toolstack.h"

#define IMAGE_SECTORS 2048

struct suite {
	struct session session;
	char image[64];
	pid_t peer; /* 0: not ours */
};

/* ---- in the guest's place -------------------------------------------------------------------------------------- */

static void check_needs(const struct backend_case *c, uint32_t devid)
{
	struct front looker;

	if (!c->needs)
		return;
	front_init(&looker, devid);
	front_begin(&looker);
	if (front_backend_number(&looker, c->needs, 0) == 0)
		skip("the backend does not offer %s", c->needs);
	xb_device_fini(&looker.dev);
	xb_store_fini(&looker.store);
}

void suite_run_case(const char *name, uint32_t devid)
{
	const struct backend_case *c = cases_find(name);
	struct front front;

	if (!c)
		error("there is no case %s", name);
	check_needs(c, devid);
	front_init(&front, devid);
	c->run(&front);
}

/* ---- the disk -------------------------------------------------------------------------------------------------- */

static int make_image(struct suite *suite, struct errbuf *err)
{
	static uint8_t bytes[IMAGE_SECTORS * 512];
	FILE *file = fopen(suite->image, "we");

	pattern_fill(bytes, 0, IMAGE_SECTORS);
	if (!file || fwrite(bytes, sizeof(bytes), 1, file) != 1 || fclose(file))
		return errbuf_set(err, -EIO, "%s: %s", suite->image, strerror(errno));
	return 0;
}

/* Another one each time: a backend may need a while to forget the last. */
static int attach(struct suite *suite, struct vbd *vbd, const struct backend_case *c, struct errbuf *err)
{
	char vdev[] = "xvda";
	struct vbd_request request = {
		.vdev = vdev,
		.target = suite->image,
		.is_writable = !c->is_read_only && !c->is_cdrom,
		.is_cdrom = c->is_cdrom,
	};
	unsigned int disk = suite->session.nr_cases % 16;
	int rc;

	vdev[3] += disk;
	rc = vbd_init(vbd, suite->session.options->kind, suite->session.options->domid, (202 << 8) + disk * 16,
		      suite->session.store.domid, err);
	if (rc == 0)
		(void)vbd_remove(vbd, &suite->session.store, err); /* what an earlier run left */
	if (rc == 0)
		rc = vbd_create(vbd, &suite->session.store, &request, err);
	if (rc == 0)
		rc = vbd_wait_for_backend(vbd, &suite->session.store, err);
	if (rc == 0 && !vbd_is_qdisk(vbd))
		rc = vbd_hotplug_add(&suite->session.store, vbd->backend, err);
	return rc;
}

/* A case leaves the frontend as it is; here the guest is through with it. */
static bool detach(struct suite *suite, struct vbd *vbd)
{
	struct errbuf err;
	int rc;

	(void)xb_switch_state(&suite->session.store, vbd->frontend, XB_CLOSED, &err);
	rc = vbd_close(vbd, &suite->session.store, &err);
	(void)vbd_remove(vbd, &suite->session.store, &err);
	return rc == 0;
}

/* ---- the peer -------------------------------------------------------------------------------------------------- */

static void start_peer(struct suite *suite)
{
	if (suite->session.options->peer)
		suite->peer = process_start_shell(suite->session.options->peer);
}

static bool peer_has_died(struct suite *suite)
{
	return suite->session.options->peer && process_has_ended(suite->peer);
}

static bool run_peer(void *arg, bool runs)
{
	struct suite *suite = arg;

	if (!suite->session.options->peer)
		return false;
	if (runs)
		start_peer(suite);
	else
		process_end(suite->peer);
	return true;
}

static pid_t peer_pid(void *arg)
{
	return ((struct suite *)arg)->peer;
}

static void restart_peer(struct suite *suite)
{
	if (run_peer(suite, false))
		start_peer(suite);
}

/* ---- one case -------------------------------------------------------------------------------------------------- */

static void run_in_guest(struct suite *suite, const struct backend_case *c, const struct vbd *vbd,
			 struct result *result)
{
	struct toolstack toolstack = { &suite->session.store, vbd, "", "", run_peer, peer_pid, suite };
	const struct conform_options *options = suite->session.options;
	struct process_end end;
	struct errbuf err;
	char command[512];

	snprintf(command, sizeof(command), "exec %s %s case %s %u", options->enter ?: "", options->program, c->name,
		 vbd->devid);
	if (c->asks_toolstack && toolstack_begin(&toolstack, &err)) {
		result_judge(result, VERDICT_ERROR, "-", err.text);
		return;
	}
	process_run_shell(command, options->timeout_s, c->asks_toolstack ? toolstack_serve : NULL, &toolstack, &end);
	if (c->asks_toolstack)
		toolstack_end(&toolstack);
	result_take(result, &end);
}

/* A backend that we started and that lives has had libxl's 10 s for the offer. */
static void judge_attach(struct suite *suite, struct result *result, const struct vbd *vbd, const char *reason)
{
	enum xb_state state;
	struct errbuf ignored;

	if (suite->peer && !peer_has_died(suite) &&
	    xb_read_state(&suite->session.store, vbd->backend, &state, &ignored) == 0 && state == XB_INITIALISING)
		result_judge(result, VERDICT_FAIL, "BUS-18", reason);
	else
		result_judge(result, VERDICT_ERROR, "-", reason);
}

static void run_one(struct suite *suite, const struct backend_case *c, struct result *result)
{
	struct errbuf err;
	struct vbd vbd;

	if (make_image(suite, &err)) {
		result_judge(result, VERDICT_ERROR, "-", err.text);
		return;
	}
	if (attach(suite, &vbd, c, &err)) {
		judge_attach(suite, result, &vbd, err.text);
		(void)vbd_remove(&vbd, &suite->session.store, &err);
		restart_peer(suite);
		return;
	}
	run_in_guest(suite, c, &vbd, result);
	if (peer_has_died(suite)) {
		result_fall_silent(result, "the backend has died");
		(void)vbd_remove(&vbd, &suite->session.store, &err); /* the next one is not to take it up again */
	} else if (!detach(suite, &vbd) && result->verdict == VERDICT_PASS) {
		result_fall_silent(result, "the backend does not let go of the disk afterwards");
	}
	if (result->verdict == VERDICT_FAIL || result->verdict == VERDICT_ERROR)
		restart_peer(suite);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static void run_if_asked_for(const struct backend_case *c, void *arg)
{
	struct suite *suite = arg;
	struct result *result = session_begin_case(&suite->session, c->name, c->clauses, c->about);

	if (!result)
		return;
	run_one(suite, c, result);
	session_end_case(&suite->session, result);
}

static int begin(struct suite *suite, const struct conform_options *options, struct errbuf *err)
{
	int fd, rc = session_begin(&suite->session, options, err);

	if (rc || options->only_lists)
		return rc;
	strcpy(suite->image, "/tmp/pvring-conform.XXXXXX");
	fd = mkstemp(suite->image);
	if (fd < 0)
		return errbuf_set(err, -errno, "%s: %s", suite->image, strerror(errno));
	close(fd);
	start_peer(suite);
	return 0;
}

int suite_run_backend(const struct conform_options *options)
{
	static struct suite suite;
	struct errbuf err;

	if (begin(&suite, options, &err)) {
		fprintf(stderr, "pvring-conform: %s\n", err.text);
		return VERDICT_ERROR;
	}
	cases_visit(run_if_asked_for, &suite);
	if (options->only_lists)
		return 0;
	if (options->peer)
		process_end(suite.peer);
	unlink(suite.image);
	return session_end(&suite.session, options->peer ?: options->kind);
}
