// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "backend/core/daemon.h"
#include "backend/usb/policy.h"
#include "backend/usb/usb.h"

static int set_policy(void *config, const char *value, struct errbuf *err)
{
	static struct usb_policy policy;

	usb_policy = &policy;
	return usb_policy_read(&policy, value, err);
}

static int set_kind(void *config, const char *value, struct errbuf *err)
{
	if (strcmp(value, "vusb") != 0 && strcmp(value, "qusb") != 0)
		return errbuf_set(err, -EINVAL, "'%s' is not a kind of USB controller: expected vusb or qusb", value);
	usb_class.kind = value;
	return 0;
}

static const struct option_row rows[] = {
	{ "kind", "KIND", "serve backend/KIND: vusb (default), or qusb, which is QEMU's to serve otherwise", set_kind },
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
