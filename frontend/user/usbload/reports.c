// SPDX-License-Identifier: MIT
/* reports: what a mouse, or anything else with an interrupt endpoint, says; a line for each report. */
#include <stdio.h>

#include "common/wire/xen_usbif.h"
#include "frontend/user/usbload/usbload.h"

int usbload_reports(struct usbload *ul)
{
	uint32_t nr = ul->config->nr_requests ? ul->config->nr_requests : 1;
	struct usbfront_io *io;

	if (!usbload_find_device(ul))
		return EXIT_IO;
	io = usbfront_get(ul->front);
	for (uint32_t i = 0; i < nr && !usbload_stop; i++) {
		struct usb_urb urb = usbload_urb(ul, USB_INTERRUPT, 1, true, 8);

		urb.interval = 8;
		if (!usbload_do(ul, io, &urb, "a report"))
			return EXIT_IO;
		for (uint32_t byte = 0; byte < io->actual_bytes; byte++)
			printf("%s%02x", byte ? " " : "", io->data[byte]);
		printf("\n");
		fflush(stdout);
	}
	return EXIT_OK;
}
