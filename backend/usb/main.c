// SPDX-License-Identifier: MIT
#include "backend/core/daemon.h"
#include "backend/usb/policy.h"
#include "backend/usb/usb.h"

static int set_policy(void *config, const char *value, struct errbuf *err)
{
	static struct usb_policy policy;

	usb_policy = &policy;
	return usb_policy_read(&policy, value, err);
}

static const struct option_row rows[] = {
	{ "policy", "FILE", "which devices of this domain may be given to which guest (default: any)", set_policy },
};

static const struct daemon_spec spec = {
	.options = {
		.program = "pvring-usbd",
		.synopsis = "[OPTION...]",
		.summary = "Gives Xen guests USB controllers, with devices at their ports.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
	},
	.class = &usb_class,
	.kernel_driver = "vusb",
	.kernel_module = "xen-usbback",
};

int main(int argc, char **argv)
{
	return daemon_main(&spec, argc, argv);
}
