// SPDX-License-Identifier: MIT
/* pvring usb list: this domain's USB devices, by the names that pvring attach usb takes. And pvring usb capture. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/usb/host_devices.h"
#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/usb.h"

static bool has_printed;

static void print_device(const struct usb_host_device *device)
{
	struct errbuf err;
	int rc = usb_host_device_check(USB_SYSFS, device, &err);

	if (!has_printed)
		printf("%-10s %-9s %8s %-20s %s\n", "PORT", "ID", "MBIT/S", "SERIAL", "NAME");
	has_printed = true;
	printf("%-10s %04x:%04x %8u %-20s %s\n", device->path, device->vendor, device->product, device->mbit_per_s,
	       device->serial, device->name);
	if (rc)
		printf("    not to be given: %s\n", err.text);
}

int command_usb(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring usb",
		.synopsis = "list | capture DOMID/DEVID --write FILE [OPTION...]",
		.summary = "Lists the USB devices of this domain, and which of them cannot be given to a guest; or\n"
			   "writes what passes a controller's rings to a file: 'pvring usb capture --help' says more.",
	};
	struct args args = { .min = 1, .max = 1 };
	struct errbuf err;
	int status;

	if (argc > 1 && strcmp(argv[1], "capture") == 0)
		return usb_capture(argc - 1, argv + 1);
	if (!args_parse(&spec, argc, argv, NULL, &args, &status))
		return status;
	if (strcmp(args.positional[0], "list") != 0) {
		fprintf(stderr, "pvring usb: '%s' is unknown: expected list or capture\n", args.positional[0]);
		return EXIT_USAGE;
	}
	if (usb_host_devices_list(USB_SYSFS, print_device, &err) == 0)
		return EXIT_OK;
	fprintf(stderr, "pvring usb: %s\n", err.text);
	return EXIT_FAILED;
}
