// SPDX-License-Identifier: MIT
#include "tests/conform/suite.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "ctl/vbd.h"
#include "tests/conform/expect.h"
#include "tests/conform/peer/toolstack.h"
#include "tests/conform/process.h"

#define IMAGE_SECTORS 2048
#define MAX_RESULTS   1024

struct suite {
	const struct conform_options *options;
	struct xb_store store;
	char image[64];
	pid_t peer; /* 0: not ours */
	unsigned int nr_disks;
	struct expect *expect;
	struct result results[MAX_RESULTS];
	unsigned int nr_results;
};

/* ---- the cases ------------------------------------------------------------------------------------------------- */

static bool is_asked_for(const struct conform_options *options, const struct backend_case *c)
{
	return fnmatch(options->cases, c->name, 0) == 0 && (!options->clause || case_names_clause(c, options->clause));
}

static void list_one(const struct backend_case *c, void *arg)
{
	if (is_asked_for(arg, c))
		printf("%s\t%s\t%s\n", c->name, c->clauses, c->about);
}

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
	unsigned int disk = suite->nr_disks++ % 16;
	int rc;

	vdev[3] += disk;
	rc = vbd_init(vbd, suite->options->kind, suite->options->domid, (202 << 8) + disk * 16, suite->store.domid,
		      err);
	if (rc == 0)
		(void)vbd_remove(vbd, &suite->store, err); /* what an earlier run left */
	if (rc == 0)
		rc = vbd_create(vbd, &suite->store, &request, err);
	if (rc == 0)
		rc = vbd_wait_for_backend(vbd, &suite->store, err);
	if (rc == 0 && !vbd_is_qdisk(vbd))
		rc = vbd_hotplug_add(&suite->store, vbd->backend, err);
	return rc;
}

/* A case leaves the frontend as it is; here the guest is through with it. */
static bool detach(struct suite *suite, struct vbd *vbd)
{
	struct errbuf err;
	int rc;

	(void)xb_switch_state(&suite->store, vbd->frontend, XB_CLOSED, &err);
	rc = vbd_close(vbd, &suite->store, &err);
	(void)vbd_remove(vbd, &suite->store, &err);
	return rc == 0;
}

/* ---- the peer -------------------------------------------------------------------------------------------------- */

static void start_peer(struct suite *suite)
{
	if (suite->options->peer)
		suite->peer = process_start_shell(suite->options->peer);
}

static bool peer_has_died(struct suite *suite)
{
	return suite->options->peer && process_has_ended(suite->peer);
}

