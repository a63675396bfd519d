// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/options.h"
#include "common/wire/vdev.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_front/guest.h"
#include "tests/conform/violate.h"

#define EXIT_USAGE 2

static int set_violate(void *config, const char *value, struct errbuf *err)
{
	if (!violate_choose(VIOLATE_FRONTEND, value))
		return errbuf_set(err, -EINVAL, "'%.40s' is none of those that --list-violations names", value);
	return 0;
}

static int set_list_violations(void *config, const char *value, struct errbuf *err)
{
	*(bool *)config = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "violate", "CLAUSE", "break this clause, and no other", set_violate },
	{ "list-violations", NULL, "names the clauses that it can break, and how it does", set_list_violations },
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted frontend",
	.synopsis = "[OPTION...]",
	.summary = "Does $CONFORM_WORK with the disk $CONFORM_VDEV of this guest, as docs/protocol.md says.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int live(void)
{
	static struct guest guest;
	struct errbuf err;
	uint32_t devid;

	if (blk_vdev_parse(getenv("CONFORM_VDEV") ?: "", &devid, &err)) {
		fprintf(stderr, "%s: CONFORM_VDEV: %s\n", spec.program, err.text);
		return EXIT_USAGE;
	}
	front_init(&guest.front, devid);
	return guest_live(&guest, getenv("CONFORM_WORK") ?: "");
}

int scripted_frontend_main(int argc, char **argv)
{
	bool only_lists = false;
	enum options_result result;
	int next;

	result = options_parse(&spec, argc, argv, &only_lists, &next);
	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : EXIT_USAGE;
	if (next != argc) {
		fprintf(stderr, "%s: '%s': expected options only\n", spec.program, argv[next]);
		return EXIT_USAGE;
	}
	if (!only_lists)
		return live();
	violate_list(VIOLATE_FRONTEND);
	return 0;
}
