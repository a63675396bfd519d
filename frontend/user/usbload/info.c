// SPDX-License-Identifier: MIT
/* info: the device at the port, and its descriptors; hold: only stays connected. */
#include <stdio.h>

#include "frontend/user/usbload/usbload.h"

static void print_octets(const char *title, const uint8_t *octets, uint32_t nr)
{
	printf("%s:", title);
	for (uint32_t i = 0; i < nr; i++)
		printf(" %02x", octets[i]);
	printf("\n");
}

/* In ASCII; what is not shows as '?'. */
static bool print_string(struct usbload *ul, const char *title, uint16_t index)
{
	const struct usb_setup setup = { 0x80, 6, (uint16_t)(3 << 8 | index), 0x0409, 255 };
	uint8_t octets[255];
	uint32_t nr;

	if (!usbload_control(ul, &setup, octets, &nr, "GET_DESCRIPTOR of a string"))
		return false;
	printf("%s: ", title);
	for (uint32_t i = 2; i + 1 < nr; i += 2)
		putchar(octets[i + 1] == 0 && octets[i] >= 0x20 && octets[i] < 0x7f ? octets[i] : '?');
	printf("\n");
	return true;
}

int usbload_info(struct usbload *ul)
{
	static const char *const speeds[] = { "none", "low", "full", "high" };
	const struct usb_setup get_device = { 0x80, 6, 1 << 8, 0, 18 };
	const struct usb_setup get_configuration = { 0x80, 6, 2 << 8, 0, 4096 };
	uint8_t octets[4096];
	uint32_t nr;

	if (!usbload_find_device(ul))
		return EXIT_IO;
	printf("port: %u of %u\nspeed: %s\nid: %04x:%04x\n", ul->port, usbfront_nr_ports(ul->front),
	       speeds[usbfront_speed(ul->front, ul->port)], ul->vendor, ul->product);
	if (!usbload_control(ul, &get_device, octets, &nr, "GET_DESCRIPTOR of the device"))
		return EXIT_IO;
	print_octets("device", octets, nr);
	if (octets[15] && !print_string(ul, "product", octets[15]))
		return EXIT_IO;
	if (octets[16] && !print_string(ul, "serial", octets[16]))
		return EXIT_IO;
	if (!usbload_control(ul, &get_configuration, octets, &nr, "GET_DESCRIPTOR of the configuration"))
		return EXIT_IO;
	print_octets("configuration", octets, nr);
	return EXIT_OK;
}

/* A line for each port that has had an event, or several. */
int usbload_hold(struct usbload *ul)
{
	uint32_t seen[USB_MAX_PORTS + 1] = { 0 };
	struct usbfront_io *done;

	printf("connected\n");
	fflush(stdout);
	while (!usbload_stop && usbfront_state(ul->front) == USBFRONT_CONNECTED) {
		if (usbfront_poll(ul->front, &done, 1) < 0)
			break;
		for (unsigned int port = 1; port <= usbfront_nr_ports(ul->front); port++) {
			if (seen[port] == usbfront_nr_events(ul->front, port))
				continue;
			seen[port] = usbfront_nr_events(ul->front, port);
			printf("port %u: event %u, speed %d\n", port, seen[port], usbfront_speed(ul->front, port));
			fflush(stdout);
		}
		usbfront_wait(ul->front, 1000);
	}
	if (usbfront_state(ul->front) == USBFRONT_CONNECTED)
		return EXIT_OK;
	usbload_error("%s", usbfront_why(ul->front));
	return usbfront_state(ul->front) == USBFRONT_CLOSING ? EXIT_OK : EXIT_IO;
}
