// SPDX-License-Identifier: MIT
#include "frontend/user/usbload/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/parse.h"

#define ROW(NAME) static int set_##NAME(void *config, const char *value, struct errbuf *err)
#define C	  ((struct usbload_config *)config)

ROW(devid)
{
	return option_u32("controller's number", value, 0, INT32_MAX, &C->devid, err);
}

ROW(port)
{
	return option_u32("port", value, 1, USB_MAX_PORTS, &C->port, err);
}

ROW(timeout)
{
	return option_u32("number of seconds", value, 1, 3600, &C->timeout_s, err);
}

ROW(io_timeout)
{
	return option_u32("number of seconds", value, 1, 3600, &C->io_timeout_s, err);
}

ROW(seconds)
{
	return option_u32("number of seconds", value, 1, 1000000, &C->seconds, err);
}

ROW(requests)
{
	return option_u32("number of requests", value, 1, UINT32_MAX, &C->nr_requests, err);
}

ROW(bytes)
{
	return option_u32("length", value, 1, USBFRONT_BUFFER_BYTES - 1, &C->max_bytes, err);
}

ROW(depth)
{
	return option_u32("number of round trips", value, 1, USBLOAD_MAX_DEPTH, &C->depth, err);
}

ROW(json)
{
	C->wants_json = true;
	return 0;
}

ROW(interrupt)
{
	C->is_interrupt = true;
	return 0;
}

ROW(fixed)
{
	C->is_fixed = true;
	return 0;
}

ROW(seed)
{
	if (parse_u64(value, 0, UINT64_MAX, &C->seed) == 0)
		return 0;
	return errbuf_set(err, -EINVAL, "'%s' is not a seed: expected a number", value);
}

static const struct option_row rows[] = {
	{ "devid", "N", "which controller (default: 0)", set_devid },
	{ "port", "N", "which port (default: the first with a device)", set_port },
	{ "timeout", "SECONDS", "for connecting, for a device, for closing (default: 10)", set_timeout },
	{ "io-timeout", "SECONDS", "for the answer of a transfer (default: 60)", set_io_timeout },
	{ "seconds", "N", "how long (default: 10)", set_seconds },
	{ "requests", "N", "instead: how many", set_requests },
	{ "bytes", "N", "of one transfer at most, up to 65535 (default: 61440)", set_bytes },
	{ "fixed", NULL, "each is as long as that", set_fixed },
	{ "depth", "N", "bench: round trips at once, up to 8 (default: 8)", set_depth },
	{ "json", NULL, "bench: print JSON", set_json },
	{ "interrupt", NULL, "of the loopback the endpoints for interrupt transfers", set_interrupt },
	{ "seed", "N", "of what is random (default: 1)", set_seed },
};

static const struct options_spec spec = {
	.program = "pvring-usbload",
	.synopsis = "info|hold|loopback|storage|reports|iso|unlink|bench [OPTION...]",
	.summary = "Uses a PV USB controller of this domain, and the device at one of its ports.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

static const struct usbload_command commands[] = {
	{ "info", usbload_info },	{ "hold", usbload_hold },	{ "loopback", usbload_loopback },
	{ "storage", usbload_storage }, { "reports", usbload_reports }, { "iso", usbload_iso },
	{ "unlink", usbload_unlink },	{ "bench", usbload_bench },
};

static enum options_result bad(const char *what, const char *value)
{
	fprintf(stderr, "pvring-usbload: %s%s\nTry 'pvring-usbload --help'.\n", what, value);
	return OPTIONS_BAD;
}

enum options_result usbload_parse(int argc, char **argv, struct usbload_config *config,
				  const struct usbload_command **command)
{
	enum options_result result;
	int first;

	*config = (struct usbload_config){
		.timeout_s = 10,
		.io_timeout_s = 60,
		.seconds = 10,
		.max_bytes = 61440,
		.depth = USBLOAD_MAX_DEPTH,
		.seed = 1,
	};
	result = options_parse(&spec, argc, argv, config, &first);
	if (result != OPTIONS_RUN)
		return result;
	if (first >= argc)
		return bad("what to do? info, hold, loopback, storage, reports, iso, unlink or bench", "");
	*command = NULL;
	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[first], commands[i].name) == 0)
			*command = &commands[i];
	}
	if (!*command)
		return bad("no such subcommand: ", argv[first]);
	return options_parse_all(&spec, argc - first, argv + first, config);
}
