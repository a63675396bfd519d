// SPDX-License-Identifier: MIT
#include "tests/conform/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "tests/conform/host.h"
#include "tests/conform/verdict.h"

#define LOOK_MS 500 /* whether it is told to end */

static volatile sig_atomic_t is_told_to_end;

static void tell(int signal)
{
	is_told_to_end = 1;
}

static int serve(struct host *host, struct errbuf *err)
{
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	rc = xb_watch_add(host->store, &watch, host->mailbox.dir, err);
	while (rc == 0 && !is_told_to_end && xb_exists(host->store, host->mailbox.dir, NULL)) {
		host_serve(host);
		rc = xb_watch_wait(host->store, clock_in_ms(LOOK_MS), err);
		if (rc == -ETIMEDOUT)
			rc = 0;
		while (xb_watch_next_dirty(host->store))
			;
	}
	return rc;
}

static int run(struct host *host, struct xb_store *store, const struct conform_options *options, struct errbuf *err)
{
	int rc = xb_store_open(store, err);

	if (rc == 0)
		rc = host_begin(host, store, options, err);
	if (rc)
		return rc;
	rc = host_listen(host, err);
	if (rc == 0) {
		printf("pvring-conform: does what domain %u asks for\n", options->domid);
		fflush(stdout);
		rc = serve(host, err);
	}
	host_end(host);
	return rc;
}

int agent_run(const struct conform_options *options)
{
	struct sigaction action = { .sa_handler = tell };
	struct xb_store store;
	struct errbuf err;
	struct host host;
	int rc;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	xb_store_init(&store);
	rc = run(&host, &store, options, &err);
	if (rc)
		fprintf(stderr, "pvring-conform: %s\n", err.text);
	xb_store_fini(&store);
	return rc ? VERDICT_ERROR : 0;
}

void agent_ask(struct xb_store *store, const char *question, char answer[MAILBOX_TEXT])
{
	struct errbuf err;
	int rc = mailbox_ask(store, question, answer, &err);

	if (rc)
		snprintf(answer, MAILBOX_TEXT, "- %s (does 'pvring-conform agent' run in the backend's domain?)",
			 err.text);
}
