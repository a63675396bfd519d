// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "common/wire/vdev.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_front/guest.h"
#include "tests/conform/scripted_options.h"


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
	SCRIPTED_ROW_VIOLATE,
	{ "resident", NULL, "connect to all disks of this guest by itself, as a kernel does", set_resident },
	{ "ask", NULL, "have the one that is resident do it", set_ask },
	SCRIPTED_ROW_LIST,
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
		return SCRIPTED_EXIT_USAGE;
	}
	if (only_asks)
		return guest_ask(devid, getenv("CONFORM_WORK") ?: "");
	front_init(&guest.front, &front_disk_class, devid);
	return guest_live(&guest, getenv("CONFORM_WORK") ?: "");
}

int scripted_frontend_main(int argc, char **argv)
{
	struct scripted_options options = { .side = VIOLATE_FRONTEND };
	int status = scripted_parse(&spec, argc, argv, &options);

	if (status != SCRIPTED_RUN)
		return status;
	return options.resides ? guest_reside() : live(options.asks);
}