static bool run_peer(void *arg, bool runs)
{
	struct suite *suite = arg;

	if (!suite->options->peer)
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

static void judge(struct result *result, enum verdict verdict, const char *clause, const char *reason)
{
	result->verdict = verdict;
	snprintf(result->clause, sizeof(result->clause), "%s", clause);
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

/* The first clause that a case is about answers for a peer that dies of it or falls silent. */
static void judge_silence(struct result *result, const struct backend_case *c, const char *reason)
{
	char clause[16];

	snprintf(clause, sizeof(clause), "%.*s", (int)strcspn(c->clauses, " "), c->clauses);
	judge(result, VERDICT_FAIL, clause, reason);
}

/* What the case's process said and how it ended. */
static void take_verdict(struct result *result, const struct backend_case *c, const struct process_end *end)
{
	size_t len = strcspn(end->output, " ");

	if (end->is_overdue) {
		judge_silence(result, c, "neither side came to an end in time");
	} else if (end->status == VERDICT_PASS) {
		judge(result, VERDICT_PASS, "-", "");
	} else if (end->status != VERDICT_FAIL && end->status != VERDICT_SKIP) {
		judge(result, VERDICT_ERROR, "-",
		      *end->output ? end->output : "the case's process ended without a verdict");
	} else {
		judge(result, end->status, "-", end->output[len] ? end->output + len + 1 : "");
		snprintf(result->clause, sizeof(result->clause), "%.*s", (int)len, end->output);
	}
}

static void run_in_guest(struct suite *suite, const struct backend_case *c, const struct vbd *vbd,
			 struct result *result)
{
	struct toolstack toolstack = { &suite->store, vbd, "", "", run_peer, peer_pid, suite };
	const struct conform_options *options = suite->options;
	struct process_end end;
	struct errbuf err;
	char command[512];

	snprintf(command, sizeof(command), "exec %s %s case %s %u", options->enter ?: "", options->program, c->name,
		 vbd->devid);
	if (c->asks_toolstack && toolstack_begin(&toolstack, &err)) {
		judge(result, VERDICT_ERROR, "-", err.text);
		return;
	}
	process_run_shell(command, options->timeout_s, c->asks_toolstack ? toolstack_serve : NULL, &toolstack, &end);
	if (c->asks_toolstack)
		toolstack_end(&toolstack);
	take_verdict(result, c, &end);
}

/* A backend that we started and that lives has had libxl's 10 s for the offer. */
static void judge_attach(struct suite *suite, struct result *result, const struct vbd *vbd, const char *reason)
{
	enum xb_state state;
	struct errbuf ignored;

	if (suite->peer && !peer_has_died(suite) && xb_read_state(&suite->store, vbd->backend, &state, &ignored) == 0 &&
	    state == XB_INITIALISING)
		judge(result, VERDICT_FAIL, "BUS-18", reason);
	else
		judge(result, VERDICT_ERROR, "-", reason);
}

static void run_one(struct suite *suite, const struct backend_case *c, struct result *result)
{
	struct errbuf err;
	struct vbd vbd;

	if (make_image(suite, &err)) {
		judge(result, VERDICT_ERROR, "-", err.text);
		return;
	}
	if (attach(suite, &vbd, c, &err)) {
		judge_attach(suite, result, &vbd, err.text);
		(void)vbd_remove(&vbd, &suite->store, &err);
		restart_peer(suite);
		return;
	}
	run_in_guest(suite, c, &vbd, result);
	if (peer_has_died(suite)) {
		judge_silence(result, c, "the backend has died");
		(void)vbd_remove(&vbd, &suite->store, &err); /* the next one is not to take it up again */
	} else if (!detach(suite, &vbd) && result->verdict == VERDICT_PASS) {
		judge_silence(result, c, "the backend does not let go of the disk afterwards");
	}
	if (result->verdict == VERDICT_FAIL || result->verdict == VERDICT_ERROR)
		restart_peer(suite);
}

static void run_if_asked_for(const struct backend_case *c, void *arg)
{
	struct suite *suite = arg;
	struct result *result = &suite->results[suite->nr_results];
	uint64_t begun_ns = clock_now_ns();

	if (!is_asked_for(suite->options, c))
		return;
	*result = (struct result){ .name = c->name, .about = c->about, .clauses = c->clauses };
	run_one(suite, c, result);
	result->ms = (clock_now_ns() - begun_ns) / 1000000;
	result->is_expected = expect_is(suite->expect, result);
	/* Where nothing is known of the peer it may leave out what it likes; the exit status tells. */
	report_one(result, ++suite->nr_results,
		   result->is_expected || (!suite->expect && result->verdict == VERDICT_SKIP));
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static int begin(struct suite *suite, struct errbuf *err)
{
	int fd, rc;

	suite->expect = NULL;
	xb_store_init(&suite->store);
	rc = xb_store_open(&suite->store, err);
	if (rc == 0 && suite->options->expect)
		rc = expect_read(&suite->expect, suite->options->expect, err);
	if (rc)
		return rc;
	strcpy(suite->image, "/tmp/pvring-conform.XXXXXX");
	fd = mkstemp(suite->image);
	if (fd < 0)
		return errbuf_set(err, -errno, "%s: %s", suite->image, strerror(errno));
	close(fd);
	start_peer(suite);
	return 0;
}

static int finish(struct suite *suite)
{
	const struct conform_options *options = suite->options;
	const char *peer = options->peer ?: options->kind;
	enum verdict worst;
	int rc = 0;

	if (options->peer)
		process_end(suite->peer);
	unlink(suite->image);
	xb_store_fini(&suite->store);
	printf("1..%u\n", suite->nr_results);
	worst = report_totals(suite->results, suite->nr_results);
	if (options->json)
		rc = report_json(options->json, peer, suite->results, suite->nr_results);
	if (rc == 0 && options->html)
		rc = report_html(options->html, peer, suite->results, suite->nr_results);
	expect_free(suite->expect);
	return rc || suite->nr_results == 0 ? VERDICT_ERROR : worst;
}

int suite_run_backend(const struct conform_options *options)
{
	static struct suite suite;
	struct errbuf err;

	suite.options = options;
	if (options->only_lists) {
		cases_visit(list_one, (void *)options);
		return 0;
	}
	if (begin(&suite, &err)) {
		fprintf(stderr, "pvring-conform: %s\n", err.text);
		return VERDICT_ERROR;
	}
	cases_visit(run_if_asked_for, &suite);
	return finish(&suite);
}
