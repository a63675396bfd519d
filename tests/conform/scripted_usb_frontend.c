// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "common/base/parse.h"
#include "ctl/vusb.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_options.h"
#include "tests/conform/scripted_usb_front/hcd.h"


static const struct option_row rows[] = {
	SCRIPTED_ROW_VIOLATE,
	SCRIPTED_ROW_LIST,
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted usb-frontend",
	.synopsis = "[OPTION...]",
	.summary = "Does $CONFORM_WORK with the USB controller $CONFORM_DEVID of this guest, as docs/protocol.md says.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static int live(void)
{
	static struct hcd hcd;
	const char *number = getenv("CONFORM_DEVID") ?: "";
	uint32_t devid;

	if (parse_u32(number, 0, VUSB_MAX_DEVID, &devid)) {
		fprintf(stderr, "%s: CONFORM_DEVID is '%s': expected a controller's number\n", spec.program, number);
		return SCRIPTED_EXIT_USAGE;
	}
	hcd_init(&hcd, devid);
	return hcd_live(&hcd, getenv("CONFORM_WORK") ?: "");
}

int scripted_usb_frontend_main(int argc, char **argv)
{
	struct scripted_options options = { .side = VIOLATE_USB_FRONTEND };
	int status = scripted_parse(&spec, argc, argv, &options);

	return status == SCRIPTED_RUN ? live() : status;
}
