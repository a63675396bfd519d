// SPDX-License-Identifier: MIT
#include "backend/core/daemon.h"
#include "backend/usb/usb.h"

static const struct daemon_spec spec = {
	.options = {
		.program = "pvring-usbd",
		.synopsis = "[OPTION...]",
		.summary = "Gives Xen guests USB controllers, with devices at their ports.",
	},
	.class = &usb_class,
	.kernel_driver = "vusb",
	.kernel_module = "xen-usbback",
};

int main(int argc, char **argv)
{
	return daemon_main(&spec, argc, argv);
}
