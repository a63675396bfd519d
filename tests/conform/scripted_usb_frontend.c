// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "common/base/options.h"
#include "common/base/parse.h"
#include "ctl/vusb.h"
#include "tests/conform/scripted.h"
#include "tests/conform/scripted_usb_front/hcd.h"
#include "tests/conform/violate.h"

#define EXIT_USAGE 2

struct scripted_options {
	bool only_lists;
};

static int set_violate(void *config, const char *value, struct errbuf *err)
{
	return violate_choose(VIOLATE_USB_FRONTEND, value, err);
}

static int set_list_violations(void *config, const char *value, struct errbuf *err)
{
	((struct scripted_options *)config)->only_lists = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "violate", "CLAUSE", "break this clause, and no other", set_violate },
	{ "list-violations", NULL, "names the clauses that it can break, and how it does", set_list_violations },
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
		return EXIT_USAGE;
	}
	hcd_init(&hcd, devid);
	return hcd_live(&hcd, getenv("CONFORM_WORK") ?: "");
}

int scripted_usb_frontend_main(int argc, char **argv)
{
	struct scripted_options options = { false };
	enum options_result result = options_parse_all(&spec, argc, argv, &options);

	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : EXIT_USAGE;
	if (!options.only_lists)
		return live();
	violate_list(VIOLATE_USB_FRONTEND);
	return 0;
}
