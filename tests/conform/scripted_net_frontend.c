// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "common/base/parse.h"
#include "ctl/vif.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_net_front/station.h"
#include "tests/conform/scripted_options.h"


static const struct option_row rows[] = {
	SCRIPTED_ROW_VIOLATE,
	SCRIPTED_ROW_LIST,
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted net-frontend",
	.synopsis = "[OPTION...]",
	.summary = "Does $CONFORM_WORK with the vif $CONFORM_DEVID of this guest, as docs/protocol.md says.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int live(void)
{
	static struct station station;
	const char *number = getenv("CONFORM_DEVID") ?: "";
	uint32_t devid;

	if (parse_u32(number, 0, VIF_MAX_DEVID, &devid)) {
		fprintf(stderr, "%s: CONFORM_DEVID is '%s': expected a vif's number\n", spec.program, number);
		return SCRIPTED_EXIT_USAGE;
	}
	station_init(&station, devid);
	return station_live(&station, getenv("CONFORM_WORK") ?: "");
}

int scripted_net_frontend_main(int argc, char **argv)
{
	struct scripted_options options = { .side = VIOLATE_NET_FRONTEND };
	int status = scripted_parse(&spec, argc, argv, &options);

	return status == SCRIPTED_RUN ? live() : status;
}
