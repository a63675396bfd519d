// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "common/base/options.h"
#include "common/wire/vdev.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_front/guest.h"
#include "tests/conform/violate.h"

#define EXIT_USAGE 2

struct scripted_options {
	bool only_lists, resides, asks;
};

static int set_violate(void *config, const char *value, struct errbuf *err)
{
	return violate_choose(VIOLATE_FRONTEND, value, err);
}

static int set_list_violations(void *config, const char *value, struct errbuf *err)
{
	((struct scripted_options *)config)->only_lists = true;
	return 0;
}

static int set_resident(void *config, const char *value, struct errbuf *err)
{
	((struct scripted_options *)config)->resides = true;
	return 0;
}

static int set_ask(void *config, const char *value, struct errbuf *err)
{
	((struct scripted_options *)config)->asks = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "violate", "CLAUSE", "break this clause, and no other", set_violate },
	{ "resident", NULL, "connect to all disks of this guest by itself, as a kernel does", set_resident },
	{ "ask", NULL, "have the one that is resident do it", set_ask },
	{ "list-violations", NULL, "names the clauses that it can break, and how it does", set_list_violations },
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted frontend",
	.synopsis = "[OPTION...]",
	.summary = "Does $CONFORM_WORK with the disk $CONFORM_VDEV of this guest, as docs/protocol.md says.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int live(bool only_asks)
{
	static struct guest guest;
	struct errbuf err;
	uint32_t devid;

	if (blk_vdev_parse(getenv("CONFORM_VDEV") ?: "", &devid, &err)) {
		fprintf(stderr, "%s: CONFORM_VDEV: %s\n", spec.program, err.text);
		return EXIT_USAGE;
	}
	if (only_asks)
		return guest_ask(devid, getenv("CONFORM_WORK") ?: "");
	front_init(&guest.front, &front_disk_class, devid);
	return guest_live(&guest, getenv("CONFORM_WORK") ?: "");
}

int scripted_frontend_main(int argc, char **argv)
{
	struct scripted_options options = { false };
	enum options_result result = options_parse_all(&spec, argc, argv, &options);

	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : EXIT_USAGE;
	if (options.resides)
		return guest_reside();
	if (!options.only_lists)
		return live(options.asks);
	violate_list(VIOLATE_FRONTEND);
	return 0;
}
