// SPDX-License-Identifier: MIT
/* pvring-conform: holds an implementation of the protocol of docs/protocol.md against its clauses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/options.h"
#include "common/base/errbuf.h"
#include "tests/conform/scripted.h"
#include "tests/conform/suite.h"
#include "xenbus/store.h"

#define EXIT_USAGE 2

static int set_domid(void *config, const char *value, struct errbuf *err)
{
	struct conform_options *options = config;

	return option_u32("domain's number", value, 0, XB_DOMID_MAX, &options->domid, err);
}

static int set_timeout(void *config, const char *value, struct errbuf *err)
{
	struct conform_options *options = config;

	return option_u32("number of seconds", value, 1, 3600, &options->timeout_s, err);
}

static int set_kind(void *config, const char *value, struct errbuf *err)
{
	if (strcmp(value, "vbd") != 0 && strcmp(value, "qdisk") != 0)
		return errbuf_set(err, -EINVAL, "'%s': expected vbd or qdisk", value);
	((struct conform_options *)config)->kind = value;
	return 0;
}

static int set_list(void *config, const char *value, struct errbuf *err)
{
	((struct conform_options *)config)->only_lists = true;
	return 0;
}

#define STRING_SETTER(member) \
	static int set_##member(void *config, const char *value, struct errbuf *err) \
	{ \
		((struct conform_options *)config)->member = value; \
		return 0; \
	}
STRING_SETTER(enter)
STRING_SETTER(peer)
STRING_SETTER(cases)
STRING_SETTER(clause)
STRING_SETTER(expect)
STRING_SETTER(json)
STRING_SETTER(html)

static const struct option_row rows[] = {
	{ "domid", "N", "the guest's domain (default 1)", set_domid },
	{ "enter", "CMD", "runs a command in the guest, as 'loopxen run --domid 1 --' does", set_enter },
	{ "peer", "CMD", "starts the backend, and again when it has failed (default: it runs)", set_peer },
	{ "kind", "KIND", "of backend: vbd (default) or qdisk", set_kind },
	{ "case", "GLOB", "only cases whose name matches", set_cases },
	{ "clause", "ID", "only cases about this clause", set_clause },
	{ "list", NULL, "names the cases, their clauses and what they are about", set_list },
	{ "expect", "FILE", "verdicts that are known; only others count", set_expect },
	{ "timeout", "S", "for each case (default 30)", set_timeout },
	{ "json", "FILE", "write the verdicts there, too", set_json },
	{ "html", "FILE", "write a page about them there", set_html },
};

static const struct options_spec spec = {
	.program = "pvring-conform",
	.synopsis = "backend blk [OPTION...]",
	.summary = "Plays the frontend of a disk and judges its backend, clause by clause (docs/protocol.md).\n"
		   "Exit status: 0 all passed, 1 some failed, 2 the environment, 77 some were skipped.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

/* "case NAME DEVID": what the suite itself runs in the guest. */
static int run_case(char **arguments)
{
	suite_run_case(arguments[1], strtoul(arguments[2], NULL, 10));
	return VERDICT_PASS;
}

int main(int argc, char **argv)
{
	static char program[4096];
	struct conform_options options = { .kind = "vbd", .domid = 1, .cases = "*", .timeout_s = 30 };
	enum options_result result;
	bool names_backend;
	int next;

	if (argc == 4 && strcmp(argv[1], "case") == 0)
		return run_case(argv + 1);
	if (argc > 1 && strcmp(argv[1], "scripted") == 0)
		return scripted_main(argc - 1, argv + 1);
	names_backend = argc > 2 && strcmp(argv[1], "backend") == 0 && strcmp(argv[2], "blk") == 0;
	if (names_backend) {
		argc -= 2;
		argv += 2;
	}
	result = options_parse(&spec, argc, argv, &options, &next);
	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : EXIT_USAGE;
	if (!names_backend || next != argc) {
		fprintf(stderr, "pvring-conform: what to judge? Expected 'pvring-conform backend blk [OPTION...]'\n");
		return EXIT_USAGE;
	}
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0) {
		fprintf(stderr, "pvring-conform: /proc/self/exe: %s\n", strerror(errno));
		return EXIT_USAGE;
	}
	options.program = program;
	return suite_run_backend(&options);
}
