// SPDX-License-Identifier: MIT
/* Runs a program as if it were in a domain: it becomes the program, so pid and exit status are the program's own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/errbuf.h"
#include "common/base/options.h"
#include "loopxen/command.h"
#include "loopxen/host.h"
#include "loopxen/place.h"

static int set_domid(void *config, const char *value, struct errbuf *err)
{
	return option_u32("domain", value, 0, HOST_MAX_DOMID, config, err);
}

static const struct option_row rows[] = {
	{ "domid", "N", "run it in domain N instead of domain 0", set_domid },
};

static int enter(uint32_t domid, struct errbuf *err)
{
	int slot, rc = command_open(err);

	if (rc)
		return rc;
	slot = host_dom_find(domid);
	if (slot < 0)
		return errbuf_set(err, slot, "there is no domain %u: make it with 'loopxen domain create %u'", domid,
				  domid);
	if (host->dom[slot].state != DOM_ALIVE)
		return errbuf_set(err, -ESRCH, "domain %u is dying", domid);
	return place_set_env(domid, err);
}

int cmd_run(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "loopxen run",
		.synopsis = "[--domid N] -- CMD...",
		.summary = "Runs CMD in a domain of the instance.",
		.rows = rows,
		.nr_rows = 1,
	};
	struct errbuf err = { "" };
	uint32_t domid = 0;
	int next = 1, status;

	if (!command_options(&spec, argc, argv, &domid, &next, &status))
		return status;
	if (next >= argc) {
		fprintf(stderr, "loopxen: run what? Expected 'loopxen run [--domid N] -- CMD...'\n");
		return 2;
	}
	if (!fault_is_valid(getenv("LOOPXEN_FAIL"))) {
		fprintf(stderr, "loopxen: LOOPXEN_FAIL='%s': expected %s\n", getenv("LOOPXEN_FAIL"), FAULT_SYNTAX);
		return 2;
	}
	if (enter(domid, &err))
		return command_fail(&err);
	execvp(argv[next], argv + next);
	fprintf(stderr, "loopxen: %s: %s\n", argv[next], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
